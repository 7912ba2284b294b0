"""When a source is to be fetched again: its cadence after a good attempt, sooner and then ever later after failed ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from commandcenter.city import City
from commandcenter.errors import CommandCenterError
from commandcenter.text import Text
from ingest.contract import Mapping
from ingest.desk.mappings import steward_mapping
from ingest.mapping import mapping_names

FIRST_PAUSE_S, LONGEST_PAUSE_S = 300, 86_400
FAILED = frozenset({"failed", "broken"})
UNFINISHED = frozenset({"queued", "running"})
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Attempt:
    """One time that a source was fetched: its run, when, and how that run stands. ``upload_id`` is None where nothing came."""

    run_id: int
    at: datetime
    status: str
    upload_id: int | None = None
    message: str | None = None
    message_en: str | None = None

    @property
    def sentence(self) -> Text | None:
        """What the run said of itself."""
        return Text(self.message, self.message_en or self.message) if self.message else None


def next_due(cadence_s: int | None, attempts: Sequence[Attempt]) -> datetime | None:
    """When a source is due, given its attempts, newest first. None: not again by itself, because it comes once and was fetched.

    After failures in a row: 5 minutes, then 10, 20, ... but never longer than the cadence, nor than a day.
    """
    if not attempts:
        return LONG_AGO
    newest = attempts[0]
    failures = next((at for at, attempt in enumerate(attempts) if attempt.status not in FAILED), len(attempts))
    if failures:
        pause = min(FIRST_PAUSE_S * 2 ** (failures - 1), LONGEST_PAUSE_S)
        return newest.at + timedelta(seconds=min(pause, cadence_s or pause))
    return None if cadence_s is None else newest.at + timedelta(seconds=cadence_s)


def is_due(cadence_s: int | None, attempts: Sequence[Attempt], now: datetime) -> bool:
    """Whether a source is to be fetched now; never while its last one is still being loaded."""
    if attempts and attempts[0].status in UNFINISHED:
        return False
    due = next_due(cadence_s, attempts)
    return due is not None and due <= now


def fetched_mappings(city: City, own: Path) -> tuple[list[Mapping], dict[str, Text]]:
    """The mappings of a city that say where they are fetched, by name; and those that cannot be read, each with its sentence.

    A city's mappings are its own, below its data folder, and those that its city file names.
    """
    names = {*(mapping_names(own) if own.is_dir() else ()), *(item.mapping for item in city.data)}
    found, faulty = [], {}
    for name in sorted(names):
        try:
            mapping = steward_mapping(name, [own])
        except CommandCenterError as fault:
            faulty[name] = fault.sentence
            continue
        except OSError:
            continue  # taken away meanwhile
        if comes_by_itself(mapping):
            found.append(mapping)
    return found, faulty


def comes_by_itself(mapping: Mapping) -> bool:
    """Whether a mapping says where its files are fetched."""
    return mapping.fetch is not None and bool(mapping.fetch.url or mapping.fetch.folder)
