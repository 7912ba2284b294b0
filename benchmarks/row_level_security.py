"""What row-level security costs: the same SQL as the application's role under its policies and as a role that bypasses them, in turns."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import psycopg

from benchmarks import addresses, database
from benchmarks.report import Chapter, Line
from benchmarks.visitor import WHOLE_CITY
from commandcenter.actor import Actor
from commandcenter.db.request import SET_ACTOR, SqlRequest
from commandcenter.db.run import READ_OPTIONS
from layers import discover
from layers.figures import PRESETS, strip_request
from layers.tiles import tile_request

SIZE = "city"
ZOOM = 14
ROUNDS = 41
MOST_TILES = 60
MOST_LOSS = 0.15
STRIPS = 8  # of each in a round: one alone is too short to measure
LAYERS = ("buildings", "grids", "cameras", "cases", "unit_cells")


def run(say: database.Say) -> list[Chapter]:
    """Median time of a round with policies and without, and the loss in per cent."""
    with database.cluster() as running:
        settings = database.demo_city(running, SIZE, say)
        name = settings.database_name
        with (
            psycopg.connect(running.app_dsn(name), autocommit=True, prepare_threshold=1, options=READ_OPTIONS) as locked,
            psycopg.connect(running.admin_dsn(name), autocommit=True, prepare_threshold=1, options=READ_OPTIONS) as open_to_all,
        ):
            lines = [_line(locked, open_to_all, f"z{ZOOM} tiles, {layer}", requests, say) for layer, requests in _tiles(open_to_all).items()]
            strips = {f"number strip, {preset.title.en}": [strip_request(key)] * STRIPS for key, preset in PRESETS.items()}
            lines += [_line(locked, open_to_all, what, requests, say) for what, requests in strips.items()]
    how = (
        f"Demo city of size {SIZE}; every question once a round, {ROUNDS} rounds in turns on two kept connections with prepared statements; the actor sees"
        " the whole city and is set in the same transaction by both, as each request does. The peer is the same SQL as a superuser, whom no policy holds."
    )
    return [Chapter("What row-level security costs", how, tuple(lines))]


def _tiles(admin: psycopg.Connection) -> dict[str, list[SqlRequest]]:
    box = addresses.extent(admin, "building", "geom_3857")
    tiles = addresses.shuffled(addresses.tiles_of_box(ZOOM, box), np.random.default_rng(database.SEED))[:MOST_TILES]
    layers = discover()
    return {name: [request for tile in tiles if (request := tile_request(layers[name], *tile, {}))] for name in LAYERS}


def _line(locked: psycopg.Connection, open_to_all: psycopg.Connection, what: str, requests: Sequence[SqlRequest], say: database.Say) -> Line:
    both = (locked, open_to_all)
    for connection in both:
        _round(connection, WHOLE_CITY, requests)  # plans and pages are warm for both
    spent = np.array([[_round(connection, WHOLE_CITY, requests) for connection in both] for _ in range(ROUNDS)])
    ours, peer = np.median(spent, axis=0)
    loss = ours / peer - 1
    say(f"{what}: {ours:.1f} ms, {peer:.1f} ms, {loss:+.1%}")
    return Line(what, f"{ours:,.1f} ms", f"{peer:,.1f} ms", f"{loss:+.1%}", f"at most {MOST_LOSS:.0%}", bool(loss <= MOST_LOSS))


def _round(connection: psycopg.Connection, actor: Actor, requests: Sequence[SqlRequest]) -> float:
    """Milliseconds for all questions, each with its actor in one pipeline."""
    began = time.perf_counter()
    for request in requests:
        with connection.pipeline(), connection.transaction():
            connection.execute(SET_ACTOR, actor.settings)
            cursor = connection.execute(request.sql, request.params)  # type: ignore[arg-type]  # psycopg wants literal SQL; ours is put together
            cursor.fetchall()
    return (time.perf_counter() - began) * 1000
