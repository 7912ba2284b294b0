"""What each field of a sample holds: kinds of values, dates in which format, how empty, how distinct, fit for a key or not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Any

from commandcenter.text import Text
from ingest.inspecting.sample import Sample
from ingest.inspecting.words import unit_of

MOST_DATES = 400  # distinct values of a field tried against every format
MOST_SHOWN = 3
MOST_VALUES = 40
SHOWN_LENGTH = 40
LONGEST_NUMBER = 80  # characters: what is longer is a text, digits or not
EMPTY_WORDS = frozenset(
    {"null", "none", "nan", "n/a", "na", "-", "--", "/", "\\n", "无", "空", "未知", "不详", "unspecified"}
)
FORMATS = (
    "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S.%f%z", "%Y/%m/%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y.%m.%d", "%Y年%m月%d日", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日%H时%M分", "%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S",
    "%m/%d/%y", "%m/%d/%y %H:%M", "%d/%m/%y", "%d/%m/%y %H:%M", "%d.%m.%Y", "%d.%m.%Y %H:%M", "%Y%m%d", "%Y%m%d%H%M%S", "%d-%b-%Y", "%d-%b-%y",
    "%b %d %Y %I:%M%p",
)  # fmt: skip
_LOOKS_DATED = re.compile(
    r"^\d{1,4}\s*[-/.年]\s*[\dA-Za-z]{1,3}\s*[-/.月]\s*\d{1,4}|^(19|20)\d{6}(\d{6})?$|^[A-Z][a-z]{2} \d{1,2} \d{4}"
)
_WHOLE = re.compile(r"[-+]?(\d+|\d{1,3}(,\d{3})+)")
_NUMBER = re.compile(r"[-+]?(\d+|\d{1,3}(,\d{3})+)?\.?\d*([eE][-+]?\d+)?")
_WITH_UNIT = re.compile(r"[-+]?\d+(?:\.\d+)?\s*([^\d\s.,:/()-]{1,6})")
_YES_NO = (
    frozenset({"true", "false"}),
    frozenset({"t", "f"}),
    frozenset({"yes", "no"}),
    frozenset({"y", "n"}),
    frozenset({"是", "否"}),
    frozenset({"有", "无"}),
)
KIND_TITLES = {
    "whole": Text("整数", "whole number"), "number": Text("小数", "number"), "date": Text("日期时间", "date or time"), "boolean": Text("是/否", "yes or no"),
    "text": Text("文本", "text"), "code": Text("带前导零的编码", "code with leading zeros"),
}  # fmt: skip


@dataclass(frozen=True)
class FieldLook:
    """One field. ``kinds`` counts the kinds of its values, ``formats`` read all of its dates (several: the day may be the month)."""

    name: str
    kinds: dict[str, int]
    formats: tuple[str, ...]
    empty_share: float
    samples: tuple[str, ...]
    distinct: int
    may_be_key: bool
    unit: str | None
    fixed_length: int | None
    twice: tuple[str, int] | None  # a value that stands more than once, and how often
    values: tuple[str, ...] = ()  # the most frequent ones

    @property
    def kind(self) -> str:
        """The one kind that all values fit: numbers with and without a point are numbers, anything else mixed is text."""
        found = set(self.kinds)
        if len(found) == 1:
            return next(iter(found))
        if found == {"whole", "number"}:
            return "number"
        return "code" if found == {"whole", "code"} else "text"

    @property
    def is_code(self) -> bool:
        """Whether its digits are a name rather than an amount."""
        return self.kind == "code" or (
            self.kind == "whole" and self.fixed_length is not None and self.fixed_length >= 6
        )

    @property
    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self) | {"kind": self.kind}

    def sentence(self) -> Text:
        """The field in one line."""
        share = f"{self.empty_share:.0%}"
        zh_kinds = "＋".join(f"{KIND_TITLES[kind].zh}" for kind in self.kinds) or "全空"
        en_kinds = " + ".join(f"{KIND_TITLES[kind].en}" for kind in self.kinds) or "always empty"
        shown = " | ".join(self.samples)
        zh, en = [zh_kinds], [en_kinds]
        if self.formats:
            zh.append(f"格式 {' 或 '.join(self.formats)}")
            en.append(f"format {' or '.join(self.formats)}")
            if "%d/%m" in " ".join(self.formats) and "%m/%d" in " ".join(self.formats):
                zh.append("日月先后分不清")
                en.append("day and month cannot be told apart")
        elif self.kinds.get("date"):
            zh.append("日期写法不一")
            en.append("dates written in several ways")
        if self.empty_share:
            zh.append(f"空 {share}")
            en.append(f"{share} empty")
        zh.append(f"不同值 {self.distinct:,}")
        en.append(f"{self.distinct:,} distinct")
        if self.is_code and self.fixed_length:
            zh.append(f"固定 {self.fixed_length} 位，应作编码")
            en.append(f"always {self.fixed_length} long: a code")
        if self.may_be_key:
            zh.append("可作键")
            en.append("may be the key")
        if self.unit:
            zh.append(f"单位疑为 {self.unit}")
            en.append(f"unit perhaps {self.unit}")
        tail = f"：{shown}" if shown else ""
        return Text(
            f"  {self.name}（{'，'.join(zh)}）{tail}", f"  {self.name} ({', '.join(en)}){tail.replace('：', ': ')}"
        )


def look_at_fields(sample: Sample) -> list[FieldLook]:
    """Every field of a sample, in its order."""
    return [_look(name, values) for name, values in sample.columns.items()]


def _look(name: str, values: list[Any]) -> FieldLook:
    told = [text for value in values if (text := _told(value)) is not None]
    counted = Counter(told)
    kinds, dated = _kinds(counted, values)
    most = counted.most_common(1)
    lengths = {len(text) for text in counted}
    numeric = set(kinds) <= {"whole", "code"} and all(text.isdigit() for text in counted)
    fixed = lengths.pop() if numeric and len(lengths) == 1 and len(counted) > 1 else None
    return FieldLook(
        name=name,
        kinds=kinds,
        formats=_formats(dated),
        empty_share=1 - len(told) / len(values) if values else 1.0,
        samples=tuple(text[:SHOWN_LENGTH] for text in list(counted)[:MOST_SHOWN]),
        distinct=len(counted),
        may_be_key=len(counted) > 1
        and len(counted) == len(told) == len(values)
        and not set(kinds) & {"number", "date", "boolean"},
        unit=unit_of(name) or _unit_in(counted),
        fixed_length=fixed,
        twice=most[0] if most and most[0][1] > 1 else None,
        values=tuple(text for text, _ in counted.most_common(MOST_VALUES)),
    )


def _told(value: Any) -> str | None:
    if value is None:
        return None
    text = value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
    text = " ".join(text.split())
    return None if not text or text.lower() in EMPTY_WORDS else text


def _kinds(counted: Counter[str], values: list[Any]) -> tuple[dict[str, int], list[str]]:
    """How many values are of each kind, and the texts that may be dates."""
    words = frozenset(text.lower() for text in counted)
    if words and (
        any(words <= pair for pair in _YES_NO) or all(isinstance(value, bool) for value in values if value is not None)
    ):
        return {"boolean": sum(counted.values())}, []
    kinds: Counter[str] = Counter()
    typed = any(isinstance(value, (datetime, date, time)) for value in values)
    dated: list[str] = []
    usual = list(FORMATS)
    for text, times in counted.items():
        kind = _kind(text, usual)
        if kind == "date":
            dated.append(text)
        kinds[kind] += times
    if dated and not typed and all(text.isdigit() for text in dated) and kinds["date"] < sum(counted.values()):
        kinds["whole"] += kinds.pop("date")  # eight digits that are a date only here and there are numbers
        dated = []
    return dict(kinds.most_common()), dated


def _kind(text: str, usual: list[str]) -> str:
    """The kind of one value. ``usual`` are the formats, the last one that fitted in front: a column rarely has two."""
    if len(text) > LONGEST_NUMBER:
        return "text"
    if _LOOKS_DATED.match(text):
        shape = next((shape for shape in usual if _reads(text, shape)), None)
        if shape is not None:
            usual.remove(shape)
            usual.insert(0, shape)
            return "date"
    if _WHOLE.fullmatch(text):
        return "code" if len(text) > 1 and text[0] == "0" else "whole"
    if _NUMBER.fullmatch(text) and any(letter.isdigit() for letter in text):
        return "number"
    return "text"


def _formats(dated: list[str]) -> tuple[str, ...]:
    """The formats that read every one of the dates; empty where no single one does, or where ISO 8601 does, which needs none."""
    if not dated:
        return ()
    tried = dated[:MOST_DATES]
    fitting = [shape for shape in FORMATS if all(_reads(text, shape) for text in tried)]
    return tuple(fitting) or _several(tried)


def _several(dated: list[str]) -> tuple[str, ...]:
    """Up to three formats of one order of day, month and year that read all dates together (times with and without fractions)."""
    left = set(dated)
    used: list[str] = []
    while left and len(used) < 3:
        shape = max(FORMATS, key=lambda one: sum(_reads(text, one) for text in left))
        read = {text for text in left if _reads(text, shape)}
        if not read:
            return ()
        used.append(shape)
        left -= read
    return () if left or len({shape[:2] for shape in used}) > 1 else tuple(used)


def _reads(text: str, shape: str) -> bool:
    if "%Y%m" in shape and not text.isdigit():
        return False
    try:
        datetime.strptime(text, shape)
    except ValueError:
        return False
    return True


def _unit_in(texts: Iterable[str]) -> str | None:
    found = Counter(match[1] for text in texts if (match := _WITH_UNIT.fullmatch(text)))
    total = sum(found.values())
    return (
        found.most_common(1)[0][0] if total >= 3 and len(found) <= 8 and total >= 0.5 * sum(1 for _ in texts) else None
    )
