"""How a complete set of grids becomes the published plan: exact metric shapes in, derived shapes beside them, one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import numpy as np
import psycopg
import pyproj
import shapely
from numpy.typing import NDArray

from commandcenter.actor import Actor
from commandcenter.db.load import Counts, upsert

STORED_CRS, TILE_CRS = 4326, 3857
# Simplification tolerance in EPSG:3857 metres: half a pixel at the highest tile zoom the band serves (12 and 11).
MID_TOLERANCE_M, LOW_TOLERANCE_M = 9.5, 38.0
MILLIMETRE = 0.001

Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class PlanHead:
    """What a plan is called and which rule it was drawn for."""

    code: str
    title: str
    title_en: str
    rule: str


@dataclass(frozen=True)
class GridRow:
    """One grid of a plan before its shapes."""

    kind: str
    code: str
    code_system: str
    name: str
    name_en: str
    district_code: str
    street_code: str
    community_code: str
    households: int
    persons: int | None
    households_estimated: bool


def transformed(shapes: Shapes, from_srid: int, to_srid: int) -> Shapes:
    """Shapes in another CRS, x before y."""
    change = pyproj.Transformer.from_crs(from_srid, to_srid, always_xy=True)
    moved: Shapes = shapely.transform(shapes, lambda xy: np.column_stack(change.transform(xy[:, 0], xy[:, 1])))
    return moved


def zoom_bands(shapes_3857: Shapes) -> tuple[Shapes, Shapes]:
    """Middle and low zoom shapes, simplified as a coverage so that neighbours still share their borders."""
    return shapely.coverage_simplify(shapes_3857, MID_TOLERANCE_M), shapely.coverage_simplify(shapes_3857, LOW_TOLERANCE_M)


def publish_plan(
    connection: psycopg.Connection,
    actor: Actor,
    head: PlanHead,
    rows: Sequence[GridRow],
    shapes_metric: Shapes,
    metric_srid: int,
    source: str,
    published: bool = True,
) -> Counts:
    """Write a plan's grids as published; the plan before it is retired. Runs in the caller's transaction.

    Where another plan is to stay the published one (``published=False``) this one is written as a retired one.
    ``shapes_metric``: one polygon a row, in the city's metric CRS, already rounded to 1 mm.
    """
    exact = shapely.set_precision(shapes_metric, MILLIMETRE, mode="pointwise")
    stored = transformed(exact, metric_srid, STORED_CRS)
    tiles = transformed(exact, metric_srid, TILE_CRS)
    mid, low = zoom_bands(tiles)
    if published:
        connection.execute("update grid_plan set status = 'retired', valid_to = now() where status = 'published'")
    row = connection.execute(
        "insert into grid_plan (code, title, title_en, status, rule, valid_from, valid_to)"
        " values (%(code)s, %(title)s, %(title_en)s, %(status)s, %(rule)s, now(), %(valid_to)s)"
        " on conflict (code) do update set title = excluded.title, title_en = excluded.title_en, status = excluded.status, rule = excluded.rule,"
        " valid_to = case when excluded.status = 'published' then null else coalesce(grid_plan.valid_to, now()) end returning id",
        {**asdict(head), "status": "published" if published else "retired", "valid_to": None if published else datetime.now(UTC)},
    ).fetchone()
    assert row is not None
    columns = (
        "source_key", "plan_id", "kind", "code", "code_system", "name", "name_en", "district_code", "street_code", "community_code",
        "households", "persons", "households_estimated", "area_m2", "geom_metric", "geom", "geom_3857_mid", "geom_3857_low",
    )  # fmt: skip
    encoded = [
        _ewkb(exact, metric_srid), _ewkb(stored, STORED_CRS), _ewkb(mid, TILE_CRS), _ewkb(low, TILE_CRS),
    ]  # fmt: skip
    areas = shapely.area(exact)
    values = (
        (
            f"{head.code}:{grid.code}", row[0], grid.kind, grid.code, grid.code_system, grid.name, grid.name_en, grid.district_code,
            grid.street_code, grid.community_code, grid.households, grid.persons, grid.households_estimated, float(areas[at]),
            *(shapes[at] for shapes in encoded),
        )
        for at, grid in enumerate(rows)
    )  # fmt: skip
    return upsert(connection, actor, "grid", columns, values, source=source, place=False)


def _ewkb(shapes: Shapes, srid: int) -> list[str]:
    return list(shapely.to_wkb(shapely.set_srid(shapes, srid), hex=True, include_srid=True))
