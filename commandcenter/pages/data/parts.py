"""Small parts of the desk: links that keep the page, buttons that act, tables, and sentences for what is not there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from commandcenter.errors import CommandCenterError
from commandcenter.pages.data.asked import Asked
from commandcenter.pages.wall.parts import aria, data, icon
from commandcenter.text import Language, Text

FAULT_ID = Text("{sentence}（编号 {id}）", "{sentence} (id {id})")
ONLY_STEWARDS = Text(
    "隔离的行、预览和交付文件只对数据管理员开放。",
    "Refused rows, previews and deliveries are for data stewards.",
)
SIGN_IN_AS_STEWARD = Text("以数据管理员身份登录", "Sign in as a data steward")


def link(content: Any, where: Asked, then: str | None = None, **more: Any) -> Component:
    """A link inside the desk: the script follows it without loading the page anew, and shows the part ``then`` of what comes."""
    return html.A(content, href=where.href + (f"#{then}" if then else ""), **data(go="?" + where.query, then=then), **more)


def button(words: Text, act: str, language: Language, picture: str | None = None, kind: str = "", **given: object) -> Component:
    """A button that does something; ``given`` travels with it as data."""
    shown = [icon(picture)] if picture else []
    return html.Button(
        [*shown, html.Span(words.to(language))], type="button", className=f"desk-button {kind}".strip(), **data(desk=act, **given)
    )


def fact(label: Text, value: Any, language: Language) -> tuple[Component, Component]:
    """A label and its value, for a definition list."""
    return html.Dt(label.to(language)), html.Dd(value)


def facts(rows: Sequence[tuple[Component, Component]]) -> Component:
    """A definition list."""
    return html.Dl([html.Div(list(row)) for row in rows], className="desk-facts")


def table(heads: Sequence[tuple[Text, str]], rows: Sequence[Sequence[Any]], name: Text, language: Language, kind: str = "") -> Component:
    """A table with named columns; a column's second word is its class (``number`` aligns right)."""
    head = html.Tr([html.Th(words.to(language), scope="col", className=marks) for words, marks in heads])
    # A narrow screen has no head: each cell carries its column's name.
    body = [
        html.Tr([html.Td(cell, className=marks, **data(label=words.to(language))) for cell, (words, marks) in zip(row, heads, strict=True)]) for row in rows
    ]
    return html.Div(
        html.Table([html.Thead(head), html.Tbody(body)], className=f"desk-table {kind}".strip(), **aria(label=name.to(language))),
        className="table-place", role="region", tabIndex=0, **aria(label=name.to(language)),
    )  # fmt: skip


def section(title: Text, content: Sequence[Any], language: Language, *, beside: Any = None, **more: Any) -> Component:
    """A part of the page under its own heading."""
    head = html.Div([html.H3(title.to(language)), beside], className="desk-section-head")
    return html.Section([head, *content], className="desk-section", **aria(label=title.to(language)), **more)


def sentence(text: Text | str, language: Language, kind: str = "") -> Component:
    """Why there is nothing here, or what follows from what is."""
    return html.P(text.to(language) if isinstance(text, Text) else text, className=f"desk-sentence {kind}".strip())


def fault(error: CommandCenterError, language: Language) -> Component:
    """An error as a sentence with the id that finds it in the log."""
    said = FAULT_ID.with_values(sentence=error.sentence.to(language), id=error.id).to(language)
    return html.Div([icon("alert-triangle"), html.P(said)], className="desk-fault", role="alert")


def for_stewards(asked: Asked) -> Component:
    """What somebody reads who may not look further, and the way in."""
    way = html.A(SIGN_IN_AS_STEWARD.to(asked.language), href=asked.signing_in, className="desk-button")
    return html.Div([icon("lock"), html.P(ONLY_STEWARDS.to(asked.language)), way], className="desk-forbidden", role="note")
