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
from ingest.readers.opened import is_stray, printable, stray
from ingest.record import RAW_LENGTH, Finding
from ingest.written_shapes import TOO_DEEP, nested_too_deep

CURVES = frozenset({8, 9, 10, 11, 12, 13, 14})  # WKB types: circular strings, compound curves, curve polygons and their sets


def values_of(column: pa.Array, encoding: str | None = None) -> tuple[list[Any], dict[int, Finding]]:
    """The column as texts, numbers, booleans and None, and by position what is wrong with a text that cannot be stored.

    With an encoding the column's characters stand for bytes (ISO 8859-1) of that encoding: a shapefile's own.
    """
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _texts(column, encoding)
    values = column.to_pylist()
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return values, {}
    return _storable([plain(value) for value in values], "utf-8")


def _texts(column: pa.Array, encoding: str | None) -> tuple[list[Any], dict[int, Finding]]:
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        encoding, values = "utf-8", [_decoded(text, "utf-8") for text in column.cast(pa.binary()).to_pylist()]
    else:
        if encoding is not None and not all(value is None or value.isascii() for value in values):
            values = [_decoded(None if value is None else value.encode("latin-1"), encoding) for value in values]
    return _storable(values, encoding or "utf-8")


def _decoded(written: bytes | None, encoding: str) -> str | None:
    return None if written is None else written.decode(encoding, "one_byte_at_a_time")


def _storable(values: list[Any], encoding: str) -> tuple[list[Any], dict[int, Finding]]:
    """The values with strange bytes and null characters written out, and the findings of those that had any."""
    if not is_stray("".join(value for value in values if isinstance(value, str))):
        return values, {}
    faults = {at: stray(value, encoding) for at, value in enumerate(values) if isinstance(value, str) and is_stray(value)}
    for at in faults:
        values[at] = printable(values[at])
    return values, faults


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
    """Geometries out of WKB, faults of those that are broken or nested too deep, repairs of those whose curves became straight pieces.

    ``linearised`` gives the same rows' WKB without curves, or None where nobody can draw them.
    """
    wkb = _bytes_of(column)
    faults = {at: _broken(TOO_DEEP) for at, blob in enumerate(wkb) if isinstance(blob, bytes) and nested_too_deep(blob)}
    wkb[list(faults)] = None
    try:
        with np.errstate(invalid="ignore"):  # coordinates that are no numbers are the locator's to refuse
            return shapely.from_wkb(wkb), faults, {}
    except (ShapelyError, NotImplementedError, ValueError, TypeError):
        pass
    geometry = np.full(len(wkb), None, dtype=object)
    curved: list[int] = []
    for at, written in enumerate(wkb):
        try:
            geometry[at] = shapely.from_wkb(written)
        except (ShapelyError, NotImplementedError, ValueError, TypeError) as fault:
            if isinstance(fault, NotImplementedError) or _type_of(written) in CURVES:
                curved.append(at)
            else:
                faults[at] = _broken(Text(str(fault), str(fault)))
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
    return np.array(column.to_numpy(zero_copy_only=False), dtype=object)


def _type_of(written: Any) -> int:
    """The WKB type of a geometry without its dimensions, 0 where even that is cut off."""
    if not isinstance(written, bytes) or len(written) < 5:
        return 0
    return (int.from_bytes(written[1:5], "little" if written[0] == 1 else "big") & 0x0FFF_FFFF) % 1000


def _broken(reason: Text) -> Finding:
    return Finding("bad_geometry", "geometry", Text(f"几何图形无法读取：{reason.zh}。", f"Its geometry cannot be read: {reason.en}."))


_CURVED = Finding(
    "curve_unsupported", "geometry", Text("图形含曲线，无法化为折线。", "Its shape has curves, which could not be drawn as straight pieces.")
)
