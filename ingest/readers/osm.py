"""OpenStreetMap objects (.pbf, .osm, .osm.gz) that fit a class rule of the mapping, with their tags as values.

``@id`` is n, w or r with the object's number. Areas (closed ways, multipolygon relations) are polygons; a way is a
line; coordinates are EPSG:4326. An extract cuts large relations: where a mapping wants them (``draw_cut_areas``), the rings
that are whole in the file are drawn and counted as the repair ``members_missing``. Holes may be missing: nothing to measure by.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import osmium
import shapely

from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.contract import Mapping
from ingest.readers.opened import check_there
from ingest.record import RAW_LENGTH, Finding, SourceRow


def read(path: Path, mapping: Mapping) -> Iterator[SourceRow]:
    """The objects that fit; an object whose nodes are not all in the file arrives with its fault set."""
    check_there(path)
    keys = {next(iter(rule.when)) for rule in mapping.classes}
    shapes = {rule.geometry for rule in mapping.classes}
    try:
        objects = osmium.FileProcessor(str(path)).with_locations()
        if shapes & {"polygon", None, "any"}:
            objects = objects.with_areas(osmium.filter.KeyFilter(*keys))
        objects = objects.with_filter(osmium.filter.KeyFilter(*keys))
        factory = osmium.geom.WKBFactory()
        unformed: dict[str, _Unformed] = {}
        for item in objects:
            _expect_area(item, mapping, unformed)
            row = _row(item, mapping, factory)
            if row is not None:
                unformed.pop(row.where, None)
                yield row
        yield from _from_whole_rings(path, unformed, mapping.draw_cut_areas)
    except (RuntimeError, osmium.InvalidLocationError) as fault:
        raise BadInput(
            Text(
                f"{path.name} 不是完整的 OpenStreetMap 文件：{fault}；没有写入任何数据。",
                f"{path.name} is no complete OpenStreetMap file: {fault}; nothing was loaded.",
            )
        ) from fault


@dataclass(frozen=True)
class _Unformed:
    """An area that did not come: its tags and, of a relation, its member ways with their roles."""

    tags: dict[str, str]
    members: tuple[tuple[int, str], ...]


_UNFORMED = Finding(
    "area_unformed",
    "geometry",
    Text("面不闭合或成员不全，无法成形。", "Its ring is not closed or its members are not all in the file: no area can be formed."),
)


def _expect_area(item: Any, mapping: Mapping, unformed: dict[str, _Unformed]) -> None:
    """Remember what ought to come again as an area: what never does must not vanish silently."""
    is_ring = item.is_way() and item.is_closed()
    is_multipolygon = item.is_relation() and item.tags.get("type") in ("multipolygon", "boundary")
    if not (is_ring or is_multipolygon):
        return
    tags = {tag.k: tag.v for tag in item.tags}
    as_area = any(rule.fits(tags, "polygon") for rule in mapping.classes)
    as_line = is_ring and any(rule.fits(tags, "line") for rule in mapping.classes)
    if as_area and not as_line:
        members = () if is_ring else tuple((member.ref, member.role) for member in item.members if member.type == "w")
        unformed[f"{'w' if is_ring else 'r'}{item.id}"] = _Unformed(tags, members)


def _from_whole_rings(path: Path, unformed: dict[str, _Unformed], drawn: bool) -> Iterator[SourceRow]:
    wanted = {way for area in unformed.values() for way, _ in area.members if drawn}
    lines: dict[int, shapely.LineString] = {}
    if wanted:
        way: Any
        for way in osmium.FileProcessor(str(path)).with_locations().with_filter(osmium.filter.IdFilter(wanted)):
            if way.is_way() and len(way.nodes) > 1 and all(node.location.valid() for node in way.nodes):
                lines[way.id] = shapely.LineString([(node.lon, node.lat) for node in way.nodes])
    for key, area in unformed.items():
        values: dict[str, Any] = {**area.tags, "@id": key, "@kind": "polygon"}
        raw = json.dumps(values, ensure_ascii=False)[:RAW_LENGTH]
        outer, inner = (
            shapely.union_all(shapely.polygonize([lines[way] for way, role in area.members if way in lines and (role == "inner") is inside]))
            for inside in (False, True)
        )
        shape = shapely.difference(outer, inner)
        if shape.is_empty:
            yield SourceRow(key, values, raw, fault=_UNFORMED)
        else:
            yield SourceRow(key, values, raw, shape, repair="members_missing")


def _row(item: Any, mapping: Mapping, factory: Any) -> SourceRow | None:
    kind, key = _kind_and_key(item)
    if kind is None:
        return None
    tags = {tag.k: tag.v for tag in item.tags}
    if not any(rule.fits(tags, kind) for rule in mapping.classes):
        return None
    values: dict[str, Any] = {**tags, "@id": key, "@kind": kind}
    raw = json.dumps(values, ensure_ascii=False)[:RAW_LENGTH]
    try:
        made = {"point": factory.create_point, "line": factory.create_linestring, "polygon": factory.create_multipolygon}[kind](item)
    except (RuntimeError, osmium.InvalidLocationError) as fault:
        return SourceRow(
            key,
            values,
            raw,
            fault=Finding("nodes_missing", "geometry", Text(f"缺少节点，无法成形（{fault}）。", f"Its nodes are not all in the file ({fault}).")),
        )
    geometry = shapely.from_wkb(bytes.fromhex(made) if isinstance(made, str) else made)
    if isinstance(geometry, shapely.MultiPolygon) and len(geometry.geoms) == 1:
        geometry = geometry.geoms[0]
    return SourceRow(key, values, raw, geometry)


def _kind_and_key(item: Any) -> tuple[str | None, str]:
    if item.is_node():
        return "point", f"n{item.id}"
    if item.is_way():
        return "line", f"w{item.id}"
    if item.is_area():
        return "polygon", f"{'w' if item.from_way() else 'r'}{item.orig_id()}"
    return None, ""
