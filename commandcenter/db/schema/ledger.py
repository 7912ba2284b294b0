"""What became of every file that was read: runs, their raw rows, what they replaced, what they refused and what they noticed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from commandcenter.db.schema.base import STORED_SRID, Base, big_key, one_of


def _seen() -> Mapped[Any]:
    return mapped_column(Geometry("GEOMETRY", srid=STORED_SRID, spatial_index=False), nullable=True)


class MappingVersion(Base):
    """The text of every mapping that ever loaded a row, by its fingerprint: the rules a row was read by."""

    __tablename__ = "mapping_version"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    body: Mapped[str]
    first_used_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Upload(Base):
    """A file a steward sent: kept outside the database, below the data folder, until its runs are done with."""

    __tablename__ = "upload"
    id: Mapped[int] = big_key()
    file_name: Mapped[str]  # as the sender called it
    stored_as: Mapped[str]  # below <data folder>/uploads
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class IngestRun(Base):
    """One run of one mapping over one file: read = loaded + unchanged + quarantined, for ever."""

    __tablename__ = "ingest_run"
    __table_args__ = (
        CheckConstraint("rows_read = loaded + unchanged + quarantined", name="every_row_is_accounted_for"),
        one_of("status", "queued", "running", "done", "failed", "cancelled", "broken", "withdrawn"),
        one_of("kind", "load", "dry_run", "correction"),
        Index("ingest_run_source", "source", "id"),
    )
    id: Mapped[int] = big_key()
    source: Mapped[str] = mapped_column(ForeignKey("source.name"))
    mapping: Mapped[str]
    mapping_sha256: Mapped[str | None] = mapped_column(ForeignKey("mapping_version.sha256"))
    kind: Mapped[str] = mapped_column(server_default="load")
    file_name: Mapped[str]
    file_sha256: Mapped[str]
    file_bytes: Mapped[int | None] = mapped_column(BigInteger)
    upload_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("upload.id"))
    actor: Mapped[str | None]
    status: Mapped[str]
    step: Mapped[str | None]  # what it is busy with: reading, placing, settling
    progress: Mapped[int] = mapped_column(BigInteger, server_default="0")  # rows read so far
    cancel_requested: Mapped[bool] = mapped_column(server_default="false")
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    rows_read: Mapped[int] = mapped_column(BigInteger, server_default="0")
    loaded: Mapped[int] = mapped_column(BigInteger, server_default="0")
    unchanged: Mapped[int] = mapped_column(BigInteger, server_default="0")
    quarantined: Mapped[int] = mapped_column(BigInteger, server_default="0")
    vanished: Mapped[int] = mapped_column(BigInteger, server_default="0")  # rows of the source that this delivery no longer brought
    repaired: Mapped[int] = mapped_column(BigInteger, server_default="0")
    findings: Mapped[int] = mapped_column(BigInteger, server_default="0")
    by_rule: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")  # refused rows and findings by rule
    conversion: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")  # reference system, conversion, residual in metres
    message: Mapped[str | None]
    message_en: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]


class IngestRaw(Base):
    """The raw text of the rows a run loaded, a thousand row numbers a block: zlib over JSON {row_no: [line, raw]}."""

    __tablename__ = "ingest_raw"
    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ingest_run.id"), primary_key=True)
    block: Mapped[int] = mapped_column(primary_key=True)  # row_no // 1000
    body: Mapped[bytes] = mapped_column(LargeBinary)


class IngestBefore(Base):
    """A row as it stood before a run wrote over it: what a withdrawal restores."""

    __tablename__ = "ingest_before"
    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ingest_run.id"), primary_key=True)
    target: Mapped[str] = mapped_column(primary_key=True)
    row_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    was: Mapped[dict[str, Any]] = mapped_column(JSONB)  # every written column; geometries as hex EWKB


class Quarantine(Base):
    """A refused row with its line, field, rule, reason in both languages and its raw text, until it is corrected or delivered anew."""

    __tablename__ = "quarantine"
    __table_args__ = (
        one_of("state", "open", "resolved", "superseded", "dismissed"),
        Index("quarantine_run", "run_id", "line"),
        Index("quarantine_open", "run_id", "rule", postgresql_where="state = 'open'"),
    )
    id: Mapped[int] = big_key()
    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ingest_run.id"))
    line: Mapped[str]  # line number, feature index, or OSM id: where the reader found it
    source_key: Mapped[str | None]
    field: Mapped[str | None]
    rule: Mapped[str]
    sentence: Mapped[str]
    sentence_en: Mapped[str]
    raw: Mapped[str]
    raw_hash: Mapped[str | None]  # fingerprint of fields and geometry as they came: a correction finds the row again by it
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")  # the source's fields, corrected ones included
    shape: Mapped[str | None]  # geometry as it came, hex WKB in the source's own reference system
    geom: Mapped[Any] = _seen()  # where it would lie, for the preview; may be invalid
    proposal: Mapped[Any] = _seen()  # the repair that is proposed
    state: Mapped[str] = mapped_column(server_default="open")
    settled_run_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("ingest_run.id"))
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None]


class Correction(Base):
    """What a steward made of a refused row; it is applied again whenever the same raw row is delivered again."""

    __tablename__ = "correction"
    __table_args__ = (UniqueConstraint("source", "raw_hash"),)
    id: Mapped[int] = big_key()
    source: Mapped[str] = mapped_column(ForeignKey("source.name"))
    raw_hash: Mapped[str]
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")  # field: text it should have said
    accept_repair: Mapped[bool] = mapped_column(server_default="false")  # the proposed geometry is taken
    actor: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class IngestFinding(Base):
    """Something noticed about a row that was loaded all the same: a repair, a contradiction, a correction applied."""

    __tablename__ = "ingest_finding"
    __table_args__ = (Index("ingest_finding_run", "run_id", "rule"),)
    id: Mapped[int] = big_key()
    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ingest_run.id"))
    line: Mapped[str]
    source_key: Mapped[str | None]
    field: Mapped[str | None]
    rule: Mapped[str]
    sentence: Mapped[str]
    sentence_en: Mapped[str]
    geom_before: Mapped[Any] = _seen()
    geom_after: Mapped[Any] = _seen()


class IngestPreview(Base):
    """Rows a dry run would load, for its map: at most some thousands, spread over the file."""

    __tablename__ = "ingest_preview"
    __table_args__ = (Index("ingest_preview_run", "run_id"),)
    id: Mapped[int] = big_key()
    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ingest_run.id"))
    line: Mapped[str]
    source_key: Mapped[str]
    geom: Mapped[Any] = mapped_column(Geometry("GEOMETRY", srid=STORED_SRID, spatial_index=False), nullable=False)
