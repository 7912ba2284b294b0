"""What a layer must admit: its source, how old it is, how many of how many are drawn here, and whether it is late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from commandcenter.actor import Actor
from commandcenter.db.request import SqlRequest
from commandcenter.db.run import Reader
from commandcenter.errors import CommandCenterError
from commandcenter.text import Language
from layers.base import Layer
from layers.tiles import Filters, box_ewkb, filter_clauses, mercator_box


@dataclass(frozen=True)
class Honesty:
    """One layer's line. ``drawn`` and ``total`` are None where the layer draws nothing at this zoom."""

    source: str
    as_of: datetime | None
    age_s: float | None
    late: bool
    synthetic: bool
    estimated: bool
    drawn: int | None
    total: int | None
    from_zoom: int
    error: str | None = None


async def honest_lines(
    reader: Reader, actor: Actor, layers: Mapping[str, Layer], bbox: tuple[float, float, float, float], zoom: int,
    filters: Mapping[str, Filters], language: Language,
) -> dict[str, Honesty]:  # fmt: skip
    """The honesty line of each layer for one view. A layer that fails answers with its sentence, the others still answer."""
    lines: dict[str, Honesty] = {}
    for layer in layers.values():
        try:
            lines[layer.id] = await _line(reader, actor, layer, bbox, zoom, filters.get(layer.id, {}), language)
        except CommandCenterError as fault:
            lines[layer.id] = Honesty("", None, None, False, False, False, None, None, layer.min_zoom, fault.sentence.to(language))
    return lines


# Sources whose rows the wall shows: of grids only those of the published plan.
SHOWN = (
    "row_count > 0 and (target <> 'grid' or exists (select from grid g join grid_plan p on p.id = g.plan_id and p.status = 'published'"
    " where g.source = source.name))"
)


async def _line(
    reader: Reader, actor: Actor, layer: Layer, bbox: tuple[float, float, float, float], zoom: int, filters: Filters, language: Language
) -> Honesty:
    source = await reader.row(
        actor,
        SqlRequest(
            "select string_agg(title, '、' order by name) as title, string_agg(title_en, ', ' order by name) as title_en,"
            " min(data_as_of) as as_of, bool_or(synthetic) as synthetic, bool_or(estimated) as estimated,"
            " bool_or(cadence_s is not null and data_as_of < now() - make_interval(secs => cadence_s)) as late"
            f" from source where target = %(target)s and {SHOWN}",
            {"target": layer.table},
            f"honesty {layer.id}",
        ),
    )
    drawn = total = None
    if zoom >= layer.min_zoom and layer.id not in {"base", "areas"}:
        counted = await reader.row(actor, count_request(layer, bbox, zoom, filters))
        drawn, total = (counted["drawn"], counted["total"]) if counted else (None, None)
    known = source is not None and source["title"] is not None
    as_of = source["as_of"] if source and known else None
    return Honesty(
        source=(source["title_en"] if language == "en" else source["title"]) if source and known else "",
        as_of=as_of,
        age_s=(datetime.now(UTC) - as_of).total_seconds() if as_of else None,
        late=bool(source and source["late"]),
        synthetic=bool(source and source["synthetic"]),
        estimated=bool(source and source["estimated"]),
        drawn=drawn,
        total=total,
        from_zoom=layer.min_zoom,
    )


def count_request(layer: Layer, bbox: tuple[float, float, float, float], zoom: int, filters: Filters) -> SqlRequest:
    """How many rows lie in the view, and how many of them this zoom draws."""
    params: dict[str, object] = {"wide_box": box_ewkb(mercator_box(bbox)), "zoom": zoom}
    clauses = filter_clauses(layer, filters, params)
    drawn = "t.min_zoom <= %(zoom)s" if layer.thinned or layer.table == "building" else "true"
    return SqlRequest(
        f"select count(*) as total, count(*) filter (where {drawn}) as drawn from {layer.table} t"
        f" where t.geom_3857 && %(wide_box)s::geometry and ({layer.always}){clauses}",
        params,
        f"count {layer.id}",
    )
