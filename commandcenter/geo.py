"""Which point a Chinese datum means: WGS 84, GCJ-02 (AMap, Tencent) and BD-09 (Baidu), in degrees lon/lat.

The published approximation of the GCJ-02 shift (ellipsoid a = 6 378 245 m, ee = 0.00669342162296594323; googollee's
eviltransform and its many ports, met to the last bit) and Baidu's polar shift on top of it. All functions take and give
numbers or arrays of any one shape; what is not a finite position comes back as it went in.

**The rectangle of China is one of WGS 84 positions.** The shift stops dead at its border, so near the border the datums
are no longer one to one: up to about 1.2 km beyond it a GCJ-02 position is both the image of a place inside, which was
shifted there, and of the place outside that was left alone. The inverses answer with the place inside. Hence, exactly:
what started inside the rectangle, its border included, comes back from GCJ-02 and BD-09 to 2e-11 degrees (two micrometres); what started
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
SINE_35, COSINE_35 = math.sin(math.radians(35.0)), math.cos(math.radians(35.0))

FARTHEST = 0.05  # degrees; no shift is longer: 0.0108 at most to GCJ-02, 0.007 on to BD-09
# A step leaves at most 0.01 of the error of a shift and 0.03 of that of a turn: after steps as short as these, in degrees,
# less than 1e-12 is left (2e-11 within 1e-10 degrees of 105 E, where the square root of the shift is steep).
SHIFT_STOP, TURN_STOP = 1e-10, 3e-11
ON_BORDER = 1e-10  # degrees, ten micrometres: what was on the border may be solved to lie this far outside
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
    # Without fastmath both ways give the same bits: a point does not move when it comes in an array
    kernel = _compiled(change)
    flat_x, flat_y = np.ascontiguousarray(x).reshape(-1), np.ascontiguousarray(y).reshape(-1)
    out_x, out_y = np.empty_like(flat_x), np.empty_like(flat_y)
    if x.size < WORTH_THREADS:
        kernel(flat_x, flat_y, out_x, out_y)
    else:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        parts = [slice(begin, begin + WORTH_THREADS) for begin in range(0, x.size, WORTH_THREADS)]
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

    for part in _PARTS:
        register_jitable(part)
    register_jitable(change)

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
    """The GCJ-02 offset in degrees at a WGS 84 position; the order of all operations is that of the published code."""
    x, y = lon - 105.0, lat - 35.0
    radians = lat / 180.0 * math.pi
    waves_x = (
        math.sin(6.0 * x * math.pi), math.sin(2.0 * x * math.pi), math.sin(x * math.pi), math.sin(x / 3.0 * math.pi),
        math.sin(x / 12.0 * math.pi), math.sin(x / 30.0 * math.pi),
    )  # fmt: skip
    waves_y = (math.sin(y * math.pi), math.sin(y / 3.0 * math.pi), math.sin(y / 12.0 * math.pi), math.sin(y * math.pi / 30.0))
    return _offset(x, y, waves_x, waves_y, math.sin(radians), math.cos(radians))


def _shift_by_multiples(lon: float, lat: float) -> tuple[float, float]:
    """The same offset to 1e-16 degrees: all its waves are multiples of one angle in x and one in y, 4 sines and cosines for 12.

    The solutions take most of their time here, and need no bit that the published code happens to have.
    """
    x, y = lon - 105.0, lat - 35.0
    x1 = math.sin(x / 60.0 * math.pi), math.cos(x / 60.0 * math.pi)
    x2 = _doubled(x1)
    x5 = _added(_doubled(x2), x1)
    x20 = _doubled(_doubled(x5))
    x60 = _tripled(x20)
    x120 = _doubled(x60)
    y1 = math.sin(y / 180.0 * math.pi), math.cos(y / 180.0 * math.pi)
    y3 = _tripled(y1)
    y6 = _doubled(y3)
    y15 = _added(_doubled(y6), y3)
    y60 = _doubled(_doubled(y15))
    waves_x = (_tripled(x120)[0], x120[0], x60[0], x20[0], x5[0], x2[0])
    waves_y = (_tripled(y60)[0], y60[0], y15[0], y6[0])
    sine, cosine = _added(y1, (SINE_35, COSINE_35))
    return _offset(x, y, waves_x, waves_y, sine, cosine)


def _offset(
    x: float,
    y: float,
    waves_x: tuple[float, float, float, float, float, float],
    waves_y: tuple[float, float, float, float],
    sine: float,
    cosine: float,
) -> tuple[float, float]:
    """The published polynomial and its waves in metres, as degrees: x and y from 105 E, 35 N, sine and cosine of the latitude."""
    root = math.sqrt(abs(x))
    common = (20.0 * waves_x[0] + 20.0 * waves_x[1]) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    north = north + (20.0 * waves_y[0] + 40.0 * waves_y[1]) * 2.0 / 3.0
    north = north + (160.0 * waves_y[2] + 320.0 * waves_y[3]) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    east = east + (20.0 * waves_x[2] + 40.0 * waves_x[3]) * 2.0 / 3.0
    east = east + (150.0 * waves_x[4] + 300.0 * waves_x[5]) * 2.0 / 3.0
    magic = 1.0 - EE * sine * sine
    root_magic = math.sqrt(magic)
    return (
        east * 180.0 / (A_M / root_magic * cosine * math.pi),
        north * 180.0 / (A_M * (1.0 - EE) / (magic * root_magic) * math.pi),
    )


# An angle as (sine, cosine)


def _doubled(angle: tuple[float, float]) -> tuple[float, float]:
    return 2.0 * angle[0] * angle[1], 1.0 - 2.0 * angle[0] * angle[0]


def _tripled(angle: tuple[float, float]) -> tuple[float, float]:
    square = 4.0 * angle[0] * angle[0]
    return angle[0] * (3.0 - square), angle[1] * (1.0 - square)


def _added(angle: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return angle[0] * other[1] + angle[1] * other[0], angle[1] * other[1] - angle[0] * other[0]


def _unshifted(lon: float, lat: float) -> tuple[float, float]:
    """The WGS 84 position that the formula shifts to this GCJ-02 position, wherever it lies."""
    x, y = lon, lat
    for _ in range(MOST_STEPS):
        east, north = _shift_by_multiples(x, y)
        step = max(abs(lon - east - x), abs(lat - north - y))
        x, y = lon - east, lat - north
        if step < SHIFT_STOP:
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
        # No turn is longer than 3e-6 radians: to the last bit these are its cosine and sine, at a fraction of their price
        cosine, sine = 1.0 - turn * turn / 2.0, turn - turn * turn * turn / 6.0
        to_x, to_y = share * (from_x * cosine + from_y * sine), share * (from_y * cosine - from_x * sine)
        step = max(abs(to_x - x), abs(to_y - y))
        x, y = to_x, to_y
        if step < TURN_STOP:
            break
    return x, y


_PARTS = (
    _inside, _near, _came_from_inside, _on_border, _doubled, _tripled, _added,
    _offset, _shift, _shift_by_multiples, _unshifted, _turned, _unturned,
)  # fmt: skip
