"""The synthetic city as tables, ready to load: same seed, same city. Stored coordinates EPSG:4326, made in EPSG:4550."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.ops
from numpy.typing import NDArray
from shapely.geometry import Point

from commandcenter.demo import matters, things
from commandcenter.demo.fabric import PATTERNS, Fabric, make_fabric
from commandcenter.demo.governance import GRID_HIGH, GRID_LOW, Governance, divide_city
from commandcenter.demo.ground import Ground, make_ground
from commandcenter.demo.names import lane_name, road_name
from commandcenter.demo.thinning import thinned

METRIC_SRID, STORED_SRID, TILE_SRID = 4550, 4326, 3857
MID_TOLERANCE_M, LOW_TOLERANCE_M = 9.5, 38.0  # half a pixel at tile zooms 12 and 10
ROAD_ZOOM = {"trunk": 8, "primary": 10, "secondary": 11, "tertiary": 12, "residential": 13}
DAY_S = 86_400
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
    "yichang": Measure(4.3, 3_300_000, 11_000, 100_000, 1_000_000, 400_000, (200, 400), 300_000),
}


@dataclass(frozen=True)
class DemoCity:
    """Tables in load order, and their sources."""

    tables: dict[str, pd.DataFrame]
    sources: list[dict[str, Any]]


def build_demo_city(size: Size, seed: int, now: datetime, progress: Callable[[str], None]) -> DemoCity:
    """Generate a whole city of a size for a moment ``now`` (UTC)."""
    measure = MEASURES[size]
    rng = np.random.default_rng(seed)
    progress("生成地形与道路 / drawing ground and roads")
    ground = make_ground(measure.scale, rng)
    progress("生成建筑 / raising buildings")
    fabric = make_fabric(ground, rng)
    progress("划分社区与网格 / drawing communities and grids")
    city = divide_city(ground, fabric, size, measure.households, measure.grids, measure.per_grid)
    placing = Placing(city)
    district = city.units[0].code
    progress("布设监控、部件与服务点 / placing cameras, components and service points")
    tables: dict[str, pd.DataFrame] = {
        "area": _areas(city),
        "grid": _grids(city, fabric),
        "unit_cell": _cells(city),
        "base_feature": _base(ground, fabric),
        "compound": _compounds(ground, fabric, city, placing),
    }
    tables["building"] = _buildings(ground, fabric, city, tables["compound"], placing)
    tables["household_count"] = _households(city, tables["building"], now, rng)
    parts = things.components(ground, district, measure.components, rng)
    tables["camera"] = _points(things.cameras(ground, fabric, district, measure.cameras, now, rng), "demo_cameras", placing)
    tables["camera"]["min_zoom"] = thinned(tables["camera"]["geom"], 11, 16)
    communities = [(u.code, u.name, u.name_en) for u in city.units if u.level == "community"]
    centres = np.array([[u.shape.representative_point().x, u.shape.representative_point().y] for u in city.units if u.level == "community"])
    lived = np.flatnonzero(city.households > 0)
    spots = shapely.get_coordinates(shapely.centroid(fabric.footprints[lived]))
    tables["service_point"] = _points(things.service_points(communities, centres, spots, rng), "demo_services", placing)
    tables["service_point"]["min_zoom"] = thinned(tables["service_point"]["geom"], 12, 16)
    tables["component"] = _points(parts, "demo_components", placing)
    tables["component"]["min_zoom"] = thinned(tables["component"]["geom"], 15, 17)
    tables["key_site"] = _key_sites(things.key_sites(ground, fabric, rng), placing)
    progress("生成三个月的事项 / making three months of cases")
    codes = {code: list(group) for code, group in parts.assign(k=parts.major_code + parts.minor_code).groupby("k")["code"]}
    roads = shapely.get_coordinates(shapely.centroid(np.array([shapely.segmentize(r.line, 60) for r in ground.lanes], dtype=object)))
    made = matters.cases(measure.cases, district, roads, spots, codes, now, rng)
    tables["cases"] = _points(made, "demo_cases", placing)
    tables["cases"]["born_grid_code"] = tables["cases"]["grid_code"]
    tables["cases"]["address"] = tables["cases"]["community_code"].map(_address_words(city, tables["building"]))
    return DemoCity(tables, _sources(now))


class Placing:
    """Which grid, cell and areas hold a place; on a shared border the lower code wins."""

    def __init__(self, city: Governance) -> None:
        order = np.argsort([city.grid_codes[g] for g in city.grid_of_atom], kind="stable")
        self._atoms, self._grid = city.atoms[order], np.array([city.grid_codes[g] for g in city.grid_of_atom], dtype=object)[order]
        self._tree = shapely.STRtree(self._atoms)
        cells = np.argsort(city.cell_codes, kind="stable")
        self._cell_codes = np.array(city.cell_codes, dtype=object)[cells]
        self._cells = shapely.STRtree(city.cells[cells])

    def columns(self, points: NDArray[np.object_]) -> dict[str, list[str | None]]:
        """The five place columns of points in EPSG:4550."""
        grid = self._first(self._tree, points, self._grid)
        cell = self._first(self._cells, points, self._cell_codes)
        return {
            "district_code": [g[:6] if g else None for g in grid], "street_code": [g[:9] if g else None for g in grid],
            "community_code": [g[:12] if g else None for g in grid], "grid_code": grid, "unit_cell_code": cell,
        }  # fmt: skip

    @staticmethod
    def _first(tree: shapely.STRtree, points: NDArray[np.object_], codes: NDArray[np.object_]) -> list[str | None]:
        at, inside = tree.query(points, predicate="intersects")
        lowest = np.full(len(points), len(codes))
        np.minimum.at(lowest, at, inside)
        return [codes[i] if i < len(codes) else None for i in lowest]


def _frame(rows: dict[str, Any], shapes: Any, source: str) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(rows, geometry=gpd.GeoSeries(list(shapes), crs=METRIC_SRID).to_crs(STORED_SRID)).rename_geometry("geom")
    frame["source"] = source
    return frame


def _areas(city: Governance) -> gpd.GeoDataFrame:
    units = city.units
    shapes = [u.shape for u in units]
    rows = {
        "source_key": [u.code for u in units], "code": [u.code for u in units], "code_system": "NBS", "level": [u.level for u in units],
        "parent_code": [u.parent for u in units], "name": [u.name for u in units], "name_en": [u.name_en for u in units], "generated": True,
        "area_m2": [s.area for s in shapes], "district_code": [u.code[:6] for u in units],
        "street_code": [u.code[:9] if len(u.code) >= 9 else None for u in units], "community_code": [u.code if len(u.code) == 12 else None for u in units],
    }  # fmt: skip
    frame = _frame(rows, shapes, "demo_areas")
    tiles = np.array(frame.geometry.to_crs(TILE_SRID))
    low = np.empty(len(units), dtype=object)
    for level in ("district", "street", "community"):
        at = np.flatnonzero([u.level == level for u in units])
        low[at] = [_many(s) for s in shapely.coverage_simplify(tiles[at], LOW_TOLERANCE_M)]
    frame["geom_3857_low"] = gpd.GeoSeries(list(low), crs=TILE_SRID)
    return frame


def _many(shape: Any) -> Any:
    return shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])


def _grids(city: Governance, fabric: Fabric) -> gpd.GeoDataFrame:
    homes = np.bincount(city.grid_of_atom[city.atom_of_building], weights=city.households, minlength=len(city.grid_codes)).astype(int)
    names = {u.code: (u.name.removesuffix("社区"), u.name_en.removesuffix(" community")) for u in city.units if u.level == "community"}
    codes = city.grid_codes
    rows = {
        "source_key": codes, "code": codes, "code_system": "DB6101/T 3185", "kind": city.grid_kinds, "district_code": [c[:6] for c in codes],
        "street_code": [c[:9] for c in codes], "community_code": [c[:12] for c in codes], "households": homes, "persons": np.round(homes * 2.35).astype(int),
        "name": [f"{names[c[:12]][0]}{int(c[12:])}网格" for c in codes], "name_en": [f"{names[c[:12]][1]} grid {int(c[12:])}" for c in codes],
        "households_estimated": False, "area_m2": shapely.area(city.grid_shapes),
    }  # fmt: skip
    frame = _frame(rows, city.grid_shapes, "demo_grids")
    frame["geom_metric"] = gpd.GeoSeries(list(city.grid_shapes), crs=METRIC_SRID)
    tiles = np.array(frame.geometry.to_crs(TILE_SRID))
    for column, tolerance in (("geom_3857_mid", MID_TOLERANCE_M), ("geom_3857_low", LOW_TOLERANCE_M)):
        simple = shapely.coverage_simplify(tiles, tolerance)
        frame[column] = gpd.GeoSeries([s if s.geom_type == "Polygon" else t for s, t in zip(simple, tiles, strict=True)], crs=TILE_SRID)
    return frame


def _cells(city: Governance) -> gpd.GeoDataFrame:
    codes = city.cell_codes
    uses = [PATTERNS[k].land_use if k in PATTERNS else k for k in city.cell_land_use]
    rows = {
        "source_key": codes, "code": codes, "code_system": "GB/T 30428.1", "district_code": [c[:6] for c in codes], "street_code": [c[:9] for c in codes],
        "community_code": city.cell_community, "land_use": uses, "area_m2": np.round(shapely.area(city.cells)),
    }  # fmt: skip
    return _frame(rows, city.cells, "demo_unit_cells")


def _base(ground: Ground, fabric: Fabric) -> gpd.GeoDataFrame:
    rows: list[dict[str, Any]] = []
    shapes: list[Any] = []

    def add(theme: str, kind: str, zoom: int, shape: Any, name: str | None = None, name_en: str | None = None, bridge: bool = False) -> None:
        rows.append({"source_key": f"b{len(rows)}", "theme": theme, "class": kind, "name": name, "name_en": name_en, "min_zoom": zoom, "stacking": int(bridge), "is_bridge": bridge, "is_tunnel": False})
        shapes.append(shape)

    for n, part in enumerate(shapely.get_parts(ground.river)):
        add("water", "river", 6, part, "嫩江" if n == 0 else None, "Nen River" if n == 0 else None)
    for lake, name in zip(ground.lakes, (("劳动湖", "Laodong Lake"), ("荷花池", "Lotus Pond")), strict=True):
        add("water", "lake", 9, lake, *name)
    add("green", "park", 9, ground.park, "龙沙公园", "Longsha Park")
    for block, kind in zip(ground.blocks, fabric.kind, strict=True):
        if kind in {"river", "park"}:
            continue
        if kind == "green":
            add("green", "park" if block.area > 20_000 else "grass", 11, block)
        else:
            add("land_use", "farmland" if kind == "farmland" else PATTERNS[kind].land_use, 10 if block.area > 100_000 else 12, block)
    for road in ground.roads:
        own = road_name(road.kind, road.road_class, road.number)
        add("road", road.road_class, ROAD_ZOOM[road.road_class], road.line, own.zh, own.en, road.bridge)
    for road in ground.lanes:
        own = lane_name(road.number)
        add("road", road.road_class, ROAD_ZOOM[road.road_class], road.line, own.zh, own.en)
    for path in _park_paths(ground):
        add("road", "path", 14, path)
    for line in ground.rail:
        add("rail", "rail", 9, line, "齐北铁路", "Qibei Railway")
        for offset in (-14, 14, 28, 42):
            near = shapely.ops.substring(line, 0.47, 0.57, normalized=True).offset_curve(offset)
            add("rail", "rail", 13, near)
    add("place", "landmark", 12, ground.station, "火车站", "Railway Station")
    return _frame(pd.DataFrame(rows).to_dict("list"), shapes, "demo_base")


def _park_paths(ground: Ground) -> list[Any]:
    """A round path inside the park and four ways to the lake."""
    middle = ground.park.centroid
    wet = shapely.union_all(ground.lakes)
    ways = [ground.park.buffer(-70).exterior, ground.park.buffer(-180).exterior]
    for angle in np.radians([20, 110, 200, 290]):
        ways.append(shapely.LineString([middle, Point(middle.x + 900 * np.cos(angle), middle.y + 900 * np.sin(angle))]).intersection(ground.park))
    return [p for way in ways for p in shapely.get_parts(shapely.LineString(way.coords).difference(wet)) if p.length > 20]


def _compounds(ground: Ground, fabric: Fabric, city: Governance, placing: Placing) -> gpd.GeoDataFrame:
    made = pd.DataFrame(things.compounds(ground, fabric))
    shapes = np.array(made.pop("geom"), dtype=object)
    homes = np.bincount(fabric.block_of, weights=city.households, minlength=len(ground.blocks)).astype(int)
    made["households"] = homes[made["block"]]
    for name, values in placing.columns(shapely.point_on_surface(shapes)).items():
        made[name] = values
    serial = made.groupby("community_code").cumcount() + 1
    made["code"] = [f"{c}X{n:03d}" for c, n in zip(made["community_code"], serial, strict=True)]
    frame = _frame(made.drop(columns="block").to_dict("list"), shapes, "demo_compounds")
    frame.attrs["block"] = dict(zip(made["block"], made["code"], strict=True))
    return frame


def _buildings(ground: Ground, fabric: Fabric, city: Governance, compounds: pd.DataFrame, placing: Placing) -> gpd.GeoDataFrame:
    count = len(fabric.footprints)
    middles = shapely.centroid(fabric.footprints)
    named = [(r.line, lane_name(r.number)) for r in ground.lanes] + [(r.line, road_name(r.kind, r.road_class, r.number)) for r in ground.roads if not r.bridge]
    tree = shapely.STRtree([line for line, _ in named])
    nearest = tree.nearest(middles)
    names = np.array([name.zh for _, name in named], dtype=object)[nearest]
    along = shapely.line_locate_point(np.array([line for line, _ in named], dtype=object)[nearest], middles)
    numbers = (along / 6).astype(int) * 2 + 1 + (np.arange(count) % 2)
    of_block = compounds.attrs["block"]
    titles: dict[int, tuple[str, str]] = {}
    special = {"education": ("学校教学楼", "School building"), "medical": ("医院门诊楼", "Hospital building"), "public": ("政务服务楼", "Service hall"), "commercial": ("商场", "Mall"), "office": ("写字楼", "Office tower")}
    for i, kind in enumerate(fabric.pattern):
        if kind in special and i % 3 == 0:
            own = lane_name(i)
            titles[i] = (own.zh[:2] + special[kind][0], f"{own.en.split()[0]} {special[kind][1]}")
    rows = {
        "source_key": [f"bd{i}" for i in range(count)], "use": [PATTERNS[k].use for k in fabric.pattern], "levels": fabric.levels,
        "height_m": np.round(fabric.levels * np.where(np.isin(fabric.pattern, ["industrial", "commercial"]), 5.0, 3.0) + 1.5, 1),
        "address": [f"{n}{k}号" for n, k in zip(names, numbers, strict=True)], "compound_code": [of_block.get(int(b)) for b in fabric.block_of],
        "name": [titles.get(i, (None, None))[0] for i in range(count)], "name_en": [titles.get(i, (None, None))[1] for i in range(count)],
        **placing.columns(middles),
    }  # fmt: skip
    return _frame(rows, fabric.footprints, "demo_buildings")


def _households(city: Governance, buildings: pd.DataFrame, now: datetime, rng: np.random.Generator) -> pd.DataFrame:
    lived = np.flatnonzero(city.households > 0)
    homes = city.households[lived]
    picked = buildings.iloc[lived]
    places = {name: picked[name].to_list() for name in ("district_code", "street_code", "community_code", "grid_code", "unit_cell_code")}
    # A building stands in the grid of its atom; its count must too, so that sums agree to the last household.
    codes = [city.grid_codes[g] for g in city.grid_of_atom[city.atom_of_building[lived]]]
    places |= {"grid_code": codes, "community_code": [c[:12] for c in codes], "street_code": [c[:9] for c in codes], "district_code": [c[:6] for c in codes]}
    return pd.DataFrame({
        "source": "demo_households", "source_key": picked["source_key"].to_list(), "building_key": picked["source_key"].to_list(), "resident": homes,
        "registered": np.round(homes * rng.uniform(0.75, 1.1, len(homes))).astype(int), "vacant": np.round(homes * rng.uniform(0, 0.12, len(homes))).astype(int),
        "persons": np.round(homes * 2.35).astype(int), "estimated": False, "counted_on": date(now.year, now.month, 1), **places})  # fmt: skip


def _points(made: pd.DataFrame, source: str, placing: Placing) -> gpd.GeoDataFrame:
    points = shapely.points(made.pop("x").to_numpy(float), made.pop("y").to_numpy(float))
    rows = {name: made[name].to_list() if made[name].dtype == object else made[name] for name in made.columns}
    return _frame(rows | placing.columns(points), points, source)


def _key_sites(rows: list[dict[str, Any]], placing: Placing) -> gpd.GeoDataFrame:
    made = pd.DataFrame(rows)
    shapes = np.array(made.pop("geom"), dtype=object)
    return _frame(made.to_dict("list") | placing.columns(shapely.point_on_surface(shapes)), shapes, "demo_key_sites")


def _address_words(city: Governance, buildings: pd.DataFrame) -> dict[str, str]:
    return {u.code: f"{u.name}附近" for u in city.units if u.level == "community"}


def _sources(now: datetime) -> list[dict[str, Any]]:
    told = (
        ("demo_areas", "area", "行政区划（合成）", "Areas (synthetic)", "民政局", None, 0), ("demo_grids", "grid", "网格台账（合成）", "Grid register (synthetic)", "综治中心", 30 * DAY_S, 6 * DAY_S),
        ("demo_unit_cells", "unit_cell", "单元网格（合成）", "Unit cells (synthetic)", "城市管理监督中心", None, 0), ("demo_base", "base_feature", "基础地理（合成）", "Base map (synthetic)", "自然资源局", None, 0),
        ("demo_compounds", "compound", "小区台账（合成）", "Compounds (synthetic)", "住房和城乡建设局", 90 * DAY_S, 20 * DAY_S), ("demo_buildings", "building", "建筑物（合成）", "Buildings (synthetic)", "自然资源局", None, 0),
        ("demo_households", "household_count", "户数统计（合成）", "Household counts (synthetic)", "公安分局户籍", 31 * DAY_S, 12 * DAY_S), ("demo_cameras", "camera", "监控目录（合成）", "Camera catalogue (synthetic)", "区公安分局", DAY_S, 1_800),
        ("demo_services", "service_point", "便民服务网点（合成）", "Service points (synthetic)", "民政局", 30 * DAY_S, 9 * DAY_S), ("demo_components", "component", "部件普查（合成）", "Component survey (synthetic)", "城市管理监督中心", 90 * DAY_S, 140 * DAY_S),
        ("demo_key_sites", "key_site", "重点部位（合成）", "Key sites (synthetic)", "区公安分局", 90 * DAY_S, 30 * DAY_S), ("demo_cases", "cases", "事项（合成）", "Cases (synthetic)", "城市管理监督中心", DAY_S, 120),
    )  # fmt: skip
    return [
        {"name": name, "target": target, "title": title, "title_en": title_en, "owner": owner, "licence": "合成数据 / synthetic", "attribution": "合成数据，非真实 / synthetic, not real",
         "cadence_s": cadence, "synthetic": True, "estimated": False, "data_as_of": now - timedelta(seconds=age)}
        for name, target, title, title_en, owner, cadence, age in told
    ]  # fmt: skip
