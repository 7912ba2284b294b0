"""小区: residential compounds with their boundary and name; planners avoid cutting them. Table compound."""

from commandcenter.text import Text
from layers.base import Card, Field, Layer, Legend, LegendClass, Link, Sublayer

LAYER = Layer(
    id="compounds",
    title=Text("小区", "Compounds"),
    group="governance",
    table="compound",
    min_zoom=13,
    max_zoom=24,
    stacking=22,
    sublayers=(
        Sublayer("compounds", "geom_3857", {"code": "t.code"}, 13, 24),
        Sublayer("labels", "geom_3857", {"name": "t.name", "name_en": "t.name_en"}, 14, 24, table="compound", buffer=128, shape="t.label_3857"),
    ),
    style=(
        {"id": "fill", "type": "fill", "source-layer": "compounds", "paint": {"fill-color": "$compound", "fill-opacity": 0.10}},
        {"id": "edge", "type": "line", "source-layer": "compounds", "paint": {"line-color": "$compound", "line-width": 1.2, "line-opacity": 0.8}},
        {"id": "label", "type": "symbol", "source-layer": "labels", "minzoom": 14,
         "layout": {"text-field": "$name", "text-size": 12, "text-max-width": 7, "text-padding": 8},
         "paint": {"text-color": "$compound", "text-halo-color": "$ground", "text-halo-width": 1.4}},
    ),
    legends=(Legend(Text("小区", "Compounds"), (LegendClass("compound", Text("小区范围", "Compound boundary"), "compound"),)),),
    card=Card(
        title="t.name",
        title_en="coalesce(t.name_en, t.name)",
        subtitle=Text("小区", "Residential compound"),
        fields=(
            Field("code", Text("小区代码", "Compound code"), "code"),
            Field("address", Text("地址", "Address")),
            Field("households", Text("户数", "Households"), "integer", Text("户", "households")),
            Field("built_year", Text("建成年份", "Built in"), "code"),
            Field("property_company", Text("物业", "Property company")),
        ),
        links=(
            Link("cases", Text("范围内未结事项 {count} 件", "{count} open cases inside"),
                 "o.is_open and o.geom_3857 && t.geom_3857 and ST_Covers(t.geom, o.geom)"),
            Link("cameras", Text("范围内监控 {count} 路", "{count} cameras inside"),
                 "o.geom_3857 && t.geom_3857 and ST_Covers(t.geom, o.geom)"),
        ),
    ),
    point="t.label_3857",
)  # fmt: skip
