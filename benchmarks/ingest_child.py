"""One load in a process of its own, so that its memory can be told: prints seconds, peak resident megabytes and the four numbers."""

from __future__ import annotations

import json
import resource
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
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb, "read": tally.read, "loaded": tally.loaded,
                      "unchanged": tally.unchanged, "quarantined": tally.quarantined}))  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:5])
