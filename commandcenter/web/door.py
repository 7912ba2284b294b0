"""Who stands behind a request: the sign-in of its cookie, or nobody; and whether a demonstration may be entered with one click."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from commandcenter.actor import Actor
from commandcenter.city import load_city
from commandcenter.config import Settings
from commandcenter.db.run import Reader
from commandcenter.errors import BadInput
from commandcenter.web.sessions import Sessions, SignedIn, token_of

HASHING_AT_ONCE = 2  # a hash takes 64 MiB and a core
Made = TypeVar("Made")


@dataclass(frozen=True)
class Visitor:
    """Who asks; nobody without a sign-in."""

    signed_in: SignedIn | None = None

    @property
    def actor(self) -> Actor | None:
        """Who acts by the sign-in."""
        return None if self.signed_in is None else self.signed_in.actor

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


class Doorkeeper:
    """Tells who a request is of, and whether the demonstration's one-click entries exist."""

    def __init__(self, settings: Settings, reader: Reader) -> None:
        self.sessions = Sessions(reader)
        self.open_demo = is_open_demo(settings)
        self._hashers = asyncio.Semaphore(HASHING_AT_ONCE)

    async def hashing(self, work: Callable[..., Made], *words: Any) -> Made:
        """Work that takes a core for a while, in a thread and never many at once: a crowd at the door must not stop the map."""
        async with self._hashers:
            return await asyncio.to_thread(work, *words)

    async def visitor(self, headers: Iterable[tuple[bytes, bytes]]) -> Visitor:
        """Who raw ASGI headers speak for. Raises Unavailable when the database does not answer."""
        return Visitor(await self.sessions.of(headers))

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


