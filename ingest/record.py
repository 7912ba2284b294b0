"""What travels through the steps: one row of a source, and one finding about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shapely.geometry.base import BaseGeometry

from commandcenter.text import Text

RAW_LENGTH = 4000


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
class Tally:
    """What became of the rows: read = loaded + unchanged + quarantined, always."""

    read: int = 0
    loaded: int = 0
    unchanged: int = 0
    quarantined: int = 0
    by_rule: dict[str, int] = field(default_factory=dict)
    repaired: dict[str, int] = field(default_factory=dict)

    def refuse(self, rule: str) -> None:
        """One more row for quarantine."""
        self.quarantined += 1
        self.by_rule[rule] = self.by_rule.get(rule, 0) + 1

    def repair(self, rule: str) -> None:
        """One more row mended on the way: repairs are findings too."""
        self.repaired[rule] = self.repaired.get(rule, 0) + 1

    @property
    def adds_up(self) -> bool:
        """Whether every row read is accounted for."""
        return self.read == self.loaded + self.unchanged + self.quarantined
