"""What follows from the other tables: the versions of layers, and what a search reads."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Computed, Index, SmallInteger, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from commandcenter.db.schema.base import Base, big_key


class LayerChange(Base):
    """One row per committed change of a layer's table; a layer's version is the count of its rows. Only appended."""

    __tablename__ = "layer_change"
    __table_args__ = (Index("layer_change_table", "table_name", "id"),)
    id: Mapped[int] = big_key()
    table_name: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class SearchDoc(Base):
    """One findable thing: its name, code and address, where it is, and whose jurisdiction it lies in."""

    __tablename__ = "search_doc"
    __table_args__ = (
        UniqueConstraint("layer", "ref_id"),
        Index("search_doc_code", "code", postgresql_ops={"code": "text_pattern_ops"}),
        Index("search_doc_street", "street_code"),
        Index("search_doc_community", "community_code"),
        Index("search_doc_grid", "grid_code"),
    )
    id: Mapped[int] = big_key()
    layer: Mapped[str]
    ref_id: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str]
    title_en: Mapped[str | None]
    detail: Mapped[str | None]
    code: Mapped[str | None]
    rank: Mapped[int] = mapped_column(SmallInteger)  # 0 first
    public: Mapped[bool] = mapped_column(Boolean, server_default="false")
    district_code: Mapped[str | None]
    street_code: Mapped[str | None]
    community_code: Mapped[str | None]
    lon: Mapped[float]
    lat: Mapped[float]
    grid_code: Mapped[str | None]
    kind: Mapped[str | None]  # of a case: a centre narrows which kinds are found
    # What a phrase is looked for in: all words, lower case, without spaces.
    needle: Mapped[str] = mapped_column(
        Computed(
            "lower(regexp_replace(coalesce(title, '') || ' ' || coalesce(title_en, '') || ' ' || coalesce(detail, ''), '\\s+', '', 'g'))",
            persisted=True,
        ),
        nullable=True,
    )


class SearchGram(Base):
    """Two-character windows of the searchable text, in rank order: a two-character Chinese search reads one short range."""

    __tablename__ = "search_gram"
    gram: Mapped[str] = mapped_column(primary_key=True)
    public: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    rank: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    doc_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
