"""A city's own grids (网格): the polygons of one file make up one plan, and one plan at a time is the published one.

Codes of district, street and community come from the file, or from the smallest area around the grid's point on surface; what the file
says and the place contradicts is a finding. Households come from the file, or are counted from the buildings inside. EPSG:4326, metric
shapes in the city's own CRS, rounded to a millimetre.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from commandcenter.city import City
from commandcenter.db.registers import finish_load
from commandcenter.errors import BadInput
from commandcenter.text import Text
from gridmaps.store import MILLIMETRE, STORED_CRS, TILE_CRS, transformed, zoom_bands
from ingest import store as places
from ingest.contract import Mapping, Plan
from ingest.copy_text import copy_column
from ingest.governance import plan_store as store
from ingest.governance.count_store import count_households
from ingest.governance.target_work import Examined, TargetWork
from ingest.placing import AREA_COLUMNS, Areas
from ingest.record import Finding

KIND, CODE_SYSTEM = "basic", "grid"  # where neither mapping nor city file says one


class GridPlan(TargetWork):
    """The plan that one delivery of grids makes up."""

    def __init__(self, connection: psycopg.Connection, mapping: Mapping, city: City) -> None:
        assert mapping.plan is not None
        self._mapping, self._plan, self._city = mapping, mapping.plan, city
        self._grammar = city.grammar.get("grid")
        _refuse_other_plan(connection, mapping.name, self._plan)
        self._was = store.plan_as_it_stands(connection, self._plan.code)
        self._number = store.plan_id(connection, self._plan)
        self._held = store.codes_of_others(connection, self._plan.code, mapping.name)
        self._areas = Areas(connection)
        written = mapping.written
        self._placed = tuple(name for name in AREA_COLUMNS if name not in written)
        self._counted = "households" not in written
        given = {"kind": KIND, "code_system": CODE_SYSTEM if self._grammar is None else self._grammar.system}
        self._given = {name: value for name, value in given.items() if name not in written}
        self._estimated = "households_estimated" not in written
        self.columns = (
            "plan_id", "geom_metric", *self._placed, *self._given, *(("households",) if self._counted else ()),
            *(("households_estimated",) if self._estimated else ()),
        )  # fmt: skip
        self._codes: dict[str, list[str | None]] = {}
        self._geometry: NDArray[np.object_] = np.empty(0, dtype=object)

    def examine(self, work: Examined) -> None:
        """One polygon a grid, a code of the city's grammar that nobody else holds in the plan, codes of areas that fit the place."""
        _single(work)
        self._geometry = work.geometry
        self._codes = self._areas.codes(work.geometry)
        for at in work.alive():
            row = {name: column[at] for name, column in work.columns.items()}
            self._check_code(work, at, row)
            for name in AREA_COLUMNS:
                field = self._mapping.claims.get(name)
                said = row.get(name) if field is None else work.batch.values.get(field, [None] * len(work.batch))[at]
                self._check_place(work, at, name, field, said)
            for name in ("households", "persons"):
                if row.get(name) is not None and row[name] < 0:
                    work.refuse(at, Finding("out_of_range", name, Text(f"“{name}”为 {row[name]}，应 ≥ 0。", f"'{name}' is {row[name]}, and must be >= 0.")))

    def _check_code(self, work: Examined, at: int, row: dict[str, Any]) -> None:
        code = row["code"]
        if code is None:
            return
        if code in self._held:
            other = self._held[code]
            work.refuse(
                at,
                Finding(
                    "code_taken",
                    "code",
                    Text(
                        f"方案“{self._plan.code}”里代码“{code}”已由数据源 {other} 给出。",
                        f"The code '{code}' is held by the source {other} in the plan '{self._plan.code}'.",
                    ),
                ),
            )
        grammar = self._grammar
        if grammar is None:
            return
        if not grammar.allows(code):
            finding = Finding(
                "grid_code",
                "code",
                Text(
                    f"网格代码“{code}”不合本市语法：{grammar.length} 位（{grammar.pattern}）。",
                    f"The grid code '{code}' does not fit this city's grammar: {grammar.length} characters ({grammar.pattern}).",
                ),
            )
            if self._plan.refuses_codes:
                work.refuse(at, finding)
            else:
                work.notes.append((at, finding, None))
            return
        community = row.get("community_code") or self._codes["community_code"][at]
        begins = code[: grammar.length - grammar.digits]
        if community is not None and len(community) == len(begins) and community != begins:
            sentence = Text(
                f"网格代码“{code}”以“{begins}”开头，而网格属于社区“{community}”。",
                f"The grid code '{code}' begins with '{begins}', while the grid belongs to the community '{community}'.",
            )
            work.notes.append((at, Finding("place_contradiction", "code", sentence), None))

    def _check_place(self, work: Examined, at: int, name: str, field: str | None, said: Any) -> None:
        """What the file says and the place contradicts; a column keeps what the file says, a claim does not."""
        found = self._codes[name][at]
        told = "" if said is None else str(said).strip()
        if not told or told == found:
            return
        kept = Text("按文件登记", "it is registered as the file says") if field is None else Text("按位置登记", "it is registered by its place")
        sentence = Text(
            f"来源写明“{told}”，而位置落在“{found or '无'}”（{name}）；{kept.zh}。",
            f"The source says '{told}', while the place lies in '{found or 'none'}' ({name}); {kept.en}.",
        )
        work.notes.append((at, Finding("place_contradiction", field or name, sentence), None))

    def filled(self, good: list[int]) -> list[list[str]]:
        """Plan, metric shape, codes of the place, and what neither mapping nor file says."""
        metric = transformed(self._geometry[good], STORED_CRS, self._city.metric_srid)
        exact = shapely.set_precision(metric, MILLIMETRE, mode="pointwise")
        count = len(good)
        return [
            [str(self._number)] * count,
            shapely.to_wkb(shapely.set_srid(exact, self._city.metric_srid), hex=True, include_srid=True).tolist(),
            *(copy_column([self._codes[name][at] for at in good]) for name in self._placed),
            *([value] * count for value in self._given.values()),
            *([["0"] * count] if self._counted else []),
            *([["t" if self._counted or self._mapping.estimated else "f"] * count] if self._estimated else []),
        ]

    def settle(self, connection: psycopg.Connection, run_id: int, changed: bool) -> None:
        """Publish the plan, draw its shapes for low zooms, count what the file does not say."""
        switched = store.settle_plan(connection, self._number, self._was, self._plan, run_id, changed)
        if changed:
            draw_zoom_bands(connection, self._number)
        count_households(connection)
        if switched and not changed:  # no row tells that grids changed: nobody else will place, count and make findable
            places.place_all_again(connection)
            finish_load(connection, lambda _: None, thin=False, tables={"grid"})


def draw_zoom_bands(connection: psycopg.Connection, plan: int) -> None:
    """The plan's shapes for low zooms, kind by kind, so that neighbours still share their borders."""
    rows = store.plan_shapes(connection, plan)
    kinds = np.array([kind for _, kind, _ in rows], dtype=object)
    tiles = transformed(shapely.from_wkb([wkb for _, _, wkb in rows]), STORED_CRS, TILE_CRS) if rows else np.empty(0, dtype=object)
    mid, low = tiles.copy(), tiles.copy()
    for kind in dict.fromkeys(kinds.tolist()):
        of_kind = kinds == kind
        mid[of_kind], low[of_kind] = zoom_bands(tiles[of_kind])
    store.write_zoom_bands(connection, zip([row[0] for row in rows], _ewkb(mid), _ewkb(low), strict=True))


def take_plan_back(connection: psycopg.Connection, run_id: int) -> None:
    """After a run of grids was taken back: the plan and the one before it stand as they stood, and so do shapes and counts."""
    plan = store.take_plan_back(connection, run_id)
    if plan is not None:
        draw_zoom_bands(connection, plan)
    count_households(connection)


def _refuse_other_plan(connection: psycopg.Connection, source: str, plan: Plan) -> None:
    """One source makes up one plan: else the next delivery of one would mark the grids of the other as gone."""
    held = store.plan_of_source(connection, source)
    if held is not None and held != plan.code:
        raise BadInput(
            Text(
                f"数据源 {source} 的网格属于方案“{held}”；方案“{plan.code}”请另用一个映射文件（文件名即数据源名）。",
                f"The grids of the source {source} belong to the plan '{held}': give the plan '{plan.code}' a mapping file of its own name.",
            )
        )


def _single(work: Examined) -> None:
    """A grid is one polygon: a collection of one is that one, of several is refused."""
    for at in np.flatnonzero(shapely.get_type_id(work.geometry) == 6).tolist():
        parts = shapely.get_parts(work.geometry[at])
        if len(parts) == 1:
            work.geometry[at] = parts[0]
        else:
            said = Text(f"网格由 {len(parts)} 块组成，应为一块。", f"The grid consists of {len(parts)} parts, and must be one.")
            work.refuse(at, Finding("several_parts", "geometry", said))


def _ewkb(shapes: NDArray[np.object_]) -> list[str]:
    written: list[str] = shapely.to_wkb(shapely.set_srid(shapes, TILE_CRS), hex=True, include_srid=True).tolist()
    return written
