"""What tokens of machines ask of the database; who may make, approve and end them is decided by its functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from commandcenter.db.request import SqlRequest
from commandcenter.security.store import Place

Kind = Literal["device", "key"]


@dataclass(frozen=True)
class Wish:
    """A token that somebody proposes: for what machine, in which place, from which networks (CIDR; none: from everywhere), until when."""

    kind: Kind
    title: str
    place: Place
    networks: Sequence[str] = ()
    until: datetime | None = None


def propose_request(wish: Wish, digest: bytes | None) -> SqlRequest:
    """A token that waits for approval; its number. A device has no digest yet: it lets itself in with a code."""
    return SqlRequest(
        "select token_propose(%(kind)s, %(title)s, %(digest)s, %(area)s, %(grid)s, %(centre)s, %(networks)s::cidr[], %(until)s) as id",
        {"kind": wish.kind, "title": wish.title, "digest": digest, "area": wish.place.area, "grid": wish.place.grid, "centre": wish.place.centre,
         "networks": list(wish.networks), "until": wish.until},
        "propose a token",
    )  # fmt: skip


def settle_request(token: int, approved: bool) -> SqlRequest:
    """The security administrator's word on a token that waits; ``settled`` is False where it is not theirs to say."""
    return SqlRequest("select token_settle(%(token)s, %(approved)s) as settled", {"token": token, "approved": approved}, "settle a token")


def end_request(token: int) -> SqlRequest:
    """A token is worth nothing from now on."""
    return SqlRequest("select token_end(%(token)s) as ended", {"token": token}, "end a token")


def code_request(token: int, code_digest: bytes, minutes: int) -> SqlRequest:
    """A code that lets an approved device in once; ``made`` is False for what is none."""
    return SqlRequest(
        "select token_code(%(token)s, %(code)s, make_interval(mins => %(minutes)s)) as made",
        {"token": token, "code": code_digest, "minutes": minutes},
        "code of a device",
    )


def redeem_request(code_digest: bytes, digest: bytes, address: str) -> SqlRequest:
    """A device's code becomes a token of its own; ``id`` is None for a code that is wrong, used or too old."""
    return SqlRequest(
        "select token_redeem(%(code)s, %(digest)s, %(address)s) as id", {"code": code_digest, "digest": digest, "address": address}, "let a device in"
    )


def actor_request(digest: bytes, kind: Kind, address: str) -> SqlRequest:
    """The living token of a digest, with its place and what it may; it counts as used."""
    return SqlRequest(
        "select * from token_actor(%(digest)s, %(kind)s, %(address)s)", {"digest": digest, "kind": kind, "address": address}, "whose token"
    )


def tokens_request() -> SqlRequest:
    """All tokens, those that wait first, then the living, the latest first."""
    return SqlRequest(
        "select t.id, t.kind, t.title, t.area_code, t.grid_code, t.centre, t.networks::text[] as networks, t.state, t.ends_at, t.used_at, t.created_at,"
        " t.ends_at <= now() as over, coalesce(m.name, t.created_by) as made_by, t.created_by, coalesce(s.name, t.settled_by) as said_by, t.settled_at,"
        " coalesce(place.name, t.grid_code, t.area_code) as place, coalesce(place.name_en, place.name, t.grid_code, t.area_code) as place_en"
        " from token t left join account m on 'account:' || m.id = t.created_by left join account s on 'account:' || s.id = t.settled_by"
        " left join lateral (select name, name_en from area where code = t.area_code order by code_system limit 1) place on true"
        " order by array_position('{pending,active,revoked}', t.state), t.id desc limit 500",
        {},
        "tokens",
    )
