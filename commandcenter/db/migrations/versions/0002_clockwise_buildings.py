"""Buildings keep their rings clockwise in tile projection, so that tiles are made of them by arithmetic alone."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# PostgreSQL changes the expression of a generated column only from version 17 on: the column is made anew.
STATEMENTS = (
    "alter table building drop column geom_3857",
    "alter table building add column geom_3857 geometry(GEOMETRY, 3857)"
    " generated always as (ST_ForcePolygonCW(ST_Transform(geom, 3857))) stored",
    "create index building_far on building using gist (geom_3857) where min_zoom <= 12",
    "create index building_geom_3857 on building using gist (geom_3857)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
