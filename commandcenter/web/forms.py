"""What our own pages send: the fields of a form, where to go afterwards, from where it came."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.requests import Request

from commandcenter.errors import BadRequest
from commandcenter.text import Text
from commandcenter.web.asgi import client_address
from commandcenter.web.uploads import check_same_origin

LARGEST_FORM = 10_000


async def sent_form(request: Request) -> dict[str, str]:
    """The fields of a form of our own pages. Raises Forbidden for one that another site sent."""
    check_same_origin(request.headers)
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_FORM:
            raise BadRequest(Text("表单过大。", "The form is too large."))
    try:
        said = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=40)
    except ValueError:
        raise BadRequest(Text("表单的字段过多。", "The form has too many fields.")) from None
    if any("\0" in value for values in said.values() for value in values):
        raise BadRequest(Text("表单含有空字符。", "The form holds a null character."))
    return {key: values[-1] for key, values in said.items()}


def next_address(said: str | None) -> str:
    """Where to go after signing in: an address of ours, never another host's."""
    # Control characters first: what reads addresses drops some of them, and "/<tab>/host" is then another host's.
    if said and said.startswith("/") and not said.startswith("//") and "\\" not in said and not any(ord(sign) < 32 for sign in said):
        return said
    return "/"


def own_address(request: Request, path: str) -> str:
    """An address of ours as the browser knows it, with scheme and host."""
    return f"{request.url.scheme}://{request.url.netloc}{path}"


def address_of(request: Request) -> str:
    """The client's address, as the audit keeps it; nothing where it is no address."""
    return client_address(request.scope)


def whole_number(said: str | None) -> int:
    """A row's number as a form sends it; 0, which no row has, for anything else."""
    return int(said) if said and said.isascii() and said.isdigit() and len(said) < 16 else 0
