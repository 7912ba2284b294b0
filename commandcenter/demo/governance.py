"""How the city is divided: blocks into communities, streets and districts that nest exactly, then grids and unit cells. EPSG:4550."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from commandcenter.demo.fabric import Fabric
from commandcenter.demo.ground import CENTRE_E, CENTRE_N, MILLIMETRE, Ground
from commandcenter.demo.household_grids import household_grids
from commandcenter.demo.names import DISTRICTS, LONGSHA, RURAL_STREET, pair
from commandcenter.demo.parts import Links, Shapes, divide, neighbours, owner_of, west_to_east
from commandcenter.demo.unit_cells import unit_cells

COMMUNITY_HOUSEHOLDS = 3_400
STREET_COMMUNITIES = 6
GRID_LOW, GRID_HIGH = 100, 200


@dataclass
class Unit:
    """One area of the tree."""

    code: str
    level: str
    parent: str | None
    name: str
    name_en: str
    shape: shapely.MultiPolygon


class Street(NamedTuple):
    """A street before it has a shape: the tail of its code, its names, its communities by code tail, its blocks."""

    tail: str
    title: str
    title_en: str
    communities: dict[str, tuple[str, str]]
    members: NDArray[np.int64]


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


def divide_city(
    ground: Ground, fabric: Fabric, size: str, total: int | None, grid_count: int | None, per_grid: tuple[int, int]
) -> Governance:
    """Everything of one city. ``total`` households and ``grid_count`` grids are met exactly where given."""
    blocks = np.array(ground.blocks, dtype=object)
    households = _scaled(fabric.households, total)
    homes = np.bincount(fabric.block_of, weights=households, minlength=len(blocks)).astype(np.int64)
    weight = homes + (shapely.area(blocks) / 4_000).astype(np.int64) + 1
    links = neighbours(blocks)
    units, community = _tree(blocks, links, weight, size)
    edges = [*(block.boundary for block in ground.blocks), *fabric.cuts]
    noded = shapely.unary_union(edges, grid_size=MILLIMETRE)
    atoms = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    block_of_atom = owner_of(shapely.point_on_surface(atoms), blocks)
    atoms, block_of_atom = atoms[block_of_atom >= 0], block_of_atom[block_of_atom >= 0]
    atom_of_building = owner_of(shapely.centroid(fabric.footprints), atoms)
    atom_community = np.array([community[b] for b in block_of_atom])
    for unit in units:
        unit.shape = _dissolved(atoms[np.char.startswith(atom_community, unit.code)])
    made = household_grids(atoms, atom_community, atom_of_building, households, grid_count, per_grid)
    cells = unit_cells(ground, community, fabric)
    return Governance(units, community, atoms, block_of_atom, atom_of_building, *made, *cells)


def _scaled(households: NDArray[np.int64], total: int | None) -> NDArray[np.int64]:
    if total is None:
        return households
    exact = households * (total / households.sum())
    floor: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    floor[np.argsort(floor - exact)[: total - floor.sum()]] += 1
    return floor


def _dissolved(shapes: Shapes) -> shapely.MultiPolygon:
    return shapely.MultiPolygon(list(shapely.get_parts(shapely.coverage_union_all(shapes))))


def _tree(blocks: Shapes, links: Links, weight: NDArray[np.int64], size: str) -> tuple[list[Unit], list[str]]:
    """The units, larger before smaller, and the community code of each block."""
    everything = np.arange(len(blocks))
    units: list[Unit] = []
    community = [""] * len(blocks)
    empty = shapely.MultiPolygon()
    for (code, name, name_en), members in _districts(blocks, links, weight, size):
        units.append(Unit(code, "district", None, name, name_en, empty))
        streets = _longsha_streets if size == "district" else _made_up_streets
        for street in streets(blocks, links, weight, everything[members], code):
            units.append(Unit(code + street.tail, "street", code, street.title, f"{street.title_en} street", empty))
            labels = west_to_east(blocks[street.members], divide(street.members, links, weight, len(street.communities)))
            for k, (tail, (own, own_en)) in enumerate(street.communities.items()):
                picked = street.members[labels == k]
                if len(picked) == 0:
                    continue
                units.append(Unit(code + street.tail + tail, "community", code + street.tail, f"{own}社区", f"{own_en} community", empty))
                for b in picked:
                    community[int(b)] = code + street.tail + tail
    return units, community


def _districts(
    blocks: Shapes, links: Links, weight: NDArray[np.int64], size: str
) -> list[tuple[tuple[str, str, str], NDArray[np.int64]]]:
    """Code and names of each district with its blocks; the one nearest the centre is the first of the list of names."""
    everything = np.arange(len(blocks))
    if size == "district":
        return [(DISTRICTS[0], everything)]
    labels = west_to_east(blocks, divide(everything, links, weight, len(DISTRICTS)))
    far = []
    for k in range(len(DISTRICTS)):
        middle = shapely.centroid(shapely.MultiPoint(shapely.point_on_surface(blocks[labels == k])))
        far.append(np.hypot(*(np.array(middle.coords[0]) - (CENTRE_E, CENTRE_N))))
    return [(DISTRICTS[rank], everything[labels == k]) for rank, k in enumerate(np.argsort(far))]


def _made_up_streets(
    blocks: Shapes, links: Links, weight: NDArray[np.int64], members: NDArray[np.int64], district: str
) -> list[Street]:
    wanted = max(2, round(weight[members].sum() / (COMMUNITY_HOUSEHOLDS * STREET_COMMUNITIES)))
    labels = west_to_east(blocks[members], divide(members, links, weight, wanted))
    streets = []
    for k in range(wanted):
        mine = members[labels == k]
        if len(mine) == 0:
            continue
        own = pair(500 + int(district[-2:]) * 40 + k)
        names = [pair(900 + k * 9 + c * 4) for c in range(max(1, round(weight[mine].sum() / COMMUNITY_HOUSEHOLDS)))]
        communities = {f"{c:03d}": (name.zh, name.en) for c, name in enumerate(names, start=1)}
        streets.append(Street(f"{k + 1:03d}", f"{own.zh}街道", own.en, communities, mine))
    return streets


def _longsha_streets(
    blocks: Shapes, links: Links, weight: NDArray[np.int64], members: NDArray[np.int64], district: str
) -> list[Street]:
    counts = [len(communities) for _, _, communities in LONGSHA.values()]
    labels = divide(members, links, weight, len(LONGSHA), [count / sum(counts) for count in counts])
    area = [shapely.area(blocks[members[labels == k]]).sum() for k in range(len(LONGSHA))]
    order = list(LONGSHA)
    like_the_rural = [k for k, count in enumerate(counts) if count == len(LONGSHA[RURAL_STREET][2])]
    widest = max(like_the_rural, key=lambda k: area[k])  # the rural street takes the widest share of its size
    rural_at = order.index(RURAL_STREET)
    order[widest], order[rural_at] = order[rural_at], order[widest]
    return [Street(tail, *LONGSHA[tail], members[labels == k]) for k, tail in enumerate(order)]
