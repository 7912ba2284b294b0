"""How much of a case's limit is used, when it ends and why: the clocks of one case, worked out from its event log and explained line by line.

The business clock starts at the first dispatch and goes on through returns and rework; it stands while the case is with check and while it is
suspended, and is fixed at closing; an extension adds to the limit (domain facts 1.8.3). The stage clock starts anew in each stage. The outer
clock is set by somebody above and never stands. All times are taken to the whole second, so that the lines add up exactly.

    >>> business_clock(entries, calendar, now).light        # doctest: +SKIP
    'red'
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from commandcenter.cases.calendar import CalendarEnds, WorkCalendar
from commandcenter.cases.clock_lines import Line, Stretch, natural_stretch, office_stretches
from commandcenter.cases.limits import Limit, span
from commandcenter.text import Text

Mode = Literal["early", "run", "hold", "suspended", "end"]
Light = Literal["green", "yellow", "red", "none"]

MODES: Final[tuple[Mode, ...]] = ("early", "run", "hold", "suspended", "end")
YELLOW_ABOVE = (4, 5)  # of the limit; red is above the whole of it
BUSINESS, OUTER = "business", "outer"


@dataclass(frozen=True)
class Entry:
    """One event of a case's log, as far as clocks care.

    ``mode`` is that of the state the event led to: ``early`` (before the first dispatch; afterwards, as when a department sends a case back,
    the business clock goes on), ``run`` (from dispatch until the department confirms), ``hold`` (with check), ``suspended`` (挂账), ``end``.
    ``limit`` is the business limit where the event sets one (filing, a new standard; what extended the former is void with it), ``extra``
    what an extension adds to it. An event that moves nothing (a comment, an urging) carries the state and mode it found.
    """

    seq: int
    at: datetime
    action: str
    to_state: str
    stage: str
    mode: Mode
    limit: Limit | None = None
    extra: Limit | None = None
    reason: str = ""


@dataclass(frozen=True)
class Clock:
    """One clock at one moment. ``due_at`` is None while the clock stands, without a limit, and where ``due_unknown`` says that the calendar ends."""

    of: str
    calendar: str
    started_at: datetime | None
    limit: Limit | None
    limit_s: int | None
    used_s: int
    running: bool
    due_at: datetime | None
    overdue_since: datetime | None
    due_unknown: Text | None
    lines: tuple[Line, ...]

    @property
    def left_s(self) -> int | None:
        """What remains, in the limit's own seconds; negative when overdue."""
        return None if self.limit_s is None else self.limit_s - self.used_s

    @property
    def share(self) -> float | None:
        """The used part of the limit: 0.8 is the end of green, 1 the end of yellow."""
        if not self.limit_s:
            return None
        return self.used_s / self.limit_s

    @property
    def light(self) -> Light:
        """Green up to 80 % of the limit, yellow up to all of it, red above; none without a limit or before the start."""
        if self.limit_s is None or self.started_at is None:
            return "none"
        part, whole = YELLOW_ABOVE
        return "red" if self.used_s > self.limit_s else "yellow" if self.used_s * whole > self.limit_s * part else "green"


@dataclass(frozen=True)
class _Segment:
    """A piece of the case's life: counted where ``why`` is None, else standing for that reason; a note says something of one moment."""

    seq: int
    since: datetime
    until: datetime
    why: Text | None
    note: bool = False


def business_clock(entries: Iterable[Entry], calendar: WorkCalendar, now: datetime) -> Clock:
    """The handling clock of a case, against the limit in force. Raises CalendarEnds where office hours were used that the calendar does not know."""
    log = ordered(entries)
    limit: Limit | None = None
    begun, over = False, _ended(log)
    segments = []
    for entry, until in _until_next(log, now):
        begun = begun or entry.mode == "run"
        for changed, why in _limit_changes(entry, limit, calendar):
            limit = changed
            if begun and why is not None:
                segments.append(_Segment(entry.seq, entry.at, entry.at, why, note=True))
        if begun and not (over and entry is log[-1]):
            segments.append(_Segment(entry.seq, entry.at, until, _standing(entry)))
    return _clock(BUSINESS, segments, limit, calendar, over)


def stage_clocks(entries: Iterable[Entry], limits: Mapping[str, Limit], calendar: WorkCalendar, now: datetime) -> tuple[Clock, ...]:
    """Every stay of a case in a stage, in order; the last is the current one unless the case has ended.

    ``limits`` go by state where a state has its own, else by stage; the clock starts anew whenever that key changes. Suspension is no stay:
    the clock stands and, back in the same stage, goes on. Raises CalendarEnds as ``business_clock`` does.
    """
    stays: list[tuple[str, list[_Segment]]] = []
    log = ordered(entries)
    over = _ended(log)
    for entry, until in _until_next(log, now):
        key = entry.to_state if entry.to_state in limits else entry.stage
        if entry.mode not in ("suspended", "end") and (not stays or stays[-1][0] != key):
            stays.append((key, []))
        if stays and not (over and entry is log[-1]):
            why = _standing(entry) if entry.mode in ("suspended", "end") else None
            stays[-1][1].append(_Segment(entry.seq, entry.at, until, why))
    return tuple(_clock(key, part, limits.get(key), calendar, over or n < len(stays)) for n, (key, part) in enumerate(stays, start=1))


def outer_clock(since: datetime, due: datetime, calendar: WorkCalendar, now: datetime, ended: datetime | None = None) -> Clock:
    """The clock somebody above has set (12345): natural time from receipt to the moment demanded, never stopped, fixed at ``ended``."""
    since, due, until = _second(since), _second(due), _second(ended or now)
    limit_s = max(0, int((due - since).total_seconds()))
    whole = natural_stretch(since, max(since, until))
    line = Line(0, whole.since, whole.until, Text(f"上级时限，{whole.why.zh}", f"set from above, {whole.why.en}"), whole.seconds, whole.seconds)
    late = whole.seconds > limit_s
    running, overdue_since = ended is None, due if late else None
    return Clock(OUTER, calendar.version, since, None, limit_s, whole.seconds, running, due if running else None, overdue_since, None, (line,))


def ordered(entries: Iterable[Entry]) -> list[Entry]:
    """The log by its numbers, whole seconds, in UTC; an event that claims to be earlier than the one before it happened with that one."""
    log: list[Entry] = []
    for entry in sorted(entries, key=lambda one: one.seq):
        at = _second(entry.at)
        at = max(at, log[-1].at) if log else at
        log.append(replace(entry, at=at))
    return log


def _second(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _until_next(log: list[Entry], now: datetime) -> Iterator[tuple[Entry, datetime]]:
    """Each event with the moment the next one came; the last with now, or with itself where its moment is still to come."""
    for number, entry in enumerate(log, start=1):
        yield entry, log[number].at if number < len(log) else max(entry.at, _second(now))


def _limit_changes(entry: Entry, limit: Limit | None, calendar: WorkCalendar) -> Iterator[tuple[Limit, Text | None]]:
    """The limit after each change an event makes, and the sentence for it; the first limit of all needs none."""
    if entry.limit is not None:
        said = entry.limit.text
        why = Text(f"改用时限 {said.zh}", f"the limit is now {said.en}") if limit is not None and limit != entry.limit else None
        yield entry.limit, why
        limit = entry.limit
    if entry.extra is not None and limit is not None:
        whole = limit.plus(entry.extra, calendar)
        more, said, reason = entry.extra.text, whole.text, _because(entry)
        yield whole, Text(f"延期，增加 {more.zh}，时限共 {said.zh}{reason.zh}", f"extension by {more.en}, the limit is now {said.en}{reason.en}")


def _because(entry: Entry) -> Text:
    return Text(f"：{entry.reason}", f": {entry.reason}") if entry.reason else Text("", "")


def _standing(entry: Entry) -> Text | None:
    """Why the business clock stands from an event on; None where it runs."""
    reason = _because(entry)
    match entry.mode:
        case "hold":
            return Text("待核查，不计", "with check, not counted")
        case "suspended":
            return Text(f"挂账，不计{reason.zh}", f"suspended, not counted{reason.en}")
        case "end":
            return Text("已办结，不计", "closed, not counted")
    return None


def _ended(log: list[Entry]) -> bool:
    """Whether the case is closed for now: then no line tells of the time since."""
    return bool(log) and log[-1].mode == "end"


def _clock(of: str, segments: list[_Segment], limit: Limit | None, calendar: WorkCalendar, over: bool) -> Clock:
    """The sum of the segments against a limit; ``over``: it can no longer run."""
    natural = limit is None or limit.natural
    limit_s = None if limit is None else limit.seconds(calendar)
    lines: list[Line] = []
    total, held, since, met = 0, 0, None, None
    for segment in _joined(segments):
        if segment.why is not None:
            lines.append(Line(segment.seq, segment.since, segment.until, segment.why, 0, total))
            continue
        held, since = total, segment.since
        for part in _parts(segment, natural, calendar):
            total += part.seconds
            lines.append(Line(segment.seq, part.since, part.until, part.why, part.seconds, total))
        if limit_s is not None and met is None and total >= limit_s:
            met = _after(since, limit_s - held, natural, calendar)
    running = bool(segments) and segments[-1].why is None and not over
    due, unknown = met if running else None, None
    if running and met is None and limit_s is not None and since is not None:
        try:
            due = _after(since, limit_s - held, natural, calendar)
        except CalendarEnds as fault:
            unknown = fault.sentence
    late = met if limit_s is not None and total > limit_s else None
    return Clock(of, calendar.version, segments[0].since if segments else None, limit, limit_s, total, running, due, late, unknown, tuple(lines))


def _joined(segments: list[_Segment]) -> list[_Segment]:
    """Neighbours of one kind as one, empty ones left out: a comment or a return in between leaves no seam in the sum."""
    joined: list[_Segment] = []
    for number, one in enumerate(segments, start=1):
        if joined and not one.note and not joined[-1].note and joined[-1].why == one.why and joined[-1].until == one.since:
            joined[-1] = replace(joined[-1], until=one.until)
        elif one.note or one.since < one.until or number == len(segments):
            joined.append(one)
    return joined


def _parts(segment: _Segment, natural: bool, calendar: WorkCalendar) -> Iterator[Stretch]:
    if natural:
        yield natural_stretch(segment.since, segment.until)
    else:
        yield from office_stretches(calendar, segment.since, segment.until)


def _after(start: datetime, seconds: int, natural: bool, calendar: WorkCalendar) -> datetime:
    return start + timedelta(seconds=seconds) if natural else calendar.moment_after(start, seconds)


def told(clock: Clock) -> Text:
    """The clock in one sentence: used, limit, and when it ends or what remains."""
    used = span(clock.used_s)
    if clock.limit_s is None or clock.started_at is None:
        return Text("无时限", "no limit") if clock.started_at else Text("尚未开始", "not started")
    whole = clock.limit.text if clock.limit else span(clock.limit_s)
    left = span(abs(clock.limit_s - clock.used_s))
    late = clock.used_s > clock.limit_s
    end = Text(f"超时 {left.zh}", f"late by {left.en}") if late else Text(f"剩余 {left.zh}", f"{left.en} left")
    return Text(f"已用 {used.zh}，时限 {whole.zh}，{end.zh}", f"{used.en} used of {whole.en}, {end.en}")
