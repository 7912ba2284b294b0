"""What the ground itself says about a row: columns that follow from the geometry, filled where a mapping leaves them out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

_EARTH = Geod(ellps="GRS80")


def _area_m2(geometry: NDArray[np.object_]) -> list[Any]:
    """Geodesic area on GRS 80 in square metres, to the square decimetre; None where there is no geometry."""
    return [None if shape is None else round(abs(_EARTH.geometry_area_perimeter(shape)[0]), 2) for shape in geometry]


MEASURES: dict[str, Callable[[NDArray[np.object_]], list[Any]]] = {"area_m2": _area_m2}
