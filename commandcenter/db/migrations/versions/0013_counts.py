"""Counting under policies: indexes that hold what policies look at, and writing policies that reading no longer pays for."""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def upgrade() -> None:
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.execute((HERE / "0013_counts.sql").read_text(encoding="utf-8"))
