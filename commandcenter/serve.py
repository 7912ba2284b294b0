"""The web process: one uvicorn server over one application, which keeps the worker and the private cluster alive while it serves."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from typing import Any

import uvicorn

from commandcenter.causes import SetupFault
from commandcenter.config import Settings
from commandcenter.db.cluster import PrivateCluster
from commandcenter.errors import CommandCenterError, SettingsFault
from commandcenter.setup.preflight import BACKLOG, open_port
from commandcenter.text import Text
from commandcenter.worker.child import WorkerChild

LOG_BYTES, LOG_FILES = 10_000_000, 5
GRACE_S = 3  # open feeds never end by themselves
WATCH_EVERY_S = 2.0


class CityServer(uvicorn.Server):
    """A server that says when it is ready, and starts the worker and the private cluster again should they die."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], cluster: PrivateCluster | None, worker: WorkerChild) -> None:
        super().__init__(config)
        self._ready, self._cluster, self._worker = ready, cluster, worker
        self._watch: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()
            self._worker.start()
            if self._cluster is not None:
                self._watch = asyncio.create_task(_keep_up(self._cluster))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop watching, end the worker, then close: the cluster is stopped by whoever started it."""
        if self._watch is not None:
            self._watch.cancel()
        await self._worker.end()
        await super().shutdown(sockets)


def serve(
    settings: Settings, app: Any, listener: socket.socket, ready: Callable[[], None], cluster: PrivateCluster | None
) -> None:
    """Serve until a signal asks to stop; returns after an orderly end. Raises SetupFault when the application did not start."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_S,
    )
    _load_certificate(config)
    server = CityServer(config, ready, cluster, WorkerChild(settings))
    open_port(listener, settings)
    with suppress(KeyboardInterrupt):  # uvicorn has closed in order and passes the signal on
        server.run(sockets=[listener])
    if not server.started:
        raise SetupFault(
            Text(
                f"网页服务没有启动，详见 {settings.data_dir}/logs/web.log。",
                f"The web process did not start; details in {settings.data_dir}/logs/web.log.",
            )
        )


def _load_certificate(config: uvicorn.Config) -> None:
    try:
        config.load()
    except ssl.SSLError as refused:
        raise SettingsFault(
            Text(
                "TLS 证书与私钥不配或不是 PEM 文件：请检查 COMMANDCENTER_TLS_CERT 与 COMMANDCENTER_TLS_KEY。",
                "The TLS certificate and key do not fit each other or are no PEM files: check COMMANDCENTER_TLS_CERT and COMMANDCENTER_TLS_KEY.",
            )
        ) from refused


def keep_log(settings: Settings, name: str = "web", on_terminal: bool = True) -> None:
    """Everything goes to ``logs/<name>.log`` with its details; the terminal gets warnings, one line each."""
    folder = settings.data_dir / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    written = RotatingFileHandler(folder / f"{name}.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    written.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    shown = logging.StreamHandler()
    shown.setLevel(logging.WARNING)
    shown.setFormatter(_OneLine())
    shown.addFilter(_worth_showing)
    logging.basicConfig(level=logging.INFO, handlers=[written, shown] if on_terminal else [written], force=True)


def _worth_showing(record: logging.LogRecord) -> bool:
    """Each lost connection of a pool is for the file; that the database is down is said once, by us."""
    return not record.name.startswith("psycopg") or record.levelno >= logging.ERROR


class _OneLine(logging.Formatter):
    """Warnings for a terminal: the trace stays in the file."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{self.formatTime(record, '%H:%M:%S')} {record.levelname} {_first_line(record)}"


def _first_line(record: logging.LogRecord) -> str:
    lines = record.getMessage().strip().splitlines()
    cause = f": {record.exc_info[1]!r}" if record.exc_info and record.exc_info[1] else ""
    return ((lines[0] if lines else "") + cause)[:300]


async def _keep_up(cluster: PrivateCluster) -> None:
    log = logging.getLogger("commandcenter.cluster")
    while True:
        await asyncio.sleep(WATCH_EVERY_S)
        if cluster.running():
            continue
        log.warning("数据库已停止，正在重新启动 | the database is down and is started again")
        try:
            await asyncio.to_thread(cluster.start)
        except CommandCenterError as fault:
            log.error("%s | %s", fault.sentence.zh, fault.sentence.en)
