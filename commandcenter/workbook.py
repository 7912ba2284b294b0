"""A workbook (.xlsx) as sheets of rows of texts, in bounded memory: what a cell shows, not how Excel keeps it.

Numbers are written out (230202001006, never 2.30202E+11 or 230202001006.0), with leading zeros where the format asks for them
(00, 000000); dates and times are ISO; a formula is its stored result. Errors (#N/A) and formulas never calculated are told as such.
Its XML is read here row by row: libraries that lay a sheet out as a grid die on a file of five kilobytes whose last cell is XFD1048576.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import IO, NamedTuple
from xml.etree import ElementTree

from commandcenter.cell_text import FormatKind, format_kind, number_text
from commandcenter.errors import BadInput
from commandcenter.text import Text

LARGEST_PART = 256 << 20  # of the parts that are kept in memory
LARGEST_UNPACKED = 8 << 30
LARGEST_RATIO, RATIO_MATTERS = 100, 128 << 20  # sheets pack some twenty to one
ROWS, COLUMNS = 1_048_576, 16_384
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']")
_BLOCK = 1 << 20
_NOT_CALCULATED = Text("公式没有保存结果", "a formula without a stored result")
_NO_SUCH_TEXT = Text("文字编号不存在", "a text that the workbook does not hold")


class Merged(NamedTuple):
    """Cells shown as one: rows from 1, columns from 0, both ends included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@dataclass(slots=True)
class SheetRow:
    """One row: its number in the sheet, its texts by column (from 0), and what is wrong with a cell."""

    number: int
    cells: dict[int, str]
    faults: dict[int, Text] = field(default_factory=dict)


class Workbook:
    """An .xlsx or .xlsm file, opened. Faults of its making come out as zip, XML, key or value errors: the caller names the file."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        _check_size(path, self._zip)
        top = self._relations("")
        self._book = next(target for kind, target in top.values() if kind.endswith("/officeDocument"))
        book = self._tree(self._book)
        properties = next(_all(book, "workbookPr"), None)
        self._from_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        relations = self._relations(self._book)
        self._sheets: dict[str, str] = {}
        self.visible: list[str] = []
        for sheet in _all(book, "sheet"):
            relation = next((value for name, value in sheet.items() if name.endswith("}id")), "")
            kind, target = relations.get(relation, ("", ""))
            if kind.endswith("/worksheet"):
                self._sheets[sheet.get("name", "")] = target
                if sheet.get("state", "visible") == "visible":
                    self.visible.append(sheet.get("name", ""))
        self._texts = self._shared_texts(relations)
        self._formats = self._cell_formats(relations)

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    @property
    def names(self) -> list[str]:
        """Every sheet that holds cells by kind, hidden ones too."""
        return list(self._sheets)

    def holds_rows(self, name: str) -> bool:
        """Whether the sheet has any row; new workbooks come with empty sheets."""
        return next(self.rows(name), None) is not None

    def merged(self, name: str) -> list[Merged]:
        """The sheet's merged cells. They stand behind its rows, so the sheet is unpacked once for them alone."""
        found = []
        held = b""
        with self._zip.open(self._sheets[name]) as part:
            while block := part.read(_BLOCK):
                held += block
                end = 0
                for match in _MERGED.finditer(held):
                    end = match.end()
                    found.append(Merged(int(match[2]), _column(match[1].decode()), int(match[4]), _column(match[3].decode())))
                held = held[max(end, len(held) - 256) :]
        return found

    def rows(self, name: str) -> Iterator[SheetRow]:
        """The rows that hold anything, in the order of the sheet."""
        number = 0
        with self._zip.open(self._sheets[name]) as part:
            for _, element in ElementTree.iterparse(part):
                if element.tag.endswith("row") and _local(element.tag) == "row":
                    number = int(element.get("r") or number + 1)
                    row = self._row(number, element)
                    element.clear()  # what is left of it in its parent is some sixty bytes
                    if row.cells or row.faults:
                        yield row

    def _row(self, number: int, element: ElementTree.Element) -> SheetRow:
        if not 1 <= number <= ROWS:
            raise ValueError(f"row {number}")
        row = SheetRow(number, {})
        column = -1
        for cell in element:
            reference = cell.get("r")
            column = _column(reference.rstrip("0123456789")) if reference else column + 1
            text = self._text(cell)
            if isinstance(text, str):
                if text:
                    row.cells[column] = text
            else:
                row.faults[column] = text
        return row

    def _text(self, cell: ElementTree.Element) -> str | Text:
        value, formula = None, False
        for child in cell:
            tag = child.tag
            if tag.endswith("}v"):
                value = child.text or ""
            elif tag.endswith("}is"):
                return _unescaped(_written(child))
            elif tag.endswith("}f"):
                formula = True
        kind = cell.get("t", "n")
        if not value:
            return _NOT_CALCULATED if formula and kind != "str" else ""
        if kind == "n":
            style = int(cell.get("s") or 0)
            return number_text(value, self._formats[style] if 0 <= style < len(self._formats) else None, self._from_1904)
        if kind == "s":
            at = int(value)
            return self._texts[at] if 0 <= at < len(self._texts) else _NO_SUCH_TEXT
        if kind == "e":
            return Text(f"错误值 {value}", f"the error {value}")
        if kind == "b":
            return "true" if value.strip() == "1" else "false"
        return _unescaped(value)

    def _shared_texts(self, relations: dict[str, tuple[str, str]]) -> list[str]:
        target = next((target for kind, target in relations.values() if kind.endswith("/sharedStrings")), None)
        texts: list[str] = []
        if target is None:
            return texts
        with self._small(target) as part:
            for _, element in ElementTree.iterparse(part):
                if element.tag.endswith("si") and _local(element.tag) == "si":
                    texts.append(_unescaped(_written(element)))
                    element.clear()
        return texts

    def _cell_formats(self, relations: dict[str, tuple[str, str]]) -> list[FormatKind | None]:
        target = next((target for kind, target in relations.values() if kind.endswith("/styles")), None)
        if target is None:
            return []
        styles = self._tree(target)
        codes = {int(item.get("numFmtId", -1)): item.get("formatCode", "") for item in _all(styles, "numFmt")}
        formats = next(_all(styles, "cellXfs"), None)
        numbers = [int(item.get("numFmtId", 0)) for item in formats] if formats is not None else []
        return [format_kind(number, codes.get(number)) for number in numbers]

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """What a part of the package points to: kind and path by id."""
        folder, _, file = part.rpartition("/")
        tree = self._tree(join(folder, "_rels", f"{file}.rels"))
        base = dirname(part)
        found = {}
        for item in _all(tree, "Relationship"):
            target = item.get("Target", "")
            found[item.get("Id", "")] = (item.get("Type", ""), target.lstrip("/") if target.startswith("/") else normpath(join(base, target)))
        return found

    def _tree(self, part: str) -> ElementTree.Element:
        with self._small(part) as opened:
            return ElementTree.parse(opened).getroot()

    def _small(self, part: str) -> IO[bytes]:
        if self._zip.getinfo(part).file_size > LARGEST_PART:
            raise ValueError(f"{part} is larger than {LARGEST_PART >> 20} MB")
        return self._zip.open(part)


def _check_size(path: Path, package: zipfile.ZipFile) -> None:
    """Refuse a bomb. zipfile never unpacks more than these declared sizes."""
    unpacked = sum(part.file_size for part in package.infolist())
    if unpacked > LARGEST_UNPACKED or (unpacked > RATIO_MATTERS and unpacked > LARGEST_RATIO * path.stat().st_size):
        size = f"{unpacked / (1 << 20):.0f} MB"
        raise BadInput(
            Text(
                f"{path.name} 解压后有 {size}，像是压缩炸弹；没有写入任何数据。",
                f"{path.name} unpacks to {size}, like a zip bomb; nothing was loaded.",
            )
        )


def _local(tag: str) -> str:
    return tag[tag.rfind("}") + 1 :]


def _all(tree: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (element for element in tree.iter() if _local(element.tag) == name)


def _written(item: ElementTree.Element) -> str:
    """The text of a string item: plain or in runs, without the reading aids of Japanese."""
    parts = []
    for child in item:
        tag = _local(child.tag)
        if tag == "t":
            parts.append(child.text or "")
        elif tag == "r":
            parts += [run.text or "" for run in child if _local(run.tag) == "t"]
    return "".join(parts)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


@lru_cache(maxsize=COLUMNS)
def _column(letters: str) -> int:
    """A, B, ... XFD as 0, 1, ... 16383. Raises ValueError for anything else."""
    number = 0
    for letter in letters:
        if not "A" <= letter <= "Z" or number > COLUMNS:
            raise ValueError(f"column {letters[:10]}")
        number = number * 26 + ord(letter) - 64
    if not 1 <= number <= COLUMNS:
        raise ValueError(f"column {letters[:10]}")
    return number - 1
