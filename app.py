"""The composition root: settings, pages and layers become one ASGI application."""

from __future__ import annotations

from collections.abc import Callable

from commandcenter.config import Settings
from commandcenter.db.run import Reader
from commandcenter.pages import PAGES
from commandcenter.web.application import build_application
from commandcenter.web.door import Doorkeeper
from commandcenter.web.front import FrontDoor
from commandcenter.web.limits import Limits
from layers import discover


def build_app(settings: Settings | None = None, doorkeeper: Callable[[Settings, Reader, Limits], Doorkeeper] = Doorkeeper) -> FrontDoor:
    """The application for one city; ``settings`` default to the environment."""
    return build_application(settings or Settings.from_env(), PAGES, discover(), doorkeeper)
