"""The worker's clock for sources that come by themselves: which are due, each fetched beside the others, and files nobody needs cleared.

Nothing is remembered here: what is due follows from the runs on record, so a restart loses nothing, and a lock for each source keeps
several workers from fetching it at once.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import psycopg

from commandcenter.city import load_city
from commandcenter.config import Settings
from commandcenter.db.connect import connect
from commandcenter.db.run import acting
from commandcenter.errors import BadInput, CommandCenterError
from commandcenter.security.builtin import FETCHER
from commandcenter.text import Text
from commandcenter.worker.imports import run_import
from ingest.contract import Mapping
from ingest.desk.arrivals import store
from ingest.desk.arrivals.due import comes_by_itself, fetched_mappings, is_due
from ingest.desk.arrivals.retention import clear_finished
from ingest.desk.arrivals.taking import Receiver, put_away, take_in
from ingest.desk.kept_files import uploads_folder
from ingest.desk.mappings import own_mappings, steward_mapping
from ingest.fetching import present

LOOK_EVERY_S = 60.0
CLEAR_EVERY_S = 6 * 3600.0
MOST_AT_ONCE = 3  # a slow server must not keep all others waiting
ENDED_LOOK_S = 0.2
PASSING = (CommandCenterError, psycopg.Error, OSError)
log = logging.getLogger("commandcenter.worker")


class Fetching:
    """The sources of one city that are being fetched by this process."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._settings, self._clock = settings, clock
        self._busy: dict[str, threading.Thread] = {}
        self._faulty: dict[str, Text] = {}

    def look(self) -> list[str]:
        """Begin to fetch whatever is due, a few sources at once; their names."""
        self._busy = {name: thread for name, thread in self._busy.items() if thread.is_alive()}
        begun = []
        for mapping in self._due():
            if len(self._busy) >= MOST_AT_ONCE:
                break
            # A daemon: what has not been registered when the process ends is fetched again
            thread = threading.Thread(target=self._take, args=[mapping], name=f"fetch {mapping.name}", daemon=True)
            self._busy[mapping.name] = thread
            thread.start()
            begun.append(mapping.name)
        return begun

    def wait(self) -> None:
        """Until everything begun has ended."""
        for thread in list(self._busy.values()):
            thread.join()

    def _due(self) -> list[Mapping]:
        mappings, faulty = fetched_mappings(load_city(self._settings.city), own_mappings(self._settings.data_dir))
        for name, said in faulty.items():
            if self._faulty.get(name) != said:
                log.warning("mapping %s: %s", name, said.en)
        self._faulty = faulty
        idle = [mapping for mapping in mappings if mapping.name not in self._busy]
        if not idle:
            return []
        with connect(self._settings) as connection, acting(connection, FETCHER):
            return [mapping for mapping in idle if self._is_due(connection, mapping)]

    def _is_due(self, connection: psycopg.Connection, mapping: Mapping) -> bool:
        assert mapping.fetch is not None
        if mapping.fetch.folder:
            try:
                if present(mapping):
                    return True
            except BadInput:
                return True  # that is told where the source is taken in
        return bool(mapping.fetch.url) and is_due(mapping.cadence_s, store.attempts_of(connection, mapping.name, FETCHER.id), self._clock())

    def _take(self, mapping: Mapping) -> None:
        try:
            with connect(self._settings) as connection:
                connection.autocommit = True
                for run_id in take_in(receiver_of(self._settings, connection), mapping, self._clock()):
                    log.info("run %s: %s has come by itself", run_id, mapping.name)
        except PASSING as fault:
            log.warning("fetching %s: %s", mapping.name, fault)
        except Exception:
            log.exception("fetching %s", mapping.name)


async def keep_fetching(settings: Settings) -> None:
    """For ever: look every minute what is due; now and then clear the files of uploads that nobody needs any more."""
    fetching = Fetching(settings)
    cleared: float | None = None
    while True:
        try:
            await asyncio.to_thread(fetching.look)
            if cleared is None or time.monotonic() - cleared > CLEAR_EVERY_S:
                cleared = time.monotonic()
                await asyncio.to_thread(clear_uploads, settings)
        except PASSING as fault:
            log.warning("looking for sources that are due: %s", fault)
        await asyncio.sleep(LOOK_EVERY_S)


def clear_uploads(settings: Settings) -> int:
    """Remove the files whose runs were done with long enough ago; how many."""
    with connect(settings) as connection:
        connection.autocommit = True
        removed = clear_finished(connection, FETCHER, uploads_folder(settings.data_dir), settings.keep_uploads_days)
    if removed:
        log.info("%s files of uploads were older than %s days and are removed", removed, settings.keep_uploads_days)
    return removed


def put_away_after(settings: Settings, run_id: int, actor_id: str) -> None:
    """Move the watched file of a run that ended, if it was one; else the next look does."""
    if actor_id != FETCHER.id:
        return
    try:
        with connect(settings) as connection:
            connection.autocommit = True
            with acting(connection, FETCHER):
                name = store.source_of_run(connection, run_id)
            if name is not None:
                put_away(receiver_of(settings, connection), steward_mapping(name, [own_mappings(settings.data_dir)]))
    except PASSING as fault:
        log.warning("run %s: its file stays where it is for now: %s", run_id, fault)


def receiver_of(settings: Settings, connection: psycopg.Connection) -> Receiver:
    """Who takes files in for this city."""
    return Receiver(connection, FETCHER, settings.city, uploads_folder(settings.data_dir), [own_mappings(settings.data_dir)])


def fetch_now(settings: Settings, names: Sequence[str], say: Callable[[Text], None]) -> bool:
    """Fetch and load sources in this process, due or not: those of ``names``, else all of the city. Whether all went well.

    Each sentence tells what became of one file. Raises BadInput for a name that is no mapping or is not fetched.
    """
    own = own_mappings(settings.data_dir)
    well = True
    if names:
        mappings = [_named(name, settings) for name in dict.fromkeys(names)]
    else:
        mappings, faulty = fetched_mappings(load_city(settings.city), own)
        for said in faulty.values():
            say(said)
            well = False
        if not mappings and not faulty:
            say(Text("没有映射写明从哪里取数（[fetch]）。", "No mapping of this city says where it is fetched ([fetch])."))
    for mapping in mappings:
        with connect(settings) as connection:
            connection.autocommit = True
            well &= _fetch_one(settings, connection, mapping, say)
    return well


def _named(name: str, settings: Settings) -> Mapping:
    mapping = steward_mapping(name, [own_mappings(settings.data_dir)])
    if not comes_by_itself(mapping):
        raise BadInput(Text(f"映射 {name} 没有写明从哪里取数（[fetch]）。", f"The mapping {name} does not say where it is fetched ([fetch])."))
    return mapping


def _fetch_one(settings: Settings, connection: psycopg.Connection, mapping: Mapping, say: Callable[[Text], None]) -> bool:
    receiver = receiver_of(settings, connection)
    runs = take_in(receiver, mapping, anyway=True)
    well = True
    for run_id in runs:
        report = run_import(settings, run_id, FETCHER.id)
        status, said = _ended(connection, run_id)
        if report is not None:
            say(report.sentence)
        if said is not None:
            say(Text(f"{mapping.name}：{said.zh}", f"{mapping.name}: {said.en}"))
        elif report is None:  # a worker was faster
            say(Text(f"{mapping.name}：第 {run_id} 次运行，{status}。", f"{mapping.name}: run {run_id}, {status}."))
        well &= status == "done"
    if not runs:
        say(_why_nothing(connection, mapping))
    put_away(receiver, mapping)
    return well


def _ended(connection: psycopg.Connection, run_id: int) -> tuple[str, Text | None]:
    """Status and sentence of the run once it has ended, whoever carries it out."""
    while True:
        with acting(connection, FETCHER):
            ended = store.ended_run(connection, run_id)
        if ended is not None:
            return ended
        time.sleep(ENDED_LOOK_S)


def _why_nothing(connection: psycopg.Connection, mapping: Mapping) -> Text:
    with acting(connection, FETCHER):
        unfinished = store.unfinished_load(connection, mapping.name, FETCHER.id)
    if unfinished is not None:
        return Text(f"{mapping.name}：第 {unfinished} 次运行尚未结束。", f"{mapping.name}: run {unfinished} has not ended yet.")
    return Text(f"{mapping.name}：没有新文件，或另一进程正在取数。", f"{mapping.name}: no new file, or another process is fetching it.")
