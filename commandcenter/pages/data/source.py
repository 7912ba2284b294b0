"""One source: what its mapping promises, how to deliver its next file, its runs, its refused rows, and the rows that vanished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from commandcenter.pages.data.asked import Asked
from commandcenter.pages.data.overview import marks, on_map, standing, title_of, trend
from commandcenter.pages.data.parts import fact, facts, link, section, sentence, table
from commandcenter.pages.data.words import KIND, STATUS, count, moment, word
from commandcenter.text import Language, Text

CRUMB = Text("数据台", "Data desk")
CONTRACT = Text("约定", "Contract")
RUNS = Text("运行", "Runs")
NO_RUNS = Text("还没有运行。交付一个文件，先试运行。", "No runs yet. Deliver a file and try a dry run first.")
GONE = Text("已消失的行", "Vanished rows")
GONE_HINT = Text(
    "这些行在最近的全量交付中不再出现：已标为消失、不再显示，但没有删除；再次出现时自动恢复。",
    "The last full delivery no longer brought these rows: they are marked and hidden, not deleted, and come back when a delivery brings them again.",
)
GONE_MORE = Text("只列出前 {count} 行。", "Only the first {count} are listed.")
OWNER, LICENCE, ATTRIBUTION = Text("提供单位", "Owner"), Text("许可", "Licence"), Text("署名", "Attribution")
CADENCE, AS_OF, ROWS = Text("更新周期", "Cadence"), Text("数据截至", "Data as of"), Text("现有行数", "Rows held")
LAST_GOOD, STATE, TREND = Text("最近成功运行", "Last good run"), Text("状态", "State"), Text("最近的运行", "Recent runs")
EVERY = Text("每 {count} 小时", "every {count} h")
EVERY_MINUTES = Text("每 {count} 分钟", "every {count} min")
ONCE = Text("一次性交付", "delivered once")
TERMS = {
    "reader": Text("格式", "Format"),
    "encoding": Text("编码", "Encoding"),
    "crs": Text("坐标系", "Reference system"),
    "key": Text("主键", "Key"),
    "geometry": Text("几何", "Geometry"),
    "delivery": Text("交付方式", "Delivery"),
    "repair": Text("修补", "Repair"),
    "fields": Text("用到的字段", "Fields it reads"),
    "rules": Text("规则", "Rules"),
    "owner": Text("提供单位", "Owner"),
    "licence": Text("许可", "Licence"),
    "mapping_version": Text("映射版本", "Mapping version"),
}
VALUES = {
    "full": Text("全量：不再出现的行标为消失", "full: rows that no longer come are marked as vanished"),
    "changes": Text("增量：只改动带来的行", "changes: only the rows it brings are touched"),
    "propose": Text("提出，由人接受", "proposed, accepted by a person"),
    "apply": Text("自动修补并记录", "applied and recorded"),
    "point": Text("点", "point"),
    "line": Text("线", "line"),
    "polygon": Text("面", "polygon"),
    "any": Text("不限", "any"),
    "none": Text("无几何", "no geometry"),
}
NO_CONTRACT = Text("这个数据源由系统自身生成，没有映射，因此不收文件。", "The system makes this source itself: it has no mapping and takes no files.")
RUN_HEADS = (
    (Text("运行", "Run"), ""),
    (Text("开始", "Started"), ""),
    (Text("状态", "Status"), ""),
    (Text("文件", "File"), "file"),
    (Text("读入", "Read"), "number"),
    (Text("= 载入", "= Loaded"), "number"),
    (Text("+ 未变", "+ Unchanged"), "number"),
    (Text("+ 隔离", "+ Refused"), "number"),
    (Text("消失", "Vanished"), "number"),
)
GONE_HEADS = ((Text("主键", "Key"), ""), (Text("自运行", "Since run"), ""), (Text("位置", "Place"), "number"))
RUN_NAME = Text("{kind} {run}", "{kind} {run}")
SHORT_VERSION = 12
HOUR_S = 3600


def crumbs(asked: Asked, title: str | None = None) -> Component:
    """Where one is, as a trail that leads back."""
    steps: list[Any] = [link(CRUMB.to(asked.language), Asked(asked.language))]
    if title is not None:
        steps += [html.Span("›", className="faint"), link(title, asked.at(run=None, rule=None))]
    return html.Nav(steps, className="desk-crumbs")


def source_head(asked: Asked, row: Mapping[str, Any], zone: ZoneInfo, layer: str | None) -> list[Component]:
    """The name of a source and what one wants to know first."""
    language = asked.language
    every = row["cadence_s"]
    said = (
        ONCE if not every
        else EVERY.with_values(count=count(every // HOUR_S)) if every >= HOUR_S
        else EVERY_MINUTES.with_values(count=count(max(1, every // 60)))
    )  # fmt: skip
    return [
        crumbs(asked),
        html.H2([title_of(row, language), *marks(row, language)], className="desk-headline"),
        facts(
            [
                fact(STATE, standing(row, language), language),
                fact(AS_OF, moment(row["data_as_of"], language, zone), language),
                fact(LAST_GOOD, moment(row["last_good_run_at"], language, zone), language),
                fact(ROWS, on_map(row["row_count"], layer), language),
                fact(CADENCE, said.to(language), language),
                fact(OWNER, row["owner"], language),
                fact(LICENCE, row["licence"], language),
                fact(TREND, trend(asked, row["trend"] or (), zone), language),
            ]
        ),
    ]


def contract_view(contract: Mapping[str, Any], language: Language) -> Component:
    """What a mapping promises, one promise a line."""
    fields = list(dict.fromkeys(name for names in (contract.get("columns") or {}).values() for name in names))
    held = {**contract, "fields": fields}
    shown = [(TERMS[name], _value(held[name], name, language)) for name in TERMS if held.get(name) not in (None, "", [], {})]
    if not shown:
        return section(CONTRACT, [sentence(NO_CONTRACT, language)], language)
    return section(CONTRACT, [facts([fact(label, value, language) for label, value in shown])], language)


def runs_view(asked: Asked, runs: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Component:
    """The runs, newest first, with numbers that add up along the line."""
    language = asked.language
    if not runs:
        return section(RUNS, [sentence(NO_RUNS, language)], language)
    return section(RUNS, [table(RUN_HEADS, [_run_line(asked, run, zone) for run in runs], RUNS, language, "runs")], language)


def gone_view(rows: Sequence[Mapping[str, Any]], limit: int, language: Language) -> list[Component]:
    """The rows that vanished from the source; nothing where none did."""
    if not rows:
        return []
    lines = [[row.get("source_key"), row.get("gone_run_id"), _lonlat(row)] for row in rows]
    note = [sentence(GONE_MORE.with_values(count=limit), language)] if len(rows) >= limit else []
    return [section(GONE, [sentence(GONE_HINT, language), table(GONE_HEADS, lines, GONE, language), *note], language, id="desk-gone")]


def run_name(run: Mapping[str, Any], language: Language) -> str:
    """'Dry run 12'."""
    return RUN_NAME.with_values(kind=word(KIND, run["kind"], language), run=run["id"]).to(language)


def _run_line(asked: Asked, run: Mapping[str, Any], zone: ZoneInfo) -> list[Any]:
    language, here = asked.language, asked.at(run=run["id"], rule=None)
    refused = int(run["quarantined"] or 0)
    return [
        link(run_name(run, language), here),
        moment(run["started_at"], language, zone),
        html.Span([html.I(className="lamp"), word(STATUS, run["status"], language)], className=f"desk-state {state_of(run)}"),
        html.Span(run["file_name"], title=run["file_name"]),
        *(link(count(run[name]), here) if run[name] else "0" for name in ("rows_read", "loaded", "unchanged")),
        link(count(refused), here.at(rule="all"), "desk-refused", className="bad") if refused else "0",
        link(count(run["vanished"]), here) if run["vanished"] else "0",
    ]


def state_of(run: Mapping[str, Any]) -> str:
    """The class of a run's end: which lamp it gets."""
    ends = {"done": "good", "queued": "running", "running": "running", "failed": "bad", "broken": "bad"}
    return ends.get(str(run["status"]), "quiet")


def _lonlat(row: Mapping[str, Any]) -> str:
    lon, lat = row.get("lon"), row.get("lat")
    return "" if lon is None or lat is None else f"{lon:.5f}, {lat:.5f}"


def _value(value: Any, name: str, language: Language) -> Any:
    if isinstance(value, (list, tuple)):
        said = [str(part) for part in value]
        return html.Ul([html.Li(part) for part in said]) if name == "rules" else ", ".join(said)
    if name == "mapping_version":
        return html.Code(str(value)[:SHORT_VERSION])
    return VALUES[str(value)].to(language) if str(value) in VALUES else str(value)

