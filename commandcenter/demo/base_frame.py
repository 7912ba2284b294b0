"""The base map of the synthetic city as a table: water, green, land use, roads, rail. Stored EPSG:4326, made in EPSG:4550."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.ops
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from commandcenter.demo.fabric import PATTERNS, Fabric
from commandcenter.demo.ground import Ground
from commandcenter.demo.names import lane_name, road_name
from commandcenter.demo.placing import lists, stored

ROAD_ZOOM = {"trunk": 8, "primary": 10, "secondary": 11, "tertiary": 12, "residential": 13}


def base_features(ground: Ground, fabric: Fabric) -> gpd.GeoDataFrame:
    """Every feature of the base map with its theme, class, names and the first zoom it is drawn at."""
    rows: list[dict[str, Any]] = []
    shapes: list[Any] = []

    def add(theme: str, kind: str, zoom: int, shape: Any, name: str | None = None, name_en: str | None = None, bridge: bool = False) -> None:
        rows.append({
            "source_key": f"b{len(rows)}", "theme": theme, "class": kind, "name": name, "name_en": name_en, "min_zoom": zoom,
            "stacking": int(bridge), "is_bridge": bridge, "is_tunnel": False,
        })  # fmt: skip
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
            near = shapely.ops.substring(line, 0.47, 0.57, normalized=True)
            add("rail", "rail", 13, shapely.offset_curve(near, offset, quad_segs=16))
    add("place", "landmark", 12, ground.station, "火车站", "Railway Station")
    return stored(lists(pd.DataFrame(rows)), shapes, "demo_base")


def _park_paths(ground: Ground) -> list[Any]:
    """A round path inside the park and four ways to the lake."""
    middle = ground.park.centroid
    wet = shapely.union_all(ground.lakes)
    ways: list[BaseGeometry] = [ground.park.buffer(-70).exterior, ground.park.buffer(-180).exterior]
    for angle in np.radians([20, 110, 200, 290]):
        outside = Point(middle.x + 900 * np.cos(angle), middle.y + 900 * np.sin(angle))
        ways.append(shapely.LineString([middle, outside]).intersection(ground.park))
    return [p for way in ways for p in shapely.get_parts(shapely.LineString(way.coords).difference(wet)) if p.length > 20]
