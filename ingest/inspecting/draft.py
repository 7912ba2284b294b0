"""A mapping drafted from what was seen, as TOML that a person finishes: each open decision is a TODO with a comment above it.

The draft parses as TOML at once; once no TODO is left, ``ingest.mapping.load_mapping`` accepts it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from commandcenter.db.schema import Base
from commandcenter.text import Text
from ingest.convert import UNITS
from ingest.inspecting.fields import FieldLook
from ingest.inspecting.target import allowed, required
from ingest.inspecting.words import plain, words
from ingest.mapping import TARGETS

if TYPE_CHECKING:
    from ingest.inspecting.inspection import LayerLook

OPEN = "TODO"
MOST_IN_TABLE = 40
_KINDS = {
    "INTEGER": "integer",
    "SMALLINT": "integer",
    "BIGINT": "integer",
    "DOUBLE": "real",
    "DOUBLE_PRECISION": "real",
    "BOOLEAN": "boolean",
    "DATETIME": "moment",
    "DATE": "day",
    "ARRAY": "words",
}
_LEDGER = ("ingest_", "quarantine", "staging")
# What ingest's own readers call the fields of formats that have none of their own.
_GPX_FIELDS = {
    "code": "@id",
    "name": "name",
    "started_at": "started_at",
    "ended_at": "ended_at",
    "point_count": "point_count",
}


def draft_of(layer: LayerLook, file_name: str) -> str:
    """The drafted mapping of one layer."""
    lines = [
        f"# {_one_line(file_name)}: 由 ingest inspect 起草，请逐项核对；TODO 处必须决定。",
        f"# {_one_line(file_name)}: drafted by ingest inspect; check each line, and decide wherever it says TODO.",
    ]
    lines += _target(layer)
    lines.append(f'reader = "{layer.sample.reader}"')
    lines += _encoding(layer)
    lines += _crs(layer)
    lines += _geometry(layer)
    lines += _key(layer)
    stem = _one_line(file_name.split("/")[-1].split(".")[0])
    lines += [
        *_decide(
            "数据的中英文名称、来源单位、许可、署名、更新周期（once、1h、1d）",
            "title in both languages, owner, licence, attribution, cadence (once, 1h, 1d)",
        ),
        f"title = {{ zh = {_quoted(f'{OPEN} {stem}')}, en = {_quoted(f'{OPEN} {stem}')} }}",
        f'owner = "{OPEN}"',
        f'licence = "{OPEN}"',
        f'attribution = "{OPEN}"',
        'cadence = "once"',
    ]
    if layer.place is not None and layer.place.placeholders:
        pairs = ", ".join(f"[{x!r}, {y!r}]" for x, y, _ in layer.place.placeholders)
        lines += [
            *_note("这些坐标是占位值：请确认", "these coordinates look like placeholders: confirm"),
            f"placeholders = [{pairs}]",
        ]
    derived = words()["derive"].get(layer.target.target or "", [])
    if derived:
        lines.append(f"derive = [{', '.join(map(_quoted, derived))}]")
    lines += _tables(layer)
    return "\n".join(lines) + "\n"


def _target(layer: LayerLook) -> list[str]:
    look = layer.target
    if look.target is None:
        names = ", ".join(name for name in TARGETS if not name.startswith(_LEDGER))
        if look.others:
            names += f" ({', '.join(look.others)})"
        return [*_decide(f"导入哪张表：{names}", f"which table it is for: {names}"), f'target = "{OPEN}"']
    others = f"; {', '.join(look.others)} ?" if look.others else ""
    return [
        *_note(f"依据“{'、'.join(look.because)}”推测{others}", f"suggested by {', '.join(look.because)}{others}"),
        f'target = "{look.target}"',
    ]


def _encoding(layer: LayerLook) -> list[str]:
    sample = layer.sample
    lines = []
    proof = sample.encoding
    if proof is not None and sample.reader in ("csv", "vector", "json", "geojson", "geojsonl"):
        if proof.encoding is None:
            lines += [*_decide("编码未能判定", "the encoding is undecided"), f'encoding = "{proof.reading}"']
        elif proof.encoding not in ("utf-8",) and not (proof.encoding == "utf-8-sig" and sample.reader != "csv"):
            lines.append(f'encoding = "{proof.encoding}"')
    if sample.delimiter not in (None, ","):
        lines.append(f"delimiter = {_quoted(sample.delimiter or '')}")
    return lines


def _crs(layer: LayerLook) -> list[str]:
    look = layer.reference
    if look.code is not None:
        return [f'crs = "{look.code}"']
    if layer.place is None:
        return [*_note("没有坐标，此项不起作用", "there are no coordinates: this has no effect"), 'crs = "EPSG:4326"']
    lines = _decide(
        "坐标系没有写明或不可信，须由提供者确认", "the reference system is not named or not credible: ask who made it"
    )
    lines += [
        f"#   {one.reference.code}{' + swapped' if one.reference.swapped else ''}: {_one_line(one.sentence.zh)} / {_one_line(one.sentence.en)}"
        for one in look.possible
    ]
    return [*lines, f'crs = "{OPEN}"']


def _geometry(layer: LayerLook) -> list[str]:
    if layer.place is None:
        if layer.target.target in (None, "division_code"):
            return ['geometry = "none"']
        return [
            *_decide("这张表没有坐标列：目标表却需要位置", "the file has no place, which the target table needs"),
            'geometry = "none"',
        ]
    family = "line" if layer.sample.reader == "gpx" and layer.target.target == "track" else layer.shapes.family
    if family == "none":
        return [
            *_decide("样本里没有几何", "no geometry in the sample: point, line, polygon or any"),
            'geometry = "any"',
        ]
    if layer.target.target == "division_code":
        return [*_note("区划代码表不存位置", "codes are stored without a place"), 'geometry = "none"']
    return [f'geometry = "{family}"']


def _key(layer: LayerLook) -> list[str]:
    if layer.sample.reader in ("osm", "gpx"):
        return ['key = ["@id"]']
    able = [look for look in layer.fields if look.may_be_key]
    spoken = [plain(word) for word in (*words()["columns"]["any"]["code"], *words()["columns"].get(layer.target.target or "", {}).get("code", []),
                                       *words()["columns"].get(layer.target.target or "", {}).get("number", []))]  # fmt: skip
    called = [
        look
        for look in able
        if plain(look.name) in spoken or plain(look.name).endswith(("id", "code", "key", "编码", "编号", "代码", "号"))
    ]
    if called or able:
        chosen = (called or able)[0]
        where = Text("全表", "the whole table") if layer.sample.whole else Text("样本", "the sample")
        rest = [look.name for look in (called or able)[1:6]]
        more_zh, more_en = (f"；也可用：{'、'.join(rest)}", f"; also {', '.join(rest)}") if rest else ("", "")
        note = _note(f"在{where.zh}中唯一且不空{more_zh}", f"unique and never empty in {where.en}{more_en}")
        decided = note if called else _decide("没有名字像键的列，请确认", "no field is called like a key: confirm")
        return [*decided, f"key = [{_quoted(chosen.name)}]"]
    if layer.sample.own_ids:
        return [*_note("用要素自己的 id", "the features' own ids"), 'key = ["@id"]']
    return [
        *_decide(
            "没有唯一且不空的列：用哪几列合起来作键",
            "no field is unique and never empty: which fields together are the key",
        ),
        f'key = ["{OPEN}"]',
    ]


def _tables(layer: LayerLook) -> list[str]:
    lines: list[str] = []
    sample, place = layer.sample, layer.place
    read = [f"layer = {_quoted(sample.read_layer)}"] if sample.read_layer else []
    read += [f"header_row = {sample.header_row}"] if sample.header_row else []
    read += [f"fill_down = [{', '.join(map(_quoted, sample.fill_down))}]"] if sample.fill_down else []
    read += [f"records = {_quoted(sample.records)}"] if sample.records else []
    if read:
        lines += ["", "[read]", *read]
    swapped = layer.reference.swapped or (place is not None and place.swapped)
    if place is not None and (place.words or swapped) and layer.target.target != "division_code":
        told = dict(place.words)
        if layer.reference.swapped and len(place.fields) == 2:  # numbers in two fields are named by what they hold
            first, second = list(told)
            told[first], told[second] = told[second], told[first]
            swapped = False
        lines += [
            "",
            "[place]",
            *(f"{word} = {_quoted(name)}" for word, name in told.items()),
            *(["swapped = true"] if swapped else []),
        ]
    if layer.shapes.adjoining and layer.target.target in ("area", "unit_cell", "compound"):
        lines += ["", "[polygon_set]", "gap_width_m = 1.0", 'faults = "refuse"']
    if layer.target.claims:
        lines += ["", "[claims]", *(f"{code} = {_quoted(name)}" for code, name in layer.target.claims.items())]
    return lines + _columns(layer)


def _columns(layer: LayerLook) -> list[str]:
    target = layer.target.target
    looks = {look.name: look for look in layer.fields}
    if target is None:
        told = [f"#   {_quoted(look.name)} ({look.kind})" for look in layer.fields]
        return [
            "",
            *_decide("目标表定下后，哪一列填哪一项", "which field fills which column, once the table is chosen"),
            "[columns]",
            *told,
        ]
    filled = dict(_GPX_FIELDS) if layer.sample.reader == "gpx" and target == "track" else layer.target.columns
    constants: list[str] = []
    known = words()["constants"].get(target, {})
    for column in sorted(set(required(target)) | set(known)):
        if column in filled:
            continue
        if column in known:
            constants.append(f"{column} = {json.dumps(known[column])}")
            continue
        choices = allowed(target, column)
        listed = f"：{'、'.join(choices)}" if choices else ""
        constants += _decide(
            f"“{column}”必须有值{listed}", f"'{column}' must have a value{': ' + ', '.join(choices) if choices else ''}"
        )
        constants.append(f'{column} = "{OPEN}"')
    lines = ["", "[constants]", *constants] if constants else []
    columns, tables = [], []
    for column, name in filled.items():
        line, table = _column(target, column, name, looks.get(name))
        columns += line
        tables += table
    if columns:
        lines += ["", "[columns]", *columns]
    lines += tables
    used = set(filled.values()) | set(layer.target.claims.values()) | set(layer.place.fields if layer.place else ())
    left = [name for name in looks if name not in used and not name.startswith("@")]
    if left:
        listed = ", ".join(_one_line(name) for name in left[:60])
        lines += ["", f"# 未用的列 / fields not used: {listed}{' ...' if len(left) > 60 else ''}"]
    return lines


def _column(target: str, column: str, name: str, look: FieldLook | None) -> tuple[list[str], list[str]]:
    """The line of a column with its comments, and the value table it needs, if any."""
    parts = [f"from = {_quoted(name)}"]
    comments: list[str] = []
    kind = _KINDS.get(type(Base.metadata.tables[target].columns[column].type).__name__.upper(), "text")
    kind = "bearing" if column == "azimuth_deg" else kind
    choices = allowed(target, column)
    tables: list[str] = []
    if choices:
        values = _values(look)
        parts.append(f'table = "{column}"')
        given = {value: value if value in choices else OPEN for value in values} or {OPEN: choices[0]}
        todo = OPEN in given.values() or not values
        tables = ["", f"[tables.{column}]"]
        tables = [
            "",
            *(
                _decide(f"各值对应哪一项：{'、'.join(choices)}", f"what each value means: {', '.join(choices)}")
                if todo
                else []
            ),
            tables[1],
        ]
        tables += [f"{_quoted(value)} = {_quoted(meaning)}" for value, meaning in given.items()]
    elif kind != "text":
        parts.append(f'kind = "{kind}"')
    if kind in ("moment", "day") and look is not None:
        if look.formats and not look.formats[0].startswith(("%Y-%m-%d",)):
            parts.append(f"format = {_formats(look.formats)}")
            if any("%d/%m" in shape for shape in look.formats) and any("%m/%d" in shape for shape in look.formats):
                comments += _decide("日在前还是月在前", "is the day first or the month")
        elif not look.formats and look.kinds and set(look.kinds) != {"date"}:
            comments += _decide(f"“{name}”不全是日期", f"'{name}' does not only hold dates")
        elif not look.formats and look.kinds:
            comments += _decide("日期写法不一，请写出各种 format", "dates in several ways: name each format")
    if kind == "real" and look is not None and look.unit in UNITS and look.unit not in ("m", "m2", "deg"):
        parts.append(f'unit = "{look.unit}"')
    if column in required(target):
        parts.append("required = true")
        if look is not None and look.empty_share:
            comments += _note(
                f"“{name}”有 {look.empty_share:.1%} 为空，这些行会被拒收",
                f"{look.empty_share:.1%} of '{name}' is empty: such rows will be refused",
            )
    return [*comments, f"{column} = {{ {', '.join(parts)} }}"], tables


def _formats(shapes: tuple[str, ...]) -> str:
    return _quoted(shapes[0]) if len(shapes) == 1 else f"[{', '.join(map(_quoted, shapes))}]"


def _values(look: FieldLook | None) -> tuple[str, ...]:
    return look.values[:MOST_IN_TABLE] if look is not None else ()


def _decide(zh: str, en: str) -> list[str]:
    return [f"# {OPEN} 请决定：{_one_line(zh)}", f"# {OPEN} decide: {_one_line(en)}"]


def _note(zh: str, en: str) -> list[str]:
    return [f"# {_one_line(zh)} / {_one_line(en)}"]


def _one_line(text: str) -> str:
    """Text fit for a comment: no line breaks and no control characters, which TOML forbids."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's escapes are a part of TOML's, but for DEL and lone surrogates, which TOML cannot hold."""
    return json.dumps(
        "".join(letter for letter in text if not "\ud800" <= letter <= "\udfff"), ensure_ascii=False
    ).replace("\x7f", "\\u007f")


def open_places(text: str) -> Iterable[str]:
    """The lines of a draft on which somebody still has to decide."""
    return [line for line in text.splitlines() if OPEN in line and not line.startswith("#")]
