"""The one place where SQL runs: as an actor, in a transaction, named by its purpose, cancelled when nobody waits.

Reads of the web process go through ``Reader``: a small pool of prepared connections. One read is one round trip:
the actor and the question travel in one pipeline, which PostgreSQL runs as one implicit transaction, so the actor
is gone with it and a pooled connection never carries one over.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from commandcenter.actor import Actor
from commandcenter.db.request import SET_ACTOR, SqlRequest
from commandcenter.errors import CommandCenterError, Unavailable
from commandcenter.text import Text

STATEMENT_TIMEOUT_S = 20
# The questions of the web process are small and many: compiling one, or sharing it among workers, costs more than it brings
# and takes the cores from the others.
READ_OPTIONS = "-c jit=off -c max_parallel_workers_per_gather=0"

_UNAVAILABLE = Text("数据库暂时没有应答，请稍候，系统会自动重试。", "The database does not answer just now; please wait, it is tried again.")

_FAULTY = Text("查询出错，已记入日志，请把编号告诉管理员。", "The query failed and is in the log; please give the id to the administrator.")


@contextmanager
def acting(connection: psycopg.Connection, actor: Actor) -> Iterator[psycopg.Connection]:
    """A transaction of a command's own connection as an actor: all or nothing, and the actor ends with it."""
    with connection.transaction():
        connection.execute(SET_ACTOR, actor.settings)
        yield connection


class Reader:
    """The web process's reads. Rows come as dicts, in the order the SQL asks for."""

    def __init__(self, dsn: str, size: int) -> None:
        self._pool = AsyncConnectionPool(
            dsn, min_size=size, max_size=size, open=False, configure=_prepare, timeout=10, name="reader",
            kwargs={"autocommit": True, "prepare_threshold": 1, "row_factory": dict_row,
                    "application_name": "commandcenter", "connect_timeout": 10, "options": _with_read_options(dsn)},
        )  # fmt: skip

    async def open(self) -> None:
        """Start connecting; does not wait for the database."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Give all connections back."""
        await self._pool.close()

    async def rows(self, actor: Actor, request: SqlRequest) -> list[dict[str, Any]]:
        """The rows an actor sees. Raises Unavailable when the database does not answer."""
        async with self._answering() as connection:
            cursor = connection.cursor()
            await self._ask(connection, cursor, actor, request)
            return await cursor.fetchall()

    async def row(self, actor: Actor, request: SqlRequest) -> dict[str, Any] | None:
        """The first row, or None."""
        found = await self.rows(actor, request)
        return found[0] if found else None

    async def octets(self, actor: Actor, request: SqlRequest) -> bytes | None:
        """One binary value (a tile)."""
        async with self._answering() as connection:
            cursor = connection.cursor(binary=True)
            await self._ask(connection, cursor, actor, request)
            row = await cursor.fetchone()
            return None if row is None else next(iter(row.values()))

    async def _ask(self, connection: AsyncConnection[Any], cursor: Any, actor: Actor, request: SqlRequest) -> None:
        try:
            async with connection.pipeline():
                await connection.execute(SET_ACTOR, actor.settings, prepare=True)
                await cursor.execute(request.sql, request.params, prepare=True)
        except asyncio.CancelledError:
            await _cancel(connection)
            raise

    @asynccontextmanager
    async def _answering(self) -> AsyncIterator[AsyncConnection[dict[str, Any]]]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, psycopg.errors.QueryCanceled) as fault:
            raise Unavailable(_UNAVAILABLE) from fault
        except psycopg.Error as fault:
            raise CommandCenterError(_FAULTY) from fault


def _with_read_options(dsn: str) -> str:
    """The options of a DSN and ours: an argument would replace the DSN's own, and with them the role it steps down to."""
    return f"{conninfo_to_dict(dsn).get('options') or ''} {READ_OPTIONS}".strip()


async def _cancel(connection: AsyncConnection[Any]) -> None:
    """Stop the query inside PostgreSQL: a wall that pans must not leave a queue of tiles nobody will see."""
    try:
        await asyncio.wait_for(connection.cancel_safe(timeout=2), timeout=3)
    except (TimeoutError, psycopg.Error):
        return


async def _prepare(connection: AsyncConnection[Any]) -> None:
    """What every pooled connection gets: bounded waits, and PROJ loaded once so that no tile pays for it."""
    await connection.execute(f"set statement_timeout = '{STATEMENT_TIMEOUT_S}s'")
    await connection.execute("set lock_timeout = '5s'")
    await connection.execute("select ST_Transform(ST_SetSRID(ST_MakePoint(0, 0), 4326), 3857)")

