"""What is noted already: a steward's orders with what they do, a workbook before it goes."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from commandcenter.db.run import acting
from commandcenter.errors import BadInput
from commandcenter.security.builtin import STEWARD
from ingest.desk import commands
from tests.audit_record import Record, record
from tests.city import DATA_STEWARD, OPERATOR
from tests.serving import ServedApplication
from tests.test_desk_commands import SHIPPED, a_run, a_source, an_upload, refused

__all__ = ["record"]  # the fixture


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
