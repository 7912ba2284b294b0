"""What every city begins with: the code system that ships, China's working calendar, the limits of stages; and the demonstration's departments.

Nothing here overrules a city: what stands already stays, and each of it is a row with its source that the city replaces by a newer one.
"""

from __future__ import annotations

from datetime import date

import psycopg

from commandcenter.cases import store
from commandcenter.cases.calendar import OFFICE_HOURS
from commandcenter.cases.public_holidays import day_rows
from commandcenter.cases.standards_shipped import shipped
from commandcenter.cases.standards_store import take_in
from commandcenter.db.run import acting
from commandcenter.security.builtin import STEWARD

CALENDAR = "cn-2024-2026"
FIRST, LAST = date(2024, 1, 1), date(2026, 12, 31)
# Stage or state, kind, value, unit: domain facts 1.8.2, which name one city's practice; a city writes its own.
STAGE_LIMITS = [
    ("collect", "*", "0.25", "wh"), ("establish", "*", "0.5", "wh"), ("dispatch", "*", "0.25", "wh"), ("dispatched", "*", "0.5", "wh"),
    ("feedback", "*", "0.5", "wh"), ("check", "*", "2", "wh"),
]  # fmt: skip
# The departments that the demonstration's cases name: code, name, English name, kind, area.
DEMO_DEPARTMENTS: list[tuple[str, str, str, str, str | None]] = [
    ("D-SANITATION", "环境卫生管理处", "Sanitation office", "department", "230202"),
    ("D-ENFORCEMENT", "城市管理综合执法局", "Urban enforcement bureau", "department", "230202"),
    ("D-MUNICIPAL", "市政管理处", "Municipal works office", "department", "230202"),
    ("D-DRAINAGE", "排水管理处", "Drainage office", "department", "230202"),
    ("D-PARKS", "园林管理处", "Parks office", "department", "230202"),
    ("D-COMMUNITY", "社区居委会", "Residents' committees", "community", None),
    ("D-BRIGADE", "街道综合执法队", "Street enforcement brigade", "brigade", None),
    ("D-HEAT", "供热公司", "Heating company", "company", "230202"),
    ("D-WATER", "供水公司", "Water company", "company", "230202"),
]
DEMO_MEMBERS = {"demo.department_handler": "D-SANITATION", "demo.enforcement_officer": "D-BRIGADE", "demo.grid_worker": "D-COMMUNITY"}


def write_shipped(connection: psycopg.Connection) -> bool:
    """Code system, calendar and stage limits where the city has none; whether something was written. Each in a transaction of its own."""
    with acting(connection, STEWARD):
        has_codes, has_calendar = store.has_registers(connection)
    if not has_codes:
        catalogue = shipped()
        take_in(connection, STEWARD, catalogue.system, catalogue.categories, catalogue.standards)
    if not has_calendar:
        with acting(connection, STEWARD):
            days = [(row.date, row.is_workday, row.name_zh, row.name_en) for row in day_rows(FIRST, LAST)]
            titles = ("国务院办公厅放假安排 2024—2026", "State Council holiday notices 2024-2026")
            store.write_calendar(connection, CALENDAR, *titles, OFFICE_HOURS, "chinesecalendar", days)
            store.write_stage_limits(connection, STAGE_LIMITS, "domain practice", FIRST)
    return not (has_codes and has_calendar)


def write_demo_departments(connection: psycopg.Connection) -> None:
    """The demonstration's departments, and the cases that are theirs; again, it changes nothing."""
    with acting(connection, STEWARD):
        store.write_departments(connection, DEMO_DEPARTMENTS, "demonstration", FIRST)
        store.give_cases_to_departments(connection)
