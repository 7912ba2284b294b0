"""Who looked at, showed, took out or changed what, and the chain that would tell if somebody had touched the record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, Sequence, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from commandcenter.db.schema.base import Base, big_key, one_of

EVENT_ID = Sequence("audit_event_id", metadata=Base.metadata)


class AuditEvent(Base):
    """One act of one actor. Only inserted; its months are partitions in the schema ``audit``. No personal data: keys, counts, reasons."""

    __tablename__ = "audit_event"
    __table_args__ = (
        one_of("door", "wall", "desk", "cli", "worker", "api"),
        CheckConstraint("act ~ '^[a-z][a-z_]{1,39}$'", name="act_is_a_word"),
        Index("audit_event_at", "at"),
        Index("audit_event_actor", "actor", "at"),
        Index("audit_event_subject", "subject_table", "subject_key"),
        {"postgresql_partition_by": "RANGE (at)"},
    )
    id: Mapped[int] = mapped_column(BigInteger, EVENT_ID, server_default=EVENT_ID.next_value(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp(), primary_key=True)
    actor: Mapped[str]
    door: Mapped[str]
    act: Mapped[str]  # look, reveal, export, change, sign_in ...: commandcenter.audit.record names them
    subject_table: Mapped[str | None]
    subject_key: Mapped[str | None]
    reason: Mapped[str | None]  # as the actor typed it
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    address: Mapped[str | None] = mapped_column(INET)  # of the client


class AuditWaiting(Base):
    """An event that is not sealed yet; the sealer takes it from here."""

    __tablename__ = "audit_waiting"
    event_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_at: Mapped[datetime] = mapped_column(primary_key=True)


class AuditChain(Base):
    """One link: ``hash`` = sha256(hash of the link before || text of the event). Written by the function audit_seal alone."""

    __tablename__ = "audit_chain"
    __table_args__ = (UniqueConstraint("event_id", "event_at"), CheckConstraint("octet_length(hash) = 32", name="hash_is_sha256"))
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(BigInteger)
    event_at: Mapped[datetime]
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditCheckpoint(Base):
    """Where the chain starts since months were dropped: the last link before the first that is kept."""

    __tablename__ = "audit_checkpoint"
    id: Mapped[int] = big_key()
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    before: Mapped[datetime]  # events of earlier moments were dropped
    dropped_to: Mapped[int] = mapped_column(BigInteger)  # the last link whose event was dropped
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
