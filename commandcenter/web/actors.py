"""Which actor a request runs as. Until accounts arrive: one of the built-in demo actors, named by a cookie."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie

from commandcenter.actor import Actor
from commandcenter.security.builtin import DEMO_ACTORS, OPERATOR

COOKIE = "cc_actor"


def actor_of(headers: Iterable[tuple[bytes, bytes]]) -> Actor | None:
    """The actor of raw ASGI headers. A request without the cookie runs as the demo operator, explicitly; an unknown id is nobody."""
    for name, value in headers:
        if name == b"cookie":
            return _of_cookie(value)
    return OPERATOR


@lru_cache(maxsize=1024)
def _of_cookie(raw: bytes) -> Actor | None:
    try:
        morsel = SimpleCookie(raw.decode("latin-1")).get(COOKIE)
    except CookieError:
        return None
    return OPERATOR if morsel is None else DEMO_ACTORS.get(morsel.value)
