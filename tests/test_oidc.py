"""In by the identity provider: a real one in a process of its own, honest first, then lying in every way we know; mapping, accounts, sign-out."""

from __future__ import annotations

import os
import socket
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx2
import psycopg
import pytest
from playwright.sync_api import expect

from commandcenter.__main__ import _check_identity_provider
from commandcenter.config import Settings
from commandcenter.db.run import acting
from commandcenter.errors import BadInput, SettingsFault
from commandcenter.identity_provider import CENTRES, IdentityProvider
from commandcenter.security import accounts, bulk, store
from commandcenter.security.builtin import DOOR, IDENTITY
from commandcenter.security.identity import Arrival, arrival, check_mapping, claim_of
from commandcenter.security.identity_store import arrived_request
from commandcenter.security.oidc import OidcClient
from commandcenter.web.oidc import BACK, COOKIE
from commandcenter.web.sessions import COOKIE as SESSION
from tests.browsing import CHROMIUM, Wall, chromium
from tests.city import build
from tests.identity_process import CLAIM_FAULTS, CLIENT_ID, CLIENT_SECRET, SIGNING_FAULTS, ProviderProcess
from tests.serving import ServedApplication
from tests.test_accounts import EVERYWHERE, OWN, STREET, House, Person

RULES = f"""
[[role]]
claim = "groups"
value = "wulong dispatchers"
role = "dispatcher"
area = "{STREET}"
centre = "grid"

[[role]]
claim = "realm_access.roles"
value = "leader"
role = "leader"
area = "*"

[[role]]
claim = "groups"
value = "stewards"
role = "data_steward"
area = "*"

[[role]]
claim = "groups"
value = "guards"
role = "security_administrator"
area = "*"

[[role]]
claim = "groups"
value = "auditors"
role = "audit_administrator"
area = "*"

[[role]]
claim = "groups"
value = "of a place that is gone"
role = "leader"
area = "230299"
"""
MAPPING = '[second_factor]\namr = ["otp"]\nacr = ["gold"]\n' + RULES
OPENS = 'approve = "provider"\n' + MAPPING
DISPATCHERS, STEWARDS, GUARDS, AUDITORS = (["wulong dispatchers"], ["stewards"], ["guards"], ["auditors"])


@dataclass
class Joined(House):
    """The application as a client of a real provider."""

    provider: ProviderProcess = field(kw_only=True)
    folder: Path = field(kw_only=True)

    def client_of(self, mapping: str) -> OidcClient:
        return OidcClient(provider_of(self.folder, self.provider.issuer, mapping))

    def mapped(self, mapping: str) -> None:
        """From now on this mapping, as after a new start."""
        self.served.state.identity = self.client_of(mapping)

    def away(self, person: Person, then: str = "/") -> str:
        """A browser on its way: the address that the provider sends it back to."""
        answer = person.get(f"/sign-in/oidc?next={quote(then, safe='')}")
        assert answer.status_code == 303, answer.text
        there = self.provider.client.get(answer.headers["location"])
        assert there.status_code == 302, there.text
        return str(there.headers["location"])

    def come(self, subject: str, person: Person | None = None, *, fault: str = "", then: str = "/", **claims: Any) -> tuple[Person, httpx2.Response]:
        """Somebody comes by the provider: their browser and the answer at the end."""
        self.provider.told(person={"sub": subject, "preferred_username": subject, "name": subject.title(), **claims}, fault=fault)
        person = person or self.person()
        return person, person.get(self.away(person, then).removeprefix(self.served.url))

    def approve(self, name: str) -> None:
        number = self.one("select id from account where name = %s", name)
        assert self.signed_in("guard").post("/admin/settle", account=str(number), word="approve").status_code == 200

    def one(self, question: str, *values: Any) -> Any:
        row = self.admin.execute(question, values).fetchone()  # type: ignore[arg-type]  # questions of these tests
        return None if row is None else row[0]

    def held(self, name: str) -> list[tuple[str, str]]:
        """Roles of an account that are or may come, and their state."""
        return self.admin.execute(
            "select p.role_code, p.state from appointment p join account a on a.id = p.account_id"
            " where a.name = %s and p.state <> 'refused' and (p.valid_to is null or p.valid_to > now()) order by 1",
            [name],
        ).fetchall()

    def last_failure(self) -> dict[str, Any]:
        return dict(self.one("select detail from audit_event where act = 'sign_in_failed' order by id desc limit 1"))


def environment_of(folder: Path, issuer: str, mapping: str) -> dict[str, str]:
    (folder / "secret").write_text(CLIENT_SECRET + "\n", encoding="utf-8")
    (folder / "mapping.toml").write_text(mapping, encoding="utf-8")
    return {
        "COMMANDCENTER_OIDC_ISSUER": issuer, "COMMANDCENTER_OIDC_CLIENT_ID": CLIENT_ID,
        "COMMANDCENTER_OIDC_CLIENT_SECRET_FILE": str(folder / "secret"), "COMMANDCENTER_OIDC_MAPPING": str(folder / "mapping.toml"),
    }  # fmt: skip


def provider_of(folder: Path, issuer: str, mapping: str) -> IdentityProvider:
    found = Settings.from_env(environment_of(folder, issuer, mapping)).identity_provider
    assert found is not None
    return found


def a_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


@pytest.fixture(scope="module")
def house(clone: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joined]:
    made, folder = clone("identity"), tmp_path_factory.mktemp("identity")
    with made.connect() as connection, psycopg.connect(made.admin_dsn, autocommit=True) as admin, ProviderProcess(a_port()) as provider:
        build(connection)
        connection.autocommit = True
        settings = replace(made.settings, city="heidelberg", data_dir=folder, identity_provider=provider_of(folder, provider.issuer, MAPPING))
        with ServedApplication(settings) as served:
            here = Joined(served, made, connection, admin, provider=provider, folder=folder)
            here.account("boss", "system_administrator")
            here.account("guard", "security_administrator")
            here.account("duty", "shift_leader")
            yield here


@pytest.fixture(autouse=True)
def honest(request: pytest.FixtureRequest) -> None:
    """Each test begins with an honest provider and the mapping whose accounts wait."""
    if "house" in request.fixturenames:
        joined = request.getfixturevalue("house")
        joined.provider.told(fault="")
        joined.mapped(MAPPING)


def refused(house: Joined, person: Person, answer: httpx2.Response, why: str, status: int = 401) -> None:
    """Not in: a page with a sentence, no sign-in, and a reason in the audit."""
    assert answer.status_code == status, answer.text
    assert 'href="/sign-in?next=' in answer.text and "code=" not in answer.text  # no link of the page leads back into the attempt
    assert SESSION not in person.client.cookies and "<form" in answer.text and "<b>" not in answer.text
    assert house.last_failure() == {"by": "provider", "why": why}
    assert person.get("/map/catalog.json").status_code == 401


def sees(person: Person) -> int:
    answer = person.get(f"/features/cameras?{EVERYWHERE}")
    return len(answer.json()["features"]) if answer.status_code == 200 else -answer.status_code


def test_somebody_new_waits_and_is_let_in(house: Joined) -> None:
    """The first time an account is proposed; approved, they come in, see their own street, and have no password here."""
    claims = {"name": "王丽", "groups": [*DISPATCHERS, "something else"], "amr": ["pwd"]}
    person, answer = house.come("wang.li", then="/data", **claims)
    refused(house, person, answer, "waits", 403)
    assert "等安全管理员批准" in answer.text
    row = house.admin.execute("select state, title, password_hash, must_change, by_identity, created_by from account where name = 'wang.li'").fetchone()
    assert row == ("pending", "王丽", None, False, True, "builtin:identity")
    page = house.signed_in("guard").get("/admin?lang=en").text
    assert "王丽" in page and "By the identity provider" in page
    house.approve("wang.li")

    person, answer = house.come("wang.li", person, then="/data", **claims)
    assert (answer.status_code, answer.headers["location"]) == (303, "/data")
    given = next(said for said in answer.headers.get_list("set-cookie") if said.startswith(SESSION))
    assert "HttpOnly" in given and "samesite=lax" in given.lower()
    assert 0 < sees(person) < sees(house.signed_in("duty"))
    assert house.admin.execute(
        "select p.area_code, p.centre, p.mapped from appointment p join account a on a.id = p.account_id where a.name = 'wang.li'"
    ).fetchall() == [(STREET, "grid", True)]
    mine = person.get("/account?lang=en").text
    assert "your password is changed there" in mine and 'name="old"' not in mine
    assert person.post("/account/password", old="", new=OWN, again=OWN).status_code == 422
    assert house.person().sign_in("wang.li", "").status_code == 401
    said = house.admin.execute(
        "select e.actor, e.act, e.detail->>'did', e.detail->>'by' from audit_event e join account a on e.subject_key = a.id::text"
        " where e.subject_table = 'account' and a.name = 'wang.li' order by e.id"
    ).fetchall()
    me = f"account:{house.one('select id from account where name = %s', 'wang.li')}"
    guard = f"account:{house.one('select id from account where name = %s', 'guard')}"
    assert said == [
        ("builtin:identity", "account", "proposed", "provider"), ("builtin:identity", "account", "appointment", "provider"),
        ("builtin:door", "sign_in_failed", None, "provider"), (guard, "approve", None, None), (me, "sign_in", None, None),
        ("builtin:door", "sign_in_failed", None, None),  # the password that nobody has
    ]  # fmt: skip


def test_the_way_there_keeps_its_secrets(house: Joined) -> None:
    """PKCE, state and nonce are sent; what proves them stays in a sealed cookie that no script reads."""
    person = house.person()
    house.provider.told()
    house.come("asked", person, groups=DISPATCHERS)
    asked, redeemed = house.provider.told()
    assert (asked["code_challenge_method"], asked["response_type"], asked["scope"]) == ("S256", "code", "openid profile")
    assert (asked["client_id"], asked["redirect_uri"], asked["acr_values"]) == (CLIENT_ID, house.served.url + BACK, "gold")
    assert all(len(asked[name]) >= 43 for name in ("state", "nonce", "code_challenge"))
    assert redeemed["redirect_uri"] == asked["redirect_uri"] and len(redeemed["code_verifier"]) >= 43
    assert redeemed["code_verifier"] not in str(asked) and CLIENT_SECRET not in str((asked, redeemed))
    begun = house.person().get("/sign-in/oidc")
    cookie = begun.headers["set-cookie"].lower()
    assert begun.headers["cache-control"] == "no-store"
    assert all(word in cookie for word in ("httponly", "samesite=lax", "path=/sign-in/oidc", "max-age=600"))
    state = dict(parse_qsl(urlsplit(begun.headers["location"]).query))["state"]
    assert state not in cookie
    key = house.folder / "keys" / "heidelberg.key"
    assert stat.S_IMODE(os.stat(key).st_mode) == 0o600


@pytest.mark.parametrize("fault", [*CLAIM_FAULTS, *SIGNING_FAULTS, "no token"])
def test_a_token_that_proves_nothing_opens_nothing(house: Joined, fault: str) -> None:
    house.mapped(OPENS)
    person, answer = house.come("liar", fault=fault, groups=DISPATCHERS)
    refused(house, person, answer, "subject" if fault == "a subject that is none" else "token")
    assert "编号" in answer.text
    assert house.one("select count(*) from account where name in ('liar', 'somebody-else')") == 0


@pytest.mark.parametrize(
    ("fault", "why", "status"),
    [("refused", "provider", 401), ("other issuer in the answer", "issuer", 401), ("token error", "away", 503), ("token broken", "away", 503)],
)
def test_an_answer_that_is_none_opens_nothing(house: Joined, fault: str, why: str, status: int) -> None:
    house.mapped(OPENS)
    person, answer = house.come("liar", fault=fault, groups=DISPATCHERS)
    refused(house, person, answer, why, status)


def test_the_honest_one_is_let_in(house: Joined) -> None:
    """The same mapping and person, without a fault: what the two tests above refuse is refused for its fault alone."""
    house.mapped(OPENS)
    person, answer = house.come("honest", groups=DISPATCHERS)
    assert answer.status_code == 303 and sees(person) > 0
    said = house.admin.execute(
        "select e.detail->>'did' from audit_event e join account a on e.subject_key = a.id::text where a.name = 'honest' and e.act = 'account' order by e.id"
    ).fetchall()
    assert said == [("opened",), ("appointment",)]


def test_a_return_counts_once_and_in_its_own_browser(house: Joined) -> None:
    house.mapped(OPENS)
    house.provider.told(person={"sub": "often", "preferred_username": "often", "groups": DISPATCHERS})
    person, stranger = house.person(), house.person()
    back = house.away(person).removeprefix(house.served.url)
    kept = person.client.cookies.get(COOKIE)
    refused(house, stranger, stranger.get(back), "browser")  # no cookie at all
    house.away(stranger)
    refused(house, stranger, stranger.get(back), "state")  # an attempt of its own, not this one
    refused(house, stranger, stranger.get(back, cookie=f"{COOKIE}=bm90IHNlYWxlZA=="), "browser")
    for mangled in ("%", "x" * 3000, str(kept)[:-8] + "AAAAAAA="):
        refused(house, stranger, stranger.get(back, cookie=f"{COOKIE}={mangled}"), "browser")
    assert person.get(back).status_code == 303 and COOKIE not in person.client.cookies
    again = house.person()
    refused(house, again, again.get(back, cookie=f"{COOKIE}={kept}"), "again")  # the cookie was copied before
    refused(house, again, again.get(BACK), "browser")

    another = house.person()  # a code that was used, brought back by an attempt that is right
    fresh = house.away(another).removeprefix(house.served.url)
    old, new = (dict(parse_qsl(urlsplit(address).query)) for address in (back, fresh))
    refused(house, another, another.get(f"{BACK}?code={old['code']}&state={new['state']}"), "code")
    codeless = house.person()
    state = dict(parse_qsl(urlsplit(house.away(codeless)).query))["state"]
    refused(house, codeless, codeless.get(f"{BACK}?state={state}"), "code")


def test_somebody_elses_code_is_worth_nothing_without_its_verifier(house: Joined) -> None:
    """A stolen code in the thief's own attempt: the provider asks for what only the first browser keeps."""
    house.mapped(OPENS)
    house.provider.told(person={"sub": "victim", "preferred_username": "victim", "groups": DISPATCHERS})
    victim, thief = house.person(), house.person()
    stolen = dict(parse_qsl(urlsplit(house.away(victim)).query))["code"]
    own = dict(parse_qsl(urlsplit(house.away(thief)).query))
    refused(house, thief, thief.get(f"{BACK}?code={stolen}&state={own['state']}"), "code")


def test_a_return_that_comes_late_is_refused(house: Joined, monkeypatch: pytest.MonkeyPatch) -> None:
    house.provider.told(person={"sub": "slow", "preferred_username": "slow", "groups": DISPATCHERS})
    person = house.person()
    monkeypatch.setattr("commandcenter.security.oidc.LASTS_S", -1)
    back = house.away(person).removeprefix(house.served.url)
    refused(house, person, person.get(back), "late")


@pytest.mark.parametrize("said", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "/a\r\nset-cookie: x=1"])
def test_it_leads_to_no_other_host(house: Joined, said: str) -> None:
    house.mapped(OPENS)
    person, answer = house.come("honest", then=said, groups=DISPATCHERS)
    assert (answer.status_code, answer.headers["location"]) == (303, "/") and "x" not in person.client.cookies


def test_a_new_key_counts_at_once_and_the_old_one_no_longer(house: Joined) -> None:
    house.mapped(OPENS)
    house.come("honest", groups=DISPATCHERS)
    for _ in range(2):
        house.provider.told(rotate=True)
        assert house.come("honest", groups=DISPATCHERS)[1].status_code == 303


def test_the_provider_is_away_and_passwords_work_on(house: Joined) -> None:
    """Away from the start, away in the middle, another one in its place: one sentence with an id each time. Back again it works."""
    person = house.person()
    house.provider.told(person={"sub": "patient", "preferred_username": "patient", "groups": DISPATCHERS})
    back = house.away(person).removeprefix(house.served.url)
    house.provider.stop()
    try:
        refused(house, person, person.get(back), "away", 503)
        house.mapped(MAPPING)  # nothing is known of the provider any more
        answer = house.person().get("/sign-in/oidc?lang=en&next=/data")
        assert answer.status_code == 503 and "does not answer just now" in answer.text and "/sign-in?next=/data" in answer.text
        assert house.signed_in("duty").get("/map/catalog.json").status_code == 200
    finally:
        house.provider.start()
    for fault in ("other description", "endless description"):
        house.provider.told(fault=fault)
        assert house.person().get("/sign-in/oidc").status_code == 503, fault
    assert house.come("patient", groups=DISPATCHERS)[1].status_code == 403  # waits, as somebody new


def test_a_provider_that_is_silent_keeps_nobody_waiting(house: Joined, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commandcenter.security.oidc.PATIENCE_S", 0.2)
    house.provider.told(fault="silent")
    began = time.monotonic()
    assert house.person().get("/sign-in/oidc").status_code == 503
    assert time.monotonic() - began < 0.9  # it answers after a second


def test_we_say_who_we_are_as_the_provider_wants_it(house: Joined) -> None:
    house.mapped(OPENS)
    house.provider.told()
    _, answer = house.come("honest", fault="post only", groups=DISPATCHERS)
    assert answer.status_code == 303 and house.provider.told()[-1]["client_secret"] == CLIENT_SECRET


def test_what_the_provider_said_of_itself_lasts_while_it_is_silent(house: Joined) -> None:
    client = house.served.state.identity
    assert house.person().get("/sign-in/oidc").status_code == 303
    client._known = (0.0, client._known[1])  # an hour later
    house.provider.stop()
    try:
        assert house.person().get("/sign-in/oidc").status_code == 303
    finally:
        house.provider.start()


def test_a_name_somebody_has_already_is_not_taken_over(house: Joined) -> None:
    house.mapped(OPENS)
    before = house.admin.execute("select * from account where name = 'duty'").fetchone()
    roles = house.held("duty")
    person, answer = house.come("another-duty", preferred_username="duty", name="Duty", groups=DISPATCHERS)
    assert answer.status_code == 303
    assert house.admin.execute("select * from account where name = 'duty'").fetchone() == before and house.held("duty") == roles
    name = house.one("select a.name from account a join account_identity i on i.account_id = a.id where i.subject = 'another-duty'")
    assert name.startswith("duty-") and sees(person) < sees(house.signed_in("duty"))
    _person, answer = house.come("third-duty", preferred_username="Duty@elsewhere.example", groups=DISPATCHERS)
    assert answer.status_code == 303 and house.one("select count(*) from account where name like 'duty-%%'") == 2


def test_an_identity_is_its_subject_whatever_it_is_called(house: Joined) -> None:
    """A new name at the provider is the same account; the same subject at another provider is somebody else."""
    house.mapped(OPENS)
    house.come("stays", groups=DISPATCHERS)
    house.come("stays", preferred_username="boss", name="改名\n<b>了</b>", groups=DISPATCHERS)
    number = house.one("select account_id from account_identity where subject = 'stays'")
    assert house.admin.execute("select name, title from account where id = %s", [number]).fetchone() == ("stays", "改名 <b>了</b>")
    elsewhere = arrived_request("https://elsewhere.example", "stays", ("stays", "stays-2"), "x", [{"role": "leader"}], opens=True)
    (row,) = store.asked(house.connection, IDENTITY, elsewhere)
    assert row["account_id"] != number and house.one("select name from account where id = %s", row["account_id"]) == "stays-2"


def test_two_browsers_of_somebody_new_make_one_account(house: Joined) -> None:
    made: list[Any] = []

    def arrive() -> None:
        with house.database.connect() as connection:
            connection.autocommit = True
            request = arrived_request(house.provider.issuer, "at once", ("at.once", "at.once-2"), "x", [{"role": "leader"}], opens=True)
            made.extend(store.asked(connection, IDENTITY, request))

    threads = [threading.Thread(target=arrive) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8 and len({row["account_id"] for row in made}) == 1 and {row["outcome"] for row in made} == {"open"}
    assert house.held("at.once") == [("leader", "active")]


def test_roles_follow_the_claims(house: Joined) -> None:
    """At each sign-in: what the mapping no longer gives ends, something else begins; what was given here stays."""
    house.mapped(OPENS)
    first, _ = house.come("moves", groups=DISPATCHERS)
    accounts_words = store.appoint_request("moves", "planner", store.Place("230203"))
    store.asked(house.connection, accounts.ACCOUNT_COMMANDS, accounts_words)
    number = house.one("select p.id from appointment p join account a on a.id = p.account_id where a.name = 'moves' and p.role_code = 'planner'")
    assert house.signed_in("guard").post("/admin/appointment/settle", appointment=str(number), word="approve").status_code == 200
    assert house.held("moves") == [("dispatcher", "active"), ("planner", "active")]
    seen = sees(first)
    _, answer = house.come("moves", realm_access={"roles": ["leader"]})
    assert answer.status_code == 303 and house.held("moves") == [("leader", "active"), ("planner", "active")]
    assert sees(first) > seen  # the first browser too
    house.come("moves")
    assert house.held("moves") == [("planner", "active")]
    _, answer = house.come("moves", groups=[*DISPATCHERS, "of a place that is gone"])
    assert house.held("moves") == [("dispatcher", "active"), ("planner", "active")]
    ended = house.one(
        "select count(*) from audit_event e join account a on e.subject_key = a.id::text where a.name = 'moves' and e.detail->>'did' = 'appointment ended'"
    )
    assert ended == 2


def test_who_has_no_role_is_nobody_here(house: Joined) -> None:
    for number, groups in enumerate((None, ["cleaners"], "wulong", {"wulong dispatchers": True}, ["of a place that is gone"])):
        person, answer = house.come(f"nobody{number}", groups=groups)
        refused(house, person, answer, "nothing", 403)
    assert house.one("select count(*) from account where name like 'nobody%%'") == 0
    house.mapped(OPENS)
    house.come("lost", groups=DISPATCHERS)
    person, answer = house.come("lost", groups=[])
    refused(house, person, answer, "nothing", 403)


def test_what_a_person_ended_or_refused_is_not_given_again_by_claims(house: Joined) -> None:
    house.mapped(OPENS)
    house.come("watched", groups=DISPATCHERS)
    guard = house.signed_in("guard")

    def number(state: str) -> str:
        return str(house.one(
            "select p.id from appointment p join account a on a.id = p.account_id where a.name = 'watched' and p.state = %s order by p.id desc limit 1", state
        ))  # fmt: skip

    assert guard.post("/admin/appointment/end", appointment=number("active")).status_code == 200
    person, answer = house.come("watched", groups=DISPATCHERS)
    refused(house, person, answer, "waits", 403)
    assert house.held("watched") == [("dispatcher", "pending")]
    assert guard.post("/admin/appointment/settle", appointment=number("pending"), word="refuse").status_code == 200
    person, answer = house.come("watched", groups=DISPATCHERS)
    refused(house, person, answer, "nothing", 403)
    assert house.held("watched") == []


def test_a_mapping_that_waits_asks_for_each_new_role(house: Joined) -> None:
    house.come("careful", groups=DISPATCHERS)
    house.come("careful", groups=DISPATCHERS, realm_access={"roles": ["leader"]})  # while the account waits: not let in unseen with it
    assert house.held("careful") == [("dispatcher", "active"), ("leader", "pending")]
    house.approve("careful")
    person, answer = house.come("careful", groups=DISPATCHERS, realm_access={"roles": ["leader"]})
    assert answer.status_code == 303 and sees(person) < sees(house.signed_in("duty"))
    house.come("careful", groups=DISPATCHERS)
    assert house.held("careful") == [("dispatcher", "active")]


def test_administrators_always_wait_and_the_last_one_stays(house: Joined) -> None:
    """The provider's word opens no administrator; nor does it take the last of a kind away."""
    house.mapped(OPENS)
    person, answer = house.come("auditor", groups=AUDITORS, amr=["otp"])
    refused(house, person, answer, "waits", 403)
    house.approve("auditor")
    person, answer = house.come("auditor", groups=AUDITORS, amr=["otp"])
    assert answer.status_code == 303 and person.get("/audit").status_code == 200
    _, answer = house.come("auditor", groups=DISPATCHERS, amr=["otp"])
    assert answer.status_code == 303 and house.held("auditor") == [("audit_administrator", "active"), ("dispatcher", "active")]
    house.account("second.auditor", "audit_administrator")
    house.come("auditor", groups=DISPATCHERS, amr=["otp"])
    assert house.held("auditor") == [("dispatcher", "active")]
    house.come("auditor", groups=[*DISPATCHERS, *GUARDS], amr=["otp"])
    assert house.held("auditor") == [("dispatcher", "active"), ("security_administrator", "pending")]


def test_a_shut_account_stays_out_and_a_refused_one(house: Joined) -> None:
    house.mapped(OPENS)
    person, _ = house.come("leaver", groups=DISPATCHERS)
    assert house.signed_in("boss").post("/admin/disable", name="leaver").status_code == 200
    assert sees(person) == -401
    again, answer = house.come("leaver", groups=[*DISPATCHERS, *STEWARDS])
    refused(house, again, answer, "shut", 403)
    assert "已停用" in answer.text and house.held("leaver") == [("dispatcher", "active")]
    house.mapped(MAPPING)
    house.come("unwanted", groups=DISPATCHERS)
    number = house.one("select id from account where name = 'unwanted'")
    assert house.signed_in("guard").post("/admin/settle", account=str(number), word="refuse").status_code == 200
    refused(house, *house.come("unwanted", groups=DISPATCHERS), "shut", 403)


@pytest.mark.parametrize(
    ("said", "strong"), [({"amr": ["pwd", "otp"]}, True), ({"acr": "gold"}, True), ({"amr": ["pwd"]}, False), ({"acr": "silver"}, False), ({}, False)]
)
def test_a_sensitive_role_asks_for_a_second_factor_that_was_proved(house: Joined, said: dict[str, Any], strong: bool) -> None:
    house.mapped(OPENS)
    person, answer = house.come("steward", groups=STEWARDS, **said)
    assert answer.status_code == 303
    assert person.get("/data").status_code == (200 if strong else 303)
    assert (sees(person) > 0) is strong
    assert ("要求第二因素" in person.get("/account?lang=zh").text) is not strong


def test_claims_may_come_from_the_userinfo_endpoint(house: Joined) -> None:
    house.mapped("userinfo = true\n" + OPENS)
    person, answer = house.come("asked.too", **{"userinfo:groups": DISPATCHERS})
    assert answer.status_code == 303 and sees(person) > 0
    refused(house, *house.come("asked.too", fault="other userinfo", **{"userinfo:groups": DISPATCHERS}), "userinfo")


def test_signing_out_ends_both(house: Joined) -> None:
    """Ours at once; the provider's by a page that goes on by itself, because a form may not lead to another host."""
    house.mapped(OPENS)
    person, _ = house.come("honest", groups=DISPATCHERS)
    stolen = f"{SESSION}={person.token}"
    answer = person.post("/sign-out")
    assert answer.status_code == 200 and SESSION not in person.client.cookies
    way = answer.headers["refresh"].removeprefix("0; url=")
    parts = urlsplit(way)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{house.provider.issuer}/logout"
    assert dict(parse_qsl(parts.query)) == {"client_id": CLIENT_ID, "post_logout_redirect_uri": house.served.url + "/sign-in"}
    assert house.person().get("/map/catalog.json", cookie=stolen).status_code == 401
    assert house.signed_in("duty").post("/sign-out").headers["location"] == "/sign-in"  # a password's sign-in is ours alone
    for fault in ("no logout", "other description"):
        person, _ = house.come("honest", groups=DISPATCHERS)
        house.mapped(OPENS)
        house.provider.told(fault=fault)
        assert person.post("/sign-out").headers["location"] == "/sign-in", fault


def test_a_reset_takes_the_second_factor_and_gives_no_password(house: Joined) -> None:
    house.mapped(OPENS)
    house.come("phoneless", groups=DISPATCHERS)
    house.admin.execute("update account set totp_at = now(), totp_sealed = 'x' where name = 'phoneless'")
    page = house.signed_in("boss").post("/admin/reset", name="phoneless")
    assert page.status_code == 200 and "第二因素已清除" in page.text
    row = house.admin.execute("select state, password_hash, totp_at, must_change from account where name = 'phoneless'").fetchone()
    assert row == ("pending", None, None, False)
    assert accounts.reset(house.connection, "phoneless") is None
    refused(house, *house.come("phoneless", groups=DISPATCHERS), "waits", 403)
    house.approve("phoneless")
    assert house.come("phoneless", groups=DISPATCHERS)[1].status_code == 303
    with pytest.raises(psycopg.errors.CheckViolation):
        house.admin.execute("update account set password_hash = 'x' where name = 'phoneless'")


def test_the_database_holds_to_it_too(house: Joined) -> None:
    """Identities are behind functions; nobody but the provider's door asks for an account of one, not even an administrator."""
    house.mapped(OPENS)
    house.come("honest", groups=DISPATCHERS)
    request = arrived_request("https://i.example", "x", ("sneaked", "sneaked-2"), "x", [{"role": "leader"}], opens=True)
    for actor in (DOOR, accounts.ACCOUNT_COMMANDS, replace(IDENTITY, id="account:1")):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            store.asked(house.connection, actor, request)
    for question in (
        "select subject from account_identity", "insert into account_identity values ('i', 's', 1)", "delete from identity_return",
        "select appointment_map(1, 'leader', null, null, null, true)", "select appointments_unmap(1, '[]')",
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting(house.connection, IDENTITY):
            house.connection.execute(question)  # type: ignore[arg-type]


def test_old_returns_are_cleared(house: Joined) -> None:
    house.come("honest", groups=DISPATCHERS)
    house.admin.execute("update identity_return set at = now() - interval '1 day'")
    house.come("honest", groups=DISPATCHERS)
    assert house.one("select count(*) from identity_return") == 1


def test_the_door_is_shown_where_there_is_a_provider(house: Joined, application: ServedApplication) -> None:
    page = house.person().get("/sign-in?lang=en&next=/data").text
    assert 'href="/sign-in/oidc?next=%2Fdata"' in page and "Sign in with your organisation&#x27;s account" in page
    house.mapped('button = { zh = "政务统一登录", en = "City <b>sign-in</b>" }\n' + MAPPING)
    assert "City &lt;b&gt;sign-in&lt;/b&gt;" in house.person().get("/sign-in?lang=en").text
    assert "/sign-in/oidc" not in application.get("/sign-in").text
    for path in ("/sign-in/oidc", BACK, "/sign-in/nothing"):
        assert application.get(path).status_code == 404, path


def test_a_journey_there_and_back_and_out_again(house: Joined) -> None:
    """In a real browser, under the pages' own policies: the button leads in, signing out leads to the provider and back."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed; make test installs it")
    house.mapped(OPENS)
    house.provider.told(person={"sub": "walker", "preferred_username": "walker", "name": "赵行", "groups": DISPATCHERS})
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 900, "height": 620}, locale="zh-CN")
        wall = Wall(context.new_page(), house.served, None)
        page = wall.page
        page.goto(wall.url + "/account?lang=zh")
        wall.keep("sign-in-by-provider-zh")
        page.get_by_role("link", name="统一身份认证登录").click()
        page.wait_for_url("**/account?lang=zh")
        expect(page.get_by_text("赵行")).to_be_visible()
        wall.keep("account-by-provider-zh")
        page.get_by_role("button", name="退出", exact=True).click()
        page.wait_for_url(f"{house.provider.issuer}/logout?**")
        page.get_by_role("link", name="back").click()
        page.wait_for_url("**/sign-in")
        page.goto(wall.url + "/account")
        page.wait_for_url("**/sign-in?next=**")
        assert wall.said == [] and wall.refused == []
        assert {urlsplit(address).netloc for address in wall.strangers} == {urlsplit(house.provider.issuer).netloc}


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("wang.li", ("wang.li", "wang.li-")), ("Wang Li@city.example", ("wang-li", "wang-li-")), ("王丽", ("id-", "id-")), ("", ("id-", "id-")),
        ("9lives", ("id-", "id-")), ("x" * 99, ("x" * 40, "x" * 31 + "-")), ("'; drop table account", ("drop-table-account", "drop-table-account-")),
    ],
)  # fmt: skip
def test_names_are_made_of_what_the_provider_says(tmp_path: Path, said: str, names: tuple[str, str]) -> None:
    provider = provider_of(tmp_path, "https://id.example", MAPPING)
    came = arrival(provider, {"sub": "s", "preferred_username": said})
    assert came is not None and came.names[0].startswith(names[0]) and came.names[1].startswith(names[1])
    assert came.names[0] != came.names[1] and all(accounts.checked_name(name) == name for name in came.names)


@pytest.mark.parametrize(("subject", "taken"), [(7, "7"), ("s", "s"), (True, None), ("", None), (None, None), (["s"], None), ("x" * 256, None), ("a\0", None)])
def test_a_subject_is_a_text_or_a_number(tmp_path: Path, subject: Any, taken: str | None) -> None:
    came = arrival(provider_of(tmp_path, "https://id.example", MAPPING), {"sub": subject, "name": 7, "groups": [1, None, *DISPATCHERS], "amr": "otp"})
    assert (came.subject if isinstance(came, Arrival) else None) == taken
    if came is not None:
        assert came.title == came.names[0] and came.strong and [rule.role for rule in came.rules] == ["dispatcher"]


def test_a_claim_is_found_by_its_name_or_by_a_path() -> None:
    said = {"https://city.example/roles": ["a"], "realm_access": {"roles": ["b"], "deep": {"er": "c"}}, "text": "d"}
    found = [claim_of(said, name) for name in ("https://city.example/roles", "realm_access.roles", "realm_access.deep.er", "text", "text.x", "no", "")]
    assert found == [["a"], ["b"], "c", "d", None, None, None]


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("", "no [[role]]"), ("approve = \n", "is not valid TOML"), ('approve = "providr"\n' + RULES, "is 'provider' meant?"),
        ('aprove = "provider"\n' + RULES, "'aprove' is unknown; is 'approve' meant?"), ("userinfo = 1\n" + RULES, "'userinfo' must be true or false"),
        (RULES + '[[role]]\nclaim = "g"\nvalue = "v"\nrole = "leader"\n', "give area (a code, or * for the whole city) or grid"),
        (RULES + '[[role]]\nclaim = "g"\nvalue = "v"\nrole = "leader"\narea = "1"\ngrid = "2"\n', "one of them"),
        (RULES + '[[role]]\nclaim = "g"\nrole = "leader"\narea = "1"\n', "'role[7].value' is missing"),
        (RULES + '[[role]]\nclaim = "g"\nvalue = ""\nrole = "leader"\narea = "1"\n', "must not be empty"),
        (RULES + '[[role]]\nclaim = "g"\nvalue = "v"\nrole = "leader"\narea = "1"\ncentre = "urbn"\n', "is 'urban' meant?"),
        ('[second_factor]\namr = ["pwd"]\n' + RULES, "stand for a password alone"), ('[claims]\nsubjekt = "x"\n' + RULES, "is 'subject' meant?"),
        ("scopes = [1]\n" + RULES, "every item of 'scopes'"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_is_told_at_the_start(tmp_path: Path, mapping: str, said: str) -> None:
    with pytest.raises(SettingsFault) as fault:
        Settings.from_env(environment_of(tmp_path, "https://id.example", mapping))
    assert said in fault.value.sentence.en and "mapping.toml" in fault.value.sentence.en


def test_all_faults_of_the_settings_are_listed_at_once(tmp_path: Path) -> None:
    given = environment_of(tmp_path, "http://id.example", 'aprove = "x"\n[second_factor]\namr = [""]\n' + RULES + "[[role]]\n")
    del given["COMMANDCENTER_OIDC_CLIENT_ID"]
    (tmp_path / "secret").write_text("\n", encoding="utf-8")
    with pytest.raises(SettingsFault) as fault:
        Settings.from_env({**given, "COMMANDCENTER_PORT": "x"})
    all_of_them = (
        "CLIENT_ID is missing", "must be an https:// address", "secret in one line", "'aprove' is unknown", "'amr'", "'role[7].claim'", "PORT must be",
    )  # fmt: skip
    for said in all_of_them:
        assert said in fault.value.sentence.en, said
    assert CLIENT_SECRET not in str(provider_of(tmp_path, "https://id.example", MAPPING))
    for issuer in ("https://id.example?x=1", "ftp://id.example", "https://", "https://user@id.example", "https://id example", "https://id.example:x"):
        with pytest.raises(SettingsFault, match="must be an https:// address"):
            Settings.from_env(environment_of(tmp_path, issuer, MAPPING))
    missing = {**environment_of(tmp_path, "https://id.example", MAPPING), "COMMANDCENTER_OIDC_MAPPING": str(tmp_path / "gone.toml")}
    with pytest.raises(SettingsFault, match=r"gone\.toml cannot be read"):
        Settings.from_env({**missing, "COMMANDCENTER_OIDC_CLIENT_SECRET_FILE": str(tmp_path / "gone")})
    assert Settings.from_env({}).identity_provider is None


def test_a_role_that_is_none_stops_the_start_and_a_place_is_said(house: Joined, tmp_path: Path) -> None:
    issuer = house.provider.issuer
    assert ["230299" in warning.en for warning in check_mapping(house.connection, provider_of(tmp_path, issuer, MAPPING))] == [True]
    wrong = MAPPING.replace('"dispatcher"', '"dispacher"').replace('"leader"', '"king of all"')
    settings = replace(house.database.settings, identity_provider=provider_of(tmp_path, issuer, wrong))
    with pytest.raises(SettingsFault) as fault:
        _check_identity_provider(settings)
    assert "'dispacher' that there is none of; is dispatcher meant?" in fault.value.sentence.en and "'king of all'" in fault.value.sentence.en
    _check_identity_provider(house.database.settings)


def test_the_mapping_knows_the_centres_that_accounts_know() -> None:
    assert set(CENTRES) == set(bulk.CENTRES)
    with pytest.raises(BadInput):
        accounts.checked_name("Id-X")
