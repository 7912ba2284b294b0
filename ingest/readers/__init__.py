"""Which reader opens a mapping's file: each yields SourceRow by SourceRow in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ingest.contract import Mapping
from ingest.readers import delimited, geojson, osm
from ingest.record import SourceRow

READ: dict[str, Callable[[Path, Mapping], Iterator[SourceRow]]] = {
    "csv": delimited.read,
    "geojson": geojson.read,
    "osm": osm.read,
}


def read(path: Path, mapping: Mapping) -> Iterator[SourceRow]:
    """The file's rows in its own order. Raises BadInput when the file itself is broken."""
    return READ[mapping.reader](path, mapping)
