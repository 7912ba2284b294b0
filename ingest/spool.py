"""What a run sets aside while it reads: refused rows, findings and a sample of good rows; on disk beyond a few megabytes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from ingest.record import RAW_LENGTH, Batch, Finding

IN_MEMORY = 8 << 20
MOST_PREVIEWED = 5_000
EVERY_ONE_UNTIL = 1_000


class Spool:
    """Rows as JSON, written once and read once."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, mode="w+", encoding="utf-8", errors="surrogatepass")  # noqa: SIM115  (it lives as long as the load)
        self.count = 0

    def add(self, row: list[Any]) -> None:
        """One more."""
        json.dump(row, self._file, default=str)
        self._file.write("\n")
        self.count += 1

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """All of them, in order, as PostgreSQL takes them."""
        self._file.seek(0)
        for line in self._file:
            yield tuple(storable(value) for value in json.loads(line))


class Quarantine(Spool):
    """Refused rows with everything a steward needs to put them right."""

    def __init__(self) -> None:
        super().__init__()
        self.first: tuple[str, Finding] | None = None

    def refuse(
        self, batch: Batch, at: int, finding: Finding, key: str | None, seen: BaseGeometry | None, proposal: BaseGeometry | None
    ) -> None:
        """One more refused row; ``seen`` is where it would lie and ``proposal`` the repair proposed, both EPSG:4326."""
        where = batch.where[at]
        if self.first is None:
            self.first = (where, finding)
        fields, shape = fields_as_text(batch, at), shape_hex(batch.geometry[at])
        self.add(
            [where, key, finding.field, finding.rule, finding.sentence.zh, finding.sentence.en, batch.raw[at][:RAW_LENGTH],
             batch.raw_hash.get(at) or fingerprint(fields, shape), fields, shape, lonlat_hex(seen), lonlat_hex(proposal)]
        )  # fmt: skip


class Findings(Spool):
    """What was noticed about rows that were loaded all the same."""

    def note(self, where: str, key: str, finding: Finding, before: BaseGeometry | None = None, after: BaseGeometry | None = None) -> None:
        """One more finding about one row."""
        said = finding.sentence
        self.add([where, key, finding.field, finding.rule, said.zh, said.en, lonlat_hex(before), lonlat_hex(after)])


class Preview(Spool):
    """A sample of the good rows for the map of a dry run: all of the first thousand, then ever fewer, spread over the file."""

    def __init__(self) -> None:
        super().__init__()
        self._met = 0
        self._step = 1

    def offer(self, where: str, key: str, geometry: BaseGeometry | None) -> None:
        """A good row; kept or passed over."""
        self._met += 1
        if geometry is None or self.count >= MOST_PREVIEWED or (self._met > EVERY_ONE_UNTIL and self._met % self._step):
            return
        self._step = max(1, self._met // EVERY_ONE_UNTIL)
        self.add([where, key, lonlat_hex(geometry)])


def fields_as_text(batch: Batch, at: int) -> dict[str, str]:
    """A row's fields as a person reads and corrects them."""
    return {name: value if isinstance(value, str) else str(value) for name, value in batch.fields_of(at).items()}


def fingerprint(fields: dict[str, str], shape: str | None) -> str:
    """What tells one raw row from another: a correction finds its row again by it."""
    told = json.dumps([sorted(fields.items()), shape], ensure_ascii=True)
    return blake2b(told.encode(), digest_size=16).hexdigest()


def shape_hex(geometry: BaseGeometry | None) -> str | None:
    """A geometry as it came, hex WKB without SRID."""
    return None if geometry is None else str(shapely.to_wkb(geometry, hex=True, include_srid=False))


def lonlat_hex(geometry: BaseGeometry | None) -> str | None:
    """A geometry of EPSG:4326 as hex EWKB."""
    return None if geometry is None else str(shapely.to_wkb(shapely.set_srid(geometry, 4326), hex=True, include_srid=True))


def storable(value: Any) -> Any:
    """A value that a text column takes: no null characters, no half characters."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
    if isinstance(value, dict):
        return json.dumps({storable(name): storable(inner) for name, inner in value.items()}, ensure_ascii=False)
    return value


