"""Sources that come by themselves: fetched when due, told when they fail, watched files taken whole and put away, files cleared in time."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
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
from commandcenter.worker.fetching import Fetching, clear_uploads, fetch_now, put_away_after, receiver_of
from commandcenter.worker.imports import run_import
from ingest.contract import Mapping
from ingest.desk import commands
from ingest.desk.arrivals import taking
from ingest.desk.arrivals.due import FIRST_PAUSE_S, LONGEST_PAUSE_S, Attempt, fetched_mappings, is_due, next_due
from ingest.desk.arrivals.taking import put_away, take_in
from ingest.desk.mappings import own_mappings, steward_mapping
from ingest.fetching import fetch, watched
from tests.conftest import TestDatabase
from tests.serving import ServedApplication
from tests.test_desk_commands import told
from tests.test_desk_page import words
from tests.test_ingest_steps import PLACE, POINTS
from tests.test_worker import Desk, desk, until, worker

__all__ = ["desk"]  # the fixture

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
ROWS = ["1,一路,1,123.95,47.31", "2,二路,2,123.96,47.31"]


def csv(*lines: str) -> bytes:
    return "\n".join(["id,label,number,lon,lat", *lines, ""]).encode()


class Department(BaseHTTPRequestHandler):
    """A department's server: what it answers is set by the test."""

    protocol_version = "HTTP/1.1"
    status: int
    body: bytes
    asked: list[str]
    slow: threading.Event

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        self.slow.wait(10)
        self.send_response(self.status)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def department() -> Iterator[type[Department]]:
    """A server on this machine; ``port`` is where."""
    kind = type("Answers", (Department,), {"status": 200, "body": csv(*ROWS), "asked": [], "slow": threading.Event()})
    kind.slow.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    kind.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield kind
    server.shutdown()
    server.server_close()


def a_fetched(desk: Desk, fetched: str, cadence: str = "1h", name: str = "addresses") -> Mapping:
    """The mapping of addresses, with a way to come by itself."""
    body = POINTS.format(reader="csv", encoding="utf-8", crs="EPSG:4326", place=PLACE).replace('"once"', f'"{cadence}"')
    (own_mappings(desk.settings.data_dir) / f"{name}.toml").write_text(f"{body}\n[fetch]\n{fetched}\n", encoding="utf-8")
    return steward_mapping(name, desk.folders)


def from_address(desk: Desk, department: Any, cadence: str = "1h", name: str = "addresses") -> Mapping:
    return a_fetched(desk, f'url = "http://127.0.0.1:{department.port}/a.csv"', cadence, name)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("departments")


def from_folder(desk: Desk, folder: Path) -> Mapping:
    return a_fetched(desk, f'folder = "{folder}"\npattern = "*.csv"')


def take(desk: Desk, mapping: Mapping, now: datetime | None = None, anyway: bool = False) -> list[int]:
    """One look of a worker, which does not wait long."""
    receiver = receiver_of(desk.settings, desk.connection)
    quick = replace(receiver, fetch=partial(fetch, waits_s=()), watched=partial(watched, still_s=0.05))
    return take_in(quick, mapping, now, anyway=anyway)


def later(**much: float) -> datetime:
    return datetime.now(UTC) + timedelta(**much)


def runs(desk: Desk) -> list[dict[str, Any]]:
    return told(desk.connection, "select * from ingest_run order by id")


def uploaded(desk: Desk) -> list[Path]:
    return sorted(path for path in (desk.settings.data_dir / "uploads").rglob("*") if path.is_file())


def below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


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


def test_a_watched_file_appears_is_loaded_and_moves(desk: Desk, folder: Path) -> None:
    mapping = from_folder(desk, folder)
    assert take(desk, mapping) == []
    (folder / "一季度.csv").write_bytes(csv(*ROWS))
    (folder / "notes.txt").write_text("no data")
    (run,) = take(desk, mapping)
    assert take(desk, mapping) == [], "it is not taken twice while it waits"
    assert "一季度.csv" in below(folder), "it stays until its run has ended"
    desk.work_off()
    assert below(folder) == ["done/一季度.csv", "notes.txt"]
    row = desk.run(run)
    assert (row["status"], row["loaded"], row["file_name"], row["actor"]) == ("done", 2, "一季度.csv", FETCHER.id)
    assert [path.read_bytes() for path in uploaded(desk)] == [csv(*ROWS)]


def test_names_in_done_and_refused_are_never_written_over(desk: Desk, folder: Path) -> None:
    mapping = from_folder(desk, folder)
    contents = [csv(*ROWS), csv(ROWS[0]), b"nothing at all", csv(*ROWS), b"once more nothing"]
    for body in contents:
        (folder / "a.csv").write_bytes(body)
        take(desk, mapping)
        desk.work_off()
    assert below(folder) == ["done/a (2).csv", "done/a (3).csv", "done/a.csv", "refused/a (2).csv", "refused/a.csv"]
    kept = [folder / "done/a.csv", folder / "done/a (2).csv", folder / "refused/a.csv", folder / "done/a (3).csv", folder / "refused/a (2).csv"]
    assert [path.read_bytes() for path in kept] == contents
    assert [row["status"] for row in runs(desk)] == ["done", "done", "failed", "done", "failed"]
    assert desk.labels() == ["一路", "二路"], "what came before comes again when it is delivered anew"


def test_a_file_that_grows_is_left_alone(desk: Desk, folder: Path) -> None:
    mapping = from_folder(desk, folder)
    path = folder / "a.csv"
    path.write_bytes(csv(ROWS[0]))

    def meanwhile(_: float) -> None:
        with path.open("ab") as file:
            file.write(b"2,")

    receiver = replace(receiver_of(desk.settings, desk.connection), watched=partial(watched, sleep=meanwhile))
    assert take_in(receiver, mapping) == [] and runs(desk) == [] and uploaded(desk) == []
    path.write_bytes(csv(*ROWS))
    assert len(take(desk, mapping)) == 1


def test_a_file_that_changes_while_it_is_copied_is_left_for_the_next_look(desk: Desk, folder: Path) -> None:
    mapping = from_folder(desk, folder)
    paths = [folder / "a.csv", folder / "b.csv"]
    for path in paths:
        path.write_bytes(csv(*ROWS))
    copy = taking.shutil.copyfile

    def and_then_it_grows(source: Path, target: Path, **how: Any) -> None:
        copy(source, target, **how)
        if source.name == "a.csv":
            source.write_bytes(csv(*ROWS, "3,三路,3,123.95,47.31"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(taking.shutil, "copyfile", and_then_it_grows)
        (run,) = take(desk, mapping)
    assert desk.run(run)["file_name"] == "b.csv"
    assert len(take(desk, mapping)) == 1


def test_a_restart_between_load_and_move_neither_loses_nor_loads_twice(desk: Desk, folder: Path) -> None:
    mapping = from_folder(desk, folder)
    (folder / "a.csv").write_bytes(csv(*ROWS))
    (run,) = take(desk, mapping)
    run_import(desk.settings, run, FETCHER.id)  # and the process dies before it moves the file
    assert desk.run(run)["status"] == "done" and below(folder) == ["a.csv"]
    assert take(desk, mapping) == []
    assert below(folder) == ["done/a.csv"] and len(runs(desk)) == 1


def test_a_restart_between_copy_and_upload_takes_the_file_once(desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = from_folder(desk, folder)
    (folder / "a.csv").write_bytes(csv(*ROWS))

    def dies(*_: Any, **__: Any) -> int:
        raise psycopg.OperationalError("the server is gone")

    with monkeypatch.context() as patch:
        patch.setattr(commands, "register_upload", dies)
        with pytest.raises(psycopg.OperationalError):
            take(desk, mapping)
    assert uploaded(desk) == [] and runs(desk) == [] and below(folder) == ["a.csv"]
    take(desk, mapping)
    desk.work_off()
    assert (len(runs(desk)), len(uploaded(desk)), below(folder)) == (1, 1, ["done/a.csv"])


def test_a_file_whose_import_breaks_is_tried_again_and_at_last_refused(desk: Desk, folder: Path) -> None:
    mapping = from_folder(desk, folder)
    (folder / "a.csv").write_bytes(csv(*ROWS))
    take(desk, mapping)
    for broken in range(1, taking.MOST_BROKEN + 1):
        with acting(desk.connection, STEWARD):
            desk.connection.execute("update ingest_run set status = 'broken', finished_at = now() where status = 'queued'")
        assert len(take(desk, mapping)) == (broken < taking.MOST_BROKEN)
    assert below(folder) == ["refused/a.csv"] and len(runs(desk)) == taking.MOST_BROKEN


def test_a_folder_that_is_not_there_is_told_once_and_ever_more_rarely(desk: Desk, folder: Path) -> None:
    mapping = from_folder(desk, folder / "nowhere")
    (run,) = take(desk, mapping)
    assert desk.run(run)["status"] == "failed" and "nowhere" in desk.run(run)["message_en"]
    assert take(desk, mapping) == []
    assert len(take(desk, mapping, later(seconds=FIRST_PAUSE_S + 1))) == 1
    (folder / "nowhere").mkdir()
    (folder / "nowhere" / "a.csv").write_bytes(csv(*ROWS))
    take(desk, mapping)
    desk.work_off()
    assert desk.labels() == ["一路", "二路"]


def test_a_file_that_cannot_be_moved_is_told_and_keeps_no_other_waiting(desk: Desk, folder: Path) -> None:
    mapping = from_folder(desk, folder)
    (folder / "done").write_text("a file where a folder should be")
    (folder / "a.csv").write_bytes(csv(*ROWS))
    take(desk, mapping)
    desk.work_off()
    (folder / "b.csv").write_bytes(csv(*ROWS, "3,三路,3,123.95,47.31"))
    second, told_run = take(desk, mapping)
    desk.work_off()
    assert desk.run(second)["status"] == "done" and desk.run(told_run)["status"] == "failed"
    assert "a.csv was read but cannot be moved" in desk.run(told_run)["message_en"]
    assert [row["status"] for row in runs(desk)] == ["done", "done", "failed"], "and it is not loaded again"


def test_only_its_own_runs_put_files_away(desk: Desk, folder: Path) -> None:
    mapping = from_folder(desk, folder)
    (folder / "a.csv").write_bytes(csv(*ROWS))
    (run,) = take(desk, mapping)
    run_import(desk.settings, run, FETCHER.id)
    put_away_after(desk.settings, run, STEWARD.id)
    assert below(folder) == ["a.csv"]
    put_away_after(desk.settings, 999, FETCHER.id)
    put_away_after(desk.settings, run, FETCHER.id)
    assert below(folder) == ["done/a.csv"]
    assert put_away(receiver_of(desk.settings, desk.connection), replace(mapping, fetch=None)) == []


def test_a_worker_process_takes_what_lies_in_the_folder(desk: Desk, folder: Path) -> None:
    """The whole of it, as the server starts it; killed and started again in between."""
    from_folder(desk, folder)
    (folder / "a.csv").write_bytes(csv(*ROWS))
    with worker(desk) as first:
        until(lambda: below(folder) == ["done/a.csv"])
        first.kill()
    (folder / "b.csv").write_bytes(csv(*ROWS, "3,三路,3,123.95,47.31"))
    with worker(desk):
        until(lambda: below(folder) == ["done/a.csv", "done/b.csv"])
    assert [(row["status"], row["loaded"]) for row in runs(desk)] == [("done", 2), ("done", 1)]


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


@contextmanager
def days_later(desk: Desk, days: int) -> Iterator[None]:
    """As if all runs had ended that long ago."""
    with acting(desk.connection, STEWARD):
        desk.connection.execute("update ingest_run set finished_at = finished_at - make_interval(days => %s)", [days])
    yield


def test_files_of_finished_uploads_go_and_their_rows_stay(desk: Desk) -> None:
    done, young = desk.deliver(ROWS[:1]), desk.deliver(ROWS[:1])
    load = desk.ask(done)
    desk.work_off()
    with days_later(desk, 29):
        assert clear_uploads(desk.settings) == 0
    with days_later(desk, 2):
        desk.ask(young)
        desk.work_off()
        assert clear_uploads(desk.settings) == 1
    first, second = told(desk.connection, "select * from upload order by id")
    uploads = desk.settings.data_dir / "uploads"
    assert first["id"] == done and first["sha256"] and first["bytes"] and not (uploads / first["stored_as"]).parent.exists()
    assert (uploads / second["stored_as"]).is_file()
    again = desk.ask(done)
    desk.work_off()
    assert desk.run(load)["loaded"] == 1
    assert desk.run(again)["status"] == "failed" and "no longer on the server" in desk.run(again)["message_en"]


def test_files_that_somebody_may_need_are_kept(desk: Desk, tmp_path: Path) -> None:
    """No run yet, a dry run to be confirmed, one that waits, one that runs; and what belongs to another city's database."""
    never, confirmed, waiting, dry_again = (desk.deliver([line]) for line in (ROWS[0], ROWS[0], ROWS[1], ROWS[0]))
    to_confirm = desk.deliver(ROWS)
    desk.ask(to_confirm, dry_run=True)
    desk.ask(confirmed, dry_run=True)
    desk.ask(dry_again, dry_run=True)
    desk.work_off()
    desk.ask(confirmed)
    desk.ask(dry_again)
    desk.ask(waiting)
    desk.work_off()
    desk.ask(dry_again, dry_run=True)
    desk.work_off()
    running = desk.ask(waiting)
    others = tmp_path / "uploads" / "others" / "x.csv"
    others.parent.mkdir()
    others.write_text("x")
    (others.parent / "y.csv.part").write_text("arriving")
    os.utime(others, (0, 0))
    with days_later(desk, 400):
        assert clear_uploads(desk.settings) == 1
    gone = [row["id"] for row in told(desk.connection, "select id, stored_as from upload") if not (tmp_path / "uploads" / row["stored_as"]).exists()]
    assert gone == [confirmed] and others.exists()
    with acting(desk.connection, STEWARD):
        desk.connection.execute("update ingest_run set status = 'running' where id = %s", [running])
    assert clear_uploads(replace(desk.settings, keep_uploads_days=1)) == 0
    commands.cancel_run(desk.connection, STEWARD, running)
    assert never not in gone


def test_a_twin_survives_the_clearing_of_the_other(desk: Desk, department: type[Department]) -> None:
    mapping = from_address(desk, department)
    take(desk, mapping)
    desk.work_off()
    with days_later(desk, 31):
        take(desk, mapping, later(hours=2))
    assert clear_uploads(desk.settings) == 1
    (kept,) = uploaded(desk)
    assert kept.read_bytes() == department.body


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
