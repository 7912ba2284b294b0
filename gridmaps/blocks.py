"""Which pieces of ground are never cut: blocks between roads, and parts of blocks that hold too many households.

All faces come out of one noding on a 1 mm raster, so neighbours share their vertices and cover the parent exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridmaps.model import MILLIMETRE, Barriers, Faces, Indices, Numbers, Shapes, Sites

OVERSHOOT_M = 0.02  # a cut's end rounded to 1 mm must not stop short of the border it is to meet
ON_LINE_M = 0.005
COST_MAJOR, COST_ROAD, COST_NONE = 0.5, 1.0, 4.0
# A cut is sought among the gaps that leave at least this share on each side.
SMALLEST_SHARE = 0.3
DEEPEST_CUT = 24


def make_faces(parent: shapely.MultiPolygon | shapely.Polygon, sites: Sites, barriers: Barriers, most_households: float) -> Faces:
    """Faces that cover the parent exactly, none with more than ``most_households`` unless one building alone has more."""
    lines = _inside(barriers.lines, parent)
    sites = _inside_sites(sites, parent)
    noded = shapely.union_all([parent.boundary, *lines], grid_size=MILLIMETRE)
    blocks = _polygonized(noded, parent)
    cuts = _cuts(blocks, sites, most_households)
    if len(cuts):
        noded = shapely.union_all([noded, *cuts], grid_size=MILLIMETRE)
        blocks = _polygonized(noded, parent)
    households = np.bincount(face_of(blocks, sites.points), sites.households, len(blocks)).astype(float)
    shared = neighbours(blocks)
    cost_a_metre = np.full(len(shared.length_m), COST_ROAD)
    cost_a_metre[_near(shared.middles, barriers.lines[barriers.major])] = COST_MAJOR
    cost_a_metre[_near(shared.middles, cuts)] = COST_NONE
    border_m = np.bincount(shared.pair, shared.length_m, len(shared.pairs)).astype(float)
    cost = np.bincount(shared.pair, shared.length_m * cost_a_metre, len(shared.pairs)).astype(float)
    return Faces(blocks, households, shared.pairs, border_m, cost)


def face_of(faces: Shapes, points: Shapes) -> Indices:
    """The face each point lies in; a point on a border goes to the first, one outside to the nearest."""
    tree = shapely.STRtree(faces)
    found = np.full(len(points), -1, np.int64)
    point, face = tree.query(points, predicate="intersects")
    found[point[::-1]] = face[::-1]
    lost = np.nonzero(found < 0)[0]
    if len(lost):
        found[lost] = tree.nearest(points[lost])
    return found


@dataclass(frozen=True)
class SharedBorders:
    """Which faces touch along a line: the pairs (a < b), and every shared segment with its pair, length and middle."""

    pairs: Indices
    pair: Indices
    length_m: Numbers
    middles: Shapes


def neighbours(faces: Shapes) -> SharedBorders:
    """The borders that faces (polygons with common vertices on a 1 mm raster) share."""
    rings, ring_face = shapely.get_rings(faces, return_index=True)
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    exact = np.round(coordinates / MILLIMETRE).astype(np.int64)
    same_ring = ring[:-1] == ring[1:]
    start, end = exact[:-1][same_ring], exact[1:][same_ring]
    owner = ring_face[ring[:-1][same_ring]]
    backwards = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    key = np.where(backwards[:, None], np.hstack([end, start]), np.hstack([start, end]))
    order = np.lexsort((owner, key[:, 3], key[:, 2], key[:, 1], key[:, 0]))
    key, owner = key[order], owner[order]
    twin = np.nonzero((key[:-1] == key[1:]).all(axis=1))[0]
    both = np.sort(np.column_stack([owner[twin], owner[twin + 1]]), axis=1)
    segment = key[twin] * MILLIMETRE
    length = np.hypot(segment[:, 2] - segment[:, 0], segment[:, 3] - segment[:, 1])
    differ = both[:, 0] != both[:, 1]
    pairs, which = np.unique(both[differ], axis=0, return_inverse=True)
    middles = shapely.points((segment[differ, :2] + segment[differ, 2:]) / 2)
    return SharedBorders(pairs, which.ravel(), length[differ], np.asarray(middles, dtype=object))


def _inside_sites(sites: Sites, parent: shapely.MultiPolygon | shapely.Polygon) -> Sites:
    shapely.prepare(parent)
    inside = shapely.intersects(parent, sites.points)
    return Sites(sites.points[inside], sites.reach_m[inside], sites.households[inside])


def _inside(lines: Shapes, parent: shapely.MultiPolygon | shapely.Polygon) -> Shapes:
    shapely.prepare(parent)
    touching = lines[shapely.intersects(parent, lines)]
    within = shapely.contains_properly(parent, touching)
    cut = shapely.intersection(touching[~within], parent)
    parts = shapely.get_parts(np.concatenate([touching[within], cut]))
    kept: Shapes = parts[shapely.get_dimensions(parts) == 1]
    return kept


def _polygonized(noded: BaseGeometry, parent: shapely.MultiPolygon | shapely.Polygon) -> Shapes:
    found = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    shapely.prepare(parent)
    return np.asarray(found[shapely.intersects(parent, shapely.point_on_surface(found))], dtype=object)


def _near(points: Shapes, lines: Shapes) -> Indices:
    if len(points) == 0 or len(lines) == 0:
        return np.empty(0, np.int64)
    return np.unique(shapely.STRtree(lines).query(points, predicate="dwithin", distance=ON_LINE_M)[0]).astype(np.int64)


def _cuts(blocks: Shapes, sites: Sites, most: float) -> Shapes:
    """Lines that halve the blocks that hold too much, run between buildings where they can, and reach over both ends."""
    at = shapely.get_coordinates(sites.points)
    block_of = face_of(blocks, sites.points)
    order = np.argsort(block_of, kind="stable")
    starts = np.searchsorted(block_of[order], np.arange(len(blocks) + 1))
    cuts: list[BaseGeometry] = []
    for number, block in enumerate(blocks):
        members = order[starts[number] : starts[number + 1]]
        if len(members) > 1 and sites.households[members].sum() > most:
            _halve(block, at, members, sites, most, cuts, 0)
    return np.array(cuts, dtype=object)


def _halve(
    piece: BaseGeometry, at: Numbers, members: Indices, sites: Sites, most: float, cuts: list[BaseGeometry], depth: int
) -> None:
    if len(members) < 2 or sites.households[members].sum() <= most or depth >= DEEPEST_CUT:
        return
    centred = at[members] - at[members].mean(axis=0)
    direction = np.linalg.svd(centred, full_matrices=False)[2][0]
    along = centred @ direction
    place = _gap(along, sites.reach_m[members], sites.households[members])
    if place is None:
        return
    middle = at[members].mean(axis=0) + direction * place
    across = np.array([-direction[1], direction[0]])
    reach = 2 * float(np.hypot(piece.bounds[2] - piece.bounds[0], piece.bounds[3] - piece.bounds[1])) + 1
    line = shapely.LineString([middle - across * reach, middle + across * reach])
    cuts.extend(_reaching_over(part) for part in shapely.get_parts(shapely.intersection(line, piece)) if part.length > MILLIMETRE)
    for sign in (-1.0, 1.0):
        far = direction * reach * 2 * sign
        corners = [middle - across * reach, middle + across * reach, middle + across * reach + far, middle - across * reach + far]
        half = shapely.intersection(piece, shapely.Polygon(corners))
        _halve(half, at, members[(along - place) * sign > 0], sites, most, cuts, depth + 1)


def _gap(along: Numbers, reach: Numbers, households: Numbers) -> float | None:
    """Where to cut: the widest gap between neighbouring buildings that leaves enough households on both sides."""
    order = np.argsort(along, kind="stable")
    position, radius = along[order], reach[order]
    share = np.cumsum(households[order])[:-1] / max(float(households.sum()), 1e-9)
    gap = (position[1:] - radius[1:]) - (position[:-1] + radius[:-1])
    apart = position[1:] - position[:-1] > 10 * MILLIMETRE
    allowed = apart & (share >= SMALLEST_SHARE) & (share <= 1 - SMALLEST_SHARE)
    if not allowed.any():
        # One building outweighs its neighbours: cut beside it, whatever the shares.
        if not apart.any():
            return None
        allowed = apart & (np.abs(share - 0.5) <= np.abs(share[apart] - 0.5).min() + 1e-12)
    best = int(np.argmax(np.where(allowed, gap, -np.inf)))
    return float((position[best] + radius[best] + position[best + 1] - radius[best + 1]) / 2) if gap[best] > 0 else float(
        (position[best] + position[best + 1]) / 2
    )


def _reaching_over(part: BaseGeometry) -> shapely.LineString:
    ends = shapely.get_coordinates(part)[[0, -1]]
    step = (ends[1] - ends[0]) / np.hypot(*(ends[1] - ends[0])) * OVERSHOOT_M
    return shapely.LineString([ends[0] - step, ends[1] + step])


