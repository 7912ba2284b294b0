"""Which point a Chinese datum means: WGS 84, GCJ-02 (AMap, Tencent) and BD-09 (Baidu), in degrees lon/lat.

The published approximation of the GCJ-02 shift (ellipsoid a = 6 378 245 m, ee = 0.00669342162296594323; googollee's
eviltransform and its many ports, met to the last bit) and Baidu's polar shift on top of it. All functions take and give
numbers or arrays of any one shape; what is not a finite position comes back as it went in.

**The rectangle of China is one of WGS 84 positions.** The shift stops dead at its border, so near the border the datums
are no longer one to one: up to about 1.2 km beyond it a GCJ-02 position is both the image of a place inside, which was
shifted there, and of the place outside that was left alone. The inverses answer with the place inside. Hence, exactly:
what started inside the rectangle, its border included, comes back from GCJ-02 and BD-09 to 1e-11 degrees; what started
outside is never moved by the forward ways, and is not moved by the inverses unless a place inside has the same image.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

A_M = 6378245.0
EE = 0.00669342162296594323
CHINA = (72.004, 0.8293, 137.8347, 55.8271)  # west, south, east, north in degrees of WGS 84
WEST, SOUTH, EAST, NORTH = CHINA
BD_TURN = math.pi * 3000.0 / 180.0
BD_EAST, BD_NORTH = 0.0065, 0.006

FARTHEST = 0.05  # degrees; no shift is longer: 0.0108 at most to GCJ-02, 0.007 on to BD-09
ON_BORDER = 1e-11  # degrees, a micrometre: a place of the border solved to the last bits may fall this far outside
STOP = 1e-11  # degrees; a step shrinks the error at least a hundredfold, so one this short leaves less than 1e-13
MOST_STEPS = 20
WORTH_THREADS = 50_000  # positions; below, starting threads costs more than they spare

Degrees = NDArray[np.float64]
Change = Callable[[float, float], tuple[float, float]]


def in_china(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Whether the shift applies to a WGS 84 position: inside the rectangle that the published code uses for China."""
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    return np.asarray((x >= WEST) & (x <= EAST) & (y >= SOUTH) & (y <= NORTH))


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """The GCJ-02 position of a WGS 84 position."""
    return _changed(_wgs84_to_gcj02, lon, lat)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """The WGS 84 position whose GCJ-02 position this is; the one inside the rectangle where there are two."""
    return _changed(_gcj02_to_wgs84, lon, lat)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """The BD-09 position of a GCJ-02 position, shifted if its WGS 84 place is inside the rectangle."""
    return _changed(_gcj02_to_bd09, lon, lat)


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """The GCJ-02 position whose BD-09 position this is."""
    return _changed(_bd09_to_gcj02, lon, lat)


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """The BD-09 position of a WGS 84 position."""
    return _changed(_wgs84_to_bd09, lon, lat)


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """The WGS 84 position whose BD-09 position this is; the one inside the rectangle where there are two."""
    return _changed(_bd09_to_wgs84, lon, lat)


def _changed(change: Change, lon: ArrayLike, lat: ArrayLike) -> tuple[Degrees, Degrees]:
    """The change of every position: a number by Python itself, an array by the compiled twin of the same function."""
    x, y = np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float))
    if x.ndim == 0:
        to_x, to_y = change(float(x), float(y))
        return np.asarray(to_x), np.asarray(to_y)
    # Numba inlines nothing it could get wrong here: without fastmath both ways give the same bits
    kernel = _compiled(change)
    flat_x, flat_y = np.ascontiguousarray(x).reshape(-1), np.ascontiguousarray(y).reshape(-1)
    out_x, out_y = np.empty_like(flat_x), np.empty_like(flat_y)
    if x.size < WORTH_THREADS:
        kernel(flat_x, flat_y, out_x, out_y)
    else:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        cuts = np.linspace(0, x.size, cores + 1).astype(int)
        parts = [slice(a, b) for a, b in zip(cuts[:-1], cuts[1:], strict=True)]
        with ThreadPoolExecutor(cores) as threads:
            list(threads.map(lambda part: kernel(flat_x[part], flat_y[part], out_x[part], out_y[part]), parts))
    return out_x.reshape(x.shape), out_y.reshape(x.shape)


@cache
def _compiled(change: Change) -> Any:
    """The loop of one change over arrays (lon, lat, out_lon, out_lat); its machine code is kept on disk where that is writable.

    Threads of our own over a loop that holds no interpreter lock, not Numba's ``parallel=True``: the process ends when two
    threads enter its workqueue at once, or after a fork under GNU OpenMP, and the parallel loop takes longer to compile.
    """
    from numba import njit  # noqa: PLC0415  (a web process that converts single points never pays for loading it)
    from numba.extending import register_jitable  # noqa: PLC0415  (as above)

    for part in (_shift, _unshifted, _turned, _unturned, _inside, _near, _on_border, _came_from_inside, change):
        register_jitable(part)

    def loop(lon: Degrees, lat: Degrees, out_lon: Degrees, out_lat: Degrees) -> None:
        for i in range(lon.size):
            out_lon[i], out_lat[i] = change(lon[i], lat[i])

    try:
        return njit(nogil=True, cache=True, fastmath=False)(loop)
    except RuntimeError:  # neither the folder of this file nor a home to keep machine code in
        return njit(nogil=True, fastmath=False)(loop)


# From here on numbers only, in the Python that Numba compiles as it stands.


def _wgs84_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    if not _inside(lon, lat):
        return lon, lat
    east, north = _shift(lon, lat)
    return lon + east, lat + north


def _gcj02_to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    if not _near(lon, lat):
        return lon, lat
    x, y = _unshifted(lon, lat)
    return _on_border(x, y) if _came_from_inside(x, y) else (lon, lat)


def _gcj02_to_bd09(lon: float, lat: float) -> tuple[float, float]:
    if not _near(lon, lat):
        return lon, lat
    x, y = _unshifted(lon, lat)
    return _turned(lon, lat) if _came_from_inside(x, y) else (lon, lat)


def _bd09_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    if not _near(lon, lat):
        return lon, lat
    gcj_x, gcj_y = _unturned(lon, lat)
    x, y = _unshifted(gcj_x, gcj_y)
    return (gcj_x, gcj_y) if _came_from_inside(x, y) else (lon, lat)


def _wgs84_to_bd09(lon: float, lat: float) -> tuple[float, float]:
    if not _inside(lon, lat):
        return lon, lat
    east, north = _shift(lon, lat)
    return _turned(lon + east, lat + north)


def _bd09_to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    if not _near(lon, lat):
        return lon, lat
    gcj_x, gcj_y = _unturned(lon, lat)
    x, y = _unshifted(gcj_x, gcj_y)
    return _on_border(x, y) if _came_from_inside(x, y) else (lon, lat)


def _inside(lon: float, lat: float) -> bool:
    return WEST <= lon <= EAST and SOUTH <= lat <= NORTH


def _near(lon: float, lat: float) -> bool:
    """Whether a shifted position can have come from inside: no formula sees what is infinite or on another continent."""
    return WEST - FARTHEST <= lon <= EAST + FARTHEST and SOUTH - FARTHEST <= lat <= NORTH + FARTHEST


def _came_from_inside(lon: float, lat: float) -> bool:
    """Whether a solved WGS 84 position is one of the rectangle, but for the last bits of the solution."""
    return WEST - ON_BORDER <= lon <= EAST + ON_BORDER and SOUTH - ON_BORDER <= lat <= NORTH + ON_BORDER


def _on_border(lon: float, lat: float) -> tuple[float, float]:
    """The position, brought back by the last bits to the border it lies on, so that it shifts again."""
    return min(max(lon, WEST), EAST), min(max(lat, SOUTH), NORTH)


def _shift(lon: float, lat: float) -> tuple[float, float]:
    """The GCJ-02 offset in degrees at a WGS 84 position; the order of the operations is that of the published code."""
    x, y = lon - 105.0, lat - 35.0
    root = math.sqrt(abs(x))
    common = (20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    north = north + (20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    north = north + (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    east = east + (20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    east = east + (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    radians = lat / 180.0 * math.pi
    sine = math.sin(radians)
    magic = 1.0 - EE * sine * sine
    root_magic = math.sqrt(magic)
    return (
        east * 180.0 / (A_M / root_magic * math.cos(radians) * math.pi),
        north * 180.0 / (A_M * (1.0 - EE) / (magic * root_magic) * math.pi),
    )


def _unshifted(lon: float, lat: float) -> tuple[float, float]:
    """The WGS 84 position that the formula shifts to this GCJ-02 position, wherever it lies."""
    x, y = lon, lat
    for _ in range(MOST_STEPS):
        east, north = _shift(x, y)
        step = max(abs(lon - east - x), abs(lat - north - y))
        x, y = lon - east, lat - north
        if step < STOP:
            break
    return x, y


def _turned(lon: float, lat: float) -> tuple[float, float]:
    """The BD-09 position of a GCJ-02 position by Baidu's formula, wherever it lies."""
    radius = math.sqrt(lon * lon + lat * lat) + 2e-5 * math.sin(lat * BD_TURN)
    angle = math.atan2(lat, lon) + 3e-6 * math.cos(lon * BD_TURN)
    return radius * math.cos(angle) + BD_EAST, radius * math.sin(angle) + BD_NORTH


def _unturned(lon: float, lat: float) -> tuple[float, float]:
    """The GCJ-02 position that Baidu's formula turns to this BD-09 position: turned back about the origin, and shortened."""
    from_x, from_y = lon - BD_EAST, lat - BD_NORTH
    radius = math.sqrt(from_x * from_x + from_y * from_y)
    x, y = from_x, from_y
    for _ in range(MOST_STEPS):
        turn = 3e-6 * math.cos(x * BD_TURN)
        share = 1.0 - 2e-5 * math.sin(y * BD_TURN) / radius
        cosine, sine = math.cos(turn), math.sin(turn)
        to_x, to_y = share * (from_x * cosine + from_y * sine), share * (from_y * cosine - from_x * sine)
        step = max(abs(to_x - x), abs(to_y - y))
        x, y = to_x, to_y
        if step < STOP:
            break
    return x, y
