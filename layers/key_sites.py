"""重点部位: the places that must be seen, with their legal class. Table key_site: points, lines and polygons."""

from commandcenter.text import Text
from layers.base import Card, Choice, Field, Filter, Layer, Legend, LegendClass, Link, Sublayer, by_kind

LEGAL_CLASSES = {
    "7.1": Text("主要道路、桥隧、广场及重点单位周边", "Main roads, bridges, squares, surroundings of protected units"),
    "7.2(1)": Text("人员密集场所", "Crowded places"),
    "7.2(2)": Text("交通枢纽", "Transport hubs"),
    "7.2(4)": Text("公路服务区", "Road service areas"),
}
KIND_ICONS = {
    "square": "square-stroked", "bridge": "bridge", "station": "rail", "bus_station": "bus", "school": "school", "hospital": "hospital", "mall": "shop",
    "scenic": "attraction", "park": "park", "government": "town-hall", "venue": "stadium", "market": "grocery", "parking": "parking", "museum": "museum",
}  # fmt: skip
_ICON = by_kind(KIND_ICONS, "star")

LAYER = Layer(
    id="key_sites",
    title=Text("重点部位", "Key sites"),
    group="sky_eye",
    table="key_site",
    min_zoom=11,
    max_zoom=24,
    stacking=56,
    sublayers=(
        Sublayer("shapes", "geom_3857", {"kind": "t.kind"}, 13, 24, "ST_Dimension(t.geom_3857) > 0"),
        Sublayer("key_sites", "geom_3857", {"kind": "t.kind", "name": "t.name", "name_en": "t.name_en"}, 11, 24, shape="t.label_3857", buffer=128),
    ),
    filters=(
        Filter("legal_class", Text("法定类别", "Legal class"), "t.legal_class = any(%(value)s::text[])", Text("重点部位为{choices}", "key sites: {choices}"),
               tuple(Choice(k, v) for k, v in LEGAL_CLASSES.items())),
    ),
    style=(
        {"id": "area", "type": "fill", "source-layer": "shapes", "filter": ["==", ["geometry-type"], "Polygon"],
         "paint": {"fill-color": "$key_site", "fill-opacity": 0.06}},
        {"id": "edge", "type": "line", "source-layer": "shapes", "paint": {"line-color": "$key_site", "line-width": 1.6, "line-opacity": 0.9}},
        {"id": "icon", "type": "symbol", "source-layer": "key_sites",
         "layout": {"icon-image": ["concat", "maki:", _ICON, ":key_site"], "icon-size": ["interpolate", ["linear"], ["zoom"], 11, 0.6, 15, 0.95],
                    "text-field": ["step", ["zoom"], "", 13.5, "$name"], "text-size": 12, "text-anchor": "top", "text-offset": [0, 0.9],
                    "text-optional": True, "text-max-width": 8},
         "paint": {"text-color": "$key_site", "text-halo-color": "$ground", "text-halo-width": 1.4}},
    ),
    legends=(
        Legend(Text("重点部位", "Key sites"), (
            LegendClass("key_site", Text("必须看得见的地方", "places that must be seen"), "key_site", "rounded-square"),
        )),
    ),
    card=Card(
        title="t.name",
        title_en="coalesce(t.name_en, t.name)",
        subtitle=Text("重点部位", "Key site"),
        fields=(
            Field("code", Text("编号", "Code"), "code"),
            Field("legal_class", Text("法定类别", "Legal class"), "code", words=LEGAL_CLASSES),
            Field("kind", Text("种类", "Kind")),
            Field("address", Text("地址", "Address")),
        ),
        links=(
            Link("cameras", Text("镜头扇区触及此处的监控 {count} 路", "{count} cameras whose sector reaches it"),
                 "o.sector_3857 && t.geom_3857 and ST_Intersects(o.sector_3857, t.geom_3857)"),
            Link("cases", Text("100 米内未结事项 {count} 件", "{count} open cases within 100 m"),
                 "o.is_open and o.geom_3857 && ST_Expand(t.geom_3857, 250) and ST_DWithin(o.geom::geography, t.geom::geography, 100)"),
        ),
    ),
    point="t.label_3857",
)  # fmt: skip
