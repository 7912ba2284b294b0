"""A committed write is a new version of its layer within two seconds, and only a write that changed rows is one."""

from __future__ import annotations

import time

import psycopg

from commandcenter.db.run import acting
from commandcenter.security.builtin import STEWARD
from tests.asking import tile_at
from tests.city import HOME, OPERATOR, WEST_WRITER
from tests.conftest import TestDatabase
from tests.serving import ServedApplication

WITHIN_S = 2.0
Z, X, Y = tile_at(*HOME.lonlat(-20, 150), 15)


def counted(connection: psycopg.Connection, table: str) -> int:
    with acting(connection, OPERATOR):
        row = connection.execute("select count(*) from layer_change where table_name = %s", [table]).fetchone()
    connection.commit()
    assert row is not None
    return int(row[0])


def test_a_write_reaches_the_running_application(own_city: TestDatabase) -> None:
    with own_city.connect() as connection, ServedApplication(own_city.settings) as served:
        versions = served.state.versions
        before, others = versions.of("camera"), versions.of("component")
        assert before == counted(connection, "camera") > 0
        etag = served.get(f"/tiles/cameras/{Z}/{X}/{Y}.mvt", OPERATOR).headers["etag"]
        with acting(connection, STEWARD):
            connection.execute("update camera set status = case status when 'working' then 'faulty' else 'working' end")
        connection.commit()
        began = time.monotonic()
        while versions.of("camera") == before and time.monotonic() - began < WITHIN_S:
            time.sleep(0.02)
        assert versions.of("camera") == before + 1
        assert versions.of("component") == others
        fresh = served.get(f"/tiles/cameras/{Z}/{X}/{Y}.mvt", OPERATOR)
        assert fresh.status_code == 200 and fresh.headers["etag"] != etag, "the cache must not answer with the old tile"


def test_nothing_changed_is_no_version_and_what_was_rolled_back_neither(own_city: TestDatabase) -> None:
    with own_city.connect() as connection:
        before = counted(connection, "camera")
        with acting(connection, STEWARD):
            connection.execute("update camera set name = name where false")
            connection.execute("delete from camera where name = '没有这台'")
        connection.commit()
        assert counted(connection, "camera") == before
        with acting(connection, STEWARD):
            connection.execute("update camera set name = name")
            connection.execute("delete from camera where shape = 'ptz'")
        connection.rollback()
        with acting(connection, WEST_WRITER):
            connection.execute("update camera set name = name || '*' where district_code = '230202'")
        connection.commit()
        assert counted(connection, "camera") > before


def test_statements_of_many_rows_are_one_change_each(connection: psycopg.Connection) -> None:
    changes = "select count(*) from layer_change where table_name = 'component'"
    with acting(connection, STEWARD):
        before = connection.execute(changes).fetchone()
        connection.execute("update component set owner = 'x'")
        connection.execute("delete from component where state = 'missing'")
        after = connection.execute(changes).fetchone()
    assert before is not None and after == (before[0] + 2,)
