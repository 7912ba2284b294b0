"""The two web processes that are compared: ours and tipg's, one uvicorn worker each, started here and ended by their id."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from commandcenter.config import Settings

PEER_ROOM = Path(".local/bench-venv")
READY_S = 60
TIPG = "tipg==1.6.1"


@contextmanager
def ours(settings: Settings, *, cache_mb: int) -> Iterator[int]:
    """Our web process on a database, with its tile cache at a size; the port it answers on."""
    port = free_port()
    environment = {
        "COMMANDCENTER_CITY": settings.city,
        "COMMANDCENTER_DATA_DIR": str(settings.data_dir),
        "COMMANDCENTER_TILE_CACHE_MB": str(cache_mb),
        "COMMANDCENTER_PORT": str(port),
    }
    command = [sys.executable, "-m", "uvicorn", "--factory", "app:build_app", *_server_options(port)]
    with _process(command, environment, f"http://127.0.0.1:{port}/readyz"):
        yield port


@contextmanager
def tipg(admin_dsn: str) -> Iterator[int]:
    """tipg over the same socket, as a superuser: row-level security does not slow it."""
    _install_tipg()
    reached = conninfo_to_dict(admin_dsn)
    socket_dir = urllib.parse.quote(str(reached["host"]), safe="")
    environment = {
        "DATABASE_URL": f"postgresql://{reached['user']}@{socket_dir}:5432/{reached['dbname']}",
        "DB_MIN_CONN_SIZE": "4",
        "DB_MAX_CONN_SIZE": "4",
        "TIPG_CATALOG_TTL": "3600",
    }
    port = free_port()
    python = str(PEER_ROOM / "bin" / "python")
    command = [python, "-m", "uvicorn", "tipg.main:app", *_server_options(port)]
    with _process(command, environment, f"http://127.0.0.1:{port}/healthz"):
        yield port


def free_port() -> int:
    """A port nobody listens on: a stranger's server must never be measured as one of ours."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def tipg_path(zoom: int, x: int, y: int, column: str = "geom") -> str:
    """tipg's address of a building tile with the one property our tile carries."""
    return f"/collections/public.building/tiles/WebMercatorQuad/{zoom}/{x}/{y}?geom-column={column}&properties=height_m"


def fetch(port: int, path: str) -> bytes:
    """One answer's body."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        body: bytes = answer.read()
        return body


def _server_options(port: int) -> list[str]:
    return [
        "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--loop", "uvloop", "--http", "httptools",
        "--no-access-log", "--log-level", "warning",
    ]  # fmt: skip


def _install_tipg() -> None:
    python = PEER_ROOM / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEER_ROOM)], check=True)
    if not list(PEER_ROOM.glob("lib/python*/site-packages/tipg")):
        subprocess.run([str(python), "-m", "pip", "install", "-q", TIPG, "uvicorn", "uvloop", "httptools"], check=True)


@contextmanager
def _process(command: list[str], environment: dict[str, str], ready_url: str) -> Iterator[None]:
    with subprocess.Popen(command, env={**os.environ, **environment}) as running:
        try:
            _wait_until_ready(running, ready_url)
            yield
        finally:
            running.terminate()
            try:
                running.wait(timeout=15)
            except subprocess.TimeoutExpired:
                running.kill()


def _wait_until_ready(running: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if running.poll() is not None:
            raise RuntimeError(f"the server for {url} ended with code {running.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError as answer:
            if answer.code == 503:
                time.sleep(0.3)
                continue
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"{url} did not answer within {READY_S} s")
