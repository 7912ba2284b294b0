"""How tests sign in: an open account for whoever an ``Actor`` describes, and the cookie of a sign-in of it.

The doors are asked as people ask them; only the account's way through two administrators is cut short, by the database's own administrator.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import make_conninfo

from commandcenter.actor import Actor
from commandcenter.config import Settings
from commandcenter.db.cluster_files import ADMIN
from commandcenter.db.connect import application_dsn
from commandcenter.web.sessions import COOKIE, LONGEST_S, digest_of, new_token

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

# The role that holds just these permissions.
ROLES = {
    frozenset({"read"}): "leader",
    frozenset({"read", "plan"}): "planner",
    frozenset({"read", "write", "steward"}): "data_steward",
    frozenset({"accounts"}): "system_administrator",
    frozenset({"security"}): "security_administrator",
    frozenset({"audit"}): "audit_administrator",
}


@dataclass(frozen=True)
class SignedIn:
    """Somebody who signed in: who they act as from now on, and their browser's token."""

    actor: Actor
    token: str

    @property
    def cookie(self) -> str:
        """The header's value."""
        return f"{COOKIE}={self.token}"

    def into(self, context: BrowserContext, url: str) -> None:
        """Sign this browser in."""
        context.add_cookies([{"name": COOKIE, "value": self.token, "url": url}])


def sign_in(settings: Settings, like: Actor) -> SignedIn:
    """A new sign-in, with a second factor given, of an account that holds what ``like`` holds in the places ``like`` has."""
    assert like.scope.case_places is None, "say the centres of an appointment in its own test"
    places: list[tuple[str | None, str | None]] = [(None, None)] if like.scope.whole_city or not like.may("read") else []
    places += [(code, None) for code in (*like.scope.districts, *like.scope.streets, *like.scope.communities)]
    places += [(None, code) for code in like.scope.grids]
    token = new_token()
    with psycopg.connect(make_conninfo(application_dsn(settings), user=ADMIN)) as admin:
        account = admin.execute(
            "insert into account (name, title, state, must_change, created_by) values ('test.' || (select count(*) from account), %s, 'active', false, 'tests')"
            " returning id",
            [like.title.zh],
        ).fetchone()
        assert account is not None
        rows: list[tuple[Any, ...]] = [(account[0], ROLES[like.permissions], area, grid) for area, grid in places]
        admin.cursor().executemany("insert into appointment (account_id, role_code, area_code, grid_code, created_by) values (%s, %s, %s, %s, 'tests')", rows)
        admin.execute(
            "insert into sign_in (account_id, digest, ends_at, strong_at, address, agent) values (%s, %s, now() + %s, now(), '', 'tests')",
            [account[0], digest_of(token), timedelta(seconds=LONGEST_S)],
        )
    return SignedIn(replace(like, id=f"account:{account[0]}"), token)
