"""Files that stewards send: streamed to disk whole or not at all, whoever sends them and however they break off."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import fastapi
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from commandcenter.actor import Actor
from commandcenter.db.run import acting
from commandcenter.errors import CommandCenterError
from commandcenter.security.builtin import STEWARD
from commandcenter.web.context import ACTOR
from commandcenter.web.data_routes import data_routes
from commandcenter.web.routes import install_problem_bodies
from commandcenter.web.uploads import (
    LARGEST_BYTES,
    LONGEST_STORED,
    NoSpace,
    Partial,
    Uploads,
    check_same_origin,
    clean_name,
    stored_name,
)
from tests.city import COMMUNITY, DATA_STEWARD, OPERATOR, STREET
from tests.conftest import TestDatabase
from tests.serving import ServedApplication

MB = 2**20


@pytest.fixture
def desk(database: TestDatabase, tmp_path: Path) -> Iterator[ServedApplication]:
    """The application over an empty city, its data folder a temporary one."""
    with database.connect() as connection, acting(connection, STEWARD):
        connection.execute("insert into layer_change (table_name) values ('camera')")  # so that the server knows a version to start with
    with ServedApplication(replace(database.settings, data_dir=tmp_path)) as served:
        yield served


def send(served: ServedApplication, name: str, body: bytes | Iterator[bytes], **headers: str) -> httpx2.Response:
    said = {"cookie": served.signed_in(DATA_STEWARD).cookie, **headers}
    return httpx2.post(f"{served.url}/data/upload", params={"name": name}, content=body, headers=said, timeout=120)


def kept(folder: Path) -> list[str]:
    """Everything below the uploads folder, folders too."""
    while True:
        try:
            return sorted(path.relative_to(folder).as_posix() for path in (folder / "uploads").rglob("*"))
        except FileNotFoundError:  # a folder that was removed while we looked into it
            continue


def test_a_file_arrives_as_it_was_sent(desk: ServedApplication, database: TestDatabase, tmp_path: Path) -> None:
    body = os.urandom(3 * MB + 7)
    answer = send(desk, "低保户 2026 年.csv", body)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["file_name"], told["bytes"], told["sha256"]) == ("低保户 2026 年.csv", len(body), hashlib.sha256(body).hexdigest())
    with database.connect() as connection, acting(connection, STEWARD):
        ((stored_as, file_name, size, sha256, actor),) = connection.execute(
            "select stored_as, file_name, bytes, sha256, actor from upload where id = %s", [told["id"]]
        ).fetchall()
    assert (file_name, size, sha256, actor) == (told["file_name"], told["bytes"], told["sha256"], desk.signed_in(DATA_STEWARD).actor.id)
    assert (tmp_path / "uploads" / stored_as).read_bytes() == body
    assert Path(stored_as).name == "低保户 2026 年.csv", "a run shows the name the sender knows"
    assert [Path(path).name for path in kept(tmp_path) if path.endswith(".part")] == []


def test_the_same_name_twice_is_two_files(desk: ServedApplication, tmp_path: Path) -> None:
    first, second = (send(desk, "a.csv", body).json() for body in (b"one", b"two"))
    assert first["id"] != second["id"] and first["sha256"] != second["sha256"]
    assert sum(path.endswith("/a.csv") for path in kept(tmp_path)) == 2


def test_a_body_of_unknown_length_is_taken_too(desk: ServedApplication) -> None:
    answer = send(desk, "chunks.csv", iter([b"id\n", b"1\n"]))
    assert (answer.status_code, answer.json()["bytes"]) == (200, 5)


@pytest.mark.parametrize("actor", [OPERATOR, STREET, COMMUNITY, None], ids=["operator", "street", "community", "nobody"])
def test_only_data_stewards_may_send(desk: ServedApplication, tmp_path: Path, actor: Actor | None) -> None:
    answer = send(desk, "a.csv", b"x", cookie=desk.signed_in(actor).cookie if actor else "")
    assert answer.status_code == (401 if actor is None else 403)
    body = answer.json()
    assert body["detail"] and body["detail_zh"] and body["id"]
    assert kept(tmp_path) == []


def test_an_empty_file_is_refused_and_leaves_nothing(desk: ServedApplication, tmp_path: Path) -> None:
    answer = send(desk, "空.csv", b"")
    assert answer.status_code == 400 and "空.csv" in answer.json()["detail"]
    assert kept(tmp_path) == []


def test_another_sites_page_may_not_send(desk: ServedApplication, tmp_path: Path) -> None:
    own, host = desk.url, desk.url.removeprefix("http://")
    refused = [
        send(desk, "a.csv", b"x", **{"sec-fetch-site": "cross-site"}),
        send(desk, "a.csv", b"x", origin="https://elsewhere.example"),
        send(desk, "a.csv", b"x", origin=f"{own}0"),  # another port is another origin
        send(desk, "a.csv", b"x", origin="null"),
    ]
    assert [answer.status_code for answer in refused] == [403] * 4
    assert kept(tmp_path) == []
    assert send(desk, "a.csv", b"x", origin=own, **{"sec-fetch-site": "same-origin"}).status_code == 200
    check_same_origin(Headers({"host": host.upper(), "origin": own}))


def test_a_file_announced_as_too_large_is_refused_at_once(desk: ServedApplication, tmp_path: Path) -> None:
    host, port = "127.0.0.1", desk.port
    with socket.create_connection((host, port), timeout=20) as wire:
        wire.sendall(
            f"POST /data/upload?name=big.csv HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {desk.signed_in(DATA_STEWARD).cookie}\r\n"
            f"Content-Length: {LARGEST_BYTES + 1}\r\n\r\nthe first words".encode()
        )
        answer = wire.recv(4096).decode()
        while "}" not in answer:
            answer += wire.recv(4096).decode()
    assert answer.startswith("HTTP/1.1 413 ") and "2 GB" in answer
    assert kept(tmp_path) == []


@pytest.mark.parametrize("sent", [1, 3 * MB])
def test_a_client_that_goes_away_leaves_nothing(desk: ServedApplication, database: TestDatabase, tmp_path: Path, sent: int) -> None:
    with socket.create_connection(("127.0.0.1", desk.port), timeout=20) as wire:
        head = f"POST /data/upload?name=half.csv HTTP/1.1\r\nHost: x\r\nCookie: {desk.signed_in(DATA_STEWARD).cookie}\r\nContent-Length: {8 * MB}\r\n\r\n"
        wire.sendall(head.encode() + b"x" * sent)
        within(lambda: kept(tmp_path) != [])
    within(lambda: kept(tmp_path) == [])
    with database.connect() as connection, acting(connection, STEWARD):
        assert connection.execute("select count(*) from upload").fetchone() == (0,)


def within(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_memory_stays_flat(desk: ServedApplication, tmp_path: Path) -> None:
    size, piece = 200 * MB, b"y" * MB
    resident = [resident_bytes()]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.01):
            resident.append(resident_bytes())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        answer = send(desk, "large.csv", (piece for _ in range(size // MB)), **{"content-length": str(size)})
    finally:
        over.set()
        watching.join()
    assert (answer.status_code, answer.json()["bytes"]) == (200, size)
    assert len(resident) > 10 and max(resident) - resident[0] < 60 * MB  # client and server are this one process


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def small_door(desk: ServedApplication, uploads: Uploads) -> Iterator[httpx2.Client]:
    """The same routes with another limit, around them an actor as the front door sets it."""
    server = fastapi.FastAPI()
    install_problem_bodies(server)
    server.include_router(data_routes(desk.state, uploads))

    async def door(scope: dict[str, object], receive: object, send: object) -> None:
        ACTOR.set(DATA_STEWARD)
        await server(scope, receive, send)  # type: ignore[arg-type]  # ASGI as it comes

    class Inside(ServedApplication):
        state = desk.state  # type: ignore[assignment]  # the readiness of the outer application

    with Inside(desk.state.settings, door) as served, httpx2.Client(base_url=served.url, timeout=30) as client:
        yield client


def test_a_file_that_grows_too_large_is_dropped(desk: ServedApplication, tmp_path: Path) -> None:
    with small_door(desk, Uploads(tmp_path / "uploads", largest=2 * MB)) as client:
        told = client.post("/data/upload?name=a.csv", content=b"x" * (2 * MB + 1))
        untold = client.post("/data/upload?name=a.csv", content=(b"x" * MB for _ in range(3)))
        fits = client.post("/data/upload?name=a.csv", content=(b"x" * MB for _ in range(2)))
    assert [answer.status_code for answer in (told, untold, fits)] == [413, 413, 200]
    assert "2,097,152" in untold.json()["detail"] and untold.json()["detail_zh"]
    assert sum(path.endswith("a.csv") for path in kept(tmp_path)) == 1


def test_a_disk_without_room_is_said_before_the_file_is_taken(desk: ServedApplication, tmp_path: Path) -> None:
    with small_door(desk, Uploads(tmp_path / "uploads", kept_free=2**60)) as client:
        answer = client.post("/data/upload?name=a.csv", content=b"x")
    assert answer.status_code == 507 and "disk" in answer.json()["detail"]
    assert kept(tmp_path) == []


def test_a_disk_that_fills_up_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    """``/dev/full`` is the system's own full disk: each write to it fails as a full disk does."""
    (tmp_path / "token").mkdir()
    (tmp_path / "token" / "a.csv.part").symlink_to("/dev/full")

    class Full(Uploads):
        def _make_room(self, token: str, announced: int) -> None:
            (self.folder / token).mkdir()
            (self.folder / token / "a.csv.part").symlink_to("/dev/full")

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x" * (2 * MB)

    with pytest.raises(OSError, match="No space left"), Partial(tmp_path / "token" / "a.csv") as partial:
        partial.write(b"x")
    assert list((tmp_path / "token").iterdir()) == []
    (tmp_path / "token").rmdir()
    with pytest.raises(NoSpace) as said:
        asyncio.run(Full(tmp_path).receive("a.csv", None, pieces()))
    assert said.value.status == 507 and "没有保存" in said.value.sentence.zh
    assert list(tmp_path.iterdir()) == []


def test_a_body_shorter_than_announced_is_a_client_that_went_away(tmp_path: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"half"

    with pytest.raises(ClientDisconnect):
        asyncio.run(Uploads(tmp_path).receive("a.csv", 8, pieces()))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "uploads").write_text("a file stands where the folder should be")

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"

    with pytest.raises(CommandCenterError) as said:
        asyncio.run(Uploads(tmp_path / "uploads").receive("a.csv", None, pieces()))
    assert "uploads" in said.value.sentence.en


NAMES = [
    ("低保户.csv", "低保户.csv"),
    ("../../etc/passwd", "passwd"),
    ("C:\\data\\街道.xlsx", "街道.xlsx"),
    ("..", "upload"),
    ("", "upload"),
    ("/", "upload"),
    (".hidden.csv", "hidden.csv"),
    ("a\x00b\n.csv", "ab.csv"),
    ("gpj\u202evsc.exe", "gpjvsc.exe"),
    ('a<b>:"|?*.csv', "ab.csv"),
    ("é.csv", "é.csv"),
]


@pytest.mark.parametrize(("sent", "clean"), NAMES)
def test_names_lose_what_is_no_name(sent: str, clean: str) -> None:
    assert clean_name(sent) == clean


@given(st.text(max_size=400))
def test_no_name_leads_out_of_its_folder(name: str) -> None:
    clean = clean_name(name)
    stored = stored_name(clean)
    assert 1 <= len(clean) <= 200 and 1 <= len(stored.encode()) <= LONGEST_STORED
    for said in (clean, stored):
        assert "/" not in said and "\\" not in said and said not in {".", ".."}
        assert (Path("/folder") / said).parent == Path("/folder")
    assert clean_name(clean) == clean


@pytest.mark.parametrize("suffix", [".csv", ".geojson.gz", ".gpkg"])
def test_a_long_name_keeps_its_suffix(suffix: str) -> None:
    clean = clean_name("网格" * 200 + suffix)
    assert len(clean) == 200 and clean.endswith(suffix)
    assert stored_name(clean).endswith(suffix) and len(stored_name(clean).encode()) <= LONGEST_STORED
