"""Which table a file is most likely for, and which of its fields fill which column: by words and geometry, never certain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import CheckConstraint

from commandcenter.db.schema import Base
from ingest.derive import DERIVATIONS
from ingest.inspecting.words import best_field, plain, says, words
from ingest.mapping import FOLLOWING, OWN_COLUMNS, mapping_names

NAME_COUNTS, FIELD_COUNTS = 3, 2
LEAST = 2


@dataclass(frozen=True)
class TargetLook:
    """The table suggested (None: no word says), why, its runners-up, and what fills its columns."""

    target: str | None
    because: tuple[str, ...]
    others: tuple[str, ...]
    columns: dict[str, str]  # column of the table: field of the file
    claims: dict[str, str]


def look_at_target(names: list[str], fields: list[str], family: str, reader: str) -> TargetLook:
    """The suggestion for a layer whose file and layer are called ``names``."""
    if reader == "osm":  # holds a little of everything: each kind has its own mapping
        return TargetLook(None, (), tuple(name for name in mapping_names() if name.startswith("osm_")), {}, {})
    scored = []
    for target, about in words()["targets"].items():
        if family not in about["geometry"] and family != "any":
            continue
        by_name = [word for word in about["layer"] if any(_named(name, word) for name in names)]
        by_field = [
            field
            for field in fields
            if any(plain(field) == plain(word) or says(field, word) for word in about["fields"])
        ]
        score = NAME_COUNTS * bool(by_name) + FIELD_COUNTS * len(by_field)
        if reader == "gpx" and target == "track":
            score, by_name = score + 2 * LEAST, ["GPX"]
        if score >= LEAST:
            scored.append((score, target, tuple(dict.fromkeys([*by_name, *by_field]))))
    scored.sort(key=lambda entry: -entry[0])
    if not scored:
        return TargetLook(None, (), (), {}, claims_of(fields, None))
    _, target, because = scored[0]
    return TargetLook(
        target, because, tuple(entry[1] for entry in scored[1:3]), columns_of(target, fields), claims_of(fields, target)
    )


def _named(name: str, word: str) -> bool:
    parts = "".join(letter if letter.isalnum() else " " for letter in name.lower()).split()
    word = word.lower()
    return word in name.lower() if not word.isascii() or len(word) >= 5 else word in parts or f"{word}s" in parts


def columns_of(target: str, fields: list[str]) -> dict[str, str]:
    """Which field fills which column; a field fills several only where nothing else fits a column that must be filled."""
    lists: dict[str, dict[str, list[str]]] = words()["columns"]
    found: dict[str, str] = {}
    taken: set[str] = set()
    for column in writable(target):
        wanted = [*lists.get(target, {}).get(column, []), *lists["any"].get(column, []), column]
        free = [field for field in fields if field not in taken]
        match = best_field(wanted, free) or (best_field(wanted, fields) if column in required(target) else None)
        if match is not None:
            found[column] = match
            taken.add(match)
    return found


def claims_of(fields: list[str], target: str | None) -> dict[str, str]:
    """Codes of the place that the fields claim."""
    known = set(Base.metadata.tables[target].columns.keys()) if target else set()
    return {
        code: field
        for code, wanted in words()["claims"].items()
        if code in known and (field := best_field(wanted, fields)) is not None
    }


@cache
def writable(target: str) -> tuple[str, ...]:
    """The columns of a table that a mapping may fill, those that must be filled first; place codes are not among them."""
    table = Base.metadata.tables[target]
    placed = set(words()["claims"]) | {"other_codes", "area_m2"} | FOLLOWING.get(target, frozenset())
    names = [
        column.name
        for column in table.columns
        if column.name not in OWN_COLUMNS | placed and column.computed is None and "geometry" not in str(column.type)
    ]
    return tuple(sorted(names, key=lambda name: name not in required(target)))


@cache
def required(target: str) -> frozenset[str]:
    """The columns of a table that a mapping must fill: what the database demands and nothing works out."""
    table = Base.metadata.tables[target]
    worked_out = {column for name in words()["derive"].get(target, ()) for column in DERIVATIONS[name].writes}
    worked_out -= set(words()["columns"].get(target, {}))  # what a source may say is asked of it first
    return frozenset(
        column.name for column in table.columns
        if not column.nullable and column.server_default is None and column.computed is None
        and column.name not in OWN_COLUMNS | worked_out | {"area_m2"}
    )  # fmt: skip


@cache
def allowed(target: str, column: str) -> tuple[str, ...]:
    """The closed list of a column, if it has one."""
    for constraint in Base.metadata.tables[target].constraints:
        info: dict[Any, Any] = constraint.info if isinstance(constraint, CheckConstraint) else {}
        if info.get("column") == column and "values" in info:
            return tuple(map(str, info["values"]))
    return ()
