"""What a grid plan asks of the database: which plan is the published one, who holds which code, what a withdrawal puts back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from commandcenter.db.gone import seeing_gone
from ingest.contract import Plan

PLAN_LOG = "grid_plan"  # what ingest_before keeps beside overwritten rows


def plan_of_source(connection: psycopg.Connection, source: str) -> str | None:
    """The code of the plan that a source's grids belong to."""
    with seeing_gone(connection):
        row = connection.execute("select p.code from grid g join grid_plan p on p.id = g.plan_id where g.source = %s limit 1", [source]).fetchone()
    return None if row is None else row[0]


def codes_of_others(connection: psycopg.Connection, plan: str, source: str) -> dict[str, str]:
    """Codes that other sources hold in a plan, with those sources."""
    with seeing_gone(connection):
        rows = connection.execute(
            "select g.code, g.source from grid g join grid_plan p on p.id = g.plan_id where p.code = %s and g.source <> %s", [plan, source]
        ).fetchall()
    return dict(rows)


def plan_id(connection: psycopg.Connection, plan: Plan) -> int:
    """The plan's number; a new plan stands as a draft."""
    connection.execute(
        "insert into grid_plan (code, title, title_en, status, rule) values (%s, %s, %s, 'draft', %s) on conflict (code) do nothing",
        [plan.code, plan.title.zh, plan.title.en, plan.rule],
    )
    row = connection.execute("select id from grid_plan where code = %s", [plan.code]).fetchone()
    assert row is not None
    return int(row[0])


def settle_plan(connection: psycopg.Connection, number: int, was: dict[str, Any] | None, plan: Plan, run_id: int, changed: bool) -> bool:
    """Give the plan its title and rule, publish it where asked; whether another plan (or none) was the published one until now.

    One plan is published at a time: two deliveries that both publish come one after the other. ``was`` is the plan before this run,
    ``changed`` whether the run wrote any row: what a run did to its plan is kept for its withdrawal.
    """
    connection.execute("lock table grid_plan in exclusive mode")
    published = connection.execute("select id from grid_plan where status = 'published' order by id limit 1").fetchone()
    before = None if published is None else int(published[0])
    publishes = plan.published and before != number
    head = {"title": plan.title.zh, "title_en": plan.title.en, "rule": plan.rule}
    if not changed and not publishes and was is not None and head.items() <= was.items():
        return False
    connection.execute("update grid_plan set title = %s, title_en = %s, rule = %s where id = %s", [*head.values(), number])
    if publishes:
        _publish(connection, number)
    connection.execute(
        "insert into ingest_before (run_id, target, row_id, was) values (%s, %s, %s, %s)",
        [run_id, PLAN_LOG, number, Jsonb({"plan": was, "publishes": publishes, "published": before})],
    )
    return publishes


def plan_as_it_stands(connection: psycopg.Connection, code: str) -> dict[str, Any] | None:
    """A plan's row; None where there is none."""
    row = connection.execute("select to_jsonb(p) from grid_plan p where code = %s", [code]).fetchone()
    return None if row is None else row[0]


def later_publication(connection: psycopg.Connection, source: str, run_id: int) -> int | None:
    """A later run of a source that wrote no row and yet published its plan."""
    row = connection.execute(
        "select max(r.id) from ingest_run r join ingest_before b on b.run_id = r.id and b.target = %s where r.source = %s and r.id > %s",
        [PLAN_LOG, source, run_id],
    ).fetchone()
    return None if row is None else row[0]


def _publish(connection: psycopg.Connection, number: int) -> None:
    connection.execute("update grid_plan set status = 'retired', valid_to = now() where status = 'published' and id <> %s", [number])
    connection.execute(
        "update grid_plan set status = 'published', valid_from = coalesce(valid_from, now()), valid_to = null where id = %s", [number]
    )


def take_plan_back(connection: psycopg.Connection, run_id: int) -> int | None:
    """Undo what a run did to its plan; the plan's number where it still stands.

    The plan that was published before comes back, unless a later run has published another one: then that one's memory skips this run's.
    """
    connection.execute("lock table grid_plan in exclusive mode")
    log = connection.execute("select row_id, was from ingest_before where run_id = %s and target = %s", [run_id, PLAN_LOG]).fetchone()
    if log is None:
        return None
    number, kept = log
    if kept["publishes"]:
        later = connection.execute(
            "update ingest_before b set was = jsonb_set(b.was, '{published}', %s) where b.target = %s and b.run_id = (select min(run_id)"
            " from ingest_before where target = %s and run_id > %s and (was ->> 'publishes')::boolean and (was ->> 'published')::bigint = %s)"
            " returning 1",
            [Jsonb(kept["published"]), PLAN_LOG, PLAN_LOG, run_id, number],
        ).fetchone()
        connection.execute("update grid_plan set status = 'draft', valid_from = null, valid_to = null where id = %s", [number])
        if later is None and kept["published"] is not None:
            _publish(connection, kept["published"])
    if kept["plan"] is not None:
        names = ("title", "title_en", "rule", *(("status", "valid_from", "valid_to") if kept["publishes"] else ()))
        connection.execute(
            f"update grid_plan p set {', '.join(f'{name} = w.{name}' for name in names)} from jsonb_populate_record(null::grid_plan, %s) w where p.id = %s",
            [Jsonb(kept["plan"]), number],
        )
    connection.execute("delete from ingest_before where run_id = %s and target = %s", [run_id, PLAN_LOG])
    with seeing_gone(connection):
        if kept["plan"] is None:
            connection.execute("delete from grid_plan where id = %s and not exists (select from grid where plan_id = grid_plan.id)", [number])
        connection.execute(
            "update cases set born_grid_code = null where born_grid_code is not null and not exists (select from grid where code = born_grid_code)"
        )
    return None if connection.execute("select from grid_plan where id = %s", [number]).fetchone() is None else int(number)


def own_grids_published(connection: psycopg.Connection, generated: str) -> bool:
    """Whether the published plan is one that somebody brought, not the generated one."""
    row = connection.execute(
        "select exists (select from grid_plan p where p.status = 'published' and p.code <> %s and exists (select from grid g where g.plan_id = p.id))",
        [generated],
    ).fetchone()
    return bool(row and row[0])


def plan_shapes(connection: psycopg.Connection, number: int) -> list[tuple[int, str, bytes]]:
    """Id, kind and WKB (EPSG:4326) of a plan's standing grids, by kind and code."""
    return connection.execute(
        "select id, kind, ST_AsBinary(geom) from grid where plan_id = %s and gone_run_id is null order by kind, code", [number]
    ).fetchall()


def write_zoom_bands(connection: psycopg.Connection, rows: Iterable[tuple[int, str, str]]) -> None:
    """Middle and low zoom shapes (hex EWKB, EPSG:3857) of grids by id; only those that differ are written."""
    connection.execute("drop table if exists banded")
    connection.execute("create temp table banded (id bigint, mid geometry(polygon, 3857), low geometry(polygon, 3857)) on commit drop")
    with connection.cursor().copy("copy banded from stdin") as copy:
        for row in rows:
            copy.write_row(row)
    connection.execute(
        "update grid g set geom_3857_mid = b.mid, geom_3857_low = b.low from banded b where b.id = g.id"
        " and (ST_AsEWKB(g.geom_3857_mid), ST_AsEWKB(g.geom_3857_low)) is distinct from (ST_AsEWKB(b.mid), ST_AsEWKB(b.low))"
    )


def place_grids(connection: psycopg.Connection) -> int:
    """Grids whose file does not name district, street or community lie where the smallest area around them lies."""
    return connection.execute(
        """
        update grid g set district_code = found.district_code, street_code = found.street_code, community_code = found.community_code
        from (select g.id,
                     case when s.contract -> 'written' ? 'district_code' then g.district_code else a.district_code end as district_code,
                     case when s.contract -> 'written' ? 'street_code' then g.street_code else a.street_code end as street_code,
                     case when s.contract -> 'written' ? 'community_code' then g.community_code else a.community_code end as community_code
              from grid g join source s on s.name = g.source and s.contract ? 'written'
              left join lateral (select district_code, street_code, community_code from area
                 where geom && ST_PointOnSurface(g.geom) and ST_Covers(geom, ST_PointOnSurface(g.geom)) and gone_run_id is null
                 order by length(code) desc, code limit 1) a on true) found
        where found.id = g.id and (g.district_code, g.street_code, g.community_code)
              is distinct from (found.district_code, found.street_code, found.community_code)"""
    ).rowcount
