"""Machines that look: whose device cookie or key a request bears, asked of the database and remembered for a few seconds."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

from commandcenter.actor import Actor, Scope
from commandcenter.db.run import Reader
from commandcenter.errors import NotSignedIn
from commandcenter.security import token_store
from commandcenter.security.builtin import DOOR
from commandcenter.security.token_store import Kind
from commandcenter.text import Text
from commandcenter.web.asgi import Scope as AsgiScope
from commandcenter.web.asgi import Send
from commandcenter.web.sessions import MOST_REMEMBERED, REMEMBERED_S, cookie_of, digest_of, new_token

DEVICE_COOKIE = "cc_device"
# Browsers keep a cookie for 400 days at most; each opening of the wall begins them anew.
DEVICE_COOKIE_S = 400 * 24 * 3600
KEY_PREFIX = "cck_"
_BEARER = re.compile(rb"bearer +(cck_[\x21-\x7e]*) *", re.IGNORECASE)
WHOLE_CITY = Text("全市", "whole city")


class KeyRefused(NotSignedIn):
    """A key that nobody has, or that is over, waits, was taken away, or comes from elsewhere: which of these is not told."""

    def __init__(self) -> None:
        super().__init__(Text("密钥无效、已过期或未获批准。", "The key is unknown, over or not approved."))
        self.headers = {"WWW-Authenticate": "Bearer"}


@dataclass(frozen=True)
class Token:
    """One living token: the machine that acts by it, of what kind, and the name of its place."""

    actor: Actor
    kind: Kind
    place: Text


def new_key() -> str:
    """A key nobody guesses, recognisable as one in logs and leaks."""
    return KEY_PREFIX + new_token()


def key_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The key of raw ASGI headers; what others put into Authorization (a proxy, say) is none."""
    for name, value in headers:
        if name == b"authorization":
            found = _BEARER.fullmatch(value.strip())
            if found:
                return found[1].decode("ascii")
    return None


def device_cookie(token: str, *, secure: bool) -> str:
    """The header's value that gives a device its token; an empty one takes it away."""
    lives = f"Max-Age={DEVICE_COOKIE_S if token else 0}"
    return "; ".join([f"{DEVICE_COOKIE}={token}", lives, "Path=/", "HttpOnly", "SameSite=Lax", *(["Secure"] if secure else [])])


class Tokens:
    """The tokens that one web process has met."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[tuple[bytes, str], tuple[float, Token]] = {}

    async def device(self, headers: Iterable[tuple[bytes, bytes]], address: str) -> Token | None:
        """The device of a request's cookie; None where there is none, or no longer."""
        said = cookie_of(headers, DEVICE_COOKIE)
        return await self._of(digest_of(said), "device", address) if said else None

    async def key(self, key: str, address: str) -> Token:
        """Whose key it is. Raises KeyRefused."""
        found = await self._of(digest_of(key), "key", address)
        if found is None:
            raise KeyRefused
        return found

    async def _of(self, digest: bytes, kind: Kind, address: str) -> Token | None:
        known = self._known.get((digest, address))
        if known is not None and known[0] > time.monotonic():
            return known[1]
        self._known.pop((digest, address), None)
        row = await self._reader.row(DOOR, token_store.actor_request(digest, kind, address))
        if row is None:
            return None
        found = _token(row, kind)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        left_s = math.inf if row["left_s"] is None else row["left_s"]
        self._known[digest, address] = (time.monotonic() + min(REMEMBERED_S, left_s), found)
        return found

    def renewed(self, scope: AsgiScope, send: Send, *, secure: bool) -> Send:
        """The way out of an answer to a device, whose cookie lives on from it: a wall is not taken down because a browser forgets."""
        said = cookie_of(scope["headers"], DEVICE_COOKIE) or ""

        async def renewing(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"set-cookie", device_cookie(said, secure=secure).encode())]}
            await send(message)

        return renewing

    def forget(self) -> None:
        """One was ended here: all are asked anew at once."""
        self._known.clear()


def _token(row: dict[str, Any], kind: Kind) -> Token:
    kinds = row["case_places"]
    scope = Scope(
        bool(row["whole_city"]), tuple(row["districts"]), tuple(row["streets"]), tuple(row["communities"]), tuple(row["grids"]),
        None if kinds is None else tuple(kinds),
    )  # fmt: skip
    place = Text(row["place"], row["place_en"] or row["place"]) if row["place"] else WHOLE_CITY if scope.whole_city else Text("—", "—")
    return Token(Actor(f"{kind}:{row['id']}", Text(row["title"], row["title"]), scope, frozenset(row["permissions"])), kind, place)
