"""What the geometries of a sample are: types, heights, empty and invalid ones, and whether polygons tile the ground as a set."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from commandcenter.text import Text
from ingest.validity import verdicts

MOST_JUDGED = 50
MOST_IN_SET = 400
MOST_VERTICES = 400_000
FAMILIES = {
    "Point": "point",
    "MultiPoint": "point",
    "LineString": "line",
    "LinearRing": "line",
    "MultiLineString": "line",
    "Polygon": "polygon",
    "MultiPolygon": "polygon",
}


@dataclass(frozen=True)
class ShapeLook:
    """Geometries in counts. ``rules`` says what is wrong with invalid ones; ``adjoining`` whether polygons share their edges."""

    types: dict[str, int]
    missing: int
    empty: int
    with_z: int
    with_m: int
    invalid: int
    rules: dict[str, int]
    unreadable: int
    adjoining: bool | None
    overlap_share: float
    bounds: tuple[float, float, float, float] | None
    usual_bounds: tuple[float, float, float, float] | None  # of the middle 98 % of positions, without placeholders

    @property
    def family(self) -> str:
        """``point``, ``line``, ``polygon``, ``any`` where they are mixed, ``none`` where there are none."""
        families = Counter({FAMILIES.get(name, "any"): 0 for name in self.types})
        for name, count in self.types.items():
            families[FAMILIES.get(name, "any")] += count
        return "none" if not families else next(iter(families)) if len(families) == 1 else "any"

    def sentences(self) -> list[Text]:
        """What there is and what is wrong with it."""
        if not self.types:
            return [Text("没有几何。", "There are no geometries.")]
        listed_zh, listed_en = (
            "、".join(f"{name} {count:,}" for name, count in self.types.items()),
            ", ".join(f"{name} {count:,}" for name, count in self.types.items()),
        )
        parts = ((self.missing, "无几何", "without geometry"), (self.empty, "空几何", "empty"), (self.with_z, "带高程 Z", "with Z"),
                 (self.with_m, "带度量 M", "with M"), (self.invalid, "不合法", "invalid"),
                 (self.unreadable, "读不出（如曲线）", "unreadable, curves perhaps"))  # fmt: skip
        zh = "".join(f"；{word} {count:,}" for count, word, _ in parts if count)
        en = "".join(f"; {count:,} {word}" for count, _, word in parts if count)
        said = [Text(f"几何：{listed_zh}{zh}。", f"Geometry: {listed_en}{en}.")]
        if self.rules:
            told = ", ".join(f"{rule} {count}" for rule, count in self.rules.items())
            said.append(Text(f"不合法的原因：{told}。", f"What is invalid: {told}."))
        if self.adjoining:
            said.append(
                Text(
                    f"面与面相接（重叠 {self.overlap_share:.2%}），像一套完整的划分：导入时宜查缝隙与重叠。",
                    f"The polygons adjoin ({self.overlap_share:.2%} overlaps), as a set that covers its ground: gaps and overlaps should be checked.",
                )
            )
        return said


def look_at_shapes(
    geometry: NDArray[np.object_], unreadable: int, placeholders: tuple[tuple[float, float, float], ...]
) -> ShapeLook:
    """The geometries of a sample, in their own coordinates."""
    present = ~shapely.is_missing(geometry) if len(geometry) else np.zeros(0, bool)
    shapes = geometry[present]
    empty = shapely.is_empty(shapes) if len(shapes) else np.zeros(0, bool)
    solid = shapes[~empty]
    types = Counter(shape.geom_type for shape in solid)
    invalid = solid[~shapely.is_valid(solid)] if len(solid) else solid
    rules = (
        Counter(verdict.rule for verdict in verdicts(invalid[:MOST_JUDGED]).values() if not verdict.valid)
        if len(invalid)
        else Counter()
    )
    bounds, usual = _bounds(solid, placeholders)
    adjoining, overlap = _as_set(solid) if types and set(types) <= {"Polygon", "MultiPolygon"} else (None, 0.0)
    return ShapeLook(
        dict(types.most_common()), int((~present).sum()) - unreadable, int(empty.sum()), int(shapely.has_z(solid).sum()) if len(solid) else 0,
        int(shapely.has_m(solid).sum()) if len(solid) else 0, len(invalid), dict(rules.most_common()), unreadable, adjoining, overlap, bounds, usual,
    )  # fmt: skip


Bounds = tuple[float, float, float, float]


def _bounds(
    solid: NDArray[np.object_], placeholders: tuple[tuple[float, float, float], ...]
) -> tuple[Bounds | None, Bounds | None]:
    xy = shapely.get_coordinates(solid)
    xy = xy[np.isfinite(xy).all(axis=1) & (np.abs(xy) < 1e12).all(axis=1)]
    if not len(xy):
        return None, None
    whole = (*map(float, xy.min(axis=0)), *map(float, xy.max(axis=0)))
    for x, y, _ in placeholders:
        xy = xy[~((xy[:, 0] == x) & (xy[:, 1] == y))]
    if not len(xy):
        return (whole[0], whole[1], whole[2], whole[3]), None
    low, high = (np.percentile(xy, (1, 99), axis=0)) if len(xy) > 100 else (xy.min(axis=0), xy.max(axis=0))
    return (whole[0], whole[1], whole[2], whole[3]), (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def _as_set(polygons: NDArray[np.object_]) -> tuple[bool | None, float]:
    """Whether most polygons share an edge with another while hardly overlapping, and the share of area that overlaps."""
    valid = polygons[shapely.is_valid(polygons)]
    if len(valid) < 3 or len(valid) > MOST_IN_SET or shapely.get_num_coordinates(valid).sum() > MOST_VERTICES:
        return None, 0.0
    tree = shapely.STRtree(valid)
    left, right = tree.query(valid, predicate="intersects")
    different = left < right
    left, right = left[different], right[different]
    if not len(left):
        return False, 0.0
    common = shapely.intersection(valid[left], valid[right])
    adjoins = (shapely.length(common) > 0) | (shapely.area(common) > 0)
    touched = np.unique(np.concatenate([left[adjoins], right[adjoins]]))
    overlap = float(shapely.area(common).sum() / max(float(shapely.area(valid).sum()), 1e-300))
    return bool(len(touched) > 0.6 * len(valid) and overlap < 0.05), overlap
