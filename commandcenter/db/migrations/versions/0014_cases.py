"""The case engine: registers of standards and calendars, departments, an event log nobody alters, and the functions that move a case."""

from pathlib import Path

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def upgrade() -> None:
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    for part in ("registers", "cases", "moves", "reports"):
        connection.execute((HERE / f"0014_{part}.sql").read_text(encoding="utf-8"))
