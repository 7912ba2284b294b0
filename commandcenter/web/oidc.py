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
from commandcenter.security.oidc import LASTS_S, Attempt, NotIn, NotProved, OidcClient, ProviderAway
from commandcenter.text import Text
from commandcenter.web.door import Doorkeeper
from commandcenter.web.entering import entered, is_secure
from commandcenter.web.forms import address_of, next_address, own_address
from commandcenter.web.limits import SIGN_IN as SIGN_IN_RATE
from commandcenter.web.limits import TooMany, neighbourhood
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
        answer.set_cookie(COOKIE, sealed, max_age=LASTS_S, path=PATH, httponly=True, samesite="lax", secure=is_secure(request, state))
        return answer

    @router.get(BACK)
    async def back(request: Request) -> Response:
        client, address, target = _client(state), address_of(request), "/"
        try:
            with state.limits.tries(SIGN_IN_RATE, neighbourhood(address)) as failed:
                try:
                    attempt = await _own_attempt(request, state, client)
                    target = attempt.next
                    answer = await _let_in(request, state, door, client, attempt)
                except NotIn as fault:
                    if isinstance(fault, NotProved):
                        failed()
                    await state.reader.rows(DOOR, identity_store.failed_request(fault.account, fault.why, address))
                    raise
        except (NotIn, TooMany) as fault:
            answer = await sign_in_page(_at_sign_in(request, target), state, door, fault.sentence, status=fault.status)
            answer.headers.update(getattr(fault, "headers", {}))
        answer.delete_cookie(COOKIE, path=PATH)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return router


class NotLetIn(NotIn):
    """The provider proved who somebody is, and there is no open account for them. ``why`` is a key of NOT_IN."""

    status, kind = 403, "forbidden"

    def __init__(self, why: str, account: int | None) -> None:
        super().__init__(NOT_IN[why])
        self.why, self.account = why, account


async def _let_in(request: Request, state: State, door: Doorkeeper, client: OidcClient, attempt: Attempt) -> Response:
    """The way on for who came back with a code. Raises NotIn."""
    code = attempt.need_return(dict(request.query_params), client.provider.issuer)
    came = arrival(client.provider, await client.claims(attempt, code))
    if came is None:
        raise NotProved("subject")
    row = await state.reader.row(IDENTITY, came.request(client.provider))
    account, outcome = (row["account_id"], row["outcome"]) if row else (None, "nothing")
    if account is None or outcome != "open":
        raise NotLetIn(outcome, account)
    answer = await entered(_at_sign_in(request, attempt.next), state, door, account, strong=came.strong)
    if answer is None:  # shut in this very moment
        raise NotLetIn("shut", account)
    door.sessions.forget()  # what the account may has just been counted anew
    return answer


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
