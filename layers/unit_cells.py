"""单元网格: management cells of about 10 000 m2 with 15-digit codes, not to be confused with household grids. Table unit_cell."""

from commandcenter.text import Text
from layers.base import Card, Field, Layer, Legend, LegendClass, Link, Sublayer
from layers.base_map import CLASS_WORDS

LAYER = Layer(
    id="unit_cells",
    title=Text("单元网格", "Unit cells"),
    group="governance",
    table="unit_cell",
    min_zoom=14,
    max_zoom=24,
    stacking=25,
    sublayers=(
        Sublayer("unit_cells", "geom_3857", {"code": "t.code"}, 14, 24),
        Sublayer("labels", "geom_3857", {"code": "right(t.code, 3)"}, 16, 24, table="unit_cell", shape="ST_PointOnSurface(t.geom_3857)"),
    ),
    style=(
        {"id": "fill", "type": "fill", "source-layer": "unit_cells", "paint": {"fill-color": "$unit_cell", "fill-opacity": 0.03}},
        {"id": "edge", "type": "line", "source-layer": "unit_cells",
         "paint": {"line-color": "$unit_cell", "line-width": 0.8, "line-opacity": 0.7, "line-dasharray": [2, 2]}},
        {"id": "label", "type": "symbol", "source-layer": "labels", "minzoom": 16,
         "layout": {"text-field": ["get", "code"], "text-size": 11},
         "paint": {"text-color": "$unit_cell", "text-halo-color": "$ground", "text-halo-width": 1.2}},
    ),
    legends=(Legend(Text("单元网格", "Unit cells"), (LegendClass("cell", Text("约 10 000 平方米", "about 10,000 m²"), "unit_cell", "dashed"),)),),
    card=Card(
        title="t.code",
        title_en="t.code",
        subtitle=Text("单元网格", "Unit cell"),
        fields=(
            Field("code", Text("单元网格代码", "Unit cell code"), "code"),
            Field("code_system", Text("代码体系", "Code system")),
            Field("land_use", Text("用地", "Land use"), "code", words=CLASS_WORDS),
            Field("area_m2", Text("面积", "Area"), "square_metres"),
        ),
        links=(
            Link("components", Text("部件 {count} 个", "{count} components"), "o.unit_cell_code = t.code"),
            Link("cases", Text("未结事项 {count} 件", "{count} open cases"), "o.is_open and o.unit_cell_code = t.code"),
        ),
    ),
    point="ST_PointOnSurface(t.geom_3857)",
)  # fmt: skip
