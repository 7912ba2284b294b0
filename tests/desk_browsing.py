"""The desk as a steward has it: a page of it, a worker beside the web process, and deliveries of residential compounds with known faults."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from commandcenter.actor import Actor
from commandcenter.config import Settings
from commandcenter.db.connect import connect
from commandcenter.security.builtin import STEWARD
from commandcenter.worker.imports import run_import
from commandcenter.worker.tasks import task_app
from ingest.desk import commands
from ingest.desk.mappings import own_mappings
from ingest.desk.queue import QUEUE
from tests.browsing import Wall
from tests.city import DATA_STEWARD
from tests.serving import ServedApplication

STREET, BUREAU = "street_compounds", "bureau_compounds"
TITLES = {STREET: ("街道小区台账", "Compounds kept by a street"), BUREAU: ("房产局小区台账", "Compounds kept by the bureau")}
MAPPING = """
target = "compound"
reader = "geojson"
crs = "EPSG:4326"
geometry = "polygon"
key = ["编号"]
title = { zh = "%s", en = "%s" }
owner = "五龙街道"
licence = "internal"
attribution = "五龙街道"
cadence = "1d"

[columns]
code = { from = "编号", required = true }
name = { from = "名称", required = true }
households = { from = "户数", kind = "integer", low = 1, high = 9999 }
built_year = { from = "建成年份", kind = "integer", low = 1900, high = 2030 }
"""
SIDE = 0.0012
WEST, SOUTH = 123.914, 47.3395  # upon the little city of the tests
GOOD, NAMELESS, SPIKED, CROWDED, FAR = 24, 1, 1, 2, 1
REFUSED = NAMELESS + SPIKED + CROWDED + FAR


def square(at: int) -> list[list[float]]:
    """The outline of the compound with this number: they stand six in a row."""
    west, south = WEST + at % 6 * 1.5 * SIDE, SOUTH + at // 6 * 1.5 * SIDE
    return [[west, south], [west + SIDE, south], [west + SIDE, south + SIDE], [west, south + SIDE], [west, south]]


def delivery(households: int = 120, left_out: Sequence[int] = ()) -> bytes:
    """A file with known faults: one compound without a name, one with a spike, two with absurd households, one in another city."""
    rows: list[tuple[dict[str, Any], list[list[float]]]] = [
        ({"编号": f"XQ{at:03}", "名称": f"试点小区{at}", "户数": str(households + at), "建成年份": "2004"}, square(at))
        for at in range(GOOD)
        if at not in left_out
    ]
    a, b, c, d, end = square(GOOD)
    tip = [(b[0] + c[0]) / 2 + SIDE, (b[1] + c[1]) / 2]
    foot = [tip[0] - SIDE, tip[1]]
    rows += [
        ({"编号": "XQ900", "名称": "", "户数": "80", "建成年份": "1998"}, square(GOOD + 1)),
        ({"编号": "XQ901", "名称": "尖角<b>小区", "户数": "90", "建成年份": "1999"}, [a, b, foot, tip, foot, c, d, end]),
        ({"编号": "XQ902", "名称": "人挤人一区", "户数": "999999", "建成年份": "2001"}, square(GOOD + 2)),
        ({"编号": "XQ903", "名称": "人挤人二区", "户数": "999999", "建成年份": "2001"}, square(GOOD + 3)),
        ({"编号": "XQ904", "名称": "别市小区", "户数": "70", "建成年份": "2011"}, [[x - 7.0, y - 7.0] for x, y in square(GOOD + 4)]),
    ]
    features = [
        json.dumps({"type": "Feature", "properties": fields, "geometry": {"type": "Polygon", "coordinates": [outline]}}, ensure_ascii=False)
        for fields, outline in rows
    ]
    return ('{"type": "FeatureCollection", "features": [\n' + ",\n".join(features) + "\n]}\n").encode()


def lay_mappings(data_dir: Path) -> None:
    """The city's own mappings below a data folder."""
    folder = own_mappings(data_dir)
    folder.mkdir(parents=True, exist_ok=True)
    for name, titles in TITLES.items():
        (folder / f"{name}.toml").write_text(MAPPING % titles, encoding="utf-8")


def load(settings: Settings, source: str, body: bytes) -> int:
    """A delivery loaded before anybody looks; the number of its run."""
    stored = settings.data_dir / "uploads" / "before" / "before.geojson"
    stored.parent.mkdir(parents=True)
    stored.write_bytes(body)
    with connect(settings) as connection:
        upload = commands.register_upload(connection, STEWARD, "before.geojson", "before/before.geojson", len(body), "ab")
        run = commands.ask_run(connection, STEWARD, source, upload, False, folders=[own_mappings(settings.data_dir)])
    run_import(settings, run, STEWARD.id)
    return run


@contextmanager
def worker(settings: Settings) -> Iterator[None]:
    """The worker of one city in a thread: what is asked for at the desk is carried out."""
    began, loop = threading.Event(), asyncio.new_event_loop()
    held: list[asyncio.Task[None]] = []

    async def work() -> None:
        app = task_app(settings)
        async with app.open_async():
            task = asyncio.create_task(app.run_worker_async(queues=[QUEUE], install_signal_handlers=False, fetch_job_polling_interval=0.3))
            held.append(task)
            began.set()
            await asyncio.gather(task, return_exceptions=True)

    thread = threading.Thread(target=loop.run_until_complete, args=(work(),), daemon=True)
    thread.start()
    if not began.wait(30):
        raise RuntimeError("the worker did not begin")
    try:
        yield
    finally:
        loop.call_soon_threadsafe(held[0].cancel)
        thread.join(timeout=20)


class Desk(Wall):
    """The desk in one page, as a data steward or who else is said."""

    def __init__(self, page: Page, served: ServedApplication, actor: Actor = DATA_STEWARD) -> None:
        super().__init__(page, served, actor)

    def open(self, address: str = "/data") -> None:
        """Load an address and wait until its view has come."""
        self.page.goto(self.url + address)
        self.page.wait_for_selector("#desk-view .desk-headline, #desk-view .desk-fault")

    def choose(self, body: bytes, name: str = "小区台账.geojson") -> None:
        """Choose a file in the delivery form."""
        with self.page.expect_file_chooser() as chooser:
            self.page.locator("[data-desk=choose-file]").click()
        chooser.value.set_files({"name": name, "mimeType": "application/geo+json", "buffer": body})

    def figures(self) -> list[int]:
        """The four numbers of a run that has ended: read, loaded, unchanged, refused."""
        self.page.wait_for_selector(".desk-sum")
        return [int(text.replace(",", "")) for text in self.page.locator(".desk-figure .value").all_inner_texts()]

    def select(self, line: int) -> None:
        """Click one row of the table of refused rows (from 0) so that it opens in the editor."""
        cell = self.page.locator(".ag-center-cols-container .ag-row").nth(line).locator(".ag-cell[col-id=reason]")
        expect(cell).not_to_be_empty()  # its block has come
        cell.click()
        self.page.wait_for_selector("#desk-editor input[data-field]")

    def told(self, sentence: str) -> None:
        """Wait until the desk has said this, and take the notice away."""
        expect(self.page.locator("#desk-notice")).to_contain_text(sentence)
        self.page.locator("#desk-notice button").click()

    def follow(self, kind: str) -> None:
        """Wait until a run of this kind, just asked for, is shown with its numbers."""
        expect(self.page.locator(".desk-headline")).to_contain_text(kind)
        self.page.wait_for_selector(".desk-sum")

    def rules(self) -> dict[str, int]:
        """How many refused rows wait, by rule."""
        return {str(bar.get_attribute("data-rule")): int(bar.locator(".number").inner_text()) for bar in self.page.locator(".desk-rule").all()}

    def narrow(self, rule: str) -> None:
        """Look at the refused rows of one rule."""
        self.page.locator(f".desk-rule[data-rule={rule}]").click()
        expect(self.page.locator(f".desk-rule.chosen[data-rule={rule}]")).to_be_visible()
