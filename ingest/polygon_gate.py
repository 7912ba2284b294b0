"""Polygon sets at the door: gaps, overlaps and slivers are findings with their place, and refuse the whole delivery where asked."""

from __future__ import annotations

from collections import Counter

from commandcenter.city import City
from commandcenter.text import Text
from ingest.contract import Mapping
from ingest.pipeline import Pipeline
from ingest.polygon_set import faults_of
from ingest.record import Finding

NAMES = {
    "gap": Text("缝隙", "gaps"),
    "overlap": Text("重叠", "overlaps"),
    "sliver": Text("狭长碎片", "slivers"),
    "outside": Text("越界", "parts outside"),
}


def set_faults(pipeline: Pipeline, mapping: Mapping, city: City) -> Text | None:
    """Notes every fault of the delivered set, level by level; one sentence over all, None for a clean set or no set at all."""
    if mapping.polygon_set is None or not pipeline.polygons:
        return None
    counted: Counter[str] = Counter()
    first: Text | None = None
    for level in dict.fromkeys(level for level, _, _ in pipeline.polygons):
        these = [(key, shape) for kind, key, shape in pipeline.polygons if kind == level]
        faults = faults_of(
            [shape for _, shape in these], [key for key, _ in these], metric_crs=f"EPSG:{city.metric_srid}", gap_width_m=mapping.polygon_set.gap_width_m
        )
        for fault in faults:
            counted[fault.kind] += 1
            first = first or fault.sentence
            pipeline.tally.find(fault.kind)
            keys = " / ".join(fault.keys)
            pipeline.findings.note("", keys, Finding(fault.kind, "geometry", fault.sentence), fault.geometry)
    if first is None:
        return None
    zh = "、".join(f"{NAMES[kind].zh} {count} 处" for kind, count in counted.items())
    en = ", ".join(f"{count} {NAMES[kind].en}" for kind, count in counted.items())
    return Text(f"多边形集合不严密：{zh}。首处：{first.zh}", f"The polygons do not cover their ground once: {en}. The first: {first.en}")
