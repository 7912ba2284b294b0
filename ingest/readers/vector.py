"""Vector files through GDAL: GeoPackage, FlatGeobuf, KML, KMZ, GML and shapefiles, plain or in a zip; whole columns at a time.

Files are opened read-only under a name in a temporary folder, so that nothing is ever written beside them. ``where`` is the
feature's own number in a GeoPackage (fid) and counts from 1 elsewhere. Coordinates stay as the file has them.
"""

from __future__ import annotations

import shutil
import sqlite3
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyogrio
from pyogrio.errors import CRSError, DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError
from pyogrio.raw import open_arrow
from pyogrio.raw import read as read_rows

from commandcenter.errors import BadInput
from commandcenter.text import Text
from commandcenter.toml_file import FULL_STOP, meant, nearest
from ingest.contract import Mapping
from ingest.readers.archives import (
    check_named_rightly,
    folder_of_its_own,
    is_disk_full,
    kind_of,
    lay,
    not_that,
    unpack_gzip,
    unpack_zip,
)
from ingest.readers.arrow import geometries_of, json_rows, values_of
from ingest.readers.columns import check_fields
from ingest.readers.declared_crs import check_crs
from ingest.readers.opened import check_there
from ingest.readers.shapefile import AS_BYTES, assembled, declared_crs, field_names, rows_in
from ingest.readers.xml_file import count_features, utf8_copy
from ingest.record import BATCH_ROWS, Batch, Finding

# Bytes of the file that one batch may stand for: rows of large shapes come in small batches.
BATCH_BYTES = 16 << 20
LARGEST_KML = 256 << 20  # GDAL holds a KML in memory whole
PATIENCE = 2_000  # millions of steps that SQLite may take to count the rows of a file's views: half a minute
_SUFFIX = {"gpkg": ".gpkg", "fgb": ".fgb", "shp": ".shp", "kml": ".kml", "gml": ".gml"}
_UNPACKED = frozenset({".gpkg", ".fgb", ".gml", ".kml", ".shp", ".shx", ".dbf", ".prj"})
_OPTIONS: dict[str, dict[str, str]] = {"gpkg": {"IMMUTABLE": "YES"}, "gml": {"DOWNLOAD_SCHEMA": "NO", "WRITE_GFS": "NO"}}
_GDAL_FAULTS = (
    CRSError, DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError, pa.ArrowException, RuntimeError, ValueError, OSError,
    UnboundLocalError,  # pyogrio's own, where the name of a CRS is no text
)  # fmt: skip
# Codes keep their leading zeros: what GML writes is text.
pyogrio.set_gdal_config_options({"GML_FIELDTYPES": "ALWAYS_STRING"})
# What GDAL warns of either stops the load with a sentence below or is of no consequence.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"pyogrio\.|contextlib")


def batches(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """The rows of the layer that ``[read] layer`` names, or of the only one. Raises BadInput when the file is at fault."""
    check_there(path)
    with folder_of_its_own() as folder:
        layer = _chosen(path, mapping, _layers(path, folder))
        read = 0
        with _as_sentence(path, folder):
            for batch in _batches(path, mapping, layer):
                read += len(batch)
                yield batch
        if read != layer.rows and layer.kind != "gpkg":  # whose count is only what its last writer noted
            raise _short(path, read, layer.rows)


@dataclass(frozen=True)
class _Layer:
    """One layer of one file as it lies in the temporary folder; ``name`` is how a mapping calls it."""

    name: str
    file: Path
    kind: str
    layer: str
    has_place: bool
    rows: int  # that must come
    crs: str | None = None  # where it stands beside the file


def _layers(path: Path, folder: Path) -> list[_Layer]:
    """Every layer of a file or of the files in an archive."""
    kind = kind_of(path)
    if kind == "gzip":
        path = unpack_gzip(path, folder / "unpacked")
        check_there(path)
        kind = kind_of(path)
    check_named_rightly(path, kind)
    if kind not in ("zip", "kmz"):
        if kind not in _SUFFIX:
            raise not_that(path, kind)
        return _layers_of(path, kind, folder, path.stem)
    inside = folder / "unpacked"
    found: dict[str, list[_Layer]] = {}
    for number, member in enumerate(_data_files(path, unpack_zip(path, inside, _UNPACKED))):
        place = folder / str(number)
        place.mkdir()
        check_there(member)
        kind = kind_of(member)
        check_named_rightly(member, kind)
        name = str(member.relative_to(inside).with_suffix(""))
        found.setdefault(name, []).extend(_layers_of(member, kind, place, name))
    if len(found) == 1:
        return next(iter(found.values()))
    return [
        layer if layer.kind == "shp" else replace(layer, name=f"{name}/{layer.name}")
        for name, layers in found.items()
        for layer in layers
    ]


def _data_files(path: Path, members: list[Path]) -> list[Path]:
    found = [member for member in members if member.suffix.lower() in _SUFFIX.values()]
    if not found:
        parts = [member.name for member in members]
        raise BadInput(
            Text(
                f"压缩包 {path.name} 中没有可读取的矢量文件（.shp、.gpkg、.fgb、.gml、.kml）{'，只有：' + '、'.join(parts[:10]) if parts else ''}。",
                f"The archive {path.name} holds no vector file (.shp, .gpkg, .fgb, .gml, .kml){', only ' + ', '.join(parts[:10]) if parts else ''}.",
            )
        )
    return found


def _layers_of(path: Path, kind: str, folder: Path, name: str) -> list[_Layer]:
    """The layers of one file, laid into ``folder``, with the rows that each must give."""
    target = folder / f"data{_SUFFIX[kind]}"
    if kind == "shp":
        file = assembled(path, folder)
        return [_Layer(name, file, kind, file.stem, True, rows_in(file), declared_crs(path))]
    if kind in ("kml", "gml"):
        return _xml_layers(path, kind, target)
    file = _laid_gpkg(path, target) if kind == "gpkg" else lay(path, target)
    with _as_sentence(path, folder):
        if kind == "gpkg":
            check_whole(file)
        return [_Layer(layer, file, kind, layer, has_place, _rows_of(file, layer)) for layer, has_place in _listed(file)]


def _laid_gpkg(path: Path, target: Path) -> Path:
    """A GeoPackage read as it stands; with a journal beside it, a copy of both, for only then are its last rows seen."""
    journal = path.with_name(path.name + "-wal")
    if not (journal.is_file() and journal.stat().st_size):
        return lay(path, target)
    shutil.copyfile(path, target)
    shutil.copyfile(journal, target.with_name(target.name + "-wal"))
    with closing(sqlite3.connect(target)) as copy:
        copy.execute("pragma wal_checkpoint(truncate)")
    return target


def _xml_layers(path: Path, kind: str, target: Path) -> list[_Layer]:
    if kind == "kml" and path.stat().st_size > LARGEST_KML:
        raise BadInput(
            Text(
                f"{path.name} 超过 {LARGEST_KML >> 20} MB：KML 须整体读入内存，请改用 GeoPackage。",
                f"{path.name} is larger than {LARGEST_KML >> 20} MB: a KML is read into memory whole, please give a GeoPackage.",
            )
        )
    told = count_features(path)
    file = utf8_copy(path, target)
    with _as_sentence(path, target.parent):
        layers = [_Layer(layer, file, kind, layer, has_place, _rows_of(file, layer)) for layer, has_place in _listed(file)]
    understood = sum(layer.rows for layer in layers)
    if understood != told:
        raise _short(path, understood, told)
    return [layer for layer in layers if layer.rows] or layers


def _listed(file: Path) -> list[tuple[str, bool]]:
    """Layers with whether they have a place."""
    return [(str(name), geometry is not None) for name, geometry in pyogrio.list_layers(file)]


def _rows_of(file: Path, layer: str) -> int:
    return int(pyogrio.read_info(file, layer=layer, force_feature_count=True)["features"])


def check_whole(file: Path) -> None:
    """Refuse a GeoPackage with broken pages, where GDAL would stop as if the rows ended there, and one with a view that never ends.

    Raises sqlite3.Error for both.
    """
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
        (said,) = database.execute("pragma quick_check(1)").fetchone()
        if said != "ok":
            raise sqlite3.DatabaseError(said)
        views = database.execute("select name from sqlite_master join gpkg_contents on table_name = name where type = 'view'").fetchall()
        patience = iter(range(PATIENCE))
        database.set_progress_handler(lambda: next(patience, None) is None, 1_000_000)
        for (name,) in views:
            try:
                database.execute('select count(*) from "{}"'.format(name.replace('"', '""'))).fetchone()
            except sqlite3.OperationalError as fault:
                if "interrupted" in str(fault):
                    raise sqlite3.DatabaseError(f"the view {name} does not end") from fault


def _chosen(path: Path, mapping: Mapping, layers: list[_Layer]) -> _Layer:
    """The layer that the mapping names; the only one with a place, or the only one, where it names none."""
    names = [layer.name for layer in layers]
    wanted = mapping.options.layer
    if wanted is not None:
        for layer in layers:
            if wanted in (layer.name, layer.name.rpartition("/")[2]) and names.count(layer.name) == 1:
                return layer
        hint = meant(nearest(wanted, names), FULL_STOP)
        raise BadInput(
            Text(
                f"{path.name} 没有图层“{wanted}”，有：{'、'.join(names)}{hint.zh}",
                f"{path.name} has no layer '{wanted}'; it has {', '.join(names)}{hint.en}",
            )
        )
    placed = [layer for layer in layers if layer.has_place]
    for few in (placed, layers):
        if len(few) == 1:
            return few[0]
    if not layers:
        raise BadInput(Text(f"{path.name} 没有图层。", f"{path.name} has no layer."))
    raise BadInput(
        Text(
            f"{path.name} 有多个图层：{'、'.join(names)}；请在映射的 [read] 中用 layer 指明一个。",
            f"{path.name} has several layers: {', '.join(names)}; the mapping must name one, as layer under [read].",
        )
    )


def _batches(path: Path, mapping: Mapping, layer: _Layer) -> Iterator[Batch]:
    options = {"layer": layer.layer, "encoding": AS_BYTES if layer.kind == "shp" else None, **_OPTIONS.get(layer.kind, {})}
    size = _batch_size(layer)
    with open_arrow(layer.file, batch_size=size, use_pyarrow=True, return_fids=True, datetime_as_string=True, **options) as (told, stream):
        check_crs(path.name, mapping, told["crs"] or layer.crs)
        fid = told["fid_column"] or "OGC_FID"
        place = told["geometry_name"] or "wkb_geometry"
        own = [name for name in stream.schema.names if name not in (fid, place)]
        names = field_names(own, layer.file, mapping.encoding) if layer.kind == "shp" else own
        fields = dict(zip(names, own, strict=True))
        if layer.kind == "gpkg":
            fields = {fid: fid, **fields}
        check_fields(path.name, mapping, list(fields))
        done = 0
        for part in stream:
            yield _batch(part, mapping, layer, fields, fid, place, _Straightened(layer, options, done, part.num_rows))
            done += part.num_rows


def _batch_size(layer: _Layer) -> int:
    return max(8, min(BATCH_ROWS, layer.rows * BATCH_BYTES // max(layer.file.stat().st_size, 1)))


def _batch(
    part: pa.RecordBatch, mapping: Mapping, layer: _Layer, fields: dict[str, str], fid: str, place: str, straightened: _Straightened
) -> Batch:
    encoding = mapping.encoding if layer.kind == "shp" else None
    values: dict[str, list[Any]] = {}
    stray: dict[int, Finding] = {}
    for name, own in fields.items():
        values[name], odd = values_of(part.column(own), encoding)
        stray.update(odd)
    count = part.num_rows
    if place in part.schema.names:
        geometry, faults, repairs = geometries_of(part.column(place), straightened)
    else:
        geometry, faults, repairs = geometries_of(pa.nulls(count, pa.binary()))
    faults.update(stray)
    numbers = part.column(fid).to_pylist() if layer.kind == "gpkg" else range(straightened.skipped + 1, straightened.skipped + count + 1)
    return Batch(list(map(str, numbers)), values, json_rows(values, count), geometry, faults, repairs)


@dataclass(frozen=True)
class _Straightened:
    """The geometries of one batch once more, their curves drawn by GDAL as straight pieces (4 degrees of arc each)."""

    layer: _Layer
    options: dict[str, Any]
    skipped: int
    count: int

    def __call__(self) -> Sequence[bytes | None] | None:
        _, _, wkb, _ = read_rows(self.layer.file, columns=[], skip_features=self.skipped, max_features=self.count, **self.options)
        return wkb if wkb is not None and len(wkb) == self.count else None


@contextmanager
def _as_sentence(path: Path, folder: Path) -> Iterator[None]:
    """What GDAL and SQLite say of a broken file, as one sentence, without the folder where it lies for a while."""
    try:
        yield
    except (*_GDAL_FAULTS, sqlite3.Error) as fault:
        if is_disk_full(fault):
            raise
        said = " ".join(str(fault).replace(f"{folder}/", "").split())[:200]
        raise BadInput(
            Text(
                f"{path.name} 已损坏、被截断或不是它所称的格式（{said}）；没有写入任何数据。",
                f"{path.name} is broken, cut short or not of the format it claims ({said}); nothing was loaded.",
            )
        ) from fault


def _short(path: Path, read: int, told: int) -> BadInput:
    return BadInput(
        Text(
            f"{path.name} 应有 {told} 个要素，只读到 {read} 个：文件已损坏或含有不认识的要素；没有写入任何数据。",
            f"{path.name} should have {told} features and gives {read}: it is broken or holds features nobody understands; nothing was loaded.",
        )
    )
