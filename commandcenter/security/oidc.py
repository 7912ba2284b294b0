"""Speaking with an identity provider: authorization code with PKCE, state and nonce; its answers are proved before anybody believes them."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.common.urls import add_params_to_uri
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from commandcenter.errors import Forbidden, Unavailable
from commandcenter.identity_provider import IdentityProvider, is_safe_address
from commandcenter.text import Text

# Signatures by a key that the provider alone has: neither "none" nor a secret that both sides know.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
LASTS_S = 600  # for as long somebody may be at the provider
KNOWN_S = 3600.0  # for as long its description counts
PATIENCE_S = 10.0
CLOCK_S = 60  # how far two clocks may be apart
LARGEST_ANSWER = 1 << 20
LONGEST_NEXT = 1_000

AWAY = Text(
    "统一身份认证暂时联系不上，请稍候再试，或用本系统的账号和口令登录。编号 {id}",
    "The identity provider does not answer just now: try again shortly, or sign in with an account and password of this system. Id {id}",
)
REFUSED = Text(
    "统一身份认证没有完成登录，请重新登录；仍不行时把编号告诉管理员。编号 {id}",
    "The sign-in by the identity provider was not completed: please sign in again, and if it fails again tell the administrator the id {id}",
)
log = logging.getLogger(__name__)


class ProviderAway(Unavailable):
    """The provider does not answer, or answers what nobody could work with."""

    def __init__(self, cause: object) -> None:
        super().__init__(AWAY)
        self.sentence = AWAY.with_values(id=self.id)
        log.warning("OIDC %s: provider away: %.300r", self.id, cause)


class NotProved(Forbidden):
    """What came back proves nothing. ``why`` is a word of our own for the audit; the log has the rest."""

    def __init__(self, why: str, cause: object = "") -> None:
        super().__init__(REFUSED)
        self.sentence = REFUSED.with_values(id=self.id)
        self.why = why
        log.warning("OIDC %s: %s: %.300r", self.id, why, cause)


@dataclass(frozen=True)
class Attempt:
    """One way to the provider and back: what has to come back, and where to go then. The browser keeps it, sealed."""

    state: str
    nonce: str
    verifier: str
    back: str  # our address that the provider sends the browser to
    next: str
    until: float

    @classmethod
    def begun(cls, back: str, then: str) -> Attempt:
        """A new one; what nobody may guess has 256 bits."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier, back, then if len(then) <= LONGEST_NEXT else "/", time.time() + LASTS_S)

    @classmethod
    def read(cls, text: str) -> Attempt:
        """What ``text`` wrote."""
        return cls(**json.loads(text))

    @property
    def text(self) -> str:
        """All of it, to be sealed."""
        return json.dumps(asdict(self))

    def need_return(self, said: Mapping[str, str], issuer: str) -> str:
        """The code of a return that is this attempt's. Raises NotProved."""
        if not hmac.compare_digest(said.get("state", "").encode(), self.state.encode()):
            raise NotProved("state")
        if time.time() > self.until:
            raise NotProved("late")
        if said.get("iss", issuer) != issuer:  # RFC 9207: the answer of another provider
            raise NotProved("issuer", said["iss"])
        if "error" in said:
            raise NotProved("provider", said["error"])
        if not said.get("code"):
            raise NotProved("code")
        return said["code"]


class OidcClient:
    """We, at one provider. Its description is kept for an hour, its keys are asked for at each sign-in: a key it took back counts no longer."""

    def __init__(self, provider: IdentityProvider) -> None:
        self.provider = provider
        self._known: tuple[float, dict[str, Any]] | None = None
        self._trust: ssl.SSLContext | None = None

    async def way_there(self, attempt: Attempt) -> str:
        """The address at the provider that an attempt begins at. Raises ProviderAway."""
        async with self._asking(attempt.back) as client:
            known = await self._description(client)
            more = {"acr_values": " ".join(self.provider.mapping.acr)} if self.provider.mapping.acr else {}
            address, _ = client.create_authorization_url(
                known["authorization_endpoint"], state=attempt.state, code_verifier=attempt.verifier, nonce=attempt.nonce, **more
            )
            return str(address)

    async def claims(self, attempt: Attempt, code: str) -> dict[str, Any]:
        """What the provider says of who came back with a code. Raises NotProved, ProviderAway."""
        async with self._asking(attempt.back) as client:
            known = await self._description(client)
            client.token_endpoint_auth_method = _authentication(known)
            try:
                token = await client.fetch_token(known["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=attempt.verifier)
            except AuthlibBaseError as fault:
                raise NotProved("code", fault.error) from fault
            keys = await _json(client, known["jwks_uri"])
            claims = self._proved(token, keys, attempt.nonce)
            if self.provider.mapping.userinfo:
                more = await _json(client, _endpoint(known, "userinfo_endpoint"), {"authorization": f"Bearer {token.get('access_token')}"})
                if more.get("sub") != claims["sub"]:
                    raise NotProved("userinfo")
                claims = {**more, **claims}
            return claims

    async def way_out(self, back: str) -> str | None:
        """The address that ends the provider's own sign-in and leads back; None where it offers none or does not answer."""
        try:
            async with self._asking(back) as client:
                known = await self._description(client)
        except ProviderAway:
            return None
        address = known.get("end_session_endpoint")
        if not isinstance(address, str) or not is_safe_address(address):
            return None
        return str(add_params_to_uri(address, [("client_id", self.provider.client_id), ("post_logout_redirect_uri", back)]))

    def _proved(self, token: Mapping[str, Any], keys: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """The claims of an ID token that this provider signed for us, now, for this attempt. Raises NotProved."""
        mine = self.provider.client_id
        options = {"iss": {"essential": True, "value": self.provider.issuer}, "aud": {"essential": True, "value": mine}}
        try:
            registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
            read = jwt.decode(token["id_token"], KeySet.import_key_set({"keys": keys["keys"]}), registry=registry)
            said = CodeIDToken(read.claims, read.header, options, {"nonce": nonce, "client_id": mine, "access_token": token.get("access_token")})
            said.validate(leeway=CLOCK_S)
        except (JoseError, KeyError, ValueError, TypeError, AttributeError) as fault:
            raise NotProved("token", fault) from fault
        return dict(said)

    async def _description(self, client: AsyncOAuth2Client) -> dict[str, Any]:
        """What the provider says of itself, at most an hour old; older while it does not answer."""
        if self._known is None or self._known[0] < time.monotonic():
            try:
                said = await _json(client, self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
                self._known = time.monotonic() + KNOWN_S, self._checked(said)
            except (httpx2.HTTPError, ValueError, OSError):
                if self._known is None:
                    raise
        return self._known[1]

    def _checked(self, said: dict[str, Any]) -> dict[str, Any]:
        if said.get("issuer") != self.provider.issuer:
            raise ValueError(f"it calls itself {said.get('issuer')!r}")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            _endpoint(said, name)
        return said

    @asynccontextmanager
    async def _asking(self, back: str) -> AsyncIterator[AsyncOAuth2Client]:
        """A client of one sign-in. Whatever keeps the provider from answering within seconds is ProviderAway."""
        if self._trust is None:  # the system's own authorities, so that a house may have its own
            self._trust = await asyncio.to_thread(ssl.create_default_context)
        provider = self.provider
        try:
            async with asyncio.timeout(PATIENCE_S), AsyncOAuth2Client(
                provider.client_id, provider.client_secret, scope=" ".join(provider.mapping.scopes), redirect_uri=back,
                code_challenge_method="S256", verify=self._trust, timeout=PATIENCE_S, follow_redirects=False,
            ) as client:  # fmt: skip
                yield client
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, OSError, TimeoutError) as fault:
            raise ProviderAway(fault) from fault


def _endpoint(known: Mapping[str, Any], name: str) -> str:
    address = known.get(name)
    if not isinstance(address, str) or not is_safe_address(address):
        raise ValueError(f"its {name} is {address!r}")
    return address


def _authentication(known: Mapping[str, Any]) -> str:
    """How we prove at the provider's token endpoint who we are."""
    offered = known.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"


async def _json(client: AsyncOAuth2Client, address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A document of the provider; an answer that is no such thing raises ValueError."""
    body = b""
    async with client.stream("GET", address, withhold_token=True, headers={"accept": "application/json", **(headers or {})}) as answer:
        answer.raise_for_status()
        async for piece in answer.aiter_bytes():
            body += piece
            if len(body) > LARGEST_ANSWER:
                raise ValueError(f"{address} answers without an end")
    said = json.loads(body)
    if not isinstance(said, dict):
        raise ValueError(f"{address} is no JSON object")
    return said


