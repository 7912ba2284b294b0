"""Fields of rows side by side, and whether a file has the fields that a mapping names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from commandcenter.errors import BadInput
from commandcenter.text import Text
from commandcenter.toml_file import FULL_STOP, meant, nearest
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
            hint = meant(nearest(name, known), FULL_STOP)
            raise BadInput(
                Text(
                    f"{file_name}：没有映射 {mapping.name} 所说的字段“{name}”{hint.zh}",
                    f"{file_name}: there is no field '{name}', which the mapping {mapping.name} names{hint.en}",
                )
            )


def check_seen(file_name: str, mapping: Mapping, seen: Collection[str], thing: Text) -> None:
    """The same where each row (``thing``) brings fields of its own, judged when all are read.

    A field that none ever had is a typo in the mapping while one spelt nearly so exists; the key must exist.
    """
    if not seen:
        return
    unclaimed = set(seen) - set(mapping.fields)
    for name in named_by(mapping):
        near = nearest(name, unclaimed) if name not in seen else None
        if near is not None or (name not in seen and name in mapping.key):
            hint = meant(near, FULL_STOP)
            raise BadInput(
                Text(
                    f"{file_name}：没有任何{thing.zh}带有映射 {mapping.name} 所说的字段“{name}”{hint.zh}",
                    f"{file_name}: no {thing.en} has the field '{name}', which the mapping {mapping.name} names{hint.en}",
                )
            )
