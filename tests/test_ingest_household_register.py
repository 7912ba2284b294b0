"""Household registers come by mapping: counts find their building, take the place of estimates, keep no person, and can be taken back."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from commandcenter.db.load import upsert
from commandcenter.db.registers import finish_load, write_source
from commandcenter.db.run import acting
from commandcenter.errors import BadInput
from commandcenter.security.builtin import STEWARD
from ingest import store
from ingest.contract import Mapping
from ingest.governance.count_store import ESTIMATES
from ingest.ledger import store as ledger
from ingest.mapping import load_mapping
from ingest.withdraw import withdraw_run
from tests.city import HOME
from tests.conftest import TestDatabase
from tests.ingesting import asked, load

MAPPING = """target = "household_count"
reader = "csv"
geometry = "none"
key = ["house"]
title = {{ zh = "户籍登记", en = "Household register" }}
owner = "o"
licence = "l"
attribution = "a"
cadence = "once"
{more}
[building]
{building}
[columns]
resident = {{ from = "{resident}", kind = "integer", required = true }}
counted_on = {{ from = "day", kind = "day", required = true }}
"""
COUNTS = (
    "select h.source_key, b.source_key, h.resident, h.estimated, h.grid_code is not distinct from b.grid_code from household_count h"
    " left join building b on b.id = h.building_id where h.source = %s order by h.source_key"
)


@pytest.fixture
def city(own_city: TestDatabase) -> Iterator[psycopg.Connection]:
    """The little city, its homes estimated and not counted."""
    with own_city.connect() as connection:
        with acting(connection, STEWARD):
            connection.execute("delete from household_count")
            write_source(
                connection,
                {"name": ESTIMATES, "target": "household_count", "title": "估算", "title_en": "Estimates", "owner": "o", "licence": "l", "attribution": "",
                 "cadence_s": None, "synthetic": False, "estimated": True, "data_as_of": None},
            )  # fmt: skip
            homes = connection.execute("select source || '/' || source_key, id from building where use = 'residential' order by source_key").fetchall()
            columns = ("source_key", "building_id", "resident", "estimated", "counted_on")
            upsert(connection, STEWARD, "household_count", columns, [(key, number, 50, True, "2026-01-01") for key, number in homes], source=ESTIMATES)
            store.place_households(connection)
            finish_load(connection, lambda _: None)
        connection.commit()
        connection.autocommit = True
        yield connection


def a_mapping(folder: Path, name: str = "register", building: str = 'key = "house"', resident: str = "homes", more: str = "") -> Mapping:
    path = folder / f"{name}.toml"
    path.write_text(MAPPING.format(building=building, resident=resident, more=more), encoding="utf-8")
    return load_mapping(path)


def register(folder: Path, *lines: str, header: str = "house,homes,day,head,phone") -> Path:
    path = folder / "register.csv"
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


def withdrawn(connection: psycopg.Connection, run_id: int) -> None:
    with acting(connection, STEWARD):
        withdraw_run(connection, STEWARD, run_id)


def state(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    with acting(connection, STEWARD):
        connection.execute("select set_config('commandcenter.with_gone', 'on', true)")
        return connection.execute(
            "select source, source_key, building_id, resident, estimated, counted_on, grid_code, gone_run_id from household_count order by 1, 2"
        ).fetchall()


def homes_of(connection: psycopg.Connection) -> list[str]:
    return [key for (key,) in asked(connection, "select source_key from building where use = 'residential' order by source_key")]


def test_counts_take_the_place_of_estimates_and_give_it_back(city: psycopg.Connection, tmp_path: Path) -> None:
    before = state(city)
    first, second, *others = homes_of(city)
    mapping = a_mapping(tmp_path)
    report = load(city, mapping, register(tmp_path, f"{first},41,2026-09-01,王某,123", f"{second},0,2026-09-01,李某,456"))
    assert report.tally.loaded == 2
    assert asked(city, COUNTS, "register") == [(first, first, 41, False, True), (second, second, 0, False, True)]
    estimated = asked(city, COUNTS, ESTIMATES)
    assert [row[1] for row in estimated] == others and len(others) > 0
    total = asked(city, "select sum(resident) from household_count")
    assert total == [(41 + 50 * len(others),)]
    assert asked(city, "select row_count from source where name = any(%s) order by name", [ESTIMATES, "register"]) == [(len(others),), (2,)]
    # The same again changes nothing; a corrected count updates by key.
    assert load(city, mapping, register(tmp_path, f"{first},41,2026-09-01,王某,123", f"{second},0,2026-09-01,李某,456")).tally.unchanged == 2
    middle = state(city)
    changed = load(city, mapping, register(tmp_path, f"{first},43,2026-10-01,王某,123"), accept_vanished=True)
    assert (changed.tally.loaded, changed.tally.vanished) == (1, 1)
    assert [row[1] for row in asked(city, COUNTS, ESTIMATES)] == [second, *others]
    withdrawn(city, changed.run_id)
    assert state(city) == middle
    withdrawn(city, report.run_id)
    assert state(city) == before


def test_nobody_is_kept(city: psycopg.Connection, tmp_path: Path) -> None:
    """Neither the ledger nor the quarantine holds a field that the mapping does not name."""
    first, *_ = homes_of(city)
    report = load(city, a_mapping(tmp_path), register(tmp_path, f"{first},41,2026-09-01,张三丰,13912345678", "nowhere,1,2026-09-01,李四光,13887654321"))
    assert report.tally.by_rule == {"unknown_building": 1}
    with acting(city, STEWARD):
        named = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and has_table_privilege(oid, 'select')"
        tables = [name for (name,) in city.execute(named).fetchall()]
        assert {"ingest_run", "quarantine", "household_count"} <= set(tables)
        for table in tables:
            (everything,) = city.execute(f"select string_agg(t::text, '|') from {table} t").fetchone() or ("",)  # type: ignore[arg-type]
            assert not any(said in (everything or "") for said in ("张三丰", "13912345678", "李四光", "13887654321")), table
        blocks = city.execute("select body from ingest_raw").fetchall()
        kept = [str(ledger.read_block(body)) for (body,) in blocks]
    assert kept and all("homes" in text and "张三丰" not in text for text in kept)
    assert all("张三丰".encode() not in zlib.decompress(body) if body[:1] == b"x" else True for (body,) in blocks)


def test_rows_of_households_are_counted(city: psycopg.Connection, tmp_path: Path) -> None:
    first, second, *_ = homes_of(city)
    mapping = a_mapping(tmp_path, building='key = "house"\ncount = "rows"', resident="@rows")
    lines = [f"{house},,2026-09-01,户主{number},{number}" for house, count in ((first, 7), (second, 3)) for number in range(count)]
    report = load(city, mapping, register(tmp_path, *lines, ",,2026-09-01,无楼,0"))
    assert {(row[0], row[2]) for row in asked(city, COUNTS, "register")} == {(first, 7), (second, 3)}
    # Ten households in two buildings are two counts; the row that names no building is refused.
    assert (report.tally.read, report.tally.loaded, report.tally.quarantined) == (3, 2, 1)


def test_a_place_finds_its_building(city: psycopg.Connection, tmp_path: Path) -> None:
    inside = dict(asked(city, "select source_key, array[ST_X(p), ST_Y(p)] from building, lateral ST_PointOnSurface(geom) p where use = 'residential'"))
    first, *_ = sorted(inside)
    lon, lat = inside[first]
    far_lon, far_lat = HOME.lonlat(-900, -500)
    path = tmp_path / "point.toml"
    body = MAPPING.format(building="within_m = 3.0", resident="homes", more="").replace('geometry = "none"', 'geometry = "point"\ncrs = "EPSG:4326"')
    path.write_text(body.replace("[columns]", '[place]\nlon = "lon"\nlat = "lat"\n[columns]'), encoding="utf-8")
    lines = [f"a,12,2026-09-01,{lon},{lat}", f"b,9,2026-09-01,{far_lon},{far_lat}", f"c,5,2026-09-01,{lon},{lat}"]
    report = load(city, load_mapping(path), register(tmp_path, *lines, header="house,homes,day,lon,lat"))
    assert asked(city, COUNTS, "point") == [("a", first, 12, False, True)]
    assert report.tally.by_rule == {"unknown_building": 1, "duplicate_building": 1}


def test_two_registers_do_not_count_one_building(city: psycopg.Connection, tmp_path: Path) -> None:
    first, second, third, *_ = homes_of(city)
    load(city, a_mapping(tmp_path), register(tmp_path, f"{first},41,2026-09-01,,"))
    lines = [f"{first},8,2026-09-01,,", f"{second},9,2026-09-01,,", f"{third},-1,2026-09-01,,"]
    report = load(city, a_mapping(tmp_path, name="rival"), register(tmp_path, *lines))
    assert report.tally.by_rule == {"already_counted": 1, "out_of_range": 1}
    assert asked(city, COUNTS, "rival") == [(second, second, 9, False, True)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"building": 'within_m = 3.0'}, "names its building"),
        ({"building": 'key = "house"\nwithin_m = -1.0'}, "negative"),
        ({"resident": "@rows"}, "@rows"),
        ({"building": 'key = "flat"\ncount = "rows"', "resident": "@rows"}, "building is the key"),
        ({"building": 'keyy = "house"'}, "keyy"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(tmp_path: Path, change: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        a_mapping(tmp_path, **change)
