"""Workbooks of old (.xls), read by a process of its own with bounded memory.

The library that knows their format lays a sheet out as a grid as large as its farthest cell says, which in a damaged file is more than
any machine has: it then ends the process it runs in. Here that process is a small one, and its end is a sentence.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from commandcenter.cell_text import value_text
from commandcenter.workbook import COLUMNS, ROWS, Merged, SheetRow

MEMORY = 3 << 30
LONGEST_S = 300
_ROOT = Path(__file__).resolve().parents[2]


class LockedWorkbook(Exception):
    """The file wants a password."""


class OldWorkbook:
    """An .xls file. Raises LockedWorkbook, or ValueError for one that is broken."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _told(path, "") as lines:
            about = next(lines)
        self.names: list[str] = about["names"]
        self.visible: list[str] = about["visible"]

    def close(self) -> None:
        """Nothing is held open."""

    def holds_rows(self, name: str) -> bool:
        """Whether the sheet has any row."""
        return next(self.rows(name), None) is not None

    def merged(self, name: str) -> list[Merged]:
        """The sheet's merged cells."""
        with _told(self._path, name) as lines:
            return [Merged(*cells) for cells in next(lines)["merged"]]

    def rows(self, name: str) -> Iterator[SheetRow]:
        """The rows that hold anything. An error in a cell is an empty cell: the library does not tell."""
        with _told(self._path, name) as lines:
            next(lines)
            for number, cells in lines:
                yield SheetRow(number, {int(column): text for column, text in cells.items()})


@contextmanager
def _told(path: Path, sheet: str) -> Iterator[Iterator[Any]]:
    """What the other process writes, line by line; it ends when nobody wants to know more."""
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONIOENCODING": "utf-8", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", __name__, str(path.resolve()), sheet]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=environment) as process:
        assert process.stdout is not None
        try:
            yield _lines(process)
        finally:
            process.kill()


def _lines(process: subprocess.Popen[bytes]) -> Iterator[Any]:
    assert process.stdout is not None
    ended = False
    for line in process.stdout:
        told = json.loads(line)
        if told == "locked":
            raise LockedWorkbook
        if told == "end":
            ended = True
            break
        yield told
    if not ended:
        raise ValueError("xls")


def _bound() -> None:
    """Hold this process to its memory and time, where the system can."""
    try:
        import resource  # noqa: PLC0415  (Windows has none)
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_S, LONGEST_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _tell(path: str, sheet: str) -> None:
    """The other process: names of the sheets, or one sheet's merged cells and rows, each as a line of JSON, and an end."""
    from python_calamine import CalamineWorkbook, PasswordError, SheetVisibleEnum  # noqa: PLC0415  (only that process needs it)

    def say(told: Any) -> None:
        sys.stdout.write(json.dumps(told) + "\n")

    try:
        book = CalamineWorkbook.from_path(path)
        if not sheet:
            visible = [each.name for each in book.sheets_metadata if each.visible == SheetVisibleEnum.Visible]
            say({"names": book.sheet_names, "visible": visible})
        else:
            laid_out = book.get_sheet_by_name(sheet)
            ranges = laid_out.merged_cell_ranges or []
            say({"merged": [(first[0] + 1, first[1], last[0] + 1, last[1]) for first, last in ranges]})
            for number, cells in enumerate(laid_out.iter_rows(), 1):
                texts = {column: text for column, value in enumerate(cells[:COLUMNS]) if (text := value_text(value))}
                if texts and number <= ROWS:
                    say((number, texts))
    except PasswordError:
        say("locked")
    say("end")


if __name__ == "__main__":
    _bound()
    _tell(*sys.argv[1:])
