"""The accounts of a city: proposed by the system administrator, let in by the security administrator, shut by either."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import Response

from commandcenter.actor import Actor
from commandcenter.db.request import SqlRequest
from commandcenter.errors import BadInput, BadRequest, CommandCenterError, Forbidden
from commandcenter.security import store
from commandcenter.security.accounts import settled_words
from commandcenter.security.bulk import (
    CENTRES,
    WHOLE_CITY,
    Entry,
    entries_of,
    first_moment,
    hashed_entries,
    last_moment,
)
from commandcenter.security.names import checked_name
from commandcenter.security.passwords import hashed, made_up
from commandcenter.text import Text
from commandcenter.web import admin_page
from commandcenter.web.account_sheet import sheet_rows
from commandcenter.web.context import current_signed_in
from commandcenter.web.door import Doorkeeper
from commandcenter.web.forms import sent_form, whole_number
from commandcenter.web.plain_page import language_of
from commandcenter.web.state import State
from commandcenter.web.uploads import check_same_origin

LARGEST_SHEET = 2 << 20
MOST_AT_SCREEN = 200  # accounts of one file: making their hashes takes half a minute; more go by the command line
NOT_YOURS = Text("只有系统管理员和安全管理员能管理账号。", "Accounts are for the system and the security administrator.")
MADE = Text(
    "账号 {name} 已建立，安全管理员批准后可用。初始口令只显示这一次：{password}",
    "The account {name} is made; it opens when the security administrator approves it. Its first password is shown this once: {password}",
)
RESET = Text(
    "账号 {name} 的口令已重置，安全管理员批准后可用。初始口令只显示这一次：{password}",
    "The password of {name} is reset; the account opens again when the security administrator approves it. It is shown this once: {password}",
)
FACTOR_RESET = Text(
    "账号 {name} 的第二因素已清除，安全管理员批准后可用；口令在统一身份认证处。",
    "The second factor of {name} is cleared; the account opens again when the security administrator approves it. Its password is the identity provider's.",
)
APPROVED, REFUSED = Text("已批准。", "Approved."), Text("未予批准，账号已停用。", "Refused; the account is shut.")
ROLE_REFUSED, ROLE_ENDED = Text("未予批准。", "Refused."), Text("该岗位已结束。", "The appointment has ended.")
PROPOSED = Text("已提交，安全管理员批准后生效。", "Proposed; it counts when the security administrator approves it.")
NOT_WAITING = Text("这一项不在等您批准。", "That does not wait for your word.")
NO_PLACE = Text("请填写辖区代码（全市写 *）或网格代码，填一个。", "Please fill in an area code (* for the whole city) or a grid code, one of them.")
NO_NAME = Text("请填写姓名。", "Please fill in the name.")
SHUT = Text("账号 {name} 已停用，它的登录都已退出。", "The account {name} is shut and signed out everywhere.")
NO_FILE = Text("请选择一个 .xlsx 文件，不超过 2 MB。", "Please choose an .xlsx file of at most 2 MB.")
TOO_MANY = Text(
    f"网页上一次最多 {MOST_AT_SCREEN} 个账号，更多请用命令行 user import。",
    f"At most {MOST_AT_SCREEN} accounts at once here; more go by the command line, user import.",
)


def admin_routes(state: State, door: Doorkeeper) -> APIRouter:
    """The pages and what they do; each act is allowed or refused by the database too."""
    router = APIRouter()

    async def shown(request: Request, actor: Actor, said: Text | None = None, *, bad: bool = False) -> Response:
        rows = await state.reader.rows(actor, store.accounts_request())
        roles = await state.reader.rows(actor, store.roles_request())
        inside = admin_page.accounts_inside(rows, roles, actor, (await state.city()).zone, language_of(request, state.settings))
        return admin_page.frame(request, state, admin_page.TITLE, *inside, said=said, bad=bad)

    async def done(request: Request, actor: Actor, act: SqlRequest, name: str, good: Text, missed: Text) -> Response:
        """An act whose one row says whether it was done."""
        try:
            row = await state.reader.row(actor, act)
        except CommandCenterError as fault:
            return await shown(request, actor, settled_words(fault, name), bad=True)
        door.sessions.forget()
        was_done = bool(row and next(iter(row.values())))
        return await shown(request, actor, good if was_done else missed, bad=not was_done)

    @router.get("/admin")
    async def show(request: Request) -> Response:
        return await shown(request, _administrator())

    @router.get("/admin/roles")
    async def roles(request: Request) -> Response:
        actor, language = _administrator(), language_of(request, state.settings)
        known, rows = await state.reader.rows(actor, store.roles_request()), await state.reader.rows(actor, store.accounts_request())
        return admin_page.frame(request, state, admin_page.ROLES, admin_page.roles_inside(known, rows, language))

    @router.get("/admin/places")
    async def places(request: Request) -> Response:
        actor, language = _administrator(), language_of(request, state.settings)
        rows = await state.reader.rows(actor, store.accounts_request())
        return admin_page.frame(request, state, admin_page.PLACES, admin_page.places_inside(rows, (await state.city()).zone, language))

    @router.post("/admin/account")
    async def make(request: Request) -> Response:
        actor = _administrator()
        sent = await sent_form(request)
        password, name = made_up(), sent.get("name", "").strip()
        try:
            title = sent.get("title", "").strip()[:80]
            place = _place_of(actor, sent, (await state.city()).zone)
            if not title:
                raise BadInput(NO_NAME)
            kept = await door.hashing(hashed, password)
            await state.reader.rows(actor, store.propose_request(checked_name(name), title, kept, sent.get("role", ""), place))
        except CommandCenterError as fault:
            return await shown(request, actor, settled_words(fault, name), bad=True)
        return await shown(request, actor, MADE.with_values(name=name, password=password))

    @router.post("/admin/appointment")
    async def appoint(request: Request) -> Response:
        actor = _administrator()
        sent = await sent_form(request)
        name = sent.get("name", "")
        try:
            place = _place_of(actor, sent, (await state.city()).zone)
        except CommandCenterError as fault:
            return await shown(request, actor, fault.sentence, bad=True)
        return await done(request, actor, store.appoint_request(name, sent.get("role", ""), place), name, PROPOSED, _nobody(name))

    @router.post("/admin/appointment/settle")
    async def settle_appointment(request: Request) -> Response:
        actor = _administrator()
        sent = await sent_form(request)
        approved = sent.get("word") == "approve"
        act = store.settle_appointment_request(whole_number(sent.get("appointment")), approved)
        return await done(request, actor, act, "", APPROVED if approved else ROLE_REFUSED, NOT_WAITING)

    @router.post("/admin/appointment/end")
    async def end_appointment(request: Request) -> Response:
        actor = _administrator()
        act = store.end_appointment_request(whole_number((await sent_form(request)).get("appointment")))
        return await done(request, actor, act, "", ROLE_ENDED, NOT_WAITING)

    @router.post("/admin/settle")
    async def settle(request: Request) -> Response:
        actor = _administrator()
        sent = await sent_form(request)
        approved = sent.get("word") == "approve"
        act = store.settle_request(whole_number(sent.get("account")), approved)
        return await done(request, actor, act, "", APPROVED if approved else REFUSED, NOT_WAITING)

    @router.post("/admin/disable")
    async def disable(request: Request) -> Response:
        actor = _administrator()
        name = (await sent_form(request)).get("name", "")[:80]
        return await done(request, actor, store.disable_request(name), name, SHUT.with_values(name=name), _nobody(name))

    @router.post("/admin/reset")
    async def reset(request: Request) -> Response:
        actor = _administrator()
        name = (await sent_form(request)).get("name", "")[:80]
        rows = await state.reader.rows(actor, store.account_names_request())
        if any(row["name"] == name and row["by_identity"] for row in rows):
            return await done(request, actor, store.reset_request(name, None), name, FACTOR_RESET.with_values(name=name), _nobody(name))
        password = made_up()
        kept = await door.hashing(hashed, password)
        return await done(request, actor, store.reset_request(name, kept), name, RESET.with_values(name=name, password=password), _nobody(name))

    @router.post("/admin/import")
    async def take_list(request: Request) -> Response:
        check_same_origin(request.headers)
        actor = _administrator()
        try:
            if not actor.may("accounts"):
                raise Forbidden(NOT_YOURS)
            entries = await _entries(request, state, actor)
            made = await door.hashing(hashed_entries, entries)
            await state.reader.rows(actor, store.propose_many_request(made))
        except CommandCenterError as fault:
            return await shown(request, actor, settled_words(fault, ""), bad=True)
        language = language_of(request, state.settings)
        told = admin_page.passwords_inside([(entry.name, entry.title, entry.password) for entry in entries], language)
        return admin_page.frame(request, state, admin_page.TITLE, told, said=admin_page.PASSWORDS)

    return router


def _administrator() -> Actor:
    actor = current_signed_in().actor
    if not (actor.may("accounts") or actor.may("security")):
        raise Forbidden(NOT_YOURS)
    return actor


def _place_of(actor: Actor, sent: dict[str, str], zone: ZoneInfo) -> store.Place:
    """The place of a form. Raises Forbidden for who may not propose, BadInput for a place that is none."""
    if not actor.may("accounts"):
        raise Forbidden(NOT_YOURS)
    area, grid, centre = (sent.get(key, "").strip()[:40] for key in ("area", "grid", "centre"))
    if bool(area) == bool(grid):  # nobody gets a whole city by leaving something out
        raise BadInput(NO_PLACE)
    moments = first_moment(sent.get("since", "").strip(), zone), last_moment(sent.get("until", "").strip(), zone)
    return store.Place(None if area in ("", WHOLE_CITY) else area, grid or None, centre if centre in CENTRES else None, *moments)


async def _entries(request: Request, state: State, actor: Actor) -> list[Entry]:
    roles = await state.reader.rows(actor, store.roles_request())
    names = [row["name"] for row in await state.reader.rows(actor, store.account_names_request())]
    zone = (await state.city()).zone
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "accounts.xlsx"
        path.write_bytes(await _sent_file(request))
        rows = await asyncio.to_thread(sheet_rows, path)
    if len(rows) > MOST_AT_SCREEN:
        raise BadInput(TOO_MANY)
    return entries_of(rows, roles, names, zone)


async def _sent_file(request: Request) -> bytes:
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > LARGEST_SHEET:
        raise BadRequest(NO_FILE)
    try:
        async with request.form(max_files=1, max_fields=4) as sent:
            file = sent.get("file")
            if file is None or isinstance(file, str):
                raise BadRequest(NO_FILE)
            return await file.read()
    except (HTTPException, MultiPartException, AssertionError):
        raise BadRequest(NO_FILE) from None


def _nobody(name: str) -> Text:
    return Text(f"没有账号 {name[:40]}。", f"There is no account {name[:40]}.")
