"""Whether the record is whole: walks the chain beside its events and its signed heads, and names the first bad row.

The texts that are hashed are put together here, not by the database, whose functions somebody may have replaced. Read as an actor who
holds ``audit``; a policy that hid rows from it would make them missing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import psycopg

from commandcenter.actor import Actor
from commandcenter.audit import store
from commandcenter.audit.heads import Heads, HeadsUnfit, SignedHead, Witness
from commandcenter.audit.store import Checkpoint, Head, Link
from commandcenter.db.run import acting
from commandcenter.errors import CommandCenterError
from commandcenter.text import Text

Kind = Literal["edited", "removed", "reordered", "rewritten", "cut", "slipped_in", "unsigned_checkpoint", "heads_edited", "heads_missing", "heads_unfit"]
GENESIS = Head(0, bytes(32))
# A transaction that notes something and commits later than this is not believed: its event would have had its moment chosen.
LATEST_COMMIT = timedelta(hours=1)
NEIGHBOURS = 1_000  # how far a row is looked for that stands in a wrong place

SENTENCES: dict[Kind, Text] = {
    "edited": Text("第 {seq} 环：事件 {event}（{at}）被修改。", "Link {seq}: the event {event} ({at}) was edited."),
    "removed": Text("第 {seq} 环：事件 {event}（{at}）或其链环被删除。", "Link {seq}: the event {event} ({at}) or its link was removed."),
    "reordered": Text("第 {seq} 环：事件 {event}（{at}）处的顺序被调换。", "Link {seq}: rows were reordered at the event {event} ({at})."),
    "rewritten": Text(
        "第 {seq} 环：链与 {at} 签名的链头不符，自此或更早起被整体改写。",
        "Link {seq}: the chain differs from the head signed at {at}; it was rewritten here or before.",
    ),
    "cut": Text(
        "第 {seq} 环：{at} 签名的链头证明链曾更长，链尾被截去。",
        "Link {seq}: the head signed at {at} proves that the chain was longer; its tail was cut off.",
    ),
    "slipped_in": Text(
        "第 {seq} 环：事件 {event} 的时间（{at}）与其次序或封存记录不符，是事后插入的。",
        "Link {seq}: the moment of the event {event} ({at}) does not fit its place or has no seal; it was slipped in afterwards.",
    ),
    "unsigned_checkpoint": Text(
        "第 {seq} 环：检查点（{at} 以前已清除）没有签名，事件并非按保存期限清除。",
        "Link {seq}: the checkpoint (dropped before {at}) is not signed; events did not go by retention.",
    ),
    "heads_edited": Text("链头记录第 {event} 行被修改、删除或调换。", "Line {event} of the signed heads was edited, removed or moved."),
    "heads_missing": Text("没有链头记录，无法证明链未被改写。", "The signed heads are missing: nothing proves that the chain was not rewritten."),
    "heads_unfit": Text("链头记录无法核对：{at}", "The signed heads cannot be checked: {at}"),
}


class AuditBroken(CommandCenterError):
    """The record is not whole: the sentence names the first bad row."""

    kind = "audit_broken"


@dataclass(frozen=True)
class Fault:
    """The first bad row: what happened, at which link, to which event, of which moment."""

    kind: Kind
    seq: int | None = None
    event: int | None = None
    at: Text | str | None = None

    @property
    def sentence(self) -> Text:
        """The fault in words."""
        at = self.at if isinstance(self.at, Text) else Text(*[str(self.at or "?")] * 2)
        words = {"seq": "-" if self.seq is None else self.seq, "event": "?" if self.event is None else self.event}
        told = SENTENCES[self.kind]
        return Text(told.zh.format(**words, at=at.zh), told.en.format(**words, at=at.en))


@dataclass(frozen=True)
class Verdict:
    """What a walk found: links verified up to the fault, heads that agreed, events that wait for their seal."""

    links: int
    heads: int
    waiting: int
    fault: Fault | None

    @property
    def sentence(self) -> Text:
        """The whole verdict in words."""
        if self.fault is not None:
            return Text(f"审计链不完整。{self.fault.sentence.zh}", f"The audit is not whole. {self.fault.sentence.en}")
        return Text(
            f"审计链完整：{self.links} 环，{self.heads} 个签名链头相符，{self.waiting} 个事件待封存。",
            f"The audit is whole: {self.links} links, {self.heads} signed heads agree, {self.waiting} events wait for their seal.",
        )


def need_whole(verdict: Verdict) -> None:
    """Raise AuditBroken unless all is well."""
    if verdict.fault is not None:
        raise AuditBroken(verdict.sentence)


def verify(connection: psycopg.Connection, heads: Heads, actor: Actor) -> Verdict:
    """Walk the whole chain. Heads are read first, so that what is sealed meanwhile is only more than they say."""
    witness, unfit = _witness(heads)
    with acting(connection, actor):
        checkpoint = store.checkpoint(connection)
        walk = _Walk(connection, witness, checkpoint)
        fault = walk.chain()
        ends = store.loose_ends(connection)
        fault = fault or walk.tail() or _loose(connection, ends)
    if fault is None or fault.kind == "unsigned_checkpoint":
        fault = unfit or fault
    if fault is None and witness.false_line is not None:
        fault = Fault("heads_edited", event=witness.false_line)
    if fault is None and not witness.exists and walk.head.seq:
        fault = Fault("heads_missing")
    return Verdict(walk.links, walk.agreed, int(ends["waiting"]), fault)


def link_hash(before: bytes, event: Sequence[str | None]) -> bytes:
    """A link's hash: sha256(hash before || the event's columns as one JSON array of texts, as PostgreSQL writes jsonb)."""
    return hashlib.sha256(before + json.dumps(list(event), ensure_ascii=False).encode()).digest()


def _witness(heads: Heads) -> tuple[Witness, Fault | None]:
    try:
        return heads.read(), None
    except HeadsUnfit as unfit:
        return Witness(), Fault("heads_unfit", at=unfit.sentence)


class _Walk:
    """One walk along the chain: where it stands, and which heads it has met."""

    def __init__(self, connection: psycopg.Connection, witness: Witness, checkpoint: Checkpoint | None) -> None:
        self._connection, self._witness, self._checkpoint = connection, witness, checkpoint
        self.head = checkpoint.head if checkpoint is not None else GENESIS
        self._heads = iter([signed for signed in witness.heads if signed.head.seq >= self.head.seq])
        self._next: SignedHead | None = next(self._heads, None)
        self._sealed_until: datetime | None = None  # the moment of the last head that was passed
        self.links = self.agreed = 0

    def chain(self) -> Fault | None:
        """The first bad link, if any."""
        if self._checkpoint is not None and self._checkpoint not in self._witness.checkpoints:
            return Fault("unsigned_checkpoint", self.head.seq, at=self._checkpoint.before)
        links: Iterator[Link] = store.links(self._connection, self.head.seq)
        for link in links:
            fault = self._disagreement() or self._fault_of(link)
            if fault is not None:
                return fault
            self.head = Head(link.seq, link.hash)
            self.links += 1
        return self._disagreement()

    def tail(self) -> Fault | None:
        """Whether a signed head names a link after the last."""
        return None if self._next is None else Fault("cut", self.head.seq + 1, at=self._next.at.isoformat())

    def _disagreement(self) -> Fault | None:
        """Heads signed for the link we stand at say the same hash."""
        while self._next is not None and self._next.head.seq <= self.head.seq:
            if self._next.head != self.head:
                return Fault("rewritten", self.head.seq, at=self._next.at.isoformat())
            self.agreed += 1
            self._sealed_until = self._next.at
            self._next = next(self._heads, None)
        return None

    def _fault_of(self, link: Link) -> Fault | None:
        if link.seq != self.head.seq + 1:
            return Fault("removed", self.head.seq + 1)
        if link.event is None:
            if self._was_dropped(link):
                return None
            kind: Kind = "edited" if store.event_is_there(self._connection, link.event_id) else "removed"
            return Fault(kind, link.seq, link.event_id, link.event_at)
        if link_hash(self.head.hash, link.event) != link.hash:
            return Fault("reordered" if self._is_reordered(link) else "edited", link.seq, link.event_id, link.event_at)
        if self._sealed_until is not None and datetime.fromisoformat(link.event_at).replace(tzinfo=UTC) < self._sealed_until - LATEST_COMMIT:
            return Fault("slipped_in", link.seq, link.event_id, link.event_at)
        return None

    def _was_dropped(self, link: Link) -> bool:
        """Whether retention took the event and had to leave its link: a signed checkpoint says up to where."""
        kept = self._checkpoint
        return kept is not None and link.seq <= kept.dropped_to and link.event_at < kept.before

    def _is_reordered(self, link: Link) -> bool:
        """Whether what belongs here stands further on: the event whose hash is kept here, or the whole link."""
        near = store.links_between(self._connection, link.seq + 1, link.seq + NEIGHBOURS)
        hashes = {link.hash, *(other.hash for other in near)}
        return any(other.event is not None and link_hash(self.head.hash, other.event) in hashes for other in near)


def _loose(connection: psycopg.Connection, ends: dict[str, Any]) -> Fault | None:
    """What no link shows: events that were never sealed, lost before it, or dated back."""
    found: list[tuple[Kind, str]] = [("slipped_in", "backdated"), ("slipped_in", "unsealed"), ("removed", "unnoted")]
    for kind, name in found:
        if ends[name] is not None:
            number, at = int(ends[name]["id"]), ends[name]["at"]
            return Fault(kind, store.link_of(connection, number, at), number, at)
    return None
