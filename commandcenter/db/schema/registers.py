"""The city itself, its sources, and what became of every file that was read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from commandcenter.db.schema.base import Base, big_key, one_of


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


class IngestRun(Base):
    """One run of one mapping over one file: read = loaded + unchanged + quarantined, for ever."""

    __tablename__ = "ingest_run"
    __table_args__ = (
        CheckConstraint("rows_read = loaded + unchanged + quarantined", name="every_row_is_accounted_for"),
        one_of("status", "running", "done", "failed"),
    )
    id: Mapped[int] = big_key()
    source: Mapped[str] = mapped_column(ForeignKey("source.name"))
    mapping: Mapped[str]
    file_name: Mapped[str]
    file_sha256: Mapped[str]
    status: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    rows_read: Mapped[int] = mapped_column(BigInteger, server_default="0")
    loaded: Mapped[int] = mapped_column(BigInteger, server_default="0")
    unchanged: Mapped[int] = mapped_column(BigInteger, server_default="0")
    quarantined: Mapped[int] = mapped_column(BigInteger, server_default="0")
    message: Mapped[str | None]


class Quarantine(Base):
    """A refused row with its line, field, rule, reason in both languages and its raw text."""

    __tablename__ = "quarantine"
    __table_args__ = (Index("quarantine_run", "run_id", "line"),)
    id: Mapped[int] = big_key()
    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ingest_run.id"))
    line: Mapped[str]  # line number, feature index, or OSM id: where the reader found it
    field: Mapped[str | None]
    rule: Mapped[str]
    sentence: Mapped[str]
    sentence_en: Mapped[str]
    raw: Mapped[str]
