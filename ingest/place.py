"""Where a table's rows say they lie: x and y in two fields, a pair in one, WKT or hex WKB, as shapely geometries.

Geometries stay in the source's own reference system, x (east, longitude) first. A batch goes through numpy; only what that
cannot read is looked at row by row, and a row without a place says why.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from commandcenter.text import Text
from ingest.contract import Mapping, Place
from ingest.coordinate_text import Coordinate, coordinate, plain
from ingest.record import Batch, Finding
from ingest.written_shapes import shapes_of_wkb, shapes_of_wkt

SHIFTED = ("GCJ-02", "BD-09")  # written in degrees
BEYOND = 1e9  # no coordinate of any reference system is that large
Numbers = NDArray[np.float64]
_SEPARATORS = (";", "|", ",", " ")


def points(values: dict[str, list[Any]], place: Place, crs: str) -> tuple[NDArray[np.object_], dict[int, Finding]]:
    """The rows' geometries (None where there is none) and, by position, why a row has none.

    ``values`` are the fields' columns, all of one length; a field that is not among them is empty in every row. Rules:
    ``no_place`` (empty, or no coordinate at all), ``not_a_number`` (NaN, infinite, absurdly large), ``axes_swapped``,
    ``bad_geometry`` (broken WKT or WKB), ``other_crs`` (EWKT or EWKB that names another reference system than the mapping).
    """
    count = max(map(len, values.values()), default=0)
    columns = [values.get(name) or [None] * count for name in place.fields]
    if place.kind == "xy":
        return _Reading(place, crs).of_numbers(columns[0], columns[1])
    if place.kind == "pair":
        return _Reading(place, crs).of_pairs(columns[0])
    if place.kind in ("wkt", "wkb"):
        return _Reading(place, crs).of_shapes(columns[0])
    geometry = np.empty(count, dtype=object)
    return geometry, {}


def give_place(batch: Batch, mapping: Mapping) -> Batch:
    """The same batch with the geometries its fields say; a row that is at fault already keeps that fault."""
    if mapping.place is not None and mapping.place.fields and len(batch):
        for name in mapping.place.fields:
            batch.values.setdefault(name, [None] * len(batch))
        batch.geometry, faults = points(batch.values, mapping.place, mapping.crs)
        for at in batch.faults:
            batch.geometry[at] = None
        batch.faults = faults | batch.faults
    return batch


@lru_cache(maxsize=64)
def in_degrees(crs: str) -> bool:
    """Whether coordinates of this reference system are degrees."""
    return crs in SHIFTED or CRS.from_user_input(crs).is_geographic


class _Reading:
    """One column set's reading: the places found so far and the findings by position."""

    def __init__(self, place: Place, crs: str) -> None:
        self._place = place
        self._crs = crs
        self._degrees = in_degrees(crs)
        self._faults: dict[int, Finding] = {}

    def of_numbers(self, xs: list[Any], ys: list[Any]) -> tuple[NDArray[np.object_], dict[int, Finding]]:
        x, y = _floats(xs), _floats(ys)
        for at in np.flatnonzero(~(np.isfinite(x) & np.isfinite(y))):
            x[at], y[at] = self._one_by_one(int(at), (xs[at], ys[at]))
        return self._points(x, y)

    def of_pairs(self, pairs: list[Any]) -> tuple[NDArray[np.object_], dict[int, Finding]]:
        x, y = np.full(len(pairs), np.nan), np.full(len(pairs), np.nan)
        parted = [pair.split(",") if type(pair) is str else () for pair in pairs]
        usual = np.fromiter((len(parts) == 2 for parts in parted), dtype=bool, count=len(parted))
        if usual.any():
            x[usual] = _floats([parts[0] for parts in parted if len(parts) == 2])
            y[usual] = _floats([parts[1] for parts in parted if len(parts) == 2])
            if self._place.swapped:
                x, y = y, x
        for at in np.flatnonzero(~(np.isfinite(x) & np.isfinite(y))):
            x[at], y[at] = self._pair(int(at), pairs[at])
        return self._points(x, y)

    def of_shapes(self, written: list[Any]) -> tuple[NDArray[np.object_], dict[int, Finding]]:
        field = self._place.fields[0]
        geometry, srids = shapes_of_wkt(written) if self._place.kind == "wkt" else shapes_of_wkb(written)
        for at in np.flatnonzero(shapely.is_missing(geometry) | shapely.is_empty(geometry)):
            self._faults[int(at)] = self._no_shape(written[at], geometry[at] is not None)
            geometry[at] = None
        self._refuse_others(geometry, srids)
        if self._place.swapped and not shapely.is_missing(geometry).all():
            geometry = shapely.transform(shapely.force_2d(geometry), lambda at: at[:, ::-1])
        west, south, east, north = shapely.bounds(geometry).T
        with np.errstate(invalid="ignore"):
            absurd = ~shapely.is_missing(geometry) & ~(np.abs(np.stack([west, south, east, north])) <= BEYOND).all(axis=0)
            turned = self._degrees & ~absurd & (np.maximum(np.abs(south), np.abs(north)) > 90) & _within(west, east, 90) & _within(south, north, 180)
        for at in np.flatnonzero(absurd):
            self._faults[int(at)] = _absurd(field)
        for at in np.flatnonzero(turned):
            self._faults[int(at)] = self._swapped(west[at], south[at])
        geometry[absurd | turned] = None
        return geometry, self._faults

    def _points(self, x: Numbers, y: Numbers) -> tuple[NDArray[np.object_], dict[int, Finding]]:
        with np.errstate(invalid="ignore"):
            absurd = (np.abs(x) > BEYOND) | (np.abs(y) > BEYOND)
            turned = self._degrees & (np.abs(y) > 90) & (np.abs(y) <= 180) & (np.abs(x) <= 90)
        for at in np.flatnonzero(absurd):
            self._faults[int(at)] = _absurd(self._place.fields[0 if abs(x[at]) > BEYOND else -1])
        for at in np.flatnonzero(turned):
            self._faults[int(at)] = self._swapped(x[at], y[at])
        good = np.isfinite(x) & np.isfinite(y) & ~absurd & ~turned
        geometry = np.empty(len(x), dtype=object)
        geometry[good] = shapely.points(x[good], y[good])
        return geometry, self._faults

    def _one_by_one(self, at: int, written: tuple[Any, Any]) -> tuple[float, float]:
        """x and y of a row that is no pair of plain numbers; NaN twice and a finding where it is none at all."""
        fields = self._place.fields
        found: list[Coordinate] = []
        for field, value in zip((fields[0], fields[-1]), written, strict=True):
            told = str(value).strip() if value is not None else ""
            if not told:
                self._faults[at] = Finding("no_place", field, Text("没有坐标。", "It has no coordinates."))
                return np.nan, np.nan
            said = None if isinstance(value, bool) else coordinate(told, self._degrees)
            if said is None:
                self._faults[at] = Finding(
                    "no_place", field, Text(f"“{field}”的“{told[:80]}”不是坐标。", f"'{told[:80]}' in '{field}' is no coordinate.")
                )
                return np.nan, np.nan
            if not np.isfinite(said.value):
                self._faults[at] = _absurd(field)
                return np.nan, np.nan
            found.append(said)
        if found[0].axis == "y" or found[1].axis == "x":
            self._faults[at] = self._swapped(*written)
            return np.nan, np.nan
        return found[0].value, found[1].value

    def _pair(self, at: int, pair: Any) -> tuple[float, float]:
        field = self._place.fields[0]
        if pair is None or not str(pair).strip():
            self._faults[at] = Finding("no_place", field, Text("没有坐标。", "It has no coordinates."))
            return np.nan, np.nan
        parts = _parts(pair)
        first, second = (coordinate(part, self._degrees) for part in parts or ("", ""))
        if first is None or second is None or (first.axis is not None and first.axis == second.axis):
            self._faults[at] = Finding(
                "no_place", field, Text(f"“{field}”的“{str(pair)[:80]}”不是一对坐标。", f"'{str(pair)[:80]}' in '{field}' is no pair of coordinates.")
            )
            return np.nan, np.nan
        if not (np.isfinite(first.value) and np.isfinite(second.value)):
            self._faults[at] = _absurd(field)
            return np.nan, np.nan
        # Hemispheres say which is which, whatever the mapping thinks.
        turned = first.axis == "y" or second.axis == "x" if first.axis or second.axis else self._place.swapped
        return (second.value, first.value) if turned else (first.value, second.value)

    def _refuse_others(self, geometry: NDArray[np.object_], srids: NDArray[np.int32]) -> None:
        """A geometry that names its reference system must name the mapping's; the shifted ones have no number to name."""
        if self._crs in SHIFTED:
            return
        own = int(self._crs.removeprefix("EPSG:"))
        for at in np.flatnonzero((srids > 0) & (srids != own) & ~shapely.is_missing(geometry)):
            geometry[at] = None
            self._faults[int(at)] = Finding(
                "other_crs",
                self._place.fields[0],
                Text(
                    f"几何图形自称坐标系为 EPSG:{srids[at]}，映射却写着 {self._crs}。",
                    f"Its geometry declares EPSG:{srids[at]}, while the mapping says {self._crs}.",
                ),
            )

    def _no_shape(self, written: Any, empty: bool) -> Finding:
        field = self._place.fields[0]
        if empty:
            return Finding("no_place", field, Text("几何图形为空。", "Its geometry is empty."))
        if written is None or (isinstance(written, str) and not written.strip()):
            return Finding("no_place", field, Text("没有几何图形。", "It has no geometry."))
        kind = self._place.kind.upper()
        return Finding(
            "bad_geometry", field, Text(f"“{field}”的“{str(written)[:80]}”不是 {kind}。", f"'{str(written)[:80]}' in '{field}' is no {kind}.")
        )

    def _swapped(self, x: Any, y: Any) -> Finding:
        fields = self._place.fields
        told = ", ".join(f"{value:.10g}" if isinstance(value, float) else str(value).strip() for value in (x, y))
        if len(fields) == 2:
            return Finding(
                "axes_swapped",
                fields[0],
                Text(
                    f"经纬度写反了：“{fields[0]}”“{fields[1]}”为 {told}；请在映射 [place] 中把这两个字段对调。",
                    f"Longitude and latitude are exchanged: '{fields[0]}' and '{fields[1]}' say {told}; exchange the two fields in the mapping's [place].",
                ),
            )
        other = "false" if self._place.swapped else "true"
        return Finding(
            "axes_swapped",
            fields[0],
            Text(
                f"“{fields[0]}”的经纬度写反了（x, y 为 {told}）；请在映射 [place] 中写 swapped = {other}。",
                f"Longitude and latitude in '{fields[0]}' are exchanged (x, y: {told}); write swapped = {other} in the mapping's [place].",
            ),
        )


def _floats(written: list[Any]) -> Numbers:
    """Plain numbers; NaN where a value is none, which a slower look then names."""
    kinds = set(map(type, written))
    if (kinds == {str} and "_" not in "".join(written)) or kinds <= {float, int}:
        try:
            return np.fromiter(map(float, written), dtype=np.float64, count=len(written))
        except (ValueError, OverflowError):
            pass
    return np.fromiter(map(_float, written), dtype=np.float64, count=len(written))


def _float(value: Any) -> float:
    if isinstance(value, bool) or value is None or (isinstance(value, str) and "_" in value):
        return np.nan  # float() would take True for 1 and 1_0 for 10
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return np.nan


def _parts(pair: Any) -> list[str] | None:
    """The two texts of a pair, or None. A separator counts only where it stands once."""
    if isinstance(pair, (list, tuple)):
        return [str(part) for part in pair] if len(pair) == 2 and not any(isinstance(part, bool) for part in pair) else None
    text = plain(str(pair)).strip("()[]{} ")
    for separator in _SEPARATORS:
        if text.count(separator) == 1:
            return [part.strip() for part in text.split(separator)]
    return None


def _within(low: Numbers, high: Numbers, limit: float) -> NDArray[np.bool_]:
    return np.asarray((low >= -limit) & (high <= limit))


def _absurd(field: str) -> Finding:
    return Finding(
        "not_a_number", field, Text("坐标不是有限的数（NaN、无穷或荒谬的大数）。", "Its coordinates are no finite numbers (NaN, infinite or absurdly large).")
    )
