"""Identities that a provider vouches for: whose account each is, and the appointments that claims give and take."""

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def upgrade() -> None:
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.execute((HERE / "0011_oidc.sql").read_text(encoding="utf-8"))
