"""Faults of sets of polygons: clean tessellations have none, one moved vertex has exactly its own, real boundaries are tried."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from ingest.polygon_set import TINY_M2, SetFault, SliverRule, faults_of
from ingest.reference import ReferenceSystem

METRIC = "EPSG:4550"
EAST, NORTH = 570_000.0, 5_240_000.0
SYSTEM = ReferenceSystem.named(METRIC)


def on_earth(shapes: Any) -> Any:
    """Shapes drawn in metres around a corner of the city, in lon/lat."""
    return shapely.transform(shapes, lambda at: SYSTEM.to_lonlat(at + np.array([EAST, NORTH])))


def found_in(shapes: Any, outline: BaseGeometry | None = None, **rules: Any) -> list[SetFault]:
    keys = [f"{i:05}" for i in range(len(shapes))]
    drawn = None if outline is None else on_earth(outline)
    return faults_of(on_earth(np.array(list(shapes), object)), keys, metric_crs=METRIC, outline=drawn, **rules)


def nodes_and_cells(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A net of quadrilaterals of about 100 m with shaken inner nodes: nodes (size+1, size+1, 2), cells as node indices."""
    rng = np.random.default_rng(seed)
    y, x = np.meshgrid(np.arange(size + 1) * 100.0, np.arange(size + 1) * 100.0, indexing="ij")
    nodes = np.stack([x, y], axis=-1)
    nodes[1:-1, 1:-1] += rng.uniform(-30, 30, (size - 1, size - 1, 2))
    row, column = (v.ravel() for v in np.meshgrid(np.arange(size), np.arange(size), indexing="ij"))
    corner = row * (size + 1) + column
    return nodes.reshape(-1, 2), np.stack([corner, corner + 1, corner + size + 2, corner + size + 1], axis=1)


def net(size: int, seed: int) -> np.ndarray:
    nodes, cells = nodes_and_cells(size, seed)
    return np.asarray(shapely.polygons(nodes[cells]))


@st.composite
def cut_rectangles(draw: st.DrawFn) -> list[BaseGeometry]:
    """A square kilometre cut in two again and again: every cut ends in the middle of a neighbour's edge."""
    done: list[tuple[float, float, float, float]] = [(0.0, 0.0, 1000.0, 1000.0)]
    for _ in range(draw(st.integers(0, 12))):
        west, south, east, north = done.pop(draw(st.integers(0, len(done) - 1)))
        at = draw(st.floats(0.25, 0.75))
        if east - west > north - south:
            middle = west + at * (east - west)
            done += [(west, south, middle, north), (middle, south, east, north)]
        else:
            middle = south + at * (north - south)
            done += [(west, south, east, middle), (west, middle, east, north)]
    return [shapely.box(*bounds) for bounds in done]


@settings(deadline=None)
@given(cut_rectangles())
def test_a_cut_square_has_no_faults(cells: list[BaseGeometry]) -> None:
    assert found_in(cells) == []
    assert found_in(cells, shapely.box(0, 0, 1000, 1000)) == []


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 12), st.integers(0, 2**32))
def test_a_shaken_net_has_no_faults(size: int, seed: int) -> None:
    assert found_in(net(size, seed)) == []


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 40), st.integers(0, 2**32))
def test_voronoi_cells_have_no_faults(count: int, seed: int) -> None:
    at = np.random.default_rng(seed).uniform(0, 2000, (count, 2))
    square = shapely.box(0, 0, 2000, 2000)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(at), extend_to=square))
    cut = shapely.intersection(cells, square)
    assert found_in(cut, square, slivers=SliverRule(0.0, 0.0)) == []


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.floats(-20, 20), st.floats(-20, 20))
def test_one_moved_vertex_has_exactly_its_overlap_and_its_gap(seed: int, east: float, north: float) -> None:
    """One cell alone moves an inner node: what it gains it shares, what it gives up nobody has."""
    nodes, cells = nodes_and_cells(4, seed)
    shapes = np.asarray(shapely.polygons(nodes[cells]))
    corners = nodes[cells[5]].copy()
    corners[2] += (east, north)
    before, moved = shapes[5], shapely.Polygon(corners)
    shapes[5] = moved
    if not moved.is_valid:
        return
    found = found_in(shapes)
    gained, lost = shapely.difference(moved, before).area, shapely.difference(before, moved).area
    overlaps = [fault for fault in found if fault.kind == "overlap"]
    gaps = [fault for fault in found if fault.kind == "gap"]
    assert len(overlaps) + len(gaps) == len(found)
    assert sum(fault.area_m2 for fault in overlaps) == pytest.approx(gained, abs=20 * TINY_M2)
    assert sum(fault.area_m2 for fault in gaps) == pytest.approx(lost, abs=20 * TINY_M2)
    assert all("00005" in fault.keys for fault in found)
    for fault in found:
        assert all(fault.sentence) and fault.geometry.is_valid
        assert shapely.box(123.9, 47.2, 124.0, 47.4).contains(fault.geometry)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=20))
def test_overlaps_are_those_of_looking_at_every_pair(boxes: list[tuple[int, int, int, int]]) -> None:
    shapes = [shapely.box(x, y, x + w, y + h) for x, y, w, h in boxes]
    slow = {}
    for i, (x, y, w, h) in enumerate(boxes):
        for j, (u, v, a, b) in enumerate(boxes[:i]):
            shared = max(0, min(x + w, u + a) - max(x, u)) * max(0, min(y + h, v + b) - max(y, v))
            if shared:
                slow[f"{j:05}", f"{i:05}"] = shared
    found = {fault.keys: fault.area_m2 for fault in found_in(shapes) if fault.kind == "overlap"}
    assert found == pytest.approx(slow, abs=TINY_M2)


@pytest.mark.parametrize("width", [0.001, 0.01, 0.5, 3.0])
def test_a_gap_between_two_halves(width: float) -> None:
    """Open at both ends: a rift if it is narrow; a millimetre passes GEOS's coverage check unless a width is named."""
    halves = [shapely.box(0, 0, 100, 100), shapely.box(100 + width, 0, 200, 100)]
    found = found_in(halves)
    if width > 1.0:
        assert found == []
        found = found_in(halves, shapely.box(0, 0, 200, 100))
    [gap] = found
    assert (gap.kind, gap.keys) == ("gap", ("00000", "00001"))
    assert gap.area_m2 == pytest.approx(100 * width, rel=1e-3) and gap.width_m == pytest.approx(width, rel=0.05)


def test_a_millimetre_between_cells_of_a_net_is_seen() -> None:
    shapes = [shapely.box(x, y, x + 100 - (0.001 if (x, y) == (100, 100) else 0), y + 100) for x in (0, 100, 200) for y in (0, 100, 200)]
    [gap] = found_in(shapes)
    assert gap.kind == "gap" and gap.area_m2 == pytest.approx(0.1, rel=1e-3) and gap.width_m == pytest.approx(0.001, rel=1e-2)
    assert "00004" in gap.keys and "00007" in gap.keys


def test_a_hole_is_a_gap_unless_the_outline_has_it_too() -> None:
    ring = [shapely.box(*b) for b in [(0, 0, 300, 100), (0, 200, 300, 300), (0, 100, 100, 200), (200, 100, 300, 200)]]
    [gap] = found_in(ring)
    assert (gap.kind, len(gap.keys)) == ("gap", 4) and gap.area_m2 == pytest.approx(10_000)
    whole = shapely.box(0, 0, 300, 300)
    assert [f.kind for f in found_in(ring, whole)] == ["gap"]
    assert found_in(ring, whole.difference(shapely.box(100, 100, 200, 200))) == []
    [inner] = found_in([*ring, shapely.box(140, 140, 160, 160)])
    assert inner.kind == "gap" and inner.area_m2 == pytest.approx(9_600) and len(inner.keys) == 5


def test_notches_and_bays_are_no_gaps() -> None:
    """The form of the set: a wide bay, a right-angled notch and a blunt one."""
    shape = shapely.Polygon([(0, 0), (300, 0), (300, 200), (250, 200), (250, 150), (200, 150), (200, 200), (150, 200), (120, 120), (90, 200), (0, 200)])
    assert found_in([shape]) == []


def test_slivers_and_what_lies_outside() -> None:
    parts = shapely.MultiPolygon([shapely.box(0, 0, 100, 100), shapely.box(105, 0, 105.5, 100)])
    assert [(f.kind, f.keys) for f in found_in([parts])] == [("sliver", ("00000",))]
    assert found_in([parts], slivers=SliverRule(width_m=0.2)) == []
    outline = shapely.box(0, 0, 100, 90)
    found = found_in([shapely.box(0, 0, 100, 100)], outline)
    assert [f.kind for f in found] == ["outside"] and found[0].area_m2 == pytest.approx(1000)


def test_identical_and_contained_polygons_overlap() -> None:
    found = found_in([shapely.box(0, 0, 50, 50), shapely.box(0, 0, 50, 50), shapely.box(10, 10, 20, 20)])
    assert [(f.keys, round(f.area_m2)) for f in found] == [(("00000", "00001"), 2500), (("00000", "00002"), 100), (("00001", "00002"), 100)]


def test_what_is_no_set_is_refused() -> None:
    assert faults_of([], [], metric_crs=METRIC) == []
    with pytest.raises(ValueError, match="invalid or empty polygons: bow"):
        faults_of([shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])], ["bow"], metric_crs=METRIC)
    with pytest.raises(ValueError, match="1 polygons and 0 keys"):
        faults_of([shapely.box(0, 0, 1, 1)], [], metric_crs=METRIC)


def features(path: Path) -> tuple[list[BaseGeometry], list[str]]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    read = json.loads(content)["features"]
    return [shapely.from_geojson(json.dumps(f["geometry"])) for f in read], [str(f["properties"].get("name") or f["properties"]["regionName"]) for f in read]


@pytest.mark.parametrize(
    ("file", "crs", "count"),
    [
        ("qiqihar_datav_230200_full.geojson", "EPSG:4550", 16),
        ("qiqihar_amap_fences_2016.geojson.gz", "EPSG:4550", 16),
        ("qiqihar_core3_geoboundaries_wgs84.geojson", "EPSG:4550", 3),
        ("hangzhou_yuhang_streets.geojson.gz", "EPSG:4549", 12),
    ],
)
def test_real_boundaries_cover_their_ground_once(test_data: Path, file: str, crs: str, count: int) -> None:
    shapes, names = features(test_data / "boundaries" / file)
    outline = shapes.pop(names.index("齐齐哈尔市")) if "齐齐哈尔市" in names else None
    names = [name for name in names if name != "齐齐哈尔市"]
    assert len(shapes) == count
    assert faults_of(shapes, names, metric_crs=crs) == []
    assert outline is None or faults_of(shapes, names, metric_crs=crs, outline=outline) == []


def test_a_real_district_pushed_half_a_metre_has_its_faults(test_data: Path) -> None:
    shapes, names = features(test_data / "boundaries" / "qiqihar_datav_230200_full.geojson")
    at = names.index("龙沙区")
    shapes[at] = shapely.transform(shapes[at], lambda xy: SYSTEM.to_lonlat(SYSTEM.from_lonlat(xy) + np.array([0.5, 0.0])))
    found = faults_of(shapes, names, metric_crs=METRIC)
    assert {fault.kind for fault in found} == {"overlap", "gap"}
    assert all("龙沙区" in fault.keys and 0 < fault.width_m < 0.51 for fault in found)
