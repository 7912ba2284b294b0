"""What a file really is, by its content: suffixes are only hearsay. Reads the first kilobytes and, of archives, the list of members."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from commandcenter.errors import BadInput
from commandcenter.text import Text

HEAD_BYTES = 65_536
OLE_BYTES = 4 << 20
SQLITE = b"SQLite format 3\x00"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class Form:
    """One form of files: the reader that a mapping names for it (None: it only contains others), its name, and its usual suffixes."""

    key: str
    reader: str | None
    title: Text
    suffixes: tuple[str, ...]


FORMS = {
    form.key: form
    for form in (
        Form("zip", None, Text("ZIP 压缩包", "ZIP archive"), (".zip",)),
        Form("gzip", None, Text("gzip 压缩文件", "gzip file"), (".gz", ".tgz")),
        Form("tar", None, Text("tar 归档", "tar archive"), (".tar",)),
        Form("csv", "csv", Text("分隔文本", "delimited text"), (".csv", ".tsv", ".txt", ".tab")),
        Form("xlsx", "xlsx", Text("Excel 工作簿", "Excel workbook"), (".xlsx", ".xlsm", ".xls")),
        Form("json", "json", Text("JSON 记录", "JSON records"), (".json",)),
        Form("geojson", "geojson", Text("GeoJSON 要素集", "GeoJSON feature collection"), (".geojson", ".json")),
        Form(
            "geojsonl",
            "geojsonl",
            Text("逐行 GeoJSON", "newline-delimited GeoJSON"),
            (".geojsonl", ".geojsons", ".ndjson", ".jsonl", ".geojson"),
        ),
        Form("shapefile", "vector", Text("Shapefile", "Shapefile"), (".shp",)),
        Form("gpkg", "vector", Text("GeoPackage", "GeoPackage"), (".gpkg",)),
        Form("flatgeobuf", "vector", Text("FlatGeobuf", "FlatGeobuf"), (".fgb",)),
        Form("kml", "vector", Text("KML", "KML"), (".kml",)),
        Form("gml", "vector", Text("GML（WFS 应答）", "GML (a WFS answer)"), (".gml", ".xml")),
        Form("gpx", "gpx", Text("GPX 轨迹", "GPX track"), (".gpx",)),
        Form("parquet", "parquet", Text("Parquet / GeoParquet", "Parquet or GeoParquet"), (".parquet", ".geoparquet")),
        Form("osm_pbf", "osm", Text("OpenStreetMap PBF", "OpenStreetMap PBF"), (".pbf",)),
        Form("osm_xml", "osm", Text("OpenStreetMap XML", "OpenStreetMap XML"), (".osm", ".xml")),
    )
}

# What departments send and nobody can load: beginning, what it is, what to ask for.
_REFUSED = (
    (b"%PDF", "PDF 文档", "a PDF document"),
    (b"\x89PNG", "PNG 图片", "a PNG picture"),
    (b"\xff\xd8\xff", "JPEG 图片", "a JPEG picture"),
    (b"II*\x00", "TIFF 图片", "a TIFF picture"),
    (b"MM\x00*", "TIFF 图片", "a TIFF picture"),
    (b"Rar!", "RAR 压缩包", "a RAR archive"),
    (b"7z\xbc\xaf", "7-Zip 压缩包", "a 7-Zip archive"),
    (b"AC10", "AutoCAD DWG 图纸", "an AutoCAD drawing"),
    (b"\x00\x01\x00\x00Standard", "Access 数据库", "an Access database"),
    (b"MZ", "Windows 程序", "a Windows program"),
    (b"\x7fELF", "Linux 程序", "a Linux program"),
    (b"BZh", "bzip2 压缩文件", "a bzip2 file"),
    (b"\xfd7zXZ", "xz 压缩文件", "an xz file"),
    (b"(\xb5/\xfd", "zstd 压缩文件", "a zstd file"),
)


def form_of(path: Path) -> Form:
    """The form of one file. Raises BadInput for what is empty, unreadable, protected or of no form that carries rows."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as fault:
        reason = fault.strerror or "I/O"
        raise BadInput(
            Text(f"无法打开文件 {path.name}：{reason}。", f"The file {path.name} cannot be opened: {reason}.")
        ) from fault
    if not head:
        raise BadInput(Text(f"{path.name} 是空文件（0 字节）。", f"{path.name} is empty: 0 bytes."))
    return FORMS[_binary(path, head) or _text(path, head)]


def _binary(path: Path, head: bytes) -> str | None:
    for begin, zh, en in _REFUSED:
        if head.startswith(begin):
            advice = Text("请提供表格或矢量数据文件", "please ask for a table or vector data")
            raise BadInput(
                Text(
                    f"{path.name} 其实是{zh}，无法读出数据行；{advice.zh}。",
                    f"{path.name} really is {en}, from which no rows can be read; {advice.en}.",
                )
            )
    if head.startswith(OLE):
        return _ole(path)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "xlsx" if b"xl/" in head or _holds_workbook(path) else "zip"
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head[257:262] == b"ustar":
        return "tar"
    if head.startswith(SQLITE):
        if head[68:72] in (b"GPKG", b"GP10", b"GP11"):
            return "gpkg"
        raise BadInput(
            Text(
                f'{path.name} 是 SQLite 数据库但不是 GeoPackage；请用 reader = "database"。',
                f"{path.name} is a SQLite database and no GeoPackage; use reader = 'database'.",
            )
        )
    if head.startswith(b"fgb"):
        return "flatgeobuf"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head[:4] == b"\x00\x00\x27\x0a":
        return "shapefile"
    if b"OSMHeader" in head[:64]:
        return "osm_pbf"
    if _is_dbf(head):
        raise BadInput(
            Text(
                f"{path.name} 是单独的 DBF 属性表，缺少同名的 .shp；请把整套 Shapefile 一起打包。",
                f"{path.name} is a DBF table alone, without its .shp; pack the whole shapefile together.",
            )
        )
    return None


def _is_dbf(head: bytes) -> bool:
    header = int.from_bytes(head[8:10], "little")
    return (
        head[0] in (0x03, 0x30, 0x83, 0x8B)
        and 1 <= head[2] <= 12
        and 33 <= header <= len(head)
        and header % 32 in (0, 1)
        and head[header - 1] == 0x0D
    )


def _ole(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(OLE_BYTES)
        file.seek(max(OLE_BYTES, path.stat().st_size - OLE_BYTES))  # its list of streams often stands at the end
        content += file.read()
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise BadInput(
            Text(
                f"{path.name} 是设有密码的 Excel 文件；请取消密码后再提供。",
                f"{path.name} is a password-protected workbook; please ask for it without the password.",
            )
        )
    if any(f"{stream}\0".encode("utf-16-le") in content for stream in ("Workbook", "Book")):
        return "xlsx"
    raise BadInput(
        Text(
            f"{path.name} 是旧式 Office 文件（.doc 等），里面没有工作簿；请提供 .xlsx。",
            f"{path.name} is an old Office file (.doc perhaps) without a workbook in it; give an .xlsx, please.",
        )
    )


def _holds_workbook(path: Path) -> bool:
    try:
        with ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (BadZipFile, OSError):
        return False


def _text(path: Path, head: bytes) -> str:
    text = _as_text(head)
    if text is None:
        raise BadInput(
            Text(
                f"{path.name} 是无法识别的二进制文件（开头为 {head[:8].hex(' ')}）。",
                f"{path.name} is a binary file of an unknown kind (it begins with {head[:8].hex(' ')}).",
            )
        )
    begin = text.lstrip("\ufeff \t\r\n")
    if begin.startswith("<"):
        return _xml(path, begin)
    if begin.startswith(("{", "[", "\x1e")):
        return _json(begin)
    return "csv"


def _as_text(head: bytes) -> str | None:
    for bom, encoding in BOMS:
        if head.startswith(bom):
            return head.decode(encoding, "replace")
    controls = sum(head.count(code) for code in (*range(1, 9), *range(14, 27), *range(28, 30)))
    nothing = head.count(0)
    if controls > len(head) / 200 or nothing > len(head) / 10:  # a few NULs are a fault of the text, many are no text
        return None
    return head.decode("utf-8", "replace")


def _xml(path: Path, begin: str) -> str:
    found = re.search(r"<(?!\?|!)([\w:.-]+)", begin)
    root = found[1].split(":")[-1].lower() if found else ""
    if root == "html" or "<!doctype html" in begin[:200].lower():
        raise BadInput(
            Text(
                f"{path.name} 其实是网页（常见于登录或错误页面），不是数据。",
                f"{path.name} really is a web page, often a login or an error, and no data.",
            )
        )
    if root in ("kml", "gpx"):
        return root
    if root in ("osm", "osmchange"):
        return "osm_xml"
    if "opengis.net/gml" in begin or root == "featurecollection":
        return "gml"
    raise BadInput(
        Text(
            f"{path.name} 是 XML（根元素 {root or '?'}），没有可读的要素。",
            f"{path.name} is XML with the root '{root or '?'}', of which no rows can be read.",
        )
    )


def _json(begin: str) -> str:
    first, rest = begin.lstrip("\x1e").split("\n", 1) if "\n" in begin else (begin, "")
    if re.match(r'\s*\{.*"type"\s*:\s*"Feature"\s*[,}]', first) and not re.search(r'"FeatureCollection"', first):
        return (
            "geojsonl"
            if rest.lstrip("\x1e \r\n").startswith("{") or begin.startswith("\x1e") or "\n" not in begin
            else "geojson"
        )
    if re.search(r'"type"\s*:\s*"(FeatureCollection|Feature)"', begin) or re.search(r'"features"\s*:\s*\[', begin):
        return "geojson"
    return "json"
