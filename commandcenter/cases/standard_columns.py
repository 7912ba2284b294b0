"""Which column of a sheet holds what: the headings that standards are published with, in Chinese or English."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from commandcenter.cases.limits import Unit
from commandcenter.cases.standard_limits import unit_in_heading
from commandcenter.errors import BadInput
from commandcenter.text import Text

LOOKED_THROUGH = 30  # rows from the top in which the headings are looked for
# Each column's headings; the first Chinese and the last English one stand in sentences.
HEADINGS: dict[str, tuple[str, ...]] = {
    "major_code": ("大类代码", "大类编码", "大类编号", "major code"),
    "major": ("大类名称", "大类", "major class"),
    "minor_code": ("小类代码", "小类编码", "小类编号", "minor code"),
    "minor": ("小类名称", "小类", "minor class"),
    "condition": ("立案条件", "立案标准", "立案情形", "filing condition"),
    "close": ("结案条件", "结案标准", "处置标准", "closing condition"),
    "limit": ("处置时限", "处置期限", "处理时限", "处理期限", "办理时限", "办结时限", "handling limit"),
    "area_class": ("区域等级", "区域类别", "区域级别", "管理等级", "管理区域", "area class"),
    "handler": ("处置单位", "责任主体", "责任单位", "处置责任单位", "处置部门", "专业部门", "handler"),
    "competent": ("主管部门", "监管主体", "主管单位", "监管部门", "competent authority"),
    "note": ("备注", "说明", "采集要求", "note"),
    "law": ("法律法规依据", "法律依据", "处置依据", "legal basis"),
    "law_text": ("法律法规具体条款", "法律条款", "legal text"),
}
NEEDED = ("major_code", "major", "minor_code", "minor", "condition", "limit")
NAMES: dict[str, Text] = {word: Text(said[0], said[-1]) for word, said in HEADINGS.items()}
_KNOWN = {heading: word for word, said in HEADINGS.items() for heading in said}
_BRACKETS = re.compile(r"[(\[]([^)\]]*)[)\]]$")


@dataclass(frozen=True)
class Columns:
    """Where each known column stands (from 0), and the unit that the limit's heading names."""

    at: Mapping[str, int]
    headings: Mapping[int, str]
    unit: Unit | None

    def word(self, column: int) -> str | None:
        """What a column holds, None for one that is not known."""
        return next((word for word, at in self.at.items() if at == column), None)

    def is_header(self, cells: Mapping[int, str]) -> bool:
        """Whether a row repeats the headings, as a printed table does on each page."""
        return all(plain_heading(cells.get(self.at[word], "")) == plain_heading(self.headings[self.at[word]]) for word in NEEDED)


def plain_heading(text: str) -> str:
    """A heading without blanks, line ends, stars and case; full-width signs as plain ones."""
    return re.sub(r"[\s*]+", "" if not text.isascii() else " ", unicodedata.normalize("NFKC", text)).strip().lower()


def columns_of(cells: Mapping[int, str], plain: Mapping[str, Unit]) -> tuple[Columns | None, list[str]]:
    """The columns if this row is the header, and which needed ones it lacks. Raises BadInput where two columns bear one heading."""
    at: dict[str, int] = {}
    unit = None
    for column, text in sorted(cells.items()):
        heading = plain_heading(text)
        brackets = _BRACKETS.search(heading)
        word = _KNOWN.get(heading) or (_KNOWN.get(heading[: brackets.start()]) if brackets else None)
        if word is None:
            continue
        if word in at:
            first, second = letter(at[word]), letter(column)
            raise BadInput(
                Text(
                    f"{first} 列和 {second} 列都是“{NAMES[word].zh}”，不知以哪列为准；请只留一列。",
                    f"Columns {first} and {second} are both headed '{NAMES[word].en}', and which one holds is not said; keep one.",
                )
            )
        at[word] = column
        if word == "limit" and brackets:
            unit = unit_in_heading(brackets[1], plain)
    missing = [word for word in NEEDED if word not in at]
    return (None if missing else Columns(at, {column: cells[column] for column in at.values()}, unit)), missing


def letter(column: int) -> str:
    """A column's letters as spreadsheets show them: 0 is A, 26 is AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
