"""What stewards made of refused rows, applied again whenever the same raw row is delivered: a correction outlives the next file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from commandcenter.text import Text
from ingest.record import Batch, Finding
from ingest.spool import fields_as_text, fingerprint, shape_hex


@dataclass(frozen=True)
class Correction:
    """The fields a raw row should have said, and whether the repair proposed for its shape is taken."""

    changes: dict[str, str]
    accept_repair: bool


@dataclass
class Corrections:
    """The corrections of one source by the fingerprint of the raw row; false when there are none."""

    by_row: dict[str, Correction] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, dict[str, str], bool]]) -> Corrections:
        """From rows of (fingerprint, changes, accept_repair)."""
        return cls({raw_hash: Correction(changes, accept) for raw_hash, changes, accept in rows})

    def __bool__(self) -> bool:
        return bool(self.by_row)

    def apply(self, batch: Batch) -> tuple[list[int], frozenset[int], list[tuple[int, Finding]]]:
        """Write the corrections into a batch: the positions corrected, those whose repair is accepted, and a finding for each."""
        corrected: list[int] = []
        accepted: set[int] = set()
        noted: list[tuple[int, Finding]] = []
        for at in range(len(batch)):
            fields = fields_as_text(batch, at)
            raw_hash = batch.raw_hash.get(at) or fingerprint(fields, shape_hex(batch.geometry[at]))
            known = self.by_row.get(raw_hash)
            if known is None:
                continue
            batch.raw_hash[at] = raw_hash
            if known.accept_repair:
                accepted.add(at)
            if known.changes:
                corrected.append(at)
                noted.append((at, _corrected(known.changes, fields)))
            for name, value in known.changes.items():
                batch.values.setdefault(name, [None] * len(batch))[at] = value or None
        return corrected, frozenset(accepted), noted


def _corrected(changes: dict[str, str], fields: dict[str, str]) -> Finding:
    zh, en = [], []
    for name, value in changes.items():
        was = fields.get(name, "")
        zh.append(f"“{name}”更正为“{value}”" if was == value else f"“{name}”由“{was}”更正为“{value}”")
        en.append(f"'{name}' is '{value}'" if was == value else f"'{name}' is '{value}' instead of '{was}'")
    return Finding("corrected", next(iter(changes)), Text(f"按更正载入：{'；'.join(zh)}。", f"Loaded as corrected: {'; '.join(en)}."))
