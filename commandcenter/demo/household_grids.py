"""Household grids of one city: atoms of each community joined, homes settled so that each grid holds what its rule says. EPSG:4550."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from commandcenter.demo.parts import Shapes, apart, divide, exactly, neighbours, one_piece, west_to_east


class HouseholdGrids(NamedTuple):
    """Grids as parallel lists; the grid of each atom; the households of each building as settled."""

    codes: list[str]
    kinds: list[str]
    shapes: Shapes
    community: list[str]
    of_atom: NDArray[np.int64]
    households: NDArray[np.int64]


def household_grids(
    atoms: Shapes,
    community: NDArray[np.str_],
    atom_of_building: NDArray[np.int64],
    households: NDArray[np.int64],
    grid_count: int | None,
    bounds: tuple[int, int],
) -> HouseholdGrids:
    """Grids of atoms inside each community, ``bounds`` households each; ``grid_count`` is met exactly where given."""
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
        labels = one_piece(members, labels, links, atoms, int(count))
        labels = apart(labels, members, links)
        if grid_count is not None:
            labels = exactly(labels, members, links, weight, int(count))
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
    return HouseholdGrids(codes, kinds, np.array(shapes, dtype=object), of, grid_of_atom, settled)


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
    parts: NDArray[np.int64] = np.maximum(1, np.floor(exact)).astype(np.int64)
    while parts.sum() != count:
        step = 1 if parts.sum() < count else -1
        gap = (exact - parts) * step
        gap[(parts + step) < 1] = -np.inf
        parts[int(np.argmax(gap))] += step
    return parts


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
