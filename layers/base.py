"""What a layer is: one frozen value that says which rows are drawn, how, and what their card shows.

A layer module holds a docstring (what the operator sees, source table, refresh, CRS) and one ``LAYER``. Everything
that shows a layer - tile, viewport query, style, legend, filter sentence, card, search, honesty line - is derived
from that value. All zooms are tile zooms (512-px tiles: Leaflet's zoom minus 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from commandcenter.text import Text

Format = Literal["text", "integer", "decimal", "metres", "square_metres", "degrees", "date", "moment", "code", "list", "flag"]
StyleLayer = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """One line of a card: a column (or SQL expression), its title, unit, format and, for codes, the words for its values."""

    name: str
    title: Text
    format: Format = "text"
    unit: Text | None = None
    words: Mapping[str, Text] = field(default_factory=dict)
    expression: str | None = None  # SQL where it is not simply the column
    expression_en: str | None = None  # SQL of the English words, where the data brings both

    @property
    def sql(self) -> str:
        """The expression this field reads."""
        return self.expression or f't."{self.name}"'


def by_kind(icons: Mapping[str, str], otherwise: str) -> list[object]:
    """A style expression: the icon of a thing's kind, and of any other kind."""
    return ["match", ["get", "kind"], *(part for pair in icons.items() for part in pair), otherwise]


@dataclass(frozen=True)
class LegendClass:
    """One class of a legend: the value it stands for, its words, its colour token and its shape."""

    key: str
    text: Text
    colour: str
    shape: str = "square"


@dataclass(frozen=True)
class Legend:
    """One scale of a layer; ``note`` says which scale it is where several red-yellow-green ones exist."""

    title: Text
    classes: tuple[LegendClass, ...]
    variant: str | None = None
    note: Text | None = None


@dataclass(frozen=True)
class Choice:
    """One value of a filter with its words."""

    value: str
    text: Text


@dataclass(frozen=True)
class Filter:
    """A filter is an SQL clause *and* the sentence that stands above the map; ``clause`` reads ``%(value)s`` as text[]."""

    name: str
    title: Text
    clause: str
    sentence: Text  # holds {choices}
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Sublayer:
    """One named layer inside a tile: which geometry column, which properties, from which zoom to which."""

    name: str
    geometry: str
    properties: Mapping[str, str] = field(default_factory=dict)  # property name -> SQL over t
    min_zoom: int = 0
    max_zoom: int = 24
    where: str = "true"  # may read %(zoom)s
    table: str | None = None
    buffer: int = 64
    shape: str | None = None  # SQL of what is drawn where that is not the column itself: one label point per polygon
    order_by: str | None = None
    # The column's polygons are simple and clockwise: rows wholly inside the tile are moved into it by arithmetic alone, and only
    # those on its edge are clipped by ST_AsMVTGeom, which rebuilds every polygon it sees (2.5 times the time of a whole tile).
    clockwise: bool = False


@dataclass(frozen=True)
class Link:
    """A way from a card to its neighbours: rows of another layer found by an SQL condition over t (this row) and o (the other)."""

    layer: str
    text: Text  # holds {count}
    condition: str


@dataclass(frozen=True)
class Way:
    """A way from a card to a page of ours about the same row, for who holds a permission."""

    text: Text
    address: str  # holds {id}
    permission: str


@dataclass(frozen=True)
class Card:
    """What a click shows: title and subtitle as SQL over t, the fields, the links to neighbours, the ways to other pages."""

    title: str
    title_en: str
    subtitle: Text
    fields: tuple[Field, ...]
    links: tuple[Link, ...] = ()
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True)
class Variant:
    """One way of colouring the same polygons."""

    id: str
    title: Text


@dataclass(frozen=True, eq=False)
class Layer:
    """Everything about one layer of the map. ``ground`` layers are the public map of the city: any actor, never nobody.

    A layer is itself only (compared and hashed by identity), so that what follows from it can be kept.
    """

    id: str
    title: Text
    group: str
    table: str
    min_zoom: int
    max_zoom: int
    sublayers: tuple[Sublayer, ...]
    style: tuple[StyleLayer, ...]
    legends: tuple[Legend, ...]
    card: Card | None = None
    filters: tuple[Filter, ...] = ()
    variants: tuple[Variant, ...] = ()
    live: bool = False
    ground: bool = False
    thinned: bool = False
    opacity: float = 1.0
    stacking: int = 50  # style order: lower is below
    clickable: bool = True
    always: str = "true"  # SQL over t that every reading of the layer carries
    point: str = "t.geom_3857"  # SQL for the place a card flies to, EPSG:3857

    def filter_named(self, name: str) -> Filter | None:
        """The filter of that name, or None."""
        return next((f for f in self.filters if f.name == name), None)
