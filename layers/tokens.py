"""Which colour and measure a meaning has: the one reader of ``tokens.toml``.

Names are flat (``case_overdue``, ``households_3``, ``road_trunk``); each colour has a value on the dark and on the
light ground. Layers write token names in their styles and legends; CSS sees ``case_overdue`` as ``--case-overdue``.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal

Theme = Literal["dark", "light"]
THEMES: tuple[Theme, ...] = ("dark", "light")
RAMP_CLASSES = 5
TOKEN_FILE = Path(__file__).with_name("tokens.toml")


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(TOKEN_FILE.read_text(encoding="utf-8"))


@cache
def colours(theme: Theme = "dark") -> dict[str, str]:
    """Every colour token of a theme as ``#RRGGBB`` (or ``#RRGGBBAA``)."""
    place = THEMES.index(theme)
    return {name: pair[place] for family in _tables()["colour"].values() for name, pair in family.items()}


def colour(token: str, theme: Theme = "dark") -> str:
    """The colour of one meaning; an unknown token is a KeyError that names it."""
    return colours(theme)[token]


def ramp(name: str, theme: Theme = "dark") -> tuple[str, ...]:
    """The five classes of a choropleth, low to high: ``ramp("households")``."""
    return tuple(colour(f"{name}_{step}", theme) for step in range(1, RAMP_CLASSES + 1))


@cache
def sizes() -> dict[str, int]:
    """Every measure of the screen, in CSS pixels."""
    return {name: int(value) for name, value in _tables()["size"].items()}


def css_name(token: str) -> str:
    """The CSS custom property that carries a token."""
    return "--" + token.replace("_", "-")
