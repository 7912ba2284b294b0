"""Tables as batches: every row of the file comes out, as a row or with its fault, whatever quotes, line ends and bytes it is made of."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from commandcenter.errors import BadInput
from ingest.contract import Mapping
from ingest.mapping import load_mapping
from ingest.readers import delimited, opened, quoted_rows
from ingest.record import Batch, Finding

MAPPING = """target = "address"
reader = "{reader}"
crs = "EPSG:4326"
geometry = "point"
key = ["id"]
title = {{ zh = "地址", en = "Addresses" }}
owner = "o"
licence = "l"
attribution = "a"
cadence = "once"
{more}
[place]
lon = "lon"
lat = "lat"
[columns]
label = {{ from = "label", required = true }}
"""
HEADER = "id,label,lon,lat\n"


def a_mapping(folder: Path, reader: str = "csv", more: str = "") -> Mapping:
    path = folder / "table.toml"
    path.write_text(MAPPING.format(reader=reader, more=more), encoding="utf-8")
    return load_mapping(path)


@pytest.fixture(scope="module")
def mapping(tmp_path_factory: pytest.TempPathFactory) -> Mapping:
    return a_mapping(tmp_path_factory.mktemp("mapping"))


def only_key(mapping: Mapping, **options: Any) -> Mapping:
    """The same mapping without place and columns: it asks for nothing but ``id``."""
    return replace(mapping, place=None, columns=(), options=replace(mapping.options, **options))


def file_of(folder: Path, content: bytes | str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows_in(batches: Iterator[Batch]) -> list[tuple[str, dict[str, Any] | Finding]]:
    """Each row's ``where`` with its fields, or with its fault."""
    found: list[tuple[str, dict[str, Any] | Finding]] = []
    for batch in batches:
        assert {len(column) for column in (*batch.values.values(), batch.raw, batch.geometry)} <= {len(batch)}
        found += [(where, batch.faults.get(at) or batch.fields_of(at)) for at, where in enumerate(batch.where)]
    return found


def rules_in(batches: Iterator[Batch]) -> list[str | None]:
    return [told.rule if isinstance(told, Finding) else None for _, told in rows_in(batches)]


# Delimited text


def slow_rows(text: str, delimiter: str, most_lines: int) -> list[tuple[int, list[str] | None]]:
    """Line number and cells by trying, from each row's first line, one more line until ``csv`` is content. None: no row."""
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)
    found: list[tuple[int, list[str] | None]] = []
    start = 0
    while start < len(lines):
        cells, end = None, start + 1
        while end <= len(lines) and end - start - 1 <= most_lines:
            try:
                (cells,) = csv.reader(lines[start:end], delimiter=delimiter, strict=True)
                break
            except csv.Error as fault:
                if str(fault) != "unexpected end of data":
                    break
                end += 1
        found.append((start + 1, cells))
        start = end if cells is not None else start + 1
    return [(line, cells) for line, cells in found if cells != []]


TEXTS = st.one_of(
    st.text('a,"\r\n', max_size=60),
    st.text('ab中,;\t" \r\n\u2028\x85\x0b\x1c\ufeff', max_size=60),
    st.lists(st.sampled_from(["a,b", '"a","b"', '"a\nb",c', '"a\r\nb","c""d"', '"open,b', 'a"b,c', '"x"y,z', "", ",", '"'])).map("\n".join),
    st.lists(st.tuples(st.sampled_from(["a,b", '"a",b', '"a,b', "", 'a,"b\rc"']), st.sampled_from(["\n", "\r", "\r\n"])).map("".join)).map("".join),
)


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.sampled_from([1, 3, 20, 1 << 20]), st.sampled_from([0, 2, 200]), st.sampled_from(",;\t"))
def test_rows_are_those_of_csv_however_the_text_is_cut(text: str, block: int, most_lines: int, delimiter: str) -> None:
    patch = pytest.MonkeyPatch()
    with patch.context() as patched:
        patched.setattr(quoted_rows, "BLOCK", block)
        patched.setattr(quoted_rows, "MOST_LINES", most_lines)
        found = []
        for rows in quoted_rows.DelimitedText(io.StringIO(text, newline=""), delimiter, "t").rows(2):
            cells = [rows.cells[at : at + 2] for at in range(0, len(rows.cells), 2)]
            found += [(line, None if at in rows.faults else cells[at]) for at, line in enumerate(rows.lines)]
    assert found == [(line, cells if cells is not None and len(cells) == 2 else None) for line, cells in slow_rows(text, delimiter, most_lines)]


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.sampled_from([1, 3, 20, 1 << 20]), st.integers(1, 5))
def test_the_header_is_the_row_that_was_asked_for(text: str, block: int, number: int) -> None:
    patch = pytest.MonkeyPatch()
    with patch.context() as patched:
        patched.setattr(quoted_rows, "BLOCK", block)
        table = quoted_rows.DelimitedText(io.StringIO(text, newline=""), ",", "t")
        line, cells, _ = table.header(None, 3)
        lines_below = [at for rows in table.rows(2) for at in rows.lines]
        _, numbered, nearby = quoted_rows.DelimitedText(io.StringIO(text, newline=""), ",", "t").header(number, 3)
        assert numbered is None or number > 3 or nearby[number - 1] == numbered
    expected = slow_rows(text, ",", 200)
    if expected:
        assert (line, cells) == expected[0]
        assert lines_below == [at for at, _ in expected[1:]]


def test_raw_text_is_the_files_own(tmp_path: Path, mapping: Mapping) -> None:
    path = file_of(tmp_path, HEADER + '1,"a\r\nb ""c""",123.95,47.31\r\n2,x,123.95,47.31\r3,y,123.95,47.31')
    (batch,) = delimited.batches(path, mapping)
    assert (batch.where, batch.raw) == (["2", "4", "5"], ['1,"a\r\nb ""c""",123.95,47.31', "2,x,123.95,47.31", "3,y,123.95,47.31"])
    assert batch.values["label"] == ['a\r\nb "c"', "x", "y"]
    assert shapely.to_wkt(batch.geometry[0]) == "POINT (123.95 47.31)"


def test_an_open_quote_costs_its_own_row_only(tmp_path: Path, mapping: Mapping) -> None:
    rows = [f"{at},x,123.95,47.31" for at in range(1000)]
    rows[7] = '7,"never closed,123.95,47.31'
    told = rows_in(delimited.batches(file_of(tmp_path, HEADER + "\n".join(rows)), mapping))
    assert [where for where, said in told if isinstance(said, Finding)] == ["9"]
    assert len(told) == 1000
    fault = told[7][1]
    assert isinstance(fault, Finding) and fault.rule == "not_a_row" and "引号没有闭合" in fault.sentence.zh


def test_an_open_quote_near_the_end_gives_the_last_rows_back(tmp_path: Path, mapping: Mapping) -> None:
    path = file_of(tmp_path, HEADER + '1,"open,123.95,47.31\n2,x,123.95,47.31\n3,y,123.95,47.31\n')
    assert rules_in(delimited.batches(path, mapping)) == ["not_a_row", None, None]


def test_null_characters_and_strange_bytes_cost_their_own_row(tmp_path: Path, mapping: Mapping) -> None:
    lines = [b"1,a\0b,123.95,47.31", "2,红,123.95,47.31".encode("gb18030"), "3,红,123.95,47.31".encode(), b"4,x,123.95,47.31"]
    path = file_of(tmp_path, HEADER.encode() + b"\n".join(lines))
    (batch,) = delimited.batches(path, mapping)
    assert rules_in(iter([batch])) == ["not_text", "not_decodable", None, None]
    assert (batch.raw[0], batch.raw[1]) == ("1,a\\x00b,123.95,47.31", "2,\\xBA\\xEC,123.95,47.31")
    assert (batch.values["label"][1], batch.geometry[1]) == ("\\xBA\\xEC", None)


def test_half_a_character_does_not_swallow_the_line_end(tmp_path: Path, mapping: Mapping) -> None:
    content = HEADER.encode() + b"1,\xba\n2,x,123.95,47.31\n3,\xba,123.95,47.31\n"
    path = file_of(tmp_path, content)
    assert rules_in(delimited.batches(path, replace(mapping, encoding="gb18030"))) == ["not_a_row", None, "not_decodable"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_encodings_and_byte_order_marks(tmp_path: Path, mapping: Mapping, encoding: str) -> None:
    path = file_of(tmp_path, (HEADER + "1,红星,123.95,47.31\n").encode(encoding))
    said = "utf-8" if encoding == "utf-8-sig" else encoding
    assert rows_in(delimited.batches(path, replace(mapping, encoding=said)))[0][1]["label"] == "红星"  # type: ignore[index]


def test_a_file_of_another_width_of_characters_says_so(tmp_path: Path, mapping: Mapping) -> None:
    with pytest.raises(BadInput, match="looks like UTF-16"):
        list(delimited.batches(file_of(tmp_path, HEADER.encode("utf-16-le")), mapping))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("\n\n\r\n", "has no header row"),
        ('"id,label\n', "has no header row"),
        ("id,lable,lon,lat\n", "'lable' meant"),
        ("id,label,lon,lat,id\n", "stand twice: id"),
        ("A title,,,\n\nid,label,lon,lat\n", "row 3 looks like the header: header_row = 3"),
    ],
)
def test_a_header_that_will_not_do_is_one_sentence(tmp_path: Path, mapping: Mapping, content: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as fault:
        list(delimited.batches(file_of(tmp_path, content), mapping))
    assert "table.csv" in fault.value.sentence.zh


def test_a_header_below_titles_and_cells_that_hold_for_the_rows_below(tmp_path: Path, mapping: Mapping) -> None:
    path = file_of(tmp_path, '"A title\nover lines",,\n\nid,label,\n1,a,\n2, ,\n,b\n3,,\n')
    asked = only_key(mapping, header_row=3, fill_down=("label",))
    told = rows_in(delimited.batches(path, asked))
    assert [where for where, _ in told] == ["5", "6", "7", "8"]
    assert [said if isinstance(said, dict) else said.rule for _, said in told] == [
        {"id": "1", "label": "a"}, {"id": "2", "label": "a"}, "not_a_row", {"id": "3", "label": "a"},
    ]  # fmt: skip
    with pytest.raises(BadInput, match="has no row 90"):
        list(delimited.batches(path, only_key(mapping, header_row=90)))


def test_gzip_is_read_and_a_bomb_is_not(tmp_path: Path, mapping: Mapping, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file_of(tmp_path, gzip.compress((HEADER + "1,x,123.95,47.31\n" * 100_000).encode()))
    assert sum(map(len, delimited.batches(path, mapping))) == 100_000
    monkeypatch.setattr(opened, "RATIO_MATTERS", 1 << 20)
    monkeypatch.setattr(opened, "LARGEST_RATIO", 20)
    with pytest.raises(BadInput, match="like a zip bomb"):
        list(delimited.batches(path, mapping))


def test_a_line_without_end_is_no_table(tmp_path: Path, mapping: Mapping, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quoted_rows, "LONGEST_LINE", 1 << 21)
    with pytest.raises(BadInput, match="no line break within 2 MB"):
        list(delimited.batches(file_of(tmp_path, HEADER + "x" * (1 << 22)), mapping))


def test_batches_are_bounded(tmp_path: Path, mapping: Mapping) -> None:
    path = file_of(tmp_path, "id\n" + "1\n" * 50_000)
    assert [len(batch) for batch in delimited.batches(path, only_key(mapping))] == [20_000, 20_000, 10_000]


ANYTHING = st.one_of(st.binary(max_size=400), st.binary(max_size=300).map((HEADER + '1,"x",123.95,47.31\n').encode().__add__))


@settings(max_examples=200, deadline=None)
@given(ANYTHING, st.sampled_from(["utf-8", "gb18030", "utf-16", "utf-16-le"]))
def test_any_bytes_are_batches_or_a_sentence(tmp_path_factory: pytest.TempPathFactory, mapping: Mapping, content: bytes, encoding: str) -> None:
    path = file_of(tmp_path_factory.mktemp("fuzz"), content)
    try:
        for batch in delimited.batches(path, replace(mapping, encoding=encoding)):
            for texts in (batch.raw, *batch.values.values()):
                for text in texts:
                    assert text is None or (text.encode() is not None and "\0" not in text)
    except BadInput as fault:
        assert fault.sentence.zh and fault.sentence.en


TABLES = st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), st.text('a,"\r\n中 ')), max_size=30)


@settings(max_examples=100, deadline=None)
@given(TABLES, st.sampled_from([("\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_MINIMAL)]))
def test_what_a_table_holds_comes_out(tmp_path_factory: pytest.TempPathFactory, mapping: Mapping, table: list[tuple[str, str]], style: tuple[str, Any]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator=style[0], quoting=style[1]).writerows([("id", "label"), *table])
    path = file_of(tmp_path_factory.mktemp("whole"), written.getvalue())
    told = rows_in(delimited.batches(path, only_key(mapping)))
    assert [said for _, said in told] == [{"id": key, "label": label} for key, label in table]


def test_the_municipal_standard_of_yuncheng(test_data: Path, mapping: Mapping) -> None:
    asked = replace(only_key(mapping, header_row=2, fill_down=("大类代码", "大类名称", "小类代码")), key=("小类代码",))
    path = test_data / "cases" / "yuncheng_case_standards_components.csv"
    told = rows_in(delimited.batches(path, asked))
    assert len(told) == 279
    fields = [said for _, said in told if isinstance(said, dict)]
    assert len({(row["大类代码"], row["小类代码"]) for row in fields}) == 66 and len({row["大类名称"] for row in fields}) == 6
    with pytest.raises(BadInput, match="header_row = 2"):
        list(delimited.batches(path, replace(only_key(mapping), key=("小类代码",))))
