"""Who works here: accounts, the roles they hold, the part of the city each appointment is for, and where they are signed in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, Text, func
from sqlalchemy.dialects.postgresql import ARRAY, CIDR
from sqlalchemy.orm import Mapped, mapped_column

from commandcenter.db.schema.base import Base, big_key, one_of


class Role(Base):
    """A role (岗位) and what it permits; ``sensitive`` ones need a second factor."""

    __tablename__ = "role"
    code: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    title_en: Mapped[str]
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    sensitive: Mapped[bool] = mapped_column(server_default="false")
    position: Mapped[int]


class Account(Base):
    """One person's account. A new one waits until the security administrator lets it in."""

    __tablename__ = "account"
    __table_args__ = (
        one_of("state", "pending", "active", "disabled"),
        CheckConstraint("name ~ '^[a-z][a-z0-9._-]{1,39}$'", name="name_is_a_name"),
        CheckConstraint("not by_identity or password_hash is null", name="no_password_here"),
    )
    id: Mapped[int] = big_key()
    name: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="pending")
    password_hash: Mapped[str | None]  # argon2id
    password_at: Mapped[datetime | None]
    must_change: Mapped[bool] = mapped_column(server_default="true")
    failed: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[str]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None]
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # encrypted with a key that is not in the database
    totp_waits: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    totp_at: Mapped[datetime | None]
    factor_failed: Mapped[int] = mapped_column(server_default="0")
    by_identity: Mapped[bool] = mapped_column(server_default="false")  # an identity provider vouches for them


class AccountIdentity(Base):
    """What an identity provider knows an account's person by."""

    __tablename__ = "account_identity"
    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), unique=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())


class IdentityReturn(Base):
    """A sign-in that came back from the provider: it does not come back twice."""

    __tablename__ = "identity_return"
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class RecoveryCode(Base):
    """A code that once stands for a lost second factor; its digest."""

    __tablename__ = "recovery_code"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    used_at: Mapped[datetime | None]


class Appointment(Base):
    """A role of an account, in a centre or all (none named), in an area and all below it, in one grid or the whole city, for a time."""

    __tablename__ = "appointment"
    __table_args__ = (
        one_of("centre", "emergency", "grid", "urban"),
        one_of("state", "pending", "active", "refused"),
        CheckConstraint("area_code is null or grid_code is null", name="one_place"),
        Index("appointment_account", "account_id"),
    )
    id: Mapped[int] = big_key()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    role_code: Mapped[str] = mapped_column(ForeignKey("role.code"))
    centre: Mapped[str | None]
    area_code: Mapped[str | None]
    valid_from: Mapped[datetime] = mapped_column(server_default=func.now())
    valid_to: Mapped[datetime | None]
    created_by: Mapped[str]
    grid_code: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="active")
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None]
    mapped: Mapped[bool] = mapped_column(server_default="false")  # given by the claims of an identity provider, which take it again


class CentreKind(Base):
    """Which kinds of cases a centre sees."""

    __tablename__ = "centre_kind"
    __table_args__ = (one_of("centre", "emergency", "grid", "urban"), one_of("kind", "component", "event", "grid", "hotline", "enforcement"))
    centre: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)


class SignIn(Base):
    """One sign-in of an account; of its token only the digest is kept."""

    __tablename__ = "sign_in"
    __table_args__ = (Index("sign_in_account", "account_id", postgresql_where="ended_at is null"),)
    id: Mapped[int] = big_key()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str]
    agent: Mapped[str]
    strong_at: Mapped[datetime | None]  # when a second factor was given


class BreakGlass(Base):
    """One emergency in which an account saw the whole city for some minutes; ``seen_at`` is when the security administrator read of it."""

    __tablename__ = "break_glass"
    __table_args__ = (
        CheckConstraint("ends_at > begun_at and ends_at <= begun_at + interval '60 minutes'", name="lasts_an_hour_at_most"),
        CheckConstraint("char_length(regexp_replace(reason, '\\s', '', 'g')) >= 10", name="reason_says_something"),
        Index("break_glass_account", "account_id", "begun_at"),
    )
    id: Mapped[int] = big_key()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    begun_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ends_at: Mapped[datetime]
    reason: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[str | None]


class Token(Base):
    """A machine that looks: a wall's device or a program's key, bound to a place. Of what it says only the digest is kept."""

    __tablename__ = "token"
    __table_args__ = (
        one_of("kind", "device", "key"),
        one_of("state", "pending", "active", "revoked"),
        one_of("centre", "emergency", "grid", "urban"),
        CheckConstraint("area_code is null or grid_code is null", name="one_place"),
        CheckConstraint("permissions <@ '{read}' and cardinality(permissions) > 0", name="machines_look"),
        CheckConstraint("kind = 'device' or (ends_at is not null and ends_at <= created_at + interval '400 days')", name="keys_end"),
    )
    id: Mapped[int] = big_key()
    kind: Mapped[str]
    title: Mapped[str]
    digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    code_digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)  # of the code that a device is let in with, once
    code_until: Mapped[datetime | None]
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{read}")
    area_code: Mapped[str | None]
    grid_code: Mapped[str | None]
    centre: Mapped[str | None]
    networks: Mapped[list[str]] = mapped_column(ARRAY(CIDR), server_default="{}")
    state: Mapped[str] = mapped_column(server_default="pending")
    ends_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]  # to the minute
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[str]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None]
