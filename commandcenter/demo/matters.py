"""Three months of cases with plausible categories, rhythms, places and deadlines."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

DAYS = 90
# kind, code, large class, small class, limit in hours, share, department, where (road, home) - limits after domain 1.6 and 1.7
CATEGORIES = (
    ("event", "0110", "市容环境", "City appearance", "暴露生活垃圾", "Exposed household waste", 4, 13, "环境卫生管理处", "home"),
    ("event", "0112", "市容环境", "City appearance", "道路不洁", "Dirty road", 2, 11, "环境卫生管理处", "road"),
    ("event", "0111", "市容环境", "City appearance", "积存垃圾渣土", "Heaped rubble", 120, 5, "城市管理综合执法局", "home"),
    ("event", "0101", "市容环境", "City appearance", "私搭乱建", "Unlicensed building", 360, 3, "城市管理综合执法局", "home"),
    ("event", "0107", "市容环境", "City appearance", "沿街晾挂", "Washing over the street", 2, 5, "城市管理综合执法局", "road"),
    ("event", "0201", "宣传广告", "Advertising", "非法小广告", "Illegal bills", 24, 10, "城市管理综合执法局", "home"),
    ("event", "0401", "街面秩序", "Street order", "无照经营游商", "Unlicensed street trade", 2, 12, "城市管理综合执法局", "road"),
    ("event", "0406", "街面秩序", "Street order", "占道经营", "Trading on the pavement", 4, 11, "城市管理综合执法局", "road"),
    ("event", "0505", "突发事件", "Sudden events", "路面塌陷", "Road subsidence", 2, 1, "市政管理处", "road"),
    ("event", "0506", "突发事件", "Sudden events", "道路积水", "Water on the road", 2, 2, "排水管理处", "road"),
    ("component", "0102", "公用设施", "Public utilities", "污水井盖", "Sewage manhole", 2, 4, "排水管理处", "road"),
    ("component", "0103", "公用设施", "Public utilities", "雨水井盖", "Rainwater manhole", 4, 3, "排水管理处", "road"),
    ("component", "0137", "公用设施", "Public utilities", "路灯", "Street lamp", 48, 4, "市政管理处", "road"),
    ("component", "0305", "市容环境设施", "Sanitation facilities", "垃圾箱", "Litter bin", 24, 3, "环境卫生管理处", "road"),
    ("component", "0402", "园林绿化设施", "Parks and greenery", "行道树", "Street tree", 72, 3, "园林管理处", "road"),
    ("grid", "G01", "矛盾纠纷", "Disputes", "邻里纠纷", "Neighbour dispute", 120, 3, "社区居委会", "home"),
    ("grid", "G02", "安全隐患", "Hazards", "楼道堆物", "Blocked stairwell", 72, 4, "街道综合执法队", "home"),
    ("grid", "G03", "民生诉求", "Residents' requests", "供热不足", "Poor heating", 24, 4, "供热公司", "home"),
    ("hotline", "H01", "民生诉求", "Residents' requests", "噪声扰民", "Noise", 72, 4, "城市管理综合执法局", "home"),
    ("hotline", "H02", "民生诉求", "Residents' requests", "停水停电", "No water or power", 8, 2, "供水公司", "home"),
    ("enforcement", "E01", "执法案件", "Enforcement", "擅自占用道路", "Road occupied without permit", 2160, 1, "街道综合执法队", "road"),
)  # fmt: skip
HOURS = np.array([1, 1, 1, 1, 1, 2, 5, 9, 14, 15, 13, 10, 8, 10, 13, 13, 11, 9, 7, 5, 4, 3, 2, 1], dtype=float)
WEEK = np.array([1.1, 1.1, 1.05, 1.05, 1.0, 0.75, 0.7])
ORIGINS = {"event": "patrol", "component": "patrol", "grid": "patrol", "hotline": "hotline", "enforcement": "department"}
OPEN_STATES = ("pending_register", "pending_dispatch", "pending_handle", "handling", "pending_check")
OPEN_STATE_SHARES = (0.08, 0.1, 0.2, 0.5, 0.12)
OPEN_SHARE = {"event": 0.05, "component": 0.06, "grid": 0.07, "hotline": 0.06, "enforcement": 0.5}


def cases(
    count: int,
    district: str,
    roads: NDArray[np.float64],
    homes: NDArray[np.float64],
    component_codes: dict[str, list[str]],
    now: datetime,
    rng: Generator,
) -> pd.DataFrame:
    """Exactly ``count`` cases of the last 90 days: x, y in EPSG:4550, clock, state; about one in twenty open, about a tenth of these overdue."""
    share = np.array([c[7] for c in CATEGORIES], dtype=float)
    which = rng.choice(len(CATEGORIES), count, p=share / share.sum())
    day_weight = np.array([WEEK[(now - timedelta(days=int(d))).weekday()] for d in range(DAYS)])
    day = rng.choice(DAYS, count, p=day_weight / day_weight.sum())
    hour = rng.choice(24, count, p=HOURS / HOURS.sum())
    midnight = now.replace(hour=0, minute=0, second=0)
    local_midnight = midnight - timedelta(hours=8)  # China's day begins eight hours before UTC's
    seconds = hour * 3_600 + rng.integers(0, 3_600, count)
    reported = np.array([local_midnight - timedelta(days=int(d)) + timedelta(seconds=int(s)) for d, s in zip(day, seconds, strict=True)])
    reported = np.where(reported >= now, reported - timedelta(days=1), reported)
    limit_h = np.array([CATEGORIES[w][6] for w in which], dtype=float)
    started = reported + np.array([timedelta(seconds=int(s)) for s in rng.integers(120, 1_800, count)])
    started = np.array([min(moment, now) for moment in started])
    kinds = np.array([CATEGORIES[w][0] for w in which])
    used = np.where(rng.random(count) < 0.94, rng.beta(2.2, 2.6, count), rng.uniform(1.02, 1.8, count))
    closed = started + np.array([timedelta(hours=float(h)) for h in limit_h * used])
    is_open = closed > now
    # Some stay open on purpose: most still in time, some late; their clock starts within their own limit.
    extra = np.flatnonzero(~is_open & (rng.random(count) < np.vectorize(OPEN_SHARE.get)(kinds)))
    position = np.where(rng.random(len(extra)) < 0.93, rng.uniform(0.02, 0.995, len(extra)), rng.uniform(1.02, 2.2, len(extra)))
    for i, share_used in zip(extra, position, strict=True):
        begun = now - timedelta(hours=float(limit_h[i] * share_used))
        started[i] = begun
        reported[i] = begun - timedelta(seconds=int(rng.integers(120, 1_800)))
        is_open[i] = True
    due = started + np.array([timedelta(hours=float(h)) for h in limit_h])
    where_road = np.array([CATEGORIES[w][9] == "road" for w in which])
    hot = rng.random(count) < 0.35
    focus = homes[rng.integers(0, len(homes), 40)]
    place = np.where(where_road[:, None], roads[rng.integers(0, len(roads), count)], homes[rng.integers(0, len(homes), count)])
    pull = focus[rng.integers(0, 40, count)] + rng.normal(0, 120, (count, 2))
    place = np.where(hot[:, None] & ~where_road[:, None], pull, place) + rng.normal(0, 4, (count, 2))
    states = np.where(is_open, rng.choice(OPEN_STATES, count, p=OPEN_STATE_SHARES), "closed")
    order = np.argsort(reported, kind="stable")
    serial = np.empty(count, dtype=int)
    serial[order] = np.arange(count)
    days = np.array([r.strftime("%Y%m%d") for r in reported])
    per_day: dict[str, int] = {}
    numbers = [""] * count
    for i in order:
        per_day[days[i]] = per_day.get(days[i], 0) + 1
        numbers[i] = f"{district}{days[i]}{per_day[days[i]]:05d}"
    picked = [CATEGORIES[w] for w in which]
    known = [component_codes.get(c[1]) if c[0] == "component" else None for c in picked]
    component = [codes[int(rng.integers(0, len(codes)))] if codes else None for codes in known]
    return pd.DataFrame(
        {
            "source_key": numbers, "number": numbers, "x": place[:, 0], "y": place[:, 1], "kind": kinds, "category_code": [c[1] for c in picked],
            "category_system": "demo", "major": [c[2] for c in picked], "major_en": [c[3] for c in picked],
            "minor": [c[4] for c in picked], "minor_en": [c[5] for c in picked],
            "origin": np.where(rng.random(count) < 0.2, "public", [ORIGINS[k] for k in kinds]), "state": states, "is_open": is_open,
            "department": [c[8] for c in picked],
            "component_code": component, "limit_text": [f"{c[6]} 小时" for c in picked], "reported_at": reported, "started_at": started, "due_at": due,
            "closed_at": np.where(is_open, None, closed),
        }
    )  # fmt: skip
