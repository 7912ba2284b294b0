"""Loading: counts that add up, a second run that touches nothing, places by point in polygon, all or nothing."""

from __future__ import annotations

import psycopg
import pytest
import shapely
from psycopg import errors

from commandcenter.db.load import Counts, upsert
from commandcenter.db.run import acting
from commandcenter.security.builtin import STEWARD
from tests import city
from tests.city import HOME, WEST_WRITER
from tests.conftest import TestDatabase

CAMERA = ("source_key", "row_hash", "name", "shape", "status", "geom")


def camera(key: str, digest: str, x: float, y: float, name: str = "新机") -> tuple[str, ...]:
    return key, digest, name, "dome", "working", HOME.point(x, y)


def load(connection: psycopg.Connection, rows: list[tuple[str, ...]]) -> Counts:
    return upsert(connection, STEWARD, "camera", CAMERA, rows, source="test_camera")


def test_new_same_and_changed_rows_are_counted_apart(connection: psycopg.Connection) -> None:
    first = [camera("n1", "a", 0, 10), camera("n2", "a", 10, 10)]
    assert load(connection, first) == Counts(loaded=2, unchanged=0)
    assert load(connection, first) == Counts(loaded=0, unchanged=2)
    again = [camera("n1", "a", 0, 10), camera("n2", "b", 10, 10, "改名"), camera("n3", "a", 20, 10)]
    assert load(connection, again) == Counts(loaded=2, unchanged=1)
    names = connection.execute("select name from camera where source_key in ('n1','n2','n3') order by source_key").fetchall()
    assert names == [("新机",), ("改名",), ("新机",)]


def test_the_second_run_writes_no_row_and_notes_no_change(connection: psycopg.Connection) -> None:
    load(connection, [camera("n1", "a", 0, 10)])
    before = connection.execute("select xmin::text, ctid::text from camera where source_key = 'n1'").fetchone()
    changes = "select count(*) from layer_change where table_name = 'camera'"
    noted = connection.execute(changes).fetchone()
    load(connection, [camera("n1", "a", 0, 10)])
    assert connection.execute("select xmin::text, ctid::text from camera where source_key = 'n1'").fetchone() == before
    assert connection.execute(changes).fetchone() == noted


def test_every_row_of_the_little_city_was_loaded_once(city_database: TestDatabase) -> None:
    with city_database.connect() as connection, acting(connection, STEWARD):
        for table, (_, rows) in city.thematic_tables(HOME).items():
            found = connection.execute(f"select count(*) from {table}").fetchone()  # type: ignore[arg-type]
            assert found == (len(rows),), table


def test_places_are_what_a_slow_oracle_says_and_the_lower_code_wins_on_a_border(connection: psycopg.Connection) -> None:
    """Inside, on borders of two, on the corner of four grids, and outside everything."""
    spots = [(x, y) for x in (-600, -450, -300, -299.5, -1, 0, 0.5, 300, 599, 600, 601, 2000) for y in (0, 150, 300, 450, 600, -20)]
    load(connection, [camera(f"s{n:03d}", "a", x, y) for n, (x, y) in enumerate(spots)])
    stored = connection.execute(
        "select ST_AsBinary(geom), grid_code, community_code, district_code, unit_cell_code from camera where source_key ~ '^s[0-9]' order by source_key"
    ).fetchall()

    def outlines(sql: str) -> dict[str, shapely.Geometry]:
        return {code: shapely.from_wkb(bytes(body)) for code, body in connection.execute(sql)}  # type: ignore[arg-type]

    grids = outlines("select code, ST_AsBinary(geom) from grid where plan_id in (select id from grid_plan where status = 'published')")
    cells = outlines("select code, ST_AsBinary(geom) from unit_cell")
    hits = 0
    for body, grid_code, community_code, district_code, cell_code in stored:
        point = shapely.from_wkb(bytes(body))
        holding = sorted(code for code, shape in grids.items() if shape.covers(point))
        assert grid_code == (holding[0] if holding else None)
        assert cell_code == min((code for code, shape in cells.items() if shape.covers(point)), default=None)
        if holding:
            hits += len(holding) > 1
            assert (community_code, district_code) == (holding[0][:12], holding[0][:6])
    assert len(stored) == len(spots)
    assert hits > 0, "no spot lay on a shared border: the test does not test it"


def test_outside_every_area_a_row_has_no_place_and_only_the_whole_city_sees_it(connection: psycopg.Connection) -> None:
    with acting(connection, STEWARD):
        row = connection.execute(
            "select district_code, street_code, community_code, grid_code, unit_cell_code from camera where name = '城外球机'"
        ).fetchone()
    assert row == (None,) * 5
    with acting(connection, city.WESTERNER):
        assert connection.execute("select id from camera where name = '城外球机'").fetchone() is None


def test_a_district_writer_may_load_into_its_district_only(connection: psycopg.Connection) -> None:
    inside = upsert(connection, WEST_WRITER, "camera", CAMERA, [camera("w1", "a", -100, 100)], source="test_camera")
    assert inside == Counts(loaded=1, unchanged=0)
    with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
        upsert(connection, WEST_WRITER, "camera", CAMERA, [camera("w2", "a", 100, 100)], source="test_camera")


def test_one_broken_row_leaves_nothing_of_its_file(own_city: TestDatabase) -> None:
    broken = [camera("ok", "a", 0, 10), ("bad", "a", "坏状态", "dome", "exploded", HOME.point(0, 20))]
    with own_city.connect() as connection, pytest.raises(errors.CheckViolation), acting(connection, STEWARD):
        load(connection, broken)
    with own_city.connect() as connection, acting(connection, STEWARD):
        assert connection.execute("select count(*) from camera where source_key in ('ok','bad')").fetchone() == (0,)


def test_an_unknown_column_is_named(connection: psycopg.Connection) -> None:
    with pytest.raises(ValueError, match="camera has no column colour"):
        upsert(connection, STEWARD, "camera", ("source_key", "colour"), [], source="test_camera")
