"""300 000 building footprints from a seed: a dense core, thinning outwards, in rows along turned streets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

CENTRE_LONLAT = (123.95, 47.31)
SIZE_M = (25_000.0, 20_000.0)
STREET_ANGLE_DEG = 12.0
BLOCK_M = 200.0
CORE_M = 6_000.0
METRES_PER_DEGREE = 111_320.0
L_SHAPED = 0.3
COLUMNS = ("source_key", "use", "levels", "height_m", "geom")


def building_rows(count: int, rng: np.random.Generator) -> Iterator[tuple[Any, ...]]:
    """Rows of table building in the order of COLUMNS; geometry hex EWKB, EPSG:4326."""
    outlines = shapely.to_wkb(shapely.set_srid(_outlines(count, rng), 4326), hex=True, include_srid=True)
    levels = np.clip(rng.geometric(0.14, count), 1, 33)
    uses = rng.choice(["residential", "commercial", "industrial", "other"], count, p=[0.7, 0.12, 0.08, 0.1])
    for at in range(count):
        yield f"b{at}", str(uses[at]), int(levels[at]), float(levels[at]) * 3.1, outlines[at]


def building_frame(count: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """The same rows as a frame with fields bid, use, levels, height_m; EPSG:4326."""
    rows = list(building_rows(count, rng))
    fields = {name: [row[at] for row in rows] for at, name in enumerate(("bid", "use", "levels", "height_m"))}
    return gpd.GeoDataFrame(fields, geometry=shapely.from_wkb([row[4] for row in rows]), crs=4326)


def _outlines(count: int, rng: np.random.Generator) -> NDArray[np.object_]:
    east, north = _places(count, rng)
    width = np.exp(rng.normal(np.log(12), 0.3, count))
    length = np.exp(rng.normal(np.log(28), 0.8, count)).clip(6, 260)
    notch = np.where(rng.random(count) < L_SHAPED, 0.5, 1.0)  # 1: the notch has no area and the corner is doubled away
    corners_x = np.stack([0 * length, length, length, length * notch, length * notch, 0 * length], axis=1)
    corners_y = np.stack([0 * width, 0 * width, width * notch, width * notch, width, width], axis=1)
    turned = np.radians(STREET_ANGLE_DEG)
    x = east[:, None] + corners_x * np.cos(turned) - corners_y * np.sin(turned)
    y = north[:, None] + corners_x * np.sin(turned) + corners_y * np.cos(turned)
    lon, lat = CENTRE_LONLAT
    degrees = np.stack(
        [lon + x / METRES_PER_DEGREE / np.cos(np.radians(lat)), lat + y / METRES_PER_DEGREE], axis=-1
    )
    rings = np.concatenate([degrees, degrees[:, :1]], axis=1).round(7)
    polygons = shapely.polygons(rings)
    result: NDArray[np.object_] = shapely.remove_repeated_points(polygons)
    return result


def _places(count: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Metres east and north of the centre: a block drawn by the city's density, then a place in the block."""
    blocks_x, blocks_y = np.meshgrid(
        np.arange(-SIZE_M[0] / 2, SIZE_M[0] / 2, BLOCK_M), np.arange(-SIZE_M[1] / 2, SIZE_M[1] / 2, BLOCK_M)
    )
    density = np.exp(-((np.hypot(blocks_x, blocks_y) / CORE_M) ** 2)) + 0.08
    chosen = rng.choice(blocks_x.size, count, p=(density / density.sum()).ravel())
    within = rng.random((2, count)) * BLOCK_M * 0.85
    return blocks_x.ravel()[chosen] + within[0], blocks_y.ravel()[chosen] + within[1]
