"""Workbooks as batches: cells as they are shown, merged cells filled in, and whatever is no workbook told as what it is."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commandcenter import workbook
from commandcenter.errors import BadInput
from ingest.contract import Mapping
from ingest.readers import xlsx
from ingest.record import Finding
from tests.test_readers_tabular import a_mapping, file_of, only_key, rows_in, rules_in


@pytest.fixture(scope="module")
def mapping(tmp_path_factory: pytest.TempPathFactory) -> Mapping:
    return a_mapping(tmp_path_factory.mktemp("mapping"), "xlsx")


def a_book(folder: Path, rows: list[list[Any]], merged: tuple[str, ...] = (), formats: dict[str, str] | None = None) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for cells in merged:
        sheet.merge_cells(cells)
    for cell, code in (formats or {}).items():
        sheet[cell].number_format = code
    path = folder / "book.xlsx"
    book.save(path)
    return path


def labels(path: Path, mapping: Mapping) -> list[Any]:
    return [said["label"] if isinstance(said, dict) else said.rule for _, said in rows_in(xlsx.batches(path, mapping))]


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (230202001006, None, "230202001006"),
        (2302020010060001, None, "2302020010060000"),  # Excel itself keeps fifteen digits
        (7, "000000", "000007"),
        (7, "00;@", "07"),
        (0.1 + 0.2, None, "0.3"),
        (123.950928, "0.00", "123.950928"),
        (1e20, None, "100000000000000000000"),
        (1.5e-7, None, "0.00000015"),
        (-3, None, "-3"),
        (True, None, "true"),
        ("0012", None, "0012"),
        ("1e5", None, "1e5"),
        ("a_x000D_b", None, "a\rb"),
        ("a_x005F_x000D_b", None, "a_x000D_b"),
        (dt.datetime(2024, 1, 2), None, "2024-01-02"),
        (dt.datetime(2024, 1, 2, 3, 4, 5), None, "2024-01-02T03:04:05"),
        (45293, 'yyyy"年"m"月"d"日"', "2024-01-02"),
        (45293.5, "m/d/yy h:mm", "2024-01-02T12:00:00"),
        (59, "yyyy-mm-dd", "1900-02-28"),
        (0.75, "h:mm", "18:00:00"),
        (1.25, "[h]:mm", "30:00:00"),
        (-1, "yyyy-mm-dd", "-1"),
        (5, '[Red]0.0"day"', "5"),
        (5, "General", "5"),
    ],
)
def test_a_cell_is_what_it_shows(tmp_path: Path, mapping: Mapping, value: Any, code: str | None, shown: str) -> None:
    path = a_book(tmp_path, [["id", "label"], ["1", value]], formats={"B2": code} if code else None)
    assert labels(path, only_key(mapping)) == [shown]


def test_errors_and_formulas_without_result_cost_their_row(tmp_path: Path, mapping: Mapping) -> None:
    path = a_book(tmp_path, [["id", "label", "note"], ["=1+1", "a", ""], ["#N/A", "b", ""], ["3", "c", "#DIV/0!"]])
    told = rows_in(xlsx.batches(path, only_key(mapping)))
    rules = [said.rule if isinstance(said, Finding) else said["label"] for _, said in told]
    assert rules == ["cell_error", "cell_error", "c"], "an error in a column that nobody reads harms nobody"
    fault = told[1][1]
    assert isinstance(fault, Finding) and fault.field == "id" and "#N/A" in fault.sentence.en and "#N/A" in fault.sentence.zh


def test_merged_cells_titles_and_empty_rows(tmp_path: Path, mapping: Mapping) -> None:
    rows: list[list[Any]] = [
        ["The title", None, None], ["id", "kind", None], [None, "label", "note"],
        ["1", "a", "n"], ["2", None, "n"], [None, None, None], ["3", "b", None], [None, None, None], [None, " ", None],
    ]  # fmt: skip
    path = a_book(tmp_path, rows, ("A1:C1", "A2:A3", "B4:B5", "B7:C7"))
    told = rows_in(xlsx.batches(path, only_key(mapping, header_row=3)))
    assert told == [
        ("4", {"id": "1", "label": "a", "note": "n"}),
        ("5", {"id": "2", "label": "a", "note": "n"}),
        ("7", {"id": "3", "label": "b", "note": "b"}),
    ]
    with pytest.raises(BadInput, match="row 3 looks like the header"):
        list(xlsx.batches(a_book(tmp_path, [["The title"], [], ["id", "label"]]), only_key(mapping)))


def test_the_sheet_is_named_or_the_only_one_that_holds_rows(tmp_path: Path, mapping: Mapping) -> None:
    book = openpyxl.Workbook()
    for name, rows in (("部件", [["id"], ["1"]]), ("事件", [["id"], ["2"], ["3"]]), ("空", [])):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    path = tmp_path / "book.xlsx"
    book.save(path)
    assert len(rows_in(xlsx.batches(path, only_key(mapping, layer="事件")))) == 2
    with pytest.raises(BadInput, match=r"several sheets \(Sheet, 部件, 事件, 空\)"):
        list(xlsx.batches(path, only_key(mapping)))
    with pytest.raises(BadInput, match=r"no sheet '部 件'.*is '部件' meant"):
        list(xlsx.batches(path, only_key(mapping, layer="部 件")))
    book["事件"].sheet_state = "hidden"
    book.save(path)
    assert len(rows_in(xlsx.batches(path, only_key(mapping)))) == 1


def test_places_come_from_number_cells(tmp_path: Path, mapping: Mapping) -> None:
    path = a_book(tmp_path, [["id", "label", "lon", "lat"], [1, "a", 123.95, 47.31], [2, "b", "123°57'03.3\"E", 47.31], [3, "c", None, 47.31]])
    (batch,) = xlsx.batches(path, mapping)
    assert [None if point is None else (round(point.x, 6), point.y) for point in batch.geometry] == [(123.95, 47.31), (123.950917, 47.31), None]
    assert rules_in(iter([batch])) == [None, None, "no_place"]


def test_a_sheet_of_one_far_cell_is_read_in_no_time(tmp_path: Path, mapping: Mapping) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "id"
    book.active["A2"] = "1"
    book.active["XFD1048576"] = "far"
    book.save(tmp_path / "book.xlsx")
    told = rows_in(xlsx.batches(tmp_path / "book.xlsx", only_key(mapping)))
    assert told == [("2", {"id": "1"}), ("1048576", {})]


def a_locked_book() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 1000


def a_zip(**parts: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"id,label\n1,a\n", "perhaps CSV"),
        (b"<html><table>", "a web page"),
        (b"%PDF-1.4", "a PDF"),
        (b'{"id": 1}', "JSON text"),
        (b"\x1f\x8b\x08\x00", "a gzip file"),
        (b"\x00\x01\x02", "something else"),
        (a_locked_book(), "protected by a password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000, "no whole Excel workbook"),
        (a_zip(a=b"b"), "no whole Excel workbook"),
        (b"PK\x03\x04", "no whole Excel workbook"),
        (b"", "is empty"),
    ],
)
def test_what_is_no_workbook_is_told_as_what_it_is(tmp_path: Path, mapping: Mapping, content: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said) as fault:
        list(xlsx.batches(file_of(tmp_path, content, "book.xlsx"), mapping))
    assert "book.xlsx" in fault.value.sentence.zh


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, mapping: Mapping, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "RATIO_MATTERS", 1 << 20)
    path = file_of(tmp_path, a_zip(**{"xl/workbook.xml": b"0" * (4 << 20)}), "book.xlsx")
    with pytest.raises(BadInput, match="like a zip bomb"):
        list(xlsx.batches(path, mapping))


def test_the_municipal_standard_as_a_workbook(test_data: Path, mapping: Mapping) -> None:
    path = test_data / "cases" / "yuncheng_case_standards_muban.xlsx"
    for sheet, conditions, classes in (("部件", 375, 92), ("事件", 144, 98)):  # three more 事件 rows lie wholly in merged cells
        asked = replace(only_key(mapping, layer=sheet, header_row=2, fill_down=("大类代码", "小类代码")), key=("小类代码",))
        rows = [said for _, said in rows_in(xlsx.batches(path, asked)) if isinstance(said, dict)]
        assert (len(rows), len({(row["大类代码"], row["小类代码"]) for row in rows})) == (conditions, classes)


def test_a_workbook_of_old(tmp_path: Path, mapping: Mapping) -> None:
    path = file_of(tmp_path, old_book([["id", "label"], [230202001006.0, "红星"], [2.5, "b"]]), "book.xls")
    told = rows_in(xlsx.batches(path, only_key(mapping)))
    assert told == [("2", {"id": "230202001006", "label": "红星"}), ("3", {"id": "2.5", "label": "b"})]


def test_a_cell_beyond_all_sheets_is_a_sentence(tmp_path: Path, mapping: Mapping) -> None:
    whole = old_book([["id", "label"], [1.0, "a"]])
    at = whole.index(struct.pack("<HHHHH", 0x0203, 14, 1, 0, 0))
    path = file_of(tmp_path, whole[: at + 4] + b"\xff\xff\xff\xff" + whole[at + 8 :], "book.xls")
    with pytest.raises(BadInput, match="no whole Excel workbook"):
        list(xlsx.batches(path, only_key(mapping)))


def old_book(rows: list[list[str | float]]) -> bytes:
    """The smallest .xls: one BIFF8 stream with one sheet, in an OLE container."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def cell(row: int, column: int, value: str | float) -> bytes:
        at = struct.pack("<HHH", row, column, 0)
        if isinstance(value, float):
            return record(0x0203, at + struct.pack("<d", value))
        return record(0x0204, at + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))

    end = record(0x000A, b"")
    globals_start = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    named = struct.pack("<BB", 1, 0) + b"S"
    sheet_at = len(globals_start) + 4 + 6 + len(named) + len(end)
    stream = globals_start + record(0x0085, struct.pack("<IBB", sheet_at, 0, 0) + named) + end
    stream += record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    stream += b"".join(cell(row, column, value) for row, cells in enumerate(rows) for column, value in enumerate(cells)) + end
    stream = stream.ljust(4096, b"\0")
    sectors = len(stream) // 512
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0) + b"\xff" * 432
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 2 + sectors), 0xFFFFFFFE]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(512, b"\xff")

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        spelt = (name + "\0").encode("utf-16-le")
        links = struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child)
        return spelt.ljust(64, b"\0") + struct.pack("<HBB", len(spelt), kind, 1) + links + b"\0" * 36 + struct.pack("<IQ", start, size)

    folder = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, 2, len(stream))
    return header + table + folder.ljust(512, b"\0") + stream


WHOLE = io.BytesIO()
_book = openpyxl.Workbook()
for _row in (["id", "label"], [1, "a"], [2.5, dt.datetime(2024, 1, 2)], ["x", True]):
    _book.active.append(_row)
_book.active.merge_cells("A2:A3")
_book.save(WHOLE)
PARTS = {item.filename: zipfile.ZipFile(WHOLE).read(item) for item in zipfile.ZipFile(WHOLE).infolist()}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_is_batches_or_a_sentence(tmp_path_factory: pytest.TempPathFactory, mapping: Mapping, data: st.DataObject) -> None:
    """Damage in the package and in the XML of any part."""
    which = data.draw(st.sampled_from(["package", "part"]))
    name = data.draw(st.sampled_from(sorted(PARTS)))
    whole = PARTS[name] if which == "part" else WHOLE.getvalue()
    at, length = data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, 40))
    damaged = whole[:at] + data.draw(st.one_of(st.binary(max_size=20), st.sampled_from([b"0", b"9" * 12, b"-1", b"&", b"XFD9"]))) + whole[at + length :]
    content = a_zip(**{**PARTS, name: damaged}) if which == "part" else damaged
    path = file_of(tmp_path_factory.mktemp("fuzz"), content, "book.xlsx")
    try:
        for batch in xlsx.batches(path, only_key(mapping)):
            for texts in (batch.raw, *batch.values.values()):
                for text in texts:
                    assert text is None or (text.encode() is not None and "\0" not in text)
    except BadInput as fault:
        assert fault.sentence.zh and fault.sentence.en


@settings(max_examples=6, deadline=None)
@given(st.integers(512, 2700), st.one_of(st.binary(min_size=1, max_size=8), st.just(b"\xff" * 4)))
def test_a_damaged_workbook_of_old_is_batches_or_a_sentence(tmp_path_factory: pytest.TempPathFactory, mapping: Mapping, at: int, damage: bytes) -> None:
    whole = old_book([["id", "label"], [1.0, "a"]])
    path = file_of(tmp_path_factory.mktemp("fuzz"), whole[:at] + damage + whole[at + len(damage) :], "book.xls")
    try:
        list(xlsx.batches(path, only_key(mapping)))
    except BadInput as fault:
        assert "book.xls" in fault.sentence.zh and "book.xls" in fault.sentence.en


CELLS = st.one_of(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20), st.integers(-10**14, 10**14), st.booleans())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(CELLS, st.none() | CELLS), max_size=20))
def test_every_row_that_says_something_comes_out(tmp_path_factory: pytest.TempPathFactory, mapping: Mapping, rows: list[tuple[Any, Any]]) -> None:
    book = openpyxl.Workbook()
    book.active.append(["id", "label"])
    for number, row in enumerate(rows, 2):
        for column, value in enumerate(row, 1):
            cell = book.active.cell(number, column)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"  # text that looks like a formula or an error stays text
    path = tmp_path_factory.mktemp("whole") / "book.xlsx"
    book.save(path)

    def shown(value: Any) -> str | None:
        return str(value).lower() if isinstance(value, bool) else None if value is None else str(value)

    expected = [
        (str(number), {name: shown(value) for name, value in zip(("id", "label"), row, strict=True) if value is not None})
        for number, row in enumerate(rows, 2)
        if any(value is not None and str(value).strip() for value in row)
    ]
    assert rows_in(xlsx.batches(path, only_key(mapping))) == expected
