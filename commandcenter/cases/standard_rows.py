"""One sheet of a city's own standard on the way down: which class each row belongs to, and what each row becomes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from commandcenter.cases.import_report import ImportReport, Place, RowRefused, Said, SheetReport
from commandcenter.cases.limits import Unit
from commandcenter.cases.standard_columns import NAMES, Columns, letter
from commandcenter.cases.standard_limits import ReadLimit, read_limits
from commandcenter.cases.standard_sheets import ERROR_MARK, Row, Sheet
from commandcenter.cases.standards import Category, Kind
from commandcenter.errors import BadInput
from commandcenter.text import Text

LONGEST_TEXT = 2_000
_CODE = re.compile(r"[0-9A-Za-z_-]{1,16}")
_GROUP = ("major_code", "major", "minor_code", "minor")
_CONDITION = ("condition", "close", "limit", "area_class")


@dataclass(frozen=True)
class Found:
    """One condition row that could be read, with its limits (none where the source states none)."""

    category: Category
    place: Place
    limit_place: Place
    condition: str
    close: str | None
    area_class: str | None
    handler: str | None
    competent: str | None
    note: str | None
    limits: tuple[ReadLimit, ...]


@dataclass
class _Group:
    """The large and the small class that rows belong to, until another one begins."""

    major_code: str = ""
    major: str = ""
    minor_code: str = ""
    minor: str = ""
    until: int | None = None  # the last row of the small class's merged cell
    handler: str = ""
    competent: str = ""
    first_row: int = 0


class SheetReader:
    """The rows of one sheet, on the way down."""

    def __init__(
        self, sheet: Sheet, columns: Columns, header: int, kind: Kind, report: ImportReport, plain: Mapping[str, Unit], of: tuple[str, str, int | None]
    ) -> None:
        self._sheet, self._columns, self._header, self._kind, self._report, self._plain = sheet, columns, header, kind, report, plain
        self._system, self._source, self._local_from = of
        self._group = _Group()
        self._counts = SheetReport(sheet.name, kind, rows=len(sheet.rows))
        self._majors: dict[str, str] = {}
        self._without_condition: dict[str, Place] = {}  # small classes whose first row holds nothing else
        report.sheets.append(self._counts)

    def conditions(self) -> Iterator[Found]:
        """The condition rows that can be read; the others are in the report."""
        counts = self._counts
        for row in self._sheet.rows:
            if not row.own and not self._shows(row, "condition"):
                counts.empty += 1
            elif row.number < self._header:
                counts.titles += 1
            elif row.number == self._header or self._columns.is_header(row.own):
                counts.headers += 1
            elif self._is_title(row):
                counts.titles += 1
                self._group = _Group()
            elif self._continues(row):
                counts.continued += 1
            else:
                yield from self._condition(row)
        for code, place in self._without_condition.items():
            said = Text(f"小类 {code} 没有可采纳的立案条件。", f"The small class {code} has no condition that could be taken.")
            self._report.remarks.append(Said(place, said))

    def _condition(self, row: Row) -> Iterator[Found]:
        own_words = {self._columns.word(column) for column in row.own}
        if own_words <= {*_GROUP, "handler", "competent"} and not self._shows(row, "condition"):
            try:
                self._begin(row, alone=True)
                self._counts.titles += 1  # a row that only begins a class
            except RowRefused as fault:
                self._counts.read += 1
                self._refuse(row, fault)
            return
        self._counts.read += 1
        try:
            self._begin(row)
            found = self._read(row)
            self._without_condition.pop(found.category.code, None)
            yield found
        except RowRefused as fault:
            self._refuse(row, fault)
        except BadInput as fault:
            self._report.refused.append(Said(Place(self._sheet.name, row.number), fault.sentence))

    def _read(self, row: Row) -> Found:
        for word in (*_GROUP, *_CONDITION, "handler", "competent"):
            self._check_cell(word, self._shown(row, word))
        condition = self._shown(row, "condition")
        if not condition:
            raise RowRefused("condition", Text("没有立案条件。", "There is no filing condition."))
        said = self._shown(row, "limit")
        group = self._group
        return Found(
            self._category(), self._place(row, "condition"), self._place(row, "limit"), condition, self._shown(row, "close") or None,
            self._shown(row, "area_class") or None, group.handler or None, group.competent or None, self._note(row),
            tuple(read_limits(said, self._plain, self._columns.unit)) if said else (),
        )  # fmt: skip

    def _begin(self, row: Row, alone: bool = False) -> None:
        """Take over the classes that begin in this row, and see to it that the row has both. Raises RowRefused."""
        own = {word: row.own.get(at, "") for word, at in self._columns.at.items() if word in _GROUP}
        new_major = bool(own["major_code"]) or (bool(own["major"]) and _name(own["major"]) != self._group.major)
        if new_major or own["minor_code"] or own["minor"]:
            before = self._group
            self._group = _Group() if new_major else _Group(before.major_code, before.major)  # if this row is refused, those below have no class either
            for word, text in own.items():
                self._check_cell(word, text)
            self._group = self._begun(row, own, before, new_major)
            if alone and self._group.minor_code:
                self._without_condition[f"{self._group.major_code}{self._group.minor_code}"] = self._place(row, "minor_code")
        group = self._group
        for word in ("handler", "competent"):
            setattr(group, word, _lines(self._shown(row, word)) or getattr(group, word))
        if not alone:
            self._check_group(row)

    def _begun(self, row: Row, own: Mapping[str, str], before: _Group, new_major: bool) -> _Group:
        """The group that begins in a row with codes or names of its own; a class that another row names is taken from above."""
        group = _Group(before.major_code, before.major, first_row=row.number)
        if new_major:
            group.major_code = _code(own["major_code"])
            group.major = _name(own["major"]) or (before.major if group.major_code == before.major_code else "")
        if group.major_code and group.major and self._majors.setdefault(group.major_code, group.major) != group.major:
            self._remark_major(row, group)
        group.minor_code, group.minor = _code(own["minor_code"]), _name(own["minor"])
        ends = [self._sheet.ends.get((row.number, self._columns.at[word])) for word in ("minor_code", "minor")]
        group.until = min((end for end in ends if end is not None), default=None)
        return group

    def _check_group(self, row: Row) -> None:
        group = self._group
        for word, value in (("major_code", group.major_code), ("major", group.major), ("minor_code", group.minor_code), ("minor", group.minor)):
            if not value:
                name = NAMES[word]
                raise RowRefused(word, Text(f"没有{name.zh}，本行属于哪一类不明。", f"The {name.en} is missing: which class the row belongs to is not said."))
        if group.until is not None and row.number > group.until:
            raise RowRefused(
                "minor_code",
                Text(
                    f"本行在小类 {group.minor_code} 的合并单元格（第 {group.first_row} 至 {group.until} 行）之外，属于哪一类不明。",
                    f"The row lies outside the merged cell of the small class {group.minor_code} (rows {group.first_row} to {group.until}): "
                    "which class it belongs to is not said.",
                ),
            )

    def _category(self) -> Category:
        group = self._group
        major, minor = group.major_code, group.minor_code
        if not minor.isdigit() or (len(minor) >= 4 and minor.startswith(major)):
            code = minor
        elif len(minor) in (2, 3):
            code = f"{major}{minor}"
        else:
            said = Text(f"小类代码 {minor} 与大类代码 {major} 不相配。", f"The minor code {minor} does not go with the major code {major}.")
            raise RowRefused("minor_code", said)
        local = self._local_from is not None and len(minor) == 2 and minor.isdigit() and int(minor) >= self._local_from
        return Category(self._system, self._kind, code, major, group.major, group.minor, local=local, source=self._source)

    def _note(self, row: Row) -> str | None:
        """What other known columns say in this very row."""
        columns = [self._columns.at[word] for word in ("note", "law", "law_text") if word in self._columns.at]
        said = [(self._columns.headings[column], row.own[column]) for column in columns if column in row.own]
        return "\n".join(f"{_name(heading)}：{_lines(text)}" for heading, text in said) or None

    def _check_cell(self, word: str, text: str) -> None:
        if text.startswith(ERROR_MARK):
            zh, _, en = text[1:].partition("|")
            raise RowRefused(word, Text(f"单元格是{zh}。", f"The cell is {en}."))
        if len(text) > LONGEST_TEXT:
            raise RowRefused(word, Text(f"文字有 {len(text)} 个字，最多 {LONGEST_TEXT}。", f"The text has {len(text)} characters; at most {LONGEST_TEXT}."))

    def _shown(self, row: Row, word: str) -> str:
        return _lines(row.text(self._columns.at.get(word)))

    def _shows(self, row: Row, word: str) -> bool:
        return bool(row.text(self._columns.at.get(word)))

    def _is_title(self, row: Row) -> bool:
        """A line across the table: one text at its left edge or over several columns, and nothing of a condition."""
        if len(row.own) != 1 or self._shows(row, "condition"):
            return False
        (column,) = row.own
        if self._columns.word(column) in _CONDITION:
            return False
        left = column <= min(self._columns.at.values()) and not _CODE.fullmatch(row.own[column])
        return left or (row.number, column) in self._sheet.sideways or self._columns.word(column) is None

    def _continues(self, row: Row) -> bool:
        """Whether only merged cells of the condition above reach over this row."""
        condition = self._columns.at["condition"]
        return condition in row.shared and not any(self._columns.word(column) in (*_GROUP, *_CONDITION) for column in row.own)

    def _place(self, row: Row, word: str) -> Place:
        at = self._columns.at.get(word)
        return Place(self._sheet.name, row.number) if at is None else Place(self._sheet.name, row.number, _name(self._columns.headings[at]), letter(at))

    def _refuse(self, row: Row, fault: RowRefused) -> None:
        self._report.refused.append(Said(self._place(row, fault.column), fault.sentence))

    def _remark_major(self, row: Row, group: _Group) -> None:
        if not row.own.get(self._columns.at["major"]):
            return
        self._report.remarks.append(
            Said(
                self._place(row, "major"),
                Text(
                    f"大类 {group.major_code} 在此写作“{group.major}”，前面写作“{self._majors[group.major_code]}”；名称随行照录。",
                    f"The large class {group.major_code} bears another name here than above; each row keeps the name it has.",
                ),
            )
        )


def _code(text: str) -> str:
    """A code as text with its leading zero: 1 and ０１ are 01. Raises RowRefused for what is none."""
    code = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    if code and not _CODE.fullmatch(code):
        raise RowRefused("minor_code", Text(f"“{code[:20]}”不是代码。", "What stands in the column of codes is no code."))
    return code.zfill(2) if code.isdigit() else code


def _name(text: str) -> str:
    """A name in one line: line ends and blanks between Chinese characters are the spreadsheet's, not the name's."""
    return re.sub(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])", "", re.sub(r"\s+", " ", text.strip()))


def _lines(text: str) -> str:
    """A text with its lines, without blanks around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
