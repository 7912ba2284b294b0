"""What a field's text says as a value: numbers with units, bearings, dates in the city's time zone, words by table.

Lengths come out in metres, angles in degrees clockwise from north, moments with their time zone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from commandcenter.text import Text
from ingest.record import Finding, Refused

if TYPE_CHECKING:
    from ingest.contract import Column

UNITS: dict[str, float] = {"m": 1.0, "km": 1000.0, "cm": 0.01, "mm": 0.001, "ft": 0.3048, "m2": 1.0, "ft2": 0.09290304, "deg": 1.0}
COMPASS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
MOST_REMEMBERED = 100_000
_NUMBER = re.compile(r"^\s*([-+]?[\d,]*\.?\d+(?:[eE][-+]?\d+)?)\s*([A-Za-z'\"]*)\d*\s*$")
_FEET = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*'\s*(?:(\d+(?:\.\d+)?)\s*\"?)?\s*$")
_TRUE = frozenset({"true", "t", "yes", "y", "1", "是"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "否", "-1"})


@dataclass(frozen=True)
class Reading:
    """What a conversion needs to know beside the text."""

    column: Column
    field: str
    zone: tzinfo


class ColumnReader:
    """One target column's values, a batch at a time. What a text means is remembered: most columns say few things often."""

    def __init__(self, column: Column, zone: tzinfo) -> None:
        self.column = column
        self._zone = zone
        self._known: dict[tuple[str, str | None], Any] = {}

    def values(self, fields: Dict[str, list[Any]], count: int) -> tuple[list[Any], dict[int, Finding]]:
        """The column's values and, by position, why a row has none. Values of refused rows are None."""
        texts, first = self._texts(fields, count)
        column = self.column
        if column.table is None and column.kind == "text" and column.low is None and (None not in texts or not (column.required or column.default is not None)):
            return texts, {}
        if not isinstance(first, str):
            return self._one_by_one(zip(first, texts, strict=True))
        meant = {text: self._value(first, text) for text in set(texts)}
        values = list(map(meant.__getitem__, texts))
        if not any(isinstance(value, Finding) for value in meant.values()):
            return values, {}
        return self._one_by_one((first, text) for text in texts)

    def _one_by_one(self, said: Iterable[tuple[str, str | None]]) -> tuple[list[Any], dict[int, Finding]]:
        known = self._known
        if len(known) > MOST_REMEMBERED:
            known.clear()
        values: list[Any] = []
        refused: dict[int, Finding] = {}
        for at, (field, text) in enumerate(said):
            value = known.get((field, text), known)
            if value is known:
                value = known[field, text] = self._value(field, text)
            if isinstance(value, Finding):
                refused[at] = value
                value = None
            values.append(value)
        return values, refused

    def _texts(self, fields: Dict[str, list[Any]], count: int) -> tuple[list[str | None], str | list[str]]:
        """What the source says for the column, trimmed, with the field that says it (one for all, or one a row)."""
        column = self.column
        if column.template is None and len(column.fields) == 1 and column.only_with is None:
            said = fields.get(column.fields[0])
            return ([None] * count if said is None else trimmed(said)), column.fields[0]
        absent = [None] * count
        parts = [fields.get(name, absent) for name in column.fields]
        wanted = None if column.only_with is None else fields.get(column.only_with, absent)
        texts: list[str | None] = []
        named: list[str] = []
        for at in range(count):
            row = dict(zip(column.fields, (part[at] for part in parts), strict=True))
            needless = wanted is not None and _empty(wanted[at])
            field, text = (column.fields[0], None) if needless else _text_of(column, row)
            texts.append(text)
            named.append(field)
        return texts, named

    def _value(self, field: str, text: str | None) -> Any:
        try:
            return _value_of(self.column, field, text, self._zone)
        except Refused as refused:
            return refused.finding


def trimmed(values: list[Any]) -> list[str | None]:
    """Values as text without spaces around them; None where nothing is left."""
    try:
        texts: list[str | None] = list(map(str.strip, values))
    except TypeError:  # numbers, truth values, absent ones
        texts = [None if value is None else (value if isinstance(value, str) else str(value)).strip() for value in values]
    return [text or None for text in texts] if "" in texts else texts


def _value_of(column: Column, field: str, text: str | None, zone: tzinfo) -> Any:
    """What a text means for a column. Raises Refused with rule, field and sentence."""
    if text is None:
        if column.default is not None:
            return column.default
        if column.required:
            raise Refused(
                "missing", field, Text(f"字段“{field}”为空，而“{column.name}”必须有值。", f"The field '{field}' is empty, and '{column.name}' must be filled.")
            )
        return None
    if column.table is not None:
        if text in column.table:
            return column.table[text]
        if not column.keep_unknown:
            if column.default is not None:
                return column.default
            raise Refused(
                "unknown_value", field, Text(f"字段“{field}”的值“{text}”不在值表中。", f"The value '{text}' of '{field}' is not in its value table.")
            )
    value = KINDS[column.kind](text, Reading(column, field, zone))
    _check_range(column, field, value)
    return value


def _text_of(column: Column, values: dict[str, Any]) -> tuple[str, str | None]:
    if column.template is not None:
        parts = {field: values.get(field) for field in column.fields}
        if all(_empty(value) for value in parts.values()):
            return column.fields[0], None
        filled = re.sub(r"\{([^}]+)\}", lambda found: "" if _empty(parts[found.group(1)]) else str(parts[found.group(1)]), column.template)
        return column.fields[0], " ".join(filled.split())
    for field in column.fields:
        value = values.get(field)
        if not _empty(value):
            return field, str(value).strip()
    return column.fields[0], None


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _check_range(column: Column, field: str, value: Any) -> None:
    if isinstance(value, (int, float)) and (
        (column.low is not None and value < column.low) or (column.high is not None and value > column.high)
    ):
        limits = _limits(column.low, column.high)
        raise Refused("out_of_range", field, Text(f"字段“{field}”的值 {value} {limits.zh}。", f"The value {value} of '{field}' is {limits.en}."))


def _limits(low: float | None, high: float | None) -> Text:
    """How a number misses its limits."""
    if low is None:
        return Text(f"大于 {high:.15g}", f"more than {high:.15g}")
    if high is None:
        return Text(f"小于 {low:.15g}", f"less than {low:.15g}")
    return Text(f"不在 {low:.15g} 到 {high:.15g} 之间", f"not between {low:.15g} and {high:.15g}")


def _refused(reading: Reading, text: str, zh: str, en: str) -> Refused:
    return Refused(
        f"not_{reading.column.kind}",
        reading.field,
        Text(f"字段“{reading.field}”的值“{text}”不是{zh}。", f"The value '{text}' of '{reading.field}' is not {en}."),
    )


def _as_text(text: str, reading: Reading) -> str:
    return text


def _as_real(text: str, reading: Reading) -> float:
    feet = _FEET.match(text)
    if feet is not None:
        return float(feet.group(1)) * UNITS["ft"] + float(feet.group(2) or 0) * UNITS["ft"] / 12
    found = _NUMBER.match(text)
    if found is None:
        raise _refused(reading, text, "数字", "a number")
    written = found.group(2) or reading.column.unit
    if written is None:
        return float(found.group(1).replace(",", ""))
    if written not in UNITS:
        raise _refused(reading, text, f"已知单位的数字（{'、'.join(UNITS)}）", f"a number in a known unit ({', '.join(UNITS)})")
    return float(found.group(1).replace(",", "")) * UNITS[written]


def _as_integer(text: str, reading: Reading) -> int:
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        raise _refused(reading, text, "整数", "a whole number") from None
    if not math.isfinite(number):
        raise _refused(reading, text, "整数", "a whole number")
    if not number.is_integer():
        if reading.column.unit is None:
            return round(number)
        raise _refused(reading, text, "整数", "a whole number")
    return int(number)


def _as_boolean(text: str, reading: Reading) -> bool:
    word = text.lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise _refused(reading, text, "是或否", "yes or no")


def _as_present(text: str, reading: Reading) -> bool:
    """A tag that says what kind of thing it is (bridge=viaduct) means yes; only an explicit no means no."""
    return text.lower() not in _FALSE


def _as_bearing(text: str, reading: Reading) -> float:
    word = text.upper().replace("°", "").strip()
    if word in COMPASS:
        return COMPASS.index(word) * 22.5
    try:
        angle = float(word)
    except ValueError:
        angle = math.nan
    if not math.isfinite(angle):
        raise _refused(reading, text, "方位角（度或方位词）", "a bearing (degrees or a compass word)")
    return angle % 360.0


def _as_moment(text: str, reading: Reading) -> datetime:
    shapes = reading.column.formats
    for shape in shapes or (None,):
        try:
            moment = datetime.fromisoformat(text) if shape is None else datetime.strptime(text, shape)
        except ValueError:
            continue
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=reading.zone)
    told = " / ".join(shapes) or "ISO 8601"
    raise _refused(reading, text, f"时间（应为 {told}）", f"a moment ({told} expected)")


def _as_day(text: str, reading: Reading) -> date:
    return _as_moment(text, reading).date()


def _as_words(text: str, reading: Reading) -> list[str]:
    return [word.strip() for word in re.split(r"[;；]", text) if word.strip()]


KINDS: dict[str, Callable[[str, Reading], Any]] = {
    "text": _as_text,
    "real": _as_real,
    "integer": _as_integer,
    "boolean": _as_boolean,
    "present": _as_present,
    "bearing": _as_bearing,
    "moment": _as_moment,
    "day": _as_day,
    "words": _as_words,
}
