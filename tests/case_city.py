"""What a case needs to live in the little city: a code system, a calendar, limits of stages, departments, and people who work."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import psycopg

from commandcenter.actor import Actor, Scope
from commandcenter.cases import engine, store
from commandcenter.cases.commands import Handled, Report, Step
from commandcenter.cases.public_holidays import day_rows
from commandcenter.cases.states import KINDS
from commandcenter.db.run import acting
from commandcenter.security.builtin import STEWARD
from commandcenter.security.keyring import Keyring
from commandcenter.text import Text
from tests.city import HOME
from tests.conftest import TestDatabase

SYSTEM, SINCE = "test-2026", date(2024, 1, 1)
WATER, STREET = "D-WATER", "D-STREET"
CATEGORIES = {"component": "0102", "event": "0110", "grid": "G02", "hotline": "H01", "enforcement": "E01"}
INSIDE = (-450.0, 150.0)  # metres from the little city's centre: community 红星, grid 1

_SYSTEM = "insert into code_system (code, title, title_en, source, valid_from) values (%s, '测试', 'Test', 'tests', %s)"
_CATEGORY = (
    "insert into case_category (code_system, code, kind, major_code, major, minor, minor_en, valid_from, source)"
    " values (%s, %s, %s, '01', '大类', %s, 'small class', %s, 'tests')"
)
_STANDARD = (
    "insert into case_standard (code_system, kind, category_code, position, condition, condition_en, limit_value, limit_unit, source, valid_from)"
    " values (%s, %s, %s, %s, %s, 'a condition', %s, %s, 'tests', %s)"
)


def build_registers(connection: psycopg.Connection) -> None:
    """One category a kind with standards of four office hours (position 1) and three work days (2), a calendar, limits, two departments."""
    with acting(connection, STEWARD):
        connection.execute(_SYSTEM, [SYSTEM, SINCE])
        for kind, code in CATEGORIES.items():
            connection.execute(_CATEGORY, [SYSTEM, code, kind, f"小类{code}", SINCE])
            for position, (value, unit) in enumerate(((4, "wh"), (3, "wd")), start=1):
                connection.execute(_STANDARD, [SYSTEM, kind, code, position, f"情形{position}", value, unit, SINCE])
        days = [(row.date, row.is_workday, row.name_zh, row.name_en) for row in day_rows(date(2024, 1, 1), date(2026, 12, 31))]
        store.write_calendar(connection, "cn-2026", "国务院放假安排", "State Council", "08:00-12:00,14:00-18:00", "tests", days)
        store.write_stage_limits(connection, [("collect", "*", "0.25", "wh"), ("dispatch", "*", "0.25", "wh"), ("check", "*", "0.5", "wh")], "tests", SINCE)
        departments = [(WATER, "排水管理处", "Drainage", "department", None), (STREET, "五龙街道综合执法队", "Wulong brigade", "brigade", "230202001")]
        store.write_departments(connection, departments, "tests", SINCE)


@dataclass
class Desk:
    """One city with people at its desks; every act opens a transaction of its own, as a request does."""

    database: TestDatabase
    folder: Path
    people: dict[str, Actor] = field(default_factory=dict)
    _keys: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.connection = self.database.connect()
        self.admin = psycopg.connect(self.database.admin_dsn, autocommit=True)
        self.keys = Keyring(self.folder, "little")
        build_registers(self.connection)
        self.connection.commit()

    def close(self) -> None:
        """Give the connections back."""
        self.connection.close()
        self.admin.close()

    def person(self, name: str, *permissions: str, departments: tuple[str, ...] = (), scope: Scope | None = None) -> Actor:
        """Somebody with these permissions, once."""
        if name not in self.people:
            row = self.admin.execute(
                "insert into account (name, title, state, must_change, created_by) values (%s, %s, 'active', false, 'tests') returning id",
                [name.replace(" ", "."), name],
            ).fetchone()
            assert row is not None
            for code in departments:
                self.admin.execute("insert into department_member (account_id, department_code, made_by) values (%s, %s, 'tests')", [row[0], code])
            held = frozenset({"read", *permissions})
            self.people[name] = Actor(f"account:{row[0]}", Text(name, name), scope or Scope(whole_city=True), held)
        return self.people[name]

    @property
    def acceptor(self) -> Actor:
        return self.person("acceptor", "case_report", "case_accept", "case_note", "case_urge")

    @property
    def leader(self) -> Actor:
        return self.person("shift", "case_file", "case_note", "case_report", "case_supervise", "case_urge")

    @property
    def dispatcher(self) -> Actor:
        return self.person("dispatcher", "case_dispatch", "case_note", "case_report", "case_urge")

    @property
    def handler(self) -> Actor:
        return self.person("handler", "case_handle", "case_note", "case_work", departments=(WATER,))

    @property
    def worker(self) -> Actor:
        return self.person("worker", "case_note", "case_work", departments=(WATER,))

    @property
    def verifier(self) -> Actor:
        return self.person("verifier", "case_check", "case_note", "case_report")

    def report(self, actor: Actor | None = None, kind: str = "event", at: tuple[float, float] = INSIDE, **words: object) -> Handled:
        """A report at a place of the drawing, in metres."""
        lon, lat = HOME.lonlat(*at)
        said = {"key": f"key-{next(self._keys):08d}", "kind": kind, "category_system": SYSTEM, "category_code": CATEGORIES[kind], "lon": lon, "lat": lat,
                "origin": "public", "description": "垃圾", **words}  # fmt: skip
        return engine.report(self.connection, actor or self.acceptor, Report(**said), self.keys)  # type: ignore[arg-type]

    def step(self, actor: Actor, case: Handled, action: str, now: datetime | None = None, **words: object) -> Handled:
        """One move from the version of what came of the last."""
        return engine.step(self.connection, actor, Step(case.case_id, case.version, action, **words), now)  # type: ignore[arg-type]

    def standard(self, kind: str = "event", position: int = 1) -> int:
        """The id of a standard."""
        row = self.admin.execute("select id from case_standard where kind = %s and position = %s", [kind, position]).fetchone()
        assert row is not None
        return int(row[0])

    def row(self, case: Handled) -> dict[str, object]:
        """The case as it stands, past all policies."""
        found = self.admin.execute("select to_jsonb(c) from cases c where id = %s", [case.case_id]).fetchone()
        assert found is not None
        return dict(found[0])

    def filed(self, kind: str = "event", position: int = 1) -> Handled:
        """A case that waits for its dispatch."""
        case = self.step(self.acceptor, self.report(kind=kind), "accept")
        return self.step(self.leader, case, "file", standard_id=self.standard(kind, position))

    def in_hand(self, kind: str = "event") -> Handled:
        """A case somebody of a department works on."""
        case = self.step(self.dispatcher, self.filed(kind), "dispatch", department=WATER)
        case = self.step(self.handler, case, "acknowledge")
        return self.step(self.handler, case, "assign", worker=self.worker.id)

    def to_be_closed(self) -> Handled:
        """A case that was handled, fed back and checked."""
        case = self.step(self.worker, self.in_hand(), "submit", outcome="已清运")
        for actor, action in ((self.handler, "confirm"), (self.dispatcher, "pass_on"), (self.acceptor, "ask_check"), (self.verifier, "check_pass")):
            case = self.step(actor, case, action)
        return case


__all__ = ["CATEGORIES", "INSIDE", "KINDS", "STREET", "SYSTEM", "WATER", "Desk", "build_registers"]
