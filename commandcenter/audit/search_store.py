"""The audit as it is searched: by who, what, about which row and when, the latest first, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commandcenter.db.request import SqlRequest

PAGE, MOST_EXPORTED = 100, 50_000


@dataclass(frozen=True)
class Wanted:
    """What is looked for; nothing set means everything. ``before`` is the number of the last event of the page before."""

    actor: str = ""
    act: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


def events_request(wanted: Wanted, limit: int) -> SqlRequest:
    """Events that fit, the latest first.

    ``actor`` (or the account's name) and ``subject`` (a table, or table/key) are looked for from their beginning; ``subject`` may be a key.
    """
    params: dict[str, Any] = {"limit": limit}
    clauses = []
    for name, value, clause in (
        ("actor", wanted.actor, "(starts_with(e.actor, %(actor)s) or starts_with(a.name, %(actor)s))"),
        ("act", wanted.act, "e.act = %(act)s"),
        ("subject", wanted.subject, "(starts_with(e.subject_table || '/' || coalesce(e.subject_key, ''), %(subject)s) or e.subject_key = %(subject)s)"),
        ("since", wanted.since, "e.at >= %(since)s"),
        ("until", wanted.until, "e.at < %(until)s"),
        ("before", wanted.before, "e.id < %(before)s"),
    ):
        if value not in ("", None):
            params[name] = value
            clauses.append(clause)
    where = f" where {' and '.join(clauses)}" if clauses else ""
    return SqlRequest(
        "select e.id, e.at, e.actor, a.name, e.door, e.act, e.subject_table, e.subject_key, e.reason, e.detail, host(e.address) as address"
        " from audit_event e left join account a on e.actor = 'account:' || a.id"
        f"{where} order by e.id desc limit %(limit)s",
        params,
        "audit search",
    )


def state_request() -> SqlRequest:
    """How far the chain reaches and how many events wait for their seal."""
    return SqlRequest(
        "select (select max(seq) from audit_chain) as sealed, (select max(event_at) from audit_chain) as sealed_to,"
        " (select count(*) from audit_waiting) as waiting",
        {},
        "audit state",
    )
