"""Who notes and who reads the audit: under one's own name only, with its permission only, changed by nobody."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import errors

from commandcenter.actor import Actor, Scope
from commandcenter.audit.record import LONGEST_REASON, Event, Subject, note, note_request
from commandcenter.audit.seal import KEEPER, seal
from commandcenter.audit.verify import need_whole
from commandcenter.db.run import Reader, acting
from commandcenter.security.builtin import STEWARD
from tests.audit_record import AUDITOR, Record, record
from tests.city import OPERATOR, STREET

__all__ = ["record"]  # the fixture

TABLES = ("audit_event", "audit_waiting", "audit_chain", "audit_checkpoint")


def test_an_event_says_who_did_what_and_when(record: Record) -> None:
    before = datetime.now(UTC)
    with acting(record.connection, OPERATOR):
        note(record.connection, OPERATOR, "reveal", door="wall", subject=Subject("household", 7), reason="走失老人\x00\ud800" + "x" * 2000,
             detail={"fields": ["name"], "n": 1, "说": "\"'\\ é"}, address="10.0.0.7")  # fmt: skip
        note(record.connection, OPERATOR, "look", door="api", address="not an address")
    (first, second) = record.told("select actor, door, act, subject_table, subject_key, reason, detail, host(address), at from audit_event order by id")
    assert first[:5] == (OPERATOR.id, "wall", "reveal", "household", "7")
    assert first[5].startswith("走失老人?xx") and len(first[5]) == LONGEST_REASON
    assert first[6:8] == ({"fields": ["name"], "n": 1, "说": "\"'\\ é"}, "10.0.0.7")
    assert abs(first[8] - before) < timedelta(minutes=1)
    assert second[2:8] == ("look", None, None, None, {}, None)


def test_an_event_is_committed_with_what_it_tells_or_not_at_all(record: Record) -> None:
    class ChangedTheirMind(Exception):
        pass

    with pytest.raises(ChangedTheirMind), acting(record.connection, OPERATOR):
        note(record.connection, OPERATOR, "look", door="wall")
        raise ChangedTheirMind
    assert record.told("select from audit_event union all select from audit_waiting") == []


def test_a_reader_notes_before_it_shows(record: Record) -> None:
    async def look() -> list[dict[str, Any]]:
        reader = Reader(record.database.app_dsn, 1)
        await reader.open()
        try:
            return await reader.rows(OPERATOR, note_request(OPERATOR, Event("look", "wall", Subject("camera", 3), detail={"a": 1}, address="::1")))
        finally:
            await reader.close()

    assert asyncio.run(look()) == [{"noted": True}]
    assert record.told("select actor, subject_key, detail, host(address) from audit_event") == [(OPERATOR.id, "3", {"a": 1}, "::1")]


def test_nobody_notes_under_anothers_name_or_as_nobody(record: Record) -> None:
    for acts in (STEWARD, Actor("", OPERATOR.title, Scope())):
        with pytest.raises(errors.InsufficientPrivilege), acting(record.connection, acts):
            note(record.connection, OPERATOR, "look", door="wall")
    with pytest.raises(errors.InsufficientPrivilege):
        note(record.connection, OPERATOR, "look", door="wall")
    with pytest.raises(errors.InsufficientPrivilege), acting(record.connection, Actor("", OPERATOR.title, Scope())):
        note(record.connection, Actor("", OPERATOR.title, Scope()), "look", door="wall")
    assert record.told("select from audit_event") == []


def test_nobody_chooses_number_or_moment(record: Record) -> None:
    for column, value in (("id", "7"), ("at", "now() - interval '1 year'")):
        with pytest.raises(errors.InsufficientPrivilege), acting(record.connection, OPERATOR):
            record.connection.execute(f"insert into audit_event ({column}, actor, door, act) values ({value}, '{OPERATOR.id}', 'wall', 'look')")  # type: ignore[arg-type]
    for bad in ("'window', 'look'", "'wall', 'Look!'"):
        with pytest.raises(errors.CheckViolation), acting(record.connection, OPERATOR):
            record.connection.execute(f"insert into audit_event (actor, door, act) values ('{OPERATOR.id}', {bad})")  # type: ignore[arg-type]


def test_the_audit_is_read_with_its_permission_only(record: Record) -> None:
    record.sealed(3)
    record.note(2)
    seen: dict[str, list[int]] = {}
    nobody, pretender = replace(AUDITOR, id=""), replace(OPERATOR, permissions=frozenset({"audit2", "au", "{audit}"}))
    for actor in (nobody, OPERATOR, STEWARD, STREET, pretender):
        with acting(record.connection, actor):
            seen[f"{actor.id} {sorted(actor.permissions)}"] = [record.connection.execute(f"select from {table}").rowcount for table in TABLES]  # type: ignore[arg-type]
    assert set(map(tuple, seen.values())) == {(0, 0, 0, 0)} and len(seen) == 5
    with acting(record.connection, AUDITOR):
        assert [record.connection.execute(f"select from {table}").rowcount for table in TABLES] == [5, 2, 3, 0]  # type: ignore[arg-type]
    month = record.told("select tableoid::regclass::text from audit_event limit 1")[0][0]
    with pytest.raises(errors.InsufficientPrivilege), acting(record.connection, AUDITOR):
        record.connection.execute(f"select from {month}")  # type: ignore[arg-type]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", ["update {} set {} = {}", "delete from {}", "truncate {}", "insert into {} overriding system value select * from {}"])
def test_the_application_role_changes_nothing(table: str, change: str, record: Record) -> None:
    record.sealed(1)
    column = {"audit_event": "act", "audit_waiting": "event_id"}.get(table, "seq")
    statement = change.format(table, column, column) if "update" in change else change.format(table, table)
    with pytest.raises(errors.InsufficientPrivilege), acting(record.connection, KEEPER):
        record.connection.execute(statement)  # type: ignore[arg-type]


def test_not_even_a_superuser_changes_it_by_mistake(record: Record) -> None:
    record.sealed(3)
    record.note()
    month = record.told("select tableoid::regclass::text from audit_event limit 1")[0][0]
    statements = [f"truncate {table}" for table in (*TABLES, month, "audit.event_default")]
    statements += ["update audit_event set actor = 'x'", "delete from audit_event", f"delete from {month}", "update audit_chain set seq = seq + 1",
                   "delete from audit_chain", "delete from audit_waiting", "update audit_waiting set event_id = 1"]  # fmt: skip
    for statement in statements:
        with psycopg.connect(record.database.admin_dsn) as admin, pytest.raises(errors.InsufficientPrivilege):
            admin.execute(statement)  # type: ignore[arg-type]
    seal(record.connection, record.heads)
    need_whole(record.verify())
