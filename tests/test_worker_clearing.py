"""Files of uploads go in time, and none that somebody may still need."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from commandcenter.db.run import acting
from commandcenter.security.builtin import STEWARD
from commandcenter.worker.fetching import clear_uploads
from ingest.desk import commands
from tests.fetched import ROWS, Department, department, from_address, later, take, uploaded
from tests.test_desk_commands import told
from tests.working import Desk, desk

__all__ = ["department", "desk"]  # the fixtures


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
