"""Households and people: places in tables under policies, personal fields behind functions, small cells held back."""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def upgrade() -> None:
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    for part in ("people", "small_cells"):
        connection.execute((HERE / f"0008_{part}.sql").read_text(encoding="utf-8"))
