"""The load generator: wrk with one thread and four kept connections, walking a list of addresses once around."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 4
DURATION_S = 10

_SCRIPT = """
local paths, at = {}, 0
for line in io.lines("ADDRESSES") do paths[#paths + 1] = line end
request = function()
  at = at % #paths + 1
  return wrk.format("GET", paths[at])
end
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('RESULT {"requests": %d, "bytes": %d, "duration_us": %d, "p95_us": %d, "errors": %d}\\n',
    summary.requests, summary.bytes, summary.duration, latency:percentile(95.0),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True)
class Rate:
    """What one load run showed."""

    per_second: float
    p95_ms: float
    kib_per_request: float
    requests: int
    errors: int


def need_wrk() -> None:
    """Install wrk from Debian when it is missing; raises where that is not possible."""
    if shutil.which("wrk") is None:
        subprocess.run(["apt-get", "install", "-y", "-q", "wrk"], check=True, stdout=subprocess.DEVNULL)


def rate(port: int, paths: Sequence[str], duration_s: int = DURATION_S, cookie: str | None = None) -> Rate:
    """Requests a second against 127.0.0.1 over a list of paths, each asked for in turn."""
    with tempfile.TemporaryDirectory(prefix="cc-bench-") as folder:
        addresses, script = Path(folder, "addresses"), Path(folder, "walk.lua")
        addresses.write_text("\n".join(paths) + "\n", encoding="utf-8")
        script.write_text(_SCRIPT.replace("ADDRESSES", str(addresses)), encoding="utf-8")
        said_cookie = [] if cookie is None else ["-H", f"Cookie: {cookie}"]
        said = subprocess.run(
            ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{duration_s}s", "--timeout", "20s", "-s", str(script), *said_cookie, f"http://127.0.0.1:{port}"],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
    found = json.loads(next(line for line in said.splitlines() if line.startswith("RESULT "))[len("RESULT ") :])
    requests = max(1, found["requests"])
    return Rate(
        per_second=found["requests"] / (found["duration_us"] / 1e6),
        p95_ms=found["p95_us"] / 1000,
        kib_per_request=found["bytes"] / 1024 / requests,
        requests=found["requests"],
        errors=found["errors"],
    )
