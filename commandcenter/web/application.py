"""The web process put together: FastAPI, Dash on it, our routes before Dash's catch-all, the front door around all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import dash
from fastapi import FastAPI

from commandcenter.city import load_city
from commandcenter.config import Settings
from commandcenter.db.connect import application_dsn
from commandcenter.db.run import Reader
from commandcenter.errors import BadInput
from commandcenter.security.builtin import WEB
from commandcenter.text import Text
from commandcenter.web.account_page import account_routes
from commandcenter.web.admin import admin_routes
from commandcenter.web.audit_page import audit_routes
from commandcenter.web.break_glass_page import break_glass_routes
from commandcenter.web.dash_door import DashDoor, callback_failed
from commandcenter.web.data_routes import data_routes
from commandcenter.web.demo_entry import demo_routes
from commandcenter.web.door import Doorkeeper
from commandcenter.web.front import FrontDoor
from commandcenter.web.headers import Guarded, page_policy
from commandcenter.web.leaks_page import leaks_routes
from commandcenter.web.limits import Limits
from commandcenter.web.oidc import oidc_routes
from commandcenter.web.people_page import people_routes
from commandcenter.web.routes import health_routes, install_problem_bodies, map_routes
from commandcenter.web.sign_in import sign_in_routes
from commandcenter.web.state import State
from commandcenter.web.tile_cache import TileCache
from commandcenter.web.tile_door import TileDoor
from commandcenter.web.token_page import kiosk_routes, token_routes
from commandcenter.web.versions import Versions
from layers.base import Layer

ASSETS = Path(__file__).parents[2] / "assets"
# Workers and modules are served but never loaded as page scripts.
NOT_PAGE_SCRIPTS = r".*(worker|\.mjs|csp).*|.*\.map"


class Page(Protocol):
    """What a page module exports as PAGE."""

    @property
    def path(self) -> str:
        """Where it is served."""

    @property
    def title(self) -> Text:
        """What it is called."""

    def layout(self, state: State, **query: Any) -> Any:
        """The page's first layout."""

    def register(self, app: dash.Dash, state: State) -> None:
        """Its callbacks."""


def build_application(
    settings: Settings, pages: Sequence[Page], layers: dict[str, Layer], doorkeeper: Callable[[Settings, Reader, Limits], Doorkeeper] = Doorkeeper
) -> FrontDoor:
    """One ASGI application. Nothing is opened before its lifespan starts.

    ``doorkeeper`` makes who tells visitors apart; only the leak matrix brings one of its own, for an application that no address leads to.
    """
    dsn = application_dsn(settings)
    reader = Reader(dsn, settings.pool_size)
    versions = Versions(reader, dsn, WEB)
    state = State(settings, layers, reader, versions, TileCache(settings.tile_cache_mb * 2**20))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await reader.open()
        versions.start()
        try:
            yield
        finally:
            await versions.stop()
            await reader.close()

    server = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    install_problem_bodies(server)
    door = doorkeeper(settings, reader, state.limits)
    server.include_router(health_routes(state))
    server.include_router(map_routes(state))
    server.include_router(sign_in_routes(state, door))
    server.include_router(demo_routes(state, door))
    server.include_router(account_routes(state, door))
    server.include_router(oidc_routes(state, door))
    server.include_router(admin_routes(state, door))
    server.include_router(audit_routes(state))
    server.include_router(leaks_routes(state))
    server.include_router(people_routes(state))
    server.include_router(break_glass_routes(state, door))
    server.include_router(token_routes(state, door))
    server.include_router(kiosk_routes(state, door))
    server.include_router(data_routes(state))
    dash_app = _dash_on(server, pages, state)
    server.state.dash = dash_app
    server.state.state = state
    guarded = Guarded(page_policy(dash_app.csp_hashes(), _rasters(settings)), tls=settings.tls_cert is not None)

    def known_callbacks() -> dict[str, Any]:
        dash_app._setup_server()  # a page left open asks before anybody has opened one since the start
        return dash_app.callback_map

    callbacks = DashDoor(server, known_callbacks)
    return FrontDoor(server, callbacks, TileDoor(layers, reader, versions, state.cache, door), door, guarded, [page.path for page in pages])


def _rasters(settings: Settings) -> list[str]:
    """Addresses of the raster layers that the city's own file names."""
    try:
        return [raster.url for raster in load_city(settings.city).raster]
    except BadInput:  # a city without a file of its own
        return []


def _dash_on(server: FastAPI, pages: Sequence[Page], state: State) -> dash.Dash:
    app = dash.Dash(
        "commandcenter",
        server=server,  # type: ignore[arg-type]  # Dash serves FastAPI, its annotation knows only Flask
        assets_folder=str(ASSETS),
        assets_ignore=NOT_PAGE_SCRIPTS,
        use_pages=False,
        pages_folder="",
        serve_locally=True,
        title="城市指挥中心 · City command center",
        update_title="",
        suppress_callback_exceptions=True,
        websocket_inactivity_timeout=0,
        on_error=callback_failed,
    )
    for page in pages:
        page.register(app, state)
    return app
