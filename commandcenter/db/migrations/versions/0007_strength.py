"""Strength of a sign-in, places of an appointment: the second factor, own grids, centres, roles that others approve."""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def upgrade() -> None:
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    for part in ("places", "strength"):
        connection.execute((HERE / f"0007_{part}.sql").read_text(encoding="utf-8"))
