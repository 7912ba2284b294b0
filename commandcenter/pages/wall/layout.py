"""The wall's frame: top bar, map, panels, number strip. Everything inside them arrives by itself."""

from __future__ import annotations

import dash_leaflet as dl
import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from commandcenter.pages.wall import ids
from commandcenter.pages.wall.bar import top_bar
from commandcenter.pages.wall.parts import aria, data, icon, tool
from commandcenter.text import Language, Text

SCRIPTS = "commandcenter"  # the window object that assets/ fills
HIGHEST_MAP_ZOOM = 20

LAYERS = Text("图层", "Layers")
SIDE = Text("待办与详情", "Queue and details")
STRIP = Text("数字", "Numbers")
MAP_TOOLS = Text("地图工具", "Map tools")
TOOLS = (
    (data(act="zoom-in"), "plus", Text("放大", "Zoom in")),
    (data(act="zoom-out"), "minus", Text("缩小", "Zoom out")),
    (data(act="home"), "home", Text("回到全市", "Back to the whole city")),
    (data(measure="distance"), "ruler-measure", Text("量距离", "Measure a distance")),
    (data(measure="area"), "polygon", Text("量面积", "Measure an area")),
    (data(act="full-screen"), "maximize", Text("全屏", "Full screen")),
)
NO_WEBGL = Text(
    "此浏览器没有 WebGL：地图改为简图，只画视野内的部分要素。请启用硬件加速或换用较新的浏览器。",
    "This browser has no WebGL: the map is drawn plainly, with part of the features in view. Enable hardware acceleration or use a newer browser.",
)
CANNOT_OPEN = Text("地图打不开", "The map cannot be opened")
TRY_AGAIN = Text("重试", "Try again")
CLEAR = Text("清除筛选", "Clear filters")


def wall_layout(language: Language, *, open_demo: bool = False) -> Component:
    """The whole page in one language; ``open_demo``: visitors may switch roles."""
    return html.Div(
        id="wall",
        className="wall",
        children=[
            html.Main(_map(), className="map-place"),
            top_bar(language, open_demo=open_demo),
            _layer_panel(language),
            html.Div(
                [
                    html.P(id="wall-sentence", role="status", className="sentence"),
                    html.Button(CLEAR.to(language), className="plain clear", **data(act="clear-filters")),
                ],
                className="sentence-place",
            ),
            _notices(language),
            _side_panel(language),
            _tools(language),
            html.Footer(
                html.Div(_waiting_figures(), id=ids.STRIP, className="strip"),
                className="strip-place",
                **aria(label=STRIP.to(language)),
            ),
            *(dcc.Store(id=store) for store in (ids.PICKED, ids.ASK, ids.QUERY)),
        ],
    )


def _map() -> Component:
    def drawn(component: str, script: str, pane: str, **more: object) -> Component:
        return dl.GeoJSON(
            id=component,
            data={"type": "FeatureCollection", "features": []},
            pane=pane,
            pointToLayer={"variable": f"{SCRIPTS}.{script}.pointToLayer"},
            onEachFeature={"variable": f"{SCRIPTS}.{script}.onEachFeature"},
            **more,
        )

    return dl.Map(
        id=ids.MAP,
        className="gl-map",
        center=[0, 0],  # until the catalogue says where the city is; nothing is drawn before
        zoom=3,
        zoomControl=False,
        attributionControl=False,
        minZoom=3,
        maxZoom=HIGHEST_MAP_ZOOM,
        zoomSnap=0.25,
        children=[
            dl.Pane(
                [drawn(ids.live(layer), layer, "live") for layer in ids.LIVE_LAYERS], name="live", style={"zIndex": 450}
            ),
            dl.Pane(
                drawn(ids.SELECTION, "selection", "selection", style={"variable": f"{SCRIPTS}.selection.style"}),
                name="selection",
                style={"zIndex": 460},
            ),
            dl.ScaleControl(imperial=False, position="bottomright", maxWidth=120),
        ],
    )


def _layer_panel(language: Language) -> Component:
    return html.Aside(
        [
            html.Div(
                [
                    html.H2(LAYERS.to(language)),
                    tool(
                        {"data-fold": "layers"},
                        "layout-sidebar-left-collapse",
                        Text("收起图层", "Fold the layers away"),
                        language,
                    ),
                ],
                className="panel-head",
            ),
            html.Div(
                [_skeleton(width) for width in (60, 90, 80, 90, 70, 85)], id="wall-layer-list", className="panel-body"
            ),
        ],
        className="panel layers",
        **aria(label=LAYERS.to(language)),
    )


def _side_panel(language: Language) -> Component:
    return html.Aside(
        [
            html.Section(id=ids.CARD, className="card-place", **aria(live="polite")),
            html.Section([_skeleton(width) for width in (70, 95, 95, 95, 95)], id=ids.QUEUE, className="queue-place"),
        ],
        className="panel side",
        **aria(label=SIDE.to(language)),
    )


def _tools(language: Language) -> Component:
    buttons = [tool(attributes, picture, text, language) for attributes, picture, text in TOOLS]
    return html.Div(
        [
            html.Div(
                buttons,
                className="tools",
                role="toolbar",
                **aria(label=MAP_TOOLS.to(language), orientation="vertical"),
            ),
            html.Output(id="wall-measure", className="measure", hidden=True),
            html.Div(id="wall-coordinates", className="coordinates"),
        ],
        className="tools-place",
    )


def _notices(language: Language) -> Component:
    return html.Div(
        [
            html.Div([icon("alert-triangle"), html.Span(NO_WEBGL.to(language))], id="wall-webgl", className="notice warn", role="alert", hidden=True),
            html.Div(
                [
                    html.Strong(CANNOT_OPEN.to(language)),
                    html.Span(id="wall-fault-text"),
                    html.Button(TRY_AGAIN.to(language), className="plain", **data(act="retry")),
                ],
                id="wall-fault", className="notice bad", role="alert", hidden=True,
            ),
            html.Div(id="wall-notice", className="notice said", role="status"),
        ],
        className="notices",
    )  # fmt: skip


def _waiting_figures() -> list[Component]:
    return [html.Div([_skeleton(50), _skeleton(80)], className="figure") for _ in range(6)]


def _skeleton(width_percent: int) -> Component:
    return dmc.Skeleton(h=14, w=f"{width_percent}%", my=8)
