"""Where a city's grids and households are generated, what the city itself brought stands: its own plan, and whatever was counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from commandcenter.city import load_city
from commandcenter.db.registers import finish_load
from commandcenter.db.run import acting
from commandcenter.security.builtin import STEWARD
from ingest.cities_load import load_city_data
from ingest.generated import generate_areas
from ingest.governance.count_store import ESTIMATES
from ingest.mapping import load_mapping
from tests.conftest import TestDatabase
from tests.ingesting import asked, load, withdrawn
from tests.test_ingest_grids import MAPPING as GRIDS
from tests.test_ingest_household_register import MAPPING as REGISTER
from tests.test_ingest_household_register import register

CITY = load_city("heidelberg")
PLANS = "select code, status from grid_plan order by code"
ADDED_UP = (
    "select count(*) from (select g.households, coalesce(sum(h.resident), 0) as inside from grid g left join household_count h on h.grid_code = g.code"
    " join grid_plan p on p.id = g.plan_id and p.status = 'published' group by g.id) x where households <> inside"
)


@pytest.fixture(scope="module")
def heidelberg(clone: Callable[[str], TestDatabase], test_data: Path) -> Iterator[psycopg.Connection]:
    made = clone("generated")
    load_city_data(replace(made.settings, city="heidelberg"), test_data)
    with made.connect() as connection:
        connection.autocommit = True
        yield connection


def drawn_anew(connection: psycopg.Connection) -> None:
    """As after a load of buildings."""
    with acting(connection, STEWARD):
        generate_areas(connection, STEWARD, CITY, lambda _: None)
        finish_load(connection, lambda _: None)


def test_what_was_counted_is_not_estimated_and_comes_back_when_it_is_withdrawn(heidelberg: psycopg.Connection, tmp_path: Path) -> None:
    before = asked(heidelberg, "select source_key, resident, estimated from household_count order by 1")
    homes = asked(heidelberg, "select b.source_key, h.resident from household_count h join building b on b.id = h.building_id order by 2 desc, 1 limit 2")
    path = tmp_path / "register.toml"
    path.write_text(REGISTER.format(building='key = "house"', resident="homes", more=""), encoding="utf-8")
    lines = [f"{key},{resident + 7},2026-09-01,," for key, resident in homes]
    report = load(heidelberg, load_mapping(path), register(tmp_path, *lines), CITY)
    assert report.tally.loaded == 2
    counted = (
        "select b.source_key, h.resident, h.estimated from household_count h join building b on b.id = h.building_id where h.source = 'register'"
        " order by 2 desc, 1"
    )
    here = [(key, resident + 7, False) for key, resident in homes]
    assert asked(heidelberg, counted) == here
    for _ in range(2):  # again and again: nothing is counted twice
        drawn_anew(heidelberg)
        assert asked(heidelberg, counted) == here
        assert asked(heidelberg, "select count(*) from household_count where source = %s", ESTIMATES) == [(len(before) - 2,)]
        assert asked(heidelberg, "select count(*) - count(distinct building_id) from household_count") == [(0,)]
        assert asked(heidelberg, ADDED_UP) == [(0,)]
    withdrawn(heidelberg, report.run_id)
    assert asked(heidelberg, "select source_key, resident, estimated from household_count where source <> %s", ESTIMATES) == []
    assert asked(heidelberg, "select count(*), bool_and(estimated) from household_count where building_id is not null") == [(len(before), True)]


def test_the_citys_own_plan_stays_the_published_one(heidelberg: psycopg.Connection, tmp_path: Path) -> None:
    (outline,) = asked(heidelberg, "select ST_AsGeoJSON(ST_GeometryN(ST_Buffer(ST_Union(geom), 0), 1)) from area where level = 'city'")
    path = tmp_path / "own_grids.toml"
    path.write_text(GRIDS.format(plan="own", published="true", codes='codes = "report"', columns=""), encoding="utf-8")
    file = tmp_path / "grids.geojson"
    feature = {"type": "Feature", "properties": {"code": "G1", "name": "一号网格"}, "geometry": json.loads(outline[0])}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    report = load(heidelberg, load_mapping(path), file, CITY)
    assert asked(heidelberg, PLANS) == [("generated", "retired"), ("own", "published")]
    drawn_anew(heidelberg)
    assert asked(heidelberg, PLANS) == [("generated", "retired"), ("own", "published")]
    assert asked(heidelberg, "select distinct grid_code from building where grid_code is not null") == [("G1",)]
    withdrawn(heidelberg, report.run_id)
    assert asked(heidelberg, PLANS) == [("generated", "published")]
    assert asked(heidelberg, "select count(*) from building b where grid_code is not null and not exists (select from grid where code = b.grid_code)") == [(0,)]
    assert asked(heidelberg, ADDED_UP) == [(0,)]


def test_what_is_not_drawn_from_draws_nothing_anew(heidelberg: psycopg.Connection, tmp_path: Path) -> None:
    """A load of other things leaves the generated areas alone."""
    before = asked(heidelberg, "select id from grid order by id")
    (at,) = asked(heidelberg, "select ST_X(geom), ST_Y(geom) from service_point limit 1")
    path = tmp_path / "points.toml"
    body = GRIDS[GRIDS.index("reader") : GRIDS.index("[plan]")].replace("polygon", "point").replace("geojson", "csv").replace("{{", "{").replace("}}", "}")
    path.write_text(
        f'target = "key_site"\n{body}\n[place]\nlon = "lon"\nlat = "lat"\n[constants]\nlegal_class = "7.1"\nkind = "school"\n'
        '[columns]\ncode = { from = "code" }\nname = { from = "name", required = true }\n',
        encoding="utf-8",
    )
    file = tmp_path / "points.csv"
    file.write_text(f"code,name,lon,lat\nK1,Schule,{at[0]},{at[1]}\n", encoding="utf-8")
    assert load(heidelberg, load_mapping(path), file, CITY).tally.loaded == 1
    assert asked(heidelberg, "select id from grid order by id") == before
