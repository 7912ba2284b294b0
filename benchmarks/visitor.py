"""Who the load comes from: an account of the benchmark's own database, signed in, so that every request pays for the check of its sign-in."""

from __future__ import annotations

import secrets
from contextlib import suppress

from commandcenter.actor import Actor, Scope
from commandcenter.config import Settings
from commandcenter.db.connect import connect
from commandcenter.errors import BadInput
from commandcenter.security import accounts, store
from commandcenter.security.builtin import DOOR
from commandcenter.security.passwords import hashed
from commandcenter.text import Text
from commandcenter.web.sessions import COOKIE, LONGEST_S, digest_of, new_token

NAME = "benchmark"
# Where a question is put to the database without a web process: somebody who sees the whole city.
WHOLE_CITY = Actor("benchmark:reader", Text("基准", "Benchmark"), Scope(whole_city=True), frozenset({"read"}))
GUARD = Actor("benchmark:guard", Text("基准", "Benchmark"), Scope(), frozenset({"security"}))


def cookie_of_a_visitor(settings: Settings) -> str:
    """The cookie of a new sign-in of a shift leader of the whole city."""
    return _signed_in(settings)[0]


def account_with_password(settings: Settings) -> tuple[str, str]:
    """Name and password of that account."""
    return NAME, _signed_in(settings)[1]


def _signed_in(settings: Settings) -> tuple[str, str]:
    token, password = new_token(), secrets.token_urlsafe(24)
    with connect(settings) as connection:
        connection.autocommit = True
        with suppress(BadInput):  # made by an earlier run
            accounts.add(connection, NAME, "Benchmark", "shift_leader", store.Place())
        rows = store.asked(connection, GUARD, store.accounts_request())
        account = next(int(row["id"]) for row in rows if row["name"] == NAME)
        store.asked(connection, GUARD, store.settle_request(account, True))
        store.asked(connection, DOOR, store.begin_request(account, digest_of(token), LONGEST_S, "127.0.0.1", "benchmark"))
        acting = Actor(f"account:{account}", GUARD.title, Scope())
        store.asked(connection, acting, store.change_password_request(hashed(password), digest_of(token)))
    return f"{COOKIE}={token}", password
