"""The demo city a day later: its cases move along whole, with numbers of their new days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest

from commandcenter.city import load_city
from commandcenter.db.load import upsert
from commandcenter.db.registers import write_city, write_source
from commandcenter.db.run import acting
from commandcenter.demo.renew import renew_demo
from commandcenter.security.builtin import STEWARD
from tests.city import HOME
from tests.conftest import TestDatabase

MADE = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SOURCE = {
    "name": "demo_cases", "target": "cases", "title": "事项（合成）", "title_en": "Cases (synthetic)", "owner": "城市管理监督中心", "licence": "none",
    "attribution": "", "cadence_s": 86_400, "synthetic": True, "estimated": False, "data_as_of": MADE - timedelta(minutes=2),
}  # fmt: skip
COLUMNS = ["source_key", "number", "kind", "major", "minor", "origin", "state", "is_open", "reported_at", "started_at", "due_at", "closed_at", "geom"]
TIMES = "select id, number, reported_at, started_at, due_at, closed_at from cases order by id"


def rows() -> list[tuple[object, ...]]:
    """Ten cases, five hours apart, every third closed."""
    made = []
    for n in range(10):
        reported = MADE - timedelta(hours=5 * n + 1)
        number = f"230202{reported:%Y%m%d}{n:05d}"
        closed = reported + timedelta(hours=2) if n % 3 == 0 else None
        made.append((number, number, "event", "市容环境", "占道经营", "patrol", "closed" if closed else "handling", closed is None,
                     reported, reported + timedelta(minutes=5), reported + timedelta(hours=4), closed, HOME.point(n, 0)))  # fmt: skip
    return made


@pytest.fixture
def demo(database: TestDatabase) -> TestDatabase:
    with database.connect() as connection, acting(connection, STEWARD):
        write_city(connection, load_city("longsha").row)
        write_source(connection, SOURCE)
        upsert(connection, STEWARD, "cases", COLUMNS, rows(), source="demo_cases", place=False)
        connection.execute("update source set last_good_run_at = %s", [MADE])
    return database


def moments(connection: psycopg.Connection) -> list[tuple]:
    return connection.execute(TIMES).fetchall()


def test_a_pause_moves_every_moment_alike_and_numbers_follow_the_days(demo: TestDatabase) -> None:
    later = MADE + timedelta(hours=31)
    with demo.connect() as connection, acting(connection, STEWARD):
        before = moments(connection)
        assert renew_demo(connection, later)
        after = moments(connection)
        told = connection.execute("select data_as_of, last_good_run_at from source").fetchone()
        found = [connection.execute("select code from search_city(%s, 5)", [row[1]]).fetchone() for row in after]
    assert len(after) == 10
    for old, new in zip(before, after, strict=True):
        assert [b - a for a, b in zip(old[2:], new[2:], strict=True) if a] == [timedelta(hours=31)] * sum(1 for a in old[2:] if a)
        assert new[1].startswith(f"230202{new[2].astimezone(ZoneInfo('Asia/Shanghai')):%Y%m%d}") and len(new[1]) == 19
    assert len({row[1] for row in after}) == 10
    assert told == (later - timedelta(minutes=2), later)
    assert found == [None if row[5] else (row[1],) for row in after], "open cases are found by their new numbers"


def test_within_the_pause_nothing_moves(demo: TestDatabase) -> None:
    with demo.connect() as connection, acting(connection, STEWARD):
        before = moments(connection)
        assert not renew_demo(connection, MADE + timedelta(hours=5))
        assert moments(connection) == before
