"""The refused rows of a run as a workbook: where each stood, why it was refused, and every field of the source in a column of its own.

Written row by row, as text throughout: what a source begins with = + - @ is shown, never computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO, Any

import psycopg
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils import get_column_letter

from commandcenter.text import Language, Text
from ingest.desk import store

MOST_ROWS = 1_048_575  # of a sheet, below its header
MOST_FIELDS = 16_000
LONGEST_CELL = 32_767
LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
SHEET = Text("隔离行", "Refused rows")
HEADS = (Text("行", "Line"), Text("规则", "Rule"), Text("字段", "Field"), Text("原因", "Reason"))
RAW = Text("原始行", "Raw row")
MORE = Text("本表到此为止：一张工作表放不下更多行，其余隔离行未列出。", "The sheet ends here: it holds no more rows, the other refused rows are not listed.")
WIDTHS = (10, 18, 18, 60)


def write_refused(connection: psycopg.Connection, run_id: int, language: Language, into: IO[bytes], most_rows: int = MOST_ROWS) -> int:
    """Write the refused rows of a run, in the caller's transaction as an actor; how many were written."""
    fields = store.refused_fields(connection, run_id, MOST_FIELDS)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(SHEET.to(language))
    sheet.freeze_panes = "A2"
    for number, width in enumerate((*WIDTHS, *(18 for _ in fields), 60), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.append(_cells(sheet, [*(head.to(language) for head in HEADS), *fields, RAW.to(language)]))
    written = 0
    for row in _fitting(store.refused_rows(connection, run_id, most_rows + 1), most_rows):
        if row is None:
            sheet.append(_cells(sheet, [MORE.to(language)]))
            break
        sheet.append(_cells(sheet, _values(row, fields, language)))
        written += 1
    book.save(into)
    return written


def _fitting(rows: Iterable[dict[str, Any]], most: int) -> Iterator[dict[str, Any] | None]:
    """The rows, or one fewer than fit and then None when they are too many."""
    held: dict[str, Any] | None = None
    for number, row in enumerate(rows, start=1):
        if number > most:
            yield None
            return
        if held is not None:
            yield held
        held = row
    if held is not None:
        yield held


def _values(row: dict[str, Any], fields: list[str], language: Language) -> list[Any]:
    reason = row["sentence_en"] if language == "en" else row["sentence"]
    own = row["fields"] or {}
    return [row["line"], row["rule"], row["field"], reason, *(own.get(name) for name in fields), row["raw"]]


def _cells(sheet: Any, values: Iterable[Any]) -> list[Any]:
    return [None if value is None else _cell(sheet, str(value)) for value in values]


def _cell(sheet: Any, text: str) -> Any:
    text = ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)[:LONGEST_CELL]
    if not text.startswith(LIKE_A_FORMULA):
        return text
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    cell.quotePrefix = True  # a spreadsheet keeps it text when somebody edits it
    return cell
