"""ASGI's shapes, from where a connection comes, and the one way a problem leaves the house."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from commandcenter.audit.record import kept_address
from commandcenter.errors import CommandCenterError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
LOG = logging.getLogger("commandcenter.problem")


def client_address(scope: Scope) -> str:
    """The client's address: the server's own word, or that of a proxy it trusts (uvicorn has put it here); nothing where it is no address."""
    host = (scope.get("client") or ("",))[0]
    return kept_address(str(host)) or ""


async def send_problem(send: Send, fault: CommandCenterError) -> None:
    """Answer with a problem body; the log keeps the cause under the same id."""
    if fault.status >= 500:
        LOG.error("problem %s: %s", fault.id, fault.sentence.en, exc_info=fault.__cause__ or fault)
    body = json.dumps(fault.problem(), ensure_ascii=False).encode()
    headers = [
        (b"content-type", b"application/problem+json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *((name.lower().encode(), value.encode()) for name, value in fault.headers.items()),
    ]
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
