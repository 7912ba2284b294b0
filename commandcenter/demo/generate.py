"""The synthetic city as tables, ready to load: same seed, same city. Stored coordinates EPSG:4326, made in EPSG:4550."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pandas as pd
import shapely

from commandcenter.demo import matters, things
from commandcenter.demo.area_frames import areas, grids, unit_cells
from commandcenter.demo.base_frame import base_features
from commandcenter.demo.fabric import make_fabric
from commandcenter.demo.governance import GRID_HIGH, GRID_LOW, divide_city
from commandcenter.demo.ground import make_ground
from commandcenter.demo.home_frames import buildings, compounds, household_counts, key_sites
from commandcenter.demo.people import Counted, pilot_counts
from commandcenter.demo.placing import Placing, points
from commandcenter.demo.sources import sources
from commandcenter.demo.thinning import thinned

Size = Literal["district", "city", "yichang"]


@dataclass(frozen=True)
class Measure:
    """What a size promises. ``scale`` is the width against the district's 7 km; None means: as it falls."""

    scale: float
    households: int | None
    grids: int | None
    cameras: int
    cases: int
    components: int
    per_grid: tuple[int, int]
    buildings: int | None = None


MEASURES: dict[Size, Measure] = {
    "district": Measure(0.85, None, None, 1_600, 9_000, 30_000, (GRID_LOW, GRID_HIGH)),
    "city": Measure(1.9, 650_000, 4_446, 12_000, 200_000, 120_000, (GRID_LOW, GRID_HIGH)),
    "yichang": Measure(4.7, 3_300_000, 11_000, 100_000, 1_000_000, 400_000, (200, 400), 300_000),
}


@dataclass(frozen=True)
class DemoCity:
    """Tables in load order, their sources, and the counted buildings of the community whose people are made up."""

    tables: dict[str, pd.DataFrame]
    sources: list[dict[str, Any]]
    pilot: list[Counted]


def build_demo_city(size: Size, seed: int, now: datetime, progress: Callable[[str], None]) -> DemoCity:
    """Generate a whole city of a size for a moment ``now`` (UTC)."""
    measure = MEASURES[size]
    rng = np.random.default_rng(seed)
    progress("生成地形与道路 / drawing ground and roads")
    ground = make_ground(measure.scale, rng)
    progress("生成建筑 / raising buildings")
    fabric = make_fabric(ground, rng, measure.buildings)
    progress("划分社区与网格 / drawing communities and grids")
    city = divide_city(ground, fabric, size, measure.households, measure.grids, measure.per_grid)
    placing = Placing(city)
    district = city.units[0].code
    progress("布设监控、部件与服务点 / placing cameras, components and service points")
    tables: dict[str, pd.DataFrame] = {
        "area": areas(city),
        "grid": grids(city),
        "unit_cell": unit_cells(city),
        "base_feature": base_features(ground, fabric),
        "compound": compounds(ground, fabric, city, placing),
    }
    tables["building"] = buildings(ground, fabric, tables["compound"].attrs["block"], placing)
    tables["household_count"] = household_counts(city, tables["building"], now, rng)
    parts = things.components(ground, district, measure.components, rng)
    tables["camera"] = points(things.cameras(ground, fabric, district, measure.cameras, now, rng), "demo_cameras", placing)
    tables["camera"]["min_zoom"] = thinned(tables["camera"]["geom"], 11, 16)
    units = [u for u in city.units if u.level == "community"]
    communities = [(u.code, u.name, u.name_en) for u in units]
    centres = shapely.get_coordinates([u.shape.representative_point() for u in units])
    lived = np.flatnonzero(city.households > 0)
    spots = shapely.get_coordinates(shapely.centroid(fabric.footprints[lived]))
    tables["service_point"] = points(things.service_points(communities, centres, spots, rng), "demo_services", placing)
    tables["service_point"]["min_zoom"] = thinned(tables["service_point"]["geom"], 12, 16)
    tables["component"] = points(parts, "demo_components", placing)
    tables["component"]["min_zoom"] = thinned(tables["component"]["geom"], 15, 17)
    tables["key_site"] = key_sites(things.key_sites(ground, fabric, rng), placing)
    progress("生成三个月的事项 / making three months of cases")
    codes = {str(kind): list(group) for kind, group in parts.groupby(parts.major_code + parts.minor_code)["code"]}
    roads = shapely.get_coordinates([shapely.centroid(shapely.segmentize(r.line, 60)) for r in ground.lanes])
    made = matters.cases(measure.cases, district, roads, spots, codes, now, rng)
    tables["cases"] = points(made, "demo_cases", placing)
    tables["cases"]["born_grid_code"] = tables["cases"]["grid_code"]
    tables["cases"]["address"] = tables["cases"]["community_code"].map({u.code: f"{u.name}附近" for u in units})
    return DemoCity(tables, sources(now), pilot_counts(tables["household_count"], tables["building"]))
