"""The door of Dash's callbacks: what is no question of one of our pages is refused before Dash sees it, and what fails inside says so.

Dash takes any body for a callback's, and hides every fault behind an answer without a word and without a log.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, NoReturn

from commandcenter.errors import BadRequest, CommandCenterError, NotFound
from commandcenter.text import Text
from commandcenter.web.asgi import Asgi, Receive, Scope, Send, send_problem

PATH, FILES = "/_dash-update-component", "/_dash-component-suites/"
LARGEST_BODY = 4 << 20
NO_QUESTION = Text("这不是本页面的请求。", "That is no question of one of our pages.")
NO_FILE = Text("没有这个文件。", "There is no such file.")
FAILED = Text("这一步没有完成，已记入日志，请把编号告诉管理员。", "That was not done and is in the log; please give the id to the administrator.")
# What a property holds when a page of ours sends it; null stands for a page that has nothing yet.
SHAPES: dict[str, Callable[[Any], bool]] = {
    "data": lambda value: isinstance(value, dict),
    "n_intervals": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "selectedRows": lambda value: isinstance(value, list) and all(isinstance(row, dict) for row in value),
    "columnDefs": lambda value: isinstance(value, list) and all(isinstance(column, dict) for column in value),
    "getRowsRequest": lambda value: isinstance(value, dict),
}
_FAULT: ContextVar[list[CommandCenterError] | None] = ContextVar("callback_fault", default=None)


def callback_failed(fault: Exception) -> NoReturn:
    """Dash's word for a callback that raised: kept under an id for the log, and told to who asked."""
    ours = fault if isinstance(fault, CommandCenterError) else CommandCenterError(FAILED)
    if ours is not fault:
        ours.__cause__ = fault
    kept = _FAULT.get()
    if kept is not None:
        kept.append(ours)
    raise ours


class DashDoor:
    """One ASGI application before Dash's callbacks."""

    def __init__(self, inner: Asgi, callbacks: Callable[[], Mapping[str, Any]]) -> None:
        self._inner, self._callbacks = inner, callbacks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one callback, or one file of Dash's."""
        if scope["path"] != PATH:
            await self._file(scope, receive, send)
            return
        try:
            body = await _whole(receive)
            self._check(body)
        except CommandCenterError as fault:
            await send_problem(send, fault)
            return
        kept: list[CommandCenterError] = []
        token = _FAULT.set(kept)
        heard = _Heard(send)
        try:
            await self._inner(scope, _replayed(body, receive), heard)
        finally:
            _FAULT.reset(token)
        if heard.failed:
            await send_problem(send, kept[0] if kept else CommandCenterError(FAILED))

    async def _file(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Dash raises for a file that it does not have; there it is nothing."""
        heard = _Heard(send)
        await self._inner(scope, receive, heard)
        if heard.failed:
            await send_problem(send, NotFound(NO_FILE))

    def _check(self, body: bytes) -> None:
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError):
            raise BadRequest(NO_QUESTION) from None
        output = asked.get("output") if isinstance(asked, dict) else None
        known = self._callbacks().get(output) if isinstance(output, str) else None
        if known is None or "callback" not in known:  # those without one are answered in the browser
            raise BadRequest(NO_QUESTION)
        for kind in ("inputs", "state"):
            _check_values(asked.get(kind, []), known[kind])
        changed, outputs = asked.get("changedPropIds", []), asked.get("outputs")
        named = outputs if isinstance(outputs, list) else [outputs]
        if not _all(changed, str) or not all(isinstance(each, dict) and _all([each.get("id"), each.get("property")], str) for each in named):
            raise BadRequest(NO_QUESTION)


def _check_values(said: Any, declared: list[Mapping[str, Any]]) -> None:
    if not _all(said, dict) or [(each.get("id"), each.get("property")) for each in said] != [(each["id"], each["property"]) for each in declared]:
        raise BadRequest(NO_QUESTION)
    for each in said:
        value, shape = each.get("value"), SHAPES.get(each["property"])
        if shape is None or (value is not None and not shape(value)):
            raise BadRequest(NO_QUESTION)


def _all(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(each, kind) for each in value)


async def _whole(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest(NO_QUESTION)
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > LARGEST_BODY:
            raise BadRequest(Text("请求过大。", "The question is too large."))
    return body


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever comes (a client that goes)."""
    told = False

    async def replayed() -> MutableMapping[str, Any]:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


class _Heard:
    """Passes an answer on unless it is Dash's empty word for a fault."""

    def __init__(self, send: Send) -> None:
        self._send, self.failed = send, False

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 500:
            self.failed = True
        if not self.failed:
            await self._send(message)
