"""Which reference system coordinates are in: what the file declares, where candidates put it, and how that fits known roads and boundaries.

A system is named as proven only if the file or its format says so and nothing speaks against it, or if known ground tells the
candidates apart. A missing reference system is a finding, not a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import psycopg
from numpy.typing import NDArray

from commandcenter import geo
from commandcenter.city import City
from commandcenter.text import Text
from ingest.inspecting.evidence import MOST_COMPARED, Evidence, compare, title_of
from ingest.inspecting.sample import Declared
from ingest.inspecting.shapes import Bounds, ShapeLook
from ingest.reference import (
    BD09,
    EDGE,
    GCJ02,
    LONLAT,
    Candidate,
    Positions,
    ReferenceSystem,
    candidates,
    zone_prefix_of,
)

PLAIN_DEGREES = (LONLAT, "EPSG:4490")


@dataclass
class ReferenceLook:
    """``code`` is the proven system (None: to be decided by a person), ``possible`` what it may be, ``said`` the evidence."""

    code: str | None
    swapped: bool
    possible: list[Candidate]
    declared: Declared | None
    bounds: Bounds | None
    said: list[Text] = field(default_factory=list)
    medians_m: dict[str, dict[str, float]] = field(default_factory=dict)  # ground: candidate: metres
    inside: dict[str, float] = field(default_factory=dict)  # candidate: share inside known areas
    evidence: str | None = None  # "decided", "undecided"; None where nothing could be compared


def look_at_reference(
    geometry: NDArray[np.object_],
    shapes: ShapeLook,
    declared: Declared | None,
    hints: tuple[str, ...],
    city: City | None,
    connection: psycopg.Connection | None,
) -> ReferenceLook:
    """The reference system of some geometries. ``hints`` are systems that names of fields speak of (``gcj_lon``)."""
    box = shapes.usual_bounds
    look = ReferenceLook(None, False, [], declared, box)
    if box is None:
        if declared is not None and declared.code is not None:
            look.code = declared.code
            look.said.append(
                Text(
                    f"坐标系：{declared.by.zh}为 {declared.name}。",
                    f"Reference system: {declared.name}, by {declared.by.en}.",
                )
            )
        return look
    told = ", ".join(f"{value:.10g}" for value in box)
    look.said.append(Text(f"范围（中间 98 %）：{told}。", f"Extent (the middle 98 %): {told}."))
    contradiction = _weigh_declaration(look, box, city)
    if look.code is None:
        look.possible = _possible(box, city, declared if not contradiction else None)
        _tell_candidates(look, box, city)
    elif look.code in PLAIN_DEGREES and _in_china(box):
        look.possible = _degrees_of_china()
    for hint in hints:
        look.said.append(Text(f"字段名提到 {hint}。", f"Names of fields speak of {hint}."))
    if connection is not None and look.possible:
        _weigh_evidence(look, compare(geometry, box, look.possible, connection))
    if look.code is None:
        look.said.append(_undecided([title_of(one) for one in look.possible]))
    return look


def _undecided(names: list[str]) -> Text:
    if not names:
        return Text(
            "坐标系未定：文件没有（可信地）写明，坐标本身也看不出；须由提供者确认。",
            "The reference system is undecided: the file does not say (credibly), and its coordinates do not tell. Ask who made it.",
        )
    return Text(
        f"坐标系未定：文件没有（可信地）写明，可能是 {'、'.join(names)}；须由提供者确认。",
        f"The reference system is undecided: the file does not say (credibly); it may be {', '.join(names)}. Ask who made it.",
    )


def _weigh_declaration(look: ReferenceLook, box: Bounds, city: City | None) -> bool:
    """Take the declared system unless the coordinates speak against it; says whether they do."""
    declared = look.declared
    if declared is None:
        look.said.append(Text("文件没有写明坐标系。", "The file names no reference system."))
        return False
    if declared.code is None:
        look.said.append(
            Text(
                f"{declared.by.zh}写着“{declared.name}”，没有对应的 EPSG 代码。",
                f"By {declared.by.en} it is '{declared.name}', for which there is no EPSG code.",
            )
        )
        return False
    system = ReferenceSystem.named(declared.code)
    is_degrees = max(map(abs, (box[0], box[2]))) <= 180 and max(map(abs, (box[1], box[3]))) <= 180
    if system.in_degrees and not is_degrees:
        look.said.append(
            Text(
                f"{declared.by.zh}说是 {declared.name}（{declared.code}），坐标却不是度（{box[0]:.10g}, {box[1]:.10g}）：声明不可信。",
                f"By {declared.by.en} it is {declared.name} ({declared.code}), but these are no degrees ({box[0]:.10g}, {box[1]:.10g}): not credible.",
            )
        )
        return True
    if not system.in_degrees and is_degrees and max(map(abs, box)) > 1:
        look.said.append(
            Text(
                f"{declared.by.zh}说是 {declared.name}，坐标却像是度：声明不可信。",
                f"By {declared.by.en} it is {declared.name}, but the coordinates look like degrees: not credible.",
            )
        )
        return True
    if system.in_degrees and max(abs(box[1]), abs(box[3])) > 90:
        look.said.append(
            Text(
                "纬度大于 90：坐标轴对调了，且声明为经纬度。",
                "Latitudes beyond 90: the axes are swapped although degrees are declared.",
            )
        )
        look.code, look.swapped = declared.code, True
        return False
    if declared.by_format and declared.code == LONLAT and declared.by.en.startswith("the GeoJSON") and _in_china(box):
        look.said.append(
            Text(
                "GeoJSON 标准规定为 WGS 84，但国内导出的 GeoJSON 常是 GCJ-02：文件本身分不出。",
                "GeoJSON means WGS 84, but in China it is often written in GCJ-02, and the file itself does not tell.",
            )
        )
        return False
    look.code = declared.code
    look.said.append(
        Text(
            f"坐标系：{declared.by.zh}为 {declared.name}（{declared.code}）。",
            f"Reference system: {declared.name} ({declared.code}), by {declared.by.en}.",
        )
    )
    if city is not None:
        share = _share_in(city, system.to_lonlat(_net(box)))
        if share < 0.5:
            look.said.append(
                Text(
                    f"按此只有 {share:.0%} 的范围落在{city.name}内。",
                    f"So taken only {share:.0%} of the extent lies in {city.name_en}.",
                )
            )
            if share == 0:
                look.code = None
                return True
    return False


def _possible(box: Bounds, city: City | None, declared: Declared | None) -> list[Candidate]:
    """Candidates: what puts the box into the city, or, without a city, what its numbers allow."""
    if city is not None:
        found = candidates(box, city.bounds)
        if not _in_china(box) and not _in_china((box[1], box[0], box[3], box[2])):
            found = [one for one in found if one.reference.code not in (GCJ02, BD09)]  # no shift outside China
        if declared is not None and declared.code and all(one.reference.code != declared.code for one in found):
            system = ReferenceSystem.named(declared.code)
            found.append(Candidate(system, 0.0, Text("文件所声明。", "What the file declares.")))
        return found[:MOST_COMPARED]
    if max(abs(box[0]), abs(box[2])) <= 180 and max(abs(box[1]), abs(box[3])) <= 90:
        return (
            _degrees_of_china()
            if _in_china(box)
            else [_degrees(LONLAT, Text("经纬度，基准未写明。", "Degrees; the datum is not named."))]
        )
    return []


def _degrees_of_china() -> list[Candidate]:
    return [
        _degrees(LONLAT, Text("WGS 84 或 CGCS2000（EPSG:4490）。", "WGS 84 or CGCS2000 (EPSG:4490).")),
        _degrees(GCJ02, Text("高德、腾讯。", "AMap, Tencent.")),
        _degrees(BD09, Text("百度。", "Baidu.")),
    ]


def _degrees(code: str, sentence: Text) -> Candidate:
    return Candidate(ReferenceSystem.named(code), 1.0, sentence)


def _tell_candidates(look: ReferenceLook, box: Bounds, city: City | None) -> None:
    for one in look.possible:
        share = f"{one.share:.0%} 的范围落在城内：" if city is not None else ""
        share_en = f"{one.share:.0%} of the extent in the city. " if city is not None else ""
        look.said.append(
            Text(
                f"  可能是 {title_of(one)}：{share}{one.sentence.zh}",
                f"  Perhaps {title_of(one)}: {share_en}{one.sentence.en}",
            )
        )
    if look.possible:
        return
    prefix = zone_prefix_of(box[0])
    if prefix is not None:
        width = 3 if prefix >= 25 else 6
        look.said.append(
            Text(
                f"东坐标带有带号 {prefix}，像 CGCS2000 {width} 度带。",
                f"Eastings begin with zone {prefix}, as in CGCS2000's {width}-degree zones.",
            )
        )
    if city is None:
        look.said.append(Text("给出 --city 后可以逐个试坐标系。", "With --city reference systems can be tried."))
    else:
        look.said.append(
            Text(f"试过的坐标系都不落在{city.name}。", f"None of the systems tried puts it into {city.name_en}.")
        )


def _weigh_evidence(look: ReferenceLook, found: Evidence) -> None:
    """What known ground says, against or for what was declared."""
    look.said += found.said
    look.medians_m, look.inside, look.evidence = found.medians_m, found.inside, found.verdict
    if found.winner is None:
        return
    told, code = title_of(found.winner), found.winner.reference.code
    if look.code is not None and look.code != code and not {look.code, code} <= set(PLAIN_DEGREES):
        look.said.append(
            Text(
                f"已知地物表明是 {told}，与声明的 {look.code} 矛盾。",
                f"Known ground says {told}, against the declared {look.code}.",
            )
        )
        look.code = None
        return
    look.code, look.swapped = look.code or code, found.winner.reference.swapped
    look.said.append(Text(f"与已知地物比较：{told} 最吻合。", f"Compared with known ground: {told} fits best."))


def _in_china(box: Bounds) -> bool:
    """Whether most of a box of degrees lies where GCJ-02 shifts."""
    if max(map(abs, box)) > 180:
        return False
    at = _net(box)
    return bool(np.mean(geo.in_china(at[:, 0], at[:, 1])) >= 0.5)


def _net(box: Bounds) -> Positions:
    x, y = np.meshgrid(np.linspace(box[0], box[2], 5), np.linspace(box[1], box[3], 5))
    return np.column_stack([x.ravel(), y.ravel()])


def _share_in(city: City, at: Positions) -> float:
    west, south, east, north = city.bounds
    return float(
        np.mean(
            (at[:, 0] >= west - EDGE)
            & (at[:, 0] <= east + EDGE)
            & (at[:, 1] >= south - EDGE)
            & (at[:, 1] <= north + EDGE)
        )
    )
