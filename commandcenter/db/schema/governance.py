"""How the city is divided: the tree of areas, grid plans with their grids, unit cells."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from commandcenter.db.schema.base import (
    TILE_SRID,
    Base,
    Sourced,
    big_key,
    in_tile_projection,
    one_of,
    stored,
    tile_index,
)


class Area(Sourced, Base):
    """A node of the tree city > district > street > community; ``generated`` marks synthetic or derived polygons."""

    __tablename__ = "area"
    __table_args__ = (
        one_of("level", "city", "district", "street", "community"),
        UniqueConstraint("source", "source_key"),
        tile_index("area"),
        Index("area_geom", "geom", postgresql_using="gist"),
        Index("area_parent", "parent_code"),
    )
    id: Mapped[int] = big_key()
    code: Mapped[str] = mapped_column(unique=True)
    code_system: Mapped[str]
    other_codes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    level: Mapped[str]
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("area.code"))
    district_code: Mapped[str | None]
    street_code: Mapped[str | None]
    community_code: Mapped[str | None]
    name: Mapped[str]
    name_en: Mapped[str | None]
    generated: Mapped[bool]
    area_m2: Mapped[float]
    geom: Mapped[Any] = stored("MULTIPOLYGON")
    geom_3857: Mapped[Any] = in_tile_projection("MULTIPOLYGON")
    geom_3857_low: Mapped[Any] = mapped_column(Geometry("MULTIPOLYGON", srid=TILE_SRID, spatial_index=False), nullable=True)
    label_3857: Mapped[Any] = in_tile_projection("POINT", "ST_PointOnSurface(ST_Transform(geom, 3857))")


class DivisionCode(Sourced, Base):
    """A division code as one list gives it: statistical and civil-affairs codes disagree, so each stands with its system and date."""

    __tablename__ = "division_code"
    __table_args__ = (
        one_of("level", "province", "city", "district", "street", "community"),
        UniqueConstraint("source", "source_key"),
        Index("division_code_code", "code", "code_system"),
    )
    id: Mapped[int] = big_key()
    code: Mapped[str]
    code_system: Mapped[str]  # stats_gov (statistical), mca (civil affairs)
    as_of: Mapped[date]
    level: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str | None]
    parent_code: Mapped[str | None]
    urban_rural_class: Mapped[str | None]
    is_virtual: Mapped[bool] = mapped_column(server_default="false")


class GridPlan(Base):
    """One complete, versioned set of grids. Published plans never change."""

    __tablename__ = "grid_plan"
    __table_args__ = (one_of("status", "draft", "in_review", "published", "retired"),)
    id: Mapped[int] = big_key()
    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    title_en: Mapped[str]
    status: Mapped[str]
    rule: Mapped[str]  # households per grid this plan was drawn for, "100-200"
    valid_from: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]


class Grid(Sourced, Base):
    """The polygon one grid worker answers for, in one plan. Households are counted from buildings; ``households_estimated`` says when they are guessed."""

    __tablename__ = "grid"
    __table_args__ = (
        one_of("kind", "basic", "micro", "special", "village"),
        UniqueConstraint("plan_id", "kind", "code"),
        UniqueConstraint("source", "source_key"),
        tile_index("grid"),
        Index("grid_geom", "geom", postgresql_using="gist"),
        Index("grid_of_plan", "plan_id", "kind", "households",
              postgresql_include=["district_code", "street_code", "community_code", "code", "gone_run_id"]),
        CheckConstraint("ST_SRID(geom_metric) <> 0", name="geom_metric_has_srid"),
    )
    id: Mapped[int] = big_key()
    plan_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("grid_plan.id"))
    kind: Mapped[str]
    code: Mapped[str]
    code_system: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str | None]
    district_code: Mapped[str | None]
    street_code: Mapped[str | None]
    community_code: Mapped[str | None]
    households: Mapped[int]
    persons: Mapped[int | None]
    households_estimated: Mapped[bool]
    area_m2: Mapped[float]
    open_cases: Mapped[int] = mapped_column(server_default="0")  # counted by refresh_grid_counts()
    overdue_cases: Mapped[int] = mapped_column(server_default="0")
    cameras: Mapped[int] = mapped_column(server_default="0")
    cameras_working: Mapped[int] = mapped_column(server_default="0")
    counted_at: Mapped[datetime | None]
    geom_metric: Mapped[Any] = mapped_column(Geometry("POLYGON", srid=-1, spatial_index=False))
    geom: Mapped[Any] = stored("POLYGON")
    geom_3857: Mapped[Any] = in_tile_projection("POLYGON")
    geom_3857_mid: Mapped[Any] = mapped_column(Geometry("POLYGON", srid=TILE_SRID, spatial_index=False), nullable=True)
    geom_3857_low: Mapped[Any] = mapped_column(Geometry("POLYGON", srid=TILE_SRID, spatial_index=False), nullable=True)
    label_3857: Mapped[Any] = in_tile_projection("POINT", "ST_PointOnSurface(ST_Transform(geom, 3857))")


class UnitCell(Sourced, Base):
    """Management cell of about 10 000 m2 (单元网格), 15-digit code; not a household grid."""

    __tablename__ = "unit_cell"
    __table_args__ = (
        UniqueConstraint("code_system", "code"),
        UniqueConstraint("source", "source_key"),
        tile_index("unit_cell"),
        Index("unit_cell_geom", "geom", postgresql_using="gist"),
    )
    id: Mapped[int] = big_key()
    code: Mapped[str]
    code_system: Mapped[str]
    district_code: Mapped[str | None]
    street_code: Mapped[str | None]
    community_code: Mapped[str | None]
    land_use: Mapped[str | None]
    area_m2: Mapped[float]
    geom: Mapped[Any] = stored("POLYGON")
    geom_3857: Mapped[Any] = in_tile_projection("POLYGON")
