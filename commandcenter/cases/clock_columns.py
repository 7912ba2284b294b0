"""The clocks of very many cases at once: columns of events in, used seconds and due moments out, by the rules of ``clocks`` in NumPy.

For the sweep that writes due moments and for dry runs ("which cases would move under another calendar or standard?"). It tells no lines and
raises for no single case: where the calendar ends, that case is not ``known`` or its due moment is NaT, and the others keep theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from commandcenter.cases.calendar import NO_MOMENT, Moments, Seconds, WorkCalendar, epoch_seconds, whole_second
from commandcenter.cases.clocks import MODES, YELLOW_ABOVE, Entry, Mode
from commandcenter.cases.limits import Limit, Unit

Flags = npt.NDArray[np.bool_]
LIGHTS = ("none", "green", "yellow", "red")
NO_LIMIT = -1
_CODE = {mode: number for number, mode in enumerate(MODES)}
_EARLY, _RUN, _, _SUSPENDED, _END = (_CODE[mode] for mode in MODES)


class EventRow(NamedTuple):
    """One event as the database has it; the rows of a case stand together, by number. A limit is value and unit, both None where there is none."""

    case: int
    at: datetime
    to_state: str
    stage: str
    mode: Mode
    limit: Decimal | float | None = None
    limit_unit: Unit | None = None
    extra: Decimal | float | None = None
    extra_unit: Unit | None = None

    @classmethod
    def of(cls, case: int, entry: Entry) -> EventRow:
        """The row of an entry."""
        value, unit = (entry.limit.value, entry.limit.unit) if entry.limit else (None, None)
        more, more_unit = (entry.extra.value, entry.extra.unit) if entry.extra else (None, None)
        return cls(case, entry.at, entry.to_state, entry.stage, entry.mode, value, unit, more, more_unit)


@dataclass(frozen=True)
class EventColumns:
    """Events of many cases, a column each; ``first`` are the places where a case begins, ``keys`` the states and stages that ``key`` numbers."""

    case: Seconds
    first: npt.NDArray[np.int64]
    at: Seconds
    mode: npt.NDArray[np.int8]
    key: npt.NDArray[np.int64]
    keys: tuple[str, ...]
    limit_s: Seconds
    natural: Flags
    extra_s: Seconds

    @classmethod
    def of(cls, rows: Iterable[tuple[Any, ...]], calendar: WorkCalendar, stage_limits: Mapping[str, Limit] | None = None) -> EventColumns:
        """The columns of event rows (``EventRow`` or tuples like it). Raises BadInput for a limit that is none."""
        own = stage_limits or {}
        worth: dict[tuple[Any, Any], tuple[int, bool]] = {(None, None): (NO_LIMIT, False)}
        numbers: dict[str, int] = {}
        found: list[tuple[int, int, int, int, int, bool, int]] = []
        for case, at, to_state, stage, mode, value, unit, more, more_unit in rows:
            for asked in ((value, unit), (more, more_unit)):
                if asked not in worth:
                    limit = Limit(*asked)
                    worth[asked] = limit.seconds(calendar), limit.natural
            key = numbers.setdefault(to_state if to_state in own else stage, len(numbers))
            limit_s, natural = worth[value, unit]
            found.append((case, whole_second(at), _CODE[mode], key, limit_s, natural, max(0, worth[more, more_unit][0])))
        table = np.array(found, np.int64).reshape(-1, 7).T
        case, at_s = table[0], table[1]
        first = np.flatnonzero(np.r_[True, case[1:] != case[:-1]]) if len(case) else np.empty(0, np.int64)
        return cls(case[first], first, _never_back(at_s, first), table[2].astype(np.int8), table[3], tuple(numbers), table[4], table[5] > 0, table[6])

    @property
    def group(self) -> npt.NDArray[np.int64]:
        """Which case each event belongs to, by its place in ``case``."""
        return np.repeat(np.arange(len(self.first)), np.diff(np.r_[self.first, len(self.at)]))

    @property
    def last(self) -> npt.NDArray[np.int64]:
        """The place of each case's last event."""
        return np.r_[self.first[1:], len(self.at)] - 1 if len(self.first) else self.first


@dataclass(frozen=True)
class Reckoned:
    """One clock of many cases, a row each in the order of ``case``; the fields mean what they mean in ``Clock``."""

    case: Seconds
    begun: Flags
    running: Flags
    known: Flags
    limit_s: Seconds
    used_s: Seconds
    due_at: Moments

    @property
    def light(self) -> npt.NDArray[np.int8]:
        """The traffic light by its place in ``LIGHTS``."""
        part, whole = YELLOW_ABOVE
        shade = 1 + (self.used_s * whole > self.limit_s * part) + (self.used_s > self.limit_s)
        return np.where(self.begun & self.known & (self.limit_s >= 0), shade, 0).astype(np.int8)

    def moved(self, other: Reckoned) -> Flags:
        """Which cases have another due moment, another use of the limit or another light there: the dry run of a new calendar or standard."""
        due, theirs = self.due_at.astype(np.int64), other.due_at.astype(np.int64)
        return np.asarray((due != theirs) | (self.left_s != other.left_s) | (self.light != other.light))

    @property
    def left_s(self) -> Seconds:
        """What remains of each limit, negative when overdue; without a limit minus what was used."""
        return np.maximum(self.limit_s, 0) - self.used_s


def business(events: EventColumns, calendar: WorkCalendar, now: datetime) -> Reckoned:
    """The business clock of every case."""
    group, first = events.group, events.first
    place = np.arange(len(events.at))
    begin = _lowest(np.where(events.mode == _RUN, place, len(place)), first)
    begun = place >= begin[group]
    set_at = _highest(np.where(events.limit_s >= 0, place, -1), first)
    has = set_at >= 0
    held = np.maximum(set_at, 0)
    extra = np.where(has[group] & (place >= set_at[group]), events.extra_s, 0)
    limit_s = np.where(has, events.limit_s[held] + _sums(extra, first), NO_LIMIT) if len(first) else np.empty(0, np.int64)
    natural = np.where(has, events.natural[held], True) if len(first) else np.empty(0, np.bool_)
    counted = begun & ((events.mode == _RUN) | (events.mode == _EARLY))
    return _reckon(events, counted, begin <= events.last, limit_s, natural, calendar, now)


def stage(events: EventColumns, limits: Mapping[str, Limit], calendar: WorkCalendar, now: datetime) -> Reckoned:
    """The clock of the stage in which every case is, or ended; ``limits`` are those the columns were made with."""
    group, first = events.group, events.first
    place = np.arange(len(events.at))
    stays = (events.mode != _SUSPENDED) & (events.mode != _END)
    of = _carried(np.where(stays, place, -1), group, first)  # the event whose stage holds here: its own, or the one before the suspension
    key = np.where(of >= 0, events.key[np.maximum(of, 0)], -1)
    fresh = np.r_[True, (key[1:] != key[:-1]) | (group[1:] != group[:-1])] if len(key) else np.empty(0, np.bool_)
    begin = _highest(np.where(fresh & (key >= 0), place, -1), first)
    counted = stays & (place >= begin[group]) & (begin[group] >= 0)
    worth = np.array([limits[k].seconds(calendar) if k in limits else NO_LIMIT for k in events.keys] + [NO_LIMIT], np.int64)
    plain = np.array([limits[k].natural if k in limits else True for k in events.keys] + [True])
    current = key[events.last] if len(first) else np.empty(0, np.int64)
    return _reckon(events, counted, begin >= 0, worth[current], plain[current], calendar, now)


def due_moments(start: Moments, used_s: Seconds, limit_s: Seconds, natural: Flags, calendar: WorkCalendar) -> Moments:
    """When clocks that run since ``start`` and had used so much before reach their limits (more than used); NaT where the calendar ends before."""
    began, left = epoch_seconds(start), np.asarray(limit_s, np.int64) - used_s
    office = np.where(calendar.knows(began), calendar.after(began, left), NO_MOMENT)
    return np.where(natural, began + left, office).astype("datetime64[s]")


def _reckon(events: EventColumns, counted: Flags, begun: Flags, limit_s: Seconds, natural: Flags, calendar: WorkCalendar, now: datetime) -> Reckoned:
    """The sum of the counted events' times against one limit a case."""
    group, first, last = events.group, events.first, events.last
    count = len(events.at)
    if not count:
        return Reckoned(events.case, begun, begun, begun, limit_s, limit_s, limit_s.astype("datetime64[s]"))
    until = np.r_[events.at[1:], 0]
    until[last] = np.maximum(events.at[last], whole_second(now))
    plain = natural[group]
    seconds = np.where(plain, until - events.at, calendar.worked_before(until) - calendar.worked_before(events.at))
    seconds = np.where(counted, seconds, 0)
    unknown = counted & ~plain & ~(calendar.knows(events.at) & calendar.knows(until))
    known = _sums(unknown.astype(np.int64), first) == 0
    running = counted[last]
    total = np.cumsum(seconds)
    before = total - seconds  # over all cases; a case's own sum is the difference to its first event's
    own = before - before[first][group]
    used = total[last] - before[first]
    met = _lowest(np.where(counted & (own + seconds >= limit_s[group]), np.arange(count), count), first)
    at = np.where(met < count, np.minimum(met, count - 1), last)
    due = due_moments(events.at[at].astype("datetime64[s]"), own[at], limit_s, natural, calendar)
    due[~(running & begun & known & (limit_s >= 0))] = np.datetime64("NaT")
    return Reckoned(events.case, begun, running & begun, known, limit_s, used, due)


def _never_back(at: Seconds, first: npt.NDArray[np.int64]) -> Seconds:
    """Each case's moments, none before the one preceding it: a running maximum that begins anew with each case."""
    if not len(at):
        return at
    wide = int(at.max() - at.min()) + 1
    lift = np.repeat(np.arange(len(first)), np.diff(np.r_[first, len(at)])) * wide
    return np.asarray(np.maximum.accumulate(at - at.min() + lift) - lift + at.min(), np.int64)


def _carried(place: npt.NDArray[np.int64], group: npt.NDArray[np.int64], first: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The last place named so far within each case, -1 before there is one."""
    reached = np.maximum.accumulate(place) if len(place) else place
    return np.where(reached >= first[group], reached, -1) if len(place) else place


def _lowest(value: npt.NDArray[np.int64], first: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.asarray(np.minimum.reduceat(value, first)) if len(first) else first


def _highest(value: npt.NDArray[np.int64], first: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.asarray(np.maximum.reduceat(value, first)) if len(first) else first


def _sums(value: npt.NDArray[np.int64], first: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.asarray(np.add.reduceat(value, first)) if len(first) else first
