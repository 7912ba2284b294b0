"""Accounts from a command line: added, disabled, reset, and the first three administrators. Nothing here opens an account by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from commandcenter.actor import Actor, Scope
from commandcenter.db.request import SqlRequest
from commandcenter.errors import BadInput, CommandCenterError
from commandcenter.security import store
from commandcenter.security.builtin import ACCOUNT_COMMANDS
from commandcenter.security.bulk import Entry, entries_of, hashed_entries
from commandcenter.security.names import checked_name
from commandcenter.security.passwords import hashed, made_up
from commandcenter.security.store import Place
from commandcenter.text import Text

FIRST = ("system", "security", "audit")
LAST_ONE = Text(
    "这是最后一个能建立账号、批准账号或看审计的管理员：先让另一个同岗管理员启用。",
    "This is the last administrator who proposes accounts, lets them in or reads the audit: have another of the kind opened first.",
)
NOT_PERMITTED = Text("这不在您的权限之内，或是您自己的账号。", "That is not yours to do, or it is your own account.")


def add(connection: psycopg.Connection, name: str, title: str, role: str, place: Place) -> str:
    """Propose an account; its first password. It waits until the security administrator approves it."""
    known = {row["code"] for row in store.asked(connection, ACCOUNT_COMMANDS, store.roles_request())}
    if role not in known:
        listed = ", ".join(sorted(known))
        raise BadInput(Text(f"没有岗位“{role}”，可用：{listed}。", f"There is no role '{role}'; there are: {listed}."))
    password = made_up()
    request = store.propose_request(checked_name(name), title, hashed(password), role, place)
    try:
        store.asked(connection, ACCOUNT_COMMANDS, request)
    except psycopg.errors.UniqueViolation:
        raise BadInput(Text(f"已有账号 {name}。", f"There is an account {name} already.")) from None
    except psycopg.errors.NoDataFound as fault:
        raise BadInput(_no_place(fault)) from None
    return password


def add_all(connection: psycopg.Connection, rows: Sequence[tuple[int, Mapping[str, str]]], zone: ZoneInfo) -> list[Entry]:
    """Propose all accounts of a list's rows, or none. Raises BadInput naming the rows at fault."""
    roles = store.asked(connection, ACCOUNT_COMMANDS, store.roles_request())
    names = [row["name"] for row in store.asked(connection, ACCOUNT_COMMANDS, store.account_names_request())]
    entries = entries_of(rows, roles, names, zone)
    try:
        store.asked(connection, ACCOUNT_COMMANDS, store.propose_many_request(hashed_entries(entries)))
    except psycopg.errors.NoDataFound as fault:
        raise BadInput(_no_place(fault)) from None
    return entries


def reset(connection: psycopg.Connection, name: str) -> str | None:
    """A new first password for an account; it waits for approval again, and all its sign-ins end. None where its password is an identity provider's."""
    rows = store.asked(connection, ACCOUNT_COMMANDS, store.account_names_request())
    if any(row["name"] == name and row["by_identity"] for row in rows):
        _found(_asked(connection, store.reset_request(name, None)), name)
        return None
    password = made_up()
    _found(_asked(connection, store.reset_request(name, hashed(password))), name)
    return password


def disable(connection: psycopg.Connection, name: str) -> None:
    """Shut an account at once."""
    _found(_asked(connection, store.disable_request(name)), name)


def first_administrators(connection: psycopg.Connection, actor: Actor = ACCOUNT_COMMANDS) -> dict[str, str]:
    """Names and first passwords of the three administrators of a city that has no account yet. Raises BadInput where it has."""
    passwords = {name: made_up() for name in FIRST}
    if not store.first_administrators(connection, actor, [hashed(password) for password in passwords.values()]):
        raise BadInput(
            Text("这个城市已有账号：新账号由系统管理员建立。", "This city has accounts already: the system administrator makes new ones.")
        )
    return passwords


def account_actor(row: Mapping[str, Any]) -> Actor:
    """The actor that an account is, out of its row of ``account_actor`` or ``account_as_appointed``."""
    kinds = row["case_places"]
    scope = Scope(
        bool(row["whole_city"]), tuple(row["districts"]), tuple(row["streets"]), tuple(row["communities"]), tuple(row["grids"]),
        None if kinds is None else tuple(kinds),
    )  # fmt: skip
    return Actor(f"account:{row['account_id']}", Text(row["title"], row["title"]), scope, frozenset(row["permissions"]))


def account_by_id(connection: psycopg.Connection, actor_id: str) -> Actor | None:
    """The actor of ``account:<number>``; None where no active account has that number."""
    found = re.fullmatch(r"account:(\d{1,18})", actor_id)
    row = store.actor_row(connection, int(found[1])) if found else None
    return None if row is None else account_actor(row)


def settled_words(fault: CommandCenterError, name: str) -> Text:
    """What a failed proposal means: mostly a name that is taken, or an area nobody knows."""
    if isinstance(fault.__cause__, psycopg.errors.UniqueViolation):
        return Text(f"已有账号 {name}。", f"There is an account {name} already.")
    if isinstance(fault.__cause__, psycopg.errors.ForeignKeyViolation):
        return Text("没有这个岗位。", "There is no such role.")
    if isinstance(fault.__cause__, psycopg.errors.ObjectInUse):
        return LAST_ONE
    if isinstance(fault.__cause__, psycopg.errors.NoDataFound):
        return _no_place(fault.__cause__)
    if isinstance(fault.__cause__, psycopg.errors.InsufficientPrivilege):
        return NOT_PERMITTED
    return fault.sentence


def _asked(connection: psycopg.Connection, request: SqlRequest) -> list[dict[str, Any]]:
    try:
        return store.asked(connection, ACCOUNT_COMMANDS, request)
    except psycopg.errors.ObjectInUse:
        raise BadInput(LAST_ONE) from None


def _no_place(fault: psycopg.Error) -> Text:
    """Which area or grid there is none of: the database names it as ``no area 230299``."""
    code = (fault.diag.message_primary or "").split(" ")[-1]
    return Text(f"没有代码为 {code} 的辖区或网格。", f"There is no area or grid {code}.")


def _found(rows: list[dict[str, object]], name: str) -> None:
    if not rows or not rows[0]["found"]:
        raise BadInput(Text(f"没有账号 {name}。", f"There is no account {name}."))
