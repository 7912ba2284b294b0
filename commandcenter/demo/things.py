"""What stands on the streets: cameras, components, service points and key sites. Arrays in EPSG:4550."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.random import Generator
from numpy.typing import NDArray

from commandcenter.demo.fabric import Fabric
from commandcenter.demo.ground import HALF_WIDTH_M, Ground, Road
from commandcenter.demo.names import Name, compound_name, lane_name, pair, road_name

# GB/T 30428.2 minor classes along a street: code, name, spacing along the road (m), offset from its edge (m), department.
ALONG_ROADS = (
    ("0137", "路灯", "Street lamp", 32.0, 1.0, "市政管理处"), ("0402", "行道树", "Street tree", 14.0, 2.0, "园林管理处"),
    ("0102", "污水井盖", "Sewage manhole", 45.0, -4.0, "排水管理处"), ("0103", "雨水井盖", "Rainwater manhole", 48.0, -3.0, "排水管理处"),
    ("0104", "雨水箅子", "Rainwater grate", 36.0, -1.0, "排水管理处"), ("0305", "垃圾箱", "Litter bin", 95.0, 1.5, "环境卫生管理处"),
    ("0204", "公交站亭", "Bus shelter", 520.0, 2.0, "交通运输局"), ("0113", "消防栓", "Fire hydrant", 120.0, 1.2, "供水公司"),
    ("0212", "路名牌", "Road sign", 260.0, 1.0, "民政局"), ("0130", "电力立杆", "Power pole", 70.0, 2.5, "供电公司"),
)  # fmt: skip
SERVICES = (
    ("public", "office", "社区服务站", "Community service station", "Mo-Fr 08:30-17:00", ["低保", "社保", "人事", "司法", "统计"], 1.0),
    ("public", "police", "派出所", "Police station", "24/7", ["户籍", "治安"], 0.2),
    ("public", "clinic", "社区卫生服务站", "Community health station", "Mo-Sa 08:00-17:30", ["家庭医生", "接种", "慢病管理"], 0.8),
    ("public", "kindergarten", "幼儿园", "Kindergarten", "Mo-Fr 07:30-17:00", ["托育"], 0.7),
    ("welfare", "elderly", "居家养老服务站", "Home-care station", "Mo-Su 08:00-20:00", ["日间照料", "助餐", "紧急援助"], 0.7),
    ("welfare", "legal", "法律援助工作站", "Legal aid station", "Mo-Fr 09:00-16:30", ["法律咨询", "调解"], 0.35),
    ("welfare", "library", "社区书屋", "Community library", "Tu-Su 09:00-19:00", ["阅览"], 0.3),
    ("social", "culture", "社会组织孵化站", "Social organisation hub", "Mo-Fr 09:00-17:00", ["志愿服务"], 0.25),
    ("social", "sports", "健身活动站", "Sports room", "Mo-Su 06:00-21:00", ["健身"], 0.5),
    ("market", "pharmacy", "大药房", "Pharmacy", "Mo-Su 07:30-21:30", ["售药"], 1.3),
    ("market", "market", "便民市场", "Food market", "Mo-Su 05:30-19:00", ["蔬菜", "肉类"], 0.8),
    ("market", "bank", "银行网点", "Bank branch", "Mo-Fr 09:00-16:30", ["存取款", "代缴费"], 0.6),
    ("market", "post", "快递驿站", "Parcel station", "Mo-Su 08:00-22:00", ["收寄"], 1.4),
    ("market", "hairdresser", "理发店", "Hairdresser", "Mo-Su 09:00-20:00", ["理发"], 0.9),
)  # fmt: skip
LENSES = ((2.8, 88.0), (4.0, 68.0), (6.0, 48.0), (8.0, 37.0), (12.0, 25.0))  # focal mm, horizontal view deg for 1/2.8" (domain 3.4)
DETECT_PX_PER_M = 25.0
SHAPES = ("bullet", "dome", "ptz", "panoramic")
ROAD_WEIGHT = {"trunk": 3.0, "primary": 3.0, "secondary": 2.2, "tertiary": 1.0, "residential": 0.6}  # wish for cameras, per metre
PTZ_TYPE = {"bullet": 3, "dome": 2, "ptz": 1, "panoramic": 6}


def cameras(ground: Ground, fabric: Fabric, district: str, count: int, now: datetime, rng: Generator) -> pd.DataFrame:
    """Cameras at crossings, along roads and at compound gates; exactly ``count``. Bearings look along the street."""
    roads = [r for r in [*ground.roads, *ground.lanes] if not r.bridge]
    weight = np.array([ROAD_WEIGHT[r.road_class] * r.line.length for r in roads])
    urban_middle = np.array([r.line.interpolate(0.5, normalized=True).coords[0] for r in roads])
    far = np.hypot(urban_middle[:, 0] - 571_897, urban_middle[:, 1] - 5_242_731) / ground.size_m
    weight *= np.where(far < 1.0, 1.4 - 0.6 * far, 0.06)
    chosen = rng.choice(len(roads), count, p=weight / weight.sum())
    lines = np.array([r.line for r in roads], dtype=object)[chosen]
    near_end = rng.random(count) < 0.55
    at_end = np.where(rng.random(count) < 0.5, rng.uniform(0.01, 0.06, count), rng.uniform(0.94, 0.99, count))
    share = np.where(near_end, at_end, rng.uniform(0.05, 0.95, count))
    at = shapely.line_interpolate_point(lines, share, normalized=True)
    ahead = shapely.line_interpolate_point(lines, np.clip(share + 0.01, 0, 1), normalized=True)
    x, y = shapely.get_x(at), shapely.get_y(at)
    dx, dy = shapely.get_x(ahead) - x, shapely.get_y(ahead) - y
    norm = np.maximum(np.hypot(dx, dy), 0.01)
    half = np.array([HALF_WIDTH_M[roads[c].road_class] for c in chosen])
    side = np.where(rng.random(count) < 0.5, 1, -1)
    x, y = x - dy / norm * half * side, y + dx / norm * half * side
    bearing = (np.degrees(np.arctan2(dx, dy)) + np.where(rng.random(count) < 0.5, 180, 0) + rng.normal(0, 12, count)) % 360
    lens = rng.choice(len(LENSES), count, p=[0.2, 0.3, 0.25, 0.15, 0.1])
    hfov = np.array([LENSES[k][1] for k in lens])
    width = rng.choice([1920, 2560, 3840], count, p=[0.45, 0.4, 0.15])
    shape = rng.choice(SHAPES, count, p=[0.58, 0.22, 0.16, 0.04])
    hfov = np.where(shape == "panoramic", 360.0, hfov)
    reach = np.where(shape == "panoramic", 25.0, width / (2 * DETECT_PX_PER_M * np.tan(np.radians(np.minimum(hfov, 120) / 2))))
    reach = np.minimum(np.round(reach, 1), 120.0)
    point_class = rng.choice([1, 2, 3], count, p=[0.3, 0.45, 0.25])
    industry = np.where(point_class == 1, rng.choice(["00", "04", "05"], count), np.where(point_class == 2, rng.choice(["01", "08"], count), "52"))
    status = rng.choice(["working", "faulty", "unknown"], count, p=[0.955, 0.032, 0.013])
    titles = [_road_title(roads[c]) for c in chosen]
    names = [f"{title.zh}{i % 90 + 1:02d}号" for i, title in enumerate(titles)]
    names_en = [f"{title.en} no. {i % 90 + 1:02d}" for i, title in enumerate(titles)]
    serial = np.arange(1, count + 1)
    return pd.DataFrame(
        {
            "source_key": [f"cam{n}" for n in serial], "x": x, "y": y, "name": names, "name_en": names_en, "shape": shape,
            "code": [f"{district}{n // 1_000_000 + 1:02d}{ind}1320{n % 1_000_000:06d}" for n, ind in zip(serial, industry, strict=True)],
            "ptz_type": [PTZ_TYPE[s] for s in shape], "industry_code": industry, "point_class": point_class,
            "azimuth_deg": np.where(shape == "panoramic", 0.0, np.round(bearing % 360, 1) % 360), "azimuth_source": "catalogue", "hfov_deg": hfov,
            "max_view_distance_m": reach, "focal_mm": [LENSES[k][0] for k in lens], "width_px": width, "mount": rng.choice(["立杆", "借杆", "壁挂"], count),
            "mount_height_m": rng.choice([3.5, 4.6, 5.3, 6.0, 6.8], count), "place_kind": np.where(half > 9, "交通干线", "居住区"),
            "owner": np.where(point_class == 1, "区公安分局", np.where(point_class == 2, "街道办事处", "物业或单位")), "status": status,
            "status_at": [now - timedelta(minutes=int(m)) for m in rng.integers(1, 30, count)],
            "installed_on": [date(2014, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 4_200, count)],
        }
    )  # fmt: skip


def _road_title(road: Road) -> Name:
    return lane_name(road.number) if road.kind == "lane" else road_name(road.kind, road.road_class, road.number)


def components(ground: Ground, district: str, limit: int, rng: Generator) -> pd.DataFrame:
    """Street furniture along every urban road, with 16-digit codes; at most ``limit``."""
    roads = [r for r in [*ground.roads, *ground.lanes] if not r.bridge]
    frames = []
    lengths = np.array([r.line.length for r in roads])
    middle = np.array([r.line.interpolate(0.5, normalized=True).coords[0] for r in roads])
    urban = np.hypot(middle[:, 0] - 571_897, middle[:, 1] - 5_242_731) < ground.size_m * 1.05
    stretch = max(1.0, lengths[urban].sum() * sum(1 / spec[3] for spec in ALONG_ROADS) / limit)
    lines = np.array([r.line for r in roads], dtype=object)
    half = np.array([HALF_WIDTH_M[r.road_class] for r in roads])
    for code, title, title_en, spacing, offset, department in ALONG_ROADS:
        step = spacing * stretch
        counts = np.where(urban, (lengths / step).astype(int), 0)
        which = np.repeat(np.arange(len(roads)), counts)
        order = np.concatenate([np.arange(c) for c in counts]) if counts.sum() else np.empty(0)
        if len(which) == 0:
            continue
        along = (order + rng.uniform(0.2, 0.8, len(which))) * step
        here, ahead = shapely.line_interpolate_point(lines[which], along), shapely.line_interpolate_point(lines[which], along + 1.0)
        x, y = shapely.get_x(here), shapely.get_y(here)
        dx, dy = shapely.get_x(ahead) - x, shapely.get_y(ahead) - y
        norm = np.maximum(np.hypot(dx, dy), 0.01)
        side = np.where(order % 2 == 0, 1, -1) * (half[which] + offset)
        n = np.arange(1, len(which) + 1)
        frames.append(pd.DataFrame({
            "source_key": [f"{code}-{k}" for k in n], "x": x - dy / norm * side, "y": y + dx / norm * side,
            "code": [f"{district}{code}{k:06d}" for k in n],
            "code_system": "GBT30428_2", "major_code": code[:2], "minor_code": code[2:], "class_name": title, "class_name_en": title_en,
            "state": rng.choice(["intact", "damaged", "missing", "abandoned"], len(n), p=[0.972, 0.02, 0.005, 0.003]),
            "department": department, "owner": department,
            "surveyed_on": [date(2026, 3, 1) + timedelta(days=int(d)) for d in rng.integers(0, 120, len(n))]}))  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def service_points(
    communities: list[tuple[str, str, str]], centres: NDArray[np.float64], spots: NDArray[np.float64], rng: Generator
) -> pd.DataFrame:
    """Points of the four classes around each community's middle, on real building entrances (``spots``)."""
    rows: list[dict[str, Any]] = []
    for (code, name, name_en), (x, y) in zip(communities, centres, strict=True):
        near = np.argsort(np.hypot(spots[:, 0] - x, spots[:, 1] - y))[:260]
        for group, kind, title, title_en, hours, offered, mean in SERVICES:
            for _ in range(int(mean) + (rng.random() < mean % 1)):
                spot = spots[near[int(rng.integers(0, len(near)))]]
                prefix = name.removesuffix("社区") if group == "public" else pair(int(rng.integers(0, 2_000))).zh
                prefix_en = name_en.removesuffix(" community") if group == "public" else ""
                areas = [60, 120, 300, 520, 790, 1000] if group in {"public", "welfare"} else [40, 80, 150]
                rows.append({
                    "source_key": f"sp{len(rows) + 1}", "x": spot[0], "y": spot[1] - 9.0, "code": f"{code}F{len(rows) + 1:05d}", "class": group,
                    "kind": kind, "name": f"{prefix}{title}", "name_en": f"{prefix_en} {title_en}".strip(), "opening_hours": hours,
                    "services": offered, "floor_area_m2": float(rng.choice(areas))})  # fmt: skip
    return pd.DataFrame(rows)


def key_sites(ground: Ground, fabric: Fabric, rng: Generator) -> list[dict[str, object]]:
    """Places that must be seen: squares, bridges, station, schools, hospitals, malls, the park, government."""
    rows: list[dict[str, object]] = []

    def add(kind: str, legal: str, name: str, name_en: str, shape: shapely.Geometry) -> None:
        n = len(rows) + 1
        rows.append({
            "source_key": f"ks{n}", "code": f"KS{n:05d}", "kind": kind, "legal_class": legal, "name": name, "name_en": name_en, "geom": shape,
        })  # fmt: skip

    add("station", "7.2(2)", "火车站", "Railway station", ground.station.buffer(90, cap_style="square"))
    add("park", "7.2(1)", "龙沙公园", "Longsha Park", ground.park)
    bridges = [r for r in ground.roads if r.bridge]
    for n, road in enumerate(bridges[:12]):
        own = _road_title(road)
        add("bridge", "7.1", f"{own.zh}大桥{n + 1}", f"{own.en} bridge {n + 1}", road.line)
    wanted = {
        "education": ("school", "7.2(1)", "学校", "School"),
        "medical": ("hospital", "7.2(1)", "医院", "Hospital"),
        "public": ("government", "7.2(1)", "服务大厅", "Service hall"),
        "commercial": ("mall", "7.2(1)", "购物中心", "Shopping centre"),
    }
    scale = max(1.0, (ground.size_m / 3_500) ** 2)
    caps = {"education": 18, "medical": 7, "public": 9, "commercial": 12}
    for kind, (site, legal, title, title_en) in wanted.items():
        of_kind = [i for i, k in enumerate(fabric.kind) if k == kind]
        rng.shuffle(of_kind)
        for n, i in enumerate(of_kind[: int(caps[kind] * scale)]):
            own = pair(1_200 + n * 7 + len(kind))
            block = ground.blocks[i]
            shape = block.buffer(-12) if n % 3 == 0 else block.representative_point()
            add(site, legal, own.zh + title, f"{own.en} {title_en}", shape)
    crossings = [r.line.interpolate(0.5, normalized=True) for r in ground.roads if r.road_class == "primary" and not r.bridge]
    for n, spot in enumerate(crossings[: int(8 * scale)]):
        own = pair(1_500 + n)
        add("square", "7.1", f"{own.zh}广场", f"{own.en} Square", spot)
    return rows


def compounds(ground: Ground, fabric: Fabric) -> list[dict[str, object]]:
    """Each block of slabs or towers is a compound: its inset boundary, name and year."""
    rows: list[dict[str, object]] = []
    for i, kind in enumerate(fabric.kind):
        if kind not in {"slab", "tower"}:
            continue
        shape = ground.blocks[i].buffer(-7.0, join_style="mitre")
        if shape.geom_type != "Polygon" or shape.area < 3_000:
            continue
        own = compound_name(len(rows))
        unmanaged = kind == "slab" and i % 3 == 0
        rows.append({
            "block": i, "source_key": f"cp{i}", "name": own.zh, "name_en": own.en, "geom": shape,
            "built_year": 1985 + (i * 7) % 20 if kind == "slab" else 2008 + i % 16,
            "property_company": None if unmanaged else f"{pair(2_000 + i % 40).zh}物业",
        })  # fmt: skip
    return rows
