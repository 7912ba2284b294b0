"""The sealer: links what was noted to the chain and has the head signed outside the database; drops what retention lets go.

Those who note only insert and wait for nobody. Sealing is one function of the database behind one advisory lock, so several workers
may run: one seals, the others find nothing to do. A kill loses nothing: what was not committed waits, and a head that was sealed
but not signed is signed by the next round.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg

from commandcenter.actor import Actor, Scope
from commandcenter.audit import store
from commandcenter.audit.heads import Heads, HeadsUnfit
from commandcenter.audit.verify import AuditBroken, need_whole, verify
from commandcenter.config import Settings
from commandcenter.db.connect import connect
from commandcenter.db.run import acting
from commandcenter.errors import BadInput, CommandCenterError
from commandcenter.text import Text

MOST_AT_ONCE = 10_000  # a backlog is sealed in transactions of this size
LEAST_KEEP_DAYS = 180  # 网络安全法 21; the database refuses less
KEEP_DAYS = 1_096  # 网络数据安全管理条例 12: records of what was handed out, three years
MONTHS_EVERY_S = 3_600.0
FORGET_EVERY_S = 86_400.0

KEEPER = Actor("builtin:audit", Text("审计守护（内置）", "Keeper of the audit (built in)"), Scope(), frozenset({"audit", "audit_keep"}))

log = logging.getLogger("commandcenter.audit")


def seal(connection: psycopg.Connection, heads: Heads) -> int:
    """Seal all that waits and sign the head; how many events. The connection must not be inside a transaction.

    Raises HeadsUnfit when the head cannot be signed, or the chain is shorter than was signed; what was sealed stays sealed.
    """
    count = 0
    while True:
        with acting(connection, KEEPER):
            done = store.seal(connection, MOST_AT_ONCE)
        if done is None:
            return count  # another sealer is at it and will sign
        sealed, head = done
        count += sealed
        if sealed < MOST_AT_ONCE:
            break
    if heads.is_new:
        if head.seq == 0:
            return count
        _sign_what_stands(connection, heads)
    signed = heads.append(head)
    if signed > head.seq:
        _need_as_long(connection, signed)
    return count


def _sign_what_stands(connection: psycopg.Connection, heads: Heads) -> None:
    """A new file (the first, or after the old one was put away) begins with the checkpoint the chain starts from."""
    with acting(connection, KEEPER):
        checkpoint = store.checkpoint(connection)
    if checkpoint is not None:
        heads.append_checkpoint(checkpoint)


def _need_as_long(connection: psycopg.Connection, signed: int) -> None:
    """Another worker may have sealed and signed more meanwhile; then the chain has it by now."""
    with acting(connection, KEEPER):
        last = store.last_seq(connection)
    if last < signed:
        raise HeadsUnfit(
            Text(
                f"链止于第 {last} 环，而第 {signed} 环已签名：链尾被截去或数据库被换，请执行 verify-audit。",
                f"The chain ends at link {last}, but link {signed} was signed: its tail was cut or the database is another; run verify-audit.",
            )
        )


def forget(connection: psycopg.Connection, heads: Heads, keep_days: int = KEEP_DAYS) -> store.Checkpoint | None:
    """Drop whole months older than ``keep_days``, and only out of a chain that is whole; the checkpoint, None when nothing was due.

    Raises BadInput for less than 180 days, AuditBroken when the chain is not whole: what would prove it must not go.
    """
    if keep_days < LEAST_KEEP_DAYS:
        raise BadInput(Text(f"审计至少保存 {LEAST_KEEP_DAYS} 天。", f"The audit is kept for {LEAST_KEEP_DAYS} days at least."))
    with acting(connection, KEEPER):
        if not store.has_older(connection, keep_days):
            return None
    need_whole(verify(connection, heads, KEEPER))
    with acting(connection, KEEPER):
        checkpoint = store.forget(connection, keep_days)
        if checkpoint is not None:
            heads.append_checkpoint(checkpoint)  # signed before it is so: the other way round a crash would look like tampering
    return checkpoint


@dataclass
class Sealer:
    """The keeper's round of a worker process: sealed each time, months made each hour, old ones dropped each day."""

    settings: Settings
    clock: Callable[[], float] = time.monotonic
    _connection: psycopg.Connection | None = None
    _due: dict[str, float] = field(default_factory=dict)
    _said: str | None = None
    _at_it: threading.RLock = field(default_factory=threading.RLock)  # a round runs in a thread while its process may be ending

    def round(self) -> int:
        """One round; how many events it sealed. A failure is one sentence in the log, said once until it changes; it never raises."""
        with self._at_it:
            try:
                sealed = self._round()
            except Exception as fault:
                self._fail(fault)
                return 0
            if self._said is not None:
                log.info("审计封存已恢复 | the audit is sealed again")
                self._said = None
            return sealed

    def close(self) -> None:
        """Give the connection back, once a running round has ended."""
        with self._at_it:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def _round(self) -> int:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self.settings)
            self._connection.autocommit = True
        connection, heads = self._connection, Heads(self.settings.data_dir, self.settings.city)
        sealed = seal(connection, heads)
        if self._is_due("months", MONTHS_EVERY_S):
            store.make_months(connection)
        if self._is_due("forget", FORGET_EVERY_S):
            self._forget(connection, heads)
        return sealed

    def _forget(self, connection: psycopg.Connection, heads: Heads) -> None:
        try:
            dropped = forget(connection, heads)
        except AuditBroken as broken:
            log.error("%s | %s", broken.sentence.zh, broken.sentence.en)
            return
        if dropped is not None:
            log.info("%s 以前的审计事件已按保存期限清除 | audit events before %s were dropped by retention", dropped.before, dropped.before)

    def _is_due(self, what: str, every_s: float) -> bool:
        now = self.clock()
        due = now >= self._due.get(what, now)
        if due:
            self._due[what] = now + every_s
        return due

    def _fail(self, fault: Exception) -> None:
        sentence = fault.sentence if isinstance(fault, CommandCenterError) else Text(*[" ".join(str(fault).split())[:200]] * 2)
        if sentence.en != self._said:
            log.warning("审计未能封存，稍后再试：%s | the audit could not be sealed and is tried again: %s", sentence.zh, sentence.en)
            self._said = sentence.en
        self.close()
