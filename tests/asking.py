"""How tests ask the database: as an actor, through the same SQL values as the web process, tiles decoded by our own reader."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.rows import dict_row

from commandcenter.actor import Actor
from commandcenter.db.request import ACTOR_SETTINGS, SET_ACTOR, SqlRequest
from commandcenter.leaks.mvt_reader import TileLayer, read_tile
from layers.base import Layer
from layers.tiles import Filters, tile_request
from tests.shapes import Drawing

NOBODY = ("",) * len(ACTOR_SETTINGS)


def ask(connection: psycopg.Connection, actor: Actor | None, request: SqlRequest) -> list[dict[str, Any]]:
    """The rows an actor (or nobody) gets."""
    connection.execute(SET_ACTOR, NOBODY if actor is None else actor.settings)
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(request.sql, request.params).fetchall()  # type: ignore[arg-type]  # psycopg wants literal SQL; ours is put together


def tile(
    connection: psycopg.Connection, actor: Actor | None, layer: Layer, address: tuple[int, int, int], filters: Filters | None = None
) -> dict[str, TileLayer]:
    """One tile of a layer, decoded; empty where the layer draws nothing."""
    request = tile_request(layer, *address, filters or {})
    if request is None:
        return {}
    (row,) = ask(connection, actor, request)
    return read_tile(bytes(row["tile"]))


def tile_at(lon: float, lat: float, zoom: int) -> tuple[int, int, int]:
    """The tile that holds a place."""
    count = 1 << zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return zoom, int((lon + 180) / 360 * count), int(y * count)


def tiles_over(drawing: Drawing, zoom: int, west: float = -900, south: float = -250, east: float = 900, north: float = 700) -> Iterator[tuple[int, int, int]]:
    """All tiles of a zoom over a part of the drawing (metres); the little city and its river by default."""
    _, x_low, y_high = tile_at(*drawing.lonlat(west, south), zoom)
    _, x_high, y_low = tile_at(*drawing.lonlat(east, north), zoom)
    for x in range(x_low, x_high + 1):
        for y in range(y_low, y_high + 1):
            yield zoom, x, y


def ids_drawn(
    connection: psycopg.Connection, actor: Actor | None, layer: Layer, drawing: Drawing, zoom: int, filters: Filters | None = None
) -> set[tuple[str, int]]:
    """Sublayer and id of everything an actor sees of a layer in the whole city."""
    return {
        (name, feature.id or 0)
        for address in tiles_over(drawing, zoom)
        for name, part in tile(connection, actor, layer, address, filters).items()
        for feature in part.features
    }
