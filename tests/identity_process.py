"""An identity provider in a process of its own, spoken to over HTTP: Authlib's provider framework with its own signing keys.

``python -m tests.identity_process PORT`` serves it. It demands PKCE, gives each code once and signs with RS256. Told so at ``/control`` it lies
in one of the ways of FAULTS, at any place of the conversation; the honest rest stays as it is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx2
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT_ID, CLIENT_SECRET = "command-centre", "a secret of the tests, 40 signs or so long"
READY_WITHIN_S = 20.0
# Ways to lie: in the ID token's claims, in how it is signed, and elsewhere.
CLAIM_FAULTS: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "of somebody else"},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "another-client"},
    "several audiences without ours": {"aud": ["another-client", "a-third"], "azp": CLIENT_ID},
    "for another party": {"aud": [CLIENT_ID, "another-client"], "azp": "another-client"},
    "another issuer": {"iss": "https://elsewhere.example"},
    "no issuer": {"iss": None},
    "expired": {"exp": int(time.time()) - 600},
    "no expiry": {"exp": None},
    "of tomorrow": {"iat": int(time.time()) + 86_400},
    "another access token's": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "no subject": {"sub": None},
    "a subject that is none": {"sub": ""},
}
SIGNING_FAULTS = (
    "tampered", "alg none", "signed with the client secret", "signed with the public key", "signed with a listed secret", "signed with a strange key",
    "not a token",
)  # fmt: skip
LISTED_SECRET = OctKey.import_key({"kty": "oct", "kid": "listed", "k": "c2VjcmV0IHRoYXQgZXZlcnlib2R5IG1heSByZWFkIGhlcmU"})
# Elsewhere: "no token", "token error", "token broken", "refused", "other issuer in the answer", "other description", "endless description",
# "silent", "other userinfo", "no logout", and "post only", which is no lie.


@dataclass
class Client(ClientMixin):
    """The one client the provider knows."""

    client_id: str = CLIENT_ID

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        return None

    def get_allowed_scope(self, scope: str) -> str:
        return " ".join(word for word in scope.split() if word in {"openid", "profile"})

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri.startswith("http://127.0.0.1:") and redirect_uri.endswith("/sign-in/oidc/back")

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(client_secret, CLIENT_SECRET)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in {"client_secret_basic", "client_secret_post"}

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code:
    """One authorization code, until it is used."""

    code: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str
    code_challenge_method: str
    user: dict[str, Any]

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class Provider:
    """What the process holds: its key, who is signed in at it, its codes and what it lies about."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.key = self._new_key()
        self.person: dict[str, Any] = {}
        self.fault = ""
        self.codes: dict[str, Code] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.seen: list[dict[str, Any]] = []

    def _new_key(self) -> RSAKey:
        return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})

    def rotate(self) -> None:
        """From now on another key; the one before is gone."""
        self.key = self._new_key()


def token_of(provider: Provider, claims: dict[str, Any]) -> str:
    """The claims, signed as the provider is told to."""
    claims = {**claims, **CLAIM_FAULTS.get(provider.fault, {})}
    claims = {key: value for key, value in claims.items() if value is not None}
    header = {"alg": "RS256", "kid": provider.key.kid}
    match provider.fault:
        case "alg none":
            return f"{_part({**header, 'alg': 'none'})}.{_part(claims)}."
        case "signed with the client secret":
            return jwt.encode({**header, "alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET), ["HS256"])
        case "signed with the public key":
            public = provider.key.as_pem(private=False).rstrip()  # joserfc itself refuses to sign with what looks like a public key
            return _hmac_signed({**header, "alg": "HS256"}, claims, public)
        case "signed with a listed secret":
            return jwt.encode({"alg": "HS256", "kid": "listed"}, claims, LISTED_SECRET, ["HS256"])
        case "signed with a strange key":
            return jwt.encode(header, claims, RSAKey.generate_key(2048), ["RS256"])
        case "tampered":
            head, _, signature = jwt.encode(header, claims, provider.key, ["RS256"]).split(".")
            return f"{head}.{_part({**claims, 'sub': 'somebody-else'})}.{signature}"
        case "not a token":
            return "no.token.at all"
    return jwt.encode(header, claims, provider.key, ["RS256"])


def _part(said: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()


def _hmac_signed(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:

    text = f"{_part(header)}.{_part(claims)}"
    return f"{text}.{base64.urlsafe_b64encode(hmac.new(secret, text.encode(), hashlib.sha256).digest()).rstrip(b'=').decode()}"


def make_app(issuer: str) -> Flask:
    """The provider's endpoints."""
    app, provider = Flask("identity provider"), Provider(issuer)
    saved: dict[str, Any] = {}
    server = AuthorizationServer(app, query_client=lambda name: Client() if name == CLIENT_ID else None, save_token=lambda token, _: saved.update(token))
    app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {"authorization_code": 300}

    class CodeGrant(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")

        def save_authorization_code(self, code: str, asked: Any) -> None:
            said = asked.payload.data
            provider.codes[code] = Code(
                code, asked.payload.redirect_uri, asked.payload.scope, said.get("nonce"), said["code_challenge"], said["code_challenge_method"], asked.user
            )

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            del provider.codes[authorization_code.code]

        def authenticate_user(self, authorization_code: Code) -> dict[str, Any]:
            return authorization_code.user

    class IdToken(OpenIDCode):
        def exists_nonce(self, nonce: str, asked: Any) -> bool:
            return any(code.nonce == nonce for code in provider.codes.values())

        def resolve_client_private_key(self, client: Client) -> RSAKey:
            return provider.key

        def get_client_algorithm(self, client: Client) -> str:
            return "RS256"

        def get_client_claims(self, client: Client) -> dict[str, Any]:
            return {"iss": issuer, "aud": [client.client_id], "exp": int(time.time()) + 300}

        def generate_user_info(self, user: dict[str, Any], scope: str) -> dict[str, Any]:
            return {key: value for key, value in user.items() if not key.startswith("userinfo:")}

        def encode_id_token(self, token: dict[str, Any], asked: Any) -> str:
            honest = super().encode_id_token(token, asked)
            provider.tokens[token["access_token"]] = asked.user
            return token_of(provider, jwt.decode(honest, provider.key, ["RS256"]).claims)

    server.register_grant(CodeGrant, [IdToken(require_nonce=True), CodeChallenge(required=True)])

    @app.get("/.well-known/openid-configuration")
    def description() -> Response:
        if provider.fault == "silent":
            time.sleep(1)
        if provider.fault == "endless description":
            return Response("[" * (3 << 20), content_type="application/json")
        said = {
            "issuer": "https://elsewhere.example" if provider.fault == "other description" else issuer,
            "authorization_endpoint": f"{issuer}/authorize", "token_endpoint": f"{issuer}/token", "jwks_uri": f"{issuer}/keys",
            "userinfo_endpoint": f"{issuer}/userinfo", "id_token_signing_alg_values_supported": ["RS256"], "response_types_supported": ["code"],
            "token_endpoint_auth_methods_supported": ["client_secret_post" if provider.fault == "post only" else "client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }  # fmt: skip
        if provider.fault != "no logout":
            said["end_session_endpoint"] = f"{issuer}/logout"
        return jsonify(said)

    @app.get("/keys")
    def keys() -> Response:
        foreign = {"kty": "AKP", "alg": "ML-DSA-44", "kid": "of-the-future", "pub": "x"}
        listed = [LISTED_SECRET.as_dict(private=True)] if provider.fault == "signed with a listed secret" else []
        return jsonify({"keys": [foreign, provider.key.as_dict(private=False), *listed]})

    @app.get("/authorize")
    def authorize() -> Response:
        provider.seen.append({"at": "authorize", **request.args})
        if provider.fault == "refused":
            back = f"{request.args['redirect_uri']}?error=access_denied&error_description={quote('<b>no</b>')}&state={request.args['state']}"
            return redirect(back)
        asked = server.create_oauth2_request(request)
        grant = server.get_authorization_grant(asked)
        answer = server.create_authorization_response(asked, grant_user=dict(provider.person), grant=grant)
        if "Location" in answer.headers:
            iss = "https://elsewhere.example" if provider.fault == "other issuer in the answer" else issuer
            answer.headers["Location"] += f"&iss={quote(iss, safe='')}"
        return answer

    @app.post("/token")
    def token() -> Response:
        provider.seen.append({"at": "token", **request.form})
        if provider.fault == "token error":
            return Response("down", status=502)
        if provider.fault == "token broken":
            return Response("<html>a proxy says hello</html>", content_type="text/html")
        answer = server.create_token_response()
        if provider.fault == "no token":
            answer.set_data(json.dumps({key: value for key, value in answer.get_json().items() if key != "id_token"}))
        return answer

    @app.get("/userinfo")
    def userinfo() -> Response:
        user = provider.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if user is None:
            return Response(status=401)
        more = {key.removeprefix("userinfo:"): value for key, value in user.items() if key.startswith("userinfo:")}
        return jsonify({"sub": "somebody-else" if provider.fault == "other userinfo" else user["sub"], **more})

    @app.get("/logout")
    def logout() -> Response:
        provider.seen.append({"at": "logout", **request.args})
        return Response(f'<!doctype html><link rel="icon" href="data:,"><a href="{request.args["post_logout_redirect_uri"]}">back</a>')

    @app.post("/control")
    def control() -> Response:
        said = request.get_json()
        provider.person, provider.fault = said.get("person", provider.person), said.get("fault", "")
        if said.get("rotate"):
            provider.rotate()
        seen, provider.seen = provider.seen, []
        return jsonify(seen)

    return app


class ProviderProcess:
    """The process, started and ended; what it is told from outside goes over HTTP too."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.issuer = f"http://127.0.0.1:{port}"
        self.client = httpx2.Client(base_url=self.issuer, timeout=10)
        self._child: subprocess.Popen[bytes] | None = None

    def told(self, **said: Any) -> list[dict[str, Any]]:
        """Who is signed in at the provider (``person``), how it lies (``fault``), whether its key changes (``rotate``); what it was asked since."""
        answer = self.client.post("/control", json=said)
        answer.raise_for_status()
        seen: list[dict[str, Any]] = answer.json()
        return seen

    def start(self) -> None:
        """Serve, and wait until it answers."""
        environment = {**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"}
        root = Path(__file__).parents[1]
        command = [sys.executable, "-m", "tests.identity_process", str(self.port)]
        self._child = subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + READY_WITHIN_S
        while True:
            try:
                self.client.get("/keys")
                return
            except httpx2.HTTPError:
                if time.monotonic() > deadline or self._child.poll() is not None:
                    raise RuntimeError("the identity provider did not start") from None
                time.sleep(0.1)

    def stop(self) -> None:
        """End it at once."""
        if self._child is not None:
            self._child.kill()
            self._child.wait(timeout=10)
            self._child = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


if __name__ == "__main__":
    own_port = int(sys.argv[1])
    make_app(f"http://127.0.0.1:{own_port}").run("127.0.0.1", own_port, threaded=True)
