"""Signed heads outside the database: one line for each second in which something was sealed, in ``<data folder>/audit/<city>/heads.jsonl``.

Whoever may change the database at will, even rewrite the whole chain, leaves these lines behind. Each line holds number, hash and
moment of a head and an HMAC-SHA256 of itself and of the line before, under the key beside it (mode 0600, made on first use): a
changed, missing or moved line breaks all that follow. What a line less at the end means only a copy elsewhere can tell: keep one.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from commandcenter.audit.store import Checkpoint, Head
from commandcenter.errors import CommandCenterError
from commandcenter.text import Text

KEY_BYTES = 32
TAIL_BYTES = 4_096  # more than a line has


class HeadsUnfit(CommandCenterError):
    """The file of heads or its key cannot be used: the sentence says why."""

    kind = "audit_heads"


@dataclass(frozen=True)
class SignedHead:
    """One true line: the head, and when it was written."""

    line: int
    head: Head
    at: datetime


@dataclass(frozen=True)
class Witness:
    """What the file says: its true lines in order, its checkpoints, and the first line that is not true (None: all are)."""

    heads: tuple[SignedHead, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    false_line: int | None = None
    exists: bool = True


class Heads:
    """The file of heads of one city. Several processes may append: each takes the file's lock for its line."""

    def __init__(self, data_dir: Path, city: str) -> None:
        self._folder = data_dir / "audit" / city  # cities may share a data folder, each has a database and a chain of its own
        self.path, self._key_path = self._folder / "heads.jsonl", self._folder / "key"

    @property
    def is_new(self) -> bool:
        """Whether nothing was signed here yet."""
        return not self.path.exists() or self.path.stat().st_size == 0

    def append(self, head: Head) -> int:
        """Sign a head and make sure it is on the disk, unless this one or a later one was signed; up to which link is signed then."""
        with self._locked() as file:
            last = _last_line(file)
            if last is not None and last["seq"] >= head.seq:
                return int(last["seq"])
            self._write(file, last, {"seq": head.seq, "hash": head.hash.hex(), "at": datetime.now(UTC).isoformat()})
            return head.seq

    def append_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Sign where the chain will start once old months are dropped."""
        with self._locked() as file:
            last = _last_line(file)
            body = {
                "seq": max(checkpoint.seq, last["seq"] if last else 0),
                "checkpoint": {"seq": checkpoint.seq, "hash": checkpoint.hash.hex(), "before": checkpoint.before, "dropped_to": checkpoint.dropped_to},
                "at": datetime.now(UTC).isoformat(),
            }
            self._write(file, last, body)

    def read(self) -> Witness:
        """All lines as far as they are true. Raises HeadsUnfit where there are lines and no key to prove them."""
        if not self.path.exists():
            return Witness(exists=False)
        key = self._key()
        heads: list[SignedHead] = []
        checkpoints: list[Checkpoint] = []
        before = ""
        with self.path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                if not raw.endswith(b"\n"):
                    break  # torn by a crash: it was never on record
                line = _read(raw)
                if line is None or not hmac.compare_digest(str(line.get("mac")), _sign(key, before, line)):
                    return Witness(tuple(heads), tuple(checkpoints), number)
                before = line["mac"]
                if "checkpoint" in line:
                    found = line["checkpoint"]
                    checkpoints.append(Checkpoint(**{**found, "hash": bytes.fromhex(found["hash"])}))
                else:
                    heads.append(SignedHead(number, Head(line["seq"], bytes.fromhex(line["hash"])), datetime.fromisoformat(line["at"])))
        return Witness(tuple(heads), tuple(checkpoints))

    @contextmanager
    def _locked(self) -> Iterator[IO[bytes]]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # ends with the file
            _drop_torn_line(file)
            yield file

    def _write(self, file: IO[bytes], last: Mapping[str, Any] | None, body: dict[str, Any]) -> None:
        key = self._make_key() if last is None else self._key()
        body["mac"] = _sign(key, last["mac"] if last else "", body)
        file.write(json.dumps(body).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())

    def _key(self) -> bytes:
        try:
            return bytes.fromhex(self._key_path.read_text(encoding="ascii"))
        except (OSError, ValueError) as fault:
            raise HeadsUnfit(
                Text(f"读不到审计密钥 {self._key_path}，无法核对链头记录。", f"The audit key {self._key_path} cannot be read: the signed heads prove nothing.")
            ) from fault

    def _make_key(self) -> bytes:
        """The key, made if there is none; it appears whole or not at all, and only one of two makers wins."""
        if not self._key_path.exists():
            draft = self._folder / f"key.{os.getpid()}.{secrets.token_hex(4)}"
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(draft, self._key_path)
            draft.unlink()
        return self._key()


def _sign(key: bytes, before: str, line: Mapping[str, Any]) -> str:
    body = json.dumps({name: value for name, value in line.items() if name != "mac"}, sort_keys=True)
    return hmac.new(key, f"{before}\n{body}".encode(), "sha256").hexdigest()


def _read(raw: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def _drop_torn_line(file: IO[bytes]) -> None:
    """A line without its end was cut by a crash before anybody relied on it."""
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - TAIL_BYTES)
    file.seek(start)
    tail = file.read()
    if tail and not tail.endswith(b"\n"):
        file.truncate(start + tail.rfind(b"\n") + 1)
    file.seek(0, os.SEEK_END)


def _last_line(file: IO[bytes]) -> dict[str, Any] | None:
    """The last line, None of an empty file. Raises HeadsUnfit when it is none of ours: nothing is signed on top of that."""
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return None
    file.seek(max(0, size - TAIL_BYTES))
    last = _read(file.read().splitlines()[-1])
    file.seek(0, os.SEEK_END)
    if last is None or not isinstance(last.get("seq"), int) or not isinstance(last.get("mac"), str):
        raise HeadsUnfit(
            Text(
                "链头记录的最后一行不是本程序所写，不再续写：请执行 verify-audit。",
                "The last line of the signed heads is not ours; nothing is added: run verify-audit.",
            )
        )
    return last
