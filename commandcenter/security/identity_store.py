"""What a sign-in by the identity provider asks of the database: whose account an identity is, and what its claims give there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb

from commandcenter.db.request import SqlRequest


def returns_request(digest: bytes, keep_s: int) -> SqlRequest:
    """Whether a sign-in comes back for the first time; asked again it is False."""
    return SqlRequest("select identity_returns(%(digest)s, make_interval(secs => %(keep)s)) as first", {"digest": digest, "keep": keep_s}, "identity returns")


def arrived_request(issuer: str, subject: str, names: Sequence[str], title: str, wanted: Sequence[dict[str, Any]], *, opens: bool) -> SqlRequest:
    """The account of an identity, made where there is none, with the roles its claims give; ``outcome`` is open, waits, shut or nothing."""
    return SqlRequest(
        "select account_id, outcome from identity_arrived(%(issuer)s, %(subject)s, %(names)s, %(title)s, %(wanted)s, %(opens)s)",
        {"issuer": issuer, "subject": subject, "names": list(names), "title": title, "wanted": Jsonb(list(wanted)), "opens": opens},
        "identity arrived",
    )


def failed_request(account: int | None, why: str, address: str) -> SqlRequest:
    """A sign-in by the provider that came to nothing, for the audit; ``why`` is a word of our own."""
    return SqlRequest("select identity_failed(%(account)s, %(why)s, %(address)s)", {"account": account, "why": why, "address": address}, "identity failed")


def unknown_request(roles: Sequence[str], areas: Sequence[str], grids: Sequence[str]) -> SqlRequest:
    """What of these codes this city does not know."""
    return SqlRequest(
        "select kind, code from mapping_unknown(%(roles)s, %(areas)s, %(grids)s) order by kind, code",
        {"roles": list(roles), "areas": list(areas), "grids": list(grids)},
        "check the mapping",
    )
