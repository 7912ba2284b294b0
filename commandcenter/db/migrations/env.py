"""Alembic's entry: migrations run on the connection that commandcenter.db.migrate hands over, as the owner role."""

from __future__ import annotations

from alembic import context
from geoalchemy2 import alembic_helpers

from commandcenter.db.schema import Base

connection = context.config.attributes["connection"]


def _ours(obj: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    ours = alembic_helpers.include_object(obj, name, kind, reflected, compare_to)  # type: ignore[no-untyped-call]  # GeoAlchemy2 ships it untyped
    return name != "spatial_ref_sys" and bool(ours)


context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    include_object=_ours,
    process_revision_directives=alembic_helpers.writer,
    render_item=alembic_helpers.render_item,
)
with context.begin_transaction():
    context.run_migrations()
