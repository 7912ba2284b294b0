"""The header of a table and what follows from it: which column is which field, and cells that repeat the one above."""

from __future__ import annotations

from collections import Counter
from typing import Any

from commandcenter.errors import BadInput
from commandcenter.text import Text
from commandcenter.toml_file import FULL_STOP, meant, nearest
from ingest.contract import Mapping

LOOKED_THROUGH = 20  # rows searched for a header that does not stand where the mapping says


def names_in(cells: list[str]) -> list[str]:
    """Header cells as field names: trimmed, line breaks as blanks, without a byte order mark."""
    return [" ".join(cell.lstrip("\ufeff").split()) if "\n" in cell or "\r" in cell else cell.lstrip("\ufeff").strip() for cell in cells]


def fields_by_column(file_name: str, where: str, header: list[str], mapping: Mapping, rows_nearby: list[list[str]]) -> dict[str, int]:
    """Which column each field stands in; columns without a name are left out.

    Raises BadInput, naming the nearest field, for a name that the mapping knows and the header lacks, and for names that stand twice.
    ``rows_nearby`` are the table's first rows: one of them may be the header that was meant.
    """
    twice = [name for name, times in Counter(header).items() if name and times > 1]
    missing = [name for name in (*mapping.fields, *mapping.options.fill_down) if name not in header]
    if missing:
        raise BadInput(_missing(file_name, where, missing[0], header, mapping, rows_nearby))
    if twice:
        raise BadInput(
            Text(
                f"{file_name} 第 {where} 行：列名重复：{'、'.join(twice)}；请先改名。",
                f"{file_name}, line {where}: column names that stand twice: {', '.join(twice)}; rename them first.",
            )
        )
    return {name: at for at, name in enumerate(header) if name}


def _missing(file_name: str, where: str, name: str, header: list[str], mapping: Mapping, rows_nearby: list[list[str]]) -> Text:
    hint = meant(nearest(name, header), FULL_STOP)
    if any("\\x00" in cell for cell in header):
        hint = Text("；文件像是 UTF-16 编码：encoding = \"utf-16\"。", "; the file looks like UTF-16: encoding = \"utf-16\".")
    wanted = set(mapping.fields)
    for number, cells in enumerate(rows_nearby, 1):
        if wanted <= set(names_in(cells)):
            hint = Text(f"；第 {number} 行像是表头：header_row = {number}。", f"; row {number} looks like the header: header_row = {number}.")
            break
    return Text(
        f"{file_name} 第 {where} 行：没有映射 {mapping.name} 所说的列“{name}”{hint.zh}",
        f"{file_name}, line {where}: there is no column '{name}', which the mapping {mapping.name} names{hint.en}",
    )


def no_header(file_name: str, mapping: Mapping) -> BadInput:
    """The refusal of a table that ends before its header."""
    row = mapping.options.header_row
    if row is not None and row > 1:
        return BadInput(Text(f"{file_name} 没有第 {row} 行，找不到表头。", f"{file_name} has no row {row}, where its header should stand."))
    return BadInput(Text(f"{file_name} 没有表头。", f"{file_name} has no header row."))


class FillDown:
    """Cells of some columns that are empty because the cell above holds for them too (merged cells)."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._above: dict[str, Any] = dict.fromkeys(names)

    def fill(self, values: dict[str, list[Any]], faulty: set[int]) -> None:
        """Fill the columns in place, from the row above on; rows at fault neither take nor give."""
        for name, above in self._above.items():
            column = values.get(name)
            if column is None:
                continue
            for at, value in enumerate(column):
                if at in faulty:
                    continue
                if value is None or (isinstance(value, str) and not value.strip()):
                    column[at] = above
                else:
                    above = value
            self._above[name] = above
