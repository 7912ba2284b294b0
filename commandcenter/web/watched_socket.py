"""A WebSocket of somebody: open while it is theirs, closed within seconds when their sign-in is over or their rights have changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from commandcenter.errors import CommandCenterError
from commandcenter.web.asgi import Asgi, Receive, Scope, Send
from commandcenter.web.door import Visitor
from commandcenter.web.sessions import UNATTENDED

NOBODY_HERE = 4401  # why it is closed; Dash's own page opens it anew, and is refused
RECHECK_S = 15.0  # a quiet feed is looked after too


async def watched(
    inner: Asgi, scope: Scope, receive: Receive, send: Send, visitor: Visitor, ask: Callable[[Scope], Awaitable[Visitor]]
) -> None:
    """Run the socket's application until either side ends it, or until who asks is no more who asked.

    Who asks is looked at again at each message and every few seconds besides; none of that counts as use of the sign-in.
    All tabs of one browser share one socket: a tab that signs in as somebody else ends it for all of them.
    """
    unattended = {**scope, "headers": [*scope["headers"], (UNATTENDED, b"1")]}
    over = asyncio.Event()

    async def is_theirs() -> bool:
        try:
            now = await ask(unattended)
        except CommandCenterError:  # the database does not answer: what is open stays, nothing new is read anyway
            return True
        return now.may_look and now.mark == visitor.mark

    async def heard() -> MutableMapping[str, Any]:
        message = await receive()
        if message["type"] == "websocket.receive" and not await is_theirs():
            over.set()
            return {"type": "websocket.disconnect", "code": NOBODY_HERE}
        return message

    async def look_after() -> None:
        while not over.is_set():
            await asyncio.sleep(RECHECK_S)
            if not await is_theirs():
                over.set()

    running = asyncio.ensure_future(inner(scope, heard, send))
    looking, ended = asyncio.create_task(look_after()), asyncio.create_task(over.wait())
    try:
        await asyncio.wait({running, ended}, return_when=asyncio.FIRST_COMPLETED)
        if over.is_set():
            await send({"type": "websocket.close", "code": NOBODY_HERE})
            running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    finally:
        for task in (running, looking, ended):
            task.cancel()
    if running.done() and not running.cancelled() and not over.is_set():
        running.result()  # what went wrong inside is for the server's log
