"""Who else says who people are: a city's identity provider (OpenID Connect), and what its claims mean here. All faults are listed at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from commandcenter.errors import BadInput
from commandcenter.loopback import is_loopback
from commandcenter.text import Text
from commandcenter.toml_file import TomlTable

ISSUER, CLIENT_ID = "COMMANDCENTER_OIDC_ISSUER", "COMMANDCENTER_OIDC_CLIENT_ID"
SECRET_FILE, MAPPING = "COMMANDCENTER_OIDC_CLIENT_SECRET_FILE", "COMMANDCENTER_OIDC_MAPPING"
SETTINGS: Final = (ISSUER, CLIENT_ID, SECRET_FILE, MAPPING)
APPROVED_BY = ("security", "provider")
CENTRES = ("emergency", "grid", "urban")
WHOLE_CITY = "*"
BUTTON = Text("统一身份认证登录", "Sign in with your organisation's account")
Taken = TypeVar("Taken")


@dataclass(frozen=True)
class RoleRule:
    """Who brings this value of this claim holds this role there. Without an area and a grid: in the whole city."""

    claim: str
    value: str
    role: str
    area: str | None
    grid: str | None
    centre: str | None


@dataclass(frozen=True)
class ClaimMapping:
    """Which claims name a person, which give roles, and which prove a second factor."""

    rules: tuple[RoleRule, ...]
    subject: str = "sub"
    name: str = "preferred_username"
    title: str = "name"
    opens: bool = False  # the provider's word opens an account; else the security administrator's
    userinfo: bool = False  # claims are asked of the userinfo endpoint too
    scopes: tuple[str, ...] = ("openid", "profile")
    acr: tuple[str, ...] = ()
    amr: tuple[str, ...] = ()
    button: Text = BUTTON


@dataclass(frozen=True)
class IdentityProvider:
    """The provider a city trusts, and who we are there."""

    issuer: str
    client_id: str
    mapping: ClaimMapping
    client_secret: str = field(repr=False)


def is_safe_address(address: str) -> bool:
    """Whether an address may be spoken with: by TLS, or on this machine."""
    try:
        parts = urlsplit(address)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = address.isascii() and address.isprintable() and " " not in address and "@" not in parts.netloc
    return plain and port_is_one and bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")))


def read_provider(said: Callable[[str], str]) -> tuple[IdentityProvider | None, list[Text]]:
    """The provider that settings name, or None; and every fault of them. ``said`` gives the value of a setting, empty where there is none."""
    given = {name: said(name) for name in SETTINGS}
    if not any(given.values()):
        return None, []
    faults = [
        Text(f"统一身份认证的四项设置须同时给出，缺少 {name}。", f"The four settings of the identity provider go together: {name} is missing.")
        for name, value in given.items()
        if not value
    ]
    issuer = given[ISSUER]
    if issuer and (not is_safe_address(issuer) or urlsplit(issuer).query or urlsplit(issuer).fragment):
        faults.append(
            Text(
                f"{ISSUER} 应为 https:// 地址（本机可用 http://），现为“{issuer}”。",
                f"{ISSUER} must be an https:// address (http:// on this machine only), not '{issuer}'.",
            )
        )
    secret = _secret(given[SECRET_FILE], faults) if given[SECRET_FILE] else ""
    mapping = read_mapping(Path(given[MAPPING]), faults) if given[MAPPING] else None
    if faults or mapping is None:
        return None, faults
    return IdentityProvider(issuer, given[CLIENT_ID], mapping, secret), []


def read_mapping(path: Path, faults: list[Text]) -> ClaimMapping | None:
    """The mapping of a file; what is wrong with it is added to ``faults``."""
    found: list[Text] = []

    def taken(take: Callable[[], Taken]) -> Taken | None:
        """A part of the file; its fault is kept, so that the other parts are looked at too."""
        try:
            return take()
        except BadInput as fault:
            found.append(fault.sentence)
            return None

    file = taken(lambda: TomlTable.read(path))
    if file is None:
        faults += found
        return None
    approve = taken(lambda: file.word("approve", APPROVED_BY, "security"))
    userinfo = taken(lambda: file.take("userinfo", bool, False))
    scopes = taken(lambda: _words(file, "scopes", ("openid", "profile"))) or ()
    button = taken(lambda: file.text("button", BUTTON)) or BUTTON
    claims = taken(lambda: _claims(file.table("claims"))) or {}
    acr, amr = taken(lambda: _second_factor(file.table("second_factor"))) or ((), ())
    rules = tuple(filter(None, (taken(partial(_rule, table)) for table in taken(lambda: file.tables("role")) or ())))
    taken(file.finish)
    if not rules and not found:
        found.append(Text(f"{path.name} 没有任何 [[role]]：谁也进不来。", f"{path.name} has no [[role]]: nobody could ever come in."))
    faults += found
    if found:
        return None
    return ClaimMapping(
        rules, **claims, opens=approve == "provider", userinfo=bool(userinfo), scopes=tuple(dict.fromkeys(("openid", *scopes))),
        acr=acr, amr=amr, button=button,
    )  # fmt: skip


def _secret(file: str, faults: list[Text]) -> str:
    try:
        secret = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        faults.append(Text(f"{SECRET_FILE} 指向的文件读不了：{file}。", f"{SECRET_FILE} names a file that cannot be read: {file}."))
        return ""
    if not secret or any(ord(sign) < 32 for sign in secret):
        faults.append(Text(f"{SECRET_FILE} 的文件应只有一行密钥：{file}。", f"The file of {SECRET_FILE} must hold the secret in one line: {file}."))
    return secret


def _claims(table: TomlTable) -> dict[str, Any]:
    names = {key: table.take(key, str, default) for key, default in (("subject", "sub"), ("name", "preferred_username"), ("title", "name"))}
    table.finish()
    return names


def _second_factor(table: TomlTable) -> tuple[tuple[str, ...], tuple[str, ...]]:
    acr, amr = _words(table, "acr", ()), _words(table, "amr", ())
    table.finish()
    if "pwd" in amr or "0" in acr:
        raise table.fault("amr", Text("“pwd”和“0”只表示口令，不能算第二因素", "'pwd' and '0' stand for a password alone and prove no second factor"))
    return acr, amr


def _words(table: TomlTable, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
    words = table.take(key, list, list(default))
    if not all(isinstance(word, str) and word and " " not in word for word in words):
        raise table.fault(key, Text(f"“{key}”的每一项应为不含空格的文字", f"every item of '{key}' must be a text without spaces"))
    return tuple(words)


def _rule(table: TomlTable) -> RoleRule:
    claim, value, role = (table.take(key, str) for key in ("claim", "value", "role"))
    area, grid = table.take("area", str, ""), table.take("grid", str, "")
    centre = table.word("centre", CENTRES) if "centre" in table else None
    table.finish()
    if not claim or not value:
        raise table.fault("value", Text("“claim”和“value”不能为空", "'claim' and 'value' must not be empty"))
    if bool(area) == bool(grid):  # nobody gets a whole city by leaving something out
        zh = f"写 area（辖区代码，全市写 {WHOLE_CITY}）或 grid（网格代码），二选一"
        en = f"give area (a code, or {WHOLE_CITY} for the whole city) or grid, one of them"
        raise table.fault("area", Text(zh, en))
    return RoleRule(claim, value, role, None if area in ("", WHOLE_CITY) else area, grid or None, centre)
