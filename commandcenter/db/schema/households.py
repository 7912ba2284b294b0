"""Where people live: households as placed rows, the people in them, and apart from both what tells who somebody is."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from commandcenter.db.schema.base import Base, Placed, big_key, one_of


class Household(Placed, Base):
    """A household of a building: its door, its kind as household_count counts it, how many live there."""

    __tablename__ = "household"
    __table_args__ = (
        one_of("kind", "resident", "registered", "vacant"),
        CheckConstraint("persons >= 0", name="persons_are_counted"),
        UniqueConstraint("source", "source_key"),
        Index("household_building", "building_id"),
    )
    id: Mapped[int] = big_key()
    building_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("building.id"))
    unit: Mapped[str | None]  # the application role may not read it
    kind: Mapped[str]
    persons: Mapped[int]
    counted_on: Mapped[date]
    # No run and no hash of a row: a household comes through people_enter alone, never through a mapping, whose ledger keeps raw rows.
    source: Mapped[str] = mapped_column(ForeignKey("source.name"))
    source_key: Mapped[str]


class Person(Base):
    """One person of a household, by a reference that stays; erased, a tombstone. No role of the application reads it."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("ref ~ '^P[0-9A-Z]{12}$'", name="ref_is_a_reference"),
        one_of("role", "head", "spouse", "child", "parent", "other"),
        CheckConstraint("born >= 1850 and born < 2200", name="born_is_a_year"),
        one_of("state", "present", "away", "erased"),
        CheckConstraint(
            "case when state = 'erased' then erased_at is not null and erased_mark is not null and role is null and born is null"
            " else erased_at is null and erased_mark is null end",
            name="tombstone_tells_nothing",
        ),
        Index("person_household", "household_id"),
        Index("person_erased", "erased_mark", postgresql_where="erased_mark is not null"),
    )
    ref: Mapped[str] = mapped_column(primary_key=True)
    household_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("household.id"))
    role: Mapped[str | None]
    born: Mapped[int | None]  # the year
    state: Mapped[str] = mapped_column(server_default="present")
    entered_at: Mapped[datetime] = mapped_column(server_default=func.now())
    erased_at: Mapped[datetime | None]
    erased_mark: Mapped[str | None]


class PersonPrivate(Base):
    """What tells who somebody is: emptied by lawful deletion. Reached through functions that mask it or write down who saw it."""

    __tablename__ = "person_private"
    ref: Mapped[str] = mapped_column(ForeignKey("person.ref"), primary_key=True)
    name: Mapped[str]
    phone: Mapped[str | None]
    id_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # encrypted with a key that is not in the database
    id_last4: Mapped[str | None]
    mark: Mapped[str]  # a salted hash of the ID number
