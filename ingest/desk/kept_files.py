"""How delivered files are kept on disk, whoever brings them: beside their final name until they are whole, under a name people can read.

Each lies in a folder of its own below the uploads folder.
"""

from __future__ import annotations

import errno
import hashlib
import re
import unicodedata
from pathlib import Path
from types import TracebackType
from typing import Self

KEPT_FREE_BYTES = 512 * 2**20  # the database lives on this disk too
LONGEST_NAME = 200  # characters
LONGEST_STORED = 200  # bytes; file systems take 255
LONGEST_SUFFIX = 24  # ".geojson.gz" and the like are what readers go by
NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"|?*\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udfff]')


def uploads_folder(data_dir: Path) -> Path:
    """Where delivered files lie."""
    return data_dir / "uploads"


class Partial:
    """A file that is still arriving, beside its final name; removed on the way out unless it was kept."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bytes = 0
        self._part = path.with_name(path.name + ".part")
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Of what was written so far."""
        return self._hash.hexdigest()

    def write(self, piece: bytes) -> None:
        """The next piece."""
        self._file.write(piece)
        self._hash.update(piece)
        self.bytes += len(piece)

    def keep(self) -> None:
        """It is whole: give it its name."""
        self._file.close()
        self._part.rename(self.path)

    def __enter__(self) -> Self:
        self._file = self._part.open("wb", buffering=0)
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)


def clean_name(name: str) -> str:
    """A file name as a person reads it: no folders, nothing invisible, at most 200 characters with its suffix kept."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    plain = NOT_IN_NAMES.sub("", last).strip().lstrip(".").strip() or "upload"
    if len(plain) <= LONGEST_NAME:
        return plain
    suffix = _suffix(plain)
    return plain[: LONGEST_NAME - len(suffix)].rstrip() + suffix


def stored_name(file_name: str) -> str:
    """The clean name as long as file systems take it: a Chinese character is three bytes."""
    if len(file_name.encode()) <= LONGEST_STORED:
        return file_name
    suffix = _suffix(file_name)
    stem = file_name[: len(file_name) - len(suffix)].encode()[: LONGEST_STORED - len(suffix.encode())]
    return stem.decode(errors="ignore").rstrip() + suffix


def _suffix(name: str) -> str:
    """The last one or two suffixes, as far as they are short."""
    parts = name.rsplit(".", 2)[1:]
    for kept in (parts, parts[-1:]):
        suffix = "".join(f".{part}" for part in kept)
        if kept and len(suffix) <= LONGEST_SUFFIX and suffix.isascii():
            return suffix
    return ""


def is_full(fault: OSError) -> bool:
    """Whether a fault says that the disk, or our share of it, is full."""
    return fault.errno in (errno.ENOSPC, errno.EDQUOT)


def remove_if_empty(folder: Path) -> None:
    """Remove a folder that holds nothing any more, or was never made."""
    try:
        folder.rmdir()
    except OSError:
        return
