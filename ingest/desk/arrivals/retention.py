"""Files go some time after their runs are done; that they came, when, from whom, their size and SHA-256 stay on record."""

from __future__ import annotations

from pathlib import Path

import psycopg

from commandcenter.actor import Actor
from commandcenter.db.run import acting
from ingest.desk.arrivals import store
from ingest.desk.kept_files import remove_if_empty

AT_ONCE = 500


def clear_finished(connection: psycopg.Connection, actor: Actor, uploads: Path, days: int) -> int:
    """Remove the files of this city's uploads that nobody needs any more; how many. What no upload of this city names is left alone:
    cities share the folder.

    Kept: files younger than ``days`` after the end of their last run, files without any run, and those whose dry run was not loaded yet.
    """
    there = sorted(path.relative_to(uploads).as_posix() for path in uploads.glob("*/*") if path.is_file() and path.suffix != ".part")
    removed = 0
    for first in range(0, len(there), AT_ONCE):
        part = there[first : first + AT_ONCE]
        with acting(connection, actor):
            store.hold_uploads(connection, part)
            for stored_as in store.no_longer_needed(connection, part, days):
                path = uploads / stored_as
                path.unlink(missing_ok=True)
                remove_if_empty(path.parent)
                removed += 1
    return removed
