"""GeoJSON features, one after another out of a sliding window of text: a file of any size in bounded memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from commandcenter.errors import BadInput
from commandcenter.text import Text
from commandcenter.toml_file import nearest
from ingest.contract import Mapping
from ingest.readers.opened import opened
from ingest.record import RAW_LENGTH, Finding, SourceRow

CHUNK = 1 << 20
LARGEST_FEATURE = 64 << 20
_FEATURES = re.compile(r'"features"\s*:\s*\[')
_CRS_NAME = re.compile(r'"crs"\s*:\s*\{.{0,200}?"name"\s*:\s*"([^"]+)"', re.DOTALL)
_BETWEEN = re.compile(r"[\s,]*")


def read(path: Path, mapping: Mapping) -> Iterator[SourceRow]:
    """The features; properties are the values, ``@id`` is the feature's own id, ``where`` the line it starts in."""
    seen: set[str] = set()
    with opened(path, mapping.encoding) as text:
        window = _Window(text, path.name)
        window.find_features(mapping)
        for line, feature, raw in window.features():
            row = _row(str(line), feature, raw)
            seen.update(row.values)
            yield row
    _check_fields(path, mapping, seen)


def _row(where: str, feature: Any, raw: str) -> SourceRow:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return SourceRow(where, {}, raw, fault=Finding("not_a_feature", "type", Text("不是 Feature 对象。", "It is not a Feature.")))
    values = dict(feature.get("properties") or {})
    if "id" in feature:
        values.setdefault("@id", feature["id"])
    geometry, fault = _geometry(feature.get("geometry"))
    return SourceRow(where, values, raw, geometry, fault)


def _geometry(written: Any) -> tuple[BaseGeometry | None, Finding | None]:
    if written is None:
        return None, Finding("no_place", "geometry", Text("没有几何图形。", "It has no geometry."))
    try:
        return shape(written), None
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError) as fault:
        return None, Finding("bad_geometry", "geometry", Text(f"几何图形无法读取：{fault}。", f"Its geometry cannot be read: {fault}."))


def _check_fields(path: Path, mapping: Mapping, seen: set[str]) -> None:
    """A field that no feature ever had, while one spelt nearly so exists, is a typo in the mapping."""
    if not seen:
        return
    unclaimed = seen - set(mapping.fields)
    for name in mapping.fields:
        near = nearest(name, unclaimed) if name not in seen else None
        if near is not None or (name not in seen and name in mapping.key):
            hint = Text(f"，是否指“{near}”？", f"; is '{near}' meant?") if near else Text("", "")
            raise BadInput(
                Text(
                    f"{path.name}：没有任何要素带有映射 {mapping.name} 所说的字段“{name}”{hint.zh or '。'}",
                    f"{path.name}: no feature has the field '{name}', which the mapping {mapping.name} names{hint.en or '.'}",
                )
            )


class _Window:
    """A part of the text that moves forward, and the line it begins in."""

    def __init__(self, text: TextIO, file_name: str) -> None:
        self._text = text
        self._file = file_name
        self._held = ""
        self._at = 0
        self._line = 1
        self._ended = False

    def find_features(self, mapping: Mapping) -> None:
        """Move to the first feature; refuse a file that is no FeatureCollection or that declares another CRS."""
        while True:
            found = _FEATURES.search(self._held)
            if found is not None:
                break
            if not self._more() or len(self._held) > LARGEST_FEATURE:
                raise self._broken("没有 features 列表，不是 GeoJSON 要素集", "there is no list of features: it is no GeoJSON FeatureCollection")
        declared = _CRS_NAME.search(self._held, 0, found.start())
        if declared is not None and not _same_crs(declared.group(1), mapping.crs):
            raise self._broken(
                f"文件自称坐标系为 {declared.group(1)}，映射 {mapping.name} 却写着 {mapping.crs}",
                f"it declares the CRS {declared.group(1)}, while the mapping {mapping.name} says {mapping.crs}",
            )
        self._forward(found.end())

    def features(self) -> Iterator[tuple[int, Any, str]]:
        """Each feature with its line and raw text."""
        decoder = json.JSONDecoder()
        while True:
            gap = _BETWEEN.match(self._held, self._at)
            assert gap is not None
            self._forward(gap.end())
            if self._at >= len(self._held):
                if not self._more():
                    raise self._broken("文件在要素列表中间结束", "it ends in the middle of its features")
                continue
            if self._held[self._at] == "]":
                return
            try:
                feature, end = decoder.raw_decode(self._held, self._at)
            except json.JSONDecodeError as fault:
                if not self._may_continue(fault) or not self._more():
                    raise self._broken(f"JSON 有误：{fault.msg}", f"its JSON is broken: {fault.msg}") from fault
                continue
            line, raw = self._line, self._held[self._at : min(end, self._at + RAW_LENGTH)]
            self._forward(end)
            yield line, feature, raw

    def _may_continue(self, fault: json.JSONDecodeError) -> bool:
        """Whether the feature was only cut off by the window's end; a fault well inside it is a broken file."""
        near_end = fault.pos >= len(self._held) - 64 or fault.msg.startswith("Unterminated string")
        return near_end and len(self._held) - self._at < LARGEST_FEATURE

    def _forward(self, to: int) -> None:
        self._line += self._held.count("\n", self._at, to)
        self._at = to

    def _more(self) -> bool:
        if self._ended:
            return False
        part = self._text.read(CHUNK)
        self._ended = not part
        self._held = self._held[self._at :] + part
        self._at = 0
        return not self._ended

    def _broken(self, zh: str, en: str) -> BadInput:
        return BadInput(
            Text(
                f"{self._file} 第 {self._line} 行：{zh}；没有写入任何数据。",
                f"{self._file}, line {self._line}: {en}; nothing was loaded.",
            )
        )


def _same_crs(declared: str, said: str) -> bool:
    if said in ("GCJ-02", "BD-09"):
        return True  # no name exists for them in GeoJSON: such files call themselves WGS 84
    code = re.findall(r"\d{4,6}|CRS84", declared)
    return bool(code) and (code[-1] == said.removeprefix("EPSG:") or (code[-1] == "CRS84" and said == "EPSG:4326"))
