"""All sources at a glance: who delivers what, how old it is, what was refused, and how the last runs went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from commandcenter.pages.data.asked import ALL_RULES, Asked
from commandcenter.pages.data.parts import for_stewards, link, sentence, table
from commandcenter.pages.data.words import STATUS, count, moment, span, word
from commandcenter.pages.wall.parts import aria
from commandcenter.text import Language, Text

HEADLINE = Text("{sources} 个数据源，{late} 个迟到，{open} 行待处理", "{sources} sources, {late} late, {open} refused rows open")
NO_SOURCES = Text(
    "这座城市还没有接入数据源。选一个映射，交付第一个文件。", "No source is connected to this city yet. Choose a mapping and deliver the first file."
)
TABLE = Text("数据源", "Sources")
MAPPINGS = Text("还没有交付过的映射（{count}）", "Mappings without a delivery so far ({count})")
MAPPINGS_HINT = Text("选一个，就能交付它的第一个文件。", "Choose one to deliver its first file.")
HEADS = (
    (Text("数据源", "Source"), ""),
    (Text("状态", "State"), ""),
    (Text("数据截至", "Data as of"), ""),
    (Text("最近成功运行", "Last good run"), ""),
    (Text("行数", "Rows"), "number"),
    (Text("待处理", "Refused, open"), "number"),
    (Text("最近的运行", "Recent runs"), ""),
)
ON_TIME, ONCE, EMPTY = Text("按时", "On time"), Text("一次性", "Delivered once"), Text("没有数据", "No data")
LATE = Text("迟到 {span}", "Late by {span}")
SYNTHETIC, ESTIMATED = Text("合成", "Synthetic"), Text("估算", "Estimated")
READING = Text("运行中", "Running")
BAR = Text("{moment}：读 {read} 行，隔离 {refused} 行，{status}", "{moment}: {read} rows read, {refused} refused, {status}")
NO_RUNS = Text("还没有运行", "No runs yet")
OPEN_ROWS = Text("打开 {title} 的 {count} 行待处理", "Open the {count} refused rows of {title}")
LEAST_BAR, WHOLE_BAR = 12, 100
BAD_ENDS = frozenset({"failed", "broken"})


def overview(
    asked: Asked, rows: Sequence[Mapping[str, Any]], mappings: Sequence[tuple[str, Text]], zone: ZoneInfo, steward: bool, layers: Mapping[str, str],
    notices: Sequence[Component] = (),
) -> list[Component]:
    """The first view. ``mappings`` are names and titles of what could be delivered and never was, ``layers`` the map layer of a table.

    ``notices`` come first.
    """
    language = asked.language
    late, waiting = sum(bool(row["late"]) for row in rows), sum(int(row["open_quarantine"] or 0) for row in rows)
    headline = HEADLINE.with_values(sources=count(len(rows)), late=count(late), open=count(waiting))
    lines = [_line(asked, row, zone, steward, layers) for row in sorted(rows, key=_worst_first)]
    return [
        html.H2(headline.to(language), className="desk-headline"),
        *notices,
        *([] if steward else [for_stewards(asked)]),
        table(HEADS, lines, TABLE, language, "sources") if lines else sentence(NO_SOURCES, language),
        *(_first_deliveries(asked, mappings) if mappings and steward else []),
    ]


def title_of(row: Mapping[str, Any], language: Language) -> str:
    """A source's title in one language."""
    return Text(row["title"], row["title_en"] or row["title"]).to(language)


def marks(row: Mapping[str, Any], language: Language) -> list[Component]:
    """That a source is made up or estimated, each said once."""
    title = title_of(row, language)
    said = [words.to(language) for words, holds in ((SYNTHETIC, row.get("synthetic")), (ESTIMATED, row.get("estimated"))) if holds]
    return [html.Span(each, className="desk-mark") for each in said if each.lower() not in title.lower()]


def standing(row: Mapping[str, Any], language: Language) -> Component:
    """A source's state in one word, with a shape beside the colour."""
    if row["running"]:
        kind, said = "running", READING.to(language)
    elif row["last_status"] in BAD_ENDS:
        kind, said = "bad", word(STATUS, row["last_status"], language)
    elif row["data_as_of"] is None and not row["row_count"]:
        kind, said = "quiet", EMPTY.to(language)
    elif row["late"]:
        kind, said = "late", LATE.with_values(span=span(row["lag_s"], language)).to(language)
    else:
        kind, said = "good", (ON_TIME if row["cadence_s"] else ONCE).to(language)
    return html.Span([html.I(className="lamp", **aria(hidden="true")), said], className=f"desk-state {kind}")


def on_map(rows: Any, layer: str | None) -> Any:
    """A count of rows that opens them on the wall, where the wall draws them."""
    return html.A(count(rows), href=f"/?layers=base,areas,{layer}") if layer and rows else count(rows)


def trend(asked: Asked, runs: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Component:
    """The last runs as small bars: height is what was read against the largest of them, the upper part what was refused."""
    if not runs:
        return html.Span(NO_RUNS.to(asked.language), className="faint")
    most = max(int(run["read"] or 0) for run in runs) or 1
    return html.Span([_bar(asked, run, most, zone) for run in runs], className="desk-trend")


def _bar(asked: Asked, run: Mapping[str, Any], most: int, zone: ZoneInfo) -> Component:
    read, refused = int(run["read"] or 0), int(run["quarantined"] or 0)
    tall = max(LEAST_BAR, round(WHOLE_BAR * read / most))
    share = round(WHOLE_BAR * refused / read) if read else 0
    said = BAR.with_values(
        moment=_moment(run["at"], asked.language, zone), read=count(read), refused=count(refused), status=word(STATUS, run["status"], asked.language)
    ).to(asked.language)
    inner = html.Span(html.I(style={"blockSize": f"{max(share, 8) if refused else 0}%"}), className=f"bar-of {run['status']}", style={"blockSize": f"{tall}%"})
    return link(inner, asked.at(run=run["run_id"], rule=None), title=said, **aria(label=said))


def _moment(value: Any, language: Language, zone: ZoneInfo) -> str:
    """A moment on the city's clock, also where JSON brought it as text."""
    return moment(datetime.fromisoformat(value) if isinstance(value, str) else value, language, zone)


def _worst_first(row: Mapping[str, Any]) -> tuple[bool, bool, bool, str]:
    return (row["last_status"] not in BAD_ENDS, not row["late"], not row["open_quarantine"], str(row["title"]))


def _line(asked: Asked, row: Mapping[str, Any], zone: ZoneInfo, steward: bool, layers: Mapping[str, str]) -> list[Any]:
    language, here = asked.language, asked.at(source=row["name"], run=None, rule=None)
    title = title_of(row, language)
    waiting = int(row["open_quarantine"] or 0)
    said = OPEN_ROWS.with_values(title=title, count=count(waiting)).to(language)
    opens = link(count(waiting), here.at(rule=ALL_RULES), className="bad", **aria(label=said)) if waiting and steward else count(waiting)
    return [
        html.Div(
            [
                html.Span([link(title, here, className="title"), *marks(row, language)], className="desk-name"),
                html.Span(row["owner"], className="faint"),
            ],
            className="desk-source",
        ),
        standing(row, language),
        moment(row["data_as_of"], language, zone),
        moment(row["last_good_run_at"], language, zone),
        on_map(row["row_count"], layers.get(row["target"])),
        opens,
        trend(here, row["trend"] or (), zone),
    ]


def _first_deliveries(asked: Asked, mappings: Sequence[tuple[str, Text]]) -> list[Component]:
    language = asked.language
    choices = [html.Li(link([html.Span(title.to(language)), html.Code(name)], asked.at(source=name))) for name, title in mappings]
    summary = html.Summary(MAPPINGS.with_values(count=len(mappings)).to(language))
    return [html.Details([summary, sentence(MAPPINGS_HINT, language), html.Ul(choices, className="desk-mappings")], className="desk-more")]
