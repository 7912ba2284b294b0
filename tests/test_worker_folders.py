"""Watched folders: a file is taken whole and once, put away when its run has ended, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from commandcenter.db.run import acting
from commandcenter.security.builtin import FETCHER, STEWARD
from commandcenter.worker.fetching import put_away_after, receiver_of
from commandcenter.worker.imports import run_import
from ingest.desk import commands
from ingest.desk.arrivals import taking
from ingest.desk.arrivals.due import FIRST_PAUSE_S
from ingest.desk.arrivals.taking import put_away, take_in
from ingest.fetching import watched
from tests.fetched import ROWS, below, csv, folder, from_folder, later, runs, take, uploaded
from tests.working import Desk, desk, until, worker

__all__ = ["desk", "folder"]  # the fixtures


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
