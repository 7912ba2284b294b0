"""Which mapping a steward means: one that ships, or one of the city's own below its data folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.contract import Mapping
from ingest.mapping import load_mapping

NAME = re.compile(r"[\w-]{1,80}")


def own_mappings(data_dir: Path) -> Path:
    """The folder of a city's own mappings."""
    return data_dir / "mappings"


def steward_mapping(name: str, folders: Sequence[Path] = ()) -> Mapping:
    """The mapping of a name, the folders' own before those that ship. A name is no path. Raises BadInput for an unknown one."""
    if not NAME.fullmatch(name):
        shown = name[:80]
        raise BadInput(Text(f"“{shown}”不是映射的名称。", f"'{shown}' is not the name of a mapping."))
    own = next((path for folder in folders if (path := folder / f"{name}.toml").is_file()), None)
    return load_mapping(own or name)
