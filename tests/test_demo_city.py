"""The demo city: same seed, same city; areas, grids and cells that nest; codes, counts and cases that hold together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from commandcenter.demo.generate import DemoCity, build_demo_city
from commandcenter.demo.thinning import CELLS_PER_TILE, WORLD_M, thinned

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SEED = 230202


@pytest.fixture(scope="module")
def city() -> Iterator[DemoCity]:
    yield build_demo_city("district", SEED, NOW, lambda _: None)


def test_the_same_seed_gives_the_same_city(city: DemoCity) -> None:
    again = build_demo_city("district", SEED, NOW, lambda _: None)
    for name, frame in city.tables.items():
        twin = again.tables[name]
        assert list(frame.columns) == list(twin.columns)
        if isinstance(frame, gpd.GeoDataFrame):
            assert shapely.equals_exact(frame["geom"].to_numpy(), twin["geom"].to_numpy()).all(), name
        plain = [c for c in frame.columns if not isinstance(frame[c], gpd.GeoSeries)]
        pd.testing.assert_frame_equal(pd.DataFrame(frame[plain]), pd.DataFrame(twin[plain]))


def test_it_is_longsha_with_its_real_streets_and_communities(city: DemoCity) -> None:
    areas = city.tables["area"].set_index("code")
    assert areas.loc["230202", "name"] == "龙沙区"
    assert (areas["level"] == "street").sum() == 7
    assert (areas["level"] == "community").sum() == 38
    assert areas.loc["230202001006", "name"] == "红星社区"
    assert areas["generated"].all()


def test_grids_cover_their_communities_without_gap_or_overlap(city: DemoCity) -> None:
    grids = city.tables["grid"]
    exact = grids["geom_metric"].to_numpy()
    assert shapely.coverage_is_valid(exact)
    assert np.allclose(shapely.get_coordinates(exact), np.round(shapely.get_coordinates(exact), 3))
    areas = city.tables["area"]
    metric = areas[areas["level"] == "community"].set_index("code").geometry.to_crs(4550)
    for code, own in grids.groupby("community_code"):
        assert own["geom_metric"].area.sum() == pytest.approx(metric[code].area, rel=1e-6)


@pytest.mark.parametrize(("child", "parent", "digits"), [("street", "district", 6), ("community", "street", 9)])
def test_areas_nest(city: DemoCity, child: str, parent: str, digits: int) -> None:
    areas = city.tables["area"]
    inner, outer = areas[areas["level"] == child], areas[areas["level"] == parent].set_index("code")
    assert shapely.coverage_is_valid(inner.geometry.to_crs(4550).to_numpy(), gap_width=0.0)
    for code, own in inner.groupby(inner["code"].str[:digits]):
        assert own["area_m2"].sum() == pytest.approx(outer.loc[code, "area_m2"], rel=1e-9)


def test_households_are_counted_once_and_basic_grids_hold_100_to_200(city: DemoCity) -> None:
    grids, counts = city.tables["grid"], city.tables["household_count"]
    assert counts["resident"].min() > 0
    per_grid = counts.groupby("grid_code")["resident"].sum()
    listed = grids.set_index("code")["households"]
    assert (listed.sub(per_grid, fill_value=0) == 0).all()
    basic = grids[grids["kind"] == "basic"]
    assert len(basic) > 0.9 * len(grids)
    assert basic["households"].between(100, 200).all()


@pytest.mark.parametrize(
    ("table", "pattern"),
    [
        ("grid", r"230202\d{9}"),
        ("unit_cell", r"230202\d{9}"),
        ("component", r"230202\d{10}"),
        ("camera", r"230202\d{4}132\d{7}"),
        ("area", r"230202(\d{3}(\d{3})?)?"),
    ],
)
def test_codes_follow_their_grammar_and_are_unique(city: DemoCity, table: str, pattern: str) -> None:
    codes = city.tables[table]["code"]
    assert codes.is_unique
    assert all(re.fullmatch(pattern, code) for code in codes)


def test_placed_codes_agree_with_the_polygons(city: DemoCity) -> None:
    """Slow oracle over a sample: the grid whose polygon holds the point."""
    grids = city.tables["grid"].set_index("code").geometry
    for table in ("camera", "cases", "service_point", "component"):
        sample = city.tables[table].iloc[:: max(1, len(city.tables[table]) // 60)]
        for row in sample.itertuples():
            holders = sorted(grids.index[grids.intersects(row.geom)])
            assert (row.grid_code or None) == (holders[0] if holders else None)
            assert row.community_code == (row.grid_code[:12] if row.grid_code else None)


def test_cases_hold_together(city: DemoCity) -> None:
    cases = city.tables["cases"]
    assert cases["number"].is_unique
    assert (cases["reported_at"] <= cases["started_at"]).all()
    assert (cases["started_at"] < cases["due_at"]).all()
    assert (cases["reported_at"] <= NOW).all()
    closed = cases[~cases["is_open"]]
    assert (closed["closed_at"] >= closed["reported_at"]).all()
    assert (closed["closed_at"] <= NOW).all()
    assert cases.loc[cases["is_open"], "closed_at"].isna().all()
    overdue = (cases["is_open"] & (cases["due_at"] < NOW)).sum()
    assert 0 < overdue < 0.2 * cases["is_open"].sum()


def test_camera_numbers_are_possible(city: DemoCity) -> None:
    cameras = city.tables["camera"]
    assert cameras["azimuth_deg"].between(0, 360, inclusive="left").all()
    assert cameras["hfov_deg"].between(1, 360).all()
    assert cameras["max_view_distance_m"].between(5, 120).all()
    assert set(cameras["status"]) == {"working", "faulty", "unknown"}


@pytest.mark.parametrize("zoom", [11, 13, 15])
def test_thinning_keeps_one_point_a_cell_and_never_takes_one_back(city: DemoCity, zoom: int) -> None:
    cameras = city.tables["camera"]
    lowest = thinned(cameras["geom"], 11, 16)
    tiles = cameras["geom"].to_crs(3857)
    cell = WORLD_M / 2**zoom / CELLS_PER_TILE
    drawn = lowest <= zoom
    keys = pd.Series(list(zip(np.floor(tiles.x[drawn] / cell), np.floor(tiles.y[drawn] / cell), strict=True)))
    every = set(zip(np.floor(tiles.x / cell), np.floor(tiles.y / cell), strict=True))
    assert set(keys) == every, "a cell with points shows none"
    assert keys.value_counts().max() <= 4, "points kept from lower zooms may share a cell, no more"


def test_every_source_is_marked_synthetic_and_one_is_late(city: DemoCity) -> None:
    assert {s["target"] for s in city.sources} == set(city.tables) | {"household"}  # made from the counts when they are written
    assert len(city.pilot) > 20 and sum(count.resident for count in city.pilot) > 2_000
    assert all(s["synthetic"] for s in city.sources)
    late = [s["name"] for s in city.sources if s["cadence_s"] and (NOW - s["data_as_of"]).total_seconds() > s["cadence_s"]]
    assert late == ["demo_components"]
