"""`python -m benchmarks`: all benchmarks and docs/benchmarks.md; with names those are only printed, unless `--write` is among them."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable

from benchmarks import (
    case_clocks,
    database,
    datum,
    every_tile,
    ingest,
    report,
    row_level_security,
    search,
    sign_in,
    tiles,
    wall,
)

WRITE = "--write"
BENCHMARKS: dict[str, Callable[[database.Say], list[report.Chapter]]] = {
    "tiles": tiles.run,
    "search": search.run,
    "row_level_security": row_level_security.run,
    "sign_in": sign_in.run,
    "every_tile": every_tile.run,
    "wall": wall.run,
    "ingest": ingest.run,
    "datum": datum.chapters,
    "case_clocks": case_clocks.chapters,
}


def main(arguments: list[str]) -> int:
    """Run and print; exit code 2 for a name nobody knows, 1 where a benchmark could not be run."""
    names = [word for word in arguments if word != WRITE]
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
        return 2
    with database.cluster() as running:
        chapters = [chapter for name in names or BENCHMARKS for chapter in _run(name)]
        for chapter in chapters:
            for line in chapter.lines:
                print(f"{chapter.title} | {line.what} | {line.ours} | {line.peer} | {line.ratio} | {line.reach} | {line.met}")
        if not names or WRITE in arguments:
            settings = database.footprints(running, print)
            report.write(chapters, running.admin_dsn(settings.database_name))
    return 0 if all(chapter.lines for chapter in chapters) else 1


def _run(name: str) -> list[report.Chapter]:
    """One benchmark's chapters; one that fails says why on the page and leaves the others their figures."""
    try:
        return BENCHMARKS[name](lambda words: print(f"  {words}", flush=True))
    except Exception as fault:
        traceback.print_exc()
        return [report.Chapter(f"Not measured: {name}", f"The run failed: {type(fault).__name__}.", ())]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
