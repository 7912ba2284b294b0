"""What every answer tells the browser to refuse: foreign scripts, frames, guessed types; and with TLS, ever to come without it."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from commandcenter.web.asgi import Send

YEAR_S = 365 * 24 * 3600
ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
STRICT_TRANSPORT = (b"strict-transport-security", f"max-age={YEAR_S}".encode())


def page_policy(inline_scripts: Sequence[str], rasters: Iterable[str]) -> str:
    """The content policy of Dash's pages.

    ``inline_scripts`` are the hashes of what Dash itself writes into the page: no other inline script runs, and nothing is evaluated.
    The map draws in a worker made of a blob. ``rasters`` are addresses of the city's own raster layers, the only other hosts there may be.
    """
    hosts = sorted({f"{parts.scheme}://{parts.netloc}" for parts in (urlsplit(url.replace("{s}", "*")) for url in rasters) if parts.netloc})
    images = " ".join(["'self'", "data:", "blob:", *hosts])
    return "; ".join(
        [
            "default-src 'self'",
            " ".join(["script-src 'self'", *inline_scripts]),
            "worker-src 'self' blob:",
            "style-src 'self' 'unsafe-inline'",
            f"img-src {images}",
            "font-src 'self' data:",
            " ".join(["connect-src 'self'", *hosts]),
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


class Guarded:
    """Adds the headers to one application's answers; an answer that has one of them keeps its own."""

    def __init__(self, policy: str, *, tls: bool) -> None:
        self._policy = (b"content-security-policy", policy.encode("latin-1", "ignore"))
        self._always = (*ALWAYS, STRICT_TRANSPORT) if tls else ALWAYS

    def of(self, send: Send) -> Send:
        """The same way out, with the headers."""

        async def guarded(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers") or ())
                named = {bytes(name).lower(): bytes(value) for name, value in headers}
                wanted = [*self._always]
                if named.get(b"content-type", b"").startswith(b"text/html"):
                    wanted.append(self._policy)
                message = {**message, "headers": [*headers, *((name, value) for name, value in wanted if name not in named)]}
            await send(message)

        return guarded
