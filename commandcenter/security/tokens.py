"""The rules of machines' tokens that a person meets: what a wish may say, and the code a device is let in with."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from commandcenter.errors import BadInput
from commandcenter.security.store import Place
from commandcenter.security.token_store import Kind, Wish
from commandcenter.text import Text

LONGEST_DAYS, USUAL_DAYS = 400, 365
MOST_NETWORKS = 20
CODE_MINUTES = 10
CENTRES = ("emergency", "grid", "urban")
_CODE_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another

NO_TITLE = Text("请写明是哪台大屏或哪个程序。", "Please say which wall or which program it is for.")
NO_KIND = Text("请选择大屏终端或接口密钥。", "Please choose a wall's device or a key.")
NO_CENTRE = Text("没有这个中心。", "There is no such centre.")
ONE_PLACE = Text("请填写一个范围：辖区代码（全市写 *）或网格代码。", "Please name one place: an area's code (* for the whole city) or a grid's code.")
NO_DAYS = Text(f"密钥要有期限：1 到 {LONGEST_DAYS} 天。", f"A key ends: after 1 to {LONGEST_DAYS} days.")
NO_NETWORK = Text("“{said}”不是地址段（应如 10.1.2.0/24）。", "'{said}' is no range of addresses (such as 10.1.2.0/24).")
TOO_MANY_NETWORKS = Text(f"地址段最多 {MOST_NETWORKS} 个。", f"{MOST_NETWORKS} ranges of addresses at most.")


def checked_wish(sent: Mapping[str, str], now: datetime) -> Wish:
    """A proposed token, out of the fields of its form. Raises BadInput with what is wrong."""
    said = {key: value.strip() for key, value in sent.items()}
    kind: Kind
    if said.get("kind") == "key":
        kind = "key"
    elif said.get("kind") == "device":
        kind = "device"
    else:
        raise BadInput(NO_KIND)
    title = " ".join(said.get("title", "").split())[:80]
    if not title:
        raise BadInput(NO_TITLE)
    area, grid, centre = said.get("area", ""), said.get("grid", ""), said.get("centre", "")
    if bool(area) == bool(grid):  # nobody gets a whole city by leaving something out
        raise BadInput(ONE_PLACE)
    if centre and centre not in CENTRES:
        raise BadInput(NO_CENTRE)
    place = Place(None if area in ("", "*") else area, grid or None, centre or None)
    return Wish(kind, title, place, _networks(said.get("networks", "")), _until(kind, said.get("days", ""), now))


def new_code() -> str:
    """A code of about 59 bits that a person carries to a wall and types."""
    return "-".join("".join(secrets.choice(_CODE_SIGNS) for _ in range(4)) for _ in range(3))


def code_digest(code: str) -> bytes:
    """What the database knows a code by, however it was typed."""
    return hashlib.sha256(re.sub(r"[^a-z0-9]", "", code.lower()).encode()).digest()


def _until(kind: Kind, days: str, now: datetime) -> datetime | None:
    if not days and kind == "device":
        return None
    if not (days.isascii() and days.isdigit() and len(days) < 4 and 1 <= int(days) <= LONGEST_DAYS):
        raise BadInput(NO_DAYS)
    return now + timedelta(days=int(days))


def _networks(said: str) -> tuple[str, ...]:
    found = []
    for part in re.split(r"[\s,;，；、]+", said):
        if not part:
            continue
        try:
            found.append(str(ipaddress.ip_network(part, strict=False)))
        except ValueError:
            raise BadInput(NO_NETWORK.with_values(said=part[:50])) from None
    if len(found) > MOST_NETWORKS:
        raise BadInput(TOO_MANY_NETWORKS)
    return tuple(found)
