"""The worker as a child of the server: started beside it, started again when it dies, ended with it."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from asyncio.subprocess import Process
from contextlib import suppress

from commandcenter.config import Settings

COMMAND = (sys.executable, "-m", "commandcenter", "work", "--attached")
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
STEADY_S = 60.0  # a worker that lived this long did not die of its start
GRACE_S = 3.0

log = logging.getLogger("commandcenter.worker")


class WorkerChild:
    """One worker process. ``pid`` is None while there is none."""

    def __init__(self, settings: Settings) -> None:
        self._log = settings.data_dir / "logs" / "worker.log"
        self._process: Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process that works now."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it, and from now on again whenever it dies."""
        self._keeping = asyncio.create_task(self._keep_up())

    async def end(self) -> None:
        """Ask it to end; after a few seconds make it. What it had not committed is rolled back and its run marked at the next start."""
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), GRACE_S)
            except TimeoutError:
                process.kill()
                await process.wait()

    async def _keep_up(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            began = time.monotonic()
            self._process = await self._spawn()
            code = await self._process.wait()
            self._process = None
            if time.monotonic() - began > STEADY_S:
                pause = FIRST_PAUSE_S
            log.warning("导入进程已停止（%s），正在重新启动 | the worker ended (%s) and is started again", code, code)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _spawn(self) -> Process:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as said:
            # Its own session: a Ctrl-C at the terminal is for the server, which then ends its worker in order.
            return await asyncio.create_subprocess_exec(
                *COMMAND, stdin=asyncio.subprocess.PIPE, stdout=said, stderr=said, start_new_session=True
            )
