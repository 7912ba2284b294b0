"""Journeys of a person at the wall, in a real browser, against the real application over the demo city."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect

from commandcenter.db.connect import connect
from commandcenter.demo.accounts import make_accounts
from commandcenter.demo.load import load_demo
from tests.browsing import CHROMIUM, Wall, changed_share, chromium
from tests.city import OPERATOR
from tests.serving import ServedApplication

CENTRE = "123.95,47.315"
DESK = {"width": 1600, "height": 900}
# Layer, map zoom at which its things are there to see, and the least share of pixels it must change.
DRAWN = (
    ("grids", 14, 0.2), ("areas", 14, 0.001), ("compounds", 16, 0.02), ("unit_cells", 17, 0.003), ("cases", 14, 0.002), ("cameras", 16.5, 0.002),
    ("key_sites", 14, 0.0005), ("service_points", 16, 0.0005), ("components", 17.5, 0.001), ("buildings", 16, 0.03), ("base", 14, 0.05),
)  # fmt: skip


@pytest.fixture(scope="module")
def served(clone: Callable[[str], object]) -> Iterator[ServedApplication]:
    """The demo city, loaded once, served."""
    database = clone("demo")
    settings = database.settings  # type: ignore[attr-defined]
    load_demo(settings, "district", 230202, lambda _: None)
    with connect(settings) as connection:
        connection.autocommit = True
        make_accounts(connection)
    with ServedApplication(settings) as application:
        yield application


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed; make test installs it")
    with chromium() as opened:
        yield opened


@pytest.fixture
def wall(browser: Browser, served: ServedApplication) -> Iterator[Wall]:
    """A fresh page in Chinese at a desk; its manners are checked when the journey ends."""
    context = browser.new_context(viewport=DESK, locale="zh-CN", reduced_motion="reduce")
    opened = Wall(context.new_page(), served)
    yield opened
    opened.check_manners()
    context.close()


def test_the_wall_opens_with_numbers_a_list_and_its_layers(wall: Wall) -> None:
    wall.open("/?lang=zh")
    page = wall.page
    expect(page.locator("#wall-city")).to_have_text("龙沙区")
    expect(page.locator("#wall-synthetic")).to_be_visible()
    expect(page.locator(".strip .figure .value").first).to_have_text("".join(page.locator(".strip .figure .value").first.all_inner_texts()))
    values = page.locator(".strip .figure .value").all_inner_texts()
    assert len(values) == 6
    assert all(text.replace(",", "").replace(".", "").isdigit() for text in values)
    assert page.locator(".queue .queue-row").count() >= 10
    wall.keep("wall-zh")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_layer_draws(wall: Wall, theme: str) -> None:
    """Each layer changes the pixels of the map when it is switched on, at a zoom where it has things to show."""
    shown = DRAWN if theme == "dark" else DRAWN[:1]
    wall.open(f"/?lang=zh&theme={theme}&layers=none&at={CENTRE},14")
    for layer, zoom, least in shown:
        wall.page.evaluate("([lat, lon, zoom]) => window.commandcenter.map.setView([lat, lon], zoom, { animate: false })", [47.315, 123.95, zoom])
        wall.settle()
        before = wall.map_pixels()
        wall.page.evaluate("(id) => window.commandcenter.setLayer(id, true)", layer)
        wall.settle()
        wall.page.wait_for_timeout(500)
        share = changed_share(before, wall.map_pixels())
        wall.page.evaluate("(id) => window.commandcenter.setLayer(id, false)", layer)
        assert share >= least, f"{layer} changes {share:.4%} of the map at zoom {zoom}"


def test_presets_choose_layers_numbers_and_list(wall: Wall) -> None:
    wall.open("/?lang=zh")
    page = wall.page
    seen = set()
    for name in ("应急指挥", "网格管理", "城市管理", "综合"):
        page.get_by_role("radio", name=name).check(force=True)
        page.wait_for_timeout(1500)
        wall.settle()
        labels = tuple(page.locator(".strip .figure .label").all_inner_texts())
        title = page.locator("#wall-queue h2").inner_text()
        seen.add((labels, title))
        wall.keep(f"preset-{name}")
    assert len(seen) == 4


def test_search_by_two_characters_flies_and_opens_a_card(wall: Wall) -> None:
    wall.open("/?lang=zh")
    page = wall.page
    page.keyboard.press("/")
    page.keyboard.type("红星")
    hit = page.locator("#wall-results .hit").filter(has_text="红星社区")
    expect(hit.first).to_be_visible()
    wall.keep("search-zh")
    hit.first.click()
    expect(page.locator("#wall-card h2")).to_contain_text("红星")
    expect(page.locator("#wall-card .fields")).to_contain_text("230202001006")
    wall.settle()
    wall.keep("card-area-zh")


def test_cards_lead_from_a_camera_to_its_grid_and_on_to_cases(wall: Wall) -> None:
    wall.open(f"/?lang=zh&preset=overview&layers=base,buildings,grids,cameras&at={CENTRE},17")
    page = wall.page
    spot = page.evaluate(
        """() => { const gl = window.commandcenter.gl;
          const found = gl.queryRenderedFeatures({ layers: ['cameras:icon'] }).map((f) => {
            const p = window.commandcenter.map.latLngToContainerPoint([f.geometry.coordinates[1], f.geometry.coordinates[0]]);
            return [p.x, p.y]; });
          return found.filter(([x, y]) => x > 420 && x < 1150 && y > 140 && y < 650)[0]; }"""
    )
    assert spot, "no camera in the middle of the map"
    page.mouse.click(spot[0], spot[1] + page.locator("#wall-map").bounding_box()["y"])  # type: ignore[index]
    card = page.locator("#wall-card .card")
    expect(card).to_be_visible()
    choices = page.locator("#wall-card .choices button", has_text="监控")
    if choices.count():
        choices.first.click()
    expect(page.locator("#wall-card .subtitle")).to_have_text("监控点位")
    expect(page.locator("#wall-card .fields")).to_contain_text("国标编码")
    wall.keep("card-camera-zh")
    page.locator("#wall-card .fields button[data-layer=grids]").click()
    expect(page.locator("#wall-card .subtitle")).to_have_text("网格")
    expect(page.locator("#wall-card .fields")).to_contain_text("户")
    wall.keep("card-grid-zh")


def test_filters_say_their_sentence_and_change_the_count(wall: Wall) -> None:
    wall.open("/?lang=zh&preset=overview")
    page = wall.page
    everything = page.evaluate("() => window.commandcenter.liveFeatures().reduce((n, { feature }) => n + feature.properties.count, 0)")
    page.evaluate("() => window.commandcenter.setFilter('cases', 'urgency', ['overdue'])")
    expect(page.locator("#wall-sentence")).to_contain_text("超期")
    page.wait_for_function(
        "(all) => { const n = window.commandcenter.liveFeatures().reduce((n, { feature }) => n + feature.properties.count, 0); return n > 0 && n < all; }",
        arg=everything,
    )
    kinds = page.evaluate("() => [...new Set(window.commandcenter.liveFeatures().map(({ feature }) => feature.properties.class))]")
    assert kinds == ["overdue"]
    # Not compared with the map's own count: a case may fall overdue between the two questions.
    honest = page.locator("#wall-layer-list li").first
    expect(honest).not_to_contain_text(f"共 {everything}")
    expect(honest).to_contain_text(re.compile(r"画出 (\d+) / 共 \1"))
    wall.keep("filter-zh")


def test_the_address_restores_the_view_and_the_language_switches(wall: Wall) -> None:
    wall.open("/?lang=zh&preset=grid&layers=base,grids,compounds&variant=grids.open_cases&at=123.9600,47.3200,15")
    page = wall.page
    page.locator("[data-act=language]").click()
    page.wait_for_selector("#wall[data-map=idle]", state="attached")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#wall-city")).to_have_text("Longsha")
    wall.settle()
    state = page.evaluate(
        "() => { const c = window.commandcenter;"
        " return { on: [...c.view.on], variant: c.variantOf('grids'), zoom: c.map.getZoom(), lon: c.map.getCenter().lng }; }"
    )
    assert set(state["on"]) == {"base", "grids", "compounds"}
    assert state["variant"] == "open_cases"
    assert state["zoom"] == 15
    assert abs(state["lon"] - 123.96) < 1e-4
    han = [text for text in page.locator("header, .panel, footer").all_inner_texts() if any("一" <= c <= "鿿" for c in text.replace("中文", ""))]
    names = {"中"}
    assert all({c for c in text if "一" <= c <= "鿿"} <= names for text in han), han[:1]
    wall.keep("wall-en")
    page.mouse.click(760, 430)
    expect(page.locator("#wall-card .subtitle")).to_have_text(re.compile("Grid|Compound"))
    expect(page.locator("#wall-card .fields")).to_contain_text("Community")
    wall.keep("card-en")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_wall_mode_has_no_chrome_and_large_type(wall: Wall, language: str) -> None:
    wall.open(f"/?lang={language}&wall=1")
    page = wall.page
    expect(page.locator("#wall-presets")).to_be_hidden()
    expect(page.locator("#wall-layer-list")).to_be_hidden()
    expect(page.locator("#wall-clock")).to_be_visible()
    size = page.locator(".strip .figure .value").first.evaluate("(node) => parseFloat(getComputedStyle(node).fontSize)")
    assert size >= 20
    wall.keep(f"wall-mode-{language}")


def test_another_actor_sees_another_part_of_the_city(wall: Wall) -> None:
    wall.open("/?lang=zh")
    whole = wall.page.evaluate("() => fetch('/features/cases?bbox=123,47,124.5,48&zoom=12').then((r) => r.json()).then((b) => b.shown)")
    wall.page.get_by_role("button", name="已登录：值班长").click()
    wall.page.get_by_role("menuitem", name="换一个演示岗位").click()
    expect(wall.page.locator(".plain-entries button")).to_have_count(17)
    wall.keep("sign-in-demo-zh")
    wall.page.get_by_role("button", name="派遣员 五龙街道").click()
    wall.page.wait_for_selector("#wall[data-map=idle]", state="attached")
    part = wall.page.evaluate("() => fetch('/features/cases?bbox=123,47,124.5,48&zoom=12').then((r) => r.json()).then((b) => b.shown)")
    assert 0 < part < whole
    expect(wall.page.get_by_role("button", name="已登录：派遣员")).to_be_visible()
    wall.keep("street-actor-zh")


def test_the_demo_city_was_made_for_now(served: ServedApplication) -> None:
    body = served.get("/map/status.json?bbox=123,47,124.5,48&zoom=14&layers=cases,components", OPERATOR).json()["layers"]
    assert not body["cases"]["late"]
    assert body["components"]["late"], "one source of the demo is late on purpose"
    assert datetime.fromisoformat(body["cases"]["as_of"]) <= datetime.now(UTC)
