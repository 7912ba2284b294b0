"""How a database becomes the city's: create it, fit it, bring it to the newest schema, and check what a restore loses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection
from sqlalchemy.pool import StaticPool

from commandcenter.config import Settings
from commandcenter.errors import DatabaseUnfit
from commandcenter.text import Text

OWNER, APPLICATION = "commandcenter_owner", "commandcenter_app"
EXTENSIONS = ("postgis", "btree_gist")
TASK_SCHEMA = "jobs"  # the task queue's tables keep to themselves
AUDIT_SCHEMA = "audit"  # the months of audit_event, which come and go by the calendar
OLDEST_POSTGRESQL = 150000
OLDEST_POSTGIS = (3, 3)
MIGRATION_LOCK = 230202  # advisory: two starts never migrate at once

# The bounding-box functions behind && and its kin. Under row-level security PostgreSQL may use an index only through
# functions marked leakproof; these compare boxes and say nothing about other rows in their errors.
LEAKPROOF = (
    "geometry_overlaps(geometry, geometry)",
    "geometry_contains(geometry, geometry)",
    "geometry_within(geometry, geometry)",
)


@dataclass(frozen=True)
class Fitness:
    """What ``/readyz`` reports about the database."""

    postgresql: str
    postgis: str
    revision: str
    leakproof: bool


def prepare_database(admin_dsn: str, settings: Settings) -> None:
    """Make, fit and migrate the city's database.

    ``admin_dsn`` reaches the server as a role that may create roles and extensions; on the private cluster the
    database is created when missing. Raises DatabaseUnfit with one sentence for whatever is in the way.
    """
    try:
        if settings.database_url is None:
            _create_database(admin_dsn, settings.database_name)
        with psycopg.connect(_in_database(admin_dsn, settings), autocommit=True, connect_timeout=10) as admin:
            _refuse_old(admin)
            _make_roles(admin)
            _make_extensions(admin)
            admin.execute("select pg_advisory_lock(%s)", [MIGRATION_LOCK])
            upgrade(admin)
            _make_months(admin)
            mark_leakproof(admin)
    except psycopg.OperationalError as fault:
        reason = str(fault).strip().splitlines()[0]
        raise DatabaseUnfit(
            Text(f"无法连接数据库服务器：{reason}", f"The database server cannot be reached: {reason}")
        ) from fault


def _in_database(admin_dsn: str, settings: Settings) -> str:
    if settings.database_url is not None:
        return admin_dsn
    return psycopg.conninfo.make_conninfo(admin_dsn, dbname=settings.database_name)


def _create_database(admin_dsn: str, name: str) -> None:
    with psycopg.connect(psycopg.conninfo.make_conninfo(admin_dsn, dbname="postgres"), autocommit=True) as admin:
        if admin.execute("select 1 from pg_database where datname = %s", [name]).fetchone() is None:
            admin.execute(
                sql.SQL("create database {} encoding 'UTF8' template template0").format(sql.Identifier(name))
            )


def _refuse_old(admin: psycopg.Connection) -> None:
    if admin.info.server_version < OLDEST_POSTGRESQL:
        found = admin.info.parameter_status("server_version")
        raise DatabaseUnfit(
            Text(f"数据库为 PostgreSQL {found}，需要 15 或更新。", f"The server runs PostgreSQL {found}; 15 or newer is needed.")
        )
    row = admin.execute("select default_version from pg_available_extensions where name = 'postgis'").fetchone()
    if row is None:
        raise DatabaseUnfit(
            Text("数据库服务器上没有安装 PostGIS，请安装 PostGIS 3.3 或更新。", "The server has no PostGIS; install PostGIS 3.3 or newer there.")
        )
    found = str(row[0])
    if tuple(int(part) for part in found.split(".")[:2]) < OLDEST_POSTGIS:
        raise DatabaseUnfit(Text(f"PostGIS 版本为 {found}，需要 3.3 或更新。", f"PostGIS is {found}; 3.3 or newer is needed."))


def _make_roles(admin: psycopg.Connection) -> None:
    present = {r[0] for r in admin.execute("select rolname from pg_roles where rolname = any(%s)", [[OWNER, APPLICATION]])}
    try:
        if OWNER not in present:
            admin.execute(f"create role {OWNER} nologin noinherit nobypassrls")
        if APPLICATION not in present:
            admin.execute(f"create role {APPLICATION} login noinherit nobypassrls")
        for role in (OWNER, APPLICATION):
            if admin.execute("select pg_has_role(current_user, %s, 'member')", [role]).fetchone() != (True,):
                admin.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(role)))
        for schema in (TASK_SCHEMA, AUDIT_SCHEMA):
            admin.execute(f"create schema if not exists {schema} authorization {OWNER}")
        admin.execute(f"grant create, usage on schema public to {OWNER}")
        admin.execute(f"grant usage on schema public to {APPLICATION}")
    except psycopg.errors.InsufficientPrivilege as fault:
        raise DatabaseUnfit(
            Text(
                f"数据库账号无权建立角色 {OWNER} 和 {APPLICATION}；请管理员先建立并授予该账号。",
                f"The database account may not create the roles {OWNER} and {APPLICATION}; have an administrator create and grant them.",
            )
        ) from fault


def _make_extensions(admin: psycopg.Connection) -> None:
    for name in EXTENSIONS:
        try:
            admin.execute(sql.SQL("create extension if not exists {}").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege as fault:
            raise DatabaseUnfit(
                Text(
                    f"数据库账号无权启用扩展 {name}；请管理员执行 create extension {name}。",
                    f"The database account may not enable the extension {name}; have an administrator run: create extension {name}.",
                )
            ) from fault


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def newest_revision() -> str:
    """The schema this program was written for."""
    head = ScriptDirectory.from_config(_alembic()).get_current_head()
    assert head is not None
    return head


def upgrade(admin: psycopg.Connection, to: str = "head") -> None:
    """Bring a fitted database to a revision, in one transaction; an older one keeps its rows. Raises DatabaseUnfit for a newer one."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: admin, poolclass=StaticPool)
    admin.autocommit = False
    try:
        with engine.connect() as connection:
            _refuse_newer(connection)
            connection.exec_driver_sql(f"set role {OWNER}")
            config = _alembic()
            config.attributes["connection"] = connection
            command.upgrade(config, to)
            connection.exec_driver_sql("reset role")
            connection.commit()
    finally:
        if not admin.closed:
            admin.rollback()
            admin.autocommit = True


def _make_months(admin: psycopg.Connection) -> None:
    """The audit's partitions of this and the next months; afterwards the worker makes them."""
    admin.execute(f"set role {OWNER}")
    admin.execute("select audit_make_months()")
    admin.execute("reset role")


def _refuse_newer(connection: Connection) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    known = {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}
    if current is not None and current not in known:
        raise DatabaseUnfit(
            Text(
                f"数据库结构版本 {current} 比本程序新（本程序到 {newest_revision()}）；请使用更新的程序，数据未改动。",
                f"The database has schema {current}, newer than this program ({newest_revision()}); use a newer program. Nothing was changed.",
            )
        )


def mark_leakproof(admin: psycopg.Connection) -> bool:
    """Mark the box operators leakproof (dump and restore lose it). False where the account may not: map reads are slow then."""
    try:
        for signature in LEAKPROOF:
            admin.execute(f"alter function {signature} leakproof")
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def fitness(connection: psycopg.Connection) -> Fitness:
    """Versions, revision and whether the box operators are leakproof, as the application role sees them."""
    row = connection.execute(
        "select current_setting('server_version'), postgis_lib_version(), (select version_num from alembic_version),"
        " (select bool_and(proleakproof) from pg_proc where oid = any(%s::regprocedure[]::oid[]))",
        [list(LEAKPROOF)],
    ).fetchone()
    assert row is not None
    return Fitness(postgresql=row[0], postgis=row[1], revision=row[2], leakproof=bool(row[3]))
