"""What fetching asks of the database: earlier attempts, one fetcher a source, runs that failed before they began, files nobody needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg

from commandcenter.db.request import SqlRequest
from commandcenter.text import Text
from ingest.contract import Mapping
from ingest.desk.arrivals.due import Attempt

ARRIVAL_LOCK = 230_004  # class of advisory locks: a source that somebody fetches
LAST_ATTEMPTS = 12
ATTEMPTS = (
    "select r.id as run_id, coalesce(u.at, r.started_at) as at, r.status, r.upload_id, r.message, r.message_en from ingest_run r"
    " left join upload u on u.id = r.upload_id where r.source = %(source)s and r.actor = %(actor)s and r.kind = 'load'"
    f" order by r.id desc limit {LAST_ATTEMPTS}"
)


def attempts_request(source: str, actor_id: str) -> SqlRequest:
    """The last attempts to fetch a source, newest first."""
    return SqlRequest(ATTEMPTS, {"source": source, "actor": actor_id}, "attempts to fetch")


def attempts_of(connection: psycopg.Connection, source: str, actor_id: str) -> list[Attempt]:
    """The last attempts to fetch a source, newest first."""
    return [Attempt(*row) for row in connection.execute(ATTEMPTS, {"source": source, "actor": actor_id})]


@contextmanager
def only_fetcher(connection: psycopg.Connection, source: str) -> Iterator[bool]:
    """Holds a source while it is fetched; False where another session fetches it. ``connection`` is in autocommit."""
    row = connection.execute("select pg_try_advisory_lock(%s, hashtext(%s))", [ARRIVAL_LOCK, source]).fetchone()
    if not (row and row[0]):
        yield False
        return
    try:
        yield True
    finally:
        if not connection.closed:
            connection.execute("select pg_advisory_unlock(%s, hashtext(%s))", [ARRIVAL_LOCK, source])


def insert_failed_run(connection: psycopg.Connection, source: str, actor_id: str, file_name: str, said: Text) -> int:
    """A run that failed before there was a file; its number."""
    row = connection.execute(
        "insert into ingest_run (source, mapping, kind, actor, file_name, file_sha256, status, finished_at, message, message_en)"
        " values (%s, %s, 'load', %s, %s, '', 'failed', clock_timestamp(), %s, %s) returning id",
        [source, source, actor_id, file_name, said.zh, said.en],
    ).fetchone()
    assert row is not None
    return int(row[0])


def same_load(connection: psycopg.Connection, mapping: Mapping, sha256: str) -> tuple[int, int] | None:
    """Run and rows of the last load of a source, if it took every row of this very file by this very mapping and nothing came after."""
    return connection.execute(
        "select id, rows_read from (select * from ingest_run where source = %s and kind in ('load', 'correction')"
        " and status in ('done', 'withdrawn') order by greatest(finished_at, withdrawn_at) desc nulls last, id desc limit 1) r"
        " where status = 'done' and kind = 'load' and file_sha256 = %s and mapping_sha256 = %s and quarantined = 0 and rows_read > 0"
        " and not exists (select from ingest_run where source = %s and kind <> 'dry_run' and status in ('queued', 'running'))",
        [mapping.name, sha256, mapping.version, mapping.name],
    ).fetchone()


def insert_repeated_run(
    connection: psycopg.Connection, mapping: Mapping, actor_id: str, upload_id: int, file: tuple[str, int, str], rows: int, said: Text
) -> int:
    """A run over a file that is the one before, byte for byte: every row is unchanged, and none was read again. Its number."""
    row = connection.execute(
        "insert into ingest_run (source, mapping, mapping_sha256, kind, actor, upload_id, file_name, file_bytes, file_sha256, status, finished_at,"
        " rows_read, progress, unchanged, message, message_en)"
        " values (%s, %s, %s, 'load', %s, %s, %s, %s, %s, 'done', clock_timestamp(), %s, %s, %s, %s, %s) returning id",
        [mapping.name, mapping.name, mapping.version, actor_id, upload_id, *file, rows, rows, rows, said.zh, said.en],
    ).fetchone()
    assert row is not None
    return int(row[0])


def upload_at(connection: psycopg.Connection, stored_as: str) -> int | None:
    """The upload that lies at a place below the uploads folder."""
    row = connection.execute("select max(id) from upload where stored_as = %s", [stored_as]).fetchone()
    return None if row is None else row[0]


def stored_twin(connection: psycopg.Connection, sha256: str, size: int) -> str | None:
    """Where the newest upload of the same content lies, or lay."""
    row = connection.execute("select stored_as from upload where sha256 = %s and bytes = %s order by id desc limit 1", [sha256, size]).fetchone()
    return None if row is None else str(row[0])


def loads_of(connection: psycopg.Connection, upload_id: int, source: str) -> list[tuple[int, str]]:
    """Number and status of the loads of an upload, newest first."""
    return connection.execute(
        "select id, status from ingest_run where upload_id = %s and source = %s and kind = 'load' order by id desc", [upload_id, source]
    ).fetchall()


def unfinished_load(connection: psycopg.Connection, source: str, actor_id: str) -> int | None:
    """The oldest load of a source that an actor asked for and that has not ended."""
    row = connection.execute(
        "select min(id) from ingest_run where source = %s and actor = %s and kind = 'load' and status in ('queued', 'running')", [source, actor_id]
    ).fetchone()
    return None if row is None else row[0]


def ended_run(connection: psycopg.Connection, run_id: int) -> tuple[str, Text | None] | None:
    """Status and sentence of a run once it has ended."""
    row = connection.execute(
        "select status, message, message_en from ingest_run where id = %s and status not in ('queued', 'running')", [run_id]
    ).fetchone()
    return None if row is None else (row[0], Text(row[1], row[2] or row[1]) if row[1] else None)


def source_of_run(connection: psycopg.Connection, run_id: int) -> str | None:
    """The source of a run."""
    row = connection.execute("select source from ingest_run where id = %s", [run_id]).fetchone()
    return None if row is None else str(row[0])


def hold_uploads(connection: psycopg.Connection, stored: Sequence[str]) -> None:
    """Nobody asks for a run of these uploads before this transaction has ended."""
    connection.execute("select from upload where stored_as = any(%s) order by id for update", [list(stored)])


def no_longer_needed(connection: psycopg.Connection, stored: Sequence[str], days: int) -> list[str]:
    """Of these files those whose runs all ended ``days`` ago or earlier, with no dry run that still waits to be loaded."""
    found = connection.execute(
        """
        with runs as (
          select u.stored_as, r.* from upload u join ingest_run r on r.upload_id = u.id where u.stored_as = any(%(stored)s))
        select stored_as from runs a group by stored_as
        having bool_and(status not in ('queued', 'running'))
           and max(coalesce(finished_at, started_at)) < now() - make_interval(days => %(days)s)
           and not bool_or(kind = 'dry_run' and status = 'done'
                           and not exists (select from runs l where l.stored_as = a.stored_as and l.kind = 'load' and l.id > a.id))
        order by stored_as""",
        {"stored": list(stored), "days": days},
    )
    return [str(stored_as) for (stored_as,) in found]


def upload_request(run_id: int) -> SqlRequest:
    """Where the file of a run lies, or lay, below the uploads folder."""
    return SqlRequest("select u.stored_as from ingest_run r join upload u on u.id = r.upload_id where r.id = %(run_id)s", {"run_id": run_id}, "desk upload")
