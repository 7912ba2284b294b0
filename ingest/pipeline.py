"""The steps between a file and a table: read, map, locate, validate. Each row ends in the table or in quarantine.

Resolving (codes by point in polygon) and loading happen in the database, which takes the rows of ``rows()``.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import shapely
from shapely.geometry.base import BaseGeometry

from commandcenter.city import City
from commandcenter.db.schema import Base
from commandcenter.text import Text
from ingest.checks import checks_of
from ingest.contract import Mapping
from ingest.convert import column_value
from ingest.derive import DERIVATIONS
from ingest.locate import Locator, kind_of
from ingest.readers import read
from ingest.record import Finding, Refused, SourceRow, Tally

Progress = Callable[[int], None]
REPORT_EVERY = 10_000


class Quarantine:
    """Refused rows, kept on disk beyond a few megabytes until the load can write them."""

    def __init__(self) -> None:
        self._spool = tempfile.SpooledTemporaryFile(max_size=8 << 20, mode="w+", encoding="utf-8")  # noqa: SIM115  (it lives as long as the load)
        self.first: tuple[str, Finding] | None = None

    def add(self, row: SourceRow, finding: Finding) -> None:
        """One more refused row."""
        if self.first is None:
            self.first = (row.where, finding)
        json.dump([row.where, finding.field, finding.rule, finding.sentence.zh, finding.sentence.en, row.raw], self._spool)
        self._spool.write("\n")

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Line, field, rule, sentence, English sentence, raw text."""
        self._spool.seek(0)
        for line in self._spool:
            yield tuple(value.replace("\x00", "\ufffd") if isinstance(value, str) else value for value in json.loads(line))


class Pipeline:
    """One mapping over one file of one city; its moments are moved on by whole days where the mapping asks for it."""

    def __init__(self, mapping: Mapping, path: Path, city: City, progress: Progress | None = None, move_days: int = 0) -> None:
        self.mapping = mapping
        self.tally = Tally()
        self.quarantine = Quarantine()
        self.columns = ("source_key", "row_hash", *mapping.written, "geom")
        self._path = path
        self._progress = progress
        self._zone = ZoneInfo(city.time_zone)
        self._by = timedelta(days=move_days)
        self._locator = Locator(mapping.crs, mapping.geometry, city)
        self._keys: set[str] = set()
        self._required = _required_columns(mapping)
        self._checks = checks_of(mapping.target)
        self._as_multi = mapping.target == "area"

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The good rows, in the order of ``columns``; the others stand in ``quarantine`` when this ends."""
        for source_row in read(self._path, self.mapping):
            self.tally.read += 1
            if self._progress is not None and self.tally.read % REPORT_EVERY == 0:
                self._progress(self.tally.read)
            try:
                good = self._good(source_row)
            except Refused as refused:
                self.tally.refuse(refused.finding.rule)
                self.quarantine.add(source_row, refused.finding)
                continue
            yield good

    def _good(self, source_row: SourceRow) -> tuple[Any, ...]:
        if source_row.fault is not None:
            fault = source_row.fault
            raise Refused(fault.rule, fault.field, fault.sentence)
        values = source_row.values
        key = self._key(values)
        row = self._mapped(values, kind_of(source_row.geometry))
        if source_row.geometry is None:
            raise Refused("no_place", "geometry", Text("没有几何图形。", "It has no geometry."))
        geometry, repair = self._locator.locate(source_row.geometry)
        self._validate(row)
        for mended in (source_row.repair, repair):
            if mended is not None:
                self.tally.repair(mended)
        if self._as_multi and isinstance(geometry, shapely.Polygon):
            geometry = shapely.MultiPolygon([geometry])
        written = [row.get(name) for name in self.mapping.written]
        stored = _hex(geometry)
        self._keys.add(key)
        return (key, _hash(written, stored), *map(self._moved, written), stored)

    def _moved(self, value: Any) -> Any:
        """A moment so many days later on the city's clock; everything else as it is."""
        return value.astimezone(self._zone) + self._by if self._by and isinstance(value, datetime) else value

    def _key(self, values: dict[str, Any]) -> str:
        parts = [str(values.get(field) if values.get(field) is not None else "").strip() for field in self.mapping.key]
        if not any(parts):
            field = self.mapping.key[0]
            raise Refused("missing_key", field, Text(f"键字段“{field}”为空。", f"The key field '{field}' is empty."))
        key = "/".join(parts)
        if key in self._keys:
            raise Refused(
                "duplicate_key",
                self.mapping.key[0],
                Text(f"键“{key}”在文件中重复出现，只保留第一行。", f"The key '{key}' occurs again in the file; only its first row is kept."),
            )
        return key

    def _mapped(self, values: dict[str, Any], kind: str) -> dict[str, Any]:
        mapping = self.mapping
        row: dict[str, Any] = dict(mapping.constants)
        if mapping.classes:
            rule = next((rule for rule in mapping.classes if rule.fits(values, kind)), None)
            if rule is None:
                field = next(iter(mapping.classes[0].when), None)
                raise Refused(
                    "unknown_class",
                    field,
                    Text(f"没有一条分类规则适用（{field} = {values.get(field or '')}）。", f"No class rule fits it ({field} = {values.get(field or '')})."),
                )
            row.update(rule.gives)
        for column in mapping.columns:
            value = column_value(column, values, self._zone)
            if value is not None or column.name not in row:
                row[column.name] = value
        for name in mapping.derive:
            DERIVATIONS[name].apply(row, values)
        return row

    def _validate(self, row: dict[str, Any]) -> None:
        for name in self._required:
            if row.get(name) is None:
                raise Refused(
                    "missing", name, Text(f"“{name}”没有值，而它必须有值。", f"'{name}' has no value, and must have one.")
                )
        for check in self._checks:
            check.hold(row.get(check.column))
        for name, value in row.items():
            if isinstance(value, str) and "\x00" in value:
                raise Refused("not_text", name, Text(f"“{name}”含有空字符。", f"'{name}' contains a null character."))


def _required_columns(mapping: Mapping) -> tuple[str, ...]:
    table = Base.metadata.tables[mapping.target]
    return tuple(name for name in mapping.written if not table.columns[name].nullable)


def _hex(geometry: BaseGeometry) -> str:
    return str(shapely.to_wkb(shapely.set_srid(geometry, 4326), hex=True, include_srid=True))


def _hash(written: list[Any], stored: str) -> str:
    plain = [value.isoformat() if isinstance(value, (date, datetime)) else value for value in written]
    return hashlib.blake2b(json.dumps([plain, stored], default=str).encode(), digest_size=16).hexdigest()
