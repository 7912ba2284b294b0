"""Reference systems by name: the tried vector of Longsha, names PROJ knows and near misses, evidence from a box of numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commandcenter.errors import BadInput
from ingest.reference import Candidate, ReferenceSystem, candidates, zone_prefix_of

LONGSHA = (123.950928, 47.315233)
CITY = (123.82789, 47.17773, 123.99625, 47.35799)
named = ReferenceSystem.named


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("EPSG:4550", "EPSG:4550"), ("epsg:4550", "EPSG:4550"), ("GCJ-02", "GCJ-02"), ("gcj02", "GCJ-02"), ("BD-09", "BD-09"),
        ("CGCS2000", "EPSG:4490"), ("WGS 84", "EPSG:4326"), ("WGS84", "EPSG:4326"), ("EPSG:4326", "EPSG:4326"),
        ("CGCS2000 / 3-degree Gauss-Kruger CM 123E", "EPSG:4550"), ("CGCS2000 / 3-degree Gauss-Krüger CM 123E", "EPSG:4550"),
        ("CGCS2000 / 3-degree Gauss-Kruger zone 41", "EPSG:4529"), ("CGCS2000 / Gauss-Kruger CM 123E", "EPSG:4510"),
        ("CGCS2000 / Gauss-Kruger zone 21", "EPSG:4499"), ("WGS 84 / UTM zone 51N", "EPSG:32651"), ("Beijing 1954", "EPSG:4214"),
    ],
)  # fmt: skip
def test_names_are_known(name: str, code: str) -> None:
    assert named(name).code == code


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("GJC-02", "GCJ-02"), ("EPSG:45500", "EPSG:4550"), ("4550", "EPSG:4550"),
        ("CGCS2000 / 3 degree Gauss-Kruger CM 123", "CGCS2000 / 3-degree Gauss-Kruger CM 123E"),
        ("CGCS2000 / 3-degree Gaus-Kruger zon 41", "CGCS2000 / 3-degree Gauss-Kruger zone 41"),
    ],
)  # fmt: skip
def test_a_near_miss_is_refused_and_named(name: str, near: str) -> None:
    with pytest.raises(BadInput) as fault:
        named(name)
    assert near in fault.value.sentence.en and near in fault.value.sentence.zh


@pytest.mark.parametrize("name", ["", "xyz", "EPSG:5773", "EPSG:4978", "+proj=tmerc +lon_0=123"])
def test_what_is_no_named_system_of_the_ground_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        named(name)


@pytest.mark.parametrize(
    ("name", "own", "tolerance"),
    [
        ("EPSG:4550", (571_897.07, 5_242_731.34), 0.1), ("EPSG:4529", (41_571_897.07, 5_242_731.34), 0.1),
        ("EPSG:4510", (571_897.07, 5_242_731.34), 0.1), ("EPSG:4499", (21_571_897.07, 5_242_731.34), 0.1),
        ("GCJ-02", (123.957531, 47.317308), 2e-6), ("BD-09", (123.963908, 47.323683), 3e-6), ("CGCS2000", LONGSHA, 0.0),
    ],
)  # fmt: skip
def test_longsha_in_its_systems(name: str, own: tuple[float, float], tolerance: float) -> None:
    system = named(name)
    assert system.from_lonlat([LONGSHA])[0] == pytest.approx(own, abs=tolerance)
    assert system.to_lonlat([own])[0] == pytest.approx(LONGSHA, abs=4e-6)
    assert system.residual_m([own]) < 0.001
    swapped = named(name, swapped=True)
    assert swapped.from_lonlat([LONGSHA])[0] == pytest.approx(own[::-1], abs=tolerance)
    assert swapped.to_lonlat([own[::-1]])[0] == pytest.approx(LONGSHA, abs=4e-6)


@pytest.mark.parametrize(("wrong", "easting"), [("EPSG:4547", 1_252_047), ("EPSG:4549", 798_701)])
def test_the_wrong_zones_give_the_wrong_eastings(wrong: str, easting: float) -> None:
    assert named(wrong).from_lonlat([LONGSHA])[0][0] == pytest.approx(easting, abs=1)


@settings(deadline=None)
@given(
    st.sampled_from(["EPSG:4550", "EPSG:4529", "EPSG:4499", "GCJ-02", "BD-09", "EPSG:3857", "EPSG:32651", "EPSG:4490"]),
    st.booleans(),
    st.lists(st.tuples(st.floats(120.0, 127.0), st.floats(44.0, 50.0)), max_size=10),
)
def test_every_system_comes_back(name: str, swapped: bool, at: list[tuple[float, float]]) -> None:
    system = named(name, swapped=swapped)
    own = system.from_lonlat(np.array(at).reshape(-1, 2))
    assert own.shape == (len(at), 2)
    assert system.residual_m(own) < 0.001
    assert np.abs(system.to_lonlat(own) - np.array(at).reshape(-1, 2)).max(initial=0.0) < 1e-8


def test_what_cannot_be_converted_has_no_small_residual() -> None:
    assert named("EPSG:4550").residual_m([[float("nan"), 1.0]]) == float("inf")
    with pytest.raises(ValueError, match=r"\(n, 2\)"):
        named("EPSG:4550").to_lonlat([1.0, 2.0])


def test_each_says_what_is_done() -> None:
    assert "solved exactly" in named("GCJ-02").describe().en
    assert "CGCS2000 is taken as WGS 84" in named("EPSG:4550").describe().en
    assert "no datum shift" in named("Xian 1980").describe().en
    assert "accuracy 15 m" in named("EPSG:2436").describe().en
    assert "swapped first" in named("EPSG:4550", swapped=True).describe().en
    for name in ("GCJ-02", "EPSG:4326", "EPSG:4490", "EPSG:4550", "EPSG:4214"):
        assert all(named(name).describe())


@pytest.mark.parametrize(
    ("easting", "prefix"),
    [(41_571_897.0, 41), (21_571_897.0, 21), (571_897.0, None), (41_000_000.0, None), (24_500_000.0, None), (123.9, None),
     (46_500_000.0, None), (float("nan"), None), (float("inf"), None), (-41_571_897.0, None), (1_252_047.0, None)],
)  # fmt: skip
def test_zone_prefixes(easting: float, prefix: int | None) -> None:
    assert zone_prefix_of(easting) == prefix


def found_in(code: str, *, swapped: bool = False) -> list[Candidate]:
    west, south, east, north = CITY
    corners = named(code, swapped=swapped).from_lonlat([(west, south), (east, north), (west, north), (east, south)])
    low, high = corners.min(axis=0), corners.max(axis=0)
    return candidates((low[0], low[1], high[0], high[1]), CITY)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("code", ["EPSG:4326", "EPSG:4550", "EPSG:4529", "EPSG:4499", "EPSG:3857", "EPSG:4549", "EPSG:4547"])
def test_a_box_names_its_system_first(code: str, swapped: bool) -> None:
    best = found_in(code, swapped=swapped)[0]
    assert (best.reference.code, best.reference.swapped) == (code, swapped)
    assert best.share > 0.8 and all(best.sentence)  # the box of a far zone is turned by the convergence of its meridians
    assert ("swapped order" in best.sentence.en) == swapped
    assert ("the wrong one" in best.sentence.en) == (code in ("EPSG:4549", "EPSG:4547"))


def test_what_numbers_cannot_tell_apart_is_listed_in_order() -> None:
    assert [c.reference.code for c in found_in("EPSG:4326")] == ["EPSG:4326", "GCJ-02", "BD-09"]
    metric = [c.reference.code for c in found_in("EPSG:4550")]
    assert metric == ["EPSG:4550", "EPSG:4510", "EPSG:32651"]


def test_a_box_elsewhere_has_no_system() -> None:
    assert candidates((8.6, 49.3, 8.8, 49.5), CITY) == []
    assert candidates((float("nan"), 0, 1, 1), CITY) == []
    assert candidates((1e12, 1e12, 2e12, 2e12), CITY) == []
    assert candidates((123.9, 47.3, 123.9, 47.3), CITY)[0].reference.code == "EPSG:4326"
