"""How accounts, roles and places are shown to the administrators: pages without scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from commandcenter.actor import Actor
from commandcenter.security.bulk import CENTRES, COLUMNS, WHOLE_CITY
from commandcenter.text import Language, Text
from commandcenter.web.context import current_actor
from commandcenter.web.plain_page import Html, field, form, language_of, page, table, tag
from commandcenter.web.state import State

TITLE, ROLES, PLACES = Text("账号管理", "Accounts"), Text("岗位", "Roles"), Text("辖区", "Places")
TABS = (
    ("/admin", TITLE), ("/admin/roles", ROLES), ("/admin/places", PLACES), ("/admin/tokens", Text("大屏终端与密钥", "Wall devices and keys")),
)  # fmt: skip
REPORTS = ("/admin/break-glass", Text("应急放宽", "Emergencies"))  # the security administrator's
TO_ACCOUNT = Text("我的账号", "My account")
HEADS = (
    Text("账号", "Account"), Text("姓名", "Name"), Text("岗位与范围", "Roles and places"), Text("状态", "State"), Text("建立", "Made"), Text("操作", "Acts"),
)  # fmt: skip
STATES = {
    "pending": Text("待批准", "Waits for approval"), "active": Text("启用", "Open"), "disabled": Text("停用", "Shut"),
}  # fmt: skip
LOCKED, STRONG = Text("已锁定", "Locked"), Text("有第二因素", "Second factor")
BY_IDENTITY = Text("统一身份认证", "By the identity provider")
APPROVE, REJECT, DISABLE, END = Text("批准", "Approve"), Text("不批准", "Refuse"), Text("停用", "Shut"), Text("结束", "End")
RESET, RESET_FACTOR = Text("重置口令", "Reset password"), Text("重置第二因素", "Reset second factor")
NEW, MAKE = Text("新账号", "New account"), Text("建立，待批准", "Make it; it waits for approval")
MORE, APPOINT = Text("增加岗位", "Another role for an account"), Text("提交，待批准", "Propose it; it waits for approval")
BULK = Text("成批导入", "Many at once")
BULK_HOW = Text(
    "Excel 工作簿，第一行是表头：{heads}。岗位写名称或代码，全市在辖区代码里写 " + WHOLE_CITY + "。有一行不对就一行也不写入。",
    "A workbook whose first row holds the headings {heads}. A role is its name or code; the whole city is the area "
    + WHOLE_CITY
    + ". If one row is wrong nothing is written.",
)
FILE, IMPORT = Text("文件（.xlsx）", "File (.xlsx)"), Text("导入，待批准", "Import; they wait for approval")
NAME, PERSON, ROLE = Text("账号名（小写字母、数字）", "Account (small letters, digits)"), Text("姓名", "Name"), Text("岗位", "Role")
AREA = Text("辖区代码（全市写 *）", "Area code (* for the whole city)")
GRID, CENTRE = Text("或网格代码", "or grid code"), Text("中心", "Centre")
ALL_CENTRES, SINCE, UNTIL = Text("不限", "all"), Text("起（可空）", "From (may be empty)"), Text("止（可空）", "Until (may be empty)")
IN_GRID, FROM, TO = Text("网格 {code}", "grid {code}"), Text("{day} 起", "from {day}"), Text("到 {day}", "until {day}")
WHOLE = Text("全市", "whole city")
PERMITS, SENSITIVE, HOLDERS = Text("权限", "Permissions"), Text("要求第二因素", "Second factor required"), Text("在岗", "Held by")
YES, CODE = Text("是", "yes"), Text("代码", "Code")
# What each permission opens, in words; a permission without words here is a defect that test_admin finds.
PERMISSIONS = {
    "read": Text("看地图和数据", "see map and data"), "write": Text("写数据", "write data"), "steward": Text("数据台", "the data desk"),
    "plan": Text("划分网格", "draw grids"), "accounts": Text("建立账号", "propose accounts"), "security": Text("批准账号", "approve accounts"),
    "audit": Text("看审计", "read the audit"),
    "break_glass": Text("应急放宽范围", "a wider view in an emergency"), "people": Text("看户内人员（遮盖）", "see who lives there (masked)"),
    "reveal": Text("凭理由看完整信息", "see people in full, for a reason"),
    "case_report": Text("上报", "report"), "case_accept": Text("受理、派发核实核查、回访", "accept, send for checks, call back"),
    "case_file": Text("立案与结案", "file and close"), "case_dispatch": Text("派遣、延期与挂账审批", "dispatch, extend, suspend"),
    "case_handle": Text("部门签收与确认", "a department's cases"), "case_work": Text("处置", "handle"), "case_check": Text("核实与核查", "verify and check"),
    "case_note": Text("查看经办、备注", "read the log, comment"), "case_urge": Text("催办", "urge"), "case_supervise": Text("督办", "supervise"),
    "case_level": Text("上报下派、本级办理", "pass up and down, handle at one's level"), "case_enforce": Text("办理执法案件", "enforcement cases"),
    "case_law": Text("法制审核", "legal review"), "case_decide": Text("处罚决定", "decide penalties"),
}  # fmt: skip
PLACE, PEOPLE = Text("辖区", "Place"), Text("岗位与人员", "Roles and people")
NOBODY = Text("还没有人在岗。", "Nobody holds a role yet.")
PASSWORDS = Text("账号已建立，待批准。初始口令只显示这一次：", "The accounts are made and wait for approval. Their first passwords are shown this once:")
PASSWORD = Text("初始口令", "First password")


def frame(request: Request, state: State, title: Text, *inside: Any, said: Text | None = None, bad: bool = False) -> Response:
    """A page of the administrators: where else to go, what was just said, and what is inside."""
    language = language_of(request, state.settings)
    tabs = (*TABS, REPORTS) if current_actor().may("security") else TABS
    ways = [
        tag("a", words.to(language), href=way, aria_current="page" if way == request.url.path else None) for way, words in (*tabs, ("/account", TO_ACCOUNT))
    ]
    notice = None
    if said is not None:
        notice = tag("p", said.to(language), class_="plain-said bad" if bad else "plain-said", role="alert" if bad else "status")
    return page(request, language, title, tag("nav", *ways, class_="plain-ways"), notice, *inside, status=422 if bad else 200, wide=True)


def accounts_inside(rows: Sequence[Mapping[str, Any]], roles: Sequence[Mapping[str, Any]], actor: Actor, zone: ZoneInfo, language: Language) -> list[Html]:
    """All accounts with what may be done to each, and the forms of who may propose."""
    lines = [
        [
            row["name"], row["title"], _appointments(row, actor, zone, language), _state(row, language),
            f"{row['created_at'].astimezone(zone):%Y-%m-%d %H:%M} · {BY_IDENTITY.to(language) if row['by_identity'] else row['maker'] or row['created_by']}",
            _acts(row, actor, language),
        ]
        for row in rows
    ]  # fmt: skip
    inside = [table([words.to(language) for words in HEADS], lines, TITLE.to(language))]
    if actor.may("accounts"):
        heads = "、".join(words.zh for words in COLUMNS.values()) if language == "zh" else ", ".join(words.en for words in COLUMNS.values())
        inside += [
            tag("div",
                tag("section", tag("h2", NEW.to(language)), _new_form(roles, language)),
                tag("section", tag("h2", MORE.to(language)), _appoint_form(rows, roles, language)),
                tag("section", tag("h2", BULK.to(language)), tag("p", BULK_HOW.with_values(heads=heads).to(language), class_="faint"), _import_form(language)),
                class_="plain-columns"),
        ]  # fmt: skip
    return inside


def roles_inside(roles: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], language: Language) -> Html:
    """The roles, what each permits, and how many hold it."""
    held: dict[str, int] = {}
    for row in rows:
        if row["state"] == "active":
            for each in row["appointments"]:
                if each["state"] == "active":
                    held[each["code"]] = held.get(each["code"], 0) + 1
    lines = [
        [
            role["title_en"] if language == "en" else role["title"], role["code"],
            tag("div", ("; " if language == "en" else "、").join(PERMISSIONS[said].to(language) for said in role["permissions"]), class_="plain-wraps"),
            YES.to(language) if role["sensitive"] else "", str(held.get(role["code"], 0)),
        ]
        for role in roles
    ]  # fmt: skip
    heads = (ROLE.to(language), CODE.to(language), PERMITS.to(language), SENSITIVE.to(language), HOLDERS.to(language))
    return table(heads, lines, ROLE.to(language))


def places_inside(rows: Sequence[Mapping[str, Any]], zone: ZoneInfo, language: Language) -> Html:
    """Who holds which role where, by place: the whole city first, then areas and grids by their codes."""
    by_place: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["state"] != "active":
            continue
        for each in row["appointments"]:
            if each["state"] == "active":
                code = each["area"] or each["grid"] or ""
                by_place.setdefault((code, _place(each, language)), []).append(f"{_role(each, zone, language)}: {row['title']} ({row['name']})")
    if not by_place:
        return tag("p", NOBODY.to(language))
    lines = [[name, code, tag("ul", *(tag("li", who) for who in sorted(held)))] for (code, name), held in sorted(by_place.items())]
    return table((PLACE.to(language), CODE.to(language), PEOPLE.to(language)), lines, PLACE.to(language))


def passwords_inside(made: Sequence[tuple[str, str, str]], language: Language) -> Html:
    """Names and first passwords of accounts that were just proposed."""
    heads = (HEADS[0].to(language), HEADS[1].to(language), PASSWORD.to(language))
    lines = [[name, title, tag("code", password)] for name, title, password in made]
    return table(heads, lines, PASSWORD.to(language))


def _new_form(roles: Sequence[Mapping[str, Any]], language: Language) -> Html:
    return form(
        "/admin/account",
        field(NAME.to(language), "name", required=True, pattern="[a-z][a-z0-9._\\-]{1,39}", autocomplete="off"),
        field(PERSON.to(language), "title", required=True, maxlength=80, autocomplete="off"),
        *_place_fields(roles, language),
        tag("button", MAKE.to(language), type="submit", class_="first"),
        class_="plain-form",
    )


def _appoint_form(rows: Sequence[Mapping[str, Any]], roles: Sequence[Mapping[str, Any]], language: Language) -> Html:
    names = [tag("option", f"{row['title']} ({row['name']})", value=row["name"]) for row in rows if row["state"] != "disabled"]
    return form(
        "/admin/appointment",
        tag("label", tag("span", HEADS[0].to(language)), tag("select", *names, name="name", required=True)),
        *_place_fields(roles, language, field(SINCE.to(language), "since", type="date")),
        tag("button", APPOINT.to(language), type="submit", class_="first"),
        class_="plain-form",
    )


def _place_fields(roles: Sequence[Mapping[str, Any]], language: Language, *since: Html) -> list[Html]:
    options = [tag("option", role["title_en"] if language == "en" else role["title"], value=role["code"]) for role in roles]
    centres = [tag("option", ALL_CENTRES.to(language), value="")]
    centres += [tag("option", words.to(language), value=key) for key, words in CENTRES.items()]
    return [
        tag("label", tag("span", ROLE.to(language)), tag("select", *options, name="role", required=True)),
        field(AREA.to(language), "area", pattern="[0-9]*|\\*", autocomplete="off"),
        field(GRID.to(language), "grid", pattern="[0-9A-Za-z]*", autocomplete="off"),
        tag("label", tag("span", CENTRE.to(language)), tag("select", *centres, name="centre")),
        *since,
        field(UNTIL.to(language), "until", type="date"),
    ]


def _import_form(language: Language) -> Html:
    return form(
        "/admin/import",
        field(FILE.to(language), "file", type="file", required=True, accept=".xlsx"),
        tag("button", IMPORT.to(language), type="submit", class_="first"),
        class_="plain-form", enctype="multipart/form-data",
    )  # fmt: skip


def _appointments(row: Mapping[str, Any], actor: Actor, zone: ZoneInfo, language: Language) -> Html:
    lines = []
    for each in row["appointments"]:
        said = [f"{_role(each, zone, language)} · {_place(each, language)}"]
        if each["state"] == "pending":
            said.append(STATES["pending"].to(language))
        if each["mapped"]:
            said.append(BY_IDENTITY.to(language))
        acts = []
        if each["state"] == "pending" and actor.may("security"):
            acts += [_settle("/admin/appointment/settle", "appointment", each["id"], word, words, language) for word, words in _WORDS]
        elif row["state"] != "disabled":
            acts.append(form("/admin/appointment/end", _hidden("appointment", each["id"]), tag("button", END.to(language), type="submit")))
        lines.append(tag("li", " · ".join(said), " ", *acts, class_="plain-acts"))
    return tag("ul", *lines, class_="plain-roles")


def _role(each: Mapping[str, Any], zone: ZoneInfo, language: Language) -> str:
    said = [each["role_en"] if language == "en" else each["role"]]
    if each["centre"]:
        said.append(f"({CENTRES[each['centre']].to(language)})")
    begins = datetime.fromisoformat(each["since"]).astimezone(zone)
    if begins > datetime.now(zone):
        said.append(FROM.with_values(day=f"{begins:%Y-%m-%d}").to(language))
    if each["until"]:
        last = datetime.fromisoformat(each["until"]).astimezone(zone) - timedelta(seconds=1)  # it ends where the day does
        said.append(TO.with_values(day=f"{last:%Y-%m-%d}").to(language))
    return " ".join(said)


def _place(each: Mapping[str, Any], language: Language) -> str:
    if each["grid"]:
        return IN_GRID.with_values(code=each["grid"]).to(language)
    if not each["area"]:
        return WHOLE.to(language)
    return str(each["place_en"] if language == "en" else each["place"])


def _state(row: Mapping[str, Any], language: Language) -> str:
    said = [STATES[row["state"]].to(language)]
    said += [words.to(language) for held, words in ((row["locked"], LOCKED), (row["strong"], STRONG)) if held]
    return " · ".join(said)


_WORDS = (("approve", APPROVE), ("refuse", REJECT))


def _acts(row: Mapping[str, Any], actor: Actor, language: Language) -> Html:
    made: list[Html] = []
    if row["state"] == "pending" and actor.may("security"):
        made += [_settle("/admin/settle", "account", row["id"], word, words, language) for word, words in _WORDS]
    if row["state"] == "active":
        made.append(form("/admin/disable", _hidden("name", row["name"]), tag("button", DISABLE.to(language), type="submit")))
    if actor.may("accounts"):
        words = RESET_FACTOR if row["by_identity"] else RESET
        made.append(form("/admin/reset", _hidden("name", row["name"]), tag("button", words.to(language), type="submit")))
    return tag("div", *made, class_="plain-acts")


def _settle(action: str, field_name: str, number: int, word: str, words: Text, language: Language) -> Html:
    button = tag("button", words.to(language), type="submit", class_="first" if word == "approve" else None)
    return form(action, _hidden(field_name, number), _hidden("word", word), button)


def _hidden(name: str, value: Any) -> Html:
    return tag("input", type="hidden", name=name, value=value)
