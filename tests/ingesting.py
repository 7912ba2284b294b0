"""A file loaded, settled, asked about and taken back by the steward, as the command line and the desk do it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from commandcenter.city import City, load_city
from commandcenter.db.registers import finish_load
from commandcenter.db.run import acting
from commandcenter.security.builtin import STEWARD
from ingest.cities_load import settle
from ingest.contract import Mapping
from ingest.load import Report, load_file
from ingest.withdraw import withdraw_run

CITY = load_city("longsha")


def load(connection: psycopg.Connection, mapping: Mapping, path: Path, city: City = CITY, **more: Any) -> Report:
    """The file in its tables, and what is drawn from them drawn anew."""
    report = load_file(connection, STEWARD, mapping, path, city, **more)
    assert report.tally.adds_up
    settle(connection, city, [report], lambda _: None)
    return report


def withdrawn(connection: psycopg.Connection, run_id: int) -> None:
    """The run taken back."""
    with acting(connection, STEWARD):
        withdraw_run(connection, STEWARD, run_id)
        finish_load(connection, lambda _: None)


def asked(connection: psycopg.Connection, question: str, *given: Any) -> list[tuple[Any, ...]]:
    """What the database answers the steward."""
    with acting(connection, STEWARD):
        return connection.execute(question, given).fetchall()  # type: ignore[arg-type]  # questions of these tests
