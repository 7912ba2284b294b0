"""The data desk (``/data``): every source's state, delivering a file, what a run did, and the rows it refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dash
from dash.development.base_component import Component

from commandcenter.pages.data.answers import register
from commandcenter.pages.data.layout import desk_layout
from commandcenter.pages.root import show
from commandcenter.text import Language, Text
from commandcenter.web.state import State

TITLE = Text("数据台", "Data desk")


@dataclass(frozen=True)
class DataPage:
    """The page as the composition root takes it."""

    path: str = "/data"
    title: Text = TITLE
    libraries: frozenset[str] = frozenset({"dash_ag_grid"})

    def layout(self, state: State, language: Language = "zh", **query: Any) -> Component:
        """The first layout: the bar and an empty place; what the address names arrives by itself."""
        return desk_layout(language, open_demo=state.open_demo)

    def register(self, app: dash.Dash, state: State) -> None:
        """The desk's callbacks, and the desk at its address."""
        register(app, state)
        show(app, state, self)


PAGE = DataPage()
