"""Which code a new area or grid gets: the parent's beginning and a serial number, issued in reading order, never twice."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from commandcenter.city import CodeLevel
from commandcenter.errors import BadInput
from commandcenter.text import Text
from gridmaps.model import Indices, Numbers


class CodesExhausted(BadInput):
    """A parent has no free serial number left."""

    kind = "codes_exhausted"


def prefix_of(level: CodeLevel, parent_code: str) -> str:
    """The beginning that all codes below a parent share."""
    prefix = parent_code[: level.length - level.digits]
    if len(prefix) != level.length - level.digits:
        raise BadInput(
            Text(
                f"上级代码“{parent_code}”太短：{level.system} 代码共 {level.length} 位，其中流水号 {level.digits} 位。",
                f"The parent code '{parent_code}' is too short: {level.system} codes have {level.length} characters,"
                f" {level.digits} of them serial.",
            )
        )
    return prefix


def issue(level: CodeLevel, parent_code: str, count: int, taken: Iterable[str] = ()) -> list[str]:
    """The next ``count`` codes below a parent, after the highest ever taken: a code once used is never used again."""
    prefix = prefix_of(level, parent_code)
    used = [int(code[len(prefix) :]) for code in taken if code.startswith(prefix) and code[len(prefix) :].isdigit()]
    first = max(used, default=0) + 1
    last = 10**level.digits - 1
    if first + count - 1 > last:
        raise CodesExhausted(
            Text(
                f"{parent_code} 之下的 {level.digits} 位流水号不够：还剩 {max(0, last - first + 1)} 个，需要 {count} 个。",
                f"The {level.digits} serial digits below {parent_code} do not suffice: {max(0, last - first + 1)} are left,"
                f" {count} are needed.",
            )
        )
    codes = [f"{prefix}{serial:0{level.digits}d}" for serial in range(first, first + count)]
    for code in codes[:1]:
        if not level.allows(code):
            raise BadInput(
                Text(f"代码“{code}”不合本级语法 {level.pattern}。", f"The code '{code}' does not fit this level's grammar {level.pattern}.")
            )
    return codes


def reading_order(east_m: Numbers, north_m: Numbers, row_height_m: float) -> Indices:
    """The order in which codes are issued: rows from north to south, within a row from west to east."""
    if len(east_m) == 0:
        return np.empty(0, np.int64)
    row = np.floor((np.max(north_m) - north_m) / max(row_height_m, 1e-9))
    return np.lexsort((-north_m, east_m, row)).astype(np.int64)
