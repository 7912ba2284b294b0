"""The outermost door: sets the actor, sends tiles down their short path, and refuses addresses that are no page.

(Dash answers every unknown address with its page and 200; here an unknown first segment is a 404 problem.)
"""

from __future__ import annotations

import re
from collections.abc import Collection

from commandcenter.errors import Forbidden, NotFound
from commandcenter.text import Text
from commandcenter.web.actors import actor_of
from commandcenter.web.asgi import Asgi, Receive, Scope, Send, send_problem
from commandcenter.web.context import ACTOR
from commandcenter.web.tile_door import TileDoor

OPEN_SEGMENTS = frozenset({"healthz", "readyz", "actor", "assets"})
DASH_PREFIXES = ("_dash", "_favicon", "_reload")
DATA_SEGMENTS = frozenset({"map", "features", "tilejson"})
DESK_ROUTES = re.compile(r"/data/(upload$|refused/|preview/|raw/)")  # below a page's own path


class FrontDoor:
    """One ASGI application around Dash, its routes and the tile door."""

    def __init__(self, inner: Asgi, tiles: TileDoor, page_paths: Collection[str]) -> None:
        self._inner, self._tiles = inner, tiles
        self._pages = frozenset(path.strip("/").split("/")[0] for path in page_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route one connection."""
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
            return
        path: str = scope["path"]
        if scope["type"] == "http" and path.startswith("/tiles/"):
            await self._tiles(scope, receive, send)
            return
        segment = path.split("/", 2)[1] if path.startswith("/") else path
        actor = actor_of(scope["headers"])
        if scope["type"] == "http":
            known = segment in OPEN_SEGMENTS or segment in DATA_SEGMENTS or segment.startswith(DASH_PREFIXES) or bool(DESK_ROUTES.match(path))
            if not known and not (segment in self._pages and path.strip("/") == segment):
                await send_problem(send, NotFound(Text("没有这个地址。", "There is nothing at this address.")))
                return
            if actor is None and segment not in OPEN_SEGMENTS:
                await send_problem(send, Forbidden(Text("没有这个身份。", "There is no such actor.")))
                return
        token = ACTOR.set(actor)
        try:
            await self._inner(scope, receive, send)
        finally:
            ACTOR.reset(token)
