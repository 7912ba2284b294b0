"""Vector files of every kind: rows as they are, a sentence for whatever is broken, and no row lost whatever befalls the bytes."""

from __future__ import annotations

import gzip
import io
import json
import os
import sqlite3
import struct
import subprocess
import tempfile
import zipfile
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import shape as shape_of

from commandcenter.errors import BadInput
from ingest.contract import Mapping
from ingest.readers import archives, vector
from tests.reading import (
    FEATURE,
    NAMES,
    SHAPES,
    a_mapping,
    a_parquet,
    only,
    refused,
    rows,
    shapefile_parts,
    written,
    zipped,
)

KINDS = {"GPKG": "data.gpkg", "FlatGeobuf": "data.fgb", "GML": "data.gml", "ESRI Shapefile": "data.shp"}


@pytest.mark.parametrize(("driver", "name"), KINDS.items())
def test_rows_are_as_the_file_has_them(tmp_path: Path, driver: str, name: str) -> None:
    options = {"encoding": "UTF-8"} if driver == "ESRI Shapefile" else {"SPATIAL_INDEX": "NO"} if driver == "FlatGeobuf" else {}
    batch = only(written(tmp_path / name, driver, **options), a_mapping())
    assert batch.values["id"] == ["01", "02", "03", "04"], "codes keep their zeros"
    assert [value or None for value in batch.values["label"]] == NAMES
    assert shapely.equals(batch.geometry, np.array(SHAPES)).all()
    assert batch.where == ["1", "2", "3", "4"] and not batch.faults and not batch.repairs
    assert [json.loads(raw)["id"] for raw in batch.raw] == batch.values["id"]


def test_kml_and_kmz(tmp_path: Path) -> None:
    placemark = "<Placemark><name>{0}</name><Point><coordinates>123.9,47.3,0</coordinates></Point></Placemark>"
    document = '<?xml version="1.0" encoding="{0}"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{1}</Document></kml>'
    body = document.format("UTF-8", "".join(map(placemark.format, ("龙沙区", "建华区"))))
    plain = tmp_path / "places.kml"
    plain.write_text(body, encoding="utf-8")
    in_gbk = tmp_path / "gbk.kml"
    in_gbk.write_bytes(body.replace("UTF-8", "GB2312").encode("gb18030"))
    mapping = a_mapping(key="Name", label="Name")
    for path in (plain, in_gbk, zipped(tmp_path / "places.kmz", {"doc.kml": body.encode(), "files/icon.png": b"\x89PNG"})):
        assert only(path, mapping).values["Name"] == ["龙沙区", "建华区"], path
    folders = document.format("UTF-8", "".join(f"<Folder><name>{name}</name>{placemark.format(name)}</Folder>" for name in ("社区", "街道")))
    plain.write_text(folders, encoding="utf-8")
    refused(plain, mapping, "several layers: 社区, 街道", "图层")
    assert only(plain, a_mapping(key="Name", label="Name", layer="街道")).values["Name"] == ["街道"]
    plain.write_text(body.replace("<kml", '<!DOCTYPE kml [<!ENTITY a "b">]><kml'), encoding="utf-8")
    refused(plain, mapping, "DOCTYPE")
    plain.write_text(body[:-30], encoding="utf-8")
    refused(plain, mapping, "cut short", "line 1")


def test_a_layer_is_named_or_the_only_one_with_places(tmp_path: Path) -> None:
    path = written(tmp_path / "city.gpkg", "GPKG", layer="communities")
    with sqlite3.connect(path) as database:
        database.executescript(
            "create table layer_styles (fid integer primary key, name text);"
            "insert into gpkg_contents (table_name, data_type, identifier) values ('layer_styles', 'attributes', 'layer_styles')"
        )
    assert len(only(path, a_mapping())) == 4, "a table of styles is no layer of places"
    written(path, "GPKG", layer="streets", append=True)
    refused(path, a_mapping(), "communities", "streets", "layer under [read]")
    refused(path, a_mapping(layer="comunities"), "is 'communities' meant")
    assert len(only(path, a_mapping(layer="streets"))) == 4


def test_fields_and_reference_systems_are_held_against_the_mapping(tmp_path: Path) -> None:
    path = written(tmp_path / "data.gpkg", "GPKG")
    refused(path, a_mapping(label="lable"), "'lable'", "is 'label' meant")
    refused(path, a_mapping(crs="EPSG:4490"), "EPSG:4326", "EPSG:4490")
    assert len(only(path, a_mapping(crs="GCJ-02"))) == 4, "no code exists for GCJ-02: such files call themselves WGS 84"
    assert only(path, a_mapping(key="fid")).values["fid"] == [1, 2, 3, 4]
    projected = written(tmp_path / "projected.fgb", "FlatGeobuf", crs="EPSG:4549")
    refused(projected, a_mapping(crs="BD-09"), "EPSG:4549", "BD-09")
    assert len(rows(projected, a_mapping(crs="EPSG:4549"))[0]) == 4
    assert len(rows(written(tmp_path / "silent.fgb", "FlatGeobuf", crs=None), a_mapping(crs="EPSG:4549"))[0]) == 4
    esri = (
        'GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],'
        'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
    )
    parts = shapefile_parts(tmp_path / "esri", encoding="UTF-8") | {"data.prj": esri.encode()}
    assert len(only(zipped(tmp_path / "esri.zip", parts), a_mapping(crs="EPSG:4490"))) == 4
    in_gbk = zipped(tmp_path / "gbk.zip", parts | {"data.prj": esri.replace("GCS_China", "大地坐标系_China").encode("gb18030")})
    assert len(only(in_gbk, a_mapping(crs="EPSG:4490"))) == 4
    refused(tmp_path / "esri.zip", a_mapping(), "EPSG:4490", "EPSG:4326")


def test_the_chinese_shapefile_without_cpg_and_prj(test_data: Path) -> None:
    path = test_data / "geometry" / "qiqihar_gbk_no_cpg_no_prj.zip"
    batch = only(path, a_mapping(key="区划码", label="名称", encoding="gb18030"))
    assert list(batch.values) == ["区划码", "名称", "备注"] and len(batch) == 16
    assert batch.values["名称"][:3] == ["龙沙区", "建华区", "铁锋区"] and batch.values["备注"][0] == "齐齐哈尔市龙沙区"
    assert set(shapely.get_type_id(batch.geometry)) <= {3, 6} and not batch.faults
    refused(path, a_mapping(key="区划码", label="名称"), "not utf-8", "gb18030")
    refused(path, a_mapping(key="区划", label="名称", encoding="gb18030"), "is '区划码' meant")


@pytest.mark.parametrize("claimed", ["GBK", "UTF-8", "ISO-8859-1", "88591", "nonsense", None])
def test_the_mappings_encoding_wins_over_any_cpg(tmp_path: Path, claimed: str | None) -> None:
    parts = shapefile_parts(tmp_path / "parts", names=["龙沙区", "建华区", "铁锋区", "䶮"], encoding="GB18030", fields=("id", "名称"))
    parts.pop("data.cpg")
    if claimed is not None:
        parts["data.cpg"] = claimed.encode()
    path = zipped(tmp_path / "given.zip", {f"子文件夹/{name}": content for name, content in parts.items()})
    batch = only(path, a_mapping(label="名称", encoding="gb18030"))
    assert batch.values["名称"] == ["龙沙区", "建华区", "铁锋区", "䶮"] and not batch.faults


def test_bytes_of_another_encoding_refuse_their_row_only(tmp_path: Path) -> None:
    parts = shapefile_parts(tmp_path / "parts", names=["ascii", "café", "x", "y"], encoding="ISO-8859-1")
    batch = only(zipped(tmp_path / "latin.zip", parts), a_mapping(encoding="utf-8"))
    assert {at: finding.rule for at, finding in batch.faults.items()} == {1: "not_decodable"}
    assert "utf-8" in batch.faults[1].sentence.zh and batch.values["label"][1] == "caf\\xE9" and len(batch) == 4


def test_shapefiles_in_parts(tmp_path: Path) -> None:
    parts = shapefile_parts(tmp_path / "parts", encoding="UTF-8")
    folder = tmp_path / "plain"
    folder.mkdir()
    for name, content in parts.items():
        (folder / name.upper()).write_bytes(content)
    before = sorted(os.listdir(folder))
    assert len(only(folder / "DATA.SHP", a_mapping())) == 4 and sorted(os.listdir(folder)) == before, "nothing is written beside it"
    (folder / "DATA.SHX").unlink()
    refused(folder / "DATA.SHP", a_mapping(), "lacks its .shx")
    assert not (folder / "DATA.shx").exists()
    refused(zipped(tmp_path / "alone.zip", {"data.shp": parts["data.shp"]}), a_mapping(), ".shx and .dbf")
    refused(zipped(tmp_path / "short.zip", parts | {"data.dbf": parts["data.dbf"][:-150]}), a_mapping(), "data.dbf is cut short")
    refused(zipped(tmp_path / "shorter.zip", parts | {"data.shp": parts["data.shp"][:-10]}), a_mapping(), "data.shp is cut short")
    others = shapefile_parts(tmp_path / "parts", "other", encoding="UTF-8", names=["a"], shapes=SHAPES[:1])
    two = zipped(tmp_path / "two.zip", parts | {f"b/{name}": content for name, content in others.items()})
    refused(two, a_mapping(), "several layers: data, b/other")
    assert len(only(two, a_mapping(layer="other"))) == 1 and len(only(two, a_mapping(layer="data"))) == 4
    refused(zipped(tmp_path / "mixed.zip", parts | {"data.dbf": others["other.dbf"]}), a_mapping(), "4 shapes", "1 rows")
    deleted = bytearray(parts["data.dbf"])
    begin, width = struct.unpack("<HH", deleted[8:12])
    deleted[begin + width] = ord("*")
    assert only(zipped(tmp_path / "deleted.zip", parts | {"data.dbf": bytes(deleted)}), a_mapping()).values["id"] == ["01", "03", "04"]


def test_nothing_is_written_beside_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    for driver, name in KINDS.items():
        options = {"encoding": "UTF-8"} if driver == "ESRI Shapefile" else {}
        written(folder / name, driver, **options)
    (folder / "data.xsd").unlink()
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    folder.chmod(0o555)
    for name in KINDS.values():
        assert sum(map(len, rows(folder / name, a_mapping()))) == 4
    folder.chmod(0o755)
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_rows_still_in_the_journal_are_read(tmp_path: Path) -> None:
    path = written(tmp_path / "data.gpkg", "GPKG", SPATIAL_INDEX="NO")
    editor = sqlite3.connect(path)
    editor.executescript("pragma journal_mode = wal; pragma wal_autocheckpoint = 0; delete from data where fid = 2")
    assert (tmp_path / "data.gpkg-wal").stat().st_size
    assert only(path, a_mapping()).where == ["1", "3", "4"]
    editor.close()


def test_odd_geometries(tmp_path: Path) -> None:
    shapes = [
        shapely.from_wkt("POINT ZM (1 2 3 4)"), shapely.from_wkt("POINT EMPTY"), None,
        shapely.from_wkt("GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (0 0, 1 1))"),
        shapely.Point(1, 1), shapely.Point(float("inf"), 1), shapely.LineString([(0, 0), (float("nan"), 1)]),
    ]  # fmt: skip
    path = written(tmp_path / "odd.gpkg", "GPKG", names=[str(n) for n in range(7)], shapes=shapes, SPATIAL_INDEX="NO")
    arc = struct.pack("<BII6d", 1, 8, 3, 0, 0, 1, 1, 2, 0)
    header = b"GP\x00\x01" + struct.pack("<i", 4326)
    with sqlite3.connect(path) as database:
        for number, geometry in ((8, arc), (9, arc[:-9]), (10, struct.pack("<BII", 1, 3, 1) + struct.pack("<I4d", 2, 0, 0, 1, 1))):
            database.execute("insert into odd (fid, geom, id, label) values (?, ?, ?, 'x')", (number, header + geometry, f"0{number}"))
    batch = only(path, a_mapping())
    assert batch.where == [str(number) for number in range(1, 11)]
    assert shapely.has_z(batch.geometry[0]) and batch.geometry[3].geom_type == "GeometryCollection" and batch.geometry[2] is None
    assert batch.repairs == {7: "curve_linearised"}
    assert batch.geometry[7].geom_type == "LineString" and len(batch.geometry[7].coords) > 20 and batch.geometry[7].length == pytest.approx(np.pi, rel=1e-3)
    assert sorted(batch.faults) == [8, 9] and {finding.rule for finding in batch.faults.values()} <= {"bad_geometry", "curve_unsupported"}


def test_files_that_are_not_what_they_claim(tmp_path: Path) -> None:
    content = written(tmp_path / "real.gpkg", "GPKG").read_bytes()
    for name, body, words in [
        ("a.shp", content, "a GeoPackage"),
        ("a.zip", b"%PDF-1.7 ...", "a PDF"),
        ("a.gpkg", b"id,label\n1,x\n", "a text file"),
        ("a.kml", b"<html><body>Not found</body></html>", "a web page"),
        ("a.fgb", b"Rar!\x1a\x07", "a RAR archive"),
        ("a.vrt", b'<OGRVRTDataSource><OGRVRTLayer name="x"/></OGRVRTDataSource>', "other XML"),
        ("a.gpkg", b"\x00" * 100, "no file of a kind"),
    ]:
        path = tmp_path / name
        path.write_bytes(body)
        refused(path, a_mapping(), f"{name} is really", words)
        refused(path, a_mapping("parquet"), "is really")
    (tmp_path / "gpkg.dat").write_bytes(content)
    assert len(only(tmp_path / "gpkg.dat", a_mapping())) == 4, "a suffix that says nothing is no lie"
    (tmp_path / "data.gpkg.gz").write_bytes(gzip.compress(content))
    assert len(only(tmp_path / "data.gpkg.gz", a_mapping())) == 4
    (tmp_path / "empty.gpkg").touch()
    refused(tmp_path / "empty.gpkg", a_mapping(), "is empty")
    refused(tmp_path / "absent.gpkg", a_mapping(), "no file")
    (tmp_path / "half.gpkg").write_bytes(content[: len(content) // 2])
    refused(tmp_path / "half.gpkg", a_mapping(), "half.gpkg is broken")
    with sqlite3.connect(tmp_path / "other.gpkg") as database:
        database.execute("create table some (id integer)")
    refused(tmp_path / "other.gpkg", a_mapping(), "other.gpkg")


def test_a_view_that_never_ends_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "v.gpkg", "GPKG", layer="addresses")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("create view endless as with recursive n(i) as (select 1 union all select i + 1 from n) select i as fid, i as id from n")
        database.execute("insert into gpkg_contents (table_name, data_type, identifier) values ('endless', 'attributes', 'endless')")
    monkeypatch.setattr(vector, "PATIENCE", 3)
    refused(path, a_mapping(layer="addresses"), "v.gpkg")


def test_archives_under_guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = shapefile_parts(tmp_path / "parts", encoding="UTF-8")
    mapping = a_mapping()
    with_litter = zipped(tmp_path / "mac.zip", parts | {"__MACOSX/._data.shp": b"x", "readme.txt": b"hello"})
    assert len(only(with_litter, mapping)) == 4
    refused(zipped(tmp_path / "out.zip", {"../data.shp": b"x"}), mapping, "outside", "'../data.shp'")
    refused(zipped(tmp_path / "nested.zip", parts | {"more.zip": b"PK"}), mapping, "holds an archive, 'more.zip'")
    refused(zipped(tmp_path / "letters.zip", {"letter.txt": b"hello"}), mapping, "no vector file")
    refused(zipped(tmp_path / "many.zip", {f"{number}.txt": b"" for number in range(1001)}), mapping, "zip bomb")
    refused(zipped(tmp_path / "bomb.zip", {"data.gpkg": b"\0" * (201 << 20)}), mapping, "zip bomb")
    (tmp_path / "bomb.gpkg.gz").write_bytes(gzip.compress(b"\0" * (201 << 20)))
    refused(tmp_path / "bomb.gpkg.gz", mapping, "zip bomb")
    locked = bytearray(zipped(tmp_path / "open.zip", {"data.gpkg": b"x"}).read_bytes())
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    refused(tmp_path / "locked.zip", mapping, "password-protected", "密码")
    (tmp_path / "cut.zip").write_bytes(with_litter.read_bytes()[:-100])
    refused(tmp_path / "cut.zip", mapping, "cut short")
    monkeypatch.setattr(archives, "MOST_UNPACKED", 1000)
    refused(with_litter, mapping, "zip bomb")


def test_temporary_folders_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = shapefile_parts(tmp_path / "parts", encoding="UTF-8")
    given_files = [zipped(tmp_path / "given.zip", parts), zipped(tmp_path / "broken.zip", parts | {"data.dbf": b"x" * 100})]
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    for path in given_files:
        try:
            begun = vector.batches(path, a_mapping())
            next(begun)
            begun.close()  # type: ignore[attr-defined]
        except BadInput:
            pass
        assert os.listdir(tmp_path / "scratch") == []


def test_member_names_in_gbk(tmp_path: Path) -> None:
    parts = shapefile_parts(tmp_path / "parts", encoding="UTF-8")
    path = tmp_path / "names.zip"
    members = {name.replace("data", stem).encode("gb18030"): content for name, content in parts.items() for stem in ("社区", "街道")}
    path.write_bytes(zip_with_raw_names(members))
    refused(path, a_mapping(), "several layers", "社区", "街道")
    assert len(only(path, a_mapping(layer="社区"))) == 4


def zip_with_raw_names(members: dict[bytes, bytes]) -> bytes:
    """An archive as Windows writes it in China: names in GBK, without the flag that says UTF-8."""
    body, directory = io.BytesIO(), io.BytesIO()
    for name, content in members.items():
        told = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 33, zlib.crc32(content), len(content), len(content), len(name), 0)
        directory.write(b"PK\x01\x02" + struct.pack("<H", 20) + told + struct.pack("<HHHII", 0, 0, 0, 0, body.tell()) + name)
        body.write(b"PK\x03\x04" + told + name + content)
    begin = body.tell()
    body.write(directory.getvalue())
    body.write(b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, len(members), len(members), body.tell() - begin, begin, 0))
    return body.getvalue()


class Small(dict[str, tuple[bytes, Mapping, int]]):
    """Small whole files by name; said in one word when an example fails."""

    def __repr__(self) -> str:
        return "small_files"


@pytest.fixture(scope="module")
def small_files(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """One small whole file of each kind, its mapping and its rows."""
    folder = tmp_path_factory.mktemp("small")
    parts = shapefile_parts(folder / "parts", encoding="UTF-8")
    point = '<trkpt lat="47.1" lon="123.1"/><trkpt lat="47.2" lon="123.2"/>'
    track = f'<gpx xmlns="http://www.topografix.com/GPX/1/1">{f"<trk><name>a</name><trkseg>{point}</trkseg></trk>" * 3}<wpt lat="47" lon="123"/></gpx>'
    geo = {"primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"}}}
    kml = "".join(f"<Placemark><name>{name}</name><Point><coordinates>1,2</coordinates></Point></Placemark>" for name in "abcd")
    return Small({
        "data.gpkg": (written(folder / "data.gpkg", "GPKG").read_bytes(), a_mapping(), 4),
        "data.fgb": (written(folder / "data.fgb", "FlatGeobuf").read_bytes(), a_mapping(), 4),
        "data.zip": (zipped(folder / "data.zip", parts).read_bytes(), a_mapping(), 4),
        "data.gpx": (track.encode(), a_mapping("gpx", key="@id", label="name"), 4),
        "data.geojsonl": ("\n".join([FEATURE] * 4).encode(), a_mapping("geojsonl"), 4),
        "data.parquet": (a_parquet(folder / "a.parquet", geo, geometry=[shape.wkb for shape in SHAPES[:2]]).read_bytes(), a_mapping("parquet"), 2),
        "data.kml": (f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{kml}</Document></kml>'.encode(), a_mapping(key="Name", label="Name"), 4),
    })


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_shapefile_with_flipped_bytes_loses_no_row(small_files: Small, tmp_path: Path, data: st.DataObject) -> None:
    """As above, behind the zip's own checksums."""
    content, mapping, count = small_files["data.zip"]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: bytearray(archive.read(name)) for name in archive.namelist()}
    for _ in range(data.draw(st.integers(1, 5))):
        body = parts[data.draw(st.sampled_from([f"data.{suffix}" for suffix in ("shp", "shx", "dbf", "prj")]))]
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    path = zipped(tmp_path / "data.zip", {name: bytes(body) for name, body in parts.items()})
    deleted = _deleted(parts["data.dbf"])
    try:
        found = rows(path, mapping)
    except BadInput as fault:
        assert fault.sentence.zh and fault.sentence.en
        return
    assert sum(map(len, found)) == count - deleted


def _deleted(dbf: bytearray) -> int:
    rows, begin, width = struct.unpack("<IHH", dbf[4:12])
    return sum(dbf[begin + row * width : begin + row * width + 1] == b"*" for row in range(min(rows, 100)))


@pytest.mark.parametrize("name", ["data.gpkg", "data.fgb", "data.zip", "data.gpx", "data.geojsonl", "data.parquet", "data.kml"])
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_flipped_and_cut_bytes_end_in_rows_or_in_a_sentence(
    small_files: Small, tmp_path: Path, name: str, data: st.DataObject
) -> None:
    content, mapping, count = small_files[name]
    body = bytearray(content)
    for at in data.draw(st.lists(st.integers(0, len(body) - 1), max_size=6)):
        body[at] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del body[data.draw(st.integers(1, len(body))) :]
    path = tmp_path / name
    path.write_bytes(body)
    try:
        found = rows(path, mapping)
    except BadInput as fault:
        assert fault.sentence.zh and fault.sentence.en and "Traceback" not in fault.sentence.en
        return
    if len(body) == len(content) and name not in ("data.geojsonl", "data.kml", "data.gpx"):  # where a flip may make or unmake a row
        assert sum(map(len, found)) == count, "rows were lost without a word"


def test_ogr2ogr_and_this_reader_see_the_same_rows(test_data: Path, tmp_path: Path) -> None:
    """The real buildings of Nanshan through another program into GeoPackage, and back through this reader."""
    source = tmp_path / "nanshan.geojson"
    source.write_bytes(gzip.decompress((test_data / "osm" / "shenzhen_nanshan_buildings.geojson.gz").read_bytes()))
    made = tmp_path / "nanshan.gpkg"
    subprocess.run(["ogr2ogr", "-f", "GPKG", made, source], check=True, capture_output=True)
    batch = only(made, a_mapping(key="fid", label="height"))
    original = json.loads(source.read_text(encoding="utf-8"))["features"]
    assert len(batch) == len(original) == 5438
    assert all(shapely.equals_exact(batch.geometry, np.array([shape_of(feature["geometry"]) for feature in original]), tolerance=0))
    assert batch.values["height"] == [feature["properties"]["height"] for feature in original]
