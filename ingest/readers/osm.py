"""OpenStreetMap objects (.pbf, .osm, .osm.gz) that fit a class rule of the mapping, with their tags as values.

``@id`` is n, w or r with the object's number. Areas (closed ways, multipolygon relations) are polygons; a way is a
line; coordinates are EPSG:4326. An extract cuts large relations: where a mapping wants them (``draw_cut_areas``), the rings
that are whole in the file are drawn and counted as the repair ``members_missing``. Holes may be missing: nothing to measure by.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import shapely
from shapely.geometry.base import BaseGeometry

from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.contract import ClassRule, Mapping
from ingest.readers.columns import MOST_CELLS, side_by_side
from ingest.readers.opened import check_there
from ingest.record import BATCH_ROWS, RAW_LENGTH, Batch, Finding

_SHAPE_OF = {osmium.osm.Node: "point", osmium.osm.Way: "line", osmium.osm.Area: "polygon"}


def batches(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """The objects that fit; an object whose nodes are not all in the file arrives with its fault set."""
    check_there(path)
    known = _Classes(mapping.classes)
    rows = _Rows()
    areas = _Areas()
    try:
        locations = osmium.index.create_map("flex_mem")
        objects = osmium.FileProcessor(str(path)).with_locations(locations)  # type: ignore[arg-type]  # its annotation forgets tables
        if {rule.geometry for rule in mapping.classes} & {"polygon", None, "any"}:
            objects = objects.with_areas(known.filter())
        factory = osmium.geom.WKBFactory()
        for item in objects.with_filter(known.filter()):
            _take(item, known, factory, rows, areas)
            if rows.full:
                yield rows.as_batch()
                rows = _Rows()
        lines = _member_lines(path, areas.missing_ways, locations) if mapping.draw_cut_areas else {}
        for key, tags, geometry in areas.from_whole_rings(lines):
            rows.add(key, "polygon", tags, shape=geometry, fault=_UNFORMED if geometry is None else None)
            if rows.full:
                yield rows.as_batch()
                rows = _Rows()
        if len(rows):
            yield rows.as_batch()
    except (RuntimeError, ValueError, osmium.InvalidLocationError) as fault:  # osmium says of a number that is none: ValueError
        raise BadInput(
            Text(
                f"{path.name} 不是完整的 OpenStreetMap 文件：{fault}；没有写入任何数据。",
                f"{path.name} is no complete OpenStreetMap file: {fault}; nothing was loaded.",
            )
        ) from fault


_UNFORMED = Finding(
    "area_unformed",
    "geometry",
    Text("面不闭合或成员不全，无法成形。", "Its ring is not closed or its members are not all in the file: no area can be formed."),
)


class _Classes:
    """The class rules, found by the first tag they ask for: an object is compared with two or three of them, not with all."""

    def __init__(self, rules: Sequence[ClassRule]) -> None:
        self._first: dict[tuple[str, str], list[ClassRule]] = {}
        self._any_value: dict[str, list[ClassRule]] = {}
        for rule in rules:
            for key, wanted in list(rule.when.items())[:1]:
                if wanted is None:
                    self._any_value.setdefault(key, []).append(rule)
                for value in wanted or ():
                    self._first.setdefault((key, value), []).append(rule)

    def filter(self) -> Any:
        """What osmium itself may pass over: objects without the first tag of any rule."""
        if self._any_value:
            return osmium.filter.KeyFilter(*self._any_value, *dict.fromkeys(key for key, _ in self._first))
        return osmium.filter.TagFilter(*self._first)

    def fit(self, tags: dict[str, str], shape: str) -> bool:
        """Whether any rule fits these tags as this shape."""
        for tag in tags.items():
            for rule in self._first.get(tag, ()):
                if rule.fits(tags, shape):
                    return True
        return any(rule.fits(tags, shape) for key, rules in self._any_value.items() if key in tags for rule in rules)


def _take(item: Any, known: _Classes, factory: Any, rows: _Rows, areas: _Areas) -> None:
    """One object as a row; what ought to come again as an area is remembered: what never does must not vanish silently."""
    shape = _SHAPE_OF.get(type(item))
    tags = {key: value for key, value in item.tags}  # noqa: C416  (dict() would ask the tag list for keys() first: half as fast)
    fits = shape is not None and known.fit(tags, shape)
    if shape == "polygon":
        if fits:
            key = f"{'w' if item.from_way() else 'r'}{item.orig_id()}"
            rows.form(key, shape, tags, factory.create_multipolygon, item)
            areas.came(key)
    elif shape == "line":
        key = f"w{item.id}"
        if fits:
            rows.form(key, shape, tags, factory.create_linestring, item)
        elif item.is_closed() and known.fit(tags, "polygon"):
            areas.expect(key, tags, ())
    elif shape == "point":
        if fits:
            rows.form(f"n{item.id}", shape, tags, factory.create_point, item)
    elif item.is_relation() and tags.get("type") in ("multipolygon", "boundary") and known.fit(tags, "polygon"):
        areas.expect(f"r{item.id}", tags, tuple((member.ref, member.role) for member in item.members if member.type == "w"))


class _Areas:
    """Which areas are still to come: a closed way's comes after it, a relation's before it or after it."""

    def __init__(self) -> None:
        self._expected: dict[str, tuple[dict[str, str], tuple[tuple[int, str], ...]]] = {}
        self._formed: set[str] = set()

    def expect(self, key: str, tags: dict[str, str], members: tuple[tuple[int, str], ...]) -> None:
        """An object whose area must come; of a relation with its member ways and their roles."""
        if key not in self._formed:
            self._expected[key] = tags, members

    def came(self, key: str) -> None:
        """Its area came."""
        if self._expected.pop(key, None) is None:
            self._formed.add(key)

    @property
    def missing_ways(self) -> set[int]:
        """The member ways of areas that never came."""
        return {way for _, members in self._expected.values() for way, _ in members}

    def from_whole_rings(self, lines: dict[int, BaseGeometry]) -> Iterator[tuple[str, dict[str, str], BaseGeometry | None]]:
        """Areas that never came, by key with their tags: what their whole rings enclose, or None."""
        for key, (tags, members) in self._expected.items():
            outer, inner = (
                shapely.union_all(shapely.polygonize([lines[way] for way, role in members if way in lines and (role == "inner") is inside]))
                for inside in (False, True)
            )
            shape = shapely.difference(outer, inner)
            yield key, tags, None if shape.is_empty else shape


@dataclass
class _Rows:
    """Rows on their way into a batch: their tags stay as they are, and their geometries WKB, until the batch is full."""

    where: list[str] = field(default_factory=list)
    tags: list[dict[str, str]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    wkb: list[str | None] = field(default_factory=list)
    shapes: dict[int, BaseGeometry] = field(default_factory=dict)
    faults: dict[int, Finding] = field(default_factory=dict)
    repairs: dict[int, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.where)

    @property
    def full(self) -> bool:
        """Whether a batch should be taken now."""
        return len(self) >= BATCH_ROWS or len(self) * len(self.names) > MOST_CELLS

    def form(self, key: str, shape: str, tags: dict[str, str], create: Any, item: Any) -> None:
        """A row with the geometry that osmium makes of the object."""
        try:
            self.add(key, shape, tags, create(item))
        except (RuntimeError, osmium.InvalidLocationError) as fault:
            missing = Text(f"缺少节点，无法成形（{fault}）。", f"Its nodes are not all in the file ({fault}).")
            self.add(key, shape, tags, fault=Finding("nodes_missing", "geometry", missing))

    def add(
        self, key: str, kind: str, tags: dict[str, str], wkb: str | None = None, *, shape: BaseGeometry | None = None, fault: Finding | None = None
    ) -> None:
        """One more row: ``wkb`` of the whole object, or the ``shape`` of what the extract has of it, or the fault."""
        tags = {**tags, "@id": key, "@kind": kind}
        if fault is not None:
            self.faults[len(self)] = fault
        if shape is not None:
            self.shapes[len(self)] = shape
            self.repairs[len(self)] = "members_missing"
        self.where.append(key)
        self.tags.append(tags)
        self.raw.append(_as_json(tags)[:RAW_LENGTH])
        self.wkb.append(wkb)
        self.names.update(tags)

    def as_batch(self) -> Batch:
        """The rows side by side."""
        geometry = shapely.from_wkb(np.array([wkb and bytes.fromhex(wkb) for wkb in self.wkb], dtype=object))
        single = (shapely.get_type_id(geometry) == 6) & (shapely.get_num_geometries(geometry) == 1)
        geometry[single] = shapely.get_geometry(geometry[single], 0)
        for at, shape in self.shapes.items():
            geometry[at] = shape
        return Batch(self.where, side_by_side(self.tags), self.raw, geometry, self.faults, self.repairs)


def _as_json(tags: dict[str, str]) -> str:
    """What ``json.dumps(tags, ensure_ascii=False)`` gives, in a third of its time: tags are texts only."""
    return "{" + ", ".join([f"{encode_basestring(name)}: {encode_basestring(value)}" for name, value in tags.items()]) + "}"


def _member_lines(path: Path, wanted: set[int], locations: Any) -> dict[int, BaseGeometry]:
    """The ways of these numbers that are whole in the file, by number; ``locations`` were learnt when the file was read."""
    if not wanted:
        return {}
    placed = osmium.NodeLocationsForWays(locations)
    placed.ignore_errors()
    found: dict[int, bytes] = {}
    factory = osmium.geom.WKBFactory()
    way: Any
    for way in osmium.FileProcessor(str(path), osmium.osm.WAY).with_filter(osmium.filter.IdFilter(wanted)).with_filter(placed):
        try:
            found[way.id] = bytes.fromhex(factory.create_linestring(way, use_nodes=osmium.geom.ALL))
        except (RuntimeError, osmium.InvalidLocationError):
            continue  # cut off: its ring is not whole
    return dict(zip(found, shapely.from_wkb(list(found.values())), strict=True))
