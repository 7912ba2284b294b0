"""An older database is brought to the newest schema with every row in it."""

from __future__ import annotations

import psycopg
import pytest

from commandcenter.config import Settings
from commandcenter.db.cluster import PrivateCluster
from commandcenter.db.migrate import EXTENSIONS, newest_revision, prepare_database, upgrade
from commandcenter.db.run import acting
from commandcenter.security.builtin import STEWARD

NAME = "commandcenter_older"
# As the first release wrote a source: what writes one today knows columns of later releases.
SOURCE = """insert into source (name, target, title, title_en, owner, licence, attribution, synthetic, estimated)
            values ('houses', 'building', '建筑', 'Buildings', 'o', 'l', '', true, false)"""
# Counterclockwise, as GeoJSON has its rings.
SQUARE = "ST_GeomFromText('POLYGON((123.95 47.31, 123.951 47.31, 123.951 47.311, 123.95 47.311, 123.95 47.31))', 4326)"


@pytest.fixture
def older(cluster: PrivateCluster, template: str) -> PrivateCluster:
    """A database as the first release left it, with a building in it. The roles are there from the template."""
    with psycopg.connect(cluster.admin_dsn(), autocommit=True) as admin:
        admin.execute(f'create database "{NAME}" encoding \'UTF8\' template template0')
    with psycopg.connect(cluster.admin_dsn(NAME), autocommit=True) as admin:
        for extension in EXTENSIONS:
            admin.execute(f"create extension {extension}")
        admin.execute("grant create, usage on schema public to commandcenter_owner")
        admin.execute("grant usage on schema public to commandcenter_app")
        upgrade(admin, "0001")
    with psycopg.connect(cluster.app_dsn(NAME)) as connection, acting(connection, STEWARD):
        connection.execute(SOURCE)
        connection.execute(f"insert into building (use, geom, source_key, source) values ('residential', {SQUARE}, '1', 'houses')")
    return cluster


def test_an_older_database_keeps_its_rows(older: PrivateCluster) -> None:
    prepare_database(older.admin_dsn(), Settings(city="older"))
    with psycopg.connect(older.app_dsn(NAME)) as connection, acting(connection, STEWARD):
        assert connection.execute("select version_num from alembic_version").fetchone() == (newest_revision(),)
        rows = connection.execute(
            "select source_key, ST_IsPolygonCW(geom_3857), ST_Equals(ST_SnapToGrid(geom_3857, 0.001), ST_SnapToGrid(ST_Transform(geom, 3857), 0.001))"
            " from building"
        ).fetchall()
    assert rows == [("1", True, True)]
