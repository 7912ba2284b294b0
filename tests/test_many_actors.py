"""Fifty people of fifty streets at once on four pooled connections: ten thousand reads, some broken off, and not one foreign row."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime

from commandcenter.actor import Actor, Scope
from commandcenter.db.load import upsert
from commandcenter.db.registers import write_source
from commandcenter.db.request import SqlRequest
from commandcenter.db.run import Reader, acting
from commandcenter.security.builtin import STEWARD
from commandcenter.text import Text
from tests.city import HOME
from tests.conftest import TestDatabase

STREETS = [f"230202{number:03d}" for number in range(1, 51)]
READS, CONNECTIONS, POINTS = 10_000, 4, 7
BROKEN_OFF = 300
COLUMNS = ("source_key", "row_hash", "class", "kind", "name", "geom", "district_code", "street_code")
QUESTIONS = (
    SqlRequest("select current_setting('commandcenter.actor') as me, street_code, count(*) as n from service_point group by street_code", {}, "streets"),
    SqlRequest(
        "select current_setting('commandcenter.actor') as me, street_code, 7 as n from service_point where geom && ST_MakeEnvelope(123, 47, 125, 48, 4326)"
        " group by street_code having count(*) = 7",
        {},
        "streets in a box",
    ),
)


def fill(database: TestDatabase) -> None:
    """Seven service points in each street."""
    with database.connect() as connection:
        with acting(connection, STEWARD):
            write_source(
                connection,
                {"name": "points", "target": "service_point", "title": "点", "title_en": "Points", "owner": "o", "licence": "l", "attribution": "",
                 "cadence_s": None, "synthetic": True, "data_as_of": datetime.now(UTC)},
            )  # fmt: skip
            rows = [
                (f"{street}-{number}", "1", "public", "office", street, HOME.point(10 * number, 10 * number), street[:6], street)
                for street in STREETS
                for number in range(POINTS)
            ]
            upsert(connection, STEWARD, "service_point", COLUMNS, rows, source="points", place=False)
        connection.commit()


def test_ten_thousand_reads_of_fifty_actors_show_no_foreign_row(database: TestDatabase) -> None:
    fill(database)
    actors = [Actor(f"test:{street}", Text(street, street), Scope(streets=(street,)), frozenset({"read"})) for street in STREETS]
    chance = random.Random(11)
    foreign: list[tuple[str, dict[str, object]]] = []
    done = 0

    async def reads(reader: Reader, actor: Actor, street: str, count: int) -> None:
        nonlocal done
        for _ in range(count):
            rows = await reader.rows(actor, chance.choice(QUESTIONS))
            done += 1
            if len(rows) != 1 or rows[0] != {"me": actor.id, "street_code": street, "n": POINTS}:
                foreign.extend((street, row) for row in rows or [{}])

    async def breaking_off(reader: Reader) -> None:
        """Clients that go away in the middle: their connection must forget them too."""
        for _ in range(BROKEN_OFF):
            task = asyncio.create_task(reader.rows(chance.choice(actors), QUESTIONS[0]))
            await asyncio.sleep(chance.uniform(0, 0.003))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def everybody() -> list[dict[str, object]]:
        reader = Reader(database.app_dsn, CONNECTIONS)
        await reader.open()
        try:
            each = READS // len(actors)
            await asyncio.gather(breaking_off(reader), *(reads(reader, actor, street, each) for actor, street in zip(actors, STREETS, strict=True)))
            nobody = Actor("", Text("", ""), Scope())
            return [row for answer in await asyncio.gather(*(reader.rows(nobody, QUESTIONS[0]) for _ in range(12))) for row in answer]
        finally:
            await reader.close()

    left = asyncio.run(everybody())
    assert done == READS
    assert foreign == []
    assert left == [], "a connection still knew somebody"
