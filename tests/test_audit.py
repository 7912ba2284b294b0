"""The audit: who notes and reads what, a chain that tells whoever touched it, heads that tell when even the chain was rewritten."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors

from commandcenter.__main__ import main
from commandcenter.actor import Actor, Scope
from commandcenter.audit import store
from commandcenter.audit.heads import Heads, HeadsUnfit
from commandcenter.audit.record import LONGEST_REASON, Event, Subject, note, note_request
from commandcenter.audit.seal import KEEP_DAYS, KEEPER, LEAST_KEEP_DAYS, Sealer, forget, seal
from commandcenter.audit.verify import AuditBroken, Verdict, link_hash, need_whole, verify
from commandcenter.config import Settings
from commandcenter.db.run import Reader, acting
from commandcenter.errors import BadInput
from commandcenter.security.builtin import STEWARD
from commandcenter.worker.auditing import keep_sealing
from ingest.desk import commands
from tests.city import DATA_STEWARD, OPERATOR, STREET
from tests.conftest import TestDatabase
from tests.serving import ServedApplication
from tests.test_desk_commands import SHIPPED, a_run, a_source, an_upload, refused

ROOT = Path(__file__).parents[1]
AUDITOR = Actor("test:auditor", OPERATOR.title, Scope(), frozenset({"audit"}))
CITY = Settings().city
TABLES = ("audit_event", "audit_waiting", "audit_chain", "audit_checkpoint")
TAMPER = "set session_replication_role = replica"  # what a superuser does first: no trigger fires any more


@dataclass
class Record:
    """A database whose acts are noted, sealed and verified."""

    connection: psycopg.Connection
    database: TestDatabase
    heads: Heads
    data_dir: Path

    def note(self, count: int = 1, actor: Actor = OPERATOR, **more: Any) -> None:
        for number in range(count):
            with acting(self.connection, actor):
                note(self.connection, actor, "look", door="wall", subject=Subject("camera", number), **more)

    def sealed(self, *counts: int) -> None:
        """Some events noted and sealed, a head for each count."""
        for count in counts:
            self.note(count)
            assert seal(self.connection, self.heads) == count

    def verify(self) -> Verdict:
        return verify(self.connection, self.heads, AUDITOR)

    def found(self) -> tuple[str, int | None, int | None]:
        """Kind, link and event of the first bad row."""
        fault = self.verify().fault
        assert fault is not None
        return fault.kind, fault.seq, fault.event

    def tamper(self, *statements: str) -> None:
        with psycopg.connect(self.database.admin_dsn) as admin:
            admin.execute(TAMPER)
            for statement in statements:
                assert admin.execute(statement).rowcount > 0, statement  # type: ignore[arg-type]

    def told(self, question: str) -> list[Any]:
        with psycopg.connect(self.database.admin_dsn) as admin:
            return admin.execute(question).fetchall()  # type: ignore[arg-type]


@pytest.fixture
def record(database: TestDatabase, tmp_path: Path) -> Iterator[Record]:
    with database.connect() as connection:
        connection.autocommit = True
        yield Record(connection, database, Heads(tmp_path, CITY), tmp_path)


def rewrite(database: TestDatabase) -> None:
    """Make the whole chain consistent again, as somebody would who knows how it is made."""
    with psycopg.connect(database.admin_dsn) as admin:
        admin.execute(TAMPER)
        admin.execute(
            """do $$ declare c record; prev bytea := decode(repeat('00', 32), 'hex'); begin
                 for c in select l.seq, e as event from audit_chain l join audit_event e on e.id = l.event_id and e.at = l.event_at order by l.seq loop
                   prev := sha256(prev || convert_to(audit_text(c.event), 'UTF8'));
                   update audit_chain set hash = prev where seq = c.seq;
                 end loop; end $$"""
        )


# Who may what


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


# The chain


def test_a_whole_record_verifies(record: Record) -> None:
    assert record.verify().fault is None
    record.sealed(5, 1, 7)
    record.note(2)
    verdict = record.verify()
    assert (verdict.links, verdict.heads, verdict.waiting, verdict.fault) == (13, 3, 2, None)
    assert "13 环" in verdict.sentence.zh and "13 links" in verdict.sentence.en
    assert seal(record.connection, record.heads) == 2 and seal(record.connection, record.heads) == 0
    lines = record.heads.path.read_text().splitlines()
    assert len(lines) == 4, "no line where nothing happened"
    assert json.loads(lines[-1])["seq"] == 15
    assert (os.stat(record.heads.path.parent / "key").st_mode & 0o777) == 0o600


def test_whatever_an_event_holds_is_hashed_the_same_on_both_sides(record: Record) -> None:
    text = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)
    values = st.dictionaries(text, st.none() | st.booleans() | text | st.integers() | st.floats(allow_nan=False, allow_infinity=False), max_size=4)

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(text, text, values, st.none() | st.ip_addresses().map(str))
    def whatever(key: str, reason: str, detail: dict[str, Any], address: str | None) -> None:
        with acting(record.connection, OPERATOR):
            note(record.connection, OPERATOR, "look", door="wall", subject=Subject("x", key), reason=reason, detail=detail, address=address)

    whatever()
    seal(record.connection, record.heads)
    verdict = record.verify()
    assert verdict.fault is None and verdict.links >= 60


def test_a_text_is_hashed_as_documented() -> None:
    assert link_hash(bytes(32), ["1", None, 'a"b']) == sha256(bytes(32) + b'["1", null, "a\\"b"]').digest()


def test_a_late_commit_is_sealed_later_and_is_no_fault(record: Record) -> None:
    with record.database.connect() as slow:
        with acting(slow, STEWARD):
            note(slow, STEWARD, "change", door="desk")
            record.sealed(4)
        assert seal(record.connection, record.heads) == 1
    assert record.verify().fault is None
    assert record.told("select event_id from audit_chain order by seq") == [(2,), (3,), (4,), (5,), (1,)]


TAMPERING: dict[str, tuple[list[str], tuple[str, int | None, int | None]]] = {
    "an event edited": (["update audit_event set actor = 'somebody:else' where id = 4"], ("edited", 4, 4)),
    "a reason edited": (["update audit_event set reason = 'because' where id = 4"], ("edited", 4, 4)),
    "a moment edited": (["update audit_event set at = at + interval '1 microsecond' where id = 4"], ("edited", 4, 4)),
    "an event and its link edited": (
        ["update audit_event set at = at + interval '1 second' where id = 4", "update audit_chain set event_at = event_at + interval '1 second' where seq = 4"],
        ("edited", 4, 4),
    ),
    "an event deleted": (["delete from audit_event where id = 4"], ("removed", 4, 4)),
    "an event deleted with its link": (["delete from audit_event where id = 4", "delete from audit_chain where seq = 4"], ("removed", 4, None)),
    "the first deleted with its link": (["delete from audit_event where id = 1", "delete from audit_chain where seq = 1"], ("removed", 1, None)),
    "deleted and numbered anew": (
        ["delete from audit_event where id = 4", "delete from audit_chain where seq = 4", "update audit_chain set seq = seq - 1 where seq > 4 and seq < 6",
         "update audit_chain set seq = seq - 1 where seq >= 6"],
        ("edited", 4, 5),
    ),
    "links swapped": (
        ["update audit_chain set seq = -4 where seq = 4", "update audit_chain set seq = 4 where seq = 6", "update audit_chain set seq = 6 where seq = -4"],
        ("reordered", 4, 6),
    ),
    "events of links swapped": (
        ["alter table audit_chain drop constraint audit_chain_event_id_event_at_key",
         """update audit_chain c set event_id = o.event_id, event_at = o.event_at from audit_chain o
            where (c.seq, o.seq) in ((4, 6), (6, 4))"""],
        ("reordered", 4, 6),
    ),
    "the tail cut": (["delete from audit_event where id > 6", "delete from audit_chain where seq > 6"], ("cut", 7, None)),
    "the tail of links cut": (["delete from audit_chain where seq > 6"], ("cut", 7, None)),
    "all of it cut": (["delete from audit_event", "delete from audit_chain"], ("cut", 1, None)),
    "one slipped in beside the chain": (
        ["insert into audit_event (at, actor, door, act) values (now() - interval '1 day', 'x', 'wall', 'look')"], ("slipped_in", None, 9),
    ),
    "one slipped in with a number of old": (
        ["insert into audit_event (id, at, actor, door, act) select 0, at - interval '1 second', 'x', 'wall', 'look' from audit_event where id = 4"],
        ("slipped_in", None, 0),
    ),
    "one slipped in twice": (
        ["insert into audit_event (id, at, actor, door, act) select 4, at - interval '1 second', 'x', 'wall', 'look' from audit_event where id = 4"],
        ("slipped_in", None, 4),
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", TAMPERING)
def test_tampering_is_found_and_its_first_row_named(way: str, record: Record) -> None:
    record.sealed(3, 5)
    need_whole(record.verify())
    statements, expected = TAMPERING[way]
    for statement in statements:
        if statement.startswith("alter"):
            with psycopg.connect(record.database.admin_dsn) as admin:
                admin.execute(statement)  # type: ignore[arg-type]
        elif statement.startswith("update audit_chain set seq = seq - 1 where seq >= 6"):
            for seq in (6, 7, 8):
                record.tamper(f"update audit_chain set seq = seq - 1 where seq = {seq}")
        else:
            record.tamper(statement)
    assert record.found() == expected
    record.note(2)
    with suppress(HeadsUnfit):
        seal(record.connection, record.heads)  # life goes on: it is found all the same
    assert record.found()[0] in {expected[0], "rewritten"}


def test_a_month_dropped_by_hand_is_found(record: Record) -> None:
    record.sealed(2)
    ((month,),) = record.told("select distinct tableoid::regclass::text from audit_event")
    with psycopg.connect(record.database.admin_dsn) as admin:
        admin.execute(f"drop table {month}")  # type: ignore[arg-type]
    assert record.found() == ("removed", 1, 1)


def test_an_event_slipped_in_with_an_old_moment_is_found_though_it_is_sealed(record: Record) -> None:
    """A superuser who lets the triggers work: the sealer links it in good faith."""
    record.sealed(3)
    with psycopg.connect(record.database.admin_dsn) as admin:
        admin.execute("insert into audit_event (at, actor, door, act) values (now() - interval '10 minutes', 'x', 'wall', 'look')")
    assert seal(record.connection, record.heads) == 1
    assert record.found() == ("slipped_in", 4, 4)


def test_an_event_slipped_in_with_an_old_number_and_moment_is_found_by_the_heads(record: Record) -> None:
    record.sealed(3)
    with psycopg.connect(record.database.admin_dsn) as admin:
        admin.execute("insert into audit_event (id, at, actor, door, act) values (0, now() - interval '2 hours', 'x', 'wall', 'look')")
    assert seal(record.connection, record.heads) == 1
    assert record.found() == ("slipped_in", 4, 0)


def test_an_event_removed_before_its_seal_is_found(record: Record) -> None:
    record.sealed(2)
    record.note(2)
    record.tamper("delete from audit_event where id = 3")
    assert record.found() == ("removed", None, 3)
    assert seal(record.connection, record.heads) == 1
    assert record.found() == ("removed", None, 3)


def test_a_chain_rewritten_whole_is_found_by_its_heads(record: Record) -> None:
    record.sealed(3, 5, 2)
    record.tamper("update audit_event set actor = 'somebody:else' where id = 5")
    rewrite(record.database)
    kind, seq, _ = record.found()
    assert (kind, seq) == ("rewritten", 8), "the first head after the edit"
    record.heads.path.rename(record.heads.path.with_name("away"))
    assert record.found()[0] == "heads_missing", "by itself the chain looks whole"


def test_a_tail_cut_and_grown_again_is_found_by_its_heads(record: Record) -> None:
    record.sealed(3, 5)
    record.tamper("delete from audit_event where id > 6", "delete from audit_chain where seq > 6")
    for _ in range(2):
        with pytest.raises(HeadsUnfit) as said:
            seal(record.connection, record.heads)
        assert "第 6 环" in said.value.sentence.zh and "link 8 was signed" in said.value.sentence.en
    record.note(4)
    assert seal(record.connection, record.heads) == 4
    assert record.found()[:2] == ("rewritten", 8)


def test_a_database_made_anew_is_not_taken_for_the_old_one(record: Record) -> None:
    Heads(record.data_dir, CITY).append(store.Head(5, bytes(32)))
    with pytest.raises(HeadsUnfit):
        seal(record.connection, record.heads)
    assert record.found() == ("cut", 1, None)


def test_cities_that_share_a_data_folder_have_heads_of_their_own(record: Record) -> None:
    record.sealed(3)
    other = Heads(record.data_dir, "manhattan")
    assert seal(record.connection, other) == 0
    assert [signed.head.seq for signed in other.read().heads] == [3] and other.path != record.heads.path
    need_whole(record.verify())


# The heads


def edit_lines(heads: Heads, change: Callable[[list[str]], list[str]]) -> None:
    heads.path.write_text("".join(line + "\n" for line in change(heads.path.read_text().splitlines())))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: [lines[0].replace('"seq": 3', '"seq": 2'), *lines[1:]], 1),
        (lambda lines: [lines[0], *lines[2:]], 2),
        (lambda lines: lines[1:], 1),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], 2),
        (lambda lines: [*lines[:3], "nonsense"], 4),
        (lambda lines: [*lines[:3], "[]"], 4),
        (lambda lines: [*lines, lines[-1]], 5),
    ],
    ids=["edited", "removed", "first removed", "swapped", "overwritten", "no line of ours", "repeated"],
)
def test_an_edited_file_of_heads_is_found(change: Callable[[list[str]], list[str]], line: int, record: Record) -> None:
    record.sealed(3, 1, 1, 1)
    edit_lines(record.heads, change)
    assert record.found() == ("heads_edited", None, line)


def test_heads_are_nothing_without_their_key(record: Record) -> None:
    record.sealed(2)
    key = record.heads.path.parent / "key"
    kept = key.read_text()
    key.unlink()
    assert record.found()[0] == "heads_unfit"
    record.note()
    with pytest.raises(HeadsUnfit):
        seal(record.connection, record.heads)
    assert not key.exists(), "a new key would make the old lines look forged"
    key.write_text("0" * 64)
    assert record.found() == ("heads_edited", None, 1)
    key.write_text(kept)
    seal(record.connection, record.heads)
    assert record.verify().fault is None


def test_a_line_torn_by_a_crash_costs_nothing(record: Record) -> None:
    record.sealed(2, 1)
    with record.heads.path.open("a") as file:
        file.write('{"seq": 9')
    assert record.verify().fault is None
    record.sealed(1)
    verdict = record.verify()
    assert (verdict.fault, verdict.heads) == (None, 3)


def test_a_head_not_signed_before_a_kill_is_signed_by_the_next_round(record: Record) -> None:
    record.note(3)
    with acting(record.connection, KEEPER):
        store.seal(record.connection, 10)
    assert record.heads.read().heads == ()
    assert seal(record.connection, record.heads) == 0
    assert [signed.head.seq for signed in record.heads.read().heads] == [3]
    need_whole(record.verify())


# Many at once


def test_eight_threads_note_while_the_sealer_runs_and_none_is_lost(record: Record) -> None:
    each, threads, faults = 150, 8, []
    ended = threading.Event()

    def look(number: int) -> None:
        actor = replace(OPERATOR, id=f"test:{number}")
        try:
            with record.database.connect() as connection:
                for turn in range(each):
                    with acting(connection, actor):
                        note(connection, actor, "look", door="wall", subject=Subject("camera", turn))
                        if turn % 10 == 0:
                            time.sleep(0.002)  # some commit late
        except Exception as fault:
            faults.append(fault)

    def keep(heads: Heads) -> None:
        try:
            with record.database.connect() as connection:
                connection.autocommit = True
                while not ended.is_set():
                    seal(connection, heads)
        except Exception as fault:
            faults.append(fault)

    sealers = [threading.Thread(target=keep, args=[Heads(record.data_dir, CITY)]) for _ in range(2)]
    lookers = [threading.Thread(target=look, args=[number]) for number in range(threads)]
    for thread in (*sealers, *lookers):
        thread.start()
    for thread in lookers:
        thread.join()
    ended.set()
    for thread in sealers:
        thread.join()
    seal(record.connection, record.heads)
    assert faults == []
    verdict = record.verify()
    assert (verdict.fault, verdict.links, verdict.waiting) == (None, each * threads, 0)
    assert verdict.heads > 1
    assert record.told("select actor, count(*) from audit_event group by 1 order by 1") == [(f"test:{n}", each) for n in range(threads)]


SEAL_FOR_EVER = """
import sys, psycopg
from pathlib import Path
from commandcenter.audit import seal
seal.MOST_AT_ONCE = 3
connection = psycopg.connect(sys.argv[1], autocommit=True)
print("up", flush=True)
while True:
    seal.seal(connection, seal.Heads(Path(sys.argv[2]), "longsha"))
"""


def test_sealing_survives_kills(record: Record) -> None:
    """Killed at any moment, again and again, while events come in: nothing is lost, doubled or out of order."""
    for _ in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", SEAL_FOR_EVER, record.database.app_dsn, str(record.data_dir)], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert process.stdout is not None and process.stdout.readline() == b"up\n"
        record.note(40)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    deadline = time.monotonic() + 10
    while record.told("select from audit_waiting") and time.monotonic() < deadline:
        seal(record.connection, record.heads)
    seal(record.connection, record.heads)
    verdict = record.verify()
    assert (verdict.fault, verdict.links, verdict.waiting) == (None, 200, 0)


def test_the_worker_seals_and_one_that_fails_says_so_once(record: Record, caplog: pytest.LogCaptureFixture) -> None:
    set_up = replace(record.database.settings, data_dir=record.data_dir)

    async def a_while() -> None:
        task = asyncio.create_task(keep_sealing(set_up))
        for _ in range(100):
            await asyncio.sleep(0.05)
            if not record.told("select from audit_waiting"):
                break
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    record.note(3)
    asyncio.run(a_while())
    need_whole(record.verify())
    assert record.told("select count(*) from audit_chain") == [(3,)]

    sealer = Sealer(replace(set_up, app_dsn="host=/nowhere dbname=x"))
    assert [sealer.round(), sealer.round()] == [0, 0]
    said = [entry.getMessage() for entry in caplog.records if entry.name == "commandcenter.audit"]
    assert len(said) == 1 and "审计未能封存" in said[0] and "could not be sealed" in said[0]
    sealer.settings = set_up
    record.note()
    assert sealer.round() == 1
    sealer.close()


# Months and retention


def old_record(record: Record, days: int, ids: str = "1, 2, 3", own_month: bool = True) -> None:
    """Six events noted, some of them then dated long ago, in a month of their own or in the default partition; sealed as they stand."""
    record.note(6)
    if own_month:
        low = (datetime.now(UTC) - timedelta(days=days)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        high = (low + timedelta(days=32)).replace(day=1)
        with psycopg.connect(record.database.admin_dsn) as admin:
            admin.execute("set role commandcenter_owner")
            name = f"audit.event_{low:%Y%m}"
            admin.execute(f"create table {name} partition of audit_event for values from ('{low}') to ('{high}')")  # type: ignore[arg-type]
            admin.execute("select audit_close_month(%s::regclass)", [name])
    record.tamper(
        f"update audit_event set at = at - interval '{days} days' where id in ({ids})",
        f"update audit_waiting set event_at = event_at - interval '{days} days' where event_id in ({ids})",
    )
    seal(record.connection, record.heads)


def test_months_are_made_ahead_and_only_once(record: Record) -> None:
    def months() -> list[str]:
        rows = record.told("select relname from pg_class where relnamespace = 'audit'::regnamespace and relkind = 'r' order by 1")
        return [row[0] for row in rows]

    this = datetime.now(UTC).strftime("event_%Y%m")
    assert len(months()) == 4 and months()[0] == this and months()[-1] == "event_default"
    with acting(record.connection, KEEPER):
        assert store.make_months(record.connection) == 0
        assert record.connection.execute("select audit_make_months(5)").fetchone() == (3,)
    assert len(months()) == 7
    unlocked = record.told("select relname from pg_class where relnamespace = 'audit'::regnamespace and relkind = 'r'"
                           " and not (relrowsecurity and relforcerowsecurity)")  # fmt: skip
    assert unlocked == []
    record.note()
    assert record.told("select tableoid::regclass::text from audit_event") == [(f"audit.{this}",)]


def test_a_month_without_its_partition_loses_nothing(record: Record) -> None:
    this = datetime.now(UTC).strftime("audit.event_%Y%m")
    with psycopg.connect(record.database.admin_dsn) as admin:
        admin.execute(f"drop table {this}")  # type: ignore[arg-type]
    record.sealed(2)
    with acting(record.connection, KEEPER):
        assert store.make_months(record.connection) == 0
    record.sealed(1)
    assert record.told("select distinct tableoid::regclass::text from audit_event") == [("audit.event_default",)]
    need_whole(record.verify())


def test_nothing_younger_than_180_days_is_dropped(record: Record) -> None:
    old_record(record, 170)
    for days in (179, 1, 0, -1):
        with pytest.raises(BadInput):
            forget(record.connection, record.heads, days)
        with pytest.raises(errors.CheckViolation), acting(record.connection, KEEPER):
            store.forget(record.connection, days)
    assert forget(record.connection, record.heads, LEAST_KEEP_DAYS) is None
    assert record.told("select count(*) from audit_event") == [(6,)]
    with pytest.raises(errors.InsufficientPrivilege), acting(record.connection, AUDITOR):
        store.forget(record.connection, LEAST_KEEP_DAYS)
    assert KEEP_DAYS >= 3 * 365


@pytest.mark.parametrize("own_month", [True, False], ids=["partition", "default partition"])
def test_an_old_month_goes_and_the_chain_goes_on(own_month: bool, record: Record) -> None:
    old_record(record, 260, own_month=own_month)
    checkpoint = forget(record.connection, record.heads, LEAST_KEEP_DAYS)
    assert checkpoint is not None and (checkpoint.seq, checkpoint.dropped_to) == (3, 3)
    assert record.told("select e.id, c.seq from audit_event e join audit_chain c on c.event_id = e.id order by 1") == [(4, 4), (5, 5), (6, 6)]
    assert record.told("select count(*), min(seq) from audit_chain") == [(3, 4)]
    assert len(record.told("select from pg_class where relnamespace = 'audit'::regnamespace and relkind = 'r'")) == 4
    need_whole(record.verify())
    record.sealed(2)
    assert record.verify().links == 5
    assert forget(record.connection, record.heads, LEAST_KEEP_DAYS) is None
    record.heads.path.parent.rename(record.data_dir / "put away")  # as after a restore
    record.sealed(1)
    need_whole(record.verify())
    for statement in ("truncate audit.event_default", "delete from audit_chain", "delete from audit_checkpoint"):
        with psycopg.connect(record.database.admin_dsn) as admin, pytest.raises(errors.InsufficientPrivilege):
            admin.execute(statement)  # type: ignore[arg-type]
    record.tamper("delete from audit_event where id = 5")
    assert record.found() == ("removed", 5, 5)


def test_the_last_months_of_a_silent_city_go_too(record: Record) -> None:
    old_record(record, 260, "1, 2, 3, 4, 5, 6")
    checkpoint = forget(record.connection, record.heads, LEAST_KEEP_DAYS)
    assert checkpoint is not None and checkpoint.seq == 6
    need_whole(record.verify())
    record.sealed(2)
    assert record.told("select seq from audit_chain order by seq") == [(7,), (8,)]
    need_whole(record.verify())


def test_an_event_sealed_after_the_first_kept_leaves_its_link(record: Record) -> None:
    """Dated by the test, the fourth looks slipped in, and evidence never goes; so here the database is asked directly."""
    old_record(record, 260, "1, 2, 4")
    assert record.found() == ("slipped_in", 4, 4)
    with pytest.raises(AuditBroken):
        forget(record.connection, record.heads, LEAST_KEEP_DAYS)
    with acting(record.connection, KEEPER):
        checkpoint = store.forget(record.connection, LEAST_KEEP_DAYS)
        assert checkpoint is not None and (checkpoint.seq, checkpoint.dropped_to) == (2, 4)
        record.heads.append_checkpoint(checkpoint)
    assert record.told("select seq from audit_chain order by seq") == [(3,), (4,), (5,), (6,)]
    need_whole(record.verify())
    record.tamper("delete from audit_event where id = 3")
    assert record.found() == ("removed", 3, 3), "only what was dropped may lack its event"


def test_what_waits_for_its_seal_is_not_dropped(record: Record) -> None:
    record.note(2)
    record.tamper("update audit_event set at = at - interval '260 days'", "update audit_waiting set event_at = event_at - interval '260 days'")
    assert forget(record.connection, record.heads, LEAST_KEEP_DAYS) is None
    assert record.told("select count(*) from audit_event") == [(2,)]


def test_the_worker_drops_after_three_years_once_a_day(record: Record, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "commandcenter.audit")
    old_record(record, KEEP_DAYS + 40)
    clock = iter([*[0.0] * 2, *[1.0] * 2, *[86_399.0] * 2, *[86_401.0] * 2])  # looked at for the months and for retention
    sealer = Sealer(replace(record.database.settings, data_dir=record.data_dir), clock=lambda: next(clock))
    sealer.round()
    assert record.told("select id from audit_event order by id") == [(4,), (5,), (6,)]
    assert sum("retention" in entry.getMessage() for entry in caplog.records) == 1
    need_whole(record.verify())
    old_record(record, KEEP_DAYS + 80, "7, 8")
    sealer.round()
    sealer.round()
    assert record.told("select count(*) from audit_event") == [(9,)]
    sealer.round()
    assert any("slipped in" in entry.getMessage() for entry in caplog.records), "dated back after their elders were sealed: nothing goes"
    assert record.told("select count(*) from audit_event") == [(9,)]
    sealer.close()


def test_months_are_not_dropped_under_the_name_of_retention(record: Record) -> None:
    record.sealed(6)
    record.tamper("delete from audit_event where id <= 3", "delete from audit_chain where seq <= 3",
                  "insert into audit_checkpoint (seq, hash, before, dropped_to) select 3, hash, now(), 3 from audit_chain where seq = 4")  # fmt: skip
    assert record.found()[:2] == ("unsigned_checkpoint", 3)


# Its first uses


def test_what_a_steward_orders_is_noted_with_it(record: Record) -> None:
    desk = record.connection
    upload = an_upload(desk)
    run = commands.ask_run(desk, DATA_STEWARD, SHIPPED, upload, False)
    assert commands.ask_run(desk, DATA_STEWARD, SHIPPED, upload, False) == run  # the same run: nothing new to note
    commands.cancel_run(desk, DATA_STEWARD, run)
    done = a_run(desk, a_source(desk))
    rows = [refused(desk, done, f"h{n}", {"phone": "1"}) for n in range(2)]
    commands.correct(desk, DATA_STEWARD, ids=rows[:1], changes={"phone": "13912345678"})
    commands.dismiss(desk, DATA_STEWARD, run_id=done, rule="missing")
    with pytest.raises(BadInput):
        commands.cancel_run(desk, DATA_STEWARD, done)
    noted = record.told("select actor, door, act, subject_table, subject_key, detail from audit_event order by id")
    assert {row[:3] for row in noted} == {(DATA_STEWARD.id, "desk", "change")}
    assert [(row[3], row[4], row[5]["order"]) for row in noted] == [
        ("upload", str(upload), "upload"), ("ingest_run", str(run), "load"), ("ingest_run", str(run), "cancel"),
        ("quarantine", None, "correct"), ("quarantine", None, "dismiss"),
    ]  # fmt: skip
    assert noted[3][5] == {"order": "correct", "ids": rows[:1], "run_id": None, "rule": None, "fields": ["phone"], "accept_repair": False, "rows": 1}
    assert "139" not in json.dumps([row[5] for row in noted])


def test_a_withdrawal_is_noted_with_it(record: Record) -> None:
    run = a_run(record.connection, a_source(record.connection))
    commands.withdraw(record.connection, DATA_STEWARD, run)
    assert record.told("select subject_key, detail from audit_event") == [(str(run), {"order": "withdraw"})]
    with pytest.raises(BadInput):
        commands.withdraw(record.connection, DATA_STEWARD, run)
    assert record.told("select count(*) from audit_event") == [(1,)]


def test_a_workbook_is_on_record_before_it_goes(record: Record, tmp_path: Path) -> None:
    with acting(record.connection, STEWARD):
        record.connection.execute("insert into layer_change (table_name) values ('camera')")
    run = a_run(record.connection, a_source(record.connection))
    refused(record.connection, run, "h")
    with ServedApplication(replace(record.database.settings, data_dir=tmp_path)) as served:
        assert served.get(f"/data/refused/{run}.xlsx", OPERATOR).status_code == 403
        assert served.get("/data/refused/999.xlsx", DATA_STEWARD).status_code == 404
        assert record.told("select from audit_event") == []
        answer = served.get(f"/data/refused/{run}.xlsx?lang=en", DATA_STEWARD)
        assert openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets
    ((actor, door, act, table, key, detail, address),) = record.told(
        "select actor, door, act, subject_table, subject_key, detail, host(address) from audit_event"
    )
    assert (actor, door, act, table, key, address) == (served.signed_in(DATA_STEWARD).actor.id, "desk", "export", "ingest_run", str(run), "127.0.0.1")
    assert detail == {"what": "refused rows", "language": "en", "bytes": len(answer.content)}


def test_the_command_names_the_first_bad_row(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COMMANDCENTER_DATABASE_URL", record.database.admin_dsn)
    monkeypatch.setenv("COMMANDCENTER_DATA_DIR", str(tmp_path))
    record.sealed(3, 2)
    assert main(["verify-audit"]) == 0
    said = capsys.readouterr()
    assert "审计链完整：5 环" in said.out and "The audit is whole: 5 links, 2 signed heads agree" in said.out
    record.tamper("update audit_event set subject_key = '99' where id = 2")
    assert main(["verify-audit"]) == 1
    said = capsys.readouterr()
    assert "第 2 环：事件 2（" in said.err and "Link 2: the event 2 (" in said.err and "was edited" in said.err
