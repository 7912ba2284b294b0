"""What may be asked of the engine: a report, which makes a case, and a step, which moves one. Plain values; ``engine`` carries them out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from commandcenter.errors import CommandCenterError

Door = Literal["wall", "desk", "cli", "worker", "api"]


@dataclass(frozen=True)
class Caller:
    """Who reports, if they say so. Personal data: it goes into tables that can be emptied, never into the log."""

    name: str = ""
    phone: str = ""
    wants_reply: bool = False


@dataclass(frozen=True)
class Report:
    """Somebody saw something. ``lon``/``lat`` EPSG:4326; ``key``: chosen by the sender, the same key again is the same case.

    ``action``: report, report_fixed (with ``outcome``) or open_clue. ``first_seen_at``: when it was seen first, if earlier than now.
    """

    key: str
    kind: str
    category_system: str
    category_code: str
    lon: float
    lat: float
    origin: str
    description: str = ""
    address: str = ""
    component_code: str | None = None
    caller: Caller | None = None
    first_seen_at: datetime | None = None
    outer_due_at: datetime | None = None
    action: str = "report"
    outcome: str = ""
    door: Door = "desk"


@dataclass(frozen=True)
class Step:
    """One move of a case from the version somebody looked at. What else a move needs is among the fields; the rest stays empty."""

    case_id: int
    version: int
    action: str
    reason: str = ""
    outcome: str = ""
    good: bool | None = None  # of a verification: it is so; of a follow-up call: the caller is satisfied
    note: str = ""
    standard_id: int | None = None
    department: str | None = None
    worker: str | None = None
    into: int | None = None
    parent: int | None = None
    category_system: str | None = None
    category_code: str | None = None
    address: str | None = None
    recheck_on: date | None = None
    detail: dict[str, object] = field(default_factory=dict)
    door: Door = "desk"


@dataclass(frozen=True)
class Handled:
    """What came of it. ``known``: it had been done already by the same person with the same words."""

    case_id: int
    number: str
    version: int
    state: str
    known: bool = False


class StaleCase(CommandCenterError):
    """The case has moved on since the screen was drawn: who, what and when."""

    status, kind = 409, "stale_case"


class NoSuchMove(CommandCenterError):
    """This cannot be done to a case that stands so."""

    status, kind = 409, "no_such_move"
