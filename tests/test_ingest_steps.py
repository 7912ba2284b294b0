"""Read, map, locate, validate without a database: every row is good or quarantined, and a broken file is a sentence."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commandcenter.city import load_city
from commandcenter.errors import BadInput
from ingest.copy_text import hex_shapes
from ingest.mapping import load_mapping
from ingest.pipeline import Pipeline
from ingest.readers import batches
from ingest.rules import Witness

CITY = load_city("longsha")
POINTS = """target = "address"
reader = "{reader}"
encoding = "{encoding}"
crs = "{crs}"
geometry = "point"
key = ["id"]
title = {{ zh = "地址", en = "Addresses" }}
owner = "o"
licence = "l"
attribution = "a"
cadence = "once"
{place}
[columns]
label = {{ from = "label", required = true }}
house_number = {{ from = "number" }}
"""
PLACE = '[place]\nlon = "lon"\nlat = "lat"\n'


def a_mapping(folder: Path, reader: str = "csv", encoding: str = "utf-8", crs: str = "EPSG:4326") -> Any:
    path = folder / "addresses.toml"
    path.write_text(
        POINTS.format(reader=reader, encoding=encoding, crs=crs, place=PLACE if reader == "csv" else ""), encoding="utf-8"
    )
    return load_mapping(path)


def run(mapping: Any, path: Path, city: Any = CITY) -> tuple[list[dict[str, Any]], Pipeline]:
    """The good rows as they would be copied, and the pipeline that made them."""
    pipeline = Pipeline(mapping, city, Witness(datetime.now(UTC), ZoneInfo(city.time_zone)))
    rows = [
        dict(zip(pipeline.columns, (uncopied(text) for text in line.split("\t")), strict=True))
        for ready in pipeline.ready(batches(path, mapping))
        for line in map("\t".join, zip(ready.rows.heads, ready.rows.tails, strict=True))
    ]
    assert pipeline.tally.read == len(rows) + pipeline.tally.quarantined
    assert len(list(pipeline.quarantine.rows())) == pipeline.tally.quarantined
    return rows, pipeline


def uncopied(text: str) -> str | None:
    """One value out of COPY's text form."""
    return None if text == "\\N" else re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t", "r": "\r"}.get(found[1], found[1]), text)


def csv_file(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path = folder / "addresses.csv"
    path.write_bytes("\n".join(["id,label,number,lon,lat", *lines, ""]).encode(encoding))
    return path


def geojson_file(folder: Path, features: list[Any], **more: Any) -> Path:
    path = folder / "addresses.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", **more, "features": features}, indent=0), encoding="utf-8")
    return path


def feature(key: Any, lon: float = 123.95, lat: float = 47.31, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"id": key, "label": f"第{key}号", "number": "1", **properties},
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
    }


@pytest.mark.parametrize(
    ("line", "rule", "field"),
    [
        ("2,二,2,,", "no_place", "lon"),
        ("2,二,2,abc,47.3", "no_place", "lon"),
        ("2,二,2,8.7,49.4", "outside_city", "geometry"),
        ("2,二,2,571897,5242731", "not_degrees", "geometry"),
        ("2,,2,123.95,47.31", "missing", "label"),
        (",二,2,123.95,47.31", "missing_key", "id"),
        ("1,二,2,123.95,47.31", "duplicate_key", "id"),
        ("2,二,123.95,47.31", "not_a_row", None),
        ('2,"二"x,2,123.95,47.31', "not_a_row", None),
    ],
)
def test_a_bad_row_is_quarantined_with_line_field_and_sentence(tmp_path: Path, line: str, rule: str, field: str | None) -> None:
    rows, pipeline = run(a_mapping(tmp_path), csv_file(tmp_path, "1,一,1,123.95,47.31", line, "3,三,3,123.96,47.32"))
    assert [row["source_key"] for row in rows] == ["1", "3"]
    ((where, _key, found_field, found_rule, zh, en, raw, *_),) = pipeline.quarantine.rows()
    assert (where, found_rule, found_field, raw) == ("3", rule, field, line)
    assert zh[-1] in "。？" and en[-1] in ".?"


def test_a_row_over_several_lines_keeps_its_first_line_and_raw_text(tmp_path: Path) -> None:
    rows, pipeline = run(a_mapping(tmp_path), csv_file(tmp_path, '1,"a\nb",1,123.95,47.31', "2,x,2,,"))
    assert rows[0]["label"] == "a\nb"
    assert next(pipeline.quarantine.rows())[0] == "4"


def test_bytes_of_another_encoding_are_quarantined(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "1,红星,1,123.95,47.31", encoding="gb18030")
    assert run(a_mapping(tmp_path), path)[1].tally.by_rule == {"not_decodable": 1}
    assert run(a_mapping(tmp_path, encoding="gb18030"), path)[0][0]["label"] == "红星"


def test_a_shifted_datum_is_brought_back(tmp_path: Path) -> None:
    (row,), _ = run(a_mapping(tmp_path, crs="GCJ-02"), csv_file(tmp_path, "1,一,1,123.957531,47.317308"))
    at = shapely.from_wkb(row["geom"])
    assert (at.x, at.y) == pytest.approx((123.950928, 47.315233), abs=2e-6)
    (metric,), _ = run(a_mapping(tmp_path, crs="EPSG:4550"), csv_file(tmp_path, "1,一,1,571897.07,5242731.34"))
    at = shapely.from_wkb(metric["geom"])
    assert (at.x, at.y) == pytest.approx((123.950928, 47.315233), abs=2e-6)


def test_geojson_rows_name_their_line(tmp_path: Path) -> None:
    path = tmp_path / "addresses.geojson"
    lines = [json.dumps(f, ensure_ascii=False) for f in (feature(1), feature(2, label=None), feature(3))]
    path.write_text('{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}", encoding="utf-8")
    rows, pipeline = run(a_mapping(tmp_path, "geojson"), path)
    assert [row["source_key"] for row in rows] == ["1", "3"]
    assert next(pipeline.quarantine.rows())[:4] == ("3", "2", "label", "missing")


@pytest.mark.parametrize(
    ("geometry", "rule"),
    [
        (None, "no_place"),
        ({"type": "Point", "coordinates": []}, "no_place"),
        ({"type": "Pint", "coordinates": [1, 2]}, "bad_geometry"),
        ({"type": "Point", "coordinates": ["a", "b"]}, "bad_geometry"),
        ({"type": "Point", "coordinates": [571897.0, 5242731.0]}, "not_degrees"),
        ({"type": "Point", "coordinates": [8.7, 49.4]}, "outside_city"),
    ],
)
def test_a_bad_geometry_is_quarantined(tmp_path: Path, geometry: Any, rule: str) -> None:
    rows, pipeline = run(a_mapping(tmp_path, "geojson"), geojson_file(tmp_path, [feature(1), {**feature(2), "geometry": geometry}, 7]))
    assert [row["source_key"] for row in rows] == ["1"]
    assert pipeline.tally.by_rule == {rule: 1, "not_a_feature": 1}


@settings(max_examples=30, deadline=None)
@example(["a\0b", "\\x00", "c"], 7)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=40), st.sampled_from([7, 64, 1000]))
def test_streaming_reads_what_json_reads(tmp_path_factory: pytest.TempPathFactory, labels: list[str], chunk: int) -> None:
    from ingest.readers import geojson  # noqa: PLC0415  (its window is made small for this test)

    folder = tmp_path_factory.mktemp("stream")
    features = [feature(number, label=f"x{label}") for number, label in enumerate(labels)]
    path = geojson_file(folder, features)
    before, geojson.CHUNK = geojson.CHUNK, chunk
    try:
        rows = list(geojson.read(path, a_mapping(folder, "geojson")))
    finally:
        geojson.CHUNK = before
    assert [row.values["label"] for row in rows] == [f"x{label}".replace("\0", "\\x00") for label in labels]
    assert [row.fault.rule if row.fault else None for row in rows] == ["not_text" if "\0" in label else None for label in labels]


BROKEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut in the middle": (lambda whole: whole[: len(whole) // 2], "its JSON is broken|ends in the middle"),
    "a brace missing": (lambda whole: whole.replace(b'"geometry"', b'geometry"', 1), "its JSON is broken"),
    "no features": (lambda whole: b'{"type": "FeatureCollection"}', "no list of features"),
    "not JSON": (lambda whole: b"id;label\n1;x\n", "no list of features"),
    "empty": (lambda whole: b"", "is empty"),
    "gzip cut short": (lambda whole: gzip.compress(whole)[:-20], "broken or cut short"),
    "gzip garbled": (lambda whole: gzip.compress(whole)[:60] + b"\0" * 60 + gzip.compress(whole)[120:], "broken or cut short"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_file_is_one_sentence(tmp_path: Path, how: str) -> None:
    mutate, said = BROKEN[how]
    path = geojson_file(tmp_path, [feature(number) for number in range(200)])
    path.write_bytes(mutate(path.read_bytes()))
    with pytest.raises(BadInput, match=said) as fault:
        run(a_mapping(tmp_path, "geojson"), path)
    assert path.name in fault.value.sentence.zh and path.name in fault.value.sentence.en


def test_a_declared_crs_that_contradicts_the_mapping_is_refused(tmp_path: Path) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    with pytest.raises(BadInput, match=r"declares the CRS urn:ogc:def:crs:EPSG::27700.*EPSG:4326"):
        run(a_mapping(tmp_path, "geojson"), geojson_file(tmp_path, [feature(1)], crs=crs))


@pytest.mark.parametrize("reader", ["csv", "geojson"])
def test_a_field_that_no_row_has_names_the_nearest(tmp_path: Path, reader: str) -> None:
    mapping = a_mapping(tmp_path, reader)
    if reader == "csv":
        path = tmp_path / "addresses.csv"
        path.write_text("id,lable,number,lon,lat\n1,x,1,123.95,47.31\n", encoding="utf-8")
    else:
        path = geojson_file(tmp_path, [{**feature(1), "properties": {"id": 1, "lable": "x", "number": "1"}}])
    with pytest.raises(BadInput, match=r"'label'.*'lable' meant"):
        run(mapping, path)


@pytest.mark.parametrize("how", ["cut in the middle", "empty", "another format"])
def test_a_broken_openstreetmap_file_is_one_sentence(tmp_path: Path, test_data: Path, how: str) -> None:
    whole = (test_data / "osm/heidelberg_altstadt.osm.pbf").read_bytes()
    path = tmp_path / "town.osm.pbf"
    path.write_bytes({"cut in the middle": whole[: len(whole) // 2], "empty": b"", "another format": b"id,label\n1,x\n" * 99}[how])
    with pytest.raises(BadInput, match=r"town\.osm\.pbf") as fault:
        run(load_mapping("osm_street_furniture"), path, load_city("heidelberg"))
    assert "town.osm.pbf" in fault.value.sentence.zh and fault.value.sentence.en[-1] == "."


@pytest.mark.parametrize("how", ["gzip cut short", "empty", "only a header", "a header that lies"])
def test_a_broken_table_is_one_sentence_or_has_no_rows(tmp_path: Path, how: str) -> None:
    mapping = a_mapping(tmp_path)
    whole = csv_file(tmp_path, *(f"{n},x,{n},123.95,47.31" for n in range(500))).read_bytes()
    path = tmp_path / ("addresses.csv.gz" if how == "gzip cut short" else "addresses.csv")
    made = {
        "gzip cut short": gzip.compress(whole)[:-20], "empty": b"", "only a header": whole.split(b"\n")[0] + b"\n",
        "a header that lies": whole.replace(b"lon,lat", b"lat,lon", 1),
    }  # fmt: skip
    path.write_bytes(made[how])
    if how in ("gzip cut short", "empty"):
        with pytest.raises(BadInput, match=path.name.replace(".", r"\.")):
            run(mapping, path)
        return
    rows, pipeline = run(mapping, path)
    assert rows == []
    assert pipeline.tally.by_rule == ({} if how == "only a header" else {"axes_swapped": 500})


def test_a_city_may_be_smaller_than_its_bounds(tmp_path: Path) -> None:
    west, south, east, north = CITY.bounds
    triangle = replace(CITY, outline=((west, south), (east, south), (west, north)))
    lines = (f"1,x,1,{west + 0.01},{south + 0.01}", f"2,x,2,{east - 0.01},{north - 0.01}")
    rows, pipeline = run(a_mapping(tmp_path), csv_file(tmp_path, *lines), triangle)
    assert [row["source_key"] for row in rows] == ["1"] and pipeline.tally.by_rule == {"outside_city": 1}


def test_an_absent_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="There is no file"):
        run(a_mapping(tmp_path), tmp_path / "nowhere.csv")


def drawn(kind: str, xy: list[tuple[float, float]]) -> shapely.Geometry:
    """A shape through these positions."""
    if kind == "point":
        return shapely.Point(xy[0])
    if kind == "line":
        return shapely.LineString([*xy, (0, 0)])
    if kind == "holed":
        return shapely.Polygon([(-500, -500), (500, -500), (500, 500)], [[*xy, (1, 1), (2, 2), xy[0]]])
    if kind == "high":
        return shapely.Polygon([(*position, 7.0) for position in (*xy, (1, 1), (2, 2), xy[0])])
    return shapely.Polygon() if kind == "empty" else shapely.Polygon([*xy, (1, 1), (2, 2), xy[0]])


POSITIONS = st.lists(st.tuples(st.floats(-400, 400), st.floats(-400, 400)), min_size=1, max_size=5)


@given(
    st.sampled_from([("point",), ("polygon",), ("polygon", "holed"), ("polygon", "high"), ("polygon", "empty"), ("point", "polygon", "line")]).flatmap(
        lambda kinds: st.lists(st.builds(drawn, st.sampled_from(kinds), POSITIONS), min_size=1, max_size=8)
    )
)
def test_shapes_are_written_as_shapely_writes_them(shapes: list[shapely.Geometry]) -> None:
    column = np.array([*shapes, None], dtype=object)[:-1]
    assert hex_shapes(column) == [shapely.to_wkb(shapely.set_srid(shape, 4326), hex=True, include_srid=True) for shape in shapes]
