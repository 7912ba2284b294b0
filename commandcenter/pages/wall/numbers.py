"""The number strip and the side list as components: each number names its unit, its moment and its source, and opens its rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from commandcenter.pages.wall.parts import aria, data
from commandcenter.text import Language, Text
from layers.figures import Figure, QueueRow

AS_OF = Text("截至 {moment}", "as of {moment}")
OPENS = Text("在地图上显示", "show on the map")
EMPTY = Text("没有待看的事项。换一个视图，或放宽筛选。", "Nothing is waiting. Try another view, or fewer filters.")
STATE_WORDS = {
    "overdue": Text("超期", "Overdue"),
    "due_soon": Text("将到期", "Due soon"),
    "ontime": Text("时限内", "In time"),
    "no_deadline": Text("无时限", "No deadline"),
    "seen": Text("可见", "Seen"),
    "unseen": Text("未见", "Unseen"),
}


def strip_view(figures: Sequence[Figure], language: Language, zone: ZoneInfo) -> list[Component]:
    """The figures of a preset, side by side."""
    return [_figure(figure, language, zone) for figure in figures]


def queue_view(title: Text, rows: Sequence[QueueRow], language: Language, why_empty: str | None = None) -> list[Component]:
    """The side list: what to look at first, and the map's alternative in words; an empty one says why, where that is known."""
    if not rows:
        return [html.H2(title.to(language)), html.P(why_empty or EMPTY.to(language), className="empty")]
    return [
        html.H2(title.to(language)),
        html.Ol([html.Li(_queue_row(row, language)) for row in rows], className="queue"),
    ]


def _figure(figure: Figure, language: Language, zone: ZoneInfo) -> Component:
    moment = figure.as_of.astimezone(zone).strftime("%m-%d %H:%M") if figure.as_of else ""
    note = figure.why_not or " · ".join(
        part for part in (AS_OF.with_values(moment=moment).to(language) if moment else "", figure.source) if part
    )
    return html.Button(
        [
            html.Span(figure.label, className="label"),
            html.Span(
                [
                    html.Span(figure.value, className="value"),
                    html.Span("" if figure.why_not else figure.unit, className="unit"),
                ],
                className="amount",
            ),
            html.Span(note, className="note", title=note),
        ],
        className="figure bad" if figure.why_not else f"figure {figure.key.replace('_', '-')}",
        title=f"{figure.label}: {OPENS.to(language)}",
        **data(opens=figure.opens, filters=json.dumps(dict(figure.filters))),
    )


def _queue_row(row: QueueRow, language: Language) -> Component:
    words = STATE_WORDS.get(row.state)
    return html.Button(
        [
            html.Span(className=f"mark mark-{row.state.replace('_', '-')}", **aria(hidden="true")),
            html.Span(
                [html.Span(row.title, className="title"), html.Span(row.detail, className="detail")], className="words"
            ),
            html.Span(words.to(language), className="queue-state") if words else None,
        ],
        className="queue-row",
        **data(layer=row.layer, ref=row.ref_id, lon=row.lon, lat=row.lat),
    )
