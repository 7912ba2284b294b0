"""Every move from every state, allowed or not, by every role: computed from the table, tried in the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from commandcenter.actor import Actor, Scope
from commandcenter.cases.clocks import MODES
from commandcenter.cases.needs import needs
from commandcenter.cases.states import ANY, KINDS, Move, rules
from commandcenter.db.request import SET_ACTOR
from commandcenter.text import Text
from tests.conftest import TestDatabase

ASKED = sorted({move.asked for move in rules().moves.values() if move.asked})


@pytest.fixture
def raw(own_city: TestDatabase) -> Iterator[psycopg.Connection]:
    """Past policies, which have their own tests: what is looked at here is the trigger alone, inside one transaction."""
    with psycopg.connect(own_city.admin_dsn) as admin:
        yield admin
        admin.rollback()


def actor(*permissions: str) -> Actor:
    return Actor("account:1", Text("某人", "Somebody"), Scope(whole_city=True), frozenset(permissions))


def one_case(raw: psycopg.Connection, kind: str) -> int:
    row = raw.execute("select min(id) from cases where kind = %s", [kind]).fetchone()
    assert row is not None
    return int(row[0])


def tried(raw: psycopg.Connection, who: Actor, case: int, move: Move, state: str, asks: str | None, reason: str | None = "有理由") -> str:
    """'' where the database takes the move from this state, else the code of its refusal; nothing stays."""
    raw.rollback()  # each try in a transaction of its own: thousands of versions of one row in one would take minutes
    raw.execute(SET_ACTOR, who.settings)
    raw.execute("update cases set state = %s, asks = %s, version = 0, state_before = 'handling' where id = %s", [state, asks, case])
    try:
        row = raw.execute(
            "with told as (insert into case_event (case_id, seq, actor, action, axis, to_state, reason) values (%s, 1, 'account:1', %s, '', '', %s)"
            " returning to_state) select to_state from told",
            [case, move.action, reason],
        ).fetchone()
    except psycopg.Error as fault:
        return fault.sqlstate or "?"
    assert row == (move.target(state, "handling"),), (move.action, state, row)
    return ""


@pytest.mark.parametrize("kind", ["event", "grid", "enforcement"])  # components and hotline orders move as events do: the next test
def test_every_move_from_every_state(raw: psycopg.Connection, kind: str) -> None:
    """With every permission: exactly what the file allows goes through, everything else is refused as no move."""
    who = actor(*rules().permissions)
    case = one_case(raw, kind)
    allowed = 0
    for move in rules().moves.values():
        for state in rules().states:
            code = tried(raw, who, case, move, state, move.asked)
            expected = "" if move.starts_in(state, kind) and not move.makes else "CC003"
            assert code == expected, (kind, move.action, state, code)
            allowed += code == ""
    assert allowed > 60


def test_components_and_hotline_orders_move_as_events_do() -> None:
    for move in rules().moves.values():
        assert len({kind in move.kinds for kind in ("component", "event", "hotline")}) == 1, move.action


def test_every_move_by_every_role(raw: psycopg.Connection) -> None:
    """A move goes through for the roles that hold its permission and is refused to all others."""
    roles: dict[str, list[str]] = dict(raw.execute("select code, permissions from role").fetchall())
    cases = {kind: one_case(raw, kind) for kind in KINDS}
    for code, permissions in roles.items():
        who = actor(*permissions)
        for move in rules().moves.values():
            if move.makes:
                continue
            kind = "grid" if "grid" in move.kinds else move.kinds[0]
            state = move.sources[0] if move.sources[0] != ANY else "handling"
            expected = "" if move.permission in permissions else "CC004"
            assert tried(raw, who, cases[kind], move, state, move.asked) == expected, (code, move.action)
    held = {permission for permissions in roles.values() for permission in permissions}
    assert rules().permissions <= held, "a permission that no role holds"
    assert not {"data_steward", "system_administrator", "security_administrator", "audit_administrator", "leader", "planner"} & {
        code for code, permissions in roles.items() if set(permissions) & rules().permissions
    }


def test_a_reason_and_an_asking_are_demanded(raw: psycopg.Connection) -> None:
    who = actor(*rules().permissions)
    cases = {kind: one_case(raw, kind) for kind in KINDS}
    for move in rules().moves.values():
        if move.makes:
            continue
        kind = move.kinds[0]
        state = move.sources[0] if move.sources[0] != ANY else "handling"
        for empty in (None, "", " \n\t ", "好"):
            assert tried(raw, who, cases[kind], move, state, move.asked, empty) == ("CC005" if move.reason else ""), (move.action, empty)
        if move.asked:
            for other in (None, *(each for each in ASKED if each != move.asked)):
                assert tried(raw, who, cases[kind], move, state, other) == "CC006", (move.action, other)


def test_the_file_and_the_database_say_the_same(raw: psycopg.Connection) -> None:
    states = {row[0]: row[1:] for row in raw.execute("select code, stage, is_open, clock from case_state").fetchall()}
    assert states == {state.code: (state.stage, state.open, state.clock) for state in rules().states.values()}
    columns = "action, sources, target, permission, axis, kinds, apart, needs_reason, asks, asked"
    moves = {row[0]: row[1:] for row in raw.execute(f"select {columns} from case_move").fetchall()}  # type: ignore[arg-type]
    assert moves == {
        move.action: (list(move.sources), move.to, move.permission, move.axis, list(move.kinds), list(move.apart), move.reason, move.asks, move.asked)
        for move in rules().moves.values()
    }


def test_the_file_is_whole() -> None:
    """Every need is known, every clock word is one, every open state can be left, every state can be reached, both languages are there."""
    held = rules()
    assert {need for move in held.moves.values() for need in move.needs} <= needs()
    assert {state.clock for state in held.states.values()} <= set(MODES)
    reached = {move.to for move in held.moves.values()}
    for state in held.states.values():
        assert state.code in reached, state.code
        left = [move for move in held.moves.values() if state.code in move.sources and move.to not in ("=", state.code)]
        assert bool(left) or not state.open, state.code
    words: list[Any] = [*held.stages.values(), *(each.title for each in (*held.states.values(), *held.moves.values()))]
    assert all(said.zh and said.en and said.zh != said.en for said in words)
