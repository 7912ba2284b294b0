"""One mapping over one file into the database: all or nothing, in one transaction, with a report whose numbers add up."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from commandcenter.actor import Actor
from commandcenter.city import City
from commandcenter.db.load import upsert
from commandcenter.db.registers import write_source
from commandcenter.db.run import acting
from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest import store
from ingest.contract import Mapping
from ingest.moved import Moved, moved_to
from ingest.pipeline import Pipeline
from ingest.readers.opened import check_there
from ingest.record import Finding, Tally

LOCATION_RULES = frozenset({"outside_city", "not_degrees"})


@dataclass(frozen=True)
class Report:
    """What became of one file."""

    mapping: str
    file: str
    target: str
    tally: Tally
    seconds: float
    dry_run: bool
    run_id: int | None
    first_refusal: tuple[str, Finding] | None
    warning: Text | None = None
    extra: dict[str, int] = field(default_factory=dict)

    @property
    def as_json(self) -> dict[str, Any]:
        """The report for machines."""
        tally = self.tally
        first = self.first_refusal
        return {
            "mapping": self.mapping,
            "file": self.file,
            "target": self.target,
            "read": tally.read,
            "loaded": tally.loaded,
            "unchanged": tally.unchanged,
            "quarantined": tally.quarantined,
            "by_rule": tally.by_rule,
            "repaired": tally.repaired,
            "seconds": round(self.seconds, 2),
            "dry_run": self.dry_run,
            "run_id": self.run_id,
            "first_refusal": None
            if first is None
            else {"line": first[0], "field": first[1].field, "rule": first[1].rule, **first[1].sentence._asdict()},
            "warning": None if self.warning is None else self.warning._asdict(),
        }

    @property
    def sentence(self) -> Text:
        """The report for people."""
        t = self.tally
        head = Text("试运行，未写入：" if self.dry_run else "", "Dry run, nothing written: " if self.dry_run else "")
        parts = Text(
            f"{head.zh}{self.file} → {self.target}：读取 {t.read}，写入 {t.loaded}，未变 {t.unchanged}，隔离 {t.quarantined}（{self.seconds:.1f} 秒）",
            f"{head.en}{self.file} -> {self.target}: read {t.read}, loaded {t.loaded}, unchanged {t.unchanged},"
            f" quarantined {t.quarantined} ({self.seconds:.1f} s)",
        )
        if t.repaired:
            listed = ", ".join(f"{rule} {count}" for rule, count in sorted(t.repaired.items()))
            parts = Text(f"{parts.zh}；修复 {listed}", f"{parts.en}; repaired {listed}")
        if self.first_refusal is not None:
            where, finding = self.first_refusal
            parts = Text(
                f"{parts.zh}；首条隔离在 {where}：{finding.sentence.zh}", f"{parts.en}; first quarantined at {where}: {finding.sentence.en}"
            )
        return Text(parts.zh, parts.en)


class _DryRun(Exception):
    """Leaves the transaction without keeping anything."""


def load_file(
    connection: psycopg.Connection,
    actor: Actor,
    mapping: Mapping,
    path: Path,
    city: City,
    *,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Load one file as an actor. Raises BadInput when the file itself is broken; then nothing of it is kept.

    A broken file leaves one failed run behind, so that nobody wonders where it went.
    """
    started = time.monotonic()
    check_there(path)
    sha256 = _sha256(path)
    with acting(connection, actor):
        moved = moved_to(mapping, city, store.standing_as_of(connection, mapping.name), datetime.now(UTC))
    pipeline = Pipeline(mapping, path, city, progress, moved.days)
    run_id: int | None = None
    try:
        with acting(connection, actor):
            write_source(connection, store.source_of(mapping, moved))
            run_id = store.begin_run(connection, mapping.name, mapping.name, path.name, sha256)
            counts = upsert(connection, actor, mapping.target, pipeline.columns, pipeline.rows(), source=mapping.name, run_id=run_id)
            tally = pipeline.tally
            tally.loaded, tally.unchanged = counts.loaded, counts.unchanged
            warning = _warning(tally, path, mapping)
            store.write_quarantine(connection, run_id, pipeline.quarantine.rows())
            if mapping.target == "cases" and tally.loaded:
                store.remember_birth_grid(connection)
            store.end_run(connection, run_id, "done", tally, warning.en if warning else None)
            store.note_good_run(connection, mapping.name, mapping.target, datetime.now(UTC))
            if dry_run:
                raise _DryRun
    except _DryRun:
        run_id = None
    except BadInput as fault:
        if not dry_run:
            _note_failure(connection, actor, mapping, moved, path, sha256, fault)
        raise
    except (psycopg.DataError, psycopg.IntegrityError) as refused:
        whole = _refused_whole(path, mapping, refused)
        if not dry_run:
            _note_failure(connection, actor, mapping, moved, path, sha256, whole)
        raise whole from refused
    return Report(
        mapping.name,
        path.name,
        mapping.target,
        pipeline.tally,
        time.monotonic() - started,
        dry_run,
        run_id,
        pipeline.quarantine.first,
        warning,
    )


def _warning(tally: Tally, path: Path, mapping: Mapping) -> Text | None:
    if tally.read == 0:
        raise BadInput(Text(f"{path.name} 里没有一行数据。", f"There is not a single row in {path.name}."))
    lost = sum(count for rule, count in tally.by_rule.items() if rule in LOCATION_RULES)
    if lost and lost == tally.read - (tally.quarantined - lost):
        return Text(
            f"{path.name} 没有一行落在城市范围内：映射 {mapping.name} 的坐标系（{mapping.crs}）写错了，或者这不是本市的数据？",
            f"Not one row of {path.name} lies inside the city: is the CRS of the mapping {mapping.name} ({mapping.crs}) wrong,"
            " or is this another city's file?",
        )
    return None


def _refused_whole(path: Path, mapping: Mapping, refused: psycopg.Error) -> BadInput:
    """A value no check of ours foresaw and the database does not take: nothing of the file is kept, and the sentence says which."""
    said = (refused.diag.message_primary or str(refused)).strip()
    return BadInput(
        Text(
            f"{path.name} 有一行不合表 {mapping.target} 的要求，整个文件未写入：{said}。",
            f"A row of {path.name} is not what the table {mapping.target} takes, so nothing of the file was written: {said}.",
        )
    )


def _note_failure(
    connection: psycopg.Connection, actor: Actor, mapping: Mapping, moved: Moved, path: Path, sha256: str, fault: BadInput
) -> None:
    with acting(connection, actor):
        write_source(connection, store.source_of(mapping, moved))
        run_id = store.begin_run(connection, mapping.name, mapping.name, path.name, sha256)
        store.end_run(connection, run_id, "failed", Tally(), f"{fault.sentence.zh} {fault.sentence.en}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
