"""未结事项: open cases by category and by how much of their time is used: green to 80 %, yellow to 100 %, red over.

Table cases, live: drawn as GeoJSON over the map, clustered by the server; a cluster shows its count and its worst case.
The clock here is the plain share of started_at..due_at that has passed (the explained business clock comes with the case engine).
"""

from commandcenter.text import Text
from layers.base import Card, Choice, Field, Filter, Layer, Legend, LegendClass, Link, Sublayer

URGENCY = (
    "case when t.due_at is null or t.started_at is null then 'no_deadline'"
    " when now() > t.due_at then 'overdue'"
    " when now() >= t.started_at + 0.8 * (t.due_at - t.started_at) then 'due_soon' else 'ontime' end"
)
URGENCY_WORDS = {
    "ontime": Text("时限内（不足 80%）", "Within time (under 80 %)"),
    "due_soon": Text("将到期（80%–100%）", "Due soon (80–100 %)"),
    "overdue": Text("超期", "Overdue"),
    "no_deadline": Text("无时限", "No deadline"),
}
KINDS = {
    "component": Text("部件案卷", "Component case"),
    "event": Text("事件案卷", "Event case"),
    "grid": Text("网格事件", "Grid matter"),
    "hotline": Text("热线工单", "Hotline order"),
    "enforcement": Text("执法案件", "Enforcement case"),
}
STATES = {
    "reported": Text("已上报", "Reported"),
    "pending_register": Text("待立案", "To be filed"),
    "pending_dispatch": Text("待派遣", "To be dispatched"),
    "pending_handle": Text("待处置", "To be handled"),
    "handling": Text("处置中", "In hand"),
    "handle_finish": Text("处置完成", "Handled"),
    "pending_check": Text("待核查", "To be checked"),
    "checking": Text("核查中", "Being checked"),
    "suspended": Text("挂账", "Suspended"),
    "closed": Text("已结案", "Closed"),
}
ORIGINS = {
    "patrol": Text("监督员上报", "Patrol"),
    "public": Text("公众举报", "Public report"),
    "hotline": Text("12345 热线", "Hotline"),
    "video": Text("视频上报", "Video"),
    "leader": Text("领导批示", "Leader's note"),
    "department": Text("部门转办", "Passed on by a department"),
    "iot": Text("物联网", "Sensor"),
}
COLOUR = ["match", ["get", "urgency"], "ontime", "$case_ontime", "due_soon", "$case_due_soon", "overdue", "$case_overdue", "$case_no_deadline"]

LAYER = Layer(
    id="cases",
    title=Text("未结事项", "Open cases"),
    group="cases",
    table="cases",
    min_zoom=8,
    max_zoom=24,
    live=True,
    always="t.is_open",
    stacking=80,
    sublayers=(
        Sublayer("cases", "geom_3857", {"urgency": URGENCY, "kind": "t.kind", "minor": "t.minor", "minor_en": "t.minor_en"}, 13, 24),
    ),
    filters=(
        Filter("urgency", Text("时限", "Time"), f"({URGENCY}) = any(%(value)s::text[])", Text("事项{choices}", "cases: {choices}"),
               tuple(Choice(k, v) for k, v in URGENCY_WORDS.items())),
        Filter("kind", Text("类别", "Kind"), "t.kind = any(%(value)s::text[])", Text("事项为{choices}", "cases of kind {choices}"),
               tuple(Choice(k, v) for k, v in KINDS.items())),
        Filter("origin", Text("来源", "Reported by"), "t.origin = any(%(value)s::text[])", Text("事项来自{choices}", "cases from {choices}"),
               tuple(Choice(k, v) for k, v in ORIGINS.items())),
    ),
    style=(
        {"id": "dot", "type": "circle", "source-layer": "cases",
         "paint": {"circle-color": COLOUR, "circle-radius": 6, "circle-stroke-color": "$ground", "circle-stroke-width": 1.5}},
    ),
    legends=(
        Legend(
            Text("已用时限", "Share of its time used"),
            (
                LegendClass("ontime", URGENCY_WORDS["ontime"], "case_ontime", "disc"),
                LegendClass("due_soon", URGENCY_WORDS["due_soon"], "case_due_soon", "disc-notch"),
                LegendClass("overdue", URGENCY_WORDS["overdue"], "case_overdue", "disc-ring"),
                LegendClass("no_deadline", URGENCY_WORDS["no_deadline"], "case_no_deadline", "disc"),
            ),
            note=Text("此红黄绿表示时限，不是预警级别或考核等级。", "This red-yellow-green is time used, not a warning level or a grade."),
        ),
    ),
    card=Card(
        title="t.minor",
        title_en="coalesce(t.minor_en, t.minor)",
        subtitle=Text("事项", "Case"),
        fields=(
            Field("number", Text("编号", "Number"), "code"),
            Field("kind", Text("类别", "Kind"), "code", words=KINDS),
            Field("major", Text("大类", "Large class"), expression_en="coalesce(t.major_en, t.major)"),
            Field("urgency", Text("时限", "Time"), "code", words=URGENCY_WORDS, expression=URGENCY),
            Field("state", Text("状态", "State"), "code", words=STATES),
            Field("origin", Text("来源", "Reported by"), "code", words=ORIGINS),
            Field("description", Text("描述", "Description")),
            Field("address", Text("地址", "Address")),
            Field("department", Text("处置部门", "Department")),
            Field("limit_text", Text("处置时限", "Time limit")),
            Field("reported_at", Text("上报", "Reported"), "moment"),
            Field("started_at", Text("起算", "Clock started"), "moment"),
            Field("due_at", Text("截止", "Due"), "moment"),
            Field("component_code", Text("部件编码", "Component code"), "code"),
        ),
        links=(
            Link("cameras", Text("镜头扇区覆盖此处的监控 {count} 路", "{count} cameras whose sector covers this place"),
                 "o.sector_3857 && t.geom_3857 and ST_Intersects(o.sector_3857, t.geom_3857)"),
            Link("cases", Text("100 米内其他未结事项 {count} 件", "{count} other open cases within 100 m"),
                 "o.is_open and o.id <> t.id and o.geom_3857 && ST_Expand(t.geom_3857, 250) and ST_DWithin(o.geom::geography, t.geom::geography, 100)"),
            Link("service_points", Text("500 米内服务点 {count} 处", "{count} service points within 500 m"),
                 "o.geom_3857 && ST_Expand(t.geom_3857, 1100) and ST_DWithin(o.geom::geography, t.geom::geography, 500)"),
        ),
    ),
)  # fmt: skip
