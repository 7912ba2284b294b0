"""The last report of the leak matrix, a file of the data folder: the command leaves it, the page of the administrators shows it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OUTCOMES = ("allowed", "refused", "leak", "withheld", "fault")


def report_path(data_dir: Path, city: str) -> Path:
    """Where a city's report lies."""
    return data_dir / "leaks" / f"{city}.json"


def keep_report(data_dir: Path, city: str, report: Mapping[str, Any]) -> Path:
    """Put a report in the place of the last one, whole or not at all; readable by nobody else on the machine."""
    path = report_path(data_dir, city)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_suffix(f".{os.getpid()}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(report, file, ensure_ascii=False, indent=1)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path


def last_report(data_dir: Path, city: str) -> dict[str, Any] | None:
    """The last report; None before the first run, and where the file cannot be read as one."""
    try:
        found = json.loads(report_path(data_dir, city).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and {"at", "cells", "roles", "columns", "findings", "totals"} <= found.keys() else None
