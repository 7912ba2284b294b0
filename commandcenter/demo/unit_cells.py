"""Unit cells: urban blocks quartered along their sides into about 10 000 m2; fields stay whole. EPSG:4550."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from commandcenter.demo.fabric import Fabric
from commandcenter.demo.ground import MILLIMETRE, Ground
from commandcenter.demo.parts import Shapes, owner_of

CELL_M2, MOST_CELLS = 10_000.0, 700


class UnitCells(NamedTuple):
    """Cells as parallel lists; a code is its community's and a serial number of three digits."""

    shapes: Shapes
    codes: list[str]
    community: list[str]
    land_use: list[str]


def unit_cells(ground: Ground, community: list[str], fabric: Fabric) -> UnitCells:
    """The cells of a ground whose blocks lie in the given communities, numbered west to east."""
    lines = []
    step = _steps(ground, community)
    for at, block in enumerate(ground.blocks):
        if not ground.urban[at] or fabric.kind[at] == "river" or block.area < 15_000:
            continue
        box = shapely.get_coordinates(block.minimum_rotated_rectangle)
        sides = (box[1] - box[0], box[2] - box[1])
        for side, start, other in ((sides[0], box[0], sides[1]), (sides[1], box[1], -sides[0])):
            pieces = max(1, round(float(np.hypot(*side)) / step[community[at]]))
            for k in range(1, pieces):
                foot = start + side * (k / pieces)
                lines.append(shapely.LineString([foot - other * 0.1, foot + other * 1.1]).intersection(block))
    noded = shapely.unary_union([*(b.boundary for b in ground.blocks), *lines], grid_size=MILLIMETRE)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    owner = owner_of(shapely.point_on_surface(faces), np.array(ground.blocks, dtype=object))
    faces, owner = faces[owner >= 0], owner[owner >= 0]
    faces, owner = _merge_slivers(faces, owner)
    of = np.array([community[b] for b in owner])
    middles = shapely.get_coordinates(shapely.centroid(faces))
    order = np.lexsort((-middles[:, 1], np.round(middles[:, 0] / 80), of))
    codes = [""] * len(faces)
    previous, serial = "", 0
    for i in order:
        serial = serial + 1 if of[i] == previous else 1
        previous = of[i]
        codes[int(i)] = f"{of[i]}{serial:03d}"
    keep = np.array([len(code) == 15 for code in codes])
    kept = [code for code, whole in zip(codes, keep, strict=True) if whole]
    return UnitCells(faces[keep], kept, list(of[keep]), [fabric.kind[b] for b in owner[keep]])


def _steps(ground: Ground, community: list[str]) -> dict[str, float]:
    """How wide the cells of each community are, m: 100, and wider where a serial number of three digits would not do."""
    area: dict[str, float] = {}
    for at, block in enumerate(ground.blocks):
        area[community[at]] = area.get(community[at], 0.0) + (block.area if ground.urban[at] else CELL_M2)
    return {code: 100.0 * max(1.0, (covered / CELL_M2 / MOST_CELLS) ** 0.5) for code, covered in area.items()}


def _merge_slivers(faces: Shapes, owner: NDArray[np.int64]) -> tuple[Shapes, NDArray[np.int64]]:
    """Corners under 2 500 m2 join the neighbour in the same block they share the longest edge with."""
    area = shapely.area(faces)
    target = np.arange(len(faces))
    tree = shapely.STRtree(faces)
    for small in np.flatnonzero(area < 2_500):
        around = [n for n in tree.query(faces[small], predicate="intersects") if n != small and owner[n] == owner[small] and area[n] >= 2_500]
        if around:
            lengths = [shapely.intersection(faces[small].boundary, faces[n].boundary).length for n in around]
            if max(lengths) > 1:
                target[small] = around[int(np.argmax(lengths))]
    merged: list[object] = []
    owners: list[int] = []
    order = np.argsort(target, kind="stable")
    bounds = np.flatnonzero(np.diff(target[order], prepend=-1))
    for start, stop in zip(bounds, [*bounds[1:], len(order)], strict=True):
        group = order[start:stop]
        whole = faces[group[0]] if len(group) == 1 else shapely.coverage_union_all(faces[group])
        if whole.geom_type != "Polygon":
            for g in group:
                merged.append(faces[g])
                owners.append(int(owner[g]))
            continue
        merged.append(whole)
        owners.append(int(owner[group[0]]))
    return np.array(merged, dtype=object), np.array(owners)
