"""The desk's frame: the bar with the way back, the place where the asked view appears, and the stores that scripts and callbacks share."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from commandcenter.pages.account_menu import account_menu
from commandcenter.pages.data import ids
from commandcenter.pages.data.asked import PATH
from commandcenter.pages.wall.bar import LANGUAGE, OTHER_LANGUAGE, THEME
from commandcenter.pages.wall.parts import aria, data, icon, tool
from commandcenter.text import Language, Text

DESK = Text("数据台", "Data desk")
BACK = Text("回到地图", "Back to the map")
LOADING = Text("正在取数据源的状态。", "Fetching the state of the sources.")
SKIP = Text("跳到内容", "Skip to the content")
TICK_MS = 1000


def desk_layout(language: Language, *, open_demo: bool = False) -> Component:
    """The whole frame in one language; ``open_demo``: visitors may switch roles."""
    return html.Div(
        [
            html.A(SKIP.to(language), href=f"#{ids.VIEW}", className="desk-skip"),
            _bar(language, open_demo),
            html.Main(html.Div(waiting(language), id=ids.VIEW, className="desk-view", tabIndex=-1), className="desk-main"),
            html.Div(id="desk-notice", className="desk-notice", role="status", **aria(live="polite")),
            *(dcc.Store(id=store) for store in (ids.ASK, ids.NARROW, ids.COMMAND, ids.DONE, ids.PLACED)),
            dcc.Interval(id=ids.TICK, interval=TICK_MS, disabled=True),
        ],
        id="desk",
        className="wall desk",
    )


def waiting(language: Language) -> list[Component]:
    """What stands there until the first answer has come."""
    bones = [dmc.Skeleton(h=18, w=f"{width}%", my=12) for width in (35, 90, 90, 90, 80)]
    return [html.P(LOADING.to(language), className="desk-sentence", role="status"), *bones]


def _bar(language: Language, open_demo: bool) -> Component:
    return html.Header(
        [
            html.A([icon("arrow-left"), html.Span(BACK.to(language))], href="/", className="desk-back"),
            html.H1(html.A(DESK.to(language), href=PATH, **data(go="?")), className="city"),
            html.Div(
                [
                    html.Button(OTHER_LANGUAGE.to(language), className="tool words", title=LANGUAGE.to(language), **data(desk="language")),
                    tool(data(desk="theme"), "sun", THEME, language),
                    account_menu(lambda said, who: _who(said, who, language), language, open_demo=open_demo),
                ],
                className="bar-tools",
            ),
        ],
        className="bar",
    )


def _who(said: Text, who: str, language: Language) -> Component:
    words = said.to(language)
    return html.Button([icon("user"), html.Span(who, className="desk-who")], className="tool words", title=words, type="button", **aria(label=words))
