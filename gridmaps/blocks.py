"""Which pieces of ground are never cut: blocks between roads, and parts of blocks that hold too many households.

All faces come out of one noding on a 1 mm raster, so neighbours share their vertices and cover the parent exactly.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

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
    noded = shapely.union_all([parent.boundary, *lines], grid_size=MILLIMETRE)
    blocks = _polygonized(noded, parent)
    cuts = _cuts(blocks, sites, most_households)
    if len(cuts):
        noded = shapely.union_all([noded, *cuts], grid_size=MILLIMETRE)
        blocks = _polygonized(noded, parent)
    households = np.bincount(face_of(blocks, sites.points), sites.households, len(blocks))
    pairs, border_m, middles = neighbours(blocks)
    cost = np.full(len(pairs), COST_ROAD)
    at, share = middles
    cost_of_edge = np.full(len(share), COST_ROAD)
    cost_of_edge[_near(at, barriers.lines[barriers.major])] = COST_MAJOR
    if len(cuts):
        cost_of_edge[_near(at, cuts)] = COST_NONE
    total = np.bincount(share[:, 0].astype(int), share[:, 1] * cost_of_edge, len(pairs)) if len(pairs) else np.empty(0)
    cost = total if len(pairs) else cost
    return Faces(blocks, households, pairs, border_m, cost)


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


def neighbours(faces: Shapes) -> tuple[Indices, Numbers, tuple[Shapes, Numbers]]:
    """Pairs of faces that share border, its length, and the middle of each shared segment with (pair, length)."""
    polygons = shapely.get_parts(faces)
    coordinates, ring = shapely.get_coordinates(shapely.get_rings(polygons), return_index=True)
    ring_face = shapely.get_rings(polygons, return_index=True)[1]
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
    middle = shapely.points((segment[:, :2] + segment[:, 2:]) / 2)
    differ = both[:, 0] != both[:, 1]
    both, length, middle = both[differ], length[differ], middle[differ]
    if len(both) == 0:
        return np.empty((0, 2), np.int64), np.empty(0), (np.empty(0, object), np.empty((0, 2)))
    pairs, which = np.unique(both, axis=0, return_inverse=True)
    which = which.ravel()
    return pairs, np.bincount(which, length), (middle, np.column_stack([which, length]))


def _inside(lines: Shapes, parent: shapely.MultiPolygon | shapely.Polygon) -> Shapes:
    shapely.prepare(parent)
    touching = lines[shapely.intersects(parent, lines)]
    within = shapely.contains_properly(parent, touching)
    cut = shapely.intersection(touching[~within], parent)
    parts = shapely.get_parts(np.concatenate([touching[within], cut]))
    kept: Shapes = parts[shapely.get_dimensions(parts) == 1]
    return kept


def _polygonized(noded: shapely.Geometry, parent: shapely.MultiPolygon | shapely.Polygon) -> Shapes:
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
    cuts: list[shapely.Geometry] = []
    for number, block in enumerate(blocks):
        members = order[starts[number] : starts[number + 1]]
        if len(members) > 1 and sites.households[members].sum() > most:
            _halve(block, at, members, sites, most, cuts, 0)
    return np.array(cuts, dtype=object)


def _halve(
    piece: shapely.Geometry, at: Numbers, members: Indices, sites: Sites, most: float, cuts: list[shapely.Geometry], depth: int
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


def _reaching_over(part: shapely.Geometry) -> shapely.LineString:
    ends = shapely.get_coordinates(part)[[0, -1]]
    step = (ends[1] - ends[0]) / np.hypot(*(ends[1] - ends[0])) * OVERSHOOT_M
    return shapely.LineString([ends[0] - step, ends[1] + step])


