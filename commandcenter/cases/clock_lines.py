"""The lines of the sum "why is this red?": a stretch of a case's life cut into days that counted and days that did not, with the reason of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from commandcenter.cases.calendar import DayRow, WorkCalendar
from commandcenter.cases.limits import span
from commandcenter.text import Text


@dataclass(frozen=True)
class Line:
    """One line of the sum. ``seq`` is the event that opened it; ``seconds`` is what counted, ``total`` the sum so far."""

    seq: int
    since: datetime
    until: datetime
    why: Text
    seconds: int
    total: int

    @property
    def counted(self) -> bool:
        """Whether any of it counted."""
        return self.seconds > 0


@dataclass(frozen=True)
class Stretch:
    """A part of a stretch of time that one sentence explains."""

    since: datetime
    until: datetime
    why: Text
    seconds: int


EVERY_HOUR = Text("连续计时", "every hour counts")


def natural_stretch(since: datetime, until: datetime) -> Stretch:
    """Time in which every hour counts."""
    return Stretch(since, until, EVERY_HOUR, int((until - since).total_seconds()))


def office_stretches(calendar: WorkCalendar, since: datetime, until: datetime) -> Iterator[Stretch]:
    """Time in which office hours count, neighbouring days of one kind and name together: every holiday and make-up day is named. Raises CalendarEnds."""
    if since == until:
        yield Stretch(since, until, _why(calendar, calendar.day(calendar.local_date(since)), 0), 0)
        return
    for _, days in groupby(_days(calendar, since, until), key=lambda day: (day.kind, day.name)):
        together = list(days)
        begin = max(since, calendar.midnight(together[0].date))
        end = min(until, calendar.midnight(together[-1].date + timedelta(days=1)))
        seconds = calendar.office_seconds(begin, end)
        yield Stretch(begin, end, _why(calendar, together[0], seconds), seconds)


def _days(calendar: WorkCalendar, since: datetime, until: datetime) -> Iterator[DayRow]:
    day = calendar.local_date(since)
    while calendar.midnight(day) < until:
        yield calendar.day(day)
        day += timedelta(days=1)


def _why(calendar: WorkCalendar, day: DayRow, seconds: int) -> Text:
    if not day.is_workday:
        return Text(f"{day.name.zh}不计", f"{day.name.en}, not counted")
    called = day.name if day.kind == "makeup" else Text("工作日", "Work days")
    if not seconds:
        return Text(f"{called.zh}，办公时间（{calendar.hours_text}）之外不计", f"{called.en}, outside office hours ({calendar.hours_text}), not counted")
    worth = span(seconds)
    return Text(f"{called.zh}，办公时间（{calendar.hours_text}）内计 {worth.zh}", f"{called.en}, {worth.en} within office hours ({calendar.hours_text})")
