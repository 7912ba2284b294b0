"""What travels through the steps: one row of a source, and one finding about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from commandcenter.text import Text

RAW_LENGTH = 4000
BATCH_ROWS = 20_000


@dataclass(frozen=True)
class Finding:
    """Why a row was refused or repaired: the rule, the field and a sentence."""

    rule: str
    field: str | None
    sentence: Text


class Refused(Exception):
    """A row cannot be loaded; it goes to quarantine with this finding."""

    def __init__(self, rule: str, field_name: str | None, sentence: Text) -> None:
        super().__init__(sentence.en)
        self.finding = Finding(rule, field_name, sentence)


@dataclass(slots=True)
class SourceRow:
    """One row as the reader found it. ``where`` is the line, or the object's id where lines mean nothing.

    ``geometry`` is still in the source's own CRS; ``fault`` is set when the reader could not make sense of the row,
    ``repair`` names what the reader had to mend.
    """

    where: str
    values: dict[str, Any]
    raw: str
    geometry: BaseGeometry | None = None
    fault: Finding | None = None
    repair: str | None = None


@dataclass(slots=True)
class Batch:
    """Rows side by side: what ``SourceRow`` says of one row, a column at a time, because a million rows come that way.

    ``values`` holds every field that any of the rows has (None where a row lacks it); ``geometry`` shapely geometries or None,
    in the source's own CRS; ``faults`` and ``repairs`` go by position in the batch.
    """

    where: list[str]
    values: dict[str, list[Any]]
    raw: list[str]
    geometry: NDArray[np.object_]
    faults: dict[int, Finding] = field(default_factory=dict)
    repairs: dict[int, str] = field(default_factory=dict)
    raw_hash: dict[int, str] = field(default_factory=dict)  # of rows whose fields are no longer as they came

    def __len__(self) -> int:
        return len(self.where)

    def fields_of(self, at: int) -> dict[str, Any]:
        """The fields of one row that it has."""
        return {name: column[at] for name, column in self.values.items() if column[at] is not None}


def batched(rows: Iterable[SourceRow], size: int = BATCH_ROWS) -> Iterator[Batch]:
    """Rows one by one as batches, for readers whose formats come row by row."""
    coming = iter(rows)
    while part := list(islice(coming, size)):
        names = dict.fromkeys(name for row in part for name in row.values)
        geometry = np.empty(len(part), dtype=object)
        geometry[:] = [row.geometry for row in part]
        yield Batch(
            [row.where for row in part],
            {name: [row.values.get(name) for row in part] for name in names},
            [row.raw for row in part],
            geometry,
            {at: row.fault for at, row in enumerate(part) if row.fault is not None},
            {at: row.repair for at, row in enumerate(part) if row.repair is not None},
        )


@dataclass(slots=True)
class Tally:
    """What became of the rows: read = loaded + unchanged + quarantined, always."""

    read: int = 0
    loaded: int = 0
    unchanged: int = 0
    quarantined: int = 0
    by_rule: dict[str, int] = field(default_factory=dict)
    repaired: dict[str, int] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    vanished: int = 0

    def refuse(self, rule: str) -> None:
        """One more row for quarantine."""
        self.quarantined += 1
        self.by_rule[rule] = self.by_rule.get(rule, 0) + 1

    def repair(self, rule: str) -> None:
        """One more row mended on the way: repairs are findings too."""
        self.repaired[rule] = self.repaired.get(rule, 0) + 1

    def find(self, rule: str) -> None:
        """Something noticed about a row that is loaded all the same."""
        self.found[rule] = self.found.get(rule, 0) + 1

    @property
    def adds_up(self) -> bool:
        """Whether every row read is accounted for."""
        return self.read == self.loaded + self.unchanged + self.quarantined
