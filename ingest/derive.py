"""What follows from a row's other columns: small named rules that a mapping may ask for."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from commandcenter.text import Text
from ingest.record import Refused

METRES_A_LEVEL = 3.2
FARTHEST_VIEW_M = 200.0
COMPASS_DEG = {
    "n": 0.0, "north": 0.0, "ne": 45.0, "e": 90.0, "east": 90.0, "se": 135.0,
    "s": 180.0, "south": 180.0, "sw": 225.0, "w": 270.0, "west": 270.0, "nw": 315.0,
}  # fmt: skip
# A code's digits at its level; a city's code is of its districts' length and ends in 00.
DIGITS_OF_LEVEL = {"province": 6, "city": 6, "district": 6, "street": 9, "community": 12}
DIGITS_ABOVE = {"city": 2, "district": 4, "street": 6, "community": 9}  # of a code, those that name its parent
LEVEL_ABOVE = {"city": "province", "district": "city", "street": "district", "community": "street"}

# One compass word: NORTH, S/East, "South West", NW.
_COMPASS = r"(?P<ns>north|south|n|s)(?:[ /]?(?P<ew>east|west|e|w))?|(?P<only>east|west|e|w)"
# Where it is the direction of view and nothing else: first of all ("WEST - Oxford Street", "Zoom east twds ..."), right behind a road's
# number ("A406 South twds Ealing"), or last behind a dash ("Camden Rd - N/East"). A word inside a name ("East India Dock", "Aldborough
# Road South") or of a carriageway ("N/B") is none.
_DIRECTIONS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^(?:(?:zoom|home|facing)[\s-]*)*(?:{_COMPASS})(?=\s*(?:$|[-(]|(?:zoom|facing|twds|towards)\b|[am]\d))",
        rf"\b[am]\d+\s+(?:{_COMPASS})(?=\s*(?:$|(?:twds|towards)\b))",
        rf"\s-\s*(?:{_COMPASS})(?:\s+zoom)?$",
    )
)


@dataclass(frozen=True)
class Derivation:
    """One rule: the columns it writes and how."""

    writes: tuple[str, ...]
    apply: Callable[[dict[str, Any], dict[str, Any]], None]


def _case_course(row: dict[str, Any], values: dict[str, Any]) -> None:
    """A case with a closing moment is closed, whatever its status says; the clock starts when it was reported."""
    reported, closed = row["reported_at"], row.get("closed_at")
    if closed is not None and closed < reported:
        raise Refused(
            "closed_before_reported",
            "closed_at",
            Text(f"结案时间 {closed} 早于上报时间 {reported}。", f"It was closed at {closed}, before it was reported at {reported}."),
        )
    if closed is not None:
        row["state"] = "closed"
    row["is_open"] = row["state"] != "closed"
    row["started_at"] = reported


def _height_or_levels(row: dict[str, Any], values: dict[str, Any]) -> None:
    """Where only one of height and levels is known, the other follows at 3.2 m a level."""
    height, levels = row.get("height_m"), row.get("levels")
    if height is None and levels:
        row["height_m"] = round(levels * METRES_A_LEVEL, 1)
    elif levels is None and height:
        row["levels"] = max(1, round(height / METRES_A_LEVEL))


def _reach_from_tilt(row: dict[str, Any], values: dict[str, Any]) -> None:
    """A camera tilted down from a known height looks at the ground no farther than height / tan(tilt)."""
    tilt, height = values.get("camera:angle"), row.get("mount_height_m")
    if tilt is None or height is None:
        return
    try:
        radians = math.radians(float(tilt))
    except ValueError:
        raise Refused(
            "not_real", "camera:angle", Text(f"俯角“{tilt}”不是数字。", f"The tilt '{tilt}' is not a number.")
        ) from None
    if 0 < radians < math.pi / 2:
        row["max_view_distance_m"] = min(FARTHEST_VIEW_M, round(height / math.tan(radians), 1))


def _azimuth_from_words(row: dict[str, Any], values: dict[str, Any]) -> None:
    """A camera looks where its name says in a compass word; one without such a word, or with two that disagree, looks nowhere."""
    said = {direction for direction in (_direction(found) for found in _stated(row.get("name") or "")) if direction is not None}
    if len(said) == 1:
        row["azimuth_deg"] = said.pop()
        row["azimuth_source"] = "text"


def _stated(text: str) -> list[re.Match[str]]:
    plain = text.replace("\\/", "/").strip()
    return [found for pattern in _DIRECTIONS if (found := pattern.search(plain)) is not None]


def _direction(found: re.Match[str]) -> float | None:
    parts = [part.lower() for part in (found["ns"], found["ew"]) if part]
    if not parts:
        return COMPASS_DEG[found["only"].lower()]
    return COMPASS_DEG[parts[0] if len(parts) == 1 else parts[0][0] + parts[1][0]]


def _plain_slashes(row: dict[str, Any], values: dict[str, Any]) -> None:
    """Names whose slashes were escaped twice on their way (``N\\/B``) lose the backslash."""
    for name in ("name", "name_en"):
        if row.get(name):
            row[name] = row[name].replace("\\/", "/")


def _code_by_level(row: dict[str, Any], values: dict[str, Any]) -> None:
    """A division code as long as its level wants it (6, 9 or 12 digits), and its parent's: lists fill with zeros, or cut them, at will."""
    level = row["level"]
    row["code"] = _cut(row["code"], level)
    parent = row.get("parent_code") or (row["code"] or "")[: DIGITS_ABOVE.get(level, 0)]
    row["parent_code"] = _cut(parent, LEVEL_ABOVE[level]) if parent and level in LEVEL_ABOVE else None


def _cut(code: str | None, level: str | None) -> str | None:
    """The code with its level's digits; one that says more than its level is left as it is, for the mapping's rules to see."""
    digits = DIGITS_OF_LEVEL.get(level or "")
    if code is None or digits is None or code[digits:].strip("0"):
        return code
    return code[:digits].ljust(digits, "0")


def _own_code(row: dict[str, Any], values: dict[str, Any]) -> None:
    """An area lies in itself: its code stands in the column of its own level too."""
    if row["level"] in ("district", "street", "community"):
        row[f"{row['level']}_code"] = row["code"]


DERIVATIONS: dict[str, Derivation] = {
    "case_course": Derivation(("is_open", "started_at", "state"), _case_course),
    "height_or_levels": Derivation(("height_m", "levels"), _height_or_levels),
    "reach_from_tilt": Derivation(("max_view_distance_m",), _reach_from_tilt),
    "azimuth_from_words": Derivation(("azimuth_deg", "azimuth_source"), _azimuth_from_words),
    "plain_slashes": Derivation(("name", "name_en"), _plain_slashes),
    "code_by_level": Derivation(("code", "parent_code"), _code_by_level),
    "own_code": Derivation(("district_code", "street_code", "community_code"), _own_code),
}
