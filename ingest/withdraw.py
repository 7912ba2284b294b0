"""Taking a whole load back: the rows it brought go, the rows it wrote over come again as they were, and the run says so for ever."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from commandcenter.actor import Actor
from commandcenter.db.gone import seeing_gone
from commandcenter.db.stage import take_back
from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest import store as places
from ingest.governance.targets import after_take_back, before_take_back
from ingest.ledger import store
from ingest.runs import source_to_itself


@dataclass(frozen=True)
class Withdrawn:
    """What a withdrawal did."""

    run_id: int
    target: str
    removed: int
    restored: int
    returned: int

    @property
    def sentence(self) -> Text:
        """For people."""
        return Text(
            f"已撤回第 {self.run_id} 次导入：删除 {self.removed} 行，恢复 {self.restored} 行，重新生效 {self.returned} 行。",
            f"Run {self.run_id} is withdrawn: {self.removed} rows removed, {self.restored} restored, {self.returned} standing again.",
        )


def withdraw_run(connection: psycopg.Connection, actor: Actor, run_id: int) -> Withdrawn:
    """Withdraw the newest load of a source, inside the caller's transaction as ``actor``. Raises BadInput when it cannot be.

    Only the newest load that changed rows can go: a later one may have built on it. Loads since that found all unchanged do not matter.
    """
    run = store.run_to_withdraw(connection, run_id)
    if run is None:
        raise BadInput(Text(f"没有第 {run_id} 次导入。", f"There is no run {run_id}."))
    if run.status != "done" or run.kind == "dry_run":
        raise BadInput(
            Text(f"第 {run_id} 次导入没有写入数据（{run.status}），无可撤回。", f"Run {run_id} wrote nothing ({run.status}): there is nothing to withdraw.")
        )
    with source_to_itself(connection, run.source):
        newest = store.newest_run_after(connection, run.source, run_id)
        if newest is not None:
            raise BadInput(
                Text(f"之后还有第 {newest} 次导入，请先撤回它。", f"Run {newest} came later: withdraw that one first.")
            )
        before_take_back(connection, run.target, run.source, run_id)
        try:
            removed, restored, returned = take_back(connection, run.target, run.source, run_id)
        except psycopg.errors.ForeignKeyViolation as fault:
            raise BadInput(
                Text(
                    f"第 {run_id} 次导入的数据已被其他数据引用（{fault.diag.table_name}），不能撤回。",
                    f"Other rows ({fault.diag.table_name}) rest on those of run {run_id}: it cannot be withdrawn.",
                )
            ) from fault
        with seeing_gone(connection, seen=False):
            after_take_back(connection, run.target, run_id)
            if run.target in places.PLACED_TABLES:
                places.place_again(connection, run.target)
            elif run.target in places.BOUNDARY_TABLES:
                places.place_all_again(connection)
        store.note_withdrawal(connection, run.source, run_id, actor.id)
        places.recount_source(connection, run.source, run.target)
    return Withdrawn(run_id, run.target, removed, restored, returned)
