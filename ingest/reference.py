"""What a mapping's coordinates are measured in: reference systems by name, there and back, and which ones a file may mean.

Everything here is pure: PROJ and NumPy, no file, no SQL. Positions are arrays of shape (n, 2): east or longitude first on
both sides, unless the system is ``swapped``, when its own side is latitude or northing first. Lon/lat is EPSG:4326.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Geod, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info
from pyproj.exceptions import CRSError
from pyproj.transformer import AreaOfInterest as ShiftArea
from pyproj.transformer import TransformerGroup

from commandcenter import geo
from commandcenter.errors import BadInput
from commandcenter.text import Text
from commandcenter.toml_file import nearest

Positions = NDArray[np.float64]
Bounds = tuple[float, float, float, float]

GCJ02: Final = "GCJ-02"
BD09: Final = "BD-09"
LONLAT: Final = "EPSG:4326"
CHINA_AREA: Final = AreaOfInterest(73.0, 3.0, 136.0, 54.0)
_SHIFTED = {
    GCJ02: (geo.gcj02_to_wgs84, geo.wgs84_to_gcj02),
    BD09: (geo.bd09_to_wgs84, geo.wgs84_to_bd09),
}
_OTHER_SPELLINGS = {"gcj02": GCJ02, "bd09": BD09, "bd09ll": BD09, "wgs84": LONLAT, "cgcs2000": "EPSG:4490"}
_GEOD = Geod(ellps="WGS84")

NET = 5  # positions along each side of a box whose place is tried
EDGE = 0.02  # degrees
FARTHEST_ZONE = 13.0  # degrees from a central meridian within which a wrong zone still gives numbers somebody may have


@dataclass(frozen=True)
class ReferenceSystem:
    """One reference system: ``code`` is ``EPSG:n`` (or another authority's), ``GCJ-02`` or ``BD-09``.

    ``area`` (west, south, east, north) is where the data lie: of several datum shifts PROJ then takes the one meant for there.
    """

    name: str
    code: str
    swapped: bool = False
    area: Bounds | None = None

    @classmethod
    def named(cls, name: str, *, swapped: bool = False, area: Bounds | None = None) -> ReferenceSystem:
        """The system a mapping names: a code, a Chinese datum or a name PROJ knows. Raises BadInput with the nearest name."""
        spelled = re.sub(r"\s+", " ", name.replace("ü", "u")).strip()
        known = _OTHER_SPELLINGS.get(_letters(spelled), spelled)
        if known in _SHIFTED:
            return cls(known, known, swapped, area)
        try:
            crs = CRS.from_user_input(known)
        except CRSError as fault:
            raise _unknown(name, nearest(spelled, _names())) from fault
        authority = crs.to_authority()
        # PROJ takes a name for another that resembles it: a reference system is never guessed
        if authority is None or (known == spelled and _letters(spelled) not in (_letters(crs.name), _letters("".join(authority)))):
            raise _unknown(name, f"{':'.join(authority)}" if authority and spelled.isdecimal() else crs.name)
        if not (crs.is_geographic or crs.is_projected) or len(crs.axis_info) != 2:
            raise BadInput(Text(f"坐标系“{crs.name}”不是平面或经纬度坐标系。", f"{crs.name} is no system of two coordinates on the ground."))
        return cls(crs.name, ":".join(authority), swapped, area)

    @property
    def in_degrees(self) -> bool:
        """Whether its coordinates are degrees rather than lengths."""
        return self.code in _SHIFTED or bool(CRS.from_user_input(self.code).is_geographic)

    def to_lonlat(self, positions: ArrayLike) -> Positions:
        """EPSG:4326 positions of these coordinates; infinite where the system's projection has no such place."""
        own = _pairs(positions)
        if self.swapped:
            own = own[:, ::-1]
        if self.code in _SHIFTED:
            return np.column_stack(_SHIFTED[self.code][0](own[:, 0], own[:, 1]))
        return own.copy() if self._as_it_stands else np.column_stack(self._operation.transform(own[:, 0], own[:, 1]))

    def from_lonlat(self, positions: ArrayLike) -> Positions:
        """Coordinates in this system of EPSG:4326 positions; infinite where its projection cannot reach."""
        at = _pairs(positions)
        if self.code in _SHIFTED:
            own = np.column_stack(_SHIFTED[self.code][1](at[:, 0], at[:, 1]))
        elif self._as_it_stands:
            own = at.copy()
        else:
            own = np.column_stack(self._operation.transform(at[:, 0], at[:, 1], direction="INVERSE"))
        return own[:, ::-1].copy() if self.swapped else own

    def residual_m(self, positions: ArrayLike) -> float:
        """The largest error in metres on the ground of going to lon/lat, back, and to lon/lat again; infinite where one fails."""
        there = self.to_lonlat(positions)
        again = self.to_lonlat(self.from_lonlat(there))
        if not (np.isfinite(there).all() and np.isfinite(again).all()):
            return float("inf")
        if not len(there):
            return 0.0
        return float(np.max(_GEOD.inv(there[:, 0], there[:, 1], again[:, 0], again[:, 1])[2]))

    def describe(self) -> Text:
        """What is done to the coordinates on their way to lon/lat, and how exact that is."""
        done = self._done()
        if not self.swapped:
            return done
        return Text(f"先交换坐标次序（原为纬度或北坐标在前）；{done.zh}", f"The order is swapped first (latitude or northing came first). {done.en}")

    def _done(self) -> Text:
        if self.code in _SHIFTED:
            return Text(
                f"{self.code} 按公开算法精确反解为 WGS 84（往返误差小于 1 毫米）。",
                f"{self.code} to WGS 84: the published formula solved exactly, within 1 mm there and back.",
            )
        if self.code == LONLAT:
            return Text("坐标已是 WGS 84 经纬度，不作换算。", "They are WGS 84 longitude and latitude already.")
        if self.code == "EPSG:4490":
            return Text(
                "CGCS2000 经纬度视同 WGS 84（相差小于 1 米），不作换算。",
                "CGCS2000 longitude and latitude are taken as WGS 84: they differ by less than 1 m.",
            )
        steps = self._operation.description.replace("axis order change (2D) + ", "").replace(" + axis order change (2D)", "")
        exactness = self._exactness(steps)
        return Text(f"{self.name} 换算为 WGS 84：{steps}；{exactness.zh}。", f"{self.name} to WGS 84: {steps}; {exactness.en}.")

    def _exactness(self, steps: str) -> Text:
        if self._operation.accuracy >= 0:
            metres = f"{self._operation.accuracy:g}"
            return Text(f"精度 {metres} 米", f"accuracy {metres} m")
        if "China Geodetic Coordinate System 2000" in steps:
            return Text("CGCS2000 视同 WGS 84（相差小于 1 米）", "CGCS2000 is taken as WGS 84, from which it differs by less than 1 m")
        return Text("PROJ 没有该基准的转换参数，可能偏差上百米", "PROJ knows no datum shift: places may be a hundred metres off")

    @property
    def _as_it_stands(self) -> bool:
        return self.code in (LONLAT, "EPSG:4490")

    @cached_property
    def _operation(self) -> Transformer:
        return _operation(self.code, self.area)


@cache
def _operation(code: str, area: Bounds | None) -> Transformer:
    """One operation for all positions, PROJ's first choice: what describe() names is what is done, there and back."""
    return TransformerGroup(code, LONLAT, always_xy=True, area_of_interest=ShiftArea(*area) if area else None).transformers[0]


def zone_prefix_of(easting: float) -> int | None:
    """The zone number a Gauss-Krueger easting begins with (41 for 41 571 897), or None where it has none.

    Chinese zones are 13-23 (6-degree) and 25-45 (3-degree); what follows the prefix lies around the false easting 500 000.
    """
    if not np.isfinite(easting):
        return None
    prefix, rest = divmod(easting, 1_000_000)
    return int(prefix) if 13 <= prefix <= 45 and prefix != 24 and 100_000 <= rest <= 900_000 else None


@dataclass(frozen=True)
class Candidate:
    """A reference system that puts a box of coordinates into the city: the share of the box that falls there, and why it may be."""

    reference: ReferenceSystem
    share: float
    sentence: Text


def candidates(bounds: Bounds, city_bounds: Bounds) -> list[Candidate]:
    """Which systems put a box of coordinates (least x, least y, most x, most y, as written) into the city, likeliest first.

    ``city_bounds`` is in EPSG:4326. Tried: plain and swapped degrees, the CGCS2000 zones of 3 and of 6 degrees with and
    without prefix, UTM north of the equator and web Mercator. The order is by what is usual, among what fits at least half;
    GCJ-02 and BD-09 follow plain degrees, from which half a kilometre does not tell them. Empty where nothing fits.
    """
    if not np.isfinite([*bounds, *city_bounds]).all():
        return []
    x, y = np.meshgrid(np.linspace(bounds[0], bounds[2], NET), np.linspace(bounds[1], bounds[3], NET))
    box = np.column_stack([x.ravel(), y.ravel()])
    found = []
    for swapped in (False, True):
        for rank, (code, sentence) in enumerate(_tried(box[:, ::-1] if swapped else box, city_bounds)):
            name = code if code in _SHIFTED else ReferenceSystem.named(code).name
            reference = ReferenceSystem(name, code, swapped)
            share = _share_inside(reference.to_lonlat(box), city_bounds)
            if share >= 0.5:
                found.append((swapped, rank, Candidate(reference, share, _order_first(sentence) if swapped else sentence)))
    return [candidate for _, _, candidate in sorted(found, key=lambda entry: entry[:2])]


def _tried(box: Positions, city_bounds: Bounds) -> list[tuple[str, Text]]:
    """Codes worth trying on a box, east first, the usual ones before the odd; each with its sentence."""
    if np.abs(box[:, 0]).max() <= 180 and np.abs(box[:, 1]).max() <= 90:
        return [
            (LONLAT, Text("经纬度（WGS 84 或 CGCS2000）。", "Degrees of longitude and latitude (WGS 84 or CGCS2000).")),
            (GCJ02, Text("也可能是高德、腾讯的 GCJ-02：相差约半公里，须问提供者。", "Possibly GCJ-02 (AMap, Tencent): half a kilometre off: ask who made it.")),
            (BD09, Text("也可能是百度的 BD-09：相差约一公里，须问提供者。", "Possibly BD-09 (Baidu): a kilometre off, so ask who made it.")),
        ]
    city_lon = (city_bounds[0] + city_bounds[2]) / 2
    prefixes = {zone_prefix_of(float(easting)) for easting in (box[:, 0].min(), box[:, 0].max())} - {None}
    zones: list[tuple[float, str, Text]] = []
    for number, meridian in enumerate(range(75, 136, 3)):
        away = abs(city_lon - meridian)
        if 25 + number in prefixes:
            zones.append((away, f"EPSG:{4513 + number}", _zone_sentence(3, meridian, city_lon, 25 + number)))
        elif not prefixes and away < FARTHEST_ZONE:
            zones.append((away, f"EPSG:{4534 + number}", _zone_sentence(3, meridian, city_lon)))
    for number, meridian in enumerate(range(75, 136, 6)):
        away = abs(city_lon - meridian) + 180  # after all zones of three degrees
        if 13 + number in prefixes:
            zones.append((away, f"EPSG:{4491 + number}", _zone_sentence(6, meridian, city_lon, 13 + number)))
        elif not prefixes and away < 180 + FARTHEST_ZONE:
            zones.append((away, f"EPSG:{4502 + number}", _zone_sentence(6, meridian, city_lon)))
            zones.append((away + 180, f"EPSG:{32643 + number}", _utm_sentence(43 + number)))
    web = Text("网络墨卡托（网页地图的像素坐标，不可量算）。", "Web Mercator, the drawing coordinates of web maps: nothing may be measured in it.")
    return [(code, sentence) for _, code, sentence in sorted(zones, key=lambda zone: zone[0])] + [("EPSG:3857", web)]


def _zone_sentence(width: int, meridian: int, city_lon: float, prefix: int | None = None) -> Text:
    zh, en = f"CGCS2000 {width} 度带，中央经线 {meridian}°E", f"CGCS2000 {width}-degree zone, central meridian {meridian} E"
    zh, en = (f"{zh}，东坐标带带号 {prefix}", f"{en}, eastings with the prefix {prefix}") if prefix else (f"{zh}，不带带号", f"{en}, no prefix")
    if abs(city_lon - meridian) > width / 2 + 0.5:
        zh, en = f"{zh}；城市不在此带内，多半是抄错了带", f"{en}; the city is not in this zone: most likely the wrong one was copied"
    elif width == 6 and prefix is None:
        zh, en = f"{zh}；中央经线相同的 3 度带坐标与之相同", f"{en}; the 3-degree zone of the same meridian has the same coordinates"
    return Text(f"{zh}。", f"{en}.")


def _utm_sentence(zone: int) -> Text:
    return Text(
        f"UTM {zone}N 带：与同经线的高斯投影相差万分之四，北坐标差约 2 公里，须核对已知点。",
        f"UTM zone {zone}N: 0.04 % smaller than Gauss-Krueger of the same meridian, so about 2 km apart in northing: check a known point.",
    )


def _order_first(sentence: Text) -> Text:
    return Text(f"坐标次序相反（纬度或北坐标在前）：{sentence.zh}", f"In swapped order, latitude or northing first: {sentence.en}")


def _share_inside(at: Positions, box: Bounds) -> float:
    """The share of positions in a box; a city's data reach a little over its edge, and that is no reason against a system."""
    west, south, east, north = box
    x, y = at[:, 0], at[:, 1]
    return float(np.mean((x >= west - EDGE) & (x <= east + EDGE) & (y >= south - EDGE) & (y <= north + EDGE)))


def _pairs(positions: ArrayLike) -> Positions:
    found = np.asarray(positions, float)
    if found.ndim != 2 or found.shape[1] != 2:
        raise ValueError(f"positions of shape (n, 2) are wanted, these have {found.shape}")
    return found


def _letters(name: str) -> str:
    """A name as it is compared: letters and digits only, small."""
    return re.sub(r"[\W_]", "", name).lower()


def _unknown(name: str, close: str | None) -> BadInput:
    return BadInput(
        Text(
            f"没有名为“{name}”的坐标系" + (f"，最接近的是“{close}”。" if close else "；请写 EPSG 代码、GCJ-02 或 BD-09。"),
            f"There is no reference system {name!r}" + (f"; the nearest is {close!r}." if close else "; write an EPSG code, GCJ-02 or BD-09."),
        )
    )


@cache
def _names() -> tuple[str, ...]:
    """Codes and names of the systems used somewhere in China, in which a slip of the pen is looked for."""
    known = query_crs_info(auth_name="EPSG", pj_types=["GEOGRAPHIC_2D_CRS", "PROJECTED_CRS"], area_of_interest=CHINA_AREA)  # type: ignore[list-item]
    return (GCJ02, BD09, "WGS 84", "CGCS2000", *(c.name for c in known), *(f"EPSG:{c.code}" for c in known))
