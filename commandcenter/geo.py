"""Which point a Chinese datum means: WGS 84, GCJ-02 (AMap, Tencent) and BD-09 (Baidu), in degrees lon/lat.

The published approximation of the GCJ-02 shift (ellipsoid a = 6 378 245 m, ee = 0.00669342162296594323) and Baidu's
polar shift on top of it. Outside the rectangle of China both are the identity. All functions take and give arrays or
numbers; the inverses are solved by fixed-point iteration to the last bits, not by the usual one-step guess.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

A_M = 6378245.0
EE = 0.00669342162296594323
CHINA = (72.004, 0.8293, 137.8347, 55.8271)  # west, south, east, north in degrees
BD_TURN = np.pi * 3000.0 / 180.0

Degrees = NDArray[np.float64]


def in_china(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Whether the shift applies: inside the rectangle that the published code uses for China."""
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    west, south, east, north = CHINA
    return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """The GCJ-02 position of a WGS 84 position."""
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    dx, dy = _shift(x, y)
    inside = in_china(x, y)
    return np.where(inside, x + dx, x), np.where(inside, y + dy, y)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """The WGS 84 position whose GCJ-02 position this is."""
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    wx, wy = x, y
    for _ in range(12):
        dx, dy = _shift(wx, wy)
        wx, wy = x - dx, y - dy
    # The rectangle is that of WGS 84: a point whose true place lies outside was never shifted.
    inside = in_china(wx, wy)
    return np.where(inside, wx, x), np.where(inside, wy, y)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """The BD-09 position of a GCJ-02 position."""
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    radius = np.hypot(x, y) + 2e-5 * np.sin(y * BD_TURN)
    angle = np.arctan2(y, x) + 3e-6 * np.cos(x * BD_TURN)
    inside = in_china(x, y)
    return np.where(inside, radius * np.cos(angle) + 0.0065, x), np.where(inside, radius * np.sin(angle) + 0.006, y)


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """The GCJ-02 position whose BD-09 position this is."""
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    gx, gy = x - 0.0065, y - 0.006
    inside = in_china(gx, gy)
    for _ in range(12):
        bx, by = gcj02_to_bd09(gx, gy)
        gx, gy = gx + (x - bx), gy + (y - by)
    return np.where(inside, gx, x), np.where(inside, gy, y)


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """The BD-09 position of a WGS 84 position."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """The WGS 84 position whose BD-09 position this is."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def _shift(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """The GCJ-02 offset in degrees at a WGS 84 position."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    common = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    north = north + (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north = north + (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    east = east + (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east = east + (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    radians = np.radians(lat)
    magic = 1.0 - EE * np.sin(radians) ** 2
    root_magic = np.sqrt(magic)
    return (
        np.degrees(east * root_magic / (A_M * np.cos(radians))),
        np.degrees(north * magic * root_magic / (A_M * (1.0 - EE))),
    )
