"""The application behind a real socket, for tests that need one: disconnects, headers, many requests at once."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from types import TracebackType
from typing import Any, Self

import httpx2
import uvicorn

from app import build_app
from commandcenter.actor import Actor
from commandcenter.config import Settings
from commandcenter.web.front import FrontDoor
from tests.signing_in import SignedIn, sign_in

READY_WITHIN_S = 30.0


class ServedApplication:
    """One uvicorn in a thread of this process. ``get`` asks as an actor who signed in (None: as nobody)."""

    def __init__(self, settings: Settings, app: Any = None) -> None:
        self.app: FrontDoor = app or build_app(settings)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(self.app, log_level="warning", lifespan="on", timeout_graceful_shutdown=2)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.settings = settings
        self._signed_in: dict[Actor, SignedIn] = {}
        self._client = httpx2.Client(base_url=self.url, timeout=30)

    @property
    def state(self) -> Any:
        """The web process's state: layers, reader, versions, cache."""
        return self.app._inner.state.state  # type: ignore[attr-defined]

    @property
    def dash(self) -> Any:
        """The Dash application inside."""
        return self.app._inner.state.dash  # type: ignore[attr-defined]

    def signed_in(self, actor: Actor) -> SignedIn:
        """The one sign-in here of an account that may what the actor may."""
        if actor not in self._signed_in:
            self._signed_in[actor] = sign_in(self.settings, actor)
        return self._signed_in[actor]

    def get(self, path: str, actor: Actor | None = None, **headers: str) -> httpx2.Response:
        """One GET, redirects not followed."""
        if actor is not None:
            headers["cookie"] = self.signed_in(actor).cookie
        return self._client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError("the application did not start")
            time.sleep(0.02)
        while not self.state.versions.known:  # the first reading of the layer versions
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self._client.close()
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()
