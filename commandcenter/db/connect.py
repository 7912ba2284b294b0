"""Where the application role connects, and a plain connection for commands (loads, tests)."""

from __future__ import annotations

import psycopg
from psycopg.conninfo import make_conninfo

from commandcenter.config import Settings
from commandcenter.db.migrate import APPLICATION
from commandcenter.errors import DatabaseUnfit
from commandcenter.text import Text


def application_dsn(settings: Settings) -> str:
    """The DSN of the role that owns nothing and cannot bypass policies.

    On a server given by COMMANDCENTER_DATABASE_URL the account of the URL steps down to it for the whole session.
    """
    if settings.app_dsn is not None:
        return settings.app_dsn
    if settings.database_url is not None:
        return make_conninfo(settings.database_url, options=f"-c role={APPLICATION}")
    from commandcenter.db.cluster import PrivateCluster  # noqa: PLC0415  (the cluster is stdlib-only and optional)

    return make_conninfo(PrivateCluster(settings.data_dir).app_dsn(settings.database_name))


def connect(settings: Settings) -> psycopg.Connection:
    """A connection as the application role; raises DatabaseUnfit when the server does not answer."""
    try:
        return psycopg.connect(application_dsn(settings), application_name="commandcenter", connect_timeout=10)
    except psycopg.OperationalError as fault:
        reason = str(fault).strip().splitlines()[0]
        raise DatabaseUnfit(Text(f"数据库未应答：{reason}", f"The database does not answer: {reason}")) from fault
