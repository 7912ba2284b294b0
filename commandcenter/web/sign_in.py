"""The sign-in door: in with a password and where an account has one the code of a second factor, and out again. Pages without scripts."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from commandcenter.security import store
from commandcenter.security.builtin import DOOR
from commandcenter.security.passwords import fits
from commandcenter.security.second_factor import DIGITS, recovery_digest, step_of
from commandcenter.text import Language, Text
from commandcenter.web.context import VISITOR, current_signed_in
from commandcenter.web.demo_entry import demo_entries, entries_part
from commandcenter.web.door import Doorkeeper
from commandcenter.web.entering import ended, entered
from commandcenter.web.forms import address_of, next_address, own_address, sent_form
from commandcenter.web.limits import SIGN_IN as SIGN_IN_RATE
from commandcenter.web.limits import TooMany, neighbourhood
from commandcenter.web.plain_page import field, form, language_of, page, tag
from commandcenter.web.sessions import COOKIE, SignedIn
from commandcenter.web.state import State
from commandcenter.web.uploads import check_same_origin

MOST_TRIES, LOCK_MINUTES = 5, 15

SIGN_IN = Text("登录", "Sign in")
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
SIGNED_OUT, OUT_THERE = Text("已退出", "Signed out"), Text("在统一身份认证处也退出", "Sign out at the identity provider too")
OUT_HERE = Text("已退出本系统，正在转到统一身份认证退出。", "You are signed out here; you are taken to the identity provider to sign out there too.")
CODE_TITLE, CODE = Text("第二因素", "Second factor"), Text(f"动态码（{DIGITS} 位）或恢复码", f"Code ({DIGITS} digits) or recovery code")
CODE_HINT = Text(
    "打开验证器应用，输入现在的动态码；手机不在手边时输入一个恢复码，每个恢复码只能用一次。",
    "Open your authenticator and type its present code. Without the telephone type a recovery code; each is good for one time.",
)
GO_ON, CANCEL = Text("继续", "Go on"), Text("取消登录", "Cancel")
WRONG_CODE = Text(
    f"动态码不对、已用过，或账号已锁定（连续 {MOST_TRIES} 次失败后锁 {LOCK_MINUTES} 分钟）。",
    f"The code is wrong or was used before, or the account is locked (for {LOCK_MINUTES} minutes after {MOST_TRIES} failures).",
)


def sign_in_routes(state: State, door: Doorkeeper) -> APIRouter:
    """The routes; the front door lets anybody through to ``/sign-in``, and only who is signed in to ``/account``."""
    router = APIRouter()
    @router.get("/sign-in")
    async def show(request: Request) -> Response:
        said = OVER if request.query_params.get("over") else None
        if said is None:
            row = await state.reader.row(DOOR, store.any_account_request())
            said = None if row and row["any"] else NO_ACCOUNT.with_values(city=state.settings.city)
        return await sign_in_page(request, state, door, said)

    @router.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        sent = await sent_form(request)
        name, password = sent.get("name", "").strip().lower()[:80], sent.get("password", "")[:400]
        address = address_of(request)
        try:
            with state.limits.tries(SIGN_IN_RATE, neighbourhood(address)) as failed:
                row = await state.reader.row(DOOR, store.try_request(name, MOST_TRIES, LOCK_MINUTES))
                right = await door.hashing(fits, password, row["password_hash"] if row else None)
                answer = await entered(request, state, door, row["account_id"]) if row is not None and right else None
                if answer is None:
                    failed()
                    await state.reader.rows(DOOR, store.failed_request(name, address))
                    return await sign_in_page(request, state, door, WRONG, status=401, name=name)
        except TooMany as fault:
            refused = await sign_in_page(request, state, door, fault.sentence, status=fault.status, name=name)
            refused.headers.update(fault.headers)
            return refused
        return answer

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        check_same_origin(request.headers)
        visitor = VISITOR.get()
        way_out = None
        if visitor is not None and visitor.signed_in is not None:
            here = visitor.signed_in
            own = await state.reader.row(here.actor, store.own_account_request()) if state.identity is not None else None
            await ended(state, door, here.digest)
            if state.identity is not None and own and own["by_identity"]:
                way_out = await state.identity.way_out(own_address(request, "/sign-in"))
        answer = RedirectResponse("/sign-in", status_code=303) if way_out is None else _way_out_page(request, state, way_out)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    @router.get("/account/code")
    async def ask_code(request: Request) -> Response:
        return _code_page(request, language_of(request, state.settings))

    @router.post("/account/code")
    async def take_code(request: Request) -> Response:
        here = current_signed_in()
        said = (await sent_form(request)).get("code", "").strip()[:40]
        if not await _code_fits(state, here, said, address_of(request)):
            await state.reader.rows(DOOR, store.factor_failed_request(here.digest, address_of(request)))
            return _code_page(request, language_of(request, state.settings), WRONG_CODE)
        door.sessions.forget(here.digest)
        return RedirectResponse(next_address(request.query_params.get("next")), status_code=303)

    return router


async def _code_fits(state: State, here: SignedIn, said: str, address: str) -> bool:
    """Whether a code or recovery code is right. The try is counted before anything is looked at."""
    row = await state.reader.row(DOOR, store.factor_try_request(here.digest, MOST_TRIES, LOCK_MINUTES))
    if row is None:
        return False
    if len(said.replace(" ", "")) > DIGITS:
        done = await state.reader.row(DOOR, store.factor_recover_request(here.digest, recovery_digest(said), address))
    else:
        secret = state.keys.opened("totp", row["sealed"], f"account:{row['account_id']}")
        step = step_of(secret, said, time.time(), row["last_step"])
        done = None if step is None else await state.reader.row(DOOR, store.factor_pass_request(here.digest, step, address))
    return bool(done and done["passed"])


async def sign_in_page(request: Request, state: State, door: Doorkeeper, said: Text | None, *, status: int = 200, name: str = "") -> Response:
    """The page with its doors: a password's, the identity provider's where there is one, a demonstration's."""
    language, entries = language_of(request, state.settings), await demo_entries(request, state, door)
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
    if state.identity is not None:
        words = state.identity.provider.mapping.button
        way = tag("a", words.to(language), href=f"/sign-in/oidc?next={quote(target, safe='')}", class_="plain-button")
        inside.append(tag("div", way, class_="plain-other"))
    if entries:
        inside.append(entries_part(request, language, entries))
    return page(request, language, SIGN_IN, *inside, status=status)


def _way_out_page(request: Request, state: State, way_out: str) -> Response:
    """Signed out here, and on to the provider: by itself, because a form of ours may not lead to another host (``form-action``)."""
    language = language_of(request, state.settings)
    answer = page(
        request, language, SIGNED_OUT,
        tag("p", OUT_HERE.to(language), class_="plain-said", role="status"),
        tag("p", tag("a", OUT_THERE.to(language), href=way_out, class_="plain-button")),
    )  # fmt: skip
    answer.headers["Refresh"] = f"0; url={way_out}"
    return answer


def _code_page(request: Request, language: Language, said: Text | None = None) -> Response:
    target = next_address(request.query_params.get("next"))
    return page(
        request, language, CODE_TITLE,
        tag("p", CODE_HINT.to(language), class_="faint"),
        None if said is None else tag("p", said.to(language), class_="plain-said bad", role="alert"),
        form(
            f"/account/code?next={quote(target)}",
            field(CODE.to(language), "code", autocomplete="one-time-code", required=True, autofocus=True, maxlength=40, autocapitalize="none"),
            tag("button", GO_ON.to(language), type="submit", class_="first"),
            class_="plain-form",
        ),
        form("/sign-out", tag("button", CANCEL.to(language), type="submit"), class_="plain-after"),
        status=401 if said is not None else 200,
    )  # fmt: skip
