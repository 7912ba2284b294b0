"""A client that has gone takes its query with it: nobody's tiles do not queue in PostgreSQL."""

from __future__ import annotations

import dataclasses
import socket
import time

import psycopg

from layers import discover
from layers.base import Sublayer
from tests.asking import tile_at
from tests.city import HOME, OPERATOR
from tests.conftest import TestDatabase
from tests.serving import ServedApplication

GONE_WITHIN_S = 2.0
SLEEP_S = 15
Z, X, Y = tile_at(*HOME.lonlat(-20, 150), 15)


def slow_application(database: TestDatabase) -> ServedApplication:
    """The application whose camera tiles sleep in PostgreSQL."""
    served = ServedApplication(database.settings)
    layers = served.app._tiles._layers
    sleeping = Sublayer("cameras", "geom_3857", {"slept": f"(select 1 from pg_sleep({SLEEP_S}))"}, 11, 24)
    layers["cameras"] = dataclasses.replace(discover()["cameras"], sublayers=(sleeping,))  # type: ignore[index]
    return served


def sleeping(database: TestDatabase) -> int:
    with psycopg.connect(database.admin_dsn) as admin:
        row = admin.execute(
            "select count(*) from pg_stat_activity where datname = current_database() and state = 'active'"
            " and query like '%pg_sleep%' and pid <> pg_backend_pid()"
        ).fetchone()
    assert row is not None
    return int(row[0])


def wait_for(count: int, database: TestDatabase, within_s: float) -> float:
    began = time.monotonic()
    while time.monotonic() - began < within_s:
        if sleeping(database) == count:
            return time.monotonic() - began
        time.sleep(0.05)
    raise AssertionError(f"{sleeping(database)} queries sleep after {within_s} s, not {count}")


def test_a_tile_nobody_waits_for_is_cancelled_and_its_connection_serves_on(city_database: TestDatabase) -> None:
    with slow_application(city_database) as served:
        cookie = served.signed_in(OPERATOR).cookie
        clients = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(2)]
        for number, client in enumerate(clients):
            client.sendall(f"GET /tiles/cameras/{Z}/{X}/{Y}.mvt?v={number} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n".encode())
        wait_for(2, city_database, 5)
        for client in clients:
            client.close()
        assert wait_for(0, city_database, GONE_WITHIN_S) < GONE_WITHIN_S
        began = time.monotonic()
        assert served.get("/readyz").status_code == 200, "the pool of two serves on"
        assert time.monotonic() - began < 2
