"""What a name, code, address or pair of coordinates finds, inside the actor's jurisdiction."""

from __future__ import annotations

import re
from dataclasses import dataclass

from commandcenter.actor import Actor
from commandcenter.db.request import SqlRequest
from commandcenter.db.run import Reader
from commandcenter.text import Language, Text

COORDINATES = re.compile(r"^\s*(-?\d{1,3}(?:\.\d+)?)\s*[,，;\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*$")
FLY_ZOOM = {"areas": 13, "grids": 15, "compounds": 16, "base": 15}
AREA_ZOOM = {1: 14, 2: 15}  # by rank: streets, communities
CLOSE_ZOOM = 17
HERE = Text("坐标（WGS 84）", "Coordinates (WGS 84)")


@dataclass(frozen=True)
class Hit:
    """One finding with the place to fly to (EPSG:4326) and the zoom to look from."""

    layer: str
    ref_id: int | None
    title: str
    detail: str
    code: str
    lon: float
    lat: float
    zoom: int


def as_coordinates(phrase: str) -> tuple[float, float] | None:
    """Longitude and latitude where the phrase is a pair of numbers.

    Chinese sources write longitude first; where only the other order is possible (a latitude above 90), it is taken.
    """
    found = COORDINATES.match(phrase)
    if found is None:
        return None
    first, second = float(found[1]), float(found[2])
    if abs(first) <= 180 and abs(second) <= 90:
        return first, second
    if abs(second) <= 180 and abs(first) <= 90:
        return second, first
    return None


async def search(reader: Reader, actor: Actor, phrase: str, language: Language, limit: int = 20) -> list[Hit]:
    """Findings, best first: coordinates, then codes, then names that begin with the phrase, then the rest by rank."""
    # PostgreSQL's text holds neither NUL nor half a surrogate pair; what is typed may
    phrase = phrase.replace("\0", " ").encode("utf-8", "ignore").decode("utf-8")
    place = as_coordinates(phrase)
    if place is not None:
        lon, lat = place
        return [Hit("here", None, f"{lon:.6f}, {lat:.6f}", HERE.to(language), "", lon, lat, CLOSE_ZOOM)]
    rows = await reader.rows(
        actor, SqlRequest("select * from search_city(%(phrase)s, %(wanted)s)", {"phrase": phrase, "wanted": limit * 3}, "search")
    )
    wish = phrase.strip().lower()

    def order(row: dict[str, object]) -> tuple[bool, bool, object, int]:
        title = str(row["title"] or "").lower()
        title_en = str(row["title_en"] or "").lower()
        return row["rank"] != -1, not (title.startswith(wish) or title_en.startswith(wish)), row["rank"], len(title)

    hits: dict[tuple[str, int], Hit] = {}
    for row in sorted(rows, key=order):
        title = (row["title_en"] if language == "en" else None) or row["title"]
        hits.setdefault(
            (row["layer"], row["ref_id"]),
            Hit(
                row["layer"], row["ref_id"], title, row["detail"] or "", row["code"] or "", row["lon"], row["lat"],
                _fly_zoom(row["layer"], row["rank"]),
            ),
        )  # fmt: skip
    return list(hits.values())[:limit]


def _fly_zoom(layer: str, rank: int) -> int:
    """A smaller area is looked at from nearer; one found by its exact code has no rank of its own."""
    return AREA_ZOOM.get(rank, FLY_ZOOM[layer]) if layer == "areas" else FLY_ZOOM.get(layer, CLOSE_ZOOM)
