"""Sources that come by themselves: a department's server and a watched folder, and one look of a worker at them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from commandcenter.worker.fetching import receiver_of
from ingest.contract import Mapping
from ingest.desk.arrivals.taking import take_in
from ingest.desk.mappings import own_mappings, steward_mapping
from ingest.fetching import fetch, watched
from tests.test_desk_commands import told
from tests.test_ingest_steps import PLACE, POINTS
from tests.working import Desk

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
