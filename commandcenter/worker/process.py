"""``python -m commandcenter work``: one worker process, which ends in order when asked, and with its server when it has one."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from commandcenter.config import Settings
from commandcenter.text import Text
from commandcenter.worker.auditing import keep_sealing
from commandcenter.worker.fetching import keep_fetching
from commandcenter.worker.tasks import take_up_abandoned, task_app
from ingest.desk.kept_files import uploads_folder
from ingest.desk.queue import QUEUE

STDIN = 0
STALE_S = 86_400
CONCURRENCY = 2  # a small file does not wait behind a large one
WAITING = Text("等待正在进行的导入结束；再按一次 Ctrl-C 立即停止", "Waiting for the running import; Ctrl-C again stops at once")


def work(settings: Settings, say: Callable[[Text], None]) -> None:
    """Carry out jobs until a signal asks to stop; then the running ones are waited for, and a second signal ends at once."""
    asyncio.run(_work(settings, say))


async def _work(settings: Settings, say: Callable[[Text], None]) -> None:
    await asyncio.to_thread(sweep, uploads_folder(settings.data_dir))
    app = task_app(settings)
    async with app.open_async():
        endless = (take_up_abandoned(app, settings), keep_fetching(settings), keep_sealing(settings))
        looking = [asyncio.create_task(task) for task in endless]
        working = asyncio.create_task(
            app.run_worker_async(queues=[QUEUE], concurrency=CONCURRENCY, delete_jobs="successful", install_signal_handlers=False)
        )
        for task in looking:
            task.add_done_callback(lambda ended: None if ended.cancelled() else working.cancel())  # whoever keeps us up starts us again
        _end_on_signals(working, say)
        try:
            with suppress(asyncio.CancelledError):
                await working
        finally:
            for task in looking:
                task.cancel()


def sweep(folder: Path) -> int:
    """Remove what uploads left behind whose server was killed; how many files. One that still arrives is younger than a day."""
    removed = 0
    for part in folder.glob("*/*.part"):
        with suppress(OSError):
            if part.stat().st_mtime < time.time() - STALE_S:
                part.unlink()
                part.parent.rmdir()
                removed += 1
    return removed


def _end_on_signals(working: asyncio.Task[None], say: Callable[[Text], None]) -> None:
    asked = False

    def end() -> None:
        nonlocal asked
        if asked:
            os._exit(130)  # threads at work would be waited for; what they have not committed is rolled back
        asked = True
        say(WAITING)
        working.cancel()

    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, end)


def end_with_parent() -> None:
    """From now on this process ends when its parent does, however that ends: the parent holds the other end of our standard input."""

    def watch() -> None:
        with suppress(OSError):
            while os.read(STDIN, 1):
                pass
        os._exit(0)

    threading.Thread(target=watch, name="parent", daemon=True).start()
