"""What an answer names: rows of tiles, of collections, of cards and of what Dash draws; figures and their values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from commandcenter.leaks.mvt_reader import read_tile
from commandcenter.leaks.store import Sample

HALF_BOX = 0.002  # degrees around a row that is asked for


@lru_cache(maxsize=4096)
def drawn(layer: str, body: bytes) -> frozenset[str]:
    """``layer:row`` of everything in a tile; a label is its row."""
    return frozenset(f"{layer}:{feature.id}" for part in read_tile(body).values() for feature in part.features)


def households(body: bytes) -> frozenset[str]:
    """``household:row`` of the households that a building's page leads to."""
    return frozenset(f"household:{number}" for number in re.findall(r"[?&;]household=(\d+)", body.decode("utf-8", "replace")))


def listed(collection: Mapping[str, Any]) -> frozenset[str]:
    """The ids of a collection's features."""
    return frozenset(str(feature["id"]) for feature in collection["features"])


def told(card: Mapping[str, Any]) -> dict[str, str]:
    """A card as lines: which row, its fields, and each way to neighbours with its count and first row."""
    lines = {f"{row['label']}": str(row["value"]) for row in card["rows"]}
    links = {f"→ {link['layer']} {number}": f"{link['text']} ({link['layer']}:{link['ref_id']})" for number, link in enumerate(card["links"])}
    return {f"{card['layer']}:{card['ref_id']}": str(card["title"]), **lines, **links}


def parts(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every object inside a JSON value."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from parts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from parts(inner)


def named(value: Any) -> frozenset[str]:
    """``layer:row`` of everything in an answer that leads to a row."""
    return frozenset(f"{part['data-layer']}:{part['data-ref']}" for part in parts(value) if "data-ref" in part and "data-layer" in part)


def figures(value: Any) -> dict[str, str]:
    """Label and value of each figure of the strip."""
    found: dict[str, str] = {}
    for part in parts(value):
        if str(part.get("className", "")).startswith("figure"):
            said = {inner["className"]: str(inner.get("children")) for inner in parts(part) if inner.get("className") in ("label", "value")}
            found[said["label"]] = said["value"]
    return found


def tile_at(sample: Sample, zoom: int) -> tuple[int, int, int]:
    """The tile that holds a row."""
    count = 1 << zoom
    y = (1 - math.asinh(math.tan(math.radians(sample.lat))) / math.pi) / 2
    return zoom, int((sample.lon + 180) / 360 * count), int(y * count)


def box(sample: Sample) -> str:
    """A box around a row, as addresses spell it."""
    west, south, east, north = sample.lon - HALF_BOX, sample.lat - HALF_BOX, sample.lon + HALF_BOX, sample.lat + HALF_BOX
    return f"{west:.6f},{south:.6f},{east:.6f},{north:.6f}"
