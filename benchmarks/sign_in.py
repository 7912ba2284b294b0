"""How long a sign-in takes: the whole of POST /sign-in of our web process, which a good hash makes slow on purpose."""

from __future__ import annotations

import time
import urllib.error
import urllib.parse
import urllib.request

import numpy as np

from benchmarks import database, servers
from benchmarks.report import Chapter, Line
from benchmarks.visitor import account_with_password

TIMES = 25
LEAST_MS, MOST_MS = 100.0, 300.0


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """The answer itself is wanted, not where it leads."""
        return


def run(say: database.Say) -> list[Chapter]:
    """Median and spread, for a right password and for a name nobody has."""
    with database.cluster() as running:
        settings = database.footprints(running, say)
        name, password = account_with_password(settings)
        with servers.ours(settings, cache_mb=0) as port:
            right = [_asked(port, name, password, 303) for _ in range(TIMES)]
            nobody = [_asked(port, "nobody.here", password, 401) for _ in range(10)]
    median = float(np.median(right))
    lines = (
        Line("right password, median", f"{median:.0f} ms", "-", "-", f"{LEAST_MS:.0f}-{MOST_MS:.0f} ms", LEAST_MS <= median <= MOST_MS),
        Line("right password, fastest and slowest", f"{min(right):.0f} ms, {max(right):.0f} ms"),
        Line("a name nobody has, median", f"{float(np.median(nobody)):.0f} ms"),
    )
    return [Chapter("Signing in", f"{TIMES} sign-ins one after another, argon2id with 64 MiB and three passes.", lines)]


def _asked(port: int, name: str, password: str, expected: int) -> float:
    url = f"http://127.0.0.1:{port}"
    body = urllib.parse.urlencode({"name": name, "password": password}).encode()
    request = urllib.request.Request(f"{url}/sign-in", data=body, headers={"Origin": url})
    began = time.perf_counter()
    try:
        status = urllib.request.build_opener(_Stay).open(request, timeout=30).status
    except urllib.error.HTTPError as answer:
        status = answer.code
    spent = (time.perf_counter() - began) * 1000
    if status != expected:
        raise RuntimeError(f"sign-in answered {status}")
    return spent
