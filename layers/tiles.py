"""How a layer becomes a tile or a viewport answer: SQL as a value, one shape for every layer.

The tile's box travels as a geometry value in the column's SRID (EPSG:3857), so the GiST index is used whatever the
plan; rows outside the actor's jurisdiction are removed by PostgreSQL itself.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from commandcenter.db.request import SqlRequest
from commandcenter.errors import BadRequest, NotFound
from commandcenter.text import Text
from layers.base import Layer, Sublayer

EXTENT = 4096
WORLD_M = 40075016.68557849
HIGHEST_ZOOM = 22
FEATURE_LIMIT = 2000
Filters = Mapping[str, tuple[str, ...]]


def tile_box(zoom: int, x: int, y: int, margin: float = 0.0) -> tuple[float, float, float, float]:
    """West, south, east, north of a tile in EPSG:3857, widened by a share of its width."""
    width = WORLD_M / (1 << zoom)
    west, north = -WORLD_M / 2 + x * width, WORLD_M / 2 - y * width
    pad = width * margin
    return west - pad, north - width - pad, west + width + pad, north + pad


def box_ewkb(box: tuple[float, float, float, float], srid: int = 3857) -> str:
    """A rectangle as hex EWKB."""
    west, south, east, north = box
    ring = (west, south, west, north, east, north, east, south, west, south)
    return struct.pack("<BIIII10d", 1, 0x20000003, srid, 1, 5, *ring).hex()


def check_tile(zoom: int, x: int, y: int) -> None:
    """Refuse addresses outside the tile pyramid."""
    if not 0 <= zoom <= HIGHEST_ZOOM:
        raise BadRequest(Text(f"缩放级别应为 0 到 {HIGHEST_ZOOM}。", f"The zoom must be from 0 to {HIGHEST_ZOOM}."))
    if not (0 <= x < 1 << zoom and 0 <= y < 1 << zoom):
        raise NotFound(Text("该级别没有这个瓦片。", "There is no such tile at this zoom."))


def tile_request(layer: Layer, zoom: int, x: int, y: int, filters: Filters) -> SqlRequest | None:
    """The question behind one tile, or None where the layer draws nothing at this zoom."""
    check_tile(zoom, x, y)
    params: dict[str, Any] = {"zoom": zoom}
    sql = _tile_sql(layer, zoom, filter_clauses(layer, filters, params))
    if sql is None:
        return None
    west, _, east, north = box = tile_box(zoom, x, y)
    params |= {"tile": box_ewkb(box), "dx": -west, "dy": -north, "per_m": EXTENT / (east - west)}
    for buffer in {sub.buffer for sub in _drawn_at(layer, zoom)}:
        params[f"wide_{buffer}"] = box_ewkb(tile_box(zoom, x, y, margin=buffer / EXTENT))
    return SqlRequest(sql, params, f"tile {layer.id}")


def _drawn_at(layer: Layer, zoom: int) -> list[Sublayer]:
    return [sub for sub in layer.sublayers if max(layer.min_zoom, sub.min_zoom) <= zoom <= sub.max_zoom]


@lru_cache(maxsize=4096)
def _tile_sql(layer: Layer, zoom: int, clauses: str) -> str | None:
    parts = [_sublayer_sql(layer, sub, clauses) for sub in _drawn_at(layer, zoom)]
    return f"select {' || '.join(parts)} as tile" if parts else None


def _sublayer_sql(layer: Layer, sub: Sublayer, clauses: str) -> str:
    wide = f"%(wide_{sub.buffer})s::geometry"
    properties = "".join(f', {expression} as "{name}"' for name, expression in sub.properties.items())
    drawn = f"ST_AsMVTGeom({sub.shape or 't.' + sub.geometry}, %(tile)s::geometry, {EXTENT}, {sub.buffer})"
    if sub.clockwise:
        moved = f"ST_TransScale(t.{sub.geometry}, %(dx)s::float8, %(dy)s::float8, %(per_m)s::float8, -%(per_m)s::float8)"
        drawn = f"case when t.{sub.geometry} @ {wide} then ST_SnapToGrid({moved}, 1) else {drawn} end"
    order = f" order by {sub.order_by}" if sub.order_by else ""
    return (
        f"coalesce((select ST_AsMVT(q, '{sub.name}', {EXTENT}, 'mvt_geom', 'id') from ("
        f"select t.id, {drawn} as mvt_geom{properties}"
        f" from {sub.table or layer.table} t where t.{sub.geometry} && {wide}"
        f" and ({layer.always if sub.table is None else 'true'}) and ({sub.where}){clauses}{order}"
        # No test for null: ST_AsMVT leaves out rows without geometry, while a test would make every geometry twice
        f") q), ''::bytea)"
    )


def filter_clauses(layer: Layer, filters: Filters, params: dict[str, Any]) -> str:
    """The SQL of the chosen filters; raises BadRequest for names and values the layer does not know."""
    sql = ""
    for name, values in sorted(filters.items()):
        chosen = layer.filter_named(name)
        if chosen is None:
            raise BadRequest(Text(f"图层 {layer.id} 没有筛选项“{name[:40]}”。", f"Layer {layer.id} has no filter '{name[:40]}'."))
        known = {choice.value for choice in chosen.choices}
        strange = [value for value in values if value not in known]
        if strange:
            raise BadRequest(
                Text(f"筛选项 {name} 没有取值“{strange[0][:40]}”。", f"Filter {name} has no value '{strange[0][:40]}'.")
            )
        params[f"f_{name}"] = list(values)
        sql += " and (" + chosen.clause.replace("%(value)s", f"%(f_{name})s") + ")"
    return sql


def parse_bbox(raw: str) -> tuple[float, float, float, float]:
    """west,south,east,north in degrees; raises BadRequest with the reason."""
    try:
        west, south, east, north = (float(part) for part in raw.split(","))
    except ValueError:
        west = math.nan
        south = east = north = 0.0
    if not all(map(math.isfinite, (west, south, east, north))):
        raise BadRequest(Text("bbox 应为四个数：西,南,东,北。", "bbox must be four numbers: west,south,east,north."))
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise BadRequest(
            Text("bbox 应满足 -180≤西<东≤180、-90≤南<北≤90。", "bbox must hold -180 <= west < east <= 180 and -90 <= south < north <= 90.")
        )
    return west, south, east, north


def mercator_box(bbox: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """A lon/lat box in EPSG:3857, latitudes held inside the Mercator square."""

    def north_of(lat: float) -> float:
        held = max(-85.05112878, min(85.05112878, lat))
        return WORLD_M / (2 * math.pi) * math.log(math.tan(math.pi / 4 + math.radians(held) / 2))

    west, south, east, north = bbox
    return west * WORLD_M / 360, north_of(south), east * WORLD_M / 360, north_of(north)


def features_request(layer: Layer, bbox: tuple[float, float, float, float], zoom: int, filters: Filters) -> SqlRequest:
    """The same rows as the tiles of that zoom, as lon/lat features; at most FEATURE_LIMIT, and the count says so."""
    params: dict[str, Any] = {"wide_box": box_ewkb(mercator_box(bbox)), "zoom": zoom, "limit": FEATURE_LIMIT + 1}
    clauses = filter_clauses(layer, filters, params)
    parts = [sub for sub in layer.sublayers if sub.table is None and sub.min_zoom <= zoom <= sub.max_zoom]
    if not parts:
        return SqlRequest("select null::text as ref, null::text as shape where false", {}, f"features {layer.id}")
    names = {name: expression for sub in parts for name, expression in sub.properties.items()}
    properties = "".join(f", '{name}', {expression}" for name, expression in names.items())
    drawn = " or ".join(f"({sub.where})" for sub in parts)
    return SqlRequest(
        f"select t.id as ref, ST_AsGeoJSON(ST_Transform(t.{parts[0].geometry}, 4326), 7) as shape,"
        f" jsonb_build_object('layer', '{layer.id}'{properties}) as properties"
        f" from {layer.table} t where t.{parts[0].geometry} && %(wide_box)s::geometry"
        f" and ({layer.always}) and ({drawn}){clauses} order by t.id limit %(limit)s",
        params,
        f"features {layer.id}",
    )
