"""Which tiles are asked for: all that touch the data, in a random order drawn from a seed."""

from __future__ import annotations

import math

import numpy as np
import psycopg

from layers.tiles import WORLD_M

Address = tuple[int, int, int]


def tiles_of_box(zoom: int, box_3857: tuple[float, float, float, float]) -> list[Address]:
    """All tiles (zoom, x, y) that touch a box in EPSG:3857, west to east, north to south."""
    west, south, east, north = box_3857
    width = WORLD_M / (1 << zoom)
    columns = range(math.floor((west + WORLD_M / 2) / width), math.floor((east + WORLD_M / 2) / width) + 1)
    rows = range(math.floor((WORLD_M / 2 - north) / width), math.floor((WORLD_M / 2 - south) / width) + 1)
    return [(zoom, x, y) for y in rows for x in columns]


def extent(connection: psycopg.Connection, table: str, column: str) -> tuple[float, float, float, float]:
    """West, south, east, north of a geometry column in EPSG:3857, as the connection's role sees it."""
    row = connection.execute(
        f"select ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e) from (select ST_Extent({column}) as e from {table}) x"
    ).fetchone()
    assert row is not None and row[0] is not None, f"{table} is empty"
    return row[0], row[1], row[2], row[3]


def shuffled(tiles: list[Address], rng: np.random.Generator) -> list[Address]:
    """The same tiles in a random order."""
    return [tiles[at] for at in rng.permutation(len(tiles))]
