"""网格: the polygons one grid worker answers for, of the published plan, coloured by households, open cases or cameras.

Table grid; counts are refreshed after each load (counted_at); simplified as a coverage below zoom 13, so neighbours share borders.
"""

from itertools import pairwise

from commandcenter.text import Text
from layers.base import Card, Field, Layer, Legend, LegendClass, Link, Sublayer, Variant

COLOURED_BY = {
    "households": "t.households",
    "open_cases": "t.open_cases",
    "camera_density": "round((t.cameras / greatest(t.area_m2, 1) * 1e6)::numeric, 1)::real",
}
PROPERTIES = {"code": "t.code", "kind": "t.kind"} | COLOURED_BY
PUBLISHED = "t.plan_id in (select id from grid_plan where status = 'published')"
BREAKS = {
    "households": (150, 200, 300, 400),
    "open_cases": (1, 2, 4, 8),
    "camera_density": (20, 60, 150, 300),
}
UNITS = {"households": Text("户", ""), "open_cases": Text("件", ""), "camera_density": Text("路", "")}


def _steps(name: str) -> list[object]:
    expression: list[object] = ["step", ["get", name], f"${name}_1"]
    for rank, threshold in enumerate(BREAKS[name], start=2):
        expression += [threshold, f"${name}_{rank}"]
    return expression


def _classes(name: str) -> tuple[LegendClass, ...]:
    breaks, unit = BREAKS[name], UNITS[name]
    words = [Text(f"不足 {breaks[0]}{unit.zh}", f"under {breaks[0]}")]
    words += [Text(f"{low}–{high - 1}{unit.zh}", f"{low}–{high - 1}") for low, high in pairwise(breaks)]
    words.append(Text(f"{breaks[-1]}{unit.zh}及以上", f"{breaks[-1]} and more"))
    return tuple(LegendClass(str(rank), text, f"{name}_{rank}") for rank, text in enumerate(words, start=1))


def _fill(name: str) -> dict[str, object]:
    return {"id": f"fill-{name}", "type": "fill", "source-layer": "grids", "metadata": {"variant": name},
            "paint": {"fill-color": _steps(name), "fill-opacity": ["interpolate", ["linear"], ["zoom"], 10, 0.85, 14, 0.7, 17, 0.4]}}  # fmt: skip


LAYER = Layer(
    id="grids",
    title=Text("网格", "Grids"),
    group="governance",
    table="grid",
    min_zoom=8,
    max_zoom=24,
    always=PUBLISHED,
    stacking=20,
    sublayers=(
        # A model city's 11 000 grids lie in one such tile: corners are drawn to the pixel, and nothing is carried but the colours.
        Sublayer("grids", "geom_3857", COLOURED_BY, 8, 9, "t.geom_3857_low is not null", shape="ST_SnapToGrid(t.geom_3857_low, 120)"),
        Sublayer("grids", "geom_3857", COLOURED_BY, 10, 11, "t.geom_3857_low is not null", shape="t.geom_3857_low"),
        Sublayer("grids", "geom_3857", PROPERTIES, 12, 12, "t.geom_3857_mid is not null", shape="t.geom_3857_mid"),
        Sublayer("grids", "geom_3857", PROPERTIES, 13, 24),
        Sublayer(
            "labels", "geom_3857", {"code": "t.code", "name": "t.name", "name_en": "t.name_en", "households": "t.households"}, 14, 24,
            PUBLISHED, table="grid", buffer=128, shape="t.label_3857",
        ),
    ),
    variants=(
        Variant("households", Text("按户数", "by households")),
        Variant("open_cases", Text("按未结事项", "by open cases")),
        Variant("camera_density", Text("按监控密度", "by camera density")),
    ),
    style=(
        _fill("households"),
        _fill("open_cases"),
        _fill("camera_density"),
        {"id": "edge", "type": "line", "source-layer": "grids", "minzoom": 11, "layout": {"line-join": "round"},
         "paint": {"line-color": "$grid_edge", "line-width": ["interpolate", ["linear"], ["zoom"], 11, 0.4, 14, 1, 17, 2],
                   "line-opacity": ["interpolate", ["linear"], ["zoom"], 11, 0.5, 14, 0.9]}},
        {"id": "label", "type": "symbol", "source-layer": "labels", "minzoom": 15,
         "layout": {"text-field": ["concat", "$name", "\n", ["to-string", ["get", "households"]], "$households_suffix"],
                    "text-size": 12, "text-line-height": 1.35, "text-padding": 6},
         "paint": {"text-color": "$label", "text-halo-color": "$ground", "text-halo-width": 1.6}},
    ),
    legends=(
        Legend(Text("每网格户数", "Households per grid"), _classes("households"), "households"),
        Legend(Text("每网格未结事项", "Open cases per grid"), _classes("open_cases"), "open_cases"),
        Legend(Text("每平方公里监控", "Cameras per square km"), _classes("camera_density"), "camera_density"),
    ),
    card=Card(
        title="t.name",
        title_en="coalesce(t.name_en, t.name)",
        subtitle=Text("网格", "Grid"),
        fields=(
            Field("code", Text("网格代码", "Grid code"), "code"),
            Field("kind", Text("类型", "Kind"), "code", words={
                "basic": Text("基础网格", "Basic grid"), "micro": Text("微网格", "Micro grid"),
                "special": Text("专属网格", "Special grid"), "village": Text("村屯网格", "Village grid")}),
            Field("households", Text("户数", "Households"), "integer", Text("户", "households")),
            Field("households_estimated", Text("户数性质", "Nature of the count"), "code",
                  words={"true": Text("估算", "estimated"), "false": Text("登记", "registered")}, expression="t.households_estimated::text"),
            Field("persons", Text("人口", "Persons"), "integer", Text("人", "persons")),
            Field("open_cases", Text("未结事项", "Open cases"), "integer", Text("件", "cases")),
            Field("overdue_cases", Text("其中超期", "of these overdue"), "integer", Text("件", "cases")),
            Field("cameras", Text("监控", "Cameras"), "integer", Text("路", "cameras")),
            Field("cameras_working", Text("其中在线", "of these working"), "integer", Text("路", "cameras")),
            Field("area_m2", Text("面积", "Area"), "square_metres"),
            Field("counted_at", Text("统计时刻", "Counted at"), "moment"),
            Field("plan", Text("划分方案", "Grid plan"), expression="(select p.title from grid_plan p where p.id = t.plan_id)",
                  expression_en="(select coalesce(p.title_en, p.title) from grid_plan p where p.id = t.plan_id)"),
        ),
        links=(
            Link("cases", Text("未结事项 {count} 件", "{count} open cases"), "o.is_open and o.grid_code = t.code"),
            Link("cameras", Text("监控 {count} 路", "{count} cameras"), "o.grid_code = t.code"),
            Link("service_points", Text("服务点 {count} 处", "{count} service points"), "o.grid_code = t.code"),
        ),
    ),
    point="t.label_3857",
)  # fmt: skip
