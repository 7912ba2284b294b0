"""What every layer promises, present and future: parametrised over whatever ``layers.discover()`` finds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from commandcenter.db.request import SET_ACTOR, SqlRequest
from commandcenter.db.run import acting
from commandcenter.leaks.mvt_reader import as_text
from commandcenter.security.builtin import STEWARD
from layers import discover
from layers.base import Layer, Sublayer
from layers.cards import card_request
from layers.honesty import count_request
from layers.live_cases import clustered_request
from layers.style import HIGHEST_TILE_ZOOM, catalogue, map_style
from layers.tiles import features_request, tile_request
from tests import city, crowd
from tests.asking import ask, ids_drawn, tile, tile_at, tiles_over
from tests.city import BOLD, EASTERNER, ELSEWHERE, HOME, OPERATOR, STRANGER, WESTERNER
from tests.conftest import TestDatabase

LAYERS = discover()
each_layer = pytest.mark.parametrize("layer", LAYERS.values(), ids=lambda layer: layer.id)
CROWD_SPOT = (105.0, 40.0)
GOLDEN_ZOOM = 15


def zooms(layer: Layer) -> range:
    """Tile zooms at which a layer draws anything."""
    drawn = [sub.min_zoom for sub in layer.sublayers]
    return range(max(layer.min_zoom, min(drawn)), HIGHEST_TILE_ZOOM + 1)


@pytest.fixture(scope="session")
def crowded(clone: Callable[[str], TestDatabase]) -> Iterator[psycopg.Connection]:
    made = clone("crowd")
    with made.connect() as connection:
        crowd.build(connection)
        yield connection


@pytest.fixture(scope="session")
def elsewhere(clone: Callable[[str], TestDatabase]) -> Iterator[psycopg.Connection]:
    """The same little city, drawn around Heidelberg in EPSG:25832."""
    with clone("elsewhere").connect() as connection:
        city.build(connection, ELSEWHERE)
        yield connection


def plan_nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from plan_nodes(inner)


def badly_read(connection: psycopg.Connection, request: SqlRequest, tables: set[str]) -> list[str]:
    """Reads of the tables that do not go through an index condition on the box, as sentences."""
    connection.execute(SET_ACTOR, WESTERNER.settings)
    row = connection.execute("explain (format json) " + request.sql, request.params).fetchone()  # type: ignore[operator]
    connection.rollback()
    assert row is not None
    nodes = list(plan_nodes(row[0][0]["Plan"]))
    faults = [f"{n['Node Type']} on {n['Relation Name']}" for n in nodes if n["Node Type"] == "Seq Scan" and n["Relation Name"] in tables]
    through_index = [n for n in nodes if "&&" in str(n.get("Index Cond", ""))]
    if not through_index and not faults:
        faults.append(f"no index condition with && in {json.dumps(row[0][0]['Plan'])[:400]}")
    return faults


@each_layer
def test_every_tile_is_read_through_the_index_as_a_restricted_actor(layer: Layer, crowded: psycopg.Connection) -> None:
    faults = {}
    for zoom in zooms(layer):
        request = tile_request(layer, *tile_at(*CROWD_SPOT, zoom), {})
        assert request is not None
        parts = [sub for sub in layer.sublayers if sub.min_zoom <= zoom <= sub.max_zoom]
        found = badly_read(crowded, request, {part.table or layer.table for part in parts})
        if found:
            faults[zoom] = found
    assert faults == {}


@each_layer
def test_viewport_and_count_are_read_through_the_index_too(layer: Layer, crowded: psycopg.Connection) -> None:
    lon, lat = CROWD_SPOT
    box = (lon, lat, lon + 3, lat + 2)
    for zoom in zooms(layer):
        requests = [count_request(layer, box, zoom, {})]
        requests.append(clustered_request(layer, box, zoom, {}) if layer.live else features_request(layer, box, zoom, {}))
        for request in requests:
            if "where false" not in request.sql:
                assert badly_read(crowded, request, {layer.table}) == [], (zoom, request.purpose)


@each_layer
def test_nobody_sees_nothing_and_another_district_only_public_ground(layer: Layer, connection: psycopg.Connection) -> None:
    for zoom in zooms(layer):
        everything = ids_drawn(connection, OPERATOR, layer, HOME, zoom)
        assert ids_drawn(connection, None, layer, HOME, zoom) == set()
        strangers = ids_drawn(connection, STRANGER, layer, HOME, zoom)
        assert strangers == (everything if layer.ground else set()), zoom
    assert everything, "the whole city sees nothing at the closest zoom: the test does not test it"


@each_layer
def test_two_districts_together_are_the_city_and_share_nothing(layer: Layer, connection: psycopg.Connection) -> None:
    if layer.ground:
        assert ids_drawn(connection, WESTERNER, layer, HOME, 16) == ids_drawn(connection, EASTERNER, layer, HOME, 16)
        return
    west, east = (ids_drawn(connection, actor, layer, HOME, 16) for actor in (WESTERNER, EASTERNER))
    assert west and east and not west & east
    with acting(connection, STEWARD):
        unplaced = {row[0] for row in connection.execute(f"select id from {layer.table} where district_code is null")}  # type: ignore[arg-type]
    whole = {(name, ref) for name, ref in ids_drawn(connection, OPERATOR, layer, HOME, 16) if ref not in unplaced}
    assert west | east == whole


@each_layer
def test_tile_and_viewport_answer_with_the_same_ids(layer: Layer, connection: psycopg.Connection) -> None:
    """Over a box that holds all there is: what the viewport lists is what the tiles draw."""
    west, south, east, north = -1500, -500, 3000, 1000
    box = (*HOME.lonlat(west, south), *HOME.lonlat(east, north))
    for zoom in range(zooms(layer).start, 17):
        own = {sub.name for sub in layer.sublayers if sub.table is None}
        drawn = {
            feature.id
            for address in tiles_over(HOME, zoom, west, south, east, north)
            for name, part in tile(connection, OPERATOR, layer, address).items()
            for feature in part.features
            if name in own
        }
        listed = {row["ref"] for row in ask(connection, OPERATOR, features_request(layer, box, zoom, {}))}
        assert drawn <= listed, (zoom, "the tiles draw what the viewport does not list", drawn - listed)
        assert smaller_than_a_pixel(connection, layer, zoom, listed - drawn), (zoom, listed - drawn)
    assert drawn


def smaller_than_a_pixel(connection: psycopg.Connection, layer: Layer, zoom: int, refs: set[int]) -> bool:
    """Whether rows the tiles leave out are too small to be drawn (PostGIS drops what collapses on the tile's own grid)."""
    if not refs:
        return True
    cell_m = 40_075_016.68557849 / (1 << zoom) / 4096
    rows = ask(
        connection, OPERATOR,
        SqlRequest(f"select max(least(ST_XMax(geom_3857) - ST_XMin(geom_3857), ST_YMax(geom_3857) - ST_YMin(geom_3857))) as widest"
                   f" from {layer.table} where id = any(%(refs)s)", {"refs": list(refs)}),
    )  # fmt: skip
    return bool(rows[0]["widest"] < 2 * cell_m)


@each_layer
def test_markup_in_names_comes_through_as_the_text_it_is(layer: Layer, connection: psycopg.Connection) -> None:
    """``<b>`` stays ``<b>`` in tiles and cards: nobody escapes it twice, and nobody turns it into something else."""
    texts: set[str] = set()
    for address in tiles_over(HOME, 17):
        for part in tile(connection, OPERATOR, layer, address).values():
            texts |= {value for feature in part.features for value in feature.properties.values() if isinstance(value, str)}
    assert layer.card is not None
    with acting(connection, STEWARD):
        refs = [row[0] for row in connection.execute(f"select t.id from {layer.table} t where {layer.always} order by id")]  # type: ignore[arg-type]
    for ref in refs:
        for row in ask(connection, OPERATOR, card_request(layer, ref)):
            texts |= {value for value in row.values() if isinstance(value, str)}
    assert any(BOLD in text for text in texts)
    assert not any("&lt;" in text for text in texts)


def classes_told_apart(style: Any, properties: set[str]) -> Iterator[tuple[str, str]]:
    """Property and value of every ``match`` on a plain property that decides a colour."""
    if isinstance(style, dict):
        for name, value in style.items():
            if "color" in str(name) and isinstance(value, list) and value[0] == "match" and value[1][0] == "get":
                for labels in value[2:-1:2]:
                    for label in labels if isinstance(labels, list) else [labels]:
                        yield value[1][1], label
            yield from classes_told_apart(value, properties)
    elif isinstance(style, (list, tuple)):
        for inner in style:
            yield from classes_told_apart(inner, properties)


@each_layer
def test_the_legend_has_words_for_every_colour_the_style_uses(layer: Layer) -> None:
    tokens = {entry.colour for legend in layer.legends for entry in legend.classes}
    assert layer.legends, "a layer without a legend is not honest"
    for name, label in classes_told_apart(list(layer.style), set()):
        words = {entry.key for legend in layer.legends for entry in legend.classes}
        if name in {"status", "class", "urgency"} and layer.id != "base":
            assert label in words, f"the style tells {name} = {label} apart; no legend class says what it is"
    for step in _tokens_of_steps(list(layer.style)):
        assert step in tokens, f"the style colours with {step}; no legend class shows it"


def _tokens_of_steps(style: Any) -> Iterator[str]:
    if isinstance(style, dict):
        for value in style.values():
            yield from _tokens_of_steps(value)
    elif isinstance(style, (list, tuple)):
        if style and style[0] == "step" and style[1][0] == "get":
            yield from (part.removeprefix("$") for part in style if isinstance(part, str) and part.startswith("$"))
        for inner in style:
            yield from _tokens_of_steps(inner)


@each_layer
def test_every_sublayer_of_the_style_is_in_the_tiles_and_every_property_it_reads_too(layer: Layer) -> None:
    carried: dict[str, set[str]] = {}
    for sub in layer.sublayers:
        carried.setdefault(sub.name, set()).update(sub.properties)
    for part in layer.style:
        assert part["source-layer"] in carried, part["id"]
        read = {name for name in _properties_read(part) if name not in {"id"}}
        assert read <= carried[part["source-layer"]], (part["id"], read - carried[part["source-layer"]])


def _properties_read(style: Any) -> Iterator[str]:
    if isinstance(style, dict):
        for value in style.values():
            yield from _properties_read(value)
    elif isinstance(style, (list, tuple)):
        if len(style) == 2 and style[0] in {"get", "has"} and isinstance(style[1], str):
            yield style[1]
        for inner in style:
            yield from _properties_read(inner)


@each_layer
def test_filters_cut_the_layer_into_their_choices(layer: Layer, connection: psycopg.Connection) -> None:
    """Each filter's choices together draw what the layer draws without it (rows without a value belong to no choice)."""
    whole = ids_drawn(connection, OPERATOR, layer, HOME, 17)
    for chosen in layer.filters:
        parts = [ids_drawn(connection, OPERATOR, layer, HOME, 17, {chosen.name: (choice.value,)}) for choice in chosen.choices]
        union = set().union(*parts)
        own = {sub.name for sub in layer.sublayers if sub.table is None}
        assert {ref for name, ref in union if name in own} <= {ref for name, ref in whole if name in own}
        assert any(parts), f"no choice of filter {chosen.name} finds anything in the little city"
        counts = [len({ref for name, ref in part if name in own}) for part in parts]
        together = ids_drawn(connection, OPERATOR, layer, HOME, 17, {chosen.name: tuple(c.value for c in chosen.choices)})
        assert sum(counts) == len({ref for name, ref in together if name in own}), "two choices of one filter share rows"
        assert "{choices}" in chosen.sentence.zh and "{choices}" in chosen.sentence.en


@each_layer
def test_every_field_of_the_card_can_be_read(layer: Layer, connection: psycopg.Connection) -> None:
    assert layer.card is not None
    with acting(connection, STEWARD):
        row = connection.execute(f"select min(t.id) from {layer.table} t where {layer.always}").fetchone()  # type: ignore[arg-type]
    assert row is not None
    (card,) = ask(connection, OPERATOR, card_request(layer, row[0]))
    assert {f"f_{field.name}" for field in layer.card.fields} <= set(card)
    assert card["card_title"] is not None and card["card_title_en"] is not None
    assert abs(card["card_lon"] - HOME.lon) < 0.1 and abs(card["card_lat"] - HOME.lat) < 0.1
    assert ask(connection, None, card_request(layer, row[0])) == []
    assert {link.layer for link in layer.card.links} <= set(LAYERS), "a card links to a layer that is not there"


@each_layer
def test_a_tile_is_what_it_was(layer: Layer, connection: psycopg.Connection, golden: Callable[[str, str], None]) -> None:
    zoom, x, y = tile_at(*HOME.lonlat(-20, 150), GOLDEN_ZOOM)
    golden(f"tile_{layer.id}_{zoom}_{x}_{y}.txt", as_text(tile(connection, OPERATOR, layer, (zoom, x, y))))


@each_layer
def test_the_same_city_in_another_metric_crs_gives_the_same_map(
    layer: Layer, connection: psycopg.Connection, elsewhere: psycopg.Connection
) -> None:
    def picture(there: psycopg.Connection, drawing: Any) -> dict[str, list[str]]:
        seen: dict[str, dict[int, str]] = {}
        for address in tiles_over(drawing, 16):
            for name, part in tile(there, OPERATOR, layer, address).items():
                for feature in part.features:
                    properties = {k: v for k, v in feature.properties.items() if k != "camera_density"}
                    seen.setdefault(name, {})[feature.id or 0] = f"{feature.kind} {sorted(properties.items())}"
        return {name: sorted(features.values()) for name, features in seen.items()}

    here = picture(connection, HOME)
    assert here and here == picture(elsewhere, ELSEWHERE)


def test_style_and_catalogue_name_only_what_is_there() -> None:
    for theme in ("dark", "light"):
        for language in ("zh", "en"):
            style = map_style(LAYERS, {}, language, theme)  # type: ignore[arg-type]
            assert {part["source"] for part in style["layers"] if "source" in part} == set(style["sources"])
            assert "$" not in json.dumps(style), "a token was left unresolved"
            listed = catalogue(LAYERS, language, theme)  # type: ignore[arg-type]
            grouped = [name for group in listed["groups"] for name in group["layers"]]
            assert sorted(grouped) == sorted(LAYERS), "every layer stands in exactly one group of the panel"


def test_sublayers_of_a_shared_name_never_draw_the_same_row_twice(connection: psycopg.Connection) -> None:
    """Two sublayers may share a name (zoom bands); then their conditions exclude each other."""
    for layer in LAYERS.values():
        for zoom in range(layer.min_zoom, HIGHEST_TILE_ZOOM + 1):
            parts: dict[str, list[Sublayer]] = {}
            for sub in layer.sublayers:
                if sub.min_zoom <= zoom <= sub.max_zoom:
                    parts.setdefault(sub.name, []).append(sub)
            for name, subs in parts.items():
                if len(subs) > 1:
                    for address in tiles_over(HOME, zoom):
                        refs = [f.id for part_name, part in tile(connection, OPERATOR, layer, address).items() if part_name == name for f in part.features]
                        assert len(refs) == len(set(refs)), (layer.id, name, zoom)
