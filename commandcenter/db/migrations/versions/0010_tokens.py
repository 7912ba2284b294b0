"""Tokens of machines: walls that run day and night, and programs that read the map's data."""

from pathlib import Path

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def upgrade() -> None:
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.execute((HERE / "0010_tokens.sql").read_text(encoding="utf-8"))
