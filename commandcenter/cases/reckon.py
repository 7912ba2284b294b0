"""From a case's log to its clocks, and from its clocks to the moments a case carries: due, four fifths used, end of the stage.

Pure but for nothing: rows in, values out. Times are aware datetimes in UTC; the calendar is the one the case was filed under.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from commandcenter.cases.calendar import CalendarEnds, WorkCalendar
from commandcenter.cases.clocks import Clock, Entry, Mode, business_clock, outer_clock, stage_clocks
from commandcenter.cases.limits import Limit
from commandcenter.cases.states import Rules
from commandcenter.text import Text

WARN_AT = 0.8  # of the limit: the end of green
EXTENDS = "grant_extension"


@dataclass(frozen=True)
class Clocks:
    """All clocks of a case at one moment: the handling clock, every stay in a stage (the last is the current), the one set from above."""

    business: Clock
    stages: tuple[Clock, ...]
    outer: Clock | None
    calendar: str


def limit_of(value: Any, unit: Any) -> Limit | None:
    """A limit of two columns; None where there is none."""
    return None if value is None or unit is None else Limit(Decimal(str(value)), unit)


def entries_of(log: Iterable[Mapping[str, Any]], rules: Rules) -> list[Entry]:
    """The log as clocks read it. An extension adds the limit that was in force, once more."""
    entries: list[Entry] = []
    limit: Limit | None = None
    for event in log:
        state = rules.states[event["to_state"]]
        changes = event["changes"]
        fresh = limit_of(changes.get("limit_value"), changes.get("limit_unit"))
        limit = fresh or limit
        extra = limit if event["action"] == EXTENDS else None
        mode: Mode = state.clock  # type: ignore[assignment]  # a test holds the file to the five words
        entries.append(
            Entry(event["seq"], event["at"], event["action"], state.code, state.stage, mode, fresh, extra, event["reason"] or "")
        )
    return entries


def clocks_of(
    case: Mapping[str, Any], entries: Sequence[Entry], calendar: WorkCalendar, limits: Mapping[str, Limit], now: datetime
) -> Clocks:
    """The clocks of a case at a moment."""
    outer = None
    if case["outer_due_at"] is not None:
        outer = outer_clock(case["reported_at"], case["outer_due_at"], calendar, now, case["closed_at"])
    return Clocks(business_clock(entries, calendar, now), stage_clocks(entries, limits, calendar, now), outer, calendar.version)


def moments_of(clocks: Clocks, calendar: WorkCalendar, now: datetime) -> dict[str, Any]:
    """The columns of the case that follow from its clocks, as an event writes them."""
    clock = clocks.business
    stage = clocks.stages[-1] if clocks.stages else None
    columns: dict[str, Any] = {"stage_due_at": _said(stage.due_at) if stage is not None and stage.running else None}
    if clock.limit is None or clock.started_at is None:
        return columns
    columns |= {
        "started_at": _said(clock.started_at), "used_s": clock.used_s, "due_at": _said(clock.due_at), "warn_at": _said(_warn_at(clock, calendar, now)),
        "is_late": clock.overdue_since is not None, "limit_text": clock.limit.text.zh,
    }  # fmt: skip
    return columns


def _warn_at(clock: Clock, calendar: WorkCalendar, now: datetime) -> datetime | None:
    """When four fifths of the limit will be used; now where they are already. None while the clock stands."""
    if not clock.running or clock.limit_s is None or clock.limit is None:
        return None
    left = int(clock.limit_s * WARN_AT) - clock.used_s
    if left <= 0:
        return now
    try:
        return now + timedelta(seconds=left) if clock.limit.natural else calendar.moment_after(now, left)
    except CalendarEnds:
        return None


def _said(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def why(clocks: Clocks) -> Text:
    """The sentence over the sum: which clock, which light."""
    lights = {
        "green": Text("时限内", "within its time"), "yellow": Text("将到期", "due soon"), "red": Text("超期", "overdue"), "none": Text("无时限", "no limit"),
    }  # fmt: skip
    return lights[clocks.business.light]
