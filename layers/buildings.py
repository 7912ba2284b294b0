"""建筑: buildings, public ground like the base map; drawn larger ones first (zoom 12 and 13), all from 14.

Table building; its household counts stand in household_count, behind the jurisdiction, and never travel in this tile.
"""

from commandcenter.text import Text
from layers.base import Card, Field, Layer, Legend, LegendClass, Link, Sublayer, Way

USES = {
    "residential": Text("住宅", "Residential"),
    "commercial": Text("商业", "Commercial"),
    "office": Text("办公", "Office"),
    "industrial": Text("工业", "Industrial"),
    "education": Text("教育", "Education"),
    "medical": Text("医疗", "Medical"),
    "public": Text("公共", "Public"),
    "religious": Text("宗教", "Religious"),
    "garage": Text("车库", "Garage"),
    "other": Text("其他", "Other"),
}

LAYER = Layer(
    id="buildings",
    title=Text("建筑", "Buildings"),
    group="ground",
    table="building",
    min_zoom=12,
    max_zoom=24,
    ground=True,
    stacking=10,
    sublayers=(
        Sublayer("buildings", "geom_3857", {}, 12, 12, "t.min_zoom <= 12", clockwise=True),
        Sublayer("buildings", "geom_3857", {}, 13, 13, "t.min_zoom <= 13", clockwise=True),
        Sublayer("buildings", "geom_3857", {"height_m": "t.height_m::real"}, 14, 24, buffer=32, clockwise=True),
        Sublayer(
            "names", "geom_3857", {"name": "t.name", "name_en": "t.name_en"}, 16, 24, "t.name is not null", table="building",
            shape="ST_PointOnSurface(t.geom_3857)",
        ),
    ),
    style=(
        {"id": "fill", "type": "fill", "source-layer": "buildings", "paint": {
            "fill-color": ["interpolate", ["linear"], ["coalesce", ["get", "height_m"], 6],
                           0, "$building", 60, "$building_tall", 200, "$building_tower"],
            "fill-opacity": ["interpolate", ["linear"], ["zoom"], 12, 0.75, 15, 1]}},
        {"id": "edge", "type": "line", "source-layer": "buildings", "minzoom": 15,
         "paint": {"line-color": "$building_edge", "line-width": ["interpolate", ["linear"], ["zoom"], 15, 0.4, 17, 1]}},
        {"id": "name", "type": "symbol", "source-layer": "names", "minzoom": 16,
         "layout": {"text-field": "$name", "text-size": 12, "text-max-width": 7, "text-padding": 6},
         "paint": {"text-color": "$label", "text-halo-color": "$ground", "text-halo-width": 1.4}},
    ),
    legends=(
        Legend(
            Text("建筑高度", "Building height"),
            (
                LegendClass("low", Text("低层", "Low"), "building"),
                LegendClass("tall", Text("高层（约 60 米）", "Tall (about 60 m)"), "building_tall"),
                LegendClass("tower", Text("超高层（约 200 米）", "Tower (about 200 m)"), "building_tower"),
            ),
        ),
    ),
    card=Card(
        title="coalesce(t.name, t.address, '建筑 ' || t.id)",
        title_en="coalesce(t.name_en, t.name, t.address, 'Building ' || t.id)",
        subtitle=Text("建筑", "Building"),
        fields=(
            Field("use", Text("用途", "Use"), "code", words=USES),
            Field("address", Text("地址", "Address")),
            Field("levels", Text("层数", "Levels"), "integer", Text("层", "levels")),
            Field("height_m", Text("高度", "Height"), "metres"),
            Field("compound_code", Text("小区代码", "Compound code"), "code"),
            Field("resident", Text("常住户", "Resident households"), "integer", Text("户", "households"),
                  expression="(select h.resident from household_count h where h.building_id = t.id)"),
            Field("estimated", Text("户数性质", "Nature of the count"), "code",
                  words={"true": Text("估算", "estimated"), "false": Text("登记", "registered")},
                  expression="(select h.estimated::text from household_count h where h.building_id = t.id)"),
            Field("counted_on", Text("户数日期", "Counted on"), "date",
                  expression="(select h.counted_on from household_count h where h.building_id = t.id)"),
        ),
        links=(
            Link("cases", Text("50 米内未结事项 {count} 件", "{count} open cases within 50 m"),
                 "o.is_open and o.geom_3857 && ST_Expand(t.geom_3857, 120) and ST_DWithin(o.geom::geography, t.geom::geography, 50)"),
        ),
        ways=(Way(Text("户与人（查看会记入审计）", "Households and people (a look is audited)"), "/people/building/{id}", "people"),),
    ),
    point="ST_PointOnSurface(t.geom_3857)",
)  # fmt: skip
