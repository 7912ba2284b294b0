"""Every route is asked what nobody would ask, as nobody and as one street's dispatcher: never a fault of ours, never another street's row.

schemathesis makes the requests of what OpenAPI describes, widened by the fields and parameters that our pages read themselves; what it
does not describe (tiles, Dash's doors, sockets, assets, methods) is asked here.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import psycopg
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from app import build_app
from commandcenter.web.sessions import COOKIE
from tests.city import build
from tests.serving import ServedApplication
from tests.test_accounts import HOSTILE, STREET, House

NOBODY, DISPATCHER = "nobody", "dispatcher"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
# What pages read themselves, which OpenAPI therefore does not know.
QUERY = ("lang", "next", "over", "theme", "q", "who", "act", "table", "key", "since", "until", "before", "page", "name", "source", "v", "f.kind")
FIELDS = (
    "name", "password", "old", "new", "again", "code", "title", "role", "area", "grid", "centre", "since", "until", "account", "appointment", "word",
    "reason", "minutes", "token", "kind",
)  # fmt: skip
ENDS_THE_SIGN_IN = {"POST /sign-out", "POST /account/sign-out-others"}  # asked as nobody only
ODD_WORDS = (*HOSTILE, "", "*", "1", "-1", "999999999999999999999", "../../etc/passwd", "%00", "{}", "\u202e", "💥" * 50)
TEXT = st.one_of(st.sampled_from(ODD_WORDS), st.text(max_size=60))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)
ODD_PATHS = (
    "/assets/../app.py", "/assets/%2e%2e/app.py", "/assets/%252e%252e/app.py", "/assets/..%2f..%2fetc/passwd", "/assets/..\\..\\app.py",
    "/assets/%00", "/assets/vendor/../../requirements.txt", "/assets//etc/passwd", "/data/refused/..%2f..%2f1.xlsx", "/data/raw/1/%2e%2e",
    "/features/..%2f..", "/tilejson/../map/style.json.json", "/_dash-component-suites/../app.py", "/_dash-component-suites/dash/..%2f..%2fapp.py",
    "/tiles/cameras/15/27650/-1.mvt", "/tiles/cameras/99/0/0.mvt", "/tiles/%2e%2e/1/1/1.mvt", "/tiles/cameras/1/1/1.mvt?f.kind=%00",
    "/tiles/cameras/15/27650/11500.mvt?" + "&".join(f"f.x{n}=1" for n in range(60)), "//", "/%ff%fe", "/" + "a" * 5000, "/audit/../admin", "/.git/config",
)  # fmt: skip


@dataclass
class Target:
    """The served application, who asks, and words of rows that a dispatcher of one street must never read."""

    house: House
    tokens: dict[str, str | None]
    foreign: re.Pattern[bytes]

    @property
    def url(self) -> str:
        return self.house.served.url

    def headers(self, who: str) -> dict[str, str]:
        token = self.tokens[who]
        return {"origin": self.url, **({"cookie": f"{COOKIE}={token}"} if token else {})}

    def check(self, what: str, status: int, body: bytes, headers: Any) -> None:
        """No fault of ours, no foreign row, no trace, no open page."""
        assert status < 500, (what, status, body[:400])
        assert b"Traceback (most recent call last)" not in body, what
        found = self.foreign.search(body)
        assert found is None, (what, found)
        assert headers.get("x-content-type-options") in ("nosniff", ["nosniff"]), what  # schemathesis keeps lists


@pytest.fixture(scope="module")
def target(clone: Callable[[str], Any]) -> Iterator[Target]:
    made = clone("fuzz")
    with made.connect() as connection, psycopg.connect(made.admin_dsn, autocommit=True) as admin:
        build(connection)
        connection.autocommit = True
        outside = f"street_code is distinct from '{STREET}'"
        words = [
            row[0]
            for table, column in (("cases", "number"), ("camera", "code"), ("component", "code"), ("key_site", "code"), ("service_point", "code"))
            for row in admin.execute(f"select {column} from {table} where {outside} and {column} is not null")  # type: ignore[arg-type]
        ]
        assert len(words) > 30
        with ServedApplication(replace(made.settings, city="heidelberg")) as served:
            house = House(served, made, connection, admin)
            house.account("dispatcher", "dispatcher", STREET)
            yield Target(
                house, {NOBODY: None, DISPATCHER: house.signed_in("dispatcher").token},
                re.compile(b"|".join(rb"\b" + re.escape(word.encode()) + rb"\b" for word in words)),
            )  # fmt: skip


def described() -> Any:
    """OpenAPI of our routes, with the fields and parameters that pages read themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one handler for many methods: their operation ids repeat
        said = build_app()._inner.openapi()  # type: ignore[attr-defined]
    text = {"type": "string", "maxLength": 80}
    # addresses that are nothing, whatever follows: the fuzzer makes no slashes, ODD_PATHS has them
    said["paths"] = {path: ways for path, ways in said["paths"].items() if "{rest}" not in path}
    for path, ways in said["paths"].items():
        for method, way in ways.items():
            known = {each["name"] for each in way.get("parameters", ())}
            way.setdefault("parameters", []).extend(
                {"name": name, "in": "query", "required": False, "schema": text} for name in QUERY if name not in known and "/data/" not in path
            )
            if method == "post":
                form = {"type": "object", "properties": dict.fromkeys(FIELDS, text)}
                way["requestBody"] = {"content": {"application/x-www-form-urlencoded": {"schema": form}}}
    return schemathesis.openapi.from_dict(said)


OPERATIONS = {result.ok().label: result.ok() for result in described().get_all_operations()}
QUICK = settings(
    max_examples=5, deadline=None, derandomize=True, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)  # fmt: skip


def asking(target: Target, session: requests.Session, who: str, label: str, mode: GenerationMode) -> Callable[[], None]:
    """Requests to one route as one visitor, as the fuzzer makes them up."""

    @settings(QUICK, max_examples=2 if label == "POST /sign-in" else QUICK.max_examples)  # a hash takes its time
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.headers, case.cookies = {}, {}  # ours only: who asks is not the fuzzer's to say
        answer = case.call(base_url=target.url, headers=target.headers(who), session=session, allow_redirects=False, timeout=20)
        target.check(f"{who}: {label} {case!r}", answer.status_code, answer.content, answer.headers)
        session.cookies.clear()

    return ask


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_no_route_breaks_or_leaks(target: Target, label: str) -> None:
    session = requests.Session()
    for who in (NOBODY, DISPATCHER):
        if who == DISPATCHER and label in ENDS_THE_SIGN_IN:
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            asking(target, session, who, label, mode)()
    alive = target.house.person().client.get("/features/cameras?bbox=123,47,125,48&zoom=16", headers=target.headers(DISPATCHER))
    assert alive.status_code == 200, "the dispatcher is signed in still"


def test_odd_addresses_and_methods(target: Target) -> None:
    """Raw, as no library would send them: what is no address is 400 or 404, and nothing of the disk comes back."""
    with httpx2.Client(base_url=target.url, timeout=20) as client:
        for who in (NOBODY, DISPATCHER):
            for path in (*ODD_PATHS, "/", "/data", "/admin", "/account", "/map/catalog.json", "/_dash-update-component", "/tiles/cameras/15/27650/11500.mvt"):
                for method in METHODS if path in ("/", "/admin", "/map/catalog.json", "/tiles/cameras/15/27650/11500.mvt") else ("GET", "POST"):
                    request = client.build_request(method, "/", headers=target.headers(who))
                    request.extensions = {"target": path.encode("latin-1", "ignore")}
                    answer = client.send(request)
                    target.check(f"{who}: {method} {path}", answer.status_code, answer.content, answer.headers)
                    assert b"build_app" not in answer.content and b"root:x:" not in answer.content and b"psycopg[binary" not in answer.content, path


@QUICK
@given(body=JSON)
def test_dashs_door_takes_no_nonsense(target: Target, body: Any) -> None:
    with httpx2.Client(base_url=target.url, timeout=20) as client:
        for who in (NOBODY, DISPATCHER):
            answer = client.post("/_dash-update-component", json=body, headers=target.headers(who))
            target.check(f"{who}: {body!r}", answer.status_code, answer.content, answer.headers)


def test_forged_callbacks_see_the_own_street_only(target: Target) -> None:
    """Dash's own list of callbacks, each asked with hostile words and foreign ids in every place."""
    with httpx2.Client(base_url=target.url, timeout=30) as client:
        known = client.get("/_dash-dependencies", headers=target.headers(DISPATCHER)).json()
        assert len(known) > 3
        for each in known:
            outputs = [dict(zip(("id", "property"), part.rsplit(".", 1), strict=True)) for part in re.split(r"\.\.\.", each["output"].strip("."))]
            for value in ("cases:1", {"layer": "cases", "id": 1}, {"data": HOSTILE[1]}, HOSTILE[0], None, [1], {"phrase": "AJ2026", "limit": 10**9}, 10**30):
                asked = {
                    "output": each["output"], "outputs": outputs if len(outputs) > 1 else outputs[0],
                    "inputs": [{**part, "value": value} for part in each["inputs"]], "state": [{**part, "value": value} for part in each["state"]],
                    "changedPropIds": [f"{part['id']}.{part['property']}" for part in each["inputs"]],
                }  # fmt: skip
                answer = client.post("/_dash-update-component", json=asked, headers=target.headers(DISPATCHER))
                target.check(f"{each['output']} {value!r}", answer.status_code, answer.content, answer.headers)
                answer = client.post("/_dash-update-component", json=asked, headers=target.headers(NOBODY))
                assert answer.status_code == 401


def test_nonsense_on_the_socket_closes_it_or_is_ignored(target: Target) -> None:
    url = target.url.replace("http://", "ws://") + "/_dash-ws-callback"
    for words in ("", "{", "null", "[]", '{"type": 1}', '{"type": "callback", "payload": {}}', json.dumps({"type": HOSTILE[0]}), "x" * 100_000):
        with connect(url, additional_headers=target.headers(DISPATCHER), open_timeout=10) as socket:
            socket.send(words)
            socket.send(words.encode())
            try:
                answer = socket.recv(timeout=0.3)
            except (TimeoutError, ConnectionClosed):
                continue
            said = answer if isinstance(answer, bytes) else answer.encode()
            assert target.foreign.search(said) is None and b"Traceback" not in said


def test_large_and_odd_headers(target: Target) -> None:
    with httpx2.Client(base_url=target.url, timeout=20) as client:
        for more in (
            {"cookie": f"{COOKIE}=" + "x" * 4000}, {"cookie": "; ;=;" + COOKIE}, {"accept-language": "\xff" * 200}, {"x-forwarded-for": "1.2.3.4, ::1, evil"},
            {"x-forwarded-proto": "https"}, {"host": "elsewhere.example"}, {"range": "bytes=0-1,5-9999999999"}, {"if-none-match": "*" * 3000},
            {"content-length": "0", "content-type": "multipart/form-data; boundary=" + "b" * 300}, {"authorization": "Bearer " + "é" * 10},
        ):  # fmt: skip
            encoded = {name: value.encode("latin-1") for name, value in more.items()}
            for path in ("/", "/sign-in", "/map/catalog.json", "/tiles/cameras/15/27650/11500.mvt", "/assets/00-tokens.css"):
                answer = client.get(path, headers=encoded)
                target.check(f"{more} {path}", answer.status_code, answer.content, answer.headers)
