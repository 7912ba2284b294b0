"""底图: the ground everybody stands on: water, green, land use, roads, rail and names.

Table base_feature (EPSG:3857 kept beside EPSG:4326), loaded with the city; public inside the city: any actor, never nobody.
"""

from commandcenter.text import Text
from layers.base import Card, Field, Layer, Legend, LegendClass, Sublayer

ROAD_CLASSES = {
    "motorway": Text("高速路", "Motorway"),
    "trunk": Text("快速路", "Trunk road"),
    "primary": Text("主干路", "Primary road"),
    "secondary": Text("次干路", "Secondary road"),
    "tertiary": Text("支路", "Tertiary road"),
    "residential": Text("街坊路", "Residential street"),
    "service": Text("内部路", "Service road"),
    "path": Text("步道", "Path"),
}
CLASS_WORDS = ROAD_CLASSES | {
    "river": Text("河流", "River"),
    "lake": Text("湖泊", "Lake"),
    "pond": Text("水塘", "Pond"),
    "stream": Text("溪沟", "Stream"),
    "canal": Text("渠道", "Canal"),
    "park": Text("公园", "Park"),
    "garden": Text("花园", "Garden"),
    "forest": Text("林地", "Forest"),
    "grass": Text("草地", "Grass"),
    "residential": Text("居住", "Residential"),
    "commercial": Text("商业", "Commercial"),
    "industrial": Text("工业", "Industrial"),
    "education": Text("教育", "Education"),
    "medical": Text("医疗", "Medical"),
    "public": Text("公共", "Public"),
    "farmland": Text("农田", "Farmland"),
    "rail": Text("铁路", "Railway"),
    "tram": Text("有轨电车", "Tram"),
    "subway": Text("地铁", "Subway"),
}

DRAWN = "t.min_zoom <= %(zoom)s"
BIG_ENOUGH = "(%(zoom)s >= 13 or ST_Area(t.geom_3857) > power(40075016.0 / power(2, %(zoom)s) / 128, 2))"
CLASS = {"class": 't."class"'}
NAMED = CLASS | {"name": "t.name", "name_en": "t.name_en"}


def _width(*stops: float) -> list[object]:
    """Line width growing with zoom: pairs of zoom and pixels."""
    return ["interpolate", ["exponential", 1.5], ["zoom"], *stops]


def _road(name: str, classes: list[str], colour: str, width: list[object], min_zoom: int) -> dict[str, object]:
    return {
        "id": name,
        "type": "line",
        "source-layer": "road",
        "minzoom": min_zoom,
        "filter": ["all", ["in", ["get", "class"], ["literal", classes]], ["!=", ["get", "tunnel"], True]],
        "layout": {"line-cap": "round", "line-join": "round"},
        "paint": {"line-color": colour, "line-width": width},
    }


def _names(name: str, source_layer: str, **more: object) -> dict[str, object]:
    return {"id": name, "type": "symbol", "source-layer": source_layer, **more}


NAME = "$name"  # resolved to the language's name expression by layers.style

LAYER = Layer(
    id="base",
    title=Text("底图", "Base map"),
    group="ground",
    table="base_feature",
    min_zoom=5,
    max_zoom=24,
    ground=True,
    clickable=False,
    stacking=0,
    sublayers=(
        Sublayer("land_use", "geom_3857", CLASS, 10, 24, f"t.theme = 'land_use' and {DRAWN} and {BIG_ENOUGH}"),
        Sublayer("green", "geom_3857", CLASS, 9, 24, f"t.theme = 'green' and {DRAWN} and {BIG_ENOUGH}"),
        Sublayer("water", "geom_3857", CLASS, 5, 24, f"t.theme = 'water' and {DRAWN} and {BIG_ENOUGH}"),
        Sublayer("waterway", "geom_3857", CLASS, 9, 24, f"t.theme = 'waterway' and {DRAWN}"),
        Sublayer("rail", "geom_3857", CLASS | {"tunnel": "t.is_tunnel"}, 9, 24, f"t.theme = 'rail' and {DRAWN}"),
        Sublayer(
            "road", "geom_3857", NAMED | {"bridge": "t.is_bridge", "tunnel": "t.is_tunnel", "stacking": "t.stacking"}, 7, 24,
            f"t.theme = 'road' and {DRAWN}", order_by="t.stacking, t.min_zoom desc, t.id",
        ),
        Sublayer(
            "label", "label_3857", NAMED | {"theme": "t.theme"}, 9, 24,
            f"t.label_3857 is not null and t.theme in ('place','water','green') and {DRAWN}"
            " and (t.theme = 'place' or ST_Area(t.geom_3857) > power(40075016.0 / power(2, %(zoom)s) / 16, 2))",
            buffer=256,
        ),
    ),
    style=(
        {"id": "land_use", "type": "fill", "source-layer": "land_use", "paint": {
            "fill-color": ["match", ["get", "class"], "residential", "$land_use", "commercial", "$land_use",
                           "industrial", "$land_use", "farmland", "$farmland", "$land_use"],
            "fill-antialias": False}},
        {"id": "green", "type": "fill", "source-layer": "green", "metadata": {"above_areas": True}, "paint": {"fill-color": "$park"}},
        {"id": "water", "type": "fill", "source-layer": "water", "paint": {"fill-color": "$water"}},
        {"id": "waterway", "type": "line", "source-layer": "waterway", "paint": {"line-color": "$water", "line-width": _width(10, 1, 16, 5)}},
        {"id": "road-tunnel", "type": "line", "source-layer": "road", "minzoom": 12, "filter": ["==", ["get", "tunnel"], True],
         "paint": {"line-color": "$road_lane", "line-width": _width(11, 0.8, 16, 5), "line-dasharray": [2, 2]}},
        _road("road-path", ["path"], "$road_lane", _width(14, 0.5, 17, 1.6), 14),
        _road("road-lane", ["service"], "$road_lane", _width(13, 0.5, 17, 5), 13),
        _road("road-residential", ["residential"], "$road_minor", _width(12, 0.5, 17, 9), 12),
        _road("road-tertiary", ["tertiary"], "$road_minor", _width(11, 0.6, 17, 13), 11),
        _road("road-secondary", ["secondary"], "$road_secondary", _width(10, 0.7, 17, 18), 10),
        _road("road-primary", ["primary"], "$road_primary", _width(9, 0.8, 17, 24), 9),
        _road("road-trunk", ["trunk", "motorway"], "$road_trunk", _width(7, 0.8, 17, 28), 7),
        {"id": "rail", "type": "line", "source-layer": "rail", "filter": ["!=", ["get", "tunnel"], True],
         "paint": {"line-color": "$rail", "line-width": _width(9, 0.8, 16, 3)}},
        {"id": "rail-ties", "type": "line", "source-layer": "rail", "minzoom": 11, "filter": ["!=", ["get", "tunnel"], True],
         "paint": {"line-color": "$ground", "line-width": _width(11, 0.6, 16, 1.8), "line-dasharray": [4, 4]}},
        _names("road-name", "road", minzoom=13, filter=["has", "name"],
               layout={"symbol-placement": "line", "text-field": NAME, "text-size": ["interpolate", ["linear"], ["zoom"], 13, 11, 17, 14],
                       "symbol-spacing": 420, "text-max-angle": 30, "text-padding": 8},
               paint={"text-color": "$label", "text-halo-color": "$ground", "text-halo-width": 1.4}),
        _names("area-name", "label", minzoom=10, filter=["in", ["get", "theme"], ["literal", ["water", "green"]]],
               layout={"text-field": NAME, "text-size": 12, "text-max-width": 6, "text-padding": 12},
               paint={"text-color": ["match", ["get", "theme"], "water", "$label_water", "$label_park"], "text-halo-color": "$ground", "text-halo-width": 1.2}),
        _names("place-name", "label", minzoom=9, filter=["==", ["get", "theme"], "place"],
               layout={"text-field": NAME, "text-size": ["match", ["get", "class"], "city", 20, "district", 16, "suburb", 14, 12],
                       "text-max-width": 8, "text-padding": 12},
               paint={"text-color": "$label", "text-halo-color": "$ground", "text-halo-width": 1.6}),
    ),
    legends=(
        Legend(
            Text("底图", "Base map"),
            (
                LegendClass("water", Text("水域", "Water"), "water"),
                LegendClass("green", Text("绿地", "Green"), "park"),
                LegendClass("trunk", Text("快速路、主干路", "Trunk and primary roads"), "road_trunk", "line"),
                LegendClass("lane", Text("街坊路", "Streets"), "road_minor", "line"),
                LegendClass("rail", Text("铁路", "Railway"), "rail", "dashed"),
            ),
        ),
    ),
    card=Card(
        title="coalesce(t.name, '')",
        title_en="coalesce(t.name_en, t.name, '')",
        subtitle=Text("底图要素", "Base map feature"),
        fields=(Field("class", Text("类别", "Class"), "code", words=CLASS_WORDS),),
    ),
    point="coalesce(t.label_3857, ST_PointOnSurface(t.geom_3857))",
)  # fmt: skip
