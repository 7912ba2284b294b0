"""Search findings as a list: what it is, where it is, and the place to fly to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from commandcenter.pages.wall.parts import data
from commandcenter.text import Language, Text
from layers.base import Layer
from layers.search import Hit

NOTHING = Text(
    "没有找到。可以输入名称中的两个字、编码、地址，或“经度, 纬度”。",
    "Nothing found. Try two characters of a name, a code, an address, or 'longitude, latitude'.",
)
PLACE = Text("位置", "Place")


def results_view(hits: Sequence[Hit], layers: Mapping[str, Layer], language: Language) -> list[Component]:
    """The findings, best first; an empty answer says what can be searched."""
    if not hits:
        return [html.P(NOTHING.to(language), className="empty")]
    return [_hit(hit, layers, language) for hit in hits]


def _hit(hit: Hit, layers: Mapping[str, Layer], language: Language) -> Component:
    layer = layers.get(hit.layer)
    kind = (layer.title if layer else PLACE).to(language)
    where = data(layer=hit.layer, ref=hit.ref_id, lon=hit.lon, lat=hit.lat, zoom=hit.zoom, title=hit.title)
    detail = " · ".join(part for part in (kind, hit.detail, hit.code) if part)
    return html.Button(
        [html.Span(hit.title, className="title"), html.Span(detail, className="detail")],
        className="hit",
        role="option",
        **where,
    )
