"""Open cases as the live layer draws them: single cases up close, clusters with count and worst case from afar.

Clusters are made by PostgreSQL per cell of 96 px, so a full-HD view never holds more than some 250 symbols however many cases are open.
"""

from __future__ import annotations

from typing import Any

from commandcenter.actor import Actor
from commandcenter.db.request import SqlRequest
from commandcenter.db.run import Reader
from layers.base import Layer
from layers.cases import URGENCY
from layers.tiles import WORLD_M, Filters, box_ewkb, filter_clauses, mercator_box

TILE_PX, CELL_PX = 512, 96
SINGLES_FROM_ZOOM = 17
NEW_S = 10
WORST = ("overdue", "due_soon", "ontime", "no_deadline")


def clustered_request(layer: Layer, bbox: tuple[float, float, float, float], zoom: int, filters: Filters) -> SqlRequest:
    """Cells of open cases in a lon/lat box, with the one case where a cell holds just one."""
    cell_m = WORLD_M / (1 << zoom) / TILE_PX * CELL_PX if zoom < SINGLES_FROM_ZOOM else 0.5
    params: dict[str, Any] = {"box": box_ewkb(mercator_box(bbox)), "cell": cell_m}
    clauses = filter_clauses(layer, filters, params)
    return SqlRequest(
        "select count(*) as count, min(id) as id, min(kind) as kind, min(minor) as minor, min(minor_en) as minor_en,"
        " min(array_position(array['overdue','due_soon','ontime','no_deadline'], urgency)) as worst, bool_or(is_new) as is_new,"
        " avg(ST_X(ST_Transform(geom_3857, 4326))) as lon, avg(ST_Y(ST_Transform(geom_3857, 4326))) as lat from ("
        f"select t.id, t.kind, t.minor, t.minor_en, {URGENCY} as urgency, t.geom_3857, t.reported_at > now() - interval '{NEW_S} s' as is_new"
        f" from cases t where t.geom_3857 && %(box)s::geometry and t.is_open{clauses}) q"
        " group by floor(ST_X(geom_3857) / %(cell)s), floor(ST_Y(geom_3857) / %(cell)s)",
        params,
        "live cases",
    )


async def live_cases(
    reader: Reader, actor: Actor, layer: Layer, bbox: tuple[float, float, float, float], zoom: int, filters: Filters
) -> dict[str, Any]:
    """A GeoJSON FeatureCollection (EPSG:4326) with string ids ``cases:123``; ``worst`` is the most urgent class inside."""
    rows = await reader.rows(actor, clustered_request(layer, bbox, zoom, filters))
    return {
        "type": "FeatureCollection",
        "features": [_feature(row) for row in sorted(rows, key=lambda r: -r["worst"])],
        "shown": sum(row["count"] for row in rows),
    }


def _feature(row: dict[str, Any]) -> dict[str, Any]:
    urgency = WORST[row["worst"] - 1]
    single = row["count"] == 1
    ref = f"cases:{row['id']}"
    properties: dict[str, Any] = {"layer": "cases", "class": urgency, "new": row["is_new"], "count": row["count"]}
    if single:
        properties |= {"id": ref, "kind": row["kind"], "minor": row["minor"], "minor_en": row["minor_en"]}
    else:
        properties |= {"id": f"cluster:{row['id']}", "many": True, "worst": urgency}
    return {
        "type": "Feature",
        "id": properties["id"],
        "geometry": {"type": "Point", "coordinates": [round(row["lon"], 7), round(row["lat"], 7)]},
        "properties": properties,
    }
