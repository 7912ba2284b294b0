"""Samples of files whose rows come with geometries: GeoJSON, whatever GDAL reads, and GeoParquet."""

from __future__ import annotations

import json
import re
import sqlite3
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyarrow import ArrowException
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS
from pyproj.exceptions import CRSError

from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.inspecting.dbf import dbf_encoding
from ingest.inspecting.encodings import prove
from ingest.inspecting.octets import text_bytes
from ingest.inspecting.sample import FIRST_ROWS, SPREAD_PARTS, SPREAD_ROWS, Declared, Sample
from ingest.readers.geojson_shapes import geometries
from ingest.readers.parquet import opened_parquet, pieces
from ingest.readers.vector import check_whole
from ingest.written_shapes import shapes_of_wkb

WGS84 = "EPSG:4326"
GPX_LAYERS = ("tracks", "routes", "waypoints")  # the others hold the points of these
FORMAT_SAYS = Text("格式规定", "the format's own rule")
_FEATURE = re.compile(r'\{\s*"type"\s*:\s*"Feature"\s*,')


def geojson(path: Path, name: str, by_line: bool) -> Sample:
    """A look at a feature collection, read feature by feature from its beginning: large files are not parsed whole."""
    octets = text_bytes(path)
    proof = prove(octets.pieces, bom=octets.bom)
    text = octets.first.decode(proof.reading, "replace").lstrip("\ufeff")
    notes: list[Text] = []
    if by_line:
        lines = [line.strip("\x1e \r") for line in text.split("\n")]
        for window in octets.windows:
            lines += islice(
                (line.strip("\x1e \r") for line in window.decode(proof.reading, "replace").split("\n")), SPREAD_ROWS
            )
        found, broken = _of_lines([line for line in lines if line])
        if broken:
            notes.append(Text(f"有 {broken:,} 行不是完整的 JSON。", f"{broken:,} lines are no whole JSON."))
        whole = octets.whole
    else:
        found, ended = _of_collection(text, octets.whole)
        whole = octets.whole and ended
        found = found[:FIRST_ROWS] if octets.uncut else found
        for window in octets.uncut:
            found += _further_on(window.decode(proof.reading, "replace"))
        if octets.whole and not ended:
            notes.append(
                Text("JSON 没有正常结尾：文件被截断或写坏。", "The JSON does not end as it should: cut off or broken.")
            )
    if not found and not text.strip():
        raise BadInput(Text(f"{name} 里没有要素。", f"{name} has no features."))
    names = dict.fromkeys(key for feature in found for key in feature.get("properties") or {})
    total = len(found) if whole else None
    kept = (
        found
        if len(found) <= FIRST_ROWS
        else found[:FIRST_ROWS] + found[FIRST_ROWS :: max(1, (len(found) - FIRST_ROWS) // (SPREAD_PARTS * SPREAD_ROWS))]
    )
    columns = {key: [_flat((feature.get("properties") or {}).get(key)) for feature in kept] for key in names}
    if any("id" in feature for feature in kept):
        notes.append(Text("要素带有自己的 id（映射里可用 @id）。", "Features have ids of their own."))
    written = [feature.get("geometry") for feature in kept]
    geometry, faults = geometries(written)
    unreadable = sum(written[at] is not None for at in faults)
    whole = whole and len(kept) == len(found)
    sample = Sample(
        name,
        columns,
        geometry,
        total,
        whole,
        "geojsonl" if by_line else "geojson",
        has_places=True,
        encoding=proof,
        notes=notes,
    )
    sample.own_ids = bool(kept) and all("id" in feature for feature in kept)
    sample.unreadable, sample.declared = unreadable, _crs_member(text)
    return sample


def _of_lines(lines: list[str]) -> tuple[list[dict[str, Any]], int]:
    found, broken = [], 0
    for line in lines:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):  # a number of five thousand digits is a ValueError only
            broken += 1
            continue
        if isinstance(value, dict):
            found.append(value)
    return found, broken


def _of_collection(text: str, whole: bool) -> tuple[list[dict[str, Any]], bool]:
    """The features of the text, and whether it came to its proper end."""
    if whole:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            document = None
        if isinstance(document, dict):
            features = document.get("features") if "features" in document else [document]
            return [feature for feature in features if isinstance(feature, dict)] if isinstance(
                features, list
            ) else [], True
    start = text.find('"features"')
    at = text.find("[", start) + 1 if start >= 0 else 0
    decoder, found = json.JSONDecoder(), []
    while at:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        if isinstance(value, dict):
            found.append(value)
    return found, False


def _further_on(text: str) -> list[dict[str, Any]]:
    """The features that are whole in a piece out of the middle of a collection."""
    decoder, at = json.JSONDecoder(), 0
    found: list[dict[str, Any]] = []
    while len(found) < SPREAD_ROWS and (start := _FEATURE.search(text, at)) is not None:
        try:
            value, at = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            at = start.end()
            continue
        found.append(value)
    return found


def _crs_member(text: str) -> Declared | None:
    """What the old ``crs`` member says, or RFC 7946, which knows one reference system only."""
    at = text.find('"crs"')
    if at >= 0 and (start := text.find("{", at)) >= 0:
        try:
            value, _ = json.JSONDecoder().raw_decode(text, start)
            written = str(value["properties"]["name"])
        except (ValueError, KeyError, TypeError, RecursionError):
            written = ""
        if written:
            return Declared(_code_of(written), written, Text("文件的 crs 项", "the file's crs member"))
    return Declared(WGS84, "WGS 84", Text("GeoJSON 标准 RFC 7946", "the GeoJSON standard, RFC 7946"), by_format=True)


def _code_of(written: str) -> str | None:
    try:
        crs = CRS.from_user_input(written)
    except CRSError:
        return None
    authority = crs.to_authority(min_confidence=70)
    return ":".join(authority) if authority and authority != ("OGC", "CRS84") else WGS84 if authority else None


def vector(path: Path, name: str, form: str) -> list[Sample]:
    """A look at every layer of a file that GDAL reads. Shapefiles are first looked at byte by byte for their encoding."""
    if form == "shapefile" and not path.with_suffix(".dbf").is_file():
        raise BadInput(
            Text(f"{name} 缺少同名的 .dbf：属性都在里面。", f"{name} lacks its .dbf, which holds all attributes.")
        )
    options = {"WRITE_GFS": "NO"} if form == "gml" else {}
    proof = dbf_encoding(path) if form == "shapefile" else None
    encoding = proof.reading.removesuffix("-sig") if proof else None
    try:
        if form == "gpkg":
            check_whole(path)
        layers = [str(layer) for layer, _ in pyogrio.list_layers(path)]
        if form == "gpx":
            found = [layer for layer in GPX_LAYERS if pyogrio.read_info(path, layer=layer, force_feature_count=True)["features"]]
            layers = found or list(GPX_LAYERS[:1])
        samples = [_layer(path, layer, name, form, encoding, options) for layer in layers]
    except (DataSourceError, DataLayerError, ValueError, UnicodeDecodeError, sqlite3.Error) as fault:
        raise BadInput(
            Text(
                f"{name} 已损坏或打不开：GDAL 读不出要素。",
                f"{name} is broken or cannot be opened: GDAL reads no features of it.",
            )
        ) from fault
    for sample in samples:
        sample.encoding = proof
        if len(samples) > 1 and form != "gpx":  # which is read whole
            sample.read_layer = sample.layer
    return samples


def _layer(path: Path, layer: str, name: str, form: str, encoding: str | None, options: dict[str, str]) -> Sample:
    info = pyogrio.read_info(path, layer=layer, encoding=encoding, force_feature_count=True, **options)
    count = int(info["features"])
    starts = [(0, FIRST_ROWS)]
    if count > FIRST_ROWS:
        step = max(SPREAD_ROWS, (count - FIRST_ROWS) // SPREAD_PARTS)
        starts += [(start, SPREAD_ROWS) for start in range(FIRST_ROWS, count, step)]
    columns: dict[str, list[Any]] = {}
    shapes: list[bytes | None] = []
    for skip, most in starts:
        meta, _, wkb, values = pyogrio.raw.read(
            path,
            layer=layer,
            encoding=encoding,
            skip_features=skip,
            max_features=most,
            datetime_as_string=True,
            **options,
        )
        fields = [str(field) for field in meta["fields"]]
        for field, column in zip(fields, values, strict=True):
            columns.setdefault(field, []).extend(_python(value) for value in column)
        shapes += list(wkb) if wkb is not None else []
    geometry, unreadable = _from_wkb(shapes)
    size = max(len(shapes), max(map(len, columns.values()), default=0))
    crs = info.get("crs")
    sample = Sample(
        layer, columns, geometry, count, size == count, "gpx" if form == "gpx" else "vector", has_places=True
    )
    if form in ("kml", "gpx"):
        sample.declared = Declared(WGS84, "WGS 84", FORMAT_SAYS, by_format=True)
    elif crs:
        by = Text(".prj", ".prj") if form == "shapefile" else Text("文件自己", "the file itself")
        code = _code_of(str(crs))
        sample.declared = Declared(code, _crs_name(str(crs)), by)
    sample.unreadable = unreadable
    sample.typed = {str(field): str(kind) for field, kind in zip(info["fields"], info["dtypes"], strict=True)}
    return sample


def _crs_name(written: str) -> str:
    try:
        return CRS.from_user_input(written).name
    except CRSError:
        return written[:80]


def _from_wkb(shapes: list[bytes | None]) -> tuple[NDArray[np.object_], int]:
    geometry, _ = shapes_of_wkb(shapes)
    return geometry, sum(octets is not None for octets in shapes) - int((~shapely.is_missing(geometry)).sum())


def _python(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return None if value != value else int(value) if value.is_integer() and abs(value) < 1e15 else value
    return _flat(value)


def _flat(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (dict, list, np.ndarray)) else value


def _described(written: bytes) -> tuple[str | None, dict[str, Any]]:
    """The geometry column that the metadata name and what they say of it; nothing where they are nonsense."""
    try:
        told = json.loads(written)
        primary = told.get("primary_column")
        about = told.get("columns", {}).get(primary, {})
    except (ValueError, AttributeError, TypeError, RecursionError):
        return None, {}
    return (primary, about) if isinstance(primary, str) and isinstance(about, dict) else (None, {})


def geoparquet(path: Path, name: str) -> Sample:
    """A look at a Parquet file, row groups from all over it; its geo metadata name the geometry column and reference system."""
    try:
        file = opened_parquet(path)
        groups = (
            sorted({0, *np.linspace(0, file.metadata.num_row_groups - 1, SPREAD_PARTS).astype(int)})
            if file.metadata.num_row_groups
            else []
        )
        most = FIRST_ROWS if len(groups) <= 1 else SPREAD_ROWS
        batches = [
            next(pieces(file, most if group else FIRST_ROWS, row_groups=[int(group)])).to_pylist() for group in groups
        ]
    except (ArrowException, OSError, ValueError, RuntimeError, StopIteration, MemoryError) as fault:
        raise BadInput(
            Text(f"Parquet 文件 {name} 已损坏或被截断。", f"The Parquet file {name} is broken or cut off.")
        ) from fault
    rows = [row for batch in batches for row in batch]
    primary, about = _described((file.schema_arrow.metadata or {}).get(b"geo", b"{}"))
    columns = {field: [_flat(row.get(field)) for row in rows] for field in file.schema_arrow.names if field != primary}
    geometry, unreadable = _from_wkb(
        [row.get(primary) if isinstance(row.get(primary), bytes) else None for row in rows]
    )
    count = file.metadata.num_rows
    sample = Sample(
        name,
        columns,
        geometry,
        count,
        len(rows) == count,
        "parquet",
        has_places=primary is not None,
        unreadable=unreadable,
    )
    if primary is not None:
        crs = about.get("crs", "OGC:CRS84")
        if crs is not None:
            code = WGS84 if crs == "OGC:CRS84" else _code_of(json.dumps(crs) if isinstance(crs, dict) else str(crs))
            sample.declared = Declared(
                code, code or "?", Text("GeoParquet 元数据", "GeoParquet's metadata"), by_format="crs" not in about
            )
    return sample
