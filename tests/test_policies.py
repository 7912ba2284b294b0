"""Who sees and writes what, table by table, straight in PostgreSQL: the lock is the database's, whichever door is used."""

from __future__ import annotations

import asyncio
import random

import psycopg
import pytest
from psycopg import errors, sql

from commandcenter.actor import Actor, Scope
from commandcenter.config import Settings
from commandcenter.db.connect import application_dsn
from commandcenter.db.migrate import APPLICATION, LEAKPROOF, OWNER, fitness, mark_leakproof
from commandcenter.db.request import SET_ACTOR, SqlRequest
from commandcenter.db.run import Reader, acting
from commandcenter.db.schema import Base
from commandcenter.security.builtin import STEWARD
from tests.asking import NOBODY, ask
from tests.city import COMMUNITY, EAST, EASTERNER, OPERATOR, STRANGER, STREET, WEST, WEST_WRITER, WESTERNER
from tests.conftest import TestDatabase

PLACED = ("grid", "unit_cell", "compound", "household_count", "address", "camera", "cases", "service_point", "component", "key_site")
OPEN_GROUND = ("area", "base_feature", "building", "city", "source", "grid_plan", "layer_change", "ingest_run", "mapping_version", "division_code")
CLOSED = ("quarantine", "upload", "ingest_raw", "ingest_before", "correction", "ingest_finding", "ingest_preview", "track")
EMPTY_HERE = {"ingest_run", "mapping_version", "division_code"}  # the little city is drawn, not imported
SEARCH = ("search_doc", "search_gram")
AUDIT = ("audit_event", "audit_waiting", "audit_chain", "audit_checkpoint")  # who reads and writes them: test_audit_rights.py
PEOPLE = (
    "role", "account", "appointment", "sign_in", "recovery_code", "centre_kind",  # test_accounts, test_second_factor, test_places
    "break_glass", "token", "account_identity", "identity_return",  # test_break_glass, test_tokens, test_oidc
)  # fmt: skip
CASES = (
    "code_system", "case_category", "case_standard", "stage_limit", "work_calendar", "work_day", "department", "department_member",
    "case_state", "case_move", "case_event", "case_key", "case_number", "case_note", "case_contact",  # test_case_moves, test_case_life
)  # fmt: skip
HOUSEHOLDS = ("household", "person", "person_private")  # test_people.py
EAST_WRITER = Actor("test:east-writer", EASTERNER.title, Scope(districts=(EAST,)), frozenset({"read", "write"}))


def count(connection: psycopg.Connection, actor: Actor | None, table: str, where: str = "true") -> int:
    return int(ask(connection, actor, SqlRequest(f"select count(*) as n from {table} t where {where}"))[0]["n"])


def test_every_table_of_the_schema_stands_in_one_of_these_lists() -> None:
    assert {t.name for t in Base.metadata.sorted_tables} == set(PLACED + OPEN_GROUND + CLOSED + SEARCH + AUDIT + PEOPLE + HOUSEHOLDS + CASES)


def test_every_table_is_locked_and_the_lock_holds_for_its_owner_too(connection: psycopg.Connection) -> None:
    rows = connection.execute(
        "select relname, relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) from pg_class"
        " where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and relname not in ('spatial_ref_sys', 'alembic_version')"
    ).fetchall()
    assert len(rows) == len(Base.metadata.tables)
    assert [row for row in rows if row[1:] != (True, True, OWNER)] == []


@pytest.mark.parametrize("table", PLACED)
def test_placed_rows_are_seen_inside_the_jurisdiction_only(table: str, connection: psycopg.Connection) -> None:
    whole = count(connection, OPERATOR, table)
    west, east = (count(connection, OPERATOR, table, f"district_code = '{code}'") for code in (WEST, EAST))
    assert west > 0 and east > 0, "the little city must have some in both districts"
    assert count(connection, None, table) == 0
    assert count(connection, STRANGER, table) == 0
    assert count(connection, WESTERNER, table) == west
    assert count(connection, EASTERNER, table) == east
    assert whole >= west + east
    assert count(connection, WESTERNER, table, f"district_code is distinct from '{WEST}'") == 0
    street = count(connection, OPERATOR, table, "street_code = '230202001'")
    community = count(connection, OPERATOR, table, "community_code = '230202001006'")
    assert (count(connection, STREET, table), count(connection, COMMUNITY, table)) == (street, community)
    assert 0 < community <= street < whole


@pytest.mark.parametrize("table", OPEN_GROUND)
def test_open_ground_is_everybodys_and_nobodys_is_nothing(table: str, connection: psycopg.Connection) -> None:
    whole = count(connection, OPERATOR, table)
    assert whole > 0 or table in EMPTY_HERE
    assert {count(connection, actor, table) for actor in (STRANGER, STREET, WESTERNER)} == {whole}
    assert count(connection, None, table) == 0


def test_an_empty_actor_with_every_scope_is_still_nobody_on_open_ground(connection: psycopg.Connection) -> None:
    connection.execute(SET_ACTOR, ("", "", f"{{{WEST}}}", "{}", "{}", "{}", "", "on", "{write}"))
    assert connection.execute("select count(*) from area").fetchone() == (0,)
    with pytest.raises(errors.InsufficientPrivilege):
        connection.execute("update camera set name = 'x' where false; insert into source values ('x','x','x','x','x','x','x')")


def test_quarantine_is_for_whole_city_writers(database: TestDatabase) -> None:
    with database.connect() as connection:
        with acting(connection, STEWARD):
            connection.execute("insert into source (name, target, title, title_en, owner, licence, attribution) values ('q','','','','','','')")
            connection.execute("insert into ingest_run (source, mapping, file_name, file_sha256, status) values ('q','','','','running')")
            connection.execute(
                "insert into quarantine (run_id, line, rule, sentence, sentence_en, raw) select id, '1', 'r', 's', 's', 'raw' from ingest_run"
            )
        assert [count(connection, actor, "quarantine") for actor in (None, OPERATOR, WEST_WRITER, STEWARD)] == [0, 0, 0, 1]


@pytest.mark.parametrize("table", SEARCH)
def test_the_search_tables_are_reached_through_their_function_only(table: str, connection: psycopg.Connection) -> None:
    for actor in (None, OPERATOR, STEWARD):
        with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
            count(connection, actor, table)


@pytest.mark.parametrize("table", PLACED)
@pytest.mark.parametrize("actor", [None, OPERATOR, WESTERNER, EAST_WRITER], ids=["nobody", "reader of all", "reader", "writer of the other district"])
def test_nobody_else_changes_or_deletes_a_row(table: str, actor: Actor | None, connection: psycopg.Connection) -> None:
    west = count(connection, OPERATOR, table, f"district_code = '{WEST}'")
    connection.execute(SET_ACTOR, NOBODY if actor is None else actor.settings)
    for statement in ("update {} set row_hash = 'touched' where district_code = %s", "delete from {} where district_code = %s"):
        touched = connection.execute(sql.SQL(statement).format(sql.Identifier(table)), [WEST])  # type: ignore[arg-type]
        assert touched.rowcount == 0
    assert count(connection, OPERATOR, table, f"district_code = '{WEST}'") == west


@pytest.mark.parametrize("table", PLACED)
def test_a_writer_changes_its_own_district_and_cannot_move_rows_out_of_it(table: str, connection: psycopg.Connection) -> None:
    west = count(connection, OPERATOR, table, f"district_code = '{WEST}'")
    connection.execute(SET_ACTOR, WEST_WRITER.settings)
    changed = connection.execute(sql.SQL("update {} set row_hash = 'touched'").format(sql.Identifier(table)))
    assert changed.rowcount == west
    with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
        connection.execute(
            sql.SQL("update {} set district_code = %s, street_code = null, community_code = null").format(sql.Identifier(table)), [EAST]
        )


@pytest.mark.parametrize("table", ["area", "base_feature", "building", "source", "grid_plan"])
def test_open_ground_is_written_by_whole_city_writers_only(table: str, connection: psycopg.Connection) -> None:
    for actor in (OPERATOR, WEST_WRITER):
        connection.execute(SET_ACTOR, actor.settings)
        assert connection.execute(sql.SQL("delete from {}").format(sql.Identifier(table))).rowcount == 0
    connection.execute(SET_ACTOR, STEWARD.settings)
    column = {"source": "owner", "grid_plan": "title"}.get(table, "row_hash")
    assert connection.execute(sql.SQL("update {} set {} = 'x'").format(sql.Identifier(table), sql.Identifier(column))).rowcount > 0


def test_history_is_appended_never_changed(connection: psycopg.Connection) -> None:
    connection.execute(SET_ACTOR, STEWARD.settings)
    for statement in ("update layer_change set table_name = 'x'", "delete from layer_change"):
        with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
            connection.execute(statement)


def test_the_application_role_owns_nothing_and_cannot_rise(connection: psycopg.Connection) -> None:
    row = connection.execute(
        "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication from pg_roles where rolname = current_user"
    ).fetchone()
    assert row == (False,) * 5
    assert connection.execute("select session_user, current_user").fetchone() == (APPLICATION, APPLICATION)
    assert connection.execute("select count(*) from pg_class where relowner = current_user::regrole").fetchone() == (0,)
    for statement in (
        f"set role {OWNER}",
        f"set session authorization {OWNER}",
        "alter table camera disable row level security",
        "drop policy read_in_jurisdiction on camera",
        "alter role commandcenter_app bypassrls",
        "truncate camera",
        "set session_replication_role = replica",
        "create table public.mine (id int)",
        "select search_forget('areas')",
        "create function geometry_overlaps_too(geometry, geometry) returns boolean language sql leakproof as 'select true'",
    ):
        with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
            connection.execute(statement)
    connection.execute("reset role")
    assert connection.execute("select current_user").fetchone() == (APPLICATION,)


def test_the_box_operators_are_leakproof_and_a_restore_is_mended(database: TestDatabase) -> None:
    with psycopg.connect(database.admin_dsn, autocommit=True) as admin, database.connect() as connection:
        assert fitness(connection).leakproof
        for signature in LEAKPROOF:
            admin.execute(f"alter function {signature} not leakproof")  # type: ignore[arg-type]
        connection.rollback()
        assert not fitness(connection).leakproof
        assert mark_leakproof(admin)
        connection.rollback()
        assert fitness(connection).leakproof


def test_the_actor_ends_with_its_transaction(city_database: TestDatabase) -> None:
    with city_database.connect() as connection:
        with acting(connection, OPERATOR):
            assert connection.execute("select count(*) > 0 from camera").fetchone() == (True,)
        connection.commit()
        assert connection.execute("select current_setting('commandcenter.actor', true), count(*) from camera").fetchone() in (("", 0), (None, 0))


def test_a_city_on_somebody_elses_server_is_read_as_the_application_role(city_database: TestDatabase) -> None:
    """The account of COMMANDCENTER_DATABASE_URL may own everything: each pooled connection steps down from it, or policies would not bind it."""
    dsn = application_dsn(Settings(database_url=city_database.admin_dsn))

    async def asked() -> tuple[dict[str, object] | None, dict[str, object] | None]:
        reader = Reader(dsn, 1)
        await reader.open()
        try:
            who = SqlRequest("select current_user as role, current_setting('jit') as jit", {}, "role")
            return await reader.row(STRANGER, who), await reader.row(STRANGER, SqlRequest("select count(*) as n from camera", {}, "cameras"))
        finally:
            await reader.close()

    assert asyncio.run(asked()) == ({"role": APPLICATION, "jit": "off"}, {"n": 0})


def test_pooled_connections_never_carry_an_actor_over(city_database: TestDatabase) -> None:
    """200 interleaved reads by three actors over two connections: each sees its own rows, and its own name in PostgreSQL."""
    question = SqlRequest("select current_setting('commandcenter.actor') as me, count(*) as n, max(district_code) as far from camera", {}, "interleaved")
    actors = [WESTERNER, EASTERNER, STRANGER]

    async def interleave() -> tuple[list[tuple[Actor, dict[str, object]]], list[dict[str, object]]]:
        reader = Reader(city_database.app_dsn, 2)
        await reader.open()
        try:
            order = random.Random(7).choices(actors, k=200)
            answers = await asyncio.gather(*(reader.row(actor, question) for actor in order))
            nobody = Actor("", OPERATOR.title, Scope())
            left = await asyncio.gather(*(reader.row(nobody, question) for _ in range(8)))
        finally:
            await reader.close()
        return list(zip(order, answers, strict=True)), left  # type: ignore[arg-type, return-value]

    answered, left = asyncio.run(interleave())
    assert len(answered) == 200
    for actor, row in answered:
        assert row["me"] == actor.id
        expected = {WESTERNER.id: WEST, EASTERNER.id: EAST, STRANGER.id: None}[actor.id]
        assert row["far"] == expected
        assert bool(row["n"]) == (expected is not None)
    assert [row["n"] for row in left] == [0] * 8
