"""The sign-in door: in with a password, out again, one's own sign-ins, a new password. Pages without scripts."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from commandcenter.actor import Actor
from commandcenter.errors import BadRequest, CommandCenterError, Forbidden
from commandcenter.security import store
from commandcenter.security.builtin import DEMO_ACTORS, DOOR
from commandcenter.security.passwords import check_rules, fits, hashed
from commandcenter.text import Language, Text
from commandcenter.web.context import VISITOR, current_signed_in
from commandcenter.web.door import Doorkeeper
from commandcenter.web.plain_page import Html, field, form, language_of, page, table, tag
from commandcenter.web.sessions import COOKIE, LONGEST_S, digest_of, new_token
from commandcenter.web.state import State
from commandcenter.web.uploads import check_same_origin

MOST_TRIES, LOCK_MINUTES = 5, 15
LARGEST_FORM = 10_000
HASHING_AT_ONCE = 2  # a hash takes 64 MiB and a core

SIGN_IN, ACCOUNT = Text("登录", "Sign in"), Text("我的账号", "My account")
NAME, PASSWORD = Text("账号", "Account"), Text("口令", "Password")
WRONG = Text(
    f"账号或口令不对，或账号未启用、已锁定（连续 {MOST_TRIES} 次失败后锁 {LOCK_MINUTES} 分钟）。",
    f"The account or the password is wrong, or the account is not open or locked (for {LOCK_MINUTES} minutes after {MOST_TRIES} failures).",
)
OVER = Text("登录已过期，请重新登录。", "The sign-in is over; please sign in again.")
NO_ACCOUNT = Text(
    "这个城市还没有账号：请在服务器的项目目录执行 COMMANDCENTER_CITY={city} .venv/bin/python -m commandcenter user first",
    "This city has no account yet. In the project's folder on the server run: COMMANDCENTER_CITY={city} .venv/bin/python -m commandcenter user first",
)
AS_DEMO = Text("演示：直接进入", "Demonstration: enter as")
DEMO_HINT = Text("模拟城市、只有本机能访问时才有这些入口。", "These doors exist only for a synthetic city that nobody but this machine reaches.")
NEW_PASSWORD, OLD_PASSWORD, AGAIN = Text("新口令", "New password"), Text("现在的口令", "Present password"), Text("再输一次新口令", "New password again")
CHANGE, CHANGED = Text("更换口令", "Change the password"), Text("口令已更换，其他登录都已退出。", "The password is changed; all other sign-ins have ended.")
MUST_CHANGE = Text("请先把初始口令换成自己的。", "Please exchange the password you were given for one of your own first.")
RULES = Text("至少 12 个字符，含两类以上符号，不含账号名和常用词。", "At least 12 characters of two kinds or more, without the account's name or common words.")
NOT_SAME, WRONG_OLD = Text("两次输入的新口令不一样。", "The new passwords differ."), Text("现在的口令不对。", "The present password is wrong.")
SIGN_INS, SIGN_OUT = Text("登录着的地方", "Where you are signed in"), Text("退出", "Sign out")
SIGN_OUT_OTHERS = Text("退出其他所有登录", "Sign out everywhere else")
HEADS = (Text("登录时间", "Since"), Text("最近使用", "Last used"), Text("地址", "Address"), Text("浏览器", "Browser"))
OTHERS_ENDED = Text("已退出其他 {count} 处登录。", "{count} other sign-ins have ended.")
TO_MAP, TO_ADMIN, TO_AUDIT = Text("进入地图", "To the map"), Text("账号管理", "Accounts"), Text("审计", "Audit")


def sign_in_routes(state: State, door: Doorkeeper) -> APIRouter:
    """The routes; the front door lets anybody through to ``/sign-in``, and only who is signed in to ``/account``."""
    router = APIRouter()
    hashing = asyncio.Semaphore(HASHING_AT_ONCE)

    async def is_right(password: str, kept: str | None) -> bool:
        async with hashing:
            return await asyncio.to_thread(fits, password, kept)

    @router.get("/sign-in")
    async def show(request: Request) -> Response:
        language = language_of(request, state.settings)
        said = OVER if request.query_params.get("over") else None
        if said is None and not door.open_demo:
            row = await state.reader.row(DOOR, store.any_account_request())
            said = None if row and row["any"] else NO_ACCOUNT.with_values(city=state.settings.city)
        return _sign_in_page(request, language, said, demo=door.open_demo)

    @router.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        sent = await sent_form(request)
        name, password = sent.get("name", "").strip().lower()[:80], sent.get("password", "")[:400]
        row = await state.reader.row(DOOR, store.try_request(name, MOST_TRIES, LOCK_MINUTES))
        right = await is_right(password, row["password_hash"] if row else None)
        token = new_token()
        agent = request.headers.get("user-agent", "")
        address = address_of(request)
        if row is None or not right or not await _begun(state, row["account_id"], token, address, agent):
            await state.reader.rows(DOOR, store.failed_request(name, address))
            return _sign_in_page(request, language_of(request, state.settings), WRONG, demo=door.open_demo, status=401, name=name)
        answer = RedirectResponse(next_address(request.query_params.get("next")), status_code=303)
        answer.set_cookie(
            COOKIE, token, max_age=LONGEST_S, path="/", httponly=True, samesite="lax", secure=is_secure(request, state)
        )
        answer.delete_cookie("cc_actor", path="/")
        return answer

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        check_same_origin(request.headers)
        visitor = VISITOR.get()
        if visitor is not None and visitor.signed_in is not None:
            await state.reader.rows(DOOR, store.end_request(visitor.signed_in.digest))
            door.sessions.forget(visitor.signed_in.digest)
        answer = RedirectResponse("/sign-in", status_code=303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    @router.get("/account")
    async def account(request: Request) -> Response:
        return await _account_page(request, state)

    @router.post("/account/password")
    async def change(request: Request) -> Response:
        here = current_signed_in()
        sent = await sent_form(request)
        new, again, old = (sent.get(key, "")[:400] for key in ("new", "again", "old"))
        try:
            if new != again:
                raise BadRequest(NOT_SAME)
            rows = await state.reader.rows(here.actor, store.own_account_request())
            check_rules(new, *(str(row["name"]) for row in rows))
            kept = await state.reader.row(here.actor, store.own_hash_request())
            if not await is_right(old, kept["kept"] if kept else None):
                raise Forbidden(WRONG_OLD)
            async with hashing:
                made = await asyncio.to_thread(hashed, new)
            await state.reader.rows(here.actor, store.change_password_request(made, here.digest))
        except CommandCenterError as fault:
            return await _account_page(request, state, fault.sentence, bad=True)
        door.sessions.forget()
        return await _account_page(request, state, CHANGED, settled=True)

    @router.post("/account/sign-out-others")
    async def end_others(request: Request) -> Response:
        here = current_signed_in()
        await sent_form(request)
        row = await state.reader.row(here.actor, store.end_others_request(here.digest))
        door.sessions.forget()
        return await _account_page(request, state, OTHERS_ENDED.with_values(count=row["count"] if row else 0))

    return router


def next_address(said: str | None) -> str:
    """Where to go after signing in: an address of ours, never another host's."""
    if said and said.startswith("/") and not said.startswith(("//", "/\\")) and "\\" not in said and urlsplit(said).netloc == "":
        return said if not any(ord(sign) < 32 for sign in said) else "/"
    return "/"


def address_of(request: Request) -> str:
    """The client's address, as the audit keeps it; nothing where it is no address."""
    try:
        return str(ipaddress.ip_address((request.client.host if request.client else "").partition("%")[0]))
    except ValueError:
        return ""


def is_secure(request: Request, state: State) -> bool:
    """Whether the browser reaches us by TLS, so that the cookie may insist on it."""
    return request.url.scheme == "https" or bool(state.settings.tls_cert) or bool(state.settings.trusted_proxies)


async def _begun(state: State, account: int, token: str, address: str, agent: str) -> bool:
    row = await state.reader.row(DOOR, store.begin_request(account, digest_of(token), LONGEST_S, address, agent))
    return bool(row and row["begun"])


async def sent_form(request: Request) -> dict[str, str]:
    """The fields of a form of our own pages. Raises Forbidden for one that another site sent."""
    check_same_origin(request.headers)
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_FORM:
            raise BadRequest(Text("表单过大。", "The form is too large."))
    said = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=40)
    if any("\0" in value for values in said.values() for value in values):
        raise BadRequest(Text("表单含有空字符。", "The form holds a null character."))
    return {key: values[-1] for key, values in said.items()}


def _sign_in_page(request: Request, language: Language, said: Text | None, *, demo: bool, status: int = 200, name: str = "") -> Response:
    target = next_address(request.query_params.get("next"))
    inside: list[Any] = []
    if said is not None:
        inside.append(tag("p", said.to(language), class_="plain-said bad", role="alert"))
    inside.append(
        form(
            f"/sign-in?next={quote(target)}",
            field(NAME.to(language), "name", autocomplete="username", required=True, value=name, autofocus=not name, autocapitalize="none"),
            field(PASSWORD.to(language), "password", type="password", autocomplete="current-password", required=True, autofocus=bool(name)),
            tag("button", SIGN_IN.to(language), type="submit", class_="first"),
            class_="plain-form",
        )
    )
    if demo:
        doors = [tag("a", actor.title.to(language), href=f"/actor?id={quote(actor.id)}&next={quote(target)}") for actor in DEMO_ACTORS.values()]
        inside += [
            tag("h2", AS_DEMO.to(language)), tag("ul", *(tag("li", way) for way in doors), class_="plain-doors"),
            tag("p", DEMO_HINT.to(language), class_="faint"),
        ]  # fmt: skip
    return page(request, language, SIGN_IN, *inside, status=status)


async def _account_page(request: Request, state: State, said: Text | None = None, *, bad: bool = False, settled: bool = False) -> Response:
    language, here = language_of(request, state.settings), current_signed_in()
    zone = (await state.city()).zone
    rows = await state.reader.rows(here.actor, store.own_sign_ins_request())
    own = await state.reader.row(here.actor, store.own_account_request()) or {}
    must = here.must_change and not settled
    inside: list[Any] = [tag("p", here.actor.title.to(language), class_="plain-who")]
    if said is not None:
        inside.append(tag("p", said.to(language), class_="plain-said bad" if bad else "plain-said", role="alert" if bad else "status"))
    elif must:
        inside.append(tag("p", MUST_CHANGE.to(language), class_="plain-said bad", role="alert"))
    ways = [] if must else _ways(here.actor, language)
    inside += [
        tag("nav", *ways, form("/sign-out", tag("button", SIGN_OUT.to(language), type="submit")), class_="plain-ways"),
        tag("h2", CHANGE.to(language)),
        form(
            "/account/password",
            # a password keeper wants to know whose password this is
            tag("input", type="text", name="username", autocomplete="username", value=own.get("name", ""), hidden=True),
            field(OLD_PASSWORD.to(language), "old", type="password", autocomplete="current-password", required=True),
            field(NEW_PASSWORD.to(language), "new", type="password", autocomplete="new-password", required=True, minlength=12),
            field(AGAIN.to(language), "again", type="password", autocomplete="new-password", required=True, minlength=12),
            tag("p", RULES.to(language), class_="faint"),
            tag("button", CHANGE.to(language), type="submit", class_="first"),
            class_="plain-form",
        ),
        tag("h2", SIGN_INS.to(language)),
        table([words.to(language) for words in HEADS], [_sign_in_row(row, zone) for row in rows], SIGN_INS.to(language)),
        form("/account/sign-out-others", tag("button", SIGN_OUT_OTHERS.to(language), type="submit")) if len(rows) > 1 else None,
    ]
    return page(request, language, ACCOUNT, *inside, status=422 if bad else 200, wide=True)


def _ways(actor: Actor, language: Language) -> list[Html]:
    ways = [("/", TO_MAP, "read"), ("/admin", TO_ADMIN, "accounts"), ("/admin", TO_ADMIN, "security"), ("/audit", TO_AUDIT, "audit")]
    return [tag("a", words.to(language), href=way) for way, words, wanted in ways if actor.may(wanted)]


def _sign_in_row(row: dict[str, Any], zone: ZoneInfo) -> list[str]:
    moments = (row[key].astimezone(zone).strftime("%Y-%m-%d %H:%M") for key in ("at", "seen_at"))
    return [*moments, str(row["address"]), str(row["agent"])]
