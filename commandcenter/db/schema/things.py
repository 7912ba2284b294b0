"""What serves residents, what stands on the streets, and what must be seen."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, SmallInteger, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
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


class ServicePoint(Placed, Sourced, Base):
    """A place that serves residents (便民服务网点); class 公共/公益/社会化/市场化."""

    __tablename__ = "service_point"
    __table_args__ = (
        one_of("class", "public", "welfare", "social", "market"),
        UniqueConstraint("source", "source_key"),
        tile_index("service_point"),
    )
    id: Mapped[int] = big_key()
    code: Mapped[str | None]
    class_: Mapped[str] = mapped_column("class")
    # office clinic hospital pharmacy school kindergarten library police fire elderly legal post bank market toilet ...
    kind: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str | None]
    address: Mapped[str | None]
    opening_hours: Mapped[str | None]  # OSM opening_hours syntax
    services: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    phone: Mapped[str | None]
    floor_area_m2: Mapped[float | None]
    min_zoom: Mapped[int] = mapped_column(SmallInteger, server_default="13")
    geom: Mapped[Any] = stored("POINT")
    geom_3857: Mapped[Any] = in_tile_projection("POINT")


class Component(Placed, Sourced, Base):
    """A city component (城市部件): street furniture and facilities, 16-digit code with its code system."""

    __tablename__ = "component"
    __table_args__ = (
        one_of("state", "intact", "damaged", "missing", "abandoned", "unknown"),
        UniqueConstraint("source", "source_key"),
        tile_index("component"),
        counting_index("component_state", "state"),
    )
    id: Mapped[int] = big_key()
    code: Mapped[str | None]
    code_system: Mapped[str | None]  # GBT30428_2, CJT214, NEW_16, osm
    major_code: Mapped[str]
    minor_code: Mapped[str]
    class_name: Mapped[str]
    class_name_en: Mapped[str | None]
    name: Mapped[str | None]
    state: Mapped[str]
    department: Mapped[str | None]
    owner: Mapped[str | None]
    surveyed_on: Mapped[date | None]
    min_zoom: Mapped[int] = mapped_column(SmallInteger, server_default="15")
    geom: Mapped[Any] = stored("POINT")
    geom_3857: Mapped[Any] = in_tile_projection("POINT")


class KeySite(Placed, Sourced, Base):
    """A place that must be seen (重点部位): point, line or polygon with its legal class."""

    __tablename__ = "key_site"
    __table_args__ = (UniqueConstraint("source", "source_key"), tile_index("key_site"))
    id: Mapped[int] = big_key()
    code: Mapped[str | None]
    legal_class: Mapped[str]  # "7.1", "7.2(1)", "7.2(2)", "7.2(4)" of the public-security video regulation
    kind: Mapped[str]  # square bridge station school hospital mall scenic park government venue market
    name: Mapped[str]
    name_en: Mapped[str | None]
    address: Mapped[str | None]
    geom: Mapped[Any] = stored("GEOMETRY")
    geom_3857: Mapped[Any] = in_tile_projection("GEOMETRY")
    label_3857: Mapped[Any] = in_tile_projection("POINT", "ST_PointOnSurface(ST_Transform(geom, 3857))")


class Track(Sourced, Base):
    """A recorded way (patrol, vehicle): one line with its first and last moment. Shown on no layer yet."""

    __tablename__ = "track"
    __table_args__ = (UniqueConstraint("source", "source_key"), Index("track_geom", "geom", postgresql_using="gist"))
    id: Mapped[int] = big_key()
    code: Mapped[str | None]
    name: Mapped[str | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    point_count: Mapped[int | None]
    geom: Mapped[Any] = stored("GEOMETRY")
