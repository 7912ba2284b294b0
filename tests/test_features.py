"""What the viewport answers: GeoJSON, live cases with their clusters, the catalogue, the style and TileJSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from commandcenter.actor import Actor
from layers import discover
from layers.tiles import FEATURE_LIMIT
from tests.city import BOLD, CLOCKS, HOME, KINDS, OPERATOR, STREET
from tests.serving import ServedApplication

BBOX = ",".join(f"{v:.6f}" for v in (*HOME.lonlat(-700, -300), *HOME.lonlat(700, 700)))


def ask(application: ServedApplication, path: str, actor: Actor = OPERATOR) -> Any:
    answer = application.get(path, actor)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_features_are_lonlat_geojson_with_their_properties(application: ServedApplication) -> None:
    found = ask(application, f"/features/service_points?bbox={BBOX}&zoom=17")
    assert found["type"] == "FeatureCollection" and found["complete"] is True
    school = next(f for f in found["features"] if f["properties"]["name"] == "龙沙小学")
    assert school["properties"]["class"] == "public" and school["properties"]["id"] == school["id"]
    assert school["geometry"]["coordinates"] == pytest.approx(HOME.lonlat(-150, 450), abs=2e-7)
    assert len(found["features"]) == 7, "the bank outside the city is outside the box"


def test_markup_stays_text_in_json(application: ServedApplication) -> None:
    names = {f["properties"]["name"] for f in ask(application, f"/features/service_points?bbox={BBOX}&zoom=17")["features"]}
    assert BOLD + "诊所" in names


def test_a_filter_narrows_the_viewport(application: ServedApplication) -> None:
    market = ask(application, f"/features/service_points?bbox={BBOX}&zoom=17&f.class=market")["features"]
    assert {f["properties"]["name"] for f in market} == {"站前早市", "湖滨药房"}
    assert application.get(f"/features/service_points?bbox={BBOX}&f.class=private", OPERATOR).status_code == 400


def test_single_cases_carry_their_clock(application: ServedApplication) -> None:
    found = ask(application, f"/features/cases?bbox={BBOX}&zoom=17")
    assert found["shown"] == len(KINDS) * len(CLOCKS)
    singles = [f["properties"] for f in found["features"] if "many" not in f["properties"]]
    assert {p["class"] for p in singles} == set(CLOCKS)
    assert all(p["id"].startswith("cases:") and p["kind"] in KINDS for p in singles)


def test_clusters_count_every_case_once_and_show_the_worst(application: ServedApplication) -> None:
    for zoom in range(8, 17):
        found = ask(application, f"/features/cases?bbox={BBOX}&zoom={zoom}")
        assert sum(f["properties"]["count"] for f in found["features"]) == found["shown"] == len(KINDS) * len(CLOCKS), zoom
    far = ask(application, f"/features/cases?bbox={BBOX}&zoom=8")["features"]
    assert max(f["properties"]["count"] for f in far) > 1
    biggest = max(far, key=lambda f: f["properties"]["count"])
    assert biggest["properties"]["worst"] == "overdue" and biggest["properties"]["many"] is True


def test_a_street_sees_its_own_cases_only(application: ServedApplication) -> None:
    whole = ask(application, f"/features/cases?bbox={BBOX}&zoom=17")["shown"]
    street = ask(application, f"/features/cases?bbox={BBOX}&zoom=17", STREET)["shown"]
    assert 0 < street < whole
    overdue = ask(application, f"/features/cases?bbox={BBOX}&zoom=17&f.urgency=overdue")["shown"]
    assert overdue == len(KINDS)


def test_the_catalogue_names_city_centres_and_every_layer(application: ServedApplication) -> None:
    zh, en = (ask(application, f"/map/catalog.json?lang={lang}") for lang in ("zh", "en"))
    assert (zh["city"]["name"], en["city"]["name"]) == ("小城", "Little City")
    assert zh["city"]["synthetic"] is True and zh["city"]["bounds"][0] < HOME.lon < zh["city"]["bounds"][2]
    emergency = next(p for p in zh["presets"] if p["id"] == "emergency")
    assert emergency["centre"] == "应急指挥中心"
    assert set(zh["layers"]) == set(discover())
    assert en["layers"]["cameras"]["title"] == "Cameras" and zh["layers"]["cameras"]["title"] == "监控点位"
    for preset in zh["presets"]:
        assert set(preset["layers"]) <= set(zh["layers"])


def test_the_style_points_at_this_house_only(application: ServedApplication) -> None:
    style = ask(application, "/map/style.json?lang=en&theme=light")
    assert "glyphs" not in style and "sprite" not in style
    for source in style["sources"].values():
        assert all(url.startswith("/tiles/") and "?v=" in url for url in source["tiles"])
    told = parse_qs(urlsplit(style["sources"]["cameras"]["tiles"][0]).query)
    assert int(told["v"][0]) > 0 and told["place"] == [OPERATOR.scope.digest], "another place asks for other tiles, whatever the browser kept"


def test_tilejson_tells_where_the_tiles_are(application: ServedApplication) -> None:
    told = ask(application, "/tilejson/cameras.json")
    assert told["tiles"][0].startswith(application.url + "/tiles/cameras/{z}/{x}/{y}.mvt?v=")
    assert {part["id"] for part in told["vector_layers"]} == {"cameras", "sectors"}


def test_a_viewport_says_when_it_is_not_complete(application: ServedApplication) -> None:
    assert FEATURE_LIMIT == 2000
    cells = ask(application, f"/features/unit_cells?bbox={BBOX}&zoom=17")
    assert cells["complete"] is True and len(cells["features"]) == 72
