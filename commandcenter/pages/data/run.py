"""One run: what became of every row it read, on the map and by rule, and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from commandcenter.pages.data.asked import ALL_RULES, Asked
from commandcenter.pages.data.parts import button, fact, facts, link, section, sentence, table
from commandcenter.pages.data.source import crumbs, run_name, state_of
from commandcenter.pages.data.words import ADVICE, RULE, RUNNING, STATUS, STEP, count, moment, size, span, word
from commandcenter.pages.wall.parts import aria, data
from commandcenter.security.builtin import BUILT_IN, FETCHER
from commandcenter.text import Language, Text

STARTED, TOOK, FILE, WHO = Text("开始", "Started"), Text("用时", "Took"), Text("文件", "File"), Text("由", "By")
NOT_KEPT = Text("文件已不再保存", "the file is no longer kept")
RULES_VERSION = Text("映射版本", "Mapping version")
READ, LOADED, WOULD_LOAD = Text("读入", "Read"), Text("载入", "Loaded"), Text("可载入", "Would be loaded")
UNCHANGED, REFUSED = Text("未变", "Unchanged"), Text("隔离", "Refused")
EQUATION = Text(
    "{read} 行读入 = {loaded} 行{word} + {unchanged} 行未变 + {refused} 行隔离",
    "{read} rows read = {loaded} {word} + {unchanged} unchanged + {refused} refused",
)
ADDS_UP = Text("每一行都有去处。", "Every row is accounted for.")
BESIDE = {
    "vanished": Text("{count} 行不再出现，标为消失", "{count} rows no longer came and are marked as vanished"),
    "repaired": Text("{count} 行经修补", "{count} rows were mended"),
    "findings": Text("{count} 条发现", "{count} findings"),
}
WORDS = {"load": Text("载入", "loaded"), "dry_run": Text("可载入", "would be loaded"), "correction": Text("载入", "loaded")}
BY_RULE = Text("按规则", "By rule")
FINDINGS = Text("发现", "Findings")
FINDINGS_HINT = Text("有值得知道的地方；不妨碍所在的行载入。", "Worth knowing; it keeps no row from being loaded.")
FINDING_HEADS = (
    (Text("行", "Line"), "number"), (Text("规则", "Rule"), ""), (Text("字段", "Field"), ""), (Text("内容", "What was found"), "wide"),
    (Text("位置", "Place"), ""),
)  # fmt: skip
CONVERSION = Text("坐标转换：{how}。", "Coordinates: {how}.")
RESIDUAL = Text("往返误差不超过 {metres} 米。", "There and back within {metres} m.")
NO_RESIDUAL = Text("往返误差不到 1 毫米。", "There and back within 1 mm.")
LEAST_RESIDUAL_M = 0.001
PROGRESS = Text("已读 {count} 行 · {step}", "{count} rows so far · {step}")
BAD_ENDS = frozenset({"cancelled", "broken", "failed"})
SINCE = Text("已运行 {span}", "for {span}")
CANCEL = Text("取消运行", "Cancel the run")
CANCELLING = Text("已请求取消，正在收尾。", "Cancelling as asked.")
LOAD_NOW = Text("立即载入", "Load now")
ON_MAP, TRY_DRY = Text("在地图上看", "On the map"), Text("试运行，逐处查看", "Dry run, to see each fault")
RUN_AGAIN, WITHDRAW = Text("再运行一次", "Run again"), Text("撤回此次载入", "Withdraw this load")
WITHDRAW_WARNING = Text(
    "撤回后，此次载入的 {loaded} 行将去掉或还原成载入前的样子，标为消失的 {vanished} 行恢复显示。运行记录和被拒的行保留。要继续吗？",
    "The {loaded} rows this load wrote are removed or put back as they stood before, and the {vanished} rows marked as vanished come back. "
    "The run and its refused rows stay on record. Continue?",
)
DOWNLOAD = {"zh": Text("下载隔离行（中文）", "Refused rows, Chinese XLSX"), "en": Text("下载隔离行（英文）", "Refused rows, English XLSX")}
ALL = Text("全部", "All")
NO_REFUSED = Text("没有行被隔离。", "No row was refused.")
NONE_WAITS = Text(
    "被隔离的行都已处理：更正后载入、搁置，或由新的交付取代。",
    "No refused row waits any more: each was corrected and loaded, dismissed, or replaced by a newer delivery.",
)
WITHDRAWN_AT = Text("{moment} 由 {actor} 撤回。", "Withdrawn {moment} by {actor}.")


def run_head(asked: Asked, run: Mapping[str, Any], title: str, zone: ZoneInfo) -> list[Component]:
    """Name, state, what follows from the state, and where the run came from."""
    language = asked.language
    took = (run["finished_at"] - run["started_at"]).total_seconds() if run.get("finished_at") else None
    weight = f" · {size(run['file_bytes'], language)}" if run.get("file_bytes") else ""
    gone = "" if run.get("file_kept", True) else f" · {NOT_KEPT.to(language)}"
    rows = [
        fact(STARTED, moment(run["started_at"], language, zone), language),
        fact(FILE, [html.Span(run["file_name"]), html.Span(weight + gone, className="faint")], language),
        fact(WHO, _who(run, "actor", language), language),
    ]
    if took is not None:
        rows.insert(1, fact(TOOK, _seconds(took, language), language))
    if run.get("mapping_sha256"):
        rows.append(fact(RULES_VERSION, html.Code(str(run["mapping_sha256"])[:12], title=run["mapping_sha256"]), language))
    name: list[Any] = [run_name(run, language)]
    advice: list[Component] = []
    if run["status"] not in RUNNING:  # what still runs is told below, every second anew
        lamp = html.I(className="lamp", **aria(hidden="true"))
        name.append(html.Span([lamp, word(STATUS, run["status"], language)], className=f"desk-state {state_of(run)}"))
        advice = _advice(run, language, zone)
    return [crumbs(asked, title), html.H2(name, className="desk-headline"), *advice, facts(rows)]


def now_view(run: Mapping[str, Any], language: Language, steward: bool, elapsed_s: float) -> list[Component]:
    """What a run is doing at this moment; nothing once it has ended."""
    if run["status"] not in RUNNING:
        return []
    said = PROGRESS.with_values(count=count(run["progress"]), step=word(STEP, run["step"] or "queued", language)).to(language)
    since = SINCE.with_values(span=_seconds(elapsed_s, language)).to(language)
    if run["cancel_requested"]:
        act: Component = html.Span(CANCELLING.to(language), className="faint")
    else:
        act = button(CANCEL, "cancel-run", language, "x", run=run["id"]) if steward else html.Span()
    spinner = html.Span(className="desk-spinner", **aria(hidden="true"))
    words = html.Span(f"{run_name(run, language)} · {said}", role="status")
    waits = [sentence(ADVICE["queued"], language)] if run["status"] == "queued" else []
    return [html.Div([spinner, words, html.Span(since, className="faint"), act], className="desk-running"), *waits]


def account(asked: Asked, run: Mapping[str, Any], layer: str | None, waiting: bool = True) -> Component:
    """The four numbers as a sum that adds up, with what happened beside it. Every number opens its rows.

    Refused rows that wait stand in the table below; when none is ``waiting``, the workbook still has them all.
    """
    language, here = asked.language, asked.at(rule=None)
    dry = run["kind"] == "dry_run"
    # The rows of a load that was taken back are nowhere any more.
    on_map = "#desk-preview" if dry else f"/?layers=base,areas,{layer}" if layer and run["status"] == "done" else None
    refused = int(run["quarantined"] or 0)
    kept: Asked | str = here.at(rule=ALL_RULES) if waiting else f"/data/refused/{run['id']}.xlsx?lang={language}"
    figures = [
        _figure(READ, run["rows_read"], None, "", language),
        _sign("="),
        _figure(WOULD_LOAD if dry else LOADED, run["loaded"], on_map if int(run["loaded"] or 0) else None, "good", language),
        _sign("+"),
        _figure(UNCHANGED, run["unchanged"], on_map if int(run["unchanged"] or 0) and not dry else None, "", language),
        _sign("+"),
        _figure(REFUSED, refused, kept if refused else None, "bad" if refused else "", language, "desk-refused"),
    ]
    sums = EQUATION.with_values(
        read=count(run["rows_read"]), loaded=count(run["loaded"]), unchanged=count(run["unchanged"]), refused=count(refused),
        word=WORDS.get(str(run["kind"]), WORDS["load"]).to(language),
    )  # fmt: skip
    gone = (asked.at(run=None, rule=None), "desk-gone")
    noticed = (here, "desk-findings")
    opens = {"vanished": (here, None) if dry else gone, "findings": noticed, "repaired": noticed}
    beside = [link(BESIDE[name].with_values(count=count(run[name])).to(language), *opens[name]) for name in BESIDE if int(run.get(name) or 0)]
    return html.Div(
        [
            html.Div(figures, className="desk-sum"),
            html.P([f"{sums.to(language)}{'。' if language == 'zh' else '.'} {ADDS_UP.to(language)}"], className="desk-sentence"),
            html.P(_between(beside), className="desk-beside") if beside else None,
            *_conversion(run, language),
        ],
        className="desk-account",
    )


def rules_view(asked: Asked, rules: Sequence[Mapping[str, Any]], refused: int = 0) -> Component:
    """The refused rows that wait, by rule, as bars that filter the table; ``refused`` is how many there were."""
    language = asked.language
    if not rules:
        return sentence(NONE_WAITS if refused else NO_REFUSED, language)
    total = sum(int(rule["count"]) for rule in rules)
    lines = [_rule_bar(asked, ALL_RULES, ALL.to(language), total, total)] + [
        _rule_bar(asked, str(rule["rule"]), word(RULE, rule["rule"], language), int(rule["count"]), total) for rule in rules
    ]
    return html.Ul(lines, className="desk-rules", **aria(label=BY_RULE.to(language)))


def findings_view(findings: Sequence[Mapping[str, Any]], language: Language) -> list[Component]:
    """What was noticed about rows that were loaded all the same."""
    if not findings:
        return []
    lines = [
        [f["line"], word(RULE, f["rule"], language), f["field"] or "", Text(f["sentence"], f["sentence_en"]).to(language), _shown(f, language)]
        for f in findings
    ]
    return [section(FINDINGS, [sentence(FINDINGS_HINT, language), table(FINDING_HEADS, lines, FINDINGS, language)], language, id="desk-findings")]


def _shown(finding: Mapping[str, Any], language: Language) -> Component | str:
    if finding.get("lon") is None:
        return ""
    place = {"id": finding["id"], "lon": f"{finding['lon']:.7f}", "lat": f"{finding['lat']:.7f}"}
    return html.Button(ON_MAP.to(language), type="button", className="plain", **data(desk="show-finding", **place))


def acts(run: Mapping[str, Any], language: Language) -> Component:
    """What can be done with a run that has ended."""
    made: list[Component] = []
    ended = run["status"] not in RUNNING
    file_there = run.get("upload_id") and run.get("file_kept", True)
    if ended and run["kind"] == "dry_run" and run["status"] == "done" and file_there:
        made.append(button(LOAD_NOW, "load-now", language, "check", "first", mapping=run["mapping"], upload=run["upload_id"]))
    if ended and run["status"] in {*BAD_ENDS, "withdrawn"} and file_there:
        made.append(
            button(RUN_AGAIN, "load-again", language, "refresh", mapping=run["mapping"], upload=run["upload_id"], kept=run["kind"])
        )
    if run["kind"] == "load" and run["status"] == "failed" and file_there:
        made.append(button(TRY_DRY, "load-again", language, mapping=run["mapping"], upload=run["upload_id"], kept="dry_run"))
    if run["kind"] == "correction" and run["status"] in BAD_ENDS:
        made.append(button(RUN_AGAIN, "rerun", language, "refresh", source=run["source"]))
    if run["kind"] != "dry_run" and run["status"] == "done":
        warning = WITHDRAW_WARNING.with_values(loaded=count(run["loaded"]), vanished=count(run["vanished"])).to(language)
        made.append(button(WITHDRAW, "withdraw", language, "arrow-back-up", run=run["id"], confirm=warning))
    if int(run["quarantined"] or 0):
        made += [
            html.A(words.to(language), href=f"/data/refused/{run['id']}.xlsx?lang={tongue}", className="desk-button", download="")
            for tongue, words in DOWNLOAD.items()
        ]
    return html.Div(made, className="desk-acts")


def _advice(run: Mapping[str, Any], language: Language, zone: ZoneInfo) -> list[Component]:
    said: list[Component] = []
    kind = "bad" if state_of(run) == "bad" else ""
    came = run.get("upload_id") or run.get("actor") != FETCHER.id
    means = str(run["status"]) if came or run["status"] != "failed" else "not_fetched"
    if means in ADVICE:
        said.append(sentence(ADVICE[means], language, kind))
    if run.get("message") or run.get("message_en"):
        said.append(sentence(Text(run["message"] or run["message_en"], run["message_en"] or run["message"]), language, f"message {kind}"))
    if run["status"] == "withdrawn" and run.get("withdrawn_at"):
        by = WITHDRAWN_AT.with_values(moment=moment(run["withdrawn_at"], language, zone), actor=_who(run, "withdrawn_by", language))
        said.append(sentence(by, language))
    return said


def _conversion(run: Mapping[str, Any], language: Language) -> list[Component]:
    held = run.get("conversion") or {}
    how, residual = held.get(language), held.get("residual_m")
    if not how:
        return []
    said = [CONVERSION.with_values(how=str(how).rstrip("。.")).to(language)]
    if isinstance(residual, (int, float)):
        said.append((RESIDUAL.with_values(metres=f"{residual:.3f}") if residual >= LEAST_RESIDUAL_M else NO_RESIDUAL).to(language))
    return [html.P(("" if language == "zh" else " ").join(said), className="desk-sentence")]


def _figure(label: Text, value: Any, opens: Asked | str | None, kind: str, language: Language, then: str | None = None) -> Component:
    shown = [html.Span(count(value), className="value"), html.Span(label.to(language), className="label")]
    name = f"desk-figure {kind}".strip()
    if isinstance(opens, Asked):
        return link(shown, opens, then, className=name)
    if opens:
        return html.A(shown, href=opens, className=name)
    return html.Div(shown, className=name)


def _sign(sign: str) -> Component:
    return html.Span(sign, className="desk-sign", **aria(hidden="true"))


def _rule_bar(asked: Asked, rule: str, name: str, value: int, total: int) -> Component:
    chosen = (asked.rule or ALL_RULES) == rule
    bar = html.Span(html.I(style={"inlineSize": f"{max(2, round(100 * value / max(1, total)))}%"}), className="track", **aria(hidden="true"))
    said = [html.Span(name, className="name"), bar, html.Span(count(value), className="number")]
    named = "desk-rule chosen" if chosen else "desk-rule"
    return html.Li(link(said, asked.at(rule=rule), className=named, **aria(current="true" if chosen else "false"), **data(rule=rule)))


def _between(parts: Sequence[Component]) -> list[Any]:
    return [piece for at, part in enumerate(parts) for piece in ((" · ", part) if at else (part,))]


def _who(run: Mapping[str, Any], part: str, language: Language) -> str:
    """Somebody who may be known by name; else the id, which the audit knows."""
    actor_id = str(run.get(part) or "")
    built_in = BUILT_IN.get(actor_id)
    return built_in.title.to(language) if built_in else run.get(f"{part}_title") or actor_id


def _seconds(seconds: float, language: Language) -> str:
    return Text("{n} 秒", "{n} s").with_values(n=f"{max(0.0, seconds):.0f}").to(language) if seconds < 90 else span(seconds, language)
