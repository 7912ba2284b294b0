"""What a file really is, by its first bytes, and archives unpacked under guard into a folder that is always removed.

A name is only a claim: a GeoPackage called .shp or a PDF called .zip is refused with a sentence that says what it is.
"""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from commandcenter.errors import BadInput, Unavailable
from commandcenter.text import Text

MOST_MEMBERS = 1_000
MOST_UNPACKED = 8 << 30
MOST_RATIO = 200
UNSUSPICIOUS = 200 << 20  # unpacked to less than this, even zeros may be packed as tightly as they like
_CHUNK = 1 << 20

# What the first bytes say, the longest first; names for people, and the suffixes such a file may bear.
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"SQLite format 3\x00", "gpkg"),
    (0, b"fgb\x03fgb", "fgb"),
    (257, b"ustar", "tar"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office"),
    (0, b"\x89PNG", "image"),
    (0, b"\xff\xd8\xff", "image"),
    (0, b"\x00\x00\x27\x0a", "shp"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"Rar!", "rar"),
    (0, b"%PDF", "pdf"),
    (0, b"PAR1", "parquet"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ", "xz"),
)
_NAMES = {
    "gpkg": Text("GeoPackage（SQLite）数据库", "a GeoPackage (SQLite) database"),
    "fgb": Text("FlatGeobuf 文件", "a FlatGeobuf file"),
    "tar": Text("tar 归档", "a tar archive"),
    "7z": Text("7z 压缩包", "a 7z archive"),
    "office": Text("旧版 Office 文档", "an old Office document"),
    "image": Text("图片", "an image"),
    "shp": Text("Shapefile 的 .shp 文件", "the .shp of a shapefile"),
    "zip": Text("ZIP 压缩包", "a ZIP archive"),
    "xlsx": Text("Excel 工作簿", "an Excel workbook"),
    "kmz": Text("KMZ 文件", "a KMZ file"),
    "rar": Text("RAR 压缩包", "a RAR archive"),
    "pdf": Text("PDF 文档", "a PDF document"),
    "parquet": Text("Parquet 文件", "a Parquet file"),
    "gzip": Text("gzip 压缩文件", "a gzip file"),
    "bzip2": Text("bzip2 压缩文件", "a bzip2 file"),
    "xz": Text("xz 压缩文件", "an xz file"),
    "kml": Text("KML 文件", "a KML file"),
    "gml": Text("GML 文件", "a GML file"),
    "gpx": Text("GPX 文件", "a GPX file"),
    "osm": Text("OpenStreetMap XML 文件", "an OpenStreetMap XML file"),
    "html": Text("网页", "a web page"),
    "xml": Text("其他 XML 文件", "some other XML file"),
    "json": Text("JSON 文件", "a JSON file"),
    "text": Text("文本文件", "a text file"),
    "unknown": Text("无法识别的文件", "no file of a kind known here"),
}
SUFFIXES = {
    ".gpkg": "gpkg", ".fgb": "fgb", ".shp": "shp", ".zip": "zip", ".kmz": "kmz", ".kml": "kml", ".gml": "gml", ".gpx": "gpx",
    ".parquet": "parquet", ".geoparquet": "parquet", ".gz": "gzip", ".pdf": "pdf", ".xlsx": "xlsx",
}  # fmt: skip
_ARCHIVES = frozenset({".zip", ".kmz", ".rar", ".7z", ".tar", ".tgz", ".gz", ".bz2", ".xz"})
_LITTER = ("__macosx/", ".ds_store", "thumbs.db")


def kind_of(path: Path) -> str:
    """A word of ``_NAMES``: what the file's content is, whatever it is called."""
    with path.open("rb") as file:
        head = file.read(4096)
    for at, magic, kind in _MAGIC:
        if head[at : at + len(magic)] == magic:
            return _kind_of_zip(path) if kind == "zip" else kind
    return _kind_of_text(head)


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.lower() for name in archive.namelist()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "zip"
    if "[content_types].xml" in names:
        return "xlsx"
    has_only_kml = any(name.endswith(".kml") for name in names) and not any(name.endswith((".shp", ".gpkg", ".fgb", ".gml")) for name in names)
    return "kmz" if has_only_kml else "zip"


def _kind_of_text(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "replace").encode("utf-8", "replace")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(b"<"):
        return "json" if start.startswith((b"{", b"[", b"\x1e")) else "unknown" if b"\x00" in head else "text"
    lower = start.lower()
    for word, kind in ((b"<kml", "kml"), (b":kml", "kml"), (b"<gpx", "gpx"), (b"<osm", "osm"), (b"<html", "html"), (b"<!doctype html", "html")):
        if word in lower:
            return kind
    return "gml" if b"opengis.net/gml" in lower or b"opengis.net/wfs" in lower else "xml"


def check_named_rightly(path: Path, kind: str) -> None:
    """Refuse a file whose suffix claims one thing and whose content is another."""
    claimed = SUFFIXES.get(path.suffix.lower())
    if claimed is None or claimed == kind or {claimed, kind} == {"zip", "kmz"}:
        return
    raise not_that(path, kind)


def not_that(path: Path, kind: str) -> BadInput:
    """The sentence that says what a file really is."""
    name = _NAMES[kind]
    return BadInput(
        Text(
            f"{path.name} 实际上是{name.zh}，不是此处能按其名称或映射读取的文件；没有写入任何数据。",
            f"{path.name} is really {name.en}, not what its name or the mapping says; nothing was loaded.",
        )
    )


@contextmanager
def folder_of_its_own() -> Iterator[Path]:
    """A temporary folder, removed whatever happens. Raises Unavailable where its disk is full."""
    try:
        with tempfile.TemporaryDirectory(prefix="commandcenter-ingest-", ignore_cleanup_errors=True) as name:
            yield Path(name)
    except OSError as fault:
        raise (_disk_full() if is_disk_full(fault) else fault) from fault


def is_disk_full(fault: BaseException) -> bool:
    """Whether something could not be written for want of room: of the disk, of a quota, or of the largest size a file may have."""
    return isinstance(fault, OSError) and fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _disk_full() -> Unavailable:
    return Unavailable(
        Text("临时文件夹所在磁盘已满；没有写入任何数据。", "The disk of the temporary folder is full; nothing was loaded.")
    )


def unpack_zip(path: Path, folder: Path, wanted: frozenset[str]) -> list[Path]:
    """The members with these suffixes (lower case) unpacked below ``folder``, in the archive's order.

    Raises BadInput for an archive that is broken, locked, a bomb, holds other archives or names files outside itself.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [(member, _name_of(member)) for member in archive.infolist() if not member.is_dir()]
            members = [(member, name) for member, name in members if not any(litter in name.lower() for litter in _LITTER)]
            _check_members(path, members)
            unpacked = []
            for member, name in members:
                if PurePosixPath(name).suffix.lower() in wanted:
                    target = folder.joinpath(*PurePosixPath(name).parts)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(member) as packed:
                        _copy(path, cast(BinaryIO, packed), target, member.file_size)
                    unpacked.append(target)
            return unpacked
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, OverflowError, IndexError) as fault:
        raise _broken(path, fault) from fault


def unpack_gzip(path: Path, folder: Path) -> Path:
    """The one file of a gzip, under its name without .gz."""
    folder.mkdir(exist_ok=True)
    target = folder / (path.stem if path.suffix.lower() == ".gz" else path.name)
    try:
        with gzip.open(path, "rb") as packed:
            _copy(path, cast(BinaryIO, packed), target, MOST_UNPACKED)
    except (EOFError, zlib.error, OSError) as fault:
        raise _broken(path, fault) from fault
    return target


def _check_members(path: Path, members: list[tuple[zipfile.ZipInfo, str]]) -> None:
    unpacked = sum(member.file_size for member, _ in members)
    if len(members) > MOST_MEMBERS or unpacked > MOST_UNPACKED or _is_bomb(path, unpacked):
        raise _bomb(path)
    names = [name for _, name in members]
    for member, name in members:
        parts = PurePosixPath(name).parts
        if ".." in parts or name.startswith("/") or "\\" in name or (parts and ":" in parts[0]) or stat.S_ISLNK(member.external_attr >> 16):
            raise BadInput(
                Text(f"压缩包 {path.name} 中的“{name}”指向包外，已拒绝。", f"The archive {path.name} is refused: its member '{name}' points outside of it.")
            )
        if member.flag_bits & 0x1:
            raise BadInput(
                Text(f"压缩包 {path.name} 有密码保护：请解密后再上传。", f"The archive {path.name} is password-protected: please give it without a password.")
            )
        if PurePosixPath(name).suffix.lower() in _ARCHIVES:
            raise BadInput(
                Text(f"压缩包 {path.name} 里还有压缩包“{name}”：请先解开。", f"The archive {path.name} holds an archive, '{name}': please unpack it first.")
            )
        if names.count(name) > 1:
            raise BadInput(Text(f"压缩包 {path.name} 中“{name}”出现两次。", f"The archive {path.name} holds '{name}' twice."))


def _name_of(member: zipfile.ZipInfo) -> str:
    """The member's name; without the flag for UTF-8 it is what Chinese systems write: UTF-8 or GB 18030."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        written = member.filename.encode("cp437")
    except UnicodeEncodeError:
        return member.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return written.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.filename


def _copy(path: Path, packed: BinaryIO, target: Path, most: int) -> None:
    """Copy with an eye on the sum: what an archive says of its sizes may be a lie."""
    done = 0
    with target.open("wb") as file:
        while part := packed.read(_CHUNK):
            done += len(part)
            if done > most or _is_bomb(path, done):
                raise _bomb(path)
            file.write(part)


def _is_bomb(path: Path, unpacked: int) -> bool:
    return unpacked > UNSUSPICIOUS and unpacked > MOST_RATIO * path.stat().st_size


def _bomb(path: Path) -> BadInput:
    return BadInput(
        Text(
            f"压缩包 {path.name} 解开后过大或成员过多（疑为压缩炸弹），已拒绝。",
            f"The archive {path.name} is refused: it unpacks to far too much, or has too many members, as a zip bomb has.",
        )
    )


def _broken(path: Path, fault: Exception) -> BadInput | Unavailable:
    if is_disk_full(fault):
        return _disk_full()
    if "encrypted" in str(fault) or "password" in str(fault):
        return BadInput(Text(f"压缩包 {path.name} 有密码保护。", f"The archive {path.name} is password-protected."))
    return BadInput(
        Text(
            f"压缩包 {path.name} 已损坏、被截断或使用了不支持的压缩方式；没有写入任何数据。",
            f"The archive {path.name} is broken, cut short or packed in an unsupported way; nothing was loaded.",
        )
    )


def lay(original: Path, target: Path) -> Path:
    """The original under another name, in a folder where libraries may leave their side files."""
    try:
        os.symlink(original.resolve(), target)
    except OSError:
        shutil.copyfile(original, target)
    return target
