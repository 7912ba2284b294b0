"""What accounts and sign-ins ask of the database; passwords and tokens are behind its functions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from commandcenter.actor import Actor
from commandcenter.db.request import SqlRequest
from commandcenter.db.run import acting


def try_request(name: str, most: int, lock_minutes: int) -> SqlRequest:
    """One counted try to sign in: account and hash, nothing for who cannot sign in at this moment."""
    return SqlRequest(
        "select account_id, password_hash from sign_in_try(%(name)s, %(most)s, make_interval(mins => %(minutes)s))",
        {"name": name, "most": most, "minutes": lock_minutes},
        "sign in",
    )


def failed_request(name: str, address: str) -> SqlRequest:
    """A try that was wrong, for the audit."""
    return SqlRequest("select sign_in_failed(%(name)s, %(address)s)", {"name": name, "address": address}, "sign in failed")


def any_account_request() -> SqlRequest:
    """Whether the city has any account."""
    return SqlRequest("select any_account() as any", {}, "any account")


def begin_request(account: int, digest: bytes, lasts_s: int, address: str, agent: str) -> SqlRequest:
    """A sign-in that lives until it ends; ``begun`` is False for an account that is no longer active."""
    return SqlRequest(
        "select sign_in_begin(%(account)s, %(digest)s, make_interval(secs => %(lasts)s), %(address)s, %(agent)s) as begun",
        {"account": account, "digest": digest, "lasts": lasts_s, "address": address, "agent": agent},
        "sign in",
    )


def actor_request(digest: bytes, idle_s: int) -> SqlRequest:
    """The account whose living sign-in a token is, with what it may; the sign-in counts as used now."""
    return SqlRequest(
        "select * from sign_in_actor(%(digest)s, make_interval(secs => %(idle)s))", {"digest": digest, "idle": idle_s}, "whose sign-in"
    )


def end_request(digest: bytes) -> SqlRequest:
    """The end of one sign-in."""
    return SqlRequest("select sign_in_end(%(digest)s)", {"digest": digest}, "sign out")


def end_others_request(keep: bytes) -> SqlRequest:
    """The end of the acting account's other sign-ins; how many there were."""
    return SqlRequest("select sign_ins_end(%(keep)s) as count", {"keep": keep}, "sign out elsewhere")


def own_hash_request() -> SqlRequest:
    """The hash of the acting account's password."""
    return SqlRequest("select own_password_hash() as kept", {}, "own password")


def change_password_request(password_hash: str, keep: bytes) -> SqlRequest:
    """A new password for the acting account; its other sign-ins end."""
    return SqlRequest("select password_change(%(hash)s, %(keep)s) as changed", {"hash": password_hash, "keep": keep}, "new password")


def own_account_request() -> SqlRequest:
    """The acting account's own name and title."""
    return SqlRequest("select name, title from account where id = actor_account()", {}, "own account")


def own_sign_ins_request() -> SqlRequest:
    """The acting account's living sign-ins, the latest used first."""
    return SqlRequest(
        "select id, at, seen_at, ends_at, address, agent from sign_in where account_id = actor_account() and ended_at is null and ends_at > now()"
        " order by seen_at desc, id desc",
        {},
        "own sign-ins",
    )


def accounts_request() -> SqlRequest:
    """All accounts with their appointments, those that wait first."""
    return SqlRequest(
        "select a.id, a.name, a.title, a.state, a.locked_until > now() as locked, a.created_at, a.created_by, a.settled_at, a.settled_by,"
        " coalesce(json_agg(json_build_object('role', r.title, 'role_en', r.title_en, 'area', p.area_code, 'centre', p.centre, 'until', p.valid_to)"
        " order by r.position) filter (where p.id is not null), '[]') as appointments"
        " from account a left join appointment p on p.account_id = a.id left join role r on r.code = p.role_code"
        " group by a.id order by a.state <> 'pending', a.name",
        {},
        "accounts",
    )


def roles_request() -> SqlRequest:
    """All roles in their order."""
    return SqlRequest("select code, title, title_en, permissions, sensitive from role order by position", {}, "roles")


def settle_request(account: int, approved: bool) -> SqlRequest:
    """The security administrator's word on an account that waits; ``settled`` is False where it is not theirs to say."""
    return SqlRequest("select account_settle(%(account)s, %(approved)s) as settled", {"account": account, "approved": approved}, "settle an account")


def propose_request(
    name: str, title: str, password_hash: str, role: str, centre: str | None, area: str | None, until: datetime | None
) -> SqlRequest:
    """A new account that waits for approval; its number."""
    return SqlRequest(
        "select account_propose(%(name)s, %(title)s, %(hash)s, %(role)s, %(centre)s, %(area)s, %(until)s) as id",
        {"name": name, "title": title, "hash": password_hash, "role": role, "centre": centre, "area": area, "until": until},
        "propose an account",
    )


def disable_request(name: str) -> SqlRequest:
    """An account is shut at once and its sign-ins end."""
    return SqlRequest("select account_disable(%(name)s) as found", {"name": name}, "disable an account")


def reset_request(name: str, password_hash: str) -> SqlRequest:
    """A new password; the account waits for approval again."""
    return SqlRequest("select account_reset(%(name)s, %(hash)s) as found", {"name": name, "hash": password_hash}, "reset a password")


def asked(connection: psycopg.Connection, actor: Actor, request: SqlRequest) -> list[dict[str, Any]]:
    """A request of a command, in a transaction of its own."""
    with acting(connection, actor), connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(request.sql, request.params).fetchall()


def first_administrators(connection: psycopg.Connection, actor: Actor, hashes: Sequence[str]) -> bool:
    """The three administrators of a city without accounts; False where there is any account."""
    request = SqlRequest("select first_administrators(%(hashes)s) as made", {"hashes": list(hashes)}, "first administrators")
    return bool(asked(connection, actor, request)[0]["made"])


def actor_row(connection: psycopg.Connection, account: int) -> dict[str, Any] | None:
    """What an active account may at this moment."""
    cursor = connection.cursor(row_factory=dict_row)
    return cursor.execute("select * from account_actor(%s)", [account]).fetchone()
