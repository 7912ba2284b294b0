"""A whole real city from its files: every file of the city file, then areas, grids and household estimates where none came.

``load_city_data`` is what ``make run CITY=...`` and ``python -m ingest city`` stand on. Each file is one transaction; the
generated areas with everything placed in them are another one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg

from commandcenter.city import City, load_city
from commandcenter.config import Settings
from commandcenter.db.connect import connect
from commandcenter.db.registers import analyze, finish_load, write_city
from commandcenter.db.run import acting
from commandcenter.errors import BadInput
from commandcenter.security.builtin import STEWARD
from commandcenter.text import Text
from ingest import store
from ingest.contract import Mapping
from ingest.generated import generate_areas
from ingest.governance.plan_store import place_grids
from ingest.load import Report, load_file
from ingest.mapping import load_mapping

# What the areas and grids of a city are drawn from where it brings none.
DRAWN_FROM = frozenset({"building", "address", "base_feature"})
Say = Callable[[str], None]


def load_city_data(settings: Settings, folder: Path, progress: Say = lambda _: None) -> list[Report]:
    """Load the city of ``settings`` from the files below ``folder``; a second run changes nothing. Raises BadInput."""
    city = load_city(settings.city)
    work = _work_of(city, folder)
    reports: list[Report] = []
    with connect(settings) as connection:
        connection.autocommit = True
        with acting(connection, STEWARD):
            write_city(connection, city.row)
        for mapping, path in work:
            progress(f"{mapping.title.zh} / {mapping.title.en}")
            reports.append(load_file(connection, STEWARD, mapping, path, city, progress=_counting(mapping, progress)))
        settle(connection, city, reports, progress)
        analyze(connection)
    return reports


def settle(connection: psycopg.Connection, city: City, reports: list[Report], progress: Say) -> None:
    """What follows a load: areas and grids where the city generates them, places, thinning, counts and search."""
    changed = {report.target for report in reports if report.tally.loaded or report.tally.vanished}
    if not changed and _has_areas(connection):
        return
    drawn_anew = city.communities == "generated" and (not changed.isdisjoint(DRAWN_FROM) or not _has_areas(connection))
    # Where areas are drawn from the data, or moved, everything lies somewhere else now.
    tables = None if drawn_anew or not changed.isdisjoint(store.BOUNDARY_TABLES) else changed
    with acting(connection, STEWARD):
        if drawn_anew and store.count_of(connection, "building"):
            generate_areas(connection, STEWARD, city, progress)
            place_grids(connection)
            for table in store.PLACED_TABLES:
                progress(f"落图 / placing: {table}")
                store.place_again(connection, table)
        finish_load(connection, progress, tables=tables)


def _has_areas(connection: psycopg.Connection) -> bool:
    with acting(connection, STEWARD):
        return store.count_of(connection, "grid") > 0


def _work_of(city: City, folder: Path) -> list[tuple[Mapping, Path]]:
    """All mappings and files, checked before the first is opened: a missing file is said at once."""
    if not city.data:
        raise BadInput(
            Text(
                f"城市文件 {city.key}.toml 没有列出数据（[[data]]）。", f"The city file {city.key}.toml lists no data ([[data]])."
            )
        )
    work = [(load_mapping(item.mapping), folder / item.file) for item in city.data]
    missing = [path.name for _, path in work if not path.is_file()]
    if missing:
        listed = ", ".join(missing)
        raise BadInput(Text(f"在 {folder} 下找不到：{listed}。", f"Not found below {folder}: {listed}."))
    return work


def _counting(mapping: Mapping, progress: Say) -> Callable[[int], None]:
    return lambda count: progress(f"{mapping.name}: {count:,}")
