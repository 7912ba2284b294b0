"""GPX 1.0 and 1.1: tracks and routes as one line each, waypoints as points, in EPSG:4326 and in the file's order.

``@id`` is trk1, rte1, wpt1 and so on in the order of each; times are ISO 8601 as the file writes them. Elevations are left aside.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import shapely
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from shapely.geometry.base import BaseGeometry

from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.contract import Mapping
from ingest.readers.archives import kind_of, not_that
from ingest.readers.columns import check_fields
from ingest.readers.declared_crs import check_crs
from ingest.readers.opened import check_there
from ingest.readers.xml_file import as_text, broken
from ingest.record import RAW_LENGTH, Batch, Finding, SourceRow, batched

_WORDS = ("name", "type", "desc", "cmt", "src", "number", "sym", "ele", "time")
FIELDS = ("@id", "@kind", *_WORDS, "started_at", "ended_at", "point_count")
_KINDS = {"trk": "track", "rte": "route", "wpt": "waypoint"}
_BATCH = 1_000  # a track may hold a hundred thousand points


def batches(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Tracks, routes and waypoints; one without a usable point arrives with its fault set."""
    return batched(read(path, mapping), _BATCH)


def read(path: Path, mapping: Mapping) -> Iterator[SourceRow]:
    """The same one by one. Raises BadInput when the file is at fault."""
    check_there(path)
    with path.open("rb") as file:
        head = file.read(400)
    if not head.startswith(b"\x1f\x8b") and (kind := kind_of(path)) not in ("gpx", "xml", "text"):
        raise not_that(path, kind)
    check_crs(path.name, mapping, "EPSG:4326")
    check_fields(path.name, mapping, FIELDS)
    try:
        with as_text(path, head) as text:
            yield from _rows(path, iterparse(text, ("start", "end"), forbid_dtd=True))
    except ParseError as fault:
        raise broken(path, fault.position[0], fault.msg) from fault
    except (DefusedXmlException, ValueError) as fault:
        raise BadInput(
            Text(f"{path.name} 定义了 XML 实体或不是 XML，已拒绝。", f"{path.name} is refused: it defines XML entities of its own, or is no XML.")
        ) from fault


def _rows(path: Path, events: Iterator[tuple[str, Element]]) -> Iterator[SourceRow]:
    numbers = dict.fromkeys(_KINDS, 0)
    stack: list[Element] = []
    way = _Way()
    for event, element in events:
        word = _word(element)
        if event == "start":
            if not stack and word != "gpx":
                raise not_that(path, "xml")
            stack.append(element)
            if len(stack) == 2:
                way = _Way()
            elif word == "trkseg":
                way.segments.append([])
            continue
        stack.pop()
        if len(stack) == 1 and word in _KINDS:
            if word == "wpt":
                way.take(element)
            numbers[word] += 1
            yield way.row(element, word, numbers[word])
        elif (word == "trkpt" and len(stack) == 3) or (word == "rtept" and len(stack) == 2):
            way.take(element)
        if len(stack) == 1 or (stack and word in ("trkpt", "rtept", "trkseg")):
            stack[-1].remove(element)  # a file of any size in bounded memory


class _Way:
    """The points of the track, route or waypoint that is being read."""

    def __init__(self) -> None:
        self.segments: list[list[tuple[float, float]]] = []
        self._count = 0
        self._bad: str | None = None
        self._times: list[str] = []  # the first and the last

    def take(self, point: Element) -> None:
        """One more point."""
        self._count += 1
        if not self.segments:
            self.segments.append([])
        try:
            self.segments[-1].append((float(point.attrib["lon"]), float(point.attrib["lat"])))
        except (KeyError, ValueError):
            self._bad = self._bad or f"{point.attrib.get('lon')}, {point.attrib.get('lat')}"
        time = _text(point, "time")
        if time is not None:
            self._times[1:] = [time]

    def row(self, element: Element, word: str, number: int) -> SourceRow:
        """The whole as one row."""
        key = f"{word}{number}"
        values: dict[str, Any] = {"@id": key, "@kind": _KINDS[word]}
        values.update({name: said for name in _WORDS if (said := _text(element, name)) is not None})
        if word != "wpt":
            started, ended = (self._times[0], self._times[-1]) if self._times else (None, None)
            values.update(started_at=started, ended_at=ended, point_count=self._count)
        raw = json.dumps(values, ensure_ascii=False)[:RAW_LENGTH]
        geometry, fault = self._geometry(word)
        return SourceRow(key, values, raw, geometry, fault)

    def _geometry(self, word: str) -> tuple[BaseGeometry | None, Finding | None]:
        if self._bad is not None:
            said = Text(f"有坐标不是数字（{self._bad}）。", f"It has coordinates that are no numbers ({self._bad}).")
            return None, Finding("bad_geometry", "geometry", said)
        points = [point for segment in self.segments for point in segment]
        if word == "wpt":
            return shapely.Point(points[0]), None
        lines = [segment for segment in self.segments if len(segment) > 1]
        if not lines:
            said = Text(f"只有 {len(points)} 个点，不成线。", f"It has {len(points)} points, which make no line.")
            return None, Finding("no_place", "geometry", said)
        return (shapely.LineString(lines[0]) if len(lines) == 1 else shapely.MultiLineString(lines)), None


def _word(element: Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _text(element: Element, name: str) -> str | None:
    """What a child says, None where there is none or nothing in it."""
    found = next((child for child in element if _word(child) == name), None)
    return (found.text or "").strip() or None if found is not None else None
