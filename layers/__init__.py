"""The layers of the map, discovered: every module here with a ``LAYER`` is one. The next layer is one file."""

from __future__ import annotations

import importlib
import pkgutil

from layers.base import Layer


class LayerFault(Exception):
    """A layer file is wrong; the message names the file."""


def discover() -> dict[str, Layer]:
    """All layers by id, lowest stacking first. Raises LayerFault for duplicate ids and classes without words."""
    found: dict[str, Layer] = {}
    for module_info in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        layer = getattr(importlib.import_module(f"{__name__}.{module_info.name}"), "LAYER", None)
        if not isinstance(layer, Layer):
            continue
        _check(layer, f"layers/{module_info.name}.py", found)
        found[layer.id] = layer
    return dict(sorted(found.items(), key=lambda item: item[1].stacking))


def _check(layer: Layer, file: str, found: dict[str, Layer]) -> None:
    if layer.id in found:
        raise LayerFault(f"{file}: the layer id '{layer.id}' is taken already")
    for legend in layer.legends:
        for entry in legend.classes:
            if not entry.text.zh.strip() or not entry.text.en.strip():
                raise LayerFault(f"{file}: legend class '{entry.key}' has no words in both languages")
    names = [chosen.name for chosen in layer.filters]
    if len(names) != len(set(names)):
        raise LayerFault(f"{file}: two filters share a name")
    for sub in layer.sublayers:
        if {"id", "cluster", "popup", "tooltip"} & set(sub.properties):
            raise LayerFault(f"{file}: sublayer '{sub.name}' uses a reserved property name (id, cluster, popup, tooltip)")
