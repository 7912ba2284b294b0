"""Who asks, in this request: one ContextVar, set by the middleware for HTTP and by the hook for the socket."""

from __future__ import annotations

from contextvars import ContextVar

from commandcenter.actor import Actor
from commandcenter.errors import Forbidden
from commandcenter.text import Text
from commandcenter.web.door import Visitor
from commandcenter.web.sessions import SignedIn
from commandcenter.web.tokens import Token

ACTOR: ContextVar[Actor | None] = ContextVar("actor", default=None)
VISITOR: ContextVar[Visitor | None] = ContextVar("visitor", default=None)


def current_actor() -> Actor:
    """The actor of this request; raises Forbidden when nobody is there. There is no default actor."""
    actor = ACTOR.get()
    if actor is None:
        raise Forbidden(Text("没有登录身份。", "Nobody is signed in."))
    return actor


def current_device() -> Token | None:
    """The wall's device that asks, if it is one."""
    visitor = VISITOR.get()
    return visitor.token if visitor is not None and visitor.is_device else None


def current_signed_in() -> SignedIn:
    """The sign-in of this request; raises Forbidden for nobody."""
    visitor = VISITOR.get()
    if visitor is None or visitor.signed_in is None:
        raise Forbidden(Text("请先登录。", "Please sign in first."))
    return visitor.signed_in
