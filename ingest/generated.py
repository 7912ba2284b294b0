"""How a city that brings no polygons gets its areas, grids and household estimates, from what stands in its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg
import shapely

from commandcenter.actor import Actor
from commandcenter.city import City
from commandcenter.db.gone import seeing_gone
from commandcenter.db.load import upsert
from commandcenter.db.registers import analyze, write_source
from commandcenter.text import Text
from gridmaps.generation import GeneratedCity, RoadNames, generate
from gridmaps.model import AreaPiece, Barriers, Indices, Shapes, Sites
from gridmaps.outline import built_outline
from gridmaps.store import GridRow, PlanHead, publish_plan, transformed, zoom_bands
from ingest import store
from ingest.governance import count_store
from ingest.governance.plan_store import own_grids_published
from ingest.households import estimate

FOLLOWED = frozenset({"motorway", "trunk", "primary", "secondary", "tertiary", "residential", "rail", "river", "canal"})
MAJOR = frozenset({"motorway", "trunk", "primary", "rail", "river", "canal"})
PLAN_CODE = "generated"

SOURCES = {
    "generated_areas": ("area", Text("辖区（由建筑与道路生成）", "Areas (generated from buildings and roads)")),
    "generated_grids": ("grid", Text("网格（生成，户数为估算）", "Grids (generated, households estimated)")),
    "estimated_households": ("household_count", Text("户数（按建筑体量与地址点估算）", "Households (estimated from volume and addresses)")),
}


def generate_areas(connection: psycopg.Connection, actor: Actor, city: City, progress: Callable[[str], None]) -> None:
    """Write areas, a plan of grids and a household estimate a building. Runs in the caller's transaction.

    What the city itself brought stands: its published plan stays the published one, and what was counted is not estimated.
    """
    now = datetime.now(UTC)
    for name, (target, title) in SOURCES.items():
        write_source(connection, _source(name, target, title, now))
    buildings = store.buildings_to_count(connection)
    lonlat = shapely.from_wkb([row[6] for row in buildings])
    shapes = transformed(lonlat, 4326, city.metric_srid)
    households = _households(buildings, shapes, _addresses_inside(connection, lonlat), city)
    counted = count_store.counts_of_buildings(connection)
    for at, building in enumerate(buildings):
        if building[0] in counted:
            households[at] = counted[building[0]][0]
    barriers, names = _roads(connection, city)
    points = transformed(shapely.from_wkb([row[7] for row in buildings]), 4326, city.metric_srid)
    made = generate(city, built_outline(shapes), _sites(shapes, points, households), barriers, names, progress)
    store.forget_generated(connection, tuple(SOURCES))
    progress(f"写入辖区与网格 / writing {len(made.areas)} areas, {len(made.grids)} grids")
    upsert(connection, actor, "area", _AREA_COLUMNS, _area_rows(made.areas, city), source="generated_areas", place=False)
    _publish(connection, actor, city, made)
    counts = _count_rows(buildings, households, counted, now)
    with seeing_gone(connection):  # an estimate that steps aside is hidden as soon as it is written
        upsert(connection, actor, "household_count", _COUNT_COLUMNS, counts, source="estimated_households")
    analyze(connection)  # the planner knows nothing yet of the new areas and grids, and would scan them for every row
    store.place_households(connection)
    if counted:
        count_store.count_households(connection, generated="generated_grids")
    for name, (target, _) in SOURCES.items():
        store.note_good_run(connection, name, target, now)


def _source(name: str, target: str, title: Text, now: datetime) -> dict[str, Any]:
    return {
        "name": name,
        "target": target,
        "title": title.zh,
        "title_en": title.en,
        "owner": "command center",
        "licence": "ODbL 1.0",
        "attribution": "generated",
        "cadence_s": None,
        "synthetic": False,
        "estimated": True,
        "data_as_of": now,
    }


def _addresses_inside(connection: psycopg.Connection, buildings: Shapes) -> Indices:
    points = shapely.from_wkb([row[0] for row in store.address_points(connection)])
    building, _ = shapely.STRtree(points).query(buildings, predicate="covers")
    return np.bincount(building, minlength=len(buildings))


def _households(buildings: Sequence[tuple[Any, ...]], shapes: Shapes, addresses: Indices, city: City) -> Indices:
    _, _, _, uses, levels, heights, _, _ = zip(*buildings, strict=True)
    return estimate(uses, levels, heights, shapely.area(shapes), addresses.tolist(), city.generated.household_m2)


def _sites(shapes: Shapes, points: Shapes, households: Indices) -> Sites:
    box = shapely.bounds(shapes)
    reach = np.minimum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) / 2
    return Sites(points, reach, households.astype(float))


def _roads(connection: psycopg.Connection, city: City) -> tuple[Barriers, RoadNames]:
    rows = [row for row in store.roads_to_follow(connection) if row[0] in FOLLOWED]
    lines = np.empty(0, object)
    if rows:
        lines = transformed(shapely.from_wkb([row[2] for row in rows]), 4326, city.metric_srid)
    major = np.array([row[0] in MAJOR for row in rows], bool)
    named = [at for at, row in enumerate(rows) if row[1]]
    middle = shapely.line_interpolate_point(lines[named], 0.5, normalized=True)
    names = RoadNames(middle, [str(rows[at][1]) for at in named], shapely.length(lines[named]).tolist())
    return Barriers(lines, major), names


_AREA_COLUMNS = (
    "source_key", "code", "code_system", "level", "parent_code", "district_code", "street_code", "community_code",
    "name", "name_en", "generated", "area_m2", "geom", "geom_3857_low",
)  # fmt: skip


def _area_rows(areas: list[AreaPiece], city: City) -> Iterator[tuple[Any, ...]]:
    shapes = np.array([area.shape for area in areas], dtype=object)
    stored = transformed(shapes, city.metric_srid, 4326)
    tiles = transformed(shapes, city.metric_srid, 3857)
    low = np.empty(len(areas), object)
    levels = np.array([area.level for area in areas])
    for level in dict.fromkeys(levels):
        low[levels == level] = zoom_bands(tiles[levels == level])[1]
    parents = {area.code: area for area in areas}
    for at, area in enumerate(areas):
        line = _line_of(area, parents)
        yield (
            area.code, area.code, city.grammar[area.level].system if area.level in city.grammar else "city", area.level, area.parent_code,
            line.get("district"), line.get("street"), line.get("community"), area.name, area.name_en, True, shapes[at].area,
            _hex(_multi(stored[at]), 4326), _hex(_multi(low[at]), 3857),
        )  # fmt: skip


def _line_of(area: AreaPiece, by_code: dict[str, AreaPiece]) -> dict[str, str]:
    """The codes of an area and all above it, by level."""
    line = {area.level: area.code}
    while area.parent_code is not None:
        area = by_code[area.parent_code]
        line[area.level] = area.code
    return {str(level): code for level, code in line.items()}


def _publish(connection: psycopg.Connection, actor: Actor, city: City, made: GeneratedCity) -> None:
    by_code = {area.code: area for area in made.areas}
    rule = f"{city.generated.grid_low}-{city.generated.grid_high}"
    rows = []
    for grid in made.grids:
        line = _line_of(by_code[grid.community_code], by_code)
        serial = grid.code[-city.grammar["grid"].digits :]
        community = by_code[grid.community_code]
        rows.append(
            GridRow(
                grid.kind, grid.code, city.grammar["grid"].system, f"{community.name} {serial} 网格", f"{community.name_en} grid {serial}",
                line["district"], line["street"], line["community"], grid.households, None, True,
            )
        )  # fmt: skip
    shapes = np.array([grid.shape for grid in made.grids], dtype=object)
    head = PlanHead(PLAN_CODE, "生成网格（户数为估算）", "Generated grids (households estimated)", rule)
    published = not own_grids_published(connection, PLAN_CODE)
    publish_plan(connection, actor, head, rows, shapes, city.metric_srid, "generated_grids", published=published)


_COUNT_COLUMNS = ("source_key", "building_id", "gone_run_id", "resident", "estimated", "counted_on")


def _count_rows(
    buildings: Sequence[tuple[Any, ...]], households: Indices, counted: dict[int, tuple[int, int | None]], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """An estimate of a building that somebody counted steps aside for that count's run."""
    for building, count in zip(buildings, households.tolist(), strict=True):
        stands = building[0] not in counted
        aside = None if stands else counted[building[0]][1]
        yield f"{building[1]}/{building[2]}", building[0] if stands else None, aside, count, True, now.date()


def _multi(shape: Any) -> Any:
    return shapely.MultiPolygon([shape]) if shape.geom_type == "Polygon" else shape


def _hex(shape: Any, srid: int) -> str:
    return str(shapely.to_wkb(shapely.set_srid(shape, srid), hex=True, include_srid=True))
