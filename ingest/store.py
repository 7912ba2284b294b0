"""What ingest asks of the database: sources, and the polygons and codes of where rows lie."""

from __future__ import annotations

from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from commandcenter.db.gone import seeing_gone
from ingest.contract import Mapping
from ingest.governance.count_store import place_counts
from ingest.governance.plan_store import place_grids
from ingest.moved import Moved

BOUNDARY_TABLES = ("area", "grid", "unit_cell")
PLACED_TABLES = ("building", "address", "camera", "cases", "service_point", "component", "key_site", "compound")


def source_of(mapping: Mapping, moved: Moved) -> dict[str, Any]:
    """A mapping's source as a row of the table ``source``; that its moments were moved stands in its title, wherever that shows."""
    return {
        "name": mapping.name,
        "target": mapping.target,
        "title": mapping.title.zh + moved.told.zh,
        "title_en": mapping.title.en + moved.told.en,
        "owner": mapping.owner,
        "licence": mapping.licence,
        "attribution": mapping.attribution,
        "cadence_s": mapping.cadence_s,
        "synthetic": False,
        "estimated": mapping.estimated,
        "data_as_of": None if mapping.fetch is not None else moved.as_of,  # what is fetched speaks of its last delivery (note_delivery)
        "contract": contract_of(mapping),
    }


def contract_of(mapping: Mapping) -> dict[str, Any]:
    """What a mapping promises, for people and for machines."""
    return {
        "reader": mapping.reader,
        "encoding": mapping.encoding,
        "crs": mapping.crs,
        "key": list(mapping.key),
        "geometry": mapping.geometry,
        "delivery": mapping.delivery,
        "repair": mapping.repair,
        "rules": [f"{rule.word}({', '.join(rule.columns)})" for rule in mapping.rules],
        "written": list(mapping.written),
        "columns": {column.name: list(column.fields) for column in mapping.columns},
        "mapping_version": mapping.version[:12],
    }


def standing_as_of(connection: psycopg.Connection, source: str) -> datetime | None:
    """The moment that the rows which a source has in its table speak of; None where it has none."""
    row = connection.execute("select data_as_of from source where name = %s and row_count > 0", [source]).fetchone()
    return None if row is None else row[0]


def note_delivery(connection: psycopg.Connection, mapping: Mapping, at: datetime) -> None:
    """A mapping's source delivered. A living one that does not say of which moment it speaks, speaks of the moment it was delivered."""
    if mapping.fetch is not None or (mapping.cadence_s is not None and mapping.data_as_of is None):
        connection.execute("update source set data_as_of = %s where name = %s", [at, mapping.name])
    note_good_run(connection, mapping.name, mapping.target, at)


def note_good_run(connection: psycopg.Connection, source: str, target: str, at: datetime) -> None:
    """A source delivered: when, and how many of its rows stand in its table."""
    connection.execute("update source set last_good_run_at = %s where name = %s", [at, source])
    recount_source(connection, source, target)


def recount_source(connection: psycopg.Connection, source: str, target: str) -> None:
    """How many rows of a source stand in its table."""
    connection.execute(
        f"update source set row_count = (select count(*) from {target} where source = %s and gone_run_id is null) where name = %s", [source, source]
    )


def grid_polygons(connection: psycopg.Connection) -> list[tuple[bytes, tuple[str | None, ...]]]:
    """WKB (EPSG:4326) and code, district, street, community of every grid of the published plan, by code."""
    return _polygons(
        connection,
        "select ST_AsBinary(geom), code, district_code, street_code, community_code from grid"
        " where plan_id in (select id from grid_plan where status = 'published') and gone_run_id is null order by code",
    )


def area_polygons(connection: psycopg.Connection) -> list[tuple[bytes, tuple[str | None, ...]]]:
    """WKB (EPSG:4326) and code, district, street, community of every area, the smallest level first, then by code."""
    return _polygons(
        connection,
        "select ST_AsBinary(geom), code, district_code, street_code, community_code from area where gone_run_id is null order by length(code) desc, code",
    )


def unit_cell_polygons(connection: psycopg.Connection) -> list[tuple[bytes, tuple[str | None, ...]]]:
    """WKB (EPSG:4326) and code of every unit cell, by code."""
    return _polygons(connection, "select ST_AsBinary(geom), code from unit_cell where gone_run_id is null order by code")


def _polygons(connection: psycopg.Connection, question: LiteralString) -> list[tuple[bytes, tuple[str | None, ...]]]:
    cursor = connection.cursor(binary=True)
    return [(row[0], tuple(row[1:])) for row in cursor.execute(question)]


def known_values(connection: psycopg.Connection, to: str) -> frozenset[str]:
    """Every value that stands in ``table.column``, as text: what a reference may name."""
    table, column = to.split(".")
    rows = connection.execute(
        sql.SQL("select distinct {}::text from {} where {} is not null").format(sql.Identifier(column), sql.Identifier(table), sql.Identifier(column))
    )
    return frozenset(value for (value,) in rows)


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


def place_all_again(connection: psycopg.Connection) -> int:
    """Boundaries changed: everything placed is placed anew; how many rows moved to other codes."""
    place_grids(connection)
    return sum(place_again(connection, table) for table in PLACED_TABLES) + place_counts(connection)


def remember_birth_grid(connection: psycopg.Connection) -> None:
    """A case keeps the grid it was born in, whatever plan comes later."""
    connection.execute("update cases set born_grid_code = grid_code where born_grid_code is null and grid_code is not null")


def buildings_to_count(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """id, source, source_key, use, levels, height_m, WKB, WKB of the point by which the building is placed."""
    return connection.execute(
        "select id, source, source_key, use, levels, height_m, ST_AsBinary(geom), ST_AsBinary(ST_PointOnSurface(geom))"
        " from building order by source, source_key"
    ).fetchall()


def address_points(connection: psycopg.Connection) -> list[tuple[bytes]]:
    """WKB of every address point."""
    return connection.execute("select ST_AsBinary(geom) from address").fetchall()


def roads_to_follow(connection: psycopg.Connection) -> list[tuple[str, str | None, bytes]]:
    """Class, name and WKB of every road, rail and waterway line: the borders that grids should follow."""
    return connection.execute(
        "select class, name, ST_AsBinary(geom) from base_feature where theme in ('road', 'rail', 'waterway')"
        " and ST_Dimension(geom) = 1 and not is_tunnel order by source, source_key"
    ).fetchall()


def count_of(connection: psycopg.Connection, table: str) -> int:
    """How many rows of a table the actor sees."""
    row = connection.execute(f"select count(*) from {table}").fetchone()
    assert row is not None
    return int(row[0])


def forget_generated(connection: psycopg.Connection, sources: tuple[str, ...]) -> None:
    """Clear what an earlier generation made, before a new one takes its place; its plan keeps its number, which others may name."""
    with seeing_gone(connection):  # an estimate that stepped aside for a count as well
        connection.execute("delete from household_count where source = any(%s)", [list(sources)])
    connection.execute("delete from grid where source = any(%s)", [list(sources)])
    connection.execute("delete from area where source = any(%s)", [list(sources)])


def place_households(connection: psycopg.Connection) -> None:
    """A household count lies where its building lies."""
    place_again(connection, "building")
    place_counts(connection)
