"""The ledger holds: every row is accounted for, keeps its origin, can be taken back; nothing is half done, however a load ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from commandcenter.city import load_city
from commandcenter.db.run import acting
from commandcenter.errors import BadInput
from commandcenter.security.builtin import STEWARD
from ingest import store
from ingest.ledger import store as ledger
from ingest.load import Report, load_corrections, load_file
from ingest.mapping import load_mapping
from ingest.placing import PLACE_COLUMNS, Places
from ingest.runs import mark_broken
from ingest.withdraw import withdraw_run
from tests.city import HOME
from tests.conftest import TestDatabase
from tests.test_ingest_steps import csv_file

CITY = load_city("longsha")
MAPPING = """target = "address"
reader = "csv"
crs = "EPSG:4326"
geometry = "point"
key = ["id"]
title = { zh = "地址", en = "Addresses" }
owner = "o"
licence = "l"
attribution = "a"
cadence = "once"
[place]
lon = "lon"
lat = "lat"
[columns]
label = { from = "label", required = true }
house_number = { from = "number" }
"""
SEEN = "select source_key, label, house_number, ST_AsText(geom), run_id, row_no, gone_run_id from address order by source_key"


@pytest.fixture
def mapping(tmp_path: Path) -> Any:
    path = tmp_path / "addresses.toml"
    path.write_text(MAPPING, encoding="utf-8")
    return load_mapping(path)


def load(connection: psycopg.Connection, mapping: Any, folder: Path, *lines: str, **more: Any) -> Report:
    report = load_file(connection, STEWARD, mapping, csv_file(folder, *lines), CITY, **more)
    assert report.tally.adds_up
    return report


def asked(connection: psycopg.Connection, question: str, *, gone: bool = False, given_: Any = None) -> list[tuple[Any, ...]]:
    with acting(connection, STEWARD):
        if gone:
            connection.execute("select set_config('commandcenter.with_gone', 'on', true)")
        return connection.execute(question, given_).fetchall()  # type: ignore[arg-type]  # questions of these tests


def row(number: int, label: str = "x", lon: float = 123.95, lat: float = 47.31) -> str:
    return f"{number},{label},{number},{lon},{lat}"


def test_a_row_keeps_run_line_raw_text_and_rules(open_database: psycopg.Connection, mapping: Any, tmp_path: Path) -> None:
    load(open_database, mapping, tmp_path, row(1), '2,"二\n楼",2,123.95,47.31', row(3, lat=9.0), row(4))
    ((run_id, row_no),) = asked(open_database, "select run_id, row_no from address where source_key = '4'")
    with acting(open_database, STEWARD):
        assert ledger.raw_of(open_database, run_id, row_no) == ("6", row(4))
        two = asked(open_database, "select run_id, row_no from address where source_key = '2'")[0]
        assert ledger.raw_of(open_database, *two) == ("3", '2,"二\n楼",2,123.95,47.31')
        body = open_database.execute("select m.body from ingest_run r join mapping_version m on m.sha256 = r.mapping_sha256").fetchone()
    assert body is not None and "house_number" in body[0]


def test_only_written_rows_leave_raw_text(open_database: psycopg.Connection, mapping: Any, tmp_path: Path) -> None:
    load(open_database, mapping, tmp_path, row(1), row(2), row(3))
    second = load(open_database, mapping, tmp_path, row(1), row(2, "new"), row(3))
    assert (second.tally.loaded, second.tally.unchanged) == (1, 2)
    bodies = asked(open_database, "select body from ingest_raw where run_id = %s", given_=[second.run_id])
    assert [ledger.read_block(body) for (body,) in bodies] == [{"2": ["3", row(2, "new")]}]


def test_a_vanished_row_is_marked_hidden_and_may_return(open_database: psycopg.Connection, mapping: Any, tmp_path: Path) -> None:
    load(open_database, mapping, tmp_path, row(1), row(2))
    second = load(open_database, mapping, tmp_path, row(1))
    assert second.tally.vanished == 1
    assert [found[0] for found in asked(open_database, SEEN)] == ["1"]
    assert [(found[0], found[-1]) for found in asked(open_database, SEEN, gone=True)] == [("1", None), ("2", second.run_id)]
    assert asked(open_database, "select row_count from source") == [(1,)]
    third = load(open_database, mapping, tmp_path, row(1), row(2))
    assert (third.tally.loaded, third.tally.unchanged, third.tally.vanished) == (1, 1, 0)
    assert [found[0] for found in asked(open_database, SEEN)] == ["1", "2"]


def test_a_refused_row_is_not_gone(open_database: psycopg.Connection, mapping: Any, tmp_path: Path) -> None:
    load(open_database, mapping, tmp_path, row(1), row(2))
    second = load(open_database, mapping, tmp_path, row(1), row(2, lat=9.0))
    assert (second.tally.quarantined, second.tally.vanished) == (1, 0)
    assert len(asked(open_database, SEEN)) == 2


def test_rows_that_nobody_can_name_mark_nothing_as_gone(open_database: psycopg.Connection, mapping: Any, tmp_path: Path) -> None:
    load(open_database, mapping, tmp_path, row(1), row(2))
    second = load(open_database, mapping, tmp_path, row(1), "2,x,123.95,47.31")
    assert second.tally.vanished == 0 and second.warning is not None and "no usable key" in second.warning.en
    assert len(asked(open_database, SEEN)) == 2


def test_half_a_file_is_a_question(open_database: psycopg.Connection, mapping: Any, tmp_path: Path) -> None:
    whole = [row(number) for number in range(300)]
    load(open_database, mapping, tmp_path, *whole)
    with pytest.raises(BadInput, match="no longer brings 150 of the 300 rows"):
        load(open_database, mapping, tmp_path, *whole[:150])
    assert len(asked(open_database, SEEN)) == 300
    assert load(open_database, mapping, tmp_path, *whole[:150], accept_vanished=True).tally.vanished == 150


def test_changes_only_never_make_a_row_vanish(open_database: psycopg.Connection, tmp_path: Path) -> None:
    path = tmp_path / "addresses.toml"
    path.write_text(MAPPING.replace('cadence = "once"', 'cadence = "once"\ndelivery = "changes"'), encoding="utf-8")
    mapping = load_mapping(path)
    load(open_database, mapping, tmp_path, row(1))
    assert load(open_database, mapping, tmp_path, row(2)).tally.vanished == 0
    assert len(asked(open_database, SEEN)) == 2


ROWS = st.dictionaries(st.integers(1, 8), st.sampled_from(["a", "b", "c"]), min_size=1, max_size=8)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROWS, min_size=2, max_size=4))
def test_withdrawing_every_load_restores_every_state(
    open_database: psycopg.Connection, mapping: Any, tmp_path: Path, deliveries: list[dict[int, str]]
) -> None:
    """Loads one after another, then taken back one after another: each withdrawal shows exactly the state before its load."""
    with acting(open_database, STEWARD):
        open_database.execute("select set_config('commandcenter.with_gone', 'on', true)")
        open_database.execute("delete from address")
        open_database.execute("update ingest_run set status = 'withdrawn'")
    states, runs = [asked(open_database, SEEN, gone=True)], []
    for delivery in deliveries:
        report = load(open_database, mapping, tmp_path, *(row(number, label) for number, label in delivery.items()))
        runs.append(report.run_id)
        standing = {int(found[0]): found[1] for found in asked(open_database, SEEN)}
        assert standing == delivery, "what stands is what was delivered"
        states.append(asked(open_database, SEEN, gone=True))
    for run_id, before in reversed(list(zip(runs, states[:-1], strict=True))):
        assert run_id is not None
        with acting(open_database, STEWARD):
            withdraw_run(open_database, STEWARD, run_id)
        assert asked(open_database, SEEN, gone=True) == before


def test_only_the_newest_load_can_be_withdrawn_and_only_once(open_database: psycopg.Connection, mapping: Any, tmp_path: Path) -> None:
    first = load(open_database, mapping, tmp_path, row(1)).run_id
    second = load(open_database, mapping, tmp_path, row(1, "new")).run_id
    assert first is not None and second is not None
    with pytest.raises(BadInput, match=f"Run {second} came later"), acting(open_database, STEWARD):
        withdraw_run(open_database, STEWARD, first)
    unchanged = load(open_database, mapping, tmp_path, row(1, "new")).run_id
    with acting(open_database, STEWARD):  # a load since that changed nothing is no hindrance
        done = withdraw_run(open_database, STEWARD, second)
    assert (done.removed, done.restored) == (0, 1)
    with pytest.raises(BadInput, match="withdrawn"), acting(open_database, STEWARD):
        withdraw_run(open_database, STEWARD, second)
    assert asked(open_database, "select id, status, withdrawn_by from ingest_run order by id") == [
        (first, "done", None), (second, "withdrawn", STEWARD.id), (unchanged, "done", None)
    ]  # fmt: skip


def correct(connection: psycopg.Connection, changes: dict[str, str]) -> None:
    with acting(connection, STEWARD):
        connection.execute(
            "insert into correction (source, raw_hash, changes, actor)"
            " select 'addresses', raw_hash, %s, 'a' from quarantine where state = 'open'",
            [Jsonb(changes)],
        )
        connection.execute("update quarantine set fields = fields || %s where state = 'open'", [Jsonb(changes)])


def test_a_corrected_row_is_run_again_and_remembered(open_database: psycopg.Connection, mapping: Any, tmp_path: Path) -> None:
    lines = [row(1), row(2, lat=9.0)]
    load(open_database, mapping, tmp_path, *lines)
    correct(open_database, {"lat": "47.32"})
    again = load_corrections(open_database, STEWARD, mapping, CITY, "addresses")
    assert (again.tally.read, again.tally.loaded, again.tally.found) == (1, 1, {"corrected": 1})
    assert [found[3] for found in asked(open_database, SEEN)] == ["POINT(123.95 47.31)", "POINT(123.95 47.32)"]
    assert asked(open_database, "select state from quarantine") == [("resolved",)]
    same = load(open_database, mapping, tmp_path, *lines)
    assert (same.tally.loaded, same.tally.unchanged, same.tally.quarantined) == (0, 2, 0), "the same wrong file changes nothing"
    with pytest.raises(BadInput, match="No refused row"):
        load_corrections(open_database, STEWARD, mapping, CITY, "addresses")


def test_a_wrong_correction_is_refused_anew(open_database: psycopg.Connection, mapping: Any, tmp_path: Path) -> None:
    load(open_database, mapping, tmp_path, row(1), row(2, lat=9.0))
    correct(open_database, {"lat": "10.0"})
    again = load_corrections(open_database, STEWARD, mapping, CITY, "addresses")
    assert (again.tally.read, again.tally.quarantined) == (1, 1)
    assert asked(open_database, "select state, fields ->> 'lat' from quarantine order by id") == [("resolved", "10.0"), ("open", "10.0")]
    correct_again = {"lat": "47.33"}
    with acting(open_database, STEWARD):
        open_database.execute("delete from correction")
    correct(open_database, correct_again)
    assert load_corrections(open_database, STEWARD, mapping, CITY, "addresses").tally.loaded == 1


def test_a_new_full_delivery_speaks_for_itself(open_database: psycopg.Connection, mapping: Any, tmp_path: Path) -> None:
    load(open_database, mapping, tmp_path, row(1), row(2, lat=9.0))
    load(open_database, mapping, tmp_path, row(1), row(2))
    assert asked(open_database, "select state from quarantine") == [("superseded",)]


def test_two_imports_of_one_source_never_meet(open_database: psycopg.Connection, database: TestDatabase, mapping: Any, tmp_path: Path) -> None:
    with database.connect() as other:
        other.autocommit = True
        assert ledger.hold_source(other, "addresses")
        with pytest.raises(BadInput, match="Another import of the source addresses"):
            load(open_database, mapping, tmp_path, row(1))
        ledger.release_source(other, "addresses")
    assert load(open_database, mapping, tmp_path, row(1)).tally.loaded == 1


def queued(connection: psycopg.Connection, kind: str = "load") -> int:
    with acting(connection, STEWARD):
        connection.execute(
            "insert into source (name, target, title, title_en, owner, licence, attribution) values ('addresses','address','','','','','')"
            " on conflict do nothing"
        )
        found = connection.execute(
            "insert into ingest_run (source, mapping, kind, file_name, file_sha256, status) values ('addresses','addresses',%s,'','','queued') returning id",
            [kind],
        ).fetchone()
    assert found is not None
    return int(found[0])


def test_a_dry_run_of_the_desk_keeps_its_preview_and_nothing_else(open_database: psycopg.Connection, mapping: Any, tmp_path: Path) -> None:
    run_id = queued(open_database, "dry_run")
    report = load(open_database, mapping, tmp_path, row(1), row(2, lat=9.0), dry_run=True, run_id=run_id)
    assert report.run_id == run_id
    kept = "select (select count(*) from address), (select count(*) from ingest_preview), (select count(*) from quarantine), (select count(*) from ingest_raw)"
    assert asked(open_database, kept) == [(0, 1, 1, 0)]
    assert asked(open_database, "select status, rows_read, loaded, quarantined from ingest_run") == [("done", 2, 1, 1)]


def test_a_cancelled_load_keeps_nothing(open_database: psycopg.Connection, database: TestDatabase, mapping: Any, tmp_path: Path) -> None:
    run_id = queued(open_database)
    path = csv_file(tmp_path, *(row(number) for number in range(200_000)))

    def cancel() -> None:
        with database.connect() as other:
            other.autocommit = True
            for _ in range(200):
                with acting(other, STEWARD):
                    done = other.execute("update ingest_run set cancel_requested = true where id = %s and status = 'running' and progress > 0", [run_id])
                if done.rowcount:
                    return
                time.sleep(0.02)

    asking = threading.Thread(target=cancel)
    asking.start()
    with pytest.raises(BadInput, match="cancelled"):
        load_file(open_database, STEWARD, mapping, path, CITY, run_id=run_id)
    asking.join()
    assert asked(open_database, "select status, loaded, message_en from ingest_run") == [
        ("cancelled", 0, "The import was cancelled; nothing was loaded.")
    ]
    assert asked(open_database, SEEN) == []
    assert load(open_database, mapping, tmp_path, row(1)).tally.loaded == 1, "the source is free again"


LOADER = """
import sys, psycopg
from pathlib import Path
from commandcenter.city import load_city
from commandcenter.security.builtin import STEWARD
from ingest.load import load_file
from ingest.mapping import load_mapping
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    load_file(connection, STEWARD, load_mapping(sys.argv[2]), Path(sys.argv[3]), load_city("longsha"))
"""


def test_a_killed_import_leaves_the_old_state_and_a_broken_run(
    open_database: psycopg.Connection, database: TestDatabase, mapping: Any, tmp_path: Path
) -> None:
    load(open_database, mapping, tmp_path, row(1, "old"))
    before = asked(open_database, SEEN)
    path = csv_file(tmp_path, *(row(number, "new") for number in range(300_000)))
    loader = subprocess.Popen([sys.executable, "-c", LOADER, database.app_dsn, str(tmp_path / "addresses.toml"), str(path)])
    try:
        for _ in range(600):
            if asked(open_database, "select 1 from ingest_run where status = 'running' and progress > 0"):
                break
            time.sleep(0.05)
        else:
            pytest.fail("the import never showed progress")
        assert mark_broken(open_database, STEWARD) == 0, "a run that lives is not broken"
    finally:
        os.kill(loader.pid, signal.SIGKILL)
        loader.wait()
    for _ in range(200):
        if mark_broken(open_database, STEWARD):
            break
        time.sleep(0.05)
    assert asked(open_database, "select status from ingest_run order by id") == [("done",), ("broken",)]
    assert asked(open_database, SEEN) == before
    assert load(open_database, mapping, tmp_path, row(1, "new")).tally.loaded == 1


@pytest.mark.parametrize("table", ["camera", "cases", "component", "building", "compound", "service_point"])
def test_placing_in_memory_is_placing_in_the_database(connection: psycopg.Connection, table: str) -> None:
    """What a load writes, ``place_again`` would not change: points on shared borders and corners included."""
    corners = [HOME.point(x, y) for x in (-600, -300, 0, 300, 600) for y in (0, 300, 600)]
    with acting(connection, STEWARD):
        places = Places(connection)
        if table == "camera":
            for number, (key,) in enumerate(connection.execute("select id from camera order by id").fetchall()[: len(corners)]):
                connection.execute("update camera set geom = %s where id = %s", [corners[number], key])
        store.place_again(connection, table)
        rows = connection.execute(f"select ST_AsBinary(geom), {', '.join(PLACE_COLUMNS)} from {table} order by id").fetchall()  # type: ignore[arg-type]  # tables named above
    found = places.codes(np.array(shapely.from_wkb([wkb for wkb, *_ in rows]), dtype=object))
    assert list(zip(*(found[name] for name in PLACE_COLUMNS), strict=True)) == [tuple(row[1:]) for row in rows]


def test_boundaries_that_change_move_what_lies_in_them(connection: psycopg.Connection) -> None:
    with acting(connection, STEWARD):
        store.place_all_again(connection)
        before = connection.execute("select count(*) from camera where grid_code = '230202001006001'").fetchone()
        connection.execute("update grid set geom = ST_Translate(geom, 1, 1), geom_metric = geom_metric where code = '230202001006001'")
        moved = store.place_all_again(connection)
        after = connection.execute("select count(*) from camera where grid_code = '230202001006001'").fetchone()
        assert before is not None and before[0] > 0 and after == (0,) and moved >= before[0]
        assert store.place_all_again(connection) == 0, "placing twice moves nothing"


def test_a_living_source_speaks_of_its_last_delivery(open_database: psycopg.Connection, mapping: Any, tmp_path: Path) -> None:
    """A source with a cadence that states no moment is as old as its last good load; a failed one makes it neither newer nor unknown."""
    said = "select data_as_of, last_good_run_at from source where name = 'addresses'"
    living = replace(mapping, cadence_s=3600, data_as_of=None)
    load(open_database, replace(mapping, cadence_s=None, data_as_of=None), tmp_path, row(1))
    assert asked(open_database, said)[0][0] is None, "what comes once and says nothing is of an unknown moment"
    load(open_database, living, tmp_path, row(1))
    ((as_of, good),) = asked(open_database, said)
    assert as_of == good is not None
    later = load(open_database, living, tmp_path, row(1, "new")).run_id
    assert later is not None and asked(open_database, said)[0][0] > as_of
    with acting(open_database, STEWARD):
        withdraw_run(open_database, STEWARD, later)
    ((as_of, good),) = asked(open_database, said)
    assert as_of == good == asked(open_database, "select max(finished_at) from ingest_run where status = 'done'")[0][0]
    with pytest.raises(BadInput):
        load(open_database, living, tmp_path)
    assert asked(open_database, said) == [(as_of, good)]
    told = datetime(2024, 5, 1, tzinfo=UTC)
    load(open_database, replace(living, data_as_of=told), tmp_path, row(1))
    assert asked(open_database, said)[0][0] == told
