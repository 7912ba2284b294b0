"""A city's own standard as rows of texts with their numbers: a workbook (.xlsx) with its merged cells, or a CSV.

Guards: files over 32 MB, workbooks that unpack to more than 128 MB, sheets with anything below row 20 000 and what is no table at all are
refused with one sentence; an error in a cell (#N/A) is that cell's text, so that its row is refused and no other.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from commandcenter.errors import BadInput
from commandcenter.text import Text
from commandcenter.workbook import Merged, Workbook

LARGEST = 32 << 20
LARGEST_UNPACKED = 128 << 20
MOST_ROWS = 20_000
MOST_MERGES = 50_000
ENCODINGS = ("utf-8-sig", "gb18030")
ERROR_MARK: Final = "\ue000"  # stands before what is wrong with a cell; of private use, so that no text begins with it
_BROKEN = (zipfile.BadZipFile, zlib.error, ElementTree.ParseError, KeyError, StopIteration, ValueError, EOFError, RuntimeError, LookupError)


@dataclass(frozen=True)
class Row:
    """One row: its number, the texts of its own cells by column (from 0), and what merged cells from above lay over it."""

    number: int
    own: Mapping[int, str]
    shared: Mapping[int, str] = field(default_factory=dict)

    def text(self, column: int | None) -> str:
        """What a column shows in this row, merged or not."""
        return "" if column is None else self.own.get(column) or self.shared.get(column) or ""


@dataclass(frozen=True)
class Sheet:
    """One sheet, every row from the first to the last, empty ones too. ``ends``: by first row and column, the last row of a merged cell."""

    name: str
    rows: tuple[Row, ...]
    ends: Mapping[tuple[int, int], int] = field(default_factory=dict)
    sideways: frozenset[tuple[int, int]] = frozenset()  # first row and column of cells merged over several columns


def sheets_of(path: Path) -> Iterator[Sheet]:
    """The visible sheets that hold anything. Raises BadInput for a file that cannot be read as what it is."""
    size = path.stat().st_size if path.is_file() else -1
    if size < 0:
        raise BadInput(Text(f"找不到文件 {path.name}。", f"There is no file {path.name}."))
    if size == 0:
        raise BadInput(Text(f"文件 {path.name} 是空的。", f"The file {path.name} is empty."))
    if size > LARGEST:
        raise BadInput(Text(f"{path.name} 超过 {LARGEST >> 20} MB，不像一份标准。", f"{path.name} is over {LARGEST >> 20} MB, which no standard is."))
    start = path.read_bytes()[:8]
    if start[:4] == b"PK\x03\x04":
        yield from _workbook(path)
    elif start == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        said_en = f"{path.name} is an old (.xls) or locked workbook; save it as .xlsx without a password."
        raise BadInput(Text(f"{path.name} 是旧版（.xls）或设有密码的工作簿；请另存为不带密码的 .xlsx。", said_en))
    elif b"\0" in path.read_bytes()[:4096] or start[:4] == b"%PDF":
        raise BadInput(Text(f"{path.name} 既不是 Excel 工作簿也不是 CSV 文本。", f"{path.name} is neither an Excel workbook nor CSV text."))
    else:
        yield _csv(path)


def _csv(path: Path) -> Sheet:
    raw = path.read_bytes()
    for encoding in ENCODINGS:
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise BadInput(Text(f"{path.name} 不是 UTF-8 也不是 GB18030 编码。", f"{path.name} is encoded neither as UTF-8 nor as GB18030."))
    rows = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            _check_rows(path, path.stem, number)
            rows.append(Row(number, {at: cell.strip() for at, cell in enumerate(cells) if cell.strip()}))
    except csv.Error as fault:
        number = len(rows) + 1
        raise BadInput(
            Text(f"{path.name} 第 {number} 行不是完整的 CSV（引号未闭合或字段过长）。", f"{path.name}, row {number} is no whole CSV ({fault}).")
        ) from fault
    return Sheet(path.stem, tuple(rows))


def _workbook(path: Path) -> Iterator[Sheet]:
    book: Workbook | None = None
    try:
        with zipfile.ZipFile(path) as package:
            unpacked = sum(part.file_size for part in package.infolist())
        if unpacked > LARGEST_UNPACKED:
            size = f"{unpacked / (1 << 20):.0f} MB"
            raise BadInput(Text(f"{path.name} 解压后有 {size}，像是压缩炸弹。", f"{path.name} unpacks to {size}, like a zip bomb."))
        book = Workbook(path)
        for name in book.visible:
            sheet = _sheet(path, book, name)
            if sheet.rows:
                yield sheet
    except _BROKEN as fault:
        reason = str(fault) or type(fault).__name__
        locked = isinstance(fault, RuntimeError) and "encrypted" in reason
        why = Text("设有密码", "it is locked") if locked else Text("文件损坏或不是工作簿", f"broken, or another kind of file: {reason}")
        raise BadInput(Text(f"无法读取工作簿 {path.name}（{why.zh}）。", f"The workbook {path.name} cannot be read ({why.en}).")) from fault
    finally:
        if book is not None:
            book.close()


def _sheet(path: Path, book: Workbook, name: str) -> Sheet:
    held: dict[int, dict[int, str]] = {}
    for row in book.rows(name):
        _check_rows(path, name, row.number)
        cells = {column: text.strip() for column, text in row.cells.items() if text.strip()}
        held[row.number] = cells | {column: f"{ERROR_MARK}{why.zh}|{why.en}" for column, why in row.faults.items()}
    merged = book.merged(name)
    if len(merged) > MOST_MERGES:
        raise BadInput(Text(f"{path.name} 的工作表“{name}”合并单元格过多。", f"Sheet '{name}' of {path.name} has too many merged cells."))
    down = [each for each in merged if each.last_row > each.first_row and each.first_column in held.get(each.first_row, {})]
    last = max([*held, *(min(each.last_row, MOST_ROWS) for each in down)], default=0)
    shared = _shared(held, down, last)
    rows = tuple(Row(number, held.get(number, {}), shared.get(number, {})) for number in range(1, last + 1))
    ends = {(each.first_row, each.first_column): each.last_row for each in down}
    return Sheet(name, rows, ends, frozenset((each.first_row, each.first_column) for each in merged if each.last_column > each.first_column))


def _shared(held: Mapping[int, Mapping[int, str]], down: list[Merged], last: int) -> dict[int, dict[int, str]]:
    """What each row shows of cells merged downwards, in the first of their columns only."""
    shared: dict[int, dict[int, str]] = {}
    open_in: dict[int, tuple[int, str]] = {}
    starting: dict[int, list[Merged]] = {}
    for each in down:
        starting.setdefault(each.first_row, []).append(each)
    for number in range(1, last + 1):
        shown = {column: text for column, (until, text) in open_in.items() if number <= until}
        if shown:
            shared[number] = shown
        for each in starting.get(number, ()):
            open_in[each.first_column] = (each.last_row, held[number][each.first_column])
    return shared


def _check_rows(path: Path, name: str, number: int) -> None:
    if number > MOST_ROWS:
        said_en = f"Sheet '{name}' of {path.name} still holds something in row {number}; at most {MOST_ROWS} rows are read."
        raise BadInput(Text(f"{path.name} 的工作表“{name}”第 {number} 行仍有内容，最多 {MOST_ROWS} 行。", said_en))
