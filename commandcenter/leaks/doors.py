"""The table of doors: each route, page, callback and layer of the application, who may pass it, and how it is tried.

A door of the running application without a row here fails the build (``tests/test_door_matrix.py``) and the leak matrix.
A new door is one row: its kind says who passes and how the others are turned away, ``how`` names the way it is tried
(``commandcenter/leaks/tries.py``); ``GATE`` asks only who may pass. Acts (POST) are tried by those who must be turned away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from commandcenter.text import Text

READ, STEWARD, ACCOUNTS, SECURITY, AUDIT = "read", "steward", "accounts", "security", "audit"
PEOPLE, BREAK_GLASS = "people", "break_glass"
DEVICE, KEY = "device", "key"
CODE, PASSWORD, FACTOR = "code", "password", "factor"  # what a sign-in may wait for
GATE, SOCKET = "gate", "socket"


class Who(Protocol):
    """As much of a visitor as decides which doors are theirs."""

    @property
    def signed_in(self) -> bool:
        """Whether anybody is there."""

    @property
    def machine(self) -> str:
        """``device`` of a wall, ``key`` of a program, or nothing."""

    @property
    def due(self) -> str:
        """What the sign-in waits for, or nothing."""

    @property
    def permissions(self) -> frozenset[str]:
        """What the roles permit."""

    @property
    def whole_city(self) -> bool:
        """Whether the place is the whole city."""


@dataclass(frozen=True)
class Kind:
    """Who passes a kind of door (any one of ``permissions``; none: whoever has signed in), and what the others are answered.

    ``passed`` is the answer to who passes; None: anything but 401, 403 and 5xx, for that is the door's own business. ``looks``: who may not
    read at all is led away first. ``own``: of people with an account. ``machines``: which of them pass too, in the place they stand for.
    """

    permissions: frozenset[str] = frozenset()
    anybody: bool = False
    page: bool = False
    own: bool = False
    looks: bool = False
    whole_city: bool = False
    open_while: frozenset[str] = frozenset()
    machines: frozenset[str] = frozenset()
    passed: int | None = None
    refused: int = 403

    def opens(self, who: Who) -> bool:
        """Whether it is theirs to pass."""
        if who.machine:
            return who.machine in self.machines
        if self.anybody:
            return True
        if not who.signed_in or (who.due and who.due not in self.open_while) or (self.looks and READ not in who.permissions):
            return False
        return (not self.permissions or bool(self.permissions & who.permissions)) and (who.whole_city or not self.whole_city)

    def answer(self, who: Who) -> int | None:
        """The status they are answered."""
        if self.opens(who):
            return self.passed
        if who.machine:
            return 403 if who.machine == KEY else 303 if self.page else 401 if self.own else 403
        if not who.signed_in:
            return 303 if self.page else 401
        if (who.due and who.due not in self.open_while) or (self.looks and READ not in who.permissions):
            return 303 if self.page else 403
        return self.refused


def _may(*permissions: str, **how: Any) -> Kind:
    return Kind(frozenset(permissions), **how)


_BOTH, _DEVICE = frozenset({DEVICE, KEY}), frozenset({DEVICE})
_OWN = frozenset({PASSWORD, FACTOR})
KINDS: dict[str, Kind] = {
    "open": Kind(anybody=True, machines=_BOTH),
    "shut": Kind(anybody=True, passed=404, machines=_BOTH),
    "kiosk": Kind(anybody=True, passed=401, machines=_BOTH),
    "page": Kind(looks=True, page=True, passed=200),
    "wall": Kind(looks=True, page=True, passed=200, machines=_DEVICE),
    "dash": Kind(looks=True, machines=_DEVICE),
    "map": Kind(looks=True, machines=_BOTH),
    "below": Kind(looks=True),
    "desk": _may(STEWARD, looks=True, whole_city=True),
    "people page": _may(PEOPLE, looks=True, page=True),
    "people": _may(PEOPLE, looks=True),
    "own page": Kind(page=True, own=True, passed=200, open_while=_OWN),
    "own": Kind(own=True, open_while=_OWN),
    # A second factor is set up with a password of one's own; a code nobody asked for is wrong.
    "factor page": Kind(page=True, own=True, passed=200, open_while=frozenset({FACTOR})),
    "code page": Kind(page=True, own=True, passed=200, open_while=frozenset({CODE, PASSWORD, FACTOR})),
    "code": Kind(anybody=True, own=True, passed=401),
    "glass page": _may(BREAK_GLASS, page=True, own=True, passed=200, open_while=_OWN),
    "glass": _may(BREAK_GLASS, own=True, open_while=_OWN),
    "audit page": _may(AUDIT, page=True, own=True, passed=200),
    "audit export": _may(AUDIT, page=True, own=True),
    "security page": _may(SECURITY, page=True, own=True, passed=200),
    "security": _may(SECURITY, own=True),
    "admin page": _may(ACCOUNTS, SECURITY, page=True, own=True, passed=200),
    "admin": _may(ACCOUNTS, SECURITY, own=True),
    "leaks page": _may(SECURITY, AUDIT, page=True, own=True, passed=200),
}

# The columns of the table that is printed.
COLUMNS: dict[str, Text] = {
    "tile": Text("瓦片", "Tiles"), "tilejson": Text("瓦片描述", "TileJSON"), "features": Text("要素", "Features"), "card": Text("卡片", "Cards"),
    "search": Text("搜索", "Search"), "figures": Text("数字与列表", "Figures"), "honesty": Text("图层说明", "Honesty"), "callback": Text("回调", "Callbacks"),
    "socket": Text("推送", "Socket"), "export": Text("导出", "Exports"), "desk": Text("数据台", "Desk"), "account": Text("账号", "Accounts"),
    "people": Text("人口", "People"), "audit": Text("审计", "Audit"), "page": Text("页面", "Pages"), "other": Text("其他接口", "Other"),
}  # fmt: skip


@dataclass(frozen=True)
class Door:
    """One route. ``address`` is one of its addresses; ``{bbox}`` stands for a box over the city.

    ``gate_query`` is added where only the gate is tried and passing it would leave a trace. ``traced``: what it shows leaves a
    trace in the audit, so it is asked over a connection that may write; all others are asked read-only. ``writes``: passing it
    writes, as every POST may, so only those try it who must be turned away. ``untried``: it changes who asks, or counts a try.
    """

    kind: str
    column: str
    address: str
    how: str = GATE
    gate_query: str = ""
    traced: bool = False
    writes: bool = False
    untried: bool = False


# Method and path of every route.
ROUTES: dict[tuple[str, str], Door] = {
    ("GET", "/healthz"): Door("open", "other", "/healthz"),
    ("GET", "/readyz"): Door("open", "other", "/readyz"),
    ("GET", "/sign-in"): Door("open", "account", "/sign-in"),
    ("POST", "/sign-in"): Door("open", "account", "/sign-in", untried=True),
    # Nothing in a real city: test_demo_accounts has the others.
    ("GET", "/sign-in/demo"): Door("shut", "account", "/sign-in/demo", untried=True),
    ("POST", "/sign-in/demo"): Door("shut", "account", "/sign-in/demo", untried=True),
    # Without an identity provider there is no such door; with one: test_oidc.
    ("GET", "/sign-in/oidc"): Door("shut", "account", "/sign-in/oidc"),
    ("GET", "/sign-in/oidc/back"): Door("shut", "account", "/sign-in/oidc/back?code=x&state=y"),
    ("GET", "/sign-in/{rest:path}"): Door("shut", "account", "/sign-in/x"),
    ("POST", "/sign-out"): Door("own", "account", "/sign-out", untried=True),
    ("GET", "/account"): Door("own page", "account", "/account"),
    ("POST", "/account/password"): Door("own", "account", "/account/password"),
    ("POST", "/account/sign-out-others"): Door("own", "account", "/account/sign-out-others"),
    ("GET", "/account/code"): Door("code page", "account", "/account/code"),
    ("POST", "/account/code"): Door("code", "account", "/account/code", untried=True),
    ("GET", "/account/factor"): Door("factor page", "account", "/account/factor", writes=True),
    ("POST", "/account/factor"): Door("own", "account", "/account/factor"),
    ("GET", "/admin"): Door("admin page", "account", "/admin"),
    ("POST", "/admin/account"): Door("admin", "account", "/admin/account"),
    ("POST", "/admin/settle"): Door("admin", "account", "/admin/settle"),
    ("POST", "/admin/disable"): Door("admin", "account", "/admin/disable"),
    ("POST", "/admin/reset"): Door("admin", "account", "/admin/reset"),
    ("GET", "/admin/roles"): Door("admin page", "account", "/admin/roles"),
    ("GET", "/admin/places"): Door("admin page", "account", "/admin/places"),
    ("POST", "/admin/import"): Door("admin", "account", "/admin/import"),
    ("POST", "/admin/appointment"): Door("admin", "account", "/admin/appointment"),
    ("POST", "/admin/appointment/settle"): Door("admin", "account", "/admin/appointment/settle"),
    ("POST", "/admin/appointment/end"): Door("admin", "account", "/admin/appointment/end"),
    ("GET", "/account/break-glass"): Door("glass page", "account", "/account/break-glass"),
    ("POST", "/account/break-glass"): Door("glass", "account", "/account/break-glass"),
    ("POST", "/account/break-glass/end"): Door("glass", "account", "/account/break-glass/end"),
    ("GET", "/admin/break-glass"): Door("security page", "account", "/admin/break-glass"),
    ("POST", "/admin/break-glass/seen"): Door("security", "account", "/admin/break-glass/seen"),
    ("POST", "/admin/break-glass/end"): Door("security", "account", "/admin/break-glass/end"),
    ("GET", "/admin/tokens"): Door("admin page", "account", "/admin/tokens"),
    ("POST", "/admin/tokens"): Door("admin", "account", "/admin/tokens"),
    ("POST", "/admin/tokens/settle"): Door("admin", "account", "/admin/tokens/settle"),
    ("POST", "/admin/tokens/end"): Door("admin", "account", "/admin/tokens/end"),
    ("POST", "/admin/tokens/code"): Door("admin", "account", "/admin/tokens/code"),
    ("GET", "/kiosk"): Door("open", "account", "/kiosk"),
    ("POST", "/kiosk"): Door("kiosk", "account", "/kiosk", untried=True),
    ("GET", "/leaks"): Door("leaks page", "audit", "/leaks"),
    ("GET", "/audit"): Door("audit page", "audit", "/audit"),
    ("GET", "/audit/events.csv"): Door("audit export", "export", "/audit/events.csv", gate_query="act=none"),
    ("GET", "/map/style.json"): Door("map", "other", "/map/style.json"),
    ("GET", "/map/catalog.json"): Door("map", "other", "/map/catalog.json"),
    ("GET", "/map/status.json"): Door("map", "honesty", "/map/status.json?bbox={bbox}&zoom=14", "honesty"),
    ("GET", "/tilejson/{layer_id}.json"): Door("map", "tilejson", "/tilejson/cameras.json"),
    ("GET", "/features/{layer_id}"): Door("map", "features", "/features/cameras?bbox={bbox}", "features"),
    ("GET", "/features/{layer_id}/{ref_id}"): Door("map", "card", "/features/cameras/1", "card"),
    ("GET", "/people"): Door("page", "people", "/people"),
    # Asking for people is written down, whoever asks: who may not, too.
    ("GET", "/people/building/{building}"): Door("people page", "people", "/people/building/1", "people", traced=True),
    ("POST", "/people/building/{building}"): Door("people", "people", "/people/building/1?household=1", traced=True),
    ("POST", "/data/upload"): Door("desk", "desk", "/data/upload?name=x.csv"),
    ("GET", "/data/refused/{run_id}.xlsx"): Door("desk", "export", "/data/refused/0.xlsx"),
    ("GET", "/data/preview/{run_id}.json"): Door("desk", "desk", "/data/preview/0.json"),
    ("GET", "/data/raw/{run_id}/{row_no}"): Door("desk", "desk", "/data/raw/0/1"),
    # Addresses below these that are none of theirs: said to be nothing before anybody looks who asks.
    ("GET", "/data/upload"): Door("below", "desk", "/data/upload"),
    ("GET", "/data/refused/{rest:path}"): Door("below", "desk", "/data/refused/x"),
    ("GET", "/data/preview/{rest:path}"): Door("below", "desk", "/data/preview/x"),
    ("GET", "/data/raw/{rest:path}"): Door("below", "desk", "/data/raw/x"),
}  # fmt: skip

# What Dash serves beside our pages.
_RENDERER = "/_dash-component-suites/dash/dash-renderer/build/dash_renderer.min.js"
DASH_ROUTES: dict[tuple[str, str], Door] = {
    ("GET", "/"): Door("wall", "page", "/"),
    ("GET", "/assets"): Door("open", "page", "/assets/07-plain.css"),
    ("GET", "/_dash-component-suites/{package_name}/{fingerprinted_path:path}"): Door("dash", "page", _RENDERER),
    ("GET", "/_dash-layout"): Door("dash", "page", "/_dash-layout"),
    ("GET", "/_dash-dependencies"): Door("dash", "page", "/_dash-dependencies"),
    ("POST", "/_dash-update-component"): Door("dash", "callback", "/_dash-update-component"),
    ("GET", "/_reload-hash"): Door("dash", "page", "/_reload-hash"),
    ("GET", "/_favicon.ico"): Door("dash", "page", "/_favicon.ico"),
    ("GET", "/_dash-ws-callback"): Door("dash", "socket", "/_dash-ws-callback", SOCKET),
}
PAGES: dict[str, Door] = {"/": Door("wall", "page", "/"), "/data": Door("page", "page", "/data")}


@dataclass(frozen=True)
class Callback:
    """One question that Dash's pages ask, named by what it fills: who may ask is the map's business, what comes is tried by ``how``.

    A callback that is only tried at the gate is asked with ``asked`` as the value of its inputs.
    """

    column: str
    how: str = GATE
    asked: Any = None
    kind: str = "dash"


CALLBACKS: dict[str, Callback] = {
    "wall-card.children": Callback("card", "picked"),
    "..wall-strip.children...wall-queue.children..": Callback("figures", "figures"),
    "wall-results.children": Callback("search", "search"),
    "..desk-view.children...desk-tick.disabled..": Callback("callback", asked={"language": "en"}),
    "..desk-now.children...desk-done.data..": Callback("callback", asked={"language": "en"}),
    "desk-done.data": Callback("callback", "command"),
    "..desk-rules-place.children...desk-refused-place.children..": Callback("callback", "refused rows"),
    "desk-grid.getRowsResponse": Callback("callback", "refused rows"),
    "..desk-editor.children...desk-placed.data..": Callback("callback", asked=[]),
}

LAYERS = (
    "addresses", "areas", "base", "buildings", "cameras", "cases", "components", "compounds", "grids", "key_sites", "service_points", "unit_cells",
)  # fmt: skip
TILE = Door("map", "tile", "/tiles/{layer}/{z}/{x}/{y}.mvt", "tile")


def callback_name(output: str) -> str:
    """What a callback fills, without the digest Dash adds where two fill the same."""
    return re.sub(r"@[0-9a-f]+", "", output)


def routes_of(app: Any) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Method and path of our routes, and of Dash's, in the running application; of a catch-all one method is enough."""
    ours: set[tuple[str, str]] = set()
    dashs: set[tuple[str, str]] = set()
    for outer in app.server.router.routes:
        for route in outer.original_router.routes if hasattr(outer, "original_router") else [outer]:
            methods = set(getattr(route, "methods", None) or ("GET",)) - {"HEAD"}
            found = {(method, route.path) for method in ({"GET"} if "DELETE" in methods else methods)}
            (ours if hasattr(outer, "original_router") else dashs).update(found)
    return ours, dashs


def callbacks_of(app: Any) -> dict[str, Mapping[str, Any]]:
    """The running application's callbacks that reach the server: output as Dash spells it, and Dash's word on it."""
    dash = app.server.state.dash
    dash._setup_server()
    return {output: said for output, said in dash.callback_map.items() if said.get("callback") is not None}


def without_row(app: Any, page_paths: Mapping[str, Any] | set[str]) -> Iterator[str]:
    """Names of the doors of the running application that the table does not know."""
    ours, dashs = routes_of(app)
    yield from (f"route {method} {path}" for method, path in sorted(ours - set(ROUTES)))
    known = {path for _, path in DASH_ROUTES}
    yield from (f"route {path}" for path in sorted({path for _, path in dashs} - known))
    yield from (f"page {path}" for path in sorted(set(page_paths) - set(PAGES)))
    yield from (f"callback {name}" for name in sorted({callback_name(output) for output in callbacks_of(app)} - set(CALLBACKS)))
    yield from (f"layer {name}" for name in sorted(set(app.server.state.state.layers) - set(LAYERS)))
