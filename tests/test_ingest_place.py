"""Where a table's rows say they lie: every spelling that people use, nothing guessed, and a sentence for each row without a place."""

from __future__ import annotations

import math
import re
import struct
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.contract import Place
from ingest.coordinate_text import coordinate
from ingest.place import points

LONLAT, GAUSS = "EPSG:4326", "EPSG:4550"
XY, PAIR, WKT, WKB = Place("xy", ("经度", "纬度")), Place("pair", ("坐标",)), Place("wkt", ("图形",)), Place("wkb", ("图形",))


def one(place: Place, *values: Any, crs: str = LONLAT) -> Any:
    """The one row's point as (x, y), or the rule and field it is refused by."""
    geometry, faults = points({name: [value] for name, value in zip(place.fields, values, strict=True)}, place, crs)
    if faults:
        assert geometry[0] is None and faults[0].sentence.zh and faults[0].sentence.en
        return faults[0].rule, faults[0].field
    return geometry[0].x, geometry[0].y


@pytest.mark.parametrize(
    ("written", "degrees"),
    [
        ("123.95", 123.95), (" 123.95 ", 123.95), ("１２３．９５", 123.95), ("+123.95", 123.95), ("123.95°", 123.95), ("123.95度", 123.95),
        ("123.95E", 123.95), ("E123.95", 123.95), ("东经123.95", 123.95), ("123.95°W", -123.95), ("西经 123.95", -123.95), ("1.2395e2", 123.95),
        ("123°57'03.3\"E", 123.9509166667), ("123 57 3.3", 123.9509166667), ("123°57′03.3″", 123.9509166667), ("123º57’03.3”", 123.9509166667),
        ("123度57分3.3秒", 123.9509166667), ("东经123度57分3.3秒", 123.9509166667), ("123° 57' 03.3\" E", 123.9509166667), ("123:57:03.3", 123.9509166667),
        ("123-57-03.3", 123.9509166667), ("-123°57'03.3''", -123.9509166667), ("123°57'", 123.95), ("123°57", 123.95), ("123 57", 123.95),
        ("123°57.05'", 123.9508333333), ("E123°57′3.3″", 123.9509166667), ("１２３°５７′３．３″", 123.9509166667), ("1235703.3", 1235703.3),
        ("123°60'", None), ("123°57'60\"", None), ("123.5°30'", None), ("123 57.5 3", None), ("-123.95W", None), ("E123.95E", None), ("123,95", None),
        ("1_2", None), ("12.3.4", None), ("abc", None), ("", None), ("E", None), ("0x10", None), ("123°57'03.3\"E x", None),
        ("1 2 3 4", None), ("１２３，９５", None),
    ],
)  # fmt: skip
def test_spellings_of_degrees(written: str, degrees: float | None) -> None:
    said = coordinate(written, True)
    assert (None if said is None else said.value) == (None if degrees is None else pytest.approx(degrees, abs=1e-9))


METRES = [("1,005,321.5", 1005321.5), ("5 242 731", 5242731.0), ("571897", 571897.0), ("123 57 3.3", None), ("123°57'", None)]


@pytest.mark.parametrize(("written", "metres"), METRES)
def test_spellings_of_metres(written: str, metres: float | None) -> None:
    said = coordinate(written, False)
    assert (None if said is None else said.value) == metres


SPELLINGS = ["{d}°{m}'{s}\"", "{d} {m} {s}", "{d}:{m}:{s}", "{d}度{m}分{s}秒"]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 179), st.integers(0, 59), st.integers(0, 59_999), st.booleans(), st.sampled_from(SPELLINGS))
def test_degrees_minutes_seconds_there_and_back(whole: int, minutes: int, thousandths: int, west: bool, spelling: str) -> None:
    text = spelling.format(d=whole, m=f"{minutes:02d}", s=f"{thousandths / 1000:06.3f}") + ("W" if west else "E")
    said = coordinate(text, True)
    assert said is not None and said.axis == "x"
    assert math.copysign(1, said.value) == (-1 if west else 1)
    back = round(abs(said.value) * 3_600_000)
    assert back == whole * 3_600_000 + minutes * 60_000 + thousandths


NUMBERS = st.one_of(
    st.none(), st.floats(), st.integers(-(10**12), 10**12), st.booleans(), st.floats(-180, 180).map(str), st.floats(-180, 180).map(lambda v: f"{v:.6f}"),
    st.sampled_from(["", " ", "nan", "inf", "-inf", "1e308", "abc", "1_0", "1,000", "12°30'", "12 30 0", "47.3N", "123.9E", "１２.５"]), st.text(max_size=4),
)  # fmt: skip


def slow_number(value: Any) -> tuple[float | None, str | None]:
    """The number (None: none at all), and the axis it names."""
    if isinstance(value, bool) or value is None:
        return None, None
    said = coordinate(str(value), True)
    return (said.value, said.axis) if said is not None else (None, None)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=12))
@example([("123.9", "47.3"), ("47.3", "123.9"), (1, 2), (None, "47.3")])
@example([("٣", "1")])
def test_a_batch_reads_what_rows_read(rows: list[tuple[Any, Any]]) -> None:
    geometry, faults = points({"经度": [x for x, _ in rows], "纬度": [y for _, y in rows]}, XY, LONLAT)
    assert len(geometry) == len(rows)
    for at, (first, second) in enumerate(rows):
        (x, x_axis), (y, y_axis) = slow_number(first), slow_number(second)
        if any(isinstance(v, str) and not v.isascii() and re.fullmatch(r"\d+", v) for v in (first, second)):
            continue  # digits of other scripts: float() knows them, the slow reading does not ask
        rule = None
        if x is None:
            rule = "no_place"
        elif not math.isfinite(x):
            rule = "not_a_number"
        elif y is None:
            rule = "no_place"
        elif not math.isfinite(y):
            rule = "not_a_number"
        elif x_axis == "y" or y_axis == "x":
            rule = "axes_swapped"
        elif abs(x) > 1e9 or abs(y) > 1e9:
            rule = "not_a_number"
        elif abs(x) <= 90 < abs(y) <= 180:
            rule = "axes_swapped"
        assert (faults[at].rule if at in faults else None) == rule
        if rule is None:
            assert (geometry[at].x, geometry[at].y) == (x, y)
        else:
            assert geometry[at] is None


def test_swapped_axes_are_told_with_both_fields() -> None:
    _, faults = points({"经度": ["47.31"], "纬度": ["123.95"]}, XY, LONLAT)
    assert faults[0].rule == "axes_swapped"
    for text in faults[0].sentence:
        assert "经度" in text and "纬度" in text and "47.31, 123.95" in text
    assert one(XY, "47.31N", "123.95E") == ("axes_swapped", "经度")
    assert one(PAIR, "47.31,123.95") == ("axes_swapped", "坐标")
    assert one(WKT, "POINT (47.31 123.95)") == ("axes_swapped", "图形")
    assert one(XY, "47.31", "123.95", crs=GAUSS) == (47.31, 123.95), "metres have no such limits"


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("123.95,47.31", (123.95, 47.31)), ("123.95，47.31", (123.95, 47.31)), ("123.95、47.31", (123.95, 47.31)), ("123.95 47.31", (123.95, 47.31)),
        ("123.95;47.31", (123.95, 47.31)), ("（123.95， 47.31）", (123.95, 47.31)), ("[123.95, 47.31]", (123.95, 47.31)), ([123.95, "47.31"], (123.95, 47.31)),
        ("47.31N, 123.95E", (123.95, 47.31)), ("北纬47.31，东经123.95", (123.95, 47.31)), ("123°57'E 47°18'36\"N", (123.95, 47.31)),
        ("123 57 0, 47 18 36", (123.95, 47.31)), ("123.95,47.31,150", ("no_place", "坐标")), ("123.95", ("no_place", "坐标")), ("a,b", ("no_place", "坐标")),
        ("", ("no_place", "坐标")), (None, ("no_place", "坐标")), ("nan,47", ("not_a_number", "坐标")), ("1e308,47", ("not_a_number", "坐标")),
        ("123E,47E", ("no_place", "坐标")), ([True, 1], ("no_place", "坐标")), ([1, 2, 3], ("no_place", "坐标")),
    ],
)  # fmt: skip
def test_pairs(written: Any, place: Any) -> None:
    assert one(PAIR, written) == (pytest.approx(place, abs=1e-9) if isinstance(place[0], float) else place)


def test_pairs_that_write_north_first() -> None:
    turned = Place("pair", ("坐标",), swapped=True)
    geometry, faults = points({"坐标": ["47.31,123.95", "47.31 123.95", "123.95E,47.31N", [47.31, 123.95]]}, turned, LONLAT)
    assert not faults and [(point.x, point.y) for point in geometry] == [(123.95, 47.31)] * 4


POINT = shapely.Point(123.95, 47.31)


@pytest.mark.parametrize(
    ("place", "written"),
    [
        (WKT, "POINT (123.95 47.31)"), (WKT, " srid=4326;POINT(123.95 47.31)"), (WKB, shapely.to_wkb(POINT, hex=True)), (WKB, shapely.to_wkb(POINT)),
        (WKB, memoryview(shapely.to_wkb(POINT, byte_order=0))), (WKB, "\\x" + shapely.to_wkb(POINT, hex=True).lower()),
        (WKB, "0x" + shapely.to_wkb(POINT, hex=True)),
        (WKB, shapely.to_wkb(shapely.set_srid(POINT, 4326), hex=True, include_srid=True)), (Place("wkt", ("图形",), True), "POINT (47.31 123.95)"),
        (Place("wkb", ("图形",), True), shapely.to_wkb(shapely.Point(47.31, 123.95), hex=True)),
        (WKB, shapely.to_wkb(shapely.Point(123.95, 47.31, 7), hex=True)),
    ],
)  # fmt: skip
def test_shapes(place: Place, written: Any) -> None:
    assert one(place, written) == (123.95, 47.31)
    geometry, _ = points({"图形": [written]}, place, LONLAT)
    assert shapely.get_srid(geometry[0]) == 0


@pytest.mark.parametrize(
    ("place", "written", "rule"),
    [
        (WKT, None, "no_place"), (WKT, " ", "no_place"), (WKT, "POINT EMPTY", "no_place"), (WKT, "POINT (1", "bad_geometry"), (WKT, 7, "bad_geometry"),
        (WKT, "POINT (1 1)\0", "bad_geometry"), (WKT, "点 \ud800", "bad_geometry"), (WKT, "POINT (1e308 1)", "not_a_number"),
        (WKT, "SRID=4490;POINT (1 1)", "other_crs"),
        (WKB, "", "no_place"), (WKB, "00", "bad_geometry"), (WKB, "zz", "bad_geometry"), (WKB, shapely.to_wkb(POINT, hex=True)[:-2], "bad_geometry"),
        (WKB, struct.pack("<BIdd", 1, 1, math.inf, 1), "not_a_number"), (WKB, struct.pack("<BII", 1, 2, 0xFFFFFFFF), "bad_geometry"),
        (WKB, shapely.to_wkb(shapely.set_srid(POINT, 3857), hex=True, include_srid=True), "other_crs"),
    ],
)  # fmt: skip
def test_shapes_that_are_none(place: Place, written: Any, rule: str) -> None:
    assert one(place, written) == (rule, "图形")


def test_a_shifted_datum_may_call_itself_anything() -> None:
    assert one(WKB, shapely.to_wkb(shapely.set_srid(POINT, 4326), hex=True, include_srid=True), crs="GCJ-02") == (123.95, 47.31)


@pytest.mark.parametrize("levels", [20, 100_000])
@pytest.mark.parametrize("word", ["GEOMETRYCOLLECTION", "MULTISURFACE", "COMPOUNDCURVE"])
def test_deep_nesting_ends_no_process(levels: int, word: str) -> None:
    text = f"{word} (" * levels + "POINT (1 1)" + ")" * levels
    blob = struct.pack("<BII", 1, 7, 1) * levels + struct.pack("<BIdd", 1, 1, 1.0, 1.0)
    _, of_text = points({"图形": [text]}, WKT, LONLAT)
    _, of_blob = points({"图形": [blob]}, WKB, LONLAT)
    if levels > 20:
        assert (of_text[0].rule, of_blob[0].rule) == ("bad_geometry", "bad_geometry")


def test_many_parts_are_no_depth() -> None:
    squares = shapely.MultiPolygon([shapely.box(at, 0, at + 0.5, 1) for at in range(5000)])
    both = shapely.GeometryCollection([squares, shapely.MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3)]]), shapely.Point(1, 2, 3)])
    for place, written in ((WKT, shapely.to_wkt(shapely.force_2d(both))), (WKB, shapely.to_wkb(both)), (WKB, shapely.to_wkb(both, flavor="iso", byte_order=0))):
        geometry, faults = points({"图形": [written]}, place, GAUSS)
        assert not faults and len(geometry[0].geoms[0].geoms) == 5000


ANYTHING = st.one_of(st.none(), st.binary(max_size=60), st.text(max_size=20), st.text("POINT(1 2,)EMPTYZM", max_size=30), st.integers())


@settings(max_examples=200, deadline=None)
@given(st.lists(ANYTHING, max_size=8), st.sampled_from([WKT, WKB, PAIR]))
def test_anything_is_a_place_or_a_sentence(written: list[Any], place: Place) -> None:
    geometry, faults = points({place.fields[0]: written}, place, LONLAT)
    assert len(geometry) == len(written)
    assert set(faults) == set(np.flatnonzero(shapely.is_missing(geometry)))


def test_a_field_that_is_not_there_is_empty_in_every_row() -> None:
    geometry, faults = points({"经度": [1.0, 2.0]}, XY, LONLAT)
    assert [finding.rule for finding in faults.values()] == ["no_place", "no_place"] and shapely.is_missing(geometry).all()
