"""The demonstration's one-click entries: a real sign-in as the account of a role, without its password.

They exist for a synthetic city on this machine alone; the database gives no such account in any other city.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commandcenter.demo.accounts import GROUPS
from commandcenter.errors import NotFound
from commandcenter.loopback import is_loopback
from commandcenter.security import store
from commandcenter.security.builtin import DOOR
from commandcenter.text import Language, Text
from commandcenter.web.door import Doorkeeper
from commandcenter.web.entering import entered
from commandcenter.web.forms import next_address, sent_form
from commandcenter.web.plain_page import Html, tag
from commandcenter.web.state import State

AS_DEMO = Text("演示：一键进入", "Demonstration: enter with one click")
DEMO_HINT = Text("模拟城市、只有本机能访问时才有这些入口。", "These entries exist only for a synthetic city that nobody but this machine reaches.")
WHOLE_CITY, NO_MAP = Text("全市", "Whole city"), Text("不看地图和数据", "No map, no data")
NO_ENTRY = Text("没有这个演示入口。", "There is no such demonstration entry.")

Entries = Sequence[dict[str, Any]]


def demo_routes(state: State, door: Doorkeeper) -> APIRouter:
    """The routes; the front door lets anybody through to them."""
    router = APIRouter()

    @router.post("/sign-in/demo")
    async def enter(request: Request) -> Response:
        said = await sent_form(request)
        entries = await demo_entries(request, state, door)
        account = next((int(entry["account_id"]) for entry in entries if entry["role"] == said.get("role")), None)
        # No second factor is asked for: whoever sits at this machine has the demonstration's passwords before them anyway.
        answer = None if account is None else await entered(request, state, door, account, strong=True)
        if answer is None:
            raise NotFound(NO_ENTRY)
        return answer

    @router.get("/sign-in/demo")
    async def only_sent() -> Response:
        raise NotFound(NO_ENTRY)

    return router


async def demo_entries(request: Request, state: State, door: Doorkeeper) -> Entries:
    """The accounts this request may enter as: none unless the demonstration is open, and asked for by an address of this machine.

    A name that leads here without being ours is a proxy nobody told us of, or a foreign page whose name was made to point at this machine.
    """
    if not door.open_demo or not is_loopback(request.url.hostname or ""):
        return ()
    return await state.reader.rows(DOOR, store.demo_entries_request())


def entries_part(request: Request, language: Language, entries: Entries) -> Html:
    """The entries as the sign-in page shows them: a button a role with where it works, in groups."""
    grouped = [(title, [post.role for post in posts]) for title, posts in GROUPS]
    named = {role for _, roles in grouped for role in roles}
    grouped[-1][1].extend(entry["role"] for entry in entries if entry["role"] not in named)
    by_role = {entry["role"]: entry for entry in entries}
    parts = [
        tag("fieldset", tag("legend", title.to(language)), *(_button(by_role[role], language) for role in roles if role in by_role))
        for title, roles in grouped
    ]
    target = quote(next_address(request.query_params.get("next")))
    return tag(
        "section",
        tag("h2", AS_DEMO.to(language)),
        tag("form", *parts, method="post", action=f"/sign-in/demo?next={target}", class_="plain-entries"),
        tag("p", DEMO_HINT.to(language), class_="faint"),
        class_="plain-demo",
    )


def _button(entry: dict[str, Any], language: Language) -> Html:
    title = Text(entry["title"], entry["title_en"])
    place = NO_MAP if not entry["looks"] else WHOLE_CITY if entry["place"] is None else Text(entry["place"], entry["place_en"])
    return tag("button", tag("b", title.to(language)), tag("span", place.to(language)), type="submit", name="role", value=entry["role"])
