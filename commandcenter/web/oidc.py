"""In by the identity provider: the way there, and back with a code. It opens what the mapping gives, to nobody whom the provider did not prove."""

from __future__ import annotations

import base64
import binascii
import hashlib
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from commandcenter.errors import NotFound, Unavailable
from commandcenter.security import identity_store
from commandcenter.security.builtin import DOOR, IDENTITY
from commandcenter.security.identity import arrival
from commandcenter.security.oidc import LASTS_S, Attempt, NotProved, OidcClient, ProviderAway
from commandcenter.text import Text
from commandcenter.web.door import Doorkeeper
from commandcenter.web.entering import entered
from commandcenter.web.forms import address_of, next_address, own_address
from commandcenter.web.sign_in import sign_in_page
from commandcenter.web.state import State

COOKIE, PATH, BACK = "cc_identity", "/sign-in/oidc", "/sign-in/oidc/back"
NO_ADDRESS = Text("没有这个地址。", "There is nothing at this address.")
# Why somebody whom the provider proved is not let in.
NOT_IN = {
    "waits": Text("账号已登记，等安全管理员批准后再登录。", "Your account is noted; sign in again once the security administrator has approved it."),
    "shut": Text("这个账号已停用。", "This account is shut."),
    "nothing": Text("统一身份认证没有给您本系统的岗位，请联系管理员。", "The identity provider gives you no role here; please ask an administrator."),
}


def oidc_routes(state: State, door: Doorkeeper) -> APIRouter:
    """The routes; without a provider they are nothing."""
    router = APIRouter()

    @router.get(PATH)
    async def go(request: Request) -> Response:
        client = _client(state)
        target = next_address(request.query_params.get("next"))
        attempt = Attempt.begun(own_address(request, BACK), target)
        try:
            way = await client.way_there(attempt)
        except ProviderAway as fault:
            return await sign_in_page(_at_sign_in(request, target), state, door, fault.sentence, status=fault.status)
        answer = RedirectResponse(way, status_code=303, headers={"Cache-Control": "no-store"})
        # Lax, not strict: the browser comes back from another site, by a link
        sealed = _sealed(state, client, attempt)
        answer.set_cookie(COOKIE, sealed, max_age=LASTS_S, path=PATH, httponly=True, samesite="lax", secure=door.is_secure(request.scope))
        return answer

    @router.get(BACK)
    async def back(request: Request) -> Response:
        client, address = _client(state), address_of(request)
        target, account = "/", None
        try:
            attempt = await _own_attempt(request, state, client)
            target = attempt.next
            came = arrival(client.provider, await client.claims(attempt, attempt.need_return(dict(request.query_params), client.provider.issuer)))
            if came is None:
                raise NotProved("subject")
            row = await state.reader.row(IDENTITY, came.request(client.provider))
            account, outcome = (row["account_id"], row["outcome"]) if row else (None, "nothing")
            answer = await entered(request, state, door, account, target, strong=came.strong) if account is not None and outcome == "open" else None
            if answer is None:
                said, status, why = NOT_IN.get(outcome, NOT_IN["shut"]), 403, outcome
        except NotProved as fault:
            answer, said, status, why = None, fault.sentence, 401, fault.why
        except ProviderAway as fault:
            answer, said, status, why = None, fault.sentence, fault.status, "away"
        if answer is None:
            await state.reader.rows(DOOR, identity_store.failed_request(account, why, address))
            answer = await sign_in_page(_at_sign_in(request, target), state, door, said, status=status)
        else:
            door.sessions.forget()  # what the account may has just been counted anew
        answer.delete_cookie(COOKIE, path=PATH)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    async def nothing(rest: str) -> Response:
        raise NotFound(NO_ADDRESS)

    # Dash would answer with its page.
    router.add_api_route("/sign-in/{rest:path}", nothing, methods=["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
    return router


def _at_sign_in(request: Request, target: str) -> Request:
    """The request as if the sign-in page had been asked for: its links lead to a new attempt, not into the one that failed."""
    kept = {"next": target, **{key: value for key, value in request.query_params.items() if key == "lang"}}
    return Request({**request.scope, "path": "/sign-in", "query_string": urlencode(kept).encode()})


def _client(state: State) -> OidcClient:
    if state.identity is None:
        raise NotFound(NO_ADDRESS)
    return state.identity


def _sealed(state: State, client: OidcClient, attempt: Attempt) -> str:
    return base64.urlsafe_b64encode(state.keys.sealed("oidc", attempt.text, client.provider.issuer)).decode()


async def _own_attempt(request: Request, state: State, client: OidcClient) -> Attempt:
    """The attempt that this browser began, the first time it comes back. Raises NotProved for every other return."""
    said = request.cookies.get(COOKIE, "")
    if not said:
        raise NotProved("browser")
    try:
        sealed = base64.urlsafe_b64decode(said)
        attempt = Attempt.read(state.keys.opened("oidc", sealed, client.provider.issuer))
    except (Unavailable, binascii.Error, ValueError) as fault:
        raise NotProved("browser") from fault
    first = await state.reader.row(DOOR, identity_store.returns_request(hashlib.sha256(sealed).digest(), 2 * LASTS_S))
    if not first or not first["first"]:
        raise NotProved("again")
    return attempt
