"""Places of an actor: any mix of areas, grids and centres sees exactly the rows that a slow, obvious rule picks, in tables and in search."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from commandcenter.actor import Actor, Scope
from commandcenter.db.request import SqlRequest
from commandcenter.db.run import acting
from commandcenter.security import accounts, store
from commandcenter.security.builtin import ACCOUNT_COMMANDS, STEWARD
from commandcenter.text import Text
from tests.asking import ask
from tests.city import COMMUNITIES, EAST, GRIDS, KINDS, OPERATOR, WEST, build
from tests.conftest import TestDatabase

WITH_GRIDS = ("grid", "compound", "household_count", "address", "camera", "cases", "service_point", "component", "key_site")
STREETS = ("230202001", "230202002", "230203001")
PLACES = st.one_of(
    st.just(("city", "")), st.sampled_from([("district", WEST), ("district", EAST)]), st.sampled_from([("street", code) for code in STREETS]),
    st.sampled_from([("community", code) for code in COMMUNITIES]), st.sampled_from([("grid", code) for code in GRIDS]),
)  # fmt: skip
CENTRES = {"emergency": set(KINDS), "grid": {"grid", "hotline", "event"}, "urban": {"component", "event", "hotline", "enforcement"}}


def actor_of(places: list[tuple[tuple[str, str], str | None]]) -> Actor:
    """An actor with these places, each in a centre or all, put together as account_actor does."""
    codes: dict[str, tuple[str, ...]] = {
        level: tuple(sorted({code for (at, code), _ in places if at == level})) for level in ("district", "street", "community", "grid")
    }
    kinds = None
    if any(centre for _, centre in places):
        kinds = tuple({f"{kind}@{code}" for (_, code), centre in places for kind in (CENTRES[centre] if centre else KINDS)})
    whole = any(level == "city" for (level, _), _ in places)
    scope = Scope(whole, codes["district"], codes["street"], codes["community"], codes["grid"], kinds)
    return Actor("test:places", Text("某人", "Somebody"), scope, frozenset({"read"}))


def is_in(row: dict[str, Any], place: tuple[str, str]) -> bool:
    level, code = place
    return level == "city" or row[f"{level}_code"] == code


def is_seen(table: str, row: dict[str, Any], places: list[tuple[tuple[str, str], str | None]]) -> bool:
    """The obvious rule: the row lies in some place, and a case is of a kind that the centre of some such place handles."""
    held = [centre for place, centre in places if is_in(row, place)]
    return bool(held) and (table != "cases" or any(centre is None or row["kind"] in CENTRES[centre] for centre in held))


def everything(connection: psycopg.Connection, table: str) -> list[dict[str, Any]]:
    grid = "code" if table == "grid" else "grid_code"
    kind = "kind" if table == "cases" else "null"
    return ask(connection, OPERATOR, SqlRequest(f"select id, district_code, street_code, community_code, {grid} as grid_code, {kind} as kind from {table}"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(places=st.lists(st.tuples(PLACES, st.sampled_from([None, None, *CENTRES])), max_size=3))
def test_any_mix_of_places_sees_what_the_obvious_rule_picks(connection: psycopg.Connection, places: list[tuple[tuple[str, str], str | None]]) -> None:
    actor = actor_of(places)
    for table in WITH_GRIDS:
        expected = {row["id"] for row in everything(connection, table) if is_seen(table, row, places)}
        assert {row["id"] for row in ask(connection, actor, SqlRequest(f"select id from {table}"))} == expected, (table, places)
    cases = {row["id"]: row for row in everything(connection, "cases")}
    found = [row for row in ask(connection, actor, SqlRequest("select * from search_city('AJ2026', 1000)")) if row["layer"] == "cases"]
    open_ones = {row["id"] for row in ask(connection, OPERATOR, SqlRequest("select id from cases where is_open"))}
    assert {row["ref_id"] for row in found} == {ref for ref in open_ones if is_seen("cases", cases[ref], places)}, places
    named = ask(connection, actor, SqlRequest("select * from search_city('暴露垃圾', 1000)"))
    assert {row["ref_id"] for row in named if row["layer"] == "cases"} <= {ref for ref in open_ones if is_seen("cases", cases[ref], places)}


def test_the_rule_of_centres_is_the_databases(connection: psycopg.Connection) -> None:
    rows = ask(connection, OPERATOR, SqlRequest("select centre, kind from centre_kind"))
    assert {centre: {row["kind"] for row in rows if row["centre"] == centre} for centre in CENTRES} == CENTRES


def test_two_scopes_share_tiles_only_if_they_see_the_same() -> None:
    scopes = [
        Scope(), Scope(grids=("1",)), Scope(communities=("1",)), Scope(grids=("1", "2")), Scope(grids=("1",), case_places=()),
        Scope(grids=("1",), case_places=("event@1",)), Scope(whole_city=True), Scope(whole_city=True, case_places=("event@",)),
    ]  # fmt: skip
    assert len({scope.digest for scope in scopes}) == len(scopes)
    assert Scope(grids=("a", "b"), case_places=("x", "y")).digest == Scope(grids=("b", "a"), case_places=("y", "x")).digest


def test_a_boundary_that_moves_changes_what_its_worker_sees(connection: psycopg.Connection) -> None:
    """Nobody touches the account: the row's grid is another now."""
    mine, other = list(GRIDS)[:2]
    worker = actor_of([(("grid", mine), None)])
    before = {row["id"] for row in ask(connection, worker, SqlRequest("select id from camera"))}
    assert before
    ask(connection, STEWARD, SqlRequest("update camera set grid_code = %s where grid_code = %s returning id", [other, mine]))
    assert ask(connection, worker, SqlRequest("select id from camera")) == []
    assert before <= {row["id"] for row in ask(connection, actor_of([(("grid", other), None)]), SqlRequest("select id from camera"))}


def test_accounts_get_their_places_from_their_appointments(clone: Any) -> None:
    """Grid, area and centre, each with its dates; what is over, not begun or not approved counts for nothing."""
    made: TestDatabase = clone("places")
    with made.connect() as connection, psycopg.connect(made.admin_dsn, autocommit=True, row_factory=dict_row) as admin:
        build(connection)
        connection.autocommit = True
        grid = next(iter(GRIDS))
        accounts.add(connection, "worker", "网格员", "grid_worker", store.Place(grid=grid, centre="grid"))
        guard = replace(ACCOUNT_COMMANDS, id="account:999", permissions=frozenset({"security"}))
        number = admin.execute("select id from account").fetchone()
        assert number is not None
        account = number["id"]

        def actor() -> Actor:
            row = store.actor_row(connection, account)
            assert row is not None
            return accounts.account_actor(row)

        assert store.actor_row(connection, account) is None  # not let in yet
        store.asked(connection, guard, store.settle_request(account, True))
        assert actor().scope == Scope(grids=(grid,), case_places=tuple(sorted(f"{kind}@{grid}" for kind in CENTRES["grid"])))

        def appoint(role: str, place: store.Place) -> int:
            return int(store.asked(connection, ACCOUNT_COMMANDS, store.appoint_request("worker", role, place))[0]["id"])

        wider = appoint("verifier", store.Place(area="230202002"))
        assert actor().scope.streets == ()  # proposed, not approved
        assert not store.asked(connection, replace(guard, id=ACCOUNT_COMMANDS.id), store.settle_appointment_request(wider, True))[0]["settled"]
        assert store.asked(connection, guard, store.settle_appointment_request(wider, True))[0]["settled"]
        assert (actor().scope.streets, actor().scope.grids) == (("230202002",), (grid,))
        assert set(actor().scope.case_places or ()) == {f"{kind}@{grid}" for kind in CENTRES["grid"]} | {f"{kind}@230202002" for kind in KINDS}
        admin.execute("update appointment set valid_from = now() + interval '1 day' where id = %s", [wider])
        assert actor().scope.streets == ()
        admin.execute("update appointment set valid_from = now() - interval '2 day', valid_to = now() - interval '1 day' where id = %s", [wider])
        assert actor().scope.streets == ()

        steward = appoint("data_steward", store.Place())
        store.asked(connection, guard, store.settle_appointment_request(steward, True))
        assert actor().may("steward") and actor().scope.whole_city
        assert store.asked(connection, guard, store.end_appointment_request(steward))[0]["ended"]
        assert not actor().may("steward") and not actor().scope.whole_city

        for role, place, fault in (
            ("leader", store.Place(area="999999"), psycopg.errors.NoDataFound), ("leader", store.Place(grid="999999"), psycopg.errors.NoDataFound),
            ("king", store.Place(), psycopg.errors.ForeignKeyViolation), ("leader", store.Place(WEST, grid), psycopg.errors.CheckViolation),
            ("leader", store.Place(centre="space"), psycopg.errors.CheckViolation),
        ):  # fmt: skip
            with pytest.raises(fault):
                appoint(role, place)
        themselves = replace(ACCOUNT_COMMANDS, id=f"account:{account}")
        for act in (store.appoint_request("worker", "leader", store.Place()),):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                store.asked(connection, themselves, act)
        for request in (store.appoint_request("worker", "leader", store.Place()), store.settle_appointment_request(1, True), store.end_appointment_request(1)):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), acting(connection, OPERATOR):
                connection.execute(request.sql, request.params)  # type: ignore[arg-type]
        audited = admin.execute("select act, count(*) from audit_event where subject_key = %s group by act order by act", [str(account)]).fetchall()
        assert {row["act"]: row["count"] for row in audited} == {"account": 4, "approve": 3}
