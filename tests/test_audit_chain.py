"""The chain of the audit: whole whatever an event holds, however many note and seal at once, whenever a sealer dies."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commandcenter.audit.heads import Heads
from commandcenter.audit.record import Subject, note
from commandcenter.audit.seal import Sealer, seal
from commandcenter.audit.verify import link_hash, need_whole
from commandcenter.db.run import acting
from commandcenter.security.builtin import STEWARD
from commandcenter.worker.auditing import keep_sealing
from tests.audit_record import CITY, Record, record
from tests.city import OPERATOR

__all__ = ["record"]  # the fixture

ROOT = Path(__file__).parents[1]


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
