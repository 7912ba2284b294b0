"""The tile door: a plain ASGI path, because at the wall it carries most of the traffic.

200 with the tile, 204 where it is empty, 304 where the client has it, 400/403/404/503 with a problem body; the query is
cancelled inside PostgreSQL when the client has gone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qsl

from commandcenter.actor import Actor
from commandcenter.db.run import Reader
from commandcenter.errors import BadRequest, CommandCenterError, Forbidden, NotFound, NotSignedIn
from commandcenter.text import Text
from commandcenter.web.asgi import Receive, Scope, Send, send_problem
from commandcenter.web.door import Doorkeeper
from commandcenter.web.tile_cache import TileCache, TileKey
from commandcenter.web.versions import Versions
from layers.base import Layer
from layers.tiles import check_tile, tile_request

ADDRESS = re.compile(r"^/tiles/([a-z_]{1,40})/(\d{1,9})/(\d{1,9})/(\d{1,9})\.mvt$")
FILTER_PREFIX = "f."
KNOWN_PARAMETERS = frozenset({"v", "variant", "place"})
FILTERS_LIMIT = 20
QUERY_LIMIT = 2000


class TileDoor:
    """GET /tiles/{layer}/{z}/{x}/{y}.mvt?v=&f.<filter>=<value>"""

    def __init__(self, layers: Mapping[str, Layer], reader: Reader, versions: Versions, cache: TileCache, door: Doorkeeper) -> None:
        self._layers, self._reader, self._versions, self._cache, self._door = layers, reader, versions, cache, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request for a tile."""
        try:
            if scope["method"] not in {"GET", "HEAD"}:
                raise BadRequest(Text("瓦片只能读取。", "Tiles can only be read."))
            await self._answer(scope, receive, send)
        except CommandCenterError as fault:
            await send_problem(send, fault)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = ADDRESS.match(scope["path"])
        layer = self._layers.get(found[1]) if found else None
        if found is None or layer is None:
            raise NotFound(Text("没有这个瓦片图层或地址。", "There is no such tile layer or address."))
        zoom, x, y = int(found[2]), int(found[3]), int(found[4])
        check_tile(zoom, x, y)
        visitor = await self._door.visitor(scope)
        actor = visitor.actor
        if actor is None:
            raise NotSignedIn(Text("请先登录，才能读取瓦片。", "Tiles are for who is signed in."))
        if not visitor.may_look:
            raise Forbidden(Text("这个账号不看地图。", "This account does not look at the map."))
        filters, spelled = _filters(scope["query_string"])
        key = TileKey(layer.id, self._versions.of(layer.table), zoom, x, y, spelled, actor.scope.digest)
        body = self._cache.get(key)
        if body is None:
            made = await self._make(layer, zoom, x, y, filters, actor, receive)
            if made is None:
                return  # the client has gone
            body = made
            self._cache.put(key, body)
        await _send_tile(scope, send, body)

    async def _make(
        self, layer: Layer, zoom: int, x: int, y: int, filters: dict[str, tuple[str, ...]], actor: Actor, receive: Receive
    ) -> bytes | None:
        request = tile_request(layer, zoom, x, y, filters)
        if request is None:
            return b""
        asking = asyncio.current_task()
        assert asking is not None
        gone = False

        async def watch() -> None:
            nonlocal gone
            while (await receive())["type"] != "http.disconnect":
                pass
            gone = True
            asking.cancel()

        watching = asyncio.create_task(watch())
        try:
            return await self._reader.octets(actor, request) or b""
        except asyncio.CancelledError:
            if not gone:  # the process stops: that is not ours to keep
                raise
            asking.uncancel()
            return None
        finally:
            watching.cancel()


def _filters(query: bytes) -> tuple[dict[str, tuple[str, ...]], str]:
    """Filters of a query string and their canonical spelling for the cache."""
    if not query:
        return {}, ""
    chosen: dict[str, tuple[str, ...]] = {}
    if query.count(b"&") >= FILTERS_LIMIT or len(query) > QUERY_LIMIT:
        raise BadRequest(Text("瓦片地址的参数过多。", "Too many parameters for a tile."))
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name.startswith(FILTER_PREFIX):
            chosen[name.removeprefix(FILTER_PREFIX)] = tuple(sorted(part for part in value.split(",") if part))
        elif name not in KNOWN_PARAMETERS:
            raise BadRequest(Text(f"瓦片地址不认识参数“{name[:40]}”。", f"Tiles know no parameter '{name[:40]}'."))
    chosen = {name: values for name, values in chosen.items() if values}
    return chosen, "&".join(f"{name}={','.join(values)}" for name, values in sorted(chosen.items()))


async def _send_tile(scope: Scope, send: Send, body: bytes) -> None:
    if not body:
        await _reply(send, 204, b"", [])
        return
    etag = b'"' + blake2b(body, digest_size=12).hexdigest().encode() + b'"'
    headers: list[tuple[bytes, bytes]] = [(b"etag", etag)]
    for name, value in scope["headers"]:
        if name == b"if-none-match" and value == etag:
            await _reply(send, 304, b"", headers)
            return
    headers.append((b"content-type", b"application/vnd.mapbox-vector-tile"))
    await _reply(send, 200, body if scope["method"] == "GET" else b"", headers)


async def _reply(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    common: list[tuple[bytes, bytes]] = [(b"cache-control", b"private, max-age=60"), (b"vary", b"Cookie, Authorization")]
    if status == 200:
        common.append((b"content-length", str(len(body)).encode()))
    start: dict[str, Any] = {"type": "http.response.start", "status": status, "headers": [*headers, *common]}
    await send(start)
    await send({"type": "http.response.body", "body": body})
