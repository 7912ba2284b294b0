"""What the engine asks of the database: cases with their logs, standards, calendars, limits of stages, departments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from commandcenter.db.request import SqlRequest

Row = dict[str, Any]

CASE = (
    "select c.id, c.number, c.kind, c.category_code, c.category_system, c.major, c.minor, c.major_en, c.minor_en, c.description, c.origin, c.state,"
    " c.is_open, c.address, c.department, c.component_code, c.limit_text, c.reported_at, c.started_at, c.due_at, c.closed_at, c.version, c.state_since,"
    " c.state_before, c.stage_due_at, c.standard_id, c.limit_value, c.limit_unit, c.calendar, c.clock, c.used_s, c.warn_at, c.outer_due_at, c.is_late,"
    " c.late_exempt, c.holder, c.worker, c.asks, c.extended,"
    " c.reworked, c.returned, c.urged, c.supervised, c.level, c.merged_into, c.parent_id, c.first_seen_at, c.first_act_at, c.source,"
    " c.district_code, c.street_code, c.community_code, c.grid_code, c.unit_cell_code, c.born_grid_code, ST_X(c.geom) as lon, ST_Y(c.geom) as lat from cases c"
)


def case_request(case_id: int) -> SqlRequest:
    """One case as it stands; nothing for a case that lies outside the jurisdiction."""
    return SqlRequest(f"{CASE} where c.id = %(case)s", {"case": case_id}, "a case")


def number_request(number: str) -> SqlRequest:
    """The case of a number."""
    return SqlRequest(f"{CASE} where c.number = %(number)s order by c.id limit 1", {"number": number}, "a case by number")


def events_request(case_id: int) -> SqlRequest:
    """A case's log in order, with the titles of those who acted and what they wrote."""
    return SqlRequest(
        "select e.seq, e.at, e.actor, actor_title(e.actor) as who, e.action, e.axis, e.from_state, e.to_state, e.reason, e.detail, e.changes, e.former,"
        " (select string_agg(coalesce(n.said, '—'), ' ' order by n.id) from case_note n where n.case_id = e.case_id and n.seq = e.seq) as note"
        " from case_event e where e.case_id = %(case)s order by e.seq",
        {"case": case_id},
        "a case's log",
    )


def log_request(case_id: int) -> SqlRequest:
    """A case's log as its clocks read it."""
    return SqlRequest(
        "select seq, at, action, to_state, reason, changes from case_event where case_id = %(case)s order by seq", {"case": case_id}, "a case's clock"
    )


def last_event_request(case_id: int) -> SqlRequest:
    """Who moved a case last, and when by the city's clock."""
    return SqlRequest(
        "select e.seq, e.actor, e.action, actor_title(e.actor) as who,"
        " to_char(e.at at time zone (select time_zone from city limit 1), 'MM-DD HH24:MI') as said_at"
        " from case_event e where e.case_id = %(case)s order by e.seq desc limit 1",
        {"case": case_id},
        "a case's last event",
    )


def standard_request(standard_id: int) -> SqlRequest:
    """One standard that is in force today."""
    return SqlRequest(
        "select s.id, s.code_system, s.kind, s.category_code, s.condition, s.condition_en, s.limit_value, s.limit_unit from case_standard s where s.id = %(id)s"
        " and s.valid_from <= current_date and (s.valid_to is null or s.valid_to > current_date)",
        {"id": standard_id},
        "a standard",
    )


def standards_request(system: str, kind: str, category: str) -> SqlRequest:
    """The standards of a category that are in force, in their order."""
    return SqlRequest(
        "select s.id, s.condition, coalesce(s.condition_en, s.condition) as condition_en, s.limit_value, s.limit_unit, s.close_condition from case_standard s"
        " where s.code_system = %(system)s and s.kind = %(kind)s and s.category_code = %(category)s"
        " and s.valid_from <= current_date and (s.valid_to is null or s.valid_to > current_date) order by s.position, s.id",
        {"system": system, "kind": kind, "category": category},
        "a category's standards",
    )


def categories_request() -> SqlRequest:
    """All categories in force, in the order of their codes."""
    return SqlRequest(
        "select code_system, code, kind, major_code, major, coalesce(major_en, major) as major_en, minor, coalesce(minor_en, minor) as minor_en"
        " from case_category where valid_from <= current_date and (valid_to is null or valid_to > current_date) order by code_system, kind, code",
        {},
        "categories",
    )


def departments_request() -> SqlRequest:
    """Departments that exist today."""
    return SqlRequest(
        "select code, name, name_en, kind, area_code, duty_phone from department"
        " where valid_from <= current_date and (valid_to is null or valid_to > current_date) order by kind, code",
        {},
        "departments",
    )


def people_request(department: str) -> SqlRequest:
    """Who handles cases for a department: actor id and title."""
    return SqlRequest("select actor, title from department_people(%(code)s)", {"code": department}, "a department's people")


def asked(connection: psycopg.Connection, request: SqlRequest) -> list[Row]:
    """The rows of a question inside the caller's transaction."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(request.sql, request.params).fetchall()


def one(connection: psycopg.Connection, request: SqlRequest) -> Row | None:
    """The first row, or None."""
    found = asked(connection, request)
    return found[0] if found else None


def calendar_rows(connection: psycopg.Connection, version: str | None) -> tuple[str, str, str, list[tuple[date, bool, str, str]]] | None:
    """Version, zone, office hours and days of a calendar; of the one in force without a version; None where there is none."""
    head = connection.execute(
        "select w.version, coalesce((select time_zone from city limit 1), 'UTC'), w.office_hours from work_calendar w"
        " where w.version = coalesce(%s, (select version from work_calendar where in_force))",
        [version],
    ).fetchone()
    if head is None:
        return None
    days = connection.execute(
        "select day, is_workday, coalesce(name, ''), coalesce(name_en, '') from work_day where version = %s order by day", [head[0]]
    ).fetchall()
    return str(head[0]), str(head[1]), str(head[2]), days


def stage_limits(connection: psycopg.Connection, kind: str) -> list[tuple[str, Any, str]]:
    """Stage or state, value and unit of the limits in force for a kind of case; a kind's own before those for all ('*')."""
    return connection.execute(
        "select distinct on (stage) stage, limit_value, limit_unit from stage_limit where kind in (%s, '*') and valid_from <= current_date"
        " and (valid_to is null or valid_to > current_date) order by stage, kind = '*', valid_from desc",
        [kind],
    ).fetchall()


def append(connection: psycopg.Connection, case_id: int, seq: int, actor: str, action: str, reason: str | None, detail: Mapping[str, Any],
           changes: Mapping[str, Any]) -> None:  # fmt: skip
    """One event; the database moves the case by it, or refuses with a code of class CC."""
    connection.execute(
        "insert into case_event (case_id, seq, actor, action, axis, to_state, reason, detail, changes) values (%s, %s, %s, %s, '', '', %s, %s, %s)",
        [case_id, seq, actor, action, reason, Jsonb(dict(detail)), Jsonb(dict(changes))],
    )


def report(connection: psycopg.Connection, said: Mapping[str, Any], key: str) -> Row:
    """A new case, or the one that this key made before."""
    found = one(connection, SqlRequest("select * from case_report(%(said)s, %(key)s)", {"said": Jsonb(dict(said)), "key": key}, "report"))
    assert found is not None
    return found


def keep_note(connection: psycopg.Connection, case_id: int, seq: int, kind: str, words: str) -> None:
    """What somebody wrote with an event."""
    connection.execute("select case_note_keep(%s, %s, %s, %s)", [case_id, seq, kind, words])


def write_calendar(
    connection: psycopg.Connection, version: str, title: str, title_en: str, hours: str, source: str, days: list[tuple[date, bool, str, str]]
) -> None:
    """A new version of the calendar, which is in force from now on for cases that are filed; the former stays for those that were."""
    connection.execute("update work_calendar set in_force = false where in_force")
    connection.execute(
        "insert into work_calendar (version, title, title_en, office_hours, source, in_force) values (%s, %s, %s, %s, %s, true)",
        [version, title, title_en, hours, source],
    )
    with connection.cursor() as cursor:
        cursor.executemany("insert into work_day (version, day, is_workday, name, name_en) values (%s, %s, %s, nullif(%s, ''), nullif(%s, ''))",
                           [(version, *day) for day in days])  # fmt: skip


def write_stage_limits(connection: psycopg.Connection, limits: list[tuple[str, str, Any, str]], source: str, since: date) -> None:
    """Stage, kind, value and unit of limits that hold from a day on."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into stage_limit (stage, kind, limit_value, limit_unit, source, valid_from) values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
            [(*limit, source, since) for limit in limits],
        )


def write_departments(connection: psycopg.Connection, departments: list[tuple[str, str, str, str, str | None]], source: str, since: date) -> None:
    """Code, name, English name, kind and area of departments that are there from a day on."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into department (code, name, name_en, kind, area_code, source, valid_from) values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            [(*department, source, since) for department in departments],
        )


def has_registers(connection: psycopg.Connection) -> tuple[bool, bool]:
    """Whether the city has a code system, and a calendar in force."""
    row = connection.execute("select exists (select from code_system), exists (select from work_calendar where in_force)").fetchone()
    assert row is not None
    return bool(row[0]), bool(row[1])


def give_cases_to_departments(connection: psycopg.Connection) -> int:
    """Open cases of a source that name a department which is there are that department's; how many."""
    cursor = connection.execute(
        "update cases c set holder = d.code from department d where d.name = c.department and c.version = 0 and c.is_open and c.holder is null"
        " and c.state in ('dispatched', 'pending_handle', 'handling', 'handle_finish', 'pending_feedback', 'pending_check')"
    )
    return cursor.rowcount


def join_departments(connection: psycopg.Connection, members: Mapping[str, str]) -> None:
    """Accounts by name begin to handle cases for departments that there are; those that are members already stay."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "select department_join(a.id, d.code, true) from account a, department d where d.code = %s and a.name = %s",
            [(code, name) for name, code in members.items()],
        )
