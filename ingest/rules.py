"""What must hold of a source's rows beyond the table's own checks: each rule is a word, its parameters, and one function.

A rule looks at whole columns and answers with the positions that break it and why. Whether a breach refuses the row or is
only noted, the mapping says (``breach = "refuse"`` or ``"finding"``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from commandcenter.db.schema import Base
from commandcenter.text import Text
from commandcenter.toml_file import TomlTable
from ingest.contract import Rule

# word: its parameters with their defaults (None: must be given).
RULE_WORDS: dict[str, dict[str, Any]] = {
    "pattern": {"pattern": None},
    "one_of": {"values": None},
    "between": {"low": None, "high": None},
    "unique": {},
    "not_future": {"tolerance_h": 24.0},
    "in_order": {},
    "reference": {"to": None},
}
MOST_LISTED = 8

Column = list[Any]
Breaches = Iterator[tuple[int, Text]]


@dataclass
class Witness:
    """What rules know beside the batch: the moment of the run, the city's clock, codes that exist, values seen before."""

    now: datetime
    zone: tzinfo
    known: Dict[str, frozenset[str]] = field(default_factory=dict)  # "area.code": every value that stands there
    seen: dict[str, set[Any]] = field(default_factory=dict)


def check_rule(item: TomlTable, word: str, columns: tuple[str, ...], given: dict[str, Any]) -> None:
    """Refuse a rule whose parameters make no sense, naming file and line."""
    if word == "in_order" and len(columns) < 2:
        raise item.fault("columns", Text("“in_order”需要两列，先早后晚", "'in_order' needs two columns, the earlier first"))
    if word == "pattern":
        try:
            re.compile(str(given["pattern"]))
        except re.error as fault:
            raise item.fault("pattern", Text(f"正则表达式有误：{fault}", f"the pattern is no regular expression: {fault}")) from None
    if word == "one_of" and not isinstance(given["values"], list):
        raise item.fault("values", Text("“values”应为列表", "'values' must be a list"))
    if word == "reference":
        table, _, column = str(given["to"]).partition(".")
        if table not in Base.metadata.tables or column not in Base.metadata.tables[table].columns:
            raise item.fault("to", Text(f"“to”应写作 表.列，现为“{given['to']}”", f"'to' must name table.column, not '{given['to']}'"))


def breaches(rule: Rule, columns: Dict[str, Column], witness: Witness) -> Breaches:
    """Positions that break the rule, each with its sentence; absent values break none."""
    return _BREACHES[rule.word](rule, columns, witness)


def _each(column: Column, breaks: Callable[[Any], bool]) -> Iterator[tuple[int, Any]]:
    """Positions and values that break something; each value is asked once, because most columns say few things often."""
    try:
        bad = {value for value in set(column) if value is not None and breaks(value)}
    except TypeError:  # lists of words cannot stand in a set
        yield from ((at, value) for at, value in enumerate(column) if value is not None and breaks(value))
        return
    if bad:
        yield from ((at, value) for at, value in enumerate(column) if value in bad)


def _pattern(rule: Rule, columns: Dict[str, Column], _: Witness) -> Breaches:
    wanted = re.compile(rule.given["pattern"])
    name = rule.columns[0]
    for at, value in _each(columns[name], lambda value: wanted.fullmatch(str(value)) is None):
        yield at, Text(f"“{name}”的值“{value}”不合格式 {wanted.pattern}。", f"'{name}' is '{value}', which does not fit {wanted.pattern}.")


def _one_of(rule: Rule, columns: Dict[str, Column], _: Witness) -> Breaches:
    allowed = rule.given["values"]
    listed = ", ".join(map(str, allowed[:MOST_LISTED]))
    name = rule.columns[0]
    for at, value in _each(columns[name], lambda value: value not in allowed):
        yield at, Text(f"“{name}”的值“{value}”不在 {listed} 之中。", f"'{name}' is '{value}', which is none of {listed}.")


def _between(rule: Rule, columns: Dict[str, Column], _: Witness) -> Breaches:
    low, high = rule.given["low"], rule.given["high"]
    name = rule.columns[0]
    for at, value in _each(columns[name], lambda value: not low <= value <= high):
        yield at, Text(f"“{name}”为 {value}，应在 {low} 到 {high} 之间。", f"'{name}' is {value}, and must lie between {low} and {high}.")


def _unique(rule: Rule, columns: Dict[str, Column], witness: Witness) -> Breaches:
    seen = witness.seen.setdefault("|".join(rule.columns), set())
    named = ", ".join(rule.columns)
    for at, values in enumerate(zip(*(columns[name] for name in rule.columns), strict=True)):
        if None in values:
            continue
        if values in seen:
            told = ", ".join(map(str, values))
            yield at, Text(f"“{named}”的值“{told}”在文件中重复。", f"'{told}' occurs again as '{named}' in this file.")
        seen.add(values)


def _not_future(rule: Rule, columns: Dict[str, Column], witness: Witness) -> Breaches:
    latest = witness.now + timedelta(hours=float(rule.given["tolerance_h"]))
    name = rule.columns[0]

    def lies_ahead(value: Any) -> bool:
        moment = _moment(value, witness.zone)
        return moment is not None and moment > latest

    for at, value in _each(columns[name], lies_ahead):
        yield at, Text(f"“{name}”的时间 {value} 在未来。", f"'{name}' says {value}, which lies in the future.")


def _in_order(rule: Rule, columns: Dict[str, Column], witness: Witness) -> Breaches:
    first, then = rule.columns[:2]
    for at, (early, late) in enumerate(zip(columns[first], columns[then], strict=True)):
        before, after = _moment(early, witness.zone) or early, _moment(late, witness.zone) or late
        if before is not None and after is not None and after < before:
            yield at, Text(f"“{then}”（{late}）早于“{first}”（{early}）。", f"'{then}' ({late}) comes before '{first}' ({early}).")


def _reference(rule: Rule, columns: Dict[str, Column], witness: Witness) -> Breaches:
    to = rule.given["to"]
    known = witness.known[to]
    name = rule.columns[0]
    for at, value in _each(columns[name], lambda value: str(value) not in known):
        yield at, Text(f"“{name}”的值“{value}”在 {to} 中不存在。", f"'{name}' is '{value}', which does not exist in {to}.")


def _moment(value: Any, zone: tzinfo) -> datetime | None:
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return None


_BREACHES: dict[str, Callable[[Rule, Dict[str, Column], Witness], Breaches]] = {
    "pattern": _pattern,
    "one_of": _one_of,
    "between": _between,
    "unique": _unique,
    "not_future": _not_future,
    "in_order": _in_order,
    "reference": _reference,
}
