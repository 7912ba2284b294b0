"""GeoParquet: columns as they are, places out of the primary geometry column in WKB; other geometry columns are left aside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.parquet import ParquetFile

from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.contract import Mapping
from ingest.readers.archives import kind_of, not_that
from ingest.readers.arrow import geometries_of, json_rows, values_of
from ingest.readers.columns import check_fields
from ingest.readers.declared_crs import check_crs
from ingest.readers.opened import LARGEST_RATIO, RATIO_MATTERS, check_there
from ingest.record import BATCH_ROWS, Batch, Finding

BATCH_BYTES = 32 << 20  # unpacked, on average


def batches(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """The rows in the file's order, ``where`` counting from 1. Raises BadInput when the file is at fault."""
    check_there(path)
    kind = kind_of(path)
    if kind != "parquet":
        raise not_that(path, kind)
    try:
        with opened_parquet(path) as file:
            yield from _batches(path, mapping, file)
    except (pa.ArrowException, OSError, ValueError, RuntimeError, LookupError, TypeError, AttributeError, OverflowError, MemoryError) as fault:
        said = " ".join(str(fault).split())[:200]
        raise BadInput(
            Text(
                f"{path.name} 不是完整的 Parquet 文件（{said}）；没有写入任何数据。",
                f"{path.name} is no whole Parquet file ({said}); nothing was loaded.",
            )
        ) from fault


def opened_parquet(path: Path) -> ParquetFile:
    """The file, its texts left in their dictionaries: one of a megabyte may stand in a million rows of a small file. BadInput for a bomb."""
    with ParquetFile(path) as file:
        told = file.metadata
    chunks = [told.row_group(group).column(at) for group in range(told.num_row_groups) for at in range(told.num_columns)]
    for chunk in chunks:
        if chunk.total_uncompressed_size > max(RATIO_MATTERS, LARGEST_RATIO * path.stat().st_size):
            raise _unfit(path, "解压后过大，像是压缩炸弹", "it unpacks to far too much, as a bomb does")
    texts = {chunk.path_in_schema for chunk in chunks if chunk.physical_type == "BYTE_ARRAY" and "DICTIONARY" in " ".join(chunk.encodings)}
    return ParquetFile(path, metadata=told, read_dictionary=sorted(name for name in texts if "." not in name))


def pieces(file: ParquetFile, rows: int, **which: Any) -> Iterator[pa.RecordBatch]:
    """Some rows at a time, fewer where they are long, all written out. ``which`` chooses columns and row groups."""
    for part in file.iter_batches(rows, **which):
        length = np.zeros(part.num_rows, dtype=np.int64)
        for column in part.columns:
            if pa.types.is_dictionary(column.type):
                length += pc.fill_null(pc.take(pc.binary_length(column.dictionary), column.indices), 0).to_numpy(zero_copy_only=False)
        piece = np.cumsum(length) // BATCH_BYTES
        cuts = [0, *(np.flatnonzero(np.diff(piece)) + 1).tolist(), part.num_rows]
        for begin, end in pairwise(cuts):
            written = [_written_out(column) for column in part.slice(begin, end - begin).columns]
            yield pa.RecordBatch.from_arrays(written, names=part.schema.names)


def _written_out(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _batches(path: Path, mapping: Mapping, file: ParquetFile) -> Iterator[Batch]:
    place, covering = _place(path, mapping, file)
    fields = [name for name in file.schema_arrow.names if name not in covering]
    check_fields(path.name, mapping, fields)
    done = 0
    for part in pieces(file, _batch_size(file), columns=[*fields, *([place] if place else [])]):
        values: dict[str, list[Any]] = {}
        stray: dict[int, Finding] = {}
        for name in fields:
            values[name], odd = values_of(part.column(name))
            stray.update(odd)
        count = part.num_rows
        geometry, faults, repairs = geometries_of(part.column(place) if place else pa.nulls(count, pa.binary()))
        faults.update(stray)
        where = list(map(str, range(done + 1, done + count + 1)))
        yield Batch(where, values, json_rows(values, count), geometry, faults, repairs)
        done += count
    if done != file.metadata.num_rows:
        raise ValueError(f"{done} of {file.metadata.num_rows} rows")


def _place(path: Path, mapping: Mapping, file: ParquetFile) -> tuple[str | None, set[str]]:
    """The geometry column, and the names of all columns that are geometry or its boxes."""
    written = (file.schema_arrow.metadata or {}).get(b"geo")
    if written is None:
        if mapping.geometry == "none":
            return None, set()
        raise _unfit(path, "没有 GeoParquet 的 geo 说明，不知道哪一列是几何图形", "it has no 'geo' metadata: no column is known to be geometry")
    told = json.loads(written)
    columns: dict[str, dict[str, Any]] = told["columns"]
    place = str(told["primary_column"])
    encoding = columns[place].get("encoding")
    if encoding != "WKB":
        raise _unfit(path, f"几何列“{place}”的编码为 {encoding}，只支持 WKB", f"its geometry column '{place}' is encoded as {encoding}; WKB is read")
    check_crs(path.name, mapping, columns[place].get("crs", "OGC:CRS84"))
    boxes = {str(box[0]) for column in columns.values() for box in column.get("covering", {}).get("bbox", {}).values()}
    return place, {*columns, *boxes}


def _batch_size(file: ParquetFile) -> int:
    """Rows that come at once: fewer where shapes are large."""
    told = file.metadata
    rows, size = int(told.num_rows), sum(int(told.row_group(number).total_byte_size) for number in range(told.num_row_groups))
    return max(8, min(BATCH_ROWS, rows * BATCH_BYTES // max(size, 1)))


def _unfit(path: Path, zh: str, en: str) -> BadInput:
    return BadInput(Text(f"{path.name}：{zh}；没有写入任何数据。", f"{path.name}: {en}; nothing was loaded."))
