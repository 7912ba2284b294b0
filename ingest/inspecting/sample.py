"""A bounded part of one table or layer, side by side: what all questions about a file are asked of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandcenter.text import Text
from ingest.inspecting.encodings import EncodingProof

FIRST_ROWS = 2_000
SPREAD_PARTS = 8
SPREAD_ROWS = 150


def no_geometry(count: int = 0) -> NDArray[np.object_]:
    """A column of rows without geometries."""
    return np.empty(count, dtype=object)


@dataclass
class Declared:
    """A reference system that the file names: its code (``EPSG:n``; None where the name has none), and where it says so."""

    code: str | None
    name: str
    by: Text
    by_format: bool = False  # the format's own rule rather than the file's word


@dataclass
class Sample:
    """Some rows of one layer, sheet or table.

    ``columns`` holds each field's values (text as read; numbers and dates where the format has types), ``geometry`` shapely
    shapes in the file's own coordinates. ``rows`` is how many rows the layer has, None where counting means reading it all.
    """

    layer: str
    columns: dict[str, list[Any]]
    geometry: NDArray[np.object_]
    rows: int | None
    whole: bool
    reader: str
    has_places: bool = False  # rows come with geometries of their own
    declared: Declared | None = None
    encoding: EncodingProof | None = None
    delimiter: str | None = None
    header_row: int | None = None
    fill_down: tuple[str, ...] = ()
    read_layer: str | None = None
    records: str | None = None
    typed: dict[str, str] = field(default_factory=dict)
    unreadable: int = 0
    own_ids: bool = False  # every feature has an id beside its fields
    notes: list[Text] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many rows the sample has."""
        return max(len(self.geometry), max(map(len, self.columns.values()), default=0))

    def extent_sentence(self) -> Text:
        """How much was looked at."""
        of_zh = f"，共 {self.rows:,} 行" if self.rows is not None else "，总行数未数"
        of_en = f" of {self.rows:,}" if self.rows is not None else "; how many there are was not counted"
        if self.whole:
            return Text(
                f"图层/表“{self.layer}”：{self.size:,} 行，全部看过。",
                f"Layer or table '{self.layer}': {self.size:,} rows, all looked at.",
            )
        return Text(
            f"图层/表“{self.layer}”：抽样 {self.size:,} 行（开头与全文各处）{of_zh}。",
            f"Layer or table '{self.layer}': a sample of {self.size:,} rows, from the beginning and spread over the file{of_en}.",
        )
