"""What stands on the ground: the base map, compounds, buildings with their household counts, addresses."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Computed, ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from commandcenter.db.schema.base import (
    Base,
    Placed,
    Sourced,
    big_key,
    counting_index,
    in_tile_projection,
    one_of,
    stored,
    tile_index,
)


class BaseFeature(Sourced, Base):
    """The electronic map's ground: water, green, land use, roads, rail and place names."""

    __tablename__ = "base_feature"
    __table_args__ = (
        one_of("theme", "water", "waterway", "green", "land_use", "road", "rail", "place"),
        UniqueConstraint("source", "source_key"),
        Index("base_feature_geom_3857", "theme", "geom_3857", postgresql_using="gist"),
        Index("base_feature_label_3857", "label_3857", postgresql_using="gist", postgresql_where="label_3857 is not null"),
    )
    id: Mapped[int] = big_key()
    theme: Mapped[str]
    # road: motorway trunk primary secondary tertiary residential service path; water: river lake pond stream canal;
    # green: park garden forest grass; land_use: residential commercial industrial education medical public farmland;
    # rail: rail tram subway; place: city district suburb neighbourhood village landmark
    class_: Mapped[str] = mapped_column("class")
    name: Mapped[str | None]
    name_en: Mapped[str | None]
    min_zoom: Mapped[int] = mapped_column(SmallInteger)  # tile zoom from which it is drawn
    stacking: Mapped[int] = mapped_column(SmallInteger, server_default="0")  # OSM layer: -1 tunnel, 1 bridge
    is_bridge: Mapped[bool] = mapped_column(server_default="false")
    is_tunnel: Mapped[bool] = mapped_column(server_default="false")
    geom: Mapped[Any] = stored("GEOMETRY")
    geom_3857: Mapped[Any] = in_tile_projection("GEOMETRY")
    label_3857: Mapped[Any] = in_tile_projection(
        "POINT", "case when name is null or ST_Dimension(geom) = 1 then null else ST_PointOnSurface(ST_Transform(geom, 3857)) end"
    )


class Compound(Placed, Sourced, Base):
    """Residential compound (小区) with its boundary; planners avoid cutting it."""

    __tablename__ = "compound"
    __table_args__ = (UniqueConstraint("source", "source_key"), tile_index("compound"))
    id: Mapped[int] = big_key()
    code: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str | None]
    address: Mapped[str | None]
    households: Mapped[int | None]
    built_year: Mapped[int | None]
    property_company: Mapped[str | None]
    geom: Mapped[Any] = stored("POLYGON")
    geom_3857: Mapped[Any] = in_tile_projection("POLYGON")
    label_3857: Mapped[Any] = in_tile_projection("POINT", "ST_PointOnSurface(ST_Transform(geom, 3857))")


class Building(Placed, Sourced, Base):
    """A building: public geography (everybody's map). Its household counts stand in household_count, behind the jurisdiction."""

    __tablename__ = "building"
    __table_args__ = (
        UniqueConstraint("source", "source_key"),
        tile_index("building"),
        Index("building_far", "geom_3857", postgresql_using="gist", postgresql_where="min_zoom <= 12"),
    )
    id: Mapped[int] = big_key()
    code: Mapped[str | None]
    name: Mapped[str | None]
    name_en: Mapped[str | None]
    address: Mapped[str | None]
    # residential commercial office industrial education medical public religious garage other
    use: Mapped[str]
    levels: Mapped[int | None]
    height_m: Mapped[float | None]
    compound_code: Mapped[str | None]
    min_zoom: Mapped[int] = mapped_column(
        SmallInteger,
        Computed(
            "case when ST_Area(geom) * cos(radians(ST_YMin(geom))) >= 1500 / 111319.49079327358 ^ 2 then 12"
            " when ST_Area(geom) * cos(radians(ST_YMin(geom))) >= 300 / 111319.49079327358 ^ 2 then 13 else 14 end",
            persisted=True,
        ),
        nullable=True,
    )
    geom: Mapped[Any] = stored("GEOMETRY")
    geom_3857: Mapped[Any] = in_tile_projection("GEOMETRY", "ST_ForcePolygonCW(ST_Transform(geom, 3857))")


class HouseholdCount(Placed, Sourced, Base):
    """Households of one building by kind of count, with source and date; people stand nowhere in this table."""

    __tablename__ = "household_count"
    __table_args__ = (
        UniqueConstraint("source", "source_key"),
        Index("household_count_grid", "grid_code"),
        counting_index("household_count_resident", "resident"),
        Index("household_count_place", "district_code", "street_code", "community_code"),
    )
    id: Mapped[int] = big_key()
    building_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("building.id"), unique=True)
    resident: Mapped[int]  # 常住户
    registered: Mapped[int | None]  # 户籍户
    vacant: Mapped[int | None]  # 空置户
    persons: Mapped[int | None]
    estimated: Mapped[bool]
    counted_on: Mapped[date]


class Address(Placed, Sourced, Base):
    """An address point."""

    __tablename__ = "address"
    __table_args__ = (UniqueConstraint("source", "source_key"), tile_index("address"))
    id: Mapped[int] = big_key()
    house_number: Mapped[str | None]
    street: Mapped[str | None]
    label: Mapped[str]
    geom: Mapped[Any] = stored("POINT")
    geom_3857: Mapped[Any] = in_tile_projection("POINT")
