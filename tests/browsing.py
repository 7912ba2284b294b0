"""A browser as a person has it: Chromium with software WebGL, watched for words on the console and for requests that leave."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from commandcenter.actor import Actor
from tests.city import OPERATOR
from tests.serving import ServedApplication
from tests.signing_in import sign_in

CHROMIUM = Path("/usr/bin/chromium")
ARTEFACTS = Path(__file__).parent / "artefacts"
FLAGS = (
    "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--disable-background-networking",
)  # fmt: skip
# Dash's own greeting, and Chromium's remark that the keyboard was in use before a page had chosen its field; everything else is a fault.
HARMLESS = ("[Dash] WebSocket", "Autofocus processing was blocked")
PATIENCE_MS = 60_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Wall:
    """The wall in one page, signed in (``actor`` None: not yet): what it said, whom it asked, and how its map looks."""

    def __init__(self, page: Page, served: ServedApplication, actor: Actor | None = OPERATOR) -> None:
        self.page, self.url = page, served.url
        if actor is not None:
            sign_in(served.settings, actor).into(page.context, served.url)  # a browser's own: it may sign out
        self.said: list[str] = []
        self.strangers: list[str] = []
        self.refused: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda m: None if m.text.startswith(HARMLESS) else self.said.append(f"{m.type}: {m.text}"))
        page.on("pageerror", lambda fault: self.said.append(f"error: {fault}"))
        page.on("request", lambda r: self._note(r.url))
        page.on("response", lambda r: self.refused.append(f"{r.status} {r.url}") if r.status >= 400 else None)

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != urlsplit(self.url).netloc:
            self.strangers.append(url)

    def open(self, address: str = "/") -> None:
        """Load an address and wait until the map has drawn what it shows."""
        self.page.goto(self.url + address)
        self.page.wait_for_selector("#wall[data-map=idle]", state="attached")
        self.settle()

    def settle(self) -> None:
        """Wait until no tile is on its way and nothing moves."""
        self.page.wait_for_function("() => window.commandcenter.gl && window.commandcenter.gl.areTilesLoaded() && !window.commandcenter.gl.isMoving()")
        self.page.wait_for_timeout(700)

    def map_pixels(self) -> NDArray[np.int16]:
        """The free middle of the map as RGB, height x width x 3."""
        box = self.page.viewport_size
        assert box is not None
        clip = {"x": 360, "y": 120, "width": box["width"] - 760, "height": box["height"] - 320}
        image = Image.open(io.BytesIO(self.page.screenshot(clip=clip))).convert("RGB")  # type: ignore[arg-type]  # four numbers are a FloatRect
        return np.asarray(image).astype(np.int16)

    def keep(self, name: str) -> None:
        """Keep a screenshot as an artefact of the run."""
        ARTEFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=str(ARTEFACTS / f"{name}.png"))

    def check_manners(self) -> None:
        """Console silent, nobody else asked, nothing refused."""
        assert self.said == [], self.said
        assert self.strangers == []
        assert self.refused == []


def changed_share(before: NDArray[np.int16], after: NDArray[np.int16]) -> float:
    """Share of pixels that differ visibly."""
    return float((np.abs(before - after).max(axis=2) > 12).mean())
