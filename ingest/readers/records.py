"""JSON records: a list of objects, a list somewhere inside a document (``records = "data.items"``), or one object a line.

Nested fields are named with dots (``location.lat``); lists stay lists. A file of any size is read in bounded memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.contract import Mapping
from ingest.place import give_place
from ingest.readers.columns import check_seen
from ingest.readers.json_window import JsonWindow, decoder
from ingest.readers.opened import is_stray, opened, printable, stray
from ingest.record import BATCH_ROWS, RAW_LENGTH, Batch, Finding, SourceRow, batched

BATCH_LENGTH = 32 << 20  # characters: records may be long
_SHORT_DOCUMENT = 16 << 20
_THING = Text("记录", "record")
_NULL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")  # and no backslash followed by the letters


def batches(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """The records in the file's order; ``where`` is the line one begins in.

    Faults: ``not_a_row`` (no object; in files of one object a line also broken JSON), ``not_decodable``, ``not_text``, and those of
    ``ingest.place``. Raises BadInput for broken JSON, for records that are not where the mapping says, and for a field that no record has.
    """
    seen: set[str] = set()
    with opened(path, mapping.encoding) as text:
        window = JsonWindow(text, path.name)
        if mapping.options.records is not None:
            found = window.items(mapping.options.records.split("."))
        elif window.peek() == "[":
            found = window.items([])
        elif window.peek() == "{" and window.line_so_far().rstrip().endswith("}"):
            found = window.lines()
        else:
            raise BadInput(_no_list(path, mapping))
        for rows in _portions(_row(line, value, raw, mapping.encoding) for line, value, raw in found):
            for batch in batched(rows):
                seen.update(batch.values)
                yield give_place(batch, mapping)
    check_seen(path.name, mapping, seen, _THING)


def _row(line: int, value: Any, raw: str, encoding: str) -> SourceRow:
    if isinstance(value, Text):
        return SourceRow(f"{line}", {}, printable(raw)[:RAW_LENGTH], fault=Finding("not_a_row", None, value))
    if not isinstance(value, dict):
        said = Text("这一条不是 JSON 对象。", "It is no JSON object.")
        return SourceRow(f"{line}", {}, printable(raw)[:RAW_LENGTH], fault=Finding("not_a_row", None, said))
    row = SourceRow(f"{line}", dict(_flat("", value)), raw[:RAW_LENGTH])
    if "\\u" in raw or is_stray(raw):
        whole = json.dumps(value, ensure_ascii=False)  # writes null characters as \u0000
        if is_stray(whole) or _NULL.search(whole):
            row.fault = stray(whole, encoding)
            row.raw = printable(raw)[:RAW_LENGTH]
            row.values = {printable(name): _storable(value) for name, value in row.values.items()}
    return row


def _flat(above: str, value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _flat(f"{above}{name}.", inner)
        else:
            yield f"{above}{name}", inner


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    return printable(json.dumps(value, ensure_ascii=False)) if isinstance(value, list) else value


def _portions(rows: Iterator[SourceRow]) -> Iterator[list[SourceRow]]:
    """Rows by the batch, fewer where they are long."""
    held: list[SourceRow] = []
    length = 0
    for row in rows:
        held.append(row)
        length += len(row.raw) + sum(len(value) for value in row.values.values() if isinstance(value, (str, list)))
        if len(held) >= BATCH_ROWS or length >= BATCH_LENGTH:
            yield held
            held, length = [], 0
    if held:
        yield held


def _no_list(path: Path, mapping: Mapping) -> Text:
    """A document that is no list, and where in it lists of objects lie."""
    paths: list[str] = []
    if path.stat().st_size <= _SHORT_DOCUMENT:
        with opened(path, mapping.encoding) as text:
            try:
                paths = list(_lists_in("", decoder.decode(text.read().lstrip("\ufeff"))))
            except (ValueError, RecursionError) as fault:
                return Text(f"{path.name} 不是有效的 JSON：{fault}；没有写入任何数据。", f"{path.name} is not valid JSON: {fault}; nothing was loaded.")
    hint = Text(f"，例如 records = \"{paths[0]}\"", f", such as records = \"{paths[0]}\"") if paths else Text("", "")
    return Text(
        f"{path.name} 不是记录的列表，也不是每行一个对象；请在映射 [read] 中写明记录所在之处{hint.zh}。",
        f"{path.name} is neither a list of records nor one object a line: say in the mapping's [read] where the records lie{hint.en}.",
    )


def _lists_in(above: str, value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, dict) and depth < 4:
        for name, inner in value.items():
            yield from _lists_in(f"{above}.{name}" if above else name, inner, depth + 1)
    elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value[:10]):
        yield above
