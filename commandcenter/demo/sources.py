"""The departments the synthetic city pretends to hear from: owner, cadence, age. Every one is marked synthetic."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

DAY_S = 86_400
# name, table, titles, owner, cadence (s; none: as it comes), age of the data (s)
TOLD = (
    ("demo_areas", "area", "行政区划（合成）", "Areas (synthetic)", "民政局", None, 0),
    ("demo_grids", "grid", "网格台账（合成）", "Grid register (synthetic)", "综治中心", 30 * DAY_S, 6 * DAY_S),
    ("demo_unit_cells", "unit_cell", "单元网格（合成）", "Unit cells (synthetic)", "城市管理监督中心", None, 0),
    ("demo_base", "base_feature", "基础地理（合成）", "Base map (synthetic)", "自然资源局", None, 0),
    ("demo_compounds", "compound", "小区台账（合成）", "Compounds (synthetic)", "住房和城乡建设局", 90 * DAY_S, 20 * DAY_S),
    ("demo_buildings", "building", "建筑物（合成）", "Buildings (synthetic)", "自然资源局", None, 0),
    ("demo_households", "household_count", "户数统计（合成）", "Household counts (synthetic)", "公安分局户籍", 31 * DAY_S, 12 * DAY_S),
    ("demo_people", "household", "户与人（合成，没有真人）", "Households and people (synthetic, nobody real)", "公安分局户籍", 31 * DAY_S, 12 * DAY_S),
    ("demo_cameras", "camera", "监控目录（合成）", "Camera catalogue (synthetic)", "区公安分局", DAY_S, 1_800),
    ("demo_services", "service_point", "便民服务网点（合成）", "Service points (synthetic)", "民政局", 30 * DAY_S, 9 * DAY_S),
    ("demo_components", "component", "部件普查（合成）", "Component survey (synthetic)", "城市管理监督中心", 90 * DAY_S, 140 * DAY_S),
    ("demo_key_sites", "key_site", "重点部位（合成）", "Key sites (synthetic)", "区公安分局", 90 * DAY_S, 30 * DAY_S),
    ("demo_cases", "cases", "事项（合成）", "Cases (synthetic)", "城市管理监督中心", DAY_S, 120),
)


def sources(now: datetime) -> list[dict[str, Any]]:
    """The rows of the source register at a moment ``now`` (UTC)."""
    return [
        {
            "name": name, "target": target, "title": title, "title_en": title_en, "owner": owner, "licence": "合成数据 / synthetic",
            "attribution": "合成数据，非真实 / synthetic, not real", "cadence_s": cadence, "synthetic": True, "estimated": False,
            "data_as_of": now - timedelta(seconds=age),
        }
        for name, target, title, title_en, owner, cadence, age in TOLD
    ]  # fmt: skip
