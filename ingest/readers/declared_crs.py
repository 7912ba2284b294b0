"""What a file says of its own reference system, held against what the mapping says: the mapping is never overruled silently."""

from __future__ import annotations

from pyproj import CRS
from pyproj.exceptions import CRSError

from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.contract import Mapping

SHIFTED = ("GCJ-02", "BD-09")
LIKE_WGS84 = ("EPSG:4326", "EPSG:4490", "OGC:CRS84")
_SURE = 70  # per cent: from here on PROJ's word for a .prj of another maker is taken


def check_crs(file_name: str, mapping: Mapping, declared: object) -> None:
    """Refuse a file that names another CRS than the mapping does; one that names none is read as the mapping says.

    ``declared`` is WKT, a code or PROJJSON. Files in GCJ-02 and BD-09 call themselves WGS 84 or CGCS2000: no code exists for them.
    """
    found = _crs(declared)
    if found is None or _same(found, mapping.crs):
        return
    named = _code(found) or found.name
    raise BadInput(
        Text(
            f"{file_name} 自称坐标系为 {named}，映射 {mapping.name} 却写着 {mapping.crs}；没有写入任何数据。",
            f"{file_name} declares the CRS {named}, while the mapping {mapping.name} says {mapping.crs}; nothing was loaded.",
        )
    )


def _crs(declared: object) -> CRS | None:
    """The CRS, or None for nothing, for words PROJ does not know and for "undefined" ones."""
    if not declared:
        return None
    try:
        found = CRS.from_user_input(declared)
    except CRSError:
        return None
    undefined = found.is_engineering or found.name.lower().startswith(("undefined", "unknown"))
    return None if undefined and _code(found) is None else found


def _same(declared: CRS, said: str) -> bool:
    code = _code(declared)
    if said in SHIFTED:
        return code in LIKE_WGS84
    if code == said or (code == "OGC:CRS84" and said == "EPSG:4326"):
        return True
    return bool(declared.equals(CRS.from_user_input(said), ignore_axis_order=True))


def _code(crs: CRS) -> str | None:
    authority = crs.to_authority(min_confidence=_SURE)
    return ":".join(authority) if authority else None
