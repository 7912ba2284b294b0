"""What a steward orders at the desk: who may, what is written, and that a run and its job are made together or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from commandcenter.actor import Actor, Scope
from commandcenter.db.registers import write_source
from commandcenter.db.run import acting
from commandcenter.errors import BadInput, Forbidden
from commandcenter.security.builtin import STEWARD
from ingest.desk import commands
from tests.city import DATA_STEWARD, OPERATOR, STREET
from tests.conftest import TestDatabase
from tests.test_ingest_steps import a_mapping

WRITER = Actor("test:writer", STEWARD.title, Scope(whole_city=True), frozenset({"read", "write"}))
DISTRICT_STEWARD = Actor("test:district", STEWARD.title, Scope(districts=("230202",)), frozenset({"read", "write", "steward"}))
SHIPPED = "baltimore_311"


@pytest.fixture
def desk(database: TestDatabase) -> Iterator[psycopg.Connection]:
    with database.connect() as connection:
        connection.autocommit = True
        yield connection


def told(connection: psycopg.Connection, question: str, *values: Any) -> list[dict[str, Any]]:
    with acting(connection, STEWARD), connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(question, values).fetchall()  # type: ignore[arg-type]


def a_source(connection: psycopg.Connection, name: str = "cams", **more: Any) -> str:
    row = {"name": name, "target": "camera", "title": "摄像机", "title_en": "Cameras", "owner": "o", "licence": "l", "attribution": "a",
           "cadence_s": None, "synthetic": False, "data_as_of": None}  # fmt: skip
    with acting(connection, STEWARD):
        write_source(connection, row | more)
    return name


def a_run(connection: psycopg.Connection, source: str, kind: str = "load", status: str = "done", **more: Any) -> int:
    values = {"source": source, "mapping": source, "kind": kind, "status": status, "file_name": "f.csv", "file_sha256": "0", "actor": STEWARD.id} | more
    ((run,),) = _insert(connection, "ingest_run", values)
    return int(run)


def refused(connection: psycopg.Connection, run_id: int, raw_hash: str | None, fields: dict[str, str] | None = None, **more: Any) -> int:
    values = {"run_id": run_id, "line": "2", "rule": "missing", "sentence": "缺", "sentence_en": "missing", "raw": "raw", "raw_hash": raw_hash}
    ((row,),) = _insert(connection, "quarantine", values | {"fields": Jsonb(fields or {})} | more)
    return int(row)


def _insert(connection: psycopg.Connection, table: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    names = ", ".join(values)
    places = ", ".join(["%s"] * len(values))
    with acting(connection, STEWARD):
        return connection.execute(f"insert into {table} ({names}) values ({places}) returning id", list(values.values())).fetchall()  # type: ignore[arg-type]


def an_upload(connection: psycopg.Connection, name: str = "甲.csv") -> int:
    return commands.register_upload(connection, DATA_STEWARD, name, f"t/{name}", 5, "ab")


def jobs(connection: psycopg.Connection) -> list[dict[str, Any]]:
    return told(connection, "select task_name, args, lock, status::text from jobs.procrastinate_jobs order by id")


Order = Callable[[psycopg.Connection, Actor], Any]
ORDERS: dict[str, Order] = {
    "register_upload": lambda c, a: commands.register_upload(c, a, "a.csv", "t/a.csv", 1, "x"),
    "ask_run": lambda c, a: commands.ask_run(c, a, SHIPPED, 1, True),
    "ask_rerun": lambda c, a: commands.ask_rerun(c, a, SHIPPED),
    "cancel_run": lambda c, a: commands.cancel_run(c, a, 1),
    "correct": lambda c, a: commands.correct(c, a, ids=[1], changes={"a": "b"}),
    "dismiss": lambda c, a: commands.dismiss(c, a, [1]),
    "withdraw": lambda c, a: commands.withdraw(c, a, 1),
}


@pytest.mark.parametrize("actor", [OPERATOR, STREET, WRITER, DISTRICT_STEWARD], ids=lambda a: a.id)
@pytest.mark.parametrize("order", ORDERS)
def test_each_command_is_for_whole_city_stewards(connection: psycopg.Connection, order: str, actor: Actor) -> None:
    with pytest.raises(Forbidden) as said:
        ORDERS[order](connection, actor)
    assert "数据管理" in said.value.sentence.zh and "steward" in said.value.sentence.en


def test_asking_for_a_run_makes_run_source_and_job_together(desk: psycopg.Connection) -> None:
    upload = an_upload(desk)
    run = commands.ask_run(desk, DATA_STEWARD, SHIPPED, upload, False, accept_vanished=True)
    (row,) = told(desk, "select * from ingest_run")
    assert (row["id"], row["source"], row["kind"], row["status"], row["upload_id"]) == (run, SHIPPED, "load", "queued", upload)
    assert (row["file_name"], row["file_sha256"], row["file_bytes"], row["actor"]) == ("甲.csv", "ab", 5, DATA_STEWARD.id)
    (source,) = told(desk, "select * from source")
    assert source["row_count"] == 0 and source["last_good_run_at"] is None and source["contract"]
    ((job),) = jobs(desk)
    assert job == {
        "task_name": "run_import", "lock": SHIPPED, "status": "todo",
        "args": {"run_id": run, "actor_id": DATA_STEWARD.id, "accept_vanished": True},
    }  # fmt: skip
    path = desk.execute("select current_setting('search_path')").fetchone()
    assert path is not None and "jobs" not in path[0]


def test_when_the_transaction_rolls_back_there_is_neither_run_nor_job(desk: psycopg.Connection) -> None:
    upload = an_upload(desk)

    class ChangedTheirMind(Exception):
        pass

    with pytest.raises(ChangedTheirMind), acting(desk, DATA_STEWARD):
        commands.ask_run(desk, DATA_STEWARD, SHIPPED, upload, True)
        assert len(desk.execute("select from jobs.procrastinate_jobs").fetchall()) == 1
        raise ChangedTheirMind
    assert (told(desk, "select id from ingest_run"), told(desk, "select name from source"), jobs(desk)) == ([], [], [])


def test_a_command_commits_on_a_connection_that_is_not_in_autocommit(database: TestDatabase) -> None:
    with database.connect() as connection:
        upload = an_upload(connection)
        commands.ask_run(connection, DATA_STEWARD, SHIPPED, upload, True)
        connection.rollback()
        assert len(jobs(connection)) == 1


def test_asking_twice_is_asking_once_until_the_run_has_ended(desk: psycopg.Connection) -> None:
    upload = an_upload(desk)
    first = commands.ask_run(desk, DATA_STEWARD, SHIPPED, upload, True)
    assert commands.ask_run(desk, DATA_STEWARD, SHIPPED, upload, True) == first
    load = commands.ask_run(desk, DATA_STEWARD, SHIPPED, upload, False)
    assert load != first and len(jobs(desk)) == 2
    commands.cancel_run(desk, DATA_STEWARD, first)
    assert commands.ask_run(desk, DATA_STEWARD, SHIPPED, upload, True) not in (first, load)


def test_asking_for_a_dry_run_does_not_touch_the_source_that_stands(desk: psycopg.Connection) -> None:
    a_source(desk, SHIPPED, target="cases", data_as_of="2026-05-01T00:00:00Z", title="旧")
    commands.ask_run(desk, DATA_STEWARD, SHIPPED, an_upload(desk), True)
    (source,) = told(desk, "select title, data_as_of from source")
    assert source["title"] == "旧" and source["data_as_of"] is not None


@pytest.mark.parametrize("name", ["baltimore", "../../secret.toml", "/etc/passwd", "baltimore_311.toml", "", "a b", "映" * 81])
def test_a_mapping_that_is_not_known_is_refused(desk: psycopg.Connection, name: str) -> None:
    upload = an_upload(desk)
    with pytest.raises(BadInput) as said:
        commands.ask_run(desk, DATA_STEWARD, name, upload, True)
    assert said.value.sentence.zh and said.value.sentence.en
    assert jobs(desk) == []


def test_the_citys_own_mappings_are_known_by_their_folder(desk: psycopg.Connection, tmp_path: Path) -> None:
    a_mapping(tmp_path)
    upload = an_upload(desk)
    commands.ask_run(desk, DATA_STEWARD, "addresses", upload, True, folders=[tmp_path])
    assert [job["lock"] for job in jobs(desk)] == ["addresses"]
    with pytest.raises(BadInput):
        commands.ask_run(desk, DATA_STEWARD, "addresses", upload, True)


def test_an_upload_that_is_not_there_is_a_sentence(desk: psycopg.Connection) -> None:
    with pytest.raises(BadInput, match="no upload 77"):
        commands.ask_run(desk, DATA_STEWARD, SHIPPED, 77, True)


def test_cancelling(desk: psycopg.Connection) -> None:
    source = a_source(desk)
    queued, running, done = (a_run(desk, source, status=status) for status in ("queued", "running", "done"))
    for run in (queued, running):
        commands.cancel_run(desk, DATA_STEWARD, run)
    rows = told(desk, "select status, cancel_requested, finished_at is not null as ended, message_en from ingest_run order by id")
    assert [(r["status"], r["cancel_requested"], r["ended"]) for r in rows] == [("cancelled", True, True), ("running", True, False), ("done", False, False)]
    assert rows[0]["message_en"]
    commands.cancel_run(desk, DATA_STEWARD, queued)  # a second click
    for run, said in ((done, "has ended"), (999, "no run 999")):
        with pytest.raises(BadInput, match=said):
            commands.cancel_run(desk, DATA_STEWARD, run)


def test_rows_are_corrected_by_id_and_the_correction_is_kept(desk: psycopg.Connection) -> None:
    run = a_run(desk, a_source(desk))
    one, two = refused(desk, run, "h1", {"名称": "甲", "经度": ""}), refused(desk, run, "h2", {"名称": "乙"})
    assert commands.correct(desk, DATA_STEWARD, ids=[one], changes={"经度": "123.9"}) == 1
    assert commands.correct(desk, DATA_STEWARD, ids=[one], changes={"名称": "丙"}) == 1
    fields = {row["id"]: row["fields"] for row in told(desk, "select id, fields from quarantine")}
    assert fields == {one: {"名称": "丙", "经度": "123.9"}, two: {"名称": "乙"}}
    (kept,) = told(desk, "select source, raw_hash, changes, accept_repair, actor from correction")
    assert kept == {"source": "cams", "raw_hash": "h1", "changes": {"名称": "丙", "经度": "123.9"}, "accept_repair": False, "actor": DATA_STEWARD.id}


def test_rows_are_corrected_by_rule_and_where_a_field_says_something(desk: psycopg.Connection) -> None:
    run, other = a_run(desk, a_source(desk)), a_run(desk, "cams")
    rows = [refused(desk, run, f"h{n}", {"类": value}, rule=rule) for n, (value, rule) in enumerate([("a", "r"), ("b", "r"), ("a", "s")])]
    elsewhere = refused(desk, other, "h9", {"类": "a"}, rule="r")
    assert commands.correct(desk, DATA_STEWARD, run_id=run, rule="r", replace=("类", "a", "A")) == 1
    assert commands.correct(desk, DATA_STEWARD, run_id=run, rule=None, changes={"级": "1"}) == 3
    fields = {row["id"]: row["fields"] for row in told(desk, "select id, fields from quarantine")}
    assert [fields[row] for row in rows] == [{"类": "A", "级": "1"}, {"类": "b", "级": "1"}, {"类": "a", "级": "1"}]
    assert fields[elsewhere] == {"类": "a"}


def test_a_proposed_repair_is_taken_where_there_is_one(desk: psycopg.Connection) -> None:
    run = a_run(desk, a_source(desk))
    with_one = refused(desk, run, "h1", proposal="SRID=4326;POINT(123.9 47.3)")
    without = refused(desk, run, "h2")
    assert commands.correct(desk, DATA_STEWARD, ids=[with_one, without], accept_repair=True) == 1
    assert told(desk, "select raw_hash, changes, accept_repair from correction") == [{"raw_hash": "h1", "changes": {}, "accept_repair": True}]
    commands.correct(desk, DATA_STEWARD, ids=[with_one], changes={"a": "b"})
    assert told(desk, "select changes, accept_repair from correction") == [{"changes": {"a": "b"}, "accept_repair": True}]


def test_rows_that_are_settled_or_cannot_be_told_apart_are_left(desk: psycopg.Connection) -> None:
    run = a_run(desk, a_source(desk))
    settled, nameless = refused(desk, run, "h1", state="resolved"), refused(desk, run, None)
    assert commands.correct(desk, DATA_STEWARD, ids=[settled, nameless, 999], changes={"a": "b"}) == 0
    assert told(desk, "select id from correction") == []


@pytest.mark.parametrize(
    ("given_words", "said"),
    [
        ({"changes": {"a": "b"}}, "which rows"),
        ({"ids": [1]}, "No correction"),
        ({"ids": [1], "changes": {" ": "b"}}, "no name"),
        ({"ids": [1], "changes": {"a": "x" * 4001}}, "longer than 4000"),
        ({"ids": [1], "replace": ("a", "b", "\x00")}, "null character"),
        ({"ids": [1], "changes": {str(n): "x" for n in range(201)}}, "At most 200"),
    ],
)
def test_corrections_that_say_nothing_useful_are_refused(connection: psycopg.Connection, given_words: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        commands.correct(connection, DATA_STEWARD, **given_words)


FIELD, VALUE = st.sampled_from("abc"), st.sampled_from(["", "x", "y"])
ROWS = st.lists(st.tuples(st.sampled_from(["h1", "h2", "h3"]), st.sampled_from("rs"), st.dictionaries(FIELD, VALUE)), min_size=1, max_size=6)
ORDER = st.tuples(
    st.sampled_from(["all", "r", "s"]), st.dictionaries(FIELD, VALUE, max_size=2), st.none() | st.tuples(FIELD, VALUE, VALUE)
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, orders=st.lists(ORDER, min_size=1, max_size=3))
def test_corrections_in_a_row_do_what_they_would_one_row_at_a_time(connection: psycopg.Connection, rows: list[Any], orders: list[Any]) -> None:
    """The oracle: dictionaries, row by row, in Python."""
    with connection.transaction(force_rollback=True):
        run = a_run(connection, a_source(connection))
        shown = {refused(connection, run, raw_hash, fields, rule=rule): (raw_hash, rule, dict(fields)) for raw_hash, rule, fields in rows}
        kept: dict[str, dict[str, str]] = {}
        for rule, changes, replace in orders:
            if not changes and replace is None:
                continue
            touched, merged = 0, {}
            for _, (raw_hash, own_rule, fields) in sorted(shown.items()):
                change = dict(changes)
                if replace is not None and fields.get(replace[0]) == replace[1]:
                    change[replace[0]] = replace[2]
                if rule in ("all", own_rule) and change:
                    touched += 1
                    fields.update(change)
                    merged.setdefault(raw_hash, change)  # of rows that came alike the first one speaks
            for raw_hash, change in merged.items():
                kept.setdefault(raw_hash, {}).update(change)
            done = commands.correct(connection, DATA_STEWARD, run_id=run, rule=None if rule == "all" else rule, changes=changes, replace=replace)
            assert done == touched
        assert {row["id"]: row["fields"] for row in told(connection, "select id, fields from quarantine where run_id = %s", run)} == {
            row: fields for row, (_, _, fields) in shown.items()
        }
        assert {row["raw_hash"]: row["changes"] for row in told(connection, "select raw_hash, changes from correction")} == kept


def test_dismissing(desk: psycopg.Connection) -> None:
    run = a_run(desk, a_source(desk))
    one, two, three = (refused(desk, run, f"h{n}", rule=rule) for n, rule in enumerate("rrs"))
    assert commands.dismiss(desk, DATA_STEWARD, [one, 999]) == 1
    assert commands.dismiss(desk, DATA_STEWARD, run_id=run, rule="r") == 1
    rows = told(desk, "select id, state, settled_by, settled_at is not null as settled from quarantine order by id")
    assert [(r["id"], r["state"], r["settled_by"], r["settled"]) for r in rows] == [
        (one, "dismissed", DATA_STEWARD.id, True), (two, "dismissed", DATA_STEWARD.id, True), (three, "open", None, False),
    ]  # fmt: skip
    with pytest.raises(BadInput, match="which rows"):
        commands.dismiss(desk, DATA_STEWARD)


def test_asking_to_run_again(desk: psycopg.Connection) -> None:
    a_source(desk, SHIPPED, target="cases")
    with pytest.raises(BadInput, match="No refused row"):
        commands.ask_rerun(desk, DATA_STEWARD, SHIPPED)
    refused(desk, a_run(desk, SHIPPED, kind="dry_run"), "h0")
    with pytest.raises(BadInput, match="No refused row"):
        commands.ask_rerun(desk, DATA_STEWARD, SHIPPED)
    refused(desk, a_run(desk, SHIPPED), "h1")
    run = commands.ask_rerun(desk, DATA_STEWARD, SHIPPED)
    assert commands.ask_rerun(desk, DATA_STEWARD, SHIPPED) == run
    (row,) = told(desk, "select kind, status, upload_id from ingest_run where id = %s", run)
    assert row == {"kind": "correction", "status": "queued", "upload_id": None}
    assert [json.loads(json.dumps(job["args"])) for job in jobs(desk)] == [{"run_id": run, "actor_id": DATA_STEWARD.id, "accept_vanished": False}]


def test_a_withdrawal_that_cannot_be_is_a_sentence_and_defers_nothing(desk: psycopg.Connection) -> None:
    run = a_run(desk, a_source(desk), status="failed")
    with pytest.raises(BadInput, match="nothing to withdraw"):
        commands.withdraw(desk, DATA_STEWARD, run)
    assert jobs(desk) == []
