"""The Chinese datums: published vectors to the bit, exact inverses up to the border, identity outside, the tried Longsha vector.

The oracle is the slow NumPy twin below: the published formula by NumPy's own sines, solved by twelve plain steps.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from commandcenter import geo

WEST, SOUTH, EAST, NORTH = geo.CHINA
LON = st.floats(WEST, EAST)
LAT = st.floats(SOUTH, NORTH)
HAIR = st.sampled_from([0.0, 1e-14, 1e-12, 1e-11, 1e-10, 1e-9, 1e-7, 1e-5, 1e-3, 0.004, 0.02])
GEOD = Geod(ellps="WGS84")
CHANGES = [geo.wgs84_to_gcj02, geo.gcj02_to_wgs84, geo.gcj02_to_bd09, geo.bd09_to_gcj02, geo.wgs84_to_bd09, geo.bd09_to_wgs84]
THERE_AND_BACK = [(geo.wgs84_to_gcj02, geo.gcj02_to_wgs84), (geo.wgs84_to_bd09, geo.bd09_to_wgs84)]


@st.composite
def border(draw: st.DrawFn) -> tuple[float, float]:
    """A position at, just inside or just outside one side of the rectangle, or at a corner."""
    lon, lat = draw(LON), draw(LAT)
    beside = draw(HAIR) * draw(st.sampled_from([-1, 1]))
    match draw(st.sampled_from(["west", "south", "east", "north", "corner"])):
        case "west":
            return WEST + beside, lat
        case "south":
            return lon, SOUTH + beside
        case "east":
            return EAST + beside, lat
        case "north":
            return lon, NORTH + beside
        case _:
            return draw(st.sampled_from([WEST, EAST])) + beside, draw(st.sampled_from([SOUTH, NORTH])) + draw(HAIR)


def apart_m(lon: float, lat: float, other: tuple[Any, Any]) -> float:
    return float(GEOD.inv(lon, lat, float(other[0]), float(other[1]))[2])


def slow_shift(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The published offset in NumPy, every wave by its own sine."""
    x, y = lon - 105.0, lat - 35.0
    common = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x)) + common
    north = north + (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north = north + (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x)) + common
    east = east + (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east = east + (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    magic = 1.0 - geo.EE * np.sin(np.radians(lat)) ** 2
    return (
        np.degrees(east * np.sqrt(magic) / (geo.A_M * np.cos(np.radians(lat)))),
        np.degrees(north * magic * np.sqrt(magic) / (geo.A_M * (1.0 - geo.EE))),
    )


def slow_turn(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Baidu's published formula in NumPy."""
    radius = np.hypot(lon, lat) + 2e-5 * np.sin(lat * geo.BD_TURN)
    angle = np.arctan2(lat, lon) + 3e-6 * np.cos(lon * geo.BD_TURN)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def everywhere(count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(20260101)
    return rng.uniform(WEST, EAST, count), rng.uniform(SOUTH, NORTH, count)


def test_published_vectors_are_met_to_the_bit(test_data: Path) -> None:
    vectors = json.loads((test_data / "coords" / "gcj02_vectors.json").read_text(encoding="utf-8"))["wgs84_to_gcj02"]
    assert len(vectors) == 6
    for vector in vectors:
        lat, lon = vector["wgs"]
        found_lon, found_lat = geo.wgs84_to_gcj02(lon, lat)
        assert (float(found_lat), float(found_lon)) == tuple(vector["gcj"]), vector["place"]


def test_longsha_centre_in_all_three_datums() -> None:
    gcj = geo.wgs84_to_gcj02(123.950928, 47.315233)
    assert [float(v) for v in gcj] == pytest.approx([123.957531, 47.317308], abs=2e-6)
    assert [float(v) for v in geo.gcj02_to_bd09(*gcj)] == pytest.approx([123.963908, 47.323683], abs=3e-6)


def test_the_compiled_ways_are_those_of_the_slow_twin() -> None:
    lon, lat = everywhere()
    east, north = slow_shift(lon, lat)
    gcj = geo.wgs84_to_gcj02(lon, lat)
    assert np.abs(gcj[0] - lon - east).max() < 1e-13 and np.abs(gcj[1] - lat - north).max() < 1e-13
    turned = slow_turn(*gcj)
    bd = geo.wgs84_to_bd09(lon, lat)
    assert np.abs(bd[0] - turned[0]).max() < 1e-13 and np.abs(bd[1] - turned[1]).max() < 1e-13
    x, y = gcj
    for _ in range(12):
        east, north = slow_shift(x, y)
        x, y = gcj[0] - east, gcj[1] - north
    back = geo.gcj02_to_wgs84(*gcj)
    assert np.abs(back[0] - x).max() < 1e-12 and np.abs(back[1] - y).max() < 1e-12


def test_waves_by_multiples_of_an_angle_are_the_waves() -> None:
    for lon, lat in zip(*everywhere(2000), strict=True):
        assert geo._shift_by_multiples(lon, lat) == pytest.approx(geo._shift(lon, lat), abs=1e-16)


def test_the_named_limits_hold() -> None:
    """FARTHEST, and the contractions that the stopping rules rest on, over a fine net of the whole rectangle."""
    lon, lat = (v.ravel() for v in np.meshgrid(np.linspace(WEST, EAST, 1500), np.linspace(SOUTH, NORTH, 1300)))
    east, north = slow_shift(lon, lat)
    x, y = slow_turn(lon, lat)
    assert max(np.abs(east).max(), np.abs(north).max()) + max(np.abs(x - lon).max(), np.abs(y - lat).max()) < geo.FARTHEST / 2
    for change, own, most in ((slow_shift, 0.0, 0.01), (slow_turn, 1.0, 0.03)):
        steep = np.zeros((2, lon.size))
        for step in (np.array([[1e-6], [0.0]]), np.array([[0.0], [1e-6]])):
            moved = np.array(change(lon + step[0], lat + step[1])) - np.array(change(lon, lat)) - own * step
            steep += np.abs(moved) / 1e-6
        assert steep.max() < most


@pytest.mark.parametrize(("there", "back"), THERE_AND_BACK)
def test_there_and_back_everywhere(there, back) -> None:  # type: ignore[no-untyped-def]
    lon, lat = everywhere()
    x, y = back(*there(lon, lat))
    assert np.abs(x - lon).max() < 1e-12 and np.abs(y - lat).max() < 1e-12


@pytest.mark.parametrize(("there", "back"), THERE_AND_BACK)
@given(LON, LAT)
def test_there_and_back_within_a_millimetre(there, back, lon: float, lat: float) -> None:  # type: ignore[no-untyped-def]
    assert apart_m(lon, lat, back(*there(lon, lat))) < 0.001


@pytest.mark.parametrize(("there", "back"), THERE_AND_BACK)
@given(border())
def test_there_and_back_at_the_border(there, back, at: tuple[float, float]) -> None:  # type: ignore[no-untyped-def]
    image = there(*at)
    found = back(*image)
    if geo.in_china(*at):
        assert apart_m(*at, found) < 0.001
        assert bool(geo.in_china(*found))
        again = there(*found)
        assert apart_m(float(image[0]), float(image[1]), again) < 0.001
    else:
        assert (float(image[0]), float(image[1])) == at
        # Left alone, or one of the positions that a place inside is shifted to: then that place is the answer
        if (float(found[0]), float(found[1])) != at:
            assert bool(geo.in_china(*found)) and apart_m(*at, there(*found)) < 0.001


@given(st.one_of(border(), st.tuples(LON, LAT)))
def test_bd09_by_way_of_gcj02_is_bd09_inside(at: tuple[float, float]) -> None:
    if not geo.in_china(*at):
        return
    by_way = geo.gcj02_to_bd09(*geo.wgs84_to_gcj02(*at))
    assert tuple(map(float, by_way)) == tuple(map(float, geo.wgs84_to_bd09(*at)))
    assert apart_m(*at, geo.gcj02_to_wgs84(*geo.bd09_to_gcj02(*by_way))) < 0.001


@given(st.floats(105 - 1e-9, 105 + 1e-9), LAT)
def test_the_steep_root_at_105_east_is_solved_too(lon: float, lat: float) -> None:
    x, y = geo.gcj02_to_wgs84(*geo.wgs84_to_gcj02(lon, lat))
    assert abs(float(x) - lon) < 2e-11 and abs(float(y) - lat) < 2e-11


@pytest.mark.parametrize("change", CHANGES)
@settings(deadline=None)  # the first array of a kind waits for the compiler
@given(st.floats(allow_nan=True, allow_infinity=True), st.floats(allow_nan=True, allow_infinity=True))
def test_far_from_china_nothing_moves(change, lon: float, lat: float) -> None:  # type: ignore[no-untyped-def]
    if WEST - 0.1 < lon < EAST + 0.1 and SOUTH - 0.1 < lat < NORTH + 0.1:
        return
    for found in (change(lon, lat), [v[0] for v in change(np.array([lon]), np.array([lat]))]):
        for value, given_value in zip(found, (lon, lat), strict=True):
            assert float(value) == given_value or (math.isnan(given_value) and math.isnan(float(value)))


@pytest.mark.parametrize("change", CHANGES)
@settings(deadline=None)  # the first array of a kind waits for the compiler
@given(st.lists(st.one_of(border(), st.tuples(LON, LAT)), min_size=1, max_size=20))
def test_arrays_answer_as_single_points_do(change, at: list[tuple[float, float]]) -> None:  # type: ignore[no-untyped-def]
    lon, lat = np.array(at).T
    together = np.stack(change(lon, lat))
    alone = np.stack([np.array(change(x, y)) for x, y in at], axis=1)
    assert np.array_equal(together, alone)


def test_shapes_are_kept_and_threads_change_nothing() -> None:
    lon, lat = everywhere(2 * geo.WORTH_THREADS + 7)
    whole = geo.gcj02_to_wgs84(lon, lat)
    assert np.array_equal(whole[0][-9:], geo.gcj02_to_wgs84(lon[-9:], lat[-9:])[0])
    table = geo.gcj02_to_wgs84(lon[:12].reshape(3, 4), 31.0)
    assert table[0].shape == table[1].shape == (3, 4)
    strided = np.stack([lon, lat], axis=1)
    assert np.array_equal(geo.gcj02_to_wgs84(strided[:, 0], strided[:, 1])[1], whole[1])
    assert geo.wgs84_to_gcj02([], [])[0].shape == (0,)
    assert geo.wgs84_to_gcj02(120.0, 30.0)[0].shape == ()


def test_a_process_that_converts_single_points_never_loads_the_compiler() -> None:
    code = "import sys; from commandcenter import geo; geo.bd09_to_wgs84(120.0, 30.0); print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
