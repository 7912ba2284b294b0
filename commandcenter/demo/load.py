"""How the synthetic city enters the database: generated, copied, placed, counted and made findable in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Literal, cast

import geopandas
import numpy
import pandas
import psycopg
import shapely
from psycopg.types.json import Jsonb

from commandcenter.city import load_city
from commandcenter.config import Settings
from commandcenter.db.connect import connect
from commandcenter.db.load import upsert
from commandcenter.db.registers import analyze, finish_load, write_city, write_source
from commandcenter.db.run import acting
from commandcenter.demo import people
from commandcenter.demo.generate import DemoCity, build_demo_city
from commandcenter.people import register
from commandcenter.security.builtin import STEWARD
from commandcenter.security.keyring import Keyring

DEMO_CITY = "longsha"
GRID_PLAN = ("today", "居民小组网格（现状）", "Resident-group grids (as today)", "published", "100-200")

def load_demo(settings: Settings, size: str, seed: int, progress: Callable[[str], None]) -> dict[str, int]:
    """Load the demo city into an empty database; returns rows per table. All or nothing."""
    now = datetime.now(UTC).replace(microsecond=0)
    city = build_demo_city(cast(Literal["district", "city", "yichang"], size), seed, now, progress)
    counts: dict[str, int] = {}
    with connect(settings) as connection, acting(connection, STEWARD):
        write_city(connection, load_city(DEMO_CITY).row)
        for source in city.sources:
            write_source(connection, source)
        for table, frame in city.tables.items():
            progress(f"写入 {table} / writing {table}: {len(frame):,}")
            counts[table] = _write(connection, table, frame, now)
        progress("写入合成人口 / writing synthetic people")
        counts["household"] = _write_people(connection, city, Keyring(settings.data_dir, settings.city), seed)
        finish_load(connection, progress, thin=False)
        connection.execute(
            "update source s set row_count = 0, last_good_run_at = %s where synthetic", [now]
        )
        for source in city.sources:
            connection.execute("update source set row_count = %s where name = %s", [counts.get(source["target"], 0), source["name"]])
    with connect(settings) as connection:
        analyze(connection)
    return counts


def _write_people(connection: psycopg.Connection, city: DemoCity, keys: Keyring, seed: int) -> int:
    """The pilot community's households with their people, from a seed of their own; how many households."""
    ids: dict[str, int] = dict(connection.execute("select source_key, id from building").fetchall())
    homes = list(people.homes(city.pilot, ids, numpy.random.default_rng([seed, 8])))
    register.enter(connection, keys, people.SOURCE, homes)
    return len(homes)


def _write(connection: psycopg.Connection, table: str, frame: pandas.DataFrame, now: datetime) -> int:
    frame = frame.copy(deep=False)
    if table == "grid":
        frame["plan_id"] = _grid_plan(connection, now)
    if table == "household_count":
        ids: dict[str, int] = dict(connection.execute("select source_key, id from building").fetchall())
        frame["building_id"] = frame.pop("building_key").map(ids)
    columns = [name for name in frame.columns if name != "source"]
    source = str(frame["source"].iloc[0])
    counts = upsert(connection, STEWARD, table, columns, _rows(frame, columns), source=source, place=False)
    return counts.loaded


def _grid_plan(connection: psycopg.Connection, now: datetime) -> int:
    row = connection.execute(
        "insert into grid_plan (code, title, title_en, status, rule, valid_from) values (%s, %s, %s, %s, %s, %s) returning id",
        [*GRID_PLAN, now],
    ).fetchone()
    assert row is not None
    return int(row[0])


def _rows(frame: pandas.DataFrame, columns: list[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(_values(frame[name]) for name in columns), strict=True)


def _values(column: pandas.Series) -> list[Any]:
    """A column as COPY wants it: hex EWKB for geometry, None for every kind of missing value."""
    if isinstance(column, geopandas.GeoSeries):
        srid = column.crs.to_epsg() if column.crs is not None else 4326
        return list(shapely.to_wkb(shapely.set_srid(column.to_numpy(), srid), hex=True, include_srid=True))
    if column.dtype == object and len(column) and isinstance(column.iloc[0], (list, dict, tuple)):
        return [Jsonb(v) if isinstance(v, dict) else list(v) for v in column]
    as_objects = column.astype(object)
    return as_objects.where(column.notna(), None).tolist()
