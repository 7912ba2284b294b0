"""WKT and WKB (hex or bytes) as shapely geometries with the reference system they name; what is neither comes out as None.

GEOS reads nested collections by recursion and dies with the whole process at some thousand levels: nobody nests on purpose more
than a few, so a deeper text is refused before GEOS sees it.
"""

from __future__ import annotations

import re
import struct
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

DEEPEST = 16
SAFE_LENGTH = 4096  # too short for any dangerous depth: a level takes 9 bytes of WKB, and more of WKT
_SRID = re.compile(r"\s*SRID\s*=\s*(\d+)\s*;", re.IGNORECASE)
_POINT, _CURVES, _POLYGON, _LAST_TYPE = 1, (2, 8), 3, 17


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
        if len(text) <= SAFE_LENGTH or _bracket_depth(text) <= DEEPEST:
            texts[at] = text
    geometry = np.empty(len(written), dtype=object)
    geometry[:] = shapely.from_wkt(texts, on_invalid="ignore")
    return geometry, srids


def shapes_of_wkb(written: list[Any]) -> tuple[NDArray[np.object_], NDArray[np.int32]]:
    """The geometries and the SRID that EWKB names (0: none). ``\\x`` and ``0x`` in front of hex are how databases print it."""
    blobs = np.empty(len(written), dtype=object)
    for at, value in enumerate(written):
        blob = _blob(value)
        if blob and (len(blob) <= SAFE_LENGTH or not _too_deep(blob)):
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


def _too_deep(blob: bytes) -> bool:
    """Whether geometries stand in one another more than ``DEEPEST`` times; a cut or wrong blob is left for GEOS to refuse."""
    at = 0
    to_come = [1]
    try:
        while to_come:
            if to_come[-1] == 0:
                to_come.pop()
                continue
            to_come[-1] -= 1
            order = "<" if blob[at] == 1 else ">"
            (code,) = struct.unpack_from(order + "I", blob, at + 1)
            at += 9 if code & 0x20000000 else 5
            thousands, kind = divmod(code & 0xFFFF, 1000)
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
