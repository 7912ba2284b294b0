"""How often somebody may knock: failures by address as a trusted proxy vouches for it, searches by person, reads by key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from limits import RateLimitItemPerMinute

from commandcenter.pages.wall import answers
from commandcenter.web import door, sign_in, token_page
from commandcenter.web.asgi import client_address
from commandcenter.web.limits import Limits, TooMany, neighbourhood
from tests.test_accounts import OWN, STREET
from tests.test_tokens import Office, approved, callback, office, program

FEW = RateLimitItemPerMinute(3, namespace="few")


@pytest.fixture(scope="module")
def house(clone: Any) -> Iterator[Office]:
    with office(clone("limits")) as opened:
        opened.account("other", "dispatcher", STREET)
        yield opened


def test_failures_count_and_those_under_way() -> None:
    limits = Limits()
    for _ in range(10):
        with limits.tries(FEW, "a"):
            pass  # what went well costs nothing
    with limits.tries(FEW, "a") as failed, limits.tries(FEW, "a"), limits.tries(FEW, "a"):
        with pytest.raises(TooMany), limits.tries(FEW, "a"):
            pytest.fail("four at once where three may fail")
        with limits.tries(FEW, "b"):
            failed()
    with limits.tries(FEW, "a") as failed, limits.tries(FEW, "a") as failed_too:
        failed()
        failed_too()
    with pytest.raises(TooMany) as fault, limits.tries(FEW, "a"):
        pytest.fail("a fourth failure")
    assert 1 <= int(fault.value.headers["Retry-After"]) <= 60 and fault.value.headers["Retry-After"] in fault.value.sentence.en
    with pytest.raises(RuntimeError), limits.tries(FEW, "c"):
        raise RuntimeError
    assert not limits._under_way
    for _ in range(3):
        limits.count(FEW, "d")
    with pytest.raises(TooMany):
        limits.count(FEW, "d")


def test_an_address_is_its_network() -> None:
    assert neighbourhood("10.1.2.3") == "10.1.2.3" and neighbourhood("") == neighbourhood("nonsense") == ""
    assert neighbourhood("2001:db8:1:2::3") == neighbourhood("2001:db8:1:2:ffff::") == "2001:db8:1:2::/64" != neighbourhood("2001:db8:1:3::3")
    assert client_address({"client": ("::ffff:10.1.2.3", 1)}) == "10.1.2.3" and client_address({"client": ("fe80::1%eth0", 1)}) == "fe80::1"
    assert client_address({"client": None}) == client_address({}) == client_address({"client": ("testclient", 1)}) == ""


def test_a_guesser_is_told_to_wait_whatever_they_call_themselves(house: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted to the address that the nearest trusted proxy saw; what the client wrote before it counts for nothing."""
    monkeypatch.setattr(sign_in, "SIGN_IN_RATE", FEW)
    person = house.person()

    def knock(password: str, forwarded: str, name: str = "dispatcher") -> Any:
        origin = {"origin": str(person.client.base_url).rstrip("/"), "x-forwarded-for": forwarded}
        return house.person().client.post("/sign-in?lang=en", data={"name": name, "password": password}, headers=origin)

    tried = [knock("wrong", f"10.0.0.{n}, 203.0.113.7", f"nobody{n}").status_code for n in range(3)]
    assert tried == [401, 401, 401]
    told = knock(OWN, "10.9.9.9, 203.0.113.7")
    assert told.status_code == 429 and 1 <= int(told.headers["retry-after"]) <= 60
    assert "Too many requests" in told.text and "cc_session" not in told.headers.get("set-cookie", "")
    assert knock(OWN, "203.0.113.7, 203.0.113.8").status_code == 303, "another address is another's"
    assert house.admin.execute("select failed from account where name = 'dispatcher'").fetchone() == (0,), "nothing was looked at"


def test_codes_of_walls_are_guessed_as_slowly(house: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_page, "SIGN_IN", RateLimitItemPerMinute(2, namespace="few_codes"))
    answered = [house.person().post("/kiosk", code=f"abcd-efgh-jkm{n}") for n in range(3)]
    assert [answer.status_code for answer in answered] == [401, 401, 429] and "retry-after" in answered[2].headers


def test_searching_is_counted_by_person(house: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "SEARCH", RateLimitItemPerMinute(2, namespace="few_searches"))
    one, two = house.signed_in("dispatcher"), house.signed_in("other")
    assert ["过于频繁" in str(callback(one).json()) for _ in range(3)] == [False, False, True]
    assert "过于频繁" not in str(callback(two).json())


def test_a_key_reads_so_often(house: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "KEY", RateLimitItemPerMinute(3, namespace="few_reads"))
    one, two = program(house, approved(house, "一")), program(house, approved(house, "二"))
    empty = "/tiles/cameras/14/1/1.mvt"
    answered = [one.get("/map/style.json"), one.get("/tilejson/cameras.json"), one.get(empty), one.get(empty)]
    assert [answer.status_code for answer in answered] == [200, 200, 204, 429]
    assert answered[3].json()["title"] == "too many" and int(answered[3].headers["retry-after"]) >= 1
    assert one.get("/map/style.json").status_code == 429 and two.get("/map/style.json").status_code == 200
    assert house.signed_in("dispatcher").get("/map/style.json").status_code == 200
