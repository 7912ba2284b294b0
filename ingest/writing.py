"""Reading and writing side by side: one thread reads, maps and checks the next rows while another hands the last ones to PostgreSQL."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import compress
from queue import Queue

import psycopg

from commandcenter.db.stage import Stage
from ingest.ledger import store as ledger
from ingest.pipeline import Ready
from ingest.record import Tally

# A batch makes tens of thousands of objects that live until it is written and refer to nothing: at Python's usual pace the collector
# looks through them a hundred times a batch and finds nothing, which is a quarter of the time of a load.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000


@contextmanager
def few_collections() -> Iterator[None]:
    """Let Python's collector of cycles run seldom, for one load."""
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Writing:
    """The good rows of one run on their way into their table, and what the ledger keeps of them (nothing in a dry run)."""

    def __init__(self, connection: psycopg.Connection, stage: Stage, run_id: int, tally: Tally, *, dry: bool) -> None:
        self._connection, self._stage, self._run_id, self._tally = connection, stage, run_id, tally
        self._dry = dry
        self._faults: list[BaseException] = []
        self._queue: Queue[tuple[Ready, list[ledger.RawBlock] | None] | None] = Queue(maxsize=2)

    def write_all(self, coming: Iterator[Ready]) -> None:
        """Write what comes; the first fault of either side ends both and is raised."""
        writer = threading.Thread(target=self._write, name=f"write run {self._run_id}")
        writer.start()
        try:
            for ready in coming:
                if self._faults:
                    break
                self._queue.put((ready, self._kept_ahead(ready)))
        finally:
            self._queue.put(None)
            writer.join()
        if self._faults:
            raise self._faults[0]

    def _kept_ahead(self, ready: Ready) -> list[ledger.RawBlock] | None:
        """What the ledger keeps, made while the writer waits for the database; None where rows may turn out to be unchanged."""
        if self._dry or self._stage.any_before:
            return None
        return ledger.raw_blocks(ready.rows.row_nos, ready.where, ready.raw)

    def _write(self) -> None:
        while (item := self._queue.get()) is not None:
            if self._faults:
                continue  # the reader is told at its next batch; until then it must not wait for a full queue
            try:
                self._write_one(*item)
            except BaseException as fault:
                self._faults.append(fault)

    def _write_one(self, ready: Ready, blocks: list[ledger.RawBlock] | None) -> None:
        written = self._stage.write(ready.rows)
        self._tally.loaded += written.loaded
        self._tally.unchanged += written.unchanged
        if self._dry or not written.loaded:
            return
        if blocks is None:
            blocks = _blocks_of(ready, written.row_nos)
        ledger.write_raw(self._connection, self._run_id, blocks)


def _blocks_of(ready: Ready, row_nos: set[int] | None) -> list[ledger.RawBlock]:
    """What the ledger keeps of the rows with these numbers (None: of all)."""
    if row_nos is None:
        return ledger.raw_blocks(ready.rows.row_nos, ready.where, ready.raw)
    numbers = ready.rows.row_nos
    written = [number in row_nos for number in numbers]
    return ledger.raw_blocks(list(compress(numbers, written)), list(compress(ready.where, written)), list(compress(ready.raw, written)))
