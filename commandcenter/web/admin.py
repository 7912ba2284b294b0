"""The accounts of a city: proposed by the system administrator, let in by the security administrator, shut by either."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commandcenter.actor import Actor
from commandcenter.errors import BadInput, CommandCenterError, Forbidden
from commandcenter.security import store
from commandcenter.security.accounts import checked_name, settled_words
from commandcenter.security.passwords import hashed, made_up
from commandcenter.text import Language, Text
from commandcenter.web.context import current_signed_in
from commandcenter.web.door import Doorkeeper
from commandcenter.web.forms import sent_form
from commandcenter.web.plain_page import Html, field, form, language_of, page, table, tag
from commandcenter.web.state import State

TITLE = Text("账号管理", "Accounts")
NOT_YOURS = Text("只有系统管理员和安全管理员能管理账号。", "Accounts are for the system and the security administrator.")
HEADS = (
    Text("账号", "Account"), Text("姓名", "Name"), Text("岗位与范围", "Roles and places"), Text("状态", "State"), Text("建立", "Made"), Text("操作", "Acts"),
)  # fmt: skip
STATES = {
    "pending": Text("待批准", "Waits for approval"), "active": Text("启用", "Open"), "disabled": Text("停用", "Shut"),
}  # fmt: skip
LOCKED = Text("已锁定", "Locked")
APPROVE, REJECT, DISABLE = Text("批准", "Approve"), Text("不批准", "Refuse"), Text("停用", "Shut")
NEW, MAKE = Text("新账号", "New account"), Text("建立，待批准", "Make it; it waits for approval")
NAME, PERSON, ROLE = Text("账号名（小写字母、数字）", "Account (small letters, digits)"), Text("姓名", "Name"), Text("岗位", "Role")
AREA = Text("辖区代码（全市写 *）", "Area code (* for the whole city)")
MADE = Text(
    "账号 {name} 已建立，安全管理员批准后可用。初始口令只显示这一次：{password}",
    "The account {name} is made; it opens when the security administrator approves it. Its first password is shown this once: {password}",
)
APPROVED, REFUSED = Text("已批准。", "Approved."), Text("未予批准，账号已停用。", "Refused; the account is shut.")
NO_PLACE = Text("请填写辖区代码，全市写 *。", "Please fill in the area's code, or * for the whole city.")
WHOLE_CITY = Text("全市", "whole city")
TO_ACCOUNT = Text("我的账号", "My account")


def admin_routes(state: State, door: Doorkeeper) -> APIRouter:
    """The page and what it does; each act is allowed or refused by the database too."""
    router = APIRouter()

    @router.get("/admin")
    async def show(request: Request) -> Response:
        return await _page(request, state, _administrator())

    @router.post("/admin/account")
    async def make(request: Request) -> Response:
        actor = _administrator()
        sent = await sent_form(request)
        password = made_up()
        name = sent.get("name", "").strip()
        try:
            if not actor.may("accounts"):
                raise Forbidden(NOT_YOURS)
            title, area = sent.get("title", "").strip()[:80], sent.get("area", "").strip()
            if not title:
                raise BadInput(Text("请填写姓名。", "Please fill in the name."))
            if not area:  # nobody gets a whole city by leaving something out
                raise BadInput(NO_PLACE)
            kept = await asyncio.to_thread(hashed, password)
            place = None if area == "*" else area
            await state.reader.rows(actor, store.propose_request(checked_name(name), title, kept, sent.get("role", ""), store.Place(area=place)))
        except CommandCenterError as fault:
            return await _page(request, state, actor, settled_words(fault, name), bad=True)
        return await _page(request, state, actor, MADE.with_values(name=name, password=password))

    @router.post("/admin/settle")
    async def settle(request: Request) -> Response:
        actor = _administrator()
        sent = await sent_form(request)
        approved = sent.get("word") == "approve"
        row = await state.reader.row(actor, store.settle_request(_number(sent.get("account")), approved)) if actor.may("security") else None
        door.sessions.forget()
        if not row or not row["settled"]:
            return await _page(request, state, actor, Text("这个账号不在等您批准。", "That account does not wait for your word."), bad=True)
        return await _page(request, state, actor, APPROVED if approved else REFUSED)

    @router.post("/admin/disable")
    async def disable(request: Request) -> Response:
        actor = _administrator()
        name = (await sent_form(request)).get("name", "")
        try:
            row = await state.reader.row(actor, store.disable_request(name))
        except CommandCenterError as fault:
            return await _page(request, state, actor, settled_words(fault, name), bad=True)
        door.sessions.forget()
        if not row or not row["found"]:
            return await _page(request, state, actor, Text(f"没有账号 {name[:40]}。", f"There is no account {name[:40]}."), bad=True)
        return await _page(request, state, actor, Text(f"账号 {name} 已停用，它的登录都已退出。", f"The account {name} is shut and signed out everywhere."))

    return router


def _administrator() -> Actor:
    actor = current_signed_in().actor
    if not (actor.may("accounts") or actor.may("security")):
        raise Forbidden(NOT_YOURS)
    return actor


def _number(said: str | None) -> int:
    return int(said) if said and said.isascii() and said.isdigit() and len(said) < 16 else 0


async def _page(request: Request, state: State, actor: Actor, said: Text | None = None, *, bad: bool = False) -> Response:
    language, zone = language_of(request, state.settings), (await state.city()).zone
    rows = await state.reader.rows(actor, store.accounts_request())
    roles = await state.reader.rows(actor, store.roles_request())
    lines = [
        [
            row["name"], row["title"], _appointments(row, language), _state(row, language),
            f"{row['created_at'].astimezone(zone):%Y-%m-%d %H:%M} · {row['created_by']}", _acts(row, actor, language),
        ]
        for row in rows
    ]  # fmt: skip
    inside: list[Any] = [tag("nav", tag("a", TO_ACCOUNT.to(language), href="/account"), class_="plain-ways")]
    if said is not None:
        inside.append(tag("p", said.to(language), class_="plain-said bad" if bad else "plain-said", role="alert" if bad else "status"))
    inside.append(table([words.to(language) for words in HEADS], lines, TITLE.to(language)))
    if actor.may("accounts"):
        inside += [tag("h2", NEW.to(language)), _new_form(roles, language)]
    return page(request, language, TITLE, *inside, status=422 if bad else 200, wide=True)


def _new_form(roles: list[dict[str, Any]], language: Language) -> Html:
    options = [tag("option", row["title_en"] if language == "en" else row["title"], value=row["code"]) for row in roles]
    return form(
        "/admin/account",
        field(NAME.to(language), "name", required=True, pattern="[a-z][a-z0-9._\\-]{1,39}", autocomplete="off"),
        field(PERSON.to(language), "title", required=True, maxlength=80, autocomplete="off"),
        tag("label", tag("span", ROLE.to(language)), tag("select", *options, name="role", required=True)),
        field(AREA.to(language), "area", required=True, pattern="[0-9]+|\\*", autocomplete="off"),
        tag("button", MAKE.to(language), type="submit", class_="first"),
        class_="plain-form",
    )


def _appointments(row: dict[str, Any], language: Language) -> str:
    said = [
        f"{each['role_en'] if language == 'en' else each['role']} · {each['area'] or WHOLE_CITY.to(language)}" for each in row["appointments"]
    ]
    return "; ".join(said)


def _state(row: dict[str, Any], language: Language) -> str:
    return STATES[row["state"]].to(language) + (f" · {LOCKED.to(language)}" if row["locked"] else "")


def _acts(row: dict[str, Any], actor: Actor, language: Language) -> Html:
    made: list[Html] = []
    if row["state"] == "pending" and actor.may("security"):
        for word, words in (("approve", APPROVE), ("refuse", REJECT)):
            hidden = [tag("input", type="hidden", name="account", value=row["id"]), tag("input", type="hidden", name="word", value=word)]
            made.append(form("/admin/settle", *hidden, tag("button", words.to(language), type="submit", class_="first" if word == "approve" else None)))
    if row["state"] == "active":
        made.append(form("/admin/disable", tag("input", type="hidden", name="name", value=row["name"]), tag("button", DISABLE.to(language), type="submit")))
    return tag("div", *made, class_="plain-acts")
