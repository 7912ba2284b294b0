"""The database is what its one description says: tables, checks, policies, triggers and functions, as a golden dump."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from geoalchemy2 import alembic_helpers
from psycopg import errors
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from commandcenter.config import Settings
from commandcenter.db.cluster import PrivateCluster
from commandcenter.db.migrate import newest_revision, prepare_database
from commandcenter.db.run import acting
from commandcenter.db.schema import Base
from commandcenter.db.server_programs import program
from commandcenter.db.stage import WITH_GONE
from commandcenter.errors import DatabaseUnfit
from commandcenter.security.builtin import STEWARD
from tests.city import BASE_FEATURES, HOME
from tests.conftest import TestDatabase


def dumped(cluster: PrivateCluster, database: str) -> str:
    """The schema as pg_dump writes it, without what differs between versions and runs; the months of the audit differ by the calendar."""
    tool = program(15, "pg_dump")
    words = [tool, "--schema-only", "--no-tablespaces", "--exclude-table=audit.event_2*", "-d", cluster.admin_dsn(database)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    kept = [
        line
        for line in done.stdout.splitlines()
        if line.strip() and not re.match(r"--|SET |SELECT pg_catalog\.set_config|\\(un)?restrict|COMMENT ON EXTENSION|CREATE EXTENSION", line)
    ]
    return "\n".join(kept) + "\n"


def test_the_schema_is_the_golden_one(cluster: PrivateCluster, template: str, golden: Callable[[str, str], None]) -> None:
    text = dumped(cluster, template)
    assert "CREATE POLICY read_in_jurisdiction ON public.camera" in text
    golden("schema.sql", text)


def test_migrated_and_described_are_the_same(database: TestDatabase) -> None:
    def ours(obj: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
        return name != "spatial_ref_sys" and alembic_helpers.include_object(obj, name, kind, reflected, compare_to)

    with psycopg.connect(database.admin_dsn) as admin:
        engine = create_engine("postgresql+psycopg://", creator=lambda: admin, poolclass=StaticPool)
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_server_default": False})
            assert compare_metadata(context, Base.metadata) == []


def test_every_check_of_the_description_is_in_the_database(database: TestDatabase) -> None:
    """Alembic does not compare CHECKs."""
    described = {
        (table.name, constraint.name)
        for table in Base.metadata.sorted_tables
        for constraint in table.constraints
        if type(constraint).__name__ == "CheckConstraint"
    }
    with database.connect() as connection:
        named = "select conrelid::regclass::text, conname from pg_constraint where contype = 'c' and connamespace = 'public'::regnamespace"
        found = set(connection.execute(named))
    assert len(described) >= 14
    assert described - found == set()


def test_preparing_twice_changes_nothing(cluster: PrivateCluster, clone: Callable[[str], TestDatabase], template: str) -> None:
    before = dumped(cluster, template)
    prepare_database(cluster.admin_dsn(), Settings(city="template"))
    assert dumped(cluster, template) == before


def test_a_newer_database_is_refused_untouched(cluster: PrivateCluster, clone: Callable[[str], TestDatabase]) -> None:
    made = clone("newer")
    with psycopg.connect(made.admin_dsn, autocommit=True) as admin:
        admin.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(DatabaseUnfit) as fault:
        prepare_database(made.admin_dsn, Settings(city="newer", database_url=made.admin_dsn))
    assert "9999" in fault.value.sentence.en and newest_revision() in fault.value.sentence.zh
    with psycopg.connect(made.admin_dsn) as admin:
        assert admin.execute("select version_num from alembic_version").fetchone() == ("9999",)


def test_an_unreachable_server_gets_one_sentence() -> None:
    with pytest.raises(DatabaseUnfit) as fault:
        prepare_database("host=/nowhere dbname=x", Settings(database_url="host=/nowhere dbname=x"))
    assert "\n" not in fault.value.sentence.en and "reached" in fault.value.sentence.en


def test_bad_rows_are_refused_by_the_database_itself(connection: psycopg.Connection) -> None:
    bad = {
        "azimuth": "update camera set azimuth_deg = 360 where id = (select min(id) from camera)",
        "status": "update camera set status = 'fine' where id = (select min(id) from camera)",
        "class": "update service_point set class = 'private' where id = (select min(id) from service_point)",
        "theme": f"update base_feature set theme = '{BASE_FEATURES[0][1]}' where id = (select min(id) from base_feature)",
        "sums": "insert into ingest_run (source, mapping, file_name, file_sha256, status, rows_read, loaded) values ('test_camera','','','','done',3,2)",
    }
    for what, statement in bad.items():
        with pytest.raises(errors.CheckViolation), acting(connection, STEWARD):
            connection.execute(statement)
            raise AssertionError(what)


def test_thinning_leaves_one_point_a_cell_and_never_loses_one_again(connection: psycopg.Connection) -> None:
    """At any zoom at most one point stands in a cell of 64 px; at ``every_from`` all do."""
    with acting(connection, STEWARD):
        rows = connection.execute("select ST_X(geom_3857), ST_Y(geom_3857), min_zoom from component").fetchall()
    assert {zoom for _, _, zoom in rows} <= {15, 16, 17} and any(zoom == 15 for _, _, zoom in rows)
    for zoom in (15, 16):
        cell = 40_075_016.68557849 / 2**zoom / 8
        cells = [(x // cell, y // cell) for x, y, lowest in rows if lowest <= zoom]
        assert len(cells) == len(set(cells))
        assert set(cells) == {(x // cell, y // cell) for x, y, _ in rows}, "a cell with points must show one"


def test_a_camera_sector_is_the_lens_on_the_ground(connection: psycopg.Connection) -> None:
    """Area of the sector against the formula of a circular sector, and its direction; no azimuth, no sector."""
    with acting(connection, STEWARD):
        row = connection.execute(
            "select ST_Area(ST_Transform(s, 4326)::geography), degrees(ST_Azimuth(p::geography, ST_Centroid(ST_Transform(s, 4326))::geography))"
            " from (select %s::geometry as p, camera_sector(%s::geometry, 45, 60, 100) as s) x", [HOME.point(0, 0)] * 2,
        ).fetchone()  # fmt: skip
        without = connection.execute("select count(*) from camera where azimuth_deg is null and sector_3857 is not null").fetchone()
    assert row is not None
    assert row[0] == pytest.approx(3.14159265 * 100**2 / 6, rel=0.005)
    assert row[1] == pytest.approx(45, abs=0.5)
    assert without == (0,)


def test_no_row_comes_from_an_unknown_source_or_run(connection: psycopg.Connection) -> None:
    """Asked once a statement instead of row by row, the promise is a foreign key's: nothing unknown comes in, nothing known goes."""
    refused = {
        "insert": "insert into component (major_code, minor_code, class_name, state, geom, source_key, source)"
        " select major_code, minor_code, class_name, state, geom, source_key, 'nobody' from component limit 3",
        "update": "update component set source = 'nobody' where id = (select min(id) from component)",
        "run": "update component set run_id = 999999 where id = (select min(id) from component)",
        "gone": "update component set gone_run_id = 999999 where id = (select min(id) from component)",
        "one of many": "update component set source = case id when (select min(id) from component) then 'nobody' else source end",
        "delete": "delete from source where name = 'test_camera'",
        "rename": "update source set name = 'other' where name = 'test_camera'",
        "run deleted": "delete from ingest_run",
        "run renamed": "update ingest_run set id = default",
    }
    with acting(connection, STEWARD):
        connection.execute("insert into ingest_run (source, mapping, file_name, file_sha256, status) values ('test_camera', '', '', '', 'done')")
        before = connection.execute("select count(*), min(source), max(run_id) from component").fetchone()
    for what, statement in refused.items():
        with pytest.raises(errors.ForeignKeyViolation), acting(connection, STEWARD):
            connection.execute(WITH_GONE)
            connection.execute(statement)
            raise AssertionError(what)
    with acting(connection, STEWARD):
        assert connection.execute("select count(*), min(source), max(run_id) from component").fetchone() == before
        with connection.transaction(force_rollback=True):
            connection.execute("update component set run_id = (select max(id) from ingest_run), gone_run_id = null")
