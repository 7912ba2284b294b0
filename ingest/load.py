"""One delivery into the database: all or nothing, in one transaction, with a run that stands before its first row is read."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import shapely

from commandcenter.actor import Actor
from commandcenter.city import City
from commandcenter.db.gone import seeing_gone
from commandcenter.db.registers import write_source
from commandcenter.db.run import acting
from commandcenter.db.stage import Stage
from commandcenter.errors import BadInput, CommandCenterError
from commandcenter.text import Text
from ingest import store
from ingest.contract import Mapping
from ingest.corrections import Corrections
from ingest.governance.target_work import TargetWork
from ingest.governance.targets import target_work_of
from ingest.ledger import store as ledger
from ingest.moved import Moved, moved_to
from ingest.pipeline import Pipeline
from ingest.place import points
from ingest.placing import Places
from ingest.polygon_gate import set_faults
from ingest.readers import batches
from ingest.readers.archives import is_disk_full
from ingest.readers.opened import check_there
from ingest.record import BATCH_ROWS, Batch, Tally
from ingest.report import Report, conversion_of, location_warning, report_of
from ingest.rules import Witness
from ingest.runs import Cancelled, Watch, source_to_itself
from ingest.writing import Writing, few_collections

__all__ = ["Report", "load_corrections", "load_file"]

MOST_GONE_UNASKED = 100  # rows that a full delivery may drop without a word, whatever share they are


class _DryRun(Exception):
    """Leaves the transaction without keeping anything."""


@dataclass
class _Load:
    """One load and everything its steps need to know."""

    connection: psycopg.Connection
    actor: Actor
    mapping: Mapping
    city: City
    delivery: ledger.Delivery
    batches: Callable[[], Iterator[Batch]]
    progress: Callable[[int], None] | None
    run_id: int | None
    accept_vanished: bool
    waiting: list[int] = field(default_factory=list)  # refused rows that this run takes up again
    moved: Moved = field(default_factory=lambda: Moved(0, None))
    warning: Text | None = None
    conversion: dict[str, Any] = field(default_factory=dict)
    target_work: TargetWork = field(default_factory=TargetWork)

    @property
    def dry(self) -> bool:
        return self.delivery.kind == "dry_run"


def load_file(
    connection: psycopg.Connection, actor: Actor, mapping: Mapping, path: Path, city: City, *, dry_run: bool = False,
    progress: Callable[[int], None] | None = None, run_id: int | None = None, accept_vanished: bool = False,
) -> Report:  # fmt: skip
    """Load one file as an actor. Raises BadInput when the file itself is broken; then nothing of it is kept but the failed run.

    ``connection`` is in autocommit. ``run_id`` names a queued run that begins now: its row shows progress, can be cancelled, and a
    dry run then keeps what a preview needs. Without it a dry run leaves no trace. ``accept_vanished`` lets a full delivery mark
    any number of rows as gone.
    """
    started = time.monotonic()
    if mapping.reader != "database":
        check_there(path)
    size = path.stat().st_size if path.is_file() else None
    delivery = ledger.Delivery(path.name, "" if size is None else _sha256(path), size, "dry_run" if dry_run else "load")
    load = _Load(connection, actor, mapping, city, delivery, lambda: batches(path, mapping), progress, run_id, accept_vanished)
    return _run(load, started)


def load_corrections(
    connection: psycopg.Connection, actor: Actor, mapping: Mapping, city: City, source: str, *, run_id: int | None = None
) -> Report:
    """Run the open refused rows of a source again, as they were corrected; each is loaded, or refused anew. Raises BadInput when none waits."""
    started = time.monotonic()
    with acting(connection, actor):
        waiting = ledger.waiting_rows(connection, source)
    if not waiting:
        raise BadInput(Text(f"数据源 {source} 没有待处理的隔离行。", f"No refused row of the source {source} is waiting."))
    delivery = ledger.Delivery("", "", None, "correction")
    load = _Load(
        connection, actor, mapping, city, delivery, lambda: waiting_batches(waiting, mapping), None, run_id, True, [row.id for row in waiting]
    )
    return _run(load, started)


def _run(load: _Load, started: float) -> Report:
    connection, mapping = load.connection, load.mapping
    with source_to_itself(connection, mapping.name), few_collections():
        with acting(connection, load.actor):
            ledger.mark_broken_runs(connection)
            load.moved = moved_to(mapping, load.city, store.standing_as_of(connection, mapping.name), datetime.now(UTC))
        kept = load.run_id is not None or not load.dry
        run_id = load.run_id
        if kept:
            with acting(connection, load.actor):
                write_source(connection, store.source_of(mapping, load.moved))
                run_id = ledger.begin_run(connection, mapping, load.delivery, load.actor.id, load.run_id)
        try:
            pipeline = _watched(load, run_id)
        except Exception as fault:
            told = _as_bad_input(load, fault)
            if kept and run_id is not None:
                _close_failed(load, run_id, told)
            if told is fault:
                raise
            raise told from fault
        finally:
            if kept and run_id is not None and not connection.closed:
                with suppress(psycopg.Error):
                    ledger.release_run(connection, run_id)
    return report_of(mapping, load.delivery, pipeline, time.monotonic() - started, run_id if kept else None, load.warning, load.conversion)


def _watched(load: _Load, run_id: int | None) -> Pipeline:
    """The load itself, with somebody looking after it where others can see the run."""
    if run_id is None:
        return _transaction(load, None, None)
    with Watch(load.connection, load.actor, run_id) as watch:
        try:
            return _transaction(load, run_id, watch)
        except psycopg.errors.QueryCanceled:
            watch.check()
            raise


def _transaction(load: _Load, known_run: int | None, watch: Watch | None) -> Pipeline:
    """Everything a load writes, or nothing of it."""
    connection, mapping, actor = load.connection, load.mapping, load.actor
    pipeline: Pipeline | None = None
    try:
        with acting(connection, actor):
            run_id = known_run
            if run_id is None:
                write_source(connection, store.source_of(mapping, load.moved))
                run_id = ledger.begin_run(connection, mapping, load.delivery, actor.id)
            load.target_work = target_work_of(connection, mapping, load.city)
            pipeline = _pipeline(load, watch)
            stage = Stage(connection, mapping.target, pipeline.columns, mapping.name, run_id)
            Writing(connection, stage, run_id, pipeline.tally, dry=load.dry).write_all(pipeline.ready(load.batches()))
            if watch is not None:
                watch.step = "settling"
            _settle_rows(load, pipeline, stage, run_id)
            if load.dry:
                raise _DryRun
            ledger.write_rows(connection, "quarantine", ledger.QUARANTINE, run_id, pipeline.quarantine.rows())
            ledger.write_rows(connection, "ingest_finding", ledger.FINDING, run_id, pipeline.findings.rows())
            ledger.end_run(connection, run_id, "done", pipeline.tally, load.warning, load.conversion)
            store.note_delivery(connection, mapping, datetime.now(UTC))
            if watch is not None:
                watch.check()
    except _DryRun:
        assert pipeline is not None
        if known_run is not None:
            _keep_preview(load, pipeline, known_run)
    assert pipeline is not None
    return pipeline


def _pipeline(load: _Load, watch: Watch | None) -> Pipeline:
    connection, mapping, city = load.connection, load.mapping, load.city
    witness = Witness(datetime.now(UTC), ZoneInfo(city.time_zone))
    witness.known = {to: store.known_values(connection, to) for to in {rule.given["to"] for rule in mapping.rules if rule.word == "reference"}}

    def progress(rows: int) -> None:
        if watch is not None:
            watch.rows = rows
            watch.check()
        if load.progress is not None:
            load.progress(rows)

    return Pipeline(
        mapping, city, witness,
        places=Places(connection) if mapping.target in (*store.PLACED_TABLES, "household_count") else None,
        corrections=Corrections.of(ledger.corrections_of(connection, mapping.name)),
        progress=progress, move_days=load.moved.days, preview=load.dry and load.run_id is not None,
        target_work=load.target_work,
    )  # fmt: skip


def _settle_rows(load: _Load, pipeline: Pipeline, stage: Stage, run_id: int) -> None:
    """What follows from all rows together: which ones are gone, what moves with new boundaries, what no longer waits."""
    connection, mapping, tally = load.connection, load.mapping, pipeline.tally
    if tally.read == 0:
        raise BadInput(Text(f"{load.delivery.file_name} 里没有一行数据。", f"There is not a single row in {load.delivery.file_name}."))
    load.warning = location_warning(tally, mapping, load.delivery.file_name)
    load.conversion = conversion_of(mapping, pipeline)
    faults = set_faults(pipeline, mapping, load.city)
    if faults is not None:
        if mapping.polygon_set is not None and mapping.polygon_set.refuses:
            if not load.dry:
                raise BadInput(faults)
            faults = Text(f"{faults.zh}照此载入，整个文件会被退回。", f"{faults.en} Loaded like this, the whole file would be turned back.")
        load.warning = load.warning or faults
    if load.delivery.kind == "correction":
        ledger.settle_waiting(connection, load.waiting, run_id, load.actor.id)
    elif mapping.delivery == "full":
        if load.warning is None:
            _mark_gone(load, pipeline, stage)
        if not load.dry:
            ledger.supersede(connection, mapping.name, run_id)
    if mapping.target == "cases" and tally.loaded:
        store.remember_birth_grid(connection)
    with seeing_gone(connection, seen=False):  # nothing lies in a polygon that is gone
        load.target_work.settle(connection, run_id, bool(tally.loaded or tally.vanished))
        if mapping.target in store.BOUNDARY_TABLES and (tally.loaded or tally.vanished):
            store.place_all_again(connection)


def _mark_gone(load: _Load, pipeline: Pipeline, stage: Stage) -> None:
    """Rows of the source that a full delivery no longer brings are marked; too many of them at once are a question, not a fact."""
    if stage.standing == stage.met:
        return
    missing = stage.missing(pipeline.keys | pipeline.refused_keys)
    if not missing:
        return
    if pipeline.keyless:
        load.warning = Text(
            f"有 {pipeline.keyless} 行没有可用的键，无法判断哪些行已消失：本次不标记消失的行（缺 {missing} 行）。",
            f"{pipeline.keyless} rows have no usable key, so nobody can tell which rows are gone: none was marked ({missing} are missing).",
        )
        return
    if missing > max(MOST_GONE_UNASKED, load.mapping.vanish_limit * stage.standing) and not load.accept_vanished:
        raise BadInput(
            Text(
                f"{load.delivery.file_name} 缺少现有 {stage.standing} 行中的 {missing} 行：文件完整吗？若确实如此，请在确认后重新导入（--accept-vanished）。",
                f"{load.delivery.file_name} no longer brings {missing} of the {stage.standing} rows that stand: is the file complete?"
                " If so, load it again and confirm (--accept-vanished).",
            )
        )
    pipeline.tally.vanished = stage.mark_gone()


def _keep_preview(load: _Load, pipeline: Pipeline, run_id: int) -> None:
    with acting(load.connection, load.actor):
        ledger.write_rows(load.connection, "quarantine", ledger.QUARANTINE, run_id, pipeline.quarantine.rows())
        ledger.write_rows(load.connection, "ingest_finding", ledger.FINDING, run_id, pipeline.findings.rows())
        if pipeline.preview is not None:
            ledger.write_rows(load.connection, "ingest_preview", ledger.PREVIEW, run_id, pipeline.preview.rows())
        ledger.end_run(load.connection, run_id, "done", pipeline.tally, load.warning, load.conversion)


def _close_failed(load: _Load, run_id: int, fault: BaseException) -> None:
    """The run says how it ended, unless the database itself is gone: then its lost lock says so."""
    status = "cancelled" if isinstance(fault, Cancelled) else "failed"
    sentence = fault.sentence if isinstance(fault, CommandCenterError) else Text("程序出错，已记入日志。", "The program failed; the log has the details.")


    with suppress(psycopg.OperationalError), acting(load.connection, load.actor):
        ledger.end_run(load.connection, run_id, status, Tally(), sentence)


def _as_bad_input(load: _Load, fault: Exception) -> Exception:
    """A value no check of ours foresaw and the database does not take, or a full disk, as one sentence; other faults as they are."""
    name, target = load.delivery.file_name, load.mapping.target
    if isinstance(fault, psycopg.errors.DiskFull) or is_disk_full(fault):
        return BadInput(Text(f"磁盘已满，{name} 没有写入任何数据。", f"The disk is full; nothing of {name} was loaded."))
    if isinstance(fault, (psycopg.DataError, psycopg.IntegrityError)):
        said = (fault.diag.message_primary or str(fault)).strip()
        return BadInput(
            Text(
                f"{name} 有一行不合表 {target} 的要求，整个文件未写入：{said}。",
                f"A row of {name} is not what the table {target} takes, so nothing of the file was written: {said}.",
            )
        )
    return fault


def waiting_batches(waiting: Sequence[ledger.Waiting], mapping: Mapping) -> Iterator[Batch]:
    """Refused rows as their reader would bring them, with what a steward made of their fields."""
    for start in range(0, len(waiting), BATCH_ROWS):
        part = waiting[start : start + BATCH_ROWS]
        names = dict.fromkeys(name for row in part for name in row.fields)
        values: dict[str, list[Any]] = {name: [row.fields.get(name) for row in part] for name in names}
        geometry = np.full(len(part), None, dtype=object)
        batch = Batch([row.line for row in part], values, [row.raw for row in part], geometry)
        batch.raw_hash = {at: row.raw_hash for at, row in enumerate(part) if row.raw_hash is not None}
        if mapping.place is not None and mapping.place.fields:
            batch.geometry, batch.faults = points(values, mapping.place, mapping.crs)
        else:
            geometry[:] = [None if row.shape is None else shapely.from_wkb(row.shape, on_invalid="ignore") for row in part]
        yield batch


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
