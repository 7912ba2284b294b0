"""``python -m commandcenter leak-matrix``: one run, its table or its JSON, its report left for the page, its trace in the audit."""

from __future__ import annotations

import dataclasses
import json
from typing import TextIO

from commandcenter.actor import Actor, Scope
from commandcenter.audit.record import note
from commandcenter.config import Settings
from commandcenter.db.connect import connect
from commandcenter.db.run import acting
from commandcenter.leaks.report import as_report, as_table, is_clean
from commandcenter.leaks.run import run_matrix
from commandcenter.security.leak_report import keep_report
from commandcenter.text import Text

MATRIX = Actor("builtin:leak-matrix", Text("泄漏矩阵（内置）", "Leak matrix (built in)"), Scope())


def carry_out(settings: Settings, admin_dsn: str, out: TextIO, *, as_json: bool, seconds: float) -> bool:
    """Run, print, keep; whether it is clean. ``as_json`` prints every try's verdict."""
    run = run_matrix(settings, admin_dsn, seconds=seconds)
    report = as_report(run)
    keep_report(settings.data_dir, settings.city, report)
    with connect(settings) as connection, acting(connection, MATRIX):
        note(connection, MATRIX, "look", door="cli", detail={"what": "leak matrix", "tries": report["tries"], **report["totals"]})
    if as_json:
        print(json.dumps({**report, "verdicts": [dataclasses.asdict(verdict) for verdict in run.verdicts]}, ensure_ascii=False), file=out)
    else:
        for line in as_table(run):
            print(line, file=out)
    return is_clean(run)
