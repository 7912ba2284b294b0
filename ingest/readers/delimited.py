"""CSV rows with their line numbers and raw text; longitude and latitude stand in two named fields."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import shapely

from commandcenter.errors import BadInput
from commandcenter.text import Text
from commandcenter.toml_file import nearest
from ingest.contract import Mapping
from ingest.readers.opened import opened
from ingest.record import RAW_LENGTH, Finding, SourceRow

LONGEST_FIELD = 1 << 20
_UNKNOWN_BYTE = re.compile("[\udc80-\udcff]")


def read(path: Path, mapping: Mapping) -> Iterator[SourceRow]:
    """The rows below the header. A row that is no row of this table arrives with its fault set."""
    csv.field_size_limit(LONGEST_FIELD)
    with opened(path, mapping.encoding) as text:
        lines = _Lines(text)
        table = csv.reader(lines, delimiter=mapping.delimiter, strict=True)
        header = _header(path, mapping, table)
        lines.take()
        while True:
            first = lines.number + 1
            try:
                cells = next(table)
            except StopIteration:
                return
            except csv.Error as fault:
                yield SourceRow(f"{first}", {}, lines.take(), fault=_not_a_row(str(fault)))
                continue
            raw = lines.take()
            if not cells:
                continue
            yield _row(f"{first}", cells, raw, header, mapping)


def _header(path: Path, mapping: Mapping, table: Iterator[list[str]]) -> list[str]:
    try:
        header = [name.strip().lstrip("\ufeff") for name in next(table)]
    except (StopIteration, csv.Error) as fault:
        raise BadInput(Text(f"{path.name} 没有表头。", f"{path.name} has no header row.")) from fault
    for name in mapping.fields:
        if name not in header:
            near = nearest(name, header)
            hint = Text(f"，是否指“{near}”？", f"; is '{near}' meant?") if near else Text("", "")
            raise BadInput(
                Text(
                    f"{path.name} 第 1 行：没有映射 {mapping.name} 所说的列“{name}”{hint.zh or '。'}",
                    f"{path.name}, line 1: there is no column '{name}', which the mapping {mapping.name} names{hint.en or '.'}",
                )
            )
    return header


def _row(where: str, cells: list[str], raw: str, header: list[str], mapping: Mapping) -> SourceRow:
    if len(cells) != len(header):
        return SourceRow(where, {}, raw, fault=_not_a_row(f"{len(cells)} / {len(header)}"))
    values = dict(zip(header, cells, strict=True))
    if not raw.isascii() and _UNKNOWN_BYTE.search(raw):
        return SourceRow(where, values, _printable(raw), fault=_undecodable(mapping.encoding))
    return SourceRow(where, values, raw, *_point(values, mapping))


def _point(values: dict[str, str], mapping: Mapping) -> tuple[shapely.Point | None, Finding | None]:
    assert mapping.place is not None
    written = [values[name].strip() for name in mapping.place.fields]
    if not all(written):
        return None, Finding("no_place", mapping.place.fields[0], Text("没有坐标。", "It has no coordinates."))
    try:
        return shapely.Point(*(float(text.replace(",", "")) for text in written)), None
    except ValueError:
        return None, Finding(
            "no_place",
            mapping.place.fields[0],
            Text(f"坐标“{written[0]}, {written[1]}”不是数字。", f"The coordinates '{written[0]}, {written[1]}' are not numbers."),
        )


def _not_a_row(detail: str) -> Finding:
    return Finding("not_a_row", None, Text(f"这一行的列数或引号有误（{detail}）。", f"Its number of columns or its quotes are wrong ({detail})."))


def _undecodable(encoding: str) -> Finding:
    return Finding("not_decodable", None, Text(f"含有不属于 {encoding} 的字节。", f"It contains bytes that are not {encoding}."))


def _printable(raw: str) -> str:
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class _Lines:
    """Physical lines, counted and remembered until the row they belong to is taken."""

    def __init__(self, text: Iterator[str]) -> None:
        self._text = text
        self._held: list[str] = []
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._text)
        self.number += 1
        self._held.append(line)
        return line

    def take(self) -> str:
        """The raw text since the last row."""
        raw = "".join(self._held).rstrip("\r\n")[:RAW_LENGTH]
        self._held.clear()
        return raw
