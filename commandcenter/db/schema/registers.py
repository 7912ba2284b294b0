"""The city itself and the sources its rows come from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from commandcenter.db.schema.base import Base


class City(Base):
    """The one city this database belongs to, as its city file says."""

    __tablename__ = "city"
    key: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_en: Mapped[str]
    code: Mapped[str]
    metric_srid: Mapped[int]
    time_zone: Mapped[str]
    centre_lon: Mapped[float]
    centre_lat: Mapped[float]
    synthetic: Mapped[bool]
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Source(Base):
    """A department's feed: owner, licence, cadence and freshness; ``target`` names the table it fills."""

    __tablename__ = "source"
    name: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str]
    title: Mapped[str]
    title_en: Mapped[str]
    owner: Mapped[str]
    licence: Mapped[str]
    attribution: Mapped[str]
    cadence_s: Mapped[int | None] = mapped_column(BigInteger)  # None: delivered once, never late
    synthetic: Mapped[bool] = mapped_column(server_default="false")
    estimated: Mapped[bool] = mapped_column(server_default="false")
    data_as_of: Mapped[datetime | None]
    last_good_run_at: Mapped[datetime | None]
    row_count: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # What the mapping promises, for people: reader, encoding, crs, key, delivery, rules, mapping version.
    contract: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
