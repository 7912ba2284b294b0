"""Where things lie: the place columns of points, and shapes brought from the metric plane into what is stored."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from commandcenter.demo.governance import Governance

METRIC_SRID, STORED_SRID, TILE_SRID = 4550, 4326, 3857


class Placing:
    """Which grid, cell and areas hold a place; on a shared border the lower code wins."""

    def __init__(self, city: Governance) -> None:
        order = np.argsort([city.grid_codes[g] for g in city.grid_of_atom], kind="stable")
        self._grid = np.array([city.grid_codes[g] for g in city.grid_of_atom], dtype=object)[order]
        self._atoms = shapely.STRtree(city.atoms[order])
        cells = np.argsort(city.cell_codes, kind="stable")
        self._cell_codes = np.array(city.cell_codes, dtype=object)[cells]
        self._cells = shapely.STRtree(city.cells[cells])

    def columns(self, points: NDArray[np.object_]) -> dict[str, list[str | None]]:
        """The five place columns of points in EPSG:4550."""
        grid = self._first(self._atoms, points, self._grid)
        cell = self._first(self._cells, points, self._cell_codes)
        return {
            "district_code": [g[:6] if g else None for g in grid], "street_code": [g[:9] if g else None for g in grid],
            "community_code": [g[:12] if g else None for g in grid], "grid_code": grid, "unit_cell_code": cell,
        }  # fmt: skip

    @staticmethod
    def _first(tree: shapely.STRtree, points: NDArray[np.object_], codes: NDArray[np.object_]) -> list[str | None]:
        at, inside = tree.query(points, predicate="intersects")
        lowest = np.full(len(points), len(codes))
        np.minimum.at(lowest, at, inside)
        return [codes[i] if i < len(codes) else None for i in lowest]


def stored(rows: dict[str, Any], shapes: Any, source: str) -> gpd.GeoDataFrame:
    """Columns with their shapes (EPSG:4550) as a table of a source, its ``geom`` in EPSG:4326."""
    frame = gpd.GeoDataFrame(rows, geometry=gpd.GeoSeries(list(shapes), crs=METRIC_SRID).to_crs(STORED_SRID)).rename_geometry("geom")
    frame["source"] = source
    return frame


def points(made: pd.DataFrame, source: str, placing: Placing) -> gpd.GeoDataFrame:
    """Things with x and y (EPSG:4550) as a table of a source, each with its place columns."""
    spots: NDArray[np.object_] = np.asarray(shapely.points(made.pop("x").to_numpy(float), made.pop("y").to_numpy(float)))
    rows = {str(name): made[name].to_list() if made[name].dtype == object else made[name] for name in made.columns}
    return stored(rows | placing.columns(spots), spots, source)


def lists(made: pd.DataFrame) -> dict[str, Any]:
    """A table as plain lists by column, so that its types are found anew."""
    return {str(name): values for name, values in made.to_dict("list").items()}
