"""How many households a building probably has, where nobody counted them: an estimate, and always said to be one.

Floor area times the share of it that people live in, by use, divided by what one household takes; address points
inside a residential building are the least.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Share of a building's floor area that homes take. Where the use is unknown a city mixes homes and work.
LIVED_IN = {
    "residential": 0.8,
    "other": 0.45,
    "commercial": 0.15,
    "office": 0.0,
    "industrial": 0.0,
    "education": 0.05,
    "medical": 0.0,
    "public": 0.0,
    "religious": 0.0,
    "garage": 0.0,
}
METRES_A_LEVEL = 3.2
# Of a tower of unknown use only the first levels count in full: in a centre, tall means offices more often than homes.
FULL_LEVELS, BEYOND = 12, 0.25
USUAL_LEVELS = 2
SMALLEST_HOME_M2 = 40.0


def estimate(
    uses: Sequence[str],
    levels: Sequence[int | None],
    heights_m: Sequence[float | None],
    footprints_m2: NDArray[np.float64],
    addresses: Sequence[int],
    household_m2: float,
) -> NDArray[np.int64]:
    """Households a building, in the order given."""
    share = np.array([LIVED_IN.get(use, 0.0) for use in uses])
    height = np.array([np.nan if value is None else value for value in heights_m], float)
    storeys = np.array([np.nan if value is None else value for value in levels], float)
    storeys = np.where(np.isnan(storeys), np.round(height / METRES_A_LEVEL), storeys)
    storeys = np.clip(np.where(np.isnan(storeys), USUAL_LEVELS, storeys), 1, None)
    unknown = np.array([use == "other" for use in uses], bool)
    counted = np.where(unknown & (storeys > FULL_LEVELS), FULL_LEVELS + BEYOND * (storeys - FULL_LEVELS), storeys)
    homes = np.round(footprints_m2 * counted * share / household_m2)
    homes = np.where((share >= 0.4) & (footprints_m2 >= SMALLEST_HOME_M2), np.maximum(homes, np.asarray(addresses, float)), homes)
    homes = np.where((np.array(uses) == "residential") & (footprints_m2 >= SMALLEST_HOME_M2), np.maximum(homes, 1), homes)
    counted_homes: NDArray[np.int64] = homes.astype(np.int64)
    return counted_homes
