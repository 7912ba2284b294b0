"""Accounts of a demonstration: made at its first start, one for each role, and entered with one click while the city is synthetic."""

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def upgrade() -> None:
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.execute((HERE / "0012_demo.sql").read_text(encoding="utf-8"))
