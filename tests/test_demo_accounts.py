"""The demonstration's accounts: one a role, made once, entered with one click on this machine and in a synthetic city only."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from commandcenter.actor import Actor, Scope
from commandcenter.config import Settings
from commandcenter.db.connect import connect
from commandcenter.db.run import acting
from commandcenter.demo.accounts import GROUPS, make_accounts
from commandcenter.errors import CommandCenterError
from commandcenter.first_load import make_demo_accounts
from commandcenter.security import store
from commandcenter.security.accounts import account_by_id
from commandcenter.security.builtin import ACCOUNT_COMMANDS, DOOR
from commandcenter.web.sessions import COOKIE
from tests.city import GRIDS, OPERATOR, build
from tests.conftest import TestDatabase
from tests.serving import ServedApplication
from tests.test_accounts import EVERYWHERE, Person

STREET, COMMUNITY = ("230202001",), ("230202001006",)
CITY = Scope(whole_city=True)
READ = frozenset({"read"})
GLASS, PEOPLE = READ | {"break_glass"}, READ | {"people"}
REVEAL = GLASS | {"people", "reveal"}
# What each role does to cases.
CASES = {
    "shift_leader": {"case_file", "case_note", "case_report", "case_supervise", "case_urge"},
    "acceptor": {"case_accept", "case_note", "case_report", "case_urge"},
    "dispatcher": {"case_dispatch", "case_note", "case_report", "case_urge"},
    "grid_worker": {"case_check", "case_level", "case_note", "case_report", "case_work"},
    "enforcement_officer": {"case_enforce", "case_note", "case_report", "case_work"},
    "department_handler": {"case_handle", "case_note", "case_work"},
    "grid_leader": {"case_level", "case_note", "case_report", "case_work"},
    "verifier": {"case_check", "case_note", "case_report"},
    "legal_reviewer": {"case_law", "case_note"},
    "duty_leader": {"case_decide", "case_note", "case_supervise", "case_urge"},
}
# What each role is in the little city: where, which permissions, and in which centre.
PLACED: dict[str, tuple[Scope, frozenset[str], str | None]] = {
    **dict.fromkeys(("acceptor", "evaluator", "legal_reviewer", "leader"), (CITY, READ, None)),
    **dict.fromkeys(("shift_leader", "duty_leader"), (CITY, REVEAL, None)),
    "dispatcher": (Scope(streets=STREET), GLASS, None),
    "verifier": (Scope(streets=STREET), READ, None),
    "planner": (CITY, frozenset({"read", "plan"}), None),
    "grid_worker": (Scope(grids=(min(GRIDS),)), PEOPLE, "grid"),
    "grid_leader": (Scope(communities=COMMUNITY), REVEAL, None),
    "enforcement_officer": (Scope(streets=STREET), GLASS, "urban"),
    "department_handler": (Scope(districts=("230202",)), READ, "urban"),
    "data_steward": (CITY, frozenset({"read", "write", "steward"}), None),
    "system_administrator": (Scope(), frozenset({"accounts"}), None),
    "security_administrator": (Scope(), frozenset({"security"}), None),
    "audit_administrator": (Scope(), frozenset({"audit"}), None),
}  # fmt: skip
SENSITIVE = ("data_steward", "system_administrator", "security_administrator", "audit_administrator")
HOSTILE = ("", "demo.leader", "leader ", "LEADER", "' or '1'='1", "x'; drop table account; --", "%", "<script>alert(1)</script>", "\ud7ff" * 900, "\x01")


class Demo:
    """A little city as a demonstration, served, and what a start said of its accounts."""

    def __init__(self, database: TestDatabase, served: ServedApplication, printed: str) -> None:
        self.database, self.served, self.printed = database, served, printed
        self.passwords = dict(re.findall(r"^  demo\.(\w+) +(\S+)  ", printed, re.MULTILINE))

    def person(self, served: ServedApplication | None = None) -> Person:
        return Person(httpx2.Client(base_url=(served or self.served).url, timeout=30))

    def entered(self, role: str) -> Person:
        person = self.person()
        answer = person.post("/sign-in/demo", role=role)
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), answer.text
        return person


@pytest.fixture(scope="module")
def demo(clone: Any) -> Iterator[Demo]:
    made = clone("demo_accounts")
    with made.connect() as connection:
        build(connection)
    run = "from commandcenter.config import Settings; from commandcenter.first_load import make_demo_accounts; make_demo_accounts(Settings(app_dsn={!r}))"
    done = subprocess.run([sys.executable, "-c", run.format(made.app_dsn)], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    with ServedApplication(made.settings) as served:
        yield Demo(made, served, done.stdout)


@pytest.fixture
def little(database: TestDatabase) -> TestDatabase:
    """A little city of one test, without accounts."""
    with database.connect() as connection:
        build(connection)
    return database


def told(database: TestDatabase, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.admin_dsn, autocommit=True) as admin:
        return admin.execute(sql, values).fetchall()  # type: ignore[arg-type]  # SQL of these tests


def test_each_role_gets_one_account_and_its_password_is_printed_once(demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    roles = {code for (code,) in told(demo.database, "select code from role")}
    assert set(demo.passwords) == roles == set(PLACED) and len(set(demo.passwords.values())) == len(roles) == 17
    assert "演示账号" in demo.printed and "Demonstration accounts" in demo.printed and "派遣员 Dispatcher" in demo.printed
    make_demo_accounts(demo.database.settings)
    assert capsys.readouterr().out == "", "the next start has nothing to say"
    kept = " ".join(str(row) for row in told(demo.database, "select a::text from account a union all select e::text from audit_event e"))
    assert not any(password in kept for password in demo.passwords.values())
    noted = told(demo.database, "select actor, door, detail ->> 'role' from audit_event where detail ->> 'did' = 'demo'")
    assert sorted(noted) == sorted((ACCOUNT_COMMANDS.id, "cli", role) for role in roles)
    with demo.database.connect() as connection:
        connection.autocommit = True
        assert make_accounts(connection) == []


@pytest.mark.parametrize("role", PLACED)
def test_one_click_is_a_real_sign_in_with_the_roles_place_and_permissions(demo: Demo, role: str) -> None:
    scope, permissions, centre = PLACED[role]
    permissions = permissions | CASES.get(role, set())
    person = demo.entered(role)
    ((account, strong),) = told(
        demo.database, "select s.account_id, s.strong_at is not null from sign_in s join account a on a.id = s.account_id"
        " where a.name = %s and s.ended_at is null order by s.id desc limit 1", f"demo.{role}",
    )  # fmt: skip
    assert strong
    with demo.database.connect() as connection:
        actor = account_by_id(connection, f"account:{account}")
    assert actor is not None
    assert (replace(actor.scope, case_places=None), actor.permissions) == (scope, permissions)
    kinds = told(demo.database, "select kind from centre_kind where centre = %s", centre)
    assert {each.partition("@")[0] for each in actor.scope.case_places or ()} == {kind for (kind,) in kinds}
    if "read" not in permissions:
        assert person.get("/").headers["location"] == "/account"
        assert person.get(f"/features/cameras?{EVERYWHERE}").status_code == 403
        return
    assert person.get("/").status_code == 200
    seen = {each["id"] for each in person.get(f"/features/cameras?{EVERYWHERE}").json()["features"]}
    everything = {each["id"] for each in demo.served.get(f"/features/cameras?{EVERYWHERE}", OPERATOR).json()["features"]}
    assert seen == everything if scope.whole_city else set() < seen < everything


def test_the_page_offers_each_entry_once_with_where_it_works(demo: Demo) -> None:
    zh, en = (unescape(demo.person().get(f"/sign-in?lang={language}&next=/data%3Frun%3D1").text) for language in ("zh", "en"))
    for page in (zh, en):
        assert sorted(re.findall(r'name="role" value="(\w+)"', page)) == sorted(PLACED)
        assert 'action="/sign-in/demo?next=/data%3Frun%3D1"' in page
        assert not any(password in page for password in demo.passwords.values())
    assert all(title.zh in zh and title.en in en for title, _ in GROUPS)
    assert "<b>Dispatcher</b><span>Wulong</span>" in en and "<b>派遣员</b><span>五龙街道</span>" in zh
    assert "<b>领导</b><span>全市</span>" in zh and "<b>审计管理员</b><span>不看地图和数据</span>" in zh
    assert demo.person().get("/sign-in/demo").status_code == 404


@pytest.mark.parametrize(
    ("address", "headers", "language"),
    [("/sign-in", {}, "zh"), ("/sign-in", {"accept-language": "fr, en-GB;q=0.8, zh;q=0.5"}, "en"), ("/sign-in", {"accept-language": "xx, ;q, zh-TW"}, "zh"),
     ("/sign-in", {"cookie": "cc_language=zh", "accept-language": "en"}, "zh"), ("/sign-in?next=/%3Flang%3Den", {"cookie": "cc_language=zh"}, "en"),
     ("/sign-in?next=/%3Flang%3Den&lang=zh", {"accept-language": "en"}, "zh"), ("/sign-in?next=//[&lang=fr", {}, "zh"), ("/sign-in?next=/%09/[", {}, "zh")],
)  # fmt: skip
def test_the_sign_in_page_speaks_the_visitors_language(demo: Demo, address: str, headers: dict[str, str], language: str) -> None:
    """It is the first page of everybody: asked for in words of the address, else as the browser was told, else as the browser speaks."""
    page = demo.person().get(address, **headers)
    assert page.status_code == 200 and ('lang="en"' in page.text.split(">")[1]) == (language == "en")


def test_who_did_not_sign_in_is_nobody(demo: Demo) -> None:
    for cookie in ("", "cc_actor=demo:operator", f"{COOKIE}=demo.leader"):
        person = demo.person()
        assert person.get("/", cookie=cookie).headers["location"].startswith("/sign-in?next=/")
        assert person.get(f"/features/cases?{EVERYWHERE}", cookie=cookie).status_code == 401
        assert person.get("/tiles/cases/14/13830/5740.mvt", cookie=cookie).status_code == 401


@pytest.mark.parametrize("role", ["leader", "data_steward"])
def test_a_printed_password_signs_in(demo: Demo, role: str) -> None:
    """Sensitive roles are then asked to set a second factor up, as everywhere."""
    person = demo.person()
    assert person.sign_in(f"demo.{role}", demo.passwords[role]).status_code == 303
    answer = person.get("/")
    assert answer.headers["location"] == "/account" if role in SENSITIVE else answer.status_code == 200
    assert ("第二因素：请先设置" in person.get("/account?lang=zh").text) == (role in SENSITIVE)


def test_entering_anew_ends_the_browsers_former_sign_in(demo: Demo) -> None:
    person = demo.entered("leader")
    stolen = f"{COOKIE}={person.token}"
    assert person.post("/sign-in/demo", role="planner").status_code == 303
    assert demo.person().get("/", cookie=stolen).headers["location"] == "/sign-in?next=/&over=1"
    assert person.get("/").status_code == 200


@pytest.mark.parametrize("role", HOSTILE, ids=range(len(HOSTILE)))
def test_a_role_nobody_has_is_no_entry(demo: Demo, role: str) -> None:
    person = demo.person()
    answer = person.post("/sign-in/demo", role=role)
    assert answer.status_code == 404 and answer.headers["content-type"].startswith("application/problem+json")
    assert COOKIE not in person.client.cookies and person.get("/").status_code == 303


@pytest.mark.parametrize("target", ["/?wall=1", "//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "/\t/["])
def test_entering_leads_to_no_other_house(demo: Demo, target: str) -> None:
    answer = demo.person().client.post("/sign-in/demo", params={"next": target}, data={"role": "leader"}, headers={"origin": demo.served.url})
    assert answer.headers["location"] == (target if target == "/?wall=1" else "/")
    assert "HttpOnly" in answer.headers["set-cookie"] and "samesite=lax" in answer.headers["set-cookie"].lower()


def test_another_sites_page_enters_nobody(demo: Demo) -> None:
    host = demo.served.url.removeprefix("http://")
    for said in ({"origin": "https://elsewhere.example"}, {"origin": "null"}, {"origin": f"http://{host}0"}, {"sec-fetch-site": "cross-site"}):
        client = httpx2.Client(base_url=demo.served.url)
        assert client.post("/sign-in/demo", data={"role": "leader"}, headers=said).status_code == 403, said
        assert COOKIE not in client.cookies
    # A foreign name made to point at this machine is its own page's origin, and no entry.
    rebound = {"host": "elsewhere.example", "origin": "http://elsewhere.example"}
    client = httpx2.Client(base_url=demo.served.url)
    assert client.post("/sign-in/demo", data={"role": "leader"}, headers=rebound).status_code == 404
    assert "/sign-in/demo" not in client.get("/sign-in", headers=rebound).text


@pytest.mark.parametrize(
    "real", [{"city": "heidelberg"}, {"host": "0.0.0.0"}, {"host": "192.168.7.4"}, {"trusted_proxies": ("10.0.0.5",)}],
    ids=["a real city", "all addresses", "another address", "behind a proxy"],
)  # fmt: skip
def test_there_is_no_entry_beyond_this_machine_or_in_a_real_city(demo: Demo, real: dict[str, Any]) -> None:
    """The accounts are there, and their passwords work; nobody enters without one."""
    with ServedApplication(replace(demo.database.settings, **real)) as served:
        person = demo.person(served)
        assert "/sign-in/demo" not in person.get("/sign-in").text
        assert person.post("/sign-in/demo", role="leader").status_code == 404
        assert COOKIE not in person.client.cookies and person.get("/").headers["location"] == "/sign-in?next=/"
        assert person.sign_in("demo.leader", demo.passwords["leader"]).status_code == 303


def entries(connection: psycopg.Connection) -> set[str]:
    return {row["role"] for row in store.asked(connection, DOOR, store.demo_entries_request())}


def posts(**more: Any) -> list[dict[str, Any]]:
    return [{"role": post.role, "hash": "x", "area": post.area, "centre": post.centre, "one_grid": post.one_grid, **more} for _, of in GROUPS for post in of]


def test_the_database_refuses_a_real_city_whoever_asks(little: TestDatabase) -> None:
    told(little, "update city set synthetic = false returning 1")
    with connect(little.settings) as connection:
        connection.autocommit = True
        assert store.asked(connection, ACCOUNT_COMMANDS, store.demo_accounts_request(posts()))[0]["made"] == 0
        assert told(little, "select * from account") == []
        told(little, "update city set synthetic = true returning 1")
        assert store.asked(connection, ACCOUNT_COMMANDS, store.demo_accounts_request(posts()))[0]["made"] == 17
        assert entries(connection) == set(PLACED)
        told(little, "update city set synthetic = false returning 1")
        assert entries(connection) == set()


def test_only_accounts_made_for_the_demonstration_and_open_are_entered(little: TestDatabase) -> None:
    with connect(little.settings) as connection:
        connection.autocommit = True
        for actor in (OPERATOR, DOOR, Actor("", OPERATOR.title, CITY)):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), acting(connection, actor):
                connection.execute("select demo_accounts_make('[]')")
        with pytest.raises(psycopg.errors.InvalidParameterValue), acting(connection, ACCOUNT_COMMANDS):
            connection.execute("select demo_accounts_make('[]')")
        assert told(little, "select * from account") == [], "all of them or none"
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting(connection, ACCOUNT_COMMANDS):
            connection.execute("select city_is_synthetic()")
        # Whoever takes a name beforehand is no demonstration, and where there is one account there will be none.
        store.asked(connection, ACCOUNT_COMMANDS, store.propose_request("demo.leader", "x", "x", "leader", store.Place()))
        told(little, "update account set state = 'active', must_change = false returning 1")
        assert store.asked(connection, ACCOUNT_COMMANDS, store.demo_accounts_request(posts()))[0]["made"] == 0
        assert entries(connection) == set()
        told(little, "update account set created_by = 'builtin:demo' returning 1")
        assert entries(connection) == {"leader"}
        for change in ("state = 'disabled'", "state = 'pending'", "must_change = true", "name = 'demo.leader2'"):
            told(little, f"update account set {change} returning 1")
            assert entries(connection) == set(), change
            told(little, "update account set state = 'active', must_change = false, name = 'demo.leader' returning 1")


def test_where_the_city_lacks_a_place_what_lies_above_it_is_taken(little: TestDatabase) -> None:
    wished = [{**post, "area": area} for post, area in zip(posts(one_grid=False), ["999999", "230202001999", "230299001", "2302"] * 5, strict=False)]
    with connect(little.settings) as connection:
        connection.autocommit = True
        store.asked(connection, ACCOUNT_COMMANDS, store.demo_accounts_request(wished))
    areas = told(little, "select p.area_code from appointment p join account a on a.id = p.account_id order by a.id")
    by_role = dict(zip([role for (role,) in told(little, "select code from role order by position")], [area for (area,) in areas], strict=True))
    assert {post["area"]: by_role[post["role"]] for post in wished} == {"999999": None, "230202001999": "230202001", "230299001": None, "2302": None}


def test_a_city_without_grids_or_areas_places_everybody_in_all_of_it(database: TestDatabase) -> None:
    with connect(database.settings) as connection:
        connection.autocommit = True
        assert store.asked(connection, ACCOUNT_COMMANDS, store.demo_accounts_request(posts()))[0]["made"] == 0, "no city, no demonstration"
        told(database, "insert into city (key, name, name_en, code, metric_srid, time_zone, centre_lon, centre_lat, synthetic, settings)"
             " values ('x', 'x', 'x', '1', 4550, 'Asia/Shanghai', 1, 1, true, '{}') returning 1")  # fmt: skip
        assert store.asked(connection, ACCOUNT_COMMANDS, store.demo_accounts_request(posts()))[0]["made"] == 17
    assert told(database, "select distinct area_code, grid_code from appointment") == [(None, None)]


def test_a_real_city_is_given_no_accounts_at_a_start(little: TestDatabase, capsys: pytest.CaptureFixture[str]) -> None:
    make_demo_accounts(replace(little.settings, city="heidelberg"))
    assert capsys.readouterr().out == "" and told(little, "select * from account") == []
    with pytest.raises(CommandCenterError):
        make_demo_accounts(Settings(app_dsn="host=/nowhere user=x dbname=x"))
