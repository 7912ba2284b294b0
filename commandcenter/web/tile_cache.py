"""Tiles once made, kept by what they depend on: layer, version, address, filters and the scope they were made for."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

OVERHEAD = 200  # bytes an entry costs beside its body


class TileKey(NamedTuple):
    """A tile made for one jurisdiction never answers another: the scope digest is part of its name."""

    layer: str
    version: int
    zoom: int
    x: int
    y: int
    filters: str
    scope: str


class TileCache:
    """Least recently used tiles within a budget of bytes. Only touched from the event loop, so it needs no lock."""

    def __init__(self, budget_bytes: int) -> None:
        self._budget = budget_bytes
        self._held = 0
        self._tiles: OrderedDict[TileKey, bytes] = OrderedDict()

    def get(self, key: TileKey) -> bytes | None:
        """The tile, or None."""
        body = self._tiles.get(key)
        if body is not None:
            self._tiles.move_to_end(key)
        return body

    def put(self, key: TileKey, body: bytes) -> None:
        """Keep a tile, letting go of the least used ones."""
        if key in self._tiles or len(body) + OVERHEAD > self._budget:
            return
        self._tiles[key] = body
        self._held += len(body) + OVERHEAD
        while self._held > self._budget:
            _, gone = self._tiles.popitem(last=False)
            self._held -= len(gone) + OVERHEAD

    def __len__(self) -> int:
        return len(self._tiles)
