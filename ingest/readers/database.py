"""Rows of a database table, view or query through SQLAlchemy, read-only and with a cursor on the server's side.

``[read] database = "env:NAME"`` names the environment variable that holds the URL; ``query`` is a query or the name of a table.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import sqlalchemy
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.contract import Mapping
from ingest.place import give_place
from ingest.readers.header import fields_by_column
from ingest.readers.opened import is_stray, printable, stray
from ingest.record import BATCH_ROWS, RAW_LENGTH, Batch, Finding, SourceRow, batched

BATCH_LENGTH = 32 << 20  # characters: geometries may be long
FETCHED_ROWS = 2000
_TABLE = re.compile(r"(?:(\w+)\.)?(\w+)")
_QUERY = re.compile(r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(select|with|values|table)\b", re.IGNORECASE | re.DOTALL)
_SECRETS = ("password", "passwd", "pwd", "sslpassword")


def batches(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """The rows as the database gives them; ``where`` is the row's number in the answer, raw its fields as JSON. ``path`` is not looked at.

    Raises BadInput for a URL, query, column or connection that will not do; no sentence holds the URL, which may hold a password.
    """
    query = mapping.options.query
    if not query:
        raise BadInput(_of(mapping, "映射 [read] 缺少 query（查询或表名）", "the mapping's [read] lacks 'query' (a query, or the name of a table)"))
    engine = _engine(mapping)
    try:
        with engine.connect() as connection:
            result = _read_only(connection).execute(_statement(query, mapping))
            yield from _batches(result, mapping)
            connection.rollback()
    except DBAPIError as fault:
        reason = str(fault.orig).strip().splitlines()[0] if str(fault.orig).strip() else type(fault.orig).__name__
        raise BadInput(_of(mapping, f"数据库报错：{reason}", f"the database says: {reason}")) from fault
    except (SQLAlchemyError, ImportError) as fault:
        raise BadInput(_of(mapping, f"无法读取数据库（{type(fault).__name__}）", f"the database cannot be read ({type(fault).__name__})")) from fault
    finally:
        engine.dispose()


def _batches(result: sqlalchemy.CursorResult[Any], mapping: Mapping) -> Iterator[Batch]:
    names = list(result.keys())
    fields_by_column(mapping.name, "1", names, mapping, [])
    rows: list[SourceRow] = []
    number = length = 0
    for part in result.partitions(FETCHED_ROWS):
        for cells in part:
            number += 1
            rows.append(_row(number, dict(zip(names, cells, strict=True))))
            length += sum(len(value) for value in rows[-1].values.values() if isinstance(value, str))
        if len(rows) >= BATCH_ROWS or length > BATCH_LENGTH:
            yield give_place(next(batched(rows)), mapping)
            rows, length = [], 0
    if rows:
        yield give_place(next(batched(rows)), mapping)


def _row(number: int, cells: dict[str, Any]) -> SourceRow:
    values = {name: _plain(value) for name, value in cells.items()}
    fault: Finding | None = None
    texts = "".join(value for value in values.values() if isinstance(value, str))
    if is_stray(texts):
        fault = stray(texts, "Unicode")
        values = {name: printable(value) if isinstance(value, str) else value for name, value in values.items()}
    raw = json.dumps(values, ensure_ascii=False, default=str)
    return SourceRow(f"{number}", values, printable(raw)[:RAW_LENGTH], fault=fault)


def _plain(value: Any) -> Any:
    """A value as files would hold it: exact numbers and moments as text, bytes as hex."""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex().upper()
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    return value


def _engine(mapping: Mapping) -> sqlalchemy.Engine:
    written = mapping.options.database or ""
    named = written.startswith("env:")
    variable = written.removeprefix("env:")
    if not written:
        raise BadInput(_of(mapping, "映射 [read] 缺少 database，例如 env:CITY_DATABASE", "the mapping's [read] lacks 'database', such as env:CITY_DATABASE"))
    address = os.environ.get(variable, "") if named else written
    if not address:
        raise BadInput(_of(mapping, f"环境变量 {variable} 没有设置", f"the environment variable {variable} is not set"))
    try:
        url = sqlalchemy.make_url(address)
        if not named and (url.password is not None or any(word in key.lower() for key in url.query for word in _SECRETS)):
            raise BadInput(
                _of(mapping, "映射中不得写密码：请用 database = \"env:变量名\"", "a mapping holds no password: write database = \"env:NAME\" instead")
            )
        return sqlalchemy.create_engine(_with_our_driver(url), poolclass=sqlalchemy.NullPool)
    except (SQLAlchemyError, ImportError, ValueError) as fault:
        raise BadInput(
            _of(mapping, f"数据库地址不可用（{type(fault).__name__}）", f"the database's address is not usable ({type(fault).__name__})")
        ) from fault


def _with_our_driver(url: URL) -> URL:
    """PostgreSQL by the one driver that is installed; SQLite read-only, so that a wrong path does not make a file."""
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:" and not url.database.startswith("file:"):
        return url.set(database=f"file:{quote(url.database)}", query={"mode": "ro", "uri": "true"})
    return url


def _read_only(connection: Connection) -> Connection:
    """A connection that cannot write and that does not fetch everything at once."""
    kind = connection.dialect.name
    connection = connection.execution_options(stream_results=True, max_row_buffer=FETCHED_ROWS)
    if kind == "postgresql":
        return connection.execution_options(postgresql_readonly=True)
    if kind in ("mysql", "mariadb"):
        connection.exec_driver_sql("set session transaction read only")
        connection.commit()
    elif kind == "sqlite":
        connection.exec_driver_sql("pragma query_only = on")
    return connection


def _statement(query: str, mapping: Mapping) -> sqlalchemy.Executable:
    name = _TABLE.fullmatch(query.strip())
    if name is not None:
        return sqlalchemy.select(sqlalchemy.text("*")).select_from(sqlalchemy.table(name[2], schema=name[1]))
    if _QUERY.match(query) is None:
        raise BadInput(_of(mapping, "query 只能是查询（select 或 with）或表名", "'query' must be a query (select or with) or a table's name"))
    return sqlalchemy.text(query.replace(":", "\\:"))  # a colon is SQL's own here, not a parameter's


def _of(mapping: Mapping, zh: str, en: str) -> Text:
    return Text(f"映射 {mapping.name}：{zh}。", f"The mapping {mapping.name}: {en}.")
