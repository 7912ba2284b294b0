"""Whose request it is: the sign-in that its cookie names, asked of the database and remembered for a few seconds."""

from __future__ import annotations

import hashlib
import math
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commandcenter.actor import Actor
from commandcenter.db.run import Reader
from commandcenter.security import store
from commandcenter.security.accounts import account_actor
from commandcenter.security.builtin import DOOR

COOKIE = "cc_session"
IDLE_S, LONGEST_S = 30 * 60, 12 * 3600
REMEMBERED_S = 5.0  # a sign-in that is over lives on for this long at most
MOST_REMEMBERED = 5_000
_TOKEN_BYTES = 32
UNATTENDED = b"x-unattended"


@dataclass(frozen=True)
class Glass:
    """An emergency in which the account sees the whole city: its end, the end on the city's clock, and on this process's (monotonic)."""

    ends: datetime
    until: str
    over_at: float

    @property
    def left_s(self) -> float:
        """The seconds left."""
        return max(0.0, self.over_at - time.monotonic())


@dataclass(frozen=True)
class SignedIn:
    """One living sign-in: who acts by it, and what is due before it opens anything: ``code``, ``password``, ``factor`` or nothing."""

    actor: Actor
    digest: bytes
    due: str
    strong: bool
    glass: Glass | None = None


def new_token() -> str:
    """A token nobody guesses; the database keeps its digest only."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def digest_of(token: str) -> bytes:
    """What the database knows a token by."""
    return hashlib.sha256(token.encode()).digest()


def token_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The token of raw ASGI headers."""
    return cookie_of(headers, COOKIE)


def cookie_of(headers: Iterable[tuple[bytes, bytes]], name: str) -> str | None:
    """The value of one cookie; a second one of that name is ignored, a mangled header has none."""
    for key, value in headers:
        if key == b"cookie":
            for part in value.decode("latin-1").split(";"):
                said, _, held = part.strip().partition("=")
                if said == name:
                    return held
    return None


def is_attended(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether somebody stands behind a request: a page that nobody has touched for a minute says so (``assets/45-signed-in.js``)."""
    return all(key != UNATTENDED for key, _ in headers)


class Sessions:
    """The sign-ins of one web process."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[bytes, tuple[float, SignedIn]] = {}

    async def of(self, headers: Sequence[tuple[bytes, bytes]]) -> SignedIn | None:
        """The living sign-in of a request; None when there is none. Raises Unavailable when the database does not answer."""
        token = token_of(headers)
        if not token:
            return None
        digest = digest_of(token)
        known = self._known.get(digest)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        self._known.pop(digest, None)
        row = await self._reader.row(DOOR, store.actor_request(digest, IDLE_S, attended=is_attended(headers)))
        if row is None:
            return None
        now = time.monotonic()
        glass = _glass(row, now)
        found = SignedIn(account_actor(row), digest, row["due"], row["strong"], glass)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        # a wider place is not remembered past its end
        self._known[digest] = (min(now + REMEMBERED_S, glass.over_at if glass is not None else math.inf), found)
        return found

    def forget(self, digest: bytes | None = None) -> None:
        """A sign-in ended here: it is asked anew at once. Without a digest all are."""
        if digest is None:
            self._known.clear()
        else:
            self._known.pop(digest, None)


def _glass(row: dict[str, Any], now: float) -> Glass | None:
    return None if row["glass_ends"] is None else Glass(row["glass_ends"], row["glass_until"], now + row["glass_left_s"])
