"""What a table's CHECKs ask of one column, asked before the database does: a bad row is quarantined, the good ones load."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Integer, SmallInteger

from commandcenter.db.schema import Base
from commandcenter.text import Text
from ingest.record import Finding

_WIDTHS = ((SmallInteger, 16), (Integer, 32), (BigInteger, 64))
_SIGNS = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}


@dataclass(frozen=True)
class Check:
    """One column's closed list of values, or its range; an absent value passes, as it does in SQL."""

    column: str
    values: tuple[str, ...] = ()
    bounds: tuple[str, ...] = ()

    def broken(self, column: Sequence[Any]) -> Iterator[tuple[int, Finding]]:
        """Positions of values the table would not take, with the reason."""
        if self.values:
            if set(column) <= {*self.values, None}:
                return
            listed = ", ".join(self.values)
            for at, value in enumerate(column):
                if value is not None and value not in self.values:
                    yield at, Finding(
                        "not_allowed",
                        self.column,
                        Text(f"“{self.column}”的取值“{value}”不在允许之列：{listed}。", f"'{self.column}' may not be '{value}'; allowed are {listed}."),
                    )
        for bound in self.bounds:
            sign, limit = bound.split()
            holds, edge = _SIGNS[sign], float(limit)
            for at, value in enumerate(column):
                if value is not None and not holds(value, edge):
                    yield at, Finding(
                        "out_of_range", self.column, Text(f"“{self.column}”为 {value}，应 {bound}。", f"'{self.column}' is {value}, and must be {bound}.")
                    )


def checks_of(target: str) -> tuple[Check, ...]:
    """The checks of a table that speak of one column, and what its whole numbers can hold."""
    table = Base.metadata.tables[target]
    told = [c.info for c in table.constraints if isinstance(c, CheckConstraint) and c.info]
    checks = [Check(one["column"], tuple(one.get("values", ())), tuple(one.get("range", ()))) for one in sorted(told, key=lambda i: str(i["column"]))]
    for column in table.columns:
        bits = next((bits for kind, bits in _WIDTHS if type(column.type) is kind), None)
        if bits is not None:
            checks.append(Check(column.name, bounds=(f">= {-(2 ** (bits - 1))}", f"<= {2 ** (bits - 1) - 1}")))
    return tuple(checks)
