"""便民服务网点: windows, stations, clinics and shops in four classes 公共/公益/社会化/市场化. Table service_point, thinned below zoom 16."""

from commandcenter.text import Text
from layers.base import Card, Choice, Field, Filter, Layer, Legend, LegendClass, Link, Sublayer, by_kind

CLASSES = {
    "public": Text("公共服务", "Public service"),
    "welfare": Text("公益服务", "Public welfare"),
    "social": Text("社会化服务", "Social service"),
    "market": Text("市场化服务", "Market service"),
}
KIND_ICONS = {
    "office": "town-hall", "clinic": "doctor", "hospital": "hospital", "pharmacy": "pharmacy", "school": "school", "kindergarten": "playground",
    "library": "library", "police": "police", "fire": "fire-station", "elderly": "wheelchair", "legal": "embassy", "post": "post", "bank": "bank",
    "market": "grocery", "toilet": "toilet", "restaurant": "restaurant", "cafe": "cafe", "culture": "museum", "sports": "pitch", "parking": "parking",
    "fuel": "fuel", "worship": "religious-christian", "shop": "shop", "hairdresser": "hairdresser", "lodging": "lodging", "recycling": "recycling",
}  # fmt: skip
DRAWN = "t.min_zoom <= %(zoom)s"
_ICON = by_kind(KIND_ICONS, "information")

LAYER = Layer(
    id="service_points",
    title=Text("便民服务点", "Service points"),
    group="services",
    table="service_point",
    min_zoom=12,
    max_zoom=24,
    thinned=True,
    stacking=58,
    sublayers=(
        Sublayer("service_points", "geom_3857", {"class": 't."class"', "kind": "t.kind", "name": "t.name", "name_en": "t.name_en"}, 12, 24, DRAWN),
    ),
    filters=(
        Filter("class", Text("类别", "Class"), 't."class" = any(%(value)s::text[])', Text("服务点为{choices}", "service points of class {choices}"),
               tuple(Choice(k, v) for k, v in CLASSES.items())),
    ),
    style=(
        {"id": "dot", "type": "circle", "source-layer": "service_points", "maxzoom": 13,
         "paint": {"circle-color": ["match", ["get", "class"], "public", "$service_public", "welfare", "$service_welfare",
                                    "social", "$service_social", "$service_market"],
                   "circle-radius": 3, "circle-stroke-color": "$ground", "circle-stroke-width": 1}},
        {"id": "icon", "type": "symbol", "source-layer": "service_points", "minzoom": 13,
         "layout": {"icon-image": ["concat", "maki:", _ICON, ":service_", ["get", "class"]], "icon-size": ["interpolate", ["linear"], ["zoom"], 13, 0.7, 16, 1],
                    "icon-allow-overlap": True, "text-field": ["step", ["zoom"], "", 15.5, "$name"], "text-size": 12,
                    "text-anchor": "top", "text-offset": [0, 0.9], "text-optional": True, "text-max-width": 8},
         "paint": {"text-color": "$label", "text-halo-color": "$ground", "text-halo-width": 1.4}},
    ),
    legends=(
        Legend(Text("服务点类别", "Service point classes"), tuple(LegendClass(k, v, f"service_{k}", "rounded-square") for k, v in CLASSES.items())),
    ),
    card=Card(
        title="t.name",
        title_en="coalesce(t.name_en, t.name)",
        subtitle=Text("便民服务点", "Service point"),
        fields=(
            Field("class", Text("类别", "Class"), "code", words=CLASSES),
            Field("kind", Text("种类", "Kind")),
            Field("address", Text("地址", "Address")),
            Field("opening_hours", Text("开放时间", "Opening hours")),
            Field("services", Text("服务事项", "Services"), "list"),
            Field("phone", Text("电话", "Phone")),
            Field("floor_area_m2", Text("用房面积", "Floor area"), "square_metres"),
        ),
        links=(
            Link("cases", Text("300 米内未结事项 {count} 件", "{count} open cases within 300 m"),
                 "o.is_open and o.geom_3857 && ST_Expand(t.geom_3857, 660) and ST_DWithin(o.geom::geography, t.geom::geography, 300)"),
            Link("cameras", Text("100 米内监控 {count} 路", "{count} cameras within 100 m"),
                 "o.geom_3857 && ST_Expand(t.geom_3857, 250) and ST_DWithin(o.geom::geography, t.geom::geography, 100)"),
        ),
    ),
)  # fmt: skip
