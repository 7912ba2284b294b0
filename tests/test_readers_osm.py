"""OpenStreetMap through the class rules: every object that fits comes once, whole, or as a refused row that says why."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commandcenter.errors import BadInput
from ingest.contract import Mapping
from ingest.mapping import load_mapping
from ingest.readers import osm
from ingest.record import RAW_LENGTH, Batch

BASE_MAP = load_mapping("osm_base_map")
FILES = ("liechtenstein.osm.pbf", "heidelberg_altstadt.osm.pbf", "monaco.osm.gz")


def objects(path: Path, mapping: Mapping) -> dict[tuple[str, str], tuple[Batch, int]]:
    """Every row by number and kind: the batch and its position. No two rows are of one object and kind."""
    found: dict[tuple[str, str], tuple[Batch, int]] = {}
    for batch in osm.batches(path, mapping):
        for at, key in enumerate(batch.where):
            fields = batch.fields_of(at)
            assert key == fields["@id"] and (key, fields["@kind"]) not in found
            raw = batch.raw[at]
            assert len(raw) == RAW_LENGTH or (json.loads(raw) == fields and raw == json.dumps(json.loads(raw), ensure_ascii=False))
            assert (batch.geometry[at] is None) == (at in batch.faults)
            found[key, fields["@kind"]] = batch, at
    return found


def osm_file(folder: Path, *extra: str) -> Path:
    """Twelve nodes in three squares, ways around and between them, and what relations make of them."""
    path = folder / "little.osm"
    corners = [(x + dx, dy) for x in (0, 10, 20) for dx, dy in ((0, 0), (1, 0), (1, 1), (0, 1))]
    nodes = [f'<node id="{number}" version="1" lon="{x / 100}" lat="{y / 100}"/>' for number, (x, y) in enumerate(corners, 1)]
    path.write_text(f'<osm version="0.6">{"".join([*nodes, *extra])}</osm>', encoding="utf-8")
    return path


def a_way(number: int, nodes: list[int], **tags: str) -> str:
    corners = "".join(f'<nd ref="{node}"/>' for node in nodes)
    return f'<way id="{number}" version="1">{corners}{_tags(tags)}</way>'


def a_relation(number: int, ways: dict[int, str], **tags: str) -> str:
    members = "".join(f'<member type="way" ref="{way}" role="{role}"/>' for way, role in ways.items())
    return f'<relation id="{number}" version="1">{members}{_tags(tags)}</relation>'


def _tags(tags: dict[str, str]) -> str:
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())


def test_each_object_comes_once_and_in_its_shape(tmp_path: Path) -> None:
    path = osm_file(
        tmp_path,
        '<node id="50" version="1" lon="0.5" lat="0.5"><tag k="place" v="town"/><tag k="name" v="a &quot;b&quot; 齐"/></node>',
        a_way(1, [1, 2, 3, 4, 1], landuse="forest"),
        a_way(2, [1, 2, 3, 4, 1], highway="service"),
        a_way(3, [1, 2, 99], highway="service"),
        a_way(4, [5, 6, 7]), a_way(5, [7, 8, 5]),
        a_way(6, [1, 2, 1], natural="water"),
        a_way(7, [5, 6], building="yes"),
        a_relation(10, {4: "outer", 5: "outer"}, type="multipolygon", natural="water", name="lake"),
        a_relation(11, {4: "outer", 98: "outer"}, type="multipolygon", natural="water"),
        a_way(8, [9, 10, 11, 12, 9]),
        a_relation(12, {8: "outer", 98: "outer"}, type="boundary", landuse="forest"),
    )  # fmt: skip
    found = objects(path, BASE_MAP)
    shapes = {key: None if at in batch.faults else batch.geometry[at].geom_type for key, (batch, at) in found.items()}
    assert shapes == {
        ("n50", "point"): "Point", ("w1", "polygon"): "Polygon", ("w2", "line"): "LineString", ("w3", "line"): None, ("w6", "polygon"): None,
        ("r10", "polygon"): "Polygon", ("r11", "polygon"): None, ("r12", "polygon"): "Polygon",
    }  # fmt: skip
    batch, _ = found["n50", "point"]
    assert {batch.where[at]: finding.rule for at, finding in batch.faults.items()} == {"w3": "nodes_missing", "w6": "area_unformed", "r11": "area_unformed"}
    assert {batch.where[at]: repair for at, repair in batch.repairs.items()} == {"r12": "members_missing"}
    at = batch.where.index("n50")
    assert batch.fields_of(at) == {"place": "town", "name": 'a "b" 齐', "@id": "n50", "@kind": "point"}


@pytest.mark.parametrize("name", FILES)
def test_no_object_of_the_real_files_comes_twice(test_data: Path, name: str) -> None:
    for mapping in ("osm_base_map", "osm_buildings", "osm_street_furniture"):
        assert objects(test_data / "osm" / name, load_mapping(mapping))


@pytest.mark.parametrize("name", ["osm_base_map", "osm_buildings", "osm_service_points"])
def test_monaco_as_a_plain_reading_of_its_xml_has_it(test_data: Path, name: str) -> None:
    """The oracle reads the XML as it stands and asks every rule in turn."""
    path, mapping = test_data / "osm" / "monaco.osm.gz", load_mapping(name)
    expected: dict[tuple[str, str], dict[str, str]] = {}
    with gzip.open(path) as file:
        for _, element in ElementTree.iterparse(file):
            if element.tag not in ("node", "way", "relation"):
                continue
            tags = {tag.attrib["k"]: tag.attrib["v"] for tag in element.findall("tag")}
            nodes = [node.attrib["ref"] for node in element.findall("nd")]
            kinds = {"node": ["point"], "way": ["line"], "relation": []}[element.tag]
            as_area = tags.get("type") in ("multipolygon", "boundary") if element.tag == "relation" else len(nodes) > 3 and nodes[0] == nodes[-1]
            for kind in [*kinds, *(["polygon"] if as_area else [])]:
                if any(rule.fits(tags, kind) for rule in mapping.classes):
                    expected[f"{element.tag[0]}{element.attrib['id']}", kind] = tags
    found = objects(path, mapping)
    assert set(found) == set(expected)
    for key, (batch, at) in found.items():
        told = {"@id": key[0], "@kind": key[1], **{name: value for name, value in expected[key].items() if name != "type" or key[0][0] != "r"}}
        assert {name: value for name, value in batch.fields_of(at).items() if name in told} == told
        assert at in batch.faults or shapely.get_type_id(batch.geometry[at]) in {"point": (0,), "line": (1,), "polygon": (3, 6)}[key[1]]


def test_small_batches_are_the_same_rows(test_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = test_data / "osm" / "heidelberg_altstadt.osm.pbf"

    def told(found: dict[tuple[str, str], tuple[Batch, int]]) -> Counter[Any]:
        return Counter((key, batch.raw[at], batch.geometry[at], batch.repairs.get(at)) for key, (batch, at) in found.items())

    whole = told(objects(path, BASE_MAP))
    monkeypatch.setattr(osm, "BATCH_ROWS", 7)
    monkeypatch.setattr(osm, "MOST_CELLS", 30)
    assert max(map(len, osm.batches(path, BASE_MAP))) <= 7
    assert told(objects(path, BASE_MAP)) == whole


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_flipped_and_cut_bytes_end_in_rows_or_in_a_sentence(tmp_path: Path, data: st.DataObject) -> None:
    path = osm_file(tmp_path, a_way(1, [1, 2, 3, 4, 1], landuse="forest"), a_way(2, [1, 2], highway="service", name="路"))
    body = bytearray(path.read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(body) - 1), max_size=4)):
        body[at] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del body[data.draw(st.integers(1, len(body))) :]
    path.write_bytes(body)
    try:
        list(osm.batches(path, BASE_MAP))
    except BadInput as fault:
        assert fault.sentence.zh and fault.sentence.en


def test_a_number_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    path = osm_file(tmp_path, a_way(1, [1, 2, 3, 4, 1], landuse="forest"))
    whole = path.read_text(encoding="utf-8")
    for number, unreadable in (('version="', 'version=" '), (' id="', ' id="x'), ('lat="', 'lat="n')):
        assert number in whole
        path.write_text(whole.replace(number, unreadable, 1), encoding="utf-8")
        with pytest.raises(BadInput, match=path.name):
            list(osm.batches(path, BASE_MAP))


def test_a_cut_pbf_is_a_sentence(test_data: Path, tmp_path: Path) -> None:
    whole = (test_data / "osm" / "heidelberg_altstadt.osm.pbf").read_bytes()
    for length in (1, 100, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.osm.pbf").write_bytes(whole[:length])
        with pytest.raises(BadInput, match=r"cut\.osm\.pbf"):
            list(osm.batches(tmp_path / "cut.osm.pbf", BASE_MAP))
