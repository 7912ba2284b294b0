"""Samples of tables: delimited text, workbooks and JSON records."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from commandcenter.errors import BadInput
from commandcenter.text import Text
from commandcenter.workbook import SheetRow
from ingest.inspecting.encodings import prove
from ingest.inspecting.octets import text_bytes
from ingest.inspecting.sample import FIRST_ROWS, SPREAD_PARTS, SPREAD_ROWS, Sample, no_geometry
from ingest.readers.xlsx import Book, opened_book

DELIMITERS = (",", "\t", ";", "|")
LOOKED_FOR_HEADER = 20
MOST_SHEET_ROWS = 100_000  # behind the first ones
MOST_JSON_BYTES = 64 << 20
_NUMERIC = re.compile(r"^[\s$¥€]*[-+]?[\d,.]+%?\s*$")


def delimited(path: Path, name: str) -> Sample:
    """A look at delimited text: encoding, delimiter, header and rows from all over the file."""
    octets = text_bytes(path)
    proof = prove(octets.pieces, bom=octets.bom)
    notes: list[Text] = []
    text = octets.first.decode(proof.reading, "replace")
    if "\0" in text:
        notes.append(
            Text(f"含有 {text.count(chr(0)):,} 个 NUL 字符。", f"It has {text.count(chr(0)):,} NUL characters.")
        )
        text = text.replace("\0", "")
    notes.append(_line_ends(text))
    if octets.bom:
        notes.append(
            Text(f"开头有字节序标记（BOM，{octets.bom}）。", f"It begins with a byte order mark ({octets.bom}).")
        )
    delimiter = _delimiter(text)
    rows = _rows(text, delimiter, FIRST_ROWS + LOOKED_FOR_HEADER)
    if not rows or max(map(len, rows)) == 0:
        raise BadInput(Text(f"{name} 里没有任何数据行。", f"{name} has no rows at all."))
    at, filled = header_of(rows)
    names = _named(rows[at], notes)
    body = [row for row in rows[at + 1 :] if row]
    whole = octets.whole and len(rows) < FIRST_ROWS + LOOKED_FOR_HEADER
    total = len(body) if whole else None
    if octets.whole and not whole:
        body_all = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row][at + 1 :]
        total = len(body_all)
        step = max(1, (total - FIRST_ROWS) // (SPREAD_PARTS * SPREAD_ROWS))
        body = body_all[:FIRST_ROWS] + body_all[FIRST_ROWS::step][: SPREAD_PARTS * SPREAD_ROWS]
        whole = len(body) == total
    for window in octets.windows:
        spread = _rows(window.decode(proof.reading, "replace").replace("\0", ""), delimiter, SPREAD_ROWS)
        body += [row for row in spread if len(row) == len(names)]  # a window may begin inside a quoted cell
    uneven = sum(len(row) != len(names) for row in body)
    if uneven:
        notes.append(
            Text(
                f"有 {uneven:,} 行的列数与表头（{len(names)} 列）不同。",
                f"{uneven:,} rows have another number of cells than the header, which has {len(names)}.",
            )
        )
    if text.count('"') % 2 and octets.whole:
        notes.append(Text("引号不成对。", "The quotes do not come in pairs."))
    columns = _columns(names, body)
    sample = Sample(
        name, columns, no_geometry(len(body)), total, whole, "csv", encoding=proof, delimiter=delimiter, notes=notes
    )
    sample.header_row = at + 1 if at else None
    if at:
        notes.append(Text(f"表头在第 {at + 1} 行，上面是标题。", f"The header is row {at + 1}; above it stand titles."))
    sample.fill_down = _gaps(columns) if filled or at else ()
    told = {"\t": "Tab"}.get(delimiter, delimiter)
    notes.append(
        Text(
            f"分隔符“{told}”，引号{'有' if chr(34) in text else '无'}。",
            f"Delimiter '{told}', quotes {'used' if chr(34) in text else 'not used'}.",
        )
    )
    return sample


def workbook(path: Path, name: str) -> list[Sample]:
    """A look at each sheet of a workbook, read as loads read it: where the header stands, merged cells, rows from all over it."""
    with opened_book(path) as book:
        return [found for title in book.names if (found := _sheet(book, title)) is not None]


def _sheet(book: Book, title: str) -> Sample | None:
    rows = (row for row in book.rows(title) if row.number <= LOOKED_FOR_HEADER or any(map(str.strip, row.cells.values())))
    first = list(islice(rows, LOOKED_FOR_HEADER + FIRST_ROWS))
    if not any(row.cells for row in first):
        return None
    top: list[list[str]] = [[] for _ in range(LOOKED_FOR_HEADER + 5)]
    for row in first:
        if row.number <= len(top):
            top[row.number - 1] = _cells(row)
    at, _ = header_of(top)
    notes: list[Text] = []
    names = _named(top[at], notes)
    later, beyond, total = _thinned(rows, MOST_SHEET_ROWS)
    below = [row for row in first if row.number > at + 1 and any(map(str.strip, row.cells.values()))]
    kept = [[text or None for text in _cells(row)] for row in (*below, *later)]
    count = None if beyond else len(below) + total
    columns = _columns(names, kept)
    merged = [cells for cells in book.merged(title) if cells.first_row > at + 1 and cells.last_row > cells.first_row]
    heads = {names[cells.first_column] for cells in merged if cells.first_column < len(names)}
    filled = tuple(name for name, values in columns.items() if name in heads and sum(value in (None, "") for value in values) > 0.05 * len(values))
    if filled:
        listed = "、".join(filled)
        notes.append(
            Text(
                f"有 {len(merged)} 处纵向合并单元格（{listed}），需向下填充。",
                f"{len(merged)} cells are merged downwards ({', '.join(filled)}): fill_down.",
            )
        )
    if at:
        notes.append(Text(f"表头在第 {at + 1} 行，上面是标题。", f"The header is row {at + 1}; above it stand titles."))
    sample = Sample(
        title, columns, no_geometry(len(kept)), count, len(kept) == count, "xlsx", notes=notes, read_layer=title
    )
    sample.header_row, sample.fill_down = at + 1 if at else None, filled
    return sample


def _cells(row: SheetRow) -> list[str]:
    return [row.cells.get(column, "") for column in range(max(row.cells, default=-1) + 1)]


def _thinned(rows: Iterator[SheetRow], most: int) -> tuple[list[SheetRow], bool, int]:
    """Some of the rows from all over them, whether there are more than were looked at, and how many were."""
    kept: list[SheetRow] = []
    step, total = 1, 0
    for row in islice(rows, most):
        if total % step == 0:
            kept.append(row)
        if len(kept) > SPREAD_PARTS * SPREAD_ROWS:
            kept, step = kept[::2], step * 2
        total += 1
    return kept, next(rows, None) is not None, total


def json_records(path: Path, name: str) -> Sample:
    """A look at the largest list of objects in a JSON document, and the path that leads to it."""
    octets = text_bytes(path)
    proof = prove(octets.pieces, bom=octets.bom)
    if octets.size > MOST_JSON_BYTES:
        raise BadInput(
            Text(
                f"{name} 有 {octets.size >> 20} MB，作为一个 JSON 文档过大；请改成逐行 JSON。",
                f"{name} has {octets.size >> 20} MB, too much for one JSON document; one object a line, please.",
            )
        )
    try:
        document = _documents(path.read_bytes().decode(proof.reading).lstrip("\ufeff"))
    except (ValueError, RecursionError) as fault:
        where = f"{fault.lineno}:{fault.colno}" if isinstance(fault, json.JSONDecodeError) else "-"
        raise BadInput(
            Text(f"{name} 不是完整的 JSON（{where} 处出错）。", f"{name} is no whole JSON: it breaks at {where}.")
        ) from fault
    lists: list[tuple[str, list[dict[str, Any]]]] = []
    _find_lists(document, "", lists, 0)
    if not lists:
        raise BadInput(Text(f"{name} 的 JSON 里没有记录列表。", f"The JSON of {name} holds no list of records."))
    where, records = max(lists, key=lambda found: len(found[1]))
    kept = (
        records
        if len(records) <= FIRST_ROWS
        else records[:FIRST_ROWS] + records[FIRST_ROWS :: max(1, (len(records) - FIRST_ROWS) // 1200)]
    )
    names = dict.fromkeys(key for record in kept for key in record)
    columns = {key: [_plain(record.get(key)) for record in kept] for key in names}
    sample = Sample(
        name,
        columns,
        no_geometry(len(kept)),
        len(records),
        len(kept) == len(records),
        "json",
        encoding=proof,
        records=where or None,
    )
    if len(lists) > 1:
        others = "、".join(f"{path or '(root)'} ({len(found)})" for path, found in lists if path != where)[:200]
        sample.notes.append(Text(f"另有其他记录列表：{others}。", f"There are other lists of records: {others}."))
    return sample


def _documents(text: str) -> Any:
    """The document, or a list of them where there is one a line."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as fault:
        if not fault.msg.startswith("Extra data"):
            raise
        return [json.loads(line) for line in text.splitlines() if line.strip()]


def _find_lists(value: Any, path: str, found: list[tuple[str, list[dict[str, Any]]]], depth: int) -> None:
    if depth > 6 or len(found) > 50:
        return
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in islice(value, 50)):
        found.append((path, [item for item in value if isinstance(item, dict)]))
    elif isinstance(value, dict):
        for key, inner in value.items():
            _find_lists(inner, f"{path}.{key}" if path else str(key), found, depth + 1)


def header_of(rows: list[list[str]]) -> tuple[int, bool]:
    """Which of the first rows is the header, from 0, and whether titles stand above it.

    A header is the first row that fills (nearly) as many cells as the table is wide, with names: different ones, not numbers.
    """
    widths = Counter(_filled(row) for row in rows[:200] if row)
    wide = max((width for width, times in widths.items() if times >= 2), default=max(widths, default=0))
    best = 0
    for at, row in enumerate(rows[:LOOKED_FOR_HEADER]):
        cells = [cell.strip() for cell in row if cell.strip() and not cell.startswith("Unnamed:")]
        if (
            len(cells) >= max(1, 0.8 * wide)
            and len(set(cells)) >= 0.9 * len(cells)
            and sum(bool(_NUMERIC.match(cell)) for cell in cells) <= 0.2 * len(cells)
        ):
            best = at
            break
    return best, best > 0


def _filled(row: list[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _delimiter(text: str) -> str:
    head = "\n".join(text.splitlines()[:200])
    counted = {}
    for delimiter in DELIMITERS:
        widths = [len(row) for row in _rows(head, delimiter, 100) if row]
        if widths:
            usual, times = Counter(widths).most_common(1)[0]
            counted[delimiter] = (usual > 1, times / len(widths), usual)
    return (
        max(counted, key=lambda delimiter: counted[delimiter], default=",")
        if any(found[0] for found in counted.values())
        else ","
    )


def _rows(text: str, delimiter: str, most: int) -> list[list[str]]:
    found: list[list[str]] = []
    csv.field_size_limit(1 << 24)
    try:
        for row in islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), most):
            found.append(row)
    except csv.Error:
        pass
    return found


def _named(header: list[str], notes: list[Text]) -> list[str]:
    names = [" ".join(cell.lstrip("\ufeff").split()) for cell in header]
    twice = [name for name, times in Counter(names).items() if name and times > 1]
    if twice:
        notes.append(Text(f"列名重复：{'、'.join(twice)}。", f"Column names that stand twice: {', '.join(twice)}."))
    return names


def _columns(names: list[str], body: list[list[Any]]) -> dict[str, list[Any]]:
    return {name: [_plain(row[at]) if at < len(row) else None for row in body] for at, name in enumerate(names) if name}


def _gaps(columns: dict[str, list[Any]]) -> tuple[str, ...]:
    """Columns at the left that are filled only now and then: merged cells that a workbook's export left empty."""
    found = []
    for name, values in columns.items():
        empty = sum(value in (None, "") for value in values)
        if not values or values[0] in (None, "") or not 0.3 < empty / len(values) < 1:
            break
        found.append(name)
    return tuple(found)


def _cell(cell: Any) -> str:
    return "" if cell is None else str(cell)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return value


def _line_ends(text: str) -> Text:
    pairs = text.count("\r\n")
    feeds, returns = text.count("\n") - pairs, text.count("\r") - pairs
    kinds = [f"{name} {count:,}" for name, count in (("CRLF", pairs), ("LF", feeds), ("CR", returns)) if count]
    told = "、".join(kinds) or "-"
    mixed = len(kinds) > 1
    return Text(
        f"换行：{told}{'（混用）' if mixed else ''}。",
        f"Line ends: {told}{' (mixed, some of them inside cells perhaps)' if mixed else ''}.",
    )
