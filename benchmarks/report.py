"""What a benchmark hands back, and the page the run writes: figures, peers, ratios, reaches, machine and date."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psycopg

PAGE = Path("docs/benchmarks.md")
PACKAGES = ("dash", "fastapi", "uvicorn", "psycopg", "numpy", "shapely")


@dataclass(frozen=True)
class Line:
    """One figure beside its peer. ``met`` is None where the issue names no reach."""

    what: str
    ours: str
    peer: str = "-"
    ratio: str = "-"
    reach: str = "-"
    met: bool | None = None


@dataclass(frozen=True)
class Chapter:
    """One benchmark's lines with the words that belong to them."""

    title: str
    how: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = field(default=())


def at_least(what: str, ours: float, peer: float, times: float, unit: str) -> Line:
    """A line whose reach is a multiple of the peer's figure."""
    ratio = ours / peer if peer else float("inf")
    return Line(what, f"{ours:,.0f} {unit}", f"{peer:,.0f} {unit}", f"{ratio:.2f}", f"{times:g} times", ratio >= times)


def at_most(what: str, ours: float, limit: float, unit: str, peer: str = "-") -> Line:
    """A line whose reach is an upper limit."""
    return Line(what, f"{ours:,.1f} {unit}", peer, "-", f"{limit:g} {unit}", ours <= limit)


def write(chapters: Sequence[Chapter], dsn: str) -> None:
    """Write the page; a chapter that was not run this time is not in it."""
    recent, _, long = os.getloadavg()
    load = f"{recent:.1f}, {long:.1f}; much above 4 means that other work shared the cores: figures are low and ratios uncertain"
    text = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Ratios come from one run on one machine: peers ran on the same database, minutes apart.",
        "",
        *(f"- {key}: {value}" for key, value in {**_machine(dsn), "Load average at the end (1, 15 min)": load}.items()),
        "",
    ]
    for chapter in chapters:
        text += [f"## {chapter.title}", "", chapter.how, ""]
        if chapter.lines:
            text += ["| What | Ours | Peer | Ratio | Reach | Met |", "|---|---|---|---|---|---|"]
        text += [
            f"| {line.what} | {line.ours} | {line.peer} | {line.ratio} | {line.reach} | {_words(line.met)} |"
            for line in chapter.lines
        ]
        text += ["", *(f"- {note}" for note in chapter.notes), *([""] if chapter.notes else [])]
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text("\n".join(text).rstrip() + "\n", encoding="utf-8")


def _words(met: bool | None) -> str:
    return "-" if met is None else "yes" if met else "**no**"


def _machine(dsn: str) -> dict[str, str]:
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(encoding="utf-8"))
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select current_setting('server_version'), postgis_lib_version()").fetchone()
    assert row is not None
    return {
        "Date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "Machine": f"{os.cpu_count()} cores, {cpu[1] if cpu else platform.machine()}, "
        f"{int(memory[1]) / 2**20 if memory else 0:.0f} GiB RAM; server, database and load generator share it",
        "Database": f"PostgreSQL {row[0].split()[0]}, PostGIS {row[1]}",
        "Python": f"{platform.python_version()}; " + ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    }
