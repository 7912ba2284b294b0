"""A card as components: title, fields, place, neighbours. Data is only ever text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from commandcenter.pages.wall.parts import data, icon, tool
from commandcenter.text import Language, Text
from layers.base import Layer
from layers.cards import CardLink, CardRow, CardView

CLOSE = Text("关闭", "Close")
CHOOSE = Text("此处有 {count} 个对象，请选择", "{count} things here: choose one")
ALSO_HERE = Text("此处还有", "Also here")
NEIGHBOURS = Text("邻近与相关", "Neighbours")
SOURCE = Text("来源：{source}", "Source: {source}")
SYNTHETIC, ADMITTED = Text("合成", "synthetic"), Text("（{word}）", " ({word})")
NOT_SHOWN = Text("没有可显示的内容", "Nothing to show")


def card_view(
    card: CardView, others: Sequence[Mapping[str, Any]], language: Language, layers: Mapping[str, Layer]
) -> Component:
    """The card of one thing, with what else was found under the cursor."""
    parts: list[Component] = [
        _head(card.title, card.subtitle, language),
        html.Dl([part for row in card.rows for part in _row(row)], className="fields"),
    ]
    links = [_link(link, layers, language) for link in card.links]
    if links:
        parts.append(
            html.Section(
                [html.H3(NEIGHBOURS.to(language)), html.Ul([html.Li(link) for link in links])], className="neighbours"
            )
        )
    if card.ways:
        ways = [html.Li(html.A([html.Span(way.text), icon("chevron-right")], href=way.address, className="go")) for way in card.ways]
        parts.append(html.Section(html.Ul(ways), className="neighbours"))
    if others:
        parts.append(
            html.Section(
                [html.H3(ALSO_HERE.to(language)), html.Ul([html.Li(_choice(other)) for other in others])],
                className="neighbours",
            )
        )
    source = SOURCE.with_values(source=card.source).to(language) + _admitted(card, language)
    parts.append(html.P(source, className="source"))
    return html.Article(
        parts, className="card", **data(card=f"{card.layer}:{card.ref_id}", at=f"{card.lon},{card.lat}")
    )


def _admitted(card: CardView, language: Language) -> str:
    """That the data is synthetic, unless the source's title says it already."""
    word = SYNTHETIC.to(language)
    return ADMITTED.with_values(word=word).to(language) if card.synthetic and word not in card.source else ""


def choices_view(others: Sequence[Mapping[str, Any]], language: Language) -> Component:
    """Several things under the cursor: a list to choose from."""
    title = CHOOSE.with_values(count=len(others)).to(language)
    return html.Article(
        [_head(title, "", language), html.Ul([html.Li(_choice(other)) for other in others], className="choices")],
        className="card",
    )


def fault_view(sentence: Text, language: Language) -> Component:
    """Why there is nothing here, in a sentence."""
    return html.Article(
        [_head(NOT_SHOWN.to(language), "", language), html.P(sentence.to(language), className="fault-text")],
        className="card",
    )


def _head(title: str, subtitle: str, language: Language) -> Component:
    return html.Header(
        [
            html.Div([html.P(subtitle, className="subtitle") if subtitle else None, html.H2(title)]),
            tool(data(act="close-card"), "x", CLOSE, language),
        ],
        className="card-head",
    )


def _row(row: CardRow) -> tuple[Component, Component]:
    value: Any = row.value
    if row.opens is not None:
        layer, code = row.opens
        value = html.Button(row.value, className="plain", **data(layer=layer, code=code, fly="no"))
    return html.Dt(row.label), html.Dd(value)


def _link(link: CardLink, layers: Mapping[str, Layer], language: Language) -> Component:
    where = data(layer=link.layer, ref=link.ref_id, lon=link.lon, lat=link.lat)
    return html.Button([html.Span(link.text), icon("chevron-right")], className="go", **where)


def _choice(other: Mapping[str, Any]) -> Component:
    where = data(layer=other.get("layer"), ref=other.get("id"), lon=other.get("lon"), lat=other.get("lat"), fly="no")
    kind, title = str(other.get("layer_title") or ""), str(other.get("title") or "")
    words = [html.Span(kind, className="kind"), html.Span(title if title != kind else "")]
    return html.Button([html.Span(words), icon("chevron-right")], className="go", **where)
