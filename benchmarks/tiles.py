"""Building tiles a second, uncached and cached, beside tipg and beside PostgreSQL alone: one web process, four connections."""

from __future__ import annotations

import numpy as np
import psycopg

from benchmarks import database, limit, servers, wrk
from benchmarks.addresses import Address, extent, shuffled, tiles_of_box
from benchmarks.report import Chapter, Line, at_least
from benchmarks.visitor import cookie_of_a_visitor

REACH = {12: 3.0, 14: 2.0, 16: 5.0}
SHARE = {14: 0.70, 16: 0.25}
CACHED_REACH = 15.0
CACHED_ZOOM = 14
SAMPLE = limit.MOST_SCRIPTS


def run(say: database.Say) -> list[Chapter]:
    """The three tile lines, one after the other on an otherwise idle database."""
    wrk.need_wrk()
    with database.cluster() as running:
        settings = database.footprints(running, say)
        admin_dsn = running.admin_dsn(settings.database_name)
        tiles = _sample(admin_dsn)
        with servers.ours(settings, cache_mb=0) as port:
            cookie = cookie_of_a_visitor(settings)
            ours = {zoom: _rate(port, [our_path(*tile) for tile in tiles[zoom]], f"ours z{zoom}", say, cookie) for zoom in REACH}
        alone = {zoom: limit.per_second(running, settings, tiles[zoom]) for zoom in SHARE}
        say(f"PostgreSQL alone: {alone}")
        with servers.tipg(admin_dsn) as port:
            peer = {zoom: _rate(port, [servers.tipg_path(*tile) for tile in tiles[zoom]], f"tipg z{zoom}", say) for zoom in REACH}
            flat = {
                zoom: _rate(port, [servers.tipg_path(*tile, column="geom_3857") for tile in tiles[zoom]], f"tipg 3857 z{zoom}", say)
                for zoom in REACH
            }
        with servers.ours(settings, cache_mb=256) as port:
            paths = [our_path(*tile) for tile in tiles[CACHED_ZOOM]]
            wrk.rate(port, paths, 5, cookie)  # fills the cache
            cached = _rate(port, paths, "ours cached", say, cookie)
    return [_uncached(ours, peer, flat), _share(ours, alone), _cached(cached, peer[CACHED_ZOOM])]


def our_path(zoom: int, x: int, y: int) -> str:
    """The address of one of our building tiles."""
    return f"/tiles/buildings/{zoom}/{x}/{y}.mvt"


def _sample(admin_dsn: str) -> dict[int, list[Address]]:
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        # Our loads keep no index on the lon/lat column, because our tiles never read it; tipg reads it, so it gets one.
        admin.execute("create index if not exists building_geom_for_tipg on building using gist (geom)")
        admin.execute("analyze building")
        box = extent(admin, "building", "geom_3857")
    rng = np.random.default_rng(database.SEED)
    return {zoom: shuffled(tiles_of_box(zoom, box), rng)[:SAMPLE] for zoom in REACH}


def _rate(port: int, paths: list[str], name: str, say: database.Say, cookie: str | None = None) -> wrk.Rate:
    found = wrk.rate(port, paths, cookie=cookie)
    if found.errors:
        raise RuntimeError(f"{name}: {found.errors} answers were errors")
    say(f"{name}: {found.per_second:.0f}/s, p95 {found.p95_ms:.0f} ms, {found.kib_per_request:.0f} KiB")
    return found


def _uncached(ours: dict[int, wrk.Rate], peer: dict[int, wrk.Rate], flat: dict[int, wrk.Rate]) -> Chapter:
    lines = [at_least(f"z{zoom}", ours[zoom].per_second, peer[zoom].per_second, REACH[zoom], "/s") for zoom in REACH]
    lines += [
        Line(f"z{zoom}, tipg on our column in tile projection", f"{ours[zoom].per_second:,.0f} /s", f"{flat[zoom].per_second:,.0f} /s",
             f"{ours[zoom].per_second / flat[zoom].per_second:.2f}")
        for zoom in REACH
    ]  # fmt: skip
    sizes = ", ".join(f"z{z} {ours[z].kib_per_request:.0f} / {peer[z].kib_per_request:.0f} KiB" for z in REACH)
    return Chapter(
        "Uncached building tiles beside tipg",
        f"{database.BUILDINGS:,} footprints; random tiles over the city, 10 s each, {wrk.CONNECTIONS} kept connections, one worker each "
        f"(uvloop, httptools), our tile cache off; the peer is {servers.TIPG} over the lon/lat column, with a GiST index of its own there.",
        tuple(lines),
        (
            f"Mean answer, ours / tipg: {sizes}. At z12 we send buildings of 1 500 m2 and more only (zoom bands), tipg all of them up to "
            "its default of 10 000 a tile: fuller tiles are cut there. From z14 both send every building with its height.",
            "tipg runs as a superuser, so that row-level security costs it nothing; ours runs as an actor under it. "
            "tipg's tiles have its default buffer of 256 units, ours 32; the city's edge tiles are nearly empty for both.",
            f"p95 of ours: {', '.join(f'z{z} {ours[z].p95_ms:.0f} ms' for z in REACH)}; of tipg: "
            f"{', '.join(f'z{z} {peer[z].p95_ms:.0f} ms' for z in REACH)}.",
        ),
    )


def _share(ours: dict[int, wrk.Rate], alone: dict[int, float]) -> Chapter:
    lines = tuple(
        Line(f"z{zoom}", f"{ours[zoom].per_second:,.0f} /s", f"{alone[zoom]:,.0f} /s", f"{ours[zoom].per_second / alone[zoom]:.0%}",
             f"{SHARE[zoom]:.0%}", ours[zoom].per_second / alone[zoom] >= SHARE[zoom])
        for zoom in SHARE
    )  # fmt: skip
    return Chapter(
        "Share of PostgreSQL's own rate",
        f"pgbench with {wrk.CONNECTIONS} connections, the actor set in the same pipeline, prepared, over the same tiles: what is left when "
        "no web process stands in front.",
        lines,
        (
            "pgbench carries each tile's box as a constant, so it also saves what a parameter costs the executor. The rest goes to one "
            "Python process: psycopg's pipeline and pool, uvicorn, the race with a client that goes away; and to wrk, on the same cores.",
            "A share over 100 % is noise: other work took the cores while one of the two ran. Such a run proves no share.",
        ),
    )


def _cached(cached: wrk.Rate, peer: wrk.Rate) -> Chapter:
    return Chapter(
        "Cached building tile, actor check included",
        f"z{CACHED_ZOOM}, the same tiles from the tile cache; the actor is found and its scope is part of the cache key on every request. "
        "tipg keeps no tiles: its figure is the one above.",
        (at_least(f"z{CACHED_ZOOM}", cached.per_second, peer.per_second, CACHED_REACH, "/s"),),
        (f"{cached.kib_per_request:.0f} KiB an answer, p95 {cached.p95_ms:.1f} ms.",),
    )
