"""What the audit asks of the database: events in, links sealed by the owner's function, and everything read back to be verified.

Moments come as text (UTC, microseconds), so that nothing is lost or refused on the way to a hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from commandcenter.db.request import SqlRequest

COLUMNS = ("actor", "door", "act", "subject_table", "subject_key", "reason", "detail", "address")
BATCH = 5_000
CLOCK_SLACK_S = 60  # clocks are set back by a little; numbers never are


@dataclass(frozen=True)
class Head:
    """The last link of the chain: its number and its hash. An empty chain has number 0 and 32 zero bytes."""

    seq: int
    hash: bytes


@dataclass(frozen=True)
class Checkpoint:
    """Where a chain starts whose old months were dropped: the link before the first that is kept."""

    seq: int
    hash: bytes
    before: str
    dropped_to: int

    @property
    def head(self) -> Head:
        """The link the kept chain follows."""
        return Head(self.seq, self.hash)


@dataclass(frozen=True)
class Link:
    """One link with its event as it stands now; ``event`` is None where there is none any more."""

    seq: int
    event_id: int
    event_at: str
    hash: bytes
    event: list[str | None] | None


def _moment(column: str) -> str:
    return f"""to_char({column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')"""


# The columns as texts: what a link's hash covers.
_AS_TEXTS = (
    f"array[e.id::text, {_moment('e.at')}, e.actor, e.door, e.act, e.subject_table, e.subject_key, e.reason, e.detail::text, e.address::text]"
)
_LINK = f"c.seq, c.event_id, {_moment('c.event_at')} as event_at, c.hash, case when e.id is not null then {_AS_TEXTS} end as event"


def _insert(values: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    sql = (
        f"insert into audit_event ({', '.join(COLUMNS)}) values (%(actor)s, %(door)s, %(act)s, %(subject_table)s::text,"
        " %(subject_key)s::text, %(reason)s::text, %(detail)s::jsonb, %(address)s::inet)"
    )
    return sql, {**values, "detail": Jsonb(values["detail"])}


def insert_event(connection: psycopg.Connection, values: Mapping[str, object]) -> None:
    """One event as the acting actor; its number and moment are the database's."""
    sql, params = _insert(values)
    connection.execute(sql, params)


def insert_request(values: Mapping[str, object]) -> SqlRequest:
    """The same as a value. A bare insert has no rows to fetch, and what it wrote is not the actor's to read."""
    sql, params = _insert(values)
    return SqlRequest(f"with noted as ({sql}) select true as noted", params, "audit note")


def make_months(connection: psycopg.Connection) -> int:
    """Make the partitions of this and the next months; how many were missing."""
    row = connection.execute("select audit_make_months()").fetchone()
    return 0 if row is None else int(row[0])


def seal(connection: psycopg.Connection, most: int) -> tuple[int, Head] | None:
    """Link what waits, at most so many events; how many, and the head. None while another sealer is at it."""
    row = connection.execute("select sealed, head_seq, head_hash from audit_seal(%s)", [most]).fetchone()
    return None if row is None else (int(row[0]), Head(int(row[1]), bytes(row[2])))


def has_older(connection: psycopg.Connection, days: int) -> bool:
    """Whether there are events of a month that ended so many days ago."""
    months = "date_trunc('month', (now() - make_interval(days => %s)) at time zone 'UTC') at time zone 'UTC'"
    return connection.execute(f"select from audit_event where at < {months} limit 1", [days]).fetchone() is not None


def forget(connection: psycopg.Connection, keep_days: int) -> Checkpoint | None:
    """Drop the months that ended so many days ago; the new checkpoint, None where there is nothing to drop."""
    with connection.cursor(row_factory=class_row(Checkpoint)) as cursor:
        return cursor.execute(f"select seq, hash, {_moment('before')} as before, dropped_to from audit_forget(%s)", [keep_days]).fetchone()


def checkpoint(connection: psycopg.Connection) -> Checkpoint | None:
    """The checkpoint the chain starts from, None while nothing was dropped."""
    with connection.cursor(row_factory=class_row(Checkpoint)) as cursor:
        return cursor.execute(
            f"select seq, hash, {_moment('before')} as before, dropped_to from audit_checkpoint order by seq desc, id desc limit 1"
        ).fetchone()


def last_seq(connection: psycopg.Connection) -> int:
    """The number of the last link there was: of the chain, or of the checkpoint that stands for it; 0 before the first."""
    row = connection.execute("select greatest((select max(seq) from audit_chain), (select max(seq) from audit_checkpoint), 0)").fetchone()
    return 0 if row is None else int(row[0])


def links(connection: psycopg.Connection, after: int) -> Iterator[Link]:
    """The chain from a link on, in order, each with its event; streamed. Runs inside the caller's transaction."""
    with connection.cursor("audit_links", row_factory=class_row(Link)) as cursor:
        cursor.itersize = BATCH
        cursor.execute(
            f"select {_LINK} from audit_chain c left join audit_event e on e.id = c.event_id and e.at = c.event_at"
            " where c.seq > %s order by c.seq",
            [after],
        )
        yield from cursor


def links_between(connection: psycopg.Connection, first: int, last: int) -> list[Link]:
    """Some links with their events."""
    with connection.cursor(row_factory=class_row(Link)) as cursor:
        return cursor.execute(
            f"select {_LINK} from audit_chain c left join audit_event e on e.id = c.event_id and e.at = c.event_at"
            " where c.seq between %s and %s order by c.seq",
            [first, last],
        ).fetchall()


def event_is_there(connection: psycopg.Connection, event_id: int) -> bool:
    """Whether an event of this number stands at any moment."""
    return connection.execute("select from audit_event where id = %s limit 1", [event_id]).fetchone() is not None


def loose_ends(connection: psycopg.Connection) -> dict[str, Any]:
    """What no link shows, each as the first event concerned (number and moment) or null, and how many wait to be sealed.

    ``unsealed`` is neither sealed nor waiting; ``unnoted`` waits and is not there; ``backdated`` says a moment long before that of
    an event with a lower number.
    """
    number = "jsonb_build_object('id', {0}::text, 'at', {1})"
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            f"""
            select (select count(*) from audit_waiting) as waiting,
              (select {number.format("e.id", _moment("e.at"))} from audit_event e
               where not exists (select from audit_chain c where c.event_id = e.id and c.event_at = e.at)
                 and not exists (select from audit_waiting w where w.event_id = e.id and w.event_at = e.at)
               order by e.id limit 1) as unsealed,
              (select {number.format("w.event_id", _moment("w.event_at"))} from audit_waiting w
               where not exists (select from audit_event e where e.id = w.event_id and e.at = w.event_at)
               order by w.event_id limit 1) as unnoted,
              (select {number.format("x.id", _moment("x.at"))}
               from (select e.id, e.at, max(e.at) over (order by e.id rows between unbounded preceding and 1 preceding) as newest
                     from audit_event e) x
               where x.at < x.newest - interval '{CLOCK_SLACK_S} seconds' order by x.id limit 1) as backdated"""
        ).fetchone()
    assert row is not None
    return row


def link_of(connection: psycopg.Connection, event_id: int, at: str) -> int | None:
    """The number of the link that seals an event, None while none does."""
    row = connection.execute("select seq from audit_chain where event_id = %s and event_at = (%s || 'Z')::timestamptz", [event_id, at]).fetchone()
    return None if row is None else int(row[0])
