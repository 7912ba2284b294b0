"""监控点位（天眼）: cameras with their shape, direction and status; from zoom 15 the sector their lens covers on flat ground.

Table camera, GB/T 28181 codes and bearings (degrees clockwise from north). Thinned by the server below zoom 16.
A sector is the lens's reach, not what it really sees: walls are not subtracted here (that is the layer view_fields, to come).
"""

from commandcenter.text import Text
from layers.base import Card, Choice, Field, Filter, Layer, Legend, LegendClass, Link, Sublayer

STATUS = {
    "working": Text("在线", "Working"),
    "faulty": Text("故障", "Faulty"),
    "unknown": Text("状态不明", "Unknown"),
}
SHAPES = {
    "bullet": Text("枪机", "Bullet"),
    "dome": Text("半球", "Dome"),
    "ptz": Text("球机（云台）", "PTZ dome"),
    "panoramic": Text("全景", "Panoramic"),
    "unknown": Text("类型不明", "Unknown type"),
}
POINT_CLASSES = {"1": Text("一类点", "Class 1"), "2": Text("二类点", "Class 2"), "3": Text("三类点", "Class 3"), "9": Text("其他", "Other")}
OWNERS = {
    "catalogue": Text("国标目录", "catalogue"),
    "surveyed": Text("实测", "surveyed"),
    "text": Text("文字描述", "described in words"),
    "osm": Text("OSM", "OSM"),
}
DRAWN = "t.min_zoom <= %(zoom)s"
PROPERTIES = {"status": "t.status", "shape": "t.shape", "azimuth_deg": "t.azimuth_deg::real"}
COLOUR = ["match", ["get", "status"], "working", "$camera_working", "faulty", "$camera_faulty", "$camera_unknown"]


def _icon(size: list[object]) -> dict[str, object]:
    return {
        "icon-image": ["concat", "shape:camera-", ["get", "shape"], ":camera_", ["get", "status"]],
        "icon-size": size,
        "icon-rotate": ["coalesce", ["get", "azimuth_deg"], 0],
        "icon-rotation-alignment": "map",
        "icon-allow-overlap": True,
        "icon-ignore-placement": True,
    }


LAYER = Layer(
    id="cameras",
    title=Text("监控点位", "Cameras"),
    group="sky_eye",
    table="camera",
    min_zoom=11,
    max_zoom=24,
    thinned=True,
    stacking=60,
    sublayers=(
        Sublayer("cameras", "geom_3857", PROPERTIES, 11, 24, DRAWN),
        Sublayer("sectors", "sector_3857", {"status": "t.status"}, 15, 24, "t.sector_3857 is not null", table="camera", buffer=32),
    ),
    filters=(
        Filter("status", Text("状态", "Status"), "t.status = any(%(value)s::text[])", Text("监控状态为{choices}", "cameras that are {choices}"),
               tuple(Choice(k, v) for k, v in STATUS.items())),
        Filter("shape", Text("类型", "Type"), "t.shape = any(%(value)s::text[])", Text("监控类型为{choices}", "cameras of type {choices}"),
               tuple(Choice(k, v) for k, v in SHAPES.items())),
        Filter("point_class", Text("点位分类", "Point class"), "t.point_class::text = any(%(value)s::text[])",
               Text("监控为{choices}", "cameras of {choices}"), tuple(Choice(k, v) for k, v in POINT_CLASSES.items())),
    ),
    style=(
        {"id": "sector", "type": "fill", "source-layer": "sectors", "minzoom": 15, "paint": {"fill-color": COLOUR, "fill-opacity": 0.16}},
        {"id": "sector-edge", "type": "line", "source-layer": "sectors", "minzoom": 15,
         "paint": {"line-color": COLOUR, "line-opacity": 0.45, "line-width": 0.8}},
        {"id": "dot", "type": "circle", "source-layer": "cameras", "maxzoom": 13.5,
         "paint": {"circle-color": COLOUR, "circle-radius": ["interpolate", ["linear"], ["zoom"], 11, 2, 13, 3],
                   "circle-stroke-color": "$ground", "circle-stroke-width": 1}},
        {"id": "icon", "type": "symbol", "source-layer": "cameras", "minzoom": 13.5, "layout": _icon(["interpolate", ["linear"], ["zoom"], 13, 0.6, 17, 1])},
    ),
    legends=(
        Legend(Text("监控状态", "Camera status"), tuple(LegendClass(k, v, f"camera_{k}", "camera-dome") for k, v in STATUS.items())),
        Legend(Text("监控类型", "Camera type"), tuple(LegendClass(k, v, "camera_working", f"camera-{k}") for k, v in SHAPES.items())),
    ),
    card=Card(
        title="t.name",
        title_en="coalesce(t.name_en, t.name)",
        subtitle=Text("监控点位", "Camera"),
        fields=(
            Field("code", Text("国标编码", "GB/T 28181 code"), "code"),
            Field("status", Text("状态", "Status"), "code", words=STATUS),
            Field("status_at", Text("状态时刻", "Status at"), "moment"),
            Field("shape", Text("类型", "Type"), "code", words=SHAPES),
            Field("point_class", Text("点位分类", "Point class"), "code", words=POINT_CLASSES),
            Field("azimuth_deg", Text("朝向（正北顺时针）", "Direction (from north)"), "degrees"),
            Field("azimuth_source", Text("朝向来源", "Direction from"), "code", words=OWNERS),
            Field("hfov_deg", Text("水平视角", "Horizontal view angle"), "degrees"),
            Field("max_view_distance_m", Text("可视距离", "View distance"), "metres"),
            Field("mount_height_m", Text("安装高度", "Mounting height"), "metres"),
            Field("width_px", Text("水平像素", "Width in pixels"), "integer", Text("像素", "px")),
            Field("owner", Text("建设单位", "Owner")),
            Field("address", Text("地址", "Address")),
            Field("installed_on", Text("安装日期", "Installed on"), "date"),
        ),
        links=(
            Link("cases", Text("镜头扇区内未结事项 {count} 件", "{count} open cases in the lens sector"),
                 "o.is_open and o.geom_3857 && t.sector_3857 and ST_Intersects(o.geom_3857, t.sector_3857)"),
            Link("key_sites", Text("150 米内重点部位 {count} 处", "{count} key sites within 150 m"),
                 "o.geom_3857 && ST_Expand(t.geom_3857, 350) and ST_DWithin(o.geom::geography, t.geom::geography, 150)"),
        ),
    ),
)  # fmt: skip
