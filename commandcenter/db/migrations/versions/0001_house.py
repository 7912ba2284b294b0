"""The house: every table, its policies, triggers and functions, frozen as SQL beside this file."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def upgrade() -> None:
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    for part in ("0001_tables.sql", "0001_policies.sql"):
        connection.execute((HERE / part).read_text(encoding="utf-8"))
