"""The wall's callbacks: card, numbers and side list, search. Each parses, asks a layer's function as the actor, renders."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import dash
from dash import Input, Output
from dash.development.base_component import Component

from commandcenter.errors import CommandCenterError, NotFound
from commandcenter.pages.wall import ids
from commandcenter.pages.wall.card import card_view, choices_view, fault_view
from commandcenter.pages.wall.numbers import queue_view, strip_view
from commandcenter.pages.wall.results import results_view
from commandcenter.text import Language, Text
from commandcenter.web.context import current_actor
from commandcenter.web.limits import SEARCH
from commandcenter.web.state import State
from layers.cards import read_card, ref_of_code
from layers.figures import PRESETS, QUEUE_TITLES, side_list, strip
from layers.search import search

QUEUE_LENGTH = 40
MOST_CHOICES = 12
GONE = Text("找不到这个对象，或不在您的辖区内。", "There is no such thing, or it lies outside your jurisdiction.")


def register(app: dash.Dash, state: State) -> None:
    """The three questions the wall asks the server through Dash."""

    @app.callback(Output(ids.CARD, "children"), Input(ids.PICKED, "data"))
    async def show_picked(picked: dict[str, Any] | None) -> Component | list[Component]:
        return await picked_answer(state, picked)

    @app.callback(
        Output(ids.STRIP, "children"), Output(ids.QUEUE, "children"), Input(ids.ASK, "data"), prevent_initial_call=True
    )
    async def show_numbers(ask: dict[str, Any] | None) -> tuple[Any, Any]:
        return await numbers_answer(state, ask or {})

    @app.callback(Output(ids.RESULTS, "children"), Input(ids.QUERY, "data"), prevent_initial_call=True)
    async def show_results(query: dict[str, Any] | None) -> Any:
        return await search_answer(state, query or {})


async def picked_answer(state: State, picked: Mapping[str, Any] | None) -> Component | list[Component]:
    """The card of the picked thing, or the list of several to choose from."""
    if not picked:
        return []
    language = _language(picked)
    current, others = _thing(picked.get("current")), [other for other in map(_thing, _list(picked.get("others"))) if other]
    if not current:
        return choices_view(await _named(state, others, language), language)
    try:
        actor, zone = current_actor(), (await state.city()).zone
        ref = await _ref(state, current)
        card = await read_card(state.reader, actor, state.layers, str(current["layer"]), ref, language, zone)
    except CommandCenterError as fault:
        return fault_view(fault.sentence, language)
    return card_view(card, others, language, state.layers)


async def numbers_answer(state: State, ask: Mapping[str, Any]) -> tuple[Any, Any]:
    """The number strip and the side list of a preset."""
    language, preset = _language(ask), str(ask.get("preset"))
    preset = preset if preset in PRESETS else next(iter(PRESETS))
    try:
        actor, zone = current_actor(), (await state.city()).zone
        figures = await strip(state.reader, actor, preset, language)
        rows = await side_list(state.reader, actor, preset, language, QUEUE_LENGTH)
    except CommandCenterError as fault:
        return fault_view(fault.sentence, language), fault_view(fault.sentence, language)
    # A preset's first figure counts what its list names: where that cannot be counted, nothing can be waiting either.
    queue = queue_view(QUEUE_TITLES[PRESETS[preset].queue], rows, language, figures[0].why_not)
    return strip_view(figures, language, zone), queue


async def search_answer(state: State, query: Mapping[str, Any]) -> Any:
    """The findings of a search as a list to walk through."""
    language, phrase = _language(query), str(query.get("text") or "")[:100]
    if not phrase.strip():
        return []
    try:
        state.limits.count(SEARCH, current_actor().id)
        hits = await search(state.reader, current_actor(), phrase, language)
    except CommandCenterError as fault:
        return fault_view(fault.sentence, language)
    return results_view(hits, state.layers, language)


async def _named(state: State, others: list[dict[str, Any]], language: Language) -> list[dict[str, Any]]:
    """The things to choose from, with names from their cards where the tile carried none."""
    actor, zone = current_actor(), (await state.city()).zone

    async def named(other: dict[str, Any]) -> dict[str, Any]:
        if other.get("title") != other.get("layer_title"):
            return other
        try:
            card = await read_card(
                state.reader, actor, state.layers, str(other["layer"]), number_of(other.get("id")), language, zone
            )
        except CommandCenterError:
            return other
        return other | {"title": card.title}

    return list(await asyncio.gather(*map(named, others[:MOST_CHOICES])))


async def _ref(state: State, thing: Mapping[str, Any]) -> int:
    """The row of a thing named by id, or by its code as cards name neighbours."""
    if thing.get("id") is not None:
        return number_of(thing["id"])
    layer = state.layers.get(str(thing.get("layer")))
    found = await ref_of_code(state.reader, current_actor(), layer, str(thing.get("code"))) if layer else None
    if found is None:
        raise NotFound(GONE)
    return found


def number_of(said: Any) -> int:
    """A row's number from a browser. Raises NotFound for what is none."""
    text = str(said)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NotFound(GONE)
    return int(text)


def _thing(said: Any) -> dict[str, Any] | None:
    return said if isinstance(said, dict) and isinstance(said.get("layer"), str) else None


def _list(said: Any) -> list[Any]:
    return said if isinstance(said, list) else []


def _language(ask: Mapping[str, Any]) -> Language:
    return "en" if ask.get("language") == "en" else "zh"
