"""Search by name, code, address and coordinates, inside the jurisdiction, whatever is typed."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commandcenter.actor import Actor
from commandcenter.db.run import Reader
from commandcenter.text import Language
from layers.search import Hit, as_coordinates, search
from tests.city import BOLD, COMMUNITY, EASTERNER, OPERATOR, STRANGER, WESTERNER
from tests.conftest import TestDatabase


@pytest.fixture(scope="module")
def find(city_database: TestDatabase):  # type: ignore[no-untyped-def]
    """Searches of one module share one event loop and one reader."""
    loop = asyncio.new_event_loop()
    reader = Reader(city_database.app_dsn, 1)
    loop.run_until_complete(reader.open())

    def found(phrase: str, actor: Actor = OPERATOR, language: Language = "zh") -> list[Hit]:
        return loop.run_until_complete(search(reader, actor, phrase, language))

    yield found
    loop.run_until_complete(reader.close())
    loop.close()


def test_two_chinese_characters_find_everything_of_that_name(find) -> None:  # type: ignore[no-untyped-def]
    hits = find("红星")
    assert {hit.layer for hit in hits} >= {"areas", "base", "buildings"}
    assert hits[0].title.startswith("红星"), "names that begin with the phrase come first"
    assert len({(hit.layer, hit.ref_id) for hit in hits}) == len(hits)
    assert [hit.title for hit in find("</b>小区")] == [f"{BOLD}小区"], "markup is text like any other"


def test_a_place_in_the_middle_of_a_name_is_found_and_said_in_the_language_asked(find) -> None:  # type: ignore[no-untyped-def]
    assert [hit.title for hit in find("花江")] == []
    assert "江岸家园" in {hit.title for hit in find("岸家园")}
    assert "Nen River" in {hit.title for hit in find("嫩江", language="en")}
    assert "嫩江" in {hit.title for hit in find("nen river")}
    assert "Longhua Road" in {hit.title for hit in find("LONGHUA", language="en")}


def test_codes_are_found_by_their_beginning_and_come_first(find) -> None:  # type: ignore[no-untyped-def]
    hits = find("230202001")
    assert hits[0].code == "230202001" and hits[0].layer == "areas"
    assert all(hit.code.startswith("230202001") for hit in hits)
    assert find("ZD003")[0].title == "齐齐哈尔站"
    assert find("AJ2026000001")[0].layer == "cases"
    assert find("AJ2026900001") == [], "closed cases are not on the map"


def test_addresses_are_found(find) -> None:  # type: ignore[no-untyped-def]
    assert {"addresses", "cases"} == {hit.layer for hit in find("红星街3号")}
    assert "龙沙商场" in {hit.title for hit in find("中华路 1 号")}


@pytest.mark.parametrize("phrase", ["123.92, 47.34", "47.34 123.92", "123.92，47.34", " 123.920000;47.340000 "])
def test_coordinates_in_both_orders_fly_to_one_place(find, phrase: str) -> None:  # type: ignore[no-untyped-def]
    (hit,) = find(phrase)
    assert (hit.lon, hit.lat, hit.layer) == (123.92, 47.34, "here")


def test_numbers_that_are_no_place_are_not_coordinates() -> None:
    assert as_coordinates("200, 100") is None
    assert as_coordinates("1,2,3") is None
    assert as_coordinates("-73.98,40.75") == (-73.98, 40.75)
    assert as_coordinates("40.75, -173.98") == (-173.98, 40.75) or as_coordinates("40.75, -173.98") is None


def test_the_jurisdiction_is_inside_the_search(find) -> None:  # type: ignore[no-untyped-def]
    def titles(actor: Actor, phrase: str) -> set[str]:
        return {hit.title for hit in find(phrase, actor)}

    assert "江岸家园" in titles(EASTERNER, "江岸家园") and titles(WESTERNER, "江岸家园") == set()
    assert titles(STRANGER, "江岸家园") == set() and titles(STRANGER, "嫩江") == {"嫩江"}, "public ground is everybody's"
    assert "城外银行" in titles(OPERATOR, "城外银行") and titles(EASTERNER, "城外银行") == set()
    assert {hit.layer for hit in find("230202001006001", COMMUNITY)} >= {"grids"}
    assert not [hit for hit in find("2302", STRANGER) if hit.layer in {"grids", "cameras", "components"}]
    nobody = Actor("", OPERATOR.title, OPERATOR.scope)
    assert find("嫩江", nobody) == []


LONG = ["a" * 1000, "红星" * 500]
ODD = [*LONG, "", " ", "红", "%", "%%", "__", "_%", "'", "''; drop table camera; --", "\\", "\x00", "红\x00星", "\ud800", "<b>", "()", "[[", "*+"]


@pytest.mark.parametrize("phrase", ODD, ids=ascii)
def test_nothing_typed_breaks_the_search_or_matches_everything(find, phrase: str) -> None:  # type: ignore[no-untyped-def]
    hits = find(phrase)
    typed = phrase.replace("\0", " ").encode("utf-8", "ignore").decode("utf-8")
    assert all("".join(typed.split()).lower() in "".join((hit.title + hit.detail + hit.code).split()).lower() for hit in hits)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(phrase=st.text(alphabet="红星街站前2302<b>%_'\\ a,.", min_size=0, max_size=12))
def test_every_hit_holds_what_was_typed(find, phrase: str) -> None:  # type: ignore[no-untyped-def]
    wish = "".join(phrase.split()).lower()
    for hit in find(phrase):
        if hit.layer != "here":
            # found by its other language's name: then the Chinese title does not hold it
            other = "".join(h.title for h in find(phrase, language="en"))
            assert wish in "".join((hit.title + hit.detail + hit.code + other).split()).lower()


def test_a_smaller_area_is_looked_at_from_nearer(find) -> None:  # type: ignore[no-untyped-def]
    zooms = {hit.title: hit.zoom for phrase in ("龙沙", "街道", "社区") for hit in find(phrase) if hit.layer == "areas"}
    assert zooms["龙沙区"] == 13
    assert {zoom for title, zoom in zooms.items() if title.endswith("街道")} == {14}
    assert {zoom for title, zoom in zooms.items() if title.endswith("社区")} == {15}
