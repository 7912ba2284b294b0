"""A steward's desk whose orders a worker carries out, in this process or in one of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from commandcenter.config import Settings
from commandcenter.security.builtin import STEWARD
from commandcenter.worker.tasks import task_app
from ingest.desk import commands
from ingest.desk.mappings import own_mappings
from ingest.desk.queue import QUEUE
from tests.conftest import TestDatabase
from tests.test_desk_commands import told
from tests.test_ingest_steps import a_mapping

ROOT = Path(__file__).parents[1]
WITHIN_S = 60.0


@dataclass
class Desk:
    """A database, a data folder with one mapping of its own, and a steward's connection."""

    connection: psycopg.Connection
    settings: Settings
    environment: dict[str, str]

    def deliver(self, lines: list[str], name: str = "addresses.csv") -> int:
        """A file of addresses as an upload."""
        folder = self.settings.data_dir / "uploads" / f"t{time.monotonic_ns()}"
        folder.mkdir(parents=True)
        (folder / name).write_text("\n".join(["id,label,number,lon,lat", *lines, ""]), encoding="utf-8")
        size = (folder / name).stat().st_size
        return commands.register_upload(self.connection, STEWARD, name, f"{folder.name}/{name}", size, "ab")

    def ask(self, upload: int, dry_run: bool = False, accept_vanished: bool = False) -> int:
        return commands.ask_run(self.connection, STEWARD, "addresses", upload, dry_run, accept_vanished, folders=self.folders)

    @property
    def folders(self) -> list[Path]:
        return [own_mappings(self.settings.data_dir)]

    def run(self, run_id: int) -> dict[str, Any]:
        (row,) = told(self.connection, "select * from ingest_run where id = %s", run_id)
        return row

    def labels(self) -> list[str]:
        return [row["label"] for row in told(self.connection, "select label from address order by label")]

    def jobs(self) -> list[str]:
        return [row["status"] for row in told(self.connection, "select status::text from jobs.procrastinate_jobs order by id")]

    def work_off(self) -> None:
        """A worker in this process that ends when nothing is left to do."""

        async def work() -> None:
            app = task_app(self.settings)
            async with app.open_async():
                await app.run_worker_async(queues=[QUEUE], wait=False, delete_jobs="successful", install_signal_handlers=False, listen_notify=False)

        asyncio.run(work())


@pytest.fixture
def desk(database: TestDatabase, tmp_path: Path) -> Iterator[Desk]:
    own_mappings(tmp_path).mkdir()
    a_mapping(own_mappings(tmp_path))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COMMANDCENTER_")}
    environment |= {"COMMANDCENTER_DATABASE_URL": database.admin_dsn, "COMMANDCENTER_DATA_DIR": str(tmp_path), "COMMANDCENTER_CITY": "longsha"}
    with database.connect() as connection:
        connection.autocommit = True
        yield Desk(connection, replace(database.settings, data_dir=tmp_path, city="longsha"), environment)


@contextmanager
def worker(desk: Desk) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process as the server starts it."""
    process = subprocess.Popen([sys.executable, "-m", "commandcenter", "work", "--attached"], cwd=ROOT, env=desk.environment, stdin=subprocess.PIPE)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()
        assert process.stdin is not None
        process.stdin.close()


def until(true: Callable[[], bool], within_s: float = WITHIN_S) -> None:
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def rows(count: int, first: int = 0) -> list[str]:
    return [f"{n},路{n},{n},{123.9 + n % 1000 * 1e-5:.5f},47.31" for n in range(first, first + count)]
