"""What is asked of the database about households and people; whom it answers and what it writes down is the database's own rule."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from commandcenter.audit.record import Door
from commandcenter.db.request import SqlRequest


def counts_request(code: str) -> SqlRequest:
    """Persons and households of an area or grid ('' is the whole city) and of the places right below; no row for a place that is none."""
    return SqlRequest("select * from people_counts(%(code)s)", {"code": code}, "people counts")


def building_request(building: int) -> SqlRequest:
    """What the page of a building says of it."""
    return SqlRequest(
        "select b.id, coalesce(b.name, b.address, b.code, b.id::text) as title, coalesce(b.name_en, b.address, b.code, b.id::text) as title_en, b.grid_code"
        " from building b where b.id = %(building)s",
        {"building": building},
        "a building's people",
    )


def households_request(building: int) -> SqlRequest:
    """The households of a building inside the jurisdiction; the door only to whom people may be shown in full."""
    return SqlRequest("select * from households_of(%(building)s)", {"building": building}, "households")


def look_request(household: int, door: Door, address: str) -> SqlRequest:
    """The people of a household, masked; the look is written down by the same statement."""
    return SqlRequest(
        "select * from household_look(%(household)s, %(door)s, %(address)s)", {"household": household, "door": door, "address": address}, "look at a household"
    )


def reveal_request(household: int, ref: str | None, reason: str, door: Door, address: str) -> SqlRequest:
    """One person of a household in full, or everybody (no reference); ``outcome`` of the one row says what was in the way."""
    return SqlRequest(
        "select * from person_reveal(%(household)s, %(ref)s, %(reason)s, %(door)s, %(address)s)",
        {"household": household, "ref": ref, "reason": reason, "door": door, "address": address},
        "reveal",
    )


def enter(connection: psycopg.Connection, source: str, delivered: list[dict[str, Any]]) -> int:
    """Households with their people, inside the caller's transaction; how many people came in."""
    row = connection.execute("select people_enter(%s, %s)", [source, Jsonb(delivered)]).fetchone()
    assert row is not None
    return int(row[0])


def erase(connection: psycopg.Connection, ref: str, reason: str, door: Door) -> str:
    """Lawful deletion of somebody; what came of it."""
    row = connection.execute("select person_erase(%s, %s, %s)", [ref, reason, door]).fetchone()
    assert row is not None
    return str(row[0])


def refs_of_mark(connection: psycopg.Connection, mark: str) -> list[str]:
    """The references of who has an ID number, by its mark."""
    return [str(ref) for (ref,) in connection.execute("select * from person_of_mark(%s)", [mark])]
