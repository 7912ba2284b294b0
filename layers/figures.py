"""The numbers under the map and the list beside it, per preset: each figure names its unit, moment and source, and opens its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commandcenter.actor import Actor
from commandcenter.db.request import SqlRequest
from commandcenter.db.run import Reader
from commandcenter.text import Language, Text
from layers.cases import KINDS, URGENCY
from layers.honesty import SHOWN


@dataclass(frozen=True)
class Preset:
    """One centre's way of looking: its layers, its numbers, its list."""

    id: str
    title: Text
    layers: tuple[str, ...]
    figures: tuple[str, ...]
    queue: str
    variant: str = "households"


# Names of the centres are the city's (city file); these stand where a city names none.
PRESETS: dict[str, Preset] = {
    p.id: p
    for p in (
        Preset("overview", Text("综合", "Overview"), ("base", "buildings", "areas", "grids", "cases", "key_sites"),
               ("open_cases", "overdue_cases", "cases_today", "cameras_working", "grids", "households"), "cases"),
        Preset("emergency", Text("应急指挥", "Emergency"), ("base", "buildings", "areas", "cameras", "key_sites", "service_points"),
               ("key_sites", "key_sites_seen", "cameras", "cameras_working", "medical_points", "households"), "key_sites"),
        Preset("grid", Text("网格管理", "Grids"), ("base", "buildings", "areas", "grids", "compounds", "service_points"),
               ("grids", "households", "households_per_grid", "grids_outside_rule", "service_points", "open_grid_cases"), "grids"),
        Preset("urban", Text("城市管理", "City management"), ("base", "buildings", "areas", "unit_cells", "components", "cases"),
               ("open_urban_cases", "overdue_cases", "due_soon_cases", "closed_in_time", "components", "components_faulty"), "urban_cases", "open_cases"),
    )
}  # fmt: skip


@dataclass(frozen=True)
class FigureKind:
    """How one number is counted: SQL giving value (and maybe total), its words, and the rows behind it."""

    key: str
    label: Text
    unit: Text
    sql: str
    table: str
    opens: str  # layer
    filters: Mapping[str, str]
    share: bool = False


_CASES, _CAMERAS = Text("件", "cases"), Text("路", "cameras")
RULE_LOW, RULE_HIGH = 300, 500  # households of an urban grid under the new rule (domain 2.1)

FIGURES: dict[str, FigureKind] = {
    f.key: f
    for f in (
        FigureKind("open_cases", Text("未结事项", "Open cases"), _CASES, "select count(*) as value from cases t where is_open", "cases", "cases", {}),
        FigureKind("overdue_cases", Text("超期", "Overdue"), _CASES,
                   "select count(*) as value from cases t where is_open and due_at < now()", "cases", "cases", {"urgency": "overdue"}),
        FigureKind("due_soon_cases", Text("将到期", "Due soon"), _CASES,
                   f"select count(*) as value from cases t where is_open and ({URGENCY}) = 'due_soon'", "cases", "cases", {"urgency": "due_soon"}),
        FigureKind("cases_today", Text("近 24 小时新增", "New in 24 hours"), _CASES,
                   "select count(*) as value from cases t where reported_at > now() - interval '24 hours'", "cases", "cases", {}),
        FigureKind("open_grid_cases", Text("未结网格事件", "Open grid matters"), _CASES,
                   "select count(*) as value from cases t where is_open and kind = 'grid'", "cases", "cases", {"kind": "grid"}),
        FigureKind("open_urban_cases", Text("未结案卷", "Open urban cases"), _CASES,
                   "select count(*) as value from cases t where is_open and kind in ('component','event')",
                   "cases", "cases", {"kind": "component,event"}),
        FigureKind("closed_in_time", Text("近 30 日按期结案率", "Closed in time, 30 days"), Text("%", "%"),
                   "select count(*) filter (where closed_at <= due_at) as value, count(*) as total from cases t"
                   " where closed_at > now() - interval '30 days' and due_at is not null", "cases", "cases", {}, True),
        FigureKind("cameras", Text("监控", "Cameras"), _CAMERAS, "select count(*) as value from camera t", "camera", "cameras", {}),
        FigureKind("cameras_working", Text("监控完好率", "Cameras working"), Text("%", "%"),
                   "select count(*) filter (where status = 'working') as value, count(*) as total from camera t"
                   " having bool_or(status <> 'unknown')",
                   "camera", "cameras", {"status": "working"}, True),
        FigureKind("grids", Text("网格", "Grids"), Text("个", "grids"),
                   "select count(*) as value from grid t where plan_id in (select id from grid_plan where status = 'published')", "grid", "grids", {}),
        FigureKind("households", Text("户数", "Households"), Text("户", "households"),
                   "select sum(resident)::bigint as value from household_count t", "household_count", "grids", {}),
        FigureKind("households_per_grid", Text("平均每网格", "Mean per grid"), Text("户", "households"),
                   "select round(avg(households))::bigint as value from grid t where kind <> 'village'"
                   " and plan_id in (select id from grid_plan where status = 'published')", "grid", "grids", {}),
        FigureKind("grids_outside_rule", Text("不合新规（300–500 户）", "Outside the new rule (300–500)"), Text("个", "grids"),
                   f"select count(*) as value from grid t where kind <> 'village' and (households < {RULE_LOW} or households > {RULE_HIGH})"
                   " and plan_id in (select id from grid_plan where status = 'published')", "grid", "grids", {}),
        FigureKind("service_points", Text("便民服务点", "Service points"), Text("处", "places"),
                   "select count(*) as value from service_point t", "service_point", "service_points", {}),
        FigureKind("medical_points", Text("医疗服务点", "Medical places"), Text("处", "places"),
                   "select count(*) as value from service_point t where kind in ('hospital','clinic','pharmacy')", "service_point", "service_points", {}),
        FigureKind("key_sites", Text("重点部位", "Key sites"), Text("处", "places"), "select count(*) as value from key_site t", "key_site", "key_sites", {}),
        FigureKind("key_sites_seen", Text("镜头扇区触及", "Reached by a lens sector"), Text("%", "%"),
                   "select count(*) filter (where exists (select from camera c where c.status = 'working' and c.sector_3857 && t.geom_3857"
                   " and ST_Intersects(c.sector_3857, t.geom_3857))) as value, count(*) as total from key_site t", "key_site", "key_sites", {}, True),
        FigureKind("components", Text("城市部件", "Components"), Text("个", "items"),
                   "select count(*) as value from component t", "component", "components", {}),
        FigureKind("components_faulty", Text("破损、丢失部件", "Damaged or missing"), Text("个", "items"),
                   "select count(*) as value from component t where state in ('damaged','missing')", "component", "components", {"state": "damaged,missing"}),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """One number as shown: value already in words, or the reason why there is none."""

    key: str
    label: str
    value: str
    unit: str
    as_of: datetime | None
    source: str
    opens: str
    filters: Mapping[str, str]
    why_not: str | None


def strip_request(preset: str) -> SqlRequest:
    """All numbers of a preset in one question: key, value and total of each; one that has no row is missing."""
    asked = (FIGURES[key] for key in PRESETS[preset].figures)
    parts = (f"select '{kind.key}' as key, value, {'total' if kind.share else 'null::bigint as total'} from ({kind.sql}) {kind.key}" for kind in asked)
    return SqlRequest(" union all ".join(parts), {}, f"figures {preset}")


async def strip(reader: Reader, actor: Actor, preset: str, language: Language) -> list[Figure]:
    """The figures of a preset for what the actor sees, each with the age of its source."""
    kinds = [FIGURES[key] for key in PRESETS[preset].figures]
    sources = {
        row["target"]: row
        for row in await reader.rows(
            actor,
            SqlRequest(
                "select target, min(data_as_of) as as_of, string_agg(title, '、' order by name) as title,"
                f" string_agg(title_en, ', ' order by name) as title_en from source where {SHOWN} group by target",
                {},
                "figures sources",
            ),
        )
    }
    counted = {row["key"]: row for row in await reader.rows(actor, strip_request(preset))}
    figures = []
    for kind in kinds:
        row = counted.get(kind.key, {})
        source = sources.get(kind.table)
        value, why_not = _value(kind, row, source, language)
        figures.append(
            Figure(
                kind.key, kind.label.to(language), value, kind.unit.to(language), source["as_of"] if source else None,
                (source["title_en"] if language == "en" else source["title"]) if source else "", kind.opens, kind.filters, why_not,
            )
        )  # fmt: skip
    return figures


def _value(kind: FigureKind, row: Mapping[str, Any], source: Any, language: Language) -> tuple[str, str | None]:
    if source is None:
        return "—", Text("这座城市没有接入这类数据。", "This city has no such data connected.").to(language)
    if kind.share:
        total = row.get("total") or 0
        if not total:
            return "—", Text("没有可供计算的记录。", "There are no rows to compute it from.").to(language)
        return f"{100 * row['value'] / total:.1f}", None
    if row.get("value") is None:
        return "—", Text("没有可供计算的记录。", "There are no rows to compute it from.").to(language)
    return f"{row['value']:,}", None


@dataclass(frozen=True)
class QueueRow:
    """One line of the side list."""

    layer: str
    ref_id: int
    title: str
    detail: str
    state: str  # urgency or state key, a colour token's tail
    lon: float
    lat: float


_PLACE = "ST_X(t.geom) as lon, ST_Y(t.geom) as lat"
_CASE_COLUMNS = (
    f"select 'cases' as layer, t.id, t.minor as title, coalesce(t.minor_en, t.minor) as title_en, t.kind, coalesce(t.address, t.number) as detail,"
    f" {URGENCY} as state, {_PLACE} from cases t where is_open"
)
_BY_URGENCY = " order by (due_at is null), due_at, t.id limit %(limit)s"
QUEUES = {
    "cases": _CASE_COLUMNS + _BY_URGENCY,
    "urban_cases": _CASE_COLUMNS + " and kind in ('component','event')" + _BY_URGENCY,
    "key_sites": "select 'key_sites' as layer, t.id, t.name as title, coalesce(t.name_en, t.name) as title_en, t.kind, coalesce(t.address, '') as detail,"
    " case when exists (select from camera c where c.status = 'working' and c.sector_3857 && t.geom_3857 and ST_Intersects(c.sector_3857, t.geom_3857))"
    " then 'seen' else 'unseen' end as state, ST_X(ST_PointOnSurface(t.geom)) as lon, ST_Y(ST_PointOnSurface(t.geom)) as lat"
    " from key_site t order by state desc, t.id limit %(limit)s",
    "grids": "select 'grids' as layer, t.id, t.name as title, coalesce(t.name_en, t.name) as title_en, t.kind, t.households::text as detail, 'grid' as state,"
    " ST_X(ST_PointOnSurface(t.geom)) as lon, ST_Y(ST_PointOnSurface(t.geom)) as lat from grid t"
    " where plan_id in (select id from grid_plan where status = 'published') order by t.open_cases desc, t.overdue_cases desc, t.code limit %(limit)s",
}
QUEUE_TITLES = {
    "cases": Text("最急的事项", "Most urgent cases"),
    "urban_cases": Text("最急的案卷", "Most urgent urban cases"),
    "key_sites": Text("重点部位（未被镜头触及在前）", "Key sites (unseen first)"),
    "grids": Text("未结事项最多的网格", "Grids with most open cases"),
}


async def side_list(reader: Reader, actor: Actor, preset: str, language: Language, limit: int = 50) -> list[QueueRow]:
    """The rows a centre should look at first; the text alternative of its map."""
    queue = PRESETS[preset].queue
    rows = await reader.rows(actor, SqlRequest(QUEUES[queue], {"limit": limit}, f"queue {queue}"))
    shown = []
    for row in rows:
        title = row["title_en"] if language == "en" else row["title"]
        detail = f"{row['detail']} {'households' if language == 'en' else '户'}" if queue == "grids" else row["detail"]
        if queue in {"cases", "urban_cases"}:
            detail = f"{KINDS[row['kind']].to(language)} · {detail}"
        shown.append(QueueRow(row["layer"], row["id"], title, detail, row["state"], row["lon"], row["lat"]))
    return shown
