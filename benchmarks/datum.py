"""How long ten million points take from GCJ-02 and BD-09 to WGS 84, and what the first array of a process waits for."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from benchmarks import database
from benchmarks.report import Chapter, Line, at_most
from commandcenter import geo

POINTS = 10_000_000
SEED = 20260101
LIMIT_S = 5.0
LIMIT_M = 0.001
DEGREE_M = 111_320.0
FIRST = "import time; from commandcenter import geo; t = time.perf_counter(); geo.{0}([120.0], [30.0]); print(time.perf_counter() - t)"


def run() -> dict[str, float]:
    """Seconds, largest errors in metres and first-call waits for both datums, points drawn evenly over China from a seed."""
    rng = np.random.default_rng(SEED)
    west, south, east, north = geo.CHINA
    lon, lat = rng.uniform(west, east, POINTS), rng.uniform(south, north, POINTS)
    found: dict[str, float] = {"points": POINTS, "cores": os.cpu_count() or 1}
    for name, there, back in (("gcj02", geo.wgs84_to_gcj02, geo.gcj02_to_wgs84), ("bd09", geo.wgs84_to_bd09, geo.bd09_to_wgs84)):
        found[f"{name}_first_s"] = _first_s(back.__name__)
        shifted = there(lon, lat)
        back(lon[:1], lat[:1])  # the kernel is loaded; what that costs is the line before
        found[f"{name}_s"], found[f"{name}_core_s"], (x, y) = _timed(back, *shifted)
        found[f"{name}_error_m"] = DEGREE_M * max(float(np.abs(x - lon).max()), float(np.abs(y - lat).max()))
    return found


def chapters(say: database.Say) -> list[Chapter]:
    """The figures of ``run`` as the page has them."""
    found = run()
    lines: list[Line] = []
    for name, words in (("gcj02", "GCJ-02"), ("bd09", "BD-09")):
        lines.append(at_most(f"{words} to WGS 84, {POINTS:,} points", found[f"{name}_s"], LIMIT_S, "s"))
        error = found[f"{name}_error_m"]
        lines.append(Line(f"{words}, there and back, largest error", f"{error:.1e} m", reach=f"{LIMIT_M:g} m", met=error <= LIMIT_M))
        lines.append(Line(f"{words}, core seconds; first array of a process", f"{found[f'{name}_core_s']:.1f} s; {found[f'{name}_first_s']:.2f} s"))
        say(str(lines[-3]))
    how = f"Points drawn evenly over the rectangle of China; {found['cores']:.0f} cores; the kernel's machine code was on disk."
    return [Chapter("Chinese datums", how, tuple(lines))]


def _timed(change: Callable[..., tuple[np.ndarray, np.ndarray]], *at: np.ndarray) -> tuple[float, float, tuple[np.ndarray, np.ndarray]]:
    began, spent = time.perf_counter(), time.process_time()
    result = change(*at)
    return time.perf_counter() - began, time.process_time() - spent, result


def _first_s(change: str) -> float:
    """What a fresh process waits for its first array, the compiler loaded and the machine code read from disk."""
    code = FIRST.format(change)
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
