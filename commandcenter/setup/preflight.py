"""What must be free before anything starts: the run lock, the port, and a data directory that takes files."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from commandcenter.causes import SetupFault, unwritable
from commandcenter.config import Settings
from commandcenter.errors import SettingsFault
from commandcenter.text import Text

STOP_WITHIN_S = 40
BACKLOG = 2048


class Run(TypedDict):
    """Who serves a city now."""

    pid: int
    url: str


def url_of(settings: Settings) -> str:
    """The address a person types."""
    scheme = "https" if settings.tls_cert else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{scheme}://{host}:{settings.port}"


def check_data_dir(folder: Path) -> None:
    """Raise SetupFault unless the data directory can be made and takes files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0" * 65536)
    except OSError as refused:
        raise unwritable(folder, refused) from refused


@contextmanager
def run_lock(settings: Settings, name: str | None = None) -> Iterator[None]:
    """Hold the one right to run this city from this data directory; the kernel gives it back however the run ends."""
    check_data_dir(settings.data_dir)
    with _lock_path(settings, name).open("a+", encoding="utf-8") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _already_running(held_by(settings, name), name) from None
        held.truncate(0)
        json.dump(Run(pid=os.getpid(), url=url_of(settings)), held)
        held.flush()
        yield


def held_by(settings: Settings, name: str | None = None) -> Run | None:
    """The run that holds the lock now, if one does."""
    try:
        with _lock_path(settings, name).open("r", encoding="utf-8") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return None
            except BlockingIOError:
                words = json.loads(held.read() or "{}")
                return Run(pid=int(words.get("pid", 0)), url=str(words.get("url", "")))
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return None


def stop_run(settings: Settings) -> bool:
    """Ask the run that serves this city to stop, and wait for it; False when none was there."""
    run = held_by(settings)
    if run is None or run["pid"] <= 0:
        return False
    os.kill(run["pid"], signal.SIGTERM)
    deadline = time.monotonic() + STOP_WITHIN_S
    while held_by(settings) is not None:
        if time.monotonic() > deadline:
            raise SetupFault(Text(f"进程 {run['pid']} 没有停下。", f"Process {run['pid']} did not stop."))
        time.sleep(0.1)
    return True


@contextmanager
def held_port(settings: Settings) -> Iterator[socket.socket]:
    """The address, bound but not yet listening: a busy one is known before minutes of loading."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[
            0
        ]
    except OSError:
        raise SettingsFault(
            Text(f"地址 {settings.host} 无法解析。", f"The address {settings.host} cannot be resolved.")
        ) from None
    with socket.socket(family, kind, protocol) as listener:
        # without it the connections of the run before, still closing, would block a restart for a minute
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as refused:
            raise _port_taken(settings, refused) from refused
        yield listener


def open_port(listener: socket.socket, settings: Settings) -> None:
    """Listen on the held address; somebody may have been faster while the city was loading."""
    try:
        listener.listen(BACKLOG)
    except OSError as refused:
        raise _port_taken(settings, refused) from refused


def _port_taken(settings: Settings, refused: OSError) -> SetupFault:
    where, port = f"{settings.host}:{settings.port}", settings.port
    if isinstance(refused, PermissionError):
        return SetupFault(
            Text(
                f"本账号不能使用端口 {port}：请用 1024 以上的端口。",
                f"This account may not use port {port}: take one above 1024.",
            )
        )
    return SetupFault(
        Text(
            f"{where} 已被别的程序占用或不是本机地址：用 make run PORT=另一个端口。",
            f"{where} is in use by another program, or is no address of this machine: make run PORT=another.",
        )
    )


def _already_running(run: Run | None, name: str | None) -> SetupFault:
    if name is not None:
        return SetupFault(
            Text("另一次安装正在进行：请等它结束。", "Another set-up is at work here: wait until it has finished.")
        )
    at = f" {run['url']}（pid {run['pid']}）" if run else ""
    at_en = f" at {run['url']} (pid {run['pid']})" if run else ""
    return SetupFault(
        Text(
            f"这个城市已在运行{at}：不能再启动一次；停止用 make stop。",
            f"This city is already running{at_en}; it cannot be started twice. make stop ends it.",
        )
    )


def _lock_path(settings: Settings, name: str | None) -> Path:
    return settings.data_dir / f"{name or 'run-' + settings.city}.lock"
