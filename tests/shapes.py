"""Shapes for little cities: drawn in metres around a centre in a metric CRS, handed over as hex EWKB in EPSG:4326."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import shapely
import shapely.affinity
from pyproj import Transformer
from shapely import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

STORED_SRID = 4326
MILLIMETRE = 0.001


def square(west: float, south: float, side: float) -> Polygon:
    """An axis-parallel square from its south-west corner, metres."""
    return rectangle(west, south, west + side, south + side)


def rectangle(west: float, south: float, east: float, north: float) -> Polygon:
    """An axis-parallel rectangle, metres."""
    return Polygon([(west, south), (west, north), (east, north), (east, south)])


def with_courtyard(outer: Polygon, margin: float) -> Polygon:
    """A polygon with a hole that keeps ``margin`` metres from its edge."""
    return Polygon(outer.exterior, [outer.buffer(-margin, join_style="mitre").exterior])


@dataclass(frozen=True)
class Drawing:
    """A sheet of paper on the earth: metres east and north of (lon, lat), in the metric CRS ``srid``."""

    lon: float
    lat: float
    srid: int

    @cached_property
    def _to_metric(self) -> Transformer:
        return Transformer.from_crs(STORED_SRID, self.srid, always_xy=True)

    @cached_property
    def _to_lonlat(self) -> Transformer:
        return Transformer.from_crs(self.srid, STORED_SRID, always_xy=True)

    @cached_property
    def origin(self) -> tuple[float, float]:
        """Where the drawing's zero lies, in metres of the metric CRS."""
        east, north = self._to_metric.transform(self.lon, self.lat)
        return float(round(east, 3)), float(round(north, 3))

    def placed(self, shape: BaseGeometry) -> BaseGeometry:
        """The shape in the metric CRS, on its millimetre grid."""
        east, north = self.origin
        return shapely.set_precision(shapely.affinity.translate(shape, east, north), MILLIMETRE)

    def on_earth(self, shape: BaseGeometry) -> BaseGeometry:
        """The shape in longitude and latitude."""
        return shapely.transform(self.placed(shape), self._to_lonlat.transform, interleaved=False)

    def lonlat(self, x: float, y: float) -> tuple[float, float]:
        """One position in longitude and latitude."""
        point = self.on_earth(Point(x, y))
        return point.x, point.y

    def metric_hex(self, shape: BaseGeometry) -> str:
        """Hex EWKB in the metric CRS."""
        return _hex(self.placed(shape), self.srid)

    def hex(self, shape: BaseGeometry) -> str:
        """Hex EWKB in EPSG:4326."""
        return _hex(self.on_earth(shape), STORED_SRID)

    def multi_hex(self, *shapes: Polygon) -> str:
        """Hex EWKB of a multipolygon in EPSG:4326."""
        return _hex(self.on_earth(MultiPolygon(shapes)), STORED_SRID)

    def point(self, x: float, y: float) -> str:
        """A point as hex EWKB."""
        return self.hex(Point(x, y))

    def line(self, *corners: tuple[float, float]) -> str:
        """A line as hex EWKB."""
        return self.hex(LineString(corners))


def _hex(shape: BaseGeometry, srid: int) -> str:
    return str(shapely.to_wkb(shapely.set_srid(shape, srid), hex=True, include_srid=True))
