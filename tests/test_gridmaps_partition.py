"""Household grids over drawn towns: they cover their parent exactly, are one piece each, keep their bounds and repeat."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commandcenter.city import City, load_city
from gridmaps.blocks import face_of, make_faces, neighbours
from gridmaps.generation import GeneratedCity, RoadNames, generate
from gridmaps.model import Barriers, Sites
from gridmaps.outline import built_outline
from gridmaps.partition import Graph, divide_within, part_count

CITY = load_city("heidelberg")
EAST, NORTH = 478_000.0, 5_473_000.0


def a_town(seed: int, buildings: int = 400, size_m: float = 900.0) -> tuple[np.ndarray, Sites, Barriers]:
    """A square town with crooked streets every 150 m or so and buildings that hold 0 to 12 households."""
    random = np.random.default_rng(seed)
    at = random.uniform(20, size_m - 20, (buildings, 2)) + np.array([EAST, NORTH])
    half = random.uniform(4, 9, buildings)
    shapes = shapely.box(at[:, 0] - half, at[:, 1] - half, at[:, 0] + half, at[:, 1] + half)
    cuts = np.arange(150, size_m, 150) + random.uniform(-30, 30, len(np.arange(150, size_m, 150)))
    lines = [shapely.LineString([(EAST + c, NORTH - 99), (EAST + c + random.uniform(-40, 40), NORTH + size_m + 99)]) for c in cuts]
    lines += [shapely.LineString([(EAST - 99, NORTH + c), (EAST + size_m + 99, NORTH + c + random.uniform(-40, 40))]) for c in cuts]
    households = random.integers(0, 13, buildings).astype(float)
    return np.array(shapes), Sites(shapely.centroid(shapes), half, households), Barriers(np.array(lines), np.arange(len(lines)) % 3 == 0)


def generated(seed: int, city: City = CITY) -> tuple[GeneratedCity, Sites]:
    shapes, sites, barriers = a_town(seed)
    names = RoadNames(shapely.line_interpolate_point(barriers.lines, 0.5, normalized=True), ["<b>Ring"] * len(barriers.lines), [1.0] * len(barriers.lines))
    return generate(city, built_outline(shapes), sites, barriers, names), sites


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**31 - 1))
def test_faces_cover_the_parent_exactly(seed: int) -> None:
    shapes, sites, barriers = a_town(seed, buildings=150)
    outline = built_outline(shapes)
    faces = make_faces(outline, sites, barriers, 40.0)
    assert shapely.coverage_is_valid(faces.shapes)
    assert shapely.union_all(faces.shapes).symmetric_difference(outline).area < 1.0
    assert (shapely.get_type_id(faces.shapes) == 3).all() and shapely.is_valid(faces.shapes).all()
    coordinates = shapely.get_coordinates(faces.shapes)
    assert np.abs(coordinates * 1000 - np.round(coordinates * 1000)).max() < 1e-5
    inside = shapely.intersects(outline, sites.points)
    assert faces.households.sum() == sites.households[inside].sum()
    crowded = faces.households > 40
    homes = np.bincount(face_of(faces.shapes, sites.points[inside]), minlength=len(faces))
    assert (homes[crowded] <= 1).all(), "a face above the limit holds more than one building"


def test_shared_borders_agree_with_the_slow_way() -> None:
    shapes, sites, barriers = a_town(7, buildings=60)
    faces = make_faces(built_outline(shapes), sites, barriers, 60.0).shapes
    shared = neighbours(faces)
    found = dict(zip(map(tuple, shared.pairs.tolist()), np.bincount(shared.pair, shared.length_m), strict=True))
    for a in range(len(faces)):
        for b in range(a + 1, len(faces)):
            length = shapely.length(shapely.intersection(faces[a], faces[b]))
            assert found.get((a, b), 0.0) == pytest.approx(length, abs=0.01)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**31 - 1))
def test_generated_levels_nest_and_keep_their_invariants(seed: int) -> None:
    made, sites = generated(seed)
    shapes = np.array([grid.shape for grid in made.grids])
    assert shapely.coverage_is_valid(shapes) and all(shape.geom_type == "Polygon" for shape in shapes)
    by_code = {area.code: area for area in made.areas}
    for grid in made.grids:
        assert CITY.grammar["grid"].allows(grid.code) and grid.code.startswith(grid.community_code)
    for area in made.areas:
        if area.level == "community":
            parts = [grid.shape for grid in made.grids if grid.community_code == area.code]
        else:
            parts = [child.shape for child in made.areas if child.parent_code == area.code]
        assert shapely.union_all(parts).symmetric_difference(area.shape).area < 1e-6, f"{area.level} {area.code}"
        assert area.parent_code is None or area.parent_code in by_code
    city_shape = made.areas[0].shape
    inside = shapely.intersects(city_shape, sites.points)
    assert sum(grid.households for grid in made.grids) == sites.households[inside].sum()
    assert len({grid.code for grid in made.grids}) == len(made.grids)
    rule = CITY.generated
    for grid in made.grids:
        assert (grid.kind == "basic") == (rule.grid_low <= grid.households <= rule.grid_high)
    whole = [grid for grid in made.grids if grid.kind == "basic"]
    assert len(whole) >= 0.9 * len(made.grids)


def test_the_same_seed_draws_the_same_grids() -> None:
    first, second = generated(3)[0], generated(3)[0]
    assert [grid.code for grid in first.grids] == [grid.code for grid in second.grids]
    assert all(shapely.equals_identical(a.shape, b.shape) for a, b in zip(first.grids, second.grids, strict=True))


@pytest.mark.parametrize(("households", "parts"), [(99, 1), (150, 1), (200, 1), (201, 2), (450, 3), (1000, 7)])
def test_how_many_parts_a_total_makes(households: float, parts: int) -> None:
    assert part_count(households, 100, 200) == parts


def test_one_tower_above_the_bounds_stays_one_grid() -> None:
    pairs = np.array([[0, 1], [1, 2], [2, 3]])
    graph = Graph(4, pairs, np.ones(3))
    groups = divide_within(graph, [0, 1, 2, 3], np.array([120.0, 40.0, 900.0, 150.0]), 100, 200, 1)
    assert sorted(face for group in groups for face in group) == [0, 1, 2, 3]
    assert all(len(graph.components(group)) == 1 for group in groups)


def test_ground_without_roads_or_households_is_still_one_grid() -> None:
    parent = shapely.box(EAST, NORTH, EAST + 300, NORTH + 300)
    none = Sites(np.empty(0, object), np.empty(0), np.empty(0))
    faces = make_faces(parent, none, Barriers(np.empty(0, object), np.empty(0, bool)), 50.0)
    assert len(faces) == 1 and faces.shapes[0].equals(parent)
