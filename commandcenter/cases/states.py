"""The states of a case and the moves between them, read from ``moves.toml``: what may become of a case, by which permission, and what must be said.

Pure: no database. The database holds the same rows (migration 0014) and refuses any other move, whoever asks.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from commandcenter.text import Text

RULES = Path(__file__).parent / "moves.toml"
ANY, SAME, BEFORE = "*", "=", "<"
Kind = Literal["component", "event", "grid", "hotline", "enforcement"]
KINDS: tuple[Kind, ...] = ("component", "event", "grid", "hotline", "enforcement")
AXES = ("supervision", "command", "handling", "check", "law", "all")


@dataclass(frozen=True)
class State:
    """One state: its words, the stage it belongs to, whether a case in it is open, and what the handling clock does (clocks.Mode)."""

    code: str
    title: Text
    stage: str
    open: bool
    clock: str


@dataclass(frozen=True)
class Move:
    """One move: from which states it leads where, who may make it, and what must be said with it."""

    action: str
    title: Text
    sources: tuple[str, ...]
    to: str
    permission: str
    axis: str
    kinds: tuple[str, ...] = KINDS
    apart: tuple[str, ...] = ()
    reason: bool = False
    needs: tuple[str, ...] = ()
    asks: str | None = None
    asked: str | None = None

    @property
    def makes(self) -> bool:
        """Whether it makes a case."""
        return not self.sources

    def starts_in(self, state: str, kind: str) -> bool:
        """Whether a case of that kind may be moved so from that state."""
        return kind in self.kinds and (state in self.sources or ANY in self.sources)

    def target(self, state: str, before: str | None) -> str:
        """The state it leads to; ``before`` is the one left at suspension."""
        if self.to == BEFORE:
            return before or state
        return state if self.to == SAME else self.to


@dataclass(frozen=True)
class Rules:
    """All states, stages and moves."""

    stages: Mapping[str, Text]
    states: Mapping[str, State]
    moves: Mapping[str, Move]

    def open_to(self, state: str, kind: str, asked: str | None, permissions: frozenset[str]) -> tuple[Move, ...]:
        """The moves somebody with these permissions may make now, in the order of the file; the rest of the conditions are asked at the move."""
        return tuple(
            move for move in self.moves.values()
            if move.starts_in(state, kind) and move.permission in permissions and (move.asked is None or move.asked == asked)
        )  # fmt: skip

    @property
    def permissions(self) -> frozenset[str]:
        """Every permission some move needs."""
        return frozenset(move.permission for move in self.moves.values())


@cache
def rules() -> Rules:
    """The rules of the file. Raises ValueError naming the move or state that contradicts itself: the file is ours, a test reads it."""
    said = tomllib.loads(RULES.read_text(encoding="utf-8"))
    stages = {code: _text(words) for code, words in said["stages"].items()}
    states = {code: State(code, _text(held), held["stage"], held["open"], held["clock"]) for code, held in said["states"].items()}
    moves = {action: _move(action, held) for action, held in said["moves"].items()}
    for state in states.values():
        if state.stage not in stages:
            raise ValueError(f"state {state.code}: unknown stage {state.stage}")
    for move in moves.values():
        unknown = {*move.sources, move.to} - {*states, ANY, SAME, BEFORE}
        if unknown or move.axis not in AXES or not set(move.apart) <= set(AXES) or not set(move.kinds) <= set(KINDS):
            raise ValueError(f"move {move.action}: unknown words {sorted(unknown)} {move.axis} {move.apart} {move.kinds}")
    return Rules(stages, states, moves)


def _move(action: str, held: Mapping[str, Any]) -> Move:
    return Move(
        action, _text(held["title"]), tuple(held["from"]), held["to"], held["permission"], held["axis"], tuple(held.get("kinds", KINDS)),
        tuple(held.get("apart", ())), held.get("reason", False), tuple(held.get("needs", ())), held.get("asks"), held.get("asked"),
    )  # fmt: skip


def _text(words: Mapping[str, Any]) -> Text:
    return Text(words["zh"], words["en"])
