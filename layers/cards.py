"""What a click shows: one row's card, as data, with its place in the city and its ways to its neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from commandcenter.actor import Actor
from commandcenter.db.request import SqlRequest
from commandcenter.db.run import Reader
from commandcenter.errors import NotFound
from commandcenter.text import Language, Text
from layers.base import Field, Layer, Link

LOCALES: dict[Language, str] = {"zh": "zh_CN", "en": "en_GB"}
MOST_COUNTED = 1000  # a link counts its rows up to here, then says so
PLACED = frozenset(
    {"compound", "building", "household_count", "address", "camera", "cases", "service_point", "component", "key_site"}
)
PLACE_TITLE = Text("所在", "Where")


@dataclass(frozen=True)
class CardRow:
    """One line: label and value as shown, and what clicking the value would open."""

    label: str
    value: str
    opens: tuple[str, str] | None = None  # layer and code


@dataclass(frozen=True)
class CardLink:
    """A neighbouring set: how many, and the first of them to fly to."""

    text: str
    layer: str
    ref_id: int | None
    lon: float | None
    lat: float | None


@dataclass(frozen=True)
class CardWay:
    """A page of ours about the same thing."""

    text: str
    address: str


@dataclass(frozen=True)
class CardView:
    """Everything a card shows. Coordinates are EPSG:4326."""

    layer: str
    ref_id: int
    title: str
    subtitle: str
    rows: tuple[CardRow, ...]
    links: tuple[CardLink, ...]
    lon: float
    lat: float
    source: str
    synthetic: bool
    ways: tuple[CardWay, ...] = ()


async def read_card(
    reader: Reader, actor: Actor, layers: Mapping[str, Layer], layer_id: str, ref_id: int, language: Language, zone: ZoneInfo
) -> CardView:
    """The card of one row, if the actor may see it; raises NotFound otherwise (nothing tells which)."""
    layer = layers.get(layer_id)
    if layer is None or layer.card is None:
        raise NotFound(Text("没有这个图层。", "There is no such layer."))
    row = await reader.row(actor, card_request(layer, ref_id))
    if row is None:
        raise NotFound(
            Text("找不到这个对象，或不在您的辖区内。", "There is no such thing, or it lies outside your jurisdiction.")
        )
    links = [await _link(reader, actor, layers, layer, link, ref_id, language) for link in layer.card.links if link.layer in layers]
    return CardView(
        layer=layer.id,
        ref_id=ref_id,
        title=str(row["card_title_en"] if language == "en" else row["card_title"]),
        subtitle=layer.card.subtitle.to(language),
        rows=(*_field_rows(layer, row, language, zone), *_place_rows(row, language)),
        links=tuple(link for link in links if link is not None),
        lon=row["card_lon"],
        lat=row["card_lat"],
        source=str(row["source_title_en"] if language == "en" else row["source_title"]),
        synthetic=bool(row["source_synthetic"]),
        ways=tuple(CardWay(way.text.to(language), way.address.format(id=ref_id)) for way in layer.card.ways if actor.may(way.permission)),
    )


def card_request(layer: Layer, ref_id: int) -> SqlRequest:
    """The question behind a card: its fields, its place names, its source."""
    assert layer.card is not None
    fields = "".join(f', {field.sql} as "f_{field.name}"' for field in layer.card.fields)
    fields += "".join(f', {field.expression_en} as "en_{field.name}"' for field in layer.card.fields if field.expression_en)
    place = ""
    if layer.table in PLACED or layer.table in {"grid", "unit_cell"}:
        own_grid = "null::text" if layer.table in {"grid", "unit_cell"} else "t.grid_code"
        own_cell = "null::text" if layer.table in {"grid", "unit_cell"} else "t.unit_cell_code"
        place = (
            f", {own_grid} as grid_code, {own_cell} as unit_cell_code"
            + "".join(
                f", (select g.{name} from grid g join grid_plan p on p.id = g.plan_id and p.status = 'published'"
                f" where g.code = {own_grid} limit 1) as grid_{name}"
                for name in ("name", "name_en")
            )
            + "".join(
                f", t.{level}_code as {level}_code, (select a.name from area a where a.code = t.{level}_code) as {level}_name"
                f", (select a.name_en from area a where a.code = t.{level}_code) as {level}_name_en"
                for level in ("community", "street", "district")
            )
        )
    return SqlRequest(
        f"select {layer.card.title} as card_title, {layer.card.title_en} as card_title_en{fields}{place},"
        f" ST_X(ST_Transform({layer.point}, 4326)) as card_lon, ST_Y(ST_Transform({layer.point}, 4326)) as card_lat,"
        " s.title as source_title, s.title_en as source_title_en, s.synthetic as source_synthetic"
        f" from {layer.table} t join source s on s.name = t.source where t.id = %(ref)s",
        {"ref": ref_id},
        f"card {layer.id}",
    )


def _field_rows(layer: Layer, row: Mapping[str, Any], language: Language, zone: ZoneInfo) -> list[CardRow]:
    assert layer.card is not None
    shown = []
    for field in layer.card.fields:
        value = row[f"en_{field.name}" if language == "en" and field.expression_en else f"f_{field.name}"]
        if value is not None and value not in ("", []):
            shown.append(CardRow(field.title.to(language), show(field, value, language, zone)))
    return shown


def _place_rows(row: Mapping[str, Any], language: Language) -> list[CardRow]:
    titles = {
        "grid": Text("网格", "Grid"),
        "community": Text("社区", "Community"),
        "street": Text("街道", "Street"),
        "district": Text("区", "District"),
    }
    shown = []
    for level, title in titles.items():
        code = row.get(f"{level}_code")
        if code:
            name = (row.get(f"{level}_name_en") if language == "en" else None) or row.get(f"{level}_name") or code
            shown.append(CardRow(title.to(language), f"{name}", ("grids" if level == "grid" else "areas", code)))
    if row.get("unit_cell_code"):
        shown.append(CardRow(Text("单元网格", "Unit cell").to(language), row["unit_cell_code"], ("unit_cells", row["unit_cell_code"])))
    return shown


async def _link(
    reader: Reader, actor: Actor, layers: Mapping[str, Layer], layer: Layer, link: Link, ref_id: int, language: Language
) -> CardLink | None:
    other = layers[link.layer]
    point = other.point.replace("t.", "o.")
    row = await reader.row(
        actor,
        SqlRequest(
            f"select count(*) as found, (array_agg(id))[1] as first_id, (array_agg(lon))[1] as lon, (array_agg(lat))[1] as lat from ("
            f"select o.id, ST_X(ST_Transform({point}, 4326)) as lon, ST_Y(ST_Transform({point}, 4326)) as lat"
            f" from {layer.table} t join {other.table} o on {link.condition}"
            f" where t.id = %(ref)s and ({other.always.replace('t.', 'o.')}) order by o.id limit {MOST_COUNTED + 1}) q",
            {"ref": ref_id},
            f"links {layer.id} {other.id}",
        ),
    )
    if row is None or not row["found"]:
        return None
    found = row["found"]
    count = f"{MOST_COUNTED}+" if found > MOST_COUNTED else str(found)
    return CardLink(link.text.with_values(count=count).to(language), other.id, row["first_id"], row["lon"], row["lat"])


async def ref_of_code(reader: Reader, actor: Actor, layer: Layer, code: str) -> int | None:
    """The row id behind a code, for cards that name their neighbours by code."""
    row = await reader.row(
        actor,
        SqlRequest(
            f"select t.id from {layer.table} t where t.code = %(code)s and ({layer.always}) limit 1", {"code": code}, f"code {layer.id}"
        ),
    )
    return None if row is None else int(row["id"])


def show(field: Field, value: Any, language: Language, zone: ZoneInfo) -> str:
    """A value as a person reads it: words for codes, units, thousands separated, moments in the city's time zone."""
    locale = LOCALES[language]
    if field.words:
        word = field.words.get(str(value))
        return word.to(language) if word is not None else str(value)
    if isinstance(value, datetime):
        return str(format_datetime(value.astimezone(zone), "yyyy-MM-dd HH:mm", locale=locale))
    if isinstance(value, date):
        return str(format_date(value, "yyyy-MM-dd", locale=locale))
    if isinstance(value, (list, tuple)):
        return ("、" if language == "zh" else ", ").join(str(part) for part in value)
    if field.format in {"integer", "decimal", "metres", "square_metres", "degrees"}:
        number = str(format_decimal(round(float(value), 1 if field.format in {"decimal", "metres", "degrees"} else 0), locale=locale))
        suffix = {"metres": Text(" 米", " m"), "square_metres": Text(" 平方米", " m²"), "degrees": Text("°", "°")}.get(field.format)
        unit = suffix or (Text(f" {field.unit.zh}", f" {field.unit.en}") if field.unit else Text("", ""))
        return number + unit.to(language)
    return str(value)
