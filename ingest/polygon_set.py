"""Where a set of polygons that should cover its ground once does not: overlaps, gaps, slivers, and what lies outside.

Polygons and outline are EPSG:4326, and so are the answers' geometries; everything is measured in metres in the metric CRS
of the city, where grid plans are kept. There an edge is straight between its own vertices, so a neighbour's vertex in the
middle of a long edge that was straight in degrees is a true gap or overlap, of 2 cm for an edge of a kilometre.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from commandcenter.text import Text
from ingest.reference import ReferenceSystem

Kind = Literal["overlap", "gap", "sliver", "outside"]
Shapes = NDArray[Any]

GAP_WIDTH_M = 1.0  # a rift open to the outside is a gap up to this width; wider, it is the form of the set
TINY_M2 = 1e-4  # a millimetre by ten centimetres; below lies the noise of coordinates of millions of metres
HAIR_M = 1e-5  # half the width of the threads that the same noise leaves along edges
BESIDE_M = 1e-3  # a polygon this near to a gap lies beside it
LONG = 5.0  # length in widths from which an open rift is one; less is the corner of a notch
FEW_KEYS = 4


@dataclass(frozen=True)
class SliverRule:
    """A part is a sliver when it is narrower than ``width_m`` (twice its area over its perimeter) and smaller than ``area_m2``."""

    width_m: float = 2.0
    area_m2: float = 10_000.0


@dataclass(frozen=True)
class SetFault:
    """One fault of the set: the polygons concerned, its size in the metric CRS, its place in lon/lat and a sentence."""

    kind: Kind
    keys: tuple[str, ...]
    area_m2: float
    width_m: float
    geometry: BaseGeometry
    sentence: Text


def faults_of(
    polygons: Sequence[BaseGeometry] | Shapes,
    keys: Sequence[str],
    *,
    metric_crs: str,
    outline: BaseGeometry | None = None,
    gap_width_m: float = GAP_WIDTH_M,
    slivers: SliverRule | None = None,
) -> list[SetFault]:
    """The faults of the set, kind by kind, the largest first.

    With an ``outline``, a gap is what the set leaves of it and "outside" what reaches over it. Without one, gaps are the
    holes of the union, however wide, and rifts from its edge up to ``gap_width_m`` wide. Raises ValueError for a polygon that
    is invalid or empty (``ingest.validity`` says why it is) and for keys that are not as many.
    """
    if len(polygons) != len(keys):
        raise ValueError(f"{len(polygons)} polygons and {len(keys)} keys")
    lonlat = np.empty(len(polygons), object)
    lonlat[:] = polygons
    wrong = [key for key, bad in zip(keys, ~shapely.is_valid(lonlat) | shapely.is_empty(lonlat) | (shapely.get_dimensions(lonlat) != 2), strict=True) if bad]
    if wrong:
        raise ValueError(f"invalid or empty polygons: {', '.join(wrong[:FEW_KEYS])}")
    if not len(lonlat):
        return []
    survey = _Survey(lonlat, keys, ReferenceSystem.named(metric_crs), outline)
    found = [
        *survey.overlaps(),
        *survey.gaps(gap_width_m),
        *survey.slivers(slivers or SliverRule()),
        *survey.outside(),
    ]
    order = {"overlap": 0, "gap": 1, "sliver": 2, "outside": 3}
    return sorted(found, key=lambda fault: (order[fault.kind], -fault.area_m2, fault.keys))


def width_m(shape: BaseGeometry) -> float:
    """The mean width of a narrow shape in metres: twice its area over its perimeter, the width itself for a long strip."""
    return float(2 * shape.area / shape.length) if shape.length else 0.0


class _Survey:
    """The set in metres, with its index."""

    def __init__(self, lonlat: Shapes, keys: Sequence[str], metric: ReferenceSystem, outline: BaseGeometry | None) -> None:
        self._keys = keys
        self._metric = metric
        self._shapes: Shapes = np.asarray(shapely.transform(lonlat, metric.from_lonlat))
        bent = ~shapely.is_valid(self._shapes)  # a thread thinner than the conversion's rounding
        self._shapes[bent] = shapely.make_valid(self._shapes[bent], method="structure", keep_collapsed=False)
        self._outline = None if outline is None else shapely.transform(outline, metric.from_lonlat)
        self._tree = shapely.STRtree(self._shapes)

    def overlaps(self) -> Iterator[SetFault]:
        """Ground that two polygons share."""
        pairs = self._tree.query(self._shapes, predicate="intersects")
        pairs = pairs[:, pairs[0] < pairs[1]]
        shared = np.asarray(shapely.intersection(self._shapes[pairs[0]], self._shapes[pairs[1]]))
        large = shapely.area(shared) > TINY_M2
        for (first, second), shape in zip(pairs[:, large].T.tolist(), _without_hairs(shared[large]), strict=True):
            if shape.area > TINY_M2:
                yield self._fault("overlap", tuple(sorted((self._keys[first], self._keys[second]))), shape)

    def gaps(self, gap_width_m: float) -> Iterator[SetFault]:
        """Ground that no polygon covers though it should be."""
        union = shapely.union_all(self._shapes)
        left = _rifts_and_holes(union, gap_width_m) if self._outline is None else [shapely.difference(self._outline, union)]
        parts = shapely.get_parts(shapely.get_parts(_without_hairs(left)))
        parts = parts[shapely.area(parts) > TINY_M2]
        gap_of, beside = self._tree.query(parts, predicate="dwithin", distance=BESIDE_M)
        for i, part in enumerate(parts):
            yield self._fault("gap", tuple(sorted(self._keys[j] for j in beside[gap_of == i].tolist())), part)

    def slivers(self, rule: SliverRule) -> Iterator[SetFault]:
        """Parts of polygons too narrow to be meant."""
        parts, owner = shapely.get_parts(self._shapes, return_index=True)
        areas = shapely.area(parts)
        narrow = (2 * areas < rule.width_m * shapely.length(parts)) & (areas < rule.area_m2)
        for i, part in zip(owner[narrow].tolist(), parts[narrow], strict=True):
            yield self._fault("sliver", (self._keys[i],), part)

    def outside(self) -> Iterator[SetFault]:
        """What reaches over the outline."""
        if self._outline is None:
            return
        shapely.prepare(self._outline)
        over = np.flatnonzero(~shapely.covers(self._outline, self._shapes))
        beyond = _without_hairs(shapely.difference(self._shapes[over], self._outline))
        for i, shape in zip(over.tolist(), beyond, strict=True):
            if shape.area > TINY_M2:
                yield self._fault("outside", (self._keys[i],), shape)

    def _fault(self, kind: Kind, keys: tuple[str, ...], shape: BaseGeometry) -> SetFault:
        area, width = float(shape.area), width_m(shape)
        return SetFault(kind, keys, area, width, shapely.transform(shape, self._metric.to_lonlat), _sentence(kind, keys, area, width))


def _rifts_and_holes(union: BaseGeometry, gap_width_m: float) -> list[BaseGeometry]:
    """The holes of the union, and what closing it by half the gap's width fills along its outer edge."""
    parts = shapely.get_parts(union)
    shells = [shapely.Polygon(part.exterior) for part in parts]
    # Where a part lies inside another's hole, the gap is the hole without that part
    holes = [shapely.difference(shapely.Polygon(ring), union) for part in parts for ring in part.interiors]
    filled = shapely.union_all(shells)
    half = gap_width_m / 2
    # Mitred corners come back exactly as they were; round ones would leave a crumb at each
    closed = filled.buffer(half, join_style="mitre", mitre_limit=10).buffer(-half, join_style="mitre", mitre_limit=10)
    rifts = shapely.get_parts(shapely.get_parts(shapely.difference(closed, filled)))
    return [*holes, *(rift for rift in rifts if rift.length / 2 >= LONG * width_m(rift) and width_m(rift) <= gap_width_m)]


def _without_hairs(shapes: Any) -> Shapes:
    """Areas without points, lines and the threads that rounding leaves where two edges run together: opened by HAIR_M."""
    thinned = shapely.buffer(np.asarray(shapes, object), -HAIR_M, join_style="mitre", mitre_limit=10)
    return np.asarray(shapely.buffer(thinned, HAIR_M, join_style="mitre", mitre_limit=10))


def _sentence(kind: Kind, keys: tuple[str, ...], area: float, width: float) -> Text:
    zh_names = "、".join(keys[:FEW_KEYS]) + (f" 等 {len(keys)} 个" if len(keys) > FEW_KEYS else "")
    en_names = ", ".join(keys[:FEW_KEYS]) + (f" and {len(keys) - FEW_KEYS} more" if len(keys) > FEW_KEYS else "")
    size, across = (f"{number:,.0f}" if number >= 1000 else f"{number:.3g}" for number in (area, width))
    zh_size, en_size = f"{size} 平方米，平均宽 {across} 米", f"{size} m2, {across} m wide on average"
    return {
        "overlap": Text(f"{zh_names} 重叠：{zh_size}。", f"{en_names} overlap: {en_size}."),
        "gap": Text(f"{zh_names or '各面'}之间有缝隙：{zh_size}。", f"A gap beside {en_names or 'no polygon'}: {en_size}."),
        "sliver": Text(f"{zh_names} 有狭长碎片：{zh_size}。", f"{en_names} has a sliver: {en_size}."),
        "outside": Text(f"{zh_names} 超出范围线：{zh_size}。", f"{en_names} reaches over the outline: {en_size}."),
    }[kind]
