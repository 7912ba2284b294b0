"""A connected set of polygons parted into pieces of balanced weight: neighbours, METIS, and the repair of what METIS leaves. EPSG:4550."""

from __future__ import annotations

import numpy as np
import pymetis
import shapely
from numpy.typing import NDArray

from commandcenter.demo.ground import MILLIMETRE

SHARED_EDGE_M = 1.0
Shapes = NDArray[np.object_]
Links = list[NDArray[np.int64]]
Labels = NDArray[np.int64]


def neighbours(shapes: Shapes) -> Links:
    """For each polygon of a noded coverage those it shares more than a corner with: same segment, other polygon."""
    rings, owner = shapely.get_rings(shapes, return_index=True)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    inside = ring[1:] == ring[:-1]
    grid = np.round(corners / MILLIMETRE).astype(np.int64)
    start, stop, polygon = grid[:-1][inside], grid[1:][inside], owner[ring[:-1][inside]]
    swap = (start[:, 0] > stop[:, 0]) | ((start[:, 0] == stop[:, 0]) & (start[:, 1] > stop[:, 1]))
    ends = np.where(swap[:, None], np.hstack([stop, start]), np.hstack([start, stop]))
    order = np.lexsort(ends.T)
    ends, polygon = ends[order], polygon[order]
    same = (ends[1:] == ends[:-1]).all(axis=1) & (polygon[1:] != polygon[:-1])
    length = np.hypot(*(ends[:, 2:] - ends[:, :2]).T)[:-1][same] * MILLIMETRE
    pairs = np.sort(np.column_stack([polygon[:-1][same], polygon[1:][same]]), axis=1)
    pairs, which = np.unique(pairs, axis=0, return_inverse=True)
    left, right = pairs[np.bincount(which.ravel(), weights=length) > SHARED_EDGE_M].T
    both = np.concatenate([left, right]), np.concatenate([right, left])
    order = np.argsort(both[0], kind="stable")
    bounds = np.searchsorted(both[0][order], np.arange(len(shapes) + 1))
    others = both[1][order]
    return [others[bounds[i] : bounds[i + 1]] for i in range(len(shapes))]


def divide(
    members: NDArray[np.int64], links: Links, weights: NDArray[np.int64], parts: int, shares: list[float] | None = None
) -> Labels:
    """Part numbers of members (a connected set), each part in one piece, weights balanced. METIS with a fixed seed."""
    if parts <= 1 or len(members) <= parts:
        return np.zeros(len(members), dtype=np.int64) if parts <= 1 else np.arange(len(members)) % parts
    place = {int(m): i for i, m in enumerate(members)}
    adjacency = [[place[int(n)] for n in links[m] if int(n) in place] for m in members]
    options = pymetis.Options(seed=1, contig=1, ncuts=3)
    pieces = components(adjacency)
    if pieces.max() > 0:
        adjacency = joined(adjacency, pieces)
    own = [int(w) for w in weights[members]]
    _, labels = pymetis.part_graph(parts, adjacency, vweights=own, options=options, recursive=False, tpwgts=shares)
    return np.array(labels)


def components(adjacency: list[list[int]]) -> Labels:
    """The number of the connected piece each node belongs to."""
    seen = np.full(len(adjacency), -1)
    count = 0
    for start in range(len(adjacency)):
        if seen[start] >= 0:
            continue
        stack = [start]
        seen[start] = count
        while stack:
            for other in adjacency[stack.pop()]:
                if seen[other] < 0:
                    seen[other] = count
                    stack.append(other)
        count += 1
    return seen


def joined(adjacency: list[list[int]], pieces: NDArray[np.int64]) -> list[list[int]]:
    """Islands tied to the main piece by one artificial edge, so that METIS accepts the graph."""
    main = int(np.argmax(np.bincount(pieces)))
    anchor = int(np.flatnonzero(pieces == main)[0])
    for piece in range(pieces.max() + 1):
        if piece != main:
            first = int(np.flatnonzero(pieces == piece)[0])
            adjacency[first] = [*adjacency[first], anchor]
            adjacency[anchor] = [*adjacency[anchor], first]
    return adjacency


def west_to_east(shapes: Shapes, labels: Labels) -> Labels:
    """Labels renumbered west to east, then north to south."""
    middles = shapely.get_coordinates(shapely.centroid(shapes))
    count = int(labels.max()) + 1
    x = np.array([middles[labels == k, 0].mean() if (labels == k).any() else 0 for k in range(count)])
    y = np.array([middles[labels == k, 1].mean() if (labels == k).any() else 0 for k in range(count)])
    rank = np.empty(count, dtype=np.int64)
    rank[np.lexsort((-y, np.round(x / 250)))] = np.arange(count)
    renumbered: Labels = rank[labels]
    return renumbered


def owner_of(points: Shapes, polygons: Shapes) -> Labels:
    """Index of the polygon that holds each point, -1 outside."""
    tree = shapely.STRtree(polygons)
    at, inside = tree.query(points, predicate="intersects")
    owner = np.full(len(points), -1)
    owner[at[::-1]] = inside[::-1]
    return owner


def apart(labels: Labels, members: NDArray[np.int64], links: Links) -> Labels:
    """Labels in which every piece that is still cut off has become a grid of its own."""
    place = {int(m): i for i, m in enumerate(members)}
    fresh = labels.copy()
    following = int(labels.max()) + 1
    for k in np.unique(labels):
        mine = np.flatnonzero(labels == k)
        local = {int(i): j for j, i in enumerate(mine)}
        pieces = components([[local[place[int(n)]] for n in links[members[i]] if int(n) in place and place[int(n)] in local] for i in mine])
        for piece in range(1, int(pieces.max()) + 1):
            fresh[mine[pieces == piece]] = following
            following += 1
    return fresh


def exactly(labels: Labels, members: NDArray[np.int64], links: Links, weight: NDArray[np.int64], count: int) -> Labels:
    """The same grids, the heaviest parted or the lightest joined until there are ``count``."""
    place = {int(m): i for i, m in enumerate(members)}
    labels = labels.copy()
    for _ in range(10 * len(members)):
        names, inverse = np.unique(labels, return_inverse=True)
        load = np.bincount(inverse, weights=weight[members])
        if len(names) == count:
            break
        if len(names) < count:
            sizes = np.bincount(inverse)
            for k in np.argsort(-np.where(sizes > 1, load, -1)):
                mine = np.flatnonzero(inverse == k)
                halves = divide(members[mine], links, weight + 1, 2)
                if len(np.unique(halves)) == 2:
                    labels[mine[halves == 1]] = labels.max() + 1
                    break
        else:
            for k in np.argsort(load):
                mine = np.flatnonzero(inverse == k)
                around = {int(labels[place[int(n)]]) for i in mine for n in links[members[i]] if int(n) in place} - {int(names[k])}
                if around:
                    labels[inverse == k] = min(around, key=lambda other: load[np.searchsorted(names, other)])
                    break
    return labels


def one_piece(members: NDArray[np.int64], labels: Labels, links: Links, atoms: Shapes, count: int) -> Labels:
    """Atoms cut off from the main piece of their grid join the neighbour they border."""
    place = {int(m): i for i, m in enumerate(members)}
    for _ in range(12):
        moved = 0
        for k in range(count):
            mine = np.flatnonzero(labels == k)
            if len(mine) < 2:
                continue
            local = {int(i): j for j, i in enumerate(mine)}
            adjacency = [[local[place[int(n)]] for n in links[members[i]] if int(n) in place and place[int(n)] in local] for i in mine]
            pieces = components(adjacency)
            main = int(np.argmax(np.bincount(pieces)))
            for j in np.flatnonzero(pieces != main):
                around = [labels[place[int(n)]] for n in links[members[mine[j]]] if int(n) in place and labels[place[int(n)]] != k]
                if around:
                    labels[mine[j]] = around[0]
                    moved += 1
        if moved == 0:
            break
    return labels
