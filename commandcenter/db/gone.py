"""Rows that a delivery no longer brings are hidden by policy; a load or a withdrawal may ask to see them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

WITH_GONE = "select set_config('commandcenter.with_gone', 'on', true)"


@contextmanager
def seeing_gone(connection: psycopg.Connection, seen: bool = True) -> Iterator[None]:
    """Rows that a delivery no longer brought are seen (or not) for a while inside the caller's transaction."""
    row = connection.execute("select current_setting('commandcenter.with_gone', true)").fetchone()
    before = (row and row[0]) or "off"
    connection.execute("select set_config('commandcenter.with_gone', %s, true)", ["on" if seen else "off"])
    yield
    connection.execute("select set_config('commandcenter.with_gone', %s, true)", [before])
