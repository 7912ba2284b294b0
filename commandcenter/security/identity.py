"""Who comes from the identity provider: their claims read by the city's mapping. Nothing here asks anybody; claims are proved before."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any

import psycopg

from commandcenter.db.request import SqlRequest
from commandcenter.errors import SettingsFault
from commandcenter.identity_provider import MAPPING, IdentityProvider, RoleRule
from commandcenter.security import store
from commandcenter.security.builtin import IDENTITY
from commandcenter.security.identity_store import arrived_request, unknown_request
from commandcenter.text import Text

LONGEST_NAME, LONGEST_TITLE, LONGEST_SUBJECT = 40, 80, 255


@dataclass(frozen=True)
class Arrival:
    """One person at the door: names to try for a new account, what is called for, and whether two factors were proved."""

    subject: str
    names: tuple[str, str]
    title: str
    rules: tuple[RoleRule, ...]
    strong: bool

    def request(self, provider: IdentityProvider) -> SqlRequest:
        """The question whose account this is."""
        wanted = [{key: value for key, value in asdict(rule).items() if key in ("role", "area", "grid", "centre")} for rule in self.rules]
        return arrived_request(provider.issuer, self.subject, self.names, self.title, wanted, opens=provider.mapping.opens)


def arrival(provider: IdentityProvider, claims: Mapping[str, Any]) -> Arrival | None:
    """What claims say of who comes; None where the claim that should name the person is no name."""
    mapping = provider.mapping
    subject = claim_of(claims, mapping.subject)
    if isinstance(subject, int) and not isinstance(subject, bool):
        subject = str(subject)
    if not isinstance(subject, str) or not subject or len(subject) > LONGEST_SUBJECT or not subject.isprintable():
        return None
    said = claim_of(claims, mapping.name)
    names = _names(said if isinstance(said, str) else "", provider.issuer, subject)
    title = claim_of(claims, mapping.title)
    title = "".join(sign if sign.isprintable() else " " for sign in title).strip()[:LONGEST_TITLE] if isinstance(title, str) else ""
    rules = tuple(rule for rule in mapping.rules if rule.value in _values(claim_of(claims, rule.claim)))
    strong = claims.get("acr") in mapping.acr or bool(set(_values(claims.get("amr"))) & set(mapping.amr))
    return Arrival(subject, names, title or names[0], rules, strong)


def claim_of(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by a path of names with dots (``realm_access.roles``); None where there is none."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def check_mapping(connection: psycopg.Connection, provider: IdentityProvider) -> list[Text]:
    """Warnings about places a mapping names that this city does not have: those rules give nothing. Raises SettingsFault for unknown roles."""
    rules = provider.mapping.rules
    asked = unknown_request(
        sorted({rule.role for rule in rules}), sorted({rule.area for rule in rules if rule.area}), sorted({rule.grid for rule in rules if rule.grid})
    )
    known = [row["code"] for row in store.asked(connection, IDENTITY, store.roles_request())]
    faults, warnings = [], []
    for row in store.asked(connection, IDENTITY, asked):
        code = row["code"]
        if row["kind"] == "role":
            near = get_close_matches(code, known, n=1, cutoff=0.5)
            listed = ", ".join(known)
            hint = Text(f"，是否指 {near[0]}？", f"; is {near[0]} meant?") if near else Text(f"，可用：{listed}。", f"; there are: {listed}.")
            faults.append(Text(f"{MAPPING} 的岗位“{code}”不存在{hint.zh}", f"{MAPPING} names a role '{code}' that there is none of{hint.en}"))
        else:
            warnings.append(
                Text(
                    f"{MAPPING} 的辖区或网格 {code} 不存在：这一条不起作用。",
                    f"{MAPPING} names an area or grid {code} that this city does not have: that rule gives nothing.",
                )
            )
    if faults:
        raise SettingsFault(Text(" ".join(fault.zh for fault in faults), " ".join(fault.en for fault in faults)))
    return warnings


def _values(said: Any) -> list[str]:
    """The texts of a claim that is one text or a list of them."""
    if isinstance(said, str):
        return [said]
    return [each for each in said if isinstance(each, str)] if isinstance(said, list) else []


def _names(said: str, issuer: str, subject: str) -> tuple[str, str]:
    """Two names an account may get: the said one as far as our names allow, and the same with a mark, for when somebody here has it already."""
    mark = hashlib.sha256(f"{issuer} {subject}".encode()).hexdigest()[:8]
    plain = re.sub(r"[^a-z0-9._-]+", "-", said.partition("@")[0].lower()).strip("-._")
    if not re.match(r"[a-z].", plain):
        return f"id-{mark}", f"id-{mark}-2"
    return plain[:LONGEST_NAME], f"{plain[: LONGEST_NAME - len(mark) - 1]}-{mark}"
