"""Where the rows of a table say they lie: fields that look like coordinates, and values written where none was known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from commandcenter.text import Text
from ingest.coordinate_text import coordinate
from ingest.inspecting.sample import Sample, no_geometry
from ingest.inspecting.words import plain, words
from ingest.written_shapes import shapes_of_wkb, shapes_of_wkt

REPEATED_SHARE = 0.03
REPEATED_TIMES = 5
MOST_TRIED = 400
CHINA = (73.0, 3.0, 136.0, 54.0)
_WKT = re.compile(r"\s*(SRID=\d+;)?\s*(MULTI)?(POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION)\b", re.IGNORECASE)
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){9,}")
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+")
_PAIR = re.compile(r"\s*[(\[]?\s*([-+]?\d{1,9}(?:\.\d+)?)\s*[,;，\s]\s*([-+]?\d{1,9}(?:\.\d+)?)\s*[)\]]?\s*")


@dataclass
class PlaceLook:
    """Where rows lie: ``words`` are the mapping's [place], ``geometry`` the sample's shapes, x first, ``why`` the evidence."""

    kind: str
    fields: tuple[str, ...]
    swapped: bool
    geometry: NDArray[np.object_]
    why: list[Text]
    srid: int | None = None
    sexagesimal: bool = False
    placeholders: tuple[tuple[float, float, float], ...] = ()  # x, y, share of the rows that lie somewhere
    others: tuple[str, ...] = ()  # further fields that tell a place as well

    @property
    def words(self) -> dict[str, str]:
        """The lines of the mapping's [place]."""
        if self.kind == "features":
            return {}
        return (
            {self.kind: self.fields[0]}
            if len(self.fields) == 1
            else dict(zip(("lon", "lat") if self.kind == "lonlat" else ("x", "y"), self.fields, strict=True))
        )


def look_at_places(sample: Sample, city_bounds: tuple[float, float, float, float] | None) -> PlaceLook | None:
    """Where the rows of a sample lie; None for a table without any place."""
    if sample.has_places:
        look = PlaceLook("features", (), False, sample.geometry, [])
    else:
        found = _columns(sample.columns, city_bounds)
        if not found:
            return None
        look = found[0]
        look.others = tuple(" / ".join(other.fields) for other in found[1:])
    look.placeholders = placeholders_of(look.geometry)
    for x, y, share in look.placeholders:
        look.why.append(
            Text(
                f"{share:.1%} 的行落在同一点（{x:g}, {y:g}），像是占位坐标。",
                f"{share:.1%} of the rows lie at one point ({x:g}, {y:g}): it looks like a placeholder.",
            )
        )
    return look


def placeholders_of(geometry: NDArray[np.object_]) -> tuple[tuple[float, float, float], ...]:
    """Points that are written for rows without a place: (0, 0), and any pair repeated in over 3 % of rows. x, y, share."""
    points = geometry[shapely.get_type_id(geometry) == 0] if len(geometry) else geometry
    if not len(points):
        return ()
    xy = shapely.get_coordinates(points)
    distinct, times = np.unique(xy[np.isfinite(xy).all(axis=1)], axis=0, return_counts=True)
    found = []
    for at in np.argsort(-times):
        x, y = map(float, distinct[at])
        often = times[at] > REPEATED_SHARE * len(points) and times[at] >= REPEATED_TIMES
        if often or (x == 0 and y == 0):
            found.append((x, y, float(times[at] / len(points))))
    return tuple(found[:5])


def _columns(columns: dict[str, list[Any]], city: tuple[float, float, float, float] | None) -> list[PlaceLook]:
    """All ways in which the fields tell a place, the surest first."""
    found = []
    known = words()["place"]
    for kind, first, second in (("lonlat", "lon", "lat"), ("xy", "x", "y")):
        for name in columns:
            if plain(name) in set(map(plain, known[first])):
                twin = _twin(name, columns, known[first], known[second])
                look = _numbers(kind, name, twin, columns, city) if twin else None
                if look is not None:
                    found.append(look)
    for name, values in columns.items():
        look = _shapes(name, values) or _pairs(name, values, city)
        if look is not None:
            found.append(look)
    # Numbers of degrees before anything else: they say themselves what they are
    return sorted(found, key=lambda look: ("lonlat", "wkt", "wkb", "pair", "xy").index(look.kind))


def _twin(name: str, columns: dict[str, list[Any]], firsts: list[str], seconds: list[str]) -> str | None:
    at = [plain(word) for word in firsts].index(plain(name))
    wanted = [plain(seconds[at])] if at < len(seconds) else []
    wanted += [plain(word) for word in seconds]
    return next((other for word in wanted for other in columns if plain(other) == word and other != name), None)


def _numbers(
    kind: str, name: str, twin: str, columns: dict[str, list[Any]], city: tuple[float, float, float, float] | None
) -> PlaceLook | None:
    x, sexagesimal = _floats(columns[name])
    y, also = _floats(columns[twin])
    good = np.isfinite(x) & np.isfinite(y)
    if not good.any():
        return None
    why = []
    if sexagesimal or also:
        why.append(Text(f"“{name}”“{twin}”是度分秒。", f"'{name}' and '{twin}' are degrees, minutes and seconds."))
    swapped = _is_swapped(x[good], y[good], city)
    fields = (name, twin)
    if swapped:
        x, y, fields = y, x, (twin, name)
        why.append(
            Text(
                f"坐标轴对调了：“{name}”里其实是北坐标/纬度，草稿里已按内容对调。",
                f"The axes are swapped: '{name}' really holds latitude or northing; the draft names the fields by their content.",
            )
        )
    missing = len(x) - int(good.sum())
    if missing:
        why.append(
            Text(f"{missing / len(x):.1%} 的行没有坐标。", f"{missing / len(x):.1%} of the rows have no coordinates.")
        )
    degrees = bool((np.abs(x[good]) <= 180).all() and (np.abs(y[good]) <= 90).all())
    if kind == "lonlat" and not degrees and np.median(np.abs(x[good])) > 180:
        kind = "xy"
        why.append(
            Text(
                f"“{name}”“{twin}”名为经纬度，数值却不是度。",
                f"'{name}' and '{twin}' are called degrees, but their numbers are none.",
            )
        )
    geometry = no_geometry(len(x))
    geometry[good] = shapely.points(x[good], y[good])
    return PlaceLook(kind, fields, False, geometry, why, sexagesimal=sexagesimal or also)


def _is_swapped(x: NDArray[np.float64], y: NDArray[np.float64], city: tuple[float, float, float, float] | None) -> bool:
    """Whether the numbers called x are north: certain beyond 90 degrees, likely where only the other order meets city or China."""
    mx, my = float(np.median(x)), float(np.median(y))
    if abs(mx) <= 180 and abs(my) <= 180:
        if abs(my) > 90:
            return True
        return any(box is not None and not _in(box, mx, my) and _in(box, my, mx) for box in (city, CHINA))
    # Chinese surveyors call the northing X: 1 900 to 6 100 km; eastings are below 1 000 km or carry a zone in front
    return 1_900_000 <= mx <= 6_100_000 and (100_000 <= my <= 900_000 or 13_000_000 <= my <= 46_000_000)


def _in(box: tuple[float, float, float, float], x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _floats(values: list[Any]) -> tuple[NDArray[np.float64], bool]:
    out = np.full(len(values), np.nan)
    sexagesimal = 0
    for at, value in enumerate(values):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            out[at] = value
        elif isinstance(value, str) and value.strip():
            try:
                out[at] = float(value)
            except ValueError:
                said = coordinate(value, True) or coordinate(value, False)
                if said is not None:
                    out[at] = said.value
                    sexagesimal += any(mark in value for mark in "°度′'″ ") or said.axis is not None
    out[~np.isfinite(out)] = np.nan
    return out, sexagesimal > 0


def _told(values: list[Any]) -> list[str]:
    return [value for value in values if isinstance(value, str) and value.strip()]


def _shapes(name: str, values: list[Any]) -> PlaceLook | None:
    told = _told(values)
    tried = told[:MOST_TRIED]
    if not tried:
        return None
    if all(_WKT.match(text) for text in tried):
        kind = "wkt"
    elif all(_HEX.fullmatch(text) and text[:2] in ("00", "01") for text in tried) and _reads_wkb(tried[0]):
        kind = "wkb"
    else:
        return None
    geometry, srids = shapes_of_wkb(values) if kind == "wkb" else shapes_of_wkt(values)
    srid = int(srids[srids > 0][0]) if (srids > 0).any() else None
    title = Text("WKT 文本", "WKT") if kind == "wkt" else Text("十六进制 WKB", "hex WKB")
    return PlaceLook(
        kind, (name,), False, geometry, [Text(f"“{name}”是{title.zh}。", f"'{name}' is {title.en}.")], srid
    )


def _reads_wkb(text: str) -> bool:
    return shapes_of_wkb([text])[0][0] is not None


def _pairs(name: str, values: list[Any], city: tuple[float, float, float, float] | None) -> PlaceLook | None:
    told = _told(values)
    if all(_THOUSANDS.fullmatch(text.strip()) for text in told[:MOST_TRIED]):
        return None  # 198,161 is one number
    if len(told) < max(1, len(values) // 50) or sum(
        bool(_PAIR.fullmatch(text)) for text in told[:MOST_TRIED]
    ) < 0.95 * len(told[:MOST_TRIED]):
        return None
    x, y = np.full(len(values), np.nan), np.full(len(values), np.nan)
    for at, value in enumerate(values):
        found = _PAIR.fullmatch(value) if isinstance(value, str) else None
        if found:
            x[at], y[at] = float(found[1]), float(found[2])
    good = np.isfinite(x) & np.isfinite(y)
    if "." not in "".join(told[:20]) and np.median(np.abs(x[good])) <= 180:
        return None  # two whole numbers may be anything
    # Two numbers in one text that could both be latitudes: only a city or China tells their order
    swapped = _is_swapped(x[good], y[good], city) or bool(
        (np.abs(x[good]) <= 90).all() and (np.abs(y[good]) > 90).any()
    )
    why = [
        Text(
            f"“{name}”一格里写着一对坐标{'，纬度在前' if swapped else ''}。",
            f"'{name}' holds both coordinates in one cell{', latitude first' if swapped else ''}.",
        )
    ]
    geometry = no_geometry(len(values))
    geometry[good] = shapely.points(y[good], x[good]) if swapped else shapely.points(x[good], y[good])
    return PlaceLook("pair", (name,), swapped, geometry, why)
