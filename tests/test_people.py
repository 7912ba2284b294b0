"""Households and people: masked for who may, in full for a typed reason, nothing for others; encrypted at rest; erased for good."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg import errors
from psycopg.rows import dict_row

from commandcenter.__main__ import _words
from commandcenter.actor import Actor, Scope
from commandcenter.audit.heads import Heads
from commandcenter.audit.seal import seal
from commandcenter.audit.verify import verify
from commandcenter.db.registers import finish_load, write_source
from commandcenter.db.request import SqlRequest
from commandcenter.db.run import acting
from commandcenter.demo.people import CHECK, WEIGHTS, Counted, homes
from commandcenter.errors import BadInput, Unavailable
from commandcenter.people import commands, limits, register, store
from commandcenter.people.register import Home, Resident
from commandcenter.security.builtin import PEOPLE_COMMANDS, STEWARD
from commandcenter.security.keyring import Keyring
from ingest.governance.count_store import place_counts
from tests.asking import ask
from tests.city import EAST, OPERATOR, build
from tests.serving import ServedApplication
from tests.test_accounts import HOSTILE, STREET, House, Person

SOURCE = {
    "name": "test_people", "target": "household", "title": "测试人口", "title_en": "Test people", "owner": "tests", "licence": "", "attribution": "",
    "cadence_s": None, "synthetic": True,
}  # fmt: skip
ZHANG = Resident("P00000000ZHAN", "head", 1961, "张小梅", "13800001234", "230202196101015678")
LI = Resident("P0000000000LI", "spouse", 1959, "李大河", "0452-223344", "23020219590303777X")
WANG = Resident("P00000000WANG", "head", 1988, "王<b>远</b>", None, None, "away")
EAST_HEAD = Resident("P00000000EAST", "head", 1990, "赵东", "13911112222", "230203199001019999")
REASON = "事项 AJ2026000012 核实"
HERE, THERE = "230202001006001", "230203001001001"
ACTOR = {
    name: Actor(f"test:{name}", OPERATOR.title, scope, frozenset({"read", *may}))
    for name, scope, may in (
        ("reader", Scope(streets=(STREET,)), ()), ("worker", Scope(streets=(STREET,)), ("people",)),
        ("leader", Scope(streets=(STREET,)), ("people", "reveal")), ("grid", Scope(grids=(HERE,)), ("people", "reveal")),
        ("foreign", Scope(districts=(EAST,)), ("people", "reveal")), ("blind", Scope(), ("people", "reveal")),
    )
}  # fmt: skip


@dataclass
class Street(House):
    """The served little city with people in two streets, and its key."""

    keys: Keyring
    homes: dict[str, int]
    buildings: dict[str, int]
    people: dict[str, Person]

    def told(self, request: SqlRequest, actor: Actor | None) -> list[dict[str, Any]]:
        with self.connection.transaction():
            return ask(self.connection, actor, request)

    def address(self, building: str, home: str) -> str:
        return f"/people/building/{self.buildings[building]}?household={self.homes[home]}"

    def events(self, *acts: str, since: int = 0) -> list[dict[str, Any]]:
        with self.admin.cursor(row_factory=dict_row) as cursor:
            return cursor.execute("select * from audit_event where act = any(%s) and id > %s order by id", [list(acts), since]).fetchall()

    def last_event(self) -> int:
        (row,) = self.admin.execute("select coalesce(max(id), 0) from audit_event").fetchall()
        return int(row[0])

    def holding(self, words: str) -> list[str]:
        """Every table of the database some row of which holds these words, in text or as they would be inside binary."""
        tables = self.admin.execute(
            "select format('%I.%I', nspname, relname) from pg_class c join pg_namespace n on n.oid = relnamespace"
            " where relkind in ('r', 'p', 'm') and nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and not relispartition"
        ).fetchall()
        inside = words.encode().hex()
        look = "select 1 from {} t where strpos(t::text, %s) > 0 or strpos(t::text, %s) > 0 limit 1"
        return [name for (name,) in tables if self.admin.execute(look.format(name), [words, inside]).fetchone()]


@pytest.fixture(scope="module")
def street(clone: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    folder = tmp_path_factory.mktemp("people")
    made = clone("people")
    keys = Keyring(folder, "heidelberg")
    with made.connect() as connection, psycopg.connect(made.admin_dsn, autocommit=True) as admin:
        build(connection)
        connection.autocommit = True
        buildings = dict(admin.execute("select source_key, id from building").fetchall())
        here, there = buildings[f"house-{HERE}-a"], buildings[f"house-{THERE}-a"]
        with acting(connection, STEWARD):
            write_source(connection, SOURCE)
            entered = register.enter(connection, keys, "test_people", [
                Home(here, "h1", "2-501", "resident", 2, date(2026, 11, 1), [ZHANG, LI]), Home(here, "h2", "2-502", "resident", 1, date(2026, 11, 1), [WANG]),
                Home(here, "h3", "2-503", "vacant", 0, date(2026, 11, 1)), Home(there, "h4", "1-101", "resident", 1, date(2026, 11, 1), [EAST_HEAD]),
            ])  # fmt: skip
            finish_load(connection, lambda _: None)
        assert entered == 4
        homes_by_key = dict(admin.execute("select source_key, id from household").fetchall())
        with ServedApplication(replace(made.settings, city="heidelberg", data_dir=folder)) as served:
            built = Street(served, made, connection, admin, keys, homes_by_key, {"here": here, "there": there}, {})
            roles = {
                "leader": ("grid_leader", STREET), "worker": ("grid_worker", STREET), "dispatcher": ("dispatcher", STREET), "foreign": ("grid_leader", EAST),
            }  # fmt: skip
            for name, (role, area) in roles.items():
                built.account(name, role, area)
                built.people[name] = built.signed_in(name)
            yield built


# Through the database


@pytest.mark.parametrize("actor", [None, *ACTOR.values(), STEWARD, PEOPLE_COMMANDS], ids=lambda actor: actor.id if actor else "nobody")
def test_the_application_role_reads_no_personal_field_whoever_acts(street: Street, actor: Actor | None) -> None:
    for statement in (
        "select * from person_private", "select count(*) from person_private", "select ref from person_private", "select * from person",
        "select born from person",
        "select unit from household", "select * from household", "update person set state = 'away'", "delete from person_private", "delete from household",
        "insert into person_private (ref, name, mark) values ('P00000000000X', 'x', 'x')", "update household set persons = 7", "copy person_private to stdout",
        "select note_people('look', 'wall', 'household', '1', null, '{}', null)",
    ):  # fmt: skip
        with pytest.raises(errors.InsufficientPrivilege), street.connection.transaction(force_rollback=True):
            street.told(SqlRequest(statement + (" returning 1" if statement[:6] in ("update", "delete", "insert") else "")), actor)


def test_households_lie_inside_the_jurisdiction(street: Street) -> None:
    def seen(actor: Actor | None) -> set[str]:
        return {row["source_key"] for row in street.told(SqlRequest("select source_key from household"), actor)}

    assert seen(ACTOR["leader"]) == seen(ACTOR["reader"]) == seen(ACTOR["grid"]) == {"h1", "h2", "h3"}
    assert seen(ACTOR["foreign"]) == {"h4"} and seen(OPERATOR) == {"h1", "h2", "h3", "h4"}
    assert seen(ACTOR["blind"]) == seen(None) == set()
    building = street.buildings["here"]
    listed = street.told(store.households_request(building), ACTOR["worker"])
    assert [(row["kind"], row["persons"], row["known"], row["unit"]) for row in listed] == [
        ("resident", 2, 2, None), ("resident", 1, 1, None), ("vacant", 0, 0, None),
    ]  # fmt: skip
    assert [row["unit"] for row in street.told(store.households_request(building), ACTOR["leader"])] == ["2-501", "2-502", "2-503"]
    for name in ("reader", "foreign", "blind"):
        assert street.told(store.households_request(building), ACTOR[name]) == []


def test_a_look_is_masked_and_written_down_once(street: Street) -> None:
    before = street.last_event()
    rows = street.told(store.look_request(street.homes["h1"], "wall", "10.0.0.7"), ACTOR["worker"])
    assert [(row["role"], row["name"], row["phone"], row["id_number"], row["born_decade"]) for row in rows] == [
        ("head", "张**", "138****1234", "*" * 14 + "5678", 1960), ("spouse", "李**", "045****3344", "*" * 14 + "777X", 1950),
    ]  # fmt: skip
    (event,) = street.events("look", "reveal", "refused", since=before)
    assert (event["actor"], event["act"], event["subject_table"], event["subject_key"]) == ("test:worker", "look", "household", str(street.homes["h1"]))
    assert "张" not in json.dumps(event, default=str, ensure_ascii=False)
    (bare,) = street.told(store.look_request(street.homes["h2"], "wall", ""), ACTOR["worker"])
    assert (bare["name"], bare["phone"], bare["id_number"], bare["state"]) == ("王**", None, None, "away")


@pytest.mark.parametrize("name", ["reader", "foreign", "blind"])
def test_who_may_not_or_not_here_gets_nothing_and_is_written_down(street: Street, name: str) -> None:
    before, actor = street.last_event(), ACTOR[name]
    assert street.told(store.look_request(street.homes["h1"], "wall", ""), actor) == []
    (answer,) = street.told(store.reveal_request(street.homes["h1"], None, REASON, "wall", ""), actor)
    assert answer.pop("outcome") == ("not_permitted" if name == "reader" else "not_here")
    assert set(answer.values()) == {None}
    refused = street.events("look", "reveal", "refused", since=before)
    assert [(event["act"], event["detail"]["asked"]) for event in refused] == [("refused", "look"), ("refused", "reveal")]
    assert {event["reason"] for event in refused} == {None}


def test_nobody_looks_as_nobody(street: Street) -> None:
    for request in (store.look_request(street.homes["h1"], "wall", ""), store.reveal_request(street.homes["h1"], None, REASON, "wall", "")):
        with pytest.raises(errors.InsufficientPrivilege):  # without an actor there is no event, and without the event no answer
            street.told(request, None)


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [("", "no_reason"), (" 核 实 ", "no_reason"), ("1234567", "no_reason"), ("事事事事事事事事事事", "no_reason"), ("        x        ", "no_reason"),
     ("核实张小梅的情况，请看", "reason_tells"), ("拨打 13800001234 无人接", "reason_tells")],
)  # fmt: skip
def test_without_a_reason_nothing_is_revealed(street: Street, reason: str, outcome: str) -> None:
    before = street.last_event()
    (answer,) = street.told(store.reveal_request(street.homes["h1"], ZHANG.ref, reason, "wall", ""), ACTOR["leader"])
    assert answer["outcome"] == outcome and answer["name"] is None and answer["id_sealed"] is None
    (event,) = street.events("look", "reveal", "refused", since=before)
    assert (event["act"], event["detail"]["why"], event["reason"]) == ("refused", outcome, None)


def test_a_reveal_is_one_event_a_person_with_its_reason(street: Street) -> None:
    before = street.last_event()
    rows = street.told(store.reveal_request(street.homes["h1"], None, f"  {REASON}\n", "wall", "10.0.0.7"), ACTOR["grid"])
    assert [(row["name"], row["phone"], row["unit"]) for row in rows] == [("张小梅", "13800001234", "2-501"), ("李大河", "0452-223344", "2-501")]
    assert [register.opened(street.keys, row["ref"], row["id_sealed"]) for row in rows] == [ZHANG.id_number, LI.id_number]
    with pytest.raises(Unavailable):  # a number sealed for one opens for nobody else
        register.opened(street.keys, LI.ref, rows[0]["id_sealed"])
    events = street.events("look", "reveal", "refused", since=before)
    assert [(event["act"], event["subject_key"], event["reason"]) for event in events] == [("reveal", ZHANG.ref, REASON), ("reveal", LI.ref, REASON)]
    assert all("张" not in json.dumps(event["detail"], ensure_ascii=False) for event in events)
    (other,) = street.told(store.reveal_request(street.homes["h1"], EAST_HEAD.ref, REASON, "wall", ""), ACTOR["leader"])
    assert other["outcome"] == "nobody", "a person of another household is not reached through this one"


def test_id_numbers_are_encrypted_at_rest(street: Street) -> None:
    rows = street.admin.execute("select ref, id_sealed, id_last4, mark from person_private where id_sealed is not null").fetchall()
    assert len(rows) >= 3
    for ref, sealed, last4, mark in rows:
        number = street.keys.opened("id_number", bytes(sealed), ref)
        assert number.encode() not in bytes(sealed) and number not in mark and last4 == number[-4:]
        assert street.holding(number) == []


def test_the_limits_the_screens_name_are_the_databases(street: Street) -> None:
    signs = "abcdefghijk"
    request = SqlRequest(
        "select smallest_cell() as cell, is_a_reason(%(short)s) as short, is_a_reason(%(long)s) as long",
        {"short": signs[: limits.SHORTEST_REASON - 1], "long": signs[: limits.SHORTEST_REASON]},
    )
    (row,) = street.told(request, OPERATOR)
    assert (row["cell"], row["short"], row["long"]) == (limits.SMALLEST_CELL, False, True)


def test_people_come_in_by_writers_of_the_place_only(street: Street) -> None:
    home = Home(street.buildings["there"], "h9", None, "resident", 1, date(2026, 11, 1), [replace(EAST_HEAD, ref="P00000000NEW1", id_number=None)])
    writer = Actor("test:writer", OPERATOR.title, Scope(streets=(STREET,)), frozenset({"read", "write"}))
    for actor in (ACTOR["leader"], writer):
        with pytest.raises(errors.InsufficientPrivilege), acting(street.connection, actor):
            register.enter(street.connection, street.keys, "test_people", [home])
    with pytest.raises(errors.ForeignKeyViolation), acting(street.connection, STEWARD):
        register.enter(street.connection, street.keys, "test_people", [replace(home, building=10**9)])
    assert street.holding("P00000000NEW1") == []


def test_a_household_moves_with_its_building(street: Street) -> None:
    with street.connection.transaction(force_rollback=True):
        street.told(SqlRequest("update building set grid_code = '230202001006002' where id = %(id)s returning 1", {"id": street.buildings["here"]}), STEWARD)
        place_counts(street.connection)
        assert street.told(SqlRequest("select 1 from household"), ACTOR["grid"]) == []
        assert len(street.told(SqlRequest("select 1 from household"), ACTOR["leader"])) == 3


# Through the pages


def test_counts_are_for_everybody_who_may_read(street: Street) -> None:
    page = street.people["dispatcher"].get("/people?lang=en")
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    assert "Whole city: 1,536 persons in 640 households, counted on 2026-09-01." in page.text and 'href="/people?at=230202"' in page.text
    grid = street.people["dispatcher"].get(f"/people?at={HERE}").text
    assert "红星街 001a 号" in grid and "96" in grid and "/people/building/" not in grid
    assert f"/people/building/{street.buildings['here']}" in street.people["worker"].get(f"/people?at={HERE}").text


def test_numbers_of_other_places_are_held_back_and_said_so(street: Street) -> None:
    """One small building of the own grid and of a foreign one: the first is told, the second takes its neighbour with it."""
    small = [street.buildings["here"], street.buildings["there"]]
    street.admin.execute("update household_count set persons = 3, resident = 1 where building_id = any(%s)", [small])
    try:
        own, other = (street.people["worker"].get(f"/people?lang=en&at={code}").text for code in (HERE, THERE))
    finally:
        street.admin.execute("update household_count set persons = 96, resident = 40 where building_id = any(%s)", [small])
    assert "&lt;5 or withheld" not in own and ">3<" in own and "99 persons in 41 households" in own
    assert other.count("&lt;5 or withheld</span>") == 4 and ">3<" not in other and "numbers under 5 persons are not told" in other
    assert "99 persons in 41 households" in other, "the grid's own sum is no small one"


def test_a_grid_worker_sees_masked_people_and_no_way_to_more(street: Street) -> None:
    before, worker = street.last_event(), street.people["worker"]
    listed = worker.get(f"/people/building/{street.buildings['here']}").text
    assert f"household={street.homes['h1']}" in listed and "2-501" not in listed and "张" not in listed
    assert street.events("look", since=before) == [], "a list of households shows nobody"
    page = worker.get(f"/people/building/{street.buildings['here']}?household={street.homes['h1']}")
    assert page.headers["cache-control"] == "no-store"
    assert "张**" in page.text and "138****1234" in page.text and "5678" in page.text
    for hidden in ("张小梅", "13800001234", "230202196101015678", "2-501", "<form"):
        assert hidden not in page.text
    assert [event["subject_key"] for event in street.events("look", since=before)] == [str(street.homes["h1"])]
    answer = worker.post(street.address("here", "h1"), reason=REASON)
    assert answer.status_code == 403 and "张小梅" not in answer.text
    assert [event["detail"]["why"] for event in street.events("refused", since=before)] == ["not_permitted"]


def test_a_grid_leader_sees_somebody_in_full_for_a_reason_once(street: Street) -> None:
    before, leader = street.last_event(), street.people["leader"]
    address = street.address("here", "h1") + "&lang=en"
    short = leader.post(address, person=ZHANG.ref, reason="look")
    assert short.status_code == 422 and "at least 8 signs" in short.text and 'value="look"' in short.text and "张小梅" not in short.text
    answer = leader.post(address, person=ZHANG.ref, reason=REASON)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store" and "shown this once" in answer.text
    for shown in ("张小梅", "13800001234", "230202196101015678", "1961", "2-501"):
        assert shown in answer.text
    assert "李" not in answer.text, "who was not asked for is not shown"
    assert "张小梅" not in leader.get(address).text
    (event,) = street.events("reveal", since=before)
    assert (event["subject_key"], event["reason"], event["door"]) == (ZHANG.ref, REASON, "wall") and str(event["address"]).startswith("127.")
    assert [event["detail"]["why"] for event in street.events("refused", since=before)] == ["no_reason"]


def test_other_places_and_other_roles_are_shown_nobody(street: Street) -> None:
    here = street.buildings["here"]
    foreign, dispatcher = street.people["foreign"], street.people["dispatcher"]
    before = street.last_event()
    assert foreign.get(street.address("here", "h1")).status_code == 404
    assert foreign.post(street.address("here", "h1"), reason=REASON).status_code == 403
    assert dispatcher.get(f"/people/building/{here}").status_code == 403
    assert dispatcher.post(street.address("here", "h1"), reason=REASON).status_code == 403
    assert len(street.events("refused", since=before)) == 4 and street.events("look", "reveal", since=before) == []
    assert "没有户的登记" in foreign.get(f"/people/building/{here}").text
    mixed = foreign.get(street.address("there", "h1"))
    assert mixed.status_code == 404 and "张" not in mixed.text


def test_hostile_words_are_words(street: Street) -> None:
    leader, address = street.people["leader"], street.address("here", "h2")
    shown = leader.post(address, reason=f"<script>alert(1)</script> {REASON}")
    assert shown.status_code == 200 and "王&lt;b&gt;远&lt;/b&gt;" in shown.text and "<b>" not in shown.text
    for words in HOSTILE:
        for fields in ({"person": words, "reason": REASON}, {"reason": words}, {"reason": words * 9 + "x", "person": WANG.ref}):
            answer = leader.post(address, **fields)
            assert answer.status_code in (200, 400, 422), (words, fields, answer.text)
            assert "<script>" not in answer.text and (answer.status_code == 200) == ("王&lt;" in answer.text)
    for household in ("x'", "0", "-1", "9" * 30, "%00", "1%20or%201=1"):
        assert leader.post(f"/people/building/{street.buildings['here']}?household={household}", reason=REASON).status_code == 403, household
    for path in ("/people?at=%00", "/people?at=%27%20or%201=1", "/people/building/0", "/people/building/999999999999999", "/people/building/1?household=x'"):
        assert leader.get(path).status_code == 404, path
    for path in ("/people/building/x", "/people/building/-1", "/people/building/1/2", "/people/household", "/people/"):
        assert leader.get(path).status_code == 404, path


def test_a_form_of_another_site_reveals_nothing(street: Street) -> None:
    before, leader = street.last_event(), street.people["leader"]
    answer = leader.client.post(street.address("here", "h1"), data={"reason": REASON}, headers={"origin": "https://elsewhere.example"})
    assert answer.status_code == 403 and street.events("reveal", "refused", since=before) == []


def test_the_buildings_card_leads_there_for_who_may(street: Street) -> None:
    address = f"/features/buildings/{street.buildings['here']}"
    ways = {name: street.people[name].get(address).json()["ways"] for name in ("worker", "dispatcher")}
    assert [way["address"] for way in ways["worker"]] == [f"/people/building/{street.buildings['here']}"] and ways["dispatcher"] == []


# Erased


def erase(street: Street, ref: str, reason: str = "申请 2026-007 依法删除") -> None:
    settings = replace(street.database.settings, city="heidelberg", data_dir=street.keys._path.parents[1])
    commands.carry_out(settings, _words(["people", "erase", ref, "--reason", reason]))


def test_who_is_erased_leaves_a_tombstone_and_every_chain_verifies(
    street: Street, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at, revealed and sealed before; erased; then no table, no search and no event holds the name, and the chain is whole."""
    gone = Resident("P00000000GONE", "head", 1950, "欧阳无踪", "13700007777", "230202195001018888")
    with acting(street.connection, STEWARD):
        register.enter(street.connection, street.keys, "test_people", [Home(street.buildings["here"], "h5", "3-1", "resident", 1, date(2026, 11, 1), [gone])])
    household = street.admin.execute("select id from household where source_key = 'h5'").fetchall()[0][0]
    street.told(store.look_request(household, "wall", ""), ACTOR["leader"])
    street.told(store.reveal_request(household, gone.ref, REASON, "wall", ""), ACTOR["leader"])
    heads = Heads(tmp_path, "heidelberg")
    assert seal(street.connection, heads) > 0
    assert street.holding("欧阳无踪") == ["public.person_private"]

    settings = replace(street.database.settings, city="heidelberg", data_dir=street.keys._path.parents[1])
    monkeypatch.setattr(commands, "getpass", lambda _: " 230202195001018888 ")
    commands.carry_out(settings, _words(["people", "find"]))
    assert capsys.readouterr().out.strip() == gone.ref
    for reason, said in (("短", "at least 8"), ("应欧阳无踪本人申请删除", "holds the person's name")):
        with pytest.raises(BadInput, match=said):
            erase(street, gone.ref, reason)
    before = street.last_event()
    erase(street, gone.ref)
    assert gone.ref in capsys.readouterr().out
    for words in ("欧阳无踪", "欧阳", "13700007777", "230202195001018888"):
        assert street.holding(words) == [], words
    (tombstone,) = street.admin.execute("select state, role, born, erased_at is not null, erased_mark from person where ref = %s", [gone.ref]).fetchall()
    mark = register.mark_of(street.keys, "230202195001018888")
    assert tombstone == ("erased", None, None, True, mark)
    (event,) = street.events("change", since=before)
    assert (event["subject_key"], event["detail"]) == (gone.ref, {"did": "erased", "mark": mark})
    assert seal(street.connection, heads) > 0
    auditor = Actor("test:auditor", OPERATOR.title, Scope(), frozenset({"audit"}))
    assert verify(street.connection, heads, auditor).fault is None

    (masked,) = street.told(store.look_request(household, "wall", ""), ACTOR["leader"])
    assert (masked["state"], masked["name"], masked["role"]) == ("erased", None, None)
    (answer,) = street.told(store.reveal_request(household, None, REASON, "wall", ""), ACTOR["leader"])
    assert answer["outcome"] == "nobody"
    assert "已依法删除" in street.people["leader"].get(f"/people/building/{street.buildings['here']}?household={household}&lang=zh").text
    for ref, said in ((gone.ref, "erased before"), ("P00000000NONE", "no such person"), ("' or 1=1", "no such person")):
        with pytest.raises(BadInput, match=said):
            erase(street, ref)
    with acting(street.connection, STEWARD):  # the next delivery does not bring them back
        again = Home(street.buildings["here"], "h6", "3-1", "resident", 1, date(2026, 12, 1), [replace(gone, ref="P0000000GONE2")])
        assert register.enter(street.connection, street.keys, "test_people", [again]) == 0
    with pytest.raises(BadInput, match="Nobody"):
        commands.carry_out(settings, _words(["people", "find"]))


def test_erasing_is_for_its_command_alone(street: Street) -> None:
    for actor in (*ACTOR.values(), STEWARD):
        with pytest.raises(errors.InsufficientPrivilege), acting(street.connection, actor):
            store.erase(street.connection, ZHANG.ref, "申请 2026-008 依法删除", "cli")
    with pytest.raises(errors.CheckViolation):
        street.admin.execute("update person set state = 'erased' where ref = %s", [ZHANG.ref])


# Made up


def test_the_demonstrations_people_are_nobody() -> None:
    """No ID number passes the check rule or names a region, no telephone has a network, and the household count is met to the last person."""
    day = date(2026, 11, 1)
    counted = [Counted("a", 6, 40, 44, 3, 94, day), Counted("b", 1, 1, 0, 0, 2, day), Counted("c", 2, 0, 0, 4, 0, day)]
    made = list(homes(counted, {"a": 1, "b": 2, "c": 3}, np.random.default_rng(5)))
    again = list(homes(counted, {"a": 1, "b": 2, "c": 3}, np.random.default_rng(5)))
    assert made == again, "same seed, same people"
    kinds = {building: [home.kind for home in made if home.building == building] for building in (1, 2, 3)}
    assert [kinds[1].count(kind) for kind in ("resident", "registered", "vacant")] == [40, 4, 3] and kinds[2] == ["resident"] and kinds[3] == ["vacant"] * 4
    assert [sum(home.persons for home in made if home.building == building) for building in (1, 2, 3)] == [94, 2, 0]
    assert all(home.persons == len(home.people) for home in made)
    people = [person for home in made for person in home.people]
    assert len({person.ref for person in people}) == len({person.phone for person in people}) == len(people) == 96
    for person in people:
        assert person.id_number is not None and person.phone is not None
        assert re.fullmatch(r"999999(19|20)\d{9}[0-9X]", person.id_number) and re.fullmatch(r"109\d{8}", person.phone)
        assert CHECK[sum(int(digit) * weight for digit, weight in zip(person.id_number[:17], WEIGHTS, strict=True)) % 11] != person.id_number[17]
        assert int(person.id_number[6:10]) == person.born
    heads = {home.key: home.people[0].born for home in made if home.people}
    assert all(person.born - heads[home.key] >= 20 for home in made for person in home.people if person.role == "child")
