"""How a browser enters once it is known as whom: a sign-in in the database, its token in a cookie, the browser's former sign-in ended."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from commandcenter.security import store
from commandcenter.security.builtin import DOOR
from commandcenter.web.door import Doorkeeper
from commandcenter.web.forms import address_of, next_address
from commandcenter.web.sessions import COOKIE, LONGEST_S, digest_of, new_token, token_of
from commandcenter.web.state import State


async def entered(
    request: Request, state: State, door: Doorkeeper, account: int, target: str | None = None, *, strong: bool = False
) -> Response | None:
    """The way on for an account, with the cookie of its new sign-in; None where the account is no longer active."""
    token = new_token()
    begin = store.begin_request(account, digest_of(token), LONGEST_S, address_of(request), request.headers.get("user-agent", ""), strong=strong)
    row = await state.reader.row(DOOR, begin)
    if row is None or not row["begun"]:
        return None
    former = token_of(request.scope["headers"])
    if former:
        await ended(state, door, digest_of(former))
    answer = RedirectResponse(target or next_address(request.query_params.get("next")), status_code=303)
    answer.set_cookie(COOKIE, token, max_age=LONGEST_S, path="/", httponly=True, samesite="lax", secure=_is_secure(request, state))
    return answer


async def ended(state: State, door: Doorkeeper, digest: bytes) -> None:
    """The end of one sign-in, at once in this process."""
    await state.reader.rows(DOOR, store.end_request(digest))
    door.sessions.forget(digest)


def _is_secure(request: Request, state: State) -> bool:
    """Whether the browser reaches us by TLS, so that the cookie may insist on it."""
    return request.url.scheme == "https" or bool(state.settings.tls_cert) or bool(state.settings.trusted_proxies)
