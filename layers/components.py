"""城市部件: manhole covers, lamps, hydrants, trees and their kin with 16-digit codes. Table component; every code names its code system."""

from commandcenter.text import Text
from layers.base import Card, Choice, Field, Filter, Layer, Legend, LegendClass, Link, Sublayer

MAJORS = {
    "01": Text("公用设施", "Public utilities"),
    "02": Text("交通设施", "Traffic facilities"),
    "03": Text("市容环境设施", "Sanitation facilities"),
    "04": Text("园林绿化设施", "Parks and greenery"),
    "05": Text("其他部件", "Other components"),
}
STATES = {
    "intact": Text("完好", "Intact"),
    "damaged": Text("破损", "Damaged"),
    "missing": Text("丢失", "Missing"),
    "abandoned": Text("废弃", "Abandoned"),
    "unknown": Text("不明", "Unknown"),
}
DRAWN = "t.min_zoom <= %(zoom)s"

LAYER = Layer(
    id="components",
    title=Text("城市部件", "City components"),
    group="urban",
    table="component",
    min_zoom=15,
    max_zoom=24,
    thinned=True,
    stacking=50,
    sublayers=(
        Sublayer(
            "components", "geom_3857",
            {"major": "t.major_code", "state": "t.state", "class_name": "t.class_name", "class_name_en": "t.class_name_en"},
            15, 24, DRAWN,
        ),
    ),
    filters=(
        Filter("major", Text("大类", "Large class"), "t.major_code = any(%(value)s::text[])", Text("部件为{choices}", "components of {choices}"),
               tuple(Choice(k, v) for k, v in MAJORS.items())),
        Filter("state", Text("状态", "State"), "t.state = any(%(value)s::text[])", Text("部件状态为{choices}", "components that are {choices}"),
               tuple(Choice(k, v) for k, v in STATES.items())),
    ),
    style=(
        {"id": "dot", "type": "circle", "source-layer": "components",
         "paint": {"circle-color": "$component", "circle-radius": ["interpolate", ["linear"], ["zoom"], 15, 2, 18, 4.5], "circle-opacity": 0.85,
                   "circle-stroke-color": ["match", ["get", "state"], "intact", "$ground", "unknown", "$ground", "$bad"],
                   "circle-stroke-width": ["match", ["get", "state"], "intact", 0.8, "unknown", 0.8, 2]}},
        {"id": "label", "type": "symbol", "source-layer": "components", "minzoom": 17.5,
         "layout": {"text-field": "$class_name", "text-size": 11, "text-anchor": "top", "text-offset": [0, 0.6], "text-optional": True},
         "paint": {"text-color": "$label", "text-halo-color": "$ground", "text-halo-width": 1.2}},
    ),
    legends=(
        Legend(Text("部件状态", "Component state"), (
            LegendClass("intact", STATES["intact"], "component", "dot"),
            LegendClass("fault", Text("破损、丢失或废弃", "Damaged, missing or abandoned"), "bad", "ring"),
        )),
    ),
    card=Card(
        title="coalesce(t.name, t.class_name)",
        title_en="coalesce(t.class_name_en, t.name, t.class_name)",
        subtitle=Text("城市部件", "City component"),
        fields=(
            Field("code", Text("部件编码", "Component code"), "code"),
            Field("code_system", Text("代码体系", "Code system")),
            Field("major_code", Text("大类", "Large class"), "code", words=MAJORS),
            Field("class_name", Text("小类", "Small class")),
            Field("state", Text("状态", "State"), "code", words=STATES),
            Field("department", Text("主管部门", "Competent department")),
            Field("owner", Text("权属单位", "Owner")),
            Field("surveyed_on", Text("普查日期", "Surveyed on"), "date"),
        ),
        links=(
            Link("cases", Text("此部件的未结事项 {count} 件", "{count} open cases on this component"), "o.is_open and o.component_code = t.code"),
        ),
    ),
)  # fmt: skip
