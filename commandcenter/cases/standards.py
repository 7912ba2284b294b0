"""By what a case is judged: code systems, their categories, and the standards of each category, as plain values.

One category (小类) has many standards: each says from what on a case is filed (立案条件), when it is closed (结案条件) and within what limit
it is handled (处置时限). Codes are text and mean something only together with their code system and kind: 0402 is a street tree among
components and a market among events, and the large classes 04 and 05 of events bear different names in different cities.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Final, Literal, cast, get_args

from commandcenter.cases.limits import Limit, Unit
from commandcenter.errors import BadInput
from commandcenter.text import Text

Kind = Literal["component", "event", "grid", "hotline", "enforcement"]
KINDS: Final[dict[Kind, Text]] = {
    "component": Text("部件", "component"), "event": Text("事件", "event"), "grid": Text("网格事项", "grid matter"),
    "hotline": Text("热线工单", "hotline order"), "enforcement": Text("执法案件", "enforcement case"),
}  # fmt: skip
NO_LIMIT: Final = "原表未写时限 / the source states no limit"
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,31}")
# The longest limit of each unit that a person means: some thirteen months. Whatever is longer is a slip of the pen.
LONGEST: Final[dict[Unit, int]] = {"uh": 9_600, "ud": 400, "wh": 3_200, "wd": 400}


@dataclass(frozen=True)
class CodeSystem:
    """One complete set of categories with their standards, under a name: a national list, a city's own. Dates are days; the end is not included."""

    code: str
    title: str
    title_en: str
    source: str
    valid_from: date
    valid_to: date | None = None

    def __post_init__(self) -> None:
        checked_code(self.code, Text("代码体系", "code system"))
        _said(self.title, Text("代码体系的名称", "title of the code system"))
        _said(self.source, Text("代码体系的来源", "source of the code system"))
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise BadInput(Text(f"代码体系 {self.code} 的终止日不晚于起始日。", f"The code system {self.code} ends no later than it begins."))


@dataclass(frozen=True)
class Category:
    """A small class (小类) below its large class (大类). ``local``: the source marks it as the city's own."""

    code_system: str
    kind: Kind
    code: str
    major_code: str
    major: str
    minor: str
    major_en: str | None = None
    minor_en: str | None = None
    local: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        checked_kind(self.kind)
        for code in (self.code, self.major_code):
            checked_code(code, Text("类别代码", "category code"))
        _said(self.major, Text(f"类别 {self.code} 的大类名称", f"name of the large class of {self.code}"))
        _said(self.minor, Text(f"类别 {self.code} 的小类名称", f"name of the small class {self.code}"))

    @property
    def key(self) -> tuple[Kind, str]:
        """What names it within its code system."""
        return self.kind, self.code

    @property
    def title(self) -> Text:
        """Its name in both languages; a city's own workbook has only one."""
        return Text(self.minor, self.minor_en or self.minor)


@dataclass(frozen=True)
class Standard:
    """One filing condition of a category with its closing condition and its limit.

    ``position`` counts from 1 within the category. Without a limit the note says why. ``area_class`` is the management grade of the area
    the limit is for (A, B ... or 一类, 二类 ...), None for all areas. ``handler`` handles, ``competent`` is the authority above it.
    """

    code_system: str
    kind: Kind
    category_code: str
    position: int
    condition: str
    condition_en: str | None = None
    close_condition: str | None = None
    close_condition_en: str | None = None
    limit_value: Decimal | None = None
    limit_unit: Unit | None = None
    area_class: str | None = None
    handler: str | None = None
    competent: str | None = None
    note: str | None = None
    source: str = ""

    def __post_init__(self) -> None:
        checked_kind(self.kind)
        checked_code(self.category_code, Text("类别代码", "category code"))
        _said(self.condition, Text(f"类别 {self.category_code} 的立案条件", f"filing condition of category {self.category_code}"))
        if self.position < 1:
            raise BadInput(Text(f"类别 {self.category_code} 的序号从 1 起。", f"The positions of category {self.category_code} count from 1."))
        if (self.limit_value is None) != (self.limit_unit is None):
            raise BadInput(Text(f"类别 {self.category_code} 的时限缺数值或单位。", f"A limit of category {self.category_code} lacks its number or its unit."))
        limit = self.limit
        if limit is None:
            _said(self.note or "", Text(f"类别 {self.category_code} 没有时限的原因", f"reason why category {self.category_code} has no limit"))
        elif limit.value > LONGEST[limit.unit]:
            raise too_long(limit)
        else:
            object.__setattr__(self, "limit_value", limit.value)

    @property
    def key(self) -> tuple[Kind, str]:
        """The category it belongs to."""
        return self.kind, self.category_code

    @property
    def limit(self) -> Limit | None:
        """The limit as the clocks count it. Raises BadInput for an unknown unit and a number that is none or not above nought."""
        return None if self.limit_value is None or self.limit_unit is None else Limit(self.limit_value, self.limit_unit)

    @property
    def title(self) -> Text:
        """The condition in both languages; a city's own workbook has only one."""
        return Text(self.condition, self.condition_en or self.condition)


@dataclass(frozen=True)
class Catalogue:
    """A whole code system at one time. Raises BadInput for a category twice, a position twice, and a standard of no category."""

    system: CodeSystem
    categories: tuple[Category, ...]
    standards: tuple[Standard, ...]

    def __post_init__(self) -> None:
        known: set[tuple[Kind, str]] = set()
        for category in self.categories:
            if category.key in known:
                raise BadInput(Text(f"类别 {category.code} 出现两次。", f"The category {category.code} stands twice."))
            known.add(category.key)
        taken: set[tuple[Kind, str, int]] = set()
        for standard in self.standards:
            code, place = standard.category_code, (*standard.key, standard.position)
            if standard.key not in known:
                raise BadInput(Text(f"标准所属的类别 {code} 不存在。", f"There is no category {code}, to which a standard belongs."))
            if place in taken:
                raise BadInput(Text(f"类别 {code} 的序号 {standard.position} 出现两次。", f"Position {standard.position} of category {code} stands twice."))
            taken.add(place)
        strange = {each.code_system for each in self.categories} | {each.code_system for each in self.standards}
        strange.discard(self.system.code)
        if strange:
            raise BadInput(
                Text(f"混有其他代码体系：{'、'.join(sorted(strange))}。", f"Other code systems are mixed in: {', '.join(sorted(strange))}.")
            )

    @cached_property
    def by_key(self) -> Mapping[tuple[Kind, str], Category]:
        """The categories by kind and code."""
        return {category.key: category for category in self.categories}

    @cached_property
    def _standards_by_key(self) -> Mapping[tuple[Kind, str], tuple[Standard, ...]]:
        found: dict[tuple[Kind, str], list[Standard]] = {}
        for standard in sorted(self.standards, key=lambda each: each.position):
            found.setdefault(standard.key, []).append(standard)
        return {key: tuple(held) for key, held in found.items()}

    def category(self, kind: Kind, code: str) -> Category:
        """The category of a code. Raises BadInput when there is none."""
        found = self.by_key.get((kind, code))
        if found is None:
            words, system = KINDS[kind], self.system.code
            raise BadInput(Text(f"代码体系 {system} 没有{words.zh}类别 {code}。", f"The code system {system} has no {words.en} category {code}."))
        return found

    def standards_of(self, kind: Kind, code: str) -> tuple[Standard, ...]:
        """The standards of a category in their order; none for a category that has none."""
        return self._standards_by_key.get((kind, code), ())


def checked_kind(kind: str) -> Kind:
    """A kind of case. Raises BadInput for another word."""
    if kind not in get_args(Kind):
        raise BadInput(Text(f"事项种类“{kind}”未知，可用：{'、'.join(KINDS)}。", f"The kind of case '{kind}' is unknown; known are {', '.join(KINDS)}."))
    return cast(Kind, kind)


def checked_code(code: str, what: Text) -> str:
    """A code, which is text: letters, digits, - and _, at most 32. Raises BadInput."""
    if not (isinstance(code, str) and _CODE.fullmatch(code)):
        said = str(code)[:40]
        raise BadInput(Text(f"{what.zh}“{said}”应为 1 到 32 个字母、数字、- 或 _。", f"The {what.en} '{said}' must be 1 to 32 letters, digits, - or _."))
    return code


def too_long(limit: Limit) -> BadInput:
    """What is said of a limit that nobody means."""
    most = Limit(Decimal(LONGEST[limit.unit]), limit.unit).text
    return BadInput(Text(f"时限 {limit.text.zh}过长，最多 {most.zh}。", f"The limit of {limit.text.en} is too long; at most {most.en}."))


def _said(text: str, what: Text) -> None:
    if not text.strip():
        raise BadInput(Text(f"缺少{what.zh}。", f"The {what.en} is missing."))
