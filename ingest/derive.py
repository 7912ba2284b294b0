"""What follows from a row's other columns: small named rules that a mapping may ask for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from commandcenter.text import Text
from ingest.record import Refused

METRES_A_LEVEL = 3.2
FARTHEST_VIEW_M = 200.0


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


DERIVATIONS: dict[str, Derivation] = {
    "case_course": Derivation(("is_open", "started_at", "state"), _case_course),
    "height_or_levels": Derivation(("height_m", "levels"), _height_or_levels),
    "reach_from_tilt": Derivation(("max_view_distance_m",), _reach_from_tilt),
}
