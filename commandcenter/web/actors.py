"""Which actor a request runs as. Until accounts arrive: one of the built-in demo actors, named by a cookie."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from commandcenter.actor import Actor
from commandcenter.security.builtin import DEMO_ACTORS, OPERATOR

COOKIE = "cc_actor"


def actor_of(headers: Iterable[tuple[bytes, bytes]]) -> Actor | None:
    """The actor of raw ASGI headers. A request without the cookie runs as the demo operator, explicitly; an unknown id is nobody."""
    return _of_cookies(b";".join(value for name, value in headers if name == b"cookie"))


@lru_cache(maxsize=1024)
def _of_cookies(raw: bytes) -> Actor | None:
    """Read by hand: a library that drops a cookie it cannot parse would turn a mangled actor into the operator."""
    for part in raw.decode("latin-1").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return DEMO_ACTORS.get(value)
    return OPERATOR
