"""The leak matrix's last report, for the security and the audit administrator: who tried which door where, and whether anything leaked."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commandcenter.errors import Forbidden
from commandcenter.security.leak_report import last_report
from commandcenter.text import Language, Text
from commandcenter.web.context import current_signed_in
from commandcenter.web.plain_page import Html, language_of, page, table, tag
from commandcenter.web.state import State

TITLE = Text("泄漏矩阵", "Leak matrix")
NOT_YOURS = Text("只有安全管理员和审计管理员能看泄漏矩阵。", "The leak matrix is for the security and the audit administrator.")
TO_ACCOUNT = Text("我的账号", "My account")
NEVER = Text("还没有运行过。", "It was never run.")
HOW = Text("在服务器上运行 {command}：只读，一两分钟，结果显示在这里。", "Run {command} on the server: read-only, a minute or two; its result is shown here.")
COMMAND = "python -m commandcenter leak-matrix"
WHEN = Text(
    "{at}，{seconds} 秒内以 {roles} 种身份在全市和 {places} 个地方试了 {tries} 次。",
    "{at}: {tries} tries in {seconds} s, as {roles} kinds of visitors, in the whole city and {places} places.",
)
CLEAN = Text("泄漏 0：该放行的放行，该拒绝的拒绝。", "Leaks: 0. Allowed as it should be, refused as it should be.")
LEAKS = Text("泄漏 {leak}，故障 {fault}，缺失 {withheld}：见下。", "Leaks: {leak}, faults: {fault}, withheld: {withheld}; see below.")
NOT_ALL = Text("时间已到，{count} 个身份没有试完。", "The time was over before {count} visitors had tried everything.")
LEGEND = Text("每格：放行 / 拒绝 / 泄漏（次数）", "Each cell: tries allowed / refused / leaked")
ROLE = Text("岗位", "Role")
HEADS = (
    Text("结果", "What"), Text("入口", "Door"), Text("岗位", "Role"), Text("地方", "Place"), Text("问了什么", "Asked"), Text("细节", "Detail"),
)  # fmt: skip
OUTCOMES = {"leak": Text("泄漏", "Leak"), "fault": Text("故障", "Fault"), "withheld": Text("缺失", "Withheld")}
FINDINGS = Text("不该如此的", "What is not as it should be")


def leaks_routes(state: State) -> APIRouter:
    """The page. It tries nothing itself: what sees everything is the command's, on the machine."""
    router = APIRouter()

    @router.get("/leaks")
    async def show(request: Request) -> Response:
        actor = current_signed_in().actor
        if not (actor.may("security") or actor.may("audit")):
            raise Forbidden(NOT_YOURS)
        language, zone = language_of(request, state.settings), (await state.city()).zone
        report = await asyncio.to_thread(last_report, state.settings.data_dir, state.settings.city)
        how = tag("p", HOW.with_values(command=COMMAND).to(language), class_="faint")
        inside = [tag("p", NEVER.to(language))] if report is None else _inside(report, language, zone)
        ways = tag("nav", tag("a", TO_ACCOUNT.to(language), href="/account"), class_="plain-ways")
        return page(request, language, TITLE, ways, *inside, how, wide=True)

    return router


def _inside(report: dict[str, Any], language: Language, zone: ZoneInfo) -> list[Html]:
    totals = report["totals"]
    at = datetime.fromisoformat(report["at"]).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    when = WHEN.with_values(at=at, seconds=report["seconds"], roles=len(report["cells"]), places=len(report["places"]), tries=report["tries"])
    bad = totals["leak"] + totals["fault"] + totals["withheld"]
    said = CLEAN if not bad else LEAKS.with_values(**{name: totals[name] for name in OUTCOMES})
    parts = [tag("p", said.to(language), class_="plain-said bad" if bad else "plain-said", role="status")]
    if report["untried"]:
        parts.append(tag("p", NOT_ALL.with_values(count=report["untried"]).to(language), class_="plain-said bad"))
    parts += [tag("p", when.to(language)), *_matrix(report, language)]
    if report["findings"]:
        parts += [tag("h2", FINDINGS.to(language)), _findings(report, language)]
    return parts


def _matrix(report: dict[str, Any], language: Language) -> list[Html]:
    columns = [column for column in report["columns"] if any(column["id"] in row for row in report["cells"].values())]
    lines = [
        [role[language], *(_cell(report["cells"][role["code"]].get(column["id"])) for column in columns)]
        for role in report["roles"]
        if role["code"] in report["cells"]
    ]
    heads = [ROLE.to(language), *(column[language] for column in columns)]
    return [tag("div", table(heads, lines, TITLE.to(language)), class_="plain-matrix"), tag("p", LEGEND.to(language), class_="faint")]


def _cell(counts: list[int] | None) -> Html | str:
    if counts is None:
        return ""
    allowed, refused, leaked = counts[:3]
    said = f"{allowed} / {refused} / {leaked}"
    return tag("strong", said, class_="plain-leak") if leaked else said


def _findings(report: dict[str, Any], language: Language) -> Html:
    titles = {role["code"]: role[language] for role in report["roles"]}
    lines = [
        [
            OUTCOMES[finding["outcome"]].to(language), finding["door"], titles.get(finding["role"], finding["role"]), finding["place"], finding["asked"],
            " · ".join([finding["detail"], *finding["rows"]]),
        ]
        for finding in report["findings"]
    ]  # fmt: skip
    return table([words.to(language) for words in HEADS], lines, FINDINGS.to(language))
