"""One's own account: a new password, the second factor, where one is signed in. A page without scripts."""

from __future__ import annotations

import time
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from commandcenter.actor import Actor
from commandcenter.errors import BadRequest, CommandCenterError, Forbidden
from commandcenter.security import break_glass_store, store
from commandcenter.security.passwords import check_rules, fits, hashed
from commandcenter.security.second_factor import (
    DIGITS,
    new_recovery_codes,
    new_secret,
    picture_of,
    recovery_digest,
    setup_address,
    step_of,
)  # fmt: skip
from commandcenter.text import Language, Text
from commandcenter.web.context import current_signed_in
from commandcenter.web.door import Doorkeeper
from commandcenter.web.forms import sent_form
from commandcenter.web.glass import BEGIN_AT, NAME
from commandcenter.web.plain_page import Html, field, form, language_of, page, table, tag
from commandcenter.web.state import State

ACCOUNT = Text("我的账号", "My account")
NEW_PASSWORD, OLD_PASSWORD, AGAIN = Text("新口令", "New password"), Text("现在的口令", "Present password"), Text("再输一次新口令", "New password again")
CHANGE, CHANGED = Text("更换口令", "Change the password"), Text("口令已更换，其他登录都已退出。", "The password is changed; all other sign-ins have ended.")
DUE = {
    "password": Text("请先把初始口令换成自己的。", "Please exchange the password you were given for one of your own first."),
    "factor": Text("这个岗位要求第二因素：请先设置。", "This role asks for a second factor: please set one up first."),
}
RULES = Text("至少 12 个字符，含两类以上符号，不含账号名和常用词。", "At least 12 characters of two kinds or more, without the account's name or common words.")
NOT_SAME, WRONG_OLD = Text("两次输入的新口令不一样。", "The new passwords differ."), Text("现在的口令不对。", "The present password is wrong.")
NO_PASSWORD = Text("您由统一身份认证登录，口令在那里更换。", "You sign in by the identity provider; your password is changed there.")
FACTOR = Text("第二因素", "Second factor")
HAS_FACTOR = Text("自 {since} 起使用验证器，还剩 {left} 个恢复码。", "In use since {since}, with {left} recovery codes left.")
NO_FACTOR = Text("还没有第二因素。", "There is no second factor yet.")
SET_UP, RENEW = Text("设置第二因素", "Set up a second factor"), Text("换一个验证器或恢复码", "A new authenticator or new recovery codes")
HOW = Text(
    "用验证器应用（任何支持 TOTP 的都行，不需要网络）扫这个图，或抄下密钥，再输入它显示的动态码。",
    "Scan this with an authenticator (any that knows TOTP; it needs no network), or copy the key, then type the code that it shows.",
)
KEY, CODE, CONFIRM = Text("密钥", "Key"), Text(f"动态码（{DIGITS} 位）", f"Code ({DIGITS} digits)"), Text("确认", "Confirm")
PICTURE = Text("验证器的二维码", "QR code for the authenticator")
WRONG_CODE = Text("动态码不对：请核对手机的时间，再试一次。", "The code is wrong: check the telephone's clock and try again.")
CONFIRMED = Text(
    "第二因素已启用。下面的恢复码只显示这一次，请抄下来放在安全的地方；手机丢失时每个可用一次。",
    "The second factor is in use. These recovery codes are shown this once: keep them safe. Each opens the account one time without the telephone.",
)
RECOVERY, DONE = Text("恢复码", "Recovery codes"), Text("已抄下，继续", "Written down, go on")
SIGN_INS, SIGN_OUT = Text("登录着的地方", "Where you are signed in"), Text("退出", "Sign out")
SIGN_OUT_OTHERS = Text("退出其他所有登录", "Sign out everywhere else")
HEADS = (Text("登录时间", "Since"), Text("最近使用", "Last used"), Text("地址", "Address"), Text("浏览器", "Browser"))
OTHERS_ENDED = Text("已退出其他 {count} 处登录。", "{count} other sign-ins have ended.")
TO_REPORT = Text("应急放宽报告，{count} 次未看", "Break-glass report, {count} not seen")
TO_MAP, TO_ADMIN, TO_AUDIT = Text("进入地图", "To the map"), Text("账号管理", "Accounts"), Text("审计", "Audit")
TO_LEAKS = Text("泄漏矩阵", "Leak matrix")


def account_routes(state: State, door: Doorkeeper) -> APIRouter:
    """The page and what it does; the front door lets nobody through who is not signed in."""
    router = APIRouter()

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
            if not await door.hashing(fits, old, kept["kept"] if kept else None):
                raise Forbidden(WRONG_OLD)
            made = await door.hashing(hashed, new)
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

    @router.get("/account/factor")
    async def offer(request: Request) -> Response:
        here = current_signed_in()
        if here.due == "password":
            return RedirectResponse("/account", status_code=303)
        return await _factor_page(request, state, door)

    @router.post("/account/factor")
    async def confirm(request: Request) -> Response:
        here = current_signed_in()
        said = (await sent_form(request)).get("code", "")[:20]
        waiting = await state.reader.row(here.actor, store.factor_waiting_request(here.digest))
        secret = state.keys.opened("totp", waiting["sealed"], f"account:{waiting['account_id']}") if waiting else None
        step = step_of(secret, said, time.time()) if secret else None
        if step is None:
            return await _factor_page(request, state, door, secret, WRONG_CODE)
        codes = new_recovery_codes()
        await state.reader.rows(here.actor, store.factor_confirm_request(here.digest, step, [recovery_digest(code) for code in codes]))
        door.sessions.forget()
        language = language_of(request, state.settings)
        return page(
            request, language, RECOVERY,
            tag("p", CONFIRMED.to(language), class_="plain-said", role="status"),
            tag("ul", *(tag("li", code) for code in codes), class_="plain-codes"),
            tag("p", tag("a", DONE.to(language), href="/account")),
        )  # fmt: skip

    return router


async def _factor_page(request: Request, state: State, door: Doorkeeper, secret: str | None = None, said: Text | None = None) -> Response:
    """The secret to scan. A wrong code shows the same again, so that a telephone that has it already can go on."""
    here, language = current_signed_in(), language_of(request, state.settings)
    if secret is None:
        secret = new_secret()
        await state.reader.rows(here.actor, store.factor_offer_request(here.digest, state.keys.sealed("totp", secret, here.actor.id)))
    own = await state.reader.row(here.actor, store.own_account_request()) or {}
    address = setup_address(secret, str(own.get("name", "")), (await state.city()).name.to(language))
    picture = await door.hashing(picture_of, address)
    return page(
        request, language, FACTOR,
        tag("p", HOW.to(language)),
        None if said is None else tag("p", said.to(language), class_="plain-said bad", role="alert"),
        tag("img", src=picture, alt=PICTURE.to(language), class_="plain-picture"),
        tag("p", KEY.to(language), "  ", tag("code", " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)))),
        form(
            "/account/factor",
            field(CODE.to(language), "code", autocomplete="one-time-code", inputmode="numeric", required=True, autofocus=True, maxlength=12),
            tag("button", CONFIRM.to(language), type="submit", class_="first"),
            class_="plain-form",
        ),
        tag("p", tag("a", ACCOUNT.to(language), href="/account")),
        status=422 if said is not None else 200,
    )  # fmt: skip


async def _account_page(request: Request, state: State, said: Text | None = None, *, bad: bool = False, settled: bool = False) -> Response:
    language, here = language_of(request, state.settings), current_signed_in()
    zone = (await state.city()).zone
    rows = await state.reader.rows(here.actor, store.own_sign_ins_request())
    own = await state.reader.row(here.actor, store.own_account_request()) or {}
    due = "" if settled else here.due
    inside: list[Any] = [tag("p", here.actor.title.to(language), class_="plain-who")]
    if said is not None:
        inside.append(tag("p", said.to(language), class_="plain-said bad" if bad else "plain-said", role="alert" if bad else "status"))
    elif due in DUE:
        inside.append(tag("p", DUE[due].to(language), class_="plain-said bad", role="alert"))
    ways = [] if due else [*_ways(here.actor, language), *await _report_way(state, here.actor, language)]
    inside += [
        tag("nav", *ways, form("/sign-out", tag("button", SIGN_OUT.to(language), type="submit")), class_="plain-ways"),
        *([tag("p", NO_PASSWORD.to(language), class_="faint")] if own.get("by_identity") else _password(own, language)),
        *_factor(own, due, zone, language),
        tag("h2", SIGN_INS.to(language)),
        table([words.to(language) for words in HEADS], [_sign_in_row(row, zone) for row in rows], SIGN_INS.to(language)),
        form("/account/sign-out-others", tag("button", SIGN_OUT_OTHERS.to(language), type="submit")) if len(rows) > 1 else None,
    ]
    return page(request, language, ACCOUNT, *inside, status=422 if bad else 200, wide=True)


def _password(own: dict[str, Any], language: Language) -> list[Html]:
    return [
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
    ]


def _ways(actor: Actor, language: Language) -> list[Html]:
    ways = [
        ("/", TO_MAP, "read"), ("/admin", TO_ADMIN, "accounts"), ("/admin", TO_ADMIN, "security"), ("/audit", TO_AUDIT, "audit"),
        ("/leaks", TO_LEAKS, "security"), ("/leaks", TO_LEAKS, "audit"), (BEGIN_AT, NAME, "break_glass"),
    ]  # fmt: skip
    return [tag("a", words.to(language), href=way) for way, words, wanted in ways if actor.may(wanted)]


async def _report_way(state: State, actor: Actor, language: Language) -> list[Html]:
    """The security administrator is told how many emergencies nobody has looked at."""
    if not actor.may("security"):
        return []
    row = await state.reader.row(actor, break_glass_store.unseen_request())
    count = row["unseen"] if row else 0
    return [tag("a", TO_REPORT.with_values(count=count).to(language), href="/admin/break-glass", class_="plain-due" if count else None)]


def _sign_in_row(row: dict[str, Any], zone: ZoneInfo) -> list[str]:
    moments = (row[key].astimezone(zone).strftime("%Y-%m-%d %H:%M") for key in ("at", "seen_at"))
    return [*moments, str(row["address"]), str(row["agent"])]


def _factor(own: dict[str, Any], due: str, zone: ZoneInfo, language: Language) -> list[Html]:
    since = own.get("totp_at")
    said = NO_FACTOR if since is None else HAS_FACTOR.with_values(since=since.astimezone(zone).strftime("%Y-%m-%d"), left=own.get("codes_left", 0))
    way = tag("a", (SET_UP if since is None else RENEW).to(language), href="/account/factor", class_="plain-button")
    return [tag("h2", FACTOR.to(language)), tag("p", said.to(language)), *([] if due == "password" else [tag("p", way)])]
