"""Every look and change leaves a trace: audit events by month, the chain that seals them, and the actor's permissions for policies."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def upgrade() -> None:
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.execute((HERE / "0005_audit.sql").read_text(encoding="utf-8"))
