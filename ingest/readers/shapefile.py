"""Shapefiles before GDAL sees them: all parts there and whole, none lying about the encoding, and rows counted.

The DBF is read byte for byte (as ISO 8859-1) and decoded by the mapping's encoding, field names too: a .cpg is only a claim.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.readers.archives import lay

AS_BYTES = "ISO-8859-1"
_PARTS = (".shx", ".dbf")
_LONGEST_PRJ = 64 << 10
_MOST_DELETED_AT_ONCE = 1 << 20


def assembled(shp: Path, folder: Path) -> Path:
    """The shapefile's parts side by side in ``folder``, without its .cpg. Raises BadInput where a part is missing."""
    parts = {suffix: _beside(shp, suffix) for suffix in _PARTS}
    missing = [suffix for suffix in _PARTS if parts[suffix] is None]
    if missing:
        raise BadInput(
            Text(
                f"{shp.name} 缺少同名的 {'、'.join(missing)} 文件：请把 .shp、.shx、.dbf 一起打包上传。",
                f"{shp.name} lacks its {' and '.join(missing)}: please give .shp, .shx and .dbf together, in one zip.",
            )
        )
    for suffix, part in ((".shp", shp), *parts.items()):
        if part is not None:
            lay(part, folder / f"{shp.stem}{suffix}")
    return folder / f"{shp.stem}.shp"


def declared_crs(shp: Path) -> str | None:
    """What the .prj beside it says: WKT, whose names may be in any encoding."""
    prj = _beside(shp, ".prj")
    if prj is None:
        return None
    with prj.open("rb") as file:
        written = file.read(_LONGEST_PRJ)
    try:
        return written.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return written.decode("gb18030", "replace").strip()


def rows_in(shp: Path) -> int:
    """How many rows it holds, without deleted ones. Raises BadInput where its parts disagree or end too early."""
    shapes = (_declared_size(shp.with_suffix(".shx")) - 100) // 8
    _declared_size(shp)
    dbf = shp.with_suffix(".dbf")
    size = dbf.stat().st_size
    with dbf.open("rb") as file:
        head = file.read(32)
    if len(head) < 32:
        raise _cut_short(dbf.name)
    rows: int
    begin: int
    width: int
    rows, begin, width = struct.unpack("<IHH", head[4:12])
    if begin < 33 or width < 1 or size < begin + rows * width:
        raise _cut_short(dbf.name)
    if rows != shapes:
        raise BadInput(
            Text(
                f"{shp.stem}：.shp 有 {shapes} 个图形，.dbf 却有 {rows} 行；没有写入任何数据。",
                f"{shp.stem}: the .shp holds {shapes} shapes and the .dbf {rows} rows; nothing was loaded.",
            )
        )
    return rows - _deleted(dbf, rows, begin, width)


def field_names(written: list[str], shp: Path, encoding: str) -> list[str]:
    """Field names out of their bytes. Raises BadInput when they are not of that encoding."""
    try:
        return [name.encode("latin-1").decode(encoding) for name in written]
    except UnicodeError as fault:
        raise BadInput(
            Text(
                f"{shp.name} 的字段名按 {encoding} 无法解码：映射应写明实际编码（例如 gb18030）。",
                f"The field names of {shp.name} are not {encoding}: the mapping should name the encoding they are in, such as gb18030.",
            )
        ) from fault


def _beside(shp: Path, suffix: str) -> Path | None:
    """The part with this suffix, whichever case its name is in."""
    exact = shp.with_suffix(suffix)
    if exact.is_file():
        return exact
    return next((path for path in shp.parent.iterdir() if path.name.lower() == exact.name.lower() and path.is_file()), None)


def _declared_size(path: Path) -> int:
    """The length that the header tells, which must be there."""
    with path.open("rb") as file:
        head = file.read(28)
    told = int.from_bytes(head[24:28], "big") * 2
    if len(head) < 28 or told < 100 or path.stat().st_size < told:
        raise _cut_short(path.name)
    return told


def _deleted(dbf: Path, rows: int, begin: int, width: int) -> int:
    """Rows whose deletion mark is set: they are still in the file and belong to nobody."""
    if not rows:
        return 0
    table = np.memmap(dbf, dtype=np.uint8, mode="r", offset=begin, shape=(rows, width))
    return sum(
        int(np.count_nonzero(table[at : at + _MOST_DELETED_AT_ONCE, 0] == ord("*"))) for at in range(0, rows, _MOST_DELETED_AT_ONCE)
    )


def _cut_short(name: str) -> BadInput:
    return BadInput(
        Text(f"{name} 不完整或已损坏（文件比其头部所说的短）；没有写入任何数据。", f"{name} is cut short or broken; nothing was loaded.")
    )
