"""What became of every row of a city's own standard: taken, refused with a sentence, or no condition at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from commandcenter.cases.standards import Category, Kind, Standard
from commandcenter.errors import BadInput
from commandcenter.text import Text


class Place(NamedTuple):
    """Where something stands: sheet, row (from 1, as a spreadsheet shows it), and the heading and letter of its column where it is about one."""

    sheet: str
    row: int
    heading: str = ""
    letter: str = ""

    @property
    def text(self) -> Text:
        """``sheet 部件, row 12, column I (处置时限)``."""
        zh = f"工作表“{self.sheet}”第 {self.row} 行" + (f" {self.letter} 列（{self.heading}）" if self.letter else "")
        en = f"sheet '{self.sheet}', row {self.row}" + (f", column {self.letter} ({self.heading})" if self.letter else "")
        return Text(zh, en)


class Said(NamedTuple):
    """One sentence about one place."""

    place: Place
    words: Text

    @property
    def sentence(self) -> Text:
        """The words with their place."""
        where = self.place.text
        return Text(f"{where.zh}：{self.words.zh}", f"{where.en}: {self.words.en}")


@dataclass
class SheetReport:
    """The rows of one sheet. ``rows`` = ``titles`` + ``headers`` + ``empty`` + ``continued`` + ``read``, and ``read`` = ``taken`` + ``refused``.

    ``continued`` rows hold nothing of their own: the merged cells of the condition above reach over them. ``standards`` is more than
    ``taken`` where one row gives a limit for each class of area.
    """

    name: str
    kind: Kind
    rows: int = 0
    titles: int = 0
    headers: int = 0
    empty: int = 0
    continued: int = 0
    read: int = 0
    taken: int = 0
    refused: int = 0
    standards: int = 0

    @property
    def sentence(self) -> Text:
        """The numbers in one sentence."""
        zh = f"工作表“{self.name}”：读到条件 {self.read} 条，采纳 {self.taken}，拒绝 {self.refused}；另有标题行 {self.titles}，表头行 {self.headers}，"
        en = f"Sheet '{self.name}': {self.read} conditions read, {self.taken} taken, {self.refused} refused; besides {self.titles} title rows, "
        return Text(
            f"{zh}空行 {self.empty}，合并单元格的延续行 {self.continued}。",
            f"{en}{self.headers} header rows, {self.empty} empty rows, {self.continued} rows that merged cells reach over.",
        )


@dataclass
class ImportReport:
    """The sheets that were read, what was refused and why, and what is worth a look though it was taken."""

    sheets: list[SheetReport] = field(default_factory=list)
    refused: list[Said] = field(default_factory=list)
    remarks: list[Said] = field(default_factory=list)
    without_limit: list[Place] = field(default_factory=list)
    left_out: list[Text] = field(default_factory=list)  # whole sheets that hold no standard
    plain_units: list[Text] = field(default_factory=list)  # how often "小时" and "天" were read, which are no unit by themselves, and as what

    @property
    def read(self) -> int:
        """Condition rows in all sheets."""
        return sum(sheet.read for sheet in self.sheets)

    @property
    def taken(self) -> int:
        """Condition rows that became standards."""
        return sum(sheet.taken for sheet in self.sheets)

    def sentences(self) -> Iterator[Text]:
        """The report for people: numbers first, then what was refused, then remarks."""
        yield from (sheet.sentence for sheet in self.sheets)
        yield from self.left_out
        yield from self.plain_units
        if self.without_limit:
            yield Text(f"没有时限而保留的条件 {len(self.without_limit)} 条。", f"{len(self.without_limit)} conditions state no limit and are kept without one.")
        yield from (said.sentence for said in self.refused)
        yield from (said.sentence for said in self.remarks)


@dataclass(frozen=True)
class Imported:
    """A city's own standard as rows, what became of each row, and where each standard stood: by kind, category and position."""

    categories: tuple[Category, ...]
    standards: tuple[Standard, ...]
    report: ImportReport
    places: Mapping[tuple[Kind, str, int], Place]


class RowRefused(BadInput):
    """One row cannot be taken; ``column`` is the word of the column that is at fault."""

    def __init__(self, column: str, sentence: Text) -> None:
        super().__init__(sentence)
        self.column = column
