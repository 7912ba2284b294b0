"""The working calendar: the library against the printed calendars, office seconds against a minute-by-minute oracle, and where knowledge ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commandcenter.cases.calendar import CalendarEnds, DayRow, WorkCalendar, moments, office_hours, whole_second
from commandcenter.cases.public_holidays import day_rows
from commandcenter.errors import BadInput

CHINA = timezone(timedelta(hours=8))
HOURS = "08:00-12:00,14:00-18:00"
FIRST = date(2026, 3, 2)  # a Monday
DAYS = 21

# The State Council's notices, written out by hand: days off with their weekends, and weekend days that are worked.
# 国办发明电〔2023〕7号, 国办发明电〔2024〕12号, and the notice of 4 November 2025.
PRINTED: dict[int, tuple[dict[str, tuple[str, str]], list[str]]] = {
    2024: (
        {
            "元旦": ("2024-01-01", "2024-01-01"),
            "春节": ("2024-02-10", "2024-02-17"),
            "清明节": ("2024-04-04", "2024-04-06"),
            "劳动节": ("2024-05-01", "2024-05-05"),
            "端午节": ("2024-06-10", "2024-06-10"),
            "中秋节": ("2024-09-15", "2024-09-17"),
            "国庆节": ("2024-10-01", "2024-10-07"),
        },
        ["2024-02-04", "2024-02-18", "2024-04-07", "2024-04-28", "2024-05-11", "2024-09-14", "2024-09-29", "2024-10-12"],
    ),
    2025: (
        {
            "元旦": ("2025-01-01", "2025-01-01"),
            "春节": ("2025-01-28", "2025-02-04"),
            "清明节": ("2025-04-04", "2025-04-06"),
            "劳动节": ("2025-05-01", "2025-05-05"),
            "端午节": ("2025-05-31", "2025-06-02"),
            "国庆节": ("2025-10-01", "2025-10-08"),  # one holiday with 中秋节, which falls on the 6th
        },
        ["2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"],
    ),
    2026: (
        {
            "元旦": ("2026-01-01", "2026-01-03"),
            "春节": ("2026-02-15", "2026-02-23"),
            "清明节": ("2026-04-04", "2026-04-06"),
            "劳动节": ("2026-05-01", "2026-05-05"),
            "端午节": ("2026-06-19", "2026-06-21"),
            "中秋节": ("2026-09-25", "2026-09-27"),
            "国庆节": ("2026-10-01", "2026-10-07"),
        },
        ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"],
    ),
}


def at(text: str, zone: timezone = CHINA) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.fixture(scope="module")
def china() -> WorkCalendar:
    return WorkCalendar.from_rows("CN-2024-2026", "Asia/Shanghai", HOURS, day_rows(date(2024, 1, 1), date(2026, 12, 31)))


@pytest.mark.parametrize("year", PRINTED)
def test_the_library_says_what_is_printed(year: int) -> None:
    """Every day of the year: off or worked as the notice has it, and named exactly where the week alone would mislead."""
    holidays, made_up = PRINTED[year]
    names = {}
    for name, (first, last) in holidays.items():
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last):
            names[day] = name
            day += timedelta(days=1)
    if year == 2025:
        names[date(2025, 10, 6)] = "中秋节"
    worked = {date.fromisoformat(day) for day in made_up}
    rows = day_rows(date(year, 1, 1), date(year, 12, 31))
    assert len(rows) == (366 if year == 2024 else 365)
    assert {row.date: row.name_zh for row in rows if not row.is_workday and row.name_zh} == names
    assert {row.date for row in rows if row.is_workday and row.name_zh} == worked == {row.date for row in rows if row.kind == "makeup"}
    assert [row for row in rows if row.is_workday != (row.date in worked or (row.date.weekday() < 5 and row.date not in names))] == []


def test_rows_carry_both_names() -> None:
    rows = {row.date: row for row in day_rows(date(2026, 2, 13), date(2026, 2, 17))}
    assert rows[date(2026, 2, 14)] == (date(2026, 2, 14), True, "春节调休上班", "Make-up work day for Spring Festival")
    assert rows[date(2026, 2, 17)] == (date(2026, 2, 17), False, "春节", "Spring Festival")
    assert rows[date(2026, 2, 13)] == (date(2026, 2, 13), True, "", "")
    assert [DayRow(date(2026, 3, 4), False).name, DayRow(date(2026, 3, 7), False).name] == [("放假", "day off"), ("周末", "weekend")]


def test_a_year_without_a_notice_is_refused() -> None:
    with pytest.raises(BadInput, match="public holidays of 2027"):
        day_rows(date(2026, 12, 30), date(2027, 1, 2))


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        ("2026-03-06 17:30", "2026-03-09 09:30", 2.0),  # Friday 17:30 to Monday 09:30: half an hour, then an hour and a half
        ("2026-03-02 08:00", "2026-03-02 18:00", 8.0),  # a normal day
        ("2026-03-02 12:30", "2026-03-02 13:30", 0.0),  # noon
        ("2026-02-13 18:00", "2026-02-24 08:00", 8.0),  # Spring Festival: only Saturday 14 February is worked
        ("2026-09-19 00:00", "2026-09-21 00:00", 8.0),  # Saturday off, Sunday 20 September made up
        ("2026-03-09 09:30", "2026-03-06 17:30", -2.0),  # backwards
    ],
)
def test_office_seconds_by_hand(china: WorkCalendar, since: str, until: str, hours: float) -> None:
    assert china.office_seconds(at(since), at(until)) == hours * 3600


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-03-06 17:30", 0.5, "2026-03-06 18:00"),  # used up at closing time, not the next morning
        ("2026-03-06 17:30", 2, "2026-03-09 09:30"),
        ("2026-03-07 10:00", 0, "2026-03-07 10:00"),  # nothing to wait for
        ("2026-03-07 10:00", 1, "2026-03-09 09:00"),
        ("2026-02-13 17:00", 9, "2026-02-14 18:00"),  # the Saturday before Spring Festival
        ("2026-02-13 17:00", 10, "2026-02-24 09:00"),
    ],
)
def test_moments_by_hand(china: WorkCalendar, start: str, hours: float, due: str) -> None:
    assert china.moment_after(at(start), int(hours * 3600)) == at(due)


def test_outside_the_known_days_one_clear_error(china: WorkCalendar) -> None:
    questions = (
        (lambda: china.is_workday(date(2027, 1, 1)), date(2027, 1, 1)),
        (lambda: china.office_seconds(at("2026-12-31 10:00"), at("2027-01-04 10:00")), date(2027, 1, 4)),
        (lambda: china.office_seconds(at("2023-12-29 10:00"), at("2024-01-02 10:00")), date(2023, 12, 29)),
        (lambda: china.moment_after(at("2026-12-31 17:00"), 7200), date(2027, 1, 1)),
        (lambda: china.next_workday(date(2023, 12, 31)), date(2023, 12, 31)),
    )
    for question, day in questions:
        with pytest.raises(CalendarEnds) as fault:
            question()
        assert fault.value.day == day
        assert str(day) in fault.value.sentence.zh and "CN-2024-2026" in fault.value.sentence.en
    assert china.moment_after(at("2026-12-31 17:00"), 3600) == at("2026-12-31 18:00")
    assert china.office_seconds(at("2026-12-31 17:00"), at("2027-01-01 00:00")) == 3600


def test_many_at_once_are_as_one_by_one(china: WorkCalendar) -> None:
    rng = np.random.default_rng(5)
    start = moments([at("2024-01-01 00:00")] * 500) + rng.integers(0, 900 * 86400, 500).astype("timedelta64[s]")
    seconds = rng.integers(0, 400_000, 500)
    due = china.moments_after(start.astype("datetime64[us]"), seconds)
    each = [whole_second(china.moment_after(s.astype(datetime).replace(tzinfo=UTC), int(n))) for s, n in zip(start, seconds, strict=True)]
    assert due.astype(np.int64).tolist() == each
    assert china.office_seconds_between(start, due).tolist() == seconds.tolist()
    ends = china.moments_after(moments([at("2026-12-31 17:00"), at("2027-02-01 00:00")]), np.array([3601, 0]))
    assert np.isnat(ends).all()


@pytest.mark.parametrize("hours", ["", "8-12", "08:00-12:00,11:00-13:00", "12:00-08:00", "08:00-24:30", "14:00-18:00,08:00-12:00"])
def test_odd_office_hours_are_refused(hours: str) -> None:
    with pytest.raises(BadInput, match="office hours"):
        office_hours(hours)


def test_odd_rows_are_refused() -> None:
    rows = day_rows(date(2026, 3, 2), date(2026, 3, 6))
    for wrong, sentence in (([], "has no day"), (rows[:2] + rows[3:], "2026-03-04 is missing"), ([*rows, rows[1]], "2026-03-03 is there twice")):
        with pytest.raises(BadInput, match=sentence):
            WorkCalendar.from_rows("V", "Asia/Shanghai", HOURS, wrong)
    with pytest.raises(BadInput, match="'Mars/Phobos'"):
        WorkCalendar.from_rows("V", "Mars/Phobos", HOURS, rows)
    with pytest.raises(BadInput, match="no time zone"):
        moments([datetime(2026, 3, 2)])


def test_a_calendar_without_work_days_answers() -> None:
    idle = WorkCalendar.from_rows("V", "Asia/Shanghai", HOURS, [(date(2026, 3, 7), False, "", "")])
    assert idle.office_seconds(at("2026-03-07 00:00"), at("2026-03-08 00:00")) == 0
    with pytest.raises(CalendarEnds):
        idle.moment_after(at("2026-03-07 00:00"), 1)


def test_days_are_the_zone_s_own() -> None:
    """Qiqihar's Monday begins on Sunday in UTC; New York's Monday at 08:00 is 12:00 or 13:00 in UTC, by the season; a leap hour at night is nobody's."""
    rows = [(date(2026, 3, 6) + timedelta(days=n), n not in (1, 2), "", "") for n in range(5)]
    east = WorkCalendar.from_rows("E", "Asia/Shanghai", HOURS, rows)
    assert east.local_date(datetime(2026, 3, 8, 16, 0, tzinfo=UTC)) == date(2026, 3, 9)
    assert east.moment_after(datetime(2026, 3, 7, 1, 0, tzinfo=UTC), 3600) == datetime(2026, 3, 9, 1, 0, tzinfo=UTC)
    west = WorkCalendar.from_rows("W", "America/New_York", HOURS, rows)  # clocks leap on Sunday 8 March 2026
    friday = datetime(2026, 3, 6, 22, 30, tzinfo=UTC)  # 17:30 there
    assert west.moment_after(friday, 7200) == datetime(2026, 3, 9, 13, 30, tzinfo=UTC)  # 09:30 there, an hour nearer to UTC
    night = WorkCalendar.from_rows("N", "America/New_York", "00:00-24:00", [(date(2026, 3, 8), True, "", "")])
    assert night.office_seconds(night.midnight(date(2026, 3, 8)), night.midnight(date(2026, 3, 9))) == 23 * 3600


# ---- properties, against an oracle that looks at every minute ----

patterns = st.lists(st.booleans(), min_size=DAYS, max_size=DAYS)
minute_of_all = st.integers(0, DAYS * 1440)


def calendar_of(work: list[bool]) -> WorkCalendar:
    return WorkCalendar.from_rows("P", "Asia/Shanghai", HOURS, [(FIRST + timedelta(days=n), w, "", "") for n, w in enumerate(work)])


def moment(minute: int) -> datetime:
    return datetime(2026, 3, 2, tzinfo=CHINA) + timedelta(minutes=minute)


def minutes_slowly(work: list[bool], since: int, until: int) -> int:
    """Minutes that somebody sat in the office, looked at one by one."""
    return sum(work[m // 1440] and (8 <= m % 1440 // 60 < 12 or 14 <= m % 1440 // 60 < 18) for m in range(since, until))


@settings(max_examples=40, deadline=None)
@given(work=patterns, since=minute_of_all, until=minute_of_all)
def test_office_seconds_are_the_minutes_counted_one_by_one(work: list[bool], since: int, until: int) -> None:
    since, until = sorted((since, until))
    assert calendar_of(work).office_seconds(moment(since), moment(until)) == 60 * minutes_slowly(work, since, until)


@settings(max_examples=60, deadline=None)
@given(work=patterns, start=st.integers(0, 5 * 1440), more=st.integers(0, 2000), need=st.integers(1, 3000), off=st.integers(0, DAYS - 1))
def test_moments_are_inverse_and_monotone_and_calendar_safe(work: list[bool], start: int, more: int, need: int, off: int) -> None:
    """Exactly the limit is used when it is due and a second less just before; later starts and longer limits are due later; so is a day made free."""
    calendar = calendar_of(work)
    due = due_or_none(calendar, start, need)
    if due is None:
        assert 60 * minutes_slowly(work, start, DAYS * 1440) < need * 60
        return
    assert calendar.office_seconds(moment(start), due) == need * 60
    assert calendar.office_seconds(moment(start), due - timedelta(seconds=1)) == need * 60 - 1
    for other in (
        due_or_none(calendar, start + more, need),
        due_or_none(calendar, start, need + more),
        due_or_none(calendar_of([w and n != off for n, w in enumerate(work)]), start, need),
    ):
        assert other is None or other >= due


def due_or_none(calendar: WorkCalendar, start: int, need: int) -> datetime | None:
    try:
        return calendar.moment_after(moment(start), need * 60)
    except CalendarEnds:
        return None
