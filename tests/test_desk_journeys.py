"""Journeys of a data steward at the desk, in a real browser, against the real application and its worker over the little city."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, expect

from commandcenter.demo.accounts import make_accounts
from tests.browsing import CHROMIUM, Wall, chromium
from tests.city import OPERATOR
from tests.conftest import TestDatabase
from tests.desk_browsing import BUREAU, GOOD, REFUSED, STREET, TITLES, Desk, delivery, lay_mappings, load, worker
from tests.serving import ServedApplication

SCREEN = {"width": 1600, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def served(clone: Callable[..., TestDatabase], little_city: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApplication]:
    """The little city with two mappings of its own, of which the bureau's has delivered before; served, its worker at work."""
    database = clone("desk", little_city)
    with database.connect() as connection:
        connection.autocommit = True
        make_accounts(connection)
    settings = replace(database.settings, data_dir=tmp_path_factory.mktemp("desk"))
    lay_mappings(settings.data_dir)
    load(settings, BUREAU, delivery())
    with ServedApplication(settings) as application, worker(settings):
        yield application


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed; make test installs it")
    with chromium() as opened:
        yield opened


@pytest.fixture
def desk(browser: Browser, served: ServedApplication) -> Iterator[Desk]:
    """A fresh page of a steward, in Chinese; its manners are checked when the journey ends."""
    context = browser.new_context(viewport=SCREEN, locale="zh-CN", reduced_motion="reduce")
    opened = Desk(context.new_page(), served)
    yield opened
    opened.check_manners()
    context.close()


def test_a_file_goes_its_whole_way(desk: Desk, tmp_path: Path) -> None:
    """Upload, dry run, preview, correct one, accept a repair, correct all of a rule, load, correct again, run again, withdraw."""
    page = desk.page
    desk.open(f"/data?source={STREET}&lang=zh")
    desk.choose(delivery())
    page.locator("[data-desk=dry-run]").click()
    desk.follow("试运行")
    assert desk.figures() == [GOOD + REFUSED, GOOD, 0, REFUSED]
    assert desk.rules() == {"all": 5, "out_of_range": 2, "invalid_geometry": 1, "missing": 1, "outside_city": 1}

    drawn = page.locator("#desk-preview[data-drawn=yes]")
    expect(drawn).to_be_visible()
    expect(page.locator("#desk-drawn")).to_contain_text("可载入 24、隔离 5、建议修补 1")
    expect(page.locator("#desk-drawn")).to_contain_text("1 处远在城市之外")
    assert painted(desk, "accepted") and painted(desk, "refused")
    desk.keep("desk-dry-run-zh")

    desk.narrow("missing")
    desk.select(0)
    assert "XQ900" in page.locator(".desk-raw").inner_text()
    assert painted(desk, "chosen")
    page.locator("#desk-editor input[data-field='名称']").fill("无名小区")
    page.locator("[data-desk=correct]").click()
    desk.told("已保存 1 行的更正")

    desk.narrow("invalid_geometry")
    desk.select(0)
    expect(page.locator("#desk-editor")).to_contain_text("建议修补几何")
    assert page.locator("#desk-editor input[data-field='名称']").input_value() == "尖角<b>小区"
    page.locator("[data-desk=show-map]").click()
    desk.keep("desk-repair-zh")
    page.locator(".desk-proposal [data-desk=accept-repair]").click()
    desk.told("已保存 1 行的更正")

    desk.narrow("out_of_range")
    page.locator("#desk-many-field").click()
    page.get_by_role("option", name="户数").click()
    page.locator("#desk-old-value").fill("999999")
    page.locator("#desk-new-value").fill("99")
    page.locator("[data-desk=replace-value][data-rule]").click()
    desk.told("已保存 2 行的更正")

    with page.expect_download() as download:
        page.locator("a[href*='.xlsx?lang=en']").click()
    download.value.save_as(tmp_path / "refused.xlsx")
    assert (tmp_path / "refused.xlsx").read_bytes()[:2] == b"PK"

    page.locator("[data-desk=load-now]").click()
    expect(page.locator(".desk-headline")).to_contain_text(re.compile(r"^载入"))
    desk.follow("完成")
    assert desk.figures() == [GOOD + REFUSED, GOOD + 4, 0, 1]
    expect(page.locator("#desk-findings tbody tr")).to_have_count(4)
    desk.keep("desk-load-zh")

    # The row of another city cannot be put right: dismissed, nothing waits any more, and the workbook still has it.
    desk.select(0)
    page.locator("[data-desk=dismiss]").click()
    page.locator("[data-sure=yes]").click()
    desk.told("已搁置 1 行")
    expect(page.locator("#desk-rules-place")).to_contain_text("被隔离的行都已处理")

    page.locator("[data-desk=withdraw]").click()
    expect(page.locator(".desk-dialog")).to_contain_text("28 行将去掉或还原")
    page.keyboard.press("Escape")
    expect(page.locator(".desk-dialog")).to_have_count(0)
    page.locator("[data-desk=withdraw]").click()
    page.locator("[data-sure=yes]").click()
    desk.told("已撤回")
    expect(page.locator(".desk-headline")).to_contain_text("已撤回")
    page.locator(".desk-crumbs a", has_text=TITLES[STREET][0]).click()
    expect(page.locator(".desk-table.runs tbody tr")).to_have_count(2)
    expect(page.locator(".desk-facts").first).to_contain_text("没有数据")


def test_corrections_run_again_and_vanished_rows_are_told(desk: Desk) -> None:
    """Corrected after the load and run again without the file; the same rows delivered again are corrected again; then two are missing."""
    page = desk.page
    desk.open(f"/data?source={BUREAU}&lang=zh")
    page.locator(".desk-table.runs a.bad").first.click()
    page.locator("#desk-grid .ag-center-cols-container .ag-row").first.wait_for()
    desk.narrow("missing")
    desk.select(0)
    page.locator("#desk-editor input[data-field='名称']").fill("无名小区")
    page.locator("[data-desk=correct]").click()
    desk.told("已保存 1 行的更正")
    page.locator("[data-desk=rerun]").click()
    expect(page.locator(".desk-headline")).to_contain_text("更正后重载")
    desk.follow("完成")
    assert desk.figures() == [REFUSED, 1, 0, REFUSED - 1]

    page.locator(".desk-crumbs a").nth(1).click()
    desk.choose(delivery(households=130, left_out=(3, 4)))
    page.locator("[data-desk=load]").click()
    desk.follow("完成")
    assert desk.figures() == [GOOD - 2 + REFUSED, GOOD - 2, 1, REFUSED - 1]
    expect(page.locator(".desk-beside")).to_contain_text("2 行不再出现")
    page.locator(".desk-beside a", has_text="不再出现").click()
    expect(page.locator("#desk-gone tbody tr")).to_have_count(2)
    expect(page.locator("#desk-gone")).to_contain_text("XQ003")
    desk.keep("desk-source-zh")


def test_a_file_that_is_none_and_an_upload_that_is_cancelled(desk: Desk) -> None:
    page = desk.page
    desk.open(f"/data?source={BUREAU}&lang=zh")
    network = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000}
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", slow)
    desk.choose(b" " * 3_000_000, "large.geojson")
    page.locator("[data-desk=dry-run]").click()
    expect(page.locator("#desk-upload-words")).to_contain_text("MB")
    page.locator("[data-desk=cancel-upload]").click()
    expect(page.locator("#desk-notice")).to_contain_text("已取消上传")
    expect(page.locator("#desk-ready")).to_be_visible()
    network.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})

    desk.choose(b"this is no map", "notes.geojson")
    page.locator("[data-desk=dry-run]").click()
    expect(page.locator(".desk-headline")).to_contain_text("失败")
    expect(page.locator("#desk-view")).to_contain_text("整个文件被退回")
    expect(page.locator(".desk-sentence.message")).to_contain_text("notes.geojson")
    desk.keep("desk-failed-zh")


def test_who_is_no_steward_reads_what_it_takes(browser: Browser, served: ServedApplication) -> None:
    """From the wall to the desk as the shift leader: sources are there, deliveries are not; then in as the steward, in English, by keyboard."""
    context = browser.new_context(viewport=SCREEN, locale="en-GB", reduced_motion="reduce")
    desk = Desk(context.new_page(), served, OPERATOR)
    page = desk.page
    Wall.open(desk, "/?lang=en")
    page.get_by_role("link", name="Data desk").click()
    expect(page.locator(".desk-headline")).to_contain_text("sources")
    expect(page.locator(".desk-forbidden")).to_contain_text("for data stewards")
    assert page.locator(".desk-table.sources tbody tr").count() >= 5
    page.locator(".desk-table.sources a", has_text=TITLES[BUREAU][1]).click()
    expect(page.locator(".desk-facts").first).to_contain_text("Rows held")
    assert page.locator("[data-desk=choose-file]").count() == 0
    desk.keep("desk-operator-en")

    page.locator(".desk-forbidden a").click()
    page.get_by_role("button", name="Data steward").click()
    expect(page.locator("[data-desk=choose-file]")).to_be_visible()
    assert page.url.endswith(f"/data?source={BUREAU}")
    page.locator(".desk-table.runs a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".desk-headline .desk-state")).to_be_visible()
    theme = page.locator("html").get_attribute("data-mantine-color-scheme")
    page.locator("[data-desk=theme]").click()
    expect(page.locator("html")).not_to_have_attribute("data-mantine-color-scheme", str(theme))
    page.go_back()
    expect(page.locator(".desk-table.runs")).to_be_visible()
    desk.check_manners()
    context.close()


def test_the_address_holds_the_view_and_a_phone_shows_it(desk: Desk) -> None:
    page = desk.page
    desk.open("/data?lang=en")
    page.locator(".desk-table.sources a.bad").first.click()
    expect(page.locator("#desk-refused")).to_be_visible()
    page.locator("#desk-grid .ag-center-cols-container .ag-row").first.wait_for()
    desk.narrow("outside_city")
    assert page.url.endswith("rule=outside_city")
    # Rows are reached and opened without a mouse.
    expect(page.locator("#desk-grid .ag-center-cols-container .ag-cell[col-id=reason]").first).not_to_be_empty()
    page.locator("#desk-grid .ag-center-cols-container .ag-cell").first.click()
    page.keyboard.press("Space")
    page.keyboard.press("Space")
    expect(page.locator("#desk-editor input[data-field]").first).to_be_visible()
    page.locator("[data-desk=language]").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator(".desk-rule.chosen")).to_contain_text("在城市之外")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # two numbers are a ViewportSize
    expect(page.locator("#desk-grid")).to_be_visible()
    overflow = page.evaluate("() => document.querySelector('#desk-view').scrollWidth - document.querySelector('#desk-view').clientWidth")
    assert overflow <= 0
    desk.keep("desk-phone-zh")


def painted(desk: Desk, kind: str) -> bool:
    """Whether the canvas of one kind of row on the preview map holds any colour, as soon as it does."""
    try:
        desk.page.wait_for_function(
            """(kind) => [...document.querySelectorAll(`.leaflet-desk-${kind}-pane canvas`)].some((canvas) => canvas.width
                 && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0))""",
            arg=kind, timeout=10_000,
        )  # fmt: skip
    except Error:
        return False
    return True
