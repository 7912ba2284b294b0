"""Areas, grids and unit cells of the synthetic city as tables, with what tiles need at low zooms. Stored EPSG:4326, made in EPSG:4550."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from commandcenter.demo.fabric import PATTERNS
from commandcenter.demo.governance import Governance
from commandcenter.demo.placing import METRIC_SRID, TILE_SRID, stored

MID_TOLERANCE_M, LOW_TOLERANCE_M = 9.5, 38.0  # half a pixel at tile zooms 12 and 10


def areas(city: Governance) -> gpd.GeoDataFrame:
    """District, streets and communities, each level simplified as one coverage for low zooms."""
    units = city.units
    shapes = [u.shape for u in units]
    rows = {
        "source_key": [u.code for u in units], "code": [u.code for u in units], "code_system": "NBS", "level": [u.level for u in units],
        "parent_code": [u.parent for u in units], "name": [u.name for u in units], "name_en": [u.name_en for u in units], "generated": True,
        "area_m2": [s.area for s in shapes], "district_code": [u.code[:6] for u in units],
        "street_code": [u.code[:9] if len(u.code) >= 9 else None for u in units],
        "community_code": [u.code if len(u.code) == 12 else None for u in units],
    }  # fmt: skip
    frame = stored(rows, shapes, "demo_areas")
    tiles = np.array(frame.geometry.to_crs(TILE_SRID))
    low = np.empty(len(units), dtype=object)
    for level in ("district", "street", "community"):
        at = np.flatnonzero([u.level == level for u in units])
        low[at] = [_many(s) for s in shapely.coverage_simplify(tiles[at], LOW_TOLERANCE_M)]
    frame["geom_3857_low"] = gpd.GeoSeries(list(low), crs=TILE_SRID)
    return frame


def _many(shape: Any) -> Any:
    return shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])


def grids(city: Governance) -> gpd.GeoDataFrame:
    """Household grids with their exact metric shape and two simplified coverages."""
    homes = np.bincount(city.grid_of_atom[city.atom_of_building], weights=city.households, minlength=len(city.grid_codes)).astype(int)
    names = {u.code: (u.name.removesuffix("社区"), u.name_en.removesuffix(" community")) for u in city.units if u.level == "community"}
    codes = city.grid_codes
    rows = {
        "source_key": codes, "code": codes, "code_system": "DB6101/T 3185", "kind": city.grid_kinds, "district_code": [c[:6] for c in codes],
        "street_code": [c[:9] for c in codes], "community_code": [c[:12] for c in codes], "households": homes, "persons": np.round(homes * 2.35).astype(int),
        "name": [f"{names[c[:12]][0]}{int(c[12:])}网格" for c in codes], "name_en": [f"{names[c[:12]][1]} grid {int(c[12:])}" for c in codes],
        "households_estimated": False, "area_m2": shapely.area(city.grid_shapes),
    }  # fmt: skip
    frame = stored(rows, city.grid_shapes, "demo_grids")
    frame["geom_metric"] = gpd.GeoSeries(list(city.grid_shapes), crs=METRIC_SRID)
    tiles = np.array(frame.geometry.to_crs(TILE_SRID))
    for column, tolerance in (("geom_3857_mid", MID_TOLERANCE_M), ("geom_3857_low", LOW_TOLERANCE_M)):
        simple = shapely.coverage_simplify(tiles, tolerance)
        whole = [s if s.geom_type == "Polygon" else t for s, t in zip(simple, tiles, strict=True)]
        frame[column] = gpd.GeoSeries(whole, crs=TILE_SRID)
    return frame


def unit_cells(city: Governance) -> gpd.GeoDataFrame:
    """Unit cells with their 15-digit codes and land use."""
    codes = city.cell_codes
    uses = [PATTERNS[k].land_use if k in PATTERNS else k for k in city.cell_land_use]
    rows = {
        "source_key": codes, "code": codes, "code_system": "GB/T 30428.1", "district_code": [c[:6] for c in codes], "street_code": [c[:9] for c in codes],
        "community_code": city.cell_community, "land_use": uses, "area_m2": np.round(shapely.area(city.cells)),
    }  # fmt: skip
    return stored(rows, city.cells, "demo_unit_cells")
