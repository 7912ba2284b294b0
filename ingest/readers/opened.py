"""A file opened as text, plain or gzip; a broken one is a sentence, never a stack trace.

Bytes that the encoding does not know become signs that no text has (lone surrogates), so that the one row they stand in can be
named; ``stray`` finds them and ``printable`` writes them as ``\\xBA``.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TextIO

from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.record import Finding

LARGEST_UNPACKED = 20 << 30
LARGEST_RATIO = 1000  # gzip reaches 1032 at most, and only for a file that repeats itself
RATIO_MATTERS = 1 << 30
_BLOCK = 1 << 18
_UNKNOWN = re.compile("[\ud800-\udfff]")
_UNFIT = re.compile("[\ud800-\udfff\0]")


@contextmanager
def opened(path: Path, encoding: str) -> Iterator[TextIO]:
    """The file's text, its line ends as they are. Raises BadInput when it is absent, empty, cut short or a bomb."""
    check_there(path)
    try:
        with path.open("rb") as plain:
            is_gzip = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            with gzip.GzipFile(fileobj=plain, mode="rb") if is_gzip else nullcontext() as unpacked:
                raw: Any = plain if unpacked is None else io.BufferedReader(_Measured(unpacked, path), _BLOCK)
                yield io.TextIOWrapper(raw, encoding=encoding, errors="one_byte_at_a_time", newline="")
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
    except (OSError, ValueError):
        size = -1
    if size < 0:
        raise BadInput(Text(f"找不到文件 {path}。", f"There is no file {path}."))
    if size == 0:
        raise BadInput(Text(f"文件 {path.name} 是空的。", f"The file {path.name} is empty."))


def is_stray(text: str) -> bool:
    """Whether the text holds bytes its encoding does not know, or a null character: neither can be stored."""
    if not text.isascii():
        try:
            text.encode()  # the fastest search for lone surrogates there is
        except UnicodeEncodeError:
            return True
    return "\0" in text


def stray(text: str, encoding: str) -> Finding:
    """What is wrong with a text that ``is_stray``."""
    if _UNKNOWN.search(text):
        return Finding("not_decodable", None, Text(f"含有不属于 {encoding} 的字节。", f"It contains bytes that are not {encoding}."))
    return Finding("not_text", None, Text("含有空字符。", "It contains a null character."))


def printable(text: str) -> str:
    """The text with what cannot be stored written out as ``\\xBA`` or ``\\uD800``."""
    return _UNFIT.sub(_written_out, text) if is_stray(text) else text


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code - 0xDC00:02X}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04X}" if code else "\\x00"


def _one_byte_at_a_time(fault: UnicodeError) -> tuple[str, int]:
    """As surrogateescape, but the line end or comma behind half a Chinese character is kept: only the first byte is strange."""
    if not isinstance(fault, UnicodeDecodeError):
        raise fault
    if fault.encoding.lower().startswith(("utf-16", "utf-32", "utf_16", "utf_32")):
        return "\udcff", fault.end  # bytes mean nothing by themselves here
    byte = fault.object[fault.start]
    return chr(0xDC00 + byte) if byte >= 0x80 else chr(byte), fault.start + 1


codecs.register_error("one_byte_at_a_time", _one_byte_at_a_time)


class _Measured(io.RawIOBase):
    """A gzip stream that stops at what no honest file unpacks to."""

    def __init__(self, stream: gzip.GzipFile, path: Path) -> None:
        self._stream = stream
        self._path = path
        self._packed = path.stat().st_size
        self._unpacked = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._stream.readinto(buffer)
        self._unpacked += count
        too_dense = self._unpacked > RATIO_MATTERS and self._unpacked > LARGEST_RATIO * self._packed
        if self._unpacked > LARGEST_UNPACKED or too_dense:
            size = f"{self._unpacked / (1 << 30):.1f} GB"
            raise BadInput(
                Text(
                    f"{self._path.name} 解压后超过 {size}，像是压缩炸弹；没有写入任何数据。",
                    f"{self._path.name} unpacks to more than {size}, like a zip bomb; nothing was loaded.",
                )
            )
        return count
