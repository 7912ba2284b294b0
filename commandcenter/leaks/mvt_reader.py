"""Our own reader of Mapbox vector tiles, straight from the specification (version 2.1): protobuf by hand, strict.

It exists so that no library that might share a mistake with PostGIS judges our tiles. Geometry comes as lists of parts in
tile units (y grows downwards); whatever the specification forbids is a ``BadTile`` that names the rule.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
POINT, LINESTRING, POLYGON = 1, 2, 3
MOVE_TO, LINE_TO, CLOSE_PATH = 1, 2, 7
GEOMETRY_NAMES = {0: "unknown", POINT: "point", LINESTRING: "linestring", POLYGON: "polygon"}
LAYER_FIELDS = {1: BYTES, 2: BYTES, 3: BYTES, 4: BYTES, 5: VARINT, 15: VARINT}
FEATURE_FIELDS = {1: VARINT, 2: BYTES, 3: VARINT, 4: BYTES}
VALUE_FIELDS = {1: BYTES, 2: FIXED32, 3: FIXED64, 4: VARINT, 5: VARINT, 6: VARINT, 7: VARINT}
Ring = list[tuple[int, int]]


class BadTile(ValueError):
    """The tile breaks the specification; the message says which rule."""


@dataclass(frozen=True)
class TileFeature:
    """One feature: ``parts`` are points, lines or rings, in tile units."""

    id: int | None
    kind: str
    parts: list[Ring]
    properties: dict[str, Any]


@dataclass(frozen=True)
class TileLayer:
    """One layer of a tile."""

    name: str
    version: int
    extent: int
    features: list[TileFeature]


def read_tile(body: bytes) -> dict[str, TileLayer]:
    """All layers of a tile by name, in order. Raises BadTile."""
    layers: dict[str, TileLayer] = {}
    for number, wire, payload in fields(body):
        if number != 3 or wire != BYTES:
            raise BadTile(f"a tile holds only layers, not field {number} of wire type {wire}")
        layer = _layer(payload)
        if layer.name in layers:
            raise BadTile(f"two layers are named {layer.name!r}")
        layers[layer.name] = layer
    return layers


def fields(body: bytes) -> Iterator[tuple[int, int, Any]]:
    """Field number, wire type and payload of each field of one protobuf message."""
    at = 0
    while at < len(body):
        key, at = varint(body, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = varint(body, at)
            yield number, wire, value
            continue
        if wire == BYTES:
            size, at = varint(body, at)
        elif wire in (FIXED64, FIXED32):
            size = 8 if wire == FIXED64 else 4
        else:
            raise BadTile(f"wire type {wire} is unknown")
        if at + size > len(body):
            raise BadTile("the message ends inside a field")
        yield number, wire, body[at : at + size]
        at += size


def varint(body: bytes, at: int) -> tuple[int, int]:
    """A variable-length integer and where it ends."""
    value = shift = 0
    while True:
        if at >= len(body) or shift > 63:
            raise BadTile("a varint does not end")
        octet = body[at]
        at += 1
        value |= (octet & 0x7F) << shift
        if octet < 0x80:
            return value & (1 << 64) - 1, at
        shift += 7


def _checked(body: bytes, allowed: dict[int, int], what: str) -> Iterator[tuple[int, Any]]:
    for number, wire, payload in fields(body):
        if number not in allowed:
            raise BadTile(f"a {what} has no field {number}")
        if allowed[number] != wire:
            raise BadTile(f"field {number} of a {what} has wire type {wire}")
        yield number, payload


def _layer(body: bytes) -> TileLayer:
    name: str | None = None
    version: int | None = None
    extent = 4096
    raw_features: list[bytes] = []
    keys: list[str] = []
    values: list[Any] = []
    for number, payload in _checked(body, LAYER_FIELDS, "layer"):
        if number == 1:
            name = _text(payload)
        elif number == 2:
            raw_features.append(payload)
        elif number == 3:
            keys.append(_text(payload))
        elif number == 4:
            values.append(_value(payload))
        elif number == 5:
            extent = payload
        else:
            version = payload
    if version not in (1, 2):
        raise BadTile(f"layer version {version} is none of the specification's")
    if not name:
        raise BadTile("a layer must have a name")
    if extent <= 0:
        raise BadTile("a layer's extent must be positive")
    if len(set(keys)) != len(keys):
        raise BadTile("a key is spelled twice")
    return TileLayer(name, version, extent, [_feature(raw, keys, values) for raw in raw_features])


def _value(body: bytes) -> Any:
    found = list(_checked(body, VALUE_FIELDS, "value"))
    if len(found) != 1:
        raise BadTile(f"a value holds exactly one value, not {len(found)}")
    number, payload = found[0]
    if number == 1:
        return _text(payload)
    if number == 2:
        return float(struct.unpack("<f", payload)[0])
    if number == 3:
        return float(struct.unpack("<d", payload)[0])
    if number == 4:
        return payload - (1 << 64) if payload >> 63 else payload
    if number == 6:
        return _zigzag(payload)
    return bool(payload) if number == 7 else payload


def _text(payload: bytes) -> str:
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise BadTile("text is not UTF-8") from fault


def _feature(body: bytes, keys: list[str], values: list[Any]) -> TileFeature:
    once: dict[int, Any] = {}
    for number, payload in _checked(body, FEATURE_FIELDS, "feature"):
        if number in once:
            raise BadTile(f"a feature has field {number} twice")
        once[number] = payload
    kind = once.get(3, 0)
    if kind not in GEOMETRY_NAMES:
        raise BadTile(f"geometry type {kind} is unknown")
    if 4 not in once:
        raise BadTile("a feature must have a geometry")
    tags = _packed(once.get(2, b""))
    if len(tags) % 2:
        raise BadTile("tags come in pairs")
    properties: dict[str, Any] = {}
    for key, value in zip(tags[::2], tags[1::2], strict=True):
        if key >= len(keys) or value >= len(values):
            raise BadTile("a tag points outside the layer's keys or values")
        if keys[key] in properties:
            raise BadTile(f"a feature has the key {keys[key]!r} twice")
        properties[keys[key]] = values[value]
    parts = _geometry(kind, _packed(once[4])) if kind else []
    return TileFeature(once.get(1), GEOMETRY_NAMES[kind], parts, properties)


def _packed(payload: bytes) -> list[int]:
    numbers, at = [], 0
    while at < len(payload):
        number, at = varint(payload, at)
        numbers.append(number)
    return numbers


def _zigzag(number: int) -> int:
    return (number >> 1) ^ -(number & 1)


def _geometry(kind: int, numbers: list[int]) -> list[Ring]:
    parts = list(_paths(kind, numbers))
    if kind == POINT:
        if len(parts) != 1 or not parts[0]:
            raise BadTile("points are one MoveTo with at least one position")
    elif kind == LINESTRING:
        if not parts or any(len(part) < 2 for part in parts):
            raise BadTile("a line needs a MoveTo and at least one LineTo")
        if any(a == b for part in parts for a, b in itertools.pairwise(part)):
            raise BadTile("a line stands still between two of its points")
    else:
        if not parts or any(len(part) < 3 for part in parts):
            raise BadTile("a ring needs at least three corners")
        if signed_area(parts[0]) <= 0:
            raise BadTile("a polygon begins with an exterior ring (clockwise, y downwards)")
        if any(signed_area(part) == 0 for part in parts):
            raise BadTile("a ring has no area")
    return parts


def _paths(kind: int, numbers: list[int]) -> Iterator[Ring]:
    """Parts of the command stream: MoveTo(n) for points, MoveTo(1) LineTo(n) for lines, and ClosePath for rings."""
    at = x = y = 0

    def command(wanted: int) -> int:
        nonlocal at
        if at >= len(numbers):
            raise BadTile("the geometry ends where a command is due")
        found, count = numbers[at] & 7, numbers[at] >> 3
        if found != wanted:
            raise BadTile(f"command {found} where {wanted} is due")
        if count < 1 or (wanted == CLOSE_PATH and count != 1):
            raise BadTile(f"command {found} with count {count}")
        if wanted != CLOSE_PATH and at + 1 + 2 * count > len(numbers):
            raise BadTile("a command promises more positions than follow")
        at += 1
        return count

    def positions(count: int) -> Ring:
        nonlocal at, x, y
        found = []
        for _ in range(count):
            x, y = x + _zigzag(numbers[at]), y + _zigzag(numbers[at + 1])
            at += 2
            found.append((x, y))
        return found

    if not numbers:
        raise BadTile("a geometry must hold commands")
    while at < len(numbers):
        begun = command(MOVE_TO)
        if kind != POINT and begun != 1:
            raise BadTile("lines and rings begin with a single MoveTo")
        part = positions(begun)
        if kind != POINT:
            part += positions(command(LINE_TO))
        if kind == POLYGON:
            command(CLOSE_PATH)
        yield part


def signed_area(ring: Ring) -> float:
    """The surveyor's formula in tile units: positive for exterior rings."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True)) / 2


def as_text(layers: dict[str, TileLayer]) -> str:
    """A tile as lines a person can compare: one feature a line, properties by name."""
    lines = []
    for layer in layers.values():
        lines.append(f"{layer.name} v{layer.version} extent {layer.extent}: {len(layer.features)}")
        for feature in sorted(layer.features, key=lambda f: (f.id or 0, f.kind, f.parts)):
            shown = " ".join(f"{key}={value!r}" for key, value in sorted(feature.properties.items()))
            shape = " | ".join(" ".join(f"{x},{y}" for x, y in part) for part in feature.parts)
            lines.append(f"  {feature.kind} {feature.id} {shown} :: {shape}")
    return "\n".join(lines) + "\n"
