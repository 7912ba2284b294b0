"""Pages without any script: sign-in and accounts, drawn with the tokens of the wall, readable before anybody has signed in."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse

from commandcenter.config import Settings
from commandcenter.text import LANGUAGES, Language, Text
from commandcenter.web.forms import next_address
from commandcenter.web.glass import END_AT, END_NOW, NAME, SAYS, current_glass

LANGUAGE_COOKIE, THEME_COOKIE = "cc_language", "cc_theme"
LANGUAGE_KEPT_S = 365 * 24 * 3600
# Nothing but our own stylesheets: there is no script to run and nobody to be framed by.
POLICY = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
STYLES = ("00-tokens.css", "02-frame.css", "07-plain.css", "08-banner.css")
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def language_of(request: Request, settings: Settings) -> Language:
    """The language a page is shown in: asked for in the address or the one it leads to, else chosen before, else the browser's, else the city's."""
    leads_to = parse_qs(urlsplit(next_address(request.query_params.get("next"))).query).get("lang", [None])[0]
    spoken = (part.partition(";")[0].strip()[:2].lower() for part in request.headers.get("accept-language", "")[:200].split(","))
    for said in (request.query_params.get("lang"), leads_to, request.cookies.get(LANGUAGE_COOKIE), *spoken):
        for language in LANGUAGES:
            if said == language:
                return language
    return settings.language


class Html(str):
    """Text that is HTML already; every other text is escaped."""


def tag(name: str, /, *inside: Any, **attributes: Any) -> Html:
    """One element; ``class_`` is its class, an attribute that is True stands without value, None and False are left out."""
    said = "".join(_attribute(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value not in (None, False))
    body = "".join(part if isinstance(part, Html) else escape(str(part)) for part in inside if part is not None)
    return Html(f"<{name}{said}>" if name in {"input", "meta", "link", "br", "img"} else f"<{name}{said}>{body}</{name}>")


def _attribute(key: str, value: Any) -> str:
    return f" {key}" if value is True else f' {key}="{escape(str(value))}"'


def field(label: str, name: str, **attributes: Any) -> Html:
    """A labelled input."""
    return tag("label", tag("span", label), tag("input", name=name, **attributes))


def form(action: str, *inside: Any, **attributes: Any) -> Html:
    """A form that is sent to an address of ours."""
    return tag("form", *inside, method="post", action=action, **attributes)


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]], label: str) -> Html:
    """A table with its heads."""
    head = tag("tr", *(tag("th", words, scope="col") for words in heads))
    body = tag("tbody", *(tag("tr", *(tag("td", cell) for cell in row)) for row in rows))
    return tag("div", tag("table", tag("thead", head), body, aria_label=label), class_="plain-table", tabindex="0", role="region", aria_label=label)


def page(request: Request, language: Language, title: Text, *inside: Any, status: int = 200, wide: bool = False, bare: bool = False) -> HTMLResponse:
    """A whole page; the link in its corner shows it in the other language. ``bare``: without the banner of what has just ended."""
    other: Language = "zh" if language == "en" else "en"
    kept = {key: value for key, value in request.query_params.items() if key != "lang"}
    switch = f"{request.url.path}?{urlencode({**kept, 'lang': other})}"
    theme = "light" if request.cookies.get(THEME_COOKIE) == "light" else "dark"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title.to(language)),
        tag("link", rel="icon", href="data:,"),
        *(tag("link", rel="stylesheet", href=f"/assets/{name}") for name in STYLES),
    )
    corner = tag("a", "中文" if language == "en" else "EN", href=switch, lang=other, class_="plain-language")
    main = tag("main", corner, tag("h1", title.to(language)), *inside, class_="plain-page wide" if wide else "plain-page")
    body = tag("body", None if bare else _banner(language), main, class_="wall-less")
    html = tag("html", head, body, lang="zh-CN" if language == "zh" else "en", data_mantine_color_scheme=theme)
    answer = HTMLResponse(f"<!doctype html>{html}", status_code=status, headers=HEADERS)
    if request.query_params.get("lang") == language:  # what was asked for stays, on the way through links and forms too
        answer.set_cookie(LANGUAGE_COOKIE, language, max_age=LANGUAGE_KEPT_S, path="/", samesite="lax")
    return answer



def _banner(language: Language) -> Html | None:
    """What stands above every page while glass is broken."""
    glass = current_glass()
    if glass is None:
        return None
    return tag(
        "section",
        tag("strong", SAYS.with_values(until=glass.until).to(language)),
        form(END_AT, tag("button", END_NOW.to(language), type="submit")),
        class_="glass", role="alert", aria_label=NAME.to(language),
    )  # fmt: skip
