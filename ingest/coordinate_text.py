"""One coordinate as people write it: decimal, with thousands commas, full width, with hemisphere, or in degrees, minutes and seconds.

Nothing is guessed: 1235703.3 is a number and not 123°57'03.3", and 47,31 is no number at all.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# Full-width forms, the many dashes and blanks, and whatever stands for degree, minute and second.
_PLAIN = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_PLAIN |= dict.fromkeys(map(ord, "\u3000\u00a0\u2007\u2009\u202f\t"), " ")
_PLAIN |= dict.fromkeys(map(ord, "\u2212\u2010\u2011\u2012\u2013\u2014"), "-")
_PLAIN |= dict.fromkeys(map(ord, "°º˚∘度"), "°")
_PLAIN |= dict.fromkeys(map(ord, "′’‘´`ˊ分"), "'")
_PLAIN |= dict.fromkeys(map(ord, "″”“˝〃秒"), '"')
_PLAIN |= {ord("、"): ",", ord("﹐"): ","}
_BLANKS = re.compile(r"\s+")
_MARKS = re.compile(r"\s*([°'\"])\s*")
_HEMISPHERES = {"N": "N", "S": "S", "E": "E", "W": "W", "北纬": "N", "南纬": "S", "东经": "E", "西经": "W", "北": "N", "南": "S", "东": "E", "西": "W"}
_HEMISPHERE = "|".join(_HEMISPHERES)
_LETTERED = re.compile(rf"(?:({_HEMISPHERE})[\s:]*)?([^A-Za-z]*?)\s*({_HEMISPHERE})?", re.IGNORECASE)
_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:[, ]\d{3})+(?:\.\d*)?", re.ASCII)
_NOT_FINITE = frozenset({"nan", "inf", "infinity"})
# Marked (123°57'03.3"), or its parts held apart by blanks, colons or dashes (123 57 3.3); only the last part has decimals.
_MARKED = re.compile(r"([+-]?)(\d{1,3}(?:\.\d*)?)°(?:(\d{1,2}(?:\.\d*)?)'?(?:(?<=')(\d{1,2}(?:\.\d*)?)(?:\"|'')?)?)?", re.ASCII)
_SPACED = re.compile(r"([+-]?)(\d{1,3})([ :-])(\d{1,2}(?:\.\d*)?)(?:\3(\d{1,2}(?:\.\d*)?))?", re.ASCII)


class Coordinate(NamedTuple):
    """What a text says: its number, negative south and west, and the axis that a hemisphere names (``x``, ``y`` or None)."""

    value: float
    axis: str | None


def plain(text: str) -> str:
    """The text in ordinary digits, blanks, commas and marks."""
    return _MARKS.sub(r"\1", _BLANKS.sub(" ", text.translate(_PLAIN)).strip())


def coordinate(written: str, degrees: bool) -> Coordinate | None:
    """What the text says, or None where it is no coordinate. NaN and infinities are told as such, so that they can be named.

    ``degrees`` says that the reference system is one of degrees: only there minutes and seconds are read, and elsewhere
    blanks may part thousands.
    """
    found = _LETTERED.fullmatch(plain(written))
    text = plain(written)
    sign, axis = 1.0, None
    if found is not None and (found[1] or found[3]):
        if found[1] and found[3]:
            return None  # named twice
        hemisphere = _HEMISPHERES[(found[1] or found[3]).upper()]
        axis = "x" if hemisphere in "EW" else "y"
        sign = -1.0 if hemisphere in "SW" else 1.0
        text = found[2].strip()
        if text[:1] in ("-", "+"):
            return None  # a sign and a hemisphere may contradict each other
    value = _number(text, degrees)
    return None if value is None else Coordinate(sign * value, axis)


def _number(text: str, degrees: bool) -> float | None:
    if _DECIMAL.fullmatch(text) or text.lstrip("+-").lower() in _NOT_FINITE:
        return float(text)
    if _THOUSANDS.fullmatch(text) and not (degrees and " " in text):
        return float(text.replace(",", "").replace(" ", ""))
    return _sexagesimal(text) if degrees else None


def _sexagesimal(text: str) -> float | None:
    found = _MARKED.fullmatch(text)
    if found is not None:
        sign, *parts = found.groups()
    else:
        found = _SPACED.fullmatch(text)
        if found is None:
            return None
        sign, parts = found[1], [found[2], found[4], found[5]]
    given = [part for part in parts if part is not None]
    if any("." in part for part in given[:-1]):
        return None
    whole, minutes, seconds = (*map(float, given), 0.0, 0.0)[:3]
    if minutes >= 60 or seconds >= 60:
        return None
    value = whole + minutes / 60 + seconds / 3600
    return -value if sign == "-" else value
