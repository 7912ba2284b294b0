"""The only writer of cases: a command comes, is looked at by the rules, and becomes one event in one transaction; or one sentence says why not.

The rules are asked here first, for their sentences, and by the database once more at the event itself, whoever writes it.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import psycopg

from commandcenter.actor import Actor
from commandcenter.cases import needs, refusals, store
from commandcenter.cases.calendar import WorkCalendar
from commandcenter.cases.commands import Handled, Report, StaleCase, Step
from commandcenter.cases.limits import Limit
from commandcenter.cases.reckon import Clocks, clocks_of, entries_of, limit_of, moments_of
from commandcenter.cases.states import KINDS, Move, rules
from commandcenter.db.run import acting
from commandcenter.errors import BadInput, NotFound
from commandcenter.security.keyring import Keyring
from commandcenter.text import Text

ORIGINS = ("patrol", "public", "hotline", "video", "leader", "department", "iot")
LONGEST_WORDS, LONGEST_LINE, OLDEST_SIGHT_DAYS = 4_000, 200, 3_650
PHONE, CALLER = "case_phone", "case_caller"  # purposes of the keyring
FIRST_ACTS = frozenset({"acknowledge", "assign", "take", "report_fixed", "file_enforcement", "decide_on_spot"})
NO_CASE = Text("没有这个案卷，或不在您的辖区内。", "There is no such case, or it lies outside your jurisdiction.")
_CALENDARS: dict[tuple[str, str], WorkCalendar] = {}  # versions never change, so a process reads each once


def report(connection: psycopg.Connection, actor: Actor, said: Report, keys: Keyring) -> Handled:
    """A new case at a place, or the one this key made before. Raises BadInput with the field, Forbidden, or a sentence that the place is none of the city's."""
    _look_at(said)
    move = rules().moves.get(said.action)
    if move is None or not move.makes or said.kind not in move.kinds:
        raise BadInput(Text(f"不能以“{said.action}”登记这类事项。", f"A case of this kind cannot begin with '{said.action}'."))
    if not actor.may(move.permission):
        raise refusals.not_permitted(move)
    words = _as_delivered(actor, said, keys)
    try:
        with acting(connection, actor):
            made = store.report(connection, words, said.key)
            if said.outcome and not made["known"]:
                store.keep_note(connection, made["id"], made["version"], "outcome", said.outcome)
    except psycopg.Error as fault:
        raise refusals.sentence_of(fault) from fault
    return Handled(made["id"], made["number"], made["version"], made["state"], made["known"])


def step(connection: psycopg.Connection, actor: Actor, said: Step, now: datetime | None = None) -> Handled:
    """One move of a case. Raises StaleCase where it has moved on, NoSuchMove, Forbidden, BadInput; then nothing has changed."""
    now = now or datetime.now(UTC)
    try:
        with acting(connection, actor):
            case = store.one(connection, store.case_request(said.case_id))
            if case is None:
                raise NotFound(NO_CASE)
            if case["version"] != said.version:
                return _done_before(connection, actor, said, case)
            return _moved(connection, actor, said, case, now)
    except psycopg.Error as fault:
        raise refusals.sentence_of(fault) from fault


def explained(connection: psycopg.Connection, actor: Actor, case_id: int, now: datetime | None = None) -> tuple[dict[str, Any], Clocks | None]:
    """A case and its clocks, line by line; no clocks for a case that is its source's own. Raises NotFound."""
    with acting(connection, actor):
        case = store.one(connection, store.case_request(case_id))
        if case is None:
            raise NotFound(NO_CASE)
        calendar = calendar_of(connection, case["calendar"])
        if calendar is None or not case["version"]:
            return case, None
        log = store.asked(connection, store.log_request(case_id))
        return case, clocks_of(case, entries_of(log, rules()), calendar, _limits(connection, case["kind"]), now or datetime.now(UTC))


def calendar_of(connection: psycopg.Connection, version: str | None) -> WorkCalendar | None:
    """A version of the working calendar, or the one in force; None in a city that has none yet."""
    key = (connection.info.dbname + str(connection.info.port), version or "")
    if version is None or key not in _CALENDARS:
        found = store.calendar_rows(connection, version)
        if found is None:
            return None
        key = (key[0], found[0])
        _CALENDARS[key] = _CALENDARS.get(key) or WorkCalendar.from_rows(*found)
    return _CALENDARS[key]


def _moved(connection: psycopg.Connection, actor: Actor, said: Step, case: dict[str, Any], now: datetime) -> Handled:
    move = rules().moves.get(said.action)
    if move is None or move.makes or not move.starts_in(case["state"], case["kind"]):
        raise refusals.no_such_move(said.action, case["state"])
    if not actor.may(move.permission):
        raise refusals.not_permitted(move)
    if move.reason and len("".join(said.reason.split())) < 2:
        raise BadInput(Text(f"“{move.title.zh}”要写明理由。", f"'{move.title.en}' asks for a reason."))
    if move.asked is not None and case["asks"] != move.asked:
        raise refusals.no_such_move(said.action, case["state"])
    log = store.asked(connection, store.log_request(said.case_id))
    changes, detail = needs.met(connection, move, said, case, log, now)
    if said.action in FIRST_ACTS and case["first_act_at"] is None:
        changes["first_act_at"] = now.isoformat()
    changes |= _clock_columns(connection, move, said, case, log, changes, now)
    seq = case["version"] + 1
    store.append(connection, said.case_id, seq, actor.id, said.action, said.reason.strip() or None, {**detail, "door": said.door}, changes)
    for kind, words in (("comment", said.note), ("outcome", said.outcome)):
        if words.strip():
            store.keep_note(connection, said.case_id, seq, kind, words.strip())
    return Handled(said.case_id, case["number"], seq, move.target(case["state"], case["state_before"]))


def _clock_columns(
    connection: psycopg.Connection, move: Move, said: Step, case: dict[str, Any], log: list[dict[str, Any]], changes: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """What the clocks say once this event stands; the case is filed under the calendar in force, and keeps it."""
    calendar = calendar_of(connection, case["calendar"])
    if calendar is None:
        return {}
    target = move.target(case["state"], case["state_before"])
    event = {"seq": case["version"] + 1, "at": now, "action": said.action, "to_state": target, "reason": said.reason, "changes": changes}
    clocks = clocks_of({**case, **changes, "closed_at": None}, entries_of([*log, event], rules()), calendar, _limits(connection, case["kind"]), now)
    columns = moments_of(clocks, calendar, now)
    if "limit_value" in changes:
        columns["calendar"] = calendar.version
    return columns


def _limits(connection: psycopg.Connection, kind: str) -> dict[str, Limit]:
    found = ((stage, limit_of(value, unit)) for stage, value, unit in store.stage_limits(connection, kind))
    return {stage: limit for stage, limit in found if limit is not None}


def _done_before(connection: psycopg.Connection, actor: Actor, said: Step, case: dict[str, Any]) -> Handled:
    """A double click is no fault: the same person's same word of a moment ago stands. Everything else has moved on."""
    last = store.one(connection, store.last_event_request(said.case_id))
    if last is not None and last["actor"] == actor.id and last["action"] == said.action and last["seq"] == said.version + 1:
        return Handled(case["id"], case["number"], case["version"], case["state"], known=True)
    raise stale(last)


def stale(last: Mapping[str, Any] | None) -> StaleCase:
    """Who moved the case on, and when."""
    if last is None:
        return StaleCase(Text("案卷已有变化，请刷新后再办。", "The case has changed; please look at it anew."))
    move = rules().moves[last["action"]].title
    who = last["who"] or Text("系统", "the system").zh
    return StaleCase(
        Text(f"案卷已由{who}于 {last['said_at']} “{move.zh}”，请刷新后再办。", f"{who} made the move '{move.en}' at {last['said_at']}; please look at it anew.")
    )


def _look_at(said: Report) -> None:
    """The fields of a report, each with its sentence."""
    if not 8 <= len(said.key) <= 80:
        raise BadInput(Text("请求编号应为 8 到 80 个字符。", "The key of a report is 8 to 80 characters long."))
    if said.kind not in KINDS:
        raise BadInput(Text(f"没有“{said.kind}”这一类事项。", f"There is no kind of case '{said.kind}'."))
    if said.origin not in ORIGINS:
        raise BadInput(Text(f"来源“{said.origin}”未知。", f"The origin '{said.origin}' is unknown."))
    if not (math.isfinite(said.lon) and math.isfinite(said.lat) and -180 <= said.lon <= 180 and -90 <= said.lat <= 90):
        raise BadInput(Text("坐标不是经纬度。", "The coordinates are no longitude and latitude."))
    for name, words, most in ((Text("描述", "description"), said.description, LONGEST_WORDS), (Text("地址", "address"), said.address, LONGEST_LINE),
                              (Text("处置结果", "outcome"), said.outcome, LONGEST_WORDS)):  # fmt: skip
        if len(words) > most:
            raise BadInput(Text(f"{name.zh}最多 {most} 字，现有 {len(words)} 字。", f"The {name.en} has {len(words)} characters; at most {most} are taken."))
    if said.first_seen_at is not None:
        days = (datetime.now(UTC) - said.first_seen_at).days
        if days > OLDEST_SIGHT_DAYS or days < 0:
            raise BadInput(Text("发现时间应在近十年内，不晚于现在。", "The moment of first sight lies within the last ten years and not in the future."))
    if said.action == "report_fixed" and not said.outcome.strip():
        raise BadInput(Text("现场办结要写明处置结果。", "What was fixed on the spot asks for what was done."))


def _as_delivered(actor: Actor, said: Report, keys: Keyring) -> dict[str, Any]:
    """The report as the database takes it: the caller's number sealed before it leaves this process."""
    words: dict[str, Any] = {
        "action": said.action, "kind": said.kind, "category_system": said.category_system, "category_code": said.category_code,
        "lon": said.lon, "lat": said.lat, "origin": said.origin,
        "description": _clean(said.description) or None, "address": _clean(said.address) or None, "component_code": said.component_code,
        "first_seen_at": said.first_seen_at.isoformat() if said.first_seen_at else None,
        "outer_due_at": said.outer_due_at.isoformat() if said.outer_due_at else None, "door": said.door,
    }  # fmt: skip
    if said.caller is not None:
        phone = "".join(sign for sign in said.caller.phone if sign.isdigit() or sign == "+")
        words |= {"caller": _clean(said.caller.name)[:80] or None, "wants_reply": said.caller.wants_reply}
        if phone:
            sealed = keys.sealed(PHONE, phone, f"report {actor.id} {said.key}")
            words |= {"phone_sealed": b64encode(sealed).decode(), "phone_last4": phone[-4:], "phone_mark": keys.salted(CALLER, phone)}
    return words


def _clean(words: str) -> str:
    """What PostgreSQL takes as text."""
    return words.replace("\x00", "").strip()
