"""How often somebody may knock: failed tries by address, searches by actor, reads by key. Each web process counts by itself."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from commandcenter.errors import CommandCenterError
from commandcenter.text import Text

# Failures only: at the change of shift a whole hall signs in from one address. An account's own lock comes long before.
SIGN_IN = RateLimitItemPerMinute(30, namespace="sign_in")
# Typing asks with each sign; nobody types that fast for a minute.
SEARCH = RateLimitItemPerMinute(300, namespace="search")
# A map of a desktop program that is panned without a pause.
KEY = RateLimitItemPerMinute(1200, namespace="key")
IPV6_SITE_BITS = 64  # whoever has one address of such a network has all of them


class TooMany(CommandCenterError):
    """Asked too often; ``Retry-After`` says when again."""

    status, kind = 429, "too_many"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            Text(f"请求过于频繁，请 {retry_after_s} 秒后再试。", f"Too many requests: please try again in {retry_after_s} seconds.")
        )
        self.headers = {"Retry-After": str(retry_after_s)}


class Limits:
    """The counts of one web process. Touched from the event loop alone."""

    def __init__(self) -> None:
        self._windows = MovingWindowRateLimiter(MemoryStorage())
        self._under_way: Counter[tuple[str, str]] = Counter()

    def count(self, rate: RateLimitItem, who: str) -> None:
        """One more of ``who``. Raises TooMany where the rate is used up."""
        if not self._windows.hit(rate, who):
            raise self._too_many(rate, who)

    @contextmanager
    def tries(self, rate: RateLimitItem, who: str) -> Iterator[Callable[[], None]]:
        """A try of which only a failure counts: call what is given then. Tries under way count too, so that many at once do not pass together.

        Raises TooMany where the failures are used up.
        """
        held = (rate.namespace, who)
        if self._windows.get_window_stats(rate, who).remaining <= self._under_way[held]:
            raise self._too_many(rate, who)
        self._under_way[held] += 1
        try:
            yield lambda: _ignore(self._windows.hit(rate, who))
        finally:
            self._under_way[held] -= 1
            if not self._under_way[held]:
                del self._under_way[held]

    def _too_many(self, rate: RateLimitItem, who: str) -> TooMany:
        resets_at = self._windows.get_window_stats(rate, who).reset_time
        return TooMany(min(max(1, math.ceil(resets_at - time.time())), rate.get_expiry()))


def neighbourhood(address: str) -> str:
    """Whom an address's tries are counted to: itself, or its IPv6 network; all whose address is unknown together."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((known, IPV6_SITE_BITS), strict=False)) if known.version == 6 else str(known)


def _ignore(_: object) -> None:
    return None
