"""What a steward orders: register a file, ask for a run, cancel it, correct and dismiss refused rows, run them again, withdraw a load.

Each command runs as its actor in a transaction (its own, or inside the caller's) and raises Forbidden or BadInput with a sentence.
What it changed is noted in the audit by the same transaction: numbers, rules and names of fields, never their values.
Work that takes long is only asked for here: the worker carries it out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

from commandcenter.actor import Actor
from commandcenter.audit.record import Subject, note
from commandcenter.db.registers import write_source
from commandcenter.db.run import acting
from commandcenter.errors import BadInput, Forbidden
from commandcenter.text import Text
from ingest import store as registers
from ingest.desk import store
from ingest.desk.mappings import steward_mapping
from ingest.desk.queue import defer_import, defer_refresh
from ingest.moved import Moved
from ingest.withdraw import withdraw_run

PERMISSION = "steward"
LONGEST_VALUE = 4_000
MOST_FIELDS = 200
CANCELLABLE = ("cancelled", "running")  # what a run is once it was cancelled, or asked to stop
CANCELLED = Text("在开始前被取消，没有写入任何数据。", "Cancelled before it began; nothing was loaded.")


def need_steward(actor: Actor) -> None:
    """Raise Forbidden unless the actor is a data steward of the whole city."""
    if not (actor.may(PERMISSION) and actor.may("write") and actor.scope.whole_city):
        raise Forbidden(
            Text(
                f"“{actor.title.zh}”没有数据管理权限：请由全市数据管理员操作。",
                f"'{actor.title.en}' may not do this: it takes a data steward of the whole city.",
            )
        )


def register_upload(connection: psycopg.Connection, actor: Actor, file_name: str, stored_as: str, size: int, sha256: str) -> int:
    """Note a file that arrived; its number. ``stored_as`` is its path below the uploads folder."""
    need_steward(actor)
    with acting(connection, actor):
        number = store.insert_upload(connection, actor.id, file_name, stored_as, size, sha256)
        _note(connection, actor, Subject("upload", number), {"order": "upload", "bytes": size, "sha256": sha256})
    return number


def ask_run(
    connection: psycopg.Connection, actor: Actor, mapping: str, upload_id: int, dry_run: bool, accept_vanished: bool = False, *, folders: Sequence[Path] = ()
) -> int:
    """Ask for one upload to be read by a mapping; the number of the run. Asking again while it has not ended is the same run.

    ``folders`` hold the city's own mappings.
    """
    need_steward(actor)
    chosen = steward_mapping(mapping, folders)
    kind = "dry_run" if dry_run else "load"
    with acting(connection, actor):
        upload = store.upload_of(connection, upload_id)
        if upload is None:
            raise BadInput(Text(f"没有编号为 {upload_id} 的上传文件。", f"There is no upload {upload_id}."))
        unfinished = store.unfinished_run(connection, chosen.name, kind, upload_id)
        if unfinished is not None:
            return unfinished
        if not store.source_is_known(connection, chosen.name):
            write_source(connection, registers.source_of(chosen, Moved(0, None)))
        file_name, _, size, sha256 = upload
        run_id = store.insert_run(connection, chosen.name, kind, actor.id, upload_id, (file_name, size, sha256))
        defer_import(connection, run_id, actor.id, chosen.name, accept_vanished)
        about = {"order": kind, "source": chosen.name, "upload": upload_id, "accept_vanished": accept_vanished}
        _note(connection, actor, Subject("ingest_run", run_id), about)
    return run_id


def ask_rerun(connection: psycopg.Connection, actor: Actor, source: str, *, folders: Sequence[Path] = ()) -> int:
    """Ask for the refused rows of a source that wait to be run again, as they were corrected; the number of the run."""
    need_steward(actor)
    chosen = steward_mapping(source, folders)
    with acting(connection, actor):
        if not store.waiting_count(connection, chosen.name):
            raise BadInput(Text(f"数据源 {source} 没有待处理的隔离行。", f"No refused row of the source {source} is waiting."))
        unfinished = store.unfinished_run(connection, chosen.name, "correction", None)
        if unfinished is not None:
            return unfinished
        run_id = store.insert_run(connection, chosen.name, "correction", actor.id)
        defer_import(connection, run_id, actor.id, chosen.name)
        _note(connection, actor, Subject("ingest_run", run_id), {"order": "rerun", "source": chosen.name})
    return run_id


def cancel_run(connection: psycopg.Connection, actor: Actor, run_id: int) -> None:
    """Cancel a run that waits at once; ask a running one to stop. Raises BadInput when it has ended."""
    need_steward(actor)
    with acting(connection, actor):
        status = store.cancel_run(connection, run_id, CANCELLED)
        if status in CANCELLABLE:
            _note(connection, actor, Subject("ingest_run", run_id), {"order": "cancel", "status": status})
    if status is None:
        raise BadInput(Text(f"没有第 {run_id} 次运行。", f"There is no run {run_id}."))
    if status not in CANCELLABLE:
        raise BadInput(Text(f"第 {run_id} 次运行已经结束，无法取消。", f"Run {run_id} has ended: it cannot be cancelled."))


def correct(
    connection: psycopg.Connection, actor: Actor, *, ids: Sequence[int] | None = None, run_id: int | None = None, rule: str | None = None,
    changes: Mapping[str, str] | None = None, replace: tuple[str, str, str] | None = None, accept_repair: bool = False,
) -> int:  # fmt: skip
    """Put refused rows right: some by their ids, or all of a run (or of one rule of it); how many were touched.

    ``changes`` gives fields new text, ``replace`` (field, old, new) only where the field says old; ``accept_repair`` takes the
    proposed geometry. What is corrected here is corrected again whenever the same raw row is delivered.
    """
    need_steward(actor)
    chosen = _chosen(ids, run_id, rule)
    given = dict(changes or {})
    _check_changes({**given, **({replace[0]: replace[2]} if replace else {})})
    if not given and replace is None and not accept_repair:
        raise BadInput(Text("没有给出任何更正。", "No correction was given."))
    with acting(connection, actor):
        touched = store.correct_rows(connection, actor.id, chosen, given, replace, accept_repair)
        fields = sorted({*given, *([replace[0]] if replace else [])})
        about = {"order": "correct", **chosen, "fields": fields, "accept_repair": accept_repair, "rows": touched}
        _note(connection, actor, Subject("quarantine"), about)
    return touched


def dismiss(
    connection: psycopg.Connection, actor: Actor, ids: Sequence[int] | None = None, *, run_id: int | None = None, rule: str | None = None
) -> int:
    """Set refused rows aside for good; how many."""
    need_steward(actor)
    chosen = _chosen(ids, run_id, rule)
    with acting(connection, actor):
        touched = store.dismiss_rows(connection, actor.id, chosen)
        _note(connection, actor, Subject("quarantine"), {"order": "dismiss", **chosen, "rows": touched})
    return touched


def withdraw(connection: psycopg.Connection, actor: Actor, run_id: int) -> Text:
    """Take the newest load of a source back; what that did, as a sentence. Counts and search follow by the worker."""
    need_steward(actor)
    with acting(connection, actor):
        done = withdraw_run(connection, actor, run_id)
        defer_refresh(connection, run_id, actor.id)
        _note(connection, actor, Subject("ingest_run", run_id), {"order": "withdraw"})
    return done.sentence


def _note(connection: psycopg.Connection, actor: Actor, subject: Subject, detail: Mapping[str, object]) -> None:
    note(connection, actor, "change", door="desk", subject=subject, detail=detail)


def _chosen(ids: Sequence[int] | None, run_id: int | None, rule: str | None) -> dict[str, Any]:
    """Which rows are meant; never all rows of all runs."""
    if ids is None and run_id is None:
        raise BadInput(Text("没有指明是哪些行。", "It is not said which rows are meant."))
    return {"ids": None if ids is None else list(ids), "run_id": run_id, "rule": rule}


def _check_changes(changes: Mapping[str, str]) -> None:
    if len(changes) > MOST_FIELDS:
        raise BadInput(Text(f"一次最多更正 {MOST_FIELDS} 个字段。", f"At most {MOST_FIELDS} fields can be corrected at once."))
    for name, value in changes.items():
        if not name.strip():
            raise BadInput(Text("要更正的字段没有名称。", "A field to correct has no name."))
        if len(value) > LONGEST_VALUE:
            raise BadInput(
                Text(f"“{name}”的新值超过 {LONGEST_VALUE} 个字符。", f"The new value of '{name}' is longer than {LONGEST_VALUE} characters.")
            )
        if "\x00" in name + value:
            raise BadInput(Text(f"“{name}”的新值含有空字符。", f"The new value of '{name}' contains a null character."))
