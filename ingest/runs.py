"""The life of a run: begun and known to all before its first row is read, watched while it works, and never left half-told.

A run holds two advisory locks for as long as its database session lives: one for itself, one for its source. So two imports of one
source never meet, and a run whose session is gone is recognised (``mark_broken``) however its process ended.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import psycopg
from psycopg.conninfo import make_conninfo

from commandcenter.actor import Actor
from commandcenter.db.run import acting
from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.ledger import store

WATCH_EVERY_S = 0.5


class Cancelled(BadInput):
    """Somebody asked the run to stop; nothing of it is kept."""

    def __init__(self) -> None:
        super().__init__(Text("导入已取消，没有写入任何数据。", "The import was cancelled; nothing was loaded."))


@contextmanager
def source_to_itself(connection: psycopg.Connection, source: str) -> Iterator[None]:
    """Holds a source for one import. Raises BadInput naming the source when another import has it."""
    if not store.hold_source(connection, source):
        raise BadInput(
            Text(f"数据源 {source} 正在由另一次导入处理，请等它结束。", f"Another import of the source {source} is running; wait until it has ended.")
        )
    try:
        yield
    finally:
        if not connection.closed:
            store.release_source(connection, source)


def mark_broken(connection: psycopg.Connection, actor: Actor) -> int:
    """Mark every run that says it is running while its session is gone; how many."""
    with acting(connection, actor):
        return store.mark_broken_runs(connection)


@dataclass
class Watch:
    """Beside a load: tells its progress to the world, and stops it when asked. Its own session, because the load's transaction is closed to others."""

    connection: psycopg.Connection
    actor: Actor
    run_id: int
    rows: int = 0
    step: str = "reading"
    cancelled: bool = False
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._follow, name=f"watch run {self.run_id}", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        assert self._thread is not None
        self._thread.join(timeout=10)

    def check(self) -> None:
        """Raise Cancelled when somebody asked for it."""
        if self.cancelled:
            raise Cancelled

    def _follow(self) -> None:
        info = self.connection.info
        dsn = make_conninfo("", **info.get_parameters(), **({"password": info.password} if info.password else {}))
        told: tuple[int, str] | None = None
        with suppress(psycopg.Error), psycopg.connect(dsn, autocommit=True, application_name="ingest watch") as own:
            while not self._ended.wait(WATCH_EVERY_S):
                now = (self.rows, self.step)
                with acting(own, self.actor):
                    wanted = store.tell_progress(own, self.run_id, *now) if now != told else store.cancel_wanted(own, self.run_id)
                told = now
                if wanted and not self.cancelled:
                    self.cancelled = True
                    self.connection.cancel_safe(timeout=5)
