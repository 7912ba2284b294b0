"""Files into the database beside ogr2ogr and osm2pgsql on the same server: how long, how often again, in how much memory."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg
import pyogrio
from psycopg.conninfo import conninfo_to_dict

from benchmarks import database
from benchmarks.footprints import building_frame
from benchmarks.report import Chapter, Line
from commandcenter.city import load_city
from commandcenter.config import Settings
from commandcenter.db.cluster import PrivateCluster

ROWS = 1_000_000
BUILDINGS = 300_000
MAPPINGS = Path(__file__).parent / "mappings"
KINDS = ("井盖", "路灯", "公厕", "消防栓", "行道树", "垃圾箱", "交通信号灯", "公交站亭")
STATES = ("完好", "破损", "丢失", "废弃")
LIMIT_MB = 600.0


@dataclass(frozen=True)
class Loaded:
    """What one of our loads told."""

    seconds: float
    peak_mb: float
    read: int
    loaded: int
    unchanged: int
    quarantined: int


def run(say: database.Say) -> list[Chapter]:
    """A million rows of a table, 300 000 polygons and a country of OpenStreetMap, each beside its peer."""
    if shutil.which("ogr2ogr") is None or shutil.which("osm2pgsql") is None:
        raise RuntimeError("ogr2ogr (gdal-bin) and osm2pgsql must be installed beside the benchmarks")
    with database.cluster() as running:
        settings = database.ingest_city(running, say)
        table, boxes = _table(), _geopackage()
        lines = [*_csv(running, settings, table, say), *_polygons(running, settings, boxes, say)]
        osm = Path(Settings.from_env().test_data) / "osm/liechtenstein.osm.pbf"
        if osm.is_file():
            lines += _osm(running, osm, say)
    how = (
        f"{ROWS:,} rows of ten columns as CSV and {BUILDINGS:,} footprints as GeoPackage over the demo city of size `city`"
        " (4 446 grids, unit cells); peers with COPY into one table with a spatial index."
        " Ours: validated, placed in grid, community and unit cell, kept with raw text, upserted; in a process of its own."
    )
    return [Chapter("Ingest", how, tuple(lines), (_versions(),))]


def _csv(running: PrivateCluster, settings: Settings, table: Path, say: database.Say) -> list[Line]:
    peer = _ogr(running, settings, table, ["-oo", "X_POSSIBLE_NAMES=经度", "-oo", "Y_POSSIBLE_NAMES=纬度", "-a_srs", "EPSG:4326"])
    _emptied(running, settings, "component", "bench_components")
    first = _ours(settings, "bench_components", table)
    again = _ours(settings, "bench_components", table)
    assert (first.loaded, again.unchanged) == (ROWS, ROWS), "the benchmark's own rows must all be good"
    say(f"csv: ogr2ogr {peer:.1f} s, ours {first.seconds:.1f} s, again {again.seconds:.1f} s, {first.peak_mb:.0f} MB")
    return [
        _beside(f"{ROWS:,} CSV rows, first load", first.seconds, peer, 2.5),
        _beside(f"{ROWS:,} CSV rows, the same file again", again.seconds, peer, 1.5),
        Line("memory of that load, peak", f"{first.peak_mb:,.0f} MB", reach=f"{LIMIT_MB:g} MB", met=max(first.peak_mb, again.peak_mb) <= LIMIT_MB),
    ]


def _polygons(running: PrivateCluster, settings: Settings, file: Path, say: database.Say) -> list[Line]:
    peer = _ogr(running, settings, file, [])
    _emptied(running, settings, "building", "bench_buildings")
    ours = _ours(settings, "bench_buildings", file)
    assert ours.loaded + ours.quarantined == BUILDINGS
    say(f"gpkg: ogr2ogr {peer:.1f} s, ours {ours.seconds:.1f} s")
    return [_beside(f"{BUILDINGS:,} polygons from GeoPackage ({ours.quarantined:,} refused)", ours.seconds, peer, 2.0)]


def _osm(running: PrivateCluster, file: Path, say: database.Say) -> list[Line]:
    name = "commandcenter_bench_osm2pgsql"
    with psycopg.connect(running.admin_dsn(), autocommit=True) as admin:
        admin.execute(f'drop database if exists "{name}" with (force)')
        admin.execute(f'create database "{name}"')
    with psycopg.connect(running.admin_dsn(name), autocommit=True) as admin:
        admin.execute("create extension postgis")
    told = " ".join(f"{key}={value}" for key, value in conninfo_to_dict(running.admin_dsn(name)).items())
    peer = _timed(lambda: _quiet(["osm2pgsql", "-d", told, "--cache", "800", str(file)]))
    settings = database.empty_city(running, "liechtenstein", say)
    _emptied(running, settings, "base_feature", "osm_base_map")
    ours = _ours(settings, "osm_base_map", file, "liechtenstein")
    say(f"osm: osm2pgsql {peer:.1f} s, ours {ours.seconds:.1f} s")
    return [_beside(f"OpenStreetMap to base map, Liechtenstein ({ours.loaded:,} features)", ours.seconds, peer, 2.0)]


def _beside(what: str, ours: float, peer: float, times: float) -> Line:
    return Line(what, f"{ours:.1f} s", f"{peer:.1f} s", f"{ours / peer:.2f}", f"at most {times:g} times", ours <= times * peer)


def _ours(settings: Settings, mapping: str, file: Path, city: str = "longsha") -> Loaded:
    named = MAPPINGS / f"{mapping}.toml"
    words = [sys.executable, "-m", "benchmarks.ingest_child", str(settings.app_dsn), str(named) if named.is_file() else mapping, str(file), city]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return Loaded(**json.loads(done.stdout.splitlines()[-1]))


def _ogr(running: PrivateCluster, settings: Settings, file: Path, more: list[str]) -> float:
    dsn = running.admin_dsn(settings.database_name)
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute("drop schema if exists peer cascade")
        admin.execute("create schema peer")
    told = "PG:" + " ".join(f"{key}='{value}'" for key, value in conninfo_to_dict(dsn).items())
    words = ["ogr2ogr", "-f", "PostgreSQL", told, str(file), "-nln", "peer.taken", "--config", "PG_USE_COPY", "YES", "-lco", "SPATIAL_INDEX=GIST", *more]
    return _timed(lambda: _quiet(words))


def _emptied(running: PrivateCluster, settings: Settings, table: str, source: str) -> None:
    """The rows of an earlier run go, and so does its ledger: every run begins as the first."""
    with psycopg.connect(running.admin_dsn(settings.database_name), autocommit=True) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute(f"delete from {table} where source = %s", [source])
        for ledger in ("ingest_raw", "ingest_before", "ingest_finding", "quarantine"):
            admin.execute(f"delete from {ledger} where run_id in (select id from ingest_run where source = %s)", [source])
        admin.execute("delete from ingest_run where source = %s", [source])
        admin.execute(f"vacuum analyze {table}")


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _quiet(words: list[str]) -> None:
    subprocess.run(words, check=True, capture_output=True)


def _table() -> Path:
    path = database.ROOM / "components.csv"
    if path.is_file():
        return path
    rng = np.random.default_rng(database.SEED)
    west, south, east, north = load_city("longsha").bounds
    lon, lat = rng.uniform(west, east, ROWS), rng.uniform(south, north, ROWS)
    kinds, states, days = rng.integers(0, len(KINDS), ROWS), rng.integers(0, len(STATES), ROWS), rng.integers(1, 28, ROWS)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["标识码", "大类", "小类", "名称", "状态", "主管部门", "权属单位", "普查日期", "经度", "纬度"])
        for at in range(ROWS):
            writer.writerow(
                [f"2302020100{at:06d}", "01", f"{kinds[at] + 1:02d}", KINDS[kinds[at]], STATES[states[at]], "齐齐哈尔市城市管理综合执法局",
                 "市政设施管理处", f"2025-{1 + days[at] % 9:02d}-{days[at]:02d}", f"{lon[at]:.7f}", f"{lat[at]:.7f}"]
            )  # fmt: skip
    return path


def _geopackage() -> Path:
    path = database.ROOM / "buildings.gpkg"
    if not path.is_file():
        pyogrio.write_dataframe(building_frame(BUILDINGS, np.random.default_rng(database.SEED)), path, layer="buildings", driver="GPKG")
    return path


def _versions() -> str:
    told = [subprocess.run([tool, "--version"], capture_output=True, text=True, check=False) for tool in ("ogr2ogr", "osm2pgsql")]
    lines = [next((line for line in (done.stdout + done.stderr).splitlines() if any(sign.isdigit() for sign in line)), "?") for done in told]
    return f"Peers: {lines[0].split(',')[0]}; {lines[1]}."
