"""What a table's CHECKs ask of one column, asked before the database does: a bad row is quarantined, the good ones load."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CheckConstraint

from commandcenter.db.schema import Base
from commandcenter.text import Text
from ingest.record import Refused

_SIGNS = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}


@dataclass(frozen=True)
class Check:
    """One column's closed list of values, or its range; an absent value passes, as it does in SQL."""

    column: str
    values: tuple[str, ...] = ()
    bounds: tuple[str, ...] = ()

    def hold(self, value: Any) -> None:
        """Raise Refused for a value the table would not take."""
        if value is None:
            return
        if self.values and value not in self.values:
            listed = ", ".join(self.values)
            raise Refused(
                "not_allowed",
                self.column,
                Text(f"“{self.column}”的取值“{value}”不在允许之列：{listed}。", f"'{self.column}' may not be '{value}'; allowed are {listed}."),
            )
        for bound in self.bounds:
            sign, limit = bound.split()
            if not _SIGNS[sign](value, float(limit)):
                raise Refused(
                    "out_of_range",
                    self.column,
                    Text(f"“{self.column}”为 {value}，应 {bound}。", f"'{self.column}' is {value}, and must be {bound}."),
                )


def checks_of(target: str) -> tuple[Check, ...]:
    """The checks of a table that speak of one column."""
    told = [c.info for c in Base.metadata.tables[target].constraints if isinstance(c, CheckConstraint) and c.info]
    return tuple(Check(one["column"], tuple(one.get("values", ())), tuple(one.get("range", ()))) for one in sorted(told, key=lambda i: str(i["column"])))
