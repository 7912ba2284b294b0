"""How many of our tile queries PostgreSQL answers with no web process in front: pgbench, the actor set, prepared, pipelined."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from benchmarks.addresses import Address
from benchmarks.visitor import WHOLE_CITY
from commandcenter.config import Settings
from commandcenter.db.cluster import PrivateCluster
from commandcenter.db.request import SET_ACTOR
from commandcenter.db.run import READ_OPTIONS
from layers import discover
from layers.tiles import tile_request

CONNECTIONS = 4
DURATION_S = 10
MOST_SCRIPTS = 120  # pgbench takes 128


def per_second(running: PrivateCluster, settings: Settings, tiles: Sequence[Address]) -> float:
    """Tiles a second over these addresses, at most MOST_SCRIPTS of them, each equally often."""
    reached = conninfo_to_dict(running.app_dsn(settings.database_name))
    with tempfile.TemporaryDirectory(prefix="cc-bench-") as folder:
        scripts: list[str] = []
        with psycopg.connect(running.app_dsn(settings.database_name)) as connection:
            for number, text in enumerate(_script(connection, tile) for tile in tiles[:MOST_SCRIPTS]):
                path = Path(folder, f"{number}.sql")
                path.write_text(text, encoding="utf-8")
                scripts += ["-f", str(path)]
        said = subprocess.run(
            ["pgbench", "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "1", "-T", str(DURATION_S), *scripts,
             "-h", str(reached["host"]), "-U", str(reached["user"]), str(reached["dbname"])],
            check=True, capture_output=True, text=True, env={**os.environ, "PGOPTIONS": READ_OPTIONS},
        ).stdout  # fmt: skip
    found = re.search(r"tps = ([\d.]+) \(without initial", said)
    assert found is not None, said
    return float(found[1])


def _script(connection: psycopg.Connection, tile: Address) -> str:
    """Our two statements for one tile as pgbench reads them: values written out, one line each, in one pipeline."""
    request = tile_request(discover()["buildings"], *tile, {})
    assert request is not None
    cursor = psycopg.ClientCursor(connection)
    # pgbench would read a colon in the actor's id as one of its variables
    actor = cursor.mogrify(SET_ACTOR, replace(WHOLE_CITY, id="benchmark").settings)
    question = cursor.mogrify(sql.SQL(request.sql), request.params)
    return f"\\startpipeline\n{actor};\n{question};\n\\endpipeline\n"
