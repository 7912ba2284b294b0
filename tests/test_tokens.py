"""Machines that look: a wall's device day and night, a program's key for map data; each in its place, approved by another, gone when it is ended."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import psycopg
import pytest
from playwright.sync_api import expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from commandcenter.db.run import acting
from commandcenter.errors import BadInput
from commandcenter.security import token_store
from commandcenter.security.builtin import ACCOUNT_COMMANDS
from commandcenter.security.tokens import checked_wish, code_digest, new_code
from commandcenter.web import watched_socket
from commandcenter.web.sessions import COOKIE, digest_of
from commandcenter.web.tokens import DEVICE_COOKIE, key_of
from tests.asking import tile_at
from tests.browsing import CHROMIUM, PATIENCE_MS, chromium
from tests.city import EAST, HOME, OPERATOR, WEST, build
from tests.conftest import TestDatabase
from tests.serving import ServedApplication
from tests.test_accounts import EVERYWHERE, STREET, House, Person

Z, X, Y = tile_at(*HOME.lonlat(-300, 300), 14)
TILE = f"/tiles/cameras/{Z}/{X}/{Y}.mvt"
SECURITY = replace(ACCOUNT_COMMANDS, id="account:999", permissions=frozenset({"security"}))
DATA = (TILE, f"/features/cameras?{EVERYWHERE}", "/tilejson/cameras.json", "/map/style.json", "/map/catalog.json")


class Office(House):
    """A house with its two administrators at their desks."""

    boss: Person
    guard: Person


@contextmanager
def office(made: TestDatabase) -> Iterator[Office]:
    """The application over a little city that is no demonstration, its administrators signed in."""
    with made.connect() as connection, psycopg.connect(made.admin_dsn, autocommit=True) as admin:
        build(connection)
        connection.autocommit = True
        with ServedApplication(replace(made.settings, city="heidelberg")) as served:
            here = Office(served, made, connection, admin)
            here.account("boss", "system_administrator")
            here.account("guard", "security_administrator")
            here.account("dispatcher", "dispatcher", STREET)
            here.boss, here.guard = here.signed_in("boss"), here.signed_in("guard")
            yield here


@pytest.fixture(scope="module")
def house(clone: Any) -> Iterator[Office]:
    with office(clone("tokens")) as opened:
        yield opened


def number_of(house: Office, title: str) -> str:
    row = house.admin.execute("select id from token where title = %s", [title]).fetchone()
    assert row is not None
    return str(row[0])


def proposed(house: Office, title: str, kind: str = "key", **place: str) -> str:
    """What the page showed once: the key, or nothing for a device."""
    told = house.boss.post("/admin/tokens", kind=kind, title=title, days="30", **(place or {"area": STREET}))
    assert told.status_code == 200, told.text
    found = re.search(r"<code>(cck_[\w-]{43})</code>", told.text)
    assert bool(found) == (kind == "key")
    return found[1] if found else ""


def approved(house: Office, title: str, kind: str = "key", **place: str) -> str:
    key = proposed(house, title, kind, **place)
    assert house.guard.post("/admin/tokens/settle", token=number_of(house, title), word="approve").status_code == 200
    return key


def program(house: Office, key: str) -> Person:
    person = house.person()
    person.client.headers["Authorization"] = f"Bearer {key}"
    return person


def code_for(house: Office, title: str) -> str:
    told = house.boss.post("/admin/tokens/code", token=number_of(house, title)).text
    found = re.search(r"<code>([a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4})</code>", told)
    assert found is not None and "/kiosk" in told
    return found[1]


def wall(house: Office, title: str, **place: str) -> Person:
    """A machine at a wall that has let itself in."""
    approved(house, title, "device", **place)
    person = house.person()
    answer = person.post("/kiosk", code=code_for(house, title).upper().replace("-", " "))
    assert (answer.status_code, answer.headers["location"]) == (303, "/?wall=1")
    return person


def cameras(person: Person) -> set[str]:
    answer = person.get(f"/features/cameras?{EVERYWHERE}")
    assert answer.status_code == 200, answer.text
    return {each["id"] for each in answer.json()["features"]}


def in_city(house: Office, where: str) -> set[str]:
    return {code for (code,) in house.admin.execute(f"select 'cameras:' || id from camera where {where}")}  # type: ignore[arg-type]


def forget(house: Office) -> None:
    house.served.app._door.tokens.forget()


def callback(person: Person, text: str = "龙沙小学") -> httpx2.Response:
    """One question of the wall through Dash: a search."""
    ask = {"id": "wall-query", "property": "data", "value": {"text": text, "language": "zh"}}
    asked = {"output": "wall-results.children", "outputs": {"id": "wall-results", "property": "children"}, "inputs": [ask], "state": []}
    return person.client.post("/_dash-update-component", json={**asked, "changedPropIds": ["wall-query.data"]})


def test_the_way_of_a_device(house: Office) -> None:
    """Proposed, refused to who proposed it, approved by another, let in with a code, then the wall of its street and nothing else."""
    proposed(house, "大厅大屏", "device")
    number = number_of(house, "大厅大屏")
    boss, guard = house.boss, house.guard
    assert boss.post("/admin/tokens/code", token=number).status_code == 422, "not before it is approved"
    assert boss.post("/admin/tokens/settle", token=number, word="approve").status_code == 422
    assert "待批准" in guard.get("/admin/tokens").text
    assert guard.post("/admin/tokens", kind="device", title="x", area="*").status_code == 422, "who approves does not propose"
    assert guard.post("/admin/tokens/settle", token=number, word="approve").status_code == 200
    assert guard.post("/admin/tokens/code", token=number).status_code == 422, "nor carries codes to walls"

    machine = house.signed_in("dispatcher")  # who set it up does not stay signed in on it
    signed_in = machine.token
    answer = machine.post("/kiosk", code=code_for(house, "大厅大屏"))
    assert answer.headers["location"] == "/?wall=1"
    said = "; ".join(answer.headers.get_list("set-cookie"))
    assert f"{DEVICE_COOKIE}=" in said and "HttpOnly; SameSite=Lax" in said and f'{COOKIE}=""' in said
    assert house.person().get("/map/catalog.json", cookie=f"{COOKIE}={signed_in}").status_code == 401
    assert cameras(machine) == in_city(house, f"street_code = '{STREET}'") < in_city(house, "true")
    opened = machine.get("/")
    assert opened.status_code == 200 and "Max-Age=34560000" in opened.headers["set-cookie"], "its cookie begins anew"
    layout = str(machine.get("/_dash-layout").json())
    assert "大屏终端 · 五龙街道" in layout and "大屏终端：大厅大屏" in layout and "/data" not in layout
    assert callback(machine).status_code == 200


def test_a_device_looks_and_does_nothing(house: Office) -> None:
    machine = wall(house, "只读大屏")
    assert machine.get("/data").headers["location"] == "/sign-in?next=/data"
    for path in ("/account", "/admin", "/admin/tokens", "/audit", "/account/break-glass"):
        assert machine.get(path).headers["location"].startswith("/sign-in?next="), path
    for path in ("/", "/data/upload?name=x.csv", "/map/style.json", "/_dash-layout", "/features/cameras", "/_dash-update-component/x"):
        assert machine.post(path).status_code in (403, 404), path
    for path in ("/account/password", "/sign-out", "/admin/tokens/end", "/account/break-glass"):
        assert machine.post(path).status_code == 401, path
    assert machine.post(TILE).status_code == 400


def test_a_wall_runs_day_and_night(house: Office) -> None:
    """Nothing for two days, then for most of a year: it is still in, and says when it was there to the minute only."""
    machine = wall(house, "昼夜大屏")
    for quiet in ("31 minutes", "13 hours", "300 days"):
        house.admin.execute("update token set used_at = used_at - %s::interval, created_at = created_at - %s::interval", [quiet, quiet])
        forget(house)
        assert machine.get(f"/features/cameras?{EVERYWHERE}").status_code == 200, quiet
    used = "select used_at from token where title = '昼夜大屏'"
    first = house.admin.execute(used).fetchone()
    assert first is not None and first[0] > datetime.now(UTC) - timedelta(minutes=1)
    forget(house)
    assert machine.get("/map/catalog.json").status_code == 200
    assert house.admin.execute(used).fetchone() == first, "not a write for each look"


def test_a_code_is_good_once_and_soon(house: Office) -> None:
    first = wall(house, "一次大屏")
    code = code_for(house, "一次大屏")
    assert cameras(first), "the machine before stays until the code is used"
    house.admin.execute("update token set code_until = now() - interval '1 second' where title = '一次大屏'")
    second = house.person()
    assert second.post("/kiosk", code=code).status_code == 401
    again = code_for(house, "一次大屏")
    assert second.post("/kiosk", code=code).status_code == 401, "a newer code takes its place"
    assert second.post("/kiosk", code=again).status_code == 303
    assert house.person().post("/kiosk", code=again).status_code == 401
    assert cameras(second) and first.get("/map/catalog.json").status_code == 401
    for wrong in ("", "x", "'; drop table token; --", "<script>", "a" * 3000):
        told = house.person().post("/kiosk", code=wrong)
        assert told.status_code == 401 and "<script>" not in told.text
    foreign = house.person().client.post("/kiosk", data={"code": again}, headers={"origin": "https://elsewhere.example"})
    assert foreign.status_code == 403
    assert code_digest("ABCD efgh-jkmn") == code_digest("abcd-efgh-jkmn") and new_code() != new_code()


def test_a_device_that_is_taken_away_falls_off(house: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once in the process that is told, within seconds in another, and its silent socket too."""
    monkeypatch.setattr(watched_socket, "RECHECK_S", 0.2)
    machine = wall(house, "收回大屏")
    token = str(machine.client.cookies.get(DEVICE_COOKIE))
    headers = {"Origin": house.served.url, "Cookie": f"{DEVICE_COOKIE}={token}"}
    with connect(house.served.url.replace("http", "ws") + "/_dash-ws-callback", additional_headers=headers) as socket:
        house.admin.execute("update token set state = 'revoked', digest = null where title = '收回大屏'")  # another process
        known = house.served.app._door.tokens._known
        assert len(known) >= 1
        for held, (until, found) in list(known.items()):
            known[held] = (until - 5.0, found)
        begun = time.monotonic()
        with pytest.raises(ConnectionClosed) as fault:
            while True:
                socket.recv(timeout=10)
        assert fault.value.rcvd is not None and fault.value.rcvd.code == 4401 and time.monotonic() - begun < 5
    assert machine.get("/").headers["location"] == "/sign-in?next=/"
    assert machine.get(TILE).status_code == 401 and callback(machine).status_code == 401
    other = wall(house, "再收回大屏")
    assert cameras(other)
    assert house.guard.post("/admin/tokens/end", token=number_of(house, "再收回大屏")).status_code == 200
    assert other.get(TILE).status_code == 401


def test_a_silent_socket_keeps_nobody_signed_in(house: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's socket is asked for as well, which is no use of the sign-in: after half an hour of silence it is over."""
    monkeypatch.setattr(watched_socket, "RECHECK_S", 0.2)
    person = house.signed_in("dispatcher")
    seen = "select now() - seen_at > interval '29 minutes' from sign_in where digest = %s"
    headers = {"Origin": house.served.url, "Cookie": f"{COOKIE}={person.token}"}
    with connect(house.served.url.replace("http", "ws") + "/_dash-ws-callback", additional_headers=headers) as socket:
        house.admin.execute("update sign_in set seen_at = now() - interval '29 minutes 30 seconds' where digest = %s", [digest_of(person.token)])
        with pytest.raises(TimeoutError):
            while True:
                socket.recv(timeout=1)
        assert house.admin.execute(seen, [digest_of(person.token)]).fetchone() == (True,)
        house.admin.execute("update sign_in set seen_at = now() - interval '31 minutes' where digest = %s", [digest_of(person.token)])
        house.served.app._door.sessions.forget()
        with pytest.raises(ConnectionClosed) as fault:
            while True:
                socket.recv(timeout=10)
        assert fault.value.rcvd is not None and fault.value.rcvd.code == 4401


def test_the_screen_of_a_device_that_was_taken_away_goes_dark(house: Office) -> None:
    """In a browser: the wall of its place; half a minute after it was ended nothing of it stands there any more."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed; make test installs it")
    approved(house, "浏览器大屏", "device")
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN", reduced_motion="reduce")
        page = context.new_page()
        page.clock.install()
        page.goto(f"{house.served.url}/kiosk?lang=zh")
        page.fill("input[name=code]", code_for(house, "浏览器大屏"))
        page.click("button.first")
        page.wait_for_selector("#wall[data-map=idle]", state="attached", timeout=PATIENCE_MS)
        expect(page.locator(".bar .device")).to_have_text("大屏终端 · 五龙街道")
        assert house.boss.post("/admin/tokens/end", token=number_of(house, "浏览器大屏")).status_code == 200
        page.clock.fast_forward(31_000)
        page.wait_for_url("**/sign-in?**", timeout=PATIENCE_MS)
        expect(page.locator("#wall")).to_have_count(0)
        context.close()


def test_the_way_of_a_key(house: Office) -> None:
    """Shown once, worth nothing before it is approved, then map data of its place; no page, no change, no cookie."""
    key = proposed(house, "统计程序")
    reader = program(house, key)
    for path in DATA:
        answer = reader.get(path)
        assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer", path
    assert key not in house.boss.get("/admin/tokens").text
    assert house.guard.post("/admin/tokens/settle", token=number_of(house, "统计程序"), word="approve").status_code == 200
    for path in DATA:
        answer = reader.get(path)
        assert answer.status_code == 200 and "set-cookie" not in answer.headers, path
        assert reader.client.head(path).status_code in (200, 405)
    assert cameras(reader) == in_city(house, f"street_code = '{STREET}'") < in_city(house, "true")
    for path in ("/", "/data", "/account", "/admin/tokens", "/audit", "/_dash-layout", "/data/preview/1.json"):
        answer = reader.get(path)
        assert answer.status_code == 403 and "set-cookie" not in answer.headers, path
    for path in ("/map/style.json", "/features/cameras", "/_dash-update-component", "/account/password", "/sign-out", "/data/upload?name=x"):
        assert reader.post(path).status_code == 403, path
    person = house.signed_in("dispatcher")
    assert person.get("/", authorization=f"Bearer {key}").status_code == 403, "who shows a key is its program, whatever cookie comes along"
    assert person.get("/", authorization="Basic d2FsbDp3YWxs").status_code == 200, "what a proxy asks for is none of ours"


@pytest.mark.parametrize("change", ["ends_at = now() - interval '1 second', created_at = now() - interval '9 days'", "state = 'revoked'", "state = 'pending'",
                                    "digest = null", "networks = '{10.0.0.0/8}'", "kind = 'device'"])  # fmt: skip
def test_a_key_that_is_over_opens_nothing(house: Office, change: str) -> None:
    title = f"密钥 {change[:20]}"
    reader = program(house, approved(house, title))
    assert reader.get("/map/catalog.json").status_code == 200
    house.admin.execute(f"update token set {change} where title = %s", [title])  # type: ignore[arg-type]
    forget(house)
    assert {reader.get(path).status_code for path in DATA} == {401}


def test_a_key_of_another_network_is_refused(house: Office) -> None:
    key = approved(house, "内网程序", area=STREET, networks="10.1.2.0/24, 2001:db8::/32")
    reader = program(house, key)
    assert reader.get(TILE).status_code == 401
    for address, status in (("10.1.2.9", 200), ("10.1.3.9", 401), ("2001:db8::7", 200), ("::ffff:10.1.2.9", 200), ("nonsense", 401)):
        # the test's server believes a proxy on this machine, as a real one believes those it was told of
        assert reader.get(TILE, **{"x-forwarded-for": address}).status_code == status, address


def test_what_is_no_key_is_nobodys() -> None:
    def said(value: bytes) -> str | None:
        return key_of([(b"cookie", b"x"), (b"authorization", value)])

    assert said(b"Bearer cck_abc") == said(b"bearer  cck_abc ") == "cck_abc"
    assert said(b"Bearer cck_") == "cck_"
    for other in (b"Basic cck_abc", b"Bearer abc", b"cck_abc", b"Bearer cck_a b", b"Bearer cck_\xff", b""):
        assert said(other) is None, other
    assert key_of([]) is None


def test_tokens_share_tiles_only_where_they_see_the_same(house: Office) -> None:
    programs = [program(house, approved(house, f"瓦片 {n}", **place)) for n, place in enumerate(
        ({"area": WEST}, {"area": WEST}, {"area": EAST}, {"area": WEST, "centre": "grid"}, {"area": "*"}))]  # fmt: skip
    place = f"/tiles/cases/{Z}/{X}/{Y}.mvt"
    cache, bodies, made = house.served.state.cache, [], []
    for reader in programs:
        before = len(cache)
        answer = reader.get(place)
        assert answer.headers["vary"] == "Cookie, Authorization"
        bodies.append(answer.content)
        made.append(len(cache) - before)
    assert made == [1, 0, 1, 1, 1]
    assert bodies[0] == bodies[1] and len({bytes(body) for body in bodies}) == 4


def test_only_digests_are_kept_and_nobody_reads_them(house: Office) -> None:
    key = approved(house, "保密程序")
    machine = wall(house, "保密大屏")
    code = code_for(house, "保密大屏")
    kept = str(house.admin.execute("select t::text, encode(digest, 'escape') from token t").fetchall())
    events = str(house.admin.execute("select e::text from audit_event e").fetchall())
    for secret in (key, key[4:], str(machine.client.cookies.get(DEVICE_COOKIE)), code):
        assert secret not in kept and secret not in events
    assert house.admin.execute("select count(*) from token where digest = %s", [digest_of(key)]).fetchone() == (1,)
    for question in ("select digest from token", "select code_digest from token", "delete from token", "update token set state = 'active'"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting(house.connection, ACCOUNT_COMMANDS):
            house.connection.execute(question)  # type: ignore[arg-type]
    with acting(house.connection, OPERATOR):
        assert house.connection.execute("select count(*) from token").fetchone() == (0,)


def test_the_database_holds_the_two_apart(house: Office) -> None:
    wish = checked_wish({"kind": "key", "title": "库", "area": STREET, "days": "9"}, datetime.now(UTC))
    for actor, request in (
        (OPERATOR, token_store.propose_request(wish, b"1")), (SECURITY, token_store.propose_request(wish, b"1")),
        (ACCOUNT_COMMANDS, token_store.settle_request(1, True)), (OPERATOR, token_store.end_request(1)), (SECURITY, token_store.code_request(1, b"1", 10)),
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting(house.connection, actor):
            house.connection.execute(request.sql, request.params)  # type: ignore[arg-type]
    both = replace(SECURITY, permissions=frozenset({"accounts", "security"}))
    with acting(house.connection, both):
        row = house.connection.execute(*(lambda r: (r.sql, r.params))(token_store.propose_request(wish, b"2"))).fetchone()  # type: ignore[arg-type]
        assert row is not None
        assert house.connection.execute("select token_settle(%s, true)", [row[0]]).fetchone() == (False,), "nobody approves what they proposed"
    for change in ("permissions = '{read,write}'", "permissions = '{}'", "ends_at = null", "ends_at = created_at + interval '401 days'", "state = 'open'"):
        with pytest.raises(psycopg.errors.CheckViolation):
            house.admin.execute(f"update token set {change} where kind = 'key'")  # type: ignore[arg-type]


def test_what_happens_to_tokens_is_audited(house: Office) -> None:
    machine = wall(house, "审计大屏", area="*", centre="urban")
    house.boss.post("/admin/tokens/end", token=number_of(house, "审计大屏"))
    house.person().post("/kiosk", code="wrong-code-typed")
    number = number_of(house, "审计大屏")
    rows = house.admin.execute(
        "select actor, act, detail->>'did', host(address) from audit_event where subject_table = 'token' and subject_key = %s order by id", [number]
    ).fetchall()
    boss, guard = (f"account:{key}" for (key,) in house.admin.execute("select id from account where name in ('boss', 'guard') order by name"))
    assert rows == [
        (boss, "account", "proposed", None), (guard, "approve", None, None), (boss, "account", "code", None),
        (f"device:{number}", "sign_in", None, "127.0.0.1"), (boss, "account", "revoked", None),
    ]  # fmt: skip
    failed = house.admin.execute("select actor, detail from audit_event where act = 'sign_in_failed' order by id desc limit 1").fetchone()
    assert failed == ("builtin:door", {"kind": "device"}) and machine.get(TILE).status_code == 401


@pytest.mark.parametrize(
    ("field", "said", "told"),
    [
        ("kind", "", "choose"), ("kind", "king", "choose"), ("title", "  ", "which wall"), ("area", "", "one place"), ("grid", "1", "one place"),
        ("centre", "space", "centre"), ("days", "", "key ends"), ("days", "0", "key ends"), ("days", "401", "key ends"), ("days", "٣", "key ends"),
        ("networks", "10.0.0.0/99", "range"), ("networks", "elsewhere.example", "range"),
        ("networks", " ".join(f"10.0.{n}.0/24" for n in range(21)), "at most"),
    ],
)  # fmt: skip
def test_a_wish_that_cannot_be_says_why(field: str, said: str, told: str) -> None:
    good = {"kind": "key", "title": "程序", "area": STREET, "days": "30"}
    now = datetime.now(UTC)
    assert checked_wish(good, now).until == now + timedelta(days=30)
    with pytest.raises(BadInput, match=told):
        checked_wish({**good, field: said}, now)


def test_a_wish_for_no_area_says_so(house: Office) -> None:
    boss = house.boss
    told = boss.post("/admin/tokens?lang=en", kind="key", title="<b>程序</b>", area="999999", days="3")
    assert told.status_code == 422 and "no area or grid" in told.text and "&lt;b&gt;程序" in told.text and "<b>程" not in told.text
    assert boss.post("/admin/tokens", kind="device", title="<b>粗屏</b>", area=STREET).status_code == 200
    assert "<b>粗" not in boss.get("/admin/tokens").text
    assert house.signed_in("dispatcher").get("/admin/tokens").status_code == 403


def test_a_place_that_is_gone_shows_nothing(house: Office) -> None:
    """A code that no area has any more is no place at all, and not the whole city."""
    reader = program(house, approved(house, "旧辖区", area="230203001"))
    assert cameras(reader) == in_city(house, "street_code = '230203001'") != set()
    house.admin.execute("update token set area_code = '230203099' where title = '旧辖区'")
    forget(house)
    assert cameras(reader) == set()
