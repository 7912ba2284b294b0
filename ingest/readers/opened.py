"""A file opened as text, plain or gzip; a broken one is a sentence, never a stack trace."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from commandcenter.errors import BadInput
from commandcenter.text import Text


@contextmanager
def opened(path: Path, encoding: str) -> Iterator[TextIO]:
    """The file's text. Bytes that the encoding does not know arrive as surrogates, so that the row can be named."""
    check_there(path)
    try:
        with path.open("rb") as plain:
            is_gzip = plain.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if is_gzip else path.open("rb") as raw:
            yield io.TextIOWrapper(raw, encoding=encoding, errors="surrogateescape", newline="")
    except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
        raise BadInput(
            Text(
                f"{path.name} 的压缩包已损坏或被截断（{fault}）；没有写入任何数据。",
                f"The compressed file {path.name} is broken or cut short ({fault}); nothing was loaded.",
            )
        ) from fault
    except UnicodeError as fault:
        raise BadInput(
            Text(f"{path.name} 不是 {encoding} 编码：{fault}。", f"{path.name} is not encoded as {encoding}: {fault}.")
        ) from fault


def check_there(path: Path) -> None:
    """Refuse a file that is absent, unreadable or empty."""
    try:
        size = path.stat().st_size if path.is_file() else -1
    except OSError:
        size = -1
    if size < 0:
        raise BadInput(Text(f"找不到文件 {path}。", f"There is no file {path}."))
    if size == 0:
        raise BadInput(Text(f"文件 {path.name} 是空的。", f"The file {path.name} is empty."))
