"""What is wrong with a geometry, where, and which repair may be proposed to its owner.

Geometries are shapely's, in EPSG:4326 (any plane coordinates do, but then no square metres are named). The rules are those
of the OGC as GEOS 3.14 tests them, with the vaguest of its answers told apart; the repair is GEOS's ``structure`` method
(JTS GeometryFixer): rings are mended, shells united, holes taken away, parts that collapse dropped. Nothing is repaired here:
a ``Verdict`` proposes, and its ``change`` says what accepting it would do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from commandcenter.text import Text

MANY_RINGS = 1000
MOST_CHANGE = 0.5  # of area or length: what changes more is no repair but another shape
FARTHEST = 1e9  # no system of the Earth has larger coordinates; far above, areas overflow
STRAIGHT_BACK = 1e-9  # sine of the angle under which a vertex is the tip of a spike
DEEP_STACK = 20.0  # times that the boxes of many parts cover the whole: GEOS looks at every pair, 45 s for 20 000 parts
MANY_PARTS = 1000
POLYGON = 3  # shapely's number of the last kind that has no parts
_GEOD = Geod(ellps="WGS84")
A_M, E2 = 6378137.0, 0.0066943799901413165  # WGS 84

REASONS = {
    "self_intersection": Text("边界自相交。", "Its boundary crosses itself."),
    "ring_self_intersection": Text("同一个环在一点上与自身相接。", "A ring touches itself at a point."),
    "spike": Text("边界有尖刺：一段线原路折回。", "Its boundary has a spike: a line that runs back on itself."),
    "hole_outside_shell": Text("内环（洞）落在外环之外。", "A hole lies outside its shell."),
    "nested_holes": Text("内环（洞）彼此嵌套。", "A hole lies inside another hole."),
    "nested_shells": Text("多部分图形的一个部分落在另一部分之内。", "One part lies inside another part."),
    "disconnected_interior": Text("内环把图形的内部割断。", "Its holes cut the interior into pieces."),
    "duplicate_rings": Text("同一个环出现两次。", "The same ring is there twice."),
    "too_few_points": Text("点数太少，构不成线或面。", "It has too few different points for a line or an area."),
    "bad_coordinate": Text("坐标不是有限的数，或大得不可能。", "A coordinate is no finite number, or impossibly large."),
    "unclosed_ring": Text("面的环没有闭合。", "A ring of the area is not closed."),
    "curve": Text("含有曲线等不支持的几何类型。", "It is a curve or another type that is not supported."),
    "unreadable": Text("几何图形无法读出。", "Its geometry cannot be read."),
    "no_geometry": Text("没有几何图形。", "It has no geometry."),
    "empty": Text("几何图形为空。", "Its geometry is empty."),
    "empty_part": Text("多部分图形含有空的部分。", "One of its parts is empty."),
    "z_dropped": Text("带有高程或度量值，只保留平面坐标。", "It has heights or measures; only the plane coordinates are kept."),
    "invalid": Text("几何图形无效。", "Its geometry is invalid."),
}
_GEOS_RULES = {
    "Self-intersection": "self_intersection",
    "Ring Self-intersection": "ring_self_intersection",
    "Hole lies outside shell": "hole_outside_shell",
    "Holes are nested": "nested_holes",
    "Nested shells": "nested_shells",
    "Interior is disconnected": "disconnected_interior",
    "Duplicate Rings": "duplicate_rings",
    "Too few points in geometry component": "too_few_points",
    "Invalid Coordinate": "bad_coordinate",
    "Ring is not closed": "unclosed_ring",
}
_UNREADABLE = (("closed linestring", "unclosed_ring"), ("Invalid number of points", "too_few_points"), ("onlinear", "curve"), ("Unknown", "curve"))
_PLACE = re.compile(r"^(.*)\[(\S+) (\S+)\]$")


@dataclass(frozen=True)
class Verdict:
    """One geometry's fault: ``rule`` names it, ``at`` is where (x, y), ``proposal`` the repaired shape, if one may be proposed.

    ``valid`` is true for what may be loaded as it stands: then the proposal only tidies. ``change`` says what the repair does,
    or why none is proposed.
    """

    valid: bool
    rule: str
    reason: Text
    at: tuple[float, float] | None = None
    proposal: BaseGeometry | None = None
    change: Text | None = None


def verdicts(geometries: Sequence[BaseGeometry | None] | NDArray[Any]) -> dict[int, Verdict]:
    """The verdicts on those of the geometries that are not simply in order, by position."""
    shapes = np.empty(len(geometries), object)
    shapes[:] = geometries
    is_shape = shapely.is_geometry(shapes)
    found = {int(i): _verdict("no_geometry") for i in np.flatnonzero(~is_shape)}
    shapes[~is_shape] = None
    empty = shapely.is_empty(shapes)
    found |= {int(i): _verdict("empty") for i in np.flatnonzero(empty)}
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    beyond = np.unique(owner[~(np.abs(coordinates) <= FARTHEST).all(axis=1)])
    found |= {int(i): _verdict("bad_coordinate") for i in beyond}

    sound = is_shape & ~empty
    sound[beyond] = False
    at = np.flatnonzero(sound)
    stacked = at[_is_stacked(shapes[at])]
    for i in stacked:
        made = _repaired(shapely.force_2d(shapes[i]))
        if made.area < shapes[i].area * (1 - 1e-9):  # parts overlap; a heap that only looks like one is left to GEOS
            found[int(i)] = _judged(shapes[i], "Self-intersection", made)
    asked = np.setdiff1d(at, list(found))
    wrong = asked[~shapely.is_valid(shapes[asked])]
    for i, words in zip(wrong, shapely.is_valid_reason(shapes[wrong]), strict=True):
        found[int(i)] = _judged(shapes[i], str(words))
    for i in at[_has_empty_part(shapes[at])]:
        found.setdefault(int(i), _tidied("empty_part", shapes[i]))
    for i in at[shapely.has_z(shapes[at]) | shapely.has_m(shapes[at])]:
        found.setdefault(int(i), _tidied("z_dropped", shapes[i]))
    return found


def unreadable(fault: Exception) -> Verdict:
    """The verdict on bytes or text of which shapely could make no geometry, from what it said."""
    words = str(fault)
    return _verdict(next((rule for part, rule in _UNREADABLE if part in words), "unreadable"))


def area_m2(geometry: BaseGeometry) -> float:
    """Square metres on the WGS 84 ellipsoid of a lon/lat area, valid or not; edges are geodesics.

    Beyond MANY_RINGS edges are straight in the cylindrical equal-area projection instead (Snyder 1987, eq. 3-12, 10-15), 1e-6 off
    for edges of 200 m: one pass over all coordinates, where a hundred thousand rings would be as many calls.
    """
    if shapely.get_dimensions(geometry) != 2:
        return 0.0
    if len(shapely.get_rings(shapely.get_parts(geometry))) > MANY_RINGS:
        return float(shapely.area(shapely.transform(geometry, _equal_area)))
    whole = 0.0
    for part in _parts_of(geometry, 2):
        shell, *holes = (abs(_GEOD.polygon_area_perimeter(*ring.xy)[0]) for ring in shapely.get_rings(part))
        whole += shell - sum(holes)
    return float(whole)


def _equal_area(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    e, sine = np.sqrt(E2), np.sin(np.radians(lonlat[:, 1]))
    q = (1 - E2) * (sine / (1 - E2 * sine * sine) - np.log((1 - e * sine) / (1 + e * sine)) / (2 * e))
    return np.column_stack([A_M * np.radians(lonlat[:, 0]), A_M * q / 2])


def _verdict(rule: str) -> Verdict:
    return Verdict(False, rule, REASONS[rule])


def _judged(shape: BaseGeometry, words: str, made: BaseGeometry | None = None) -> Verdict:
    """The verdict on an invalid shape of finite coordinates, from GEOS's words about it; ``made`` where it is mended already."""
    said = _PLACE.match(words)
    rule = _GEOS_RULES.get(said[1] if said else words, "invalid")
    at = (float(said[2]), float(said[3])) if said else None
    flat = shapely.force_2d(shape)
    made = made or _repaired(flat)
    before, after = _size(flat), _size(made)
    if rule in ("self_intersection", "ring_self_intersection"):
        if _repeats_a_ring(flat):
            rule = "duplicate_rings"
        elif _folds_back(flat) and abs(after - before) <= 1e-6 * before:
            rule = "spike"
    reason = REASONS[rule]
    if made.is_empty or after <= 0:
        gone = Text("不提出修复：修复后什么也不剩。", "No repair is proposed: nothing would be left of it.")
        return Verdict(False, rule, reason, at, None, gone)
    if abs(after - before) > MOST_CHANGE * before:
        other = Text(
            f"不提出修复：{_sizes(flat, made).zh}，变化超过一半。",
            f"No repair is proposed: {_sizes(flat, made).en}, a change of more than half.",
        )
        return Verdict(False, rule, reason, at, None, other)
    return Verdict(False, rule, reason, at, made, _change(shape, made))


def _tidied(rule: str, shape: BaseGeometry) -> Verdict:
    """The verdict on a valid shape that is loaded better without its empty parts, heights or measures."""
    made = shapely.force_2d(shape)
    if rule == "empty_part":
        parts = shapely.get_parts(made)
        parts = parts[~shapely.is_empty(parts)]
        made = _one_shape(parts[0]) if len(parts) == 1 else _together(parts, int(shapely.get_dimensions(made)))
    return Verdict(True, rule, REASONS[rule], None, made, _change(shape, made))


def _repaired(shape: BaseGeometry) -> BaseGeometry:
    """The shape mended by GEOS's structure method, nothing of a lower dimension kept. Empty where nothing is left.

    GEOS mends a multipolygon by one union of all parts, 20 seconds for 100 000 that lie apart. Here each part is mended by
    itself, and only parts that touch are united.
    """
    if shape.geom_type == "GeometryCollection":  # its points and lines are meant
        return _one_shape(_mended(shape))
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        return _of_dimension(_mended(shape), int(shapely.get_dimensions(shape)))
    different = shapely.from_wkb(np.unique(shapely.to_wkb(shapely.normalize(shapely.get_parts(shape)))))
    parts = _parts_of(_mended(different), 2)
    if len(parts) < 2:
        return _one_shape(parts[0]) if len(parts) else shapely.Polygon()
    whole = _one_shape(shapely.multipolygons(parts))
    if _is_stacked(np.array([whole]))[0]:
        return _of_dimension(_one_shape(shapely.union_all(parts)), 2)
    return whole if whole.is_valid else _of_dimension(_one_shape(shapely.disjoint_subset_union_all(parts)), 2)


def _mended(shapes: Any) -> Any:
    return shapely.make_valid(shapes, method="structure", keep_collapsed=False)


def _one_shape(found: Any) -> BaseGeometry:
    """What shapely's functions over arrays answer for one shape: they declare arrays only."""
    assert isinstance(found, BaseGeometry)
    return found


def _of_dimension(shape: BaseGeometry, dimension: int) -> BaseGeometry:
    """The shape without its parts of a lower dimension."""
    if shape.geom_type != "GeometryCollection":
        return shape
    parts = _parts_of(shape, dimension)
    return _one_shape(parts[0]) if len(parts) == 1 else _together(parts, dimension)


def _parts_of(shape: Any, dimension: int) -> NDArray[Any]:
    """The single shapes of one dimension in a shape, or in an array of shapes."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    return np.asarray(parts[(shapely.get_dimensions(parts) == dimension) & ~shapely.is_empty(parts)])


def _together(parts: NDArray[Any], dimension: int) -> BaseGeometry:
    kind = {0: shapely.multipoints, 1: shapely.multilinestrings, 2: shapely.multipolygons}.get(dimension, shapely.geometrycollections)
    return _one_shape(kind(parts))  # type: ignore[operator]


def _is_stacked(shapes: NDArray[Any]) -> NDArray[np.bool_]:
    """Which multipolygons are so deep a heap of parts that GEOS would look at their pairs for minutes."""
    stacked = shapely.get_num_geometries(shapes) > MANY_PARTS
    many = shapes[stacked]
    if len(many):
        parts, owner = shapely.get_parts(many, return_index=True)
        boxes = np.bincount(owner, shapely.area(shapely.envelope(parts)), len(many))
        stacked[stacked] = boxes > DEEP_STACK * shapely.area(shapely.envelope(many))
    return np.asarray(stacked)


def _repeats_a_ring(shape: BaseGeometry) -> bool:
    """Whether one ring is there twice, wherever it begins and whichever way it runs."""
    rings = shapely.normalize(shapely.get_rings(shapely.get_parts(shape)))
    return len(set(shapely.to_wkb(rings))) < len(rings)


def _folds_back(shape: BaseGeometry) -> bool:
    """Whether some vertex is the tip of a spike: the ring leaves it the way it came."""
    xy, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(shape)), return_index=True)
    if not len(ring):
        return False
    # Without repeated positions, the closing one of each ring among them, every vertex has two real neighbours
    keep = np.append((ring[1:] == ring[:-1]) & (xy[1:] != xy[:-1]).any(axis=1), False)
    xy, ring = xy[keep], ring[keep]
    begins = np.flatnonzero(np.append(True, ring[1:] != ring[:-1]))
    ends = np.append(begins[1:], len(ring)) - 1
    before, after = np.arange(len(ring)) - 1, np.arange(len(ring)) + 1
    before[begins], after[ends] = ends, begins
    came, goes = xy[before] - xy, xy[after] - xy
    cross = np.abs(came[:, 0] * goes[:, 1] - came[:, 1] * goes[:, 0])
    lengths = np.hypot(came[:, 0], came[:, 1]) * np.hypot(goes[:, 0], goes[:, 1])
    return bool(((cross <= STRAIGHT_BACK * lengths) & ((came * goes).sum(axis=1) > 0)).any())


def _size(shape: BaseGeometry) -> float:
    """Area, length or number of positions: what a repair must not change much."""
    dimension = shapely.get_dimensions(shape)
    return float(abs(shape.area) if dimension == 2 else shape.length if dimension == 1 else shapely.get_num_coordinates(shape))


def _has_empty_part(shapes: NDArray[Any]) -> NDArray[np.bool_]:
    holds = np.zeros(len(shapes), bool)
    of_parts = np.flatnonzero(shapely.get_type_id(shapes) > POLYGON)
    if len(of_parts):
        parts, owner = shapely.get_parts(shapes[of_parts], return_index=True)
        holds[of_parts[owner[shapely.is_empty(parts)]]] = True
    return holds


def _sizes(before: BaseGeometry, after: BaseGeometry) -> Text:
    west, south, east, north = before.bounds
    parts = shapely.get_num_geometries(before), shapely.get_num_geometries(after)
    zh, en = f"部分数 {parts[0]} → {parts[1]}", f"parts {parts[0]} to {parts[1]}"
    if shapely.get_dimensions(before) == 2 and west >= -180 and east <= 180 and south >= -90 and north <= 90:
        areas = abs(area_m2(before)), area_m2(after)
        zh, en = f"面积 {areas[0]:,.1f} → {areas[1]:,.1f} 平方米，{zh}", f"area {areas[0]:,.1f} to {areas[1]:,.1f} m2, {en}"
    return Text(zh, en)


def _change(before: BaseGeometry, after: BaseGeometry) -> Text:
    sizes = _sizes(before, after)
    dropped = before.has_z or shapely.has_m(before)
    return Text(
        f"修复后{sizes.zh}" + ("，去掉高程和度量值。" if dropped else "。"),
        f"After the repair: {sizes.en}" + ("; heights and measures dropped." if dropped else "."),
    )
