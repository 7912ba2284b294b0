"""A sample of long ago as if it were of today: all its moments moved on by the same whole number of days, and said so.

Requests of years ago would all stand overdue on a wall that shows now, and tell nothing. Whole days of the city's clock
keep hours, intervals and deadlines as they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from commandcenter.city import City
from commandcenter.text import Text
from ingest.contract import Mapping


@dataclass(frozen=True)
class Moved:
    """By how many days the moments of a source are moved, and the moment its data speaks of after that."""

    days: int
    as_of: datetime | None

    @property
    def told(self) -> Text:
        """What the source's title adds about it."""
        if not self.days:
            return Text("", "")
        return Text(f"（全部时刻后移 {self.days:,} 天）", f" (all times moved on by {self.days:,} days)")


def moved_to(mapping: Mapping, city: City, standing: datetime | None, now: datetime) -> Moved:
    """The move of a mapping at ``now``; rows that stand already were moved by as much as their source's moment tells, and stay."""
    as_of = mapping.data_as_of
    if not mapping.moved_to_load or as_of is None:
        return Moved(0, as_of)
    zone = ZoneInfo(city.time_zone)
    then = as_of.astimezone(zone)
    days = ((standing or now).astimezone(zone).date() - then.date()).days
    if standing is None and then + timedelta(days=days) > now:
        days -= 1
    return Moved(max(days, 0), then + timedelta(days=max(days, 0)))
