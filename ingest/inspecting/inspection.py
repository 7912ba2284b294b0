"""One file looked at from end to end: a bounded sample, never a load, and all that it says in sentences, JSON and a mapping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import psycopg

from commandcenter.city import City
from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.inspecting import features, openstreetmap, tables
from ingest.inspecting.draft import draft_of
from ingest.inspecting.fields import FieldLook, look_at_fields
from ingest.inspecting.places import PlaceLook, look_at_places
from ingest.inspecting.position import ReferenceLook, look_at_reference
from ingest.inspecting.sample import Declared, Sample, no_geometry
from ingest.inspecting.shapes import ShapeLook, look_at_shapes
from ingest.inspecting.signature import Form, form_of
from ingest.inspecting.target import TargetLook, look_at_target
from ingest.inspecting.unpacked import unpacked
from ingest.inspecting.words import plain, words

MOST_FILES = 12  # of an archive


@dataclass
class LayerLook:
    """One table, sheet or layer of a file."""

    file_name: str
    form: Form
    sample: Sample
    fields: list[FieldLook]
    place: PlaceLook | None
    shapes: ShapeLook
    reference: ReferenceLook
    target: TargetLook

    def sentences(self) -> list[Text]:
        """Everything about this layer, the important first."""
        sample = self.sample
        said = [sample.extent_sentence()]
        said += sample.encoding.sentences() if sample.encoding is not None else []
        said += sample.notes
        said.append(Text(f"字段 {len(self.fields)} 个：", f"{len(self.fields)} fields:"))
        said += [look.sentence() for look in self.fields]
        if self.place is None:
            said.append(Text("没有找到坐标列。", "No field tells a place."))
            return [*said, *self._target_sentences()]
        if self.place.fields:
            told = "、".join(f"{word} = {name}" for word, name in self.place.words.items())
            said.append(Text(f"位置：{told}。", f"Place: {told.replace('、', ', ')}."))
        said += self.place.why
        said += (
            [
                Text(
                    f"也写有位置的列：{'；'.join(self.place.others)}。",
                    f"Fields that tell a place as well: {'; '.join(self.place.others)}.",
                )
            ]
            if self.place.others
            else []
        )
        return [*said, *self.shapes.sentences(), *self.reference.said, *self._target_sentences()]

    def _target_sentences(self) -> list[Text]:
        look = self.target
        if look.target is None and look.others:
            listed = ", ".join(look.others)
            return [Text(f"内含多类对象，每类有自己的映射：{listed}。", f"It holds many kinds of things, each with a mapping of its own: {listed}.")]
        if look.target is None:
            return [Text("看不出属于哪张表。", "Nothing says which table it is for.")]
        because = "、".join(look.because)
        return [
            Text(
                f"像是 {look.target} 表的数据（依据：{because}）。",
                f"Most likely for the table {look.target} (because of {because.replace('、', ', ')}).",
            )
        ]

    @property
    def as_json(self) -> dict[str, Any]:
        """For machines."""
        sample, place, shapes, reference = self.sample, self.place, self.shapes, self.reference
        return {
            "file": self.file_name, "form": self.form.key, "reader": sample.reader, "layer": sample.layer, "rows": sample.rows,
            "sampled": sample.size, "whole": sample.whole, "header_row": sample.header_row, "fill_down": list(sample.fill_down), "delimiter": sample.delimiter,
            "records": sample.records, "encoding": sample.encoding.as_json if sample.encoding else None,
            "notes": [note._asdict() for note in sample.notes],
            "fields": [look.as_json for look in self.fields],
            "place": None if place is None else {
                "kind": place.kind, "fields": list(place.fields), "words": place.words, "swapped": place.swapped, "sexagesimal": place.sexagesimal,
                "placeholders": [list(one) for one in place.placeholders], "others": list(place.others),
            },
            "geometry": {
                "types": shapes.types, "family": shapes.family, "missing": shapes.missing, "empty": shapes.empty, "z": shapes.with_z, "m": shapes.with_m,
                "invalid": shapes.invalid, "rules": shapes.rules, "unreadable": shapes.unreadable, "adjoining": shapes.adjoining, "bounds": shapes.bounds,
            },
            "reference": {
                "code": reference.code, "swapped": reference.swapped, "declared": reference.declared.code if reference.declared else None,
                "possible": [
                    {"code": one.reference.code, "swapped": one.reference.swapped, "share": one.share, **one.sentence._asdict()}
                    for one in reference.possible
                ],
                "medians_m": reference.medians_m, "inside": reference.inside, "evidence": reference.evidence, "said": [one._asdict() for one in reference.said],
            },
            "target": {"target": self.target.target, "because": list(self.target.because), "others": list(self.target.others), "columns": self.target.columns},
        }  # fmt: skip


@dataclass
class Inspection:
    """What a file is. ``layers`` come in the file's order; the draft is of the one with the most rows unless one is named."""

    name: str
    size: int
    wrappings: tuple[Form, ...]
    layers: list[LayerLook]
    notes: list[Text] = field(default_factory=list)

    def sentences(self) -> list[Text]:
        """All that was seen, a sentence or line each, in both languages."""
        inner = {layer.file_name: layer.form for layer in self.layers}
        chain = [*self.wrappings, *dict.fromkeys(inner.values())]
        size = f"{self.size / 1e6:,.1f} MB" if self.size >= 1e6 else f"{self.size:,} B"
        said = [
            Text(
                f"{self.name}：{size}，内容是 {' > '.join(form.title.zh for form in chain)}。只读样本，没有导入任何东西。",
                f"{self.name}: {size}, by its content {' > '.join(form.title.en for form in chain)}. Only a sample was read, nothing was loaded.",
            ),
            *self.notes,
        ]
        told: set[str] = set()
        for layer in self.layers:
            if len(inner) > 1 and layer.file_name not in told:
                told.add(layer.file_name)
                said.append(
                    Text(
                        f"── {layer.file_name}（{layer.form.title.zh}）",
                        f"-- {layer.file_name} ({layer.form.title.en})",
                    )
                )
            said += layer.sentences()
        return said

    def as_json(self) -> dict[str, Any]:
        """The same for machines."""
        return {
            "file": self.name, "size": self.size, "wrappings": [form.key for form in self.wrappings],
            "notes": [note._asdict() for note in self.notes], "layers": [layer.as_json for layer in self.layers],
        }  # fmt: skip

    def draft_mapping(self, layer: str | None = None) -> str:
        """A mapping for a person to finish (TOML), of the layer named or the one with the most rows. Raises BadInput for no such layer."""
        chosen = [look for look in self.layers if layer is None or layer in (look.sample.layer, look.file_name)]
        if not chosen:
            names = ", ".join(look.sample.layer for look in self.layers)
            raise BadInput(
                Text(
                    f"{self.name} 里没有图层“{layer}”，有：{names}。",
                    f"{self.name} has no layer '{layer}'; there are {names}.",
                )
            )
        best = max(chosen, key=lambda look: look.sample.rows if look.sample.rows is not None else look.sample.size)
        return draft_of(best, best.file_name)


def inspect_file(path: Path, city: City | None = None, connection: psycopg.Connection | None = None) -> Inspection:
    """What a file is, from a bounded sample of it. Raises BadInput for what cannot be read.

    With a city, reference systems that put the data into it are tried; with a connection to that city's database they are
    measured against known roads, buildings and boundaries.
    """
    with unpacked(path) as content:
        layers: list[LayerLook] = []
        notes = list(content.notes)
        files = content.files[:MOST_FILES]
        if len(content.files) > 1:
            names = "、".join(name for name, _ in content.files[:40])
            notes.append(
                Text(
                    f"压缩包里有 {len(content.files)} 个文件：{names}。",
                    f"The archive holds {len(content.files)} files: {names.replace('、', ', ')}.",
                )
            )
        if len(content.files) > MOST_FILES:
            notes.append(Text(f"只看了前 {MOST_FILES} 个。", f"Only the first {MOST_FILES} were looked at."))
        faults: list[BadInput] = []
        for name, at in files:
            try:
                form = form_of(at)
                samples = _samples(at, name, form)
            except BadInput as fault:
                faults.append(fault)
                continue
            notes += _lying_suffix(name, form)
            for sample in samples:
                if content.partial:
                    sample.whole, sample.rows = False, None
                layers.append(_look(name, form, sample, city, connection))
        if not layers:
            raise (
                faults[0]
                if faults
                else BadInput(
                    Text(
                        f"{path.name} 里没有可读的表或图层。", f"{path.name} holds no table or layer that can be read."
                    )
                )
            )
        notes += [fault.sentence for fault in faults]
        return Inspection(path.name, path.stat().st_size, tuple(content.wrappings), layers, notes)


def _samples(path: Path, name: str, form: Form) -> list[Sample]:
    short = PurePosixPath(name).name
    match form.key:
        case "csv":
            return [tables.delimited(path, short)]
        case "xlsx":
            return tables.workbook(path, short)
        case "json":
            return [tables.json_records(path, short)]
        case "geojson" | "geojsonl":
            return [features.geojson(path, short, by_line=form.key == "geojsonl")]
        case "parquet":
            return [features.geoparquet(path, short)]
        case "osm_pbf" | "osm_xml":
            return [openstreetmap.tagged_objects(path, short)]
        case "zip" | "gzip" | "tar":
            raise BadInput(
                Text(
                    f"压缩包里的 {name} 又是压缩包，没有打开。",
                    f"{name} inside the archive is an archive again and was not opened.",
                )
            )
    return features.vector(path, short, form.key)


def _look(name: str, form: Form, sample: Sample, city: City | None, connection: psycopg.Connection | None) -> LayerLook:
    fields = look_at_fields(sample)
    place = look_at_places(sample, city.bounds if city is not None else None)
    declared = sample.declared
    if place is not None and place.srid is not None:
        declared = Declared(
            f"EPSG:{place.srid}", f"EPSG:{place.srid}", Text("坐标自带的 SRID", "the SRID that the shapes carry")
        )
    geometry = place.geometry if place is not None else no_geometry()
    shapes = look_at_shapes(geometry, sample.unreadable, place.placeholders if place is not None else ())
    hints = _hints([name, sample.layer, *sample.columns])
    reference = look_at_reference(geometry, shapes, declared, hints, city, connection)
    simple = [look.name for look in fields if not any(text.startswith(("{", "[")) for text in look.samples)]
    target = look_at_target([PurePosixPath(name).name, sample.layer], simple, shapes.family, sample.reader)
    return LayerLook(name, form, sample, fields, place, shapes, reference, target)


def _hints(names: Sequence[str]) -> tuple[str, ...]:
    """Reference systems that names speak of."""
    shifted: dict[str, list[str]] = words()["place"]["shifted"]
    return tuple(
        system
        for system, marks in shifted.items()
        if any(mark in name.lower() or plain(mark) in plain(name) for mark in marks for name in names)
    )


def _lying_suffix(name: str, form: Form) -> list[Text]:
    suffix = PurePosixPath(name).suffix.lower()
    if not suffix or suffix in form.suffixes or form.key in ("csv", "gml"):
        return []
    return [
        Text(
            f"{name} 的后缀是 {suffix}，内容其实是{form.title.zh}。",
            f"{name} ends in {suffix}, but by its content it is {form.title.en}.",
        )
    ]
