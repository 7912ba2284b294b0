"""A sample of OpenStreetMap: tagged nodes, ways and relations, their tags as fields."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import osmium
import shapely

from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.inspecting.sample import Declared, Sample, no_geometry

MOST_OBJECTS = 20_000  # of each kind
MOST_TAGS = 200


def tagged_objects(path: Path, name: str) -> Sample:
    """A look at tagged objects: nodes, ways and relations up to a bound each. Ways and relations have no geometry here."""
    rows: list[dict[str, str]] = []
    shapes: list[Any] = []
    counted: Counter[str] = Counter()
    kinds = (("node", osmium.osm.NODE), ("way", osmium.osm.WAY), ("relation", osmium.osm.RELATION))
    cut = False
    try:
        for word, kind in kinds:
            for entity in osmium.FileProcessor(str(path), kind).with_filter(osmium.filter.EmptyTagFilter()):
                if counted[word] >= MOST_OBJECTS:
                    cut = True
                    break
                counted[word] += 1
                rows.append({"@type": word, "@id": f"{word[0]}{entity.id}"} | {tag.k: tag.v for tag in entity.tags})
                shapes.append(
                    shapely.Point(entity.lon, entity.lat)
                    if isinstance(entity, osmium.osm.Node) and entity.location.valid()
                    else None
                )
    except (RuntimeError, ValueError) as fault:
        raise BadInput(
            Text(f"OSM 文件 {name} 已损坏或被截断。", f"The OSM file {name} is broken or cut off.")
        ) from fault
    usual = Counter(key for row in rows for key in row).most_common(MOST_TAGS)
    geometry = no_geometry(len(rows))
    geometry[:] = shapes
    sample = Sample(
        name,
        {key: [row.get(key) for row in rows] for key, _ in usual},
        geometry,
        None if cut else len(rows),
        not cut,
        "osm",
        has_places=True,
    )
    told = "、".join(f"{word} {counted[word]:,}" for word, _ in kinds)
    sample.notes.append(
        Text(
            f"带标签的对象：{told}{'（各取上限）' if cut else ''}。",
            f"Objects with tags: {told.replace('、', ', ')}{' (up to a bound each)' if cut else ''}.",
        )
    )
    sample.declared = Declared("EPSG:4326", "WGS 84", Text("格式规定", "the format's own rule"), by_format=True)
    return sample
