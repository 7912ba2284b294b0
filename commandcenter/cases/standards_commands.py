"""``python -m commandcenter standards ...``: a city's own standard read, compared with what holds, and taken in; said in both languages."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from commandcenter.cases.limits import Unit
from commandcenter.cases.standards import Catalogue, CodeSystem
from commandcenter.cases.standards_import import read_standard
from commandcenter.cases.standards_shipped import BASE, shipped
from commandcenter.cases.standards_store import held, take_in
from commandcenter.config import Settings
from commandcenter.db.connect import connect
from commandcenter.errors import BadInput
from commandcenter.security.builtin import STEWARD
from commandcenter.text import Text

MOST_LINES = 50  # of changes; the numbers are whole
_NEEDED: Mapping[str, Text] = {
    "system": Text("--system（代码体系的代码）", "--system (the code system's code)"), "title": Text("--title（名称）", "--title"),
    "valid_from": Text("--valid-from（起始日）", "--valid-from (the first day)"),
}  # fmt: skip


def carry_out(settings: Settings, words: argparse.Namespace) -> None:
    """Read, report, compare and, without ``--dry-run``, take in. Raises BadInput when rows were refused, the file is none, or the day cannot be."""
    delivered, refused = delivery(words)
    kinds = sorted({category.kind for category in delivered.categories})
    with connect(settings) as connection:
        connection.autocommit = True
        found = held(connection, STEWARD, delivered.system.code, kinds).against(delivered.categories, delivered.standards)
        _say(found.sentence)
        lines = [change.sentence for change in found.changed]
        lines += [Text(f"取消 {each.category_code}：{each.condition}", f"Gone {each.category_code}: {each.title.en}") for each in found.gone]
        for line in lines[:MOST_LINES]:
            _say(line)
        if len(lines) > MOST_LINES:
            _say(Text(f"另有 {len(lines) - MOST_LINES} 处。", f"{len(lines) - MOST_LINES} more."))
        if words.dry_run:
            _say(Text("试运行，没有写入任何数据。", "Dry run, nothing written."))
            return
        if refused and not words.without_refused:
            raise BadInput(
                Text(
                    f"有 {refused} 行被拒绝，没有写入任何数据；改正后重来，或加 --without-refused。",
                    f"{refused} rows were refused and nothing was written; mend them, or say --without-refused.",
                )
            )
        taken = take_in(connection, STEWARD, delivered.system, delivered.categories, delivered.standards)
        day = delivered.system.valid_from
        _say(Text(f"自 {day} 起：新增 {taken.began} 行，终止 {taken.ended} 行。", f"From {day} on: {taken.began} rows begin, {taken.ended} rows end."))


def delivery(words: argparse.Namespace) -> tuple[Catalogue, int]:
    """What the words ask to take in, with its report printed, and how many rows were refused. Raises BadInput."""
    if str(words.file) == BASE:
        base = shipped(BASE)
        return (base if words.valid_from is None else replace(base, system=replace(base.system, valid_from=words.valid_from))), 0
    missing = [said for word, said in _NEEDED.items() if getattr(words, word) is None]
    if missing:
        raise BadInput(Text(f"缺少 {'、'.join(said.zh for said in missing)}。", f"Missing: {', '.join(said.en for said in missing)}."))
    source = words.source or words.file.name
    system = CodeSystem(words.system, words.title, words.title_en or words.title, source, words.valid_from)
    plain = {"小时": cast(Unit, words.hours), "天": cast(Unit, words.days)}
    imported = read_standard(words.file, system.code, source=source, kind=words.kind, plain=plain, local_from=words.local_from)
    for sentence in imported.report.sentences():
        _say(sentence)
    return Catalogue(system, imported.categories, imported.standards), len(imported.report.refused)


def _say(sentence: Text) -> None:
    print(f"{sentence.zh} {sentence.en}")
