"""A city's own standard, read: every condition once, none invented, and a sentence with sheet, row and column for what cannot be read."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commandcenter.cases.import_report import Imported, RowRefused
from commandcenter.cases.standard_columns import letter
from commandcenter.cases.standard_limits import PLAIN, read_limits
from commandcenter.cases.standards import NO_LIMIT
from commandcenter.cases.standards_import import read_standard
from commandcenter.errors import BadInput

HEAD = ["大类代码", "大类名称", "小类代码", "小类名称", "立案条件", "结案条件", "处置时限"]
TITLE = ["某市部件标准"]


def as_csv(folder: Path, rows: list[list[str]], encoding: str = "utf-8", name: str = "部件.csv") -> Path:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    path = folder / name
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def as_book(folder: Path, rows: list[list[object]], merges: tuple[str, ...] = (), sheet: str = "部件") -> Path:
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in rows:
        page.append([None if cell == "" else cell for cell in row])
    for merge in merges:
        page.merge_cells(merge)
    path = folder / "standard.xlsx"
    book.save(path)
    return path


def read(path: Path, **said: object) -> Imported:
    found = read_standard(path, "mine", **said)  # type: ignore[arg-type]
    adds_up(found)
    return found


def adds_up(found: Imported) -> None:
    """What every report must keep."""
    report = found.report
    for sheet in report.sheets:
        assert sheet.rows == sheet.titles + sheet.headers + sheet.empty + sheet.continued + sheet.read, sheet
        assert sheet.read == sheet.taken + sheet.refused, sheet
        assert sheet.refused == sum(said.place.sheet == sheet.name for said in report.refused), sheet
    assert report.read == report.taken + len(report.refused)
    assert len(found.standards) == sum(sheet.standards for sheet in report.sheets) == len(found.places)
    assert {each.key for each in found.standards} == {each.key for each in found.categories}
    for sentence in report.sentences():
        assert sentence.zh and sentence.en


def refused(found: Imported) -> list[str]:
    return [said.sentence.en for said in found.report.refused]


# The two real files


def test_the_city_s_csv_is_read_whole(test_data: Path) -> None:
    """279 conditions of 66 small classes in 5 large ones. One large class bears two names, one limit has words beside it."""
    path = test_data / "cases" / "yuncheng_case_standards_components.csv"
    found = read(path)
    (sheet,) = found.report.sheets
    assert (sheet.kind, sheet.rows, sheet.titles, sheet.headers, sheet.read, sheet.refused) == ("component", 281, 1, 1, 279, 0)
    assert (len(found.standards), len(found.categories), len({each.major_code for each in found.categories})) == (279, 66, 5)
    assert len({(each.major_code, each.major) for each in found.categories}) == 6
    with path.open(encoding="utf-8-sig", newline="") as opened:
        plain = {number: row for number, row in enumerate(csv.reader(opened), start=1) if number > 2 and row[4].strip()}
    check_against(found, {("yuncheng_case_standards_components", number): (row[4], row[6], row[5]) for number, row in plain.items()})
    codes: dict[int, str] = {}
    large = small = ""
    for number, row in sorted(plain.items()):
        large, small = row[0].strip() or large, row[2].strip() or small
        codes[number] = large + small
    assert {found.places[(*each.key, each.position)].row: each.category_code for each in found.standards} == codes
    assert sum(said.place.heading == "大类名称" for said in found.report.remarks) == 4
    planted = next(each for each in found.standards if each.limit_value == 15)
    assert (planted.category_code, planted.limit_unit, planted.note) == ("0402", "wd", "原文时限：种植季节")
    assert found.report.plain_units == []


def test_the_city_s_workbook_is_read_whole(test_data: Path) -> None:
    """375 conditions of 92 small classes, and 144 of 98.

    The sheet of events has 147 rows below its header; 3 of them (52, 54, 55) hold nothing but merged cells of the condition above, which is
    what a reader without merged cells takes for conditions without a limit.
    """
    path = test_data / "cases" / "yuncheng_case_standards_muban.xlsx"
    found = read(path)
    components, events = found.report.sheets
    assert (components.kind, components.read, components.refused, components.continued) == ("component", 375, 0, 0)
    assert (events.kind, events.read, events.refused, events.continued) == ("event", 144, 0, 3)
    assert events.read + events.continued == 147
    kinds = Counter(each.kind for each in found.categories)
    assert (kinds["component"], kinds["event"]) == (92, 98)
    assert found.report.without_limit == []
    book = openpyxl.load_workbook(path)
    plain = {
        (page.title, row[0].row): (row[6].value, row[7].value, row[8].value)
        for page in book.worksheets
        for row in page.iter_rows(min_row=3)
        if row[6].value is not None
    }
    assert len(plain) == 375 + 144
    check_against(found, plain)
    majors = {each.major_code: each.major for each in found.categories if each.kind == "event"}
    assert majors == {"01": "市容环境", "02": "宣传广告", "03": "施工管理", "04": "街面秩序", "05": "突发事件", "06": "其他事件"}
    for sheet in book.worksheets:
        names = [(row[2].value, row[3].value) for row in sheet.iter_rows(min_row=3) if row[2].value is not None]
        kind = "component" if sheet.title == "部件" else "event"
        taken = [(each.code[2:], each.minor) for each in found.categories if each.kind == kind]
        assert taken == [(str(code).zfill(2), "".join(str(name).split())) for code, name in names]
    units = Counter(each.limit_unit for each in found.standards)
    texts = [str(limit) for _, _, limit in plain.values()]
    assert units["uh"] == sum("紧急工作时" in text for text in texts)
    assert units["ud"] == sum("紧急工作日" in text for text in texts)
    assert units["wh"] == sum(text.endswith("小时") for text in texts)
    assert units["wd"] == sum(text.endswith("天") for text in texts)
    assert [said.en for said in found.report.plain_units] == [
        "Plain 'hours' are read as office hours, 61 times.", "Plain 'days' are read as work days, 412 times.",
    ]  # fmt: skip
    assert all(each.handler and each.competent for each in found.standards)


def check_against(found: Imported, plain: dict[tuple[str, int], tuple[str, str | None, str]]) -> None:
    """Each condition of a plain reading stands in exactly one standard, word for word, with its number; and no standard says anything else."""
    seen: Counter[tuple[str, int]] = Counter()
    for each in found.standards:
        place = found.places[(*each.key, each.position)]
        seen[(place.sheet, place.row)] += 1
        condition, close, limit = plain[(place.sheet, place.row)]
        assert each.condition == condition.strip()
        assert (each.close_condition or "") == (close or "").strip()
        assert str(each.limit_value) == "".join(sign for sign in limit if sign.isdigit())
    assert seen == Counter(dict.fromkeys(plain, 1))


# Limits


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("2紧急工作时", "2uh"), (" 5工作日", "5wd"), ("1紧急工作时\n", "1uh"), ("２４小时", "24wh"), ("3 天", "3wd"), ("2紧急工作日", "2ud"),
        ("0.5工作日", "0.5wd"), ("十五个工作日", "15wd"), ("两天", "2wd"), ("二十工作时", "20wh"), ("30自然日", "30ud"), ("4工作小时", "4wh"),
        ("2 WH", "2wh"), ("2小时内", "2wh"), ("12紧急工作\n小时", "12uh"),
    ],
)  # fmt: skip
def test_a_limit_as_offices_write_it(cell: str, wanted: str) -> None:
    (only,) = read_limits(cell, PLAIN)
    assert (f"{only.limit.value}{only.limit.unit}", only.words, only.area_class) == (wanted, "", None)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("3个月", "unit of the limit is unknown"), ("3日", "unit of the limit is unknown"), ("30分钟", "unit of the limit is unknown"), ("3", "has no unit"),
        ("立即", "neither number nor unit"), ("3-5天", "words that may change"), ("3至5工作日", "words that may change"), ("三至五天", "words that may change"),
        ("每2小时", "words that may change"), ("不少于3天", "words that may change"), ("-3天", "words that may change"), ("半天", "neither number nor unit"),
        ("1/3天", "words that may change"), ("0天", "must be above 0"), ("1000天", "too long"), ("9" * 30 + "工作时", "must be above 0 and at most"),
        ("4小时/1天", "2 limits"), ("正在建设2小时，已形成15天", "2 limits"), ("一类2小时，一类4小时", "2 limits"), ("一类2小时，4小时", "2 limits"),
        ("1个半工作日", "unit of the limit is unknown"), ("2天 or so", "words that may change"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_not_guessed(cell: str, said: str) -> None:
    with pytest.raises(RowRefused, match=said):
        read_limits(cell, PLAIN)


def test_words_beside_a_limit_are_kept() -> None:
    for cell, words in (("种植季节15工作日", "种植季节"), ("1紧急工作时制止", "制止"), ("3天（特殊情况另定）", "特殊情况另定")):
        assert read_limits(cell, PLAIN)[0].words == words


def test_plain_hours_are_what_the_caller_says() -> None:
    assert read_limits("4小时", {"小时": "uh"})[0].limit.unit == "uh"
    with pytest.raises(RowRefused, match="'days' are office time or time on end is not said"):
        read_limits("4天", {"小时": "uh"})


def test_a_limit_for_each_class_of_area() -> None:
    read_ = read_limits("一类区域2小时；二类区域4小时；三类区域1天", PLAIN)
    assert [(each.area_class, f"{each.limit.value}{each.limit.unit}") for each in read_] == [("一类区域", "2wh"), ("二类区域", "4wh"), ("三类区域", "1wd")]


# Rows


def test_groups_hold_until_the_next_one_begins(tmp_path: Path) -> None:
    """Title rows above, headers repeated, names with line ends, codes as numbers; a title below begins anew."""
    rows = [
        TITLE, ["制表：某局"], HEAD,
        ["1", "公用设施", "1", "上水\n井盖", "盖没了", "恢复", "2紧急工作时"],
        ["", "", "", "", "盖破了\n或裂了", "修复", "１工作日"],
        HEAD,
        ["", "", "", "", "响", "修复", "2天"],
        ["", "", "02", "污水井盖", "盖没了", "恢复", ""],
        ["", "", "", "", "", "", ""],
        ["02", "道路设施", "01", "停车场", "坑洼", "", "5天"],
        ["二、附表"],
        ["", "", "", "", "无主条件", "", "1天"],
    ]  # fmt: skip
    found = read(as_csv(tmp_path, rows))
    assert [(each.category_code, each.position, each.condition) for each in found.standards] == [
        ("0101", 1, "盖没了"), ("0101", 2, "盖破了\n或裂了"), ("0101", 3, "响"), ("0102", 1, "盖没了"), ("0201", 1, "坑洼"),
    ]  # fmt: skip
    assert [each.minor for each in found.categories] == ["上水井盖", "污水井盖", "停车场"]
    (sheet,) = found.report.sheets
    assert (sheet.titles, sheet.headers, sheet.empty, sheet.read) == (3, 2, 1, 6)
    assert refused(found) == ["sheet '部件', row 12, column A (大类代码): The major code is missing: which class the row belongs to is not said."]
    without = next(each for each in found.standards if each.limit is None)
    assert (without.category_code, without.note) == ("0102", NO_LIMIT)
    assert [place.row for place in found.report.without_limit] == [8]


def test_a_class_does_not_reach_into_the_next_large_class(tmp_path: Path) -> None:
    rows = [HEAD, ["01", "公用设施", "01", "井盖", "没了", "", "1天"], ["02", "道路设施", "", "", "坑洼", "", "1天"], ["", "", "", "", "积水", "", "1天"]]
    found = read(as_csv(tmp_path, rows))
    assert len(found.standards) == 1
    assert [line.split(": ")[0] for line in refused(found)] == [f"sheet '部件', row {row}, column C (小类代码)" for row in (3, 4)]


def test_a_row_with_a_wrong_code_leaves_no_class_to_those_below(tmp_path: Path) -> None:
    rows = [
        HEAD, ["01", "公用设施", "01", "井盖", "没了", "", "1天"], ["", "", "？？", "灯", "不亮", "", "1天"], ["", "", "", "", "倒了", "", "1天"],
        ["", "", "03", "杆", "歪了", "", "1天"],
    ]  # fmt: skip
    found = read(as_csv(tmp_path, rows))
    assert [each.category_code for each in found.standards] == ["0101", "0103"]
    assert [said.place.row for said in found.report.refused] == [3, 4]


def test_merged_cells_hold_as_far_as_they_reach(tmp_path: Path) -> None:
    """A condition over two rows is one; one with a limit for each row is two with the same words; beyond the merged code nothing is known."""
    rows: list[list[object]] = [
        TITLE, HEAD,
        [1, "公用设施", 1, "井盖", "没了", "恢复", "2紧急工作时"], ["", "", "", "", "", "", ""],
        ["", "", "", "", "破了", "换新", "1天"],
        ["", "", "", "", "响", "换新", "2天"],
    ]  # fmt: skip
    found = read(as_book(tmp_path, rows, ("A1:G1", "A3:A6", "B3:B6", "C3:C5", "D3:D5", "E3:E4", "F3:F4", "G3:G4")))
    assert [(each.condition, str(each.limit_value), each.limit_unit) for each in found.standards] == [("没了", "2", "uh"), ("破了", "1", "wd")]
    (sheet,) = found.report.sheets
    assert (sheet.titles, sheet.headers, sheet.continued, sheet.read) == (1, 1, 1, 3)
    (line,) = refused(found)
    assert line.startswith("sheet '部件', row 6, column C (小类代码): The row lies outside the merged cell of the small class 01 (rows 3 to 5)")


def test_a_merged_condition_with_two_limits_is_refused(tmp_path: Path) -> None:
    rows: list[list[object]] = [HEAD, ["01", "公用设施", "01", "井盖", "没了", "恢复", "2紧急工作时"], ["", "", "", "", "", "", "1天"]]
    found = read(as_book(tmp_path, rows, ("C2:C3", "D2:D3", "E2:E3", "F2:F3")))
    assert found.standards == ()
    assert [said.place.row for said in found.report.refused] == [2, 3]
    assert "another limit" in refused(found)[0]


def test_a_limit_merged_over_two_conditions_is_for_both(tmp_path: Path) -> None:
    rows: list[list[object]] = [HEAD, ["01", "公用设施", "01", "井盖", "没了", "恢复", "2紧急工作时"], ["", "", "", "", "破了", "恢复", ""]]
    found = read(as_book(tmp_path, rows, ("G2:G3",)))
    assert [(each.condition, each.limit_unit) for each in found.standards] == [("没了", "uh"), ("破了", "uh")]


def test_a_limit_a_class_of_area_makes_standards_of_one_row(tmp_path: Path) -> None:
    found = read(as_csv(tmp_path, [HEAD, ["01", "公用设施", "01", "井盖", "没了", "", "一类区域2小时，二类区域1天"]]))
    assert [(each.position, each.area_class, each.limit_value) for each in found.standards] == [(1, "一类区域", Decimal(2)), (2, "二类区域", Decimal(1))]
    (sheet,) = found.report.sheets
    assert (sheet.read, sheet.taken, sheet.standards) == (1, 1, 2)


def test_the_same_again_is_refused_and_contradictions_both_ways(tmp_path: Path) -> None:
    rows = [
        HEAD, ["01", "公用设施", "01", "井盖", "没了", "", "1天"], ["", "", "", "", "没了", "", "1天"], ["", "", "", "", "响", "", "1天"],
        ["", "", "", "", "响", "", "2天"], ["", "", "01", "窨井盖", "破", "", "1天"],
    ]  # fmt: skip
    found = read(as_csv(tmp_path, rows))
    assert [each.condition for each in found.standards] == ["没了"]
    assert [said.place.row for said in found.report.refused] == [3, 4, 5, 6]
    assert "stands in row 2" in refused(found)[0]
    assert "Row 5" in refused(found)[1] and "Row 4" in refused(found)[2]
    assert "another name here than in row 2" in refused(found)[3]


def test_the_unit_may_stand_in_the_heading(tmp_path: Path) -> None:
    rows = [[*HEAD[:6], "处置时限\n（工作日）"], ["01", "公用设施", "01", "井盖", "没了", "", "3"], ["", "", "", "", "破", "", "2紧急工作时"]]
    assert [(str(each.limit_value), each.limit_unit) for each in read(as_csv(tmp_path, rows)).standards] == [("3", "wd"), ("2", "uh")]


def test_local_classes_are_marked_where_asked(tmp_path: Path) -> None:
    path = as_csv(tmp_path, [HEAD, ["01", "公用设施", "99", "驿站", "脏", "", "1天"], ["", "", "01", "井盖", "没了", "", "1天"]])
    assert [each.local for each in read(path).categories] == [False, False]
    assert [each.local for each in read(path, local_from=78).categories] == [True, False]


def test_a_class_without_any_condition_is_told(tmp_path: Path) -> None:
    rows = [HEAD, ["01", "公用设施", "01", "井盖", "", "", ""], ["", "", "", "", "没了", "", "1天"], ["", "", "02", "灯", "", "", ""]]
    found = read(as_csv(tmp_path, rows))
    assert [each.category_code for each in found.standards] == ["0101"]
    assert [said.sentence.en for said in found.report.remarks] == [
        "sheet '部件', row 4, column C (小类代码): The small class 0102 has no condition that could be taken."
    ]


def test_an_error_in_a_cell_refuses_its_row(tmp_path: Path) -> None:
    path = as_book(tmp_path, [HEAD, ["01", "公用设施", "01", "井盖", "没了", "", "=1/0"], ["", "", "", "", "破了", "", "1天"]])
    found = read(path)
    assert [each.condition for each in found.standards] == ["破了"]
    assert refused(found) == ["sheet '部件', row 2, column G (处置时限): The cell is a formula without a stored result."]


def test_old_encodings_and_english_headings(tmp_path: Path) -> None:
    rows = [HEAD, ["01", "公用设施", "01", "井盖", "没了", "恢复", "1天"]]
    assert read(as_csv(tmp_path, rows, "gb18030")).standards[0].close_condition == "恢复"
    rows = [["Major code", "Major class", "Minor code", "Minor class", "Filing condition", "Handling limit"], ["01", "Public", "01", "Manhole", "gone", "2 uh"]]
    assert read(as_csv(tmp_path, rows, name="list.csv"), kind="component").standards[0].limit_unit == "uh"


# Files that cannot be read


def test_what_is_no_standard_is_one_sentence(tmp_path: Path) -> None:
    for content, said in (
        (b"", "is empty"), (b"%PDF-1.7 x", "neither an Excel workbook nor CSV"), (b"\x00\x01\x02\x03 nothing", "neither"),
        (b"PK\x03\x04 broken", "cannot be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "old .* or locked"), (b"\xff\xff\xff", "neither as UTF-8 nor as GB18030"), (b'a,"b\nc', "no whole CSV"),
        ("甲,乙\n1,2\n".encode(), "lacks: major code, major class, minor code"),
        ("大类代码,大类名称,小类代码,小类名称,立案条件\n".encode(), "it lacks: handling limit"),
    ):  # fmt: skip
        path = tmp_path / "部件.csv"
        path.write_bytes(content)
        with pytest.raises(BadInput, match=said):
            read_standard(path, "mine")
    with pytest.raises(BadInput, match="There is no file"):
        read_standard(tmp_path / "none.csv", "mine")


def test_two_columns_with_one_heading_and_headings_over_several_columns(tmp_path: Path) -> None:
    row = ["01", "公用设施", "01", "井盖", "没了", "恢复", "1天"]
    with pytest.raises(BadInput, match="row 1: Columns G and H are both headed 'handling limit'"):
        read_standard(as_csv(tmp_path, [[*HEAD, "处理时限"], row]), "mine")
    with pytest.raises(BadInput, match=r"row 1: 'handling limit' \(from column G\) spans several columns"):
        read_standard(as_book(tmp_path, [HEAD, row], ("G1:I1",)), "mine")


def test_what_the_rows_are_about_must_be_said(tmp_path: Path) -> None:
    row = ["01", "公用设施", "01", "井盖", "没了", "恢复", "1天"]
    plain = as_csv(tmp_path, [HEAD, row], name="standard.csv")
    with pytest.raises(BadInput, match="does not say what kind"):
        read_standard(plain, "mine")
    assert read(plain, kind="event").categories[0].kind == "event"
    titled = as_csv(tmp_path, [["部件事件类监管标准(事件类)"], HEAD, row], name="standard.csv")
    assert read(titled).categories[0].kind == "event"
    with pytest.raises(BadInput, match="kind of case 'road' is unknown"):
        read_standard(plain, "mine", kind="road")


def test_bombs_and_far_cells_are_turned_away(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", b" " * (140 << 20))
    with pytest.raises(BadInput, match="140 MB, like a zip bomb"):
        read_standard(bomb, "mine")
    book = openpyxl.Workbook()
    book.active.title = "部件"
    book.active.append(HEAD)
    book.active.cell(1_048_576, 16_384, "x")
    far = tmp_path / "far.xlsx"
    book.save(far)
    with pytest.raises(BadInput, match="still holds something in row 1048576"):
        read_standard(far, "mine")


def test_a_merged_cell_as_large_as_the_sheet_costs_nothing(tmp_path: Path) -> None:
    path = as_book(tmp_path, [HEAD, ["01", "公用设施", "01", "井盖", "没了", "恢复", "1天"]])
    huge = tmp_path / "huge.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(huge, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            if name.endswith("sheet1.xml"):
                body = body.replace(b"</sheetData>", b'</sheetData><mergeCells count="1"><mergeCell ref="A2:XFD1048576"/></mergeCells>')
            new.writestr(name, body)
    found = read(huge)
    assert len(found.standards) == 1
    assert found.report.sheets[0].rows == 20_000


def test_sheets_without_a_table_are_left_out_and_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "说明"
    book.active.append(["本标准自公布之日起施行"])
    page = book.create_sheet("事件")
    page.append(HEAD)
    page.append(["01", "市容环境", "01", "私搭乱建", "在建", "制止", "2紧急工作日"])
    path = tmp_path / "two.xlsx"
    book.save(path)
    found = read(path)
    assert [sheet.name for sheet in found.report.sheets] == ["事件"]
    assert "Sheet '说明' has no header" in found.report.left_out[0].en


def test_letters_of_columns() -> None:
    assert [letter(at) for at in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


# Any table

SAID = ["01", "02", "1", "井盖", "灯", "没了", "破了\n了", "1天", "2紧急工作时", "立即", "3日", "一类区域2小时，二类区域1天", "注：略"]
CELLS = st.sampled_from(["", "", "", *SAID, *HEAD])


@given(st.lists(st.lists(CELLS, min_size=7, max_size=7), max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_every_row_of_any_table_ends_in_one_place(tmp_path: Path, rows: list[list[str]]) -> None:
    """Nothing but sentences comes of rubbish, the numbers add up, and no standard says what its row does not."""
    found = read(as_csv(tmp_path, [HEAD, *rows]))
    for each in found.standards:
        row = rows[found.places[(*each.key, each.position)].row - 2]
        assert each.condition == row[4].strip()
        assert (each.limit is None) == (not row[6].strip())


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_a_well_kept_table_comes_back_as_it_was(tmp_path: Path, data: st.DataObject) -> None:
    """Groups of random sizes, written as a workbook with or without merged cells or as CSV, give back the model they were written from."""
    wanted, rows, merges = [], [TITLE, HEAD], []
    for large in range(1, data.draw(st.integers(1, 2)) + 1):
        first_of_large = len(rows) + 1
        for small in range(1, data.draw(st.integers(1, 3)) + 1):
            count = data.draw(st.integers(1, 3))
            start = len(rows) + 1
            for at in range(1, count + 1):
                value, (written, unit) = data.draw(st.integers(1, 30)), data.draw(st.sampled_from([("紧急工作时", "uh"), ("工作日", "wd"), (" 小时", "wh")]))
                wanted.append((f"{large:02}{small:02}", at, f"条件{at}", value, unit))
                group = [f"{large:02}", f"大类{large}"] if len(rows) + 1 == first_of_large else ["", ""]
                rows.append([*group, *([f"{small:02}", f"小类{large}{small}"] if at == 1 else ["", ""]), f"条件{at}", "", f"{value}{written}"])
            if count > 1:
                merges += [f"{column}{start}:{column}{start + count - 1}" for column in "CD"]
    form = data.draw(st.sampled_from(["csv", "book", "merged"]))
    path = as_csv(tmp_path, rows) if form == "csv" else as_book(tmp_path, rows, tuple(merges) if form == "merged" else ())
    found = read(path)
    assert [(each.category_code, each.position, each.condition, each.limit_value, each.limit_unit) for each in found.standards] == wanted
