"""What stands around every page: which page an address shows, one Mantine provider in the theme of the tokens, the language asked for.

Dash has one layout and one index for all addresses. ``show`` makes both depend on the address: a page's own layout, and only the
scripts of the component libraries that this page uses, so that the wall never waits for the desk's tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import dash
import dash_mantine_components as dmc
from dash.development.base_component import Component

from commandcenter.pages.banner import banners
from commandcenter.text import Language, Text
from commandcenter.web.plain_page import LANGUAGE_COOKIE, THEME_COOKIE
from commandcenter.web.state import State
from commandcenter.web.theme import mantine_theme
from layers.tokens import Theme

SCRIPT = re.compile(r'<script src="[^"]*/_dash-component-suites/(\w+)/[^"]*"></script>')


class Shown(Protocol):
    """A page that is shown at an address."""

    @property
    def path(self) -> str:
        """Where it is served."""

    @property
    def title(self) -> Text:
        """What it is called."""

    @property
    def libraries(self) -> frozenset[str]:
        """The component libraries that only pages naming them load."""

    def layout(self, state: State, language: Language = "zh", **query: Any) -> Component:
        """Its first layout."""


class Pages:
    """The application's layout and index, by the address that asks."""

    def __init__(self, app: dash.Dash, state: State) -> None:
        self._app, self._state = app, state
        self._pages: dict[str, Shown] = {}
        self._index, self._filled = app.index, app.interpolate_index

    def add(self, page: Shown) -> None:
        """One more address; the first page is what an address that says nothing shows."""
        self._pages[page.path] = page

    def __call__(self) -> Component:
        """The layout of the page whose browser asks: Dash asks below its own address, the page's stands in the referrer."""
        language = asked_language(self._app, self._state.settings.language)
        page = self._at(urlsplit(_header(self._app, "referer") or "").path)
        return root([*banners(language), page.layout(self._state, language)], asked_theme(self._app))

    def index(self, *_: Any, **__: Any) -> str:
        """A page's HTML. Dash sets itself up (stylesheets, scripts) when its root is first asked for; another address may come before."""
        self._app._setup_server()
        return str(self._index())

    def filled(self, **parts: str) -> str:
        """The page's HTML with its own title and without the scripts that belong to other pages."""
        page = self._at(_path(self._app))
        foreign = frozenset().union(*(other.libraries for other in self._pages.values())) - page.libraries
        parts["scripts"] = SCRIPT.sub(lambda found: "" if found[1] in foreign else found[0], parts["scripts"])
        parts["title"] = f"{page.title.zh} · {page.title.en}"
        return str(self._filled(**parts))

    def _at(self, path: str) -> Shown:
        return self._pages.get(path.rstrip("/") or "/") or next(iter(self._pages.values()))


def show(app: dash.Dash, state: State, page: Shown) -> None:
    """Let the application show this page at its address."""
    pages = app.layout
    if not isinstance(pages, Pages):
        pages = Pages(app, state)
        app.layout = pages
        # Dash's own way is a subclass, but the instance is made by the application, which knows no pages.
        app.index, app.interpolate_index = pages.index, pages.filled  # type: ignore[method-assign,assignment]  # see above
    pages.add(page)


def root(page: list[Component], theme: Theme) -> Component:
    """A page with its banners inside the provider that the theme switch talks to."""
    return dmc.MantineProvider(page, id="cc-mantine", theme=mantine_theme(), forceColorScheme=theme)


def asked_language(app: dash.Dash, otherwise: Language) -> Language:
    """The language of this request: ``assets/40-base.js`` writes the cookie before the layout is fetched."""
    wish = _cookie(app, LANGUAGE_COOKIE)
    return "en" if wish == "en" else "zh" if wish == "zh" else otherwise


def asked_theme(app: dash.Dash) -> Theme:
    """The theme of this request; dark unless the browser says light."""
    return "light" if _cookie(app, THEME_COOKIE) == "light" else "dark"


def _cookie(app: dash.Dash, name: str) -> str | None:
    return _of(app, "cookies", name)


def _header(app: dash.Dash, name: str) -> str | None:
    return _of(app, "headers", name)


def _of(app: dash.Dash, place: str, name: str) -> str | None:
    request = _request(app)
    held: Mapping[str, Any] = getattr(request, place) if request is not None else {}
    value = held.get(name)
    return None if value is None else str(value)


def _path(app: dash.Dash) -> str:
    request = _request(app)
    return "/" if request is None else str(request.path)


def _request(app: dash.Dash) -> Any:
    """The request being answered, or None: Dash also asks once at start, where no request is."""
    try:
        request = app.backend.request_adapter()
        return request if request.path else None
    except (RuntimeError, LookupError, AttributeError):
        return None
