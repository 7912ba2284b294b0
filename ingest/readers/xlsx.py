"""Workbooks (.xlsx, .xlsm, and .xls of old): one sheet's rows with their row numbers, merged cells filled in.

``layer`` in the mapping's [read] names the sheet, ``header_row`` the sheet's row of the header.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from xml.etree import ElementTree

import numpy as np

from commandcenter.errors import BadInput
from commandcenter.text import Text
from commandcenter.toml_file import FULL_STOP, meant, nearest
from commandcenter.workbook import Merged, SheetRow, Workbook
from ingest.contract import Mapping
from ingest.place import give_place
from ingest.readers.header import LOOKED_THROUGH, FillDown, fields_by_column, names_in, no_header
from ingest.readers.old_workbook import LockedWorkbook, OldWorkbook
from ingest.readers.opened import check_there, is_stray, printable, stray
from ingest.record import BATCH_ROWS, RAW_LENGTH, Batch, Finding

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_BROKEN = (zipfile.BadZipFile, zlib.error, ElementTree.ParseError, KeyError, StopIteration, ValueError, EOFError, RuntimeError, OverflowError, LookupError)


class Book(Protocol):
    """What both kinds of workbook can do."""

    visible: list[str]

    @property
    def names(self) -> list[str]: ...
    def holds_rows(self, name: str) -> bool: ...
    def merged(self, name: str) -> list[Merged]: ...
    def rows(self, name: str) -> Iterator[SheetRow]: ...
    def close(self) -> None: ...


def batches(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """The rows below the header; ``where`` is the sheet's row number, raw the row's cells parted by tabs. Empty rows are no rows.

    Faults: ``cell_error`` where a cell that the mapping reads holds an error, ``not_text``, and those of ``ingest.place``.
    Raises BadInput for a file that is no workbook, is locked or broken, and for a sheet or header that is not there.
    """
    check_there(path)
    with opened_book(path) as book:
        name = _sheet(path, book, mapping)
        yield from _Sheet(path.name, mapping, book, name).batches()


@contextmanager
def opened_book(path: Path) -> Iterator[Book]:
    """A workbook of either kind. Raises BadInput for what is none, is locked or broken."""
    with path.open("rb") as opened:
        start = opened.read(8)
    book: Book | None = None
    try:
        if start == _OLE:
            _check_unlocked(path)
            book = OldWorkbook(path)
        elif start[:4] == b"PK\x03\x04":
            book = Workbook(path)
        else:
            raise BadInput(_what_it_is(path, start))
        yield book
    except LockedWorkbook as fault:
        raise BadInput(_locked(path)) from fault
    except _BROKEN as fault:
        if isinstance(fault, RuntimeError) and "encrypted" in str(fault):
            raise BadInput(_locked(path)) from fault
        reason = str(fault) or type(fault).__name__
        raise BadInput(
            Text(
                f"{path.name} 不是完整的 Excel 工作簿（{reason}）；没有写入任何数据。",
                f"{path.name} is no whole Excel workbook ({reason}); nothing was loaded.",
            )
        ) from fault
    finally:
        if book is not None:
            book.close()


def _sheet(path: Path, book: Book, mapping: Mapping) -> str:
    """The sheet that the mapping names, or the only one that is visible and not empty."""
    asked = mapping.options.layer
    names = book.names
    listed = "、".join(names), ", ".join(names)
    if asked is not None:
        if asked in names:
            return asked
        hint = meant(nearest(asked, names), FULL_STOP)
        raise BadInput(
            Text(
                f"{path.name} 没有工作表“{asked}”，已有：{listed[0]}{hint.zh}",
                f"{path.name} has no sheet '{asked}'; it has {listed[1]}{hint.en}",
            )
        )
    if not names:
        raise BadInput(Text(f"{path.name} 不含工作表，不是 Excel 工作簿。", f"{path.name} has no sheets: it is no Excel workbook."))
    candidates = [name for name in book.visible if book.holds_rows(name)]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise BadInput(Text(f"{path.name} 的工作表都是空的。", f"Every sheet of {path.name} is empty."))
    raise BadInput(
        Text(
            f"{path.name} 有多个工作表（{listed[0]}）；请在映射 [read] 中写 layer = \"{candidates[0]}\" 之类。",
            f"{path.name} has several sheets ({listed[1]}): name one in the mapping's [read], such as layer = \"{candidates[0]}\".",
        )
    )


class _Sheet:
    """One sheet's header, and the rows below it."""

    def __init__(self, file_name: str, mapping: Mapping, book: Book, name: str) -> None:
        self._mapping = mapping
        self._rows = book.rows(name)
        self._merges = _Merges(book.merged(name))
        first, header = self._down_to_header(mapping.options.header_row)
        if header is None:
            raise no_header(file_name, mapping)
        cells = self._merges.header_cells(header, first)
        names = names_in([printable(cells.get(at, "")) for at in range(max(cells, default=-1) + 1)])
        nearby: list[list[str]] = [[] for _ in range(LOOKED_THROUGH)]
        for row in first:
            if row.number <= LOOKED_THROUGH:
                nearby[row.number - 1] = list(row.cells.values())
        self._fields = fields_by_column(file_name, f"{header.number}", names, mapping, nearby)
        self._read = {at: name for name, at in self._fields.items() if name in mapping.fields}
        self._fill = FillDown(mapping.options.fill_down)
        self._merges.bound(len(names))
        for row in first:
            self._merges.fill(row)
        self._below = [row for row in first if row.number > header.number]

    def _down_to_header(self, number: int | None) -> tuple[list[SheetRow], SheetRow | None]:
        """The rows down to the header, or some more where one of them may have been meant; and the header."""
        first: list[SheetRow] = []
        header = None
        for row in self._rows:
            first.append(row)
            if header is None and (row.number == number or (number is None and _says_something(row))):
                header = row
            if row.number >= max(number or 0, LOOKED_THROUGH):
                break
        return first, header

    def batches(self) -> Iterator[Batch]:
        """The rows that say something, some thousands at a time."""
        held: list[SheetRow] = []
        raw: list[str] = []
        for row, filled in self._all_below():
            held.append(filled)
            raw.append(row)
            if len(held) == BATCH_ROWS:
                yield self._batch(held, raw)
                held, raw = [], []
        if held:
            yield self._batch(held, raw)

    def _all_below(self) -> Iterator[tuple[str, SheetRow]]:
        """Each row's raw text and the row with its merged cells filled in."""
        for row in self._below:
            if _says_something(row):
                yield _raw(row), row
        for row in self._rows:
            said, raw = _says_something(row), _raw(row)
            self._merges.fill(row)
            if said:
                yield raw, row

    def _batch(self, rows: list[SheetRow], raw: list[str]) -> Batch:
        values: dict[str, list[Any]] = {name: [row.cells.get(at) for row in rows] for name, at in self._fields.items()}
        faults: dict[int, Finding] = {}
        for at, row in enumerate(rows):
            for column, why in row.faults.items():
                if column in self._read and at not in faults:
                    faults[at] = _cell_error(self._read[column], why)
        if is_stray("".join(raw)):
            for at, text in enumerate(raw):
                if is_stray(text):
                    faults.setdefault(at, stray(text, "XML"))
                    raw[at] = printable(text)
        for column_values in values.values():
            if any(is_stray(text) for text in column_values if text):
                column_values[:] = [printable(text) if text else text for text in column_values]
        if self._mapping.options.fill_down:
            self._fill.fill(values, set(faults))
        batch = Batch([f"{row.number}" for row in rows], values, [text[:RAW_LENGTH] for text in raw], np.empty(len(rows), dtype=object), faults)
        return give_place(batch, self._mapping)


class _Merges:
    """Merged cells on the way down a sheet: what the first one says holds for all."""

    def __init__(self, merged: list[Merged]) -> None:
        self._starting: dict[int, list[Merged]] = {}
        for merge in merged:
            self._starting.setdefault(merge.first_row, []).append(merge)
        self._held: dict[int, tuple[int, str | Text]] = {}
        self._width = 0

    def bound(self, width: int) -> None:
        """Look no further right than the header does."""
        self._width = width

    def header_cells(self, header: SheetRow, above: list[SheetRow]) -> dict[int, str]:
        """The header's cells; one merged with rows above it takes what stands there. Merged sideways it names its first column only."""
        cells = dict(header.cells)
        for row in above:
            for merge in self._starting.get(row.number, ()) if row.number < header.number else ():
                if merge.last_row >= header.number and merge.first_column in row.cells:
                    cells.setdefault(merge.first_column, row.cells[merge.first_column])
        return cells

    def fill(self, row: SheetRow) -> None:
        """Give the row what it shares with cells above and to its left."""
        for column, (last, shared) in list(self._held.items()):
            if row.number > last:
                del self._held[column]
            elif column not in row.cells and column not in row.faults:
                _give(row, column, shared)
        for merge in self._starting.pop(row.number, ()):
            shown = row.faults.get(merge.first_column) or row.cells.get(merge.first_column)
            if shown is None:
                continue
            for column in range(merge.first_column, min(merge.last_column + 1, self._width)):
                _give(row, column, shown)
                self._held[column] = (merge.last_row, shown)


def _give(row: SheetRow, column: int, shared: str | Text) -> None:
    if isinstance(shared, Text):
        row.faults[column] = shared
    else:
        row.cells[column] = shared


def _says_something(row: SheetRow) -> bool:
    return bool(row.faults) or any(map(str.strip, row.cells.values()))


def _raw(row: SheetRow) -> str:
    """The cells parted by tabs, as far right as they go."""
    parts: list[str] = []
    before = 0
    for column in sorted({*row.cells, *row.faults}):
        parts += ["\t" * (column - before), row.cells.get(column) or row.faults[column].zh]
        before = column
    return "".join(parts)


def _cell_error(name: str, why: Text) -> Finding:
    return Finding("cell_error", name, Text(f"“{name}”的单元格是{why.zh}。", f"The cell in '{name}' is {why.en}."))


def _check_unlocked(path: Path) -> None:
    """Refuse a locked .xlsx, which is an OLE container around an encrypted package."""
    held = b""
    with path.open("rb") as opened:
        while block := opened.read(1 << 20):
            if _ENCRYPTED in held + block:
                raise BadInput(_locked(path))
            held = block[-len(_ENCRYPTED) :]


def _locked(path: Path) -> Text:
    return Text(f"{path.name} 设有密码，无法读取；请去掉密码后重新上传。", f"{path.name} is protected by a password: save it without one and deliver it again.")


def _what_it_is(path: Path, start: bytes) -> Text:
    """What a file that is no workbook looks like."""
    with path.open("rb") as opened:
        sample = opened.read(4096)
    text = sample.lstrip(b"\xef\xbb\xbf").lstrip()
    if start[:2] == b"\x1f\x8b":
        kind = Text("gzip 压缩包", "a gzip file")
    elif start[:4] == b"%PDF":
        kind = Text("PDF", "a PDF")
    elif text[:15].lower().startswith((b"<!doctype html", b"<html", b"<table")):
        kind = Text("网页（HTML 表格）", "a web page (an HTML table)")
    elif text[:1] == b"<":
        kind = Text("XML 文本", "XML text")
    elif text[:1] in (b"{", b"["):
        kind = Text("JSON 文本（reader = \"json\"）", "JSON text (reader = \"json\")")
    elif b"\0" not in sample:
        kind = Text("文本，可能是 CSV（reader = \"csv\"）", "text, perhaps CSV (reader = \"csv\")")
    else:
        kind = Text("别的格式", "something else")
    return Text(f"{path.name} 不是 Excel 工作簿，而是{kind.zh}。", f"{path.name} is no Excel workbook but {kind.en}.")
