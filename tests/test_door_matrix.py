"""Every door x every kind of visitor: what a table says is what happens, and a door without a row in the table fails the build.

A new route, page, layer or command must be given its row here before anything else passes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from app import build_app
from commandcenter.__main__ import COMMANDS
from commandcenter.pages import PAGES
from commandcenter.web import watched_socket
from commandcenter.web.sessions import COOKIE, REMEMBERED_S
from layers import discover
from tests.city import HOME, build
from tests.serving import ServedApplication
from tests.test_accounts import STREET, House, Person

BBOX = ",".join(f"{value:.6f}" for value in (*HOME.lonlat(-700, -300), *HOME.lonlat(700, 700)))
NOBODY, FRESH, DISPATCHER, STRANGER, STEWARD = "nobody", "fresh", "dispatcher", "stranger", "steward"
SYSTEM, SECURITY, AUDIT = "system", "security", "audit"
VISITORS = (NOBODY, FRESH, DISPATCHER, STRANGER, STEWARD, SYSTEM, SECURITY, AUDIT)

# What each visitor is answered, by kind of door. Where somebody may pass, what they get is the door's own business (None: anything but 401, 403, 5xx).
KINDS: dict[str, dict[str, int | None]] = {
    "open": dict.fromkeys(VISITORS),
    "shut": dict.fromkeys(VISITORS, 404),
    "page": {NOBODY: 303, FRESH: 303, DISPATCHER: 200, STRANGER: 200, STEWARD: 200, SYSTEM: 303, SECURITY: 303, AUDIT: 303},
    "map": {NOBODY: 401, FRESH: 403, DISPATCHER: None, STRANGER: None, STEWARD: None, SYSTEM: 403, SECURITY: 403, AUDIT: 403},
    "desk": {NOBODY: 401, FRESH: 403, DISPATCHER: 403, STRANGER: 403, STEWARD: None, SYSTEM: 403, SECURITY: 403, AUDIT: 403},
    "own page": {NOBODY: 303, **dict.fromkeys(VISITORS[1:], 200)},
    "own": {NOBODY: 401, **dict.fromkeys(VISITORS[1:])},
    # A second factor is set up with a password of one's own; a code nobody asked for is wrong.
    "factor page": {NOBODY: 303, FRESH: 303, **dict.fromkeys(VISITORS[2:], 200)},
    "code": dict.fromkeys(VISITORS, 401),
    "audit page": {NOBODY: 303, FRESH: 303, **dict.fromkeys(VISITORS[2:], 403), AUDIT: 200},
    "admin page": {NOBODY: 303, FRESH: 303, DISPATCHER: 403, STRANGER: 403, STEWARD: 403, SYSTEM: 200, SECURITY: 200, AUDIT: 403},
    "admin": {NOBODY: 401, FRESH: 403, DISPATCHER: 403, STRANGER: 403, STEWARD: 403, SYSTEM: None, SECURITY: None, AUDIT: 403},
}  # fmt: skip

# Method and path of every route: its kind, and an address of it.
ROUTES: dict[tuple[str, str], tuple[str, str]] = {
    ("GET", "/healthz"): ("open", "/healthz"),
    ("GET", "/readyz"): ("open", "/readyz"),
    ("GET", "/actor"): ("shut", "/actor?id=demo:operator"),
    ("GET", "/sign-in"): ("open", "/sign-in"),
    ("POST", "/sign-in"): ("open", "/sign-in"),
    # Without an identity provider there is no such door; with one: test_oidc.
    ("GET", "/sign-in/oidc"): ("shut", "/sign-in/oidc"),
    ("GET", "/sign-in/oidc/back"): ("shut", "/sign-in/oidc/back?code=x&state=y"),
    ("GET", "/sign-in/{rest:path}"): ("shut", "/sign-in/x"),
    ("POST", "/sign-out"): ("own", "/sign-out"),
    ("GET", "/account"): ("own page", "/account"),
    ("POST", "/account/password"): ("own", "/account/password"),
    ("POST", "/account/sign-out-others"): ("own", "/account/sign-out-others"),
    ("GET", "/account/code"): ("own page", "/account/code"),
    ("POST", "/account/code"): ("code", "/account/code"),
    ("GET", "/account/factor"): ("factor page", "/account/factor"),
    ("POST", "/account/factor"): ("own", "/account/factor"),
    ("GET", "/admin"): ("admin page", "/admin"),
    ("POST", "/admin/account"): ("admin", "/admin/account"),
    ("POST", "/admin/settle"): ("admin", "/admin/settle"),
    ("POST", "/admin/disable"): ("admin", "/admin/disable"),
    ("POST", "/admin/reset"): ("admin", "/admin/reset"),
    ("GET", "/admin/roles"): ("admin page", "/admin/roles"),
    ("GET", "/admin/places"): ("admin page", "/admin/places"),
    ("POST", "/admin/import"): ("admin", "/admin/import"),
    ("POST", "/admin/appointment"): ("admin", "/admin/appointment"),
    ("POST", "/admin/appointment/settle"): ("admin", "/admin/appointment/settle"),
    ("POST", "/admin/appointment/end"): ("admin", "/admin/appointment/end"),
    ("GET", "/audit"): ("audit page", "/audit"),
    ("GET", "/audit/events.csv"): ("audit page", "/audit/events.csv"),
    ("GET", "/map/style.json"): ("map", "/map/style.json"),
    ("GET", "/map/catalog.json"): ("map", "/map/catalog.json"),
    ("GET", "/map/status.json"): ("map", f"/map/status.json?bbox={BBOX}&zoom=14"),
    ("GET", "/tilejson/{layer_id}.json"): ("map", "/tilejson/cameras.json"),
    ("GET", "/features/{layer_id}"): ("map", f"/features/cameras?bbox={BBOX}"),
    ("GET", "/features/{layer_id}/{ref_id}"): ("map", "/features/cameras/1"),
    ("POST", "/data/upload"): ("desk", "/data/upload?name=x.csv"),
    ("GET", "/data/refused/{run_id}.xlsx"): ("desk", "/data/refused/1.xlsx"),
    ("GET", "/data/preview/{run_id}.json"): ("desk", "/data/preview/1.json"),
    ("GET", "/data/raw/{run_id}/{row_no}"): ("desk", "/data/raw/1/1"),
    # Addresses below these that are none of theirs: said to be nothing before anybody looks who asks.
    ("GET", "/data/upload"): ("map", "/data/upload"),
    ("GET", "/data/refused/{rest:path}"): ("map", "/data/refused/x"),
    ("GET", "/data/preview/{rest:path}"): ("map", "/data/preview/x"),
    ("GET", "/data/raw/{rest:path}"): ("map", "/data/raw/x"),
}  # fmt: skip
# Dash's own doors: the map's, whatever they are asked for.
DASH = (("GET", "/_dash-layout"), ("GET", "/_dash-dependencies"), ("POST", "/_dash-update-component"), ("GET", "/_reload-hash"))
DASHS_PATHS = {
    "/", "/assets", "/_dash-component-suites/{package_name}/{fingerprinted_path:path}", "/_dash-layout", "/_dash-dependencies",
    "/_dash-update-component", "/_reload-hash", "/_favicon.ico", "/_dash-ws-callback",
}  # fmt: skip
PAGE_PATHS = {"/": "page", "/data": "page"}
LAYERS = (
    "addresses", "areas", "base", "buildings", "cameras", "cases", "components", "compounds", "grids", "key_sites", "service_points", "unit_cells",
)  # fmt: skip
# Commands run on the machine itself, as whoever owns the data folder; what they may do to accounts stands in test_accounts.
SHELL = frozenset({"run", "serve", "work", "fetch", "migrate", "cluster", "stop", "psql", "doctor", "user", "verify-audit"})


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
    return {NOBODY: city.person(), **{name: city.signed_in(name) for name in roles}}


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
    kind, address = ROUTES[method, route]
    for visitor in VISITORS:
        if route in ("/sign-in", "/sign-out") and method == "POST":
            continue  # they change who the visitor is: test_accounts
        check(answered(house[visitor], method, address), KINDS[kind][visitor], f"{visitor}: {method} {address}")


@pytest.mark.parametrize(("method", "path"), DASH)
def test_dashs_own_doors_are_the_maps(house: dict[str, Person], method: str, path: str) -> None:
    for visitor in (NOBODY, FRESH, SYSTEM, SECURITY, AUDIT):
        check(answered(house[visitor], method, path), KINDS["map"][visitor], f"{visitor}: {path}")


@pytest.mark.parametrize("path", PAGE_PATHS)
def test_each_page_opens_for_whom_it_should(house: dict[str, Person], path: str) -> None:
    for visitor in VISITORS:
        check(answered(house[visitor], "GET", path), KINDS[PAGE_PATHS[path]][visitor], f"{visitor}: {path}")


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer in discover()])
def test_each_layers_tile_is_the_maps(house: dict[str, Person], layer: str) -> None:
    """What a tile holds for whom stands in the layer contract; here only who gets one."""
    for visitor in VISITORS:
        check(answered(house[visitor], "GET", f"/tiles/{layer}/15/27650/11500.mvt"), KINDS["map"][visitor], f"{visitor}: {layer}")


def socket_of(person: Person, **more: str) -> Any:
    url = str(person.client.base_url).replace("http://", "ws://").rstrip("/") + "/_dash-ws-callback"
    token = person.client.cookies.get(COOKIE)
    headers = {"Origin": str(person.client.base_url).rstrip("/"), **({"Cookie": f"{COOKIE}={token}"} if token else {}), **more}
    return connect(url, additional_headers=headers, open_timeout=10)


@pytest.mark.parametrize("visitor", [NOBODY, FRESH, SYSTEM, AUDIT])
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


def test_no_door_is_without_a_row(house: dict[str, Person]) -> None:
    del house
    ours, dashs = set(), set()
    for outer in build_app()._inner.router.routes:  # type: ignore[attr-defined]
        for route in outer.original_router.routes if hasattr(outer, "original_router") else [outer]:
            methods = set(getattr(route, "methods", None) or ("GET",)) - {"HEAD"}
            found = {(method, route.path) for method in ({"GET"} if "DELETE" in methods else methods)}  # of a catch-all one is enough
            (ours if hasattr(outer, "original_router") else dashs).update(found)
    assert {path for _, path in dashs} == DASHS_PATHS, "what Dash serves beside our pages has changed"
    assert ours - set(ROUTES) == set(), "routes without a row"
    assert set(ROUTES) - ours == set(), "rows without a route"
    assert {page.path for page in PAGES} == set(PAGE_PATHS)
    assert set(discover()) - set(LAYERS) == set()
    assert set(COMMANDS) - SHELL == set()
