"""What the ledger asks of the database: runs and their locks, raw rows, refused rows, findings, corrections."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from commandcenter.text import Text
from ingest.contract import Mapping
from ingest.record import Tally

RUN_LOCK, SOURCE_LOCK = 230_001, 230_002  # classes of advisory locks
ROWS_A_BLOCK = 1_000
RawBlock = tuple[int, bytes]  # first row number; lines and texts, compressed
STANDING = "status = 'done' and kind in ('load', 'correction')"


@dataclass(frozen=True)
class Delivery:
    """What a run reads: the file's name, fingerprint and size; ``kind`` is load, dry_run or correction."""

    file_name: str
    sha256: str
    size: int | None
    kind: str = "load"


def remember_mapping(connection: psycopg.Connection, mapping: Mapping) -> None:
    """Keep the text of a mapping under its fingerprint."""
    connection.execute(
        "insert into mapping_version (sha256, name, body) values (%s, %s, %s) on conflict do nothing", [mapping.version, mapping.name, mapping.body]
    )


def begin_run(connection: psycopg.Connection, mapping: Mapping, delivery: Delivery, actor_id: str, queued: int | None = None) -> int:
    """A new run, or a queued one that begins now; its number. Takes the run's lock for the session."""
    remember_mapping(connection, mapping)
    values = [mapping.name, mapping.name, mapping.version, delivery.kind, delivery.file_name, delivery.sha256, delivery.size, actor_id]
    if queued is None:
        row = connection.execute(
            "insert into ingest_run (source, mapping, mapping_sha256, kind, file_name, file_sha256, file_bytes, actor, status, step)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, 'running', 'reading') returning id",
            values,
        ).fetchone()
    else:
        row = connection.execute(
            "update ingest_run set source = %s, mapping = %s, mapping_sha256 = %s, kind = %s, file_name = %s, file_sha256 = %s, file_bytes = %s,"
            " actor = %s, status = 'running', step = 'reading', started_at = clock_timestamp() where id = %s and status = 'queued' returning id",
            [*values, queued],
        ).fetchone()
    if row is None:
        raise LookupError(f"run {queued} is not queued")
    connection.execute("select pg_advisory_lock(%s, %s)", [RUN_LOCK, row[0]])
    return int(row[0])


def release_run(connection: psycopg.Connection, run_id: int) -> None:
    """Give the run's lock back."""
    connection.execute("select pg_advisory_unlock(%s, %s)", [RUN_LOCK, run_id])


def hold_source(connection: psycopg.Connection, source: str) -> bool:
    """Take a source for this session; false when another session has it."""
    row = connection.execute("select pg_try_advisory_lock(%s, hashtext(%s))", [SOURCE_LOCK, source]).fetchone()
    return bool(row and row[0])


def release_source(connection: psycopg.Connection, source: str) -> None:
    """Give a source back."""
    connection.execute("select pg_advisory_unlock(%s, hashtext(%s))", [SOURCE_LOCK, source])


def mark_broken_runs(connection: psycopg.Connection) -> int:
    """Runs that say they are running while nobody holds their lock were broken off."""
    broken = 0
    for (run_id,) in connection.execute("select id from ingest_run where status = 'running' order by id").fetchall():
        row = connection.execute("select pg_try_advisory_lock(%s, %s)", [RUN_LOCK, run_id]).fetchone()
        if row is None or not row[0]:
            continue
        release_run(connection, run_id)
        broken += connection.execute(
            "update ingest_run set status = 'broken', step = null, finished_at = clock_timestamp(), message = %s, message_en = %s"
            " where id = %s and status = 'running'",
            ["导入进程中断，没有写入任何数据；请重新导入。", "The import was broken off; nothing of it was loaded. Run it again.", run_id],
        ).rowcount
    return broken


def end_run(connection: psycopg.Connection, run_id: int, status: str, tally: Tally, message: Text | None, conversion: dict[str, Any] | None = None) -> None:
    """Close a run with its numbers."""
    counts = {**tally.by_rule, **tally.found, **tally.repaired}
    connection.execute(
        "update ingest_run set status = %s, rows_read = %s, progress = %s, loaded = %s, unchanged = %s, quarantined = %s, vanished = %s,"
        " repaired = %s, findings = %s, by_rule = %s, conversion = %s, message = %s, message_en = %s, step = null,"
        " finished_at = clock_timestamp() where id = %s",
        [status, tally.read, tally.read, tally.loaded, tally.unchanged, tally.quarantined, tally.vanished, sum(tally.repaired.values()),
         sum(tally.found.values()) + sum(tally.repaired.values()), Jsonb(counts), Jsonb(conversion or {}), message and message.zh,
         message and message.en, run_id],
    )  # fmt: skip


def tell_progress(connection: psycopg.Connection, run_id: int, rows: int, step: str) -> bool:
    """How far a run is; whether somebody wants it to stop."""
    row = connection.execute(
        "update ingest_run set progress = %s, step = %s where id = %s and status = 'running' returning cancel_requested", [rows, step, run_id]
    ).fetchone()
    return bool(row and row[0])


def cancel_wanted(connection: psycopg.Connection, run_id: int) -> bool:
    """Whether somebody wants a run to stop."""
    row = connection.execute("select cancel_requested from ingest_run where id = %s", [run_id]).fetchone()
    return bool(row and row[0])


@dataclass(frozen=True)
class StandingRun:
    """A run that somebody wants to withdraw."""

    source: str
    target: str
    status: str
    kind: str


def run_to_withdraw(connection: psycopg.Connection, run_id: int) -> StandingRun | None:
    """The run with its source's table."""
    row = connection.execute(
        "select r.source, s.target, r.status, r.kind from ingest_run r join source s on s.name = r.source where r.id = %s", [run_id]
    ).fetchone()
    return None if row is None else StandingRun(*row)


def newest_run_after(connection: psycopg.Connection, source: str, run_id: int) -> int | None:
    """The newest load of a source after this one that stands and changed rows: what brought nothing new rests on nothing and carries nothing."""
    row = connection.execute(
        f"select max(id) from ingest_run where source = %s and id > %s and {STANDING} and (loaded > 0 or vanished > 0)", [source, run_id]
    ).fetchone()
    return None if row is None else row[0]


def note_withdrawal(connection: psycopg.Connection, source: str, run_id: int, actor_id: str) -> None:
    """Say of a run that it was withdrawn; what it refused is void, what it had settled is open again."""
    connection.execute(
        "update ingest_run set status = 'withdrawn', withdrawn_at = clock_timestamp(), withdrawn_by = %s where id = %s", [actor_id, run_id]
    )
    connection.execute("update quarantine set state = 'superseded', settled_run_id = %s where run_id = %s and state = 'open'", [run_id, run_id])
    connection.execute(
        "update quarantine set state = 'open', settled_run_id = null, settled_at = null, settled_by = null where settled_run_id = %s and run_id <> %s",
        [run_id, run_id],
    )
    connection.execute("delete from ingest_raw where run_id = %s", [run_id])
    # A living source speaks of its last delivery: of the one that stands now.
    connection.execute(
        "with standing as (select max(finished_at) as at from ingest_run where source = %s and "
        + STANDING
        + ") update source set last_good_run_at = at, data_as_of = case when data_as_of = last_good_run_at then at else data_as_of end"
        " from standing where name = %s",
        [source, source],
    )


def raw_blocks(row_nos: Sequence[int], where: Sequence[str], raw: Sequence[str]) -> list[RawBlock]:
    """Line and raw text of loaded rows as the ledger keeps them: in blocks that begin at their first row number."""
    blocks = []
    for start in range(0, len(row_nos), ROWS_A_BLOCK):
        part = slice(start, start + ROWS_A_BLOCK)
        told = {number: (line, text) for number, line, text in zip(row_nos[part], where[part], raw[part], strict=True)}
        blocks.append((row_nos[start], zlib.compress(json.dumps(told, ensure_ascii=True).encode(), 1)))
    return blocks


def write_raw(connection: psycopg.Connection, run_id: int, blocks: Sequence[RawBlock]) -> None:
    """Keep ``raw_blocks`` of a run."""
    with connection.cursor() as cursor:
        cursor.executemany("insert into ingest_raw (run_id, block, body) values (%s, %s, %s)", [(run_id, *block) for block in blocks])


def raw_of(connection: psycopg.Connection, run_id: int, row_no: int) -> tuple[str, str] | None:
    """Line and raw text of a loaded row."""
    row = connection.execute(
        "select body from ingest_raw where run_id = %s and block <= %s order by block desc limit 1", [run_id, row_no]
    ).fetchone()
    found = None if row is None else read_block(row[0]).get(str(row_no))
    return None if found is None else (found[0], found[1])


def read_block(body: bytes) -> dict[str, list[str]]:
    """A block of raw rows: row number to line and raw text."""
    found: dict[str, list[str]] = json.loads(zlib.decompress(body))
    return found


QUARANTINE = ("line", "source_key", "field", "rule", "sentence", "sentence_en", "raw", "raw_hash", "fields", "shape", "geom", "proposal")
FINDING = ("line", "source_key", "field", "rule", "sentence", "sentence_en", "geom_before", "geom_after")
PREVIEW = ("line", "source_key", "geom")


def write_rows(connection: psycopg.Connection, table: LiteralString, columns: Sequence[str], run_id: int, rows: Iterable[tuple[Any, ...]]) -> None:
    """Many rows of one run: copied aside, then inserted under the policies."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    target = sql.Identifier(table)
    connection.execute("drop table if exists set_aside")
    connection.execute(sql.SQL("create temp table set_aside on commit drop as select {} from {} limit 0").format(names, target))
    with connection.cursor().copy(sql.SQL("copy set_aside ({}) from stdin").format(names)) as copy:
        for row in rows:
            copy.write_row(row)
    connection.execute(sql.SQL("insert into {} (run_id, {}) select %s, {} from set_aside").format(target, names, names), [run_id])
    connection.execute("drop table set_aside")


def supersede(connection: psycopg.Connection, source: str, run_id: int) -> None:
    """A full delivery speaks for itself: what earlier ones had refused no longer waits."""
    connection.execute(
        "update quarantine q set state = 'superseded', settled_run_id = %s, settled_at = clock_timestamp() from ingest_run r"
        " where r.id = q.run_id and r.source = %s and r.kind in ('load', 'correction') and q.run_id < %s and q.state = 'open'",
        [run_id, source, run_id],
    )


def corrections_of(connection: psycopg.Connection, source: str) -> list[tuple[str, dict[str, str], bool]]:
    """Fingerprint of the raw row, changed fields, whether the proposed repair is taken."""
    return connection.execute("select raw_hash, changes, accept_repair from correction where source = %s", [source]).fetchall()


@dataclass(frozen=True)
class Waiting:
    """A refused row that waits to be run again."""

    id: int
    line: str
    fields: dict[str, str]
    raw: str
    raw_hash: str | None
    shape: str | None


def waiting_rows(connection: psycopg.Connection, source: str) -> list[Waiting]:
    """The open refused rows of a source, in the order they were refused."""
    rows = connection.execute(
        "select q.id, q.line, q.fields, q.raw, q.raw_hash, q.shape from quarantine q join ingest_run r on r.id = q.run_id"
        " where r.source = %s and r.kind in ('load', 'correction') and q.state = 'open' order by q.id",
        [source],
    )
    return [Waiting(*row) for row in rows]


def settle_waiting(connection: psycopg.Connection, ids: Sequence[int], run_id: int, actor_id: str) -> None:
    """Refused rows that a correction run took up: those it refused again stand as its own."""
    connection.execute(
        "update quarantine set state = 'resolved', settled_run_id = %s, settled_at = clock_timestamp(), settled_by = %s where id = any(%s)",
        [run_id, actor_id, list(ids)],
    )
