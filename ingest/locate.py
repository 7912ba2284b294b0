"""Where rows lie: their geometries in EPSG:4326, finite, valid, of the kind asked for and inside the city; a whole batch at once.

An invalid shape is mended only where the mapping says so (``repair = "apply"``) or a steward accepted the proposal; then it is a
finding. Otherwise the row is refused with the reason, the place and the proposed repair.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from commandcenter.city import City
from commandcenter.text import Text
from ingest.contract import Mapping
from ingest.record import Finding
from ingest.reference import ReferenceSystem
from ingest.validity import verdicts

Geometries = NDArray[np.object_]
KIND_OF_TYPE = {0: "point", 1: "line", 5: "line", 3: "polygon", 6: "polygon"}
AS_STORED = ("EPSG:4326", "EPSG:4490")
MOST_MEASURED = 200  # rows of a batch by which the residual is measured
NOWHERE = 1e-9  # degrees or metres: what counts as a placeholder's own spot


@dataclass
class Located:
    """A batch's geometries in EPSG:4326; why some rows have none, what was mended, and repairs proposed for refused ones."""

    geometry: Geometries
    refused: dict[int, Finding] = field(default_factory=dict)
    mended: dict[int, tuple[Finding, BaseGeometry]] = field(default_factory=dict)  # the finding and the shape before
    proposals: dict[int, BaseGeometry] = field(default_factory=dict)


class Locator:
    """One mapping's way from its reference system into the city."""

    def __init__(self, mapping: Mapping, city: City) -> None:
        self._mapping = mapping
        self._inside = shapely.Polygon(city.outline) if city.outline else shapely.box(*city.bounds)
        shapely.prepare(self._inside)
        swapped = mapping.place is not None and mapping.place.swapped and mapping.place.kind == "features"
        self.reference = ReferenceSystem.named(mapping.crs, swapped=swapped, area=city.bounds)
        self._converted = swapped or mapping.crs not in AS_STORED
        self.residual_m: float | None = None  # the largest there-and-back error met, in metres

    def locate(self, geometry: Geometries, accepted: frozenset[int] = frozenset()) -> Located:
        """The batch in EPSG:4326; ``accepted`` are positions whose proposed repair a steward has taken."""
        located = Located(geometry.copy())
        absent = shapely.is_missing(geometry) | shapely.is_empty(geometry)
        for at in np.flatnonzero(absent):
            empty = geometry[at] is not None
            said = Text("几何图形为空。", "Its geometry is empty.") if empty else Text("没有几何图形。", "It has no geometry.")
            located.refused[int(at)] = Finding("no_place", "geometry", said)
        here = np.flatnonzero(~absent)
        here = self._known_places(located, here)
        if len(here) == 0:
            return located
        shapes = located.geometry[here]
        if shapely.has_z(shapes).any() or shapely.has_m(shapes).any():
            shapes = shapely.force_2d(shapes)
        if self._converted:
            self._measure(shapes)
            shapes = shapely.transform(shapes, self.reference.to_lonlat)
        located.geometry[here] = shapes
        here = self._inside_city(located, here)
        here = self._valid(located, here, accepted)
        self._as_wanted(located, here)
        return located

    def _measure(self, shapes: Geometries) -> None:
        """The residual of the conversion, from the first corner of each of some rows: all of them would cost as much again."""
        step = max(1, len(shapes) // MOST_MEASURED)
        corners = np.array([shapely.get_coordinates(shape)[0] for shape in shapes[::step]])
        residual = self.reference.residual_m(corners)
        if np.isfinite(residual):
            self.residual_m = max(self.residual_m or 0.0, float(residual))

    def _known_places(self, located: Located, here: NDArray[np.intp]) -> NDArray[np.intp]:
        """Without rows whose coordinates are no numbers, or are what the source writes when it knows none."""
        bounds = shapely.bounds(located.geometry[here])
        broken = ~np.isfinite(bounds).all(axis=1) | (np.abs(bounds) > 1e9).any(axis=1) | _holds_nan(located.geometry[here])
        for at in here[broken]:
            located.refused[int(at)] = _NO_NUMBERS
        nowhere = np.zeros(len(here), dtype=bool)
        for x, y in ((0.0, 0.0), *self._mapping.placeholders):
            nowhere |= (np.abs(bounds - (x, y, x, y)) <= NOWHERE).all(axis=1)
        nowhere &= ~broken
        for at, box in zip(here[nowhere], bounds[nowhere], strict=True):
            told = f"{box[0]:g}, {box[1]:g}"
            located.refused[int(at)] = Finding(
                "placeholder", "geometry", Text(f"坐标 {told} 是占位值，不是位置。", f"The coordinates {told} are a placeholder, no place.")
            )
        return here[~broken & ~nowhere]

    def _inside_city(self, located: Located, here: NDArray[np.intp]) -> NDArray[np.intp]:
        bounds = shapely.bounds(located.geometry[here])
        west, south, east, north = bounds.T
        with np.errstate(invalid="ignore"):
            degrees = (west >= -180) & (east <= 180) & (south >= -90) & (north <= 90)
        for at, x, y in zip(here[~degrees], west[~degrees], south[~degrees], strict=True):
            located.refused[int(at)] = self._not_degrees(float(x), float(y))
        lon, lat = (west + east) / 2, (south + north) / 2
        inside = np.zeros(len(here), dtype=bool)
        inside[degrees] = shapely.intersects_xy(self._inside, lon[degrees], lat[degrees])
        for at, x, y in zip(here[degrees & ~inside], lon[degrees & ~inside], lat[degrees & ~inside], strict=True):
            located.refused[int(at)] = self._outside(float(x), float(y))
        return here[inside]

    def _not_degrees(self, x: float, y: float) -> Finding:
        if self._would_fit(y, x):
            return _SWAPPED
        crs = self._mapping.crs
        return Finding(
            "not_degrees",
            "geometry",
            Text(
                f"坐标 {x:.10g}, {y:.10g} 不是经纬度：映射所写坐标系 {crs} 有误？",
                f"The coordinates {x:.10g}, {y:.10g} are no degrees: is {crs}, as the mapping says, the wrong CRS?",
            ),
        )

    def _outside(self, lon: float, lat: float) -> Finding:
        if self._would_fit(lat, lon):
            return _SWAPPED
        return Finding(
            "outside_city", "geometry", Text(f"位置 {lon:.6f}, {lat:.6f} 在城市范围之外。", f"The place {lon:.6f}, {lat:.6f} lies outside the city.")
        )

    def _would_fit(self, lon: float, lat: float) -> bool:
        return bool(shapely.intersects_xy(self._inside, lon, lat))

    def _valid(self, located: Located, here: NDArray[np.intp], accepted: frozenset[int]) -> NDArray[np.intp]:
        shapes = located.geometry[here]
        kept = np.ones(len(here), dtype=bool)
        extended = np.flatnonzero(shapely.get_type_id(shapes) != 0)  # a point with finite coordinates is never invalid
        found = {int(extended[number]): verdict for number, verdict in verdicts(shapes[extended]).items()} if len(extended) else {}
        for position, verdict in found.items():
            at = int(here[position])
            reason = verdict.reason
            if verdict.valid:  # empty parts and the like: loaded as it stands, tidied without a word about its ground
                located.geometry[at] = shapes[position] if verdict.proposal is None else verdict.proposal
            elif verdict.proposal is None:
                kept[position] = False
                located.refused[at] = Finding(
                    "bad_geometry", "geometry", Text(f"图形无效且无法修复：{reason.zh}", f"Its shape is invalid and cannot be mended: {reason.en}")
                )
            elif self._mapping.repair == "apply" or at in accepted:
                change = verdict.change or Text("", "")
                mended = Finding("mended_geometry", "geometry", Text(f"{reason.zh}{change.zh}", f"{reason.en} {change.en}".strip()))
                located.mended[at] = (mended, shapes[position])
                located.geometry[at] = verdict.proposal
            else:
                kept[position] = False
                located.proposals[at] = verdict.proposal
                located.refused[at] = Finding(
                    "invalid_geometry",
                    "geometry",
                    Text(f"图形无效：{reason.zh}已给出修复建议，待确认。", f"Its shape is invalid: {reason.en} A repair is proposed and waits for a word."),
                )
        return here[kept]

    def _as_wanted(self, located: Located, here: NDArray[np.intp]) -> None:
        wanted = self._mapping.geometry
        if wanted in ("any", "none") or len(here) == 0:
            return
        types = shapely.get_type_id(located.geometry[here])
        for type_id in np.unique(types):
            kind = KIND_OF_TYPE.get(int(type_id))
            these = here[types == type_id]
            if kind == wanted:
                continue
            if wanted == "point" and kind is not None:
                located.geometry[these] = shapely.point_on_surface(located.geometry[these])
                continue
            for at in these:
                name = located.geometry[at].geom_type
                located.refused[int(at)] = Finding(
                    "wrong_shape", "geometry", Text(f"几何类型为 {name}，应为 {wanted}。", f"It is a {name}, while a {wanted} is wanted.")
                )


_NO_NUMBERS = Finding(
    "not_a_number",
    "geometry",
    Text("坐标不是有限的数（NaN、无穷或荒谬的大数）。", "Its coordinates are no finite numbers (NaN, infinite or absurdly large)."),
)
_SWAPPED = Finding(
    "axes_swapped",
    "geometry",
    Text("经纬度（或东、北坐标）顺序颠倒：交换后落在本市。", "Its axes are swapped: exchanged, the place lies inside the city."),
)


def _holds_nan(geometry: Geometries) -> NDArray[np.bool_]:
    """Which geometries hold a coordinate that is no number: bounds skip NaN, save a point's own."""
    if (shapely.get_type_id(geometry) == 0).all():
        return np.zeros(len(geometry), dtype=bool)
    points, owner = shapely.get_coordinates(geometry, return_index=True)
    found = np.zeros(len(geometry), dtype=bool)
    bad = ~np.isfinite(points).all(axis=1)
    if bad.any():
        found[np.unique(owner[bad])] = True
    return found


def kinds_of(geometry: Geometries) -> list[str]:
    """point, line or polygon for each; any for what is neither or absent."""
    return [KIND_OF_TYPE.get(int(type_id), "any") for type_id in shapely.get_type_id(geometry)]
