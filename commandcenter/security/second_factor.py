"""The second factor: one-time codes by time (TOTP, RFC 6238), and recovery codes for a lost telephone."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import secrets
from urllib.parse import quote, urlencode

import segno
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

INTERVAL_S, DIGITS, SECRET_BYTES = 30, 6, 20
AROUND = 1  # intervals a clock may be off to either side
CODES, CODE_SIGNS = 10, "abcdefghjkmnpqrstuvwxyz23456789"


def new_secret() -> str:
    """A secret as authenticator applications take it: 160 bits in base 32."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def code_at(secret: str, moment_s: float) -> str:
    """The code of a moment, in seconds since 1970."""
    # SHA-1 is what authenticator applications understand; HMAC does not suffer from its collisions.
    return TOTP(base64.b32decode(secret), DIGITS, SHA1(), INTERVAL_S, enforce_key_length=False).generate(moment_s).decode()


def step_of(secret: str, said: str, moment_s: float, after_step: int = 0) -> int | None:
    """The interval whose code was said, at most one away from a moment and later than the last used; None for a wrong code."""
    code = re.sub(r"\s", "", said)
    now = int(moment_s // INTERVAL_S)
    fitting = [
        step for step in range(now - AROUND, now + AROUND + 1)
        if secrets.compare_digest(code_at(secret, step * INTERVAL_S).encode(), code.encode("utf-8", "replace")) and step > after_step
    ]  # fmt: skip
    return fitting[-1] if fitting else None


def setup_address(secret: str, account: str, issuer: str) -> str:
    """The ``otpauth:`` address that authenticator applications read."""
    words = urlencode({"secret": secret, "issuer": issuer, "digits": DIGITS, "period": INTERVAL_S}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?{words}"


def picture_of(address: str) -> str:
    """A QR code as the address of an image: black on white whatever the theme, because cameras read it."""
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", scale=4, border=4, dark="black", light="white")
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode()


def new_recovery_codes() -> list[str]:
    """Ten codes of about 59 bits each."""
    return ["-".join("".join(secrets.choice(CODE_SIGNS) for _ in range(4)) for _ in range(3)) for _ in range(CODES)]


def recovery_digest(code: str) -> bytes:
    """What the database knows a recovery code by, however it was typed."""
    return hashlib.sha256(re.sub(r"[^a-z0-9]", "", code.lower()).encode()).digest()
