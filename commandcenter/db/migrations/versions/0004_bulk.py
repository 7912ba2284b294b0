"""Rows come in by the million: where they come from is proved statement by statement, and a building's size without the spheroid."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def upgrade() -> None:
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.execute((HERE / "0004_bulk.sql").read_text(encoding="utf-8"))
