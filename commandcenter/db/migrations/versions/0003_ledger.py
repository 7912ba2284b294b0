"""The ledger of every delivery, rows that outlive their delivery, and the task queue in a schema of its own."""

from pathlib import Path

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent
GRANTS = """
grant usage on schema jobs to commandcenter_app;
grant select, insert, update, delete on all tables in schema jobs to commandcenter_app;
grant usage, select on all sequences in schema jobs to commandcenter_app;
grant execute on all functions in schema jobs to commandcenter_app;
"""


def upgrade() -> None:
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    for part in ("0003_tables.sql", "0003_ledger.sql"):
        connection.execute((HERE / part).read_text(encoding="utf-8"))
    connection.execute("set local search_path = jobs, public")
    connection.execute(SchemaManager.get_schema())
    connection.execute("set local search_path = public")
    connection.execute(GRANTS)
