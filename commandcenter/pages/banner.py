"""The banner over every Dash page while glass is broken: until when, what it means, and the way to end it now."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from commandcenter.pages.wall.parts import aria, data, icon
from commandcenter.text import Language
from commandcenter.web.glass import BANNER_ID, END_AT, END_NOW, NAME, SAYS, current_glass, glass_ends


def banners(language: Language) -> list[Component]:
    """What stands above the page; ``assets/61-glass.js`` counts down and takes the page back when it is over."""
    glass = current_glass()
    if glass is None:
        return []
    parts = [
        icon("alert-triangle"),
        html.Strong(SAYS.with_values(until=glass.until).to(language)),
        html.Span(className="glass-left", **aria(hidden="true")),
        html.Form(html.Button(END_NOW.to(language), type="submit"), action=END_AT, method="post"),
    ]
    told = data(ends=glass_ends(), left=f"{glass.left_s:.0f}")
    return [html.Section(parts, id=BANNER_ID, className="glass", role="alert", **aria(label=NAME.to(language)), **told)]
