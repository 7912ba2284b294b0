"""Journeys of people with accounts, in a real browser: the second factor, the lock, a sign-in that ends, two people in one browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from commandcenter.security.second_factor import INTERVAL_S, code_at
from commandcenter.web.sessions import REMEMBERED_S
from commandcenter.web.sign_in import MOST_TRIES
from tests.browsing import CHROMIUM, Wall, chromium
from tests.city import build
from tests.serving import ServedApplication
from tests.test_accounts import OWN, STREET, House

SMALL = {"width": 900, "height": 620}  # the map is drawn by the processor here


@pytest.fixture(scope="module")
def house(clone: Any) -> Iterator[House]:
    made = clone("people")
    with made.connect() as connection, psycopg.connect(made.admin_dsn, autocommit=True) as admin:
        build(connection)
        connection.autocommit = True
        with ServedApplication(replace(made.settings, city="heidelberg")) as served:
            here = House(served, made, connection, admin)
            here.account("keeper", "data_steward")
            here.account("duty", "shift_leader")
            here.account("street", "dispatcher", STREET)
            yield here


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed; make test installs it")
    with chromium() as opened:
        yield opened


@pytest.fixture
def wall(browser: Browser, house: House) -> Iterator[Wall]:
    context = browser.new_context(viewport=SMALL, locale="zh-CN", reduced_motion="reduce")
    opened = Wall(context.new_page(), house.served, None)
    yield opened
    # answers that were meant to be 401 are no fault of the page, nor what the browser itself says of them
    opened.refused = [answer for answer in opened.refused if not answer.startswith("401 ")]
    opened.said = [words for words in opened.said if "status of 401" not in words]
    opened.check_manners()
    context.close()


def sign_in(page: Page, name: str, password: str = OWN) -> None:
    page.get_by_label("账号").fill(name)
    page.get_by_label("口令").fill(password)
    page.get_by_role("button", name="登录").click()


def test_signing_in_with_a_second_factor(wall: Wall) -> None:
    """A steward by keyboard alone: the desk asks for the sign-in, the sign-in for a factor, and leads back to where they wanted to go."""
    page = wall.page
    page.goto(wall.url + "/data")
    expect(page.get_by_label("账号")).to_be_focused()
    page.keyboard.type("keeper")
    page.keyboard.press("Tab")
    page.keyboard.type(OWN)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    expect(page.get_by_role("alert")).to_contain_text("要求第二因素")
    page.get_by_role("link", name="设置第二因素").click()
    picture = page.get_by_alt_text("验证器的二维码")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 100")
    secret = page.locator("code").inner_text().replace(" ", "")
    wall.keep("second-factor-zh")
    expect(page.get_by_label("动态码")).to_be_focused()
    page.keyboard.type(code_at(secret, time.time() - INTERVAL_S))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="恢复码")).to_be_visible()
    assert page.locator(".plain-codes li").count() == 10
    page.get_by_role("link", name="已抄下，继续").click()
    page.get_by_role("button", name="退出", exact=True).click()

    page.goto(wall.url + "/data?lang=zh")
    sign_in(page, "keeper")
    expect(page.get_by_label("动态码")).to_be_focused()
    page.keyboard.type("000000 ")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("动态码不对")
    expect(page.get_by_label("动态码")).to_be_focused()
    page.keyboard.type(code_at(secret, time.time()))
    page.keyboard.press("Enter")
    page.wait_for_selector("#desk-view .desk-headline")
    assert page.url == wall.url + "/data?lang=zh"


def test_a_wrong_password_locks(wall: Wall, house: House) -> None:
    page = wall.page
    page.goto(wall.url + "/")
    for _ in range(MOST_TRIES):
        sign_in(page, "duty", "not-the-password-1")
        expect(page.get_by_role("alert")).to_contain_text("账号或口令不对")
    sign_in(page, "duty")
    expect(page.get_by_role("alert")).to_contain_text("锁 15 分钟")
    wall.keep("locked-zh")
    house.admin.execute("update account set locked_until = now() - interval '1 s' where name = 'duty'")
    sign_in(page, "duty")
    page.wait_for_url(wall.url + "/**")
    expect(page.locator("#wall")).to_be_attached()


def test_a_sign_in_that_is_over_leaves_nothing_on_the_screen(wall: Wall, house: House) -> None:
    """The page falls back to the sign-in by itself, and comes back to the same view with the next one."""
    page = wall.page
    page.goto(wall.url + "/")
    sign_in(page, "duty")
    page.wait_for_selector("#wall[data-map=idle]", state="attached")
    house.admin.execute("update sign_in set seen_at = now() - interval '31 minutes' where ended_at is null")
    page.wait_for_timeout(REMEMBERED_S * 1000)
    page.evaluate("() => window.commandcenter.map.panBy([40, 0])")
    page.wait_for_url("**/sign-in?**")
    expect(page.get_by_role("alert")).to_contain_text("登录已过期")
    wall.keep("expired-zh")
    sign_in(page, "duty")
    page.wait_for_selector("#wall[data-map=idle]", state="attached")
    assert "/?at=" in page.url


def test_two_people_in_one_browser_never_share_a_page(wall: Wall, house: House) -> None:
    """A second tab signs in as somebody else: the first begins anew as them, with their view, as soon as it hears of it."""
    page = wall.page
    page.goto(wall.url + "/")
    sign_in(page, "duty")
    page.wait_for_selector("#wall[data-map=idle]", state="attached")
    whole = page.locator(".strip .figure .value").first.inner_text()
    other = page.context.new_page()
    other.goto(wall.url + "/sign-in")
    sign_in(other, "street")
    other.wait_for_selector("#wall[data-map=idle]", state="attached")
    mine = other.locator(".strip .figure .value").first.inner_text()
    assert mine != whole
    with page.expect_navigation():
        page.evaluate("() => window.commandcenter.map.panBy([40, 0])")
    page.wait_for_selector("#wall[data-map=idle]", state="attached")
    expect(page.locator(".strip .figure .value").first).to_have_text(mine)
    expect(page.get_by_role("button", name="已登录：Street")).to_be_visible()


def test_a_page_that_everybody_left_does_not_keep_its_sign_in(wall: Wall, house: House) -> None:
    """After a minute without a hand on it the page owns up, with its map's tiles too, and what it asks by itself counts for nothing."""
    page = wall.page
    page.clock.install()
    page.goto(wall.url + "/")
    sign_in(page, "duty")
    page.wait_for_selector("#wall[data-map=idle]", state="attached")
    page.mouse.move(700, 400)
    assert page.evaluate("() => window.commandcenter.unattended()") is None
    page.clock.fast_forward(61_000)
    page.wait_for_timeout(6_000)  # what was asked before that minute was over has been answered, on a busy machine too
    house.admin.execute("update sign_in set seen_at = now() - interval '20 minutes' where ended_at is null")
    page.wait_for_timeout(REMEMBERED_S * 1000 + 500)
    with page.expect_request("**/map/status.json*") as asked:
        page.evaluate("() => window.commandcenter.map.panBy([600, 0])")
        page.clock.fast_forward(1_000)
    assert asked.value.headers["x-unattended"] == "1" and asked.value.response() is not None
    left = house.admin.execute("select max(seen_at) < now() - interval '19 minutes' from sign_in where ended_at is null").fetchone()
    assert left == (True,)
    page.mouse.move(720, 420)
    with page.expect_request("**/map/status.json*") as asked:
        page.evaluate("() => window.commandcenter.map.panBy([-600, 0])")
        page.clock.fast_forward(1_000)
    assert "x-unattended" not in asked.value.headers
