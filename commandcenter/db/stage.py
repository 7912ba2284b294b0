"""A delivery's rows on their way into their table: staged, compared with what stands, what they replace kept, then written.

Batch by batch inside one transaction of the caller, so that reading the next rows and writing the last ones overlap. A row is known
by (source, source_key). The same hash again is *unchanged* and not written. Of a row that is written over, the ledger keeps what it
was (``ingest_before``), so that the whole load can be taken back. A row that a full delivery no longer brings is marked, not deleted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import compress
from socket import AF_UNIX, SO_SNDBUF, SOL_SOCKET, socket

import psycopg
from psycopg import sql

from commandcenter.db.gone import WITH_GONE
from commandcenter.db.load import CLUSTERED_TABLES, column_types
from commandcenter.db.schema.matters import ENGINE_COLUMNS

# Never copied from one version of a row to another: the database gives or derives them.
GIVEN = frozenset({"id"}) | ENGINE_COLUMNS
SEND_BUFFER = 4 << 20  # bytes; the kernel grants what it allows


@dataclass(frozen=True)
class Rows:
    """One batch in COPY's text form, a line for each row in two parts: ``heads`` tell key, hash and row number, ``tails`` all the rest."""

    row_nos: list[int]
    heads: list[str]
    tails: list[str]

    def __len__(self) -> int:
        return len(self.row_nos)

    def only(self, row_nos: set[int]) -> Rows:
        """Those with these numbers, in their order."""
        wanted = [number in row_nos for number in self.row_nos]
        return Rows(list(compress(self.row_nos, wanted)), list(compress(self.heads, wanted)), list(compress(self.tails, wanted)))


@dataclass(frozen=True)
class Written:
    """What became of one batch: how many rows were written, and the numbers of those rows (None: all of them)."""

    loaded: int
    unchanged: int
    row_nos: set[int] | None


class Stage:
    """One source's delivery into one table. ``columns`` begin with source_key, row_hash and row_no; all that is written follows."""

    def __init__(self, connection: psycopg.Connection, table: str, columns: Sequence[str], source: str, run_id: int) -> None:
        self._connection = connection
        self._table = table
        self._columns = tuple(columns)
        self._source = source
        self._run_id = run_id
        _widen(connection)
        connection.execute(WITH_GONE)
        standing = connection.execute(
            sql.SQL("select count(*), count(*) filter (where gone_run_id is null) from {} where source = %s").format(sql.Identifier(table)), [source]
        ).fetchone()
        assert standing is not None
        self.any_before = standing[0] > 0
        self.standing: int = standing[1]
        self.met = 0  # rows of before that this delivery brought again
        self._prepare()

    def _prepare(self) -> None:
        types = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in column_types(self._connection, self._table, self._columns)
        )
        with suppress(psycopg.errors.InvalidParameterValue), self._connection.transaction():  # a session that has used temporary tables before keeps its size
            self._connection.execute("set temp_buffers = '64MB'")
        self._connection.execute(sql.SQL("drop table if exists staged"))
        self._connection.execute(sql.SQL("create temp table staged ({}) on commit drop").format(types))
        self._connection.execute("drop table if exists offered")
        self._connection.execute("create temp table offered (source_key text, row_hash text, row_no integer) on commit drop")
        names = sql.SQL(", ").join(map(sql.Identifier, self._columns))
        target = sql.Identifier(self._table)
        changed = sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in (*self._columns, "run_id", "gone_run_id") if name != "source_key"
        )
        order = sql.SQL("order by geom") if self._table in CLUSTERED_TABLES and "geom" in self._columns else sql.SQL("")
        self._copy = sql.SQL("copy staged ({}) from stdin").format(names)
        # Where the source has no row yet nothing can conflict: two rows of one key are the pipeline's to refuse.
        conflict = sql.SQL(" on conflict (source, source_key) do update set {}").format(changed) if self.any_before else sql.SQL("")
        self._insert = sql.SQL("insert into {target} ({names}, source, run_id) select {names}, %s, %s from staged {order}{conflict}").format(
            target=target, names=names, order=order, conflict=conflict
        )
        # Subqueries that cannot be pulled up: whatever the planner believes of two tables nobody analysed, it asks the key's index.
        self._changed = sql.SQL(
            "select row_no from offered o where row_hash is distinct from (select t.row_hash from {target} t where t.source = %s"
            " and t.source_key = o.source_key and t.gone_run_id is null)"
        ).format(target=target)
        self._keep_before = sql.SQL(
            "with kept as (insert into ingest_before (run_id, target, row_id, was) select %s, %s, t.id, {was} from staged s,"
            " lateral (select * from {target} where source = %s and source_key = s.source_key offset 0) t returning was)"
            " select count(*) from kept where was ->> 'gone_run_id' is null"
        ).format(target=target, was=_as_json(self._connection, self._table))

    def write(self, rows: Rows) -> Written:
        """Write what is new or changed. Of rows that may stand already only the heads are sent first, to learn which those are."""
        if not self.any_before:
            return Written(self._put(rows), 0, None)
        changed = self._changed_of(rows)
        unchanged = len(rows) - len(changed)
        self.met += unchanged
        if not changed:
            return Written(0, unchanged, changed)
        return Written(self._put(rows.only(changed) if unchanged else rows), unchanged, changed if unchanged else None)

    def _changed_of(self, rows: Rows) -> set[int]:
        self._connection.execute("truncate offered")
        self._send(sql.SQL("copy offered from stdin"), rows.heads)
        return {number for (number,) in self._connection.execute(self._changed, [self._source])}

    def _put(self, rows: Rows) -> int:
        self._connection.execute("truncate staged")
        self._send(self._copy, map("\t".join, zip(rows.heads, rows.tails, strict=True)))
        if self.any_before:
            were_standing = self._connection.execute(self._keep_before, [self._run_id, self._table, self._source]).fetchone()
            assert were_standing is not None
            self.met += were_standing[0]
        return self._connection.execute(self._insert, [self._source, self._run_id]).rowcount

    def _send(self, copy: sql.SQL | sql.Composed, lines: Iterable[str]) -> None:
        with self._connection.cursor().copy(copy) as sending:
            sending.write(("\n".join(lines) + "\n").encode())

    def missing(self, keys: Iterable[str]) -> int:
        """How many standing rows have none of these keys; remembers them for ``mark_gone``."""
        self._connection.execute("create temp table delivered (source_key text) on commit drop")
        with self._connection.cursor().copy("copy delivered from stdin") as copy:
            for key in keys:
                copy.write_row((key,))
        self._connection.execute("analyze delivered")
        row = self._connection.execute(
            sql.SQL(
                "select count(*) from {} t where source = %s and gone_run_id is null"
                " and not exists (select from delivered d where d.source_key = t.source_key)"
            ).format(sql.Identifier(self._table)),
            [self._source],
        ).fetchone()
        assert row is not None
        return int(row[0])

    def mark_gone(self) -> int:
        """Mark the standing rows that were not delivered; how many."""
        return self._connection.execute(
            sql.SQL(
                "update {} t set gone_run_id = %s where source = %s and gone_run_id is null"
                " and not exists (select from delivered d where d.source_key = t.source_key)"
            ).format(sql.Identifier(self._table)),
            [self._run_id, self._source],
        ).rowcount


def _widen(connection: psycopg.Connection) -> None:
    """Let a local connection's socket hold a batch at a time.

    It holds 200 KB otherwise, and each time it is full the writing thread must wait for Python's lock while another thread reads the
    next rows: a third of the time of a load. Networks adapt by themselves.
    """
    with suppress(OSError), socket(fileno=os.dup(connection.fileno())) as line:
        if line.family == AF_UNIX:
            line.setsockopt(SOL_SOCKET, SO_SNDBUF, SEND_BUFFER)


def take_back(connection: psycopg.Connection, table: str, source: str, run_id: int) -> tuple[int, int, int]:
    """Undo one run's writing: (rows removed, rows restored, marks of absence taken off). The caller checks that it is the newest."""
    connection.execute(WITH_GONE)
    target = sql.Identifier(table)
    unmarked = connection.execute(
        sql.SQL("update {} set gone_run_id = null where source = %s and gone_run_id = %s").format(target), [source, run_id]
    ).rowcount
    names = [name for name in _own_columns(connection, table) if name not in GIVEN]
    restored = connection.execute(
        sql.SQL(
            "update {target} t set {taken} from ingest_before b, lateral jsonb_populate_record(null::{target}, b.was) w"
            " where b.run_id = %s and b.target = %s and t.id = b.row_id"
        ).format(target=target, taken=sql.SQL(", ").join(sql.SQL("{0} = w.{0}").format(sql.Identifier(name)) for name in names)),
        [run_id, table],
    ).rowcount
    removed = connection.execute(sql.SQL("delete from {} where source = %s and run_id = %s").format(target), [source, run_id]).rowcount
    connection.execute("delete from ingest_before where run_id = %s and target = %s", [run_id, table])
    return removed, restored, unmarked


def _own_columns(connection: psycopg.Connection, table: str) -> list[str]:
    """The table's columns that somebody writes."""
    found = connection.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum",
        [table],
    )
    return [name for (name,) in found]


def _as_json(connection: psycopg.Connection, table: str) -> sql.Composable:
    """A row as JSON that comes back bit by bit: geometries as hex EWKB, which the type reads from text."""
    kinds = dict(column_types(connection, table, _own_columns(connection, table)))
    pairs = [
        sql.SQL("{}, {}").format(
            sql.Literal(name), sql.SQL("t.{}::text" if kind.startswith("geometry") else "t.{}").format(sql.Identifier(name))
        )
        for name, kind in kinds.items()
        if name not in GIVEN
    ]
    return sql.SQL("jsonb_build_object({})").format(sql.SQL(", ").join(pairs))
