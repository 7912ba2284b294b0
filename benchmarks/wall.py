"""From navigation to a map at rest: the wall of a `city`-size demo in headless Chromium beside an empty map page."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import Browser, BrowserContext, ViewportSize, sync_playwright

from benchmarks import database, servers
from benchmarks.report import Chapter, Line, at_most
from benchmarks.visitor import cookie_of_a_visitor

RUNS = 5
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
SCREEN = ViewportSize(width=1920, height=1080)
VENDOR = Path("assets/vendor")
PATIENCE_MS = 120_000
# The shell is usable when the key for searching has put the cursor into the search field; #map is the empty page, which has none.
SHELL = "#wall-search, #map"
SEARCHING = "() => !document.querySelector('#wall-search') || document.querySelector('#wall-search').contains(document.activeElement)"

# Both pages say on an element that their map is at rest.
AT_REST = '[data-map="idle"]'
_EMPTY_PAGE = """<!doctype html><meta charset="utf-8"><style>html,body,#map{{margin:0;height:100%}}</style><div id="map"></div>
<link rel="stylesheet" href="{css}"><script src="{script}"></script><script>
const map = new maplibregl.Map({{container: "map", center: [123.95, 47.31], zoom: 12,
  style: {{version: 8, sources: {{}}, layers: [{{id: "ground", type: "background", paint: {{"background-color": "#10141a"}}}}]}}}});
map.once("idle", () => document.getElementById("map").setAttribute("data-map", "idle"));
</script>"""


@dataclass(frozen=True)
class Opened:
    """Seconds from navigation to the shell, and to the map at rest."""

    shell_s: float
    idle_s: float


def run(say: database.Say) -> list[Chapter]:
    """Medians: cold (new profile), warm (same profile again), the shell, and the empty page."""
    with database.cluster() as running:
        settings = database.demo_city(running, "city", say)
        with servers.ours(settings, cache_mb=256) as port, _empty_page() as empty, _browser() as browser:
            base = [_open(browser, f"http://127.0.0.1:{empty}/")[0] for _ in range(RUNS)]
            cookie = cookie_of_a_visitor(settings)
            pairs = [_open(browser, f"http://127.0.0.1:{port}/", cookie) for _ in range(RUNS)]
    blank = statistics.median(opened.idle_s for opened in base)
    cold = statistics.median(pair[0].idle_s for pair in pairs)
    warm = statistics.median(pair[1].idle_s for pair in pairs)
    shell = statistics.median(pair[0].shell_s for pair in pairs)
    say(f"empty {blank:.1f} s, cold {cold:.1f} s, warm {warm:.1f} s, shell {shell:.1f} s")
    peer = f"{blank:.1f} s (empty map page, cold)"
    lines: tuple[Line, ...] = (
        at_most("navigation to map at rest, cold", cold, 8.0, "s", peer),
        at_most("navigation to map at rest, warm", warm, 6.0, "s", peer),
        at_most("shell usable, cold", shell, 2.5, "s"),
    )
    how = f"Demo city of size city, headless Chromium with software rendering, 1920x1080, median of {RUNS}; warm is the same profile again."
    return [Chapter("Opening the wall", how, lines)]


def _open(browser: Browser, url: str, cookie: str | None = None) -> tuple[Opened, Opened]:
    """Cold in a new profile, then once more in the same one."""
    context = browser.new_context(viewport=SCREEN)
    if cookie is not None:
        name, _, value = cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": url}])
    try:
        return _once(context, url), _once(context, url)
    finally:
        context.close()


def _once(context: BrowserContext, url: str) -> Opened:
    page = context.new_page()
    try:
        began = time.perf_counter()
        page.goto(url, wait_until="commit", timeout=PATIENCE_MS)
        page.wait_for_selector(SHELL, timeout=PATIENCE_MS)
        page.keyboard.press("/")
        page.wait_for_function(SEARCHING, polling=20, timeout=PATIENCE_MS)
        shell = time.perf_counter() - began
        page.wait_for_selector(AT_REST, state="attached", timeout=PATIENCE_MS)
        return Opened(shell, time.perf_counter() - began)
    finally:
        page.close()


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        system = Path("/usr/bin/chromium")
        browser = playwright.chromium.launch(args=FLAGS, executable_path=system if system.exists() else None)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def _empty_page() -> Iterator[int]:
    """A page with the same map library and nothing on it, served from the vendored files."""
    script = next(iter(sorted(VENDOR.glob("**/*maplibre-gl.js"))))
    style = next(iter(sorted(VENDOR.glob("**/*maplibre-gl.css"))))
    page = _EMPTY_PAGE.format(css=style.relative_to(VENDOR), script=script.relative_to(VENDOR)).encode()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, page, directory=str(VENDOR)))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, page: bytes, *arguments: object, directory: str) -> None:
        self._page = page
        super().__init__(*arguments, directory=directory)  # type: ignore[arg-type]  # passed on as they come

    def do_GET(self) -> None:
        if self.path != "/":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(self._page)))
        self.end_headers()
        self.wfile.write(self._page)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: the terminal belongs to the figures."""
