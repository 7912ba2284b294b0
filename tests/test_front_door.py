"""Every door of the web process: who may pass, what absurd requests get, and that one jurisdiction's tile never answers another."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commandcenter.actor import Actor, Scope
from commandcenter.leaks.mvt_reader import read_tile
from commandcenter.text import Text
from commandcenter.web.headers import Guarded, page_policy
from commandcenter.web.sessions import COOKIE, token_of
from commandcenter.web.tile_cache import TileCache, TileKey
from layers import discover
from tests.asking import tile_at
from tests.city import COMMUNITY, HOME, OPERATOR, STREET
from tests.serving import ServedApplication

Z, X, Y = tile_at(*HOME.lonlat(-20, 150), 15)
TILE = f"/tiles/cameras/{Z}/{X}/{Y}.mvt"
BBOX = ",".join(f"{v:.6f}" for v in (*HOME.lonlat(-700, -300), *HOME.lonlat(700, 700)))
LAYERS = sorted(discover())
UNQUOTED = ":'\"= "  # in a forged cookie

# path, status for the operator, for the street's dispatcher, for nobody
DOORS = [
    ("/", 200, 200, 303),
    (TILE, 200, 200, 401),
    ("/tiles/base/3/0/0.mvt", 204, 204, 401),
    ("/tilejson/cameras.json", 200, 200, 401),
    ("/map/style.json", 200, 200, 401),
    ("/map/catalog.json", 200, 200, 401),
    (f"/map/status.json?bbox={BBOX}&zoom=14", 200, 200, 401),
    (f"/features/cameras?bbox={BBOX}", 200, 200, 401),
    (f"/features/cases?bbox={BBOX}&zoom=14", 200, 200, 401),
    ("/features/areas/1", 200, 200, 401),
    ("/_dash-layout", 200, 200, 401),
    ("/_dash-dependencies", 200, 200, 401),
    ("/healthz", 200, 200, 200),
    ("/readyz", 200, 200, 200),
    ("/nowhere", 404, 404, 404),
    ("/wp-admin/login.php", 404, 404, 404),
    ("/tiles/nowhere/1/0/0.mvt", 404, 404, 404),
    ("/features/nowhere?bbox=0,0,1,1", 404, 404, 401),
    ("/features/cameras/999999999", 404, 404, 401),
    ("/sign-in", 200, 200, 200),
    ("/sign-in/demo", 404, 404, 404),
    ("/sign-in/other", 404, 404, 404),
    ("/actor?id=demo:operator", 404, 404, 404),
]


@pytest.mark.parametrize(("path", "operator", "street", "nobody"), DOORS, ids=[door[0].split("?")[0] for door in DOORS])
def test_each_door_opens_for_whom_it_should(application: ServedApplication, path: str, operator: int, street: int, nobody: int) -> None:
    answers = [application.get(path, actor).status_code for actor in (OPERATOR, STREET, None)]
    assert answers == [operator, street, nobody]


@pytest.mark.parametrize("path", [door[0] for door in DOORS if 404 in door[1:]] + ["/features/cameras?bbox=1,2"])
def test_refusals_are_problem_bodies_in_both_languages(application: ServedApplication, path: str) -> None:
    answer = application.get(path, OPERATOR)
    assert answer.headers["content-type"].startswith("application/problem+json")
    body = answer.json()
    assert body["status"] == answer.status_code and body["detail"] and body["detail_zh"] and body["id"]
    assert "Traceback" not in answer.text and "psycopg" not in answer.text


def refs(application: ServedApplication, layer: str, actor: Actor) -> set[int]:
    answer = application.get(f"/features/{layer}?bbox={BBOX}&zoom=17", actor)
    assert answer.status_code == 200
    return {int(feature["id"].split(":")[1]) for feature in answer.json()["features"]}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_card_outside_the_jurisdiction_is_not_found_whatever_its_number(application: ServedApplication, layer: str) -> None:
    whole, street = refs(application, layer, OPERATOR), refs(application, layer, STREET)
    if layer == "cases":
        return  # its viewport answers clusters
    assert street and street <= whole
    ground = application.state.layers[layer].ground
    assert (whole == street) == ground
    for ref in sorted(whole)[:40]:
        assert application.get(f"/features/{layer}/{ref}", OPERATOR).status_code == 200
        assert application.get(f"/features/{layer}/{ref}", STREET).status_code == (200 if ref in street else 404)


def test_a_tile_made_for_one_scope_never_answers_another(application: ServedApplication) -> None:
    def drawn(actor: Actor) -> set[int | None]:
        answer = application.get(TILE, actor)
        assert answer.status_code == 200 and answer.headers["vary"].lower() == "cookie, authorization" and "private" in answer.headers["cache-control"]
        return {f.id for part in read_tile(answer.content).values() for f in part.features}

    whole, street = drawn(OPERATOR), drawn(STREET)
    assert street < whole
    for _ in range(3):  # now from the cache, in turns
        assert drawn(STREET) == street
        assert drawn(OPERATOR) == whole
    community = drawn(COMMUNITY)
    assert community < street


def test_the_same_tile_again_is_not_sent_and_another_actors_etag_does_not_fit(application: ServedApplication) -> None:
    first = application.get(TILE, OPERATOR)
    assert first.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    again = application.get(TILE, OPERATOR, if_none_match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert application.get(TILE, STREET, if_none_match=first.headers["etag"]).status_code == 200


def test_the_cache_is_keyed_by_everything_a_tile_depends_on() -> None:
    cache = TileCache(10_000)
    key = TileKey("cameras", 1, 15, 2, 3, "", "scope")
    cache.put(key, b"tile")
    assert cache.get(key) == b"tile"
    for change in ({"layer": "grids"}, {"version": 2}, {"zoom": 14}, {"x": 9}, {"y": 9}, {"filters": "a=b"}, {"scope": "other"}):
        assert cache.get(key._replace(**change)) is None
    for n in range(200):
        cache.put(key._replace(x=n), bytes(100))
    assert len(cache) <= 10_000 // 300


def test_scopes_with_the_same_rows_share_a_digest_and_others_do_not() -> None:
    assert Scope(districts=("a", "b")).digest == Scope(districts=("b", "a")).digest
    scopes = [Scope(), Scope(whole_city=True), Scope(False, ("a",)), Scope(streets=("a",)), Scope(communities=("a",)), Scope(districts=("a", "b"))]
    assert len({scope.digest for scope in scopes}) == 6
    odd = Actor("x", Text("x", "x"), Scope(districts=('a"b,c\\d{}',)))
    assert odd.settings[2] == '{"a\\"b,c\\\\d{}"}'


@pytest.mark.parametrize("forged", ["account:1", "builtin:steward", "' or 1=1 --", "", "x%00", '"x', "测试", "a" * 4000])
def test_a_forged_cookie_is_nobody(application: ServedApplication, forged: str) -> None:
    for path in (TILE, "/map/catalog.json", f"/features/cameras?bbox={BBOX}", "/"):
        status = application.get(path, cookie=f"{COOKIE}={quote(forged, safe=UNQUOTED)}").status_code
        assert status == (303 if path == "/" else 401), (path, status)


def test_the_cookie_is_read_exactly() -> None:
    assert token_of([(b"cookie", f"other=1; {COOKIE}=mine".encode())]) == "mine"
    assert token_of([(b"cookie", f"x{COOKIE}=mine".encode())]) is None
    assert token_of([(b"cookie", b"cc_actor=demo:operator")]) is None and token_of([]) is None
    assert token_of([(b"cookie", f"broken = ; =; {{]; {COOKIE}=mine".encode())]) == "mine"
    assert token_of([(b"cookie", b"a=b"), (b"cookie", f"{COOKIE}=mine; {COOKIE}=other".encode())]) == "mine"


ABSURD = st.one_of(
    st.integers(-10, 40).map(str), st.integers().map(str), st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12),
    st.sampled_from(["", "..", "%2e%2e", "nan", "1e9", "-1", "0x10", "1;drop table camera", "１", "99999999999999999999"]),
)  # fmt: skip
CALM = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@CALM
@given(layer=st.one_of(st.sampled_from(LAYERS), ABSURD), z=ABSURD, x=ABSURD, y=ABSURD)
def test_no_tile_address_is_a_server_error(application: ServedApplication, layer: str, z: str, x: str, y: str) -> None:
    path = "/tiles/" + "/".join(quote(part, safe="") for part in (layer, z, x)) + f"/{quote(y, safe='')}.mvt"
    assert application.get(path, OPERATOR).status_code in {200, 204, 400, 404}


@CALM
@given(name=st.one_of(st.sampled_from(["status", "shape", "point_class", "v", "variant"]), ABSURD), value=ABSURD, prefix=st.sampled_from(["f.", "", "f"]))
def test_no_filter_is_a_server_error(application: ServedApplication, name: str, value: str, prefix: str) -> None:
    query = f"{prefix}{quote(name, safe='')}={quote(value, safe='')}"
    assert application.get(f"{TILE}?{query}", OPERATOR).status_code in {200, 204, 400}
    assert application.get(f"/features/cameras?bbox={BBOX}&{query}", OPERATOR).status_code in {200, 400}
    assert application.get(f"/map/status.json?bbox={BBOX}&zoom=14&{query}", OPERATOR).status_code in {200, 400}


@CALM
@given(
    layer=st.one_of(st.sampled_from(LAYERS), ABSURD),
    bbox=st.one_of(ABSURD, st.lists(st.one_of(ABSURD, st.floats().map(str)), max_size=6).map(",".join)),
    zoom=ABSURD,
)
def test_no_box_or_zoom_is_a_server_error(application: ServedApplication, layer: str, bbox: str, zoom: str) -> None:
    box, level = quote(bbox, safe=","), quote(zoom, safe="")
    first = quote(layer, safe="")
    assert application.get(f"/features/{first}?bbox={box}&zoom={level}", OPERATOR).status_code in {200, 400, 404}
    assert application.get(f"/map/status.json?bbox={box}&zoom={level}&layers={first}", OPERATOR).status_code in {200, 400}


@CALM
@given(layer=st.one_of(st.sampled_from(LAYERS), ABSURD), ref=ABSURD, lang=st.sampled_from(["zh", "en", "fr", ""]))
def test_no_card_address_is_a_server_error(application: ServedApplication, layer: str, ref: str, lang: str) -> None:
    answer = application.get(f"/features/{quote(layer, safe='')}/{quote(ref, safe='')}?lang={lang}", OPERATOR)
    assert answer.status_code in {200, 307, 400, 404}


def test_tiles_can_only_be_read(application: ServedApplication) -> None:
    answer = application._client.post(TILE, headers={"cookie": application.signed_in(OPERATOR).cookie})
    assert answer.status_code == 400 and answer.json()["title"] == "bad request"


def test_ready_says_what_it_stands_on(application: ServedApplication) -> None:
    body = application.get("/readyz").json()
    assert body["ready"] is True and body["leakproof"] is True and body["cities"] == 1
    assert body["late_sources"] == 1, "the cameras' source of the little city is late"
    assert body["postgresql"].split(".")[0] >= "15"
    assert json.loads(application.get("/healthz").text)["status"] == "ok"


def test_pages_run_no_foreign_and_no_evaluated_script(application: ServedApplication) -> None:
    for path in ("/", "/data"):
        headers = application.get(path, OPERATOR).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'self'" and policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in policy["script-src"] and re.fullmatch(r"'self'( 'sha256-[\w+/=]+')+", policy["script-src"])
        assert not re.search(r"https?:|\*", headers["content-security-policy"]), "another host"
    for path, actor in (("/map/catalog.json", OPERATOR), (TILE, OPERATOR), *((path, None) for path in ("/nowhere", "/healthz", "/assets/00-tokens.css", "/"))):
        headers = application.get(path, actor).headers
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "same-origin"), path
        assert "strict-transport-security" not in headers
    assert application.get("/sign-in").headers["content-security-policy"].startswith("default-src 'none'")


def test_the_policy_names_the_citys_own_rasters_and_tls_stays() -> None:
    policy = page_policy(["'sha256-x'"], ["https://{s}.maps.example/a/{z}/{x}/{y}.png", "/tiles/own/{z}"])
    assert "img-src 'self' data: blob: https://*.maps.example;" in policy and "script-src 'self' 'sha256-x';" in policy
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Guarded(policy, tls=True).of(send)({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]}))  # type: ignore[arg-type]
    names = [name for name, _ in sent[0]["headers"]]
    assert b"strict-transport-security" in names and names.count(b"content-security-policy") == 1
