"""How well candidates for a reference system fit the ground a city's database knows: roads, buildings, boundaries."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from commandcenter.text import Text
from ingest.inspecting import store
from ingest.inspecting.shapes import Bounds
from ingest.reference import LONLAT, Candidate, Positions

SAMPLED = 240  # positions compared with known ground
MOST_COMPARED = 8  # candidates
FEWEST = 20
TELLS = 0.5  # the best median distance is at most this share of the next one's
TELLS_M = 15.0
SAME_PLACE_M = 5.0
GROUNDS = {
    "road": Text("道路", "road"),
    "building": Text("建筑边线", "building edge"),
    "boundary": Text("已知界线", "known boundary"),
}


@dataclass
class Evidence:
    """``winner`` fits clearly best (None: undecided, or nothing to compare with); medians in metres by ground and candidate."""

    winner: Candidate | None = None
    verdict: str | None = None  # "decided", "undecided"; None where nothing could be compared
    medians_m: dict[str, dict[str, float]] = field(default_factory=dict)
    inside: dict[str, float] = field(default_factory=dict)  # share of positions inside known areas
    said: list[Text] = field(default_factory=list)


def compare(
    geometry: NDArray[np.object_], box: Bounds | None, possible: list[Candidate], connection: psycopg.Connection
) -> Evidence:
    """Measure each candidate's placing of some positions. One kind of ground must tell the candidates apart, and none another way."""
    found = Evidence()
    own = _positions(geometry, box)
    tried = possible[:MOST_COMPARED]
    if not len(own) or not tried:
        return found
    placed = [one.reference.to_lonlat(own) for one in tried]
    every = np.concatenate(placed)
    fine = np.isfinite(every).all(axis=1) & (np.abs(every[:, 0]) <= 180) & (np.abs(every[:, 1]) <= 85)
    which = np.repeat(np.arange(len(tried)), len(own))[fine].tolist()
    lon, lat = every[fine, 0].tolist(), every[fine, 1].tolist()
    titles = [title_of(one) for one in tried]
    best: set[int] = set()
    for ground in store.KNOWN:
        near: list[list[float]] = [[] for _ in tried]
        for at, metres in store.distances_m(connection, ground, which, lon, lat):
            near[at].append(metres)
        if max(map(len, near)) < min(FEWEST, len(own)):
            continue
        # Where nothing is within reach, it is at least as far as was looked
        medians = [float(np.median(metres + [store.REACH_M] * (len(own) - len(metres)))) for metres in near]
        found.medians_m[ground] = dict(zip(titles, medians, strict=True))
        found.said.append(_told(ground, titles, medians))
        clear = _clear_best(medians, placed) if len(own) >= FEWEST else None
        best |= {clear} if clear is not None else set()
    shares = store.share_inside_areas(connection, which, lon, lat)
    found.inside = {titles[at]: share for at, share in sorted(shares.items())}
    if any(found.inside.values()):
        told = [f"{name} {share:.0%}" for name, share in found.inside.items()]
        found.said.append(Text(f"落在已知辖区内：{'，'.join(told)}。", f"Inside known areas: {', '.join(told)}."))
    if found.medians_m:
        found.winner = tried[best.pop()] if len(best) == 1 else None
        found.verdict = "decided" if found.winner is not None else "undecided"
        if found.winner is None:
            found.said.append(
                Text(
                    "与已知地物比较：分不出，未定。",
                    "Compared with known ground: undecided, it does not tell them apart.",
                )
            )
    return found


def title_of(one: Candidate) -> str:
    """A candidate's short name."""
    name = "WGS 84" if one.reference.code == LONLAT else one.reference.code
    return (
        f"{name} (lat, lon)"
        if one.reference.swapped and one.reference.in_degrees
        else f"{name} (y, x)"
        if one.reference.swapped
        else name
    )


def _clear_best(medians: list[float], placed: list[Positions]) -> int | None:
    """The candidate that fits clearly better than all others that put the positions elsewhere; None where none does."""
    best = int(np.argmin(medians))
    others = [
        median for at, median in enumerate(medians) if at != best and _apart_m(placed[best], placed[at]) > SAME_PLACE_M
    ]
    if not others or medians[best] > TELLS * min(others) or min(others) - medians[best] < TELLS_M:
        return None
    return next(at for at in range(len(medians)) if _apart_m(placed[best], placed[at]) <= SAME_PLACE_M)


def _apart_m(one: Positions, other: Positions) -> float:
    """About how far apart two placings of the same positions are."""
    east = (one[:, 0] - other[:, 0]) * np.cos(np.radians(one[:, 1]))
    with np.errstate(invalid="ignore"):
        apart = np.hypot(east, one[:, 1] - other[:, 1]) * 111_320
    return float(np.median(apart[np.isfinite(apart)])) if np.isfinite(apart).any() else float("inf")


def _told(ground: str, titles: list[str], medians: list[float]) -> Text:
    ranked = sorted(zip(medians, titles, strict=True))
    zh = "；".join(f"{title}：中位 {metres:,.0f} 米" for metres, title in ranked)
    en = "; ".join(f"{title}: median {metres:,.0f} m" for metres, title in ranked)
    return Text(f"到最近{GROUNDS[ground].zh}的距离：{zh}。", f"Distance to the nearest {GROUNDS[ground].en}: {en}.")


def _positions(geometry: NDArray[np.object_], box: Bounds | None) -> Positions:
    """Some vertices from all over the geometries, inside the usual box."""
    xy = shapely.get_coordinates(geometry)
    if box is None or not len(xy):
        return np.empty((0, 2))
    xy = xy[(xy[:, 0] >= box[0]) & (xy[:, 0] <= box[2]) & (xy[:, 1] >= box[1]) & (xy[:, 1] <= box[3])]
    xy = np.unique(xy, axis=0)
    return np.asarray(xy[np.linspace(0, len(xy) - 1, min(SAMPLED, len(xy))).astype(int)]) if len(xy) else xy
