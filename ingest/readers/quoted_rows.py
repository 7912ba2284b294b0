"""Delimited text as rows of cells, in blocks of a megabyte, each row with its line number and raw text.

The rows are those of Python's ``csv`` with ``strict``, whatever the line ends; where nothing is quoted, plain splitting says
the same in a third of the time. A quote that never closes must not swallow the file: a row that reaches over more than
``MOST_LINES`` lines or ``LONGEST_TAIL`` characters is taken as unbalanced, its first line is at fault and reading goes on below.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple, TextIO

from commandcenter.errors import BadInput
from commandcenter.text import Text

BLOCK = 1 << 20
MOST_LINES = 200
LONGEST_TAIL = 1 << 20  # of a row over several lines, without its first
LONGEST_LINE = 64 << 20  # a multipolygon as WKT may be long; beyond this it is no table
_NOT_CLOSED = Text("引号没有闭合", "a quote is not closed")
_BEHIND_QUOTE = Text("引号之后应为分隔符", "a closing quote must be followed by the delimiter")
_TOO_LONG = Text("单元格过长", "a cell is too long")


@dataclass(slots=True)
class Rows:
    """Rows one after another: each one's line, its raw text, and by position why it is no row (its cells are None then).

    ``cells`` holds the cells of all rows end to end: a list for each of a million rows would keep the garbage collector busy.
    """

    lines: Sequence[int]
    cells: list[Any]
    raw: list[str]
    faults: dict[int, Text] = field(default_factory=dict)


class _Row(NamedTuple):
    """Lines ``start`` to ``end`` as cells: [] for an empty line, None where they are no row and ``why``."""

    start: int
    end: int
    cells: list[str] | None
    why: Text | None


class DelimitedText:
    """An opened text, read from its header on. Raises BadInput for a text that has no lines."""

    def __init__(self, text: TextIO, delimiter: str, file_name: str) -> None:
        if len(delimiter) != 1 or delimiter in '"\r\n\0':
            raise BadInput(Text(f"分隔符应为单个字符，不能是 {delimiter!r}。", f"The delimiter must be a single character; {delimiter!r} will not do."))
        csv.field_size_limit(LONGEST_LINE + LONGEST_TAIL)
        self._delimiter = delimiter
        self._blocks = _blocks(text, file_name)
        self._held = ""  # of the block before: an open row, or what stands below the header
        self._line = 1

    def header(self, number: int | None, nearby: int) -> tuple[int, list[str] | None, list[list[str]]]:
        """The row ``number`` (from 1, empty lines count; None: the first that is not empty) with its line, and the first ``nearby`` rows.

        The row is None where the text ends before it, or where it is no row.
        """
        seen = 0
        first_rows: list[list[str]] = []
        for block, last in self._blocks:
            lines, taken = _lines(self._held + block), 0
            for row in _parsed(lines, self._delimiter, last):
                seen += 1
                if len(first_rows) < nearby:
                    first_rows.append(row.cells or [])
                if seen == number or (number is None and row.cells != []):
                    beyond = islice(_parsed(lines[row.end :], self._delimiter, last), max(nearby - seen, 0))
                    first_rows += [later.cells or [] for later in beyond]
                    line = self._line + row.start
                    self._take(lines, row.end)
                    return line, row.cells, first_rows
                taken = row.end
            self._take(lines, taken)
        return self._line, None, first_rows

    def rows(self, width: int) -> Iterator[Rows]:
        """What stands below the header, about a megabyte at a time; rows of another width are at fault, empty lines are left out."""
        for block, last in self._blocks:
            block = self._held + block
            self._held = ""
            rows = None if '"' in block else _split(block, self._delimiter, width, self._line)
            if rows is None:
                lines = _lines(block)
                rows, taken = _gathered(lines, self._delimiter, width, self._line, last)
                self._take(lines, taken)
            else:
                self._line += len(rows.raw)
            yield rows
        if self._held:
            lines = _lines(self._held)
            yield _gathered(lines, self._delimiter, width, self._line, True)[0]

    def _take(self, lines: list[str], count: int) -> None:
        self._line += count
        self._held = "".join(lines[count:])


def _blocks(text: TextIO, file_name: str) -> Iterator[tuple[str, bool]]:
    """Whole lines, and whether they are the last."""
    held = ""
    while part := text.read(BLOCK):
        held += part
        newline = held.rfind("\n")
        # A carriage return at the very end may be half of a line end.
        cut = max(newline, held.rfind("\r", newline + 1, len(held) - 1)) + 1
        if cut:
            yield held[:cut], False
            held = held[cut:]
        elif len(held) > LONGEST_LINE:
            size = LONGEST_LINE >> 20
            raise BadInput(
                Text(f"{file_name} 超过 {size} MB 仍没有换行，不是表格文本。", f"{file_name} has no line break within {size} MB: it is no table of text.")
            )
    yield held, True


def _lines(block: str) -> list[str]:
    """Lines with their ends, which are those that ``csv`` knows: \\n, \\r and \\r\\n, and no others of Unicode's."""
    return io.StringIO(block, newline="").readlines()


def _split(block: str, delimiter: str, width: int, first: int) -> Rows | None:
    """The rows of a block without quotes whose lines all have the same number of cells; None where they have not."""
    if "\r" in block:
        block = block.replace("\r\n", "\n").replace("\r", "\n")
    lines = block.split("\n")
    if not lines[-1]:
        lines.pop()  # what stands behind the last line end
    if not lines:
        return Rows(range(first, first), [], [])
    if {line.count(delimiter) for line in lines} != {width - 1} or "" in lines:
        return None
    whole = block[:-1] if block.endswith("\n") else block
    return Rows(range(first, first + len(lines)), whole.replace("\n", delimiter).split(delimiter), lines)


def _gathered(lines: list[str], delimiter: str, width: int, first: int, last: bool) -> tuple[Rows, int]:
    """The rows of these lines and how many lines they took: the last row may go on in the next block."""
    numbers: list[int] = []
    rows = Rows(numbers, [], [])
    nothing = [None] * width
    taken = 0
    for start, taken, cells, why in _parsed(lines, delimiter, last):
        if cells is not None and len(cells) != width:
            if not cells:
                continue
            why = Text(f"{len(cells)} 列，应为 {width} 列", f"{len(cells)} columns instead of {width}")
        if why is not None:
            rows.faults[len(numbers)] = why
            rows.cells += nothing
        else:
            rows.cells += cells or nothing
        numbers.append(first + start)
        rows.raw.append((lines[start] if taken - start == 1 else "".join(lines[start:taken])).rstrip("\r\n"))
    return rows, taken


def _parsed(lines: list[str], delimiter: str, last: bool) -> Iterator[_Row]:
    """The rows of these lines; an open row at the end is left out unless the lines are the last."""
    start = 0
    while start < len(lines):
        begun = start
        table = csv.reader(map(lines.__getitem__, range(start, len(lines))), delimiter=delimiter, strict=True)
        try:
            for cells in table:
                end = begun + table.line_num
                if end - start > 1 and _reaches_too_far(lines, start, end):
                    raise csv.Error(_NOT_CLOSED.en)
                yield _Row(start, end, cells, None)
                start = end
        except csv.Error as fault:
            said = str(fault)
            if said == "unexpected end of data" and not last and not _reaches_too_far(lines, start, len(lines)):
                return
            why = _BEHIND_QUOTE if "expected after" in said else _TOO_LONG if "limit" in said else _NOT_CLOSED
            yield _Row(start, start + 1, None, why)
            start += 1


def _reaches_too_far(lines: list[str], start: int, end: int) -> bool:
    return end - start - 1 > MOST_LINES or sum(map(len, lines[start + 1 : end])) > LONGEST_TAIL
