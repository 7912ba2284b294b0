"""Break-glass: the whole city for some minutes, only to look, with a reason, an end that comes by itself, and a report nobody can avoid."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from playwright.sync_api import expect

from commandcenter.actor import Actor
from commandcenter.db.run import acting
from commandcenter.errors import BadInput
from commandcenter.security import accounts, break_glass_store, store
from commandcenter.security.break_glass import checked_minutes, checked_reason
from commandcenter.security.builtin import ACCOUNT_COMMANDS
from commandcenter.web.sessions import COOKIE
from tests.browsing import CHROMIUM, PATIENCE_MS, Wall, chromium
from tests.city import HOME, OPERATOR, build
from tests.serving import ServedApplication
from tests.test_accounts import EVERYWHERE, STREET, House, Person

WHY = "龙华路燃气爆炸，需查看站前街道的监控"
BOX = ",".join(f"{value:.6f}" for value in (*HOME.lonlat(-700, -300), *HOME.lonlat(700, 700)))
BREAKERS = {"shift_leader", "duty_leader", "dispatcher", "grid_leader", "enforcement_officer"}


@pytest.fixture(scope="module")
def house(clone: Any) -> Iterator[House]:
    made = clone("glass")
    with made.connect() as connection, psycopg.connect(made.admin_dsn, autocommit=True) as admin:
        build(connection)
        connection.autocommit = True
        with ServedApplication(replace(made.settings, city="heidelberg")) as served:
            here = House(served, made, connection, admin)
            here.account("dispatcher", "dispatcher", STREET)
            here.account("other", "dispatcher", STREET)
            here.account("duty", "shift_leader")
            here.account("leader", "leader", STREET)
            here.account("guard", "security_administrator")
            yield here


@pytest.fixture
def person(house: House) -> Iterator[Person]:
    """The dispatcher of a street, at work in it; what they began is over afterwards."""
    signed_in = house.signed_in("dispatcher")
    yield signed_in
    over(house)


def over(house: House, by: str = "1 hour") -> None:
    """The clock goes on: every emergency lies this much further back."""
    house.admin.execute(f"update break_glass set begun_at = begun_at - interval '{by}', ends_at = ends_at - interval '{by}'")  # type: ignore[arg-type]
    house.served.app._door.sessions.forget()


def cameras(person: Person) -> set[str]:
    return {each["id"] for each in person.get(f"/features/cameras?{EVERYWHERE}").json()["features"]}


def in_city(house: House, where: str = "true") -> set[str]:
    return {code for (code,) in house.admin.execute(f"select 'cameras:' || id from camera where {where}")}  # type: ignore[arg-type]


def begin(person: Person, reason: str = WHY, minutes: str = "15") -> int:
    return int(person.post("/account/break-glass", reason=reason, minutes=minutes).status_code)


def actor_now(house: House, name: str) -> Actor:
    """What an account may at this moment, by its sign-in."""
    row = house.admin.execute("select id from account where name = %s", [name]).fetchone()
    assert row is not None
    with house.connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        found = cursor.execute("select * from account_actor(%s)", row).fetchone()
    assert found is not None
    return accounts.account_actor(found)


def test_the_place_is_wider_until_it_ends_and_not_a_moment_longer(house: House, person: Person) -> None:
    own, whole = in_city(house, f"street_code = '{STREET}'"), in_city(house)
    assert cameras(person) == own < whole
    address = person.get("/map/style.json").json()["sources"]["cameras"]["tiles"][0]
    assert begin(person) == 303
    assert cameras(person) == whole
    assert cameras(house.signed_in("other")) == own, "nobody else sees more"
    wider = person.get("/map/style.json").json()["sources"]["cameras"]["tiles"][0]
    assert wider != address, "what the browser kept of the narrow tiles answers nothing now"
    assert person.get(wider.format(z=14, x=13830, y=5740)).status_code in (200, 204)
    over(house, "14 minutes 58 seconds")
    assert cameras(person) == whole
    time.sleep(2.1)  # nothing is forgotten by hand: what is remembered of a sign-in ends with it
    assert cameras(person) == own
    assert person.get("/map/style.json").json()["sources"]["cameras"]["tiles"][0] == address


def test_the_narrowing_of_a_centre_falls_too(house: House) -> None:
    house.account("inspector", "enforcement_officer", STREET)
    house.admin.execute("update appointment set centre = 'urban' where account_id = (select id from account where name = 'inspector')")
    narrow = actor_now(house, "inspector")
    assert narrow.scope.case_places and not narrow.scope.whole_city
    inspector = house.signed_in("inspector")
    assert begin(inspector) == 303
    scope = actor_now(house, "inspector").scope
    assert scope == OPERATOR.scope and scope.digest == OPERATOR.scope.digest, "they share the tiles of whoever sees the whole city"
    over(house)
    assert actor_now(house, "inspector") == narrow


def test_behind_the_glass_nothing_is_written_anywhere(house: House) -> None:
    """Who may write in a street may neither write in the city nor in the street: the permission goes, and the policies refuse it by themselves."""
    house.account("both", "dispatcher", STREET)
    number = int((house.admin.execute("select id from account where name = 'both'").fetchone() or (0,))[0])
    house.admin.execute("insert into appointment (account_id, role_code, area_code, created_by) values (%s, 'data_steward', %s, 'test')", [number, STREET])
    before = actor_now(house, "both")
    assert before.may("write") and before.may("steward")
    both = house.signed_in("both")
    assert begin(both) == 303
    during = actor_now(house, "both")
    assert during.permissions == {"read", "break_glass", "glass_broken"} and during.scope.whole_city
    forged = replace(during, permissions=during.permissions | {"write", "steward"})
    for actor in (during, forged):
        for place in (f"street_code = '{STREET}'", "true"):
            with acting(house.connection, actor):
                assert house.connection.execute(f"update camera set name = name where {place}").rowcount == 0  # type: ignore[arg-type]
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting(house.connection, actor):
            columns = "name, shape, status, geom"
            house.connection.execute(f"insert into camera (source, source_key, {columns}) select source, 'x', {columns} from camera")  # type: ignore[arg-type]
    with acting(house.connection, before):
        assert 0 < house.connection.execute("update camera set name = name").rowcount < len(in_city(house))
    assert both.post("/data/upload?name=x.csv").status_code == 403
    with house.database.connect() as connection:  # a job began meanwhile, and may outlive it
        row = store.actor_row(connection, number)
    assert row is not None and accounts.account_actor(row) == before
    over(house)
    assert actor_now(house, "both") == before


@pytest.mark.parametrize("reason", ["", "火灾", "a" * 16, "！" * 12, "急" * 12, "12" * 8, " a b c d e f "])
def test_a_reason_says_something(house: House, person: Person, reason: str) -> None:
    with pytest.raises(BadInput):
        checked_reason(reason)
    assert begin(person, reason) == 422 and cameras(person) == in_city(house, f"street_code = '{STREET}'")
    assert checked_reason("  龙华路 12 号\n火灾，有人被困 ") == "龙华路 12 号 火灾，有人被困"


@pytest.mark.parametrize("minutes", ["", "0", "61", "-5", "1.5", "٣", "1e3", "9" * 40])
def test_an_hour_at_most(house: House, person: Person, minutes: str) -> None:
    with pytest.raises(BadInput):
        checked_minutes(minutes)
    assert begin(person, WHY, minutes) == 422
    actor = actor_now(house, "dispatcher")
    request = break_glass_store.begin_request(WHY, 61, "")
    with pytest.raises(psycopg.errors.CheckViolation), acting(house.connection, actor):  # whoever asks the database by another way
        house.connection.execute(request.sql, request.params)  # type: ignore[arg-type]


def test_who_may_and_who_need_not(house: House, person: Person) -> None:
    allowed = {code for (code,) in house.admin.execute("select code from role where 'break_glass' = any(permissions)")}
    assert allowed == BREAKERS
    assert house.signed_in("leader").get("/account/break-glass").status_code == 403
    for actor in (actor_now(house, "leader"), replace(actor_now(house, "leader"), permissions=frozenset({"read", "break_glass"})), OPERATOR):
        request = break_glass_store.begin_request(WHY, 5, "")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting(house.connection, actor):
            house.connection.execute(request.sql, request.params)  # type: ignore[arg-type]
    duty = house.signed_in("duty")
    answer = duty.post("/account/break-glass", reason=WHY, minutes="5")
    assert answer.status_code == 422 and "本来就能看全市" in answer.text
    assert begin(person) == 303
    answer = person.post("/account/break-glass?lang=en", reason=WHY, minutes="5")
    assert answer.status_code == 422 and "runs already" in answer.text
    house.admin.execute("update appointment set valid_to = now() where account_id = (select id from account where name = 'dispatcher')")
    house.served.app._door.sessions.forget()
    assert person.get(f"/features/cameras?{EVERYWHERE}").status_code == 403, "with the role that may break glass the view goes"
    house.admin.execute("update appointment set valid_to = null where account_id = (select id from account where name = 'dispatcher')")


def test_rows_of_emergencies_are_made_by_the_functions_alone(house: House, person: Person) -> None:
    assert begin(person) == 303
    guard = actor_now(house, "guard")
    for actor in (actor_now(house, "dispatcher"), guard):
        for change in ("delete from break_glass", "update break_glass set ends_at = now()", "insert into break_glass (account_id) values (1)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), acting(house.connection, actor):
                house.connection.execute(change)  # type: ignore[arg-type]
    for actor, seen in ((actor_now(house, "other"), 0), (actor_now(house, "dispatcher"), 1), (guard, 1), (OPERATOR, 0)):
        with acting(house.connection, actor):
            assert house.connection.execute("select count(*) from break_glass where ended_at is null and ends_at > now()").fetchone() == (seen,)
            assert bool(house.connection.execute("select count(*) from break_glass_report(9)").fetchone() == (0,)) == (actor != guard)
    for act in ("break_glass_see(1)", "break_glass_see(null)"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting(house.connection, actor_now(house, "other")):
            house.connection.execute(f"select {act}")  # type: ignore[arg-type]
    with acting(house.connection, actor_now(house, "other")):
        assert house.connection.execute("select break_glass_end(), break_glass_end((select max(id) from break_glass))").fetchone() == (False, False)


def test_every_page_says_so_and_ends_it(house: House, person: Person) -> None:
    assert "cc-glass" not in person.get("/_dash-layout").text and person.get(f"/map/status.json?bbox={BOX}&zoom=14").json()["glass"] is None
    assert "多长时间" in person.get("/account/break-glass").text and "/account/break-glass" in str(person.get("/_dash-layout").json())
    assert begin(person) == 303
    told = person.get(f"/map/status.json?bbox={BOX}&zoom=14").json()["glass"]
    layout = person.get("/_dash-layout").text
    assert "cc-glass" in layout and told in layout
    assert "cc-glass" in person.get("/_dash-layout", referer=f"{person.client.base_url}data").text
    for path in ("/account?lang=en", "/account/break-glass?lang=en", "/account/factor?lang=en"):
        page = person.get(path).text
        assert 'role="alert"' in page and "you see the whole city" in page and 'action="/account/break-glass/end"' in page, path
    assert "你" not in page and "08-banner.css" in page
    done = person.post("/account/break-glass/end?lang=zh")
    assert done.status_code == 200 and "范围已恢复" in done.text and 'class="glass"' not in done.text
    assert cameras(person) == in_city(house, f"street_code = '{STREET}'")
    assert person.post("/account/break-glass/end").text.count("没有在进行") == 1
    assert begin(person, WHY, "1") == 303


def test_the_security_administrator_gets_the_report(house: House, person: Person) -> None:
    house.admin.execute("update break_glass set seen_at = now(), seen_by = 'test' where seen_at is null")
    guard = house.signed_in("guard")
    assert "应急放宽报告，0 次未看" in guard.get("/account").text
    assert begin(person, "<b>龙华路爆炸</b>，要看站前街道的监控", "30") == 303
    number = str((house.admin.execute("select max(id) from break_glass").fetchone() or (0,))[0])
    actor = actor_now(house, "dispatcher")
    with acting(house.connection, actor):
        for act in ("look", "look", "reveal", "export"):
            house.connection.execute("insert into audit_event (actor, door, act, subject_table) values (%s, 'wall', %s, 'camera')", [actor.id, act])
    assert "应急放宽报告，1 次未看" in guard.get("/account").text and "应急放宽报告" not in person.get("/account").text
    page = guard.get("/admin/break-glass").text
    assert "&lt;b&gt;龙华路爆炸" in page and "<b>龙" not in page
    assert "导出 1, 查看 2, 查看完整信息 1" in page and "进行中，到" in page and "Dispatcher (dispatcher)" in page
    assert guard.post("/admin/break-glass/end", glass=number).status_code == 200
    assert cameras(person) == in_city(house, f"street_code = '{STREET}'"), "ended by the security administrator, at once"
    assert "guard 提前结束" in guard.get("/admin/break-glass").text
    assert guard.post("/admin/break-glass/seen", glass=number).status_code == 200
    assert "应急放宽报告，0 次未看" in guard.get("/account").text
    for wrong in (number, "0", "", "x'"):
        assert guard.post("/admin/break-glass/seen", glass=wrong).status_code == 422
        assert guard.post("/admin/break-glass/end", glass=wrong).status_code == 422
    foreign = person.client.post("/account/break-glass", data={"reason": WHY, "minutes": "5"}, headers={"origin": "https://elsewhere.example"})
    assert foreign.status_code == 403
    rows = house.admin.execute(
        "select actor, detail, reason, host(address) from audit_event where act = 'break_glass' and subject_table = 'break_glass' and subject_key = %s"
        " order by id", [number],
    ).fetchall()  # fmt: skip
    keeper = actor_now(house, "guard").id
    assert rows == [
        (actor.id, {"did": "begun", "minutes": 30}, "<b>龙华路爆炸</b>，要看站前街道的监控", "127.0.0.1"),
        (keeper, {"did": "ended"}, None, None), (keeper, {"did": "seen"}, None, None),
    ]  # fmt: skip


def test_nobody_sees_off_their_own(house: House) -> None:
    """A security administrator who is a dispatcher too: somebody else must have looked."""
    house.account("two.hats", "dispatcher", STREET)
    house.admin.execute(
        "insert into appointment (account_id, role_code, created_by) select id, 'security_administrator', 'test' from account where name = 'two.hats'"
    )
    both = house.signed_in("two.hats")
    assert begin(both) == 303
    assert both.get("/admin/break-glass").status_code == 403, "behind the glass one only looks at the map"
    over(house)
    number = str((house.admin.execute("select max(id) from break_glass").fetchone() or (0,))[0])
    assert both.post("/admin/break-glass/seen", glass=number).status_code == 422
    assert house.signed_in("guard").post("/admin/break-glass/seen", glass=number).status_code == 200


def test_the_wall_falls_back_by_itself(house: House, person: Person) -> None:
    """In a browser: begun on its page, the banner with its time over the map, gone with the wider view when it is over."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed; make test installs it")
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1600, "height": 900}, locale="zh-CN", reduced_motion="reduce")
        context.add_cookies([{"name": COOKIE, "value": person.token, "url": house.served.url}])
        wall = Wall(context.new_page(), house.served, None)
        page = wall.page
        page.clock.install()
        page.goto(f"{house.served.url}/account/break-glass?lang=zh")
        page.fill("textarea[name=reason]", WHY)
        page.select_option("select[name=minutes]", "5")
        page.click("button.first")
        page.wait_for_selector("#wall[data-map=idle]", state="attached")
        banner = page.locator("#cc-glass")
        expect(banner.locator(".glass-left")).to_contain_text("4:", timeout=PATIENCE_MS)
        expect(banner).to_contain_text("应急放宽")
        box, bar = banner.bounding_box(), page.locator("#wall .bar").bounding_box()
        assert box is not None and bar is not None and box["y"] == 0 and box["width"] == 1600 and bar["y"] == box["height"]
        over(house, "5 minutes")
        expect(banner).to_be_visible()
        page.clock.fast_forward("05:00")
        expect(banner).to_have_count(0, timeout=PATIENCE_MS)
        page.wait_for_selector("#wall[data-map=idle]", state="attached")
        assert cameras(person) == in_city(house, f"street_code = '{STREET}'")
        assert (wall.strangers, wall.refused) == ([], [])  # what the leap of the clock breaks off is on the console
        context.close()


def test_the_command_line_gives_no_emergency(house: House) -> None:
    request = break_glass_store.begin_request(WHY, 5, "")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), acting(house.connection, ACCOUNT_COMMANDS):
        house.connection.execute(request.sql, request.params)  # type: ignore[arg-type]
