"""The devices of the sky eye (社会天眼)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from commandcenter.db.schema.base import (
    TILE_SRID,
    Base,
    Placed,
    Sourced,
    big_key,
    counting_index,
    in_tile_projection,
    one_of,
    ranged,
    stored,
    tile_index,
)


class Camera(Placed, Sourced, Base):
    """A sky-eye device (监控点位), GB/T 28181 code where it has one. Azimuth is degrees clockwise from north."""

    __tablename__ = "camera"
    __table_args__ = (
        one_of("status", "working", "faulty", "unknown"),
        one_of("shape", "bullet", "dome", "ptz", "panoramic", "unknown"),
        ranged("azimuth_deg", ">= 0", "< 360", "azimuth_is_a_bearing"),
        ranged("hfov_deg", "> 0", "<= 360", "hfov_is_an_angle"),
        UniqueConstraint("source", "source_key"),
        tile_index("camera"),
        Index("camera_sector", "sector_3857", postgresql_using="gist"),
        Index("camera_grid", "grid_code"),
        counting_index("camera_status", "status"),
    )
    id: Mapped[int] = big_key()
    code: Mapped[str | None]
    name: Mapped[str]
    name_en: Mapped[str | None]
    address: Mapped[str | None]
    shape: Mapped[str]
    ptz_type: Mapped[int | None]  # GB/T 28181-2022 PTZType 1-7
    industry_code: Mapped[str | None]
    point_class: Mapped[int | None]  # 1 一类 2 二类 3 三类 9 其他
    azimuth_deg: Mapped[float | None]
    azimuth_source: Mapped[str | None]  # catalogue, surveyed, text, osm
    hfov_deg: Mapped[float | None]
    max_view_distance_m: Mapped[float | None]
    focal_mm: Mapped[float | None]
    width_px: Mapped[int | None]
    mount: Mapped[str | None]
    mount_height_m: Mapped[float | None]
    place_kind: Mapped[str | None]
    owner: Mapped[str | None]
    status: Mapped[str]
    status_at: Mapped[datetime | None]
    installed_on: Mapped[date | None]
    min_zoom: Mapped[int] = mapped_column(SmallInteger, server_default="14")  # thinning: lowest tile zoom that draws it
    geom: Mapped[Any] = stored("POINT")
    geom_3857: Mapped[Any] = in_tile_projection("POINT")
    sector_3857: Mapped[Any] = mapped_column(Geometry("POLYGON", srid=TILE_SRID, spatial_index=False), nullable=True)
