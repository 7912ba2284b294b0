"""The top bar: whose city this is, which centre looks, search, time, link, language, theme, account."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from commandcenter.pages.account_menu import account_menu
from commandcenter.pages.wall import ids
from commandcenter.pages.wall.parts import aria, data, icon, tool
from commandcenter.text import Language, Text
from commandcenter.web.context import current_device

SYNTHETIC = Text("合成数据", "Synthetic data")
PRESETS = Text("视图", "View")
SEARCH = Text("搜索名称、编码、地址或坐标", "Search name, code, address or coordinates")
LINKING = Text("正在连接", "Connecting")
LANGUAGE = Text("切换到英文", "Switch to Chinese")
OTHER_LANGUAGE = Text("EN", "中文")
THEME = Text("明暗主题", "Light or dark")
WALL = Text("大屏模式", "Wall mode")
SHOW_LAYERS = Text("图层", "Layers")
SHOW_SIDE = Text("待办", "Queue")
LOADING = Text("载入中", "Loading")
DESK = Text("数据台", "Data desk")
DEVICE = Text("大屏终端 · {place}", "Wall device · {place}")


def top_bar(language: Language, *, open_demo: bool) -> Component:
    """The bar; city, presets and clock are filled by the scripts once the catalogue has come."""
    device = current_device()
    return html.Header(
        [
            tool(data(fold="layers"), "stack-2", SHOW_LAYERS, language),
            html.Div(
                [
                    html.H1(LOADING.to(language), id="wall-city", className="city"),
                    html.Span(SYNTHETIC.to(language), id="wall-synthetic", className="synthetic", hidden=True),
                    html.Span(DEVICE.with_values(place=device.place.to(language)).to(language), className="device") if device else None,
                    html.Span(id="wall-centre", className="centre"),
                ],
                className="brand",
            ),
            html.Div(id="wall-presets", className="presets", role="radiogroup", **aria(label=PRESETS.to(language))),
            _search(language),
            _state(language),
            html.Div(
                [
                    None if device else html.A(DESK.to(language), href="/data", className="tool words"),
                    html.Button(
                        OTHER_LANGUAGE.to(language),
                        className="tool words",
                        title=LANGUAGE.to(language),
                        **data(act="language"),
                    ),
                    tool(data(act="theme"), "sun", THEME, language),
                    tool(data(act="wall"), "layout-dashboard", WALL, language),
                    account_menu(lambda said, _: tool({}, "user", said, language), language, open_demo=open_demo),
                    tool(data(fold="side"), "list-details", SHOW_SIDE, language),
                ],
                className="bar-tools",
            ),
        ],
        className="bar",
    )


def _search(language: Language) -> Component:
    return html.Div(
        [
            dmc.TextInput(
                id="wall-search",
                placeholder=SEARCH.to(language),
                leftSection=icon("search"),
                rightSection=dmc.Kbd("/", size="xs"),
                size="sm",
                **aria(label=SEARCH.to(language)),
            ),
            html.Div(
                id=ids.RESULTS, className="results", role="listbox", hidden=True, **aria(label=SEARCH.to(language))
            ),
        ],
        id="wall-search-box",
        className="search",
        role="search",
    )


def _state(language: Language) -> Component:
    return html.Div(
        [
            html.Div(
                [html.Span(id="wall-day", className="day"), html.Span(id="wall-time", className="time")],
                id="wall-clock",
                className="clock",
            ),
            html.Div(
                [html.I(className="lamp"), html.Span(LINKING.to(language))],
                id="wall-link",
                className="link",
                role="status",
                **data(state="waiting"),
            ),
        ],
        className="state",
    )
