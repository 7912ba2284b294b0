"""What ``inspect`` says of a file before anybody loads it, against real files and against tables whose truth is known."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psycopg
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from commandcenter import geo
from commandcenter.city import load_city
from commandcenter.errors import BadInput
from ingest.inspecting import Inspection, inspect_file
from ingest.inspecting.encodings import prove
from ingest.inspecting.inspection import LayerLook
from ingest.inspecting.unpacked import MOST_BYTES
from ingest.mapping import load_mapping
from tests.city import HOME

QIQIHAR = load_city("qiqihar")


def only(found: Inspection) -> LayerLook:
    """The one layer of a file."""
    assert len(found.layers) == 1
    return found.layers[0]


def english(found: Inspection) -> str:
    """Everything said, in one text; no sentence lacks its twin."""
    assert all(sentence.zh.strip() and sentence.en.strip() for sentence in found.sentences())
    return "\n".join(sentence.en for sentence in found.sentences())


def drafted(found: Inspection) -> dict[str, object]:
    """The drafted mapping, as TOML reads it; what it leaves open stands under a comment that says so."""
    text = found.draft_mapping()
    lines = text.splitlines()
    for at, line in enumerate(lines):
        if "TODO" in line and not line.startswith("#"):
            above = lines[:at]
            assert any(comment.startswith("# TODO") for comment in above[-45:]), line
    return tomllib.loads(text)


def write_csv(path: Path, header: list[str], rows: list[list[object]], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    """A table as a file."""
    made = io.StringIO()
    writer = csv.writer(made, delimiter=delimiter)
    writer.writerows([header, *rows])
    path.write_bytes(made.getvalue().encode(encoding))
    return path


# --- real files


def test_shapefile_of_gbk_without_cpg_and_prj_is_named_with_proof(test_data: Path) -> None:
    found = inspect_file(test_data / "geometry/qiqihar_gbk_no_cpg_no_prj.zip", QIQIHAR)
    layer = only(found)
    assert layer.sample.encoding is not None and layer.sample.encoding.encoding == "gb18030"
    trials = {trial.encoding: trial for trial in layer.sample.encoding.trials}
    assert trials["gb18030"].round_trip and trials["gbk"].round_trip and not trials["utf-8"].decodes
    assert trials["cp1252"].plausible < 0.1
    assert list(layer.sample.columns) == ["区划码", "名称", "备注"]
    assert layer.sample.columns["名称"][:3] == ["龙沙区", "建华区", "铁锋区"]
    assert layer.reference.code is None
    assert {one.reference.code for one in layer.reference.possible} == {"EPSG:4326", "GCJ-02", "BD-09"}
    assert layer.shapes.adjoining
    draft = drafted(found)
    assert draft["encoding"] == "gb18030" and draft["crs"] == "TODO" and draft["target"] == "area" and draft["key"] == ["区划码"]


def test_finished_draft_is_a_mapping(test_data: Path, tmp_path: Path) -> None:
    text = inspect_file(test_data / "geometry/qiqihar_gbk_no_cpg_no_prj.zip", QIQIHAR).draft_mapping()
    unfinished, finished = tmp_path / "open.toml", tmp_path / "finished.toml"
    unfinished.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput):
        load_mapping(unfinished)
    text = text.replace('crs = "TODO"', 'crs = "GCJ-02"').replace('level = "TODO"', 'level = "district"')
    finished.write_text(text.replace('"TODO"', '"GB/T 2260"').replace("TODO qqhr", "qqhr"), encoding="utf-8")
    mapping = load_mapping(finished)
    assert (mapping.target, mapping.encoding, mapping.crs, mapping.polygon_set is not None) == ("area", "gb18030", "GCJ-02", True)


def test_placeholders_and_american_dates_of_baltimore(test_data: Path) -> None:
    found = inspect_file(test_data / "cases/baltimore_311_2018.csv.gz", load_city("baltimore"))
    layer = only(found)
    assert layer.place is not None and layer.place.words == {"lon": "Longitude", "lat": "Latitude"}
    assert layer.place.placeholders[0][:2] == (-77.0, 39.0) and layer.place.placeholders[0][2] > 0.05
    looks = {look.name: look for look in layer.fields}
    assert looks["CreatedDate"].formats == ("%m/%d/%Y %I:%M:%S %p",)
    assert looks["Outcome"].empty_share == 1 and looks["SRRecordID"].may_be_key
    assert layer.target.target == "cases"
    draft = drafted(found)
    assert draft["placeholders"] == [[-77.0, 39.0]]
    assert draft["columns"]["reported_at"]["format"] == "%m/%d/%Y %I:%M:%S %p"  # type: ignore[index]  # of parsed TOML
    assert "GCJ-02" not in {one.reference.code for one in layer.reference.possible}, "there is no shift outside China"
    assert not layer.sample.whole and layer.sample.size < 10_000


def test_byte_order_mark_and_two_digit_years_of_new_york(test_data: Path) -> None:
    layer = only(inspect_file(test_data / "cases/nyc_311_sample.csv.gz"))
    assert layer.sample.encoding is not None and layer.sample.encoding.encoding == "utf-8-sig"
    assert next(iter(layer.sample.columns)) == "Unique Key", "the mark is no part of the name"
    looks = {look.name: look for look in layer.fields}
    assert looks["Created Date"].formats == ("%m/%d/%y %H:%M",)
    assert looks["X Coordinate (State Plane)"].unit == "ft"
    assert layer.place is not None and layer.place.words == {"lon": "Longitude", "lat": "Latitude"}


def test_codes_and_hex_ewkb_of_the_divisions(test_data: Path) -> None:
    layer = only(inspect_file(test_data / "admin/qiqihar_divisions_2016.csv", QIQIHAR))
    looks = {look.name: look for look in layer.fields}
    assert looks["code"].is_code and looks["code"].fixed_length == 12 and looks["code"].may_be_key
    assert looks["area_code"].kind == "code" and not looks["name"].may_be_key
    assert layer.place is not None and layer.place.words == {"lon": "longitude", "lat": "latitude"} and "center" in layer.place.others
    assert layer.target.target == "division_code"


@pytest.mark.parametrize("name", ["boundaries/qiqihar_datav_230200_full.geojson", "boundaries/qiqihar_amap_fences_2016.geojson.gz"])
def test_geojson_in_china_is_not_taken_for_wgs84(test_data: Path, name: str) -> None:
    found = inspect_file(test_data / name, QIQIHAR)
    assert only(found).reference.code is None and "undecided" in english(found)


def test_geojson_outside_china_is_what_the_standard_says(test_data: Path) -> None:
    layer = only(inspect_file(test_data / "service_points/monaco_osm_services.geojson", load_city("monaco")))
    assert layer.reference.code == "EPSG:4326" and layer.shapes.family == "point"


def test_feet_in_geojson_are_no_degrees(test_data: Path) -> None:
    found = inspect_file(test_data / "districting/iowa_counties_99.geojson.gz")
    assert only(found).reference.code is None and "no degrees" in english(found)
    assert drafted(found)["crs"] == "TODO"


def test_a_large_collection_on_one_line_is_sampled_from_all_over(tmp_path: Path) -> None:
    features = [
        {"type": "Feature", "id": at, "properties": {"编号": f"{at:06d}", "备注": "路灯" * 20}, "geometry": {"type": "Point", "coordinates": [7.4, 43.7]}}
        for at in range(25_000)
    ]
    path = tmp_path / "lamps.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), encoding="utf-8")
    sample = only(inspect_file(path)).sample
    numbers = [int(number) for number in sample.columns["编号"]]
    assert not sample.whole and sample.rows is None and sample.own_ids
    assert numbers[:2000] == list(range(2000)) and max(numbers) > 20_000 and len(set(numbers)) == len(numbers) < 5000
    assert set(sample.columns["备注"]) == {"路灯" * 20}


def test_openstreetmap_and_tracks(test_data: Path) -> None:
    osm = only(inspect_file(test_data / "osm/heidelberg_altstadt.osm.pbf"))
    assert osm.sample.reader == "osm" and osm.reference.code == "EPSG:4326" and "building" in osm.sample.columns
    tracks = inspect_file(test_data / "tracks/graphhopper_gpx.tar.gz")
    assert len({layer.file_name for layer in tracks.layers}) == 8
    draft = drafted(tracks)
    assert (draft["reader"], draft["target"], draft["crs"]) == ("gpx", "track", "EPSG:4326")


def test_workbook_with_titles_and_merged_cells(test_data: Path) -> None:
    found = inspect_file(test_data / "cases/yuncheng_case_standards_muban.xlsx")
    assert [layer.sample.layer for layer in found.layers] == ["部件", "事件"]
    first = found.layers[0].sample
    assert first.header_row == 2 and first.rows == 375 and first.fill_down[:2] == ("大类代码", "大类名称")
    assert tomllib.loads(found.draft_mapping("事件"))["read"]["layer"] == "事件"
    with pytest.raises(BadInput) as fault:
        found.draft_mapping("人员")
    assert "人员" in fault.value.sentence.zh


def test_members_of_an_archive_in_their_own_systems(test_data: Path) -> None:
    found = inspect_file(test_data / "service_points/fixmystreet_asset_wfs.tar.gz")
    codes = {layer.file_name: layer.reference.code for layer in found.layers}
    assert codes["camden-trees.xml"] == codes["roads.xml"] == "EPSG:27700"
    assert codes["bromley-lights.xml"] == codes["peterborough_pcc.json"] == "EPSG:3857"
    assert codes["tfl-roadworks.json"] is None, "27700 coordinates in a GeoJSON that names no system"
    assert "highways-ajax.json" not in codes and "highways-ajax.json" in english(found)


def test_every_real_file_is_described_or_refused_in_a_sentence(test_data: Path) -> None:
    before = sorted(path for path in test_data.rglob("*") if path.is_file())
    small = [path for path in before if path.stat().st_size < 400_000 and path.parent.name not in ("tiles",)]
    for path in small:
        try:
            found = inspect_file(path)
        except BadInput as fault:
            assert fault.sentence.zh and fault.sentence.en
            continue
        english(found)
        json.dumps(found.as_json())
        drafted(found)
    assert before == sorted(path for path in test_data.rglob("*") if path.is_file()), "inspecting leaves nothing behind"


# --- encodings


NAMES = ["龙沙区", "建华区五龙街道", "红星社区居民委员会", "上水井盖", "路灯", "中华路12号", "龙华路与站前大街", "城市管理局", "消防栓", "垃圾箱", "公园"]
ENCODINGS = ["utf-8", "utf-8-sig", "gb18030", "gbk", "big5", "utf-16"]
TRADITIONAL = ["中山區", "臺北市政府", "消防栓", "路燈", "學校", "國民小學", "電話亭", "中正路12號", "捷運車站", "公園", "醫院"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(ENCODINGS), st.lists(st.integers(0, 10), min_size=6, max_size=60), st.sampled_from([",", ";", "\t"]))
def test_a_clean_table_is_read_back_in_each_encoding(tmp_path: Path, encoding: str, picks: list[int], delimiter: str) -> None:
    names = TRADITIONAL if encoding == "big5" else NAMES
    rows: list[list[object]] = [[f"{at:04d}", names[pick], 1.5 * at] for at, pick in enumerate(picks)]
    header = ["編號", "名稱", "高度"] if encoding == "big5" else ["编号", "名称", "高度"]
    layer = only(inspect_file(write_csv(tmp_path / "clean.csv", header, rows, encoding, delimiter)))
    proof = layer.sample.encoding
    assert proof is not None and proof.encoding == {"gbk": "gb18030"}.get(encoding, encoding)
    trial = next(trial for trial in proof.trials if trial.encoding == (proof.encoding or "").removesuffix("-sig"))
    assert trial.round_trip
    assert layer.sample.columns[header[1]] == [row[1] for row in rows]
    assert layer.sample.delimiter == delimiter


def test_western_text_is_not_taken_for_chinese() -> None:
    proof = prove(["Städtische Brücke, München, Straße; Größe, Café de l'Été".encode("cp1252")])
    assert proof.encoding == "cp1252"
    assert prove(["Städtische Brücke, München".encode()]).encoding == "utf-8"


def test_mojibake_that_came_with_the_file_is_told() -> None:
    proof = prove(["编号,名称\n1,锟斤拷锟斤拷\n".encode()])
    assert proof.encoding == "utf-8" and "锟斤拷" in proof.notes[0].zh


@pytest.mark.parametrize(("claimed", "written", "holds"), [("UTF-8", "gbk", False), ("GBK", "gbk", True), ("936", "gbk", True), ("GBK", "utf-8", False)])
def test_a_lying_cpg_is_called_a_lie(tmp_path: Path, claimed: str, written: str, holds: bool) -> None:
    path = tmp_path / "a.shp"
    shapes = np.array([shapely.to_wkb(shapely.Point(123.9 + i / 100, 47.3)) for i in range(len(NAMES))], dtype=object)
    how = {"geometry_type": "Point", "crs": "EPSG:4490", "driver": "ESRI Shapefile", "encoding": written}
    pyogrio.raw.write(path, shapes, [np.array(NAMES, dtype=object)], ["名称"], **how)
    path.with_suffix(".cpg").write_text(claimed)
    layer = only(inspect_file(path))
    assert layer.sample.encoding is not None
    assert layer.sample.encoding.encoding == {"gbk": "gb18030"}.get(written, written)
    assert [claim[2] for claim in layer.sample.encoding.claims if claim[0] == ".cpg"] == [holds]
    assert layer.sample.columns["名称"] == NAMES
    assert layer.reference.code == "EPSG:4490"


# --- places


def _table(tmp_path: Path, header: list[str], places: list[list[object]]) -> LayerLook:
    rows = [[f"{at:04d}", *place] for at, place in enumerate(places)]
    return only(inspect_file(write_csv(tmp_path / "places.csv", ["编号", *header], rows), QIQIHAR))


SPREAD = [(123.90 + i * 0.001, 47.30 + (i * 7 % 40) * 0.001) for i in range(60)]


@pytest.mark.parametrize(
    ("header", "write", "words", "swapped"),
    [
        (["经度", "纬度"], lambda x, y: [x, y], {"lon": "经度", "lat": "纬度"}, False),
        (["lon", "lat"], lambda x, y: [y, x], {"lon": "lat", "lat": "lon"}, False),
        (["坐标"], lambda x, y: [f"{x:.6f},{y:.6f}"], {"pair": "坐标"}, False),
        (["坐标"], lambda x, y: [f"({y:.6f}, {x:.6f})"], {"pair": "坐标"}, True),
        (["形状"], lambda x, y: [f"POINT ({x:.6f} {y:.6f})"], {"wkt": "形状"}, False),
        (["geom"], lambda x, y: [shapely.to_wkb(shapely.Point(x, y), hex=True)], {"wkb": "geom"}, False),
        (["经度", "纬度"], lambda x, y: [_dms(x), _dms(y)], {"lon": "经度", "lat": "纬度"}, False),
    ],
)  # fmt: skip
def test_places_are_found_however_they_are_written(
    tmp_path: Path, header: list[str], write: Callable[[float, float], list[object]], words: dict[str, str], swapped: bool
) -> None:
    look = _table(tmp_path, header, [write(x, y) for x, y in SPREAD]).place
    assert look is not None and look.words == words and look.swapped is swapped
    assert np.allclose(shapely.get_coordinates(look.geometry), SPREAD, atol=2e-5)


def _dms(value: float) -> str:
    minutes, seconds = divmod(round(value * 3600, 2), 60)
    degrees, minutes = divmod(int(minutes), 60)
    return f"{degrees}°{minutes:02d}′{seconds:05.2f}″"


def test_surveyors_x_is_north(tmp_path: Path) -> None:
    to_metres = Transformer.from_crs(4326, 4529, always_xy=True)  # 3-degree zone 41, eastings with prefix
    places = [[*reversed(to_metres.transform(x, y))] for x, y in SPREAD]
    layer = _table(tmp_path, ["X坐标", "Y坐标"], places)
    assert layer.place is not None and layer.place.words == {"x": "Y坐标", "y": "X坐标"}
    assert layer.reference.possible[0].reference.code == "EPSG:4529" and layer.reference.code is None


def test_the_null_island_is_a_placeholder(tmp_path: Path) -> None:
    layer = _table(tmp_path, ["经度", "纬度"], [*([x, y] for x, y in SPREAD), [0, 0]])
    assert layer.place is not None and layer.place.placeholders == ((0.0, 0.0, 1 / 61),)
    assert {one.reference.code for one in layer.reference.possible} == {"EPSG:4326", "GCJ-02", "BD-09"}, "it does not stretch the extent"


# --- evidence from the city's own ground


def _beside_roads(count: int = 120) -> tuple[list[float], list[float]]:
    """Lamps a few metres beside the little city's roads, in WGS 84."""
    rng = random.Random(7)
    metres = [(rng.uniform(-700, 700), 300 + rng.uniform(-6, 6)) if at % 2 else (rng.uniform(-6, 6), rng.uniform(-250, 700)) for at in range(count)]
    placed = [HOME.lonlat(x, y) for x, y in metres]
    return [lon for lon, _ in placed], [lat for _, lat in placed]


@pytest.mark.parametrize("system", ["EPSG:4326", "GCJ-02", "BD-09"])
def test_known_roads_tell_the_datum(tmp_path: Path, connection: psycopg.Connection, system: str) -> None:
    lon, lat = map(np.array, _beside_roads())
    if system != "EPSG:4326":
        lon, lat = (geo.wgs84_to_gcj02 if system == "GCJ-02" else geo.wgs84_to_bd09)(lon, lat)
    path = write_csv(tmp_path / "路灯.csv", ["灯杆编号", "经度", "纬度"], [[f"L{at:04d}", x, y] for at, (x, y) in enumerate(zip(lon, lat, strict=True))])
    without, with_roads = inspect_file(path, QIQIHAR), inspect_file(path, QIQIHAR, connection)
    assert only(without).reference.code is None
    layer = only(with_roads)
    assert layer.reference.evidence == "decided" and layer.reference.code == system, english(with_roads)
    medians = layer.reference.medians_m["road"]
    name = "WGS 84" if system == "EPSG:4326" else system
    assert medians[name] < 10 < 30 < min(metres for other, metres in medians.items() if other != name)
    assert layer.target.target == "component"
    assert drafted(with_roads)["crs"] == system


def test_points_anywhere_leave_it_undecided(tmp_path: Path, connection: psycopg.Connection) -> None:
    rng = random.Random(3)
    placed = [HOME.lonlat(rng.uniform(-3000, 3000), rng.uniform(-3000, 3000)) for _ in range(150)]
    path = write_csv(tmp_path / "a.csv", ["编号", "经度", "纬度"], [[at, *place] for at, place in enumerate(placed)])
    layer = only(inspect_file(path, QIQIHAR, connection))
    assert layer.reference.evidence == "undecided" and layer.reference.code is None


def test_known_ground_contradicts_what_is_declared(tmp_path: Path, connection: psycopg.Connection) -> None:
    lon, lat = geo.wgs84_to_gcj02(*map(np.array, _beside_roads()))
    path = tmp_path / "lamps.gpkg"
    pyogrio.raw.write(path, shapely.to_wkb(shapely.points(lon, lat)), [np.arange(len(lon))], ["编号"], geometry_type="Point", crs="EPSG:4326", driver="GPKG")
    assert only(inspect_file(path, QIQIHAR)).reference.code == "EPSG:4326"
    found = inspect_file(path, QIQIHAR, connection)
    assert only(found).reference.code is None and "against the declared" in english(found)


# --- what a file is, and what cannot be read


def test_content_counts_and_not_the_suffix(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "table.xlsx", ["编号", "名称"], [[1, "路灯"], [2, "井盖"]])
    assert only(inspect_file(path)).sample.reader == "csv"
    shp = tmp_path / "data.txt"
    shp.write_text('{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":1},"geometry":{"type":"Point","coordinates":[7.4,43.7]}}]}')
    found = inspect_file(shp)
    assert only(found).sample.reader == "geojson" and "ends in .txt" in english(found)


def test_title_rows_semicolons_and_ambiguous_dates(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("路灯台账;;\n编号;安装日期;高度(米)\n001;03/04/2021;6\n002;05/06/2021;8\n003;07/08/2021;8\n".encode("gb18030"))
    layer = only(inspect_file(path))
    assert layer.sample.header_row == 2 and layer.sample.delimiter == ";"
    looks = {look.name: look for look in layer.fields}
    assert set(looks["安装日期"].formats) == {"%m/%d/%Y", "%d/%m/%Y"}
    assert looks["编号"].kind == "code" and looks["高度(米)"].unit == "m"


def test_geometry_is_weighed(tmp_path: Path) -> None:
    bowtie = shapely.Polygon([(7.4, 43.7), (7.5, 43.8), (7.5, 43.7), (7.4, 43.8)])
    shapes = [bowtie, shapely.Point(), shapely.Point(7.4, 43.7, 5.0)]
    features = [{"type": "Feature", "properties": {"n": at}, "geometry": json.loads(shapely.to_geojson(shape))} for at, shape in enumerate(shapes)]
    path = tmp_path / "a.geojsonl"
    path.write_text("\n".join(map(json.dumps, [*features, {"type": "Feature", "properties": {}, "geometry": None}])))
    look = only(inspect_file(path)).shapes
    assert (look.missing, look.empty, look.with_z, look.invalid, look.family) == (1, 1, 1, 1, "any")
    assert "self_intersection" in next(iter(look.rules))


def _zip_of(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"%PDF-1.7 ...", "PDF"),
        ("a.csv", b"<!DOCTYPE html><html><body>Login</body></html>", "web page"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") * 3, "password"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old Office file"),
        ("a.zip", b"PK\x03\x04 and then nothing", "broken"),
        ("a.zip", _zip_of("big.csv", b"0" * 40_000_000), "too much"),
        ("a.zip", _zip_of("readme.shx", b"abc"), "no data file"),
        ("a.bin", bytes(range(256)) * 8, "unknown kind"),
        ("a.geojson.gz", gzip.compress(b'{"type":"FeatureCollection","features":[]}', mtime=0)[:9], "nothing comes out"),
        ("a.gpkg", b"SQLite format 3\x00" + b"\x00" * 52 + b"GPKG" + b"\x00" * 900, "broken"),
        ("a.parquet", b"PAR1 cut off", "broken"),
        ("a.json", b'{"items": [{"a": 1}, {"a"', "no whole JSON"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput) as fault:
        inspect_file(path)
    assert says in fault.value.sentence.en and name in fault.value.sentence.zh
    assert MOST_BYTES > 40_000_000


def test_members_do_not_leave_their_folder(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "a.zip").write_bytes(_zip_of("../../escaped.csv", "编号,名称\n1,路灯\n2,井盖\n".encode()))
    assert only(inspect_file(inner / "a.zip")).sample.size == 2
    assert not list(tmp_path.glob("**/escaped.csv"))


def test_a_cut_off_gzip_tells_what_came_out(tmp_path: Path) -> None:
    rng = random.Random(1)
    text = "a,b\n" + "".join(f"{at},{rng.random()}\n" for at in range(20_000))
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(text.encode())[:90_000])
    found = inspect_file(path)
    assert not only(found).sample.whole and "cut off" in english(found)


DAMAGED = (
    "geometry/qiqihar_gbk_no_cpg_no_prj.zip", "cases/yuncheng_case_standards_muban.xlsx", "districting/columbus_49.geojson.gz",
    "boundaries/qiqihar_core3_geoboundaries_wgs84.geojson", "admin/qiqihar_level4_pinyin_2025.csv", "cases/open311/fms_process_report_valid.json",
    "tracks/graphhopper_gpx.tar.gz", "service_points/fixmystreet_asset_wfs.tar.gz",
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_files_end_in_a_description_or_a_sentence(tmp_path: Path, test_data: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(DAMAGED))
    octets = bytearray((test_data / name).read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(octets) - 1), max_size=12)):
        octets[at] = data.draw(st.integers(0, 255))
    path = tmp_path / Path(name).name
    path.write_bytes(octets[: data.draw(st.integers(1, len(octets)))])
    try:
        found = inspect_file(path)
    except BadInput as fault:
        assert fault.sentence.zh and fault.sentence.en
    else:
        json.dumps(found.as_json())
        tomllib.loads(found.draft_mapping())
