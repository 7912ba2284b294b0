"""Statutory periods: each rule as the law counts it, examples by hand, extensions and excluded days, an obvious oracle, and refusals."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commandcenter.cases.calendar import WorkCalendar
from commandcenter.cases.public_holidays import day_rows
from commandcenter.cases.statutory import (
    RULES,
    Exclusion,
    Extension,
    Period,
    Reckoning,
    add_months,
    load_rules,
    reckon,
    rules,
)
from commandcenter.errors import BadInput
from commandcenter.text import Text

CHINA = timezone(timedelta(hours=8))
CALENDAR = WorkCalendar.from_rows("CN", "Asia/Shanghai", "08:00-12:00,14:00-18:00", day_rows(date(2024, 1, 1), date(2026, 12, 31)))
TODAY = date(2026, 11, 23)
APPRAISAL = Text("鉴定", "appraisal")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def end(code: str, started: str, *entries: Extension | Exclusion, today: date = TODAY) -> Reckoning:
    added = tuple(one for one in entries if isinstance(one, Extension))
    excluded = tuple(one for one in entries if isinstance(one, Exclusion))
    found = reckon(Period(rules()[code], at(started), added, excluded), CALENDAR, today)
    total = 0
    for line in found.lines:
        total += line.counted
        assert line.total in (total, 0) and line.why.zh and line.why.en and line.first <= line.last
    return found


def test_the_rules_are_those_of_the_law() -> None:
    """Days of two, three, five and seven are work days in the penalty law, ten and less in the compulsion law, all others calendar days."""
    found = rules()
    assert len(found) >= 18 and found["penalty_decision"].warn_day == 75
    for rule in found.values():
        if rule.counts in ("hours", "months"):
            continue
        short = rule.length <= 10 if "强制法" in rule.basis.zh else rule.length in (2, 3, 5, 7)
        assert (rule.counts == "work") == short, rule.code
        assert rule.basis.zh and rule.source
    lengths = {code: (rule.length, rule.counts) for code, rule in found.items()}
    assert lengths["hearing_request"] == (5, "work") and lengths["hearing_notice"] == lengths["decision_service"] == (7, "work")
    assert lengths["fine_payment"] == (15, "calendar") and lengths["seizure"] == (30, "calendar") and lengths["measure_report"] == (24, "hours")


@pytest.mark.parametrize(
    ("code", "started", "last"),
    [
        # Told on Friday 13 February 2026: the make-up Saturday is the first work day, then the festival to the 23rd, then 24, 25, 26, 27 February.
        ("hearing_request", "2026-02-13 09:00", "2026-02-27"),
        # Preserved on Monday 2 March: 3, 4, 5, 6, 9, 10, 11 March.
        ("evidence_preservation", "2026-03-02 23:59", "2026-03-11"),
        ("fine_hand_in", "2026-03-06 10:00", "2026-03-10"),  # Friday: Monday, Tuesday
        # The decision on 17 April; the fifteenth day is Saturday 2 May, within Labour Day: the first work day after is Wednesday the 6th.
        ("fine_payment", "2026-04-17 10:00", "2026-05-06"),
        # The fifteenth day is Saturday 9 May, which is worked: it stays.
        ("fine_payment", "2026-04-24 10:00", "2026-05-09"),
        # Filed on Monday 5 January 2026: 26 days of January, 28 of February, 31 of March, 5 of April: Sunday 5 April, festival to the 6th.
        ("penalty_decision", "2026-01-05 15:00", "2026-04-07"),
        # Seized on 1 April; the thirtieth day is 1 May, a holiday: goods are not held for longer because of it.
        ("seizure", "2026-04-01 10:00", "2026-05-01"),
        ("court_application", "2026-11-30 10:00", "2027-02-28"),  # no 30 February: the month's last day
        ("time_bar", "2024-02-29 10:00", "2026-02-28"),
        # A demand served on 2 March: the ten work days are over with the 16th.
        ("court_demand", "2026-03-02 10:00", "2026-03-16"),
        # A hearing on Tuesday 24 February: the make-up Saturday 14th and 13, 12, 11, 10, 9, 6 February lie between; notice by Thursday the 5th.
        ("hearing_notice", "2026-02-24 09:00", "2026-02-05"),
    ],
)
def test_the_last_day_by_hand(code: str, started: str, last: str) -> None:
    found = end(code, started)
    day = date.fromisoformat(last)
    assert found.last_day == day
    assert found.ends_at == datetime(day.year, day.month, day.day, tzinfo=CHINA) + timedelta(days=1)


def test_ninety_days_warn_on_the_seventy_fifth_and_escalate_on_the_last() -> None:
    """Filed on 5 January: day 75 is 21 March, day 90 Sunday 5 April; the end moves over the festival to Tuesday the 7th."""
    found = end("penalty_decision", "2026-01-05 15:00")
    assert (found.warn_at, found.escalate_at, found.unsure) == (at("2026-03-21 00:00"), at("2026-04-05 00:00"), None)
    said = [(line.why.en, line.counted, line.total) for line in found.lines]
    assert said == [
        ("day of filing, not counted", 0, 0),
        ("every day counts", 90, 90),
        ("the last day is a day off (Tomb-sweeping Day) and moves on", 0, 90),
    ]
    assert (found.lines[-1].first, found.lines[-1].last) == (date(2026, 4, 6), date(2026, 4, 7))


def test_hours_run_from_the_moment() -> None:
    found = end("measure_report", "2026-02-16 22:30")
    assert (found.ends_at, found.last_day, found.lines[0].counted) == (at("2026-02-17 22:30"), date(2026, 2, 17), 24)


def test_excluded_days_do_not_count_and_overlaps_count_once() -> None:
    """Thirty days of appraisal from 1 February, ten of them named twice, move the 90th day from 5 April to 5 May, Labour Day: the 6th. Day 75 moves as well."""
    once, twice = (Exclusion(date(2026, 2, a), date(2026, 3, b), APPRAISAL, "鉴定委托书 3 号") for a, b in ((1, 2), (21, 2)))
    found = end("penalty_decision", "2026-01-05 15:00", once, twice)
    assert (found.last_day, found.warn_at, found.escalate_at) == (date(2026, 5, 6), at("2026-04-20 00:00"), at("2026-05-05 00:00"))
    assert "excluded: appraisal (鉴定委托书 3 号)" in [line.why.en for line in found.lines]
    before = Exclusion(date(2025, 12, 1), date(2026, 1, 5), APPRAISAL, "早已结束")
    assert end("penalty_decision", "2026-01-05 15:00", before).last_day == date(2026, 4, 7)


def test_while_an_exclusion_goes_on_the_end_is_open() -> None:
    found = end("penalty_decision", "2026-01-05 15:00", Exclusion(date(2026, 2, 1), None, APPRAISAL, "鉴定委托书 3 号"), today=date(2026, 3, 1))
    assert (found.ends_at, found.lines[-1].total) == (None, 26) and found.unsure is not None and "still goes on" in found.unsure.en


def test_extensions_add_days_and_keep_the_warning_s_distance() -> None:
    """Thirty days more: day 120 from 5 January is Tuesday 5 May, Labour Day, so the 6th; the warning comes fifteen days before day 120."""
    found = end("penalty_decision", "2026-01-05 15:00", Extension(30, "程序规定第 64 条", date(2026, 4, 1)))
    assert (found.last_day, found.warn_at) == (date(2026, 5, 6), at("2026-04-20 00:00"))
    assert found.lines[1].why == ("延长 30 日（程序规定第 64 条）", "extended by 30 calendar days (程序规定第 64 条)")
    assert end("seizure", "2026-04-01 10:00", Extension(30, "负责人批准", date(2026, 4, 30))).last_day == date(2026, 5, 31)


def test_what_the_law_does_not_allow_is_refused() -> None:
    def more(days: int, basis: str = "批准") -> Extension:
        return Extension(days, basis, date(2026, 4, 1))

    for code, entries, words in (
        ("seizure", (more(31),), "cannot be extended by 31 days"),
        ("seizure", (more(20), more(11)), "cannot be extended by 31 days"),
        ("penalty_decision", (more(0),), "cannot be extended by 0 days"),
        ("penalty_decision", (more(30, " "),), "names no basis"),
        ("penalty_decision", (Exclusion(date(2026, 2, 1), None, APPRAISAL, ""),), "names no basis"),
        ("penalty_decision", (Exclusion(date(2026, 2, 2), date(2026, 2, 1), APPRAISAL, "x"),), "ends before it begins"),
        ("penalty_decision", (Exclusion(date(2026, 2, 2), date.max, APPRAISAL, "x"),), "lasts for years"),
        ("measure_report", (more(1),), "neither extension nor excluded"),
        ("hearing_notice", (Exclusion(date(2026, 2, 1), None, APPRAISAL, "x"),), "neither extension nor excluded"),
    ):
        with pytest.raises(BadInput, match=words):
            end(code, "2026-01-05 15:00", *entries)


def test_past_the_calendar_nothing_is_guessed() -> None:
    """Work days beyond the calendar: no end. Calendar days: the earliest end that can be, and the word that it may move."""
    work = end("evidence_preservation", "2026-12-28 10:00")
    assert work.ends_at is None and work.unsure is not None and "2027-01-01" in work.unsure.en
    days = end("penalty_decision", "2026-12-01 10:00")
    assert (days.last_day, days.escalate_at) == (date(2027, 3, 1), at("2027-03-01 00:00")) and days.unsure is not None
    assert end("hearing_notice", "2024-01-05 10:00").ends_at is None
    assert end("time_bar", "2026-03-02 10:00").unsure is None


def test_days_are_the_zone_s_own() -> None:
    """Half past midnight on 3 March in China is still the 2nd in UTC: the day that does not count is the 3rd."""
    night = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
    found = reckon(Period(rules()["fine_hand_in"], night), CALENDAR, TODAY)
    assert found.last_day == date(2026, 3, 5) and found.ends_at == at("2026-03-06 00:00")


@settings(max_examples=80, deadline=None)
@given(
    code=st.sampled_from(["penalty_decision", "hearing_request", "fine_payment", "evidence_preservation", "court_demand"]),
    start=st.dates(date(2024, 1, 2), date(2026, 4, 1)),
    added=st.integers(0, 40),
    away=st.integers(-20, 60),
    length=st.integers(1, 40),
)
def test_the_end_is_what_counting_on_the_fingers_gives(code: str, start: date, added: int, away: int, length: int) -> None:
    """A list of days, those that count, the last of them, and the next work day; later starts never end earlier."""
    rule = rules()[code]
    first, last = start + timedelta(days=away), start + timedelta(days=away + length - 1)
    entries = [Exclusion(first, last, APPRAISAL, "x"), *([Extension(added, "x", start)] if added else [])]
    found = end(code, f"{start} 10:00", *entries)
    days = [start + timedelta(days=n) for n in range(1, 260)]
    counting = [d for d in days if not first <= d <= last and (rule.counts == "calendar" or CALENDAR.is_workday(d))]
    finger = counting[rule.length + added - 1]
    assert found.last_day == next(d for d in days if d >= finger and CALENDAR.is_workday(d))
    assert sum(line.counted for line in found.lines) == rule.length + added
    plain, later = end(code, f"{start} 10:00"), end(code, f"{start + timedelta(days=1)} 10:00")
    assert plain.last_day is not None and later.last_day is not None and plain.last_day <= min(later.last_day, found.last_day)


def test_months_end_on_the_same_day_or_the_last() -> None:
    said = [add_months(date(2026, 1, 31), n) for n in (1, 3, 11, 12, 24)]
    assert said == [date(2026, 2, 28), date(2026, 4, 30), date(2026, 12, 31), date(2027, 1, 31), date(2028, 1, 31)]


@pytest.mark.parametrize(
    ("wrong", "by", "sentence"),
    [
        ('counts = "calendar"', 'counts = "days"', "'rule[1].counts' says 'days'"),
        ("warn_day = 75", "warn_day = 95", "impossible length or day of warning"),
        ("warn_day = 75", "warnday = 75", "'rule[1].warnday' is unknown"),
        ('code = "hearing_request"', 'code = "penalty_decision"', "is there twice"),
        ('source = "行政处罚法（2021-01-22 修订）"\n', "", "'rule[1].source' is missing"),
    ],
)
def test_a_faulty_file_of_rules_is_refused_with_its_line(tmp_path: Path, wrong: str, by: str, sentence: str) -> None:
    path = tmp_path / "statutory.toml"
    path.write_text(RULES.read_text(encoding="utf-8").replace(wrong, by, 1), encoding="utf-8")
    with pytest.raises(BadInput, match=rf"statutory.toml, line \d+: .*{re.escape(sentence)}"):
        load_rules(path)
