"""GeoParquet, GPX and GeoJSON, whole and line by line: rows as they are, and a sentence or a refused row for whatever is broken."""

from __future__ import annotations

import gzip
import json
import tarfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet_format
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import shape as shape_of

from commandcenter.errors import BadInput
from ingest.inspecting import features
from ingest.readers import geojson, geojson_shapes, parquet
from ingest.readers.arrow import json_rows
from tests.reading import (
    FEATURE,
    SHAPES,
    a_mapping,
    a_parquet,
    only,
    refused,
    rows,
)


def test_geoparquet(tmp_path: Path) -> None:
    wkb = [SHAPES[0].wkb, SHAPES[1].wkb[:-3]]
    box = pa.array([{"xmin": 1.0, "xmax": 2.0}, None])
    covering = {"bbox": {"xmin": ["box", "xmin"], "xmax": ["box", "xmax"]}}
    geo: dict[str, Any] = {"primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB", "covering": covering}}}
    batch = only(a_parquet(tmp_path / "a.parquet", geo, geometry=wkb, box=box), a_mapping("parquet"))
    assert batch.values == {"id": ["01", "02"], "label": ["龙沙区", None], "levels": [3, None]}
    assert batch.raw == ['{"id": "01", "label": "龙沙区", "levels": 3}', '{"id": "02", "label": null, "levels": null}']
    assert batch.geometry[0] == SHAPES[0] and batch.geometry[1] is None and batch.faults[1].rule == "bad_geometry"
    refused(tmp_path / "a.parquet", a_mapping("parquet", crs="EPSG:4549"), "OGC:CRS84", "EPSG:4549")
    refused(tmp_path / "a.parquet", a_mapping("parquet", label="lable"), "is 'label' meant")
    geo["columns"]["geometry"] = {"encoding": "WKB", "crs": pyogrio_crs("EPSG:4549")}
    assert len(only(a_parquet(tmp_path / "b.parquet", geo, geometry=wkb), a_mapping("parquet", crs="EPSG:4549"))) == 2
    geo["columns"]["geometry"] = {"encoding": "polygon", "crs": None}
    refused(a_parquet(tmp_path / "c.parquet", geo, geometry=wkb), a_mapping("parquet"), "WKB is read")
    refused(a_parquet(tmp_path / "d.parquet", None), a_mapping("parquet"), "'geo' metadata")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-20])
    refused(tmp_path / "cut.parquet", a_mapping("parquet"), "no whole Parquet")


def test_long_texts_of_a_dictionary_come_in_small_batches(tmp_path: Path) -> None:
    """A text of a megabyte stands once in the file, and in every one of its rows."""
    many = 300
    texts = pa.array(["x" * (1 << 20)] * many).dictionary_encode()
    table = pa.table({"id": [str(number) for number in range(many)], "label": texts, "geometry": [SHAPES[0].wkb] * many})
    geo = {"primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"}}}
    path = tmp_path / "long.parquet"
    parquet_format.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), path)
    assert path.stat().st_size < 1 << 20
    lengths, ids = [], []
    for batch in parquet.batches(path, a_mapping("parquet")):
        lengths.append(sum(map(len, batch.values["label"])))
        ids += batch.values["id"]
    assert ids == [str(number) for number in range(many)]
    assert max(lengths) <= parquet.BATCH_BYTES + (1 << 20)


def test_what_geo_metadata_say_is_nonsense(tmp_path: Path) -> None:
    for geo in ([], {"primary_column": 7}, {"primary_column": "geometry", "columns": {"geometry": 1}}, {"primary_column": "geometry", "columns": [1]}, "x"):
        a_parquet(tmp_path / "n.parquet", geo, geometry=[SHAPES[0].wkb] * 2)  # type: ignore[arg-type]  # nonsense on purpose
        with pytest.raises(BadInput, match=r"n\.parquet"):
            list(parquet.batches(tmp_path / "n.parquet", a_mapping("parquet")))
        assert features.geoparquet(tmp_path / "n.parquet", "n.parquet") is not None


def pyogrio_crs(code: str) -> dict[str, Any]:
    """PROJJSON, as GeoParquet writes it."""
    from pyproj import CRS  # noqa: PLC0415  (only here)

    return CRS.from_user_input(code).to_json_dict()


def test_real_gpx_tracks(test_data: Path, tmp_path: Path) -> None:
    mapping = a_mapping("gpx", key="@id", label="name")
    found: dict[str, list[tuple[str, int | None]]] = {}
    with tarfile.open(test_data / "tracks" / "graphhopper_gpx.tar.gz") as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member)
            if file is None:
                continue
            path = tmp_path / Path(member.name).name
            path.write_bytes(file.read())
            told = rows(path, mapping)
            found[path.name] = [(key, count) for batch in told for key, count in zip(batch.where, batch.values["point_count"], strict=True)]
    assert found == {
        "another-tour-with-loop.gpx": [("rte1", 9), ("trk1", 14)], "gpxv1_0.gpx": [("trk1", 14)], "issue-127.gpx": [("trk1", 2)],
        "issue-13.gpx": [("trk1", 29)], "no_trk.gpx": [], "no_trkseg.gpx": [("trk1", 0)], "test1.gpx": [("rte1", 34), ("trk1", 264)],
        "tour-with-loop.gpx": [("rte1", 11), ("trk1", 11)],
    }  # fmt: skip
    batch = only(tmp_path / "gpxv1_0.gpx", mapping)
    assert batch.values["started_at"] == ["2015-02-06T07:36:46Z"] and batch.values["ended_at"] == ["2015-02-06T07:38:38Z"]
    assert only(tmp_path / "no_trkseg.gpx", mapping).faults[0].rule == "no_place"


def test_gpx_by_the_words(tmp_path: Path) -> None:
    path = tmp_path / "a.gpx"
    body = """<?xml version="1.0"?><gpx xmlns="http://www.topografix.com/GPX/1/1" xmlns:x="y" version="1.1"><metadata><name>file</name></metadata>
<wpt lat="47.3" lon="123.9"><ele>146</ele><name>井盖</name><type>manhole</type></wpt><wpt lat="north" lon="1"/>
<trk><name>巡查</name><extensions><x:a><name>other</name></x:a></extensions>
<trkseg><trkpt lat="47.1" lon="123.1"><time>2024-05-01T08:00:00Z</time></trkpt><trkpt lat="47.2" lon="123.2"><extensions><x:t>1</x:t></extensions></trkpt>
</trkseg><trkseg><trkpt lat="47.3" lon="123.3"/><trkpt lat="47.4" lon="123.4"><time>2024-05-01T08:10:00Z</time></trkpt></trkseg><trkseg/></trk>
<trk><trkseg><trkpt lat="47.3" lon="123.3"/></trkseg></trk></gpx>"""
    path.write_text(body, encoding="utf-8")
    mapping = a_mapping("gpx", key="@id", label="name")
    batch = only(path, mapping)
    assert batch.where == ["wpt1", "wpt2", "trk1", "trk2"] and batch.values["name"] == ["井盖", None, "巡查", None]
    assert batch.values["@kind"] == ["waypoint", "waypoint", "track", "track"] and batch.values["point_count"] == [None, None, 4, 1]
    assert batch.values["started_at"][2] == "2024-05-01T08:00:00Z" and batch.values["ended_at"][2] == "2024-05-01T08:10:00Z"
    assert batch.geometry[0] == shapely.Point(123.9, 47.3)
    assert batch.geometry[2] == shapely.MultiLineString([[(123.1, 47.1), (123.2, 47.2)], [(123.3, 47.3), (123.4, 47.4)]])
    assert {at: fault.rule for at, fault in batch.faults.items()} == {1: "bad_geometry", 3: "no_place"}
    path.write_text(body[:-20], encoding="utf-8")
    refused(path, mapping, "cut short", "line 6")
    path.write_text(body.replace("<gpx", '<!DOCTYPE gpx [<!ENTITY a "b">]><gpx', 1), encoding="utf-8")
    refused(path, mapping, "entities")
    refused(path, a_mapping("gpx", key="@id", label="nmae"), "is 'name' meant")
    path.write_text("<html/>")
    refused(path, mapping, "a web page")


def test_features_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "a.geojsonl"
    odd = ['{"type": "Point"}', "[" * 5000, '{"type": "Feature", "properties": [1], "geometry": null}']
    lines = [FEATURE, "", FEATURE[:-5], FEATURE.replace("龙沙", "建华"), *odd, FEATURE]
    path.write_bytes("\r\n".join(lines).encode() + b"\n" + FEATURE.encode("gb18030"))
    mapping = a_mapping("geojsonl")
    batch = only(path, mapping)
    assert batch.where == ["1", "3", "4", "5", "6", "7", "8", "9"]
    assert {at: fault.rule for at, fault in batch.faults.items()} == dict.fromkeys([1, 3, 4, 5], "not_a_feature") | {7: "not_decodable"}
    assert batch.values["label"][2] == "建华" and batch.values["@id"][0] == 7 and batch.values["more"][0] == "[1]"
    packed = tmp_path / "a.ndjson.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert only(packed, mapping).raw == batch.raw
    separated = tmp_path / "a.geojsons"
    separated.write_text("".join(f"\x1e{json.dumps(json.loads(FEATURE), indent=1)}\n" for _ in range(3)) + "\x1e{broken\n\x1e" + FEATURE, encoding="utf-8")
    batch = only(separated, mapping)
    assert len(batch) == 5 and list(batch.faults) == [3] and batch.where[1] == str(1 + json.dumps(json.loads(FEATURE), indent=1).count("\n") + 1)


def test_a_line_without_end_is_one_refused_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geojson, "LARGEST_FEATURE", 1 << 12)
    monkeypatch.setattr(geojson, "CHUNK", 1 << 8)
    path = tmp_path / "a.geojsonl"
    path.write_text("\n".join([FEATURE, '{"a": "' + "x" * 100_000 + '"}', FEATURE]), encoding="utf-8")
    batch = only(path, a_mapping("geojsonl"))
    assert len(batch) == 3 and list(batch.faults) == [1] and len(batch.raw[1]) <= 4000


def test_numbers_and_lists_beyond_measure_break_a_collection_with_a_sentence(tmp_path: Path) -> None:
    for odd, said in (("9" * 6000, "JSON is broken"), ("[" * 100_000, "nested too deeply")):
        path = tmp_path / "a.geojson"
        path.write_text('{"type": "FeatureCollection", "features": [' + FEATURE.replace("[1]", odd) + "]}")
        refused(path, a_mapping("geojson"), said)


ODD = st.sampled_from([[], [1], ["1", "2"], [None, 1], [1, [2]], 5, True])
POSITION = st.lists(st.floats(-180, 180) | st.integers(-180, 180), min_size=2, max_size=3) | ODD
COORDINATES = st.recursive(POSITION, lambda inner: st.lists(inner, max_size=5), max_leaves=12)
WRITTEN = st.fixed_dictionaries(
    {"type": st.sampled_from(["Point", "LineString", "Polygon", "MultiPolygon", "MultiPoint", "Circle"]), "coordinates": COORDINATES}
) | st.sampled_from([None, 3, [], {"type": "GeometryCollection", "geometries": None}, {"type": []}])
RING = st.builds(lambda x, y: [[x, y], [x + 1, y], [x + 1, y + 1], [x, y]], st.floats(-170, 170), st.floats(-80, 80))
WHOLE = st.one_of(
    st.builds(lambda rings: {"type": "Polygon", "coordinates": rings}, st.lists(RING, min_size=1, max_size=3)),
    st.builds(lambda ring: {"type": "LineString", "coordinates": ring}, RING),
    st.builds(lambda ring: {"type": "Point", "coordinates": ring[0]}, RING),
    st.builds(lambda ring: {"type": "MultiPolygon", "coordinates": [[ring]]}, RING),
)


@given(st.lists(WRITTEN | WHOLE, max_size=12))
@settings(max_examples=300, deadline=None)
def test_geometries_together_are_those_one_by_one(written: list[Any]) -> None:
    found, faults = geojson_shapes.geometries(written)
    for at, geometry in enumerate(written):
        try:
            alone = shape_of(geometry)
        except Exception:  # (whatever shape() says of nonsense, it is a fault of that row)
            alone = None
        if alone is None:
            assert found[at] is None and at in faults
        else:
            assert shapely.equals_identical(found[at], alone) and at not in faults


CELL = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


@given(st.dictionaries(st.text(max_size=5), st.lists(CELL, min_size=3, max_size=3), max_size=4))
@settings(max_examples=200, deadline=None)
def test_raw_rows_are_what_json_writes(columns: dict[str, list[Any]]) -> None:
    assert json_rows(columns, 3) == [json.dumps({name: column[at] for name, column in columns.items()}, ensure_ascii=False) for at in range(3)]


