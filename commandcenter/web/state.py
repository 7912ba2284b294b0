"""What one web process holds: settings, layers, the reader, the city it shows, the tile cache and the layer versions."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from commandcenter.config import Settings
from commandcenter.db.heartbeat import worker_request
from commandcenter.db.request import SqlRequest
from commandcenter.db.run import Reader
from commandcenter.errors import CommandCenterError, Unavailable
from commandcenter.security.builtin import WEB
from commandcenter.security.keyring import Keyring
from commandcenter.security.oidc import OidcClient
from commandcenter.text import Text
from commandcenter.web.door import is_open_demo
from commandcenter.web.limits import Limits
from commandcenter.web.tile_cache import TileCache
from commandcenter.web.versions import Versions
from layers.base import Layer

WORKER_BEGINS_S = 30.0


@dataclass(frozen=True)
class CityView:
    """The city as the screen needs it. Coordinates EPSG:4326; bounds west, south, east, north."""

    key: str
    name: Text
    code: str
    centre: tuple[float, float]
    zoom: float
    bounds: tuple[float, float, float, float]
    zone: ZoneInfo
    synthetic: bool
    settings: dict[str, Any]


@dataclass
class State:
    """Made once at start; ``city`` is read from the database when first asked for."""

    settings: Settings
    layers: dict[str, Layer]
    reader: Reader
    versions: Versions
    cache: TileCache
    limits: Limits = field(default_factory=Limits)
    born: float = field(default_factory=time.monotonic)
    _city: CityView | None = field(default=None)

    async def city(self) -> CityView:
        """The one city of this database; raises Unavailable while it holds none."""
        if self._city is None:
            self._city = await self._read_city()
        return self._city

    @cached_property
    def keys(self) -> Keyring:
        """The city's secret key, beside the database."""
        return Keyring(self.settings.data_dir, self.settings.city)

    @cached_property
    def open_demo(self) -> bool:
        """Whether visitors enter as they like with one click: a synthetic city on this machine alone."""
        return is_open_demo(self.settings)

    @cached_property
    def identity(self) -> OidcClient | None:
        """The identity provider we are a client of, where there is one."""
        provider = self.settings.identity_provider
        return None if provider is None else OidcClient(provider)

    @property
    def just_started(self) -> bool:
        """Whether the worker beside this process has hardly had the time to begin."""
        return time.monotonic() - self.born < WORKER_BEGINS_S

    async def worker_lives(self) -> bool:
        """Whether some worker is there to carry out what is asked for, and to fetch what comes by itself."""
        try:
            row = await self.reader.row(WEB, worker_request())
        except CommandCenterError:
            return False  # an older schema knows no workers
        return bool(row and row["alive"])

    async def _read_city(self) -> CityView:
        row = await self.reader.row(
            WEB,
            SqlRequest(
                "select c.*, e.west, e.south, e.east, e.north from city c left join lateral (select ST_XMin(b) as west, ST_YMin(b) as south,"
                " ST_XMax(b) as east, ST_YMax(b) as north from (select ST_Extent(geom) as b from area) x) e on true",
                {},
                "city",
            ),
        )
        if row is None:
            raise Unavailable(Text("数据库里还没有城市数据，请先载入。", "The database holds no city yet; load one first."))
        lon, lat = row["centre_lon"], row["centre_lat"]
        allowed = tuple(row["settings"].get("bounds") or (lon - 0.1, lat - 0.1, lon + 0.1, lat + 0.1))
        return CityView(
            row["key"], Text(row["name"], row["name_en"]), row["code"], (lon, lat), float(row["settings"].get("start_zoom", 13)),
            _shared(allowed, tuple(row[side] for side in ("west", "south", "east", "north"))), ZoneInfo(row["time_zone"]), row["synthetic"], row["settings"],
        )  # fmt: skip


def _shared(allowed: tuple[float, ...], areas: tuple[float | None, ...]) -> tuple[float, float, float, float]:
    """The box of the areas as far as the city file lets data in; the city file's own box while there are no areas."""
    west, south, east, north = allowed
    known = [side for side in areas if side is not None]
    if len(known) == len(areas):
        held = (max(west, known[0]), max(south, known[1]), min(east, known[2]), min(north, known[3]))
        if held[0] < held[2] and held[1] < held[3]:
            return held
    return west, south, east, north
