"""Where people live, as tables: compounds, buildings, household counts; and the key sites. Stored EPSG:4326, made in EPSG:4550."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from commandcenter.demo import things
from commandcenter.demo.fabric import PATTERNS, Fabric
from commandcenter.demo.governance import Governance
from commandcenter.demo.ground import Ground
from commandcenter.demo.names import lane_name, road_name
from commandcenter.demo.placing import Placing, lists, stored

SPECIAL = {
    "education": ("学校教学楼", "School building"),
    "medical": ("医院门诊楼", "Hospital building"),
    "public": ("政务服务楼", "Service hall"),
    "commercial": ("商场", "Mall"),
    "office": ("写字楼", "Office tower"),
}


def compounds(ground: Ground, fabric: Fabric, city: Governance, placing: Placing) -> gpd.GeoDataFrame:
    """Residential compounds; ``attrs["block"]`` says which block carries which compound code."""
    made = pd.DataFrame(things.compounds(ground, fabric))
    shapes = np.array(made.pop("geom"), dtype=object)
    homes = np.bincount(fabric.block_of, weights=city.households, minlength=len(ground.blocks)).astype(int)
    made["households"] = homes[made["block"]]
    for name, values in placing.columns(shapely.point_on_surface(shapes)).items():
        made[name] = values
    serial = made.groupby("community_code").cumcount() + 1
    made["code"] = [f"{c}X{n:03d}" for c, n in zip(made["community_code"], serial, strict=True)]
    frame = stored(lists(made.drop(columns="block")), shapes, "demo_compounds")
    frame.attrs["block"] = dict(zip(made["block"], made["code"], strict=True))
    return frame


def buildings(ground: Ground, fabric: Fabric, compound_of_block: dict[int, str], placing: Placing) -> gpd.GeoDataFrame:
    """Buildings with use, height, the address on the nearest street, and the compound they stand in."""
    count = len(fabric.footprints)
    middles = shapely.centroid(fabric.footprints)
    named = [(r.line, lane_name(r.number)) for r in ground.lanes]
    named += [(r.line, road_name(r.kind, r.road_class, r.number)) for r in ground.roads if not r.bridge]
    tree = shapely.STRtree([line for line, _ in named])
    nearest = tree.nearest(middles)
    names = np.array([name.zh for _, name in named], dtype=object)[nearest]
    along = shapely.line_locate_point(np.array([line for line, _ in named], dtype=object)[nearest], middles)
    numbers = (along / 6).astype(int) * 2 + 1 + (np.arange(count) % 2)
    titles: dict[int, tuple[str, str]] = {}
    for i, kind in enumerate(fabric.pattern):
        if kind in SPECIAL and i % 3 == 0:
            own = lane_name(i)
            titles[i] = (own.zh[:2] + SPECIAL[kind][0], f"{own.en.split()[0]} {SPECIAL[kind][1]}")
    rows = {
        "source_key": [f"bd{i}" for i in range(count)], "use": [PATTERNS[k].use for k in fabric.pattern], "levels": fabric.levels,
        "height_m": np.round(fabric.levels * np.where(np.isin(fabric.pattern, ["industrial", "commercial"]), 5.0, 3.0) + 1.5, 1),
        "address": [f"{n}{k}号" for n, k in zip(names, numbers, strict=True)],
        "compound_code": [compound_of_block.get(int(b)) for b in fabric.block_of],
        "name": [titles.get(i, (None, None))[0] for i in range(count)], "name_en": [titles.get(i, (None, None))[1] for i in range(count)],
        **placing.columns(middles),
    }  # fmt: skip
    return stored(rows, fabric.footprints, "demo_buildings")


def household_counts(city: Governance, buildings: pd.DataFrame, now: datetime, rng: np.random.Generator) -> pd.DataFrame:
    """One count for each building that is lived in, as of the first of the month."""
    lived = np.flatnonzero(city.households > 0)
    homes = city.households[lived]
    picked = buildings.iloc[lived]
    places = {name: picked[name].to_list() for name in ("district_code", "street_code", "community_code", "grid_code", "unit_cell_code")}
    # A building stands in the grid of its atom; its count must too, so that sums agree to the last household.
    codes = [city.grid_codes[g] for g in city.grid_of_atom[city.atom_of_building[lived]]]
    places |= {"grid_code": codes}
    places |= {name: [c[:digits] for c in codes] for name, digits in (("community_code", 12), ("street_code", 9), ("district_code", 6))}
    return pd.DataFrame({
        "source": "demo_households", "source_key": picked["source_key"].to_list(), "building_key": picked["source_key"].to_list(),
        "resident": homes, "registered": np.round(homes * rng.uniform(0.75, 1.1, len(homes))).astype(int),
        "vacant": np.round(homes * rng.uniform(0, 0.12, len(homes))).astype(int),
        "persons": np.round(homes * 2.35).astype(int), "estimated": False, "counted_on": date(now.year, now.month, 1), **places})  # fmt: skip


def key_sites(rows: list[dict[str, Any]], placing: Placing) -> gpd.GeoDataFrame:
    """Places that must be seen, each with its place columns."""
    made = pd.DataFrame(rows)
    shapes = np.array(made.pop("geom"), dtype=object)
    return stored(lists(made) | placing.columns(shapely.point_on_surface(shapes)), shapes, "demo_key_sites")
