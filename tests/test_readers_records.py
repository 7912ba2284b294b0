"""JSON records and database rows as batches: nested fields by dotted names, nothing lost, and passwords in no mapping and no sentence."""

from __future__ import annotations

import gzip
import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import URL

from commandcenter.errors import BadInput
from ingest.contract import Mapping, Place
from ingest.readers import database as database_reader
from ingest.readers import json_window, records
from ingest.record import Finding
from tests.conftest import TestDatabase
from tests.test_readers_tabular import a_mapping, file_of, only_key, rows_in, rules_in


@pytest.fixture(scope="module")
def mapping(tmp_path_factory: pytest.TempPathFactory) -> Mapping:
    return a_mapping(tmp_path_factory.mktemp("mapping"), "json")


# JSON


def test_nested_fields_are_named_with_dots(tmp_path: Path, mapping: Mapping) -> None:
    record = {"id": 1, "label": "红星", "at": {"lon": 123.95, "lat": "47.31", "pair": [123.95, 47.31]}, "none": {}, "tags": ["a"]}
    path = file_of(tmp_path, "\ufeff" + json.dumps([record, {"id": 2}], ensure_ascii=False, indent=1))
    placed = replace(mapping, place=Place("xy", ("at.lon", "at.lat")))
    (batch,) = records.batches(path, placed)
    assert batch.fields_of(0) == {"id": 1, "label": "红星", "at.lon": 123.95, "at.lat": "47.31", "at.pair": [123.95, 47.31], "tags": ["a"]}
    assert (batch.geometry[0].x, batch.geometry[0].y, rules_in(iter([batch]))) == (123.95, 47.31, [None, "no_place"])
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [lines[int(where)].strip() for where in batch.where] == ['"id": 1,', '"id": 2'] and json.loads(batch.raw[0]) == record
    (batch,) = records.batches(path, replace(mapping, place=Place("pair", ("at.pair",))))
    assert (batch.geometry[0].x, batch.geometry[0].y) == (123.95, 47.31)


@pytest.mark.parametrize(
    "content",
    [
        '{"id": 1}\n\n{"id": 2}\r\n{"id": 3}',
        '[{"id": 1},{"id": 2}][{"id": 3}]',
        ' [\n{"id": 1} , {"id": 2},\n{"id": 3}\n]\n',
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_lists_and_lines(tmp_path: Path, mapping: Mapping, content: str, packed: bool) -> None:
    path = file_of(tmp_path, gzip.compress(content.encode()) if packed else content)
    assert [said["id"] for _, said in rows_in(records.batches(path, only_key(mapping)))] == [1, 2, 3]  # type: ignore[index]


def test_records_inside_a_document(tmp_path: Path, mapping: Mapping) -> None:
    document = {"meta": {"items": [{"id": 9}]}, "data": {"a": [1, 2], "items": [{"id": 1}, 7, {"id": 2}], "b": {}}, "total": 12}
    path = file_of(tmp_path, json.dumps(document))
    assert rules_in(records.batches(path, only_key(mapping, records="data.items"))) == [None, "not_a_row", None]
    with pytest.raises(BadInput, match=r"no 'data.item'; is 'items' meant"):
        list(records.batches(path, only_key(mapping, records="data.item")))
    with pytest.raises(BadInput, match="a list of records was expected"):
        list(records.batches(path, only_key(mapping, records="data")))
    indented = file_of(tmp_path, json.dumps(document, indent=1))
    with pytest.raises(BadInput, match=r'such as records = "meta.items"'):
        list(records.batches(indented, only_key(mapping)))
    assert rows_in(records.batches(file_of(tmp_path, '{"data": []}'), only_key(mapping, records="data"))) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[{"id": 1}, {"id": 2', "its JSON is broken"),
        ('[{"id": 1}', "the list does not end"),
        ('[{"id": 1}] x', "was expected here"),
        ("id,label\n1,a\n", "is not valid JSON"),
        ('[{"idd": 1}]', "'idd' meant"),
        ("[" * 200_000, "nested too deeply"),
        ("", "is empty"),
        ("   ", "is not valid JSON"),
    ],
)
def test_broken_json_is_one_sentence(tmp_path: Path, mapping: Mapping, content: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as fault:
        list(records.batches(file_of(tmp_path, content, "r.json"), only_key(mapping)))
    assert "r.json" in fault.value.sentence.zh


def test_a_broken_line_costs_its_own_record(tmp_path: Path, mapping: Mapping) -> None:
    lines = [
        b'{"id": 1}', b'{"id": 2', b'{"id": "\\ud800"}', b'{"id": "\\u0000"}', b'{"id": "\xff"}', b"[1]", b'{"id": "\\\\u0000"}',
        b'{"id": ' + b"9" * 5000 + b"}", b"[" * 100_000, b'{"id": NaN}',
    ]  # fmt: skip
    told = rows_in(records.batches(file_of(tmp_path, b"\n".join(lines)), only_key(mapping)))
    rules = [said.rule if isinstance(said, Finding) else said["id"] for _, said in told]
    assert rules == [1, "not_a_row", "not_decodable", "not_text", "not_decodable", "not_a_row", "\\u0000", "9" * 5000, "not_a_row", "NaN"]


SCALARS = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=8)
VALUES = st.recursive(SCALARS, st.lists, max_leaves=5)
ITEMS = st.lists(st.dictionaries(st.text(min_size=1, max_size=5), VALUES, max_size=4), max_size=12)


@settings(max_examples=100, deadline=None)
@given(ITEMS, st.sampled_from([1, 7, 64, 1 << 20]), st.booleans(), st.sampled_from([None, 1]))
def test_streaming_reads_what_json_reads(
    tmp_path_factory: pytest.TempPathFactory, mapping: Mapping, items: list[dict[str, Any]], chunk: int, ascii_only: bool, indent: int | None
) -> None:
    path = tmp_path_factory.mktemp("stream") / "r.json"
    path.write_text(json.dumps({"n": 12345, "items": items, "m": [1, "]"]}, ensure_ascii=ascii_only, indent=indent), encoding="utf-8", errors="surrogatepass")
    patch = pytest.MonkeyPatch()
    with patch.context() as patched:
        patched.setattr(json_window, "CHUNK", chunk)
        patched.setattr(records, "BATCH_ROWS", 5)
        read = [said for _, said in rows_in(records.batches(path, replace(only_key(mapping, records="items"), key=())))]
    assert len(read) == len(items)
    for told, item in zip(read, items, strict=True):
        if isinstance(told, Finding):
            assert "\\u0000" in json.dumps(item)
        else:
            assert told == {name: value for name, value in item.items() if value is not None}


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text('[]{}":,\\u0dn12\n ', max_size=80).map(str.encode)), st.sampled_from([None, "id", "a.b"]))
def test_any_bytes_are_batches_or_a_sentence(tmp_path_factory: pytest.TempPathFactory, mapping: Mapping, content: bytes, where: str | None) -> None:
    path = file_of(tmp_path_factory.mktemp("fuzz"), content)
    try:
        for batch in records.batches(path, only_key(mapping, records=where)):
            for texts in (batch.raw, *batch.values.values()):
                assert all("\0" not in str(text) and str(text).encode() is not None for text in texts)
    except BadInput as fault:
        assert fault.sentence.zh and fault.sentence.en


# A database

TABLE = """create table "数据" (id bigint, label text, at timestamp, code numeric(12), geom geometry(point, 4326));
insert into "数据" select n, '第' || n || '号', timestamp '2024-01-02 03:04:05', 230202001000 + n, st_setsrid(st_makepoint(123.95, 47.31), 4326)
from generate_series(1, 4500) n; create sequence numbers; create view seen as select * from "数据" where id <= 3;"""


def test_a_postgresql_table_view_and_query(database: TestDatabase, mapping: Mapping, monkeypatch: pytest.MonkeyPatch) -> None:
    with psycopg.connect(database.admin_dsn) as connection:
        connection.execute(TABLE)
    monkeypatch.setenv("SOURCE_URL", _url(database.admin_dsn))
    asked = replace(only_key(mapping, database="env:SOURCE_URL", query="public.数据"), place=Place("wkb", ("geom",)))
    batches = list(database_reader.batches(Path("-"), asked))
    assert sum(map(len, batches)) == 4500 and not any(batch.faults for batch in batches)
    row = batches[0].fields_of(0)
    assert (row["id"], row["label"], row["at"], row["code"]) == (1, "第1号", "2024-01-02T03:04:05", "230202001001")
    assert (batches[0].geometry[0].x, batches[0].geometry[0].y, batches[0].where[:2]) == (123.95, 47.31, ["1", "2"])

    def read(query: str) -> list[Any]:
        return rows_in(database_reader.batches(Path("-"), only_key(mapping, database="env:SOURCE_URL", query=query)))

    assert len(read("seen")) == 3
    assert len(read("select id, label::text from seen where label like '第%' and at > '2024-01-01 00:00:00' -- all of them")) == 3
    with pytest.raises(BadInput, match="read-only transaction"):
        read("select nextval('numbers') as id")
    with pytest.raises(BadInput, match="data-modifying"):
        read('with gone as (delete from "数据" returning *) select * from gone')
    with pytest.raises(BadInput, match="must be a query"):
        read('delete from "数据"')
    with pytest.raises(BadInput, match="the database says: relation \"nowhere\" does not exist"):
        read("nowhere")
    with pytest.raises(BadInput, match=r"no column 'id'.*is 'idd' meant"):
        read("select 1 as idd")
    with pytest.raises(BadInput, match="stand twice: id"):
        read("select id, id from seen")
    with psycopg.connect(database.admin_dsn) as connection:
        assert connection.execute('select count(*) from "数据"').fetchone() == (4500,)


def _url(dsn: str) -> str:
    """A libpq connection string as an SQLAlchemy URL."""
    parts = {name: str(value) for name, value in conninfo_to_dict(dsn).items()}
    query = {name: parts[name] for name in parts if name not in {"user", "password", "dbname", "host", "port"}} | {"host": parts["host"]}
    port = {"port": parts["port"]} if "port" in parts else {}
    url = URL.create("postgresql", parts.get("user"), parts.get("password"), database=parts["dbname"], query=query | port)
    return url.render_as_string(hide_password=False)


def test_an_sqlite_file(tmp_path: Path, mapping: Mapping, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "源 数据.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table t (id, label, geom)")
        wkb = bytes.fromhex("0101000000CDCCCCCCCCFC5E4048E17A14AEA74740")
        connection.executemany("insert into t values (?, ?, ?)", [(1, "a", wkb), (2, "b\0c", None), (None, 2.5, b"")])
    monkeypatch.setenv("SOURCE_URL", f"sqlite:///{path}")
    asked = replace(only_key(mapping, database="env:SOURCE_URL", query="t"), place=Place("wkb", ("geom",)))
    (batch,) = database_reader.batches(Path("-"), asked)
    assert rules_in(iter([batch])) == [None, "not_text", "no_place"]
    assert batch.geometry[0].x == 123.95 and batch.values["label"] == ["a", "b\\x00c", 2.5]
    with pytest.raises(BadInput, match="unable to open database file"):
        monkeypatch.setenv("SOURCE_URL", f"sqlite:///{tmp_path / 'nowhere.db'}")
        list(database_reader.batches(Path("-"), asked))
    assert not (tmp_path / "nowhere.db").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"database": "postgresql://me:secret@host/db", "query": "t"}, "holds no password"),
        ({"database": "postgresql://me@host/db?password=secret", "query": "t"}, "holds no password"),
        ({"database": "env:NOT_SET_ANYWHERE", "query": "t"}, "NOT_SET_ANYWHERE is not set"),
        ({"database": None, "query": "t"}, "lacks 'database'"),
        ({"database": "env:HOME", "query": None}, "lacks 'query'"),
        ({"database": "no url at all", "query": "t"}, "address is not usable"),
        ({"database": "nosuchdialect://host/db", "query": "t"}, "address is not usable"),
        ({"database": "postgresql://me@127.0.0.1:1/db", "query": "t"}, "the database says"),
    ],
)
def test_an_address_that_will_not_do_is_a_sentence_without_secrets(mapping: Mapping, options: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said) as fault:
        list(database_reader.batches(Path("-"), only_key(mapping, **options)))
    assert "secret" not in fault.value.sentence.en + fault.value.sentence.zh
