"""The steps between a file and a table: read, correct, map, locate, validate, place. Each row ends in the table or in quarantine.

A batch of rows goes through them column by column. The steps keep one list of refusals: the first reason found for a row is the
one it is quarantined with, and later steps work on what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import compress
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from commandcenter.city import City
from commandcenter.db.load import PLACED_TABLES
from commandcenter.db.schema import Base
from commandcenter.db.stage import Rows
from commandcenter.text import Text
from ingest.checks import checks_of
from ingest.contract import Mapping
from ingest.convert import ColumnReader, trimmed
from ingest.copy_text import copy_column, hex_shapes
from ingest.corrections import Corrections
from ingest.derive import DERIVATIONS
from ingest.governance.target_work import TargetWork
from ingest.locate import Locator, kinds_of
from ingest.measures import MEASURES
from ingest.place import points
from ingest.placing import PLACE_COLUMNS, Places
from ingest.record import Batch, Finding, Refused, Tally
from ingest.rules import Witness, breaches
from ingest.spool import Findings, Preview, Quarantine

SHAPE_KEY = "@shape"  # the key of rows that their source gives none: the fingerprint of the geometry as it came
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Ready:
    """The good rows of one batch as COPY takes them, with what the ledger keeps of each."""

    rows: Rows
    where: list[str]
    raw: list[str]


@dataclass
class _Work:
    """One batch on its way: what is known of its rows so far."""

    batch: Batch
    first_no: int
    refused: dict[int, Finding] = field(default_factory=dict)
    notes: list[tuple[int, Finding, BaseGeometry | None]] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=dict)
    accepted: frozenset[int] = frozenset()
    geometry: NDArray[np.object_] = field(default_factory=lambda: np.empty(0, dtype=object))
    proposals: dict[int, BaseGeometry] = field(default_factory=dict)

    def refuse(self, at: int, finding: Finding) -> None:
        """The first reason stands."""
        self.refused.setdefault(at, finding)

    def alive(self) -> list[int]:
        """Positions of rows that nothing refused yet."""
        return [at for at in range(len(self.batch)) if at not in self.refused] if self.refused else list(range(len(self.batch)))


class Pipeline:
    """One mapping over the batches of one delivery; its moments are moved on by whole days where the mapping asks for it."""

    def __init__(
        self, mapping: Mapping, city: City, witness: Witness, *, places: Places | None = None, corrections: Corrections | None = None,
        progress: Progress | None = None, move_days: int = 0, preview: bool = False, target_work: TargetWork | None = None,
    ) -> None:  # fmt: skip
        self.mapping = mapping
        self.tally = Tally()
        self.quarantine, self.findings = Quarantine(), Findings()
        self.preview = Preview() if preview else None
        self.keys: set[str] = set()  # of good rows
        self.refused_keys: set[str] = set()
        self.polygons: list[tuple[str, str, BaseGeometry]] = []  # of a polygon set: level or kind, key, shape
        self.keyless = 0  # refused rows that nobody can name
        self.measured = tuple(name for name in MEASURES if name in _columns_of(mapping.target) and name not in mapping.written)
        self.placed = mapping.target in PLACED_TABLES
        self._work = target_work or TargetWork()
        self._stores_geometry = mapping.geometry != "none" and "geom" in _columns_of(mapping.target)
        self.columns = (
            "source_key", "row_hash", "row_no", *mapping.written, *self.measured, *(("geom",) if self._stores_geometry else ()),
            *(PLACE_COLUMNS if self.placed else ()), *self._work.columns,
        )  # fmt: skip
        self._progress = progress
        self._places = places
        self._corrections = corrections or Corrections()
        self._zone = ZoneInfo(city.time_zone)
        self._by = timedelta(days=move_days)
        self._witness = witness
        self._locator = Locator(mapping, city)
        self._readers = [ColumnReader(column, self._zone) for column in mapping.columns]
        self._required = _required_columns(mapping, self.measured)
        self._checks = checks_of(mapping.target)
        self._class_fields = tuple(dict.fromkeys(name for rule in mapping.classes for name in rule.when))
        self._classes: dict[tuple[Any, ...], dict[str, Any] | None] = {}

    def ready(self, batches: Iterator[Batch]) -> Iterator[Ready]:
        """The good rows, batch by batch; the others stand in ``quarantine`` when this ends."""
        for batch in self._work.regroup(batches):
            if not len(batch):
                continue
            work = _Work(batch, self.tally.read + 1)
            self.tally.read += len(batch)
            for step in (self._correct, self._map, self._locate, self._validate, self._work.examine, self._key):
                step(work)
            ready = self._finished(work)
            if self._progress is not None:
                self._progress(self.tally.read)
            if ready is not None:
                yield ready

    @property
    def locator(self) -> Locator:
        """The way from the source's reference system into the city, with the residual met so far."""
        return self._locator

    def _correct(self, work: _Work) -> None:
        batch = work.batch
        if self._corrections:
            corrected, work.accepted, noted = self._corrections.apply(batch)
            work.notes += [(at, finding, None) for at, finding in noted]
            for at in corrected:
                batch.faults.pop(at, None)
            if corrected and self.mapping.place is not None and self.mapping.place.fields:
                self._place_again(batch, corrected)
        work.refused.update(batch.faults)

    def _place_again(self, batch: Batch, corrected: list[int]) -> None:
        """Corrected fields may say another place."""
        assert self.mapping.place is not None
        fields = {name: [column[at] for at in corrected] for name, column in batch.values.items()}
        geometry, faults = points(fields, self.mapping.place, self.mapping.crs)
        batch.geometry[corrected] = geometry
        batch.faults.update({corrected[position]: finding for position, finding in faults.items()})

    def _map(self, work: _Work) -> None:
        mapping, batch, count = self.mapping, work.batch, len(work.batch)
        for name, value in mapping.constants.items():
            work.columns[name] = [value] * count
        if mapping.classes:
            self._classify(work)
        for reader in self._readers:
            values, refused = reader.values(batch.values, count)
            for at, finding in refused.items():
                work.refuse(at, finding)
            name, given = reader.column.name, work.columns.get(reader.column.name)
            work.columns[name] = values if given is None else [g if v is None else v for v, g in zip(values, given, strict=True)]
        for name in mapping.written:
            work.columns.setdefault(name, [None] * count)
        if mapping.derive:
            self._derive(work)
        if self._by:
            for name, column in work.columns.items():
                work.columns[name] = [self._moved(value) for value in column]

    def _classify(self, work: _Work) -> None:
        """The first class rule that fits sets its columns; rows of the same words are decided once."""
        batch = work.batch
        absent = [None] * len(batch)
        kinds = kinds_of(batch.geometry)
        told = list(zip(kinds, *(batch.values.get(name, absent) for name in self._class_fields), strict=True))
        given: list[dict[str, Any]] = []
        for at, said in enumerate(told):
            if said not in self._classes:
                self._classes[said] = self._class_of(said)
            found = self._classes[said]
            if found is None:
                work.refuse(at, _unclassed(self._class_fields[0] if self._class_fields else None, said))
            given.append(found or {})
        for name in dict.fromkeys(name for rule in self.mapping.classes for name in rule.gives):
            before = work.columns.get(name, absent)
            work.columns[name] = [row.get(name, otherwise) for row, otherwise in zip(given, before, strict=True)]

    def _class_of(self, said: tuple[Any, ...]) -> dict[str, Any] | None:
        values = dict(zip(self._class_fields, said[1:], strict=True))
        rule = next((rule for rule in self.mapping.classes if rule.fits(values, said[0])), None)
        return None if rule is None else dict(rule.gives)

    def _derive(self, work: _Work) -> None:
        names = list(work.columns)
        for at in work.alive():
            row = {name: work.columns[name][at] for name in names}
            fields = work.batch.fields_of(at)
            try:
                for name in self.mapping.derive:
                    DERIVATIONS[name].apply(row, fields)
            except Refused as refused:
                work.refuse(at, refused.finding)
                continue
            for name in names:
                work.columns[name][at] = row.get(name)

    def _moved(self, value: Any) -> Any:
        """A moment so many days later on the city's clock; everything else as it is."""
        return value.astimezone(self._zone) + self._by if isinstance(value, datetime) else value

    def _locate(self, work: _Work) -> None:
        if self.mapping.geometry == "none":
            work.geometry = np.full(len(work.batch), None, dtype=object)
            return
        located = self._locator.locate(work.batch.geometry, work.accepted)
        work.geometry = located.geometry
        work.proposals = located.proposals
        for at, finding in located.refused.items():
            work.refuse(at, finding)
        for at, (finding, before) in located.mended.items():
            work.notes.append((at, finding, before))
        if self.mapping.target == "area":
            for at in np.flatnonzero(shapely.get_type_id(work.geometry) == 3).tolist():
                work.geometry[at] = shapely.MultiPolygon([work.geometry[at]])
        for name in self.measured:
            work.columns[name] = MEASURES[name](work.geometry)

    def _validate(self, work: _Work) -> None:
        for name in self._required:
            column = work.columns[name]
            if None in column:
                finding = Finding("missing", name, Text(f"“{name}”没有值，而它必须有值。", f"'{name}' has no value, and must have one."))
                for at in [at for at, value in enumerate(column) if value is None]:
                    work.refuse(at, finding)
        for check in self._checks:
            if check.column in work.columns:
                for at, finding in check.broken(work.columns[check.column]):
                    work.refuse(at, finding)
        for name, column in work.columns.items():
            for at in _not_storable(column):
                work.refuse(at, Finding("not_text", name, Text(f"“{name}”含有空字符或半个字符。", f"'{name}' contains a null or a broken character.")))
        for rule in self.mapping.rules:
            for at, sentence in breaches(rule, work.columns, self._witness):
                finding = Finding(rule.word, rule.columns[-1], sentence)
                if rule.refuses:
                    work.refuse(at, finding)
                else:
                    work.notes.append((at, finding, None))

    def _key(self, work: _Work) -> None:
        absent = [None] * len(work.batch)
        if SHAPE_KEY in self.mapping.key:
            work.batch.values[SHAPE_KEY] = [None if shape is None else _shape_key(shape) for shape in work.batch.geometry]
        parts = [work.batch.values.get(name, absent) for name in self.mapping.key]
        told = [[text or "" for text in trimmed(part)] for part in parts]
        keys = told[0] if len(told) == 1 else list(map("/".join, zip(*told, strict=True)))
        work.columns["source_key"] = keys
        empty = "/" * (len(parts) - 1)
        if empty in keys:
            name = self.mapping.key[0]
            finding = Finding("missing_key", name, Text(f"键字段“{name}”为空。", f"The key field '{name}' is empty."))
            for at in [at for at, key in enumerate(keys) if key == empty]:
                # A row without a key is told so first: nothing else about it can be put right without one.
                if at not in work.batch.faults:
                    work.refused[at] = finding
        alive = work.alive()
        coming = {keys[at] for at in alive}
        if len(coming) < len(alive) or not self.keys.isdisjoint(coming):
            self._refuse_repeated(work, alive)
        else:
            self.keys |= coming
        for at in work.refused:
            if keys[at] == empty or at in work.batch.faults:
                self.keyless += 1
            else:
                self.refused_keys.add(keys[at])

    def _refuse_repeated(self, work: _Work, alive: list[int]) -> None:
        keys = work.columns["source_key"]
        for at in alive:
            key = keys[at]
            if key in self.keys:
                work.refuse(
                    at,
                    Finding(
                        "duplicate_key",
                        self.mapping.key[0],
                        Text(f"键“{key}”在文件中重复出现，只保留第一行。", f"The key '{key}' occurs again in the file; only its first row is kept."),
                    ),
                )
            self.keys.add(key)

    def _finished(self, work: _Work) -> Ready | None:
        """Refused rows into quarantine, the others as COPY takes them."""
        batch, keys = work.batch, work.columns["source_key"]
        for at in sorted(work.refused):
            finding = work.refused[at]
            self.tally.refuse(finding.rule)
            seen = work.geometry[at] if finding.rule not in _NOWHERE and at not in batch.faults else None
            self.quarantine.refuse(batch, at, finding, keys[at] or None, seen, work.proposals.get(at))
        good = work.alive()
        if not good:
            return None
        whole = len(good) == len(batch)
        mask = None if whole else [at not in work.refused for at in range(len(batch))]

        def kept(column: Any) -> list[Any]:
            return list(column) if mask is None else list(compress(column, mask))

        geometry = work.geometry if whole else work.geometry[good]
        self._note(work, keys)
        written = [copy_column(kept(work.columns[name])) for name in (*self.mapping.written, *self.measured)]
        shapes = [hex_shapes(geometry)] if self._stores_geometry else []
        content = ["\t".join(row) for row in zip(*written, *shapes, strict=True)] if written or shapes else [""] * len(good)
        beside = self._work.content(good)
        hashed = content if beside is None else list(map("\t".join, zip(content, beside, strict=True)))
        hashes = [blake2b(text.encode(), digest_size=16).hexdigest() for text in hashed]
        numbers = list(map(work.first_no.__add__, good))
        places = self._place(work, good, geometry) + self._work.filled(good)
        self._work.stood(good, keys)
        heads = list(map("\t".join, zip(copy_column(kept(keys)), hashes, map(str, numbers), strict=True)))
        tails = list(map("\t".join, zip(content, *places, strict=True))) if places else content
        where, raw = kept(batch.where), kept(batch.raw)
        if self.mapping.polygon_set is not None:
            kinds = work.columns.get("kind" if self.mapping.target == "grid" else "level") or [""] * len(batch)
            self.polygons += [(str(kinds[at]), keys[at], work.geometry[at]) for at in good]
        if self.preview is not None:
            for at in good:
                self.preview.offer(batch.where[at], keys[at], work.geometry[at])
        return Ready(Rows(numbers, heads, tails), where, raw)

    def _note(self, work: _Work, keys: list[str]) -> None:
        """Findings of rows that are loaded: what was mended, corrected or breaks a rule that does not refuse."""
        for at, repair in work.batch.repairs.items():
            if at not in work.refused:
                self.tally.repair(repair)
                self.findings.note(work.batch.where[at], keys[at], Finding(repair, "geometry", REPAIRED.get(repair, _unnamed(repair))))
        for at, finding, before in work.notes:
            if at not in work.refused:
                if before is not None:
                    self.tally.repair(finding.rule)
                else:
                    self.tally.find(finding.rule)
                self.findings.note(work.batch.where[at], keys[at], finding, before, work.geometry[at] if before is not None else None)

    def _place(self, work: _Work, good: list[int], geometry: NDArray[np.object_]) -> list[list[str]]:
        if not self.placed:
            return []
        codes = Places.nowhere(len(good)) if self._places is None else self._places.codes(geometry)
        for name, field_name in self.mapping.claims.items():
            said = work.batch.values.get(field_name)
            if said is not None:
                self._contradictions(work, good, name, said, codes[name])
        return [copy_column(codes[name]) for name in PLACE_COLUMNS]

    def _contradictions(self, work: _Work, good: list[int], name: str, said: list[Any], found: list[str | None]) -> None:
        field_name = self.mapping.claims[name]
        for at, code in zip(good, found, strict=True):
            claimed = _trimmed(said[at])
            if claimed and claimed != code:
                self.tally.find("place_contradiction")
                sentence = Text(
                    f"来源写明“{claimed}”，而位置落在“{code or '无'}”（{name}）；按位置登记。",
                    f"The source says '{claimed}', while the place lies in '{code or 'none'}' ({name}); it is registered by its place.",
                )
                self.findings.note(work.batch.where[at], work.columns["source_key"][at], Finding("place_contradiction", field_name, sentence))


# Rows refused for where they lie have no spot a preview could show.
_NOWHERE = frozenset({"no_place", "not_degrees", "not_a_number", "placeholder"})
REPAIRED = {
    "members_missing": Text(
        "提取文件截断了关系，只绘制完整的环；内环可能缺失。", "The extract cuts the relation: the rings that are whole are drawn, holes may be missing."
    ),
    "curve_linearised": Text("曲线已化为折线。", "Its curves were drawn as straight pieces."),
}


def _shape_key(shape: BaseGeometry) -> str:
    return blake2b(shapely.to_wkb(shape), digest_size=12).hexdigest()


def _unnamed(repair: str) -> Text:
    return Text(f"读取时已修复（{repair}）。", f"It was mended while it was read ({repair}).")


def _unclassed(name: str | None, said: tuple[Any, ...]) -> Finding:
    value = said[1] if len(said) > 1 and said[1] is not None else ""
    return Finding("unknown_class", name, Text(f"没有一条分类规则适用（{name} = {value}）。", f"No class rule fits it ({name} = {value})."))


def _trimmed(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _not_storable(column: list[Any]) -> list[int]:
    """Positions of texts that hold a null character or half of a character."""
    kinds = set(map(type, column))
    if str not in kinds:
        return []
    whole = "".join(filter(None, column)) if kinds <= {str, type(None)} else "".join(value for value in column if isinstance(value, str))
    if "\x00" not in whole and _encodable(whole):
        return []
    return [at for at, value in enumerate(column) if isinstance(value, str) and ("\x00" in value or not _encodable(value))]


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _columns_of(target: str) -> set[str]:
    return set(Base.metadata.tables[target].columns.keys())


def _required_columns(mapping: Mapping, measured: tuple[str, ...]) -> tuple[str, ...]:
    table = Base.metadata.tables[mapping.target]
    return tuple(name for name in (*mapping.written, *measured) if not table.columns[name].nullable)
