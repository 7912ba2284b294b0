"""Sources that come by themselves: fetched when due, told when they fail, said at the desk."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.__main__ import _parser
from commandcenter.city import load_city
from commandcenter.db.run import acting
from commandcenter.errors import BadInput
from commandcenter.pages.data.arrival import arrival_view, no_worker
from commandcenter.security.builtin import FETCHER, STEWARD
from commandcenter.text import Text
from commandcenter.worker.fetching import Fetching, fetch_now
from ingest.desk import commands
from ingest.desk.arrivals import taking
from ingest.desk.arrivals.due import FIRST_PAUSE_S, LONGEST_PAUSE_S, Attempt, fetched_mappings, is_due, next_due
from ingest.desk.mappings import own_mappings
from tests.conftest import TestDatabase
from tests.fetched import (
    ROWS,
    Department,
    a_fetched,
    below,
    csv,
    department,
    folder,
    from_address,
    from_folder,
    later,
    runs,
    take,
    uploaded,
)
from tests.serving import ServedApplication
from tests.test_desk_commands import told
from tests.test_desk_page import words
from tests.working import Desk, desk, until

__all__ = ["department", "desk", "folder"]  # the fixtures

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


def test_a_due_source_is_fetched_kept_and_loaded(desk: Desk, department: type[Department]) -> None:
    mapping = from_address(desk, department)
    (run,) = take(desk, mapping)
    assert desk.run(run)["status"] == "queued"
    desk.work_off()
    row = desk.run(run)
    assert (row["status"], row["loaded"], row["actor"], row["file_name"]) == ("done", 2, FETCHER.id, "addresses.csv")
    (upload,) = told(desk.connection, "select * from upload")
    assert (upload["actor"], upload["sha256"], upload["bytes"]) == (FETCHER.id, row["file_sha256"], len(department.body))
    (kept,) = uploaded(desk)
    assert kept.read_bytes() == department.body and kept == desk.settings.data_dir / "uploads" / upload["stored_as"]
    assert desk.labels() == ["一路", "二路"] and desk.jobs() == []


def test_a_source_is_not_asked_before_its_cadence_has_passed(desk: Desk, department: type[Department]) -> None:
    mapping = from_address(desk, department)
    take(desk, mapping)
    assert take(desk, mapping, later(hours=9)) == [], "its first file is not loaded yet"
    desk.work_off()
    assert take(desk, mapping, later(minutes=59)) == []
    assert len(department.asked) == 1
    assert len(take(desk, mapping, later(minutes=61))) == 1
    assert len(department.asked) == 2


def test_an_unchanged_answer_is_a_good_run_that_reads_nothing(desk: Desk, department: type[Department]) -> None:
    mapping = from_address(desk, department)
    take(desk, mapping)
    desk.work_off()
    ((before,),) = [[row["last_good_run_at"]] for row in told(desk.connection, "select last_good_run_at from source")]
    (again,) = take(desk, mapping, later(hours=2))
    row = desk.run(again)
    assert (row["status"], row["rows_read"], row["loaded"], row["unchanged"], row["quarantined"]) == ("done", 2, 0, 2, 0)
    assert "run 1" in row["message_en"] and "第 1 次" in row["message"] and desk.jobs() == []
    ((after,),) = [[row["last_good_run_at"]] for row in told(desk.connection, "select last_good_run_at from source")]
    assert after > before
    first, second = uploaded(desk)
    assert first.stat().st_ino == second.stat().st_ino, "the same content takes no room twice"
    department.body = csv(*ROWS, "3,三路,3,123.97,47.31")
    take(desk, mapping, later(hours=4))
    desk.work_off()
    assert desk.labels() == ["一路", "三路", "二路"]


def test_the_same_answer_is_read_again_when_something_came_between(desk: Desk, department: type[Department]) -> None:
    """After a withdrawal, a changed mapping or refused rows the same file may mean something else."""
    mapping = from_address(desk, department)
    (first,) = take(desk, mapping)
    desk.work_off()
    commands.withdraw(desk.connection, STEWARD, first)
    assert desk.labels() == []
    take(desk, mapping, later(hours=2))
    desk.work_off()
    assert desk.labels() == ["一路", "二路"]
    changed = from_address(desk, department, cadence="2h")
    (third,) = take(desk, changed, later(hours=9))
    assert desk.run(third)["status"] == "queued"
    desk.work_off()
    department.body = csv(*ROWS, "3,三路,3,,")
    for hours in (12, 15):
        (run,) = take(desk, changed, later(hours=hours))
        assert desk.run(run)["status"] == "queued"
        desk.work_off()
        assert desk.run(run)["quarantined"] == 1


def test_a_source_that_fails_says_why_and_recovers(desk: Desk, department: type[Department]) -> None:
    mapping = from_address(desk, department)
    department.status = 404
    (failed,) = take(desk, mapping)
    row = desk.run(failed)
    assert (row["status"], row["actor"], row["upload_id"]) == ("failed", FETCHER.id, None)
    assert row["finished_at"] is not None and row["file_name"] == f"127.0.0.1:{department.port}"
    assert "404" in row["message"] and "127.0.0.1" in row["message_en"] and uploaded(desk) == []
    assert take(desk, mapping, later(seconds=FIRST_PAUSE_S - 30)) == []
    assert len(take(desk, mapping, later(seconds=FIRST_PAUSE_S + 1))) == 1
    assert take(desk, mapping, later(seconds=FIRST_PAUSE_S + 1)) == [], "the second pause is longer"
    department.status = 200
    take(desk, mapping, later(seconds=2 * FIRST_PAUSE_S + 1))
    desk.work_off()
    assert [row["status"] for row in runs(desk)] == ["failed", "failed", "done"]
    assert desk.labels() == ["一路", "二路"]
    assert take(desk, mapping, later(minutes=59)) == []


@pytest.mark.parametrize(("fetched", "said"), [('url = "ftp://x/a.csv"', "http"), ('url = "http://127.0.0.1:1/a.csv"', "127.0.0.1")])
def test_an_address_that_cannot_be_asked_is_a_failed_run(desk: Desk, fetched: str, said: str) -> None:
    (run,) = take(desk, a_fetched(desk, fetched))
    assert desk.run(run)["status"] == "failed" and said in desk.run(run)["message_en"]


def test_a_file_that_cannot_be_loaded_is_a_failed_attempt(desk: Desk, department: type[Department]) -> None:
    department.body = b"id,label\n\xff\xfe\n"
    mapping = from_address(desk, department, cadence="30d")
    (run,) = take(desk, mapping)
    desk.work_off()
    assert desk.run(run)["status"] == "failed"
    assert take(desk, mapping, later(seconds=FIRST_PAUSE_S - 30)) == []
    assert len(take(desk, mapping, later(seconds=FIRST_PAUSE_S + 30))) == 1


def test_a_full_disk_is_told(desk: Desk, department: type[Department], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "KEPT_FREE_BYTES", 2**62)
    (run,) = take(desk, from_address(desk, department))
    assert "disk" in desk.run(run)["message_en"] and department.asked == []


@given(
    cadence=st.one_of(st.none(), st.integers(60, 40 * 86_400)),
    ends=st.lists(st.sampled_from(["done", "failed", "broken", "cancelled", "withdrawn"]), max_size=12),
)
def test_pauses_grow_and_never_pass_the_cadence(cadence: int | None, ends: list[str]) -> None:
    """Against a slow reading of the rule: walk from the newest attempt back, doubling a pause for each failure."""
    attempts = [Attempt(9 - at, NOW - timedelta(hours=at), status) for at, status in enumerate(ends)]
    pause, doubled = 0, FIRST_PAUSE_S
    for status in ends:
        if status not in ("failed", "broken"):
            break
        pause, doubled = doubled, doubled * 2
    due = next_due(cadence, attempts)
    if not ends:
        assert due is not None and is_due(cadence, attempts, NOW)
    elif pause:
        assert due == NOW + timedelta(seconds=min([pause, LONGEST_PAUSE_S, *([cadence] if cadence else [])]))
    else:
        assert due == (NOW + timedelta(seconds=cadence) if cadence else None)
    for status in ("queued", "running"):
        assert not is_due(cadence, [Attempt(10, NOW - timedelta(days=99), status), *attempts], NOW)


def test_a_source_that_comes_once_is_fetched_once(desk: Desk, department: type[Department]) -> None:
    mapping = from_address(desk, department, cadence="once")
    department.status = 500
    take(desk, mapping)
    department.status = 200
    take(desk, mapping, later(seconds=FIRST_PAUSE_S + 1))
    desk.work_off()
    assert take(desk, mapping, later(days=999)) == [] and len(department.asked) == 2


def test_two_workers_at_once_fetch_and_load_once(desk: Desk, department: type[Department], folder: Path, database: TestDatabase) -> None:
    for place in ("address", "folder"):
        department.slow.clear()
        mapping = from_address(desk, department) if place == "address" else from_folder(desk, folder)
        if place == "folder":
            (folder / "a.csv").write_bytes(csv("7,七路,7,123.95,47.31"))
        workers = [Fetching(desk.settings) for _ in range(3)]
        for each in workers:
            each.look()
        time.sleep(0.2)
        department.slow.set()
        for each in workers:
            each.wait()
        assert Fetching(desk.settings).look() == ([] if place == "address" else [mapping.name])
        desk.work_off()
    assert len(department.asked) == 1
    assert [(row["status"], row["kind"]) for row in runs(desk)] == [("done", "load")] * 2
    until(lambda: below(folder) == ["done/a.csv"])


def test_a_look_begins_what_is_due_and_nothing_twice(desk: Desk, department: type[Department]) -> None:
    for name in ("a", "b", "c", "d"):
        from_address(desk, department, name=name)
    (own_mappings(desk.settings.data_dir) / "faulty.toml").write_text("target = 1", encoding="utf-8")
    department.slow.clear()
    fetching = Fetching(desk.settings)
    assert fetching.look() == ["a", "b", "c"], "three at once"
    assert fetching.look() == []
    department.slow.set()
    fetching.wait()
    assert fetching.look() == ["d"]
    fetching.wait()
    assert fetching.look() == []
    assert sorted(row["source"] for row in runs(desk)) == ["a", "b", "c", "d"]


def test_a_citys_mappings_are_its_own_and_those_of_its_city_file(desk: Desk, department: type[Department]) -> None:
    from_address(desk, department)
    (own_mappings(desk.settings.data_dir) / "broken.toml").write_text("target = 1", encoding="utf-8")
    found, faulty = fetched_mappings(load_city("baltimore"), own_mappings(desk.settings.data_dir))
    assert [mapping.name for mapping in found] == ["addresses"] and list(faulty) == ["broken"]
    assert fetched_mappings(load_city("longsha"), desk.settings.data_dir / "nowhere") == ([], {})


def test_fetching_in_the_foreground(desk: Desk, department: type[Department], folder: Path) -> None:
    from_address(desk, department, name="b_address")
    a_fetched(desk, f'folder = "{folder}"', name="a_folder")
    (folder / "x.csv").write_bytes(csv("9,九路,9,123.95,47.31"))
    said: list[Text] = []
    assert fetch_now(desk.settings, [], said.append)
    assert [text.en.split(":")[0] for text in said] == ["x.csv -> address", "b_address.csv -> address"]
    assert "loaded 2" in said[1].en and "写入 2" in said[1].zh and below(folder) == ["done/x.csv"]
    said.clear()
    assert fetch_now(desk.settings, ["b_address", "a_folder"], said.append), "due or not"
    assert "The same file as that of run 2" in said[0].en and "no new file" in said[1].en
    department.status = 403
    said.clear()
    assert not fetch_now(desk.settings, ["b_address"], said.append)
    assert "403" in said[0].en and "403" in said[0].zh
    desk.work_off()
    assert desk.jobs() == [] and len(runs(desk)) == 4
    for name in ("nobody", "baltimore_311", "../x"):
        with pytest.raises(BadInput):
            fetch_now(desk.settings, [name], said.append)


def test_in_the_foreground_a_worker_may_be_faster(desk: Desk, department: type[Department]) -> None:
    mapping = from_address(desk, department)
    take(desk, mapping)
    said: list[Text] = []
    assert fetch_now(desk.settings, ["addresses"], said.append)
    assert said == [Text("addresses：第 1 次运行尚未结束。", "addresses: run 1 has not ended yet.")]


def test_the_command_line_knows_fetch() -> None:
    assert vars(_parser().parse_args(["fetch", "a", "b", "--data-dir", "x"])) == {"command": "fetch", "mapping": ["a", "b"], "data_dir": Path("x")}
    assert _parser().parse_args(["fetch"]).mapping == []


def test_readyz_and_the_desk_know_whether_a_worker_lives(desk: Desk, department: type[Department], folder: Path) -> None:
    mapping = from_address(desk, department)
    with acting(desk.connection, STEWARD):
        desk.connection.execute("insert into layer_change (table_name) values ('address')")
        desk.connection.execute("insert into city (key, name, name_en, code, metric_srid, time_zone, centre_lon, centre_lat, synthetic, settings)"
                                " values ('longsha', '龙沙', 'Longsha', '230202', 32651, 'Asia/Shanghai', 123.9, 47.3, true, '{}')")  # fmt: skip
    take(desk, mapping)
    desk.work_off()
    with ServedApplication(desk.settings) as served:
        ready = served.get("/readyz")
        assert ready.status_code == 200 and ready.json()["worker"] is False
        assert served.state.just_started, "a worker needs a moment to begin"
        with acting(desk.connection, STEWARD):
            desk.connection.execute("insert into jobs.procrastinate_workers default values")
        assert served.get("/readyz").json()["worker"] is True
        with acting(desk.connection, STEWARD):
            desk.connection.execute("update jobs.procrastinate_workers set last_heartbeat = now() - interval '5 minutes'")
        assert served.get("/readyz").json()["worker"] is False


@pytest.mark.parametrize(("language", "due", "comes"), [("zh", "下次取数", "取自"), ("en", "Next due", "Fetched from")])
def test_the_desk_says_how_a_source_comes(desk: Desk, department: type[Department], folder: Path, language: Any, due: str, comes: str) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    mapping = from_address(desk, department)
    attempts = [Attempt(1, NOW - timedelta(minutes=30), "done", 1)]
    said = words([arrival_view(mapping, attempts, NOW, language, zone, True)])
    assert {comes, due, f"127.0.0.1:{department.port}", "2027-03-01 20:30", "2027-03-01 19:30"} <= {*said}
    for more, expected in (([], "At the next look"), ([Attempt(2, NOW, "running")], "Being loaded")):
        assert expected in words([arrival_view(mapping, more, NOW, "en", zone, True)])
    failed = [Attempt(3, NOW, "failed", None, "没有", "nothing"), *attempts]
    assert {"zh": "没有", "en": "nothing"}[language] in words([arrival_view(mapping, failed, NOW, language, zone, True)])
    watching = from_folder(desk, folder)
    assert any(str(folder) in text for text in words([arrival_view(watching, [], NOW, language, zone, True)]))
    assert not any(str(folder) in text for text in words([arrival_view(watching, [], NOW, language, zone, False)]))
    assert no_worker(True, language) == [] and any("work" in text for text in words(no_worker(False, language)))
    once = replace(mapping, cadence_s=None)
    assert "Not again: it comes once" in words([arrival_view(once, attempts, NOW, "en", zone, True)])
