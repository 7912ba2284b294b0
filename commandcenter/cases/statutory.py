"""When a period set by law ends: counted in days by the law's own rule, which is not the rule of the office clocks.

The day of the event does not count; a period ends with the last second of its last day in the city's zone. Days are work days where the law
means them so (Administrative Penalty Law, article 85: two, three, five, seven days; Administrative Compulsion Law, article 69: ten days and
less), else calendar days, whose end moves from a day off to the next work day. Excluded days (an appraisal) do not count; extensions add days;
both name their basis. The rules are rows of ``statutory.toml``.
"""

from __future__ import annotations

import calendar as months
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Literal, cast

from commandcenter.cases.calendar import CalendarEnds, WorkCalendar
from commandcenter.errors import BadInput
from commandcenter.text import Text
from commandcenter.toml_file import TomlTable

Counts = Literal["work", "calendar", "hours", "months"]
Aim = Literal["within", "after", "before"]

RULES = Path(__file__).with_name("statutory.toml")
COUNTS: dict[Counts, Text] = {
    "work": Text("{n} 个工作日", "{n} work days"),
    "calendar": Text("{n} 日", "{n} calendar days"),
    "hours": Text("{n} 小时", "{n} hours"),
    "months": Text("{n} 个月", "{n} months"),
}
AIMS: dict[Aim, Text] = {
    "within": Text("期限内办理", "to be done within it"),
    "after": Text("期满后方可", "not before its end"),
    "before": Text("提前办理", "to be done so long before"),
}
_ONE_DAY = timedelta(days=1)
_LONGEST = 3650  # days of an extension or an exclusion: whatever is longer is a slip of the pen


@dataclass(frozen=True)
class Rule:
    """One period of the law, read in the edition ``source``. ``extension`` are the days it lets be added, None where other provisions decide."""

    code: str
    title: Text
    length: int
    counts: Counts
    aim: Aim
    rolls: bool
    warn_day: int | None
    extension: int | None
    basis: Text
    source: str
    begins: Text


@dataclass(frozen=True)
class Extension:
    """Days added to a period, in the period's own days, by whom and on what ground."""

    days: int
    basis: str
    decided: date


@dataclass(frozen=True)
class Exclusion:
    """Days that do not count, both included: appraisal, public notice. ``last`` is None while it goes on."""

    first: date
    last: date | None
    why: Text
    basis: str


@dataclass(frozen=True)
class Period:
    """A rule applied to one matter: the moment of the event, the extensions and the excluded days."""

    rule: Rule
    started: datetime
    extensions: tuple[Extension, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()


@dataclass(frozen=True)
class PeriodLine:
    """One line of the count: days of one kind, how many of them counted, and how many so far; hours count as themselves."""

    first: date
    last: date
    why: Text
    counted: int
    total: int


@dataclass(frozen=True)
class Reckoning:
    """When a period ends. ``ends_at`` is the first moment after it (24:00 of ``last_day``); None while an exclusion goes on and where the
    calendar ends; ``unsure`` then says so, also where a calendar day's end may yet move to a later work day."""

    period: Period
    ends_at: datetime | None
    last_day: date | None
    warn_at: datetime | None
    escalate_at: datetime | None
    unsure: Text | None
    lines: tuple[PeriodLine, ...]


def load_rules(path: Path = RULES) -> dict[str, Rule]:
    """The rules of a file by code. Raises BadInput, whose sentence names file, line and key."""
    top = TomlTable.read(path)
    rules = {}
    for table in top.tables("rule"):
        rule = Rule(
            code=table.take("code", str),
            title=table.text("title"),
            length=table.take("length", int),
            counts=cast(Counts, table.word("counts", COUNTS)),
            aim=cast(Aim, table.word("aim", AIMS, "within")),
            rolls=table.take("rolls", bool, True),
            warn_day=table.take("warn_day", int, None),
            extension=table.take("extension", int, None),
            basis=table.text("basis"),
            source=table.take("source", str),
            begins=table.text("from"),
        )
        table.finish()
        if rule.code in rules:
            raise table.fault("code", Text(f"期限“{rule.code}”出现两次", f"the period '{rule.code}' is there twice"))
        if rule.length < 1 or (rule.warn_day is not None and not 1 <= rule.warn_day <= rule.length):
            raise table.fault("length", Text(f"期限“{rule.code}”的天数不合理", f"the period '{rule.code}' has an impossible length or day of warning"))
        rules[rule.code] = rule
    top.finish()
    return rules


@cache
def rules() -> dict[str, Rule]:
    """The rules shipped with the program."""
    return load_rules()


def reckon(period: Period, calendar: WorkCalendar, today: date) -> Reckoning:
    """The end of a period and the count that leads to it; ``today`` bounds an exclusion that still goes on.

    Raises BadInput for an extension or exclusion without a basis, for an extension beyond what the rule allows, and for turned dates.
    """
    _check(period)
    rule = period.rule
    if rule.counts == "hours":
        return _hours(period, calendar)
    if rule.aim == "before":
        return _backwards(period, calendar)
    added = sum(extension.days for extension in period.extensions)
    day = calendar.local_date(period.started)
    need = ((add_months(day, rule.length) - day).days if rule.counts == "months" else rule.length) + added
    warn_day = rule.warn_day + added if rule.warn_day else None
    lines = [PeriodLine(day, day, Text(f"{rule.begins.zh}当日不计", f"day of {rule.begins.en}, not counted"), 0, 0)]
    found: list[tuple[date, Text, int]] = []
    warn_at, unsure, total = None, None, 0
    try:
        while total < need:
            day += _ONE_DAY
            why = _why_not(period, calendar, day, today)
            if why is _GOES_ON:
                return _ended(period, calendar, None, None, warn_at, _open(period), lines, found)
            total += why is None
            found.append((day, why or _counted(rule), int(why is None)))
            warn_at = calendar.midnight(day) if why is None and total == warn_day else warn_at
        escalate_at = calendar.midnight(day)
    except CalendarEnds as fault:
        return _ended(period, calendar, None, None, warn_at, fault.sentence, lines, found)
    try:
        while rule.rolls and not calendar.is_workday(day):
            name = calendar.day(day).name
            day += _ONE_DAY
            calendar.day(day)
            found.append((day, Text(f"期满之日为{name.zh}，顺延", f"the last day is a day off ({name.en}) and moves on"), 0))
    except CalendarEnds as fault:
        unsure = fault.sentence
    return _ended(period, calendar, day, escalate_at, warn_at, unsure, lines, found)


def add_months(day: date, count: int) -> date:
    """The same day of a later month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, months.monthrange(year, month + 1)[1]))


_GOES_ON = Text("扣除期间尚未结束，期满日待定", "an excluded time still goes on; the end is open")


def _check(period: Period) -> None:
    rule, total = period.rule, sum(extension.days for extension in period.extensions)
    if not all(basis.strip() for basis in [*(one.basis for one in period.extensions), *(one.basis for one in period.exclusions)]):
        raise BadInput(Text(f"“{rule.title.zh}”的延期或扣除缺少依据。", f"An extension or exclusion of '{rule.title.en}' names no basis."))
    if any(extension.days < 1 for extension in period.extensions) or total > (_LONGEST if rule.extension is None else rule.extension):
        raise BadInput(Text(f"“{rule.title.zh}”不得延长 {total} 日。", f"'{rule.title.en}' cannot be extended by {total} days."))
    if any(one.last is not None and not 0 <= (one.last - one.first).days <= _LONGEST for one in period.exclusions):
        raise BadInput(Text(f"“{rule.title.zh}”的扣除期间首尾不合理。", f"An exclusion of '{rule.title.en}' ends before it begins or lasts for years."))
    if (period.exclusions or period.extensions) and (rule.counts == "hours" or rule.aim == "before"):
        raise BadInput(Text(f"“{rule.title.zh}”不能延长或扣除。", f"'{rule.title.en}' knows neither extension nor excluded time."))


def _why_not(period: Period, calendar: WorkCalendar, day: date, today: date) -> Text | None:
    """Why a day does not count; None where it does."""
    for one in period.exclusions:
        if one.first <= day and (one.last is None or day <= one.last):
            if one.last is None and day > today:
                return _GOES_ON
            return Text(f"扣除：{one.why.zh}（{one.basis}）", f"excluded: {one.why.en} ({one.basis})")
    if period.rule.counts == "work" and not calendar.is_workday(day):
        name = calendar.day(day).name
        return Text(f"{name.zh}不计", f"{name.en}, not counted")
    return None


def _counted(rule: Rule) -> Text:
    return Text("工作日", "work days") if rule.counts == "work" else Text("按日计", "every day counts")


def _open(period: Period) -> Text:
    title = period.rule.title
    return Text(f"{title.zh}：{_GOES_ON.zh}。", f"{title.en}: {_GOES_ON.en}.")


def _ended(
    period: Period, calendar: WorkCalendar, last: date | None, escalate_at: datetime | None, warn_at: datetime | None, unsure: Text | None,
    lines: list[PeriodLine], found: list[tuple[date, Text, int]],
) -> Reckoning:  # fmt: skip
    """The reckoning with its days gathered into lines, and a line for each extension."""
    total = 0
    told = list(lines)
    for one in period.extensions:
        words = COUNTS["work" if period.rule.counts == "work" else "calendar"].with_values(n=one.days)
        told.append(PeriodLine(one.decided, one.decided, Text(f"延长 {words.zh}（{one.basis}）", f"extended by {words.en} ({one.basis})"), 0, 0))
    for why, days in groupby(found, key=lambda day: day[1]):
        together = list(days)
        dates = [day[0] for day in together]
        counted = sum(day[2] for day in together)
        total += counted
        told.append(PeriodLine(min(dates), max(dates), why, counted, total))
    ends_at = None if last is None else calendar.midnight(last + _ONE_DAY)
    return Reckoning(period, ends_at, last, warn_at, escalate_at, unsure, tuple(told))


def _hours(period: Period, calendar: WorkCalendar) -> Reckoning:
    """Hours run from the very moment, through every night."""
    hours = period.rule.length
    ends_at = (period.started + timedelta(hours=hours)).astimezone(UTC)
    first, last = calendar.local_date(period.started), calendar.local_date(ends_at)
    line = PeriodLine(first, last, Text("连续计时", "every hour counts"), hours, hours)
    return Reckoning(period, ends_at, last, None, None, None, (line,))


def _backwards(period: Period, calendar: WorkCalendar) -> Reckoning:
    """So many full days lie between the act and the event; the act is due with the last work day before them."""
    rule = period.rule
    day = calendar.local_date(period.started)
    lines = [PeriodLine(day, day, Text(f"{rule.begins.zh}当日不计", f"day of {rule.begins.en}, not counted"), 0, 0)]
    found: list[tuple[date, Text, int]] = []
    try:
        while sum(one[2] for one in found) < rule.length:
            day -= _ONE_DAY
            why = _why_not(period, calendar, day, day)
            found.append((day, why or _counted(rule), int(why is None)))
        day -= _ONE_DAY
        while not calendar.is_workday(day):
            day -= _ONE_DAY
    except CalendarEnds as fault:
        return _ended(period, calendar, None, None, None, fault.sentence, lines, found)
    return _ended(period, calendar, day, calendar.midnight(day), None, None, lines, found)
