"""The benchmarks' own database cluster below .local/bench, and the cities they measure in it, loaded once and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import psycopg

from benchmarks.footprints import COLUMNS, building_rows
from commandcenter.city import load_city
from commandcenter.config import Settings
from commandcenter.db.cluster import PrivateCluster
from commandcenter.db.connect import connect
from commandcenter.db.load import upsert
from commandcenter.db.migrate import newest_revision, prepare_database
from commandcenter.db.registers import analyze, write_city, write_source
from commandcenter.db.run import acting
from commandcenter.security.builtin import STEWARD

ROOM = Path(".local/bench")
SEED = 230202
BUILDINGS = 300_000
Say = Callable[[str], None]

_FOOTPRINTS = {
    "key": "footprints", "name": "三十万建筑", "name_en": "300 000 buildings", "code": "230202", "metric_srid": 4550,
    "time_zone": "Asia/Shanghai", "centre_lon": 123.95, "centre_lat": 47.31, "synthetic": True, "settings": {},
}  # fmt: skip
_SOURCE = {
    "name": "footprints", "target": "building", "title": "合成建筑轮廓", "title_en": "Synthetic footprints", "owner": "benchmarks",
    "licence": "none", "attribution": "", "cadence_s": None, "synthetic": True, "estimated": False, "data_as_of": None,
}  # fmt: skip


@contextmanager
def cluster() -> Iterator[PrivateCluster]:
    """The benchmarks' cluster, up; stopped afterwards unless another run uses it."""
    ROOM.mkdir(parents=True, exist_ok=True)
    with PrivateCluster(ROOM).in_use() as running:
        yield running


def footprints(running: PrivateCluster, say: Say) -> Settings:
    """A database holding nothing but 300 000 buildings, clustered on disk as every load does it."""

    def load(settings: Settings) -> None:
        with connect(settings) as connection, acting(connection, STEWARD):
            write_city(connection, _FOOTPRINTS)
            write_source(connection, _SOURCE)
            rows = building_rows(BUILDINGS, np.random.default_rng(SEED))
            upsert(connection, STEWARD, "building", COLUMNS, rows, source="footprints", place=False)

    return _prepared(running, "footprints", load, say)


def demo_city(running: PrivateCluster, size: str, say: Say) -> Settings:
    """The demo city of a size (`city`, `yichang`)."""
    return _prepared(running, f"demo_{size}", lambda settings: _load_demo(settings, size, say), say)


def ingest_city(running: PrivateCluster, say: Say) -> Settings:
    """The demo city of size `city` once more, for loads that write into it."""
    return _prepared(running, "ingest", lambda settings: _load_demo(settings, "city", say), say)


def empty_city(running: PrivateCluster, key: str, say: Say) -> Settings:
    """A database with nothing but the city's own row."""

    def load(settings: Settings) -> None:
        with connect(settings) as connection, acting(connection, STEWARD):
            write_city(connection, load_city(key).row)

    return _prepared(running, f"empty_{key}", load, say)


def _load_demo(settings: Settings, size: str, say: Say) -> None:
    from commandcenter.demo.load import load_demo  # noqa: PLC0415  (only the city lines pay for the generator)

    load_demo(settings, size, SEED, say)


def _prepared(running: PrivateCluster, key: str, load: Callable[[Settings], None], say: Say) -> Settings:
    """One database, made when it is missing and made anew when the schema has changed since."""
    settings = replace(Settings(city=f"bench_{key}", data_dir=ROOM), app_dsn=running.app_dsn(f"commandcenter_bench_{key}"))
    if _fit(running, settings.database_name):
        return settings
    say(f"loading {key}")
    with psycopg.connect(running.admin_dsn(), autocommit=True) as admin:
        admin.execute(f'drop database if exists "{settings.database_name}" with (force)')
    prepare_database(running.admin_dsn(), settings)
    load(settings)
    with connect(settings) as connection:
        analyze(connection)
    with psycopg.connect(running.admin_dsn(settings.database_name), autocommit=True) as admin:
        admin.execute("vacuum analyze")
        admin.execute(f"comment on database \"{settings.database_name}\" is 'loaded {newest_revision()}'")
    return settings


def _fit(running: PrivateCluster, name: str) -> bool:
    with psycopg.connect(running.admin_dsn(), autocommit=True) as admin:
        row = admin.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = %s", [name]
        ).fetchone()
    return row is not None and row[0] == f"loaded {newest_revision()}"
