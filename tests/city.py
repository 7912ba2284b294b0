"""The little city every test stands in: 1 200 x 600 m, drawn in metres around a centre.

::

      y
    600 +-------+-------+-------+-------+
        |  g4   |  g3   |  g7   |  g8   |     west of x = 0: district 230202, east of it: district 230203
        |  com B|  com A'      com E    |     street 230202001: com A (g1, g2) and com A' (g3)
    300 +-------+-------+-------+-------+     street 230202002: com B (g4)
        |  g1   |  g2   |  g5   |  g6   |     street 230203001: com D (g5, g6) and com E (g7, g8)
        |     com A     |     com D     |
      0 +-------+-------+-------+-------+     outside at (2 000, 300): one of each kind that lies in no area
      -600    -300      0      300     600 x

Every name column holds one ``<b>`` somewhere. The same drawing around another centre is the same city in another CRS.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
from shapely import LineString, Point, Polygon

from commandcenter.actor import Actor, Scope
from commandcenter.db.load import Counts, upsert
from commandcenter.db.registers import analyze, finish_load, write_city, write_source
from commandcenter.db.run import acting
from commandcenter.security.builtin import STEWARD
from commandcenter.text import Text
from tests.shapes import Drawing, rectangle, square, with_courtyard

HOME = Drawing(123.92, 47.34, 4550)
ELSEWHERE = Drawing(8.70, 49.41, 25832)
BOLD = "<b>红星</b>"
WEST, EAST = "230202", "230203"
NOW = datetime.now(UTC).replace(microsecond=0)

COMMUNITIES = {
    "230202001006": ("红星社区", rectangle(-600, 0, 0, 300)),
    "230202001007": ("新江社区", square(-300, 300, 300)),
    "230202002001": ("湖滨社区", square(-600, 300, 300)),
    "230203001001": ("站前社区", rectangle(0, 0, 600, 300)),
    "230203001002": (f"{BOLD}社区", rectangle(0, 300, 600, 600)),
}
GRIDS = {  # code: community, south-west corner, households
    "230202001006001": ("230202001006", -600, 0, 80),
    "230202001006002": ("230202001006", -300, 0, 120),
    "230202001007001": ("230202001007", -300, 300, 180),
    "230202002001001": ("230202002001", -600, 300, 250),
    "230203001001001": ("230203001001", 0, 0, 320),
    "230203001001002": ("230203001001", 300, 0, 0),
    "230203001002001": ("230203001002", 0, 300, 150),
    "230203001002002": ("230203001002", 300, 300, 199),
}
SHAPES = ("bullet", "dome", "ptz", "panoramic", "unknown")
STATUSES = ("working", "faulty", "unknown")
KINDS = ("component", "event", "grid", "hotline", "enforcement")
# How the clock of a case stands: hours since it started, hours until it is due.
CLOCKS: dict[str, tuple[float, float] | None] = {
    "ontime": (1, 2400), "due_soon": (2400, 24), "overdue": (48, -2), "no_deadline": None,
}  # fmt: skip
BASE_FEATURES: tuple[tuple[str, str, str | None, str | None, int, Any], ...] = (
    ("water", "river", "嫩江", "Nen River", 5, rectangle(-900, -200, 900, -40)),
    ("water", "pond", None, None, 14, square(450, 450, 40)),
    ("waterway", "stream", None, None, 11, LineString([(-600, 650), (600, 640)])),
    ("green", "park", "龙沙公园", "Longsha Park", 10, rectangle(-580, 420, -380, 580)),
    ("land_use", "residential", None, None, 11, rectangle(-600, 0, -10, 600)),
    ("land_use", "industrial", None, None, 11, rectangle(310, 10, 590, 290)),
    ("road", "trunk", "龙华路", "Longhua Road", 8, LineString([(-700, 300), (700, 300)])),
    ("road", "primary", "中华路", None, 9, LineString([(0, -250), (0, 700)])),
    ("road", "residential", "红星街", "Hongxing Street", 12, LineString([(-300, 0), (-300, 600)])),
    ("road", "path", None, None, 14, LineString([(-560, 430), (-400, 560)])),
    ("rail", "rail", "平齐铁路", None, 9, LineString([(-700, 620), (700, 655)])),
    ("place", "neighbourhood", BOLD, BOLD, 11, Point(-150, 150)),
)  # fmt: skip

OPERATOR = Actor("test:operator", Text("值班长", "Operator"), Scope(whole_city=True), frozenset({"read"}))
WESTERNER = Actor("test:west", Text("西区", "West"), Scope(districts=(WEST,)), frozenset({"read"}))
EASTERNER = Actor("test:east", Text("东区", "East"), Scope(districts=(EAST,)), frozenset({"read"}))
STRANGER = Actor("test:stranger", Text("外区", "Stranger"), Scope(districts=("230208",)), frozenset({"read"}))
STREET = Actor("test:street", Text("街道", "Street"), Scope(streets=("230202001",)), frozenset({"read"}))
COMMUNITY = Actor("test:community", Text("社区", "Community"), Scope(communities=("230202001006",)), frozenset({"read"}))
WEST_WRITER = Actor("test:west-writer", Text("西区录入", "West writer"), Scope(districts=(WEST,)), frozenset({"read", "write"}))
DATA_STEWARD = Actor("test:steward", Text("数据管理员", "Data steward"), Scope(whole_city=True), frozenset({"read", "write", "steward"}))
READERS = (OPERATOR, WESTERNER, EASTERNER, STRANGER, STREET, COMMUNITY)


def build(connection: psycopg.Connection, drawing: Drawing = HOME) -> dict[str, Counts]:
    """Load the little city as the steward, in one transaction; says what became of each table's rows."""
    counts: dict[str, Counts] = {}
    with acting(connection, STEWARD):
        write_city(
            connection,
            {"key": "little", "name": "小城", "name_en": "Little City", "code": "2302", "metric_srid": drawing.srid, "time_zone": "Asia/Shanghai",
             "centre_lon": drawing.lon, "centre_lat": drawing.lat, "synthetic": True,
             "settings": {"start_zoom": 14, "centres": {"emergency": {"zh": "应急指挥中心", "en": "Emergency Centre"}}}},
        )  # fmt: skip
        for table, columns, rows in _tables(connection, drawing):
            source = f"test_{table}"
            write_source(
                connection,
                {"name": source, "target": table, "title": f"测试{table}", "title_en": f"Test {table}", "owner": "tests", "licence": "CC0", "attribution": "",
                 "cadence_s": 3600 if table == "camera" else 86_400 * 3650, "synthetic": True, "data_as_of": NOW - timedelta(hours=6)},
            )  # fmt: skip
            placed = table not in {"area", "grid", "unit_cell"}
            counts[table] = upsert(connection, STEWARD, table, columns, rows, source=source, place=placed)
            connection.execute("update source set row_count = %s, last_good_run_at = %s where name = %s", [counts[table].loaded, NOW, source])
        finish_load(connection, lambda _: None)
    analyze(connection)
    connection.commit()
    return counts


Rows = list[Sequence[Any]]


def _tables(connection: psycopg.Connection, drawing: Drawing) -> Any:
    """Tables in the order they must be loaded: areas and grids before what is placed in them."""
    yield "area", AREA_COLUMNS, _areas(drawing)
    yield "grid", GRID_COLUMNS, _grids(connection, drawing)
    yield "unit_cell", UNIT_CELL_COLUMNS, _unit_cells(drawing)
    for table, (columns, rows) in thematic_tables(drawing).items():
        yield table, columns, rows
    ids = connection.execute("select id, source_key from building where use = 'residential' order by id").fetchall()
    yield (
        "household_count",
        ("source_key", "row_hash", "building_id", "resident", "registered", "vacant", "persons", "estimated", "counted_on",
         "district_code", "street_code", "community_code", "grid_code", "unit_cell_code"),
        [(f"household-{key}", "1", ref, 40, 42, 2, 96, False, date(2026, 9, 1), *placed)
         for ref, key in ids
         for placed in connection.execute("select district_code, street_code, community_code, grid_code, unit_cell_code from building where id = %s", [ref])],
    )  # fmt: skip


AREA_COLUMNS = ("source_key", "row_hash", "code", "code_system", "level", "parent_code", "district_code", "street_code",
                "community_code", "name", "name_en", "generated", "area_m2", "geom")  # fmt: skip


def _areas(drawing: Drawing) -> Rows:
    west, east = rectangle(-600, 0, 0, 600), rectangle(0, 0, 600, 600)
    upper = {
        "2302": ("city", None, "小城市", "Little City", rectangle(-600, 0, 600, 600)),
        WEST: ("district", "2302", "龙沙区", "Longsha", west),
        EAST: ("district", "2302", "建华区", "Jianhua", east),
        "230202001": ("street", WEST, "五龙街道", "Wulong", Polygon([(-600, 0), (-600, 300), (-300, 300), (-300, 600), (0, 600), (0, 0)])),
        "230202002": ("street", WEST, "湖滨街道", "Hubin", square(-600, 300, 300)),
        "230203001": ("street", EAST, "站前街道", "Zhanqian", east),
    }  # fmt: skip
    communities = {code: ("community", code[:9], name, None, shape) for code, (name, shape) in COMMUNITIES.items()}
    return [
        (f"area-{code}", "1", code, "stats", level, parent,
         code[:6] if len(code) >= 6 else None, code[:9] if len(code) >= 9 else None, code if len(code) == 12 else None,
         name, name_en, False, shape.area, drawing.multi_hex(shape))
        for code, (level, parent, name, name_en, shape) in {**upper, **communities}.items()
    ]  # fmt: skip


GRID_COLUMNS = ("source_key", "row_hash", "plan_id", "kind", "code", "code_system", "name", "district_code", "street_code", "community_code",
                "households", "persons", "households_estimated", "area_m2", "geom_metric", "geom", "geom_3857_mid", "geom_3857_low")  # fmt: skip


def _grids(connection: psycopg.Connection, drawing: Drawing) -> Rows:
    plans = {}
    for code, status in (("today", "published"), ("next", "draft")):
        row = connection.execute(
            "insert into grid_plan (code, title, title_en, status, rule, valid_from) values (%s, %s, %s, %s, '100-200', %s) returning id",
            [code, "现行方案", "Plan of today", status, NOW if status == "published" else None],
        ).fetchone()
        assert row is not None
        plans[code] = row[0]
    rows: Rows = []
    for number, (code, (community, x, y, households)) in enumerate(GRIDS.items(), start=1):
        shape = square(x, y, 300)
        in_tile = _mercator(connection, drawing.hex(shape))
        name = f"{BOLD}第一网格" if number == 1 else f"第{number}网格"
        rows.append((f"grid-{code}", "1", plans["today"], "basic", code, "grid_15", name, community[:6], community[:9], community,
                     households, households * 2, False, shape.area, drawing.metric_hex(shape), drawing.hex(shape), in_tile, in_tile))  # fmt: skip
    draft = rectangle(-600, 0, 0, 300)
    rows.append(("grid-draft", "1", plans["next"], "basic", "230202001006901", "grid_15", "草案网格", WEST, "230202001", "230202001006",
                 200, 400, True, draft.area, drawing.metric_hex(draft), drawing.hex(draft), None, None))  # fmt: skip
    return rows


def _mercator(connection: psycopg.Connection, lonlat_hex: str) -> str:
    row = connection.execute("select ST_Transform(%s::geometry, 3857)::text", [lonlat_hex]).fetchone()
    assert row is not None
    return str(row[0])


UNIT_CELL_COLUMNS = ("source_key", "row_hash", "code", "code_system", "district_code", "street_code", "community_code", "land_use", "area_m2", "geom")


def _unit_cells(drawing: Drawing) -> Rows:
    """A chessboard of 100 m cells; one names its land use in bold, as nobody should."""
    rows: Rows = []
    for community, (_, shape) in COMMUNITIES.items():
        west, south, east, north = (int(v) for v in shape.bounds)
        corners = [(x, y) for y in range(south, north, 100) for x in range(west, east, 100)]
        for number, (x, y) in enumerate(corners, start=1):
            cell = square(x, y, 100)
            code = f"{community}{number:03d}"
            rows.append((f"cell-{code}", "1", code, "GBT30428_1", community[:6], community[:9], community,
                         BOLD if number == 1 else "residential", cell.area, drawing.hex(cell)))  # fmt: skip
    return rows


def thematic_tables(drawing: Drawing) -> dict[str, tuple[tuple[str, ...], Rows]]:
    """Everything that lies in the areas: columns and rows by table."""
    return {
        "base_feature": (
            ("source_key", "row_hash", "theme", "class", "name", "name_en", "min_zoom", "geom"),
            [(f"base-{n:02d}", "1", theme, kind, name, name_en, zoom, drawing.hex(shape))
             for n, (theme, kind, name, name_en, zoom, shape) in enumerate(BASE_FEATURES)],
        ),
        "compound": (
            ("source_key", "row_hash", "code", "name", "address", "households", "built_year", "geom"),
            [("compound-1", "1", "XQ001", f"{BOLD}小区", "红星街 2 号", 300, 1998, drawing.hex(rectangle(-590, 10, -450, 150))),
             ("compound-2", "1", "XQ002", "江岸家园", "龙华路 8 号", 520, 2012, drawing.hex(rectangle(40, 40, 260, 260)))],
        ),
        "building": (
            ("source_key", "row_hash", "code", "name", "address", "use", "levels", "height_m", "geom"),
            _buildings(drawing),
        ),
        "address": (
            ("source_key", "row_hash", "house_number", "street", "label", "geom"),
            [(f"address-{n}", "1", f"{n}", "红星街", f"红星街{n}号", drawing.point(-310 + n if n < 5 else 10 * n, 40 * n)) for n in range(1, 7)],
        ),
        "camera": (
            ("source_key", "row_hash", "code", "name", "shape", "status", "azimuth_deg", "azimuth_source", "hfov_deg", "max_view_distance_m",
             "point_class", "geom"),
            _cameras(drawing),
        ),
        "cases": (
            ("source_key", "row_hash", "number", "kind", "major", "minor", "minor_en", "origin", "state", "is_open", "address", "reported_at",
             "started_at", "due_at", "closed_at", "component_code", "geom"),
            _cases(drawing),
        ),
        "service_point": (
            ("source_key", "row_hash", "code", "class", "kind", "name", "address", "opening_hours", "services", "geom"),
            [(f"service-{n}", "1", f"FW{n:03d}", kind, what, name, f"中华路 {n} 号", "Mo-Fr 08:30-17:00", ["社保", "医保"], drawing.point(x, y))
             for n, (kind, what, name, x, y) in enumerate((
                 ("public", "office", "五龙街道便民服务中心", -200, 120), ("welfare", "elderly", "红星养老驿站", -450, 120),
                 ("social", "clinic", BOLD + "诊所", 120, 120), ("market", "market", "站前早市", 420, 220),
                 ("public", "school", "龙沙小学", -150, 450), ("market", "pharmacy", "湖滨药房", -450, 350),
                 ("welfare", "library", "社区书屋", 150, 450), ("market", "bank", "城外银行", 2000, 300)), start=1)],
        ),
        "component": (
            ("source_key", "row_hash", "code", "code_system", "major_code", "minor_code", "class_name", "state", "geom"),
            [(f"component-{n:02d}", "1", f"{WEST}{n:010d}", "GBT30428_2", f"{n % 5 + 1:02d}", "01",
              BOLD + "井盖" if n == 0 else "路灯", ("intact", "damaged", "missing", "abandoned", "unknown")[n % 5],
              drawing.point(2000, 310) if n == 15 else drawing.point(-570 + 75 * n, 25 + 37 * n))
             for n in range(16)],
        ),
        "key_site": (
            ("source_key", "row_hash", "code", "legal_class", "kind", "name", "geom"),
            [("site-point", "1", "ZD001", "7.2(1)", "school", "龙沙小学", drawing.point(-150, 450)),
             ("site-line", "1", "ZD002", "7.1", "bridge", f"{BOLD}大桥", drawing.line((0, -220), (0, -20))),
             ("site-area", "1", "ZD003", "7.2(2)", "station", "齐齐哈尔站", drawing.hex(rectangle(320, 480, 520, 590))),
             ("site-gate", "1", "ZD005", "7.1", "government", "红星路口", drawing.hex(square(-250, 200, 40))),
             ("site-west", "1", "ZD004", "7.2(4)", "square", "湖滨广场", drawing.hex(square(-500, 320, 60)))],
        ),
    }  # fmt: skip


def _buildings(drawing: Drawing) -> Rows:
    rows: Rows = []
    for code, (_, x, y, _) in GRIDS.items():
        for side, dx in (("a", 40), ("b", 180)):
            shape = rectangle(x + dx, y + 60, x + dx + 60, y + 75)
            rows.append((f"house-{code}-{side}", "1", f"{code}{side}", None, f"红星街 {code[-3:]}{side} 号", "residential", 6, 18.0, drawing.hex(shape)))
    rows += [
        ("big", "1", "JZ1", "龙沙商场", "中华路 1 号", "commercial", 5, 25.0, drawing.hex(rectangle(-120, 200, -40, 280))),
        ("tower", "1", "JZ2", f"{BOLD}大厦", "中华路 3 号", "office", 50, 200.0, drawing.hex(square(30, 200, 30))),
        ("court", "1", "JZ3", "市民中心", None, "public", None, None, drawing.hex(with_courtyard(square(400, 150, 60), 15))),
        ("twins", "1", None, "双子楼", None, "other", 3, 9.0, drawing.multi_hex(square(100, 500, 20), square(140, 500, 20))),
        ("outside", "1", None, "城外仓库", None, "industrial", 1, 8.0, drawing.hex(square(2000, 300, 50))),
    ]  # fmt: skip
    return rows


def _cameras(drawing: Drawing) -> Rows:
    rows: Rows = []
    for n, (shape, status) in enumerate((shape, status) for shape in SHAPES for status in STATUSES):
        x, y = -560 + 80 * n, 30 + (n * 137) % 540
        aimed = shape in ("bullet", "ptz", "panoramic") and status != "unknown"
        rows.append(
            (f"camera-{n:02d}", "1", f"2302020010131{n:07d}", f"{BOLD}路口" if n == 0 else f"{shape}{n}号机", shape, status,
             (n * 45) % 360 if aimed else None, "catalogue" if aimed else None, 360 if shape == "panoramic" else 60 if aimed else None,
             80 if aimed else None, n % 3 + 1, drawing.point(x, y))
        )  # fmt: skip
    rows.append(("camera-outside", "1", None, "城外球机", "ptz", "working", 90, "surveyed", 55, 100, 9, drawing.point(2000, 290)))
    return rows


def _cases(drawing: Drawing) -> Rows:
    rows: Rows = []
    for n, (kind, clock) in enumerate((kind, clock) for kind in KINDS for clock in CLOCKS):
        hours = CLOCKS[clock]
        started = NOW - timedelta(hours=hours[0]) if hours else None
        due = NOW + timedelta(hours=hours[1]) if hours else None
        x, y = -571 + 58 * n, 20 + (n * 211) % 560
        rows.append((f"case-{n:02d}", "1", f"AJ2026{n:06d}", kind, "市容环境", BOLD if n == 0 else "暴露垃圾", None, "patrol", "handling", True,
                     f"红星街 {n} 号", NOW - timedelta(days=2), started, due, None, f"{WEST}{0:010d}" if n == 1 else None, drawing.point(x, y)))  # fmt: skip
    rows.append(("case-closed", "1", "AJ2026900001", "event", "市容环境", "占道经营", None, "public", "closed", False, None, NOW - timedelta(days=9),
                 NOW - timedelta(days=9), NOW - timedelta(days=2), NOW - timedelta(days=3), None, drawing.point(-100, 100)))  # fmt: skip
    rows.append(("case-outside", "1", "AJ2026900002", "hotline", "道路", "路面破损", "Broken surface", "hotline", "handling", True, None,
                 NOW - timedelta(days=1), NOW - timedelta(hours=5), NOW + timedelta(days=40), None, None, drawing.point(2000, 305)))  # fmt: skip
    return rows
