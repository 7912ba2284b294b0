"""What a cell with a limit says: numbers with units as offices write them, in Chinese or full-width digits, with words beside them.

Nothing is guessed. A unit that is not in the list, a range, a number without a unit or several limits without a class of area each are
refused with a sentence. "小时" and "天" are no unit by themselves (the same words mean office hours in one city and hours on end in the next):
the caller says what they are read as.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from commandcenter.cases.import_report import RowRefused
from commandcenter.cases.limits import Limit, Unit
from commandcenter.cases.standards import LONGEST, too_long
from commandcenter.errors import BadInput
from commandcenter.text import Text

UNIT_WORDS: Final[dict[str, Unit]] = {
    "紧急工作小时": "uh", "紧急工作时": "uh", "紧急工时": "uh", "连续小时": "uh", "自然小时": "uh", "uh": "uh",
    "紧急工作日": "ud", "紧急工作天": "ud", "连续日": "ud", "自然日": "ud", "日历日": "ud", "日历天": "ud", "ud": "ud",
    "工作小时": "wh", "工作时": "wh", "wh": "wh",
    "工作日": "wd", "工作天": "wd", "wd": "wd",
}  # fmt: skip
# As the sheets of the standard this follows mean them (小时 there stands for 工作时, 天 for 工作日).
PLAIN: Final[dict[str, Unit]] = {"小时": "wh", "天": "wd"}
PLAIN_ENGLISH: Final = {"小时": "hours", "天": "days"}
_PLAIN_WORDS = tuple(PLAIN)
_NUMBER = r"(\d+(?:\.\d+)?|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九])"
_UNITS = "|".join(sorted((*UNIT_WORDS, *_PLAIN_WORDS), key=len, reverse=True))
_LIMIT = re.compile(rf"(?<![\d.]){_NUMBER}个?({_UNITS})", re.IGNORECASE)
_NUMBER_ALONE = re.compile(_NUMBER)
_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"两": 2}
_EDGE = "，,。；;、:/()（）内以之限期时"
_MEANING = re.compile(r"[\d一二两三四五六七八九十百半几数第每至到约超逾或~-]|不[少低]|以上|以外")  # words that change what a number means
_AREA = re.compile(r"(一|二|三|四|五|[A-E])类(区域|地区|区|地段|道路|路段)?", re.IGNORECASE)


@dataclass(frozen=True)
class ReadLimit:
    """One limit of a cell: the class of area it is for, words that stood beside it, and the plain word its unit was written with."""

    limit: Limit
    area_class: str | None = None
    words: str = ""
    plain: str = ""


def read_limits(cell: str, plain: Mapping[str, Unit], unit_of_heading: Unit | None = None) -> list[ReadLimit]:
    """The limits of a cell, at least one. Raises RowRefused, which says what cannot be read.

    ``2紧急工作时`` is 2 uh; ``种植季节15工作日`` is 15 wd with the words 种植季节; ``一类区域2小时；二类区域4小时`` are two limits.
    ``unit_of_heading`` is the unit of a number that stands alone, where the column's heading names one: 处置时限（工作日）.
    """
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", cell))
    found = list(_LIMIT.finditer(text))
    if not found and unit_of_heading is not None and _NUMBER_ALONE.fullmatch(text):
        return [ReadLimit(_limit(text, unit_of_heading))]
    if not found:
        raise RowRefused("limit", _unreadable(cell, text))
    gaps = [text[before.end() if before else 0 : match.start()].strip(_EDGE) for before, match in zip([None, *found], found, strict=False)]
    last = text[found[-1].end() :].strip(_EDGE)
    read = []
    for match, words in zip(found, gaps, strict=True):
        written = match[2].lower()
        unit = UNIT_WORDS.get(written) or plain.get(written)
        if unit is None:
            said_en = f"Whether '{PLAIN_ENGLISH[written]}' are office time or time on end is not said."
            raise RowRefused("limit", Text(f"没有说明“{written}”指工作时间还是连续时间。", said_en))
        area = _AREA.fullmatch(words)
        read.append(ReadLimit(_limit(match[1], unit), words if area else None, "" if area else words, written if written in _PLAIN_WORDS else ""))
    if len(read) > 1:
        classes = [each.area_class for each in read]
        if last or None in classes or len(set(classes)) < len(classes):
            said_en = f"The cell holds {len(read)} limits and does not say which holds when; give each a row of its own."
            raise RowRefused("limit", Text(f"一格内有 {len(read)} 个时限（{_short(text)}），各适用于何种情形不明；请分行书写。", said_en))
        return read
    only = read[0]
    words = f"{only.words}{last}"
    if _MEANING.search(words) or not all("一" <= sign <= "鿿" for sign in words):
        said_en = "Beside the limit stand words that may change what it means; write the limit alone."
        raise RowRefused("limit", Text(f"时限“{_short(text)}”带有可能改变含义的文字；请只写时限。", said_en))
    return [ReadLimit(only.limit, only.area_class, words, only.plain)]


def unit_in_heading(inside: str, plain: Mapping[str, Unit]) -> Unit | None:
    """The unit that a heading names in brackets, if it is one."""
    word = unicodedata.normalize("NFKC", inside).strip().removeprefix("单位:").removeprefix("单位").lower()
    return UNIT_WORDS.get(word) or plain.get(word)


def _limit(number: str, unit: Unit) -> Limit:
    try:
        limit = Limit(_value(number), unit)
        if limit.value > LONGEST[unit]:
            raise too_long(limit)
    except BadInput as fault:
        raise RowRefused("limit", fault.sentence) from fault
    return limit


def _value(number: str) -> Decimal:
    """``十五`` is 15, ``二十`` 20, ``两`` 2; digits are themselves."""
    if number[0].isdecimal():
        return Decimal(number)
    tens, ten, ones = number.rpartition("十")
    if not ten:
        return Decimal(_DIGITS[number])
    return Decimal((_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0))


def _unreadable(cell: str, text: str) -> Text:
    short = _short(text)
    if _NUMBER_ALONE.fullmatch(text):
        return Text(f"时限“{short}”没有单位。", f"The limit '{short if short.isascii() else 'in Chinese figures'}' has no unit.")
    if any(sign.isdecimal() for sign in text):
        return Text(
            f"时限“{short}”的单位未知，可用：{'、'.join(word for word in (*UNIT_WORDS, *_PLAIN_WORDS) if not word.isascii())}。",
            "The unit of the limit is unknown; known are uh, ud, wh, wd and their Chinese names.",
        )
    return Text(f"时限“{short}”不含数值和单位。", f"The limit has neither number nor unit ({len(cell)} characters of words).")


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
