"""Who stands behind a request: a key, the sign-in of its cookie, a wall's device, or nobody; and whether a demonstration is entered with one click."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeVar

from commandcenter.actor import Actor
from commandcenter.city import load_city
from commandcenter.config import Settings
from commandcenter.db.run import Reader
from commandcenter.errors import BadInput
from commandcenter.web.asgi import Scope, client_address
from commandcenter.web.limits import KEY, Limits
from commandcenter.web.sessions import Sessions, SignedIn, token_of
from commandcenter.web.tokens import Token, Tokens, key_of

HASHING_AT_ONCE = 2  # a hash takes 64 MiB and a core
Made = TypeVar("Made")


@dataclass(frozen=True)
class Visitor:
    """Who asks: somebody signed in, a machine with its token, or nobody."""

    signed_in: SignedIn | None = None
    token: Token | None = None

    @property
    def mark(self) -> bytes:
        """A short word for who acts with which rights: a page that hears another one than before is somebody else's now."""
        if self.actor is None:
            return b""
        said = "|".join((self.actor.id, self.actor.scope.digest, *sorted(self.actor.permissions)))
        return blake2b(said.encode(), digest_size=8).hexdigest().encode()

    @property
    def actor(self) -> Actor | None:
        """Who acts by the sign-in or by the token."""
        by = self.signed_in or self.token
        return None if by is None else by.actor

    @property
    def due(self) -> str:
        """What a sign-in waits for before it opens anything."""
        return self.signed_in.due if self.signed_in is not None else ""

    @property
    def may_look(self) -> bool:
        """Whether map and data are theirs to see: an actor who may read, and nothing is due before."""
        if self.actor is None or not self.actor.may("read"):
            return False
        return not self.due

    @property
    def has_key(self) -> bool:
        """Whether it is a program with a key, for which there are no pages."""
        return self.token is not None and self.token.kind == "key"

    @property
    def is_device(self) -> bool:
        """Whether it is a wall's own device: it looks at the wall and at nothing else."""
        return self.token is not None and self.token.kind == "device"


class Doorkeeper:
    """Tells who a request is of, and whether the demonstration's one-click entries exist."""

    def __init__(self, settings: Settings, reader: Reader, limits: Limits) -> None:
        self.sessions, self.tokens, self.limits = Sessions(reader), Tokens(reader), limits
        self.open_demo = is_open_demo(settings)
        self._behind_tls = bool(settings.tls_cert or settings.trusted_proxies)
        self._hashers = asyncio.Semaphore(HASHING_AT_ONCE)

    async def hashing(self, work: Callable[..., Made], *words: Any) -> Made:
        """Work that takes a core for a while, in a thread and never many at once: a crowd at the door must not stop the map."""
        async with self._hashers:
            return await asyncio.to_thread(work, *words)

    async def visitor(self, scope: Scope) -> Visitor:
        """Who a connection speaks for: who shows a key is its program, whatever else it brings; a person comes before the wall's device.

        Raises Unavailable when the database does not answer, KeyRefused for a bad key, TooMany for one that asks too often.
        """
        headers, address = list(scope["headers"]), client_address(scope)
        key = key_of(headers)
        if key is not None:
            token = await self.tokens.key(key, address)
            self.limits.count(KEY, token.actor.id)
            return Visitor(token=token)
        signed_in = await self.sessions.of(headers)
        if signed_in is not None:
            return Visitor(signed_in)
        return Visitor(token=await self.tokens.device(headers, address))

    def is_secure(self, scope: Scope) -> bool:
        """Whether the browser reaches us by TLS, so that a cookie may insist on it."""
        return self._behind_tls or scope.get("scheme") in {"https", "wss"}

    def had_signed_in(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether a request brings the token of a sign-in, living or over."""
        return token_of(headers) is not None


def is_open_demo(settings: Settings) -> bool:
    """Whether one may enter without a password: only a synthetic city, and only while nobody but this machine reaches it."""
    if not settings.on_loopback or settings.trusted_proxies:
        return False
    try:
        return load_city(settings.city).synthetic
    except BadInput:  # a city without a file of its own, as a database of another program's has
        return False


