"""What the rooms of grid maps hand to each other: faces of the ground, divided areas and grids.

Shapes are polygons in the city's metric CRS, rounded to 1 mm; lengths are metres, weights are households.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

MILLIMETRE = 0.001

Shapes = NDArray[np.object_]
Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]
AreaLevel = Literal["city", "district", "street", "community"]


@dataclass(frozen=True)
class Sites:
    """Where households live: one point a building, its half extent (how near a border may come) and its households."""

    points: Shapes
    reach_m: Numbers
    households: Numbers


@dataclass(frozen=True)
class Barriers:
    """Lines that borders should follow; ``major`` marks the ones that divide most (motorways, primaries, rail, rivers)."""

    lines: Shapes
    major: NDArray[np.bool_]


@dataclass(frozen=True)
class Faces:
    """The smallest pieces that are never cut: they cover the ground exactly and share their vertices.

    ``pairs`` are neighbouring faces (a < b); ``border_m`` is the length they share; ``cost`` says how badly a border
    would lie there (low on major roads, high where no road is).
    """

    shapes: Shapes
    households: Numbers
    pairs: Indices
    border_m: Numbers
    cost: Numbers

    def __len__(self) -> int:
        return len(self.shapes)


@dataclass(frozen=True)
class AreaPiece:
    """A generated area: its place in the tree, its households, and its shape (a MultiPolygon)."""

    level: AreaLevel
    code: str
    parent_code: str | None
    name: str
    name_en: str
    households: int
    shape: object


@dataclass(frozen=True)
class GridPiece:
    """A generated grid: the community it nests in, its households, and its shape (one Polygon)."""

    kind: Literal["basic", "special"]
    code: str
    community_code: str
    households: int
    shape: object
