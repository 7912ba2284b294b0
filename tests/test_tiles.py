"""Tiles as values and as bytes: boxes, addresses, thinning, size, and the strict reader's verdict on all of them."""

from __future__ import annotations

import math

import psycopg
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from commandcenter.errors import BadRequest, NotFound
from layers import discover
from layers.tiles import (
    HIGHEST_ZOOM,
    box_ewkb,
    check_tile,
    filter_clauses,
    mercator_box,
    parse_bbox,
    tile_box,
    tile_request,
)
from tests.asking import ids_drawn, tile, tile_at, tiles_over
from tests.city import HOME, OPERATOR

LAYERS = discover()


@given(st.integers(0, HIGHEST_ZOOM), st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_tiles_of_a_zoom_tile_the_world(zoom: int, across: float, down: float) -> None:
    x, y = int(across * (1 << zoom)), int(down * (1 << zoom))
    west, south, east, north = tile_box(zoom, x, y)
    half = 20_037_508.342789244
    assert -half - 1 <= west < east <= half + 1 and -half - 1 <= south < north <= half + 1
    assert math.isclose(tile_box(zoom, x + 1, y)[0], east, abs_tol=1e-6)
    assert math.isclose(tile_box(zoom, x, y + 1)[3], south, abs_tol=1e-6)


@given(st.floats(-179, 178), st.floats(-84, 83))
def test_a_lonlat_box_in_mercator_is_what_proj_says(lon: float, lat: float) -> None:
    ours = mercator_box((lon, lat, lon + 1, lat + 1))
    project = Transformer.from_crs(4326, 3857, always_xy=True)
    assert ours == pytest.approx((*project.transform(lon, lat), *project.transform(lon + 1, lat + 1)), abs=1e-3)


def test_a_box_travels_as_the_ewkb_it_says() -> None:
    shape = shapely.from_wkb(box_ewkb((1, 2, 3, 4)))
    assert shapely.get_srid(shape) == 3857
    assert shape.equals(shapely.box(1, 2, 3, 4))


@pytest.mark.parametrize(("zoom", "x", "y", "fault"), [(23, 0, 0, BadRequest), (-1, 0, 0, BadRequest), (3, 8, 0, NotFound), (3, 0, -1, NotFound)])
def test_addresses_outside_the_pyramid_are_refused(zoom: int, x: int, y: int, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        check_tile(zoom, x, y)


@given(st.text(max_size=40))
def test_any_text_as_bbox_is_a_box_or_a_bad_request(raw: str) -> None:
    try:
        west, south, east, north = parse_bbox(raw)
    except BadRequest:
        return
    assert -180 <= west < east <= 180 and -90 <= south < north <= 90


@pytest.mark.parametrize("raw", ["", "1,2,3", "1,2,3,4,5", "nan,0,1,1", "0,0,inf,1", "5,0,1,1", "0,5,1,1", "-181,0,1,1", "0,0,1,91", "0x1,0,1,1"])
def test_boxes_that_cannot_be_are_refused_in_words(raw: str) -> None:
    with pytest.raises(BadRequest) as fault:
        parse_bbox(raw)
    assert "bbox" in fault.value.sentence.zh and "bbox" in fault.value.sentence.en


def test_filters_never_reach_the_sql_as_text() -> None:
    cameras = LAYERS["cameras"]
    params: dict[str, object] = {}
    clause = filter_clauses(cameras, {"status": ("working",)}, params)  # type: ignore[arg-type]
    assert "working" not in clause and params == {"f_status": ["working"]}
    for name, value in (("status", "') or true --"), ("nothing", "x"), ("status) or (true", "working")):
        with pytest.raises(BadRequest):
            filter_clauses(cameras, {name: (value,)}, {})


def test_below_its_zoom_a_layer_asks_nothing() -> None:
    for layer in LAYERS.values():
        if layer.min_zoom:
            assert tile_request(layer, layer.min_zoom - 1, 0, 0, {}) is None


def test_all_our_tiles_pass_the_strict_reader(connection: psycopg.Connection) -> None:
    """Version 2, extent 4096, every feature with an id; lines, polygons with courtyards and multipolygons among them."""
    kinds, rings = set(), 0
    for layer in LAYERS.values():
        for zoom in (5, 9, 12, 14, 16, 18):
            for address in tiles_over(HOME, zoom):
                for part in tile(connection, OPERATOR, layer, address).values():
                    assert (part.version, part.extent) == (2, 4096)
                    for feature in part.features:
                        kinds.add(feature.kind)
                        rings = max(rings, len(feature.parts))
                        assert feature.id and feature.id > 0
                        assert all(abs(x - 2048) < 2048 + 300 and abs(y - 2048) < 2048 + 300 for ring in feature.parts for x, y in ring)
    assert kinds == {"point", "linestring", "polygon"} and rings >= 2


def test_points_appear_with_zoom_and_never_disappear(connection: psycopg.Connection) -> None:
    for name in ("cameras", "service_points", "components"):
        layer = LAYERS[name]
        before: set[tuple[str, int]] = set()
        for zoom in range(layer.min_zoom, 18):
            now = {pair for pair in ids_drawn(connection, OPERATOR, layer, HOME, zoom) if pair[0] == name}
            if zoom > layer.min_zoom:
                assert before - now <= ids_outside(connection, name), (name, zoom)
            before = now
        assert before


def ids_outside(connection: psycopg.Connection, name: str) -> set[tuple[str, int]]:
    """The row that lies far outside: low tiles over the city reach it, high ones do not."""
    table = LAYERS[name].table
    rows = connection.execute(f"select id from {table} where district_code is null").fetchall()  # type: ignore[arg-type]
    return {(name, row[0]) for row in rows}


def test_a_draft_plan_is_not_on_the_map(connection: psycopg.Connection) -> None:
    codes = set()
    for address in tiles_over(HOME, 15):
        codes |= {f.properties["code"] for part in tile(connection, OPERATOR, LAYERS["grids"], address).values() for f in part.features}
    assert len(codes) == 8 and not any(code.endswith("901") for code in codes)


def test_closed_cases_are_not_on_the_map(connection: psycopg.Connection) -> None:
    drawn = {ref for _, ref in ids_drawn(connection, OPERATOR, LAYERS["cases"], HOME, 16)}
    states = connection.execute("select bool_and(is_open), count(*) from cases where id = any(%s)", [list(drawn)]).fetchone()
    assert states == (True, 20)


def test_a_tile_at_the_end_of_the_world_is_empty_not_an_error(connection: psycopg.Connection) -> None:
    for layer in LAYERS.values():
        for address in ((HIGHEST_ZOOM, 0, 0), (HIGHEST_ZOOM, (1 << HIGHEST_ZOOM) - 1, (1 << HIGHEST_ZOOM) - 1), tile_at(0, 0, 18)):
            assert tile(connection, OPERATOR, layer, address) == {}
