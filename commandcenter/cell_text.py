"""What a spreadsheet's cell shows: numbers written out, codes with their leading zeros, dates and times in ISO."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from typing import Any, Literal

FormatKind = Literal["moment", "time", "duration"] | int  # a number: digits to fill with leading zeros

_DATES = {*range(14, 18), 22, *range(27, 32), 36, *range(50, 55), 57, 58}  # Excel's built-in formats, the Chinese ones too
_TIMES = {*range(18, 22), *range(32, 36), 45, 47, 55, 56}
_DURATION = 46
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.')
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_BRACKETS = re.compile(r"\[[^\]]*\]")
_WHOLE = re.compile(r"-?\d{1,15}", re.ASCII)


@lru_cache(maxsize=1024)
def format_kind(number: int, code: str | None) -> FormatKind | None:
    """What a number format makes of a number; None where it stays one."""
    if code is None:
        return "moment" if number in _DATES else "time" if number in _TIMES else "duration" if number == _DURATION else None
    first = _LITERAL.sub("", code).split(";")[0]
    if _ELAPSED.search(first):
        return "duration"
    first = _BRACKETS.sub("", first).strip()
    if re.fullmatch("0{2,}", first):
        return len(first)
    letters = set(first.lower()) if first.lower() not in ("general", "g/通用格式") else set()
    if letters & set("yd"):
        return "moment"
    if letters & set("hs"):
        return "time"
    return "moment" if "m" in letters else None


def number_text(written: str, kind: FormatKind | None, from_1904: bool) -> str:
    """A stored number as it is shown. What is no number stays as it is."""
    if kind is None and _WHOLE.fullmatch(written):
        return written
    try:
        value = float(written)
    except ValueError:
        return written
    if not isfinite(value):
        return written
    if isinstance(kind, str):
        return _moment_text(value, kind, from_1904) or _plain(value)
    text = _plain(value)
    if kind is not None and "." not in text:
        return f"-{text[1:].zfill(kind)}" if text.startswith("-") else text.zfill(kind)
    return text


def value_text(value: Any) -> str:
    """A Python value that another reader made of a cell, as it is shown."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number_text(repr(value), None, False)
    if isinstance(value, datetime):
        return value.isoformat() if value.time() != time() else value.date().isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _elapsed(value)
    return "" if value is None else str(value)


def _plain(value: float) -> str:
    """Fifteen digits, as Excel shows them, and no exponent."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    shown = format(value, ".15g")
    return format(Decimal(shown), "f") if "e" in shown else shown


def _moment_text(days: float, kind: str, from_1904: bool) -> str | None:
    """Days since Excel's epoch; None where Excel itself would show ####."""
    try:
        elapsed = timedelta(milliseconds=round(days * 86_400_000))
        if kind == "duration":
            return _elapsed(elapsed)
        if days < 0:
            return None
        if kind == "time":
            return (datetime.min + timedelta(seconds=elapsed.seconds, microseconds=elapsed.microseconds)).time().isoformat()
        if from_1904:
            return value_text(datetime(1904, 1, 1) + elapsed)
        # Excel believes in 29 February 1900: before it, days count from one day later.
        return value_text(datetime(1899, 12, 31 if days < 60 else 30) + elapsed)
    except OverflowError:
        return None


def _elapsed(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    sign = "-" if seconds < 0 else ""
    hours, rest = divmod(abs(seconds), 3600)
    return f"{sign}{hours}:{rest // 60:02d}:{rest % 60:02d}"
