"""A browser without a socket: one ASGI application asked in this process, with a cookie, through its front door."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from commandcenter.web.asgi import Asgi
from commandcenter.web.sessions import COOKIE

HOST = b"leak-matrix.local"
SOCKET_WAITS_S = 5.0


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def _headers(token: str | None, more: Sequence[tuple[bytes, bytes]] = ()) -> list[tuple[bytes, bytes]]:
    said = [(b"host", HOST), (b"origin", b"http://" + HOST), *more]
    return [*said, (b"cookie", f"{COOKIE}={token}".encode())] if token else said


def _scope(kind: str, address: str, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    path, _, query = address.partition("?")
    return {
        "type": kind, "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "ws" if kind == "websocket" else "http", "path": unquote(path),
        "raw_path": path.encode(), "query_string": query.encode(), "root_path": "", "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        "subprotocols": [],
    }  # fmt: skip


async def ask(app: Asgi, token: str | None, method: str, address: str, body: Any = None) -> Answer:
    """One request; ``body`` is sent as JSON."""
    content = b"" if body is None else json.dumps(body).encode()
    kind = [(b"content-type", b"application/json")] if body is not None else []
    scope = {**_scope("http", address, _headers(token, [*kind, (b"content-length", str(len(content)).encode())])), "method": method}
    sent = False
    status, parts = 0, list[bytes]()

    async def receive() -> MutableMapping[str, Any]:
        nonlocal sent
        if sent:
            await asyncio.Event().wait()  # this browser never goes away
        sent = True
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return Answer(status, b"".join(parts))


async def opens_socket(app: Asgi, token: str | None, path: str, origin: bytes = b"http://" + HOST) -> bool:
    """Whether a WebSocket is accepted; it is closed at once."""
    headers = [(name, value) for name, value in _headers(token) if name != b"origin"]
    scope = _scope("websocket", path, [*headers, (b"origin", origin)])
    accepted, decided = False, asyncio.Event()
    asked = 0

    async def receive() -> MutableMapping[str, Any]:
        nonlocal asked
        asked += 1
        if asked == 1:
            return {"type": "websocket.connect"}
        await decided.wait()
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal accepted
        accepted = accepted or message["type"] == "websocket.accept"
        decided.set()

    await asyncio.wait_for(app(scope, receive, send), SOCKET_WAITS_S)
    return accepted


@asynccontextmanager
async def living(app: Asgi) -> AsyncIterator[None]:
    """The application from its start to its end, told as a server tells it."""
    words: asyncio.Queue[str] = asyncio.Queue()
    done = {"startup": asyncio.Event(), "shutdown": asyncio.Event()}

    async def receive() -> MutableMapping[str, Any]:
        return {"type": f"lifespan.{await words.get()}"}

    async def send(message: MutableMapping[str, Any]) -> None:
        done[message["type"].split(".")[1]].set()

    running = asyncio.ensure_future(app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send))
    try:
        await _said("startup", words, done, running)
        yield
        await _said("shutdown", words, done, running)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _said(word: str, words: asyncio.Queue[str], done: Mapping[str, asyncio.Event], running: asyncio.Future[None]) -> None:
    words.put_nowait(word)
    waiting: asyncio.Future[Any] = asyncio.ensure_future(done[word].wait())
    both: set[asyncio.Future[Any]] = {waiting, running}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if running.done():
        running.result()
