"""The code systems that ship, as files beside this module: ``code_systems/<code>/`` with ``system.toml``, ``categories.csv`` and one CSV a kind.

They are data that people read and compare line by line; the database holds them as rows like any city's own.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import cast

from commandcenter.cases.limits import Unit
from commandcenter.cases.standards import KINDS, Catalogue, Category, CodeSystem, Kind, Standard, checked_kind
from commandcenter.errors import BadInput
from commandcenter.text import Text
from commandcenter.toml_file import TomlTable

BASE = "cc-base"
_FOLDER = Path(__file__).parent / "code_systems"
_CATEGORY = ("kind", "code", "major_code", "major", "major_en", "minor", "minor_en", "local")
_STANDARD = ("code", "condition", "condition_en", "close_condition", "close_condition_en", "limit", "unit", "note")


@lru_cache(maxsize=4)
def shipped(code: str = BASE) -> Catalogue:
    """A code system that ships, whole. Raises BadInput naming file and line of a fault."""
    return read_folder(_FOLDER / code)


def read_folder(folder: Path) -> Catalogue:
    """A code system as it lies in a folder. Raises BadInput naming file and line of a fault."""
    table = TomlTable.read(folder / "system.toml")
    title = table.text("title")
    system = CodeSystem(table.take("code", str), title.zh, title.en, table.take("source", str), table.take("valid_from", date))
    told = table.table("sources")
    sources = {kind: told.take(kind, str, system.source) for kind in KINDS}
    told.finish()
    table.finish()
    categories = [_category(system, sources, row, place) for row, place in _rows(folder / "categories.csv", _CATEGORY)]
    standards = []
    for kind in KINDS:
        path = folder / f"{kind}.csv"
        counts: dict[str, int] = {}
        for row, place in _rows(path, _STANDARD) if path.is_file() else ():
            counts[row["code"]] = counts.get(row["code"], 0) + 1
            try:
                standards.append(
                    Standard(
                        system.code, kind, row["code"], counts[row["code"]], row["condition"], row["condition_en"] or None, row["close_condition"] or None,
                        row["close_condition_en"] or None, Decimal(row["limit"]) if row["limit"] else None, cast(Unit, row["unit"] or None),
                        note=row["note"] or None, source=sources[kind],
                    )
                )  # fmt: skip
            except (BadInput, InvalidOperation) as fault:
                said = fault.sentence if isinstance(fault, BadInput) else Text(f"“{row['limit']}”不是数字。", f"'{row['limit']}' is no number.")
                raise BadInput(Text(f"{place.zh}：{said.zh}", f"{place.en}: {said.en}")) from fault
    return Catalogue(system, tuple(categories), tuple(standards))


def _category(system: CodeSystem, sources: Mapping[Kind, str], row: dict[str, str], place: Text) -> Category:
    try:
        kind = checked_kind(row["kind"])
        return Category(
            system.code, kind, row["code"], row["major_code"], row["major"], row["minor"], row["major_en"] or None, row["minor_en"] or None,
            row["local"] == "local", sources[kind],
        )  # fmt: skip
    except BadInput as fault:
        raise BadInput(Text(f"{place.zh}：{fault.sentence.zh}", f"{place.en}: {fault.sentence.en}")) from fault


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[dict[str, str], Text]]:
    """The rows of a file with their place. Raises BadInput for other columns than these."""
    with path.open(encoding="utf-8", newline="") as opened:
        reader = csv.reader(opened, strict=True)
        head = next(reader, [])
        if tuple(head) != columns:
            raise BadInput(Text(f"{path.name} 第 1 行应为 {','.join(columns)}。", f"{path.name}, line 1 must be {','.join(columns)}."))
        for row in reader:
            place = Text(f"{path.name} 第 {reader.line_num} 行", f"{path.name}, line {reader.line_num}")
            if len(row) != len(columns):
                raise BadInput(Text(f"{place.zh}：应有 {len(columns)} 列。", f"{place.en}: it must have {len(columns)} columns."))
            yield dict(zip(columns, row, strict=True)), place
