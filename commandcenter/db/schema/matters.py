"""Matters (事项) as the map shows them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint
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
)

# Columns of a case that its events write (docs/adr/0018): no mapping fills them, and no load that is taken back brings them back.
ENGINE_COLUMNS = frozenset({
    "version", "state_since", "state_before", "stage_due_at", "standard_id", "limit_value", "limit_unit", "calendar", "clock", "used_s", "warn_at",
    "outer_due_at", "is_late", "late_exempt", "holder", "worker", "asks", "extended", "reworked", "returned", "urged", "supervised", "level",
    "merged_into", "parent_id", "first_seen_at", "first_act_at",
})  # fmt: skip


class Case(Placed, Sourced, Base):
    """A matter (事项). Its business clock here runs from ``started_at`` to ``due_at``; born_grid_code never changes."""

    __tablename__ = "cases"
    __table_args__ = (
        one_of("kind", "component", "event", "grid", "hotline", "enforcement"),
        UniqueConstraint("source", "source_key"),
        Index("cases_open_geom_3857", "geom_3857", postgresql_using="gist", postgresql_where="is_open"),
        Index("cases_geom_3857", "geom_3857", postgresql_using="gist"),
        counting_index("cases_open_due", "due_at", beside=("kind", "started_at"), where="is_open"),
        Index("cases_open_grid", "grid_code", postgresql_where="is_open"),
        counting_index("cases_reported", "reported_at", beside=("kind",)),
        counting_index("cases_closed", "closed_at", beside=("due_at", "kind"), where="closed_at is not null"),
        Index("cases_number", "number"),
        Index("cases_holder", "holder", "state", postgresql_where="is_open"),
        Index("cases_worker", "worker", postgresql_where="is_open and worker is not null"),
        Index("cases_parent", "parent_id", postgresql_where="parent_id is not null"),
        Index("cases_merged", "merged_into", postgresql_where="merged_into is not null"),
        one_of("clock", "source", "early", "run", "hold", "suspended", "end"),
        one_of("limit_unit", "uh", "ud", "wh", "wd"),
        one_of("level", "grid", "community", "street", "district"),
        CheckConstraint("parent_id <> id and merged_into <> id", name="not_its_own_parent"),
    )
    id: Mapped[int] = big_key()
    number: Mapped[str]
    kind: Mapped[str]
    category_code: Mapped[str | None]
    category_system: Mapped[str | None]
    major: Mapped[str]  # large class, as displayed
    minor: Mapped[str]  # small class, as displayed
    major_en: Mapped[str | None]
    minor_en: Mapped[str | None]
    description: Mapped[str | None]
    origin: Mapped[str]  # patrol, public, hotline, video, leader, department, iot
    # states of domain 1.9.2: pending_register pending_dispatch pending_handle handling pending_check closed ...
    state: Mapped[str]
    is_open: Mapped[bool]
    address: Mapped[str | None]
    department: Mapped[str | None]
    component_code: Mapped[str | None]
    limit_text: Mapped[str | None]
    reported_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    born_grid_code: Mapped[str | None]
    # What the engine writes; from version 1 on a case follows from its events, before that from its source's deliveries.
    version: Mapped[int] = mapped_column(server_default="0")
    state_since: Mapped[datetime | None]
    state_before: Mapped[str | None]  # the state left at suspension
    stage_due_at: Mapped[datetime | None]
    standard_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("case_standard.id"))
    limit_value: Mapped[Decimal | None] = mapped_column(Numeric)
    limit_unit: Mapped[str | None]
    calendar: Mapped[str | None] = mapped_column(ForeignKey("work_calendar.version"))
    clock: Mapped[str] = mapped_column(server_default="source")  # what the handling clock does; 'source': the source's own times
    used_s: Mapped[int | None] = mapped_column(BigInteger)  # used when the clock last changed its ways
    warn_at: Mapped[datetime | None]  # when four fifths are used
    outer_due_at: Mapped[datetime | None]  # set by somebody above (12345)
    is_late: Mapped[bool] = mapped_column(server_default="false")
    late_exempt: Mapped[bool] = mapped_column(server_default="false")
    holder: Mapped[str | None] = mapped_column(ForeignKey("department.code"))
    worker: Mapped[str | None]  # the acting account that handles it
    asks: Mapped[str | None]  # what waits for an answer: suspension, extension, appeal
    extended: Mapped[int] = mapped_column(server_default="0")
    reworked: Mapped[int] = mapped_column(server_default="0")
    returned: Mapped[int] = mapped_column(server_default="0")
    urged: Mapped[int] = mapped_column(server_default="0")
    supervised: Mapped[bool] = mapped_column(server_default="false")
    level: Mapped[str | None]  # of a grid matter: who has it now
    merged_into: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("cases.id"))
    parent_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("cases.id"))
    first_seen_at: Mapped[datetime | None]
    first_act_at: Mapped[datetime | None]  # the first lawful act
    geom: Mapped[Any] = stored("POINT")
    geom_3857: Mapped[Any] = in_tile_projection("POINT")
