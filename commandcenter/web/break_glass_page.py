"""Break-glass: the page where it is begun and ended, and the security administrator's report. Pages without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from commandcenter.actor import Actor
from commandcenter.errors import CommandCenterError, Forbidden
from commandcenter.security import break_glass_store as store
from commandcenter.security.break_glass import (
    CHOICES,
    DEFAULT_MINUTES,
    LONGEST_REASON,
    MOST_MINUTES,
    NOT_YOURS,
    checked_minutes,
    checked_reason,
    refused_words,
)
from commandcenter.text import Language, Text
from commandcenter.web.admin_page import frame
from commandcenter.web.audit_page import ACTS
from commandcenter.web.context import current_signed_in
from commandcenter.web.door import Doorkeeper
from commandcenter.web.forms import address_of, sent_form, whole_number
from commandcenter.web.glass import BEGIN_AT, END_AT, END_NOW, NAME
from commandcenter.web.plain_page import Html, form, language_of, page, table, tag
from commandcenter.web.state import State

REPORT_AT = "/admin/break-glass"
WHEN = Text(
    "只在人身、公共安全有紧急危险，而要看的地方不在您的辖区内时使用。",
    "For an emergency only: people or public safety are in danger, and what you have to see lies outside your own part of the city.",
)
MEANS = (
    Text(
        "您会看到：全市、各类事项。只能查看，期间不能更改任何东西。",
        "You will see the whole city and all kinds of cases. You can only look: nothing can be changed meanwhile.",
    ),
    Text(
        "会记录：您的账号、时间、下面的理由，以及期间的每次查看、导出和被拒绝的操作。",
        "Recorded are your account, the time, the reason below, and each look, export and refusal meanwhile.",
    ),
    Text("会报告：安全管理员马上就能看到，并逐次核实。", "Told is the security administrator, who sees it at once and checks each time."),
    Text("时间一到自动恢复原来的范围；也可以随时结束。", "When the time is up your own place comes back by itself; you may end it at any moment."),
)  # fmt: skip
REASON = Text("发生了什么，要看什么（必填）", "What has happened, and what you have to see (required)")
MINUTES, SOME_MINUTES = Text("多长时间", "For how long"), Text("{minutes} 分钟", "{minutes} minutes")
BEGIN, RUNNING = Text("开始应急放宽", "Break glass"), Text("应急放宽到 {until} 为止。", "It runs until {until}.")
ENDED, NONE_RUNS = Text("应急放宽已结束，范围已恢复。", "It has ended; your own place is back."), Text("应急放宽没有在进行。", "None is running.")
TO_ACCOUNT, TO_MAP = Text("我的账号", "My account"), Text("进入地图", "To the map")

REPORT = Text("应急放宽报告", "Report of break-glass")
FOR_SECURITY = Text("这份报告只给安全管理员。", "This report is for the security administrator.")
HEADS = (
    Text("谁", "Who"), Text("何时", "When"), Text("时长（分钟）", "Minutes"), Text("期间所做", "Done meanwhile"), Text("核实", "Seen"), Text("理由", "Why"),
)  # fmt: skip
STILL, BY = Text("进行中，到 {until}", "runs until {until}"), Text("{name} 提前结束", "ended by {name}")
NOTHING_DONE, NONE_YET = Text("没有留下记录的操作", "Nothing on record"), Text("还没有人用过应急放宽。", "Nobody has broken glass yet.")
SEE, SEEN = Text("已核实", "Seen"), Text("{name} · {at}", "{name} · {at}")
NOT_SEEN = Text("这一次已核实过，或是您自己的。", "It was seen before, or it is your own.")
NOTED, STOPPED = Text("已记为核实。", "Noted as seen."), Text("已结束这次应急放宽。", "It is ended.")


def break_glass_routes(state: State, door: Doorkeeper) -> APIRouter:
    """The pages and their acts; the database decides each of them again."""
    router = APIRouter()

    @router.get(BEGIN_AT)
    async def show(request: Request) -> Response:
        return _own_page(request, state, _may_break())

    @router.post(BEGIN_AT)
    async def begin(request: Request) -> Response:
        actor, sent = _may_break(), await sent_form(request)
        said, minutes = sent.get("reason", ""), sent.get("minutes", "").strip()
        try:
            await state.reader.rows(actor, store.begin_request(checked_reason(said), checked_minutes(minutes), address_of(request)))
        except CommandCenterError as fault:
            return _own_page(request, state, actor, refused_words(fault), bad=True, said=said[:LONGEST_REASON], minutes=minutes)
        door.sessions.forget()
        return RedirectResponse("/", status_code=303)

    @router.post(END_AT)
    async def end(request: Request) -> Response:
        actor, _ = _may_break(), await sent_form(request)
        row = await state.reader.row(actor, store.end_request())
        door.sessions.forget()
        language = language_of(request, state.settings)
        words = ENDED if row and row["ended"] else NONE_RUNS
        ways = tag("nav", *(tag("a", each.to(language), href=way) for way, each in (("/", TO_MAP), ("/account", TO_ACCOUNT))), class_="plain-ways")
        # said without the banner: this request was still behind the glass
        return page(request, language, NAME, tag("p", words.to(language), class_="plain-said", role="status"), ways, bare=True)

    @router.get(REPORT_AT)
    async def report(request: Request) -> Response:
        return await _report_page(request, state, _security())

    @router.post(f"{REPORT_AT}/seen")
    async def seen(request: Request) -> Response:
        actor, sent = _security(), await sent_form(request)
        row = await state.reader.row(actor, store.see_request(whole_number(sent.get("glass"))))
        done = bool(row and row["seen"])
        return await _report_page(request, state, actor, NOTED if done else NOT_SEEN, bad=not done)

    @router.post(f"{REPORT_AT}/end")
    async def stop(request: Request) -> Response:
        actor, sent = _security(), await sent_form(request)
        row = await state.reader.row(actor, store.end_request(whole_number(sent.get("glass"))))
        door.sessions.forget()
        done = bool(row and row["ended"])
        return await _report_page(request, state, actor, STOPPED if done else NONE_RUNS, bad=not done)

    return router


def _may_break() -> Actor:
    actor = current_signed_in().actor
    if not actor.may("break_glass"):
        raise Forbidden(NOT_YOURS)
    return actor


def _security() -> Actor:
    actor = current_signed_in().actor
    if not actor.may("security"):
        raise Forbidden(FOR_SECURITY)
    return actor


def _own_page(
    request: Request, state: State, actor: Actor, words: Text | None = None, *, bad: bool = False, said: str = "", minutes: str = ""
) -> Response:
    language = language_of(request, state.settings)
    glass = current_signed_in().glass
    inside: list[Any] = [tag("p", actor.title.to(language), class_="plain-who")]
    if words is not None:
        inside.append(tag("p", words.to(language), class_="plain-said bad", role="alert"))
    if glass is not None:
        inside += [
            tag("p", RUNNING.with_values(until=glass.until).to(language)),
            form(END_AT, tag("button", END_NOW.to(language), type="submit", class_="first")),
        ]
    else:
        means = tag("ul", *(tag("li", each.to(language)) for each in MEANS), class_="plain-means")
        inside += [tag("p", WHEN.to(language)), means, _begin_form(language, said, minutes)]
    inside.append(tag("p", tag("a", TO_ACCOUNT.to(language), href="/account"), class_="plain-after"))
    return page(request, language, NAME, *inside, status=422 if bad else 200)


def _begin_form(language: Language, said: str, minutes: str) -> Html:
    wanted = int(minutes) if minutes.isdecimal() and minutes.isascii() and len(minutes) < 4 and int(minutes) <= MOST_MINUTES else DEFAULT_MINUTES
    options = [
        tag("option", SOME_MINUTES.with_values(minutes=each).to(language), value=each, selected=each == wanted)
        for each in sorted({*CHOICES, wanted} - {0})
    ]
    return form(
        BEGIN_AT,
        tag("label", tag("span", REASON.to(language)), tag("textarea", said, name="reason", rows=3, required=True, maxlength=LONGEST_REASON, autofocus=True)),
        tag("label", tag("span", MINUTES.to(language)), tag("select", *options, name="minutes", required=True)),
        tag("button", BEGIN.to(language), type="submit", class_="first"),
        class_="plain-form",
    )


async def _report_page(request: Request, state: State, actor: Actor, words: Text | None = None, *, bad: bool = False) -> Response:
    language, zone = language_of(request, state.settings), (await state.city()).zone
    rows = await state.reader.rows(actor, store.report_request())
    lines = [_line(row, language, zone) for row in rows]
    inside = table([head.to(language) for head in HEADS], lines, REPORT.to(language)) if rows else tag("p", NONE_YET.to(language))
    return frame(request, state, REPORT, inside, said=words, bad=bad)


def _line(row: Mapping[str, Any], language: Language, zone: ZoneInfo) -> list[Any]:
    over = row["ended_at"] or row["ends_at"]
    when = f"{row['begun_at'].astimezone(zone):%Y-%m-%d %H:%M}"
    if row["running"]:
        when += " · " + STILL.with_values(until=f"{row['ends_at'].astimezone(zone):%H:%M}").to(language)
    elif row["ended_by"]:
        when += " · " + BY.with_values(name=row["ended_by"]).to(language)
    done = ", ".join(f"{ACTS[act].to(language) if act in ACTS else act} {times}" for act, times in sorted(row["acts"].items()))
    minutes = (over - row["begun_at"]).total_seconds() / 60
    return [f"{row['title']} ({row['name']})", when, f"{minutes:.0f}", done or NOTHING_DONE.to(language), _seen(row, language, zone), row["reason"]]


def _seen(row: Mapping[str, Any], language: Language, zone: ZoneInfo) -> Html | str:
    number = tag("input", type="hidden", name="glass", value=row["id"])
    acts: list[Html] = []
    if row["seen_at"]:
        acts.append(tag("span", SEEN.with_values(name=row["seen_by"], at=f"{row['seen_at'].astimezone(zone):%m-%d %H:%M}").to(language)))
    elif not row["own"]:
        acts.append(form(f"{REPORT_AT}/seen", number, tag("button", SEE.to(language), type="submit", class_="first")))
    if row["running"]:
        acts.append(form(f"{REPORT_AT}/end", number, tag("button", END_NOW.to(language), type="submit")))
    return tag("div", *acts, class_="plain-acts")
