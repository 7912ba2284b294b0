"""What is built on each block: its land use, its buildings with levels and households, and the atoms grids are made of. EPSG:4550."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
import shapely.affinity
import shapely.ops
from numpy.random import Generator
from numpy.typing import NDArray
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from commandcenter.demo.ground import CENTRE_E, CENTRE_N, HALF_WIDTH_M, Ground

ATOM_HOUSEHOLDS = 60
SETBACK_M, PAVEMENT_M, RAIL_M = 11.0, 5.0, 16.0


@dataclass(frozen=True)
class Pattern:
    """How one kind of block is filled: a building's size, the gaps, levels, households per level and 18 m of front."""

    use: str
    land_use: str
    depth_m: tuple[float, float]
    length_m: tuple[float, float]
    gap_across_m: float
    gap_along_m: float
    levels: tuple[int, int]
    households: float  # per level and building front of 18 m
    fill: float  # share of sites that are built


PATTERNS = {
    "slab": Pattern("residential", "residential", (11, 13), (44, 66), 21, 11, (5, 7), 2.0, 0.97),
    "tower": Pattern("residential", "residential", (18, 22), (26, 34), 38, 26, (16, 24), 2.2, 0.95),
    "courtyard": Pattern("residential", "residential", (7, 9), (14, 24), 9, 5, (1, 1), 1.0, 0.88),
    "commercial": Pattern("commercial", "commercial", (28, 40), (36, 60), 16, 14, (3, 9), 0.0, 0.9),
    "office": Pattern("office", "commercial", (20, 26), (34, 46), 26, 22, (8, 24), 0.0, 0.85),
    "industrial": Pattern("industrial", "industrial", (26, 44), (60, 120), 18, 16, (1, 2), 0.0, 0.85),
    "education": Pattern("education", "education", (14, 18), (46, 70), 34, 18, (3, 5), 0.0, 0.6),
    "medical": Pattern("medical", "medical", (18, 24), (44, 64), 26, 18, (5, 14), 0.0, 0.8),
    "public": Pattern("public", "public", (20, 28), (40, 60), 30, 24, (3, 8), 0.0, 0.7),
    "village": Pattern("residential", "residential", (8, 10), (11, 15), 16, 9, (1, 1), 0.8, 0.72),
}


@dataclass
class Fabric:
    """Blocks with their uses; buildings as parallel arrays; cut lines that part blocks into atoms."""

    kind: list[str]  # per block: a pattern's name, or river, park, farmland, green, square
    footprints: NDArray[np.object_]
    pattern: list[str]
    block_of: NDArray[np.int64]
    levels: NDArray[np.int64]
    households: NDArray[np.int64]
    cuts: list[LineString]
    angle: NDArray[np.float64]  # per block, radians


def make_fabric(ground: Ground, rng: Generator, most: int | None = None) -> Fabric:
    """Fill every block of the ground; of more than ``most`` buildings some are left out, here and there."""
    kinds = _kinds(ground, rng)
    shapes: list[NDArray[np.object_]] = []
    owners: list[NDArray[np.int64]] = []
    levels: list[NDArray[np.int64]] = []
    households: list[NDArray[np.int64]] = []
    names: list[str] = []
    angles = np.zeros(len(ground.blocks))
    streets = _street_space(ground)
    for at, (block, kind) in enumerate(zip(ground.blocks, kinds, strict=True)):
        angles[at] = _southward(block)
        if kind not in PATTERNS:
            continue
        pattern = PATTERNS[kind]
        built = _fill(_plot(block, streets), pattern, angles[at], rng)
        if len(built) == 0:
            continue
        height = np.full(len(built), rng.integers(pattern.levels[0], pattern.levels[1] + 1))
        if kind in {"commercial", "office", "tower"}:
            height = rng.integers(pattern.levels[0], pattern.levels[1] + 1, len(built))
        fronts = np.sqrt(shapely.area(built) * 2.5) / 18 if pattern.households else np.zeros(len(built))
        shapes.append(built)
        owners.append(np.full(len(built), at))
        levels.append(height)
        homes = np.round(fronts * pattern.households * height * rng.uniform(0.85, 1.05, len(built)))
        households.append(np.maximum(homes, 1 if pattern.households else 0).astype(np.int64))
        names += [kind] * len(built)
    count = len(names)
    kept = np.arange(count) if most is None or count <= most else np.sort(rng.choice(count, most, replace=False))
    fabric = Fabric(
        kinds, np.concatenate(shapes)[kept], [names[i] for i in kept], np.concatenate(owners)[kept], np.concatenate(levels)[kept],
        np.minimum(np.concatenate(households), 110)[kept], [], angles,
    )  # fmt: skip
    fabric.cuts = _atoms(ground, fabric)
    return fabric


def _kinds(ground: Ground, rng: Generator) -> list[str]:
    """A use for each block: commerce in the middle and along main roads, works in the south-east, old houses around the centre, towers outside."""
    spots = shapely.point_on_surface(np.array(ground.blocks, dtype=object))
    x, y = (shapely.get_x(spots) - CENTRE_E) / ground.size_m, (shapely.get_y(spots) - CENTRE_N) / ground.size_m
    areas = shapely.area(ground.blocks)
    in_river = shapely.contains(ground.river, spots)
    in_park = shapely.contains(ground.park, spots)
    centres = rng.uniform(-0.7, 0.7, (5, 2))
    dice = rng.random(len(areas))
    far = np.hypot(x - 0.02, y)
    kinds = []
    for i in range(len(areas)):
        near_works = min(np.hypot(x[i] - 0.55, y[i] + 0.55), np.hypot(x[i] + 0.55, y[i] + 0.5)) < 0.2
        near_sub = np.min(np.hypot(centres[:, 0] - x[i], centres[:, 1] - y[i])) < 0.09
        if in_river[i]:
            kinds.append("river")
        elif in_park[i]:
            kinds.append("park")
        elif not ground.urban[i]:
            kinds.append("village" if dice[i] < 0.07 and areas[i] < 400_000 else "green" if dice[i] < 0.12 else "farmland")
        elif areas[i] < 2_500:
            kinds.append("green")
        elif near_works:
            kinds.append("industrial")
        elif dice[i] < 0.035:
            kinds.append("education")
        elif dice[i] < 0.045:
            kinds.append("medical")
        elif dice[i] < 0.07:
            kinds.append("public")
        elif dice[i] < 0.10:
            kinds.append("green")
        elif far[i] < 0.13:
            kinds.append("commercial" if dice[i] < 0.5 else "office" if dice[i] < 0.75 else "slab")
        elif near_sub:
            kinds.append("commercial" if dice[i] < 0.55 else "tower")
        elif far[i] < 0.55:
            kinds.append("courtyard" if dice[i] < 0.2 else "commercial" if dice[i] < 0.26 else "slab" if dice[i] < 0.92 else "tower")
        elif far[i] < 0.85:
            kinds.append("tower" if dice[i] < 0.34 else "slab" if dice[i] < 0.84 else "courtyard" if dice[i] < 0.93 else "commercial")
        else:
            kinds.append("industrial" if dice[i] < 0.32 else "courtyard" if dice[i] < 0.62 else "tower" if dice[i] < 0.78 else "green")
    return kinds


def _southward(block: Polygon) -> float:
    """The angle of rows: along the block's sides, the pair nearest to east-west (slabs face south), radians."""
    box = shapely.get_coordinates(block.minimum_rotated_rectangle)
    if len(box) < 4:
        return 0.0
    angle = math.atan2(*(box[1] - box[0])[::-1])
    return (angle + math.pi / 4) % (math.pi / 2) - math.pi / 4


def _street_space(ground: Ground) -> shapely.STRtree:
    """What wide roads and the railway take of the blocks beside them: a block ends at the middle of its roads."""
    lines = [(road.line, HALF_WIDTH_M[road.road_class] + PAVEMENT_M) for road in ground.roads] + [(line, RAIL_M) for line in ground.rail]
    # Stretch by stretch: the box of a whole avenue would meet half the city.
    return shapely.STRtree(
        [LineString(ends).buffer(reach) for line, reach in lines for ends in pairwise(shapely.get_coordinates(shapely.segmentize(line, 400)))]
    )


def _plot(block: Polygon, streets: shapely.STRtree) -> BaseGeometry:
    """The part of a block that may be built on."""
    beside = streets.geometries[streets.query(block)]
    inner = block.buffer(-SETBACK_M)
    return inner.difference(shapely.union_all(beside)) if len(beside) else inner


def _fill(inner: BaseGeometry, pattern: Pattern, angle: float, rng: Generator) -> NDArray[np.object_]:
    if inner.is_empty:
        return np.empty(0, dtype=object)
    depth, length = rng.uniform(*pattern.depth_m), rng.uniform(*pattern.length_m)
    turned = shapely.affinity.rotate(inner, -angle, origin=(0, 0), use_radians=True)
    west, south, east, north = turned.bounds
    step_x, step_y = length + pattern.gap_along_m, depth + pattern.gap_across_m
    columns, rows = max(1, int((east - west + pattern.gap_along_m) / step_x)), max(1, int((north - south + pattern.gap_across_m) / step_y))
    spare_x = (east - west - columns * step_x + pattern.gap_along_m) / 2
    spare_y = (north - south - rows * step_y + pattern.gap_across_m) / 2
    left = west + spare_x + step_x * np.arange(columns)
    low = south + spare_y + step_y * np.arange(rows)
    gx, gy = (a.ravel() for a in np.meshgrid(left, low))
    shift = rng.uniform(-1.5, 1.5, (2, len(gx)))
    stretch = rng.uniform(0.8, 1.0, len(gx))
    boxes = shapely.box(gx + shift[0], gy + shift[1], gx + shift[0] + length * stretch, gy + shift[1] + depth)
    shapely.prepare(turned)
    kept: NDArray[np.object_] = boxes[shapely.covers(turned, boxes) & (rng.random(len(boxes)) < pattern.fill)]
    if len(kept) == 0:
        return kept
    cosine, sine = math.cos(angle), math.sin(angle)

    def back(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = xy.T
        return np.column_stack([x * cosine - y * sine, x * sine + y * cosine]).round(3)

    return shapely.transform(kept, back)


def _atoms(ground: Ground, fabric: Fabric) -> list[LineString]:
    """Lines between building rows that part populous blocks until no part holds more than some 60 households."""
    cuts: list[LineString] = []
    order = np.argsort(fabric.block_of, kind="stable")
    starts = np.searchsorted(fabric.block_of[order], np.arange(len(ground.blocks) + 1))
    centres = shapely.get_coordinates(shapely.centroid(fabric.footprints))
    for at, block in enumerate(ground.blocks):
        mine = order[starts[at] : starts[at + 1]]
        if fabric.households[mine].sum() <= ATOM_HOUSEHOLDS:
            continue
        cosine, sine = math.cos(fabric.angle[at]), math.sin(fabric.angle[at])
        x = centres[mine, 0] * cosine + centres[mine, 1] * sine
        y = -centres[mine, 0] * sine + centres[mine, 1] * cosine
        stack = [(block, np.arange(len(mine)))]
        while stack:
            part, inside = stack.pop()
            weight = fabric.households[mine[inside]]
            if weight.sum() <= ATOM_HOUSEHOLDS or len(inside) < 2:
                continue
            cut = _best_gap(x[inside], y[inside], weight)
            if cut is None:
                continue
            axis, level = cut
            reach = 5_000.0
            centre = (x[inside].mean(), y[inside].mean())
            local = [(level, centre[1] + e) if axis == "x" else (centre[0] + e, level) for e in (-reach, reach)]
            line = LineString([(a * cosine - b * sine, a * sine + b * cosine) for a, b in local])
            pieces = [p for p in shapely.get_parts(part.intersection(line)) if p.geom_type == "LineString"]
            halves = [p for p in shapely.get_parts(shapely.ops.split(part, line)) if p.geom_type == "Polygon"]
            if len(halves) != 2:
                continue
            cuts += pieces
            below = (x[inside] if axis == "x" else y[inside]) < level
            first_is_below = _local(halves[0], cosine, sine, axis) < _local(halves[1], cosine, sine, axis)
            lower, upper = halves if first_is_below else halves[::-1]
            stack += [(lower, inside[below]), (upper, inside[~below])]
    return cuts


def _local(part: Polygon, cosine: float, sine: float, axis: str) -> float:
    middle = part.centroid
    return middle.x * cosine + middle.y * sine if axis == "x" else -middle.x * sine + middle.y * cosine


def _best_gap(x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.int64]) -> tuple[str, float] | None:
    """The gap between neighbours that parts the households most evenly; gaps under 8 m are walls."""
    best: tuple[float, str, float] | None = None
    for axis, values in (("y", y), ("x", x)):
        order = np.argsort(values)
        steps = np.diff(values[order])
        wide = np.flatnonzero(steps > 8.0)
        if len(wide) == 0:
            continue
        share = np.cumsum(weight[order])[wide] / weight.sum()
        pick = int(np.argmin(np.abs(share - 0.5)))
        level = float(values[order][wide[pick]] + steps[wide[pick]] / 2)
        candidate = (abs(float(share[pick]) - 0.5) + (0.05 if axis == "x" else 0.0), axis, level)
        if best is None or candidate < best:
            best = candidate
    return None if best is None else (best[1], best[2])
