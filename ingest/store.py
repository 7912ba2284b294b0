"""What ingest asks of the database: registers of sources and runs, quarantine, and the codes of where rows lie."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from commandcenter.city import City
from ingest.mapping import Mapping
from ingest.record import Tally

PLACED_TABLES = ("building", "household_count", "address", "camera", "cases", "service_point", "component", "key_site", "compound")
THINNED_TABLES = {"camera": (11, 15), "service_point": (11, 15), "component": (13, 17)}
SEARCHED_LAYERS = {
    "area": "areas",
    "base_feature": "base",
    "grid": "grids",
    "compound": "compounds",
    "building": "buildings",
    "camera": "cameras",
    "service_point": "service_points",
    "key_site": "key_sites",
    "component": "components",
    "cases": "cases",
    "address": "addresses",
}


def write_city(connection: psycopg.Connection, city: City) -> None:
    """Say which city this database belongs to, or renew its settings."""
    row = {**city.row, "settings": Jsonb(city.settings)}
    names = list(row)
    connection.execute(
        f"insert into city ({', '.join(names)}) values ({', '.join(['%s'] * len(names))}) on conflict (key) do update set "
        + ", ".join(f"{name} = excluded.{name}" for name in names[1:]),
        list(row.values()),
    )


def write_source(connection: psycopg.Connection, source: dict[str, Any]) -> None:
    """Register a source, or renew its description."""
    names = list(source)
    connection.execute(
        f"insert into source ({', '.join(names)}) values ({', '.join(['%s'] * len(names))}) on conflict (name) do update set "
        + ", ".join(f"{name} = excluded.{name}" for name in names if name != "name"),
        list(source.values()),
    )


def source_of(mapping: Mapping) -> dict[str, Any]:
    """A mapping's source as a row of the table ``source``."""
    return {
        "name": mapping.name,
        "target": mapping.target,
        "title": mapping.title.zh,
        "title_en": mapping.title.en,
        "owner": mapping.owner,
        "licence": mapping.licence,
        "attribution": mapping.attribution,
        "cadence_s": mapping.cadence_s,
        "estimated": mapping.estimated,
        "data_as_of": mapping.data_as_of,
    }


def begin_run(connection: psycopg.Connection, mapping: str, source: str, file_name: str, sha256: str, status: str = "running") -> int:
    """A new run; its number."""
    row = connection.execute(
        "insert into ingest_run (source, mapping, file_name, file_sha256, status) values (%s, %s, %s, %s, %s) returning id",
        [source, mapping, file_name, sha256, status],
    ).fetchone()
    assert row is not None
    return int(row[0])


def end_run(connection: psycopg.Connection, run_id: int, status: str, tally: Tally, message: str | None) -> None:
    """Close a run with its four numbers."""
    connection.execute(
        "update ingest_run set status = %s, rows_read = %s, loaded = %s, unchanged = %s, quarantined = %s, message = %s,"
        " finished_at = clock_timestamp() where id = %s",
        [status, tally.read, tally.loaded, tally.unchanged, tally.quarantined, message, run_id],
    )


def write_quarantine(connection: psycopg.Connection, run_id: int, rows: Iterable[tuple[Any, ...]]) -> None:
    """Keep the refused rows of a run."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into quarantine (run_id, line, field, rule, sentence, sentence_en, raw) values (%s, %s, %s, %s, %s, %s, %s)",
            ((run_id, *row) for row in rows),
        )


def note_good_run(connection: psycopg.Connection, source: str, target: str, at: datetime) -> None:
    """A source delivered: when, and how many of its rows stand in its table."""
    connection.execute(
        f"update source set last_good_run_at = %s, row_count = (select count(*) from {target} where source = %s) where name = %s",
        [at, source, source],
    )


def place_again(connection: psycopg.Connection, table: str) -> int:
    """Give every row of a table the codes of what contains it now; only rows whose codes change are written."""
    at = "t.geom" if table in ("camera", "cases", "address", "service_point", "component") else "ST_PointOnSurface(t.geom)"
    born = ", born_grid_code = coalesce(t.born_grid_code, found.grid_code)" if table == "cases" else ""
    cursor = connection.execute(
        f"""
        with at_point as materialized (select t.id, {at} as geom from {table} t), found as materialized (
          select p.id, g.code as grid_code, u.code as unit_cell_code,
                 coalesce(g.district_code, a.district_code) as district_code,
                 coalesce(g.street_code, a.street_code) as street_code,
                 coalesce(g.community_code, a.community_code) as community_code
          from at_point p
          left join lateral (select code, district_code, street_code, community_code from grid
             where geom && p.geom and ST_Covers(geom, p.geom)
               and plan_id in (select id from grid_plan where status = 'published') order by code limit 1) g on true
          left join lateral (select district_code, street_code, community_code from area
             where geom && p.geom and ST_Covers(geom, p.geom) and g.code is null
             order by length(code) desc, code limit 1) a on true
          left join lateral (select code from unit_cell where geom && p.geom and ST_Covers(geom, p.geom)
             order by code limit 1) u on true)
        update {table} t set district_code = found.district_code, street_code = found.street_code,
               community_code = found.community_code, grid_code = found.grid_code, unit_cell_code = found.unit_cell_code{born}
        from found where found.id = t.id
          and (t.district_code, t.street_code, t.community_code, t.grid_code, t.unit_cell_code)
              is distinct from (found.district_code, found.street_code, found.community_code, found.grid_code, found.unit_cell_code)"""
    )
    return cursor.rowcount


def remember_birth_grid(connection: psycopg.Connection) -> None:
    """A case keeps the grid it was born in, whatever plan comes later."""
    connection.execute("update cases set born_grid_code = grid_code where born_grid_code is null and grid_code is not null")


def buildings_to_count(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """id, source, source_key, use, levels, height_m, WKB, address points inside: what the household estimate stands on."""
    return connection.execute(
        "select b.id, b.source, b.source_key, b.use, b.levels, b.height_m, ST_AsBinary(b.geom),"
        " (select count(*) from address a where a.geom && b.geom and ST_Covers(b.geom, a.geom))"
        " from building b order by b.source, b.source_key"
    ).fetchall()


def roads_to_follow(connection: psycopg.Connection) -> list[tuple[str, bytes]]:
    """Class and WKB of every road, rail and waterway line: the borders that grids should follow."""
    return connection.execute(
        "select class, ST_AsBinary(geom) from base_feature where theme in ('road', 'rail', 'waterway')"
        " and ST_Dimension(geom) = 1 and not is_tunnel order by source, source_key"
    ).fetchall()


def published_plan(connection: psycopg.Connection, code: str) -> int | None:
    """The number of a published plan, if it stands."""
    row = connection.execute("select id from grid_plan where code = %s and status = 'published'", [code]).fetchone()
    return int(row[0]) if row is not None else None


def write_plan(connection: psycopg.Connection, code: str, title: str, title_en: str, rule: str, at: datetime) -> int:
    """A published plan; its number."""
    row = connection.execute(
        "insert into grid_plan (code, title, title_en, status, rule, valid_from) values (%s, %s, %s, 'published', %s, %s) returning id",
        [code, title, title_en, rule, at],
    ).fetchone()
    assert row is not None
    return int(row[0])


def count_of(connection: psycopg.Connection, table: str) -> int:
    """How many rows of a table the actor sees."""
    row = connection.execute(f"select count(*) from {table}").fetchone()
    assert row is not None
    return int(row[0])


def thin(connection: psycopg.Connection, table: str) -> None:
    """Choose for every point the lowest zoom that draws it."""
    if table in THINNED_TABLES:
        connection.execute("select thin_points(%s::regclass, %s, %s)", [table, *THINNED_TABLES[table]])


def make_findable(connection: psycopg.Connection, table: str) -> None:
    """Rebuild the search over one table."""
    if table in SEARCHED_LAYERS:
        connection.execute("select search_learn(%s)", [SEARCHED_LAYERS[table]])


def count_per_grid(connection: psycopg.Connection) -> None:
    """Renew the numbers that stand on the grids."""
    connection.execute("select refresh_grid_counts()")


def fresh_statistics(connection: psycopg.Connection) -> None:
    """Let the planner know the new sizes; without this the first plans after a load are guesses."""
    connection.execute("select analyze_loaded_tables()")
