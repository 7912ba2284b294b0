"""The numbers under the map are the numbers of the tables, for what the actor sees, with unit, moment and source."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from commandcenter.actor import Actor
from commandcenter.db.run import Reader
from commandcenter.text import Language
from layers import discover
from layers.figures import FIGURES, PRESETS, QUEUE_TITLES, QUEUES, Figure, QueueRow, side_list, strip
from tests.city import CLOCKS, EASTERNER, KINDS, NOW, OPERATOR, STRANGER, WESTERNER
from tests.conftest import TestDatabase

OPEN = len(KINDS) * len(CLOCKS) + 1


def asked(database: TestDatabase, question: Any) -> Any:
    async def once() -> Any:
        reader = Reader(database.app_dsn, 1)
        await reader.open()
        try:
            return await question(reader)
        finally:
            await reader.close()

    return asyncio.run(once())


def figures(database: TestDatabase, preset: str, actor: Actor = OPERATOR, language: Language = "zh") -> dict[str, Figure]:
    return {f.key: f for f in asked(database, lambda reader: strip(reader, actor, preset, language))}


def rows(database: TestDatabase, preset: str, actor: Actor = OPERATOR) -> list[QueueRow]:
    return asked(database, lambda reader: side_list(reader, actor, preset, "zh"))  # type: ignore[no-any-return]


def test_the_overview_counts_the_little_city(city_database: TestDatabase) -> None:
    shown = figures(city_database, "overview")
    assert shown["open_cases"].value == str(OPEN) and shown["open_cases"].unit == "件"
    assert shown["overdue_cases"].value == str(len(KINDS))
    assert shown["grids"].value == "8"
    assert shown["cameras_working"].value == f"{100 * 6 / 16:.1f}" and shown["cameras_working"].unit == "%"
    assert shown["households"].value == str(16 * 40)
    assert shown["open_cases"].source == "测试cases"
    assert abs((NOW - shown["open_cases"].as_of).total_seconds() - 6 * 3600) < 1  # type: ignore[operator]


def test_the_other_presets_count_too(city_database: TestDatabase) -> None:
    urban, grid, emergency = (figures(city_database, preset) for preset in ("urban", "grid", "emergency"))
    assert urban["open_urban_cases"].value == str(2 * len(CLOCKS)) and urban["due_soon_cases"].value == str(len(KINDS))
    assert urban["components"].value == "16" and urban["components_faulty"].value == "6"
    assert grid["households_per_grid"].value == str(round((80 + 120 + 180 + 250 + 320 + 0 + 150 + 199) / 8))
    assert grid["grids_outside_rule"].value == "7" and grid["open_grid_cases"].value == str(len(CLOCKS))
    assert emergency["key_sites"].value == "5" and emergency["medical_points"].value == "2"


def test_two_districts_add_up_and_a_stranger_counts_nothing(city_database: TestDatabase) -> None:
    west, east, nobody = (figures(city_database, "overview", actor) for actor in (WESTERNER, EASTERNER, STRANGER))
    assert int(west["open_cases"].value) + int(east["open_cases"].value) == OPEN - 1, "one case lies outside every area"
    assert int(west["grids"].value) + int(east["grids"].value) == 8
    assert nobody["open_cases"].value == "0"
    assert nobody["cameras_working"].value == "—" and nobody["cameras_working"].why_not


@pytest.mark.parametrize("preset", PRESETS)
def test_every_number_names_its_unit_and_opens_its_rows(preset: str, city_database: TestDatabase) -> None:
    layers = discover()
    for language in ("zh", "en"):
        for figure in figures(city_database, preset, language=language).values():  # type: ignore[arg-type]
            assert figure.label and figure.unit and figure.source and figure.as_of is not None
            layer = layers[figure.opens]
            for name, values in figure.filters.items():
                chosen = layer.filter_named(name)
                assert chosen is not None, (figure.key, name)
                assert set(values.split(",")) <= {choice.value for choice in chosen.choices}
    assert set(PRESETS[preset].layers) <= set(layers)
    assert set(PRESETS[preset].figures) <= set(FIGURES)


def test_an_empty_city_says_why_there_is_no_number(database: TestDatabase) -> None:
    for figure in figures(database, "overview", language="en").values():
        assert (figure.value, figure.why_not) == ("—", "This city has no such data connected.")


def test_the_most_urgent_cases_come_first(city_database: TestDatabase) -> None:
    listed = rows(city_database, "overview")
    assert len(listed) == OPEN
    states = [row.state for row in listed]
    assert states[: len(KINDS)] == ["overdue"] * len(KINDS)
    assert states[-len(KINDS) :] == ["no_deadline"] * len(KINDS)
    assert len(rows(city_database, "overview", WESTERNER)) < OPEN and rows(city_database, "overview", STRANGER) == []


def test_every_queue_has_its_title_and_places(city_database: TestDatabase) -> None:
    assert set(QUEUES) == set(QUEUE_TITLES) == {preset.queue for preset in PRESETS.values()}
    for preset in PRESETS:
        for row in rows(city_database, preset):
            assert row.title and 123 < row.lon < 125 and 46 < row.lat < 48
    unseen = [row.state for row in rows(city_database, "emergency")]
    assert unseen == sorted(unseen, reverse=True) and "unseen" in unseen, "unseen sites first"
