"""Who asks, in this request: one ContextVar, set by the middleware for HTTP and by the hook for the socket."""

from __future__ import annotations

from contextvars import ContextVar

from commandcenter.actor import Actor
from commandcenter.errors import Forbidden
from commandcenter.text import Text

ACTOR: ContextVar[Actor | None] = ContextVar("actor", default=None)


def current_actor() -> Actor:
    """The actor of this request; raises Forbidden when nobody is there. There is no default actor."""
    actor = ACTOR.get()
    if actor is None:
        raise Forbidden(Text("没有登录身份。", "Nobody is signed in."))
    return actor
