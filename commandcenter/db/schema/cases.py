"""The case engine's tables: what cases are judged by, and the log that a case follows from (docs/adr/0018)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    UniqueConstraint,
    func,
)
from sqlalchemy import Text as Words
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from commandcenter.db.schema.base import Base, big_key, one_of

KINDS = ("component", "event", "grid", "hotline", "enforcement")
UNITS = ("uh", "ud", "wh", "wd")
CLOCK_MODES = ("early", "run", "hold", "suspended", "end")


class CodeSystem(Base):
    """A system of codes with its source: a code means something within its system alone."""

    __tablename__ = "code_system"
    code: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    title_en: Mapped[str]
    source: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class CaseCategory(Base):
    """A small class (小类) of cases."""

    __tablename__ = "case_category"
    __table_args__ = (one_of("kind", *KINDS),)
    code_system: Mapped[str] = mapped_column(ForeignKey("code_system.code"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    major_code: Mapped[str]
    major: Mapped[str]
    major_en: Mapped[str | None]
    minor: Mapped[str]
    minor_en: Mapped[str | None]
    local: Mapped[bool] = mapped_column(Boolean, server_default="false")
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None]
    source: Mapped[str]


class CaseStandard(Base):
    """A condition under which a case of a category is filed (立案条件), and how long it may take (处置时限)."""

    __tablename__ = "case_standard"
    __table_args__ = (
        one_of("kind", *KINDS),
        one_of("limit_unit", *UNITS),
        CheckConstraint("(limit_value is null) = (limit_unit is null) and limit_value > 0", name="limit_is_whole"),
        UniqueConstraint("code_system", "kind", "category_code", "position", "valid_from"),
        Index("case_standard_category", "code_system", "kind", "category_code"),
    )
    id: Mapped[int] = big_key()
    code_system: Mapped[str] = mapped_column(ForeignKey("code_system.code"))
    kind: Mapped[str]
    category_code: Mapped[str]
    position: Mapped[int]
    condition: Mapped[str]
    condition_en: Mapped[str | None]
    close_condition: Mapped[str | None]
    close_condition_en: Mapped[str | None]
    limit_value: Mapped[Decimal | None] = mapped_column(Numeric)
    limit_unit: Mapped[str | None]
    area_class: Mapped[str | None]
    handler: Mapped[str | None]
    competent: Mapped[str | None]
    note: Mapped[str | None]
    source: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class StageLimit(Base):
    """How long a case may stay in a stage (受理, 派遣, 核查 ...)."""

    __tablename__ = "stage_limit"
    __table_args__ = (one_of("limit_unit", *UNITS), CheckConstraint("limit_value > 0", name="limit_is_above_nought"))
    stage: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    limit_value: Mapped[Decimal] = mapped_column(Numeric)
    limit_unit: Mapped[str]
    source: Mapped[str]
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None]


class WorkCalendarVersion(Base):
    """A version of the working calendar; one is in force for new cases, a case keeps the one it was filed under."""

    __tablename__ = "work_calendar"
    __table_args__ = (Index("work_calendar_in_force", "in_force", unique=True, postgresql_where="in_force"),)
    version: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    title_en: Mapped[str]
    office_hours: Mapped[str]
    source: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    in_force: Mapped[bool] = mapped_column(Boolean, server_default="false")


class WorkDay(Base):
    """One day of a version: worked or not, and the holiday's name."""

    __tablename__ = "work_day"
    version: Mapped[str] = mapped_column(ForeignKey("work_calendar.version"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    is_workday: Mapped[bool]
    name: Mapped[str | None]
    name_en: Mapped[str | None]


class Department(Base):
    """Who handles cases: a department, a brigade, a street, a community or a company."""

    __tablename__ = "department"
    __table_args__ = (one_of("kind", "department", "brigade", "street", "community", "company"),)
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_en: Mapped[str]
    kind: Mapped[str]
    area_code: Mapped[str | None]
    duty_phone: Mapped[str | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    source: Mapped[str]


class DepartmentMember(Base):
    """Which account handles cases for which department, from when to when."""

    __tablename__ = "department_member"
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("account.id"), primary_key=True)
    department_code: Mapped[str] = mapped_column(ForeignKey("department.code"), primary_key=True)
    valid_from: Mapped[datetime] = mapped_column(server_default=func.now(), primary_key=True)
    valid_to: Mapped[datetime | None]
    made_by: Mapped[str]


class CaseState(Base):
    """A state, as commandcenter/cases/moves.toml has it."""

    __tablename__ = "case_state"
    code: Mapped[str] = mapped_column(primary_key=True)
    stage: Mapped[str]
    is_open: Mapped[bool]
    clock: Mapped[str]


class CaseMove(Base):
    """A move, as commandcenter/cases/moves.toml has it."""

    __tablename__ = "case_move"
    action: Mapped[str] = mapped_column(primary_key=True)
    sources: Mapped[list[str]] = mapped_column(ARRAY(Words))
    target: Mapped[str]
    permission: Mapped[str]
    axis: Mapped[str]
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Words))
    apart: Mapped[list[str]] = mapped_column(ARRAY(Words))
    needs_reason: Mapped[bool]
    asks: Mapped[str | None]
    asked: Mapped[str | None]


class CaseEvent(Base):
    """One event of a case; only appended. ``changes`` and ``former``: columns of the case with their new and former values."""

    __tablename__ = "case_event"
    __table_args__ = (
        CheckConstraint("seq > 0", name="seq_counts_up"),
        CheckConstraint("actor <> ''", name="actor_is_named"),
        Index("case_event_actor", "actor", "at"),
    )
    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("cases.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    actor: Mapped[str]
    action: Mapped[str] = mapped_column(ForeignKey("case_move.action"))
    axis: Mapped[str]
    from_state: Mapped[str | None]
    to_state: Mapped[str] = mapped_column(ForeignKey("case_state.code"))
    reason: Mapped[str | None]
    detail: Mapped[Any] = mapped_column(JSONB, server_default="{}", nullable=False)
    changes: Mapped[Any] = mapped_column(JSONB, server_default="{}", nullable=False)
    former: Mapped[Any] = mapped_column(JSONB, server_default="{}", nullable=False)


class CaseKey(Base):
    """The key somebody chose for a report: sent again it is the same case."""

    __tablename__ = "case_key"
    __table_args__ = (CheckConstraint("char_length(key) between 8 and 80", name="key_is_short"),)
    actor: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("cases.id"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class CaseNumber(Base):
    """The last number given of a district and day."""

    __tablename__ = "case_number"
    prefix: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


class CaseNote(Base):
    """What people wrote about a case; its text can be erased by law."""

    __tablename__ = "case_note"
    __table_args__ = (one_of("kind", "comment", "description", "outcome", "reply"), Index("case_note_case", "case_id"))
    id: Mapped[int] = big_key()
    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("cases.id"))
    seq: Mapped[int]
    kind: Mapped[str]
    said: Mapped[str | None]
    erased_at: Mapped[datetime | None]


class CaseContact(Base):
    """Who reported a case, if they said; readable through functions alone."""

    __tablename__ = "case_contact"
    __table_args__ = (Index("case_contact_mark", "phone_mark", postgresql_where="phone_mark is not null"),)
    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("cases.id"), primary_key=True)
    name: Mapped[str | None]
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_last4: Mapped[str | None]
    phone_mark: Mapped[str | None]
    wants_reply: Mapped[bool] = mapped_column(Boolean, server_default="false")
    erased_at: Mapped[datetime | None]
