"""What stands around every page: one Mantine provider in the theme of the tokens, and the language the browser asked for."""

from __future__ import annotations

import dash
import dash_mantine_components as dmc
from dash.development.base_component import Component

from commandcenter.text import Language
from commandcenter.web.theme import mantine_theme
from layers.tokens import Theme

LANGUAGE_COOKIE, THEME_COOKIE = "cc_language", "cc_theme"


def root(page: Component, theme: Theme) -> Component:
    """A page inside the provider that the theme switch talks to."""
    return dmc.MantineProvider(page, id="cc-mantine", theme=mantine_theme(), forceColorScheme=theme)


def asked_language(app: dash.Dash, otherwise: Language) -> Language:
    """The language of this request: ``assets/40-base.js`` writes the cookie before the layout is fetched."""
    wish = _cookie(app, LANGUAGE_COOKIE)
    return "en" if wish == "en" else "zh" if wish == "zh" else otherwise


def asked_theme(app: dash.Dash) -> Theme:
    """The theme of this request; dark unless the browser says light."""
    return "light" if _cookie(app, THEME_COOKIE) == "light" else "dark"


def _cookie(app: dash.Dash, name: str) -> str | None:
    try:
        value = app.backend.request_adapter().cookies.get(name)
    except (RuntimeError, LookupError):  # Dash validates the layout once at start, where no request is
        return None
    return None if value is None else str(value)
