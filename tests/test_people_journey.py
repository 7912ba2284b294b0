"""From the map to a household, masked, and in full for a reason: a grid leader's way in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browsing import CHROMIUM, Wall, chromium
from tests.test_people import LI, REASON, ZHANG, Street, street

__all__ = ["street"]  # the served city with people in two streets


@pytest.fixture
def wall(street: Street) -> Iterator[Wall]:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed; make test installs it")
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 640}, locale="zh-CN", reduced_motion="reduce")
        yield Wall(context.new_page(), street.served, None)


def test_from_the_map_to_a_household_and_back_to_the_mask(wall: Wall, street: Street) -> None:
    page, before = wall.page, street.last_event()
    page.goto(f"{wall.url}/sign-in?next=/%3Fpick%3Dbuildings:{street.buildings['here']}%40123.92,47.34")
    page.get_by_label("账号").fill("leader")
    page.get_by_label("口令").fill("tea-Kettle-river-91")
    page.get_by_role("button", name="登录").click()
    page.get_by_role("link", name=re.compile("户与人")).click()
    page.wait_for_url("**/people/building/*")
    page.get_by_role("link", name=str(street.homes["h1"]), exact=True).click()
    people = page.get_by_role("table", name="登记人数")
    expect(people).to_contain_text("张**")
    expect(people).to_contain_text("李**")
    assert ZHANG.name not in page.content() and LI.name not in page.content()
    page.get_by_label("谁").select_option(ZHANG.ref)
    page.get_by_label("理由").fill("看看")
    page.get_by_role("button", name="查看完整信息").click()
    assert street.events("reveal", "refused", since=before) == [], "the browser itself asks for a reason that is long enough"
    page.get_by_label("理由").fill(REASON)
    page.get_by_role("button", name="查看完整信息").click()
    expect(page.get_by_role("status")).to_contain_text("只显示这一次")
    expect(page.get_by_role("table", name="查看完整信息")).to_contain_text(str(ZHANG.id_number))
    assert LI.name not in page.content()
    wall.keep("people-revealed-zh")
    page.get_by_role("link", name=re.compile("已遮盖")).click()
    expect(page.get_by_role("table", name="登记人数")).to_contain_text("张**")
    assert ZHANG.name not in page.content()
    assert [event["subject_key"] for event in street.events("reveal", since=before)] == [ZHANG.ref]
    wall.check_manners()
