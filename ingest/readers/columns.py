"""Fields of rows side by side, and whether a file has the fields that a mapping names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from commandcenter.errors import BadInput
from commandcenter.text import Text
from commandcenter.toml_file import nearest
from ingest.contract import Mapping

# Where rows have few fields each out of many names, a batch is mostly None: it ends early then.
MOST_CELLS = 4_000_000


def side_by_side(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """Every field that any row has, None where a row lacks it; the work follows the fields that are there."""
    columns: dict[str, list[Any]] = {}
    for at, row in enumerate(rows):
        for name, value in row.items():
            if name not in columns:
                columns[name] = [None] * len(rows)
            columns[name][at] = value
    return columns


def named_by(mapping: Mapping) -> list[str]:
    """The fields that the mapping names and a reader must find; ``@shape`` is made of the geometry, in no file."""
    return [name for name in mapping.fields if name != "@shape"]


def check_fields(file_name: str, mapping: Mapping, fields: Iterable[str]) -> None:
    """Refuse a mapping that names a field the file lacks, with the nearest that it has."""
    known = list(fields)
    for name in named_by(mapping):
        if name not in known:
            near = nearest(name, known)
            hint = Text(f"，是否指“{near}”？", f"; is '{near}' meant?") if near else Text("", "")
            raise BadInput(
                Text(
                    f"{file_name}：没有映射 {mapping.name} 所说的字段“{name}”{hint.zh or '。'}",
                    f"{file_name}: there is no field '{name}', which the mapping {mapping.name} names{hint.en or '.'}",
                )
            )
