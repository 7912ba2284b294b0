"""What the data desk asks of the database: questions as values for the web process, and the writes of a steward's commands.

Coordinates are EPSG:4326. Refused rows, uploads and previews are seen by whole-city writers alone; row-level security says so too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from commandcenter.actor import Actor
from commandcenter.db.migrate import TASK_SCHEMA
from commandcenter.db.request import SqlRequest
from commandcenter.db.run import acting
from commandcenter.db.schema import Base
from commandcenter.text import Text

JOB_LOCK = 230_003  # class of advisory locks: a job that somebody carries out
TREND_RUNS = 12
MOST_DRAWN = 5_000
MOST_POINTS = 2_000  # of a shape on the preview; longer outlines are thinned for the eye
WAITING = "q.state = 'open' and r.kind in ('load', 'correction')"
# A point inside the shape without asking GEOS about an invalid one.
WITHIN = "case when ST_IsEmpty(q.geom) then null when ST_IsValid(q.geom) then ST_PointOnSurface(q.geom) else ST_Centroid(ST_Envelope(q.geom)) end"


def sources_request() -> SqlRequest:
    """Every source: its contract, its quality trend, what waits. ``lag_s`` is what its data are over their cadence, null without one;
    ``open_quarantine`` is null for whoever may not see refused rows.
    """
    return SqlRequest(
        f"""
        with waiting as (
          select r.source, count(*) as rows from quarantine q join ingest_run r on r.id = q.run_id where {WAITING} group by r.source),
        newest as (
          select distinct on (source) source, id, status from ingest_run
          where kind <> 'dry_run' or status in ('queued', 'running')
          order by source, status = 'running' desc, status = 'queued' desc, id desc)
        select s.name, s.title, s.title_en, s.target, s.owner, s.licence, s.attribution, s.cadence_s, s.data_as_of, s.last_good_run_at,
               s.row_count, s.contract, s.synthetic, s.estimated,
               coalesce(s.data_as_of < now() - make_interval(secs => s.cadence_s), false) as late,
               case when s.cadence_s + extract(epoch from s.data_as_of) is not null
                    then greatest(0, extract(epoch from now() - s.data_as_of) - s.cadence_s)::float8 end as lag_s,
               case when actor_sees_whole_city() and actor_may_write() then coalesce(w.rows, 0) end as open_quarantine,
               coalesce(n.status in ('queued', 'running'), false) as running, n.status as last_status, n.id as last_run_id,
               coalesce(t.runs, '[]') as trend
        from source s
        left join waiting w on w.source = s.name
        left join newest n on n.source = s.name
        left join lateral (
          select jsonb_agg(jsonb_build_object('run_id', id, 'at', started_at, 'read', rows_read, 'quarantined', quarantined, 'status', status)
                           order by id) as runs
          from (select * from ingest_run where source = s.name and kind = 'load' order by id desc limit {TREND_RUNS}) last) t on true
        order by s.name""",
        {},
        "desk sources",
    )


def runs_request(source: str | None, limit: int) -> SqlRequest:
    """The newest runs, of one source or of all."""
    of_source = "where r.source = %(source)s" if source is not None else ""
    return SqlRequest(
        f"select r.*, s.title, s.title_en, s.target from ingest_run r join source s on s.name = r.source {of_source} order by r.id desc limit %(limit)s",
        {"source": source, "limit": limit},
        "desk runs",
    )


def run_request(run_id: int) -> SqlRequest:
    """One run with everything that is kept of it, and the names of who asked for it and withdrew it, as far as the asking actor may know."""
    return SqlRequest(
        "select r.*, s.title, s.title_en, s.target, actor_title(r.actor) as actor_title, actor_title(r.withdrawn_by) as withdrawn_by_title"
        " from ingest_run r join source s on s.name = r.source where r.id = %(run_id)s",
        {"run_id": run_id},
        "desk run",
    )


def quarantine_request(run_id: int | None, source: str | None, rule: str | None, limit: int, offset: int) -> SqlRequest:
    """Refused rows that wait, in the order they were refused; of a whole source those of dry runs are left out."""
    where, params = _waiting(run_id, source, rule)
    return SqlRequest(
        f"""
        select id, run_id, line, source_key, field, rule, sentence, sentence_en, raw, fields,
               ST_X(at_point) as lon, ST_Y(at_point) as lat, has_proposal, state
        from (select q.*, {WITHIN} as at_point, q.proposal is not null as has_proposal
              from quarantine q join ingest_run r on r.id = q.run_id where {where}
              order by q.id limit %(limit)s offset %(offset)s) page
        order by id""",
        {**params, "limit": limit, "offset": offset},
        "desk quarantine",
    )


def quarantine_rules_request(run_id: int | None = None, source: str | None = None) -> SqlRequest:
    """How many refused rows wait for each rule, the most frequent first."""
    where, params = _waiting(run_id, source, None)
    return SqlRequest(
        f"select q.rule, count(*) as count from quarantine q join ingest_run r on r.id = q.run_id where {where} group by q.rule order by 2 desc, 1",
        params,
        "desk rules",
    )


def _waiting(run_id: int | None, source: str | None, rule: str | None) -> tuple[str, dict[str, Any]]:
    where = ["q.state = 'open'" if run_id is not None else WAITING]
    for name, column, value in (("run_id", "q.run_id", run_id), ("source", "r.source", source), ("rule", "q.rule", rule)):
        if value is not None:
            where.append(f"{column} = %({name})s")
    return " and ".join(where), {"run_id": run_id, "source": source, "rule": rule}


def findings_request(run_id: int, limit: int) -> SqlRequest:
    """What was noticed about rows of a run that were loaded all the same."""
    return SqlRequest(
        "select id, line, source_key, field, rule, sentence, sentence_en, ST_X(at_point) as lon, ST_Y(at_point) as lat"
        " from ingest_finding, lateral ST_PointOnSurface(geom_before) at_point where run_id = %(run_id)s order by id limit %(limit)s",
        {"run_id": run_id, "limit": limit},
        "desk findings",
    )


def uploads_request(limit: int) -> SqlRequest:
    """The newest uploads with the last run of each."""
    return SqlRequest(
        "select u.id, u.file_name, u.bytes, u.sha256, u.actor, u.at, r.id as run_id, r.source, r.kind, r.status from upload u"
        " left join lateral (select * from ingest_run where upload_id = u.id order by id desc limit 1) r on true order by u.id desc limit %(limit)s",
        {"limit": limit},
        "desk uploads",
    )


def _gone_parts() -> Iterator[str]:
    for name, table in sorted(Base.metadata.tables.items()):
        if {"gone_run_id", "source_key"} <= set(table.columns.keys()):
            place = "ST_PointOnSurface(ST_Envelope(t.geom))" if "geom" in table.columns else "null::geometry"
            yield (
                f"select t.id, t.source_key, t.gone_run_id, {place} as at_point from {name} t"
                f" where s.target = '{name}' and s.seen = 'on' and t.source = s.name and t.gone_run_id is not null"
            )


GONE = " union all ".join(_gone_parts())


def gone_request(source: str, limit: int) -> SqlRequest:
    """Rows of a source that a delivery no longer brought, the latest gone first.

    Such rows show only where ``commandcenter.with_gone`` is on: it is put on before the tables are looked at, for this question alone.
    """
    return SqlRequest(
        f"""
        select found.source_key, found.gone_run_id, r.finished_at as gone_at, s.target, ST_X(found.at_point) as lon, ST_Y(found.at_point) as lat
        from (select name, target, set_config('commandcenter.with_gone', 'on', true) as seen from source where name = %(source)s offset 0) s
        cross join lateral ({GONE}) found
        left join ingest_run r on r.id = found.gone_run_id
        order by found.gone_run_id desc, found.source_key limit %(limit)s""",
        {"source": source, "limit": limit},
        "desk gone",
    )


def preview_request(run_id: int) -> SqlRequest:
    """Accepted, refused and proposed shapes of a run, and the places of its findings, for its map: kind, id, line, key, rule, sentences, shape (GeoJSON).

    At most 5 000 of each kind, spread over the file as they were kept.
    """
    return SqlRequest(
        f"""
        (select 'accepted' as kind, id, line, source_key, null as rule, null as sentence, null as sentence_en, {_drawn("geom")} as shape
         from ingest_preview where run_id = %(run_id)s order by id limit {MOST_DRAWN})
        union all
        (select 'refused', id, line, source_key, rule, sentence, sentence_en, {_drawn("geom")}
         from quarantine where run_id = %(run_id)s and geom is not null order by id limit {MOST_DRAWN})
        union all
        (select 'proposed', id, line, source_key, rule, sentence, sentence_en, {_drawn("proposal")}
         from quarantine where run_id = %(run_id)s and proposal is not null order by id limit {MOST_DRAWN})
        union all
        (select 'noticed', id, line, source_key, rule, sentence, sentence_en, {_drawn("geom_before")}
         from ingest_finding where run_id = %(run_id)s and geom_before is not null order by id limit {MOST_DRAWN})""",
        {"run_id": run_id},
        "desk preview",
    )


def _drawn(column: str) -> str:
    thin = f"coalesce(ST_Simplify({column}, 0.0001, true), ST_Envelope({column}))"
    return f"ST_AsGeoJSON(case when ST_NPoints({column}) > {MOST_POINTS} then {thin} else {column} end, 6)"


def refused_count_request(run_id: int) -> SqlRequest:
    """How many refused rows of a run have a place to be drawn at."""
    return SqlRequest("select count(geom) as placed from quarantine where run_id = %(run_id)s", {"run_id": run_id}, "desk preview count")


def raw_request(run_id: int, row_no: int) -> SqlRequest:
    """The block of raw rows that holds one loaded row of a run; ``ingest.ledger.store.read_block`` opens it."""
    return SqlRequest(
        "select body from ingest_raw where run_id = %(run_id)s and block <= %(row_no)s order by block desc limit 1",
        {"run_id": run_id, "row_no": row_no},
        "desk raw",
    )


def refused_fields(connection: psycopg.Connection, run_id: int, most: int) -> list[str]:
    """The names of all source fields among the refused rows of a run, by name."""
    found = connection.execute(
        "select distinct name from quarantine, jsonb_object_keys(fields) name where run_id = %s order by name limit %s", [run_id, most]
    )
    return [name for (name,) in found]


def refused_rows(connection: psycopg.Connection, run_id: int, limit: int) -> Iterator[dict[str, Any]]:
    """The refused rows of a run in their order, read from a cursor on the server: memory stays flat however many they are."""
    with connection.cursor(name="refused_rows", row_factory=dict_row) as cursor:
        cursor.itersize = 500
        cursor.execute(
            "select line, rule, field, sentence, sentence_en, fields, raw from quarantine where run_id = %s order by id limit %s", [run_id, limit]
        )
        yield from cursor


def insert_upload(connection: psycopg.Connection, actor_id: str, file_name: str, stored_as: str, size: int, sha256: str) -> int:
    """A new upload; its number."""
    row = connection.execute(
        "insert into upload (file_name, stored_as, bytes, sha256, actor) values (%s, %s, %s, %s, %s) returning id",
        [file_name, stored_as, size, sha256, actor_id],
    ).fetchone()
    assert row is not None
    return int(row[0])


def upload_of(connection: psycopg.Connection, upload_id: int) -> tuple[str, str, int, str] | None:
    """File name, where it is stored, bytes and SHA-256 of an upload."""
    return connection.execute("select file_name, stored_as, bytes, sha256 from upload where id = %s", [upload_id]).fetchone()


def source_is_known(connection: psycopg.Connection, name: str) -> bool:
    """Whether a source has been registered."""
    return connection.execute("select from source where name = %s", [name]).fetchone() is not None


def unfinished_run(connection: psycopg.Connection, source: str, kind: str, upload_id: int | None) -> int | None:
    """A run of the same file that has not ended yet: asking twice is asking once."""
    row = connection.execute(
        "select id from ingest_run where source = %s and kind = %s and upload_id is not distinct from %s and status in ('queued', 'running')"
        " order by id desc limit 1",
        [source, kind, upload_id],
    ).fetchone()
    return None if row is None else int(row[0])


def insert_run(
    connection: psycopg.Connection, source: str, kind: str, actor_id: str, upload_id: int | None = None, file: tuple[str, int | None, str] = ("", None, "")
) -> int:
    """A new run that waits for the worker; its number. ``file`` is name, bytes, SHA-256."""
    row = connection.execute(
        "insert into ingest_run (source, mapping, kind, actor, upload_id, file_name, file_bytes, file_sha256, status)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, 'queued') returning id",
        [source, source, kind, actor_id, upload_id, *file],
    ).fetchone()
    assert row is not None
    return int(row[0])


def waiting_count(connection: psycopg.Connection, source: str) -> int:
    """How many refused rows of a source wait."""
    row = connection.execute(f"select count(*) from quarantine q join ingest_run r on r.id = q.run_id where r.source = %s and {WAITING}", [source]).fetchone()
    assert row is not None
    return int(row[0])


def cancel_run(connection: psycopg.Connection, run_id: int, said: Text) -> str | None:
    """Cancel a run that waits, or ask a running one to stop; its status now, or None where there is no such run."""
    connection.execute(
        "update ingest_run set status = 'cancelled', cancel_requested = true, finished_at = clock_timestamp(), message = %s, message_en = %s"
        " where id = %s and status = 'queued'",
        [said.zh, said.en, run_id],
    )
    connection.execute("update ingest_run set cancel_requested = true where id = %s and status = 'running'", [run_id])
    row = connection.execute("select status from ingest_run where id = %s", [run_id]).fetchone()
    return None if row is None else str(row[0])


def correct_rows(
    connection: psycopg.Connection, actor_id: str, chosen: Mapping[str, Any], changes: Mapping[str, str],
    replace: tuple[str, str, str] | None, accept_repair: bool,
) -> int:  # fmt: skip
    """Write what refused rows should have said, to the rows and to their corrections; how many rows.

    ``chosen`` is ids, or run_id with or without rule. ``replace`` (field, old, new) touches only rows whose field says old.
    """
    row = connection.execute(
        """
        with chosen as materialized (
          select q.id, r.source, q.raw_hash, %(accept)s and q.proposal is not null as accepted,
                 %(changes)s || case when %(field)s::text is not null and q.fields ->> %(field)s = %(old)s
                                     then jsonb_build_object(%(field)s::text, %(new)s::text) else '{}' end as changes
          from quarantine q join ingest_run r on r.id = q.run_id
          where q.state = 'open' and q.raw_hash is not null
            and (%(ids)s::bigint[] is null or q.id = any(%(ids)s))
            and (%(run_id)s::bigint is null or q.run_id = %(run_id)s)
            and (%(rule)s::text is null or q.rule = %(rule)s)
          for update of q),
        touched as materialized (select * from chosen where accepted or changes <> '{}'),
        kept as (
          insert into correction (source, raw_hash, changes, accept_repair, actor)
          select distinct on (source, raw_hash) source, raw_hash, changes, accepted, %(actor)s from touched order by source, raw_hash, id
          on conflict (source, raw_hash) do update set changes = correction.changes || excluded.changes,
            accept_repair = correction.accept_repair or excluded.accept_repair, actor = excluded.actor, at = clock_timestamp()),
        shown as (update quarantine q set fields = q.fields || t.changes from touched t where t.id = q.id returning q.id)
        select count(*) from shown""",
        {
            **_chosen(chosen),
            "actor": actor_id,
            "changes": Jsonb(dict(changes)),
            "accept": accept_repair,
            **dict(zip(("field", "old", "new"), replace or (None, None, None), strict=True)),
        },
    ).fetchone()
    assert row is not None
    return int(row[0])


def dismiss_rows(connection: psycopg.Connection, actor_id: str, chosen: Mapping[str, Any]) -> int:
    """Refused rows that nobody will run again; how many."""
    return connection.execute(
        "update quarantine q set state = 'dismissed', settled_at = clock_timestamp(), settled_by = %(actor)s where q.state = 'open'"
        " and (%(ids)s::bigint[] is null or q.id = any(%(ids)s)) and (%(run_id)s::bigint is null or q.run_id = %(run_id)s)"
        " and (%(rule)s::text is null or q.rule = %(rule)s)",
        {**_chosen(chosen), "actor": actor_id},
    ).rowcount


def _chosen(chosen: Mapping[str, Any]) -> dict[str, Any]:
    return {name: chosen.get(name) for name in ("ids", "run_id", "rule")}


@contextmanager
def in_task_schema(connection: psycopg.Connection) -> Iterator[None]:
    """The task queue's own names in reach for a moment of the caller's transaction."""
    row = connection.execute("select current_setting('search_path')").fetchone()
    assert row is not None
    connection.execute("select set_config('search_path', %s, true)", [f"{TASK_SCHEMA}, public"])
    yield  # after an error the transaction is lost, and the setting with it
    connection.execute("select set_config('search_path', %s, true)", [row[0]])


def hold_job(connection: psycopg.Connection, run_id: int) -> bool:
    """Take the job of a run for this session; false when another session carries it out."""
    row = connection.execute("select pg_try_advisory_lock(%s, %s)", [JOB_LOCK, run_id % 2**31]).fetchone()
    return bool(row and row[0])


def release_job(connection: psycopg.Connection, run_id: int) -> None:
    """Give a job back."""
    connection.execute("select pg_advisory_unlock(%s, %s)", [JOB_LOCK, run_id % 2**31])


def job_of(connection: psycopg.Connection, actor: Actor, run_id: int) -> dict[str, Any] | None:
    """What a job needs to know of its run: source, mapping, kind, status, and where its upload is stored."""
    with acting(connection, actor), connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "select r.source, r.mapping, r.kind, r.status, u.stored_as from ingest_run r left join upload u on u.id = r.upload_id where r.id = %s", [run_id]
        ).fetchone()


def close_run(connection: psycopg.Connection, actor: Actor, run_id: int, said: Text) -> None:
    """A run that could not even begin, or whose job fell over, says why."""
    with acting(connection, actor):
        connection.execute(
            "update ingest_run set status = 'failed', step = null, finished_at = clock_timestamp(), message = %s, message_en = %s"
            " where id = %s and status in ('queued', 'running')",
            [said.zh, said.en, run_id],
        )


def abandoned(connection: psycopg.Connection, actor: Actor, run_ids: Sequence[int]) -> dict[int, str]:
    """Of these runs, those whose job no session carries out, with their status."""
    free = []
    for run_id in run_ids:
        if hold_job(connection, run_id):
            release_job(connection, run_id)
            free.append(run_id)
    with acting(connection, actor):
        return dict(connection.execute("select id, status from ingest_run where id = any(%s)", [free]).fetchall())
