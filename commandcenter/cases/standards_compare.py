"""What a new version of a code system changes: read before it is taken into force, and told when it is.

Standards of one category are matched first by the same condition for the same kind of area, then, among what is left, the closest wordings
with each other; only wordings that are closer than ``ALIKE`` count as the same condition said otherwise. The four numbers add up:
old = same + changed + gone, new = same + changed + added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from difflib import SequenceMatcher

from commandcenter.cases.standards import Category, Kind, Standard
from commandcenter.text import Text

ALIKE = 0.6
MOST_PAIRS = 10_000  # of one category: beyond that no wording is looked for
# What may change in a standard, in the order in which it is told. Another source alone is no change: the row keeps the one it came from.
CHANGES: dict[str, Text] = {
    "limit": Text("时限", "limit"), "condition": Text("立案条件", "condition"), "close_condition": Text("结案条件", "closing condition"),
    "area_class": Text("区域等级", "area class"), "handler": Text("处置单位", "handler"), "competent": Text("主管部门", "competent authority"),
    "note": Text("备注", "note"), "position": Text("序号", "position"),
}  # fmt: skip
_PARTS = {"limit": ("limit_value", "limit_unit"), "condition": ("condition", "condition_en"), "close_condition": ("close_condition", "close_condition_en")}


@dataclass(frozen=True)
class Change:
    """One standard as it was and as it will be, and which words of ``CHANGES`` differ."""

    old: Standard
    new: Standard
    what: tuple[str, ...]

    @property
    def sentence(self) -> Text:
        """The change in one sentence."""
        zh, en = [], []
        for word in self.what:
            name = CHANGES[word]
            if word == "limit":
                was, now = (_limit(each) for each in (self.old, self.new))
                zh.append(f"{name.zh}由 {was.zh} 改为 {now.zh}")
                en.append(f"{name.en} {was.en} becomes {now.en}")
            else:
                was_said, now_said = (str(getattr(each, word) or "-") for each in (self.old, self.new))
                zh.append(f"{name.zh}由“{was_said}”改为“{now_said}”")
                en.append(f"{name.en} '{was_said}' becomes '{now_said}'")
        return Text(f"{self.old.category_code}：{'；'.join(zh)}", f"{self.old.category_code}: {'; '.join(en)}")


@dataclass(frozen=True)
class Comparison:
    """Old against new: standards that are new, changed, gone and the same; and the same of categories."""

    added: tuple[Standard, ...]
    changed: tuple[Change, ...]
    gone: tuple[Standard, ...]
    same: tuple[Standard, ...]
    categories_added: tuple[Category, ...]
    categories_changed: tuple[tuple[Category, Category], ...]
    categories_gone: tuple[Category, ...]

    @property
    def nothing(self) -> bool:
        """Whether the new version is the old one."""
        return not (self.added or self.changed or self.gone or self.categories_added or self.categories_changed or self.categories_gone)

    @property
    def sentence(self) -> Text:
        """The numbers in one sentence."""
        limits = sum("limit" in change.what for change in self.changed)
        return Text(
            f"标准：新增 {len(self.added)}，变更 {len(self.changed)}（其中时限 {limits}），取消 {len(self.gone)}，不变 {len(self.same)}；"
            f"类别：新增 {len(self.categories_added)}，变更 {len(self.categories_changed)}，取消 {len(self.categories_gone)}。",
            f"Standards: {len(self.added)} new, {len(self.changed)} changed ({limits} in their limit), {len(self.gone)} gone, {len(self.same)} the same; "
            f"categories: {len(self.categories_added)} new, {len(self.categories_changed)} changed, {len(self.categories_gone)} gone.",
        )


def compare(old: Iterable[Standard], new: Iterable[Standard], old_categories: Iterable[Category] = (), new_categories: Iterable[Category] = ()) -> Comparison:
    """Which standards and categories are new, changed, gone or the same, in the order of the lists."""
    was, now = _by_category(old), _by_category(new)
    added: list[Standard] = []
    changed: list[Change] = []
    gone: list[Standard] = []
    same: list[Standard] = []
    for key in {**was, **now}:
        left, arriving = list(was.get(key, ())), list(now.get(key, ()))
        for before, after in _pairs(left, arriving):
            what = _differences(before, after)
            if what:
                changed.append(Change(before, after, what))
            else:
                same.append(after)
        gone += left
        added += arriving
    before_it, after_it = ({each.key: each for each in categories} for categories in (old_categories, new_categories))
    return Comparison(
        tuple(added),
        tuple(changed),
        tuple(gone),
        tuple(same),
        tuple(each for key, each in after_it.items() if key not in before_it),
        tuple((before_it[key], each) for key, each in after_it.items() if key in before_it and replace(before_it[key], source=each.source) != each),
        tuple(each for key, each in before_it.items() if key not in after_it),
    )


def _by_category(standards: Iterable[Standard]) -> Mapping[tuple[Kind, str], list[Standard]]:
    found: dict[tuple[Kind, str], list[Standard]] = {}
    for standard in standards:
        found.setdefault(standard.key, []).append(standard)
    return found


def _pairs(old: list[Standard], new: list[Standard]) -> list[tuple[Standard, Standard]]:
    """Which of the old is which of the new; both lists keep what has no match."""
    found = []
    for wanted in (_whole, _wording):
        for before in list(old):
            after = next((each for each in new if wanted(each) == wanted(before)), None)
            if after is not None:
                found.append((before, after))
                old.remove(before)
                new.remove(after)
    if len(old) * len(new) > MOST_PAIRS:
        return found
    scored = sorted(
        ((_alike(before, after), -i, -j) for i, before in enumerate(old) for j, after in enumerate(new) if before.area_class == after.area_class),
        reverse=True,
    )
    olds, news = list(old), list(new)
    used_old: set[int] = set()
    used_new: set[int] = set()
    for score, i, j in scored:
        if score >= ALIKE and -i not in used_old and -j not in used_new:
            used_old.add(-i)
            used_new.add(-j)
            found.append((olds[-i], news[-j]))
    old[:] = [each for at, each in enumerate(olds) if at not in used_old]
    new[:] = [each for at, each in enumerate(news) if at not in used_new]
    return found


def _whole(standard: Standard) -> tuple[object, ...]:
    return tuple(getattr(standard, field.name) for field in fields(standard))


def _wording(standard: Standard) -> tuple[object, ...]:
    return standard.condition, standard.area_class


def _alike(one: Standard, other: Standard) -> float:
    return SequenceMatcher(None, one.condition, other.condition, autojunk=False).ratio()


def _differences(old: Standard, new: Standard) -> tuple[str, ...]:
    return tuple(word for word in CHANGES if any(getattr(old, part) != getattr(new, part) for part in _PARTS.get(word, (word,))))


def _limit(standard: Standard) -> Text:
    return standard.limit.text if standard.limit is not None else Text("无时限", "no limit")
