"""Machines that look: the administrators' page of devices and keys, and the page where a wall's device lets itself in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from commandcenter.actor import Actor
from commandcenter.errors import CommandCenterError, Forbidden
from commandcenter.security import store as account_store
from commandcenter.security import token_store as store
from commandcenter.security.accounts import settled_words
from commandcenter.security.builtin import DOOR
from commandcenter.security.tokens import CODE_MINUTES, LONGEST_DAYS, USUAL_DAYS, checked_wish, code_digest, new_code
from commandcenter.text import Language, Text
from commandcenter.web.admin_page import frame
from commandcenter.web.context import current_signed_in
from commandcenter.web.door import Doorkeeper
from commandcenter.web.forms import address_of, sent_form, whole_number
from commandcenter.web.limits import SIGN_IN, TooMany, neighbourhood
from commandcenter.web.plain_page import Html, field, form, language_of, page, table, tag
from commandcenter.web.sessions import COOKIE, digest_of, new_token, token_of
from commandcenter.web.state import State
from commandcenter.web.tokens import WHOLE_CITY, device_cookie, new_key

TOKENS_AT, KIOSK_AT = "/admin/tokens", "/kiosk"
TITLE = Text("大屏终端与接口密钥", "Wall devices and keys")
NOT_YOURS = Text("只有系统管理员和安全管理员能管理终端和密钥。", "Devices and keys are for the system and the security administrator.")
EXPLAINED = Text(
    "大屏终端：一台日夜开着的大屏，只读，不因闲置退出。接口密钥：一个程序，只读地图数据（瓦片、要素、目录）。都由系统管理员提出、安全管理员批准，两者都能随时停用。",
    "A wall's device is a screen that runs day and night: it only looks and is not signed out when idle. A key is a program that reads map data (tiles,"
    " features, catalogue). The system administrator proposes them, the security administrator approves, either ends them at once.",
)
HEADS = (
    Text("种类", "Kind"), Text("名称", "Name"), Text("范围", "Place"), Text("状态", "State"), Text("期限", "Until"), Text("最近使用", "Last used"),
    Text("提出人", "Proposed by"), Text("操作", "Acts"),
)  # fmt: skip
KINDS = {"device": Text("大屏终端", "Wall device"), "key": Text("接口密钥", "Key")}
STATES = {"pending": Text("待批准", "Waits for approval"), "active": Text("启用", "Open"), "revoked": Text("停用", "Ended")}
CENTRES = {
    "emergency": Text("应急类事项", "Emergency's cases"), "grid": Text("网格类事项", "Grids' cases"), "urban": Text("城管类事项", "City management's cases"),
}  # fmt: skip
OVER, NEVER, NO_END = Text("已过期", "Over"), Text("从未", "Never"), Text("不限", "No end")
APPROVE, REFUSE, END, CODE = Text("批准", "Approve"), Text("不批准", "Refuse"), Text("停用", "End"), Text("生成开机码", "Make a code")
NEW, MAKE = Text("新终端或密钥", "New device or key"), Text("提出，待批准", "Propose; it waits for approval")
KIND, NAME = Text("种类", "Kind"), Text("哪台大屏或哪个程序", "Which wall or which program")
AREA, GRID = Text("辖区代码（全市写 *）", "Area code (* for the whole city)"), Text("或网格代码", "Or a grid's code")
CENTRE, ALL_CASES = Text("事项", "Cases"), Text("全部事项", "All cases")
DAYS = Text(f"期限，天（密钥必填，最长 {LONGEST_DAYS}）", f"Days until it ends (required for a key, {LONGEST_DAYS} at most)")
NETWORKS = Text("只准来自这些地址段（可不填，如 10.1.2.0/24）", "Only from these addresses (optional, such as 10.1.2.0/24)")
NEW_DEVICE = Text(
    "终端“{title}”已提出。安全管理员批准后，在这里生成开机码。",
    "The device '{title}' is proposed. Once the security administrator has approved it, make its code here.",
)
NEW_KEY = Text(
    "密钥“{title}”已提出，批准后可用。它只显示这一次：",
    "The key '{title}' is proposed and opens when it is approved. It is shown this once:",
)
HOW_KEY = Text("用法：每次请求带上 Authorization: Bearer 加密钥。", "Send it with each request as Authorization: Bearer and the key.")
NEW_CODE = Text(
    f"在大屏那台机器的浏览器里打开 {{address}}，输入下面的开机码。{CODE_MINUTES} 分钟内有效，只能用一次；原来的机器随之退出。",
    f"On the wall's machine open {{address}} and type this code. It is good for {CODE_MINUTES} minutes, once; the machine before is then out.",
)
APPROVED, REFUSED, ENDED = Text("已批准。", "Approved."), Text("未予批准。", "Refused."), Text("已停用。", "Ended.")
NOT_WAITING = Text("它不在等您批准。", "It does not wait for your word.")
NOT_LIVING = Text("没有启用中的这一个。", "There is no such living one.")
TO_ACCOUNT, NONE_YET = Text("我的账号", "My account"), Text("还没有终端和密钥。", "There is no device and no key yet.")

KIOSK = Text("大屏终端开机", "Start a wall's device")
KIOSK_HINT = Text(
    f"输入系统管理员生成的开机码（{CODE_MINUTES} 分钟内有效）。之后这台机器日夜显示大屏，不需要再登录。",
    f"Type the code that the system administrator made ({CODE_MINUTES} minutes old at most). From then on this machine shows the wall day and night.",
)
KIOSK_CODE, START = Text("开机码", "Code"), Text("开始", "Start")
WRONG_CODE = Text(
    "开机码不对、已用过或已过期，或这台机器不在允许的地址段。",
    "The code is wrong, used or too old, or this machine's address is not among those allowed.",
)


def token_routes(state: State, door: Doorkeeper) -> APIRouter:
    """The administrators' page and its acts; the database decides each of them again."""
    router = APIRouter()

    @router.get(TOKENS_AT)
    async def show(request: Request) -> Response:
        return await _page(request, state, _administrator())

    @router.post(TOKENS_AT)
    async def propose(request: Request) -> Response:
        actor, sent = _administrator(), await sent_form(request)
        language = language_of(request, state.settings)
        try:
            if not actor.may("accounts"):
                raise Forbidden(NOT_YOURS)
            wish = checked_wish(sent, datetime.now(UTC))
            key = new_key() if wish.kind == "key" else None
            await state.reader.rows(actor, store.propose_request(wish, None if key is None else digest_of(key)))
        except CommandCenterError as fault:
            return await _page(request, state, actor, settled_words(fault, ""), bad=True, sent=sent)
        if key is None:
            return await _page(request, state, actor, NEW_DEVICE.with_values(title=wish.title))
        shown = [tag("p", tag("code", key), class_="plain-secret"), tag("p", HOW_KEY.to(language), class_="faint")]
        return await _page(request, state, actor, NEW_KEY.with_values(title=wish.title), shown=shown)

    @router.post(f"{TOKENS_AT}/settle")
    async def settle(request: Request) -> Response:
        actor, sent = _administrator(), await sent_form(request)
        approved = sent.get("word") == "approve"
        row = await state.reader.row(actor, store.settle_request(whole_number(sent.get("token")), approved)) if actor.may("security") else None
        if not row or not row["settled"]:
            return await _page(request, state, actor, NOT_WAITING, bad=True)
        return await _page(request, state, actor, APPROVED if approved else REFUSED)

    @router.post(f"{TOKENS_AT}/end")
    async def end(request: Request) -> Response:
        actor, sent = _administrator(), await sent_form(request)
        row = await state.reader.row(actor, store.end_request(whole_number(sent.get("token"))))
        door.tokens.forget()
        if not row or not row["ended"]:
            return await _page(request, state, actor, NOT_LIVING, bad=True)
        return await _page(request, state, actor, ENDED)

    @router.post(f"{TOKENS_AT}/code")
    async def code(request: Request) -> Response:
        actor, sent = _administrator(), await sent_form(request)
        made = new_code()
        asked = store.code_request(whole_number(sent.get("token")), code_digest(made), CODE_MINUTES)
        row = await state.reader.row(actor, asked) if actor.may("accounts") else None
        if not row or not row["made"]:
            return await _page(request, state, actor, NOT_LIVING, bad=True)
        address = f"{str(request.base_url).rstrip('/')}{KIOSK_AT}"
        return await _page(request, state, actor, NEW_CODE.with_values(address=address), shown=[tag("p", tag("code", made), class_="plain-secret")])

    return router


def kiosk_routes(state: State, door: Doorkeeper) -> APIRouter:
    """Where a device lets itself in; open to everybody, as a code is needed."""
    router = APIRouter()

    @router.get(KIOSK_AT)
    async def show(request: Request) -> Response:
        return _kiosk_page(request, language_of(request, state.settings))

    @router.post(KIOSK_AT)
    async def start(request: Request) -> Response:
        said, address, token = (await sent_form(request)).get("code", "")[:40], address_of(request), new_token()
        try:
            with state.limits.tries(SIGN_IN, neighbourhood(address)) as failed:
                row = await state.reader.row(DOOR, store.redeem_request(code_digest(said), digest_of(token), address))
                if not row or row["id"] is None:
                    failed()
                    return _kiosk_page(request, language_of(request, state.settings), WRONG_CODE, 401)
        except TooMany as fault:
            refused = _kiosk_page(request, language_of(request, state.settings), fault.sentence, fault.status)
            refused.headers.update(fault.headers)
            return refused
        door.tokens.forget()
        answer = RedirectResponse("/?wall=1", status_code=303)
        answer.headers.append("set-cookie", device_cookie(token, secure=door.is_secure(request.scope)))
        person = token_of(request.scope["headers"])
        if person:  # whoever set the wall up does not stay signed in on it
            await state.reader.rows(DOOR, account_store.end_request(digest_of(person)))
            door.sessions.forget(digest_of(person))
            answer.delete_cookie(COOKIE, path="/")
        return answer

    return router


def _administrator() -> Actor:
    actor = current_signed_in().actor
    if not (actor.may("accounts") or actor.may("security")):
        raise Forbidden(NOT_YOURS)
    return actor


async def _page(
    request: Request, state: State, actor: Actor, said: Text | None = None, *, bad: bool = False, shown: list[Html] | None = None,
    sent: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    language, zone = language_of(request, state.settings), (await state.city()).zone
    rows = await state.reader.rows(actor, store.tokens_request())
    inside: list[Any] = [*(shown or []), tag("p", EXPLAINED.to(language), class_="faint")]
    if rows:
        lines = [_line(row, actor, language, zone) for row in rows]
        inside.append(table([words.to(language) for words in HEADS], lines, TITLE.to(language)))
    else:
        inside.append(tag("p", NONE_YET.to(language)))
    if actor.may("accounts"):
        inside += [tag("h2", NEW.to(language)), _new_form(sent or {}, language)]
    return frame(request, state, TITLE, *inside, said=said, bad=bad)


def _line(row: Mapping[str, Any], actor: Actor, language: Language, zone: ZoneInfo) -> list[Any]:
    def moment(at: datetime | None, otherwise: Text, shown: str = "%Y-%m-%d") -> str:
        return at.astimezone(zone).strftime(shown) if at else otherwise.to(language)

    place = (row["place_en"] if language == "en" else row["place"]) or WHOLE_CITY.to(language)
    parts = [place, *([CENTRES[row["centre"]].to(language)] if row["centre"] else []), *row["networks"]]
    state = OVER if row["over"] and row["state"] == "active" else STATES[row["state"]]
    return [
        KINDS[row["kind"]].to(language), row["title"], " · ".join(parts), state.to(language), moment(row["ends_at"], NO_END),
        moment(row["used_at"], NEVER, "%m-%d %H:%M"), row["made_by"], _acts(row, actor, language),
    ]  # fmt: skip


def _acts(row: Mapping[str, Any], actor: Actor, language: Language) -> Html:
    number = tag("input", type="hidden", name="token", value=row["id"])
    made: list[Html] = []

    def act(way: str, words: Text, first: bool = False, **hidden: str) -> None:
        held = [tag("input", type="hidden", name=name, value=value) for name, value in hidden.items()]
        made.append(form(f"{TOKENS_AT}/{way}", number, *held, tag("button", words.to(language), type="submit", class_="first" if first else None)))

    if row["state"] == "pending" and actor.may("security") and row["created_by"] != actor.id:
        act("settle", APPROVE, first=True, word="approve")
        act("settle", REFUSE, word="refuse")
    elif row["state"] == "pending":
        act("end", END)
    if row["state"] == "active" and not row["over"] and row["kind"] == "device" and actor.may("accounts"):
        act("code", CODE, first=True)
    if row["state"] == "active":
        act("end", END)
    return tag("div", *made, class_="plain-acts")


def _new_form(sent: Mapping[str, str], language: Language) -> Html:
    def choice(name: str, words: Text, options: Mapping[str, Text]) -> Html:
        listed = [tag("option", said.to(language), value=value, selected=sent.get(name) == value) for value, said in options.items()]
        return tag("label", tag("span", words.to(language)), tag("select", *listed, name=name))

    return form(
        TOKENS_AT,
        choice("kind", KIND, KINDS),
        field(NAME.to(language), "title", required=True, maxlength=80, autocomplete="off", value=sent.get("title", "")),
        field(AREA.to(language), "area", pattern="[0-9]+|\\*", autocomplete="off", value=sent.get("area", "")),
        field(GRID.to(language), "grid", pattern="[0-9A-Za-z_\\-]+", autocomplete="off", value=sent.get("grid", "")),
        choice("centre", CENTRE, {"": ALL_CASES, **CENTRES}),
        field(DAYS.to(language), "days", inputmode="numeric", pattern="[0-9]{1,3}", autocomplete="off", value=sent.get("days", ""), placeholder=USUAL_DAYS),
        field(NETWORKS.to(language), "networks", autocomplete="off", value=sent.get("networks", "")),
        tag("button", MAKE.to(language), type="submit", class_="first"),
        class_="plain-form",
    )


def _kiosk_page(request: Request, language: Language, said: Text | None = None, status: int = 200) -> Response:
    return page(
        request, language, KIOSK,
        tag("p", KIOSK_HINT.to(language), class_="faint"),
        None if said is None else tag("p", said.to(language), class_="plain-said bad", role="alert"),
        form(
            KIOSK_AT,
            field(KIOSK_CODE.to(language), "code", autocomplete="off", required=True, autofocus=True, maxlength=40, autocapitalize="none", spellcheck="false"),
            tag("button", START.to(language), type="submit", class_="first"),
            class_="plain-form",
        ),
        status=status,
    )  # fmt: skip
