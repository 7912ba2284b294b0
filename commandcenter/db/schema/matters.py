"""Matters (事项) as the map shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

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
    geom: Mapped[Any] = stored("POINT")
    geom_3857: Mapped[Any] = in_tile_projection("POINT")
