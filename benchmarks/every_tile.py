"""Whether any tile of any layer is too big or too slow at the `yichang` size: every tile to z14, a sample beyond."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import psycopg

from benchmarks import database
from benchmarks.addresses import Address, extent, shuffled, tiles_of_box
from benchmarks.report import Chapter, Line
from benchmarks.visitor import WHOLE_CITY
from commandcenter.db.request import SET_ACTOR
from commandcenter.db.run import READ_OPTIONS
from layers import discover
from layers.base import Layer
from layers.tiles import tile_request

WALKED_TO = 14
WALKED_FROM = 5
DEEPEST = 18
SAMPLE = 60
LIMIT_KB, LIMIT_MS = 500.0, 300.0


@dataclass(frozen=True)
class Made:
    """One tile as it came out."""

    address: Address
    kilobytes: float
    milliseconds: float


def run(say: database.Say) -> list[Chapter]:
    """The biggest and the slowest tile of each layer."""
    with database.cluster() as running:
        settings = database.demo_city(running, "yichang", say)
        with psycopg.connect(running.admin_dsn(settings.database_name)) as admin:
            box = extent(admin, "area", "geom_3857")
        addresses = _addresses(box)
        with psycopg.connect(running.app_dsn(settings.database_name), autocommit=True, options=READ_OPTIONS) as connection:
            lines = tuple(line for layer in discover().values() for line in _walk(connection, layer, addresses, say))
    how = (
        f"Demo city of size yichang; all {len(addresses):,} tiles of z{WALKED_FROM} to z{WALKED_TO} over the city and {SAMPLE} random ones "
        f"of each zoom to z{DEEPEST}, as a whole-city actor, no filters, one connection, no cache; body bytes and query time, "
        "the slowest asked twice and the better time taken (the first may read from disk)."
    )
    return [Chapter("Any tile of any layer", how, lines)]


def _addresses(box: tuple[float, float, float, float]) -> list[Address]:
    rng = np.random.default_rng(database.SEED)
    walked = [tile for zoom in range(WALKED_FROM, WALKED_TO + 1) for tile in tiles_of_box(zoom, box)]
    for zoom in range(WALKED_TO + 1, DEEPEST + 1):
        walked += shuffled(tiles_of_box(zoom, box), rng)[:SAMPLE]
    return walked


def _walk(connection: psycopg.Connection, layer: Layer, addresses: list[Address], say: database.Say) -> list[Line]:
    made = [tile for address in addresses if (tile := _make(connection, layer, address)) is not None]
    if not made:
        return []
    biggest = max(made, key=lambda tile: tile.kilobytes)
    slowest = max(
        (_better(connection, layer, tile) for tile in sorted(made, key=lambda t: -t.milliseconds)[:10]), key=lambda t: t.milliseconds
    )
    say(f"{layer.id}: {biggest}, {slowest}")
    return [
        Line(f"{layer.id}: biggest, {_spelled(biggest)}", f"{biggest.kilobytes:,.0f} KB", reach="500 KB", met=biggest.kilobytes < LIMIT_KB),
        Line(f"{layer.id}: slowest, {_spelled(slowest)}", f"{slowest.milliseconds:,.0f} ms", reach="300 ms", met=slowest.milliseconds < LIMIT_MS),
    ]


def _better(connection: psycopg.Connection, layer: Layer, tile: Made) -> Made:
    again = _make(connection, layer, tile.address)
    return tile if again is None or tile.milliseconds < again.milliseconds else again


def _make(connection: psycopg.Connection, layer: Layer, address: Address) -> Made | None:
    request = tile_request(layer, *address, {})
    if request is None:
        return None
    began = time.perf_counter()
    with connection.pipeline(), connection.transaction():
        connection.execute(SET_ACTOR, WHOLE_CITY.settings)
        cursor = connection.cursor(binary=True).execute(request.sql, request.params)
        row = cursor.fetchone()
    assert row is not None
    return Made(address, len(row[0] or b"") / 1000, (time.perf_counter() - began) * 1000)


def _spelled(tile: Made) -> str:
    return "/".join(str(part) for part in tile.address)
