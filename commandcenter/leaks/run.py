"""One run of the leak matrix over a city as it is: read-only, bounded in time, judged by one who sees everything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app import build_app
from commandcenter.config import Settings
from commandcenter.db.connect import application_dsn
from commandcenter.errors import CommandCenterError
from commandcenter.leaks import store
from commandcenter.leaks.browser import living
from commandcenter.leaks.doors import ROUTES, callbacks_of, without_row
from commandcenter.leaks.ground import Ground
from commandcenter.leaks.shadow import Oracle
from commandcenter.leaks.store import Place, Sample
from commandcenter.leaks.tries import everything
from commandcenter.leaks.verdict import Verdict
from commandcenter.leaks.visitors import CITY, PER_LEVEL, Guest, RunDoorkeeper, guests, held_by, sample_places
from commandcenter.pages import PAGES
from commandcenter.text import Text
from commandcenter.web.front import FrontDoor
from layers.base import Layer

SECONDS = 180.0
AT_ONCE = 4
POOL = 3


class DoorWithoutRow(CommandCenterError):
    """The running application has a door that nobody said who may pass."""


@dataclass
class Run:
    """What one run found. ``untried`` are those for whom the time was over."""

    city: str
    roles: list[dict[str, Any]]
    places: list[Place]
    everybody: list[Guest]
    past_policies: bool
    seconds: float = 0.0
    verdicts: list[Verdict] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)


def run_matrix(settings: Settings, admin_dsn: str, *, seconds: float = SECONDS, roles: Sequence[str] = (), per_level: int = PER_LEVEL) -> Run:
    """Try every door as every role (``roles``: only these) in the whole city and ``per_level`` places of each level.

    Raises DoorWithoutRow before anything is tried.
    """
    began = time.monotonic()
    # As if behind a proxy: what a demonstration opens to everybody on this machine is not what is tried.
    quiet = _with_option(replace(settings, trusted_proxies=("127.0.0.1",), pool_size=POOL), "-c default_transaction_read_only=on")
    with store.oracle_connection(admin_dsn) as connection:
        known, kinds = store.tables(connection), store.kinds_of(connection)
        seeded = [role for role in store.roles(connection) if not roles or role["code"] in roles]
        places = sample_places(store.counted(connection, known), store.standing_places(connection), per_level)
        everybody = guests(admin_dsn, seeded, places, kinds)
        held = held_by(everybody)
        app = build_app(quiet, partial(RunDoorkeeper, held=held))
        strangers = list(without_row(app, {page.path for page in PAGES}))
        if strangers:
            named = ", ".join(strangers)
            raise DoorWithoutRow(Text(f"这些入口没有写明谁可以通过：{named}。", f"Nobody said who may pass these doors: {named}."))
        layers: dict[str, Layer] = app.server.state.state.layers
        samples = {guest.place: _samples(connection, known, kinds, layers, guest.place) for guest in everybody if guest.looks}
        words = {
            (layer, ref): said
            for layer in layers
            for ref, said in store.searched_words(connection, layer, [s.ref for rows in samples.values() for s in rows.get(layer, [])]).items()
        }
        registered = known.get("household")
        homes = {} if registered is None else {place: store.two_buildings(connection, registered, place, kinds) for place in samples}
        gone, passes = store.gone_tables(connection), store.passes_policies(connection)
    run = Run(settings.city, seeded, places, everybody, passes)
    oracle = Oracle(admin_dsn, known, gone, kinds, passes)
    traced = partial(build_app, replace(quiet, app_dsn=application_dsn(settings)), partial(RunDoorkeeper, held=held))
    asyncio.run(_all_tries(run, app, traced, oracle, (samples, words, homes), began + seconds))
    run.seconds = time.monotonic() - began
    return run


def _with_option(settings: Settings, option: str) -> Settings:
    dsn = application_dsn(settings)
    return settings.with_dsn(make_conninfo(dsn, options=f"{conninfo_to_dict(dsn).get('options') or ''} {option}".strip()))


def _samples(connection: Any, known: Any, kinds: Any, layers: dict[str, Layer], place: Place) -> dict[str, list[Sample]]:
    """By layer, the rows on both sides of a place's border; of what is everybody's, one at the border."""
    found: dict[str, list[Sample]] = {}
    for layer in layers.values():
        table = known.get(layer.table)
        if place.centre and layer.table != "cases":
            continue
        if table is not None:
            found[layer.id] = store.samples(connection, table, place, kinds, layer.always)
        elif (one := store.ground_sample(connection, layer.table, place)) is not None:
            found[layer.id] = [one]
    return found


async def _all_tries(run: Run, app: FrontDoor, traced: Callable[[], FrontDoor], oracle: Oracle, rows: tuple[Any, Any, Any], deadline: float) -> None:
    async with AsyncExitStack() as lives:
        state = await lives.enter_async_context(_living(app))
        writing = None
        if any(door.traced for door in ROUTES.values()):
            writing = traced()  # not before the first has started: Dash finishes whichever application was made last
            await lives.enter_async_context(_living(writing))
        await oracle.open()
        try:
            city = await state.city()
            bbox = ",".join(f"{side:.6f}" for side in city.bounds)
            ground = Ground(app, writing or app, oracle, state.layers, city.zone, bbox, *rows, callbacks_of(app))
            first = next((guest for guest in run.everybody if guest.deep and guest.place == CITY), None)
            if first is not None:  # the widest view fills the cache before anybody narrower asks
                await _one(run, ground, first, deadline)
            turns = asyncio.Semaphore(AT_ONCE)

            async def in_turn(guest: Guest) -> None:
                async with turns:
                    await _one(run, ground, guest, deadline)

            await asyncio.gather(*(in_turn(guest) for guest in run.everybody if guest is not first))
        finally:
            await oracle.close()


async def _one(run: Run, ground: Ground, guest: Guest, deadline: float) -> None:
    async for verdict in everything(ground, guest):
        run.verdicts.append(verdict)
        if time.monotonic() > deadline:
            run.untried.append(guest.key)
            return


@asynccontextmanager
async def _living(app: FrontDoor) -> AsyncIterator[Any]:
    """The application while its lifespan lasts, from when it knows its layers' versions."""
    async with living(app):
        state = app.server.state.state
        await state.versions.refresh()
        yield state
