"""What household registers ask of the database: one count a building, estimates where nobody counted, grids that add them up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import psycopg

from commandcenter.db.gone import seeing_gone

ESTIMATES = "estimated_households"  # the source of generated estimates; key: the building's source and key
LINK_LOG = "household_link"  # what ingest_before keeps beside overwritten rows


def count_households(connection: psycopg.Connection, generated: str | None = None) -> int:
    """Households of every grid whose file names none: those of the buildings inside; how many grids changed.

    A number is estimated where one of the counts is, where nobody counted anything inside, and where a residential building inside
    has no count. ``generated`` names a source of grids that is counted as well.
    """
    changed = connection.execute(
        """
        with counted as materialized (
          select g.id from grid g join source s on s.name = g.source
          where g.gone_run_id is null and (s.contract ? 'written' and not s.contract -> 'written' ? 'households' or g.source = %(generated)s)),
        at_point as materialized (
          select h.resident, h.persons, h.estimated, b.use, ST_PointOnSurface(b.geom) as geom
          from building b left join household_count h on h.building_id = b.id and h.gone_run_id is null
          where b.gone_run_id is null and (h.id is not null or b.use = 'residential') and exists (select from counted)),
        inside as (
          select g.id, p.* from at_point p, (select distinct plan_id, kind from grid where id in (select id from counted)) k,
            lateral (select id from grid where plan_id = k.plan_id and kind = k.kind and gone_run_id is null
                     and geom && p.geom and ST_Covers(geom, p.geom) order by code limit 1) g),
        summed as (
          select c.id, coalesce(sum(i.resident), 0) as households,
                 case when count(i.persons) = count(i.resident) then sum(i.persons) end as persons,
                 coalesce(bool_or(i.estimated), true) or bool_or(i.use = 'residential' and i.resident is null) as estimated
          from counted c left join inside i on i.id = c.id group by c.id)
        update grid g set households = s.households, households_estimated = s.estimated,
               persons = case when x.contract -> 'written' ? 'persons' then g.persons else s.persons end
        from summed s, source x where s.id = g.id and x.name = g.source
          and (g.households, g.households_estimated, case when x.contract -> 'written' ? 'persons' then s.persons else g.persons end)
              is distinct from (s.households, s.estimated, s.persons)""",
        {"generated": generated},
    ).rowcount
    connection.execute(
        "update source s set estimated = found.estimated from (select source, bool_or(households_estimated) as estimated from grid"
        " where gone_run_id is null group by source) found where found.source = s.name and s.estimated is distinct from found.estimated"
        " and (s.contract ? 'written' and not s.contract -> 'written' ? 'households' or s.name = %s)",
        [generated],
    )
    return changed


def buildings(connection: psycopg.Connection, source: str | None, shapes: bool) -> list[tuple[int, str, str, bytes]]:
    """Id, source, key and WKB of the standing buildings, by id: their shapes, or the point each is placed by."""
    geometry = "geom" if shapes else "ST_PointOnSurface(geom)"
    cursor = connection.cursor(binary=True)
    return cursor.execute(
        f"select id, source, source_key, ST_AsBinary({geometry}) from building where gone_run_id is null and (%s::text is null or source = %s)"
        " order by id",
        [source, source],
    ).fetchall()


def counted_by_others(connection: psycopg.Connection, source: str) -> dict[int, str]:
    """Buildings that other sources have counted (estimates do not count), with the title of that source."""
    return dict(
        connection.execute(
            "select h.building_id, s.title from household_count h join source s on s.name = h.source"
            " where h.building_id is not null and h.source <> %s and h.source <> %s",
            [source, ESTIMATES],
        ).fetchall()
    )


def link_counts(connection: psycopg.Connection, source: str, run_id: int, links: Iterable[tuple[str, int]]) -> list[str]:
    """Give each count its building, by (key of the row, building); keys of buildings that another row of the source keeps.

    Estimates of these buildings step aside, and step back in where a building is no longer counted. What a row was linked to before is kept
    for the withdrawal. Where anything is in the way, nothing is linked.
    """
    with seeing_gone(connection):
        connection.execute("drop table if exists wanted, relink")
        connection.execute("create temp table wanted (source_key text, building_id bigint) on commit drop")
        with connection.cursor().copy("copy wanted from stdin") as copy:
            for link in links:
                copy.write_row(link)
        connection.execute("analyze wanted")
        connection.execute(
            "create temp table relink on commit drop as select h.id, h.building_id as old, n.building_id as new from household_count h"
            " left join wanted w on w.source_key = h.source_key,"
            " lateral (select case when h.gone_run_id is null then coalesce(w.building_id, h.building_id) end as building_id) n"
            " where h.source = %s and h.building_id is distinct from n.building_id",
            [source],
        )
        blocked = connection.execute(
            "select b.source_key from relink r join household_count h on h.building_id = r.new join building b on b.id = r.new"
            " where h.source <> %s and not exists (select from relink o where o.id = h.id) order by b.source_key",
            [ESTIMATES],
        ).fetchall()
        if blocked:
            return [key for (key,) in blocked]
        connection.execute(
            "insert into ingest_before (run_id, target, row_id, was) select %s, %s, id, jsonb_build_object('building_id', old) from relink",
            [run_id, LINK_LOG],
        )
        connection.execute("update household_count h set building_id = null from relink r where r.id = h.id and r.old is not null")
        connection.execute(
            "update household_count e set building_id = null, gone_run_id = %s from relink r where e.source = %s and e.building_id = r.new",
            [run_id, ESTIMATES],
        )
        connection.execute("update household_count h set building_id = r.new from relink r where r.id = h.id and r.new is not null")
        _settle_estimates(connection)
    return []


def unlink_counts(connection: psycopg.Connection, run_id: int) -> None:
    """Before a run is taken back: what it linked lets its buildings go, and so do estimates of buildings that get their count again."""
    with seeing_gone(connection):
        connection.execute(
            "update household_count h set building_id = null from ingest_before b where b.run_id = %s and b.target = %s and b.row_id = h.id"
            " and h.building_id is not null",
            [run_id, LINK_LOG],
        )
        connection.execute(
            "update household_count e set building_id = null, gone_run_id = %s from ingest_before b where b.run_id = %s and b.target = %s"
            " and e.source = %s and e.building_id = (b.was ->> 'building_id')::bigint",
            [run_id, run_id, LINK_LOG, ESTIMATES],
        )


def link_counts_again(connection: psycopg.Connection, run_id: int) -> None:
    """After a run was taken back: its rows that still stand hold the buildings they held before, and estimates fill the rest."""
    with seeing_gone(connection):
        connection.execute(
            "update household_count h set building_id = (b.was ->> 'building_id')::bigint from ingest_before b where b.run_id = %s and b.target = %s"
            " and b.row_id = h.id and h.building_id is distinct from (b.was ->> 'building_id')::bigint",
            [run_id, LINK_LOG],
        )
        connection.execute("delete from ingest_before where run_id = %s and target = %s", [run_id, LINK_LOG])
        _settle_estimates(connection)


def _settle_estimates(connection: psycopg.Connection) -> None:
    """An estimate stands where nobody counted; one that stepped aside names the run of the count that took its place."""
    connection.execute(
        "update household_count e set building_id = b.id, gone_run_id = null from building b where e.source = %s and e.building_id is null"
        " and e.source_key = b.source || '/' || b.source_key and not exists (select from household_count c where c.building_id = b.id)",
        [ESTIMATES],
    )
    connection.execute(
        "update household_count e set gone_run_id = c.run_id from building b join household_count c on c.building_id = b.id"
        " where e.source = %s and e.building_id is null and e.source_key = b.source || '/' || b.source_key"
        " and e.gone_run_id is distinct from c.run_id",
        [ESTIMATES],
    )


def place_counts(connection: psycopg.Connection) -> int:
    """A household count, and a household, lies where its building lies; how many rows moved to other codes."""
    codes = ("district_code", "street_code", "community_code", "grid_code", "unit_cell_code")
    return sum(
        connection.execute(
            f"update {table} h set {', '.join(f'{name} = b.{name}' for name in codes)} from building b where b.id = h.building_id"
            f" and ({', '.join(f'h.{name}' for name in codes)}) is distinct from ({', '.join(f'b.{name}' for name in codes)})"
        ).rowcount
        for table in ("household_count", "household")
    )


def counts_of_buildings(connection: psycopg.Connection) -> dict[int, tuple[int, int | None]]:
    """Buildings that somebody counted: households, and the run that brought them."""
    rows = connection.execute(
        "select building_id, resident, run_id from household_count where building_id is not null and source <> %s", [ESTIMATES]
    )
    return {building: (resident, run_id) for building, resident, run_id in rows}


def recount_sources(connection: psycopg.Connection, names: Sequence[str]) -> None:
    """How many household counts of these sources stand."""
    connection.execute(
        "update source s set row_count = (select count(*) from household_count h where h.source = s.name and h.gone_run_id is null)"
        " where s.name = any(%s)",
        [list(names)],
    )
