"""Fetching from a real server on this machine: a whole file or a sentence; and a folder whose files are taken when they are whole."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from commandcenter.errors import BadInput
from ingest.contract import Fetch, Mapping
from ingest.fetching import fetch, watched
from ingest.readers import delimited, records
from tests.test_readers_tabular import a_mapping, only_key, rows_in

CSV = b"id,label\n1,a\n2,b\n"
JSON = b'[{"id": 1}, {"id": 2}]'


class Department(BaseHTTPRequestHandler):
    """A department's server with all its moods."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str | None]]  # path and key of each request
    falls_over: int

    def do_GET(self) -> None:
        type(self).asked.append((self.path, self.headers.get("X-Key")))
        with suppress(ConnectionError):  # clients that have had enough
            getattr(self, f"answer{self.path.split('?')[0].replace('/', '_').replace('.', '_')}")()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def send(self, status: int, body: bytes, kind: str = "text/csv", length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def answer_table_csv(self) -> None:
        self.send(200, CSV)

    def answer_api(self) -> None:
        self.send(200, JSON, "application/json; charset=utf-8")

    def answer_gone(self) -> None:
        self.send(404, b"nothing")

    def answer_empty(self) -> None:
        self.send(200, b"")

    def answer_nothing(self) -> None:
        self.send(204, b"")

    def answer_page(self) -> None:
        self.send(200, b"<html>please log in", "text/html")

    def answer_hidden_page(self) -> None:
        self.send(200, b"\n <!DOCTYPE html><html>", "text/csv")

    def answer_cut(self) -> None:
        self.send(200, CSV, length=1000)
        self.close_connection = True

    def answer_cut_chunks(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"3\r\nid,\r\n")
        self.close_connection = True

    def answer_endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b"1,a\n" * 10_000)

    def answer_large(self) -> None:
        self.send(200, b"", length=1 << 40)
        self.close_connection = True

    def answer_dripping(self) -> None:
        self.send_response(200)
        self.end_headers()
        stopped = threading.Event()
        while not stopped.wait(0.02):
            self.wfile.write(b"1")

    def answer_silent(self) -> None:
        threading.Event().wait(2)
        self.close_connection = True

    def answer_busy(self) -> None:
        cls = type(self)
        cls.falls_over -= 1
        self.send(503 if cls.falls_over >= 0 else 200, CSV, Retry_After="7")

    def answer_moved(self) -> None:
        self.send(302, b"", Location="/table.csv")

    def answer_elsewhere(self) -> None:
        self.send(301, b"", Location=f"http://localhost:{self.server.server_port}/table.csv")  # type: ignore[attr-defined]

    def answer_round(self) -> None:
        self.send(302, b"", Location="/round")

    def answer_file(self) -> None:
        self.send(302, b"", Location="file:///etc/hostname")

    def answer_ftp(self) -> None:
        self.send(302, b"", Location="ftp://localhost/x")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "*")
    Department.asked, Department.falls_over = [], 2
    with ThreadingHTTPServer(("127.0.0.1", 0), Department) as served:
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def mapping(tmp_path_factory: pytest.TempPathFactory) -> Mapping:
    return only_key(a_mapping(tmp_path_factory.mktemp("mapping")))


def asking(mapping: Mapping, url: str | None, reader: str = "csv", **headers: str) -> Mapping:
    return replace(mapping, reader=reader, fetch=Fetch(url, headers, None, "*"))


def test_a_csv_and_a_json_endpoint(tmp_path: Path, mapping: Mapping, server: str) -> None:
    asked = asking(mapping, f"{server}/table.csv?since=1")
    path = fetch(asked, tmp_path / "new folder")
    assert (path.name, path.read_bytes()) == ("table.csv", CSV)
    assert len(rows_in(delimited.batches(path, asked))) == 2
    asked = asking(mapping, f"{server}/api", "json")
    path = fetch(asked, tmp_path)
    assert path.name == "table.json" and len(rows_in(records.batches(path, asked))) == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == ["new folder", "table.json"]


@pytest.mark.parametrize(
    ("path", "said", "requests"),
    [
        ("/gone", r"answers with status 404 \(Not Found\)", 1),
        ("/empty", "is empty", 1),
        ("/nothing", "status 204, without data", 1),
        ("/page", "a web page instead of data", 1),
        ("/hidden/page", "a web page instead of data", 1),
        ("/cut", "broke off: 17 of 1000 bytes came", 3),
        ("/cut/chunks", "broke off in the middle", 3),
        ("/endless", "larger than the limit of 1 MB", 1),
        ("/large", "larger than the limit of 1 MB", 1),
        ("/dripping", "sends too slowly", 1),
        ("/silent", "timed out", 3),
        ("/round", "redirects round and round", 6),
        ("/file", "redirects to file:///etc/hostname, which is not followed", 1),
        ("/ftp", "redirects to ftp://localhost/x, which is not followed", 1),
    ],
)
def test_a_fault_is_a_sentence_with_the_host_and_leaves_nothing(tmp_path: Path, mapping: Mapping, server: str, path: str, said: str, requests: int) -> None:
    with pytest.raises(BadInput, match=said) as fault:
        fetch(asking(mapping, server + path), tmp_path, limit=1 << 20, timeout_s=0.3, longest_s=0.5, waits_s=(0.0, 0.0))
    assert "127.0.0.1" in fault.value.sentence.zh and "127.0.0.1" in fault.value.sentence.en
    assert list(tmp_path.iterdir()) == [] and len(Department.asked) == requests


def test_a_busy_server_is_asked_again_when_it_says(tmp_path: Path, mapping: Mapping, server: str) -> None:
    waited: list[float] = []
    assert fetch(asking(mapping, f"{server}/busy"), tmp_path, waits_s=(1.0, 9.0, 9.0), sleep=waited.append).read_bytes() == CSV
    assert waited == [7.0, 9.0]
    Department.falls_over = 9
    with pytest.raises(BadInput, match="status 503"):
        fetch(asking(mapping, f"{server}/busy"), tmp_path, waits_s=(0.0,), sleep=waited.append)


def test_nobody_listens(tmp_path: Path, mapping: Mapping, server: str) -> None:
    with pytest.raises(BadInput, match=r"Nothing can be had from 127.0.0.1:1: Connection refused"):
        fetch(asking(mapping, "http://127.0.0.1:1/x"), tmp_path, waits_s=(0.0,))


def test_a_secret_goes_to_its_own_host_only(tmp_path: Path, mapping: Mapping, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPARTMENT_KEY", "s3cret")
    fetch(asking(mapping, f"{server}/moved", **{"X-Key": "env:DEPARTMENT_KEY"}), tmp_path)
    fetch(asking(mapping, f"{server}/elsewhere", **{"X-Key": "env:DEPARTMENT_KEY"}), tmp_path)
    assert Department.asked == [("/moved", "s3cret"), ("/table.csv", "s3cret"), ("/elsewhere", "s3cret"), ("/table.csv", None)]


@pytest.mark.parametrize(
    ("url", "headers", "said"),
    [
        (None, {}, r"has no \[fetch\] url"),
        ("file:///etc/hostname", {}, "must be an http or https address"),
        ("http:///x", {}, "must be an http or https address"),
        ("http://a b/x", {}, "must be an http or https address"),
        ("http://[::1/x", {}, "must be an http or https address"),
        ("http://me:secret@127.0.0.1/", {}, "holds a password"),
        ("http://127.0.0.1:1/", {"X-Key": "env:NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE is not set"),
        ("http://127.0.0.1:1/", {"X-Key": "a\r\nHost: b"}, "no header may"),
    ],
)
def test_what_cannot_be_asked(tmp_path: Path, mapping: Mapping, url: str | None, headers: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said) as fault:
        fetch(asking(mapping, url, **headers), tmp_path)
    assert "secret" not in fault.value.sentence.en + fault.value.sentence.zh


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path, mapping: Mapping, server: str) -> None:
    (tmp_path / "taken").write_text("a file, no folder")
    with pytest.raises(BadInput, match="cannot be stored"):
        fetch(asking(mapping, f"{server}/table.csv"), tmp_path / "taken")


def test_watched_files_are_taken_when_they_are_whole(tmp_path: Path, mapping: Mapping) -> None:
    for name in ("b.csv", "A.CSV", "growing.csv", "leaving.csv", ".hidden.csv", "c.csv.part", "d.csv~", "e.tmp", "f.xlsx"):
        (tmp_path / name).write_text("id\n")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "b.csv")
    os.utime(tmp_path / "b.csv", (1, 1))

    def meanwhile(seconds: float) -> None:
        assert seconds == 2.0
        with (tmp_path / "growing.csv").open("a") as growing:
            growing.write("1\n")
        (tmp_path / "leaving.csv").unlink()

    asked = replace(mapping, fetch=Fetch(None, {}, str(tmp_path), "*.csv"))
    assert [path.name for path in watched(asked, sleep=meanwhile)] == ["b.csv", "A.CSV"]
    assert watched(replace(mapping, fetch=Fetch(None, {}, str(tmp_path / "folder.csv"), "*"))) == []
    with pytest.raises(BadInput, match="cannot be read: No such file"):
        watched(replace(mapping, fetch=Fetch(None, {}, str(tmp_path / "nowhere"), "*")))
    with pytest.raises(BadInput, match=r"has no \[fetch\] folder"):
        watched(mapping)
