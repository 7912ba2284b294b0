"""Delimited text (CSV, TSV) with line numbers and raw text of each row; where a row lies stands in its fields."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from commandcenter.text import Text
from ingest.contract import Mapping
from ingest.place import give_place
from ingest.readers.header import LOOKED_THROUGH, FillDown, fields_by_column, names_in, no_header
from ingest.readers.opened import is_stray, opened, printable, stray
from ingest.readers.quoted_rows import DelimitedText, Rows
from ingest.record import BATCH_ROWS, RAW_LENGTH, Batch, Finding


def batches(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """The rows below the header; ``where`` is the line of the file. Empty lines are no rows.

    Faults: ``not_a_row`` (number of columns, quotes), ``not_decodable``, ``not_text`` (null characters), and those of ``ingest.place``.
    Raises BadInput when the file has no such header, is broken, or no text at all.
    """
    with opened(path, mapping.encoding) as text:
        table = _Table(path.name, mapping, DelimitedText(text, mapping.delimiter, path.name))
        yield from table.batches()


class _Table:
    """The header, and what lies below it."""

    def __init__(self, file_name: str, mapping: Mapping, text: DelimitedText) -> None:
        self._mapping = mapping
        self._text = text
        line, cells, nearby = text.header(mapping.options.header_row, LOOKED_THROUGH)
        if not cells:
            raise no_header(file_name, mapping)
        header = names_in(list(map(printable, cells)))
        self._width = len(header)
        self._fields = fields_by_column(file_name, f"{line}", header, mapping, nearby)
        self._fill = FillDown(mapping.options.fill_down)

    def batches(self) -> Iterator[Batch]:
        for rows in self._text.rows(self._width):
            for start in range(0, len(rows.raw), BATCH_ROWS):
                yield self._batch(rows, start, min(start + BATCH_ROWS, len(rows.raw)))

    def _batch(self, rows: Rows, start: int, end: int) -> Batch:
        width = self._width
        faults = {at - start: _not_a_row(why) for at, why in rows.faults.items() if start <= at < end}
        values = {name: rows.cells[start * width + at : end * width : width] for name, at in self._fields.items()}
        raw = self._clean(rows.raw[start:end], values, faults)
        if self._mapping.options.fill_down:
            self._fill.fill(values, set(faults))
        batch = Batch(list(map(str, rows.lines[start:end])), values, raw, np.empty(end - start, dtype=object), faults)
        return give_place(batch, self._mapping)

    def _clean(self, raw: list[str], values: dict[str, list[Any]], faults: dict[int, Finding]) -> list[str]:
        """Raw texts as they can be kept; a row with strange bytes or null characters is at fault."""
        if is_stray("".join(raw)):
            for at, text in enumerate(raw):
                if is_stray(text):
                    faults.setdefault(at, stray(text, self._mapping.encoding))
                    raw[at] = printable(text)
                    for column in values.values():
                        column[at] = printable(column[at]) if column[at] is not None else None
        return [text[:RAW_LENGTH] for text in raw] if max(map(len, raw), default=0) > RAW_LENGTH else raw


def _not_a_row(why: Text) -> Finding:
    return Finding("not_a_row", None, Text(f"这一行的列数或引号有误（{why.zh}）。", f"Its number of columns or its quotes are wrong ({why.en})."))
