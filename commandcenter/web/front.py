"""The outermost door: sets the actor, sends tiles down their short path, and refuses addresses that are no page.

(Dash answers every unknown address with its page and 200; here an unknown first segment is a 404 problem.)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, MutableMapping
from typing import Any
from urllib.parse import quote, urlsplit

from commandcenter.errors import CommandCenterError, Forbidden, NotFound, NotSignedIn
from commandcenter.text import Text
from commandcenter.web.asgi import Asgi, Receive, Scope, Send, send_problem
from commandcenter.web.context import ACTOR, VISITOR
from commandcenter.web.door import Doorkeeper, Visitor
from commandcenter.web.headers import Guarded
from commandcenter.web.tile_door import TileDoor

OPEN_SEGMENTS = frozenset({"healthz", "readyz", "assets"})
SIGN_IN = re.compile(r"/sign-in(/demo)?$")
# Pages of people with an account; everything else of theirs is below.
OWN_PAGES = re.compile(r"/(sign-out|account(/password|/sign-out-others|/code|/factor)?|admin(/account|/settle|/disable)?|audit(/events\.csv)?)$")
DASH_PREFIXES = ("_dash", "_favicon", "_reload")
DATA_SEGMENTS = frozenset({"map", "features", "tilejson"})
DESK_ROUTES = re.compile(r"/data/(upload$|refused/|preview/|raw/)")  # below a page's own path

NOBODY_HERE, TRY_LATER = 4401, 4503  # why a socket is closed
DUE_FIRST = Text("请先完成登录：第二因素或自己的口令。", "Please complete the sign-in first: the second factor, or a password of your own.")
_OWN_ACCOUNT = re.compile(r"/(account(/.*)?|sign-out)$")
DUE_PATHS = {"code": re.compile(r"/(account/code|sign-out)$"), "password": _OWN_ACCOUNT, "factor": _OWN_ACCOUNT}  # what stays open meanwhile
NOT_FOR_LOOKING = Text("这个账号不看地图和数据。", "This account does not look at map and data.")  # an administrator's


class FrontDoor:
    """One ASGI application around Dash, its routes and the tile door."""

    def __init__(self, inner: Asgi, tiles: TileDoor, door: Doorkeeper, guarded: Guarded, page_paths: Collection[str]) -> None:
        self._inner, self._tiles, self._door, self._guarded = inner, tiles, door, guarded
        self._pages = frozenset(path.strip("/").split("/")[0] for path in page_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route one connection."""
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
            return
        path: str = scope["path"]
        if scope["type"] == "http":
            send = self._guarded.of(send)
        if scope["type"] == "http" and path.startswith("/tiles/"):
            await self._tiles(scope, receive, send)
            return
        segment = path.split("/", 2)[1] if path.startswith("/") else path
        try:
            visitor = await self._visitor(scope, segment)
        except CommandCenterError as fault:
            if scope["type"] == "http":
                await send_problem(send, fault)
            else:
                await send({"type": "websocket.close", "code": TRY_LATER})
            return
        if scope["type"] == "http" and not await self._may_pass(scope, send, segment, visitor):
            return
        if scope["type"] == "websocket":
            receive = self._watched(scope, receive, send)
            if not visitor.may_look or is_foreign(scope["headers"]):
                await receive()
                await send({"type": "websocket.close", "code": NOBODY_HERE})
                return
        actor, who = ACTOR.set(visitor.actor), VISITOR.set(visitor)
        try:
            await self._inner(scope, receive, send)
        finally:
            ACTOR.reset(actor)
            VISITOR.reset(who)

    async def _visitor(self, scope: Scope, segment: str) -> Visitor:
        """Who asks; nobody where it does not matter, so that health is told while the database is away."""
        if segment in OPEN_SEGMENTS or segment == "sign-in":
            return Visitor()
        return await self._door.visitor(scope["headers"])

    async def _may_pass(self, scope: Scope, send: Send, segment: str, visitor: Visitor) -> bool:
        path: str = scope["path"]
        is_page = segment in self._pages and path.strip("/") == segment
        own = bool(OWN_PAGES.match(path))
        entry = bool(SIGN_IN.match(path))
        known = segment in OPEN_SEGMENTS or segment in DATA_SEGMENTS or segment.startswith(DASH_PREFIXES) or bool(DESK_ROUTES.match(path))
        if not known and not is_page and not own and not entry:
            await send_problem(send, NotFound(Text("没有这个地址。", "There is nothing at this address.")))
            return False
        if segment in OPEN_SEGMENTS or entry:
            return True
        asks_page = is_page or (own and scope["method"] in {"GET", "HEAD"})
        if visitor.signed_in is None:
            if asks_page:
                over = "&over=1" if self._door.had_signed_in(scope["headers"]) else ""
                await _go(send, f"/sign-in?next={quote(_address(scope))}{over}")
            else:
                await send_problem(send, NotSignedIn(Text("请先登录。", "Please sign in first.")))
            return False
        if visitor.due:
            if DUE_PATHS[visitor.due].match(path):
                return True
            if asks_page:
                await _go(send, f"/account/code?next={quote(_address(scope))}" if visitor.due == "code" else "/account")
            else:
                await send_problem(send, Forbidden(DUE_FIRST))
            return False
        if own or visitor.may_look:
            return True
        if asks_page:
            await _go(send, "/account")
        else:
            await send_problem(send, Forbidden(NOT_FOR_LOOKING))
        return False

    def _watched(self, scope: Scope, receive: Receive, send: Send) -> Receive:
        """What comes through a socket, each message of somebody who is still signed in: else the socket is closed."""

        async def watched() -> MutableMapping[str, Any]:
            message = await receive()
            if message["type"] == "websocket.receive":
                visitor = await self._door.visitor(scope["headers"])
                if not visitor.may_look:
                    await send({"type": "websocket.close", "code": NOBODY_HERE})
                    return {"type": "websocket.disconnect", "code": NOBODY_HERE}
                ACTOR.set(visitor.actor)
                VISITOR.set(visitor)
            return message

        return watched


def is_foreign(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a socket was opened by another site's page."""
    said = dict(headers)
    origin = said.get(b"origin")
    return origin is not None and urlsplit(origin.decode("latin-1")).netloc.lower() != said.get(b"host", b"").decode("latin-1").lower()


def _address(scope: Scope) -> str:
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{scope['path']}?{query}" if query else str(scope["path"])


async def _go(send: Send, address: str) -> None:
    headers = [(b"location", address.encode("latin-1", "ignore")), (b"cache-control", b"no-store"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
