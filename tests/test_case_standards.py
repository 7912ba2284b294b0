"""By what cases are judged: the values and their checks, the code system that ships, and what a new version changes."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from difflib import SequenceMatcher
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.cases.limits import Limit
from commandcenter.cases.standards import KINDS, NO_LIMIT, Catalogue, Category, CodeSystem, Standard
from commandcenter.cases.standards_compare import compare
from commandcenter.cases.standards_import import read_standard
from commandcenter.cases.standards_shipped import read_folder, shipped
from commandcenter.demo.matters import CATEGORIES
from commandcenter.errors import BadInput

SYSTEM = CodeSystem("mine", "本市标准", "The city's own", "a decree", date(2026, 1, 1))
MANHOLE = Category("mine", "component", "0101", "01", "公用设施", "上水井盖")
GONE = Standard("mine", "component", "0101", 1, "盖不见了", limit_value=Decimal(2), limit_unit="uh")
# Words of our own: no condition is this close to a sentence of the city's, none shares as many characters in a row. Short phrases that name
# the same thing (面砖松动, 地砖松动) come to 0.75.
LIKE_THEIRS, COPIED = 0.8, 10
# The limits of each component and event by code, copied from the table that the city's standard was condensed to.
COMPONENTS = """
0125 2uh 2wd 4wh 5wd; 0126 1wd 4uh; 0127 1wd 1wd 2wd 5wd; 0128 1wd 1wd 4wd 5wd; 0129 1wd 2wd; 0130 1wd 2wd 5wd 5wd; 0131 1wd 4uh 5wd 5wd;
0137 1wd 1wd 2wd 2wd 2wh 3wd; 0138 2wd 2wd 2wh 3wd; 0139 1wd 1wd 2wd 2wh 3wd 3wd; 0140 1wd 2wd 7wd; 0145 1wd 1wd 3wd 5wd;
0146 1wd 1wd 3wd 5wd; 0149 1wd 1wd 2wd 3wd; 0150 1wd 1wd 3wd 3wd; 0151 1wd 5wd 7wd; 0152 1wd 5wd 7wd; 0154 10wd 1wd 2wd 5wd; 0157 3wd 4wh;
0178 10wd 1uh 2wh; 0179 1wd 1wd 1wd 1wd 2wd; 0180 1wd 1wd 2wd; 0181 5wd; 0186 3wd; 0188 2wd 5wd; 0190 1wd 5wd; 0192 1wd; 0193 1wd 1wd 5wd;
0197 1wd 1wd 1wd 1wd 2wh 3wd; 0199 1wd 1wd 1wd 1wd 2wh 3wd; 0201 1wd 2wd 3wd 5wd; 0204 1wd 1wd 1wd 3wd 5wd 7wd; 0206 1wd 3wd 4wh 5wd;
0207 1wd 1wd 2uh 2wd 2wd 5wd; 0208 1wd 2wd 4wh 5wd; 0209 1wd 3wd 5wd; 0211 1wd 3wd 4uh 5wd 5wd; 0212 1wd 2wd 3wd 3wd 5wd;
0217 1wd 1wd 3wd 5wd; 0219 1wd 2wd 2wd 4wh 5wd; 0220 1wd 2wd 3wd 3wd; 0221 1wd 2wd 3wd 3wd; 0224 1wd 3wd 3wd; 0225 3wd 3wd 4wh;
0230 1wd 2wd 3wd 3wd 3wd; 0283 1wd 3wd 5wd 5wd 5wd; 0284 5wd 7wd 7wd 7wd; 0285 5wd 5wd; 0286 5wd 7wd; 0299 1wd 4wh 5wd;
0301 1wd 2wd 3wd 4wh 4wh 4wh 4wh 5wd; 0302 1wd 2wd 2wd 3wd 3wd; 0303 1wd 2wd 4uh; 0304 1wd 1wd 2wd 4wh; 0305 1wd 1wd 3wd 3wd 4wh;
0306 1wd 1wd 2wd 2wd 3wd; 0307 1wd 1wd 2wd 2wd 5wd; 0308 1wd 3wd 3wd 3wd 4wh; 0396 1wd 2wd 3wd 3wd; 0397 1wd 1wd 2wh 3wd; 0401 1wd 2wd;
0402 15wd 1wd 2wd 2wd; 0404 1wd 3wd 3wd; 0405 1wd 1wd 1wd 1wd 3wd; 0406 1wd 3wd 5wd 5wd; 0407 1wd 1wd 3wd 3wd; 0408 1wd 1wd 3wd 3wd;
0409 1wd 1wd 1wd 2uh 3wd 3wd; 0410 1wd 2uh 2wd 5wd 7wd; 0493 5wd; 0496 1wd 3wd 3wd; 0497 3wd; 0498 1wd 2wd 2wd 3wd 3wd; 0503 2wd 4wh 4wh;
0504 1wd 1wd 2uh; 0506 1wd 1wd 3wd 3wd 3wd; 0507 1wd 3wd 3wd; 0508 1wd 3wd; 0598 1wd 2wd 3wd 3wd 3wd
"""
EVENTS = """
0101 15wd 2ud; 0102 1ud; 0103 1wd 3wd; 0104 1wd 3wd 3wd; 0105 2wd; 0106 1wd; 0107 2uh; 0108 4wh 5wd; 0110 4wh; 0111 5wd; 0112 2wh;
0113 5wd 5wd 5wd; 0114 4wh; 0117 4wh; 0118 4wh; 0119 1wd; 0120 2uh; 0121 3wd; 0122 1uh 3wd; 0125 2wd; 0126 2wd; 0128 2uh; 0129 2uh;
0130 1wd 2wd; 0131 4wh; 0132 2wd; 0133 2wd; 0135 2wd; 0136 1wd; 0137 4wh; 0138 1wd; 0179 5wd; 0180 1wd; 0181 5wd; 0182 5wd; 0183 15wd;
0184 1wd; 0187 1wd; 0190 2wd; 0191 2wh; 0192 4wh; 0193 2wd; 0195 1wd 2wh; 0196 2wd; 0197 3wd; 0198 15wd 2ud; 0199 15wd 2ud; 0201 1wd;
0202 2wh; 0203 1wd 5wd; 0204 5wd; 0205 3wd; 0206 2wd; 0207 1wd; 0299 5wd; 0301 2uh; 0302 1wd; 0303 1wd; 0304 2wh; 0305 2wd; 0306 1wd;
0307 1wd 2wd 3wd; 0308 5wd; 0309 5wd; 0310 2wd; 0311 2wd; 0312 1wd; 0396 2wd; 0397 3wd; 0398 2wd; 0399 3wd; 0401 2uh; 0402 2uh; 0404 1wd;
0405 2uh; 0406 2uh; 0410 2wh; 0491 1wd 4wh; 0492 4wh; 0493 1wd 2wh; 0494 2wh; 0495 2uh; 0496 2wh; 0498 2wd; 0501 1uh 5wd; 0502 1uh 5wd;
0503 1uh 4wh; 0504 1uh 5wd; 0505 2uh; 0506 2uh; 0507 4wh; 0508 2wh; 0595 2uh; 0596 2uh; 0602 2wh; 0604 4wh; 0696 1wd; 0698 1wd 2wh 5wd
"""


def table(text: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for words in (line.split() for line in text.replace("\n", " ").split(";"))}


def limits_of(kind: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in shipped().standards:
        if each.kind == kind:
            found.setdefault(each.category_code, []).append(f"{each.limit_value}{each.limit_unit}")
    return {code: sorted(limits) for code, limits in found.items()}


def test_a_standard_is_whole_or_none() -> None:
    assert GONE.limit == Limit(Decimal(2), "uh")
    for wrong in ({"limit_value": None}, {"limit_unit": None}, {"limit_unit": "h"}, {"limit_value": Decimal(0)}, {"limit_value": Decimal(-1)},
                  {"limit_value": Decimal("NaN")}, {"limit_value": Decimal(9_601)}, {"condition": "  "}, {"position": 0}, {"kind": "road"},
                  {"category_code": ""}, {"category_code": "01 01"}, {"limit_value": None, "limit_unit": None}):  # fmt: skip
        with pytest.raises(BadInput) as fault:
            replace(GONE, **wrong)
        assert fault.value.sentence.zh and fault.value.sentence.en, wrong
    assert replace(GONE, limit_value=None, limit_unit=None, note=NO_LIMIT).limit is None


def test_a_code_is_text_and_a_system_ends_after_it_begins() -> None:
    with pytest.raises(BadInput, match="category code"):
        Category("mine", "component", 101, "01", "公用设施", "上水井盖")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="ends no later"):
        replace(SYSTEM, valid_to=SYSTEM.valid_from)


def test_a_catalogue_holds_together() -> None:
    whole = Catalogue(SYSTEM, (MANHOLE,), (GONE, replace(GONE, position=2, condition="盖破了")))
    assert [each.position for each in whole.standards_of("component", "0101")] == [1, 2]
    assert whole.standards_of("event", "0101") == ()
    assert whole.category("component", "0101").title.en == "上水井盖"
    with pytest.raises(BadInput, match="no event category 0101"):
        whole.category("event", "0101")
    for categories, standards, said in (
        ((MANHOLE, MANHOLE), (), "stands twice"), ((MANHOLE,), (GONE, GONE), "Position 1"), ((), (GONE,), "no category 0101"),
        ((replace(MANHOLE, code_system="other"),), (), "Other code systems"),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=said):
            Catalogue(SYSTEM, categories, standards)


def test_every_limit_of_the_table_ships() -> None:
    components, events = limits_of("component"), limits_of("event")
    manholes = {"0101", "0102", "0103", "0104", "0106", "0110", "0111", "0114", "0118", "0123"}
    green = {"0494", "0495", "0499"}
    wanted = table(COMPONENTS)
    wanted["0404"] = sorted([*wanted["0404"], "3wd"])  # the tree grate of the table's notes
    assert {code: limits for code, limits in components.items() if code not in manholes | green} == wanted
    assert events == table(EVENTS)
    for code in manholes:
        broken = "1wd" if code in {"0106", "0110", "0111", "0114"} else "4wh"
        assert components[code] == sorted(["2uh", broken, "2wd", "5wd", *(["1wd"] if code == "0104" else [])]), code
    assert [components[code] for code in sorted(green)] == [["1wd", "2wd", "2wd", "5wd", "5wd", "5wd"]] * 3
    assert (len(components), len(events)) == (92, 98)


def test_what_ships_says_all_in_both_languages_and_where_it_comes_from() -> None:
    for category in shipped().categories:
        assert category.major_en and category.minor_en and category.source, category
        assert not any("一" <= sign <= "鿿" for sign in category.minor_en), category
    for standard in shipped().standards:
        assert standard.condition_en and standard.close_condition and standard.close_condition_en and standard.limit, standard
        assert not any("一" <= sign <= "鿿" for sign in standard.condition_en + standard.close_condition_en), standard
    practice = {each.kind for each in shipped().standards if each.source.startswith("demo practice, not a norm")}
    assert practice == {"grid", "hotline", "enforcement"}
    counts = {kind: sum(each.kind == kind for each in shipped().categories) for kind in KINDS}
    assert counts == {"component": 92, "event": 98, "grid": 45, "hotline": 15, "enforcement": 10}
    majors = {(each.major_code, each.major) for each in shipped().categories if each.kind == "event"}
    assert {("04", "街面秩序"), ("05", "突发事件")} <= majors


def test_local_classes_are_marked() -> None:
    local = {each.code for each in shipped().categories if each.local}
    assert {"0178", "0299", "0598", "0199", "0698"} <= local
    assert {each.code[2:] >= "78" for each in shipped().categories if each.local} == {True}


def test_the_cases_of_the_demonstration_find_their_category() -> None:
    for kind, code, major, _, minor, *_ in CATEGORIES:
        category = shipped().category(kind, code)  # type: ignore[arg-type]
        # The one name that the standard has longer: what stands in its brackets is no name of the demonstration.
        wanted = {("component", "0305"): "垃圾箱（果皮箱、桶）"}.get((kind, code), minor)
        assert (category.major, category.minor) == (major, wanted), code
        assert shipped().standards_of(kind, code), code  # type: ignore[arg-type]


def test_no_condition_that_ships_is_the_city_s_own_sentence(test_data: Path) -> None:
    theirs = set()
    book = openpyxl.load_workbook(test_data / "cases" / "yuncheng_case_standards_muban.xlsx")
    for sheet in book.worksheets:
        theirs |= {str(row[6]).strip() for row in sheet.iter_rows(min_row=3, values_only=True) if row[6]}
    with (test_data / "cases" / "yuncheng_case_standards_components.csv").open(encoding="utf-8-sig", newline="") as opened:
        theirs |= {row[4].strip() for row in csv.reader(opened) if row[4]}
    assert len(theirs) > 250
    for ours in {each.condition for each in shipped().standards}:
        for sentence in theirs:
            matcher = SequenceMatcher(None, ours, sentence, autojunk=False)
            if matcher.real_quick_ratio() >= LIKE_THEIRS and matcher.quick_ratio() >= LIKE_THEIRS:
                assert matcher.ratio() < LIKE_THEIRS, (ours, sentence)
            assert matcher.find_longest_match().size < COPIED, (ours, sentence)


def test_each_class_that_ships_has_the_limits_of_the_city_it_was_condensed_from(test_data: Path) -> None:
    """Conditions are fewer than the city's and in other words; which limits a class has is the same."""

    def of(standards: Iterable[Standard]) -> dict[tuple[str, str], set[tuple[Decimal | None, str | None]]]:
        found: dict[tuple[str, str], set[tuple[Decimal | None, str | None]]] = {}
        for each in standards:
            found.setdefault(each.key, set()).add((each.limit_value, each.limit_unit))
        return found

    city = read_standard(test_data / "cases" / "yuncheng_case_standards_muban.xlsx", "theirs")
    assert of(city.standards) == {key: limits for key, limits in of(shipped().standards).items() if key[0] in ("component", "event")}


def test_a_fault_in_a_file_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "system.toml").write_text('code = "x"\ntitle = { zh = "甲", en = "A" }\nsource = "me"\nvalid_from = 2026-01-01\n', encoding="utf-8")
    head = "kind,code,major_code,major,major_en,minor,minor_en,local\n"
    (tmp_path / "categories.csv").write_text(head + "event,0101,01,大类,Large,小类,Small,\n", encoding="utf-8")
    of_standards = "code,condition,condition_en,close_condition,close_condition_en,limit,unit,note\n"
    (tmp_path / "event.csv").write_text(of_standards + "0101,脏,Dirty,净,Clean,2,wd,\n0101,破,Broken,修,Mended,2,days,\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"event\.csv, line 3: The unit of time 'days'"):
        read_folder(tmp_path)
    (tmp_path / "event.csv").write_text(of_standards + "0101,脏,Dirty,净,Clean,two,wd,\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"event\.csv, line 2: 'two' is no number"):
        read_folder(tmp_path)
    (tmp_path / "event.csv").write_text(of_standards + "0101,脏,Dirty\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"event\.csv, line 2: it must have 8 columns"):
        read_folder(tmp_path)
    (tmp_path / "event.csv").write_text("code,limit\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"event\.csv, line 1 must be"):
        read_folder(tmp_path)


def test_a_new_version_says_what_it_changes() -> None:
    """Four conditions; the limit of the first changes, the wording of the second, the third goes, the fourth stays and a fifth comes."""
    old = [replace(GONE, position=at, condition=words) for at, words in enumerate(("井盖缺失移位", "井盖破损超过 25 cm²", "响声", "堵塞"), 1)]
    new = [
        replace(old[0], limit_value=Decimal(4)), replace(old[1], condition="井盖破损大于 25 cm²"), replace(old[3], position=3),
        replace(GONE, position=4, condition="路面沉降"),
    ]  # fmt: skip
    found = compare(old, new, [MANHOLE], [replace(MANHOLE, minor="给水井盖")])
    assert [(change.old.condition, change.what) for change in found.changed] == [
        ("井盖缺失移位", ("limit",)), ("堵塞", ("position",)), ("井盖破损超过 25 cm²", ("condition",)),
    ]  # fmt: skip
    assert "limit 2 hours, nights and holidays included becomes 4 hours" in found.changed[0].sentence.en
    assert ([each.condition for each in found.gone], [each.condition for each in found.added]) == (["响声"], ["路面沉降"])
    assert found.categories_changed == ((MANHOLE, replace(MANHOLE, minor="给水井盖")),)
    assert not found.nothing
    assert "1 new, 3 changed (1 in their limit), 1 gone, 0 the same" in found.sentence.en


def test_the_same_version_changes_nothing_whatever_its_source_is_called() -> None:
    whole = shipped()
    again = [replace(each, source="another paper") for each in whole.standards]
    renamed = [replace(each, source="another paper") for each in whole.categories]
    assert compare(whole.standards, again, whole.categories, renamed).nothing


WORDS = st.sampled_from(["脏", "破损", "严重破损", "缺失移位", "缺失、移位", "倾斜倒伏", "倾斜", "内容错误"])


@st.composite
def versions(draw: st.DrawFn) -> list[Standard]:
    found = []
    for code in draw(st.lists(st.sampled_from(["0101", "0102", "0103"]), unique=True)):
        words = draw(st.lists(WORDS, unique=True, max_size=5))
        values = [draw(st.integers(1, 3)) for _ in words]
        found += [
            Standard("mine", "event", code, at, each, limit_value=Decimal(value), limit_unit="wd")
            for at, (each, value) in enumerate(zip(words, values, strict=True), 1)
        ]
    return found


@given(versions(), versions())
def test_every_standard_is_counted_once(old: list[Standard], new: list[Standard]) -> None:
    """The numbers add up, what is the same is the same row, and the way back mirrors the way there in what stays."""
    found = compare(old, new)
    assert sorted(map(repr, old)) == sorted(map(repr, [*found.same, *found.gone, *(change.old for change in found.changed)]))
    assert sorted(map(repr, new)) == sorted(map(repr, [*found.same, *found.added, *(change.new for change in found.changed)]))
    assert set(map(repr, found.same)) == set(map(repr, old)) & set(map(repr, new))
    for change in found.changed:
        assert change.old.key == change.new.key and change.what
    assert {each.condition for each in found.gone if any(other.key == each.key and other.condition == each.condition for other in new)} == set()
