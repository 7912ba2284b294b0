"""What every load writes beside its rows: the city, its sources, and at the end the thinning, the counts and the search."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

# What is findable, and the table it stands in.
SEARCHED = {
    "areas": "area", "base": "base_feature", "grids": "grid", "compounds": "compound", "buildings": "building", "addresses": "address",
    "cameras": "camera", "service_points": "service_point", "key_sites": "key_site", "components": "component", "cases": "cases",
}  # fmt: skip
COUNTED = frozenset({"grid", "camera", "cases"})  # what the counts per grid are made of
# Point tables drawn sparsely from afar: first tile zoom that draws any, first that draws all.
THINNED = {"camera": (11, 16), "service_point": (12, 16), "component": (15, 17)}


def write_city(connection: psycopg.Connection, city: dict[str, Any]) -> None:
    """The one city row: which city this database belongs to; written again, it is as the city file says now."""
    names = ("key", "name", "name_en", "code", "metric_srid", "time_zone", "centre_lon", "centre_lat", "synthetic", "settings")
    connection.execute(
        f"insert into city ({', '.join(names)}) values ({', '.join(['%s'] * len(names))}) on conflict (key) do update set "
        + ", ".join(f"{n} = excluded.{n}" for n in names[1:]),
        [Jsonb(city.get(n) or {}) if n == "settings" else city[n] for n in names],
    )


def write_source(connection: psycopg.Connection, source: dict[str, Any]) -> None:
    """Register a feed, or renew its description; of which moment it speaks stays known until something newer says it."""
    names = ("name", "target", "title", "title_en", "owner", "licence", "attribution", "cadence_s", "synthetic", "estimated", "data_as_of", "contract")
    connection.execute(
        f"insert into source ({', '.join(names)}) values ({', '.join(['%s'] * len(names))}) on conflict (name) do update set "
        + ", ".join(f"{n} = coalesce(excluded.{n}, source.{n})" if n == "data_as_of" else f"{n} = excluded.{n}" for n in names[1:]),
        [Jsonb(source.get(n) or {}) if n == "contract" else source.get(n, False if n == "estimated" else None) for n in names],
    )


def finish_load(
    connection: psycopg.Connection, progress: Callable[[str], None], thin: bool = True, tables: Collection[str] | None = None
) -> None:
    """What every load ends with: points thinned for low zooms, counts per grid, everything findable by name and code.

    Runs in the caller's transaction as a whole-city writer. ``tables`` are those that changed; without them all are meant.
    """
    if thin:
        for table, (first_zoom, every_from) in THINNED.items():
            if tables is None or table in tables:
                connection.execute("select thin_points(%s::regclass, %s, %s)", [table, first_zoom, every_from])
    if tables is None or not COUNTED.isdisjoint(tables):
        progress("统计网格 / counting per grid")
        connection.execute("select refresh_grid_counts()")
    for layer, table in SEARCHED.items():
        if tables is None or table in tables:
            progress(f"建立检索 / making findable: {layer}")
            connection.execute("select search_learn(%s)", [layer])


def analyze(connection: psycopg.Connection) -> None:
    """Fresh planner statistics; without them the first plans after a load are guesses."""
    connection.execute("select analyze_loaded_tables()")
