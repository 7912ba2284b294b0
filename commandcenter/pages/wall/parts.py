"""Small parts every view of the wall is made of: icons, tool buttons, and the attributes scripts and screen readers look for."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from commandcenter.text import Language, Text

Attributes = dict[str, Any]


def data(**values: object) -> Attributes:
    """``data-`` attributes, by which the scripts know what a part stands for; absent values are left out."""
    return {f"data-{name}": str(value) for name, value in values.items() if value is not None}


def aria(**values: str) -> Attributes:
    """``aria-`` attributes, by which a screen reader knows it."""
    return {f"aria-{name}": value for name, value in values.items()}


def icon(name: str) -> Component:
    """A Tabler icon in the colour of the text beside it."""
    return html.Span(className=f"icon icon-{name}", **aria(hidden="true"))


def tool(attributes: Attributes, picture: str, text: Text, language: Language) -> Component:
    """A square button with a picture; its words are its accessible name and its tooltip."""
    said = text.to(language)
    pressed = aria(pressed="false") if "data-measure" in attributes else {}
    return html.Button(
        icon(picture), className="tool", title=said, type="button", **aria(label=said), **attributes, **pressed
    )
