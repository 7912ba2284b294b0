"""GeoJSON features, one after another out of a sliding window of text or line by line: a file of any size in bounded memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.contract import Mapping
from ingest.readers.arrow import plain
from ingest.readers.columns import MOST_CELLS, check_seen, side_by_side
from ingest.readers.geojson_shapes import geometries
from ingest.readers.json_window import JsonWindow
from ingest.readers.opened import is_stray, opened, printable, stray
from ingest.record import BATCH_ROWS, RAW_LENGTH, Batch, Finding, SourceRow

CHUNK = 1 << 20
LARGEST_FEATURE = 64 << 20
TOGETHER = 64  # features whose geometries are made at once: the fewer are held as lists, the less there is to collect
BATCH_LENGTH = 64 << 20  # characters of text that one batch may stand for
_THING = Text("要素", "feature")
_NUMBERS = json.JSONDecoder()
_UNFIT_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")  # of a null character or of half a pair, perhaps: the values are looked at


def batches(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """The features; properties are the values, ``@id`` is the feature's own id, ``where`` the line it starts in."""
    seen: set[str] = set()
    with opened(path, mapping.encoding) as text:
        window = JsonWindow(text, path.name, CHUNK, _NUMBERS)
        if window.peek() != "{":
            window.refuse(_NO_COLLECTION)
        found = window.items(["features"], _Declared(path, mapping).look, _NO_COLLECTION)
        yield from _batched((_feature(*item) for item in found), mapping, seen)
    check_seen(path.name, mapping, seen, _THING)


def lines(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Features one a line (GeoJSON Lines), or each behind a record separator (RFC 8142), plain or gzip.

    A line that is no feature is one refused row: the lines after it are read all the same.
    """
    seen: set[str] = set()
    with opened(path, mapping.encoding) as text:
        yield from _batched(_each_line(text), mapping, seen)
    check_seen(path.name, mapping, seen, _THING)


def read(path: Path, mapping: Mapping) -> Iterator[SourceRow]:
    """The features of a collection one by one."""
    for batch in batches(path, mapping):
        for at in range(len(batch)):
            yield SourceRow(batch.where[at], batch.fields_of(at), batch.raw[at], batch.geometry[at], batch.faults.get(at))


class _Feature(NamedTuple):
    """One feature as it was written; ``length`` of its text tells how much a batch holds."""

    line: int
    written: Any
    raw: str
    length: int
    fault: Finding | None = None
    is_odd: bool = False  # its text has signs that cannot be stored, or may have


def _feature(line: int, written: Any, text: str) -> _Feature:
    is_odd = is_stray(text) or _UNFIT_ESCAPE.search(text) is not None
    return _Feature(line, written, text[:RAW_LENGTH], len(text), is_odd=is_odd)


class _Rows:
    """Features on their way into a batch, their geometries made a few hundred at a time: lists of numbers are heavy to keep."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._where: list[str] = []
        self._values: list[dict[str, Any]] = []
        self._raw: list[str] = []
        self._faults: dict[int, Finding] = {}
        self._shapes: list[NDArray[np.object_]] = []
        self._length = 0
        self.names: set[str] = set()

    def __len__(self) -> int:
        return len(self._where)

    @property
    def full(self) -> bool:
        """Whether a batch should be taken now."""
        return len(self) >= BATCH_ROWS or len(self) * len(self.names) > MOST_CELLS or self._length > BATCH_LENGTH

    def take(self, features: list[_Feature]) -> None:
        """Some more rows."""
        written: list[Any] = []
        begin = len(self)
        for at, (line, feature, raw, length, fault, is_odd) in enumerate(features, begin):
            values, odd = ({}, fault) if fault is not None else _values(feature)
            written.append(None if odd is not None else feature.get("geometry"))
            if is_odd:
                odd = odd or _stray_text([raw, *values, *values.values()], self._encoding)
                raw = printable(raw)
                values = {printable(name): printable(value) if isinstance(value, str) else value for name, value in values.items()}
            if odd is not None:
                self._faults[at] = odd
            self._where.append(str(line))
            self._values.append(values)
            self._raw.append(raw)
            self._length += length
            self.names.update(values)
        shapes, faults = geometries(written)
        self._shapes.append(shapes)
        for position, finding in faults.items():
            self._faults.setdefault(begin + position, finding)

    def as_batch(self) -> Batch:
        """The rows side by side."""
        return Batch(self._where, side_by_side(self._values), self._raw, np.concatenate(self._shapes), self._faults)


def _batched(features: Iterator[_Feature], mapping: Mapping, seen: set[str]) -> Iterator[Batch]:
    rows = _Rows(mapping.encoding)
    for few in _few(features):
        rows.take(few)
        if rows.full:
            seen |= rows.names
            yield rows.as_batch()
            rows = _Rows(mapping.encoding)
    seen |= rows.names
    if len(rows):
        yield rows.as_batch()


def _few(features: Iterator[_Feature]) -> Iterator[list[_Feature]]:
    """Features some at a time, fewer where they are large."""
    held: list[_Feature] = []
    length = 0
    for feature in features:
        held.append(feature)
        length += feature.length
        if len(held) >= TOGETHER or length > CHUNK:
            yield held
            held, length = [], 0
    if held:
        yield held


def _values(feature: Any) -> tuple[dict[str, Any], Finding | None]:
    properties = feature.get("properties") or {} if isinstance(feature, dict) and feature.get("type") == "Feature" else None
    if not isinstance(properties, dict):
        return {}, _NOT_A_FEATURE
    values = {name: value if type(value) in _PLAIN else json.dumps(value, ensure_ascii=False) for name, value in properties.items()}
    if "id" in feature:
        values.setdefault("@id", plain(feature["id"]))
    return values, None


_PLAIN = frozenset({str, int, float, bool, type(None)})
_NOT_A_FEATURE = Finding("not_a_feature", "type", Text("不是 Feature 对象。", "It is not a Feature."))


def _stray_text(texts: list[Any], encoding: str) -> Finding | None:
    return next((stray(text, encoding) for text in texts if isinstance(text, str) and is_stray(text)), None)


_NO_COLLECTION = Text("没有 features 列表，不是 GeoJSON 要素集", "there is no list of features: it is no GeoJSON FeatureCollection")


def _each_line(text: TextIO) -> Iterator[_Feature]:
    """Records with the line they begin in; one that is no JSON has its fault set."""
    for line, record, whole in _records(text):
        raw = record[:RAW_LENGTH]
        if not whole:
            said = Text(f"这一行超过 {LARGEST_FEATURE >> 20} MB。", f"Its line is longer than {LARGEST_FEATURE >> 20} MB.")
            yield _Feature(line, None, raw, len(raw), Finding("not_a_feature", None, said), is_stray(raw))
            continue
        try:
            written = json.loads(record)
        except (ValueError, RecursionError) as fault:
            reason = fault.msg if isinstance(fault, json.JSONDecodeError) else str(fault)
            said = Text(f"不是 JSON：{reason}。", f"It is no JSON: {reason}.")
            yield _Feature(line, None, raw, len(raw), Finding("not_a_feature", None, said), is_stray(raw))
            continue
        yield _feature(line, written, record)


def _records(text: TextIO) -> Iterator[tuple[int, str, bool]]:
    """Each record with its first line and whether it is whole: a line, or all lines up to the next record separator."""
    held: list[str] = []
    length, number, begun, separated = 0, 0, 1, False
    at_line_start = True
    while part := text.readline(CHUNK):
        starts = at_line_start
        at_line_start = part.endswith(("\n", "\r"))
        number += starts
        separated = separated or (number == 1 and starts and part.removeprefix("\ufeff").startswith("\x1e"))
        if starts and (part.startswith("\x1e") or not separated) and held:
            yield from _record(begun, held, length)
            held, length = [], 0
        if not held:
            begun = number
        length += len(part)
        if length <= LARGEST_FEATURE or not held:
            held.append(part)
    yield from _record(begun, held, length)


def _record(line: int, held: list[str], length: int) -> Iterator[tuple[int, str, bool]]:
    record = "".join(held).strip("\ufeff\x1e \t\r\n")
    if record:
        yield line, record, length <= LARGEST_FEATURE


class _Declared:
    """What stands beside the features: a reference system other than the mapping's refuses the file, wherever it stands."""

    def __init__(self, path: Path, mapping: Mapping) -> None:
        self._path = path
        self._mapping = mapping

    def look(self, key: str, value: Any) -> None:
        """One member of the collection."""
        properties = value.get("properties") if key == "crs" and isinstance(value, dict) else None
        name = properties.get("name") if isinstance(properties, dict) else None
        if isinstance(name, str) and not _same_crs(name, self._mapping.crs):
            raise BadInput(
                Text(
                    f"{self._path.name}：文件自称坐标系为 {name}，映射 {self._mapping.name} 却写着 {self._mapping.crs}；没有写入任何数据。",
                    f"{self._path.name}: it declares the CRS {name}, while the mapping {self._mapping.name} says {self._mapping.crs}; nothing was loaded.",
                )
            )


def _same_crs(declared: str, said: str) -> bool:
    if said in ("GCJ-02", "BD-09"):
        return True  # no name exists for them in GeoJSON: such files call themselves WGS 84
    code = re.findall(r"\d{4,6}|CRS84", declared)
    return bool(code) and (code[-1] == said.removeprefix("EPSG:") or (code[-1] == "CRS84" and said == "EPSG:4326"))
