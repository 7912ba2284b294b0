"""One process that reports cases until it is told to end: what was acknowledged goes to its standard output, and is then a promise.

``python -m tests.case_reporter APP_DSN FOLDER NAME LON LAT CATEGORY SYSTEM``. A report whose answer did not come is sent again with the same key.
"""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

import psycopg

from commandcenter.actor import Actor, Scope
from commandcenter.cases import engine
from commandcenter.cases.commands import Report
from commandcenter.errors import CommandCenterError
from commandcenter.security.keyring import Keyring
from commandcenter.text import Text


def main(dsn: str, folder: str, name: str, lon: str, lat: str, category: str, system: str) -> None:
    actor = Actor(f"account:{name}", Text(name, name), Scope(whole_city=True), frozenset({"read", "case_report"}))
    keys = Keyring(Path(folder), "little")
    for number in itertools.count(1):
        said = Report(f"{name}-{number:06d}", "event", system, category, float(lon), float(lat), "public", description=f"{name} {number}")
        while True:
            try:
                with psycopg.connect(dsn, connect_timeout=5) as connection:
                    connection.autocommit = True
                    made = engine.report(connection, actor, said, keys)
                break
            except (CommandCenterError, psycopg.Error):
                time.sleep(0.05)
        print(f"{said.key} {made.number}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
