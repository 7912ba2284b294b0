"""Small files of every kind, mappings for them, and readers asked the way the pipeline asks them."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from pyarrow import parquet as pa_parquet
from pyogrio.raw import write

from commandcenter.errors import BadInput
from ingest.contract import Mapping
from ingest.mapping import load_mapping
from ingest.readers import geojson, gpx, parquet, vector
from ingest.record import Batch

READ: dict[str, Callable[[Path, Mapping], Iterator[Batch]]] = {
    "vector": vector.batches, "parquet": parquet.batches, "gpx": gpx.batches, "geojsonl": geojson.lines, "geojson": geojson.batches,
}  # fmt: skip
MAPPING = """target = "address"
reader = "{reader}"
encoding = "{encoding}"
crs = "{crs}"
geometry = "any"
key = ["{key}"]
title = {{ zh = "地址", en = "Addresses" }}
owner = "o"
licence = "l"
attribution = "a"
cadence = "once"
{layer}
[columns]
label = {{ from = "{label}" }}
"""
NAMES = ["龙沙区", "建华,区", 'a "quoted" 50% name', None]
SHAPES = [shapely.Point(123.95, 47.31), shapely.Point(123.96, 47.32), shapely.Point(123.97, 47.33), shapely.Point(123.98, 47.34)]


def a_mapping(reader: str = "vector", *, key: str = "id", label: str = "label", crs: str = "EPSG:4326", encoding: str = "utf-8", layer: str = "") -> Mapping:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "addresses.toml"
        named = f'[read]\nlayer = "{layer}"' if layer else ""
        path.write_text(MAPPING.format(reader=reader, key=key, label=label, crs=crs, encoding=encoding, layer=named), encoding="utf-8")
        return load_mapping(path)


def rows(path: Path, mapping: Mapping) -> list[Batch]:
    """All batches, each as wide everywhere as it is long."""
    found = list(READ[mapping.reader](path, mapping))
    for batch in found:
        assert len(batch.raw) == len(batch.geometry) == len(batch) and all(len(column) == len(batch) for column in batch.values.values())
        assert all(0 <= at < len(batch) for at in (*batch.faults, *batch.repairs))
        assert all(value is None or isinstance(value, str | int | float | bool) for column in batch.values.values() for value in column)
    return found


def only(path: Path, mapping: Mapping) -> Batch:
    (batch,) = rows(path, mapping)
    return batch


def refused(path: Path, mapping: Mapping, *words: str) -> None:
    with pytest.raises(BadInput) as fault:
        rows(path, mapping)
    for word in words:
        assert word in fault.value.sentence.en or word in fault.value.sentence.zh, fault.value.sentence


def written(
    path: Path, driver: str, *, names: list[Any] = NAMES, shapes: list[Any] = SHAPES, crs: str | None = "EPSG:4326", encoding: str | None = None,
    fields: tuple[str, str] = ("id", "label"), layer: str | None = None, append: bool = False, **options: Any,
) -> Path:  # fmt: skip
    """A file of rows with a code that begins with a zero and a name."""
    codes = np.array([f"0{number}" for number in range(1, len(names) + 1)], dtype=object)
    columns = [codes, np.array(names, dtype=object)]
    kinds = {shape.geom_type for shape in shapes if shape is not None}
    write(
        path, shapely.to_wkb(np.array(shapes, dtype=object), flavor="iso"), columns, list(fields), geometry_type=kinds.pop() if len(kinds) == 1 else "Unknown",
        crs=crs, driver=driver, encoding=encoding, layer=layer, append=append, **options,
    )  # fmt: skip
    return path


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def shapefile_parts(folder: Path, name: str = "data", **how: Any) -> dict[str, bytes]:
    folder.mkdir(exist_ok=True)
    written(folder / f"{name}.shp", "ESRI Shapefile", **how)
    return {path.name: path.read_bytes() for path in sorted(folder.glob(f"{name}.*"))}


def a_parquet(path: Path, geo: dict[str, Any] | None, **columns: Any) -> Path:
    table = pa.table({"id": ["01", "02"], "label": ["龙沙区", None], "levels": pa.array([3, None], pa.int8()), **columns})
    if geo is not None:
        table = table.replace_schema_metadata({"geo": json.dumps(geo)})
    pa_parquet.write_table(table, path)
    return path


FEATURE = '{"type": "Feature", "id": 7, "properties": {"id": "01", "label": "龙沙", "more": [1]}, "geometry": {"type": "Point", "coordinates": [123.9, 47.3]}}'


