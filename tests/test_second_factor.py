"""The second factor: asked of sensitive roles, given once, counted, locked; without it a sign-in opens nothing, in the database either."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from commandcenter.db.run import acting
from commandcenter.security import accounts, store
from commandcenter.security.builtin import DOOR
from commandcenter.security.passwords import hashed
from commandcenter.security.second_factor import INTERVAL_S, code_at, recovery_digest, step_of
from commandcenter.web.sessions import digest_of
from commandcenter.web.sign_in import MOST_TRIES
from tests.city import build
from tests.serving import ServedApplication
from tests.test_accounts import EVERYWHERE, OWN, House, Person

RFC_6238_KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.fixture(scope="module")
def house(clone: Any) -> Iterator[House]:
    made = clone("factor")
    with made.connect() as connection, psycopg.connect(made.admin_dsn, autocommit=True) as admin:
        build(connection)
        connection.autocommit = True
        with ServedApplication(replace(made.settings, city="heidelberg")) as served:
            here = House(served, made, connection, admin)
            here.account("boss", "system_administrator")
            here.account("guard", "security_administrator")
            yield here


def open_account(house: House, name: str, role: str = "data_steward") -> Person:
    """A steward who has just signed in with their own password."""
    accounts.add(house.connection, name, name.title(), role, store.Place())
    house.admin.execute("update account set state = 'active', must_change = false, password_hash = %s where name = %s", [hashed(OWN), name])
    person = house.person()
    assert person.sign_in(name, OWN).status_code == 303
    return person


def secret_of(page: str) -> str:
    found = re.search(r"<code>([A-Z2-7 ]{32,})</code>", page)
    assert found is not None
    return found[1].replace(" ", "")


def set_up(house: House, name: str) -> tuple[Person, str, list[str]]:
    """A steward with a second factor: the browser, the secret, the recovery codes."""
    person = open_account(house, name)
    secret = secret_of(person.get("/account/factor").text)
    # the code of the interval before, so that the present one is there for the next sign-in
    told = person.post("/account/factor", code=code_at(secret, time.time() - INTERVAL_S))
    codes = re.findall(r"<li>([a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4})</li>", told.text)
    assert told.status_code == 200 and len(set(codes)) == 10
    return person, secret, codes


def again(house: House, name: str) -> Person:
    person = house.person()
    assert person.sign_in(name, OWN).status_code == 303
    return person


def sees(person: Person) -> int:
    return int(person.get(f"/features/cameras?{EVERYWHERE}").status_code)


@pytest.mark.parametrize(("moment", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")])
def test_codes_are_those_of_rfc_6238(moment: int, code: str) -> None:
    assert code_at(RFC_6238_KEY, moment) == code
    step = moment // INTERVAL_S
    assert step_of(RFC_6238_KEY, f" {code[:3]} {code[3:]} ", moment) == step
    assert step_of(RFC_6238_KEY, code, moment + INTERVAL_S) == step and step_of(RFC_6238_KEY, code, moment + 3 * INTERVAL_S) is None
    assert step_of(RFC_6238_KEY, code, moment, after_step=step) is None
    for wrong in ("", "0", "１" * 6, "00000é", code + "0"):
        assert step_of(RFC_6238_KEY, wrong, moment) is None


def test_a_sensitive_role_opens_nothing_before_the_second_factor(house: House) -> None:
    """Set up, recovery codes once, the desk open; the next sign-in is asked for a code before anything."""
    person = open_account(house, "steward")
    assert person.get("/data").headers["location"] == "/account" and sees(person) == 403
    assert person.get("/audit").status_code == 303 and "要求第二因素" in person.get("/account?lang=zh").text
    page = person.get("/account/factor")
    assert "data:image/svg+xml;base64," in page.text and page.headers["cache-control"] == "no-store"
    secret = secret_of(page.text)
    wrong = person.post("/account/factor", code="000000" if code_at(secret, time.time()) != "000000" else "111111")
    assert wrong.status_code == 422 and secret_of(wrong.text) == secret
    assert person.post("/account/factor", code=code_at(secret, time.time() - INTERVAL_S)).status_code == 200
    assert person.get("/data").status_code == 200 and sees(person) == 200

    second = again(house, "steward")
    went = second.get("/data?source=x")
    assert went.status_code == 303 and went.headers["location"].startswith("/account/code?next=")
    for path in ("/account", "/account/factor", "/", "/admin"):
        assert second.get(path).headers["location"].startswith("/account/code"), path
    assert second.post("/account/password", old=OWN, new="other-Kettle-4x", again="other-Kettle-4x").status_code == 403 and sees(second) == 403
    # the database itself gives such a sign-in nothing, whatever a door forgets
    found = store.asked(house.connection, DOOR, store.actor_request(digest_of(second.token), 1800))[0]
    assert (found["due"], found["permissions"], found["whole_city"], found["case_places"]) == ("code", [], False, [])
    passed = second.post(f"{went.headers['location']}", code=code_at(secret, time.time()))
    assert passed.status_code == 303 and passed.headers["location"] == "/data?source=x" and sees(second) == 200


def test_a_code_is_good_once_and_tries_are_counted(house: House) -> None:
    _first, secret, _codes = set_up(house, "counted")
    code = code_at(secret, time.time())
    second, third = again(house, "counted"), again(house, "counted")
    assert second.post("/account/code", code=code).status_code == 303
    assert third.post("/account/code", code=code).status_code == 401  # the same code, seen over a shoulder
    for _ in range(MOST_TRIES - 2):
        assert third.post("/account/code", code="12").status_code == 401
    assert third.post("/account/code", code="12").status_code == 401
    locked = house.admin.execute("select locked_until > now() from account where name = 'counted'").fetchone()
    assert locked == (True,)
    right = code_at(secret, time.time() + INTERVAL_S)
    assert third.post("/account/code", code=right).status_code == 401 and sees(third) == 403
    assert house.person().sign_in("counted", OWN).status_code == 401  # the password does not help while it is locked
    house.admin.execute("update account set locked_until = now() - interval '1 s' where name = 'counted'")
    # signing in again does not begin the count of codes anew
    fourth = again(house, "counted")
    assert house.admin.execute("select factor_failed from account where name = 'counted'").fetchone() == (MOST_TRIES,)
    assert fourth.post("/account/code", code=right).status_code == 303 and sees(fourth) == 200


def test_a_recovery_code_is_good_once(house: House) -> None:
    _first, _secret, codes = set_up(house, "lostphone")
    second = again(house, "lostphone")
    assert second.post("/account/code", code=codes[0].upper().replace("-", " ")).status_code == 303 and sees(second) == 200
    assert "还剩 9 个恢复码" in second.get("/account?lang=zh").text
    third = again(house, "lostphone")
    assert third.post("/account/code", code=codes[0]).status_code == 401
    assert third.post("/account/code", code="zzzz-zzzz-zzzz").status_code == 401 and sees(third) == 403
    assert third.post("/account/code", code=codes[1]).status_code == 303


def test_secrets_and_codes_are_unreadable_at_rest_and_to_the_application(house: House) -> None:
    _first, secret, codes = set_up(house, "sealed")
    row = house.admin.execute("select totp_sealed, totp_waits from account where name = 'sealed'").fetchone()
    assert row is not None and secret.encode() not in bytes(row[0]) and row[1] is None
    kept = [bytes(digest) for (digest,) in house.admin.execute("select digest from recovery_code")]
    assert all(code.replace("-", "").encode() not in digest for code in codes for digest in kept) and recovery_digest(codes[3]) in kept
    for question in ("select totp_sealed from account", "select * from recovery_code", "select totp_step from account"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting(house.connection, DOOR):
            house.connection.execute(question)


def test_a_reset_takes_the_second_factor_away_and_waits_for_approval(house: House) -> None:
    """Who lost both gets a new password and no factor, but only after a second administrator said so."""
    _first, _secret, codes = set_up(house, "forgot")
    given = accounts.reset(house.connection, "forgot")
    assert house.person().sign_in("forgot", given).status_code == 401
    number = house.admin.execute("select id from account where name = 'forgot'").fetchone()
    assert number is not None
    assert house.signed_in("guard").post("/admin/settle", account=str(number[0]), word="approve").status_code == 200
    person = house.person()
    assert person.sign_in("forgot", given).status_code == 303
    assert person.get("/data").headers["location"] == "/account"
    assert person.post("/account/code", code=codes[5]).status_code == 401
    assert person.post("/account/password", old=given, new=OWN, again=OWN).status_code == 200
    assert "要求第二因素" in person.get("/account?lang=zh").text and sees(person) == 403


def test_a_role_that_is_not_sensitive_may_have_one_too(house: House) -> None:
    person = open_account(house, "leader1", "leader")
    assert sees(person) == 200
    secret = secret_of(person.get("/account/factor").text)
    assert person.post("/account/factor", code=code_at(secret, time.time() - INTERVAL_S)).status_code == 200
    assert sees(again(house, "leader1")) == 403


def test_nobody_replaces_a_second_factor_without_giving_it(house: House) -> None:
    """A stolen password does not set up a factor of the thief's: neither at the page nor in the database."""
    _first, _secret, _codes = set_up(house, "steadfast")
    thief = again(house, "steadfast")
    assert thief.get("/account/factor").headers["location"].startswith("/account/code")
    digest = digest_of(thief.token)
    offered = store.asked(house.connection, DOOR, store.factor_offer_request(digest, b"thief's own"))[0]
    confirmed = store.asked(house.connection, DOOR, store.factor_confirm_request(digest, 1, [b"x"]))[0]
    assert not offered["offered"] and not confirmed["confirmed"]
    number = house.admin.execute("select 'account:' || id from account where name = 'steadfast'").fetchone()
    assert number is not None
    themselves = replace(DOOR, id=number[0])
    changed = store.asked(house.connection, themselves, store.change_password_request(hashed(OWN), digest))[0]
    assert not changed["changed"]


def test_what_happens_with_a_second_factor_is_audited_without_codes(house: House) -> None:
    _first, secret, codes = set_up(house, "traced")
    person = again(house, "traced")
    person.post("/account/code", code="999999999")
    person.post("/account/code", code=codes[2])
    said = house.admin.execute(
        "select e.act, e.detail::text from audit_event e join account a on e.subject_key = a.id::text and e.subject_table = 'account'"
        " where a.name = 'traced' order by e.id"
    ).fetchall()
    assert [(act, re.findall(r"factor|recovery|code|proposed", detail)) for act, detail in said] == [
        ("account", ["proposed"]), ("sign_in", []), ("account", ["factor"]), ("sign_in", []), ("sign_in_failed", ["factor", "code"]),
        ("sign_in", ["factor", "recovery"]),
    ]  # fmt: skip
    assert all(word not in detail for _act, detail in said for word in (secret, *codes))
