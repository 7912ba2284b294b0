"""What a click shows: values as a person reads them, the place, the neighbours, and nothing from outside the jurisdiction."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from commandcenter.actor import Actor
from commandcenter.db.request import SqlRequest
from commandcenter.text import Text
from layers.base import Field
from layers.cards import show
from tests.asking import ask as rows_of
from tests.city import BOLD, HOME, OPERATOR, STREET
from tests.conftest import TestDatabase
from tests.serving import ServedApplication

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def card(application: ServedApplication, connection: Any):  # type: ignore[no-untyped-def]
    """The card of the row with a source key."""

    def shown(layer: str, key: str, lang: str = "zh", actor: Actor = OPERATOR) -> dict[str, Any]:
        table = application.state.layers[layer].table
        (row,) = rows_of(connection, OPERATOR, SqlRequest(f"select id from {table} where source_key = %(key)s", {"key": key}))
        answer = application.get(f"/features/{layer}/{row['id']}?lang={lang}", actor)
        return answer.json() if answer.status_code == 200 else {"status": answer.status_code}

    return shown


def lines(view: dict[str, Any]) -> dict[str, str]:
    return {row["label"]: row["value"] for row in view["rows"]}


def test_a_camera_says_what_it_is_where_it_is_and_who_is_near(card: Any) -> None:
    view = card("cameras", "camera-00")
    assert view["title"] == f"{BOLD}路口" and view["synthetic"] is True and view["source"] == "测试camera"
    said = lines(view)
    assert said["状态"] == "在线" and said["类型"] == "枪机" and said["朝向（正北顺时针）"] == "0°" and said["可视距离"] == "80 米"
    assert said["网格"] == f"{BOLD}第一网格" and said["社区"] == "红星社区" and said["街道"] == "五龙街道" and said["区"] == "龙沙区"
    assert said["国标编码"] == "23020200101310000000"
    assert (view["lon"], view["lat"]) == pytest.approx(HOME.lonlat(-560, 30), abs=1e-6)
    opens = {row["label"]: row["opens"] for row in view["rows"] if row["opens"]}
    assert opens["网格"] == ["grids", "230202001006001"] and opens["社区"] == ["areas", "230202001006"]


def test_the_same_camera_in_english(card: Any) -> None:
    view = card("cameras", "camera-00", "en")
    said = lines(view)
    assert said["Status"] == "Working" and said["View distance"] == "80 m" and said["Street"] == "Wulong"
    assert view["source"] == "Test camera"
    chinese = [text for text in said if any("一" <= letter <= "鿿" for letter in text)]
    assert chinese == [], "no label is left in Chinese"


def test_a_grid_counts_what_the_tables_hold(card: Any, connection: Any) -> None:
    code = "230202001006001"
    view = card("grids", f"grid-{code}")
    (truth,) = rows_of(
        connection, OPERATOR,
        SqlRequest("select (select count(*) from cases where is_open and grid_code = %(code)s) as cases,"
                   " (select count(*) from cases where is_open and grid_code = %(code)s and due_at < now()) as overdue,"
                   " (select count(*) from camera where grid_code = %(code)s) as cameras", {"code": code}),
    )  # fmt: skip
    said = lines(view)
    assert said["户数"] == "80 户" and said["户数性质"] == "登记" and said["划分方案"] == "现行方案"
    assert said["未结事项"] == f"{truth['cases']} 件" and said["其中超期"] == f"{truth['overdue']} 件" and said["监控"] == f"{truth['cameras']} 路"
    assert said["面积"] == "90,000 平方米"
    links = {link["layer"]: link["text"] for link in view["links"]}
    assert truth["cases"] > 0 and links["cases"] == f"未结事项 {truth['cases']} 件"


def test_a_building_shows_its_households_to_those_who_may_know(card: Any) -> None:
    key = "house-230203001001001-a"
    assert lines(card("buildings", key))["常住户"] == "40 户"
    stranger = card("buildings", key, actor=STREET)
    assert "常住户" not in lines(stranger), "the building is public ground, its households are not"


def test_links_count_only_what_the_actor_may_see(card: Any) -> None:
    whole, street = (card("areas", "area-2302", actor=actor) for actor in (OPERATOR, STREET))
    assert whole["title"] == "小城市" and street["links"] == [] == whole["links"], "no row carries the city's own code"
    district = card("areas", "area-230202")
    seen = card("areas", "area-230202", actor=STREET)

    def grids(view: dict[str, Any]) -> str:
        return next(link["text"] for link in view["links"] if link["layer"] == "grids")

    assert (grids(district), grids(seen)) == ("网格 4 个", "网格 3 个"), "the draft plan's grid is no grid"


def test_a_case_with_a_component_leads_to_it(card: Any) -> None:
    assert lines(card("cases", "case-01"))["时限"] == "将到期（80%–100%）"
    assert lines(card("cases", "case-02"))["时限"] == "超期"
    component = card("components", "component-00")
    assert {link["layer"]: link["text"] for link in component["links"]} == {"cases": "此部件的未结事项 1 件"}


@pytest.mark.parametrize(
    ("format", "value", "zh", "en"),
    [
        ("integer", 1234567, "1,234,567 户", "1,234,567 households"),
        ("metres", 12.34, "12.3 米", "12.3 m"),
        ("square_metres", 10000.4, "10,000 平方米", "10,000 m²"),
        ("degrees", 0.0, "0°", "0°"),
        ("moment", datetime(2026, 1, 31, 16, 30, tzinfo=UTC), "2026-02-01 00:30", "2026-02-01 00:30"),
        ("date", date(2026, 9, 1), "2026-09-01", "2026-09-01"),
        ("list", ["社保", "医保"], "社保、医保", "社保, 医保"),
        ("text", BOLD, BOLD, BOLD),
    ],
)
def test_values_read_like_words(format: Any, value: Any, zh: str, en: str) -> None:
    field = Field("x", Text("值", "Value"), format, Text("户", "households") if format == "integer" else None)
    assert (show(field, value, "zh", SHANGHAI), show(field, value, "en", SHANGHAI)) == (zh, en)


def test_a_database_row_is_the_only_place_a_card_comes_from(application: ServedApplication, city_database: TestDatabase) -> None:
    for ref in (0, 2**63 - 1):
        assert application.get(f"/features/cameras/{ref}", OPERATOR).status_code == 404
    for ref in (-1, 2**63):
        assert application.get(f"/features/cameras/{ref}", OPERATOR).status_code == 404
