"""A city's household register (户数): how many households each building has, and never who they are.

A row names its building by the building's key, or lies in it. Of a register only the fields that the mapping names travel on: neither
ledger nor quarantine keeps a name, a number or a telephone that stood in the file. Counts take the place of estimates.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from commandcenter.city import City
from commandcenter.errors import BadInput
from commandcenter.text import Text
from gridmaps.store import STORED_CRS, transformed
from ingest.contract import ROWS_FIELD, Mapping
from ingest.governance import count_store as store
from ingest.governance.target_work import Examined, TargetWork
from ingest.record import Batch, Finding, SourceRow, batched

COUNTS = ("resident", "registered", "vacant", "persons")
WRITABLE = (*COUNTS, "counted_on")
MOST_NAMED = 5


class HouseholdRegister(TargetWork):
    """One delivery of household counts, with the buildings it may speak of."""

    columns = ("estimated",)

    def __init__(self, connection: psycopg.Connection, mapping: Mapping, city: City) -> None:
        assert mapping.building is not None
        self._mapping, self._reference = mapping, mapping.building
        rows = store.buildings(connection, self._reference.source, shapes=self._reference.key is None)
        self._ids = [row[0] for row in rows]
        self._names = [f"{row[1]}/{row[2]}" for row in rows]
        self._shapes = shapely.from_wkb(np.array([row[3] for row in rows], dtype=object))
        self._by_key: dict[str, list[int]] = {}
        for number, row in enumerate(rows):
            self._by_key.setdefault(row[2], []).append(number)
        self._counted = store.counted_by_others(connection, mapping.name)
        self._srid = city.metric_srid
        self._metric: NDArray[np.object_] | None = None
        self._tree: shapely.STRtree | None = None
        self._taken: set[int] = set()
        self._here: dict[int, int] = {}  # of the batch: position of the row, number of its building
        self._links: list[tuple[str, int]] = []

    def regroup(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """Nothing but the fields the mapping names, and one row a building where the file has one a household."""
        kept = map(self._without_people, batches)
        return self._counted_rows(kept) if self._reference.counts_rows else kept

    def _without_people(self, batch: Batch) -> Batch:
        named = {*self._mapping.fields, ROWS_FIELD}
        batch.values = {name: column for name, column in batch.values.items() if name in named}
        batch.raw = [json.dumps(batch.fields_of(at), ensure_ascii=False, default=str) for at in range(len(batch))]
        return batch

    def _counted_rows(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """Rows of one building as one row that says how many they were; broken rows, and rows counted before, as they are."""
        key = self._reference.key or ""
        first: dict[str, SourceRow] = {}
        counts: dict[str, int] = {}
        for batch in batches:
            if ROWS_FIELD in batch.values:
                yield batch
                continue
            broken = []
            for at in range(len(batch)):
                fields = batch.fields_of(at)
                named = str(fields.get(key) or "").strip()
                row = SourceRow(batch.where[at], fields, batch.raw[at], fault=batch.faults.get(at))
                if row.fault is not None or not named:
                    broken.append(row)
                    continue
                first.setdefault(named, row)
                counts[named] = counts.get(named, 0) + 1
            yield from batched(broken)
        for row in first.values():
            row.values[ROWS_FIELD] = str(counts[str(row.values[key]).strip()])
            row.raw = json.dumps(row.values, ensure_ascii=False, default=str)
        yield from batched(first.values())

    def examine(self, work: Examined) -> None:
        """Each row finds its one building, which nobody else counts; there it lies."""
        self._here = {}
        alive = work.alive()
        found = self._by_place(work, alive) if self._reference.key is None else self._by_name(work, alive)
        for at in alive:
            for name in COUNTS:
                value = (work.columns.get(name) or [None] * len(work.batch))[at]
                if value is not None and value < 0:
                    work.refuse(at, Finding("out_of_range", name, Text(f"“{name}”为 {value}，应 ≥ 0。", f"'{name}' is {value}, and must be >= 0.")))
                    found.pop(at, None)
        for at, number in found.items():
            building = self._ids[number]
            if building in self._counted:
                work.refuse(at, self._told("already_counted", number, "已由“{}”计数", "has been counted by '{}'", self._counted[building]))
            elif building in self._taken:
                again = ("在文件中出现两次，只保留第一行", "occurs again in the file; only its first row is kept")
                work.refuse(at, self._told("duplicate_building", number, *again))
            else:
                self._taken.add(building)
                self._here[at] = number
        shape = self._shapes[list(self._here.values())]
        work.geometry[list(self._here)] = shape if self._reference.key is not None else shapely.point_on_surface(shape)

    def _by_name(self, work: Examined, alive: list[int]) -> dict[int, int]:
        field = self._reference.key or ""
        said = work.batch.values.get(field) or [None] * len(work.batch)
        found: dict[int, int] = {}
        for at in alive:
            key = "" if said[at] is None else str(said[at]).strip()
            numbers = self._by_key.get(key, [])
            if len(numbers) == 1:
                found[at] = numbers[0]
            elif not numbers:
                work.refuse(at, Finding("unknown_building", field, Text(f"没有键为“{key}”的建筑。", f"There is no building with the key '{key}'.")))
            else:
                work.refuse(at, self._ambiguous(field, numbers))
        return found

    def _by_place(self, work: Examined, alive: list[int]) -> dict[int, int]:
        """The building around each place, or the nearest within reach, which is said."""
        if self._tree is None:
            self._metric = transformed(self._shapes, STORED_CRS, self._srid) if len(self._shapes) else self._shapes
            self._tree = shapely.STRtree(self._metric)
        assert self._metric is not None
        at_point = transformed(work.geometry[alive], STORED_CRS, self._srid) if alive else np.empty(0, dtype=object)
        near: dict[int, list[int]] = {}
        if alive:
            for position, number in zip(*self._tree.query(at_point, predicate="dwithin", distance=self._reference.within_m).tolist(), strict=True):
                near.setdefault(position, []).append(number)
        found: dict[int, int] = {}
        for position, at in enumerate(alive):
            far = {number: float(shapely.distance(at_point[position], self._metric[number])) for number in near.get(position, [])}
            around = sorted(number for number, metres in far.items() if metres == 0)
            if len(around) > 1:
                work.refuse(at, self._ambiguous("geometry", around))
            elif around:
                found[at] = around[0]
            elif far:
                number = min(far, key=lambda number: (far[number], number))
                found[at] = number
                said = Text(
                    f"位置不在任何建筑内，归入 {far[number]:.1f} 米外的建筑 {self._names[number]}。",
                    f"It lies in no building; it is given to {self._names[number]}, {far[number]:.1f} m away.",
                )
                work.notes.append((at, Finding("nearest_building", "geometry", said), None))
            else:
                reach = f"{self._reference.within_m:g}"
                said = Text(f"位置不在任何建筑内，{reach} 米内也没有建筑。", f"It lies in no building, and none is within {reach} m.")
                work.refuse(at, Finding("unknown_building", "geometry", said))
        return found

    def _told(self, rule: str, number: int, zh: str, en: str, *named: str) -> Finding:
        name = self._names[number]
        return Finding(rule, self._reference.key or "geometry", Text(f"建筑 {name} {zh.format(*named)}。", f"The building {name} {en.format(*named)}."))

    def _ambiguous(self, field: str, numbers: list[int]) -> Finding:
        named = ", ".join(self._names[number] for number in numbers[:MOST_NAMED])
        return Finding("ambiguous_building", field, Text(f"有 {len(numbers)} 座建筑符合：{named}。", f"{len(numbers)} buildings fit: {named}."))

    def content(self, good: list[int]) -> list[str]:
        """The building is part of what a row says."""
        return [self._names[self._here[at]] for at in good]

    def filled(self, good: list[int]) -> list[list[str]]:
        """Counted, unless the mapping says it guesses."""
        return [["t" if self._mapping.estimated else "f"] * len(good)]

    def stood(self, good: list[int], keys: list[str]) -> None:
        """These rows are good under these keys: each is to be linked with its building."""
        self._links += [(keys[at], self._ids[self._here[at]]) for at in good]

    def settle(self, connection: psycopg.Connection, run_id: int, changed: bool) -> None:
        """Link counts with their buildings; estimates step aside, grids are counted anew."""
        if not changed:
            return
        blocked = store.link_counts(connection, self._mapping.name, run_id, self._links)
        if blocked:
            named = ", ".join(blocked[:MOST_NAMED])
            raise BadInput(
                Text(
                    f"有 {len(blocked)} 座建筑已由本数据源的另一行计数，而该行没有撤下：{named}。",
                    f"{len(blocked)} buildings are counted by another row of this source that still stands: {named}.",
                )
            )
        _follow(connection)


def let_buildings_go(connection: psycopg.Connection, run_id: int) -> None:
    """Before a run of a register is taken back."""
    store.unlink_counts(connection, run_id)


def take_links_back(connection: psycopg.Connection, run_id: int) -> None:
    """After a run of a register was taken back: buildings have the counts or estimates they had before. Raises BadInput when others count them now."""
    try:
        store.link_counts_again(connection, run_id)
    except psycopg.errors.UniqueViolation as fault:
        raise BadInput(
            Text(
                f"第 {run_id} 次导入之前的建筑户数现由另一数据源给出，请先撤回后者。",
                f"Buildings counted before run {run_id} are counted by another source now: withdraw that one first.",
            )
        ) from fault
    _follow(connection)


def _follow(connection: psycopg.Connection) -> None:
    """Counts lie where their buildings lie, grids have what their buildings have, and the estimates' source says how many are left."""
    store.place_counts(connection)
    store.count_households(connection, generated="generated_grids")
    store.recount_sources(connection, [store.ESTIMATES])

