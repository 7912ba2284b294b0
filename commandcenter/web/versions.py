"""Which version each layer's table has: the count of its committed changes, followed through LISTEN."""

from __future__ import annotations

import asyncio
import logging

import psycopg

from commandcenter.actor import Actor
from commandcenter.db.request import SqlRequest
from commandcenter.db.run import Reader
from commandcenter.errors import CommandCenterError

LOG = logging.getLogger(__name__)
RETRY_S = 2.0
ALSO_DEPENDS = {"grid": ("cases", "camera")}  # counts shown on grids change with these


class Versions:
    """Table -> version. ``known`` is empty until the database has answered once."""

    def __init__(self, reader: Reader, dsn: str, actor: Actor) -> None:
        self._reader, self._dsn, self._actor = reader, dsn, actor
        self.known: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None

    def of(self, table: str) -> int:
        """The version of a table; 0 where nothing was ever written."""
        return self.known.get(table, 0)

    async def refresh(self) -> None:
        """Read all versions."""
        rows = await self._reader.rows(
            self._actor, SqlRequest("select table_name, count(*) as version from layer_change group by table_name", {}, "versions")
        )
        self.known = {row["table_name"]: row["version"] for row in rows}

    def start(self) -> None:
        """Follow changes until stop()."""
        self._task = asyncio.create_task(self._follow(), name="layer versions")

    async def stop(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._dsn, autocommit=True, application_name="layer versions") as connection:
                    await connection.execute("listen layer_change")
                    await self.refresh()
                    async for _ in connection.notifies():
                        await self.refresh()
            except (psycopg.Error, CommandCenterError) as fault:
                LOG.warning("layer versions cannot be followed just now: %s", str(fault).strip().splitlines()[0])
            await asyncio.sleep(RETRY_S)
