"""Which grid, community, street, district and unit cell rows lie in: point in polygon for a whole batch, before it is written.

The same answer as ``ingest.store.place_again`` gives inside PostgreSQL (a test holds both together): the grid of the published plan
decides, the smallest area where no grid is; a point on a shared border goes to the lower code. A line or polygon lies where its
point on surface lies. EPSG:4326.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from ingest import store

PLACE_COLUMNS = ("district_code", "street_code", "community_code", "grid_code", "unit_cell_code")
AREA_COLUMNS = PLACE_COLUMNS[:3]
Codes = list[str | None]


class Places:
    """The city's published grids, areas and unit cells, in memory for one load."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._grids = _Polygons(store.grid_polygons(connection))
        self._areas = _Polygons(store.area_polygons(connection))
        self._cells = _Polygons(store.unit_cell_polygons(connection))

    @staticmethod
    def nowhere(count: int) -> dict[str, Codes]:
        """The codes of so many rows of a city without any boundaries."""
        return {name: [None] * count for name in PLACE_COLUMNS}

    def codes(self, geometry: NDArray[np.object_]) -> dict[str, Codes]:
        """Five codes for each geometry; None where nothing contains it, and for absent geometries."""
        at = _points_of(geometry)
        grid = self._grids.containing(at)
        ungridded = at.copy()
        ungridded[grid >= 0] = None
        area = self._areas.containing(ungridded)
        cell = self._cells.containing(at)
        columns: dict[str, Codes] = {}
        for number, name in enumerate(AREA_COLUMNS):
            columns[name] = np.where(grid >= 0, self._grids.column(1 + number)[grid], self._areas.column(1 + number)[area]).tolist()
        columns["grid_code"] = self._grids.column(0)[grid].tolist()
        columns["unit_cell_code"] = self._cells.column(0)[cell].tolist()
        return columns


class Areas:
    """The city's areas alone, in memory for one load: where a grid lies, before it is one of the city's."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._areas = _Polygons(store.area_polygons(connection))

    def codes(self, geometry: NDArray[np.object_]) -> dict[str, Codes]:
        """District, street and community of each geometry; None where no area contains it, and for absent geometries."""
        area = self._areas.containing(_points_of(geometry))
        return {name: self._areas.column(1 + number)[area].tolist() for number, name in enumerate(AREA_COLUMNS)}


def _points_of(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    """The point by which each geometry is placed."""
    at = geometry.copy()
    extended = np.flatnonzero(shapely.get_type_id(geometry) > 0)
    if len(extended):
        at[extended] = shapely.point_on_surface(geometry[extended])
    return at


class _Polygons:
    """Polygons in the order in which they win, with the codes they give."""

    def __init__(self, rows: Sequence[tuple[bytes, Sequence[str | None]]]) -> None:
        width = len(rows[0][1]) if rows else 4
        # The last place is None: it is what the position -1, nowhere, points at.
        self._codes = [np.array([*(codes[number] for _, codes in rows), None], dtype=object) for number in range(width)]
        self._tree = shapely.STRtree(shapely.from_wkb([wkb for wkb, _ in rows])) if rows else None

    def column(self, number: int) -> NDArray[np.object_]:
        """One of the codes of each polygon, and None behind the last."""
        return self._codes[number]

    def containing(self, points: NDArray[np.object_]) -> NDArray[np.intp]:
        """The first polygon that covers each point; -1 where none does."""
        first = np.full(len(points), -1, dtype=np.intp)
        if self._tree is None:
            return first
        point, polygon = self._tree.query(points, predicate="intersects")
        if len(point):
            order = np.lexsort((polygon, point))
            point, polygon = point[order], polygon[order]
            leading = np.ones(len(point), dtype=bool)
            leading[1:] = point[1:] != point[:-1]
            first[point[leading]] = polygon[leading]
        return first
