"""Who may pass: every route, page, layer and callback asked only whether it opens, and what is forged at it by who must not pass."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable

from commandcenter.leaks.browser import ask, opens_socket
from commandcenter.leaks.doors import (
    CALLBACKS,
    DASH_ROUTES,
    GATE,
    KINDS,
    PAGES,
    ROUTES,
    SOCKET,
    TILE,
    Callback,
    Door,
    callback_name,
)
from commandcenter.leaks.ground import Ground, call
from commandcenter.leaks.reading import parts
from commandcenter.leaks.verdict import Asked, Verdict
from commandcenter.leaks.visitors import Guest


async def gates(ground: Ground, guest: Guest) -> AsyncIterator[Verdict]:
    """Each route, page and callback, asked only whether it opens. What changes something is asked of those it must not open to."""
    for (method, route), door in (*ROUTES.items(), *DASH_ROUTES.items()):
        if door.how == SOCKET:
            continue
        if not door.untried and not ((door.writes or method != "GET") and KINDS[door.kind].opens(guest)):
            yield await _gate(ground, guest, method, route, door)
    for path, door in PAGES.items():
        yield await _gate(ground, guest, "GET", path, door)
    for layer in ground.layers:
        yield await _gate(ground, guest, "GET", f"/tilejson/{layer}.json", Door("map", "tilejson", f"/tilejson/{layer}.json"))
        if not guest.looks:
            yield await _gate(ground, guest, "GET", f"/tiles/{layer}", Door(TILE.kind, TILE.column, f"/tiles/{layer}/14/0/0.mvt"))
    for output in ground.callbacks:
        row = CALLBACKS[callback_name(output)]
        if row.how == GATE or not guest.looks:
            yield await _asked_back(ground, guest, output, row)
        elif row.how in FORGED:
            yield await FORGED[row.how](ground, guest, output)
    for origin in (b"", b"https://elsewhere.example"):
        yield await _socket(ground, guest, origin)


async def _gate(ground: Ground, guest: Guest, method: str, route: str, door: Door) -> Verdict:
    address = door.address.format(bbox=ground.bbox)
    if door.gate_query:
        address += ("&" if "?" in address else "?") + door.gate_query
    answer = await ask(ground.traced if door.traced else ground.app, guest.token, method, address)
    return Asked(guest, door.column, f"{method} {route}", address).at_the_gate(KINDS[door.kind], answer.status)


async def _asked_back(ground: Ground, guest: Guest, output: str, row: Callback) -> Verdict:
    answer = await call(ground, guest, output, row.asked)
    return Asked(guest, row.column, callback_name(output), json.dumps(row.asked)).at_the_gate(KINDS[row.kind], answer.status)


async def _forged_command(ground: Ground, guest: Guest, output: str) -> Verdict:
    """An order at the desk by somebody who gives none there; stewards' orders are not given."""
    asked = Asked(guest, "callback", callback_name(output), "dismiss row 1")
    if "steward" in guest.permissions:
        return asked.at_the_gate(KINDS["dash"], 200)
    answer = await call(ground, guest, output, {"act": "dismiss", "ids": ["1"], "language": "en"})
    done = (answer.json() or {}).get("response", {}).get("desk-done", {}).get("data", {})
    return asked.verdict("refused" if done.get("good") is False else "leak", str(done.get("sentence", ""))[:100])


async def _refused_rows(ground: Ground, guest: Guest, output: str) -> Verdict:
    """Refused rows of deliveries lie nowhere: they are for who writes in the whole city."""
    asked = Asked(guest, "callback", callback_name(output), "all refused rows")
    answer = await call(ground, guest, output, {"startRow": 0, "language": "en", "rule": "all"})
    if answer.status != 200 or ("write" in guest.permissions and guest.whole_city):
        return asked.at_the_gate(KINDS["dash"], answer.status)
    rows = [str(row.get("id")) for part in parts(answer.json()) for row in part.get("rowData") or []]
    return asked.of_rows(rows, ())


async def _socket(ground: Ground, guest: Guest, origin: bytes) -> Verdict:
    asked = Asked(guest, "socket", "/_dash-ws-callback", "from elsewhere" if origin else "from here")
    opened = await opens_socket(ground.app, guest.token, "/_dash-ws-callback", *((origin,) if origin else ()))
    if guest.looks and not origin:
        return asked.verdict("allowed" if opened else "withheld")
    return asked.verdict("leak" if opened else "refused")


# Ways to try a callback that need no rows of the city.
FORGED: dict[str, Callable[[Ground, Guest, str], Awaitable[Verdict]]] = {"command": _forged_command, "refused rows": _refused_rows}
