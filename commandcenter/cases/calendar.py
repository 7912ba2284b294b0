"""Which hours are office hours: a versioned working calendar as a value, and the arithmetic of office seconds on it.

A calendar is made of day rows, which a city may edit, so that no rule asks a library what a day was. Between the first and the last day it
knows everything; outside it says ``CalendarEnds`` and never guesses. One currency: the office second. A work day (``wd``) is the length of
a normal office day. Moments are aware datetimes or ``datetime64`` arrays in UTC, taken to the whole second; days are the zone's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from commandcenter.errors import BadInput
from commandcenter.text import Text

Seconds = npt.NDArray[np.int64]
Moments = npt.NDArray[np.datetime64]
DayKind = Literal["work", "makeup", "weekend", "holiday"]

OFFICE_HOURS = "08:00-12:00,14:00-18:00"
NO_MOMENT = np.iinfo(np.int64).min  # what NaT is as a number
_SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_DAY_S = 86_400


class DayRow(NamedTuple):
    """One day of a calendar version; the names say why it is not what its weekday suggests, and are empty otherwise."""

    date: date
    is_workday: bool
    name_zh: str = ""
    name_en: str = ""

    @property
    def kind(self) -> DayKind:
        """Ordinary work day, work day made up for a holiday, ordinary weekend, or a day off that the week does not explain."""
        weekend = self.date.weekday() >= 5
        if self.is_workday:
            return "makeup" if weekend or self.name_zh else "work"
        return "weekend" if weekend and not self.name_zh else "holiday"

    @property
    def name(self) -> Text:
        """What the day is called where a deadline is explained."""
        if self.name_zh:
            return Text(self.name_zh, self.name_en or self.name_zh)
        words = {"work": ("工作日", "work day"), "makeup": ("调休上班", "make-up work day"), "weekend": ("周末", "weekend"), "holiday": ("放假", "day off")}
        return Text(*words[self.kind])


class CalendarEnds(BadInput):
    """A calendar was asked about a day it does not know."""

    kind = "calendar_ends"

    def __init__(self, day: date, calendar: WorkCalendar) -> None:
        first, last = calendar.first, calendar.last
        super().__init__(
            Text(
                f"工作日历“{calendar.version}”只有 {first} 至 {last}，无法得知 {day} 是否上班；请先补充日历。",
                f"The working calendar '{calendar.version}' knows {first} to {last} and cannot say whether {day} is a work day; extend it first.",
            )
        )
        self.day = day
        self.version = calendar.version


class _Intervals(NamedTuple):
    """The office intervals in order: begin and end in seconds since 1970 (UTC), and the office seconds before each begin and end."""

    begin: Seconds
    end: Seconds
    before: Seconds
    after: Seconds


@dataclass(frozen=True)
class WorkCalendar:
    """One version of a city's working calendar: the zone, the office hours of a day in minutes, and every day from first to last."""

    version: str
    zone: str
    hours: tuple[tuple[int, int], ...]
    days: tuple[DayRow, ...]

    @classmethod
    def from_rows(cls, version: str, zone: str, hours: str, rows: Iterable[tuple[Any, ...]]) -> WorkCalendar:
        """The calendar of day rows in any order. Raises BadInput for an unknown zone, odd hours, a missing or a doubled day."""
        days = sorted(DayRow(*row) for row in rows)
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as fault:
            sentence = Text(f"工作日历“{version}”的时区“{zone}”未知。", f"The time zone '{zone}' of the working calendar '{version}' is unknown.")
            raise BadInput(sentence) from fault
        if not days:
            raise BadInput(Text(f"工作日历“{version}”没有任何一天。", f"The working calendar '{version}' has no day."))
        for day, following in pairwise(days):
            if following.date != day.date + timedelta(days=1):
                again = following.date == day.date
                odd = day.date if again else day.date + timedelta(days=1)
                zh, en = ("出现两次", "is there twice") if again else ("缺失", "is missing")
                raise BadInput(Text(f"工作日历“{version}”中 {odd} {zh}。", f"In the working calendar '{version}' {odd} {en}."))
        return cls(version, zone, office_hours(hours), tuple(days))

    @property
    def first(self) -> date:
        """The first day known."""
        return self.days[0].date

    @property
    def last(self) -> date:
        """The last day known."""
        return self.days[-1].date

    @property
    def day_s(self) -> int:
        """Office seconds of a normal office day: what one ``wd`` is worth."""
        return sum(end - begin for begin, end in self.hours) * 60

    @property
    def hours_text(self) -> str:
        """The office hours as people write them, ``08:00-12:00, 14:00-18:00``."""
        return ", ".join(f"{b // 60:02d}:{b % 60:02d}-{e // 60:02d}:{e % 60:02d}" for b, e in self.hours)

    def local_date(self, at: datetime) -> date:
        """The zone's date of a moment."""
        return at.astimezone(self._zone).date()

    def midnight(self, day: date) -> datetime:
        """The moment a day begins in the zone, in UTC; also of days the calendar does not know."""
        return datetime.combine(day, time(), self._zone).astimezone(UTC)

    def day(self, day: date) -> DayRow:
        """The row of a day. Raises CalendarEnds."""
        number = (day - self.first).days
        if not 0 <= number < len(self.days):
            raise CalendarEnds(day, self)
        return self.days[number]

    def is_workday(self, day: date) -> bool:
        """Whether people work on a day. Raises CalendarEnds."""
        return self.day(day).is_workday

    def next_workday(self, day: date) -> date:
        """The day itself if people work on it, else the first one after it. Raises CalendarEnds."""
        while not self.is_workday(day):
            day += timedelta(days=1)
        return day

    def knows(self, at: Seconds) -> npt.NDArray[np.bool_]:
        """Whether the calendar knows each moment, given in seconds since 1970."""
        begin, end = self._span
        return (at >= begin) & (at <= end)

    def worked_before(self, at: Seconds) -> Seconds:
        """Office seconds from the first day's beginning to each moment, seconds since 1970; outside the known days the nearest known value."""
        table = self._intervals
        if not len(table.begin):
            return np.zeros(np.shape(at), np.int64)
        number = np.searchsorted(table.begin, at, side="right") - 1
        held = np.maximum(number, 0)
        return np.where(number < 0, 0, table.before[held] + np.minimum(at, table.end[held]) - table.begin[held])

    def at_worked(self, worked: Seconds) -> Seconds:
        """The first moment at which so many office seconds have gone since the first day; ``NO_MOMENT`` where the calendar ends before."""
        table = self._intervals
        if not len(table.begin):
            return np.full(np.shape(worked), NO_MOMENT)
        number = np.searchsorted(table.after, worked, side="left")
        held = np.minimum(number, len(table.after) - 1)
        return np.where(number == len(table.after), NO_MOMENT, table.begin[held] + worked - table.before[held])

    def office_seconds_between(self, since: Moments, until: Moments) -> Seconds:
        """Office seconds between two arrays of moments (UTC), negative where ``until`` is the earlier. Raises CalendarEnds for the first unknown."""
        a, b = epoch_seconds(since), epoch_seconds(until)
        self._demand(a)
        self._demand(b)
        return self.worked_before(b) - self.worked_before(a)

    def moments_after(self, start: Moments, seconds: Seconds) -> Moments:
        """The first moments at which so many office seconds (0 or more) have gone since each start; NaT where the calendar ends before."""
        began = epoch_seconds(start)
        due = np.where(self.knows(began), self.after(began, np.asarray(seconds, np.int64)), NO_MOMENT)
        return due.astype("datetime64[s]")

    def after(self, start: Seconds, seconds: Seconds) -> Seconds:
        """``moments_after`` in seconds since 1970; nothing to wait for is over at once, also at night."""
        return np.where(seconds <= 0, start, self.at_worked(self.worked_before(start) + seconds))

    def office_seconds(self, since: datetime, until: datetime) -> int:
        """Office seconds between two moments, negative where ``until`` is the earlier. Raises CalendarEnds."""
        return int(self.office_seconds_between(moments([since]), moments([until]))[0])

    def moment_after(self, start: datetime, seconds: int) -> datetime:
        """The first moment at which so many office seconds (0 or more) have gone since the start, in UTC. Raises CalendarEnds."""
        began = np.array([whole_second(start)])
        self._demand(began)
        due = int(self.after(began, np.array([seconds]))[0])
        if due == NO_MOMENT:
            raise CalendarEnds(self.last + timedelta(days=1), self)
        return datetime.fromtimestamp(due, UTC)

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def _span(self) -> tuple[int, int]:
        return whole_second(self.midnight(self.first)), whole_second(self.midnight(self.last + timedelta(days=1)))

    @cached_property
    def _intervals(self) -> _Intervals:
        spans = [(self._wall(day.date, b), self._wall(day.date, e)) for day in self.days if day.is_workday for b, e in self.hours]
        begin, end = np.array(spans, np.int64).reshape(-1, 2).T
        begin = np.minimum(begin, end)  # hours that begin inside the hour a zone leaps over
        after = np.cumsum(end - begin)
        return _Intervals(begin, end, after - (end - begin), after)

    def _wall(self, day: date, minute: int) -> int:
        return whole_second((datetime.combine(day, time()) + timedelta(minutes=minute)).replace(tzinfo=self._zone))

    def _demand(self, at: Seconds) -> None:
        unknown = at[~self.knows(at)]
        if len(unknown):
            raise CalendarEnds(self.local_date(datetime.fromtimestamp(int(unknown[0]), UTC)), self)


def office_hours(written: str) -> tuple[tuple[int, int], ...]:
    """The office hours of a day, ``08:00-12:00,14:00-18:00``, in minutes since midnight. Raises BadInput where they overlap, stand still or are no times."""
    found: list[tuple[int, int]] = []
    for part in written.split(","):
        match = _SPAN.fullmatch(part.strip())
        begin, end = (int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])) if match else (0, 0)
        if begin >= end or end > 1440 or (found and begin < found[-1][1]):
            raise BadInput(
                Text(
                    f"办公时间“{written}”中的“{part.strip()}”不对：应如 {OFFICE_HOURS}，先后有序、互不重叠。",
                    f"'{part.strip()}' in the office hours '{written}' is wrong: they are written like {OFFICE_HOURS}, in order and apart.",
                )
            )
        found.append((begin, end))
    return tuple(found)


def whole_second(at: datetime) -> int:
    """A moment in seconds since 1970, fractions dropped. Raises BadInput for a time without a zone."""
    if at.tzinfo is None:
        raise BadInput(Text(f"时刻 {at} 没有时区。", f"The moment {at} has no time zone."))
    elapsed = at - datetime(1970, 1, 1, tzinfo=UTC)
    return elapsed.days * _DAY_S + elapsed.seconds


def moments(at: Iterable[datetime]) -> Moments:
    """Aware datetimes as an array of moments in UTC."""
    return np.array([whole_second(one) for one in at], np.int64).astype("datetime64[s]")


def epoch_seconds(at: Moments) -> Seconds:
    """Moments of any ``datetime64`` unit in seconds since 1970, fractions dropped."""
    return np.asarray(at).astype("datetime64[s]").astype(np.int64)
