"""Which reader opens a mapping's file: each yields batches of rows in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from ingest.contract import Mapping
from ingest.record import Batch

# The reader a mapping names: its module, and the function in it. Loaded when asked for: GDAL and Arrow are heavy.
READERS = {
    "csv": ("delimited", "batches"),
    "xlsx": ("xlsx", "batches"),
    "json": ("records", "batches"),
    "geojson": ("geojson", "batches"),
    "geojsonl": ("geojson", "lines"),
    "vector": ("vector", "batches"),
    "parquet": ("parquet", "batches"),
    "gpx": ("gpx", "batches"),
    "osm": ("osm", "batches"),
    "database": ("database", "batches"),
}


def batches(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """The file's rows in its own order. Raises BadInput when the file itself is broken."""
    module, function = READERS[mapping.reader]
    reader: Callable[[Path, Mapping], Iterator[Batch]] = getattr(import_module(f"ingest.readers.{module}"), function)
    return reader(path, mapping)
