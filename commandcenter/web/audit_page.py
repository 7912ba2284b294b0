"""The audit administrator's page: who did what, to which row, when; searched, paged, taken out as CSV (which is an event of its own)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commandcenter.actor import Actor
from commandcenter.audit.record import Act, Event, Subject, note_request
from commandcenter.audit.search_store import MOST_EXPORTED, PAGE, Wanted, events_request, state_request
from commandcenter.errors import BadRequest, Forbidden
from commandcenter.text import Language, Text
from commandcenter.web.context import current_signed_in
from commandcenter.web.forms import address_of
from commandcenter.web.plain_page import HEADERS, Html, field, language_of, page, table, tag
from commandcenter.web.state import State

TITLE = Text("审计", "Audit")
NOT_YOURS = Text("只有审计管理员能看审计记录。", "The audit is for the audit administrator.")
ACTS: dict[str, Text] = {
    "look": Text("查看", "Look"), "reveal": Text("查看完整信息", "Reveal"), "export": Text("导出", "Export"), "change": Text("更改", "Change"),
    "sign_in": Text("登录", "Sign-in"), "sign_in_failed": Text("登录失败", "Failed sign-in"), "sign_out": Text("退出", "Sign-out"),
    "account": Text("账号", "Account"), "approve": Text("批准", "Approval"), "break_glass": Text("应急放宽", "Break-glass"),
    "refused": Text("被拒绝", "Refused"),
}  # fmt: skip
ANY = Text("全部", "Any")
ACTOR, ACT, SUBJECT = Text("谁（账号或身份开头）", "Who (beginning)"), Text("做了什么", "What"), Text("对象（表/键开头）", "Row (table/key, beginning)")
SINCE, UNTIL, SEARCH = Text("从（日期）", "From (day)"), Text("到（日期，含）", "To (day, included)"), Text("查找", "Search")
HEADS = (
    Text("编号", "Number"), Text("时间", "When"), Text("谁", "Who"), Text("做了什么", "What"), Text("对象", "Row"), Text("入口", "Door"),
    Text("地址", "Address"), Text("细节与理由", "Details and reason"),
)  # fmt: skip
MORE, EXPORT, TO_ACCOUNT = Text("更早的记录", "Earlier"), Text("导出为 CSV", "As CSV"), Text("我的账号", "My account")
NOTHING = Text("没有符合的记录。", "No event fits.")
STATE = Text("已封存到第 {sealed} 环（{at}），待封存 {waiting} 条。", "Sealed to link {sealed} ({at}); {waiting} events wait for their seal.")
FIRST_YEAR, LAST_YEAR = 2000, 2999
EXPORTED_HEADS = ("id", "at", "actor", "account", "door", "act", "subject_table", "subject_key", "reason", "detail", "address")
# What a spreadsheet would take for a formula stays text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def audit_routes(state: State) -> APIRouter:
    """The page and its export; row-level security shows both to nobody else, whatever is asked here."""
    router = APIRouter()

    @router.get("/audit")
    async def show(request: Request) -> Response:
        actor, language = _auditor(), language_of(request, state.settings)
        zone = (await state.city()).zone
        rows = await state.reader.rows(actor, events_request(_wanted(request, zone), PAGE + 1))
        said = await state.reader.row(actor, state_request())
        return page(request, language, TITLE, *_inside(request, rows, said or {}, language, zone), wide=True)

    @router.get("/audit/events.csv")
    async def export(request: Request) -> Response:
        actor, zone = _auditor(), (await state.city()).zone
        wanted = _wanted(request, zone)
        rows = await state.reader.rows(actor, events_request(wanted, MOST_EXPORTED))
        asked = {key: value for key, value in request.query_params.items() if value and key != "lang"}
        event = Event("export", "api", Subject("audit_event"), detail={"rows": len(rows), "asked": asked}, address=address_of(request) or None)
        await state.reader.rows(actor, note_request(actor, event))
        return Response(
            _csv(rows), media_type="text/csv; charset=utf-8", headers={**HEADERS, "Content-Disposition": 'attachment; filename="audit.csv"'}
        )

    return router


def _auditor() -> Actor:
    actor = current_signed_in().actor
    if not actor.may("audit"):
        raise Forbidden(NOT_YOURS)
    return actor


def _wanted(request: Request, zone: ZoneInfo) -> Wanted:
    said = {key: value.strip()[:200] for key, value in request.query_params.items()}
    if any("\0" in value for value in said.values()):
        raise BadRequest(Text("查找条件含有空字符。", "The search holds a null character."))
    act = said.get("act", "")
    if act and act not in get_args(Act):
        raise BadRequest(Text(f"没有“{act[:40]}”这种记录。", f"There is no act '{act[:40]}'."))
    until = _day(said.get("until", ""), zone)
    before = said.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise BadRequest(Text("“before”不是编号。", "'before' is no number."))
    return Wanted(
        said.get("actor", ""), act, said.get("subject", ""), _day(said.get("since", ""), zone), until + timedelta(days=1) if until else None,
        int(before) if before else None,
    )  # fmt: skip


def _day(said: str, zone: ZoneInfo) -> datetime | None:
    if not said:
        return None
    try:
        day = date.fromisoformat(said)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValueError(day)
        return datetime.combine(day, time(), zone)
    except ValueError:
        raise BadRequest(Text(f"“{said[:40]}”不是日期（应如 2026-11-23）。", f"'{said[:40]}' is no day (such as 2026-11-23).")) from None


def _inside(request: Request, rows: Sequence[dict[str, Any]], said: dict[str, Any], language: Language, zone: ZoneInfo) -> list[Any]:
    held = {key: request.query_params.get(key, "") for key in ("actor", "act", "subject", "since", "until")}
    kept = {key: value for key, value in {**held, "lang": request.query_params.get("lang", "")}.items() if value}
    shown = rows[:PAGE]
    options = [tag("option", ANY.to(language), value=""), *(
        tag("option", words.to(language), value=act, selected=act == held["act"]) for act, words in ACTS.items()
    )]  # fmt: skip
    at = said.get("sealed_to")
    state = STATE.with_values(sealed=said.get("sealed") or 0, at=_moment(at, zone) if at else "-", waiting=said.get("waiting") or 0)
    form = tag(
        "form",
        field(ACTOR.to(language), "actor", value=held["actor"], autocomplete="off"),
        tag("label", tag("span", ACT.to(language)), tag("select", *options, name="act")),
        field(SUBJECT.to(language), "subject", value=held["subject"], autocomplete="off"),
        field(SINCE.to(language), "since", type="date", value=held["since"]),
        field(UNTIL.to(language), "until", type="date", value=held["until"]),
        tag("input", type="hidden", name="lang", value=language),
        tag("button", SEARCH.to(language), type="submit", class_="first"),
        method="get", action="/audit", class_="plain-form plain-search",
    )  # fmt: skip
    ways = [tag("a", TO_ACCOUNT.to(language), href="/account"), tag("a", EXPORT.to(language), href=f"/audit/events.csv?{urlencode(kept)}")]
    listed: list[Any] = [tag("p", NOTHING.to(language))]
    if shown:
        listed = [table([words.to(language) for words in HEADS], [_line(row, language, zone) for row in shown], TITLE.to(language))]
    if len(rows) > PAGE:
        listed.append(tag("p", tag("a", MORE.to(language), href=f"/audit?{urlencode({**kept, 'before': shown[-1]['id']})}")))
    return [tag("nav", *ways, class_="plain-ways"), tag("p", state.to(language), class_="faint"), form, *listed]


def _line(row: dict[str, Any], language: Language, zone: ZoneInfo) -> list[Html | str]:
    subject = "/".join(str(part) for part in (row["subject_table"], row["subject_key"]) if part is not None)
    detail = ", ".join(f"{key}: {_said(value)}" for key, value in row["detail"].items() if value is not None)
    act = ACTS.get(row["act"])
    return [
        str(row["id"]), _moment(row["at"], zone), str(row["name"] or row["actor"]), act.to(language) if act else str(row["act"]), subject,
        str(row["door"]), str(row["address"] or ""), " · ".join(part for part in (row["reason"], detail) if part),
    ]  # fmt: skip


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _csv(rows: Sequence[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(EXPORTED_HEADS)
    for row in rows:
        detail = json.dumps(row["detail"], ensure_ascii=False)
        cells = [
            row["id"], row["at"].isoformat(), row["actor"], row["name"], row["door"], row["act"], row["subject_table"], row["subject_key"],
            row["reason"], detail, row["address"],
        ]  # fmt: skip
        writer.writerow([_as_text(cell) for cell in cells])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _as_text(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
