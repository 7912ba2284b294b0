"""Where the built-up ground ends, when nobody delivers an outline: closed over gaps, cut at wide water.

Input and output are in a metric CRS. The outline is generated and must be marked so.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from gridmaps.model import MILLIMETRE, Shapes

CELL_M = 20.0
CLOSE_M = 80.0
SMALLEST_PART_M2 = 30_000.0
LARGEST_HOLE_M2 = 1_500_000.0


def built_outline(buildings: Shapes, margin_m: float = 30.0) -> shapely.MultiPolygon:
    """The ground around buildings: gaps up to twice 80 m are closed, islands below 3 ha left out, edges not jagged.

    Every building of a kept part lies inside with about ``margin_m`` to spare.
    """
    boxes = shapely.bounds(buildings)
    west, south = boxes[:, 0].min() - 6 * CLOSE_M, boxes[:, 1].min() - 6 * CLOSE_M
    columns, rows = (int(np.ceil((high - low + 6 * CLOSE_M) / CELL_M)) for low, high in ((west, boxes[:, 2].max()), (south, boxes[:, 3].max())))
    built = np.zeros((rows, columns), bool)
    cells = np.floor((boxes - [west, south, west, south]) / CELL_M).astype(int)
    for left, bottom, right, top in cells:
        built[bottom : top + 1, left : right + 1] = True
    closed = ndimage.binary_closing(built, _disc(CLOSE_M), border_value=0) | built
    closed = _without_small_holes(ndimage.binary_dilation(closed, _disc(margin_m)))
    whole = shapely.union_all(_runs(closed, west, south))
    smooth = shapely.simplify(whole, CELL_M * 0.9)
    parts = [part for part in shapely.get_parts(smooth) if part.area >= SMALLEST_PART_M2]
    if not parts:
        parts = [max(shapely.get_parts(smooth), key=lambda part: part.area)]
    return shapely.MultiPolygon([part for whole_part in parts for part in shapely.get_parts(shapely.set_precision(whole_part, MILLIMETRE))])


def _disc(radius_m: float) -> NDArray[np.bool_]:
    reach = int(np.ceil(radius_m / CELL_M))
    y, x = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    return np.asarray(x * x + y * y <= reach * reach)


def _without_small_holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    labels, _ = ndimage.label(~mask)
    sizes = np.bincount(labels.ravel()) * CELL_M * CELL_M
    small = sizes <= LARGEST_HOLE_M2
    small[0] = False
    filled: NDArray[np.bool_] = mask | small[labels]
    return filled


def _runs(mask: NDArray[np.bool_], west: float, south: float) -> Shapes:
    """One box for each run of marked cells in a row."""
    padded = np.pad(mask, ((0, 0), (1, 1)))
    row, start = np.nonzero(padded[:, 1:-1] & ~padded[:, :-2])
    _, end = np.nonzero(padded[:, 1:-1] & ~padded[:, 2:])
    boxes: Shapes = shapely.box(
        west + start * CELL_M, south + row * CELL_M, west + (end + 1) * CELL_M, south + (row + 1) * CELL_M
    )
    return boxes
