"""Code systems in the database: what is in force, and how a new version is taken in. Nothing is overwritten; a row that no longer holds ends.

A row holds from ``valid_from`` up to ``valid_to``, which is the first day it no longer holds. A delivery speaks for the kinds of case it
contains: a list of components ends no event.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date

import psycopg
from psycopg.rows import dict_row

from commandcenter.actor import Actor
from commandcenter.audit.record import Door, Subject, note
from commandcenter.cases.standards import Catalogue, Category, CodeSystem, Kind, Standard
from commandcenter.cases.standards_compare import Comparison, compare
from commandcenter.db.run import acting
from commandcenter.errors import BadInput
from commandcenter.text import Text

_CATEGORY = tuple(field.name for field in fields(Category))
_STANDARD = tuple(field.name for field in fields(Standard))


@dataclass(frozen=True)
class Held:
    """The rows of a code system that have no end yet, each with the day it began."""

    categories: dict[Category, date]
    standards: dict[Standard, tuple[int, date]]

    def against(self, categories: Iterable[Category], standards: Iterable[Standard]) -> Comparison:
        """What a new version changes, asked before it is taken in."""
        return compare(self.standards, standards, self.categories, categories)


@dataclass(frozen=True)
class Taken:
    """What was taken in: how many rows began and how many ended, and the comparison they follow from."""

    began: int
    ended: int
    comparison: Comparison


def held(connection: psycopg.Connection, actor: Actor, code: str, kinds: Sequence[Kind]) -> Held:
    """What holds of a code system until further notice, for some kinds of case; nothing for a system that is new."""
    with acting(connection, actor):
        return _held(connection, code, kinds)


def take_in(
    connection: psycopg.Connection, actor: Actor, system: CodeSystem, categories: Sequence[Category], standards: Sequence[Standard], door: Door = "cli"
) -> Taken:
    """Put a version in force from ``system.valid_from`` on, in one transaction with its audit event; the same again changes nothing.

    The first version makes the code system; later ones keep its title. Raises BadInput for an empty version, one that does not hold
    together, and a day on or before which rows began that would have to end.
    """
    Catalogue(system, tuple(categories), tuple(standards))
    if not standards:
        raise BadInput(Text("其中没有可采纳的标准；没有写入任何数据。", "There is no standard to take in; nothing was written."))
    begins = system.valid_from
    with acting(connection, actor):
        connection.execute(
            "insert into code_system (code, title, title_en, source, valid_from) values (%s, %s, %s, %s, %s) on conflict (code) do nothing",
            [system.code, system.title, system.title_en, system.source, begins],
        )
        connection.execute("select from code_system where code = %s for update", [system.code])  # one delivery after the other
        old = _held(connection, system.code, sorted({category.key[0] for category in categories}))
        found = old.against(categories, standards)
        gone_categories = [*found.categories_gone, *(was for was, _ in found.categories_changed)]
        gone = [*found.gone, *(change.old for change in found.changed)]
        latest = max([*(old.categories[each] for each in gone_categories), *(old.standards[each][1] for each in gone)], default=date.min)
        if latest >= begins:
            said_en = f"A version from {latest} on is stored already; a new one must begin later than that, not on {begins}."
            raise BadInput(Text(f"已有自 {latest} 起的版本；新版本应晚于该日，不能自 {begins} 起。", said_en))
        with connection.cursor() as cursor:
            cursor.executemany(
                "update case_category set valid_to = %s where code_system = %s and kind = %s and code = %s and valid_to is null",
                [(begins, each.code_system, each.kind, each.code) for each in gone_categories],
            )
            cursor.executemany("update case_standard set valid_to = %s where id = %s", [(begins, old.standards[each][0]) for each in gone])
            new_categories = [*found.categories_added, *(now for _, now in found.categories_changed)]
            cursor.executemany(_insert("case_category", _CATEGORY), [_values(each, _CATEGORY, begins) for each in new_categories])
            new = [*found.added, *(change.new for change in found.changed)]
            cursor.executemany(_insert("case_standard", _STANDARD), [_values(each, _STANDARD, begins) for each in new])
        taken = Taken(len(new) + len(new_categories), len(gone) + len(gone_categories), found)
        detail = {"valid_from": begins.isoformat(), "began": taken.began, "ended": taken.ended}
        note(connection, actor, "change", door=door, subject=Subject("code_system", system.code), detail=detail)
        return taken


def _held(connection: psycopg.Connection, code: str, kinds: Sequence[Kind]) -> Held:
    with connection.cursor(row_factory=dict_row) as cursor:
        asked = [code, list(kinds)]
        cursor.execute("select * from case_category where code_system = %s and kind = any(%s) and valid_to is null order by kind, code", asked)
        categories = {Category(**{name: row[name] for name in _CATEGORY}): row["valid_from"] for row in cursor}
        cursor.execute(
            "select * from case_standard where code_system = %s and kind = any(%s) and valid_to is null order by kind, category_code, position", asked
        )
        standards = {Standard(**{name: row[name] for name in _STANDARD}): (row["id"], row["valid_from"]) for row in cursor}
    return Held(categories, standards)


def _insert(table: str, columns: Sequence[str]) -> str:
    return f"insert into {table} ({', '.join(columns)}, valid_from) values ({', '.join(['%s'] * (len(columns) + 1))})"


def _values(row: Category | Standard, columns: Sequence[str], begins: date) -> list[object]:
    return [*(getattr(row, name) for name in columns), begins]
