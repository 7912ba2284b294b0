"""One source taken in: what its address sends, or the files that came to rest in its folder, as uploads with a queued run each.

Upload, run and job are one transaction. A watched file is known again by where its copy lies: the place is named after the file itself
(folder, name, inode, size, time of change), so whoever died in between is followed up, and a file delivered anew is a new one.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from commandcenter.actor import Actor
from commandcenter.db.registers import write_source
from commandcenter.db.run import acting
from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest import store as registers
from ingest.contract import Mapping
from ingest.desk import commands
from ingest.desk import store as desk_store
from ingest.desk.arrivals import store
from ingest.desk.arrivals.due import UNFINISHED, is_due
from ingest.desk.kept_files import KEPT_FREE_BYTES, clean_name, is_full, remove_if_empty, stored_name
from ingest.fetching import fetch, host_of, present, watched
from ingest.ledger.store import hold_source, release_source
from ingest.moved import Moved

MOST_BROKEN = 3  # a file whose import is broken off this often is refused
ARRIVING = ".arriving"
DONE, REFUSED = "done", "refused"
BLOCK = 1 << 20
SAME = Text(
    "与第 {run} 次运行的文件完全相同：{rows} 行未变，没有重新读取。",
    "The same file as that of run {run}: its {rows} rows are unchanged and were not read again.",
)
NO_ROOM = Text("服务器磁盘空间不足，没有取数。", "The server's disk has too little room; nothing was fetched.")


@dataclass(frozen=True)
class Receiver:
    """Who takes files in, and where they are kept. ``connection`` is in autocommit; ``folders`` hold the city's own mappings."""

    connection: psycopg.Connection
    actor: Actor
    city: str
    uploads: Path
    folders: Sequence[Path]
    fetch: Callable[[Mapping, Path], Path] = fetch
    watched: Callable[[Mapping], list[Path]] = watched


def take_in(receiver: Receiver, mapping: Mapping, now: datetime | None = None, *, anyway: bool = False) -> list[int]:
    """Everything of a source that is due, as runs: queued ones, or one that says why nothing came. ``anyway``: due or not.

    None where another process is at it. Files whose runs have ended are put away first.
    """
    with store.only_fetcher(receiver.connection, mapping.name) as mine:
        if not mine or mapping.fetch is None:
            return []
        runs = _from_address(receiver, mapping, now or datetime.now(UTC), anyway) if mapping.fetch.url else []
        if mapping.fetch.folder:
            runs += _from_folder(receiver, mapping, now or datetime.now(UTC), anyway)
        return runs


def put_away(receiver: Receiver, mapping: Mapping) -> list[Path]:
    """Move the watched files whose runs have ended into ``done`` or ``refused``; where they lie now."""
    if mapping.fetch is None or not mapping.fetch.folder:
        return []
    with store.only_fetcher(receiver.connection, mapping.name) as mine:
        return _put_away(receiver, mapping)[0] if mine else []


def _from_address(receiver: Receiver, mapping: Mapping, now: datetime, anyway: bool) -> list[int]:
    with acting(receiver.connection, receiver.actor):
        attempts = store.attempts_of(receiver.connection, mapping.name, receiver.actor.id)
        unfinished = store.unfinished_load(receiver.connection, mapping.name, receiver.actor.id)
    if unfinished is not None or not (anyway or is_due(mapping.cadence_s, attempts, now)):
        return []
    host = ""
    try:
        with _arriving(receiver, mapping, mapping.name) as place:
            host = host_of(mapping)
            came = receiver.fetch(mapping, place)
            return [_register(receiver, mapping, came, clean_name(came.name), secrets.token_hex(12))]
    except BadInput as fault:
        return [_failed(receiver, mapping, host, fault.sentence)]


def _from_folder(receiver: Receiver, mapping: Mapping, now: datetime, anyway: bool) -> list[int]:
    """What lies in the folder. A file at fault does not keep the others waiting; of several faults the first is told."""
    assert mapping.fetch is not None and mapping.fetch.folder
    runs: list[int] = []
    faults: list[Text] = []
    try:
        faults += _put_away(receiver, mapping)[1]
        known = {path: upload for path in present(mapping) if (upload := _upload_of(receiver, mapping, path)) is not None}
        for upload in known.values():
            runs += _again_if_broken(receiver, mapping, upload)
        still = receiver.watched(mapping) if present(mapping).keys() - known.keys() else []
        for path in still:
            if path not in known:
                try:
                    runs += _from_file(receiver, mapping, path)
                except BadInput as fault:
                    faults.append(fault.sentence)
    except BadInput as fault:
        faults.append(fault.sentence)
    if faults and (anyway or _is_news(receiver, mapping, faults[0], now)):
        runs.append(_failed(receiver, mapping, Path(mapping.fetch.folder).name, faults[0]))
    return runs


def _is_news(receiver: Receiver, mapping: Mapping, said: Text, now: datetime) -> bool:
    """Whether a fault is to be told: one that lasts is told again ever more rarely, not every minute."""
    with acting(receiver.connection, receiver.actor):
        attempts = store.attempts_of(receiver.connection, mapping.name, receiver.actor.id)
    told = attempts and attempts[0].upload_id is None and attempts[0].message == said.zh
    return not told or is_due(mapping.cadence_s, attempts, now)


def _from_file(receiver: Receiver, mapping: Mapping, path: Path) -> list[int]:
    """A file that came to rest; none where it changed or went while it was copied."""
    with _arriving(receiver, mapping, path.name) as place:
        try:
            token = _token(receiver, mapping, path)
            copied = place / stored_name(clean_name(path.name))
            shutil.copyfile(path, copied, follow_symlinks=False)
            if _token(receiver, mapping, path) != token:
                return []
        except FileNotFoundError:
            return []
        return [_register(receiver, mapping, copied, clean_name(path.name), token)]


def _register(receiver: Receiver, mapping: Mapping, came: Path, file_name: str, token: str) -> int:
    """A file that is whole as an upload with its run; the number of the run."""
    connection, actor = receiver.connection, receiver.actor
    with came.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    size = came.stat().st_size
    stored_as = f"{token}/{stored_name(file_name)}"
    with acting(connection, actor):
        twin = store.stored_twin(connection, sha256, size)
    _keep(receiver.uploads, came, stored_as, twin, size)
    try:
        with acting(connection, actor):
            upload_id = commands.register_upload(connection, actor, file_name, stored_as, size, sha256)
            repeated = _repeated(receiver, mapping, upload_id, (file_name, size, sha256))
            return repeated or commands.ask_run(connection, actor, mapping.name, upload_id, False, folders=receiver.folders)
    except BaseException:
        (receiver.uploads / stored_as).unlink(missing_ok=True)
        remove_if_empty((receiver.uploads / stored_as).parent)
        raise


def _repeated(receiver: Receiver, mapping: Mapping, upload_id: int, file: tuple[str, int, str]) -> int | None:
    """A run at once, where the source stands exactly as this file says."""
    connection = receiver.connection
    if any(rule.word == "reference" for rule in mapping.rules):
        return None  # what it refers to may have changed
    if not hold_source(connection, mapping.name):
        return None
    try:
        same = store.same_load(connection, mapping, file[2])
        if same is None:
            return None
        run_id, rows = same
        made = store.insert_repeated_run(
            connection, mapping, receiver.actor.id, upload_id, file, rows, SAME.with_values(run=run_id, rows=f"{rows:,}")
        )
        registers.note_delivery(connection, mapping, datetime.now(UTC))
        return made
    finally:
        release_source(connection, mapping.name)


def _again_if_broken(receiver: Receiver, mapping: Mapping, upload_id: int) -> list[int]:
    """A file whose import was broken off is asked for again, some times."""
    with acting(receiver.connection, receiver.actor):
        loads = store.loads_of(receiver.connection, upload_id, mapping.name)
        if loads and (loads[0][1] != "broken" or len(loads) >= MOST_BROKEN):
            return []
        return [commands.ask_run(receiver.connection, receiver.actor, mapping.name, upload_id, False, folders=receiver.folders)]


def _put_away(receiver: Receiver, mapping: Mapping) -> tuple[list[Path], list[Text]]:
    """Where the files lie whose runs have ended, and what kept others from being moved."""
    moved, faults = [], []
    for path in present(mapping):
        upload = _upload_of(receiver, mapping, path)
        if upload is None:
            continue
        with acting(receiver.connection, receiver.actor):
            loads = store.loads_of(receiver.connection, upload, mapping.name)
        status = loads[0][1] if loads else "queued"
        if status in UNFINISHED or (status == "broken" and len(loads) < MOST_BROKEN):
            continue
        try:
            moved.append(_moved(path, path.parent / (DONE if status in ("done", "withdrawn") else REFUSED)))
        except BadInput as fault:
            faults.append(fault.sentence)
    return moved, faults


def _moved(path: Path, folder: Path) -> Path:
    """The file in another folder beside it, under its name, with a number where that is taken."""
    number = 1
    try:
        folder.mkdir(exist_ok=True)
        while True:
            target = folder / (path.name if number == 1 else f"{path.stem} ({number}){path.suffix}")
            try:
                os.close(os.open(target, os.O_CREAT | os.O_EXCL))  # the name is ours from here on: nothing is written over
            except FileExistsError:
                number += 1
                continue
            try:
                path.replace(target)
            except OSError:
                target.unlink()
                raise
            return target
    except OSError as fault:
        raise BadInput(
            Text(f"{path.name} 已处理，但无法移到 {folder}：{fault.strerror}。", f"{path.name} was read but cannot be moved to {folder}: {fault.strerror}.")
        ) from fault


def _upload_of(receiver: Receiver, mapping: Mapping, path: Path) -> int | None:
    """The upload that a watched file became; None while it is none, or has gone."""
    try:
        stored_as = f"{_token(receiver, mapping, path)}/{stored_name(clean_name(path.name))}"
    except FileNotFoundError:
        return None
    with acting(receiver.connection, receiver.actor):
        return store.upload_at(receiver.connection, stored_as)


def _token(receiver: Receiver, mapping: Mapping, path: Path) -> str:
    about = path.stat(follow_symlinks=False)
    own = (receiver.city, mapping.name, path.absolute(), about.st_ino, about.st_size, about.st_mtime_ns)
    return hashlib.sha256(repr(tuple(map(str, own))).encode()).hexdigest()[:24]


@contextmanager
def _arriving(receiver: Receiver, mapping: Mapping, what: str) -> Iterator[Path]:
    """An empty folder that only this fetch of this source has; what an earlier one left there goes. Full disks become sentences."""
    place = receiver.uploads / ARRIVING / f"{receiver.city}.{mapping.name}"
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        if shutil.disk_usage(place).free < KEPT_FREE_BYTES:
            raise BadInput(NO_ROOM)
        yield place
    except OSError as fault:
        if is_full(fault):
            raise BadInput(NO_ROOM) from fault
        raise BadInput(
            Text(f"无法取得或保存 {what}：{fault.strerror}。", f"{what} cannot be read or kept: {fault.strerror}.")
        ) from fault
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _keep(uploads: Path, came: Path, stored_as: str, twin: str | None, size: int) -> None:
    """Give a file its place; one that lies there already under another name takes no room twice."""
    target = uploads / stored_as
    target.parent.mkdir(parents=True, exist_ok=True)
    if twin is not None and twin != stored_as:
        with suppress(OSError):
            if (uploads / twin).stat().st_size == size:
                os.link(uploads / twin, target)
                return
    try:
        came.replace(target)
    except OSError:
        remove_if_empty(target.parent)
        raise


def _failed(receiver: Receiver, mapping: Mapping, name: str, said: Text) -> int:
    """The run that says why nothing came."""
    connection, actor = receiver.connection, receiver.actor
    with acting(connection, actor):
        if not desk_store.source_is_known(connection, mapping.name):
            write_source(connection, registers.source_of(mapping, Moved(0, None)))
        return store.insert_failed_run(connection, mapping.name, actor.id, name, said)
