"""What accounts and sign-ins ask of the database; passwords and tokens are behind its functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from commandcenter.actor import Actor
from commandcenter.db.request import SqlRequest
from commandcenter.db.run import acting


def demo_accounts_request(posts: Sequence[Mapping[str, Any]]) -> SqlRequest:
    """One open account for each role of a synthetic city without accounts, placed as its post says; how many were made."""
    return SqlRequest("select demo_accounts_make(%(posts)s) as made", {"posts": Jsonb(list(posts))}, "demonstration accounts")


def demo_entries_request() -> SqlRequest:
    """The demonstration's accounts that are entered with one click: role, account, and where it works. None in a real city."""
    return SqlRequest("select role, account_id, title, title_en, looks, place, place_en from demo_entries()", {}, "demonstration entries")


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


def begin_request(account: int, digest: bytes, lasts_s: int, address: str, agent: str, *, strong: bool = False) -> SqlRequest:
    """A sign-in that lives until it ends; ``begun`` is False for an account that is no longer active. ``strong``: with two factors already."""
    return SqlRequest(
        "select sign_in_begin(%(account)s, %(digest)s, make_interval(secs => %(lasts)s), %(address)s, %(agent)s, %(strong)s) as begun",
        {"account": account, "digest": digest, "lasts": lasts_s, "address": address, "agent": agent, "strong": strong},
        "sign in",
    )


def actor_request(digest: bytes, idle_s: int, *, attended: bool = True) -> SqlRequest:
    """The account whose living sign-in a token is, with what it may and until when glass is broken.

    The sign-in counts as used now where somebody stands behind the request.
    """
    return SqlRequest(
        "select s.*, g.ends_at as glass_ends, g.until as glass_until, g.left_s as glass_left_s"
        " from sign_in_actor(%(digest)s, make_interval(secs => %(idle)s), %(attended)s) s"
        " left join lateral break_glass_running(s.account_id) g on 'glass_broken' = any(s.permissions)",
        {"digest": digest, "idle": idle_s, "attended": attended},
        "whose sign-in",
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
    return SqlRequest(
        "select name, title, by_identity, totp_at, recovery_codes_left() as codes_left from account where id = actor_account()", {}, "own account"
    )


def own_sign_ins_request() -> SqlRequest:
    """The acting account's living sign-ins, the latest used first."""
    return SqlRequest(
        "select id, at, seen_at, ends_at, address, agent, strong_at from sign_in where account_id = actor_account() and ended_at is null and ends_at > now()"
        " order by seen_at desc, id desc",
        {},
        "own sign-ins",
    )


def accounts_request() -> SqlRequest:
    """All accounts with their appointments that are or may come, those that wait first."""
    return SqlRequest(
        "select a.id, a.name, a.title, a.state, a.by_identity, a.locked_until > now() as locked, a.totp_at is not null as strong,"
        " a.created_at, a.created_by, max(maker.name) as maker, a.settled_at, a.settled_by,"
        " coalesce(json_agg(json_build_object('id', p.id, 'code', r.code, 'role', r.title, 'role_en', r.title_en, 'area', p.area_code,"
        " 'grid', p.grid_code, 'centre', p.centre, 'state', p.state, 'since', p.valid_from, 'until', p.valid_to, 'by', p.created_by, 'mapped', p.mapped,"
        " 'place', coalesce(place.name, p.area_code), 'place_en', coalesce(place.name_en, place.name, p.area_code))"
        " order by r.position, p.id) filter (where p.id is not null), '[]') as appointments"
        " from account a left join appointment p on p.account_id = a.id and p.state <> 'refused' and (p.valid_to is null or p.valid_to > now())"
        " left join role r on r.code = p.role_code left join account maker on 'account:' || maker.id = a.created_by"
        " left join lateral (select name, name_en from area where code = p.area_code order by code_system limit 1) place on true"
        " group by a.id order by a.state <> 'pending' and not bool_or(coalesce(p.state = 'pending', false)), a.name",
        {},
        "accounts",
    )


def roles_request() -> SqlRequest:
    """All roles in their order."""
    return SqlRequest("select code, title, title_en, permissions, sensitive from role order by position", {}, "roles")


def settle_request(account: int, approved: bool) -> SqlRequest:
    """The security administrator's word on an account that waits; ``settled`` is False where it is not theirs to say."""
    return SqlRequest("select account_settle(%(account)s, %(approved)s) as settled", {"account": account, "approved": approved}, "settle an account")


@dataclass(frozen=True)
class Place:
    """Where a role is held and for how long: an area and all below it, one grid, or (neither named) the whole city; a centre narrows it."""

    area: str | None = None
    grid: str | None = None
    centre: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def propose_request(name: str, title: str, password_hash: str, role: str, place: Place) -> SqlRequest:
    """A new account that waits for approval; its number."""
    return SqlRequest(
        "select account_propose(%(name)s, %(title)s, %(hash)s, %(role)s, %(centre)s, %(area)s, %(grid)s, %(until)s) as id",
        {"name": name, "title": title, "hash": password_hash, "role": role, **_of(place)},
        "propose an account",
    )


def propose_many_request(entries: Sequence[dict[str, Any]]) -> SqlRequest:
    """New accounts that wait for approval, all of them or none; their numbers by name."""
    return SqlRequest(
        "select x.name, account_propose(x.name, x.title, x.hash, x.role, x.centre, x.area, x.grid, x.until) as id"
        " from jsonb_to_recordset(%(entries)s) as x(name text, title text, hash text, role text, centre text, area text, grid text, until timestamptz)",
        {"entries": Jsonb(list(entries))},
        "propose accounts",
    )


def account_names_request() -> SqlRequest:
    """The names that are taken, and whose passwords are an identity provider's."""
    return SqlRequest("select name, by_identity from account", {}, "account names")


def appoint_request(name: str, role: str, place: Place) -> SqlRequest:
    """A further appointment that waits for approval; its number, None where nobody has that name."""
    return SqlRequest(
        "select appointment_propose(%(name)s, %(role)s, %(centre)s, %(area)s, %(grid)s, %(since)s, %(until)s) as id",
        {"name": name, "role": role, **_of(place)},
        "propose an appointment",
    )


def settle_appointment_request(appointment: int, approved: bool) -> SqlRequest:
    """The security administrator's word on an appointment that waits."""
    return SqlRequest(
        "select appointment_settle(%(appointment)s, %(approved)s) as settled", {"appointment": appointment, "approved": approved}, "settle an appointment"
    )


def end_appointment_request(appointment: int) -> SqlRequest:
    """An appointment ends at once."""
    return SqlRequest("select appointment_end(%(appointment)s) as ended", {"appointment": appointment}, "end an appointment")


def _of(place: Place) -> dict[str, Any]:
    return {"area": place.area, "grid": place.grid, "centre": place.centre, "since": place.since, "until": place.until}


def disable_request(name: str) -> SqlRequest:
    """An account is shut at once and its sign-ins end."""
    return SqlRequest("select account_disable(%(name)s) as found", {"name": name}, "disable an account")


def reset_request(name: str, password_hash: str | None) -> SqlRequest:
    """A new password, or none for who comes by an identity provider; the account waits for approval again without its second factor."""
    return SqlRequest("select account_reset(%(name)s, %(hash)s) as found", {"name": name, "hash": password_hash}, "reset a password")


def factor_try_request(digest: bytes, most: int, lock_minutes: int) -> SqlRequest:
    """One counted try with a code: account, sealed secret and the last interval used; nothing for a locked account."""
    return SqlRequest(
        "select account_id, sealed, last_step from factor_try(%(digest)s, %(most)s, make_interval(mins => %(minutes)s))",
        {"digest": digest, "most": most, "minutes": lock_minutes},
        "second factor",
    )


def factor_pass_request(digest: bytes, step: int, address: str) -> SqlRequest:
    """A code was right: the sign-in is strong from now on; ``passed`` is False where that interval's code was used before."""
    return SqlRequest(
        "select factor_pass(%(digest)s, %(step)s, %(address)s) as passed", {"digest": digest, "step": step, "address": address}, "second factor"
    )


def factor_recover_request(digest: bytes, code_digest: bytes, address: str) -> SqlRequest:
    """A recovery code in the place of a code; ``passed`` is False for one that is unknown or used."""
    return SqlRequest(
        "select factor_recover(%(digest)s, %(code)s, %(address)s) as passed",
        {"digest": digest, "code": code_digest, "address": address},
        "recovery code",
    )


def factor_failed_request(digest: bytes, address: str) -> SqlRequest:
    """A code that was wrong, for the audit."""
    return SqlRequest("select factor_failed(%(digest)s, %(address)s)", {"digest": digest, "address": address}, "second factor failed")


def factor_offer_request(digest: bytes, sealed: bytes) -> SqlRequest:
    """A new secret that waits for its first code."""
    return SqlRequest("select factor_offer(%(digest)s, %(sealed)s) as offered", {"digest": digest, "sealed": sealed}, "offer a second factor")


def factor_waiting_request(digest: bytes) -> SqlRequest:
    """The account and the secret that waits for its first code."""
    return SqlRequest("select account_id, sealed from factor_waiting(%(digest)s)", {"digest": digest}, "second factor that waits")


def factor_confirm_request(digest: bytes, step: int, codes: Sequence[bytes]) -> SqlRequest:
    """The waiting secret becomes the second factor, with new recovery codes."""
    return SqlRequest(
        "select factor_confirm(%(digest)s, %(step)s, %(codes)s) as confirmed",
        {"digest": digest, "step": step, "codes": list(codes)},
        "confirm a second factor",
    )


def asked(connection: psycopg.Connection, actor: Actor, request: SqlRequest) -> list[dict[str, Any]]:
    """A request of a command, in a transaction of its own."""
    with acting(connection, actor), connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(request.sql, request.params).fetchall()


def first_administrators(connection: psycopg.Connection, actor: Actor, hashes: Sequence[str]) -> bool:
    """The three administrators of a city without accounts; False where there is any account."""
    request = SqlRequest("select first_administrators(%(hashes)s) as made", {"hashes": list(hashes)}, "first administrators")
    return bool(asked(connection, actor, request)[0]["made"])


def actor_row(connection: psycopg.Connection, account: int) -> dict[str, Any] | None:
    """What an active account may by its appointments: never wider, so that a job does not outlive an emergency."""
    cursor = connection.cursor(row_factory=dict_row)
    return cursor.execute("select * from account_as_appointed(%s)", [account]).fetchone()
