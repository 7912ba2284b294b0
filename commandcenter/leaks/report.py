"""What a run found, as data and as a table on the terminal: roles down, doors across, tries that passed, were refused, and leaked."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from commandcenter.leaks.doors import COLUMNS
from commandcenter.leaks.run import Run
from commandcenter.leaks.verdict import Verdict
from commandcenter.leaks.visitors import STRANGERS
from commandcenter.security.leak_report import OUTCOMES
from commandcenter.text import Text

MOST_FINDINGS = 200
GOOD = ("allowed", "refused")
ROLE = Text("岗位", "Role")
LEGEND = Text("每格：放行 / 拒绝 / 泄漏", "each cell: allowed / refused / leaks")
TOTALS = Text(
    "共 {tries} 次尝试：放行 {allowed}，拒绝 {refused}，泄漏 {leak}，缺失 {withheld}，故障 {fault}；用时 {seconds} 秒。",
    "{tries} tries: {allowed} allowed, {refused} refused, {leak} leaks, {withheld} withheld, {fault} faults; {seconds} s.",
)
NOT_ALL = Text(
    "时间已到，{count} 个身份没有试完：请加大 --seconds 重跑。",
    "The time was over before {count} visitors had tried everything: run again with more --seconds.",
)
JUDGE = {
    True: Text("由数据库管理员绕过全部策略判定。", "Judged by the database's administrator, past all policies."),
    False: Text(
        "此服务器账号不能绕过策略：按全市范围判定，全市策略本身的缺行看不出来。",
        "The server's account cannot pass policies: judged as the whole city, so rows that its policy hides are not missed.",
    ),
}


def as_report(run: Run) -> dict[str, Any]:
    """The run as JSON: totals, the table, and every finding that is not as it should be."""
    cells: dict[str, dict[str, list[int]]] = {}
    for (role, column), counts in _counts(run).items():
        cells.setdefault(role, {})[column] = [counts[outcome] for outcome in OUTCOMES]
    totals: Counter[str] = Counter(verdict.outcome for verdict in run.verdicts)
    bad = [verdict for verdict in run.verdicts if verdict.outcome not in GOOD]
    return {
        "city": run.city, "at": datetime.now(UTC).isoformat(timespec="seconds"), "seconds": round(run.seconds, 1), "untried": len(run.untried),
        "past_policies": run.past_policies, "places": [place.key for place in run.places], "tries": len(run.verdicts),
        "totals": {outcome: totals[outcome] for outcome in OUTCOMES}, "outcomes": list(OUTCOMES),
        "roles": [{"code": code, "zh": title.zh, "en": title.en} for code, title in _titles(run).items()],
        "columns": [{"id": column, "zh": title.zh, "en": title.en} for column, title in COLUMNS.items()],
        "cells": cells, "findings": [dataclasses.asdict(verdict) for verdict in sorted(bad, key=_gravest)[:MOST_FINDINGS]],
    }  # fmt: skip


def is_clean(run: Run) -> bool:
    """Whether nothing leaked, every door answered, and everybody had their time."""
    return not run.untried and bool(run.verdicts) and all(verdict.outcome not in ("leak", "fault") for verdict in run.verdicts)


def as_table(run: Run) -> Iterator[str]:
    """Lines for a terminal."""
    report = as_report(run)
    used = [column for column in COLUMNS if any(column in row for row in report["cells"].values())]
    heads = [[f"{ROLE.zh} {ROLE.en}", *(COLUMNS[column].zh for column in used)], ["", *(COLUMNS[column].en for column in used)]]
    lines = [
        [f"{title.zh} {title.en}", *(_cell(report["cells"].get(code, {}).get(column)) for column in used)] for code, title in _titles(run).items()
    ]
    widths = [max(map(_width, column)) for column in zip(*heads, *lines, strict=True)]
    for row in (*heads, *lines):
        yield "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield f"{LEGEND.zh} | {LEGEND.en}"
    yield from _told(run)
    said = [TOTALS.with_values(tries=report["tries"], seconds=report["seconds"], **report["totals"]), JUDGE[run.past_policies]]
    said += [NOT_ALL.with_values(count=len(run.untried))] if run.untried else []
    for text in said:
        yield f"{text.zh} {text.en}"


def _told(run: Run) -> Iterator[str]:
    """One line for what is wrong with a door in the same way, with how often and the first of them in full."""
    alike: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in sorted((verdict for verdict in run.verdicts if verdict.outcome not in GOOD), key=_gravest):
        alike.setdefault((verdict.outcome, verdict.door), []).append(verdict)
    for (outcome, door), found in alike.items():
        first = found[0]
        rows = ", ".join(first.rows[:5])
        yield f"✗ {outcome} × {len(found)}: {door} · {first.role} · {first.place} · {first.asked} · {first.detail} {rows}".rstrip()


def _counts(run: Run) -> dict[tuple[str, str], Counter[str]]:
    found: dict[tuple[str, str], Counter[str]] = {}
    for verdict in run.verdicts:
        found.setdefault((verdict.role, verdict.column), Counter())[verdict.outcome] += 1
    return found


def _titles(run: Run) -> dict[str, Text]:
    return {**{str(role["code"]): Text(str(role["title"]), str(role["title_en"])) for role in run.roles}, **STRANGERS}


def _cell(counts: list[int] | None) -> str:
    return "-" if counts is None else "/".join(str(count) for count in counts[:3])


def _gravest(verdict: Verdict) -> tuple[int, str, str, str]:
    return ("leak", "fault", "withheld").index(verdict.outcome), verdict.door, verdict.role, verdict.place


def _width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
