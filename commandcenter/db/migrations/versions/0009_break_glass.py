"""Break-glass: in an emergency a wider view for some minutes, with a reason, told to the security administrator."""

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def upgrade() -> None:
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.execute((HERE / "0009_break_glass.sql").read_text(encoding="utf-8"))
