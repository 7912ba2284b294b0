"""What everybody calls who shows, takes out or changes something: one audit event, in the caller's own transaction.

An event says who (the acting actor and nobody else, PostgreSQL holds to that), through which door, did what, to which row. It never
holds personal data: keys, counts and names of fields, not their values; for a person a salted hash, made by whoever erases them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import psycopg

from commandcenter.actor import Actor
from commandcenter.audit import store
from commandcenter.db.request import SqlRequest

Door = Literal["wall", "desk", "cli", "worker", "api"]
Act = Literal[
    "look",  # a camera stream, a household, a person's row as it is masked
    "reveal",  # the same unmasked, with a typed reason
    "export",
    "change",
    "sign_in",
    "sign_in_failed",
    "sign_out",
    "account",  # a user, role, jurisdiction or key was made, changed or disabled
    "approve",
    "break_glass",
    "refused",  # somebody asked for what is not theirs
]
LONGEST_REASON = 1_000


class Subject(NamedTuple):
    """The row an act is about: its table and key; ``key`` is None where the act is about many."""

    table: str
    key: str | int | None = None


@dataclass(frozen=True)
class Event:
    """One act, before it is written. ``detail`` holds what helps to understand it later, without personal data."""

    act: Act
    door: Door
    subject: Subject | None = None
    reason: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
    address: str | None = None

    def values(self, actor: Actor) -> dict[str, object]:
        """The columns of the row, for an actor."""
        table, key = self.subject or (None, None)
        return {
            "actor": actor.id,
            "door": self.door,
            "act": self.act,
            "subject_table": table,
            "subject_key": None if key is None else _clean(str(key)),
            "reason": None if self.reason is None else _clean(self.reason)[:LONGEST_REASON],
            "detail": dict(self.detail),
            "address": kept_address(self.address),
        }


def note(
    connection: psycopg.Connection,
    actor: Actor,
    act: Act,
    *,
    door: Door,
    subject: Subject | None = None,
    reason: str | None = None,
    detail: Mapping[str, object] | None = None,
    address: str | None = None,
) -> None:
    """Note an act inside the caller's transaction (``acting(connection, actor)``): both are committed or neither.

    Raises psycopg's InsufficientPrivilege when the transaction acts as somebody else.
    """
    store.insert_event(connection, Event(act, door, subject, reason, detail or {}, address).values(actor))


def note_request(actor: Actor, event: Event) -> SqlRequest:
    """The same as a value for the web process's Reader: ``await reader.rows(actor, note_request(actor, event))``, before the answer goes."""
    return store.insert_request(event.values(actor))


def _clean(text: str) -> str:
    """What PostgreSQL takes as text: a typed reason with a null character must not stop the note."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def kept_address(told: str | None) -> str | None:
    """The address as it is kept, one PostgreSQL takes; what is none (a socket's name, a proxy's word) is left out rather than stopping a look."""
    try:
        known = None if told is None else ipaddress.ip_address(told.partition("%")[0])
    except ValueError:
        return None
    inside = known.ipv4_mapped if isinstance(known, ipaddress.IPv6Address) else None  # how a socket for both kinds names IPv4
    return None if known is None else str(inside or known)
