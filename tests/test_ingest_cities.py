"""The real cities stand whole: files, generated areas and grids, estimated households, places, counts and search."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shapely

from commandcenter.city import City, load_city
from commandcenter.db.run import acting
from commandcenter.errors import BadInput
from commandcenter.security.builtin import STEWARD
from ingest.cities_load import load_city_data
from ingest.load import Report
from tests.conftest import TestDatabase


@pytest.fixture(scope="module", params=["heidelberg", "manhattan"])
def stood_up(request: pytest.FixtureRequest, clone: Callable[[str], TestDatabase], test_data: Path) -> tuple[City, TestDatabase, list[Report]]:
    """One city, loaded once for all tests of this module."""
    city = load_city(request.param)
    database = clone(city.key)
    return city, database, load_city_data(replace(database.settings, city=city.key), test_data)


def rows(database: TestDatabase, sql: str) -> list[tuple[Any, ...]]:
    with database.connect() as connection, acting(connection, STEWARD):
        return connection.execute(sql).fetchall()  # type: ignore[arg-type]


def test_every_file_adds_up(stood_up: tuple[City, TestDatabase, list[Report]]) -> None:
    city, database, reports = stood_up
    assert [report.mapping for report in reports] == [item.mapping for item in city.data]
    for report in reports:
        assert report.tally.adds_up and report.tally.loaded and report.warning is None, report.as_json
    runs = rows(database, "select count(*), bool_and(rows_read = loaded + unchanged + quarantined), bool_and(status = 'done') from ingest_run")
    assert runs == [(len(reports), True, True)]
    if city.key == "manhattan":
        by_name = {report.mapping: report.tally for report in reports}
        assert [by_name[name].read for name in ("manhattan_buildings", "manhattan_roads", "manhattan_addresses", "nyc_311")] == [
            82_541, 14_484, 93_737, 6_765,
        ]  # fmt: skip
        assert [by_name[name].by_rule.get("outside_city", 0) for name in by_name] == [21, 2_478, 7, 5_520]
        assert by_name["nyc_311"].by_rule["no_place"] == 115
        ((open_cases, placed),) = rows(database, "select count(*), count(grid_code) from cases")
        assert placed > 0.95 * open_cases, "requests stand where no grid is"


def test_grids_cover_the_generated_city(stood_up: tuple[City, TestDatabase, list[Report]]) -> None:
    city, database, _ = stood_up
    grids = rows(database, "select ST_AsBinary(geom_metric), households, kind, households_estimated, code, community_code from grid")
    shapes = shapely.from_wkb([row[0] for row in grids])
    assert shapely.coverage_is_valid(shapes) and all(row[3] for row in grids)
    whole = rows(database, "select area_m2, generated from area where level = 'city'")
    assert len(whole) == 1 and whole[0][1]
    assert abs(shapely.area(shapes).sum() - whole[0][0]) < 1.0
    rule = city.generated
    assert all(rule.grid_low <= row[1] <= rule.grid_high for row in grids if row[2] == "basic")
    assert sum(row[2] == "basic" for row in grids) > 0.95 * len(grids)
    assert all(row[4].startswith(row[5]) for row in grids)


def test_households_of_a_grid_are_those_of_its_buildings(stood_up: tuple[City, TestDatabase, list[Report]]) -> None:
    _, database, _ = stood_up
    differing = rows(
        database,
        "select g.code, g.households, coalesce(sum(h.resident), 0) from grid g left join household_count h on h.grid_code = g.code"
        " group by g.id having g.households <> coalesce(sum(h.resident), 0)",
    )
    assert differing == []
    assert rows(database, "select bool_and(estimated), bool_or(resident > 2000) from household_count") == [(True, False)]
    ((per_hectare,),) = rows(database, "select (sum(households) / sum(area_m2) * 1e4)::float8 from grid")
    assert 20 < per_hectare < 120, "so many homes stand on no hectare of such a city"


def test_everything_inside_knows_its_place(stood_up: tuple[City, TestDatabase, list[Report]]) -> None:
    _, database, _ = stood_up
    ((buildings, placed),) = rows(database, "select count(*), count(grid_code) from building")
    assert placed > 0.999 * buildings
    wrong = rows(
        database,
        "select count(*) from building b join grid g on g.code = b.grid_code where not ST_Covers(g.geom, ST_PointOnSurface(b.geom))",
    )
    assert wrong == [(0,)]
    assert rows(database, "select count(*) from cases where grid_code is distinct from born_grid_code") == [(0,)]
    ((open_cases, counted),) = rows(
        database, "select (select count(*) from cases where is_open and grid_code is not null), (select sum(open_cases) from grid)"
    )
    assert open_cases == counted
    assert rows(database, "select count(*) > 100 from search_city('Street', 200)")


def test_a_second_load_changes_nothing(stood_up: tuple[City, TestDatabase, list[Report]], test_data: Path) -> None:
    city, database, _ = stood_up
    before = rows(database, "select count(*) from layer_change")
    reports = load_city_data(replace(database.settings, city=city.key), test_data)
    assert all(report.tally.loaded == 0 for report in reports)
    assert rows(database, "select count(*) from layer_change") == before


def test_a_missing_file_is_said_before_anything_is_loaded(database: TestDatabase, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"heidelberg_altstadt\.osm\.pbf"):
        load_city_data(replace(database.settings, city="heidelberg"), tmp_path)
    with database.connect() as connection, acting(connection, STEWARD):
        assert connection.execute("select count(*) from city").fetchone() == (0,)


def test_the_command_explains_itself() -> None:
    told = subprocess.run([sys.executable, "-m", "ingest", "--help"], capture_output=True, text=True, check=True).stdout
    assert "load" in told and "city" in told and "mappings" in told
    listed = subprocess.run([sys.executable, "-m", "ingest", "mappings"], capture_output=True, text=True, check=True).stdout
    assert "nyc_311" in listed and "osm_cameras" in listed


def test_the_command_names_a_wrong_word() -> None:
    run = subprocess.run([sys.executable, "-m", "ingest", "load", "nyc-311", "x.csv"], capture_output=True, text=True)
    assert run.returncode == 1 and "'nyc_311' meant" in run.stderr and "是否指" in run.stderr

