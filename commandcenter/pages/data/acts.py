"""What a steward does at the desk: each act checks what the browser sent, runs one command of the ingest desk, and says what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from commandcenter.actor import Actor
from commandcenter.config import Settings
from commandcenter.db.connect import connect
from commandcenter.errors import BadRequest, CommandCenterError, Forbidden
from commandcenter.pages.data.asked import ALL_RULES, number
from commandcenter.pages.data.parts import FAULT_ID, ONLY_STEWARDS
from commandcenter.pages.data.words import count
from commandcenter.text import Text
from ingest.desk import commands
from ingest.desk.mappings import own_mappings

STEWARD = "steward"
MOST_IDS = 10_000
LONGEST_VALUE = 4000
NOT_UNDERSTOOD = Text("页面发来的请求不完整，请刷新后再试。", "The page sent an incomplete request; reload it and try again.")
NOTHING_CHANGED = Text("没有改动任何字段。", "No field was changed.")
ASKED_DRY = Text("试运行已排队，编号 {run}。", "The dry run is queued as number {run}.")
ASKED_LOAD = Text("载入已排队，编号 {run}。", "The load is queued as number {run}.")
ASKED_AGAIN = Text("更正后的行已排队重载，编号 {run}。", "The corrected rows are queued as run {run}.")
ASKED_CANCEL = Text("已请求取消。", "Cancelling was asked for.")
CORRECTED = Text(
    "已保存 {count} 行的更正，下一次运行时套用。",
    "Corrections of {count} rows are saved; the next run applies them.",
)
DISMISSED = Text("已搁置 {count} 行。", "{count} rows dismissed.")
NO_ROW = Text("没有一行需要这样改。", "No row needed that change.")


@dataclass(frozen=True)
class Done:
    """What came of an act: a sentence, whether it went well, and what to look at next (None: the same as before, or of it only the rows)."""

    sentence: Text
    good: bool = True
    go: Mapping[str, Any] | None = None
    only_rows: bool = False


async def carry_out(settings: Settings, actor: Actor, said: Mapping[str, Any]) -> Done:
    """Do what the browser asks as the actor. Errors come back as sentences with an id; a broken connection is one of them."""
    try:
        act = ACTS.get(str(said.get("act")))
        if act is None:
            raise BadRequest(NOT_UNDERSTOOD)
        if not actor.may(STEWARD):
            raise Forbidden(ONLY_STEWARDS)
        return await asyncio.to_thread(_connected, settings, actor, act, said)
    except CommandCenterError as fault:
        return Done(Text(*(FAULT_ID.with_values(sentence=fault.sentence.to(language), id=fault.id).to(language) for language in ("zh", "en"))), good=False)


def _connected(settings: Settings, actor: Actor, act: Act, said: Mapping[str, Any]) -> Done:
    with connect(settings) as connection:
        return act(connection, actor, {**said, "folders": [own_mappings(settings.data_dir)]})


def _ask_run(connection: psycopg.Connection, actor: Actor, said: Mapping[str, Any]) -> Done:
    mapping, dry = str(said.get("mapping") or ""), said.get("dry_run") is not False
    accept = said.get("accept_vanished") is True
    run = commands.ask_run(connection, actor, mapping, _number(said, "upload"), dry, accept, folders=said["folders"])
    return Done((ASKED_DRY if dry else ASKED_LOAD).with_values(run=run), go={"source": mapping, "run": run})


def _ask_rerun(connection: psycopg.Connection, actor: Actor, said: Mapping[str, Any]) -> Done:
    source = str(said.get("source") or "")
    run = commands.ask_rerun(connection, actor, source, folders=said["folders"])
    return Done(ASKED_AGAIN.with_values(run=run), go={"source": source, "run": run})


def _cancel(connection: psycopg.Connection, actor: Actor, said: Mapping[str, Any]) -> Done:
    commands.cancel_run(connection, actor, _number(said, "run"))
    return Done(ASKED_CANCEL)


def _withdraw(connection: psycopg.Connection, actor: Actor, said: Mapping[str, Any]) -> Done:
    return Done(commands.withdraw(connection, actor, _number(said, "run")))


def _correct(connection: psycopg.Connection, actor: Actor, said: Mapping[str, Any]) -> Done:
    changes, replace, accept = _texts(said.get("changes")), _replacement(said.get("replace")), said.get("accept_repair") is True
    if not changes and not replace and not accept:
        raise BadRequest(NOTHING_CHANGED)
    done = commands.correct(connection, actor, **_which(said), changes=changes, replace=replace, accept_repair=accept)
    return Done(CORRECTED.with_values(count=count(done)) if done else NO_ROW, good=bool(done), only_rows=True)


def _dismiss(connection: psycopg.Connection, actor: Actor, said: Mapping[str, Any]) -> Done:
    done = commands.dismiss(connection, actor, **_which(said))
    return Done(DISMISSED.with_values(count=count(done)), only_rows=True)


Act = Callable[[psycopg.Connection, Actor, Mapping[str, Any]], Done]
ACTS: dict[str, Act] = {
    "run": _ask_run,
    "rerun": _ask_rerun,
    "cancel": _cancel,
    "withdraw": _withdraw,
    "correct": _correct,
    "dismiss": _dismiss,
}


def _which(said: Mapping[str, Any]) -> dict[str, Any]:
    """The rows that are meant: by their ids, or all of a rule of a run."""
    ids = [number(part) for part in list(said.get("ids") or [])[:MOST_IDS]]
    known = [each for each in ids if each is not None]
    if known:
        return {"ids": known, "run_id": None, "rule": None}
    rule = str(said.get("rule") or "")
    if not rule or rule == ALL_RULES:
        raise BadRequest(NOT_UNDERSTOOD)
    return {"ids": None, "run_id": _number(said, "run"), "rule": rule}


def _number(said: Mapping[str, Any], name: str) -> int:
    found = number(said.get(name))
    if found is None:
        raise BadRequest(NOT_UNDERSTOOD)
    return found


def _texts(value: Any) -> dict[str, str]:
    held = value if isinstance(value, Mapping) else {}
    return {str(name): str(text)[:LONGEST_VALUE] for name, text in held.items()}


def _replacement(value: Any) -> tuple[str, str, str] | None:
    """(field, old, new)."""
    if not isinstance(value, (list, tuple)) or len(value) != 3 or not value[0]:
        return None
    field, old, new = (str(part)[:LONGEST_VALUE] for part in value)
    return field, old, new
