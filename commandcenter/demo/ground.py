"""The ground of the synthetic city: outline, river, rail, roads and the blocks between them. Metres in EPSG:4550."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import shapely
import shapely.affinity
import shapely.ops
from numpy.random import Generator
from numpy.typing import NDArray
from shapely import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

CENTRE_E, CENTRE_N = 571_897.0, 5_242_731.0
MILLIMETRE = 0.001
ARTERIAL_SPACING_M = 620.0
BLOCK_M2, FIELD_M2 = 26_000.0, 260_000.0
RIVER_WIDTH_M = 420.0
TURN = math.radians(7.0)  # of the street grid against north
HALF_WIDTH_M = {"trunk": 18.0, "primary": 15.0, "secondary": 11.0, "tertiary": 8.0, "residential": 5.5}


@dataclass(frozen=True)
class Road:
    """A road's centre line with its class and its number among roads of one direction."""

    line: LineString
    road_class: str
    kind: str  # avenue (north-south), street (east-west), ring, diagonal, lane
    number: int
    bridge: bool = False


@dataclass
class Ground:
    """What everything else stands on."""

    size_m: float
    outline: Polygon
    river: MultiPolygon
    lakes: list[BaseGeometry]
    rail: list[LineString]
    station: Point
    roads: list[Road]
    blocks: list[Polygon]
    urban: NDArray[np.bool_]  # per block
    park: Polygon
    lanes: list[Road] = field(default_factory=list)


def make_ground(scale: float, rng: Generator) -> Ground:
    """Ground for a city whose urban part is ``scale`` times as wide as the district's 7 km."""
    size = 3_500.0 * scale
    outline = _outline(size, rng)
    river_line = _river_line(size, rng)
    river = _river(river_line, size, outline, rng)
    park, lakes = _park(size, rng)
    rail = [piece for piece in (_clip(line, outline) for line in _rail(size)) if piece is not None]
    roads = _arterials(size, outline, river, rng)
    roads = [piece for road in roads for piece in _around_park(road, park)]
    cutters = [road.line for road in roads] + rail + [park.exterior]
    super_blocks = _faces(cutters, outline, river)
    lanes: list[Road] = []
    lines = list(cutters)
    for face in super_blocks:
        inside_city = _is_urban(face, size)
        pieces_lines = _subdivide(face, BLOCK_M2 if inside_city else FIELD_M2, rng)
        if face.intersection(park).area > 0.5 * face.area:
            continue
        for depth, line in pieces_lines:
            lines.append(line)
            lanes.append(Road(line, "tertiary" if depth == 0 and inside_city else "residential", "lane", len(lanes)))
    blocks = _faces(lines, outline, river)
    urban = np.array([_is_urban(block, size) for block in blocks])
    station = rail[0].interpolate(0.52, normalized=True)
    return Ground(size, outline, river, lakes, rail, station, roads, blocks, urban, park, lanes)


def _at(x: float, y: float) -> tuple[float, float]:
    return CENTRE_E + x, CENTRE_N + y


def _outline(size: float, rng: Generator) -> Polygon:
    """Straight stretches and corners as borders have them; wide to the south-west, where the fields are."""
    corners = 38
    angles = np.linspace(0, 2 * math.pi, corners, endpoint=False) + rng.uniform(-0.055, 0.055, corners)
    waves = sum(rng.normal(0, 0.025) * np.cos(k * angles + rng.uniform(0, 6.28)) for k in range(2, 6)) + rng.normal(0, 0.018, corners)
    turned = angles - TURN
    squarish = (np.abs(np.cos(turned)) ** 3 + np.abs(np.sin(turned)) ** 3) ** (-1 / 3)
    reach = size * (1.06 * squarish + waves + 0.45 * np.clip(np.cos(angles - math.radians(238)), 0, None) ** 2)
    ring = np.column_stack([CENTRE_E + reach * np.cos(angles), CENTRE_N + reach * np.sin(angles) * 1.04])
    return shapely.set_precision(Polygon(ring), MILLIMETRE)


def _smooth(points: NDArray[np.float64], closed: bool) -> NDArray[np.float64]:
    """Chaikin's corner cutting, twice."""
    for _ in range(2):
        following = np.roll(points, -1, axis=0) if closed else points[1:]
        before = points if closed else points[:-1]
        cut = np.empty((2 * len(before), 2))
        cut[0::2], cut[1::2] = 0.75 * before + 0.25 * following, 0.25 * before + 0.75 * following
        points = cut if closed else np.vstack([points[:1], cut, points[-1:]])
    return points


def _river_line(size: float, rng: Generator) -> LineString:
    north = np.linspace(-1.9, 1.7, 15) * size
    drift = np.cumsum(rng.normal(0, 0.05, 15)) * size
    east = -0.93 * size + 0.12 * size * np.sin(north / size * 2.4) + drift - drift.mean()
    return LineString(_smooth(np.column_stack([CENTRE_E + east, CENTRE_N + north]), closed=False))


def _river(line: LineString, size: float, outline: Polygon, rng: Generator) -> MultiPolygon:
    width = RIVER_WIDTH_M * (0.6 + 0.4 * size / 3_500.0)
    body: BaseGeometry = line.buffer(width / 2)
    arm = shapely.transform(line, lambda xy: np.column_stack([xy[:, 0] + 480 * np.sin((xy[:, 1] - CENTRE_N) / size * 3.1 + 1.2) + 120, xy[:, 1]]))
    body = body.union(arm.buffer(width / 5))
    for share in (0.3, 0.47, 0.66, 0.8):
        isle = line.interpolate(share, normalized=True)
        body = body.difference(shapely.affinity.rotate(shapely.affinity.scale(isle.buffer(width / 5), 0.7, 2.6), rng.uniform(-15, 15)))
    clipped = body.intersection(outline)
    parts = [p for p in shapely.get_parts(clipped) if p.geom_type == "Polygon" and p.area > 5_000]
    return shapely.set_precision(MultiPolygon(parts), MILLIMETRE)


def _park(size: float, rng: Generator) -> tuple[Polygon, list[BaseGeometry]]:
    middle = Point(*_at(-0.28 * size, 0.16 * size))
    park = shapely.affinity.rotate(shapely.affinity.scale(middle.buffer(430), 1.0, 1.25), 12)
    lake = shapely.affinity.scale(Point(middle.x - 60, middle.y + 60).buffer(190), 0.8, 1.5)
    second = shapely.affinity.scale(Point(middle.x + 150, middle.y - 250).buffer(110), 1.4, 0.7)
    isle = Point(middle.x - 60, middle.y + 120).buffer(45)
    return park, [lake.difference(isle), second]


def _rail(size: float) -> list[LineString]:
    north = np.linspace(-1.8, 1.8, 13) * size
    east = 0.62 * size + 0.10 * size * np.sin(north / size * 1.3)
    main = LineString(_smooth(np.column_stack([CENTRE_E + east, CENTRE_N + north]), closed=False))
    return [main]


def _arterials(size: float, outline: Polygon, river: MultiPolygon, rng: Generator) -> list[Road]:
    """A rotated, warped skeleton: every third line is a primary road; a ring and a diagonal cut across."""
    roads: list[Road] = []
    count = int(2 * 1.5 * size / ARTERIAL_SPACING_M)
    along = np.linspace(-1.7, 1.7, 40) * size
    for direction in ("avenue", "street"):
        for number in range(count + 1):
            offset = (number - count / 2) * ARTERIAL_SPACING_M + rng.normal(0, 55)
            bend = 60 * np.sin(along / 1_700 + number * 0.37) + 0.045 * offset * np.cos(along / size * 1.6)
            x, y = (offset + bend, along) if direction == "avenue" else (along, offset + bend)
            east, north = CENTRE_E + x * math.cos(TURN) - y * math.sin(TURN), CENTRE_N + x * math.sin(TURN) + y * math.cos(TURN)
            line = _clip(LineString(np.column_stack([east, north])), outline)
            if line is None:
                continue
            road_class = "primary" if number % 3 == count // 2 % 3 else "secondary"
            roads += _across(line, road_class, direction, number, river, size)
    ring = LineString(shapely.get_coordinates(_city_edge(size, 0.86)))
    roads += _across(ring, "trunk", "ring", 0, river, size, anywhere=True)
    diagonal = _clip(LineString([_at(-0.15 * size, -0.1 * size), _at(0.35 * size, 0.45 * size), _at(1.2 * size, 1.25 * size)]), outline)
    if diagonal is not None:
        roads += _across(diagonal, "primary", "diagonal", 0, river, size)
    return roads


def _around_park(road: Road, park: Polygon) -> list[Road]:
    """No car crosses the park."""
    kept = [p for p in shapely.get_parts(road.line.difference(park)) if p.length > 40]
    return [Road(p, road.road_class, road.kind, road.number, road.bridge) for p in kept]


def _clip(line: LineString, outline: Polygon) -> LineString | None:
    inside = line.intersection(outline)
    parts = [p for p in shapely.get_parts(inside) if p.geom_type == "LineString"]
    return max(parts, key=lambda p: p.length) if parts else None


def _across(line: LineString, road_class: str, kind: str, number: int, river: MultiPolygon, size: float, anywhere: bool = False) -> list[Road]:
    """Land parts of a line; only main roads bridge the river, and outside the city only every primary goes on."""
    bridged = road_class in {"primary", "trunk"} and (number % 2 == 0)
    parts: list[Road] = []
    for piece in shapely.get_parts(line.difference(river)):
        if piece.length < 40:
            continue
        if road_class == "secondary" and not anywhere:
            piece = piece.intersection(_city_edge(size, 0.97))
            for kept in shapely.get_parts(piece):
                if kept.geom_type == "LineString" and kept.length > 60:
                    parts.append(Road(kept, road_class, kind, number))
            continue
        parts.append(Road(piece, road_class, kind, number))
    if bridged:
        for deck in shapely.get_parts(line.intersection(river)):
            if deck.geom_type == "LineString" and deck.length < 1_400:
                parts.append(Road(deck, road_class, kind, number, bridge=True))
    return parts


def _city_edge(size: float, share: float) -> Polygon:
    """The edge of the built city, drawn in by a share: a square with round corners, turned like its streets."""
    angles = np.linspace(0, 2 * math.pi, 96, endpoint=False)
    x, y = (np.sign(f) * np.abs(f) ** (2 / 3) * share * size for f in (np.cos(angles), np.sin(angles)))
    x, y = x * 0.98 + 0.06 * size, y + 0.05 * size
    return Polygon(np.column_stack([CENTRE_E + x * math.cos(TURN) - y * math.sin(TURN), CENTRE_N + x * math.sin(TURN) + y * math.cos(TURN)]))


def _is_urban(face: Polygon, size: float) -> bool:
    spot = face.representative_point()
    e, n = (spot.x - CENTRE_E) / size, (spot.y - CENTRE_N) / size
    x, y = e * math.cos(TURN) + n * math.sin(TURN), -e * math.sin(TURN) + n * math.cos(TURN)
    return e > -0.95 and abs((x - 0.06) / 0.98) ** 3 + abs(y - 0.05) ** 3 < 0.97**3


def _faces(lines: list[LineString], outline: Polygon, river: MultiPolygon) -> list[Polygon]:
    edges = [*lines, outline.exterior, *(ring for part in shapely.get_parts(river) for ring in (part.exterior, *part.interiors))]
    noded = shapely.unary_union(edges, grid_size=MILLIMETRE)
    faces = shapely.get_parts(shapely.polygonize([noded]))
    spots = shapely.point_on_surface(faces)
    shapely.prepare(outline)
    return [f for f, ok in zip(faces, shapely.contains(outline, spots), strict=True) if ok]


def _subdivide(face: Polygon, target_m2: float, rng: Generator) -> list[tuple[int, LineString]]:
    """Streets that cut a face across its longer side until its parts are about the target size."""
    found: list[tuple[int, LineString]] = []
    stack = [(face, 0)]
    while stack:
        part, depth = stack.pop()
        if part.area < target_m2 * rng.uniform(1.25, 1.9) or depth > 9:
            continue
        box = shapely.get_coordinates(part.minimum_rotated_rectangle)
        first, second = box[1] - box[0], box[2] - box[1]
        long_side, start = (first, box[0]) if np.hypot(*first) > np.hypot(*second) else (second, box[1])
        other = second if long_side is first else -first
        share = rng.uniform(0.42, 0.58)
        foot = start + share * long_side
        tilt = rng.normal(0, 0.03) * long_side
        cut = LineString([foot - 0.2 * other - tilt, foot + 1.2 * other + tilt])
        inside = [p for p in shapely.get_parts(part.intersection(cut)) if p.geom_type == "LineString"]
        if not inside:
            continue
        halves = [p for p in shapely.get_parts(shapely.ops.split(part, cut)) if p.geom_type == "Polygon"]
        if len(halves) < 2:
            continue
        found += [(depth, piece) for piece in inside]
        stack += [(half, depth + 1) for half in halves]
    return found
