"""What every table is made of: keys, closed lists, geometry columns, and the columns that say where a row belongs and comes from."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Date,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    Text,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

STORED_SRID = 4326
TILE_SRID = 3857


class Base(DeclarativeBase):
    """Every table of one city's database."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text, datetime: DateTime(timezone=True), date: Date, float: Double, int: Integer,
    }  # fmt: skip


def one_of(column: str, *values: str) -> CheckConstraint:
    """A closed list as text + CHECK: enum operators are not leakproof, so an enum would lose its index under policies."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=f"{column}_is_known", info={"column": column, "values": values})


def ranged(column: str, low: str, high: str, name: str) -> CheckConstraint:
    """A range as CHECK: ``low`` like ``>= 0``, ``high`` like ``< 360``. Ingest reads it too, to refuse a row before the database would."""
    return CheckConstraint(f"{column} {low} and {column} {high}", name=name, info={"column": column, "range": (low, high)})


def big_key() -> Mapped[int]:
    """A number the database gives and nobody chooses."""
    return mapped_column(BigInteger, Identity(always=True), primary_key=True)


def stored(kind: str) -> Mapped[Any]:
    """The geometry as it came, EPSG:4326."""
    return mapped_column(Geometry(kind, srid=STORED_SRID, spatial_index=False), nullable=False)


def in_tile_projection(kind: str, expression: str = "ST_Transform(geom, 3857)") -> Mapped[Any]:
    """A geometry PostgreSQL itself derives for tiles, EPSG:3857: nothing is measured in it."""
    return mapped_column(
        Geometry(kind, srid=TILE_SRID, spatial_index=False), Computed(expression, persisted=True), nullable=True
    )


def tile_index(table: str) -> Index:
    """The index every tile of a table is read by."""
    return Index(f"{table}_geom_3857", "geom_3857", postgresql_using="gist")


PLACE_INCLUDED = ("district_code", "street_code", "community_code", "grid_code", "gone_run_id")


def counting_index(name: str, *columns: str, beside: tuple[str, ...] = (), where: str | None = None) -> Index:
    """An index that holds what policies look at, so that counting under them reads no rows. ``beside``: what is held too."""
    return Index(name, *columns, postgresql_include=[*beside, *PLACE_INCLUDED], postgresql_where=None if where is None else text(where))


class Placed:
    """Where a row belongs: the codes of the areas, grid and unit cell that contain it (point in polygon at write time)."""

    district_code: Mapped[str | None]
    street_code: Mapped[str | None]
    community_code: Mapped[str | None]
    grid_code: Mapped[str | None]
    unit_cell_code: Mapped[str | None]


class Sourced:
    """Where a row comes from: its source, its key there, the hash of the mapped row (unchanged rows are not written), run and row."""

    # That source and runs are known is proved once a statement, not row by row (trigger known_origin, ADR 0009).
    source: Mapped[str]
    source_key: Mapped[str]
    row_hash: Mapped[str | None]

    run_id: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
    row_no: Mapped[int | None]  # which row of that run it was: its line and raw text stand in ingest_raw
    # The run whose delivery no longer brought this row. It stays, and no map, search or count shows it (policy `standing`).
    gone_run_id: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
