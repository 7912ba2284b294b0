"""Where a row lies: its geometry in EPSG:4326, valid, of the kind asked for and inside the city.

A geometry that can be mended (self-intersection) is mended and counted as a repair; one that cannot is refused.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from commandcenter import geo
from commandcenter.city import City
from commandcenter.text import Text
from ingest.record import Refused

Positions = NDArray[np.float64]
_KINDS = {"Point": "point", "LineString": "line", "MultiLineString": "line", "Polygon": "polygon", "MultiPolygon": "polygon"}


class Locator:
    """One mapping's way from its CRS into the city. ``repaired`` names what the last row needed."""

    def __init__(self, crs: str, wanted: str, city: City) -> None:
        self._crs = crs
        self._wanted = wanted
        self._inside = shapely.Polygon(city.outline) if city.outline else shapely.box(*city.bounds)
        shapely.prepare(self._inside)
        self._to_lonlat = _to_lonlat(crs)

    def locate(self, geometry: BaseGeometry) -> tuple[BaseGeometry, str | None]:
        """The geometry in EPSG:4326 and the name of the repair it needed, if any. Raises Refused."""
        if geometry.is_empty:
            raise Refused("no_place", "geometry", Text("几何图形为空。", "Its geometry is empty."))
        if geometry.has_z:
            geometry = shapely.force_2d(geometry)
        if self._to_lonlat is not None:
            geometry = shapely.transform(geometry, self._to_lonlat)
        self._check_place(geometry)
        repair = None
        if not geometry.is_valid:
            geometry, repair = _mended(geometry), "mended_geometry"
        return self._as_wanted(geometry), repair

    def _check_place(self, geometry: BaseGeometry) -> None:
        west, south, east, north = geometry.bounds
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise Refused(
                "not_degrees",
                "geometry",
                Text(
                    f"坐标 {west:.10g}, {south:.10g} 不是经纬度：映射所写坐标系 {self._crs} 有误？",
                    f"The coordinates {west:.10g}, {south:.10g} are no degrees: is {self._crs}, as the mapping says, the wrong CRS?",
                ),
            )
        lon, lat = (west + east) / 2, (south + north) / 2
        if not shapely.intersects_xy(self._inside, lon, lat):
            raise Refused(
                "outside_city",
                "geometry",
                Text(f"位置 {lon:.6f}, {lat:.6f} 在城市范围之外。", f"The place {lon:.6f}, {lat:.6f} lies outside the city."),
            )

    def _as_wanted(self, geometry: BaseGeometry) -> BaseGeometry:
        found = _KINDS.get(geometry.geom_type)
        if self._wanted in ("any", found):
            return geometry
        if self._wanted == "point" and found in ("polygon", "line"):
            return geometry.representative_point()
        raise Refused(
            "wrong_shape",
            "geometry",
            Text(f"几何类型为 {geometry.geom_type}，应为 {self._wanted}。", f"It is a {geometry.geom_type}, while a {self._wanted} is wanted."),
        )


def kind_of(geometry: BaseGeometry | None) -> str:
    """point, line or polygon; any for what is neither."""
    return _KINDS.get(geometry.geom_type, "any") if geometry is not None else "any"


def _mended(geometry: BaseGeometry) -> BaseGeometry:
    made = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    if made.is_empty or made.area < 0.5 * geometry.area:
        reason = shapely.is_valid_reason(geometry)
        raise Refused("bad_geometry", "geometry", Text(f"图形无效且无法修复（{reason}）。", f"Its shape is invalid and cannot be mended ({reason})."))
    return made


def _to_lonlat(crs: str) -> Callable[[Positions], Positions] | None:
    if crs in ("EPSG:4326", "EPSG:4490"):
        return None
    if crs == "GCJ-02":
        return lambda at: np.column_stack(geo.gcj02_to_wgs84(at[:, 0], at[:, 1]))
    if crs == "BD-09":
        return lambda at: np.column_stack(geo.bd09_to_wgs84(at[:, 0], at[:, 1]))
    change = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    return lambda at: np.column_stack(change.transform(at[:, 0], at[:, 1]))
