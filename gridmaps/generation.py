"""Areas and household grids of a city that brings no polygons: made from its buildings and roads, and marked generated.

The tree is cut from the top: city, districts, streets, communities, grids. All levels are unions of the same faces, so
they nest exactly. Everything is in the city's metric CRS and repeats for the same seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely

from commandcenter.city import City
from gridmaps import codes
from gridmaps.blocks import make_faces
from gridmaps.model import AreaLevel, AreaPiece, Barriers, Faces, GridPiece, Shapes, Sites
from gridmaps.partition import Graph, divide, divide_within

LEVEL_NAMES: dict[AreaLevel, tuple[str, str]] = {
    "city": ("市", "City"),
    "district": ("区", "District"),
    "street": ("街道", "Quarter"),
    "community": ("社区", "Community"),
}
BELOW: dict[AreaLevel, AreaLevel] = {"city": "district", "district": "street", "street": "community"}


@dataclass(frozen=True)
class RoadNames:
    """Where named roads run, for naming the areas they run through: one midpoint, name and length (m) a road."""

    points: Shapes
    names: list[str]
    length_m: list[float]


@dataclass(frozen=True)
class GeneratedCity:
    """All generated areas, parents first, and all grids."""

    areas: list[AreaPiece]
    grids: list[GridPiece]


def generate(
    city: City,
    outline: shapely.MultiPolygon,
    sites: Sites,
    barriers: Barriers,
    road_names: RoadNames,
    progress: Callable[[str], None] = lambda _: None,
) -> GeneratedCity:
    """Districts, streets, communities and grids over an outline. Raises CodesExhausted when the grammar has no room."""
    rule = city.generated
    progress("划分街块 / cutting blocks")
    faces = make_faces(outline, sites, barriers, (rule.grid_high - rule.grid_low) * 0.4)
    progress(f"划分网格 / dividing {len(faces):,} faces")
    return _Maker(city, faces, road_names).make()


class _Maker:
    def __init__(self, city: City, faces: Faces, road_names: RoadNames) -> None:
        self._city = city
        self._faces = faces
        self._real = Graph.of(faces)
        self._bridged = _bridged(faces, self._real)
        self._centre = shapely.get_coordinates(shapely.centroid(faces.shapes))
        self._namer = _Namer(road_names)
        self._areas: list[AreaPiece] = []
        self._grids: list[GridPiece] = []
        rule = city.generated
        self._size = {"district": rule.district_households, "street": rule.street_households, "community": rule.community_households}

    def make(self) -> GeneratedCity:
        members = list(range(len(self._faces)))
        self._add("city", self._city.code, None, members, (self._city.name, self._city.name_en))
        self._descend("city", self._city.code, members)
        return GeneratedCity(self._areas, self._grids)

    def _descend(self, level: AreaLevel, code: str, members: list[int]) -> None:
        if level == "community":
            self._make_grids(code, members)
            return
        below = BELOW[level]
        size = self._size[below]
        total = float(self._faces.households[members].sum())
        parts = divide(self._bridged, members, self._faces.households, max(1, round(total / size)), self._city.generated.seed)
        parts = self._in_reading_order(parts)
        names = self._namer.names(below, [self._union(part) for part in parts])
        for part, part_code, name in zip(parts, codes.issue(self._city.grammar[below], code, len(parts)), names, strict=True):
            self._add(below, part_code, code, part, name)
            self._descend(below, part_code, part)

    def _make_grids(self, code: str, members: list[int]) -> None:
        rule = self._city.generated
        made: list[list[int]] = []
        for piece in self._real.components(members):
            made += divide_within(self._real, sorted(piece), self._faces.households, rule.grid_low, rule.grid_high, rule.seed)
        made = self._in_reading_order(made)
        for group, grid_code in zip(made, codes.issue(self._city.grammar["grid"], code, len(made)), strict=True):
            households = round(float(self._faces.households[group].sum()))
            shape = self._union(group)
            kind: Literal["basic", "special"] = "basic" if rule.grid_low <= households <= rule.grid_high else "special"
            self._grids.append(GridPiece(kind, grid_code, code, households, shape.geoms[0]))

    def _add(self, level: AreaLevel, code: str, parent: str | None, members: list[int], name: tuple[str, str]) -> None:
        households = round(float(self._faces.households[members].sum()))
        self._areas.append(AreaPiece(level, code, parent, *name, households, self._union(members)))

    def _union(self, members: list[int]) -> shapely.MultiPolygon:
        whole = shapely.coverage_union_all(self._faces.shapes[members])
        return shapely.MultiPolygon([part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"])

    def _in_reading_order(self, parts: list[list[int]]) -> list[list[int]]:
        at = np.array([self._centre[part].mean(axis=0) for part in parts])
        span = np.ptp(at[:, 1]) if len(at) > 1 else 1.0
        order = codes.reading_order(at[:, 0], at[:, 1], max(1.0, span / max(1.0, np.sqrt(len(parts)))))
        return [parts[at] for at in order]


class _Namer:
    """Names areas after the road that runs longest in them."""

    def __init__(self, roads: RoadNames) -> None:
        self._roads = roads
        self._tree = shapely.STRtree(roads.points)
        self._used: dict[str, int] = {}

    def names(self, level: AreaLevel, shapes: list[shapely.MultiPolygon]) -> list[tuple[str, str]]:
        zh, en = LEVEL_NAMES[level]
        return [self._unique(self._longest(shape), zh, en) for shape in shapes]

    def _longest(self, shape: shapely.MultiPolygon) -> str | None:
        length: dict[str, float] = {}
        for at in self._tree.query(shape, predicate="intersects"):
            name = self._roads.names[at]
            length[name] = length.get(name, 0.0) + self._roads.length_m[at]
        return max(length, key=lambda name: (length[name], name)) if length else None

    def _unique(self, road: str | None, zh: str, en: str) -> tuple[str, str]:
        base = f"{road} {en}" if road else en
        self._used[base] = serial = self._used.get(base, 0) + 1
        number = f" {serial}" if serial > 1 or road is None else ""
        return (f"{road} {zh}{number}" if road else f"{zh}{number}"), f"{base}{number}"


def _bridged(faces: Faces, real: Graph) -> Graph:
    """The graph with the parts that water divides joined at their nearest faces: an area may have several parts, a grid not."""
    pieces = real.components(range(len(faces)))
    graph = Graph.of(faces)
    joined = list(pieces[0])
    for piece in sorted(pieces[1:], key=lambda p: (-len(p), min(p))):
        tree = shapely.STRtree(faces.shapes[joined])
        here, there = tree.query_nearest(faces.shapes[piece], all_matches=False)
        gaps = shapely.distance(faces.shapes[np.array(piece)[here]], faces.shapes[np.array(joined)[there]])
        best = int(np.argmin(gaps))
        a, b = piece[here[best]], joined[there[best]]
        graph.near[a][b] = graph.near[b][a] = 1.0
        joined += piece
    return graph
