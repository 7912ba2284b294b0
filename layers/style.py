"""The map's style and the catalogue of its layers, derived from the layer values: nothing is drawn that no layer says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from commandcenter.text import Language, Text
from layers.base import Layer
from layers.tokens import colours

HIGHEST_TILE_ZOOM = 18  # above, MapLibre draws this zoom's tile larger
GROUPS = (
    ("cases", Text("事项", "Cases")),
    ("governance", Text("网格与辖区", "Grids and areas")),
    ("sky_eye", Text("社会天眼", "Sky eye")),
    ("services", Text("便民服务", "Services")),
    ("urban", Text("城市部件", "City components")),
    ("ground", Text("底图", "Base map")),
)
HOUSEHOLDS_SUFFIX = Text(" 户", " households")


def map_style(layers: Mapping[str, Layer], versions: Mapping[str, int], language: Language, theme: str, place: str = "") -> dict[str, Any]:
    """A MapLibre style without glyphs (text is drawn from the machine's own fonts); source id = layer id.

    ``place`` tells jurisdictions apart in the tiles' addresses: whose place changes asks for other tiles, whatever the browser kept.
    """
    words = _words(language, colours(theme))
    sources = {
        layer.id: {
            "type": "vector",
            "tiles": [f"/tiles/{layer.id}/{{z}}/{{x}}/{{y}}.mvt?v={versions.get(layer.table, 0)}{f'&place={place}' if place else ''}"],
            "minzoom": layer.min_zoom,
            "maxzoom": HIGHEST_TILE_ZOOM,
        }
        for layer in layers.values()
        if not layer.live
    }
    drawn: list[dict[str, Any]] = [{"id": "ground", "type": "background", "paint": {"background-color": words["$ground"]}}]
    areas: list[dict[str, Any]] = []
    symbols: list[dict[str, Any]] = []
    for layer in layers.values():
        if layer.live:
            continue
        for part in layer.style:
            made = _resolve(dict(part), words)
            made["metadata"] = {"layer": layer.id, **made.get("metadata", {})}
            made |= {"id": f"{layer.id}:{part['id']}", "source": layer.id}
            # Text and symbols stand above every area and line, whichever layer they belong to.
            if made["type"] in {"symbol", "circle"}:
                symbols.append(made)
            elif made["type"] == "fill" and layer.group == "governance":
                areas.append(made)
            else:
                drawn.append(made)
    # The colours of grids lie on the land like paint: water, streets and buildings stay readable above them.
    shore = next((rank for rank, part in enumerate(drawn) if part.get("metadata", {}).get("above_areas")), len(drawn))
    return {"version": 8, "name": "command-center", "sources": sources, "layers": drawn[:shore] + areas + drawn[shore:] + symbols}


def _words(language: Language, palette: Mapping[str, str]) -> dict[str, Any]:
    def named(field: str) -> list[Any]:
        return ["coalesce", ["get", f"{field}_en"], ["get", field]] if language == "en" else ["get", field]

    words: dict[str, Any] = {f"${name}": value for name, value in palette.items()}
    return words | {
        "$name": ["coalesce", named("name"), ""],
        "$class_name": ["coalesce", named("class_name"), ""],
        "$households_suffix": HOUSEHOLDS_SUFFIX.to(language),
    }


def _resolve(value: Any, words: Mapping[str, Any]) -> Any:
    if isinstance(value, str) and value.startswith("$"):
        if value not in words:
            raise KeyError(f"style names the token {value}, which the token file does not have")
        return words[value]
    if isinstance(value, Mapping):
        return {key: _resolve(inner, words) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_resolve(inner, words) for inner in value]
    return value


def catalogue(layers: Mapping[str, Layer], language: Language, theme: str) -> dict[str, Any]:
    """Groups and layers as the panel needs them: titles, legends with their colours, filters with their words, variants."""
    palette = colours(theme)
    return {
        "groups": [
            {"id": key, "title": title.to(language), "layers": [layer.id for layer in reversed(list(layers.values())) if layer.group == key]}
            for key, title in GROUPS
        ],
        "layers": {layer.id: _entry(layer, language, palette) for layer in layers.values()},
    }


def _entry(layer: Layer, language: Language, palette: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": layer.id,
        "title": layer.title.to(language),
        "group": layer.group,
        "kind": "live" if layer.live else "tile",
        "min_zoom": layer.min_zoom,
        "max_zoom": layer.max_zoom,
        "clickable": layer.clickable and layer.card is not None,
        "opacity": layer.opacity,
        "variants": [{"id": v.id, "title": v.title.to(language)} for v in layer.variants],
        "legends": [
            {
                "title": legend.title.to(language),
                "variant": legend.variant,
                "note": legend.note.to(language) if legend.note else None,
                "classes": [
                    {"key": c.key, "text": c.text.to(language), "token": c.colour, "colour": palette[c.colour], "shape": c.shape}
                    for c in legend.classes
                ],
            }
            for legend in layer.legends
        ],
        "filters": [
            {
                "name": f.name,
                "title": f.title.to(language),
                "sentence": f.sentence.to(language),
                "options": [{"value": c.value, "text": c.text.to(language)} for c in f.choices],
                "multiple": True,
            }
            for f in layer.filters
        ],
    }
