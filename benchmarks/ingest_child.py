"""One load in a process of its own, so that its memory can be told: prints seconds, peak resident megabytes and the four numbers."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import psycopg

from commandcenter.city import load_city
from commandcenter.security.builtin import STEWARD
from ingest.load import load_file
from ingest.mapping import load_mapping


def main(dsn: str, mapping: str, file: str, city: str) -> None:
    """Load ``file`` once."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        began = time.perf_counter()
        report = load_file(connection, STEWARD, load_mapping(mapping), Path(file), load_city(city))
        seconds = time.perf_counter() - began
    tally = report.tally
    print(json.dumps({"seconds": seconds, "peak_mb": _peak_mb(), "read": tally.read, "loaded": tally.loaded,
                      "unchanged": tally.unchanged, "quarantined": tally.quarantined}))  # fmt: skip


def _peak_mb() -> float:
    """The most this program held. (ru_maxrss would also tell what the benchmark held when it started this process.)"""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel does not tell VmHWM")


if __name__ == "__main__":
    main(*sys.argv[1:5])
