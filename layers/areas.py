"""辖区: borders and names of district, street and community. Table area; public ground; `generated` polygons say so on their card."""

from commandcenter.text import Text
from layers.base import Card, Field, Layer, Legend, LegendClass, Link, Sublayer

LEVELS = {
    "city": Text("城市", "City"),
    "district": Text("区", "District"),
    "street": Text("街道", "Street"),
    "community": Text("社区", "Community"),
}
BORDER_COLOURS = {"district": "$area_edge", "street": "$boundary", "community": "$boundary"}
NAME_COLOURS = {"district": "$label_strong", "street": "$label_strong", "community": "$label"}
PROPERTIES = {"level": "t.level", "name": "t.name", "name_en": "t.name_en", "code": "t.code"}


def _border(level: str, width: float, min_zoom: int, dash: list[float] | None) -> dict[str, object]:
    paint: dict[str, object] = {"line-color": BORDER_COLOURS[level], "line-width": width}
    if dash:
        paint["line-dasharray"] = dash
    return {"id": f"border-{level}", "type": "line", "source-layer": "areas", "minzoom": min_zoom,
            "filter": ["==", ["get", "level"], level], "layout": {"line-join": "round"}, "paint": paint}  # fmt: skip


def _name(level: str, size: list[object], min_zoom: int, max_zoom: int) -> dict[str, object]:
    return {"id": f"name-{level}", "type": "symbol", "source-layer": "labels", "minzoom": min_zoom, "maxzoom": max_zoom,
            "filter": ["==", ["get", "level"], level],
            "layout": {"text-field": "$name", "text-size": size, "text-max-width": 8, "text-letter-spacing": 0.08, "text-padding": 10},
            "paint": {"text-color": NAME_COLOURS[level], "text-halo-color": "$ground", "text-halo-width": 1.8}}  # fmt: skip


LAYER = Layer(
    id="areas",
    title=Text("辖区", "Areas"),
    group="governance",
    table="area",
    min_zoom=5,
    max_zoom=24,
    ground=True,
    stacking=40,
    clickable=False,
    sublayers=(
        Sublayer("areas", "geom_3857", PROPERTIES, 5, 11, "t.level <> 'community' and t.geom_3857_low is not null", shape="t.geom_3857_low"),
        Sublayer("areas", "geom_3857", PROPERTIES, 5, 11, "t.level <> 'community' and t.geom_3857_low is null"),
        Sublayer("areas", "geom_3857", PROPERTIES, 12, 24),
        Sublayer(
            "labels", "geom_3857", PROPERTIES, 7, 24, "t.level in ('district','street') or %(zoom)s >= 12", table="area", buffer=256,
            shape="t.label_3857",
        ),
    ),
    style=(
        _border("community", 0.9, 12, [3, 2]),
        _border("street", 1.6, 10, None),
        _border("district", 2.4, 5, None),
        _name("community", ["interpolate", ["linear"], ["zoom"], 12.5, 11, 15, 14], 13, 16),
        _name("street", ["interpolate", ["linear"], ["zoom"], 10, 12, 14, 17], 10, 15),
        _name("district", ["interpolate", ["linear"], ["zoom"], 7, 13, 11, 18], 7, 11),
    ),
    legends=(
        Legend(
            Text("边界", "Borders"),
            (
                LegendClass("district", Text("区界", "District"), "area_edge", "line"),
                LegendClass("street", Text("街道界", "Street"), "boundary", "line"),
                LegendClass("community", Text("社区界", "Community"), "boundary", "dashed"),
            ),
        ),
    ),
    card=Card(
        title="t.name",
        title_en="coalesce(t.name_en, t.name)",
        subtitle=Text("辖区", "Area"),
        fields=(
            Field("level", Text("级别", "Level"), "code", words=LEVELS),
            Field("code", Text("代码", "Code"), "code"),
            Field("code_system", Text("代码体系", "Code system")),
            Field("area_m2", Text("面积", "Area"), "square_metres"),
            Field("generated", Text("边界来历", "Origin of the border"), "code",
                  words={"true": Text("合成", "generated"), "false": Text("实测", "surveyed")}, expression="t.generated::text"),
        ),
        links=(
            Link("grids", Text("网格 {count} 个", "{count} grids"), "t.code in (o.district_code, o.street_code, o.community_code)"),
            Link("cases", Text("未结事项 {count} 件", "{count} open cases"), "o.is_open and t.code in (o.district_code, o.street_code, o.community_code)"),
            Link("cameras", Text("监控 {count} 路", "{count} cameras"), "t.code in (o.district_code, o.street_code, o.community_code)"),
        ),
    ),
    point="t.label_3857",
)  # fmt: skip
