"""The preview map of a run: accepted and refused rows, proposed repairs, and the row that is looked at, each by colour and shape."""

from __future__ import annotations

import dash_leaflet as dl
from dash import html
from dash.development.base_component import Component

from commandcenter.pages.data import ids
from commandcenter.pages.data.parts import section
from commandcenter.pages.wall.parts import aria, data
from commandcenter.text import Language, Text

SCRIPTS = "commandcenter.deskMap"
PREVIEW = Text("在地图上", "On the map")
LEGEND = {
    "accepted": Text("可载入：圆点、细线", "Accepted: dot, thin outline"),
    "refused": Text("隔离：叉、虚线", "Refused: cross, dashed outline"),
    "proposed": Text("建议的修补：粗线", "Proposed repair: thick outline"),
    "noticed": Text("发现（缝隙、重叠等）：菱形、点线", "Noticed (gaps, overlaps): diamond, dotted outline"),
    "chosen": Text("正在看的行：环", "The row looked at: ring"),
}
SHOW_ALL = Text("看全部", "Show all")
FETCHING = Text("正在取预览。", "Fetching the preview.")
KEYS = Text("预览地图：方向键平移，加减号缩放", "Preview map: arrow keys pan, plus and minus zoom")
PANES = {"accepted": 440, "refused": 450, "proposed": 460, "noticed": 465, "chosen": 470}


def preview_view(run: int, dry: bool, language: Language, noticed: bool = False) -> Component:
    """The map, its legend, and a sentence on what is drawn. ``run`` names whose rows the script fetches.

    Only a ``dry`` run keeps a sample of what it accepts: what a load accepted is on the wall. ``noticed`` says whether it has findings.
    """
    legend = {kind: words for kind, words in LEGEND.items() if {"accepted": dry, "noticed": noticed}.get(kind, True)}
    return section(
        PREVIEW,
        [
            html.Div(_map(), className="desk-map-place", **aria(label=KEYS.to(language))),
            html.Ul(
                [html.Li([html.Span(className=f"desk-key {kind}", **aria(hidden="true")), words.to(language)]) for kind, words in legend.items()],
                className="desk-legend",
            ),
            html.Div(
                [
                    html.P(FETCHING.to(language), id="desk-drawn", className="desk-sentence", role="status"),
                    html.Button(SHOW_ALL.to(language), id="desk-show-all", className="plain", type="button", hidden=True, **data(desk="show-all")),
                ],
                className="desk-drawn",
            ),
        ],
        language,
        id="desk-preview",
        **data(run=run, dry="yes" if dry else None),
    )


def _map() -> Component:
    return dl.Map(
        id=ids.MAP,
        className="desk-gl",
        center=[0, 0],  # until the script knows where the city is
        zoom=3,
        minZoom=3,
        maxZoom=20,
        zoomSnap=0.25,
        attributionControl=False,
        scrollWheelZoom=True,
        children=[dl.Pane(_drawn(what), name=f"desk-{what}", style={"zIndex": height}) for what, height in PANES.items()],
    )


def _drawn(what: str) -> Component:
    return dl.GeoJSON(
        id=ids.drawn(what),
        data={"type": "FeatureCollection", "features": []},
        pane=f"desk-{what}",
        pointToLayer={"variable": f"{SCRIPTS}.{what}.pointToLayer"},
        style={"variable": f"{SCRIPTS}.{what}.style"},
        onEachFeature={"variable": f"{SCRIPTS}.onEachFeature"},
    )
