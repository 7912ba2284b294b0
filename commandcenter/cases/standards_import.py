"""A city's own standard (立案、处置和结案标准), read from the workbook or CSV as the office keeps it: every condition, none invented.

Codes and names stand on the first row of a group and hold for the rows below it, never beyond their group: not past a title, not into the
next large class, and not past the end of their merged cell. Each row ends in exactly one place of the report (``import_report``); a row
that cannot be read whole is refused with a sentence and nothing of it is kept. A condition without a limit is kept without one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from commandcenter.cases.import_report import Imported, ImportReport, Place, Said
from commandcenter.cases.limits import Limit, Unit
from commandcenter.cases.standard_columns import LOOKED_THROUGH, NAMES, NEEDED, Columns, columns_of, letter
from commandcenter.cases.standard_limits import PLAIN, PLAIN_ENGLISH, ReadLimit
from commandcenter.cases.standard_rows import Found, SheetReader
from commandcenter.cases.standard_sheets import Sheet, sheets_of
from commandcenter.cases.standards import NO_LIMIT, Category, Kind, Standard, checked_kind
from commandcenter.errors import BadInput
from commandcenter.text import Text

_UNITS_SAID: dict[Unit, Text] = {
    "uh": Text("连续小时", "hours on end"), "ud": Text("连续日", "days on end"), "wh": Text("工作时", "office hours"), "wd": Text("工作日", "work days"),
}  # fmt: skip
_KIND_WORDS: dict[str, Kind] = {"部件": "component", "事件": "event"}


def read_standard(
    path: Path, system: str, *, source: str = "", kind: str | None = None, plain: Mapping[str, Unit] = PLAIN, local_from: int | None = None
) -> Imported:
    """The categories and standards of a file, and what became of each row.

    ``kind`` says what the rows are about where neither sheet nor title does (部件, 事件). ``plain`` says what "小时" and "天" mean. Two-digit
    small classes from ``local_from`` on are marked as the city's own. Raises BadInput for a file that holds no standard at all.
    """
    said_kind = None if kind is None else checked_kind(kind)
    report = ImportReport()
    found: list[Found] = []
    lacking: list[Text] = []
    uses: Counter[str] = Counter()
    for sheet in sheets_of(path):
        header, missing = _header(sheet, plain)
        if header is None:
            lacking.append(_no_header(sheet.name, missing))
            continue
        at, columns = header
        reader = SheetReader(sheet, columns, at, said_kind or _kind_of(sheet, at), report, plain, (system, source or path.name, local_from))
        found += reader.conditions()
    if not report.sheets:
        raise BadInput(lacking[0] if lacking else Text(f"{path.name} 里没有内容。", f"{path.name} holds nothing."))
    report.left_out = lacking
    taken = _without_conflicts(_one_name_a_code(found, report), report)
    for each in taken:
        uses.update(limit.plain for limit in each.limits if limit.plain)
    report.plain_units = [_plain_said(word, count, plain[word]) for word, count in uses.items()]
    return _as_rows(taken, system, source or path.name, report)


def _as_rows(taken: Iterable[Found], system: str, source: str, report: ImportReport) -> Imported:
    categories: dict[tuple[Kind, str], Category] = {}
    standards: list[Standard] = []
    places: dict[tuple[Kind, str, int], Place] = {}
    positions: Counter[tuple[Kind, str]] = Counter()
    counted = {sheet.name: sheet for sheet in report.sheets}
    for each in taken:
        category = categories.setdefault(each.category.key, each.category)
        for limit in each.limits or (None,):
            positions[category.key] += 1
            standards.append(_standard(each, limit, system, source, positions[category.key]))
            places[(*category.key, positions[category.key])] = each.place
        sheet = counted[each.place.sheet]
        sheet.taken += 1
        sheet.standards += max(1, len(each.limits))
        if not each.limits:
            report.without_limit.append(each.place)
        for limit in each.limits:
            if limit.words:
                words = Text(f"时限旁的文字“{limit.words}”已原样记入备注。", "The words beside the limit are kept in the note as they stand.")
                report.remarks.append(Said(each.limit_place, words))
    for sheet in report.sheets:
        sheet.refused = sheet.read - sheet.taken
    report.refused.sort(key=lambda said: (list(counted).index(said.place.sheet), said.place.row))
    return Imported(tuple(categories.values()), tuple(standards), report, places)


def _standard(each: Found, read: ReadLimit | None, system: str, source: str, position: int) -> Standard:
    limit: Limit | None = None if read is None else read.limit
    words = NO_LIMIT if read is None else f"原文时限：{read.words}" if read.words else ""
    area = each.area_class or (read.area_class if read is not None else None)
    note = "\n".join(part for part in (words, each.note or "") if part) or None
    return Standard(
        system, each.category.kind, each.category.code, position, each.condition, None, each.close, None, limit.value if limit else None,
        limit.unit if limit else None, area, each.handler, each.competent, note, source,
    )  # fmt: skip


def _one_name_a_code(found: Iterable[Found], report: ImportReport) -> Iterator[Found]:
    """What is left when a code that comes again with another name is refused; the large class's name is the first one of its category."""
    first: dict[tuple[Kind, str], Found] = {}
    for each in found:
        before = first.setdefault(each.category.key, each)
        if before.category.minor == each.category.minor:
            yield replace(each, category=before.category)
            continue
        code, row = each.category.code, before.place
        words = Text(
            f"代码 {code} 在此是“{each.category.minor}”，在第 {row.row} 行是“{before.category.minor}”；一个代码只能有一个名称。",
            f"The code {code} has another name here than in row {row.row} of sheet '{row.sheet}'; a code has one name.",
        )
        report.refused.append(Said(each.place, words))


def _without_conflicts(found: Iterable[Found], report: ImportReport) -> list[Found]:
    """What is left when the same condition said twice is refused: the second one where both say the same, all where their limits differ."""
    all_found = list(found)
    held: dict[tuple[object, ...], list[Found]] = {}
    for each in all_found:
        held.setdefault((each.category.key, each.condition, each.close, each.area_class, each.handler), []).append(each)
    refused: set[Place] = set()
    for same in held.values():
        agree = all(each.limits == same[0].limits for each in same)
        for at, each in enumerate(same):
            if len(same) == 1 or (agree and at == 0):
                continue
            other = same[0 if at else 1].place
            refused.add(each.place)
            words = (
                Text(f"与第 {other.row} 行完全相同，不重复采纳。", f"The same stands in row {other.row} of sheet '{other.sheet}' already.")
                if agree
                else Text(f"与第 {other.row} 行条件相同而时限不同，不知以哪条为准。", f"Row {other.row} of '{other.sheet}' gives it another limit.")
            )
            report.refused.append(Said(each.place, words))
    return [each for each in all_found if each.place not in refused]


def _header(sheet: Sheet, plain: Mapping[str, Unit]) -> tuple[tuple[int, Columns] | None, list[str]]:
    """The header's row and columns; else the needed columns that the likeliest row lacks."""
    nearest = list(NEEDED)
    for row in sheet.rows[:LOOKED_THROUGH]:
        try:
            columns, missing = columns_of(row.own, plain)
        except BadInput as fault:
            where = Place(sheet.name, row.number).text
            raise BadInput(Text(f"{where.zh}：{fault.sentence.zh}", f"{where.en}: {fault.sentence.en}")) from fault
        if columns is not None:
            for word in NEEDED:
                if (row.number, columns.at[word]) in sheet.sideways:
                    raise BadInput(_spread(sheet.name, row.number, word, columns.at[word]))
            return (row.number, columns), []
        if len(missing) < len(nearest):
            nearest = missing
    return None, nearest


def _kind_of(sheet: Sheet, header: int) -> Kind:
    """What a sheet is about, by its name, else by the brackets of its title, else by the title. Raises BadInput where none says it."""
    titles = [text for row in sheet.rows[: header - 1] for text in row.own.values()]
    bracketed = [inside for title in titles for inside in re.findall(r"[(（]([^)）]*)[)）]", title)]
    for words in (sheet.name, " ".join(bracketed), " ".join(titles)):
        said = [kind for word, kind in _KIND_WORDS.items() if word in words]
        if len(said) == 1:
            return said[0]
    raise BadInput(
        Text(
            f"工作表“{sheet.name}”没有说明是部件还是事件；请用 --kind 说明。",
            f"Sheet '{sheet.name}' does not say what kind of case it is about; say so with --kind (component, event, grid, hotline, enforcement).",
        )
    )


def _no_header(name: str, missing: list[str]) -> Text:
    zh, en = "、".join(NAMES[word].zh for word in missing), ", ".join(NAMES[word].en for word in missing)
    said_en = f"Sheet '{name}' has no header in its first {LOOKED_THROUGH} rows; it lacks: {en}."
    return Text(f"工作表“{name}”前 {LOOKED_THROUGH} 行没有表头，缺少列：{zh}。", said_en)


def _spread(name: str, row: int, word: str, column: int) -> Text:
    where, said = Place(name, row).text, NAMES[word]
    return Text(
        f"{where.zh}：“{said.zh}”（{letter(column)} 列起）横跨多列，不知以哪列为准；请每列一个表头。",
        f"{where.en}: '{said.en}' (from column {letter(column)}) spans several columns, and which one holds is not said; give each its own heading.",
    )


def _plain_said(word: str, count: int, unit: Unit) -> Text:
    as_what = _UNITS_SAID[unit]
    return Text(f"时限单位“{word}”按“{as_what.zh}”读取，共 {count} 处。", f"Plain '{PLAIN_ENGLISH[word]}' are read as {as_what.en}, {count} times.")
