"""The oracle as a reader: the application's own questions, asked past all policies of a city that holds nothing but one place."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from commandcenter.actor import Actor
from commandcenter.db.request import SqlRequest
from commandcenter.db.run import Reader
from commandcenter.errors import CommandCenterError
from commandcenter.leaks import store
from commandcenter.leaks.store import Place, Table
from commandcenter.text import Text

SESSIONS = 2


class Oracle:
    """A few sessions that see everything, and what they know of the city's tables."""

    def __init__(self, dsn: str, known: Mapping[str, Table], gone: frozenset[str], kinds: Mapping[str, frozenset[str]], passes: bool) -> None:
        self._dsn, self._passes = dsn, passes
        self.known, self.gone, self.kinds = known, gone, kinds
        self._connections: list[AsyncConnection[Any]] = []
        self._idle: asyncio.Queue[AsyncConnection[Any]] = asyncio.Queue()

    async def open(self) -> None:
        """Connect, read-only."""
        for _ in range(SESSIONS):
            opened = await AsyncConnection.connect(self._dsn, autocommit=True, application_name="leak matrix", row_factory=dict_row, prepare_threshold=3)
            self._connections.append(opened)
            await opened.execute(store.oracle_settings(self._passes))
            self._idle.put_nowait(opened)

    async def close(self) -> None:
        """Let go."""
        for opened in self._connections:
            await opened.close()

    async def rows(self, sql: str, params: Any, *, binary: bool = False) -> list[dict[str, Any]]:
        """The rows of a question, whoever they belong to."""
        held = await self._idle.get()
        try:
            cursor = held.cursor(binary=binary)
            await cursor.execute(sql, params)
            return await cursor.fetchall()
        except psycopg.Error as fault:
            raise CommandCenterError(Text("对照查询出错。", "The oracle's question failed.")) from fault
        finally:
            self._idle.put_nowait(held)

    def of(self, place: Place) -> ShadowReader:
        """A reader that sees a place whole and nothing else."""
        return ShadowReader(self, place)


class ShadowReader(Reader):
    """Reads as the layers' functions know it, without any lock: the actor is not looked at."""

    def __init__(self, oracle: Oracle, place: Place) -> None:  # no pool: the oracle's sessions are shared
        self._oracle, self._place = oracle, place

    def _narrowed(self, request: SqlRequest) -> str:
        return store.narrowed(request.sql, self._place, self._oracle.known, self._oracle.gone, self._oracle.kinds)

    async def rows(self, actor: Actor, request: SqlRequest) -> list[dict[str, Any]]:
        """The rows that lie in the place."""
        return await self._oracle.rows(self._narrowed(request), request.params)

    async def octets(self, actor: Actor, request: SqlRequest) -> bytes | None:
        """One binary value (a tile) of the place."""
        rows = await self._oracle.rows(self._narrowed(request), request.params, binary=True)
        return next(iter(rows[0].values())) if rows else None
