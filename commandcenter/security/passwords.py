"""Passwords: kept as argon2id hashes only, chosen by rules that resist guessing, compared in the same time whoever asks."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from commandcenter.errors import BadInput
from commandcenter.text import Text

# 64 MiB and three passes: between 100 and 300 ms on a core of today, the memory that RFC 9106 names as its second choice.
_HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
SHORTEST, LONGEST = 12, 200
FEWEST_SIGNS = 6
_COMMON = ("password", "qwerty", "123456", "abcdef", "letmein", "admin", "woaini", "5201314")
_LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_NOBODYS = _HASHER.hash(secrets.token_urlsafe(16))


def hashed(password: str) -> str:
    """The hash that is kept."""
    return _HASHER.hash(password)


def fits(password: str, kept: str | None) -> bool:
    """Whether a password is the one whose hash was kept. For an account nobody has (None) it takes as long, and is False."""
    try:
        return _HASHER.verify(kept or _NOBODYS, password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def made_up() -> str:
    """A password to begin with: sixteen signs that nobody mistakes for one another, about 92 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def check_rules(password: str, *names: str) -> None:
    """Refuse a password that would soon be guessed. Raises BadInput with the rule it breaks."""
    lower = password.lower()
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInput(
            Text(f"口令长度应为 {SHORTEST} 到 {LONGEST} 个字符。", f"A password has {SHORTEST} to {LONGEST} characters.")
        )
    if len(set(password)) < FEWEST_SIGNS:
        raise BadInput(Text(f"口令至少应有 {FEWEST_SIGNS} 种不同的字符。", f"A password has at least {FEWEST_SIGNS} different characters."))
    kinds = sum((any(map(str.islower, password)), any(map(str.isupper, password)), any(map(str.isdigit, password)), not password.isalnum()))
    if kinds < 2:
        raise BadInput(
            Text(
                "口令应至少含大写字母、小写字母、数字、其他符号中的两类。",
                "A password has at least two kinds of: capital letters, small letters, digits, other signs.",
            )
        )
    for name in names:
        if len(name) >= 3 and name.lower() in lower:
            raise BadInput(Text("口令不能含有账号名。", "A password does not contain the account's name."))
    if any(word in lower and len(lower) - len(word) < 8 for word in _COMMON):
        raise BadInput(Text("口令含有常用词，太容易猜到。", "The password holds a common word and is too easily guessed."))
