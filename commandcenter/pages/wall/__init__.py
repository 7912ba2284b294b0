"""The wall (``/``): the city's map with its layers, numbers, side list and cards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dash
from dash.development.base_component import Component

from commandcenter.pages.root import show
from commandcenter.pages.wall.answers import register
from commandcenter.pages.wall.layout import wall_layout
from commandcenter.text import Language, Text
from commandcenter.web.state import State

TITLE = Text("城市指挥中心", "City command center")


@dataclass(frozen=True)
class WallPage:
    """The page as the composition root takes it."""

    path: str = "/"
    title: Text = TITLE
    libraries: frozenset[str] = frozenset()

    def layout(self, state: State, language: Language = "zh", **query: Any) -> Component:
        """The first layout: frame and empty places; the map, the layers and the numbers arrive by themselves."""
        return wall_layout(language, open_demo=state.open_demo)

    def register(self, app: dash.Dash, state: State) -> None:
        """The wall's callbacks, and the wall at its address."""
        register(app, state)
        show(app, state, self)


PAGE = WallPage()
