"""What a mapping promises about its source, as values: columns, classes, place, rules, delivery. ``ingest.mapping`` reads it from a file."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commandcenter.text import Text
from ingest.derive import DERIVATIONS


@dataclass(frozen=True)
class Column:
    """How one column of the target is filled from fields of the source."""

    name: str
    fields: tuple[str, ...]
    template: str | None
    kind: str
    unit: str | None
    formats: tuple[str, ...]  # of moments, tried in order
    table: Dict[str, Any] | None
    keep_unknown: bool
    default: Any
    required: bool
    low: float | None
    high: float | None
    only_with: str | None


@dataclass(frozen=True)
class ClassRule:
    """Rows that show these values (None: any value) and this geometry get these columns; the first rule that fits wins."""

    when: Dict[str, frozenset[str] | None]
    geometry: str | None
    gives: Dict[str, Any]

    def fits(self, values: Dict[str, Any], geometry: str) -> bool:
        """Whether a row belongs to this class."""
        if self.geometry is not None and self.geometry != geometry:
            return False
        for key, wanted in self.when.items():
            value = values.get(key)
            if value is None or (wanted is not None and str(value) not in wanted):
                return False
        return True


@dataclass(frozen=True)
class ReadOptions:
    """What a reader needs beside encoding and delimiter: layer or sheet, where the header stands, merged cells, where records lie."""

    layer: str | None
    header_row: int | None
    fill_down: tuple[str, ...]
    records: str | None
    query: str | None
    database: str | None


@dataclass(frozen=True)
class Fetch:
    """Where a source is fetched from: ``url`` (http or https), header values from the environment, and a watched folder's pattern."""

    url: str | None
    headers: Dict[str, str]
    folder: str | None
    pattern: str


@dataclass(frozen=True)
class Place:
    """Where a table's rows lie: ``fields`` hold x and y (``xy``), both in one text (``pair``), WKT (``wkt``) or hex WKB (``wkb``).

    x is east or longitude, y north or latitude, whatever the fields are called; ``swapped`` says that WKT, WKB, pairs or features
    write north first. Degrees, minutes and seconds are read wherever the reference system is one of degrees.
    """

    kind: str
    fields: tuple[str, ...]
    swapped: bool = False


@dataclass(frozen=True)
class Rule:
    """One thing that must hold of every row: ``word`` names it, ``columns`` are columns of the target, ``given`` its parameters."""

    word: str
    columns: tuple[str, ...]
    given: Dict[str, Any]
    refuses: bool  # else the row is loaded and the breach is a finding


@dataclass(frozen=True)
class PolygonSet:
    """Polygons that should cover their ground once: gaps, overlaps and slivers are looked for before anything is stored."""

    gap_width_m: float
    refuses: bool


@dataclass(frozen=True)
class Plan:
    """The grid plan that a file of grids makes up; ``rule`` is the households a grid it was drawn for ("100-200")."""

    code: str
    title: Text
    rule: str
    published: bool
    refuses_codes: bool  # codes that break the city's grammar; else they are findings


ROWS_FIELD = "@rows"  # how many rows of a household register speak of one building


@dataclass(frozen=True)
class BuildingRef:
    """How a row of a household register names its building: by the building's key in its ``source``, or by its place."""

    key: str | None
    source: str | None  # None: whichever holds that key
    within_m: float  # a place outside any building belongs to the nearest one up to here, as a finding
    counts_rows: bool  # each row is one household; rows of one building are counted as the field @rows


@dataclass(frozen=True)
class Mapping:
    """One source's mapping. ``body`` is the file's text and ``version`` its fingerprint: the rules a row was read by."""

    name: str
    body: str
    version: str
    target: str
    reader: str
    encoding: str
    crs: str
    title: Text
    owner: str
    licence: str
    attribution: str
    cadence_s: int | None
    estimated: bool
    data_as_of: datetime | None
    moved_to_load: bool
    draw_cut_areas: bool
    key: tuple[str, ...]
    geometry: str
    place: Place | None
    delimiter: str
    options: ReadOptions
    delivery: str
    vanish_limit: float
    repair: str
    placeholders: tuple[tuple[float, float], ...]
    claims: Dict[str, str]
    rules: tuple[Rule, ...]
    polygon_set: PolygonSet | None
    fetch: Fetch | None
    columns: tuple[Column, ...]
    constants: Dict[str, Any]
    classes: tuple[ClassRule, ...]
    derive: tuple[str, ...]
    plan: Plan | None = None
    building: BuildingRef | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field of the source that the mapping names."""
        named: dict[str, None] = dict.fromkeys(self.key)
        for column in self.columns:
            named.update(dict.fromkeys(column.fields))
        for rule in self.classes:
            named.update(dict.fromkeys(rule.when))
        named.update(dict.fromkeys(self.place.fields if self.place else ()))
        named.update(dict.fromkeys(self.claims.values()))
        if self.building is not None and self.building.key is not None:
            named[self.building.key] = None
        named.pop(ROWS_FIELD, None)  # counted here, by no column of the file
        return tuple(named)

    @property
    def written(self) -> tuple[str, ...]:
        """The target's columns in the order they are written, without key, hash and geometry."""
        names = dict.fromkeys(column.name for column in self.columns)
        for rule in self.classes:
            names.update(dict.fromkeys(rule.gives))
        names.update(dict.fromkeys(self.constants))
        for name in self.derive:
            names.update(dict.fromkeys(DERIVATIONS[name].writes))
        return tuple(names)
