"""What the desk shows: sources with their lag and trend, runs, refused rows, and rows that are gone; and to whom."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from commandcenter.actor import Actor
from commandcenter.db.load import upsert
from commandcenter.db.request import SqlRequest
from commandcenter.db.run import Reader, acting
from commandcenter.db.schema import Base
from commandcenter.security.builtin import STEWARD
from ingest.desk import store
from tests.asking import ask
from tests.city import DATA_STEWARD, OPERATOR, STREET
from tests.conftest import TestDatabase
from tests.test_desk_commands import a_run, a_source, an_upload, refused

NOW = datetime.now(UTC)
BOW_TIE = "SRID=4326;POLYGON((123 47,125 49,125 47,123 49,123 47))"
EVERY_QUESTION = {
    "sources": store.sources_request(),
    "runs": store.runs_request(None, 5),
    "runs of a source": store.runs_request("cams", 5),
    "run": store.run_request(1),
    "quarantine": store.quarantine_request(None, None, None, 5, 0),
    "quarantine of a run": store.quarantine_request(1, "cams", "r", 5, 0),
    "rules": store.quarantine_rules_request(None, "cams"),
    "findings": store.findings_request(1, 5),
    "uploads": store.uploads_request(5),
    "gone": store.gone_request("cams", 5),
    "preview": store.preview_request(1),
    "count": store.refused_count_request(1),
    "raw": store.raw_request(1, 1),
}
CLOSED = {"quarantine", "quarantine of a run", "rules", "findings", "uploads", "preview", "raw"}


@pytest.fixture
def desk(connection: psycopg.Connection) -> Iterator[psycopg.Connection]:
    with connection.transaction(force_rollback=True):
        yield connection


def source(connection: psycopg.Connection, name: str, actor: Actor = DATA_STEWARD) -> dict[str, Any]:
    return next(row for row in ask(connection, actor, store.sources_request()) if row["name"] == name)


@pytest.mark.parametrize(
    ("age", "cadence_s", "late", "lag_s"),
    [(timedelta(hours=3), 3600, True, 7200), (timedelta(minutes=30), 3600, False, 0), (timedelta(days=900), None, False, None), (None, 3600, False, None)],
)
def test_a_source_is_late_by_what_is_over_its_cadence(
    desk: psycopg.Connection, age: timedelta | None, cadence_s: int | None, late: bool, lag_s: float | None
) -> None:
    a_source(desk, data_as_of=None if age is None else NOW - age, cadence_s=cadence_s)
    row = source(desk, "cams")
    assert row["late"] is late
    assert row["lag_s"] == (lag_s if not lag_s else pytest.approx(lag_s, abs=600))


def test_what_waits_is_counted_for_whoever_may_see_it(desk: psycopg.Connection) -> None:
    a_source(desk)
    load, dry, correction = (a_run(desk, "cams", kind=kind) for kind in ("load", "dry_run", "correction"))
    for run, state in ((load, "open"), (load, "resolved"), (dry, "open"), (correction, "open")):
        refused(desk, run, "h", state=state)
    assert source(desk, "cams")["open_quarantine"] == 2
    assert source(desk, "cams", OPERATOR)["open_quarantine"] is None, "nobody is told nought who may not know"
    assert len(ask(desk, DATA_STEWARD, store.quarantine_request(None, "cams", None, 9, 0))) == 2
    assert len(ask(desk, DATA_STEWARD, store.quarantine_request(dry, "cams", None, 9, 0))) == 1


def test_the_last_run_is_the_one_to_look_at(desk: psycopg.Connection) -> None:
    a_source(desk)
    seen = []

    def look() -> None:
        row = source(desk, "cams")
        seen.append((row["running"], row["last_status"], row["last_run_id"]))

    look()
    first = a_run(desk, "cams")
    look()
    a_run(desk, "cams", kind="dry_run", status="failed")
    look()
    queued = a_run(desk, "cams", kind="dry_run", status="queued")
    look()
    running = a_run(desk, "cams", status="running")
    later = a_run(desk, "cams", status="queued")
    look()
    assert seen == [(False, None, None), (False, "done", first), (False, "done", first), (True, "queued", queued), (True, "running", running)]
    assert later > running


def test_the_trend_is_the_last_twelve_loads_oldest_first(desk: psycopg.Connection) -> None:
    a_source(desk)
    loads = []
    for n in range(15):
        loads.append(a_run(desk, "cams", rows_read=n, loaded=n - n // 2, quarantined=n // 2))
        a_run(desk, "cams", kind="dry_run")
    trend = source(desk, "cams")["trend"]
    assert [point["run_id"] for point in trend] == loads[3:]
    assert {k: v for k, v in trend[-1].items() if k != "at"} == {"run_id": loads[-1], "read": 14, "quarantined": 7, "status": "done"}
    assert datetime.fromisoformat(trend[-1]["at"]).tzinfo is not None


def test_runs_come_newest_first_with_everything_kept_of_them(desk: psycopg.Connection) -> None:
    a_source(desk), a_source(desk, "others", title="别的")
    runs = [a_run(desk, name) for name in ("cams", "others", "cams")]
    assert [row["id"] for row in ask(desk, OPERATOR, store.runs_request(None, 2))] == [runs[2], runs[1]]
    assert [row["id"] for row in ask(desk, OPERATOR, store.runs_request("cams", 9))] == [runs[2], runs[0]]
    (row,) = ask(desk, OPERATOR, store.run_request(runs[1]))
    assert row["title"] == "别的" and set(Base.metadata.tables["ingest_run"].columns.keys()) <= set(row)
    assert ask(desk, OPERATOR, store.run_request(999_999)) == []


def test_refused_rows_come_in_pages_with_their_place(desk: psycopg.Connection) -> None:
    run = a_run(desk, a_source(desk))
    shapes = [None, "SRID=4326;POINT(123.9 47.3)", "SRID=4326;POLYGON EMPTY", BOW_TIE, "SRID=4326;LINESTRING(123 47,124 47)"]
    ids = [
        refused(desk, run, f"h{n}", {"a": str(n)}, geom=shape, rule="r" if n % 2 else "s", proposal=shape if n == 3 else None)
        for n, shape in enumerate(shapes)
    ]
    pages = [ask(desk, DATA_STEWARD, store.quarantine_request(run, None, None, 2, offset)) for offset in (0, 2, 4, 6)]
    rows = [row for page in pages for row in page]
    assert [len(page) for page in pages] == [2, 2, 1, 0] and [row["id"] for row in rows] == ids
    assert [(row["lon"], row["lat"]) for row in rows[:3]] == [(None, None), (123.9, 47.3), (None, None)]
    assert all(123 <= row["lon"] <= 125 and 47 <= row["lat"] <= 49 for row in rows[3:])
    assert [row["has_proposal"] for row in rows] == [False, False, False, True, False]
    assert [row["fields"] for row in rows] == [{"a": str(n)} for n in range(5)]
    assert [row["id"] for row in ask(desk, DATA_STEWARD, store.quarantine_request(run, "cams", "r", 9, 0))] == [ids[1], ids[3]]
    assert ask(desk, DATA_STEWARD, store.quarantine_rules_request(run)) == [{"rule": "s", "count": 3}, {"rule": "r", "count": 2}]


def test_an_upload_is_shown_with_its_last_run(desk: psycopg.Connection) -> None:
    plain, used = an_upload(desk, "a.csv"), an_upload(desk, "b.csv")
    a_run(desk, a_source(desk), kind="dry_run", upload_id=used)
    last = a_run(desk, "cams", upload_id=used)
    rows = ask(desk, DATA_STEWARD, store.uploads_request(9))
    assert [(row["id"], row["file_name"], row["run_id"], row["kind"]) for row in rows] == [(used, "b.csv", last, "load"), (plain, "a.csv", None, None)]


@pytest.mark.parametrize("question", EVERY_QUESTION)
def test_closed_questions_answer_stewards_alone(desk: psycopg.Connection, question: str) -> None:
    run = a_run(desk, a_source(desk), upload_id=an_upload(desk))
    refused(desk, run, "h", geom="SRID=4326;POINT(123.9 47.3)", rule="r")
    for table, values in (
        ("ingest_finding", {"line": "1", "rule": "r", "sentence": "s", "sentence_en": "s"}),
        ("ingest_preview", {"line": "1", "source_key": "1", "geom": "SRID=4326;POINT(123.9 47.3)"}),
        ("ingest_raw", {"block": 1, "body": b"x"}),
    ):
        names = ", ".join(values)
        with acting(desk, STEWARD):
            desk.execute(f"insert into {table} (run_id, {names}) values (%s, {', '.join(['%s'] * len(values))})", [run, *values.values()])  # type: ignore[arg-type]
    asked = EVERY_QUESTION[question]
    request = SqlRequest(asked.sql, {**asked.params, **({"run_id": run} if asked.params.get("run_id") else {})}, asked.purpose)  # type: ignore[dict-item]
    counts = [len(ask(desk, actor, request)) for actor in (DATA_STEWARD, OPERATOR, STREET, None)]
    if question in CLOSED:
        assert counts[0] >= 1 and counts[1:] == [0, 0, 0]
    elif question not in ("gone", "count"):
        assert counts[0] >= 1 and counts[:3] == [counts[0]] * 3 and counts[3] == 0


def test_rows_that_are_gone_show_to_this_question_alone(database: TestDatabase) -> None:
    columns = ("source_key", "row_hash", "name", "shape", "status", "geom")
    rows = [(f"c{n}", "1", f"{n}", "bullet", "working", "SRID=4326;POINT(123.9 47.3)") for n in range(4)]
    with database.connect() as connection:
        connection.autocommit = True
        run = a_run(connection, a_source(connection))
        a_run(connection, a_source(connection, "others"))
        for name in ("cams", "others"):
            with acting(connection, STEWARD):
                upsert(connection, STEWARD, "camera", columns, rows, source=name, place=False)
        with acting(connection, STEWARD):
            connection.execute("select set_config('commandcenter.with_gone', 'on', true)")
            connection.execute("update camera set gone_run_id = %s where source_key in ('c1', 'c3')", [run])

    async def asked(actor: Actor) -> tuple[list[dict[str, Any]], int]:
        reader = Reader(database.app_dsn, 1)
        await reader.open()
        try:
            gone = await reader.rows(actor, store.gone_request("cams", 9))
            for _ in range(6):  # prepared and generic plans answer alike
                assert await reader.rows(actor, store.gone_request("cams", 9)) == gone
            left = await reader.row(actor, SqlRequest("select count(*) as n from camera"))
            assert left is not None
            return gone, left["n"]
        finally:
            await reader.close()

    gone, left = asyncio.run(asked(DATA_STEWARD))
    assert [(row["source_key"], row["gone_run_id"], row["target"]) for row in gone] == [("c1", run, "camera"), ("c3", run, "camera")]
    assert (gone[0]["lon"], gone[0]["lat"]) == (123.9, 47.3)
    assert left == 4, "the next question of the same connection does not see them"
    assert asyncio.run(asked(STREET))[0] == [], "the jurisdiction holds for rows that are gone too"


def test_every_table_that_keeps_gone_rows_is_asked() -> None:
    asked = {name for name, table in Base.metadata.tables.items() if "gone_run_id" in table.columns}
    assert {name for name in asked if f" from {name} t where" not in store.GONE} == set()
