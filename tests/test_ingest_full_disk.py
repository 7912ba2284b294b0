"""A disk without room, in the database or where archives are unpacked: a sentence, a failed run, and the old state."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from commandcenter.db.run import acting
from commandcenter.errors import BadInput, CommandCenterError
from commandcenter.security.builtin import STEWARD
from ingest.load import load_file
from ingest.mapping import load_mapping
from tests.conftest import TestDatabase
from tests.reading import a_mapping, shapefile_parts, zipped
from tests.test_ingest_ledger import MAPPING, SEEN, asked, load, row
from tests.test_ingest_load import CITY

LARGEST_FILE = 1 << 20


@pytest.mark.parametrize("table", ["address", "ingest_raw", "quarantine"])
def test_the_disk_of_the_database_is_full(open_database: psycopg.Connection, database: TestDatabase, tmp_path: Path, table: str) -> None:
    """PostgreSQL says it in the middle of a load; where nobody can fill a disk, a trigger says it with the same code."""
    path = tmp_path / "addresses.toml"
    path.write_text(MAPPING, encoding="utf-8")
    mapping = load_mapping(path)
    load(open_database, mapping, tmp_path, row(1), row(2, lat=9.0))
    before = asked(open_database, SEEN)
    waiting = asked(open_database, "select id, line, state from quarantine")
    with psycopg.connect(database.admin_dsn, autocommit=True) as owner:
        owner.execute(
            "create function no_room() returns trigger language plpgsql as"
            " $$ begin raise exception 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$"
        )
        owner.execute(f"create trigger no_room before insert on {table} execute function no_room()")  # type: ignore[arg-type]
    with pytest.raises(BadInput) as fault:
        load(open_database, mapping, tmp_path, row(1), row(2, "two"), row(3, lat=9.0))
    assert "disk is full" in fault.value.sentence.en and "磁盘已满" in fault.value.sentence.zh
    assert asked(open_database, SEEN) == before
    assert asked(open_database, "select id, line, state from quarantine") == waiting
    runs = asked(open_database, "select status, loaded, message_en from ingest_run order by id")
    assert runs[0][:2] == ("done", 1)
    assert runs[1][:2] == ("failed", 0) and "disk is full" in runs[1][2]


@pytest.fixture
def little_room() -> Iterator[None]:
    """No file may grow past a megabyte: what a full disk is to a process that unpacks."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_the_disk_is_full_while_an_archive_is_unpacked(open_database: psycopg.Connection, tmp_path: Path, little_room: None) -> None:
    del little_room
    parts = shapefile_parts(tmp_path / "parts")
    parts["data.dbf"] += b"\0" * (2 * LARGEST_FILE)
    archive = zipped(tmp_path / "addresses.zip", parts)
    with pytest.raises(CommandCenterError) as fault:
        load_file(open_database, STEWARD, a_mapping(), archive, CITY)
    assert "full" in fault.value.sentence.en and "已满" in fault.value.sentence.zh
    with acting(open_database, STEWARD):
        assert open_database.execute("select count(*) from address").fetchone() == (0,)
        runs = open_database.execute("select status, message_en from ingest_run").fetchall()
    assert [status for status, _ in runs] == ["failed"] and "full" in runs[0][1]
