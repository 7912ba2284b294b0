"""`python -m benchmarks [name ...]`: all benchmarks, or those named, and docs/benchmarks.md; `--dry` only prints."""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks import database, every_tile, report, search, tiles, wall

BENCHMARKS: dict[str, Callable[[database.Say], list[report.Chapter]]] = {
    "tiles": tiles.run,
    "search": search.run,
    "every_tile": every_tile.run,
    "wall": wall.run,
}


def main(arguments: list[str]) -> int:
    """Run, print, write; exit code 2 for a name nobody knows."""
    names = [word for word in arguments if word != "--dry"] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
        return 2
    with database.cluster() as running:
        chapters = [chapter for name in names for chapter in BENCHMARKS[name](lambda words: print(f"  {words}", flush=True))]
        for chapter in chapters:
            for line in chapter.lines:
                print(f"{chapter.title} | {line.what} | {line.ours} | {line.peer} | {line.ratio} | {line.reach} | {line.met}")
        if "--dry" not in arguments:
            settings = database.footprints(running, print)
            report.write(chapters, running.admin_dsn(settings.database_name))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
