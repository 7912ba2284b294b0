"""How rows reach a table: COPY into a staging table without policies, placed, then INSERT ... SELECT as the actor.

(COPY FROM is refused on tables under row-level security.) A row is known by (source, source_key); the same hash again is
`unchanged` and is not written, so a second run of one file touches nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from commandcenter.actor import Actor
from commandcenter.db.request import SET_ACTOR

PLACE_COLUMNS = ("district_code", "street_code", "community_code", "grid_code", "unit_cell_code")
PLACED_TABLES = frozenset(
    {"compound", "building", "household_count", "address", "camera", "cases", "service_point", "component", "key_site"}
)
# Geometry in table order on disk: PostGIS sorts geometry along a Hilbert curve, so a tile reads neighbouring pages.
CLUSTERED_TABLES = frozenset({"building", "base_feature", "component", "camera", "address", "cases", "unit_cell"})


@dataclass(frozen=True)
class Counts:
    """What became of the rows."""

    loaded: int
    unchanged: int


def upsert(
    connection: psycopg.Connection,
    actor: Actor,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    source: str,
    run_id: int | None = None,
    place: bool = True,
    progress: Callable[[int], None] | None = None,
) -> Counts:
    """Load rows (Python values; geometry as hex EWKB in EPSG:4326, or the column's own SRID) into a table.

    Must run inside the caller's transaction; ``columns`` hold source_key, and row_hash where unchanged rows are to be
    recognised. ``place`` fills the codes of area, grid and unit cell by point in polygon for rows that bring none.
    """
    connection.execute(SET_ACTOR, actor.settings)
    staging = sql.Identifier(f"staging_{table}")
    target = sql.Identifier(table)
    named = sql.SQL(", ").join(map(sql.Identifier, columns))
    connection.execute(sql.SQL("drop table if exists {}").format(staging))
    types = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in column_types(connection, table, columns)
    )
    connection.execute(sql.SQL("create temp table {} ({}) on commit drop").format(staging, types))
    count = 0
    with connection.cursor().copy(sql.SQL("copy {} ({}) from stdin").format(staging, named)) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
            if progress is not None and count % 10_000 == 0:
                progress(count)
    all_columns = list(columns)
    if place and table in PLACED_TABLES:
        all_columns += _place(connection, staging, table, columns)
    return _insert(connection, staging, target, table, all_columns, source, run_id, count)


def column_types(connection: psycopg.Connection, table: str, columns: Sequence[str]) -> list[tuple[str, str]]:
    """Each column with its PostgreSQL type, as a temporary table needs it."""
    found: dict[str, str] = dict(
        connection.execute(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute"
            " where attrelid = %s::regclass and attnum > 0 and not attisdropped",
            [table],
        ).fetchall()
    )
    unknown = [name for name in columns if name not in found]
    if unknown:
        raise ValueError(f"table {table} has no column {', '.join(unknown)}")
    return [(name, found[name]) for name in columns]


def _place(connection: psycopg.Connection, staging: sql.Identifier, table: str, columns: Sequence[str]) -> list[str]:
    """Give every staged row the codes of what contains it; on a shared border the lower code wins."""
    missing = [name for name in PLACE_COLUMNS if name not in columns]
    if "geom" not in columns or len(missing) < len(PLACE_COLUMNS):
        return []
    for name in missing:
        connection.execute(sql.SQL("alter table {} add column {} text").format(staging, sql.Identifier(name)))
    connection.execute(sql.SQL("alter table {} add column at_point geometry(point, 4326)").format(staging))
    connection.execute(
        sql.SQL(
            "update {} set at_point = case when ST_GeometryType(geom) = 'ST_Point' then geom else ST_PointOnSurface(geom) end"
        ).format(staging)
    )
    connection.execute(
        sql.SQL(
            """
        update {staging} s set (district_code, street_code, community_code, grid_code, unit_cell_code) = (
          select coalesce(g.district_code, a.district_code), coalesce(g.street_code, a.street_code),
                 coalesce(g.community_code, a.community_code), g.code, u.code
          from (select) one
          left join lateral (select code, district_code, street_code, community_code from grid
             where geom && s.at_point and ST_Covers(geom, s.at_point)
               and plan_id in (select id from grid_plan where status = 'published') order by code limit 1) g on true
          left join lateral (select district_code, street_code, community_code from area
             where geom && s.at_point and ST_Covers(geom, s.at_point) and g.code is null
             order by length(code) desc, code limit 1) a on true
          left join lateral (select code from unit_cell where geom && s.at_point and ST_Covers(geom, s.at_point)
             order by code limit 1) u on true)"""
        ).format(staging=staging)
    )
    return missing


def _insert(
    connection: psycopg.Connection,
    staging: sql.Identifier,
    target: sql.Identifier,
    table: str,
    columns: Sequence[str],
    source: str,
    run_id: int | None,
    count: int,
) -> Counts:
    written = [name for name in columns if name != "source"]
    changed = sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in (*written, "run_id") if name != "source_key"
    )
    order = sql.SQL("order by geom") if table in CLUSTERED_TABLES and "geom" in columns else sql.SQL("")
    cursor = connection.execute(
        sql.SQL(
            "insert into {target} as old ({names}, source, run_id) select {names}, %s, %s from {staging} {order}"
            " on conflict (source, source_key) do update set {changed}"
            " where old.row_hash is null or old.row_hash is distinct from excluded.row_hash"
        ).format(
            target=target,
            staging=staging,
            names=sql.SQL(", ").join(map(sql.Identifier, written)),
            order=order,
            changed=changed,
        ),
        [source, run_id],
    )
    loaded = cursor.rowcount
    return Counts(loaded=loaded, unchanged=count - loaded)
