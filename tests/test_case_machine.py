"""Random lives of cases against what must always hold: Hypothesis chooses who does what, sensible or not."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from commandcenter.actor import Actor
from commandcenter.cases.commands import Handled
from commandcenter.cases.states import rules
from commandcenter.errors import CommandCenterError
from tests.case_city import KINDS, WATER, Desk
from tests.conftest import TestDatabase

EVERY_MOVE = sorted(action for action, move in rules().moves.items() if not move.makes)
WORDS = {
    "reason": "有充分理由", "outcome": "已办妥", "note": "一句话", "good": True,
    "detail": {"officers": ["A1", "B2"], "matter": "M1", "party": "citizen", "amount": 100, "document": "D1", "period": "30", "photo": "P1"},
}  # fmt: skip


def likely(held: dict[str, Any]) -> list[str]:
    """What starts here, and sooner what leads on than what stays or ends; and anything at all, now and then."""
    found: list[str] = []
    for move in rules().open_to(held["state"], held["kind"], held["asks"], rules().permissions):
        goal = move.target(held["state"], held["state_before"])
        found += [move.action] * (20 if goal != held["state"] and rules().states[goal].open else 4 if move.asks or move.asked else 1)
    return found + EVERY_MOVE[:: max(1, len(EVERY_MOVE) // 8)]


def folded(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The obvious twin: the columns as the log alone tells them."""
    columns: dict[str, Any] = {}
    for event in events:
        columns |= event["changes"]
    return columns


def machine_for(desk: Desk, lived: Counter[str]) -> type[RuleBasedStateMachine]:
    """A machine over one city; each life makes its own cases."""
    everybody = [desk.acceptor, desk.leader, desk.dispatcher, desk.handler, desk.worker, desk.verifier,
                 desk.person("law officer", "case_enforce", "case_note", "case_report"), desk.person("legal", "case_law", "case_note"),
                 desk.person("head", "case_decide", "case_note"), desk.person("level", "case_level", "case_note", "case_report", "case_work"),
                 desk.person("jack", *rules().permissions, departments=(WATER,))]  # fmt: skip

    class Lives(RuleBasedStateMachine):
        cases: list[Handled]

        @initialize(kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=3))
        def begin(self, kinds: list[str]) -> None:
            self.cases = [desk.report(desk.acceptor, kind=kind, action="open_clue" if kind == "enforcement" else "report") for kind in kinds]

        @rule(data=st.data())
        def move(self, data: st.DataObject) -> None:
            """Mostly something that starts here, done by somebody who might; now and then anything by anybody, also from a stale screen."""
            number = data.draw(st.integers(0, len(self.cases) - 1))
            case = self.cases[number]
            held = desk.row(case)
            action = data.draw(st.sampled_from(likely(held)))
            able = [each for each in everybody if each.may(rules().moves[action].permission)]
            actor: Actor = data.draw(st.sampled_from(able * 5 + everybody))
            version = case.version if data.draw(st.integers(0, 9)) else case.version - 1
            words = {**WORDS, "standard_id": desk.standard(str(held["kind"])), "department": WATER, "worker": desk.worker.id,
                     "into": self.cases[-1].case_id, "parent": self.cases[-1].case_id, "address": "红星街 1 号"}  # fmt: skip
            try:
                done = desk.step(actor, Handled(case.case_id, case.number, version, case.state), action, **words)
            except CommandCenterError as refused:
                assert refused.status in (400, 403, 404, 409, 422), refused
                assert desk.row(case) == held, "a refused move left something behind"
                return
            self.cases[number] = done
            lived[action] += not done.known
            if not done.known:
                assert done.version == case.version + 1 and done.state == rules().moves[action].target(str(held["state"]), held["state_before"])  # type: ignore[arg-type]
                assert actor.may(rules().moves[action].permission)

        @invariant()
        def a_case_is_what_its_log_says(self) -> None:
            for case in getattr(self, "cases", ()):
                held = desk.row(case)
                rows = desk.admin.execute("select to_jsonb(e) from case_event e where case_id = %s order by seq", [case.case_id]).fetchall()
                log = [dict(row[0]) for row in rows]
                assert held["version"] == len(log) == log[-1]["seq"] and held["state"] == log[-1]["to_state"]
                state = rules().states[str(held["state"])]
                assert (held["is_open"], held["clock"]) == (state.open, state.clock) and (held["closed_at"] is None) == state.open
                assert all(after["from_state"] == before["to_state"] and after["at"] >= before["at"] for before, after in pairwise(log))
                for name, value in folded(log).items():
                    assert same(held[name], value), (name, held[name], value)
                busy = {event["actor"] for event in log if event["axis"] in ("handling", "command")}
                for n, event in enumerate(log):
                    apart = rules().moves[event["action"]].apart
                    assert not any(earlier["actor"] == event["actor"] and earlier["axis"] in apart for earlier in log[:n]), "handled and verified by one"
                assert busy or not held["is_late"] or held["limit_value"] is not None
                assert held["used_s"] is None or int(str(held["used_s"])) >= 0
                assert held["clock"] != "suspended" or held["due_at"] is None

    return Lives


def same(stored: Any, told: Any) -> bool:
    """Whether a column is what the last event said, however its type spells it."""
    if stored is None or told is None or isinstance(told, bool):
        return stored == told
    return str(stored)[:19] == str(told)[:19] or float_of(stored) == float_of(told) is not None


def float_of(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


@pytest.fixture
def desk(own_city: TestDatabase, tmp_path: Path) -> Any:
    made = Desk(own_city, tmp_path)
    yield made
    made.close()


def test_random_lives(desk: Desk) -> None:
    lived: Counter[str] = Counter()
    how = settings(max_examples=25, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine_for(desk, lived), settings=how)
    assert len(lived) >= 25 and lived.total() >= 150, lived  # the lives were lives: many moves of many kinds
