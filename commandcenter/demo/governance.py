"""How the city is divided: blocks into communities, streets and districts that nest exactly; atoms into household grids; unit cells. EPSG:4550."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pymetis
import shapely
from numpy.random import Generator
from numpy.typing import NDArray

from commandcenter.demo.fabric import Fabric
from commandcenter.demo.ground import MILLIMETRE, Ground
from commandcenter.demo.names import DISTRICTS, LONGSHA, RURAL_STREET, pair

COMMUNITY_HOUSEHOLDS = 3_400
GRID_LOW, GRID_HIGH = 100, 200
SHARED_EDGE_M = 1.0
Shapes = NDArray[np.object_]


@dataclass
class Unit:
    """One area of the tree."""

    code: str
    level: str
    parent: str | None
    name: str
    name_en: str
    shape: shapely.MultiPolygon


@dataclass
class Governance:
    """The tree, the atoms with their block, the grids and their households, and the unit cells."""

    units: list[Unit]
    community_of_block: list[str]
    atoms: Shapes
    block_of_atom: NDArray[np.int64]
    atom_of_building: NDArray[np.int64]
    grid_codes: list[str]
    grid_kinds: list[str]
    grid_shapes: Shapes
    grid_community: list[str]
    grid_of_atom: NDArray[np.int64]
    households: NDArray[np.int64]  # of buildings, settled so that every grid is in its bounds
    cells: Shapes
    cell_codes: list[str]
    cell_community: list[str]
    cell_land_use: list[str]


def neighbours(shapes: Shapes) -> list[NDArray[np.int64]]:
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


def divide(members: NDArray[np.int64], links: list[NDArray[np.int64]], weights: NDArray[np.int64], parts: int, shares: list[float] | None = None) -> NDArray[np.int64]:
    """Part numbers of members (a connected set), each part in one piece, weights balanced. METIS with a fixed seed."""
    if parts <= 1 or len(members) <= parts:
        return np.zeros(len(members), dtype=np.int64) if parts <= 1 else np.arange(len(members)) % parts
    place = {int(m): i for i, m in enumerate(members)}
    adjacency = [[place[int(n)] for n in links[m] if int(n) in place] for m in members]
    options = pymetis.Options(seed=1, contig=1, ncuts=3)
    pieces = _components(adjacency)
    if pieces.max() > 0:
        adjacency = _joined(adjacency, pieces)
    _, labels = pymetis.part_graph(parts, adjacency, vweights=[int(w) for w in weights[members]], options=options, recursive=False, tpwgts=shares)
    return np.array(labels)


def _components(adjacency: list[list[int]]) -> NDArray[np.int64]:
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


def _joined(adjacency: list[list[int]], pieces: NDArray[np.int64]) -> list[list[int]]:
    """Islands tied to the main piece by one artificial edge, so that METIS accepts the graph."""
    main = int(np.argmax(np.bincount(pieces)))
    anchor = int(np.flatnonzero(pieces == main)[0])
    for piece in range(pieces.max() + 1):
        if piece != main:
            first = int(np.flatnonzero(pieces == piece)[0])
            adjacency[first] = [*adjacency[first], anchor]
            adjacency[anchor] = [*adjacency[anchor], first]
    return adjacency


def west_to_east(shapes: Shapes, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Labels renumbered west to east, then north to south."""
    middles = shapely.get_coordinates(shapely.centroid(shapes))
    count = int(labels.max()) + 1
    x = np.array([middles[labels == k, 0].mean() if (labels == k).any() else 0 for k in range(count)])
    y = np.array([middles[labels == k, 1].mean() if (labels == k).any() else 0 for k in range(count)])
    rank = np.empty(count, dtype=np.int64)
    rank[np.lexsort((-y, np.round(x / 250)))] = np.arange(count)
    return rank[labels]


def divide_city(ground: Ground, fabric: Fabric, size: str, total: int | None, grid_count: int | None, per_grid: tuple[int, int], rng: Generator) -> Governance:
    """Everything of one city. ``total`` households and ``grid_count`` grids are met exactly where given."""
    blocks = np.array(ground.blocks, dtype=object)
    households = _scaled(fabric.households, total)
    weight = np.bincount(fabric.block_of, weights=households, minlength=len(blocks)).astype(np.int64) + (shapely.area(blocks) / 4_000).astype(np.int64) + 1
    links = neighbours(blocks)
    units, community = _tree(blocks, links, weight, size, ground)
    edges = [*(block.boundary for block in ground.blocks), *fabric.cuts]
    noded = shapely.unary_union(edges, grid_size=MILLIMETRE)
    atoms = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    block_of_atom = _owner(shapely.point_on_surface(atoms), blocks)
    atoms, block_of_atom = atoms[block_of_atom >= 0], block_of_atom[block_of_atom >= 0]
    atom_of_building = _owner(shapely.centroid(fabric.footprints), atoms)
    atom_community = np.array([community[b] for b in block_of_atom])
    for unit in units:
        unit.shape = _dissolved(atoms[np.char.startswith(atom_community, unit.code)])
    made = _grids(atoms, atom_community, atom_of_building, households, grid_count, per_grid)
    cells = _cells(atoms, block_of_atom, ground, community, fabric)
    return Governance(units, community, atoms, block_of_atom, atom_of_building, *made, *cells)


def _scaled(households: NDArray[np.int64], total: int | None) -> NDArray[np.int64]:
    if total is None:
        return households
    exact = households * (total / households.sum())
    floor = np.floor(exact).astype(np.int64)
    floor[np.argsort(floor - exact)[: total - floor.sum()]] += 1
    return floor


def _owner(points: Shapes, polygons: Shapes) -> NDArray[np.int64]:
    """Index of the polygon that holds each point, -1 outside."""
    tree = shapely.STRtree(polygons)
    at, inside = tree.query(points, predicate="intersects")
    owner = np.full(len(points), -1)
    owner[at[::-1]] = inside[::-1]
    return owner


def _dissolved(shapes: Shapes) -> shapely.MultiPolygon:
    whole = shapely.coverage_union_all(shapes)
    return whole if whole.geom_type == "MultiPolygon" else shapely.MultiPolygon([whole])


def _tree(blocks: Shapes, links: list[NDArray[np.int64]], weight: NDArray[np.int64], size: str, ground: Ground) -> tuple[list[Unit], list[str]]:
    everything = np.arange(len(blocks))
    units: list[Unit] = []
    community = [""] * len(blocks)
    empty = shapely.MultiPolygon()
    if size == "district":
        districts = [(DISTRICTS[0], everything)]
    else:
        count = len(DISTRICTS)
        labels = west_to_east(blocks, divide(everything, links, weight, count))
        middle_first = np.argsort([np.hypot(*(np.array(shapely.centroid(shapely.MultiPoint(shapely.point_on_surface(blocks[labels == k]))).coords[0]) - (571_897, 5_242_731))) for k in range(count)])
        districts = [(DISTRICTS[rank], everything[labels == k]) for rank, k in enumerate(middle_first)]
    for (code, name, name_en), members in districts:
        units.append(Unit(code, "district", None, name, name_en, empty))
        if code == DISTRICTS[0][0] and size == "district":
            streets = _longsha_streets(blocks, links, weight, members)
        else:
            wanted = max(2, round(weight[members].sum() / (COMMUNITY_HOUSEHOLDS * 6)))
            labels = west_to_east(blocks[members], divide(members, links, weight, wanted))
            streets = []
            for k in range(wanted):
                mine = members[labels == k]
                if len(mine) == 0:
                    continue
                own = pair(500 + int(code[-2:]) * 40 + k)
                parts = max(1, round(weight[mine].sum() / COMMUNITY_HOUSEHOLDS))
                inner = {f"{c + 1:03d}": (pair(900 + k * 9 + c * 4).zh, pair(900 + k * 9 + c * 4).en) for c in range(parts)}
                streets.append((f"{k + 1:03d}", f"{own.zh}街道", own.en, inner, mine))
        for street, title, title_en, inner, mine in streets:
            units.append(Unit(code + street, "street", code, title, f"{title_en} street", empty))
            labels = west_to_east(blocks[mine], divide(mine, links, weight, len(inner)))
            for k, (tail, (own, own_en)) in enumerate(inner.items()):
                picked = mine[labels == k]
                if len(picked) == 0:
                    continue
                units.append(Unit(code + street + tail, "community", code + street, f"{own}社区", f"{own_en} community", empty))
                for b in picked:
                    community[int(b)] = code + street + tail
    return units, community


def _longsha_streets(blocks: Shapes, links: list[NDArray[np.int64]], weight: NDArray[np.int64], members: NDArray[np.int64]):  # type: ignore[no-untyped-def]
    labels = divide(members, links, weight, len(LONGSHA), [len(inner) / 38 for _, _, inner in LONGSHA.values()])
    counts = [len(inner) for _, _, inner in LONGSHA.values()]
    area = [shapely.area(blocks[members[labels == k]]).sum() for k in range(len(LONGSHA))]
    order = list(LONGSHA)
    six = [k for k in range(len(LONGSHA)) if counts[k] == 6]
    widest = max(six, key=lambda k: area[k])  # the rural street takes the widest share of its size
    rural_at = order.index(RURAL_STREET)
    order[widest], order[rural_at] = order[rural_at], order[widest]
    return [(street, LONGSHA[street][0], LONGSHA[street][1], LONGSHA[street][2], members[labels == k]) for k, street in enumerate(order)]


def _grids(atoms: Shapes, community: NDArray[np.str_], atom_of_building: NDArray[np.int64], households: NDArray[np.int64], grid_count: int | None, bounds: tuple[int, int]):  # type: ignore[no-untyped-def]
    low, high = bounds
    middle = (low + high) // 2
    weight = np.bincount(atom_of_building, weights=households, minlength=len(atoms)).astype(np.int64)
    links = neighbours(atoms)
    names = np.unique(community)
    load = np.array([weight[community == c].sum() for c in names])
    parts = np.maximum(1, np.round(load / middle)).astype(np.int64)
    if grid_count is not None:
        parts = _apportioned(load, grid_count)
    codes: list[str] = []
    kinds: list[str] = []
    shapes: list[object] = []
    of: list[str] = []
    grid_of_atom = np.full(len(atoms), -1)
    settled = households.copy()
    buildings_of_atom = np.argsort(atom_of_building, kind="stable")
    starts = np.searchsorted(atom_of_building[buildings_of_atom], np.arange(len(atoms) + 1))
    for name, count in zip(names, parts, strict=True):
        members = np.flatnonzero(community == name)
        labels = divide(members, links, weight + 1, int(count))
        labels = _one_piece(members, labels, links, atoms, int(count))
        labels = _apart(labels, members, links)
        if grid_count is not None:
            labels = _exactly(labels, members, links, weight, int(count))
        labels = west_to_east(atoms[members], np.unique(labels, return_inverse=True)[1])
        for k in range(int(labels.max()) + 1):
            mine = members[labels == k]
            grid_of_atom[mine] = len(codes)
            inside = np.concatenate([buildings_of_atom[starts[a] : starts[a + 1]] for a in mine])
            lived = inside[settled[inside] > 0]
            _settle(settled, lived, low, high)
            codes.append(f"{name}{k + 1:03d}")
            kinds.append("basic" if low <= settled[lived].sum() <= high else "village")
            shapes.append(shapely.union_all(atoms[mine]))
            of.append(str(name))
    if grid_count is not None:
        _keep_total(settled, grid_of_atom[atom_of_building], int(households.sum()), low, high)
    return codes, kinds, np.array(shapes, dtype=object), of, grid_of_atom, settled


def _apart(labels: NDArray[np.int64], members: NDArray[np.int64], links: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Labels in which every piece that is still cut off has become a grid of its own."""
    place = {int(m): i for i, m in enumerate(members)}
    fresh = labels.copy()
    following = int(labels.max()) + 1
    for k in np.unique(labels):
        mine = np.flatnonzero(labels == k)
        local = {int(i): j for j, i in enumerate(mine)}
        pieces = _components([[local[place[int(n)]] for n in links[members[i]] if int(n) in place and place[int(n)] in local] for i in mine])
        for piece in range(1, int(pieces.max()) + 1):
            fresh[mine[pieces == piece]] = following
            following += 1
    return fresh


def _exactly(labels: NDArray[np.int64], members: NDArray[np.int64], links: list[NDArray[np.int64]], weight: NDArray[np.int64], count: int) -> NDArray[np.int64]:
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
                around = {int(labels[place[int(n)]]) for i in np.flatnonzero(inverse == k) for n in links[members[i]] if int(n) in place} - {int(names[k])}
                if around:
                    labels[inverse == k] = min(around, key=lambda other: load[np.searchsorted(names, other)])
                    break
    return labels


def _keep_total(households: NDArray[np.int64], grid: NDArray[np.int64], total: int, low: int, high: int) -> None:
    """Give or take single households inside the grids' bounds until the city's total is met again."""
    lived = np.flatnonzero(households > 0)
    loads = np.bincount(grid[lived], weights=households[lived]).astype(np.int64)
    missing = total - int(households.sum())
    step = 1 if missing > 0 else -1
    while missing != 0:
        before = missing
        for at in lived:
            load = loads[grid[at]]
            inside = low <= load <= high
            if missing == 0 or not inside or not low <= load + step <= high or households[at] + step < 1:
                continue
            households[at] += step
            loads[grid[at]] += step
            missing -= step
        if missing == before:
            households[lived[0]] += missing
            missing = 0


def _apportioned(load: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    exact = load / load.sum() * count
    parts = np.maximum(1, np.floor(exact)).astype(np.int64)
    while parts.sum() != count:
        step = 1 if parts.sum() < count else -1
        gap = (exact - parts) * step
        gap[(parts + step) < 1] = -np.inf
        parts[int(np.argmax(gap))] += step
    return parts


def _one_piece(members: NDArray[np.int64], labels: NDArray[np.int64], links: list[NDArray[np.int64]], atoms: Shapes, count: int) -> NDArray[np.int64]:
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
            pieces = _components(adjacency)
            main = int(np.argmax(np.bincount(pieces)))
            for j in np.flatnonzero(pieces != main):
                around = [labels[place[int(n)]] for n in links[members[mine[j]]] if int(n) in place and labels[place[int(n)]] != k]
                if around:
                    labels[mine[j]] = around[0]
                    moved += 1
        if moved == 0:
            break
    return labels


def _settle(households: NDArray[np.int64], lived: NDArray[np.int64], low: int, high: int) -> None:
    """Empty or fill homes so that a lived-in grid holds low..high households; few buildings mean a village, left alone."""
    total = households[lived].sum()
    if len(lived) < 3 or low <= total <= high or total < low * 0.35:
        return
    target = high - 4 if total > high else low + 4
    rounded = np.maximum(1, np.floor(households[lived] * (target / total))).astype(np.int64)
    at = 0
    while rounded.sum() != target and at < 10_000:
        step = 1 if rounded.sum() < target else -1
        pick = at % len(lived)
        if rounded[pick] + step >= 1:
            rounded[pick] += step
        at += 1
    households[lived] = rounded


def _cells(atoms: Shapes, block_of_atom: NDArray[np.int64], ground: Ground, community: list[str], fabric: Fabric):  # type: ignore[no-untyped-def]
    """Unit cells: urban blocks quartered along their sides into about 10 000 m2; fields stay whole."""
    lines = []
    for at, block in enumerate(ground.blocks):
        if not ground.urban[at] or fabric.kind[at] == "river" or block.area < 15_000:
            continue
        box = np.asarray(block.minimum_rotated_rectangle.exterior.coords)
        sides = (box[1] - box[0], box[2] - box[1])
        for side, start, other in ((sides[0], box[0], sides[1]), (sides[1], box[1], -sides[0])):
            pieces = max(1, round(float(np.hypot(*side)) / 100))
            for k in range(1, pieces):
                foot = start + side * (k / pieces)
                lines.append(shapely.LineString([foot - other * 0.1, foot + other * 1.1]).intersection(block))
    noded = shapely.unary_union([*(b.boundary for b in ground.blocks), *lines], grid_size=MILLIMETRE)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    owner = _owner(shapely.point_on_surface(faces), np.array(ground.blocks, dtype=object))
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
    return faces[keep], [c for c, k in zip(codes, keep, strict=True) if k], list(of[keep]), [fabric.kind[b] for b in owner[keep]]


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
