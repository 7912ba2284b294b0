"""The Chinese datums: published vectors, exact inverses, identity outside China, and the tried Longsha vector."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter import geo

VECTORS = Path(os.environ.get("COMMANDCENTER_TEST_DATA", "../shared/data")) / "coords" / "gcj02_vectors.json"

LON = st.floats(73.0, 135.0)
LAT = st.floats(3.9, 53.5)


def test_published_vectors_are_met() -> None:
    if not VECTORS.exists():
        if os.environ.get("CI"):
            pytest.fail("the published GCJ-02 vectors are missing from COMMANDCENTER_TEST_DATA")
        pytest.skip("COMMANDCENTER_TEST_DATA holds no coords/gcj02_vectors.json")
    for vector in json.loads(VECTORS.read_text(encoding="utf-8"))["wgs84_to_gcj02"]:
        lat, lon = vector["wgs"]
        found_lon, found_lat = geo.wgs84_to_gcj02(lon, lat)
        assert (float(found_lat), float(found_lon)) == pytest.approx(tuple(vector["gcj"]), abs=1e-10), vector["place"]


def test_longsha_centre_in_all_three_datums() -> None:
    gcj = geo.wgs84_to_gcj02(123.950928, 47.315233)
    assert [float(v) for v in gcj] == pytest.approx([123.957531, 47.317308], abs=2e-6)
    assert [float(v) for v in geo.gcj02_to_bd09(*gcj)] == pytest.approx([123.963908, 47.323683], abs=3e-6)


@given(LON, LAT)
def test_gcj02_comes_back(lon: float, lat: float) -> None:
    back_lon, back_lat = geo.gcj02_to_wgs84(*geo.wgs84_to_gcj02(lon, lat))
    assert abs(float(back_lon) - lon) < 1e-9 and abs(float(back_lat) - lat) < 1e-9


@given(LON, LAT)
def test_bd09_comes_back(lon: float, lat: float) -> None:
    back_lon, back_lat = geo.bd09_to_wgs84(*geo.wgs84_to_bd09(lon, lat))
    assert abs(float(back_lon) - lon) < 1e-9 and abs(float(back_lat) - lat) < 1e-9


@pytest.mark.parametrize(
    "change", [geo.wgs84_to_gcj02, geo.gcj02_to_wgs84, geo.gcj02_to_bd09, geo.bd09_to_gcj02, geo.wgs84_to_bd09, geo.bd09_to_wgs84]
)
@pytest.mark.parametrize(("lon", "lat"), [(-104.9903, 39.7392), (153.0251, -27.4698), (8.71, 49.41), (0.0, 0.0)])
def test_outside_china_nothing_moves(change, lon: float, lat: float) -> None:  # type: ignore[no-untyped-def]
    assert tuple(map(float, change(lon, lat))) == (lon, lat)


def test_arrays_answer_as_single_points_do() -> None:
    lon, lat = np.array([116.377817, 8.7, 121.5272106]), np.array([39.911954, 49.4, 31.1774276])
    together = np.stack(geo.wgs84_to_gcj02(lon, lat))
    alone = np.stack([np.array(geo.wgs84_to_gcj02(x, y)) for x, y in zip(lon, lat, strict=True)], axis=1)
    assert np.array_equal(together, alone)
