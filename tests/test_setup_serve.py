"""The web process as a whole: ready line, a database that dies under it, an orderly end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commandcenter.db.cluster import PrivateCluster

ROOT = Path(__file__).resolve().parents[1]
WITHIN_S = 60.0


@contextmanager
def served(data_dir: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """``python -m commandcenter serve`` with its own cluster, as a shell starts it in the background: SIGINT ignored."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COMMANDCENTER_")}
    environment |= {"COMMANDCENTER_DATA_DIR": str(data_dir), "COMMANDCENTER_PORT": str(port)}
    child = subprocess.Popen(
        ["bash", "-c", f"trap '' INT; exec {sys.executable} -m commandcenter serve"],
        cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        yield child
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
        child.communicate(timeout=WITHIN_S)


def until_ready(child: subprocess.Popen[str]) -> list[str]:
    assert child.stdout is not None
    said = []
    for line in child.stdout:
        said.append(line.strip())
        if "Ready: open" in line:
            return said
    raise AssertionError(said)


def answer(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as response:
            return int(response.status), response.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def database_answers(port: int) -> bool:
    return '"postgresql"' in answer(port, "/readyz")[1]  # an empty city is not ready, but it knows its server's version


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Below /tmp itself: pytest's own folders are closed to the postgres account, and the cluster would move."""
    folder = Path(tempfile.mkdtemp(prefix="cc-serve-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_it_serves_survives_its_database_and_ends_in_order(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with served(data_dir, port) as child:
        said = until_ready(child)
        assert all(line.startswith("▸ ") and " | " in line for line in said)
        assert said[-1].endswith(f"Ready: open http://127.0.0.1:{port}, Ctrl-C stops")
        assert answer(port, "/healthz")[0] == 200

        cluster = PrivateCluster(data_dir)
        killed = postmaster(data_dir)
        os.kill(killed, signal.SIGKILL)
        deadline = time.monotonic() + WITHIN_S
        while not (cluster.running() and postmaster(data_dir) != killed and database_answers(port)):
            assert time.monotonic() < deadline
            time.sleep(0.5)
        server = postmaster(data_dir)

        os.killpg(child.pid, signal.SIGINT)
        rest, _ = child.communicate(timeout=WITHIN_S)
        assert child.returncode == 0
        assert rest.splitlines()[-1] == "▸ 已停止 | Stopped"
        assert "Traceback" not in rest
        assert not (data_dir / "postgres" / "postmaster.pid").exists()
        assert not Path(f"/proc/{server}/cwd").exists()
        with pytest.raises(urllib.error.URLError):
            answer(port, "/healthz")
