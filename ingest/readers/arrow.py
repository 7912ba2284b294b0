"""Arrow record batches as our batches: columns as Python values, raw rows as JSON, WKB as geometries; whole columns at a time."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from shapely.errors import ShapelyError

from commandcenter.text import Text
from ingest.readers.opened import printable
from ingest.record import RAW_LENGTH, Finding

CURVES = frozenset({8, 9, 10, 11, 12, 13, 14})  # WKB types: circular strings, compound curves, curve polygons and their sets


def values_of(column: pa.Array, encoding: str | None = None) -> tuple[list[Any], list[int]]:
    """The column as texts, numbers, booleans and None, and the positions whose bytes are no text.

    With an encoding the column's characters stand for bytes (ISO 8859-1) of that encoding: a shapefile's own.
    """
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _texts(column, encoding)
    values = column.to_pylist()
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return values, []
    return [plain(value) for value in values], []


def _texts(column: pa.Array, encoding: str | None) -> tuple[list[str | None], list[int]]:
    try:
        values: list[str | None] = column.to_pylist()
    except UnicodeDecodeError:
        return _decoded(column.cast(pa.binary()).to_pylist(), "utf-8")
    if encoding is None or all(value is None or value.isascii() for value in values):
        return values, []
    return _decoded([None if value is None else value.encode("latin-1") for value in values], encoding)


def _decoded(written: list[bytes | None], encoding: str) -> tuple[list[str | None], list[int]]:
    values: list[str | None] = []
    broken = []
    for at, text in enumerate(written):
        try:
            values.append(None if text is None else text.decode(encoding))
        except UnicodeDecodeError:
            values.append(printable((text or b"").decode(encoding, "one_byte_at_a_time")))
            broken.append(at)
    return values, broken


def plain(value: Any) -> Any:
    """A value of any type as text, number, boolean or None: moments in ISO 8601, bytes in hex, lists and objects as JSON."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal | timedelta):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def json_rows(columns: dict[str, list[Any]], count: int) -> list[str]:
    """Each row as ``json.dumps`` of its fields would write it, cut to the length that the ledger keeps."""
    if not columns:
        return ["{}"] * count
    form = "{" + ", ".join(encode_basestring(name).replace("%", "%%") + ": %s" for name in columns) + "}"
    rows = map(form.__mod__, zip(*map(_json_cells, columns.values()), strict=True))
    return [row[:RAW_LENGTH] for row in rows]


def _json_cells(values: list[Any]) -> list[Any]:
    kinds = set(map(type, values))
    if kinds <= {int}:
        return values
    if kinds <= {str}:
        return list(map(encode_basestring, values))
    if kinds <= {str, type(None)}:
        return ["null" if value is None else encode_basestring(value) for value in values]
    return [_json_cell(value) for value in values]


def _json_cell(value: Any) -> str:
    return repr(value) if type(value) is float and math.isfinite(value) else json.dumps(value, ensure_ascii=False)


Linearised = Callable[[], "Sequence[bytes | None] | None"]


def geometries_of(column: pa.Array, linearised: Linearised = lambda: None) -> tuple[NDArray[np.object_], dict[int, Finding], dict[int, str]]:
    """Geometries out of WKB, faults of those that are broken, repairs of those whose curves became straight pieces.

    ``linearised`` gives the same rows' WKB without curves, or None where nobody can draw them.
    """
    wkb = _bytes_of(column)
    try:
        with np.errstate(invalid="ignore"):  # coordinates that are no numbers are the locator's to refuse
            return shapely.from_wkb(wkb), {}, {}
    except (ShapelyError, NotImplementedError, ValueError, TypeError):
        pass
    geometry = np.full(len(wkb), None, dtype=object)
    faults: dict[int, Finding] = {}
    curved: list[int] = []
    for at, written in enumerate(wkb):
        try:
            geometry[at] = shapely.from_wkb(written)
        except (ShapelyError, NotImplementedError, ValueError, TypeError) as fault:
            if isinstance(fault, NotImplementedError) or _type_of(written) in CURVES:
                curved.append(at)
            else:
                faults[at] = _broken(str(fault))
    straight = linearised() if curved else None
    repairs = {}
    for at in curved:
        try:
            if straight is None or straight[at] is None:
                raise NotImplementedError
            geometry[at] = shapely.from_wkb(straight[at])
            repairs[at] = "curve_linearised"
        except (ShapelyError, NotImplementedError, ValueError, TypeError):
            faults[at] = _CURVED
    return geometry, faults, repairs


def _bytes_of(column: pa.Array) -> NDArray[np.object_]:
    if not len(column):
        return np.empty(0, dtype=object)
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=object)


def _type_of(written: Any) -> int:
    """The WKB type of a geometry without its dimensions, 0 where even that is cut off."""
    if not isinstance(written, bytes) or len(written) < 5:
        return 0
    return (int.from_bytes(written[1:5], "little" if written[0] == 1 else "big") & 0x0FFF_FFFF) % 1000


def _broken(reason: str) -> Finding:
    return Finding("bad_geometry", "geometry", Text(f"几何图形无法读取：{reason}。", f"Its geometry cannot be read: {reason}."))


_CURVED = Finding(
    "curve_unsupported", "geometry", Text("图形含曲线，无法化为折线。", "Its shape has curves, which could not be drawn as straight pieces.")
)


def not_decodable(encoding: str) -> Finding:
    """What is wrong with a row whose bytes are not of that encoding."""
    return Finding("not_decodable", None, Text(f"含有不属于 {encoding} 的字节。", f"It contains bytes that are not {encoding}."))
