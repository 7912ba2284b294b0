"""Geometries as GeoJSON writes them, a batch at once: plain polygons, lines and points together, whatever else one by one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import GeometryType
from shapely.errors import ShapelyError
from shapely.geometry import shape

from commandcenter.text import Text
from ingest.record import Finding
from ingest.written_shapes import DEEPEST, TOO_DEEP

_FAULTS = (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
_TOGETHER = {"Point": GeometryType.POINT, "LineString": GeometryType.LINESTRING, "Polygon": GeometryType.POLYGON}


def geometries(written: Sequence[Any]) -> tuple[NDArray[np.object_], dict[int, Finding]]:
    """The geometries, None where there is none or it cannot be read, and the finding of each of those by position."""
    found = np.full(len(written), None, dtype=object)
    faults: dict[int, Finding] = {}
    groups: dict[str, list[int]] = {}
    for at, geometry in enumerate(written):
        groups.setdefault(_kind(geometry), []).append(at)
    for kind, positions in groups.items():
        if kind in _TOGETHER:
            try:
                found[positions] = _together(kind, [written[at]["coordinates"] for at in positions])
                continue
            except _FAULTS:
                pass  # one of them is odd: each is read for itself
        for at in positions:
            found[at], fault = _one(written[at])
            if fault is not None:
                faults[at] = fault
    return found, faults


def _kind(geometry: Any) -> str:
    """The type of a geometry that can be read with its like; empty ones cannot."""
    if not isinstance(geometry, dict) or not geometry.get("coordinates"):
        return ""
    kind = geometry.get("type")
    return kind if isinstance(kind, str) else ""


def _together(kind: str, coordinates: list[Any]) -> NDArray[np.object_]:
    if kind == "Point":
        return _checked(shapely.points(_numbers(coordinates)), coordinates)
    lines = list(chain.from_iterable(coordinates)) if kind == "Polygon" else coordinates
    offsets = [_offsets(lines)]
    if kind == "Polygon":
        offsets.append(_offsets(coordinates))
    flat = _numbers(list(chain.from_iterable(lines)))
    return _checked(shapely.from_ragged_array(_TOGETHER[kind], flat, tuple(offsets)), coordinates)


def _checked(found: Any, coordinates: list[Any]) -> NDArray[np.object_]:
    if len(found) != len(coordinates):
        raise ValueError(f"{len(found)} geometries of {len(coordinates)}")
    return np.asarray(found, dtype=object)


def _numbers(positions: list[Any]) -> NDArray[np.float64]:
    """Positions of two or three numbers each, all alike."""
    found = np.array(positions)
    if found.ndim != 2 or found.shape[1] not in (2, 3) or found.dtype.kind not in "fi":
        raise ValueError("not all positions are alike")
    return found.astype(np.float64)


def _offsets(parts: list[Any]) -> NDArray[np.int64]:
    counts = np.fromiter(map(len, parts), dtype=np.int64, count=len(parts))
    if not counts.all():
        raise ValueError("an empty part")
    return np.concatenate([[0], np.cumsum(counts)])


def _one(written: Any) -> tuple[Any, Finding | None]:
    if written is None:
        return None, Finding("no_place", "geometry", Text("没有几何图形。", "It has no geometry."))
    if _nested_too_deep(written):
        return None, _unreadable(TOO_DEEP)
    try:
        return shape(written), None
    except _FAULTS as fault:
        return None, _unreadable(Text(str(fault), str(fault)))


def _nested_too_deep(written: Any) -> bool:
    level = [written]
    for _ in range(DEEPEST):
        lists = [geometry.get("geometries") for geometry in level if isinstance(geometry, dict)]
        level = [inner for geometries in lists if isinstance(geometries, list) for inner in geometries]
    return bool(level)


def _unreadable(why: Text) -> Finding:
    return Finding("bad_geometry", "geometry", Text(f"几何图形无法读取：{why.zh}。", f"Its geometry cannot be read: {why.en}."))
