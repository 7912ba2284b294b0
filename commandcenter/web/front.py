"""The outermost door: sets the actor, sends tiles down their short path, keeps machines to what is theirs, refuses addresses that are no page.

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
from commandcenter.web.dash_door import FILES, DashDoor
from commandcenter.web.dash_door import PATH as CALLBACKS
from commandcenter.web.door import Doorkeeper, Visitor
from commandcenter.web.headers import Guarded
from commandcenter.web.tile_door import TileDoor
from commandcenter.web.watched_socket import NOBODY_HERE, watched

OPEN_SEGMENTS = frozenset({"healthz", "readyz", "assets"})
ENTRIES = frozenset({"/sign-in", "/sign-in/demo", "/sign-in/oidc", "/sign-in/oidc/back", "/kiosk"})  # where people sign in and a wall's device lets itself in
# Addresses of people with an account, and of nobody else; everything else of theirs is below.
OWN_PATHS = frozenset({
    "/sign-out", "/account", "/account/password", "/account/sign-out-others", "/account/code", "/account/factor",
    "/account/break-glass", "/account/break-glass/end",
    "/admin", "/admin/account", "/admin/settle", "/admin/disable", "/admin/reset", "/admin/roles", "/admin/places", "/admin/import",
    "/admin/appointment", "/admin/appointment/settle", "/admin/appointment/end", "/admin/break-glass", "/admin/break-glass/seen",
    "/admin/break-glass/end", "/admin/tokens", "/admin/tokens/settle", "/admin/tokens/end", "/admin/tokens/code", "/audit", "/audit/events.csv", "/leaks",
})  # fmt: skip
DASH_PREFIXES = ("_dash", "_favicon", "_reload")
DATA_SEGMENTS = frozenset({"map", "features", "tilejson"})
DESK_ROUTES = re.compile(r"/data/(upload$|refused/|preview/|raw/)")  # below a page's own path
PLAIN_PAGES = re.compile(r"/people(/building/\d{1,15})?$")  # without scripts, of everybody who may look

TRY_LATER = 4503  # why a socket is closed that nobody could be asked about
KEYS_READ = Text("密钥只能读取地图数据，不能打开页面。", "A key reads map data; it opens no page and changes nothing.")
DEVICES_LOOK = Text("大屏终端只能看大屏。", "A wall's device looks at the wall and at nothing else.")
DASH_READS = re.compile(r"/_dash-update-component$")  # the one thing a wall posts: questions of its callbacks
DUE_FIRST = Text("请先完成登录：第二因素或自己的口令。", "Please complete the sign-in first: the second factor, or a password of your own.")
_OWN_ACCOUNT = re.compile(r"/(account(/.*)?|sign-out)$")
DUE_PATHS = {"code": re.compile(r"/(account/code|sign-out)$"), "password": _OWN_ACCOUNT, "factor": _OWN_ACCOUNT}  # what stays open meanwhile
NOT_FOR_LOOKING = Text("这个账号不看地图和数据。", "This account does not look at map and data.")  # an administrator's


class FrontDoor:
    """One ASGI application around Dash, its routes and the tile door."""

    def __init__(
        self, inner: Asgi, callbacks: DashDoor, tiles: TileDoor, door: Doorkeeper, guarded: Guarded, page_paths: Collection[str]
    ) -> None:
        self._callbacks = callbacks
        self._inner, self._tiles, self._door, self._guarded = inner, tiles, door, guarded
        self._pages = frozenset(path.strip("/").split("/")[0] for path in page_paths)

    @property
    def server(self) -> Any:
        """What stands behind the door: routes, Dash and state."""
        return self._inner

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
        if scope["type"] == "http":
            send = _marked(send, visitor.mark)
            if not await self._may_pass(scope, send, segment, visitor):
                return
            if visitor.is_device and path == "/":
                send = self._door.tokens.renewed(scope, send, secure=self._door.is_secure(scope))
        if scope["type"] == "websocket" and (not visitor.may_look or visitor.has_key or is_foreign(scope["headers"])):
            await receive()
            await send({"type": "websocket.close", "code": NOBODY_HERE})
            return
        actor, who = ACTOR.set(visitor.actor), VISITOR.set(visitor)
        try:
            if scope["type"] == "websocket":
                await watched(self._inner, scope, receive, send, visitor, lambda asking: self._visitor(asking, segment))
            elif (path == CALLBACKS and scope["method"] == "POST") or path.startswith(FILES):
                await self._callbacks(scope, receive, send)
            else:
                await self._inner(scope, receive, send)
        finally:
            ACTOR.reset(actor)
            VISITOR.reset(who)

    async def _visitor(self, scope: Scope, segment: str) -> Visitor:
        """Who asks; nobody where it does not matter, so that health is told while the database is away."""
        if segment in OPEN_SEGMENTS or scope["path"] in ENTRIES:
            return Visitor()
        return await self._door.visitor(scope)

    async def _may_pass(self, scope: Scope, send: Send, segment: str, visitor: Visitor) -> bool:
        path: str = scope["path"]
        is_page = segment in self._pages and path.strip("/") == segment
        own, plain, is_open = path in OWN_PATHS, bool(PLAIN_PAGES.match(path)), segment in OPEN_SEGMENTS or path in ENTRIES
        known = is_open or segment in DATA_SEGMENTS or segment.startswith(DASH_PREFIXES) or bool(DESK_ROUTES.match(path))
        if not known and not is_page and not own and not plain:
            await send_problem(send, NotFound(Text("没有这个地址。", "There is nothing at this address.")))
            return False
        if is_open:
            return True
        asks_page = is_page or ((own or plain) and scope["method"] in {"GET", "HEAD"})
        if visitor.has_key and not (segment in DATA_SEGMENTS and scope["method"] in {"GET", "HEAD"}):
            await send_problem(send, Forbidden(KEYS_READ))
            return False
        if visitor.is_device and not own:
            return await self._wall_may_pass(scope, send, segment, asks_page)
        if visitor.actor is None or (own and visitor.signed_in is None):
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

    async def _wall_may_pass(self, scope: Scope, send: Send, segment: str, asks_page: bool) -> bool:
        """A device sees the wall, what the wall reads, and the questions of its callbacks."""
        reads = scope["method"] in {"GET", "HEAD"}
        if (scope["path"] == "/" or segment in DATA_SEGMENTS or segment.startswith(DASH_PREFIXES)) and (reads or DASH_READS.match(scope["path"])):
            return True
        if asks_page and reads:  # somebody stands at the wall and wants more than it shows
            await _go(send, f"/sign-in?next={quote(_address(scope))}")
        else:
            await send_problem(send, Forbidden(DEVICES_LOOK))
        return False


def _marked(send: Send, mark: bytes) -> Send:
    """Answers that say who acts, so that a page left open notices when it is somebody else."""

    async def marked(message: MutableMapping[str, Any]) -> None:
        if mark and message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (b"x-acting", mark)]}
        await send(message)

    return marked


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
