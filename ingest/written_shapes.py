"""WKT and WKB (hex or bytes) as shapely geometries with the reference system they name; what is neither comes out as None.

GEOS reads nested collections by recursion and dies with the whole process at some thousand levels, PostGIS refuses more than two
hundred: nobody nests on purpose more than a few, so a deeper geometry, in whatever format it came, is refused before GEOS sees it.
"""

from __future__ import annotations

import re
import struct
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from commandcenter.text import Text

DEEPEST = 16
SAFE_LENGTH = 9 * DEEPEST  # of WKB: every level takes nine bytes
TOO_DEEP = Text(f"几何集合嵌套超过 {DEEPEST} 层", f"collections nested more than {DEEPEST} deep")
_SRID = re.compile(r"\s*SRID\s*=\s*(\d+)\s*;", re.IGNORECASE)
_POINT, _CURVES, _POLYGON, _LAST_TYPE = 1, (2, 8), 3, 17
_PLAIN = (_POINT, *_CURVES, _POLYGON)


def shapes_of_wkt(written: list[Any]) -> tuple[NDArray[np.object_], NDArray[np.int32]]:
    """The geometries and the SRID that EWKT names (0: none)."""
    texts = np.empty(len(written), dtype=object)
    srids = np.zeros(len(written), dtype=np.int32)
    for at, text in enumerate(written):
        if not isinstance(text, str) or not text.isascii() or "\0" in text:
            continue  # WKT is ASCII, and GEOS ends at a null character
        found = _SRID.match(text)
        if found is not None:
            srids[at] = min(int(found[1][:9]), 999_999)
            text = text[found.end() :]
        if text.count("(") <= DEEPEST or _bracket_depth(text) <= DEEPEST:
            texts[at] = text
    geometry = np.empty(len(written), dtype=object)
    geometry[:] = shapely.from_wkt(texts, on_invalid="ignore")
    return geometry, srids


def shapes_of_wkb(written: list[Any]) -> tuple[NDArray[np.object_], NDArray[np.int32]]:
    """The geometries and the SRID that EWKB names (0: none). ``\\x`` and ``0x`` in front of hex are how databases print it."""
    blobs = np.empty(len(written), dtype=object)
    for at, value in enumerate(written):
        blob = _blob(value)
        if blob and not nested_too_deep(blob):
            blobs[at] = blob
    geometry = np.empty(len(written), dtype=object)
    geometry[:] = shapely.from_wkb(blobs, on_invalid="ignore")
    srids = shapely.get_srid(geometry)
    return (shapely.set_srid(geometry, 0) if (srids > 0).any() else geometry), srids


def _bracket_depth(text: str) -> int:
    signs = np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    return int(np.cumsum((signs == ord("(")).astype(np.int64) - (signs == ord(")"))).max())


def _blob(value: Any) -> bytes | None:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        return bytes.fromhex(text[2:] if text[:2] in ("\\x", "0x", "0X") else text)
    except ValueError:
        return None


def nested_too_deep(blob: bytes) -> bool:
    """Whether geometries stand in one another more than ``DEEPEST`` times; a cut or wrong blob is left for GEOS to refuse."""
    if len(blob) <= SAFE_LENGTH:
        return False
    at, order = 0, "<"
    to_come = [1]
    try:
        while to_come:
            if to_come[-1] == 0:
                to_come.pop()
                continue
            to_come[-1] -= 1
            order = {0: ">", 1: "<"}.get(blob[at], order)  # GEOS keeps the order before where the mark is none
            (code,) = struct.unpack_from(order + "I", blob, at + 1)
            at += 9 if code & 0x20000000 else 5
            thousands, kind = divmod(code & 0xFFFF, 1000)
            if kind in _PLAIN and len(to_come) == 1:
                return False
            width = 8 * (2 + (bool(code & 0x80000000) or thousands in (1, 3)) + (bool(code & 0x40000000) or thousands in (2, 3)))
            if kind == _POINT:
                at += width
                continue
            (count,) = struct.unpack_from(order + "I", blob, at)
            at += 4
            if kind in _CURVES:
                at += width * count
            elif kind == _POLYGON:
                for _ in range(count):
                    at += 4 + width * struct.unpack_from(order + "I", blob, at)[0]
            elif kind <= _LAST_TYPE:
                to_come.append(count)
                if len(to_come) > DEEPEST:
                    return True
            else:
                return False
    except (struct.error, IndexError):
        pass
    return False
