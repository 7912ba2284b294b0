"""A database whose acts are noted, sealed and verified: what all tests of the audit stand on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from commandcenter.actor import Actor, Scope
from commandcenter.audit.heads import Heads
from commandcenter.audit.record import Subject, note
from commandcenter.audit.seal import seal
from commandcenter.audit.verify import Verdict, verify
from commandcenter.config import Settings
from commandcenter.db.run import acting
from tests.city import OPERATOR
from tests.conftest import TestDatabase

AUDITOR = Actor("test:auditor", OPERATOR.title, Scope(), frozenset({"audit"}))
CITY = Settings().city
TAMPER = "set session_replication_role = replica"  # what a superuser does first: no trigger fires any more


@dataclass
class Record:
    """A database whose acts are noted, sealed and verified."""

    connection: psycopg.Connection
    database: TestDatabase
    heads: Heads
    data_dir: Path

    def note(self, count: int = 1, actor: Actor = OPERATOR, **more: Any) -> None:
        for number in range(count):
            with acting(self.connection, actor):
                note(self.connection, actor, "look", door="wall", subject=Subject("camera", number), **more)

    def sealed(self, *counts: int) -> None:
        """Some events noted and sealed, a head for each count."""
        for count in counts:
            self.note(count)
            assert seal(self.connection, self.heads) == count

    def verify(self) -> Verdict:
        return verify(self.connection, self.heads, AUDITOR)

    def found(self) -> tuple[str, int | None, int | None]:
        """Kind, link and event of the first bad row."""
        fault = self.verify().fault
        assert fault is not None
        return fault.kind, fault.seq, fault.event

    def tamper(self, *statements: str) -> None:
        with psycopg.connect(self.database.admin_dsn) as admin:
            admin.execute(TAMPER)
            for statement in statements:
                assert admin.execute(statement).rowcount > 0, statement  # type: ignore[arg-type]

    def told(self, question: str) -> list[Any]:
        with psycopg.connect(self.database.admin_dsn) as admin:
            return admin.execute(question).fetchall()  # type: ignore[arg-type]


@pytest.fixture
def record(database: TestDatabase, tmp_path: Path) -> Iterator[Record]:
    with database.connect() as connection:
        connection.autocommit = True
        yield Record(connection, database, Heads(tmp_path, CITY), tmp_path)
