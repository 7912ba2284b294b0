"""Accounts: proposed by one, let in by another, signed in with a password of their own, shut at once; nobody gets in by another way."""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import unescape
from typing import Any

import httpx2
import psycopg
import pytest

from commandcenter.audit.record import Subject, note
from commandcenter.db.run import acting
from commandcenter.errors import BadInput, Forbidden
from commandcenter.security import accounts, store
from commandcenter.security.builtin import ACCOUNT_COMMANDS, DOOR
from commandcenter.security.passwords import check_rules, fits, hashed, made_up
from commandcenter.web.sessions import COOKIE, digest_of
from commandcenter.worker.imports import job_actor
from tests.city import OPERATOR, build
from tests.conftest import TestDatabase
from tests.serving import ServedApplication

OWN = "tea-Kettle-river-91"  # what an account of these tests chooses for itself
STREET = "230202001"
FORMS = (
    "/sign-in", "/sign-out", "/account/password", "/account/sign-out-others", "/account/code", "/account/factor", "/admin/account", "/admin/settle",
    "/admin/disable", "/admin/reset", "/admin/appointment", "/admin/appointment/settle", "/admin/appointment/end", "/admin/import",
)  # fmt: skip
HOSTILE = ("<script>alert(1)</script>", "' or '1'='1", "x'; drop table account; --", "a" * 3000, "\0", "\xed\xa0\x80")
EVERYWHERE = "bbox=123,47,125,48&zoom=16"


@dataclass
class Person:
    """One browser: it keeps its cookies, and says from where a form comes."""

    client: httpx2.Client

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self.client.get(path, headers=headers)

    def post(self, path: str, **fields: str) -> httpx2.Response:
        return self.client.post(path, data=fields, headers={"origin": str(self.client.base_url).rstrip("/")})

    def sign_in(self, name: str, password: str) -> httpx2.Response:
        return self.post("/sign-in", name=name, password=password)

    @property
    def token(self) -> str:
        return str(self.client.cookies.get(COOKIE))


@dataclass
class House:
    """The application over a little city that is no demonstration, and its database."""

    served: ServedApplication
    database: TestDatabase
    connection: psycopg.Connection
    admin: psycopg.Connection

    def person(self) -> Person:
        return Person(httpx2.Client(base_url=self.served.url, timeout=30))

    def signed_in(self, name: str, password: str = OWN) -> Person:
        person = self.person()
        answer = person.sign_in(name, password)
        assert answer.status_code == 303, answer.text
        # as if the second factor had been given, which sensitive roles are asked for: test_second_factor
        self.admin.execute("update sign_in set strong_at = now() where digest = %s", [digest_of(person.token)])
        return person

    def account(self, name: str, role: str, area: str | None = None, password: str = OWN) -> None:
        """An account that was approved and has a password of its own."""
        accounts.add(self.connection, name, name.title(), role, store.Place(area))
        self.admin.execute("update account set state = 'active', must_change = false, password_hash = %s where name = %s", [hashed(password), name])


@pytest.fixture(scope="module")
def house(clone: Any) -> Iterator[House]:
    made = clone("accounts")
    with made.connect() as connection, psycopg.connect(made.admin_dsn, autocommit=True) as admin:
        build(connection)
        connection.autocommit = True
        with ServedApplication(replace(made.settings, city="heidelberg")) as served:
            here = House(served, made, connection, admin)
            here.account("dispatcher", "dispatcher", STREET)
            here.account("duty", "shift_leader")
            here.account("boss", "system_administrator")
            here.account("guard", "security_administrator")
            here.account("auditor", "audit_administrator")
            yield here


def test_the_way_of_an_account(house: House) -> None:
    """Proposed at the command line, refused until approved, a password of one's own, then the own street and nothing else."""
    given = accounts.add(house.connection, "wang.li", "王丽", "dispatcher", store.Place(STREET))
    person = house.person()
    assert person.sign_in("wang.li", given).status_code == 401
    guard = house.signed_in("guard")
    assert "王丽" in guard.get("/admin").text
    number = house.admin.execute("select id from account where name = 'wang.li'").fetchone()
    assert number is not None
    assert house.signed_in("boss").post("/admin/settle", account=str(number[0]), word="approve").status_code == 422
    assert guard.post("/admin/settle", account=str(number[0]), word="approve").status_code == 200
    answer = person.sign_in("wang.li", given)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "HttpOnly" in answer.headers["set-cookie"] and "samesite=lax" in answer.headers["set-cookie"].lower()

    assert person.get("/").headers["location"] == "/account"
    assert person.get("/tiles/cases/14/13830/5740.mvt").status_code == 403
    assert person.get(f"/features/cases?{EVERYWHERE}").status_code == 403
    assert "至少 12 个字符" in person.get("/account?lang=zh").text
    assert person.post("/account/password", old=given, new="short", again="short").status_code == 422
    assert person.post("/account/password", old=given, new=OWN, again=OWN + "x").status_code == 422
    assert person.post("/account/password", old="wrong", new=OWN, again=OWN).status_code == 422
    assert person.post("/account/password", old=given, new=OWN, again=OWN).status_code == 200

    assert person.get("/").status_code == 200
    mine = person.get(f"/features/cameras?{EVERYWHERE}").json()["features"]
    all_of_them = house.signed_in("duty").get(f"/features/cameras?{EVERYWHERE}").json()["features"]
    street = {code for (code,) in house.admin.execute("select 'cameras:' || id from camera where street_code = %s", [STREET])}
    assert {each["id"] for each in mine} == street and 0 < len(mine) < len(all_of_them)
    assert person.get("/admin").status_code == 403


def test_nobody_is_anybody_in_a_real_city(house: House) -> None:
    """Without a sign-in there is the sign-in page, and no demonstration's door opens."""
    person = house.person()
    answer = person.get("/data?source=x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/data%3Fsource%3Dx")
    for path in (f"/features/cases?{EVERYWHERE}", "/map/catalog.json", "/_dash-layout"):
        assert person.get(path).status_code == 401, path
    assert person.get("/tiles/cases/14/13830/5740.mvt").status_code == 401
    assert "/sign-in/demo" not in person.get("/sign-in").text
    assert person.get("/healthz").status_code == 200 and person.get("/assets/07-plain.css").status_code == 200
    assert person.post("/_dash-update-component").status_code == 401
    assert person.get("/account").headers["location"] == "/sign-in?next=/account"


def test_a_city_without_accounts_says_how_the_first_are_made(database: TestDatabase) -> None:
    with ServedApplication(replace(database.settings, city="heidelberg")) as served:
        page = served.get("/sign-in?lang=en").text
        assert "COMMANDCENTER_CITY=heidelberg .venv/bin/python -m commandcenter user first" in page
        with database.connect() as connection:
            connection.autocommit = True
            accounts.first_administrators(connection)
        assert "user first" not in served.get("/sign-in?lang=en").text


def test_the_sign_in_page_runs_no_script(application: ServedApplication) -> None:
    page = application.get("/sign-in?lang=en")
    assert page.status_code == 200
    assert "script-src" not in page.headers["content-security-policy"] and "default-src 'none'" in page.headers["content-security-policy"]


def test_after_five_failures_the_right_password_is_refused_too(house: House) -> None:
    house.account("forgetful", "leader")
    for _ in range(5):
        assert house.person().sign_in("forgetful", "not this one").status_code == 401
    assert house.person().sign_in("forgetful", OWN).status_code == 401
    house.admin.execute("update account set locked_until = now() - interval '1 second' where name = 'forgetful'")
    assert house.person().sign_in("forgetful", "once more wrong").status_code == 401
    house.signed_in("forgetful")
    assert house.admin.execute("select failed, locked_until from account where name = 'forgetful'").fetchone() == (0, None)


def test_many_tries_at_once_do_not_pass_the_lock_together(house: House) -> None:
    """Forty at the same time: no more than five were ever looked at."""
    house.account("crowded", "leader")
    looked_at: list[Any] = []

    def try_once() -> None:
        with house.database.connect() as connection:
            connection.autocommit = True
            looked_at.extend(store.asked(connection, DOOR, store.try_request("crowded", 5, 15)))

    threads = [threading.Thread(target=try_once) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looked_at) == 5


def test_a_cookie_is_worth_nothing_after_signing_out(house: House) -> None:
    person = house.signed_in("duty")
    stolen = {"cookie": f"{COOKIE}={person.token}"}
    assert house.person().get("/", **stolen).status_code == 200
    assert person.post("/sign-out").headers["location"] == "/sign-in"
    thief = house.person()
    assert thief.get("/", **stolen).headers["location"] == "/sign-in?next=/&over=1"
    assert thief.get(f"/features/cases?{EVERYWHERE}", **stolen).status_code == 401
    assert thief.get("/tiles/cases/14/13830/5740.mvt", **stolen).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        "seen_at = now() - interval '31 minutes'",
        "ends_at = now() - interval '1 second'",
        "ended_at = now()",
    ],
)
def test_a_sign_in_ends_idle_and_in_the_end(house: House, change: str) -> None:
    person = house.signed_in("duty")
    assert person.get("/map/catalog.json").status_code == 200
    house.admin.execute(f"update sign_in set {change} where digest = %s", [digest_of(person.token)])  # type: ignore[arg-type]
    _door(house).sessions.forget()  # or five seconds later
    assert person.get("/map/catalog.json").status_code == 401


def test_what_is_remembered_is_short(house: House) -> None:
    """Another process ended it: this one asks again within seconds."""
    person = house.signed_in("duty")
    assert person.get("/map/catalog.json").status_code == 200
    house.admin.execute("update sign_in set ended_at = now() where digest = %s", [digest_of(person.token)])
    known = _door(house).sessions._known
    until, _ = known[digest_of(person.token)]
    known[digest_of(person.token)] = (until - 5.0, _)
    assert person.get("/map/catalog.json").status_code == 401


def test_one_signs_out_everywhere_else(house: House) -> None:
    house.account("often", "leader")
    here, there = house.signed_in("often"), house.signed_in("often")
    assert here.get("/account").text.count("<tr>") == 3
    assert here.post("/account/sign-out-others").status_code == 200
    assert here.get("/map/catalog.json").status_code == 200
    assert there.get("/map/catalog.json").status_code == 401


def test_what_happens_to_accounts_is_audited(house: House) -> None:
    """In the same statement, as who did it, without a word that was typed."""
    (start,) = house.admin.execute("select coalesce(max(id), 0) from audit_event").fetchone() or (0,)
    boss, guard = house.signed_in("boss"), house.signed_in("guard")
    house.person().sign_in("boss", "secret typed by mistake")
    house.person().sign_in("secret-typed-as-name", "x")
    boss.post("/admin/account", name="watched", title="x", role="leader", area=STREET)
    (number,) = house.admin.execute("select id from account where name = 'watched'").fetchone() or (0,)
    guard.post("/admin/settle", account=str(number), word="approve")
    guard.post("/admin/disable", name="watched")
    accounts.reset(house.connection, "watched")
    boss.post("/sign-out")
    ids = dict(house.admin.execute("select name, 'account:' || id from account").fetchall())
    rows = house.admin.execute(
        "select actor, door, act, subject_key, detail, host(address) from audit_event where id > %s order by id", [start]
    ).fetchall()
    key = str(number)
    assert [(actor, door, act) for actor, door, act, *_ in rows] == [
        (ids["boss"], "api", "sign_in"), (ids["guard"], "api", "sign_in"), ("builtin:door", "api", "sign_in_failed"),
        ("builtin:door", "api", "sign_in_failed"), (ids["boss"], "api", "account"), (ids["guard"], "api", "approve"), (ids["guard"], "api", "account"),
        ("builtin:accounts", "cli", "account"), (ids["boss"], "api", "sign_out"),
    ]  # fmt: skip
    assert [row[3] for row in rows[3:8]] == [None, key, key, key, key]
    assert [row[4].get("did") for row in rows if row[2] == "account"] == ["proposed", "disabled", "reset"]
    assert rows[4][4]["role"] == "leader" and rows[4][4]["area"] == STREET and rows[0][5] == "127.0.0.1"
    assert "secret" not in str(rows)


def test_the_audit_is_searched_and_taken_out(house: House) -> None:
    """By who, what, which row and when, in pages; taking it out is an event too, and no cell is a formula."""
    auditor = house.signed_in("auditor")
    (number,) = house.admin.execute("select id from account where name = 'duty'").fetchone() or (0,)
    house.signed_in("duty").post("/sign-out")
    page = auditor.get(f"/audit?lang=en&act=sign_out&subject=account/{number}").text
    assert page.count("<td>Sign-out</td>") >= 1 and "Sign-in</td>" not in page and f"<td>account/{number}</td>" in page and "<td>duty</td>" in page
    assert "No event fits" in auditor.get("/audit?lang=en&since=2090-01-01").text
    assert "No event fits" not in auditor.get("/audit?lang=en&since=2020-01-01&until=2090-01-01").text
    for wrong in ("act=nonsense", "since=yesterday", "before=x", "since=9999-12-31&until=9999-12-31", "actor=%00"):
        assert auditor.get(f"/audit?{wrong}").status_code == 400, wrong
    with acting(house.connection, OPERATOR):
        for count in range(120):
            note(house.connection, OPERATOR, "change", door="cli", subject=Subject("test", f"=cmd|{count}"), reason="=1+1 <b>")
    first = auditor.get(f"/audit?lang=en&subject=test/&actor={OPERATOR.id}").text
    assert first.count("<td>Change</td>") == 100 and "&lt;b&gt;" in first and "<b>" not in first
    earlier = re.search(r'href="(/audit\?[^"]*before=[^"]*)"', first)
    assert earlier is not None
    assert auditor.get(unescape(earlier[1])).text.count("<td>Change</td>") == 20
    taken = auditor.get("/audit/events.csv?subject=test/")
    lines = list(csv.DictReader(io.StringIO(taken.content.decode("utf-8-sig"))))
    assert len(lines) == 120 and lines[0]["subject_key"] == "'=cmd|119" and lines[0]["reason"].startswith("'=1+1")
    assert "attachment" in taken.headers["content-disposition"]
    noted = house.admin.execute("select actor, detail from audit_event where act = 'export' order by id desc limit 1").fetchone()
    assert noted is not None and noted[1] == {"rows": 120, "asked": {"subject": "test/"}} and noted[0].startswith("account:")


def test_a_shut_account_is_out_at_once(house: House) -> None:
    house.account("leaver", "leader")
    person = house.signed_in("leaver")
    assert house.signed_in("boss").post("/admin/disable", name="leaver").status_code == 200
    assert person.get("/map/catalog.json").status_code == 401
    assert house.person().sign_in("leaver", OWN).status_code == 401


def test_the_last_administrator_of_a_kind_stays(house: House) -> None:
    """Else nobody could ever approve an account again; a second one of the kind makes the first free to go."""
    guard = house.signed_in("guard")
    for last in ("boss", "guard", "auditor"):
        answer = guard.post("/admin/disable", name=last)
        assert answer.status_code == 422 and "最后一个" in answer.text, last
        with pytest.raises(BadInput, match="last administrator"):
            accounts.reset(house.connection, last)
    house.account("second.auditor", "audit_administrator")
    assert guard.post("/admin/disable", name="second.auditor").status_code == 200
    assert guard.post("/admin/disable", name="auditor").status_code == 422
    assert house.admin.execute("select count(*) from account where name in ('boss', 'guard', 'auditor') and state = 'active'").fetchone() == (3,)


def test_a_job_runs_as_the_account_that_asked_for_it_as_it_is_then(house: House) -> None:
    """A data steward's import runs as that account; not when it was shut meanwhile, and not as anybody else's."""
    house.account("keeper", "data_steward")
    ids = dict(house.admin.execute("select name, 'account:' || id from account").fetchall())
    actor = job_actor(ids["keeper"], house.connection)
    assert (actor.id, actor.may("steward"), actor.scope.whole_city) == (ids["keeper"], True, True)
    accounts.disable(house.connection, "keeper")
    for other in (ids["keeper"], ids["duty"], "account:999999", "account:1 or true", "account:"):
        with pytest.raises(Forbidden):
            job_actor(other, house.connection)


def test_an_appointment_that_is_over_gives_nothing(house: House) -> None:
    house.account("guest", "leader", STREET)
    person = house.signed_in("guest")
    assert person.get(f"/features/cases?{EVERYWHERE}").json()["features"]
    house.admin.execute("update appointment set valid_to = now() where account_id = (select id from account where name = 'guest')")
    _door(house).sessions.forget()
    assert person.get(f"/features/cases?{EVERYWHERE}").status_code == 403


@pytest.mark.parametrize("path", FORMS)
def test_another_sites_form_is_refused(house: House, path: str) -> None:
    person = house.signed_in("boss")
    for headers in ({"origin": "https://elsewhere.example"}, {"sec-fetch-site": "cross-site"}):
        answer = person.client.post(path, data={"name": "duty", "password": OWN}, headers=headers)
        assert answer.status_code == 403, path
    assert person.get("/account").status_code == 200


@pytest.mark.parametrize(
    ("said", "goes"),
    [
        ("/data?x=1", "/data?x=1"), ("https://elsewhere.example/", "/"), ("//elsewhere.example", "/"), ("/\\elsewhere.example", "/"),
        ("/a\r\nset-cookie: x=1", "/"), ("data", "/"), ("", "/"),
    ],
)  # fmt: skip
def test_signing_in_leads_to_no_other_host(house: House, said: str, goes: str) -> None:
    person = house.person()
    answer = person.client.post("/sign-in", params={"next": said}, data={"name": "duty", "password": OWN}, headers={"origin": house.served.url})
    assert (answer.status_code, answer.headers["location"]) == (303, goes)
    assert "x" not in answer.cookies


def test_hostile_words_are_words(house: House) -> None:
    """Markup and SQL in every field: shown as text or refused, never run."""
    boss = house.signed_in("boss")
    for hostile in HOSTILE:
        wrong = 400 if hostile == "\0" else 422
        answer = house.person().sign_in(hostile, hostile)
        assert answer.status_code == (400 if hostile == "\0" else 401) and "<script>" not in answer.text
        made = boss.post("/admin/account", name=hostile, title="x", role="leader", area="*")
        assert made.status_code == wrong and "<script>" not in made.text
        assert boss.post("/admin/disable", name=hostile).status_code == wrong
        assert boss.post("/admin/account", name="nobody1", title="x", role=hostile, area="*").status_code == wrong
        assert boss.post("/admin/account", name="nobody1", title="x", role="leader", area=hostile).status_code == wrong
    assert boss.post("/admin/account", name="nobody1", title="x", role="leader", area="").status_code == 422
    assert boss.post("/admin/account", name="marked.up", title="<b>粗</b>", role="leader", area="*").status_code == 200
    page = boss.get("/admin").text
    assert "&lt;b&gt;粗&lt;/b&gt;" in page and "<b>粗" not in page
    assert house.admin.execute("select count(*) from account where name in ('nobody1', 'marked.up')").fetchone() == (1,)


def test_each_administrator_does_their_own_work_only(house: House) -> None:
    """The system administrator proposes, the security administrator lets in; the database holds it too, whatever the page says."""
    boss, guard = house.signed_in("boss"), house.signed_in("guard")
    assert guard.post("/admin/account", name="by.guard", title="x", role="leader").status_code == 422
    assert boss.post("/admin/account", name="by.boss", title="x", role="leader", area=STREET).status_code == 200
    row = house.admin.execute("select id, created_by from account where name = 'by.boss'").fetchone()
    assert row is not None and row[1].startswith("account:")
    security_alone = replace(ACCOUNT_COMMANDS, permissions=frozenset({"security"}), id=row[1])
    with acting(house.connection, security_alone):  # the proposer, were they security administrator as well
        assert house.connection.execute("select account_settle(%s, true)", [row[0]]).fetchone() == (False,)
    for act in (
        "account_settle(1, true)", "account_propose('z9', 'z', 'h', 'leader', null, null, null, null)", "account_reset('duty', 'h')", "account_disable('duty')",
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting(house.connection, OPERATOR):
            house.connection.execute(f"select {act}")  # type: ignore[arg-type]  # calls of this test
    assert boss.get("/map/catalog.json").status_code == 403 and boss.get("/").headers["location"] == "/account"


def test_passwords_and_tokens_stay_inside(house: House) -> None:
    """The application's role reads neither hash nor digest, and rows of others only as an administrator."""
    house.signed_in("duty")
    for question in ("select password_hash from account", "select digest from sign_in", "select failed from account"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting(house.connection, ACCOUNT_COMMANDS):
            house.connection.execute(question)
    for table in ("account", "appointment", "sign_in"):
        with acting(house.connection, OPERATOR):
            assert house.connection.execute(f"select count(*) from {table}").fetchone() == (0,)  # type: ignore[arg-type]
        for change in (f"update {table} set id = default", f"delete from {table}", f"insert into {table} default values"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), acting(house.connection, ACCOUNT_COMMANDS):
                house.connection.execute(change)  # type: ignore[arg-type]


def test_the_first_administrators_are_made_once(database: TestDatabase) -> None:
    with database.connect() as connection:
        connection.autocommit = True
        passwords = accounts.first_administrators(connection)
        assert list(passwords) == ["system", "security", "audit"]
        with pytest.raises(BadInput, match="accounts already"):
            accounts.first_administrators(connection)
        told = store.asked(connection, ACCOUNT_COMMANDS, store.accounts_request())
        found = [(row["name"], row["state"], len(row["appointments"])) for row in told]
        assert found == [("audit", "active", 1), ("security", "active", 1), ("system", "active", 1)]
        with pytest.raises(BadInput, match="no role"):
            accounts.add(connection, "x1", "x", "king", store.Place())
        with pytest.raises(BadInput, match="no area"):
            accounts.add(connection, "x1", "x", "leader", store.Place("999999"))
        with pytest.raises(BadInput, match="no account name"):
            accounts.add(connection, "X 1", "x", "leader", store.Place())
        accounts.add(connection, "x1", "x", "leader", store.Place())
        with pytest.raises(BadInput, match="already"):
            accounts.add(connection, "x1", "x", "leader", store.Place())
        with pytest.raises(BadInput, match="last administrator"):
            accounts.disable(connection, "security")
        accounts.reset(connection, "x1")
        accounts.disable(connection, "x1")
        with pytest.raises(BadInput, match="no account"):
            accounts.disable(connection, "nobody")


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short1A", "12 to"), ("aaaaaaaaaaaaaaaa", "different"), ("onlysmallletters", "two kinds"), ("Wang.li-is-here", "account's name"),
        ("Password123456", "common"),
    ],
)  # fmt: skip
def test_a_poor_password_is_refused_with_its_rule(password: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        check_rules(password, "wang.li")


def test_passwords_are_argon2id_and_made_up_ones_pass(house: House) -> None:
    del house
    password = made_up()
    check_rules(password, "somebody")
    kept = hashed(password)
    assert kept.startswith("$argon2id$") and password not in kept
    assert fits(password, kept) and not fits(password + "x", kept) and not fits(password, None) and not fits(password, "nonsense")


def _door(house: House) -> Any:
    return house.served.app._door
