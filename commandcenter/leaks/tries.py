"""How what is inside is tried: the question as a browser would send it, and what the oracle says should have come."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any
from zlib import crc32

from commandcenter.errors import NotFound
from commandcenter.leaks import store
from commandcenter.leaks.browser import ask
from commandcenter.leaks.doors import KINDS, ROUTES, TILE, callback_name
from commandcenter.leaks.gates import gates
from commandcenter.leaks.ground import SEER, Ground, Reference, call, judged_numbers, judged_rows, output_of
from commandcenter.leaks.reading import box, drawn, households, listed, named, parts, tile_at, told
from commandcenter.leaks.reading import figures as shown_figures
from commandcenter.leaks.store import Place, Sample
from commandcenter.leaks.verdict import TURNED_AWAY, Asked, Verdict, between
from commandcenter.leaks.visitors import CITY, Guest
from layers.base import Layer
from layers.cards import read_card
from layers.figures import PRESETS, side_list, strip
from layers.honesty import honest_lines
from layers.live_cases import live_cases
from layers.search import search
from layers.tiles import features_request, parse_bbox, tile_request

CLOSE_ZOOM, WIDE_ZOOM = 17, 12
QUEUE_LENGTH, HITS = 40, 20  # as the wall asks
SEARCH_TABLES = {"addresses": "address"}  # what search finds that no layer draws
UNKNOWN = "?"
TIMES_ASKED = 4  # a number that moves up and down meets its range sooner or later; a leak never does


async def everything(ground: Ground, guest: Guest) -> AsyncIterator[Verdict]:
    """All tries of one guest: every door's gate, then what lies behind those that show rows."""
    if not guest.place.centre and (guest.deep or guest.place == CITY):
        async for verdict in gates(ground, guest):
            yield verdict
    if guest.looks:
        for way in WAYS.values():
            async for verdict in way(ground, guest):
                yield verdict


def _chosen(ground: Ground, guest: Guest, layer: Layer) -> list[Sample]:
    """The rows a guest asks for: on both sides of the place's border, one of them where not everything is asked."""
    found = ground.samples[guest.place].get(layer.id, [])
    return found if guest.deep else sorted(found, key=lambda sample: sample.inside)[:1]


def _asked_layers(ground: Ground, guest: Guest) -> list[Layer]:
    """The layers whose rows a guest asks for: all; what a centre narrows, of who differs by a centre alone; one in turn where not everything is asked."""
    placed = [layer for layer in ground.layers.values() if layer.table in ground.oracle.known]
    if guest.place.centre:
        return [layer for layer in placed if layer.table == "cases"]
    return list(ground.layers.values()) if guest.deep else [placed[crc32(guest.key.encode()) % len(placed)]]


async def tiles(ground: Ground, guest: Guest) -> AsyncIterator[Verdict]:
    """The tiles of every layer around the rows, close and from afar.

    The first guest of the whole city asks for everybody's, so that the cache holds them before anybody narrower comes.
    """
    for layer in _asked_layers(ground, guest) if guest.deep or guest.place.centre else ground.layers.values():
        everybodys = guest.deep and guest.place == CITY
        rows = [sample for place in ground.samples for sample in ground.samples[place].get(layer.id, [])] if everybodys else _chosen(ground, guest, layer)
        zooms = (CLOSE_ZOOM, max(layer.min_zoom, WIDE_ZOOM)) if guest.deep else (CLOSE_ZOOM,)
        for zoom, x, y in dict.fromkeys(tile_at(sample, zoom) for sample in rows for zoom in zooms):
            yield await _tile(ground, guest, layer, zoom, x, y)


async def _tile(ground: Ground, guest: Guest, layer: Layer, zoom: int, x: int, y: int) -> Verdict:
    address = f"/tiles/{layer.id}/{zoom}/{x}/{y}.mvt"
    asked = Asked(guest, TILE.column, "GET /tiles", address)
    answer = await ask(ground.app, guest.token, "GET", address)
    if answer.status not in (200, 204):
        return asked.at_the_gate(KINDS[TILE.kind], answer.status)

    async def made() -> frozenset[str]:
        request = tile_request(layer, zoom, x, y, {})
        body = await ground.oracle.of(guest.place).octets(SEER, request) if request is not None else b""
        return drawn(layer.id, bytes(body or b""))

    return await judged_rows(ground, asked, (guest.place, address), drawn(layer.id, answer.body), made)


async def features(ground: Ground, guest: Guest) -> AsyncIterator[Verdict]:
    """The rows in a box around a row, and how many cases there are from afar."""
    for layer in _asked_layers(ground, guest):
        for sample in _chosen(ground, guest, layer):
            for zoom in (CLOSE_ZOOM, WIDE_ZOOM) if layer.live else (CLOSE_ZOOM,):
                yield await _features(ground, guest, layer, box(sample), zoom)


async def _features(ground: Ground, guest: Guest, layer: Layer, held: str, zoom: int) -> Verdict:
    address = f"/features/{layer.id}?bbox={held}&zoom={zoom}"
    asked = Asked(guest, "features", "GET /features/{layer_id}", address)
    answer = await ask(ground.app, guest.token, "GET", address)
    if answer.status != 200:
        return asked.at_the_gate(KINDS["map"], answer.status)
    came, reader, bounds = answer.json(), ground.oracle.of(guest.place), parse_bbox(held)

    async def made() -> Any:
        if layer.live:
            return await live_cases(reader, SEER, layer, bounds, zoom, {})
        return {"features": [{"id": f"{layer.id}:{row['ref']}"} for row in await reader.rows(SEER, features_request(layer, bounds, zoom, {}))]}

    key = (guest.place, address)
    if layer.live:
        counted = await judged_numbers(ground, asked, key, {"shown": str(came["shown"])}, lambda: _shown(made))
        if counted.outcome != "allowed":
            return counted
    return await judged_rows(ground, asked, (*key, "rows"), listed(came), lambda: _ids_of(made))


async def _ids_of(made: Reference) -> frozenset[str]:
    return listed(await made())


async def _shown(made: Reference) -> dict[str, str]:
    return {"shown": str((await made())["shown"])}


async def cards(ground: Ground, guest: Guest) -> AsyncIterator[Verdict]:
    """The card of rows on both sides of the border: inside as it is, with its neighbours of the place; outside none."""
    for layer in _asked_layers(ground, guest):
        for sample in _chosen(ground, guest, layer):
            address = f"/features/{layer.id}/{sample.ref}"
            asked = Asked(guest, "card", "GET /features/{layer_id}/{ref_id}", address)
            answer = await ask(ground.app, guest.token, "GET", f"{address}?lang=en")
            if answer.status not in (200, 404):
                yield asked.at_the_gate(KINDS["map"], answer.status)
                continue
            found = told(answer.json()) if answer.status == 200 else {}
            verdict = await judged_numbers(ground, asked, (guest.place, address), found, partial(_card, ground, guest.place, layer, sample))
            yield verdict if verdict.outcome in ("allowed", "refused") else _without_values(verdict, f"{layer.id}:{sample.ref}")


async def _card(ground: Ground, place: Place, layer: Layer, sample: Sample) -> dict[str, str]:
    """What a card of the place tells; nothing where the row lies elsewhere."""
    try:
        view = await read_card(ground.oracle.of(place), SEER, ground.layers, layer.id, sample.ref, "en", ground.zone)
    except NotFound:
        return {}
    return told(json.loads(json.dumps(dataclasses.asdict(view), default=str)))


def _without_values(verdict: Verdict, name: str) -> Verdict:
    """Which row and which lines of its card, not what they say: a report must not tell what it found told."""
    lines = (line.partition(": ")[0] for line in verdict.rows)
    return dataclasses.replace(verdict, rows=(name, *(line for line in lines if line != name.partition(":")[0])))


async def searches(ground: Ground, guest: Guest) -> AsyncIterator[Verdict]:
    """Titles and codes of rows on both sides of the border, typed into the wall's search."""
    output = output_of(ground, "search")
    for layer in _asked_layers(ground, guest):
        for sample in _chosen(ground, guest, layer):
            title, code = ground.words.get((layer.id, sample.ref), ("", ""))
            for phrase in dict.fromkeys(word for word in (code, title) if len(word) > 1):
                yield await _search(ground, guest, output, f"{layer.id}:{sample.ref}", phrase, sample.inside)


async def _search(ground: Ground, guest: Guest, output: str, name: str, phrase: str, inside: bool) -> Verdict:
    asked = Asked(guest, "search", callback_name(output), phrase)
    answer = await call(ground, guest, output, {"text": phrase, "language": "en"})
    if answer.status != 200:
        return asked.at_the_gate(KINDS["map"], answer.status)
    found = named(answer.json())
    strangers = await _elsewhere(ground, guest.place, found)

    async def whole() -> frozenset[str]:
        return frozenset(f"{hit.layer}:{hit.ref_id}" for hit in await search(ground.oracle.of(CITY), SEER, phrase, "en", HITS))

    due = {name} & await ground.reference(("search", phrase), whole) if inside else set()
    return asked.of_rows(found & (strangers | due), due)


async def _elsewhere(ground: Ground, place: Place, found: frozenset[str]) -> frozenset[str]:
    """Which of the named rows lie outside a place, by the codes they carry; a row nobody knows is one of them."""
    strangers = set[str]()
    for layer in {name.partition(":")[0] for name in found}:
        drawn = ground.layers.get(layer)
        table = ground.oracle.known.get(SEARCH_TABLES.get(layer) or (drawn.table if drawn else ""))
        if table is None:
            continue  # everybody's
        refs = [int(name.partition(":")[2]) for name in found if name.startswith(f"{layer}:")]
        rows = await ground.oracle.rows(store.lying_sql(table, place, ground.oracle.kinds), {"refs": refs})
        inside = {row["id"] for row in rows if row["inside"]}
        strangers |= {f"{layer}:{ref}" for ref in refs if ref not in inside}
    return frozenset(strangers)


async def figures(ground: Ground, guest: Guest) -> AsyncIterator[Verdict]:
    """The numbers of each preset, and the rows of its list, beside the same questions asked of the place alone.

    They count whole tables. So all presets are asked in one place of each level, and of roles that may the same each asks in one place in turn.
    """
    if not guest.deep and not _is_turn(ground, guest):
        return
    for preset in PRESETS if guest.deep and _is_first_of_level(ground, guest.place) else list(PRESETS)[:1]:
        asked = (Asked(guest, "figures", "strip", preset), Asked(guest, "figures", "list", preset))
        told = partial(_figures_of, ground, guest.place, preset)
        answer = await call(ground, guest, output_of(ground, "figures"), {"preset": preset, "language": "en"})
        if answer.status != 200:
            yield asked[0].at_the_gate(KINDS["dash"], answer.status)
            continue
        numbers, rows = await ground.reference((guest.place, "figures", preset), told)
        verdicts = (asked[0].of_numbers(shown_figures(answer.json()), numbers), asked[1].of_rows(named(answer.json()), rows))
        for _ in range(TIMES_ASKED):
            if all(verdict.outcome == "allowed" for verdict in verdicts):
                break
            before = await told()  # what is overdue grows while one looks: the oracle is asked before and after
            came = (await call(ground, guest, output_of(ground, "figures"), {"preset": preset, "language": "en"})).json()
            after = await ground.reference((guest.place, "figures", preset), told, fresh=True)
            counted, queued = shown_figures(came), named(came)
            verdicts = (
                asked[0].of_numbers(counted, {name: between(counted.get(name), before[0][name], after[0][name]) for name in after[0]}),
                asked[1].of_rows(queued, (queued & (before[1] | after[1])) | (before[1] & after[1])),
            )
        for verdict in verdicts:
            yield verdict


def _is_first_of_level(ground: Ground, place: Place) -> bool:
    return place == next(held for held in ground.samples if held.level == place.level and not held.centre)


def _is_turn(ground: Ground, guest: Guest) -> bool:
    places = [place for place in ground.samples if not place.centre]
    return not guest.place.centre and places.index(guest.place) == crc32(guest.role.encode()) % len(places)


async def _figures_of(ground: Ground, place: Place, preset: str) -> tuple[dict[str, str], frozenset[str]]:
    reader = ground.oracle.of(place)
    counted = {figure.label: figure.value for figure in await strip(reader, SEER, preset, "en")}
    return counted, frozenset(f"{row.layer}:{row.ref_id}" for row in await side_list(reader, SEER, preset, "en", QUEUE_LENGTH))


async def honesty(ground: Ground, guest: Guest) -> AsyncIterator[Verdict]:
    """How many rows of each layer lie in a box, as the layers' lines say it."""
    around = dict.fromkeys(box(sample) for samples in ground.samples[guest.place].values() for sample in samples)
    for held in list(around)[: 3 if guest.deep else 1]:
        address = f"/map/status.json?bbox={held}&zoom={CLOSE_ZOOM}&lang=en"
        asked = Asked(guest, "honesty", "GET /map/status.json", address)
        answer = await ask(ground.app, guest.token, "GET", address)
        if answer.status != 200:
            yield asked.at_the_gate(KINDS["map"], answer.status)
            continue
        found = {f"{name} {what}": str(line[what]) for name, line in answer.json()["layers"].items() for what in ("drawn", "total")}

        async def made(held: str = held) -> dict[str, str]:
            lines = await honest_lines(ground.oracle.of(guest.place), SEER, ground.layers, parse_bbox(held), CLOSE_ZOOM, {}, "en")
            return {f"{name} {what}": str(getattr(line, what)) for name, line in lines.items() for what in ("drawn", "total")}

        yield await judged_numbers(ground, asked, (guest.place, address), found, made)


async def picks(ground: Ground, guest: Guest) -> AsyncIterator[Verdict]:
    """What a click sends, with rows, codes and lists of rows as somebody would forge them."""
    output = output_of(ground, "picked")
    for layer in _asked_layers(ground, guest):
        for sample in _chosen(ground, guest, layer):
            name, (title, code) = f"{layer.id}:{sample.ref}", ground.words.get((layer.id, sample.ref), ("", ""))
            card = await ground.reference((guest.place, f"/features/{layer.id}/{sample.ref}"), partial(_card, ground, guest.place, layer, sample))
            wishes: list[dict[str, Any]] = [{"id": sample.ref}]
            wishes += [{"code": code}] if code and guest.deep and "code" in _card_keys(layer) else []
            for wish in wishes:
                asked = Asked(guest, "card", callback_name(output), json.dumps(wish | {"layer": layer.id}, ensure_ascii=False))
                answer = await call(ground, guest, output, {"current": wish | {"layer": layer.id}, "language": "en"})
                if answer.status != 200:
                    yield asked.at_the_gate(KINDS["map"], answer.status)
                    continue
                shown = frozenset(str(part["data-card"]) for part in parts(answer.json()) if "data-card" in part)
                yield asked.of_rows(shown, {name} if card else ())
            if guest.deep and title and not card:
                others = [{"layer": layer.id, "id": sample.ref, "title": UNKNOWN, "layer_title": UNKNOWN}]
                answer = await call(ground, guest, output, {"current": None, "others": others, "language": "en"})
                told = [name] if json.dumps(title, ensure_ascii=True).strip('"').encode() in answer.body or title.encode() in answer.body else []
                yield Asked(guest, "card", callback_name(output), f"a list that names {name}").of_rows(told, ())


async def people(ground: Ground, guest: Guest) -> AsyncIterator[Verdict]:
    """The households of a building, and one of elsewhere asked for by its number. Each look leaves its trace in the audit, as anybody's."""
    route = "GET /people/building/{building}"
    kind = KINDS[ROUTES["GET", "/people/building/{building}"].kind]
    for home in ground.homes.get(guest.place, []) if kind.opens(guest) else []:
        address = f"/people/building/{home.building}"
        answer = await ask(ground.traced, guest.token, "GET", address)
        asked = Asked(guest, "people", route, address)
        if answer.status != 200:
            yield asked.at_the_gate(kind, answer.status)
            continue
        yield asked.of_rows(households(answer.body), {f"household:{number}" for number in home.inside})
        for number in sorted(home.households - home.inside)[:1]:
            asked = Asked(guest, "people", route, f"{address}?household={number}")
            status = (await ask(ground.traced, guest.token, "GET", asked.what)).status
            yield asked.verdict("refused" if status in TURNED_AWAY else "leak", f"answered {status}", (f"household:{number}",))


def _card_keys(layer: Layer) -> frozenset[str]:
    """What rows of a layer may be asked for by."""
    return frozenset({"code"}) if layer.table not in {"cases", "base_feature"} else frozenset()


# The ways that the table of doors names.
WAYS: dict[str, Callable[[Ground, Guest], AsyncIterator[Verdict]]] = {
    "tile": tiles, "features": features, "card": cards, "search": searches, "figures": figures, "honesty": honesty, "picked": picks, "people": people,
}  # fmt: skip
