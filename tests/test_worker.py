"""The worker: what was asked for is carried out by a process of its own, survives it, and is never half done."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from commandcenter.config import Settings
from commandcenter.db.cluster import PrivateCluster
from commandcenter.db.connect import connect
from commandcenter.db.run import acting
from commandcenter.errors import Forbidden
from commandcenter.security.builtin import BUILT_IN, FETCHER, STEWARD
from commandcenter.worker.child import WorkerChild
from commandcenter.worker.imports import job_actor, run_import
from commandcenter.worker.process import sweep
from commandcenter.worker.tasks import take_up_abandoned, task_app
from ingest.desk import commands, store
from ingest.desk.mappings import own_mappings
from ingest.desk.queue import defer_import
from tests.city import DATA_STEWARD
from tests.conftest import TestDatabase
from tests.signing_in import sign_in
from tests.test_desk_commands import told
from tests.test_ingest_steps import a_mapping
from tests.test_setup_serve import database_answers, postmaster, served, until_ready
from tests.working import ROOT, WITHIN_S, Desk, desk, rows, until, worker

__all__ = ["desk"]  # the fixture


def test_a_worker_process_carries_out_what_was_asked_for(desk: Desk) -> None:
    with worker(desk):
        dry = desk.ask(desk.deliver(["1,一路,1,123.95,47.31", "2,二路,2,,"]), dry_run=True)
        until(lambda: desk.run(dry)["status"] == "done")
        assert desk.labels() == []
        load = desk.ask(desk.deliver(["1,一路,1,123.95,47.31", "2,二路,2,,"]))
        until(lambda: desk.run(load)["status"] == "done" and desk.jobs() == [])
    row = desk.run(load)
    assert (row["rows_read"], row["loaded"], row["quarantined"], row["actor"]) == (2, 1, 1, STEWARD.id)
    assert row["file_name"] == "addresses.csv"
    assert desk.labels() == ["一路"]


def test_a_dry_run_keeps_what_its_preview_needs(desk: Desk) -> None:
    run = desk.ask(desk.deliver(["1,一路,1,123.95,47.31", "2,二路,2,8.5,49.4"]), dry_run=True)
    desk.work_off()
    assert desk.run(run)["status"] == "done" and desk.jobs() == []
    preview = told(desk.connection, store.preview_request(run).sql.replace("%(run_id)s", str(run)))
    assert [(row["kind"], row["line"]) for row in preview] == [("accepted", "2"), ("refused", "3")]


def test_a_corrected_row_is_loaded_by_the_next_run(desk: Desk) -> None:
    load = desk.ask(desk.deliver(["1,一路,1,123.95,47.31", "2,二路,2,,"]))
    desk.work_off()
    ((refused),) = told(desk.connection, "select id, fields from quarantine where run_id = %s", load)
    assert commands.correct(desk.connection, STEWARD, ids=[refused["id"]], changes={"lon": "123.96", "lat": "47.32"}) == 1
    again = commands.ask_rerun(desk.connection, STEWARD, "addresses", folders=desk.folders)
    desk.work_off()
    row = desk.run(again)
    assert (row["status"], row["kind"], row["rows_read"], row["loaded"], row["quarantined"]) == ("done", "correction", 1, 1, 0)
    assert desk.labels() == ["一路", "二路"]
    assert [row["state"] for row in told(desk.connection, "select state from quarantine")] == ["resolved"]


def test_a_withdrawn_load_is_gone_and_counts_and_search_follow(desk: Desk) -> None:
    load = desk.ask(desk.deliver(["1,一路,1,123.95,47.31"]))
    desk.work_off()
    assert desk.labels() == ["一路"]
    said = commands.withdraw(desk.connection, STEWARD, load)
    assert str(load) in said.zh
    assert (desk.labels(), desk.run(load)["status"], desk.jobs()) == ([], "withdrawn", ["todo"])
    desk.work_off()
    assert desk.jobs() == []


def test_a_delivery_that_drops_most_rows_needs_a_yes(desk: Desk) -> None:
    desk.ask(desk.deliver(rows(300)))
    desk.work_off()
    few = desk.deliver(rows(10))
    refused = desk.ask(few)
    desk.work_off()
    assert desk.run(refused)["status"] == "failed" and "290" in desk.run(refused)["message_en"]
    accepted = desk.ask(few, accept_vanished=True)
    desk.work_off()
    assert (desk.run(accepted)["status"], desk.run(accepted)["vanished"]) == ("done", 290)


def test_a_run_cancelled_while_it_waits_is_not_carried_out(desk: Desk) -> None:
    run = desk.ask(desk.deliver(rows(3)))
    commands.cancel_run(desk.connection, STEWARD, run)
    desk.work_off()
    assert (desk.run(run)["status"], desk.labels(), desk.jobs()) == ("cancelled", [], [])


def test_a_running_import_is_cancelled_and_leaves_nothing(desk: Desk) -> None:
    run = desk.ask(desk.deliver(rows(400_000)))
    with worker(desk):
        until(lambda: desk.run(run)["progress"] > 0)
        assert desk.run(run)["status"] == "running"
        commands.cancel_run(desk.connection, STEWARD, run)
        until(lambda: desk.run(run)["status"] != "running")
        until(lambda: desk.jobs() == [])
    assert desk.run(run)["status"] == "cancelled" and "取消" in desk.run(run)["message"]
    assert desk.labels() == []


@pytest.mark.parametrize("content", [b"", None, b"id,label\n1,\xff\xfe\xff\n"], ids=["empty", "missing", "mojibake"])
def test_a_file_that_cannot_be_read_ends_its_run_with_a_sentence(desk: Desk, content: bytes | None) -> None:
    upload = desk.deliver(rows(1))
    (path,) = (desk.settings.data_dir / "uploads").rglob("addresses.csv")
    path.unlink() if content is None else path.write_bytes(content)
    run = desk.ask(upload)
    desk.work_off()
    row = desk.run(run)
    assert row["status"] == "failed" and row["finished_at"] is not None
    assert "addresses.csv" in row["message"] and "addresses.csv" in row["message_en"]
    assert desk.jobs() == [] and desk.labels() == []


def test_two_files_of_one_source_are_loaded_one_after_the_other(desk: Desk) -> None:
    runs = [desk.ask(desk.deliver(rows(200, first=n))) for n in (0, 100)]
    with worker(desk):
        until(lambda: desk.jobs() == [])
    assert [desk.run(run)["status"] for run in runs] == ["done", "done"]
    assert desk.run(runs[0])["finished_at"] <= desk.run(runs[1])["started_at"]


def test_killed_in_the_middle_the_run_is_marked_and_can_be_asked_for_again(desk: Desk) -> None:
    upload = desk.deliver(rows(400_000))
    run = desk.ask(upload)
    with worker(desk) as first:
        until(lambda: desk.run(run)["progress"] > 0)
        first.kill()
        first.wait()
        assert desk.run(run)["status"] == "running"
    with worker(desk):
        until(lambda: desk.run(run)["status"] == "broken")
        until(lambda: desk.jobs() == ["failed"])
        assert desk.run(run)["message_en"] and desk.labels() == []
        small = desk.ask(desk.deliver(rows(5)))
        until(lambda: desk.run(small)["status"] == "done")
    assert len(desk.labels()) == 5


def test_a_job_whose_worker_died_before_it_began_is_taken_up_again(desk: Desk) -> None:
    run = desk.ask(desk.deliver(rows(2)))
    with acting(desk.connection, STEWARD), store.in_task_schema(desk.connection):
        desk.connection.execute("insert into procrastinate_workers default values")
        desk.connection.execute("select procrastinate_fetch_job_v2(array['imports'], (select max(id) from procrastinate_workers))")
    assert desk.jobs() == ["doing"]
    with worker(desk):
        until(lambda: desk.run(run)["status"] == "done" and desk.jobs() == [])


def test_a_job_that_somebody_works_on_is_left_alone(desk: Desk, database: TestDatabase) -> None:
    run = desk.ask(desk.deliver(rows(2)))
    with acting(desk.connection, STEWARD), store.in_task_schema(desk.connection):
        desk.connection.execute("select procrastinate_fetch_job_v2(array['imports'], null)")

    async def look_for(seconds: float) -> None:
        app = task_app(desk.settings)
        async with app.open_async():
            with suppress(TimeoutError):
                await asyncio.wait_for(take_up_abandoned(app, desk.settings), seconds)

    with database.connect() as other:
        other.autocommit = True
        assert store.hold_job(other, run)
        asyncio.run(look_for(5))
        assert desk.jobs() == ["doing"]
        run_import(desk.settings, run, STEWARD.id)
        assert desk.run(run)["status"] == "queued", "it is held by somebody else"
    asyncio.run(look_for(5))
    assert desk.jobs() == ["todo"]


@pytest.mark.parametrize("actor", ["demo:operator", "account:999", "builtin:nobody", ""])
def test_a_job_runs_as_a_steward_or_not_at_all(desk: Desk, actor: str) -> None:
    with pytest.raises(Forbidden):
        job_actor(actor)
    run = desk.ask(desk.deliver(rows(2)))
    run_import(desk.settings, run, actor)
    assert desk.run(run)["status"] == "failed" and desk.run(run)["message"] and desk.labels() == []


def test_all_stewards_may_run_jobs() -> None:
    assert {actor.id for actor in BUILT_IN.values() if actor.may("steward")} == set(BUILT_IN) == {STEWARD.id, FETCHER.id}
    assert [job_actor(actor) for actor in (STEWARD.id, FETCHER.id)] == [STEWARD, FETCHER]


def test_a_second_job_for_the_same_run_does_nothing(desk: Desk) -> None:
    run = desk.ask(desk.deliver(rows(2)))
    with acting(desk.connection, STEWARD):
        defer_import(desk.connection, run, STEWARD.id, "addresses")
    desk.work_off()
    assert desk.jobs() == [] and desk.run(run)["loaded"] == 2
    assert len(told(desk.connection, "select id from ingest_run")) == 1


def test_the_servers_worker_is_started_again_and_ends_with_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("COMMANDCENTER_")]:
        monkeypatch.delenv(name)
    for name, value in desk.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(ROOT)
    pids: list[int] = []

    async def live() -> None:
        child = WorkerChild(desk.settings)
        child.start()
        pids.append(await working(child))
        os.kill(pids[0], signal.SIGKILL)
        pids.append(await working(child, unlike=pids[0]))
        run = desk.ask(desk.deliver(rows(2)))
        end = time.monotonic() + WITHIN_S
        while desk.run(run)["status"] != "done":
            assert time.monotonic() < end
            await asyncio.sleep(0.1)
        await child.end()
        assert child.pid is None

    async def working(child: WorkerChild, unlike: int | None = None) -> int:
        end = time.monotonic() + WITHIN_S
        while child.pid in (None, unlike):
            assert time.monotonic() < end
            await asyncio.sleep(0.05)
        assert child.pid is not None
        return child.pid

    asyncio.run(live())
    assert [alive(pid) for pid in pids] == [False, False]


def test_a_worker_ends_when_its_server_is_killed(desk: Desk) -> None:
    """However the server ends, the pipe it held is closed."""
    with worker(desk) as process:
        run = desk.ask(desk.deliver(rows(1)))
        until(lambda: desk.run(run)["status"] == "done")
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=WITHIN_S) == 0


def test_a_worker_ends_in_order_when_asked(desk: Desk) -> None:
    with worker(desk) as process:
        run = desk.ask(desk.deliver(rows(1)))
        until(lambda: desk.run(run)["status"] == "done" and desk.jobs() == [])
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=WITHIN_S) == 0
    assert told(desk.connection, "select id from jobs.procrastinate_workers") == []


def test_halves_of_files_are_swept_once_they_are_old(tmp_path: Path) -> None:
    for name in ("old", "young", "whole"):
        (tmp_path / name).mkdir()
    old, young, whole = tmp_path / "old" / "a.csv.part", tmp_path / "young" / "a.csv.part", tmp_path / "whole" / "a.csv"
    for path in (old, young, whole):
        path.write_text("x")
    for path in (old, whole):
        os.utime(path, (0, 0))
    assert sweep(tmp_path) == 1 and sweep(tmp_path / "nowhere") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["whole", "young"] and young.exists() and whole.exists()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Below /tmp itself: pytest's own folders are closed to the postgres account, and the cluster would move."""
    folder = Path(tempfile.mkdtemp(prefix="cc-worker-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_a_file_travels_from_the_browser_into_the_table_and_the_worker_outlives_its_database(data_dir: Path) -> None:
    """The whole of it as it is run: server, its worker, its own cluster, which is killed in between; at last the server itself is killed."""
    own_mappings(data_dir).mkdir()
    a_mapping(own_mappings(data_dir))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with served(data_dir, port) as server:
        until_ready(server)
        cluster = PrivateCluster(data_dir)
        settings = Settings(data_dir=data_dir, city="longsha")
        deliver_over_http(settings, port, "1,一路,1,123.95,47.31", 1)
        killed = postmaster(data_dir)
        os.kill(killed, signal.SIGKILL)
        until(lambda: cluster.running() and postmaster(data_dir) != killed and database_answers(port))
        deliver_over_http(settings, port, "2,二路,2,123.95,47.31", 1)
        workers = [pid for pid in children(server.pid) if alive(pid)]
        assert len(workers) == 1
        os.kill(server.pid, signal.SIGKILL)
        until(lambda: not alive(workers[0]))
    cluster.stop()


def deliver_over_http(settings: Settings, port: int, line: str, loaded: int) -> None:
    body = f"id,label,number,lon,lat\n{line}\n".encode()
    cookie = sign_in(settings, DATA_STEWARD).cookie
    answer = httpx2.post(f"http://127.0.0.1:{port}/data/upload?name=a.csv", content=body, headers={"cookie": cookie}, timeout=60)
    assert answer.status_code == 200, answer.text
    with connect(settings) as connection:
        connection.autocommit = True
        desk = Desk(connection, settings, {})
        run = desk.ask(answer.json()["id"])
        until(lambda: desk.run(run)["status"] == "done")
        assert desk.run(run)["loaded"] == loaded


def children(pid: int) -> list[int]:
    """The worker processes a process has started."""
    found = subprocess.run(["pgrep", "-P", str(pid), "-f", "work --attached"], capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split()]
