"""How long the clocks of 100 000 open cases take, from event rows as a query returns them to due moments, beside our own one-by-one reckoning."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np

from benchmarks import database
from benchmarks.report import Chapter, Line, at_most
from commandcenter.cases import clock_columns
from commandcenter.cases.calendar import OFFICE_HOURS, WorkCalendar, moments
from commandcenter.cases.clock_columns import EventColumns, EventRow
from commandcenter.cases.clocks import Entry, Mode, business_clock, stage_clocks
from commandcenter.cases.limits import Limit, Unit
from commandcenter.cases.public_holidays import day_rows

CASES = 100_000
ONE_BY_ONE = 1_000
SEED = 20260105
LIMIT_S = 5.0
NOW = datetime(2026, 6, 30, 8, tzinfo=UTC)
UNITS: tuple[Unit, ...] = ("uh", "ud", "wh", "wd")
STAGE_LIMITS = {stage: Limit(Decimal(quarters) / 4, "wh") for stage, quarters in (("establish", 1), ("dispatch", 1), ("check", 2))}
# a life: how it goes on after filing and dispatch, without an end
TURNS: tuple[tuple[str, str, Mode], ...] = (
    ("handling", "handle", "run"),
    ("suspended", "handle", "suspended"),
    ("handling", "handle", "run"),
    ("pending_check", "check", "hold"),
    ("pending_handle", "handle", "run"),
    ("pending_dispatch", "dispatch", "early"),
    ("pending_handle", "handle", "run"),
)


def rows(cases: int, seed: int = SEED) -> list[EventRow]:
    """Random logs of open cases of the ninety days before ``NOW``, three to ten events each, every tenth case extended."""
    rng = np.random.default_rng(seed)
    found = []
    for case in range(cases):
        value, unit = Decimal(int(rng.integers(1, 16))), UNITS[int(rng.integers(4))]
        at = NOW - timedelta(seconds=int(rng.integers(1, 90 * 86_400)))
        found.append(EventRow(case, at, "pending_register", "establish", "early"))
        found.append(EventRow(case, at + timedelta(minutes=9), "pending_dispatch", "dispatch", "early", value, unit))
        found.append(EventRow(case, at + timedelta(minutes=20), "pending_handle", "handle", "run"))
        for state, stage, mode in TURNS[: int(rng.integers(0, len(TURNS) + 1))]:
            at += timedelta(seconds=int(rng.integers(1800, 100_000)))
            more = (value, unit) if mode == "run" and rng.random() < 0.1 else (None, None)
            found.append(EventRow(case, min(at, NOW), state, stage, mode, None, None, *more))
    return found


def run() -> dict[str, float]:
    """Seconds of the whole sweep and of its parts, and of the one-by-one twin for ``ONE_BY_ONE`` cases; both agree or it raises."""
    calendar = WorkCalendar.from_rows("CN-2024-2026", "Asia/Shanghai", OFFICE_HOURS, day_rows(date(2024, 1, 1), date(2026, 12, 31)))
    events = rows(CASES)
    began = time.perf_counter()
    columns = EventColumns.of(events, calendar, STAGE_LIMITS)
    read = time.perf_counter()
    whole = clock_columns.business(columns, calendar, NOW)
    part = clock_columns.stage(columns, STAGE_LIMITS, calendar, NOW)
    ended = time.perf_counter()
    logs: dict[int, list[Entry]] = {}
    for row in events:
        if row.case >= ONE_BY_ONE:
            break
        limit, extra = _limit(row.limit, row.limit_unit), _limit(row.extra, row.extra_unit)
        log = logs.setdefault(row.case, [])
        log.append(Entry(len(log), row.at, "", row.to_state, row.stage, row.mode, limit, extra))
    alone = time.perf_counter()
    clocks = [(business_clock(log, calendar, NOW), stage_clocks(log, STAGE_LIMITS, calendar, NOW)[-1]) for log in logs.values()]
    slow = time.perf_counter() - alone
    for found, twin in ((whole, [a for a, _ in clocks]), (part, [b for _, b in clocks])):
        due = np.array([np.datetime64("NaT", "s") if c.due_at is None else moments([c.due_at])[0] for c in twin])
        if found.used_s[:ONE_BY_ONE].tolist() != [c.used_s for c in twin] or not np.array_equal(found.due_at[:ONE_BY_ONE], due, equal_nan=True):
            raise AssertionError("the sweep and the one-by-one clocks disagree")
    return {"events": len(events), "all_s": ended - began, "read_s": read - began, "reckon_s": ended - read, "one_by_one_s": slow}


def chapters(say: database.Say) -> list[Chapter]:
    """The figures of ``run`` as the page has them."""
    found = run()
    each = found["one_by_one_s"] / ONE_BY_ONE * CASES
    line = at_most(f"both clocks of {CASES:,} open cases, {found['events']:,.0f} events", found["all_s"], LIMIT_S, "s", f"{each:,.0f} s")
    say(str(line))
    how = (
        "Random logs of the last ninety days with returns, suspensions and extensions in all four units, "
        "from event rows in memory to used time and due moments. "
        f"There is no outside peer; beside it our own explained clock, one case after the other, timed over {ONE_BY_ONE:,} cases and multiplied."
    )
    parts = Line("of which rows into columns; reckoning", f"{found['read_s']:.1f} s; {found['reckon_s']:.2f} s")
    return [Chapter("Clocks of open cases", how, (line, parts))]


def _limit(value: Decimal | float | None, unit: Unit | None) -> Limit | None:
    return None if value is None or unit is None else Limit(Decimal(value), unit)
