"""The two clocks: examples worked by hand, the lines of the sum, properties against a minute-by-minute oracle, and many cases as one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import zip_longest
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from commandcenter.cases import clock_columns
from commandcenter.cases.calendar import CalendarEnds, WorkCalendar, moments
from commandcenter.cases.clock_columns import LIGHTS, EventColumns, EventRow
from commandcenter.cases.clocks import Clock, Entry, Mode, business_clock, outer_clock, stage_clocks, told
from commandcenter.cases.limits import Limit, Unit, span
from commandcenter.cases.public_holidays import day_rows
from commandcenter.errors import BadInput

CHINA = timezone(timedelta(hours=8))
HOURS = "08:00-12:00,14:00-18:00"
CALENDAR = WorkCalendar.from_rows("CN", "Asia/Shanghai", HOURS, day_rows(date(2024, 1, 1), date(2026, 12, 31)))
STATES: dict[str, tuple[str, Mode]] = {
    "reported": ("collect", "early"),
    "pending_register": ("establish", "early"),
    "pending_dispatch": ("dispatch", "early"),
    "pending_handle": ("handle", "run"),
    "handling": ("handle", "run"),
    "handle_finish": ("feedback", "run"),
    "pending_check": ("check", "hold"),
    "checking": ("check", "hold"),
    "check_not_pass": ("check", "run"),
    "suspended": ("handle", "suspended"),
    "closed": ("close", "end"),
}
STAGE_LIMITS = {
    "establish": Limit(Decimal("0.25"), "wh"),
    "dispatch": Limit(Decimal("0.25"), "wh"),
    "check": Limit(Decimal("0.5"), "wh"),
    "handling": Limit(Decimal(2), "wh"),
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def limit(value: float | str, unit: Unit) -> Limit:
    return Limit(Decimal(str(value)), unit)


def log(*events: tuple[Any, ...]) -> list[Entry]:
    """Entries from (moment, state) or (moment, state, {more})."""
    entries = []
    for seq, (when, state, *more) in enumerate(events, start=1):
        stage, mode = STATES[state]
        entries.append(Entry(seq, at(when) if isinstance(when, str) else when, "move", state, stage, mode, **(more[0] if more else {})))
    return entries


def dispatched(when: str, given_limit: Limit, *more: tuple[Any, ...]) -> list[Entry]:
    return log((when, "pending_dispatch", {"limit": given_limit}), (when, "pending_handle"), *more)


def business(entries: list[Entry], now: str) -> Clock:
    clock = business_clock(entries, CALENDAR, at(now))
    adds_up(clock)
    return clock


def adds_up(clock: Clock) -> None:
    """The lines are the sum: each total is the one before and its own seconds, none overlaps, the last is what was used."""
    total = 0
    for line, following in zip_longest(clock.lines, clock.lines[1:]):
        total += line.seconds
        assert line.total == total and 0 <= line.seconds <= (line.until - line.since).total_seconds()
        assert line.why.zh and line.why.en
        assert following is None or line.until <= following.since
    assert total == clock.used_s


@pytest.mark.parametrize(
    ("value", "unit", "due"),
    [
        (2, "wh", "2026-03-09 09:30"),  # half an hour on Friday, an hour and a half on Monday
        (1, "wd", "2026-03-09 17:30"),  # eight office hours: half an hour on Friday; four and three and a half on Monday
        (2, "uh", "2026-03-06 19:30"),  # hours without a pause
        (2, "ud", "2026-03-08 17:30"),  # twice 24 hours, the weekend included
        (0.25, "uh", "2026-03-06 17:45"),
    ],
)
def test_a_friday_half_past_five(value: float, unit: Unit, due: str) -> None:
    """Dispatched on Friday 6 March 2026, 17:30: each unit of the standard, on the same evening."""
    entries = dispatched("2026-03-06 17:30", limit(value, unit))
    clock = business(entries, "2026-03-06 17:30")
    assert (clock.due_at, clock.used_s, clock.running, clock.light) == (at(due), 0, True, "green")
    then = business_clock(entries, CALENDAR, at(due))
    assert (then.used_s, then.left_s, then.light, then.due_at, then.overdue_since) == (then.limit_s, 0, "yellow", at(due), None)
    after = business_clock(entries, CALENDAR, at(due) + timedelta(seconds=60))
    assert (after.light, after.due_at, after.overdue_since) == ("red", at(due), at(due))


def test_a_spring_festival_week() -> None:
    """Dispatched on Friday 13 February 2026, 16:00, 2 wd = 16 h: 2 h on Friday, 8 h on the make-up Saturday 14th, none from the 15th to the 23rd,
    6 h on Tuesday 24th: due at 16:00. An hour later it is red, and the sum names Saturday and festival."""
    clock = business(dispatched("2026-02-13 16:00", limit(2, "wd")), "2026-02-24 17:00")
    assert clock.due_at == clock.overdue_since == at("2026-02-24 16:00") and clock.light == "red"
    assert [(line.seconds / 3600, line.total / 3600) for line in clock.lines] == [(2, 2), (8, 10), (0, 10), (7, 17)]
    assert [line.why.en for line in clock.lines] == [
        "Work days, 2 h within office hours (08:00-12:00, 14:00-18:00)",
        "Make-up work day for Spring Festival, 8 h within office hours (08:00-12:00, 14:00-18:00)",
        "Spring Festival, not counted",
        "Work days, 7 h within office hours (08:00-12:00, 14:00-18:00)",
    ]
    assert clock.lines[1].why.zh == "春节调休上班，办公时间（08:00-12:00, 14:00-18:00）内计 8 小时"
    assert (clock.lines[2].since, clock.lines[2].until) == (at("2026-02-15 00:00"), at("2026-02-24 00:00"))
    assert told(clock).en == "17 h used of 2 work days, late by 1 h" and told(clock).zh == "已用 17 小时，时限 2 工作日，超时 1 小时"


def test_a_make_up_sunday() -> None:
    """Dispatched on Saturday 19 September 2026, a day off, 4 wh: the Sunday after is worked for National Day, so it is due there at 12:00."""
    clock = business(dispatched("2026-09-19 15:00", limit(4, "wh")), "2026-09-20 12:00")
    assert clock.due_at == at("2026-09-20 12:00") and clock.share == 1 and clock.light == "yellow"
    assert [line.why.zh[:2] for line in clock.lines] == ["周末", "国庆"]


def test_a_suspension_over_a_holiday() -> None:
    """Dispatched on Wednesday 29 April 2026 08:00, 2 wd. Suspended on Thursday at 10:00 (8 + 2 = 10 h used), resumed on Thursday 7 May at 10:00.
    Labour Day (1 to 5 May) lies inside and costs nothing twice. 6 h remain: 10 to 12 and 14 to 18 o'clock, due on 7 May 18:00."""
    entries = dispatched("2026-04-29 08:00", limit(2, "wd"), ("2026-04-30 10:00", "suspended", {"reason": "待开挖许可"}))
    standing = business(entries, "2026-05-06 09:00")
    assert (standing.running, standing.due_at, standing.left_s, standing.used_s) == (False, None, 6 * 3600, 10 * 3600)
    assert standing.lines[-1].why == ("挂账，不计：待开挖许可", "suspended, not counted: 待开挖许可")
    going = business([*entries, replace(entries[1], seq=4, at=at("2026-05-07 10:00"))], "2026-05-07 10:00")
    assert (going.running, going.due_at) == (True, at("2026-05-07 18:00"))


def test_rework_goes_on_where_it_stood() -> None:
    """4 wh. Handled from Monday 2 March 08:00; confirmed at 11:00 (3 h); sent back at 16:00; the last hour ends at 17:00."""
    entries = dispatched(
        "2026-03-02 08:00", limit(4, "wh"), ("2026-03-02 10:00", "handle_finish"), ("2026-03-02 11:00", "pending_check"),
        ("2026-03-02 15:00", "checking"), ("2026-03-02 16:00", "check_not_pass"), ("2026-03-02 16:00", "pending_handle"),
    )  # fmt: skip
    held = business(entries[:5], "2026-03-02 15:30")
    assert (held.used_s, held.running, held.due_at, held.left_s) == (3 * 3600, False, None, 3600)
    clock = business(entries, "2026-03-02 16:30")
    assert (clock.used_s, clock.due_at) == (int(3.5 * 3600), at("2026-03-02 17:00"))
    assert [line.why.en.split(",")[0] for line in clock.lines] == ["Work days", "with check", "Work days"]


def test_a_case_sent_back_before_it_was_begun_runs_on() -> None:
    """Not ours, says the department: back with the dispatcher the business clock runs, though the same state before the dispatch did not start it."""
    entries = log(
        ("2026-03-02 08:00", "pending_dispatch", {"limit": limit(4, "wh")}), ("2026-03-02 09:00", "pending_handle"),
        ("2026-03-02 10:00", "pending_dispatch"), ("2026-03-02 11:00", "pending_handle"),
    )  # fmt: skip
    assert business(entries[:1], "2026-03-02 08:30").started_at is None
    clock = business(entries, "2026-03-02 11:30")
    assert (clock.started_at, clock.used_s, clock.due_at, len(clock.lines)) == (at("2026-03-02 09:00"), 9000, at("2026-03-02 15:00"), 1)


def test_an_extension_adds_the_original_limit() -> None:
    """1 wd from Monday 08:00; extended by 1 wd at 16:00: due on Tuesday at 18:00, and a line says so; a new standard drops the extension."""
    entries = dispatched("2026-03-02 08:00", limit(1, "wd"), ("2026-03-02 16:00", "handling", {"extra": limit(1, "wd"), "reason": "待料"}))
    clock = business(entries, "2026-03-02 17:00")
    assert (clock.due_at, clock.limit, clock.limit_s) == (at("2026-03-03 18:00"), limit(2, "wd"), 16 * 3600)
    assert clock.lines[1].why.en == "extension by 1 work day, the limit is now 2 work days: 待料"
    again = [*entries, replace(entries[-1], seq=4, at=at("2026-03-02 17:00"), limit=limit(9, "uh"), extra=None)]
    clock = business(again, "2026-03-02 17:30")
    assert (clock.due_at, clock.used_s) == (at("2026-03-02 17:00"), int(9.5 * 3600))
    assert clock.lines[-2].why == ("改用时限 9 小时（连续）", "the limit is now 9 hours, nights and holidays included")
    with pytest.raises(BadInput, match="cannot be added"):
        business([*entries, replace(entries[-1], seq=4, extra=limit(1, "ud"))], "2026-03-02 17:00")


def test_closing_fixes_the_clock_and_reopening_goes_on() -> None:
    """Closed after 3 of 4 h, the clock stands for ever; reopened (the complainant is not content) it goes on, and the sum tells of the time between."""
    entries = dispatched(
        "2026-03-02 08:00", limit(4, "wh"), ("2026-03-02 11:00", "pending_check"), ("2026-03-02 12:00", "closed"), ("2026-03-04 08:00", "pending_handle")
    )
    closed = business(entries[:4], "2026-12-01 08:00")
    assert (closed.used_s, closed.running, closed.due_at, closed.light, len(closed.lines)) == (10800, False, None, "green", 2)
    assert business(entries, "2026-03-04 08:00").due_at == at("2026-03-04 09:00")
    forced = business([entries[0], entries[1], replace(entries[3], seq=3)], "2026-12-01 08:00")
    assert (forced.running, forced.used_s) == (False, 4 * 3600)


def test_lights_change_at_eighty_and_a_hundred_per_cent() -> None:
    entries = dispatched("2026-03-02 08:00", limit(5, "uh"))
    seen = [business(entries, f"2026-03-02 {clock}").light for clock in ("12:00:00", "12:00:01", "13:00:00", "13:00:01")]
    assert seen == ["green", "yellow", "yellow", "red"]
    assert business(log(("2026-03-02 08:00", "pending_handle")), "2026-03-09 08:00").light == "none"


def test_stages_start_anew_and_stand_while_suspended() -> None:
    """Registered 08:00 to 08:10 of 15 min; with the dispatcher to 08:40: 30 of 15 min, red; handled, suspended an hour at noon's end, handled on;
    with check from 16:00, field task of 30 min due at 16:30."""
    entries = log(
        ("2026-03-02 08:00", "pending_register"), ("2026-03-02 08:10", "pending_dispatch"), ("2026-03-02 08:40", "pending_handle"),
        ("2026-03-02 09:00", "handling"), ("2026-03-02 14:00", "suspended"), ("2026-03-02 15:00", "handling"),
        ("2026-03-02 16:00", "pending_check"), ("2026-03-02 16:10", "checking"),
    )  # fmt: skip
    clocks = stage_clocks(entries, STAGE_LIMITS, CALENDAR, at("2026-03-02 16:20"))
    for clock in clocks:
        adds_up(clock)
    said = [(clock.of, clock.used_s // 60, clock.light, clock.running) for clock in clocks]
    assert said == [
        ("establish", 10, "green", False), ("dispatch", 30, "red", False), ("handle", 20, "none", False),
        ("handling", 240, "red", False), ("check", 20, "green", True),
    ]  # fmt: skip
    assert clocks[-1].due_at == at("2026-03-02 16:30") and clocks[1].overdue_since == at("2026-03-02 08:25")
    assert [clock.of for clock in stage_clocks(entries, {}, CALENDAR, at("2026-03-02 16:20"))] == ["establish", "dispatch", "handle", "check"]
    assert stage_clocks([], STAGE_LIMITS, CALENDAR, at("2026-03-02 16:20")) == ()
    closed = replace(log(("2026-03-02 17:00", "closed"))[0], seq=9)
    over = stage_clocks([*entries, closed], STAGE_LIMITS, CALENDAR, at("2026-03-09 08:00"))[-1]
    assert (over.of, over.used_s, over.running, over.due_at, over.overdue_since) == ("check", 3600, False, None, at("2026-03-02 16:30"))


def test_the_outer_deadline_never_stands() -> None:
    clock = outer_clock(at("2026-02-13 16:00"), at("2026-02-18 16:00"), CALENDAR, at("2026-02-18 04:00"))
    assert (clock.light, clock.left_s, clock.due_at) == ("yellow", 12 * 3600, at("2026-02-18 16:00"))
    adds_up(clock)
    late = outer_clock(at("2026-02-13 16:00"), at("2026-02-18 16:00"), CALENDAR, at("2027-02-18 04:00"), ended=at("2026-02-18 17:00"))
    assert (late.light, late.running, late.overdue_since) == ("red", False, at("2026-02-18 16:00"))


def test_where_the_calendar_ends_the_use_is_known_and_the_end_is_not() -> None:
    entries = dispatched("2026-12-31 17:00", limit(1, "wd"))
    clock = business(entries, "2026-12-31 18:00")
    assert (clock.used_s, clock.due_at) == (3600, None) and clock.due_unknown is not None and "2027-01-01" in clock.due_unknown.en
    with pytest.raises(CalendarEnds):
        business_clock(entries, CALENDAR, at("2027-01-05 09:00"))
    assert business(dispatched("2026-12-31 17:00", limit(1, "ud")), "2027-01-05 09:00").due_at == at("2027-01-01 17:00")


def test_a_clock_that_goes_wrong_is_never_counted_twice() -> None:
    """An event stamped before its predecessor happened with it; a moment before the last event is that event's."""
    entries = dispatched("2026-03-02 09:00", limit(4, "wh"), ("2026-03-02 08:00", "pending_check"))
    assert business(entries, "2026-03-02 08:30").used_s == 0


@pytest.mark.parametrize("wrong", [("x", "wd"), (0, "wd"), (-1, "uh"), ("NaN", "wh"), ("Infinity", "ud"), (10**9, "wd"), (1, "days")])
def test_odd_limits_are_refused(wrong: tuple[Any, Any]) -> None:
    with pytest.raises(BadInput):
        Limit(*wrong)


def test_limits_and_spans_in_words() -> None:
    said = [limit(*one).text.en for one in ((0.25, "wh"), (1, "wd"), (2, "wh"), (1, "uh"), (0.5, "ud"))]
    assert said == ["15 office minutes", "1 work day", "2 office hours", "1 hour, nights and holidays included", "0.5 days, nights and holidays included"]
    assert [span(s).zh for s in (0, 59, 3661, -7200)] == ["0 分", "59 秒", "1 小时 1 分 1 秒", "-2 小时"]
    assert limit(1, "wd").plus(limit(2, "wh"), CALENDAR) == limit(10, "wh")


# ---- properties, against an oracle that looks at every minute ----

FIRST, DAYS = date(2026, 3, 2), 14
START = datetime(2026, 3, 2, tzinfo=CHINA)
patterns = st.lists(st.booleans(), min_size=DAYS, max_size=DAYS)
limits = st.builds(limit, st.integers(1, 12), st.sampled_from(["wh", "uh", "wd", "ud"]))
modes = st.sampled_from(["pending_dispatch", "pending_handle", "handling", "pending_check", "suspended", "check_not_pass", "closed"])
lives = st.lists(st.tuples(st.integers(0, 900), modes, st.booleans()), max_size=7)


def calendar_of(work: list[bool], far: int = 120) -> WorkCalendar:
    """A pattern of days, then a long stretch of work days."""
    rows = [(FIRST + timedelta(days=n), work[n] if n < len(work) else True, "", "") for n in range(far)]
    return WorkCalendar.from_rows("P", "Asia/Shanghai", HOURS, rows)


def life(given_limit: Limit, steps: list[tuple[int, str, bool]]) -> tuple[list[Entry], int]:
    """A random log and its last minute."""
    minute, events = 600, [(START, "pending_dispatch", {"limit": given_limit})]
    for wait, state, extended in steps:
        minute += wait
        events.append((START + timedelta(minutes=minute), state, {"extra": given_limit} if extended else {}))
    return log(*events), minute


def used_slowly(entries: list[Entry], work: list[bool], natural: bool, now: int) -> int:
    """Minutes that counted, one by one: once dispatched, in a state that counts, and in the office where only that counts."""
    used, begun = 0, False
    for entry, following in zip_longest(entries, entries[1:]):
        begun = begun or entry.mode == "run"
        since = int((entry.at - START).total_seconds()) // 60
        until = now if following is None else int((following.at - START).total_seconds()) // 60
        for minute in range(since, until):
            office = work[minute // 1440] and (8 <= minute % 1440 // 60 < 12 or 14 <= minute % 1440 // 60 < 18)
            used += begun and entry.mode in ("run", "early") and (natural or office)
    return used


@settings(max_examples=60, deadline=None)
@given(work=patterns, given_limit=limits, steps=lives, rest=st.integers(0, 3000))
def test_used_time_is_the_minutes_counted_one_by_one(work: list[bool], given_limit: Limit, steps: list[tuple[int, str, bool]], rest: int) -> None:
    entries, minute = life(given_limit, steps)
    clock = business_clock(entries, calendar_of(work), START + timedelta(minutes=minute + rest))
    adds_up(clock)
    assert clock.used_s == 60 * used_slowly(entries, work, given_limit.natural, minute + rest)


@settings(max_examples=60, deadline=None)
@given(work=patterns, given_limit=limits, begin=st.integers(0, 3000), pause=st.integers(0, 3000), length=st.integers(0, 3000), more=st.integers(1, 5))
def test_deadlines_are_monotone_pause_safe_and_calendar_safe(
    work: list[bool], given_limit: Limit, begin: int, pause: int, length: int, more: int
) -> None:
    """Longer limits and later starts are due no earlier. A pause never adds to what is used and moves the end by exactly the counted time it
    took away. A day made free makes nothing due earlier. At the due moment exactly the limit is used."""
    calendar = calendar_of(work)

    def clock(entries: list[Entry], held: WorkCalendar = calendar) -> Clock:
        return business_clock(entries, held, entries[-1].at)

    def started(minute: int, one: Limit = given_limit) -> list[Entry]:
        return log((START + timedelta(minutes=minute), "pending_handle", {"limit": one}))

    def counted(since: datetime, until: datetime) -> int:
        return int((until - since).total_seconds()) if given_limit.natural else calendar.office_seconds(since, until)

    entries = started(begin)
    due = clock(entries).due_at
    assert due is not None
    assert business_clock(entries, calendar, due).used_s == given_limit.seconds(calendar) == counted(entries[0].at, due)
    for other in (clock(started(begin + more)), clock(started(begin, limit(given_limit.value + more, given_limit.unit)))):
        assert other.due_at is not None and other.due_at >= due
    for free in range(DAYS):
        then = clock(entries, calendar_of([w and n != free for n, w in enumerate(work)])).due_at
        assert then is not None and then >= due
    since = entries[0].at + timedelta(minutes=pause)
    assume(since < due)
    until = since + timedelta(minutes=length)
    paused = [*entries, *(replace(e, seq=n) for n, e in enumerate(log((since, "suspended"), (until, "handling")), start=2))]
    moved = clock(paused)
    assert moved.used_s <= business_clock(entries, calendar, until).used_s and moved.due_at is not None
    assert counted(due, moved.due_at) == counted(since, until)


@settings(max_examples=40, deadline=None)
@given(st.data(), patterns)
def test_many_cases_are_as_one_by_one(data: st.DataObject, work: list[bool]) -> None:
    """Both clocks of random cases in one sweep: used, limit, light, running, due; a short calendar leaves the others alone."""
    calendar = calendar_of(work, far=DAYS)
    cases = [life(one, steps)[0] for one, steps in data.draw(st.lists(st.tuples(limits, lives), max_size=6))]
    now = START + timedelta(minutes=data.draw(st.integers(0, 8000)))
    rows = [EventRow.of(10 + number, entry) for number, entries in enumerate(cases) for entry in entries]
    events = EventColumns.of(rows, calendar, STAGE_LIMITS)
    whole, parts = clock_columns.business(events, calendar, now), clock_columns.stage(events, STAGE_LIMITS, calendar, now)
    assert whole.case.tolist() == [10 + number for number in range(len(cases))]
    for number, entries in enumerate(cases):
        for found, question in ((whole, business_last), (parts, stage_last)):
            try:
                clock = question(entries, calendar, now)
            except CalendarEnds:
                assert not found.known[number] and np.isnat(found.due_at[number]) and not found.light[number]
                continue
            assert found.begun[number] == (clock is not None and clock.started_at is not None)
            if clock is None:
                continue
            assert found.known[number] and found.running[number] == clock.running and found.used_s[number] == clock.used_s
            assert LIGHTS[found.light[number]] == clock.light and found.limit_s[number] == (-1 if clock.limit_s is None else clock.limit_s)
            due = found.due_at[number]
            assert np.isnat(due) if clock.due_at is None else due == moments([clock.due_at])[0]


def business_last(entries: list[Entry], calendar: WorkCalendar, now: datetime) -> Clock | None:
    return business_clock(entries, calendar, now)


def stage_last(entries: list[Entry], calendar: WorkCalendar, now: datetime) -> Clock | None:
    return next(reversed(stage_clocks(entries, STAGE_LIMITS, calendar, now)), None)


def test_a_dry_run_names_the_cases_that_move() -> None:
    """Monday 9 March made free: the case of Friday evening moves, the one in continuous hours does not."""
    entries = {1: dispatched("2026-03-06 17:30", limit(2, "wh")), 2: dispatched("2026-03-06 17:30", limit(2, "uh"))}
    rows = [EventRow.of(case, entry) for case, log_of in entries.items() for entry in log_of]
    free = [(*row[:1], row.is_workday and row.date != date(2026, 3, 9), *row[2:]) for row in CALENDAR.days]
    other = WorkCalendar.from_rows("CN+1", "Asia/Shanghai", HOURS, free)
    now = at("2026-03-06 18:00")
    found = [clock_columns.business(EventColumns.of(rows, held), held, now) for held in (CALENDAR, other)]
    assert found[0].moved(found[1]).tolist() == [True, False]
    assert found[1].due_at[0] == moments([at("2026-03-10 09:30")])[0]
