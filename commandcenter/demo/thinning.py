"""From which tile zoom a point is drawn, so that at any zoom at most one stands in a cell of 64 px."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

WORLD_M = 40_075_016.68557849
CELLS_PER_TILE = 8


def thinned(points: gpd.GeoSeries, first_zoom: int, every_from: int) -> NDArray[np.int64]:
    """The lowest tile zoom of each point; a point drawn at one zoom stays drawn at every higher one."""
    tiles = points.to_crs(3857)
    x, y = tiles.x.to_numpy(), tiles.y.to_numpy()
    lowest = np.full(len(points), every_from, dtype=np.int64)
    for zoom in range(first_zoom, every_from):
        cell = WORLD_M / 2**zoom / CELLS_PER_TILE
        keys = np.floor(x / cell).astype(np.int64) * 2**32 + np.floor(y / cell).astype(np.int64)
        order = np.argsort(lowest, kind="stable")  # who is drawn already keeps its cell
        _, first = np.unique(keys[order], return_index=True)
        winners = order[first]
        lowest[winners] = np.minimum(lowest[winners], zoom)
    return lowest
