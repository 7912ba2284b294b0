"""Bytes of a text file for a look: its beginning, and windows spread over the rest, each of whole lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ingest.inspecting.signature import BOMS

FIRST_BYTES = 2 << 20
WINDOWS = 8
WINDOW_BYTES = 64 << 10


@dataclass(frozen=True)
class TextBytes:
    """``first`` is the file's beginning (all of it if ``whole``), ``windows`` lines from further on; the BOM is taken off.

    ``uncut`` are the same windows as they were read, for formats that may have no lines.
    """

    first: bytes
    windows: tuple[bytes, ...]
    whole: bool
    bom: str | None
    size: int
    uncut: tuple[bytes, ...] = ()

    @property
    def pieces(self) -> list[bytes]:
        """All of it, piece by piece."""
        return [self.first, *self.windows]


def text_bytes(path: Path) -> TextBytes:
    """A bounded look at the bytes of a text file. UTF-16 is read from its beginning only: its lines cannot be cut by bytes."""
    size = path.stat().st_size
    with path.open("rb") as file:
        first = file.read(FIRST_BYTES)
        bom = next((name for mark, name in BOMS if first.startswith(mark)), None)
        whole = len(first) == size
        if bom == "utf-16":
            return TextBytes(first if len(first) % 2 == 0 else first[:-1], (), whole, bom, size)
        first = first.removeprefix(b"\xef\xbb\xbf")
        if whole:
            return TextBytes(first, (), True, bom, size)
        windows, uncut = [], []
        step = max((size - FIRST_BYTES) // WINDOWS, WINDOW_BYTES)
        for start in range(FIRST_BYTES, size, step):
            file.seek(start)
            lines = file.read(WINDOW_BYTES)
            uncut.append(lines)
            head, tail = lines.find(b"\n"), lines.rfind(b"\n")
            if 0 <= head < tail:
                windows.append(lines[head + 1 : tail])
    return TextBytes(_whole_lines(first), tuple(windows), False, bom, size, tuple(uncut))


def _whole_lines(octets: bytes) -> bytes:
    """Up to the last line break, so that no character is cut; where there is none, up to where UTF-8 or GB 18030 read it."""
    cut = octets.rfind(b"\n")
    if cut >= 0:
        return octets[: cut + 1]
    for encoding in ("utf-8", "gb18030"):
        for less in range(4):
            try:
                octets[: len(octets) - less].decode(encoding)
            except UnicodeDecodeError:
                continue
            return octets[: len(octets) - less]
    return octets
