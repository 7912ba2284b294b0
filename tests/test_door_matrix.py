"""Every door x every kind of visitor: what a table says is what happens, and a door without a row in the table fails the build.

A new route, page, layer or callback must be given its row in ``commandcenter/leaks/doors.py`` before anything else passes, a command its word here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from app import build_app
from commandcenter.__main__ import COMMANDS
from commandcenter.leaks.doors import (
    CALLBACKS,
    COLUMNS,
    DASH_ROUTES,
    DEVICE,
    GATE,
    KEY,
    KINDS,
    LAYERS,
    ROUTES,
    TILE,
    callback_name,
    callbacks_of,
    routes_of,
    without_row,
)
from commandcenter.leaks.doors import PAGES as DOORS_OF_PAGES
from commandcenter.leaks.gates import FORGED
from commandcenter.leaks.tries import WAYS
from commandcenter.pages import PAGES
from commandcenter.web import watched_socket
from commandcenter.web.sessions import COOKIE, REMEMBERED_S, digest_of
from commandcenter.web.tokens import DEVICE_COOKIE
from layers import discover
from tests.city import HOME, build
from tests.serving import ServedApplication
from tests.test_accounts import STREET, House, Person

BBOX = ",".join(f"{value:.6f}" for value in (*HOME.lonlat(-700, -300), *HOME.lonlat(700, 700)))
NOBODY, FRESH, DISPATCHER, STRANGER, STEWARD = "nobody", "fresh", "dispatcher", "stranger", "steward"
SYSTEM, SECURITY, AUDIT = "system", "security", "audit"



@dataclass(frozen=True)
class Known:
    """What decides which doors are a visitor's."""

    signed_in: bool = True
    machine: str = ""
    due: str = ""
    permissions: frozenset[str] = frozenset()
    whole_city: bool = True


VISITORS = {
    NOBODY: Known(signed_in=False),
    FRESH: Known(due="password"),
    DISPATCHER: Known(permissions=frozenset({"read", "break_glass"}), whole_city=False),
    STRANGER: Known(permissions=frozenset({"read"}), whole_city=False),
    STEWARD: Known(permissions=frozenset({"read", "steward", "write"})),
    SYSTEM: Known(permissions=frozenset({"accounts"})),
    SECURITY: Known(permissions=frozenset({"security"})),
    AUDIT: Known(permissions=frozenset({"audit"})),
    DEVICE: Known(signed_in=False, machine=DEVICE, whole_city=False),
    KEY: Known(signed_in=False, machine=KEY, whole_city=False),
}
LOOKERS = (DISPATCHER, STRANGER, STEWARD, DEVICE)
# Commands run on the machine itself, as whoever owns the data folder; what they may do to accounts stands in test_accounts.
SHELL = frozenset(
    {"run", "serve", "work", "fetch", "migrate", "cluster", "stop", "psql", "doctor", "user", "people", "standards", "verify-audit", "leak-matrix"}
)


@pytest.fixture(scope="module")
def city(clone: Any) -> Iterator[House]:
    """A little city that is no demonstration."""
    made = clone("doors")
    with made.connect() as connection, psycopg.connect(made.admin_dsn, autocommit=True) as admin:
        build(connection)
        connection.autocommit = True
        with ServedApplication(replace(made.settings, city="heidelberg")) as served:
            yield House(served, made, connection, admin)


@pytest.fixture(scope="module")
def house(city: House) -> dict[str, Person]:
    """One browser a visitor."""
    roles = {
        FRESH: ("shift_leader", None), DISPATCHER: ("dispatcher", STREET), STRANGER: ("leader", "230203"), STEWARD: ("data_steward", None),
        SYSTEM: ("system_administrator", None), SECURITY: ("security_administrator", None), AUDIT: ("audit_administrator", None),
    }  # fmt: skip
    for name, (role, area) in roles.items():
        city.account(name, role, area)
    city.admin.execute("update account set must_change = true where name = 'fresh'")
    device, key = city.person(), city.person()
    device.client.cookies.set(DEVICE_COOKIE, "device-of-the-matrix")
    key.client.headers["Authorization"] = "Bearer cck_key-of-the-matrix"
    for kind, token in (("device", "device-of-the-matrix"), ("key", "cck_key-of-the-matrix")):
        city.admin.execute(
            "insert into token (kind, title, digest, state, area_code, ends_at, created_by)"
            " values (%s, %s, %s, 'active', %s, now() + interval '1 day', 'test')", [kind, kind, digest_of(token), STREET],
        )  # fmt: skip
    return {NOBODY: city.person(), **{name: city.signed_in(name) for name in roles}, DEVICE: device, KEY: key}


def answered(person: Person, method: str, address: str) -> int:
    if method == "POST":
        return person.post(address).status_code
    return person.get(address).status_code


def check(found: int, expected: int | None, what: str) -> None:
    if expected is None:
        assert found not in (401, 403) and found < 500, (what, found)
    else:
        assert found == expected, (what, found)


@pytest.mark.parametrize(("method", "route"), ROUTES, ids=[" ".join(route) for route in ROUTES])
def test_each_route_answers_each_visitor_as_the_table_says(house: dict[str, Person], method: str, route: str) -> None:
    door = ROUTES[method, route]
    address = door.address.format(bbox=BBOX)
    for visitor, known in VISITORS.items():
        if route in ("/sign-in", "/sign-out") and method == "POST":
            continue  # they change who the visitor is: test_accounts
        check(answered(house[visitor], method, address), KINDS[door.kind].answer(known), f"{visitor}: {method} {address}")


@pytest.mark.parametrize(("method", "route"), [key for key, door in DASH_ROUTES.items() if door.how == GATE])
def test_dashs_own_doors_open_for_whom_they_should(house: dict[str, Person], method: str, route: str) -> None:
    door = DASH_ROUTES[method, route]
    for visitor, known in VISITORS.items():
        if visitor not in LOOKERS:  # what they let through is asked with Dash's own words: test_front_door
            check(answered(house[visitor], method, door.address), KINDS[door.kind].answer(known), f"{visitor}: {door.address}")


@pytest.mark.parametrize("path", DOORS_OF_PAGES)
def test_each_page_opens_for_whom_it_should(house: dict[str, Person], path: str) -> None:
    for visitor, known in VISITORS.items():
        check(answered(house[visitor], "GET", path), KINDS[DOORS_OF_PAGES[path].kind].answer(known), f"{visitor}: {path}")


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer in discover()])
def test_each_layers_tile_is_the_maps(house: dict[str, Person], layer: str) -> None:
    """What a tile holds for whom stands in the layer contract; here only who gets one."""
    for visitor, known in VISITORS.items():
        check(answered(house[visitor], "GET", f"/tiles/{layer}/15/27650/11500.mvt"), KINDS[TILE.kind].answer(known), f"{visitor}: {layer}")


def socket_of(person: Person, **more: str) -> Any:
    url = str(person.client.base_url).replace("http://", "ws://").rstrip("/") + "/_dash-ws-callback"
    token = person.client.cookies.get(COOKIE)
    headers = {"Origin": str(person.client.base_url).rstrip("/"), **({"Cookie": f"{COOKIE}={token}"} if token else {})}
    if key := person.client.headers.get("authorization"):
        headers["Authorization"] = key
    headers |= more
    return connect(url, additional_headers=headers, open_timeout=10)


@pytest.mark.parametrize("visitor", [NOBODY, FRESH, SYSTEM, AUDIT, KEY])
def test_no_socket_for_who_may_not_look(house: dict[str, Person], visitor: str) -> None:
    with pytest.raises(InvalidStatus) as fault:
        socket_of(house[visitor])
    assert fault.value.response.status_code == 403


def test_a_foreign_page_opens_no_socket(house: dict[str, Person]) -> None:
    with pytest.raises(InvalidStatus) as fault:
        socket_of(house[STRANGER], Origin="https://elsewhere.example")
    assert fault.value.response.status_code == 403


def test_the_socket_of_somebody_signed_out_is_closed_at_their_next_word(house: dict[str, Person]) -> None:
    person = house[STRANGER]
    with socket_of(person) as socket:
        assert person.post("/sign-out").status_code == 303
        socket.send('{"type": "heartbeat"}')
        with pytest.raises(ConnectionClosed) as fault:
            while True:
                socket.recv(timeout=10)
    assert fault.value.rcvd is not None and fault.value.rcvd.code == 4401


@pytest.mark.parametrize("act", ["signed out", "other rights"])
def test_a_quiet_socket_is_closed_within_seconds(city: House, monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    """A feed that only listens: over when its sign-in is over, and when the same account may see something else now."""
    monkeypatch.setattr(watched_socket, "RECHECK_S", 0.2)
    who = "quiet" if act == "signed out" else "moved"
    city.account(who, "dispatcher", STREET)
    person = city.signed_in(who)
    with socket_of(person) as socket:
        time.sleep(0.6)  # several looks later it is still theirs
        socket.send('{"type": "heartbeat"}')
        if act == "signed out":
            assert person.post("/sign-out").status_code == 303
        else:
            city.admin.execute("update appointment p set area_code = '230202002' from account a where a.id = p.account_id and a.name = %s", [who])
        with pytest.raises(ConnectionClosed) as fault:
            while True:
                socket.recv(timeout=REMEMBERED_S + 10)
    assert fault.value.rcvd is not None and fault.value.rcvd.code == 4401


def test_no_door_is_without_a_row_and_no_row_without_its_door() -> None:
    app = build_app()
    ours, dashs = routes_of(app)
    assert list(without_row(app, {page.path for page in PAGES})) == []
    assert set(ROUTES) - ours == set(), "rows without a route"
    assert {path for _, path in DASH_ROUTES} == {path for _, path in dashs}, "what Dash serves beside our pages has changed"
    assert set(DOORS_OF_PAGES) == {page.path for page in PAGES}
    assert set(CALLBACKS) == {callback_name(output) for output in callbacks_of(app)}
    assert set(COMMANDS) - SHELL == set()


def test_every_row_is_tried_in_a_way_there_is() -> None:
    named = {door.how for door in (*ROUTES.values(), *DASH_ROUTES.values(), *DOORS_OF_PAGES.values(), TILE)} | {row.how for row in CALLBACKS.values()}
    assert named - {GATE, "socket"} == {*WAYS, *FORGED}
    assert {door.kind for door in (*ROUTES.values(), *DASH_ROUTES.values())} | {row.kind for row in CALLBACKS.values()} <= set(KINDS)
    assert {door.column for door in (*ROUTES.values(), *DASH_ROUTES.values(), TILE)} | {row.column for row in CALLBACKS.values()} == set(COLUMNS)
