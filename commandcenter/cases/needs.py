"""What a move asks for beside its state and permission: a standard, a department, a worker ... each looked at, each with its sentence.

``met`` gives what the event changes of the case and what it keeps as detail. A need without an answer is one BadInput.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from commandcenter.cases import store
from commandcenter.cases.commands import Step
from commandcenter.cases.states import Move
from commandcenter.errors import BadInput
from commandcenter.text import Text

LEVELS = ("grid", "community", "street", "district")
SIMPLE_MOST = {"citizen": 200, "organisation": 3_000}  # yuan; 行政处罚法 51
Row = Mapping[str, Any]
Met = tuple[dict[str, Any], dict[str, Any]]


class Asked(NamedTuple):
    """Everything a need may look at."""

    connection: psycopg.Connection
    said: Step
    case: Row
    log: Sequence[Row]
    now: datetime


def met(connection: psycopg.Connection, move: Move, said: Step, case: Row, log: Sequence[Row], now: datetime) -> Met:
    """Changes of the case and detail of the event for a move's needs. Raises BadInput with the first that is not met."""
    asked = Asked(connection, said, case, log, now)
    changes: dict[str, Any] = dict(_EFFECTS.get(move.action, {}))
    detail: dict[str, Any] = dict(said.detail)
    if said.good is not None:
        detail["good"] = said.good
    for need in move.needs:
        more, told = _NEEDS[need](asked)
        changes |= more
        detail |= told
    if move.action == "amend":
        changes |= _amended(asked)
    return changes, detail


# What some moves change without being told more.
_EFFECTS: dict[str, dict[str, Any]] = {
    "return_to_dispatcher": {"holder": None, "department": None, "worker": None},
    "revoke": {"worker": None},
    "give_back": {"worker": None},
    "rework": {"worker": None},
    "reopen": {"worker": None},
    "unmerge": {"merged_into": None},
    "appeal_grant": {"late_exempt": True},
}


def _standard(asked: Asked) -> Met:
    wanted = asked.said.standard_id
    if wanted is None:
        if asked.case["standard_id"] is not None:
            return {}, {}
        raise BadInput(Text("要选立案标准：哪一类、哪种情形、多长时限。", "A standard must be chosen: which condition, and so which limit."))
    found = store.one(asked.connection, store.standard_request(wanted))
    if found is None:
        raise BadInput(Text("这条立案标准不存在或已停用。", "There is no such standard, or it is no longer in force."))
    of_category = (found["code_system"], found["kind"], found["category_code"])
    if of_category != (asked.case["category_system"], asked.case["kind"], asked.case["category_code"]):
        raise BadInput(
            Text(f"这条标准属于类别 {found['category_code']}，案卷是 {asked.case['category_code']}。",
                 f"This standard is of category {found['category_code']}, the case of {asked.case['category_code']}.")
        )  # fmt: skip
    value = found["limit_value"]
    return {"standard_id": wanted, "limit_value": None if value is None else str(value), "limit_unit": found["limit_unit"]}, {"condition": found["condition"]}


def _department(asked: Asked) -> Met:
    code = asked.said.department
    if not code:
        raise BadInput(Text("要选处置部门。", "A department must be chosen."))
    found = next((each for each in store.asked(asked.connection, store.departments_request()) if each["code"] == code), None)
    if found is None:
        raise BadInput(Text(f"没有部门 {code}，或已撤销。", f"There is no department {code}, or it is no more."))
    return {"holder": code, "department": found["name"], "worker": None}, {"department": code}


def _worker(asked: Asked) -> Met:
    worker, holder = asked.said.worker, asked.case["holder"]
    people = {each["actor"] for each in store.asked(asked.connection, store.people_request(holder))} if holder else set()
    if not worker or worker not in people:
        raise BadInput(Text("要选本部门的处置人员。", "Somebody of the department must be chosen."))
    return {"worker": worker}, {"worker": worker}


def _outcome(asked: Asked) -> Met:
    if not asked.said.outcome.strip():
        raise BadInput(Text("要写明结果。", "What came of it must be said."))
    return {}, {}


def _note(asked: Asked) -> Met:
    if not asked.said.note.strip():
        raise BadInput(Text("备注是空的。", "The comment is empty."))
    return {}, {}


def _into(asked: Asked) -> Met:
    other = _other(asked, asked.said.into)
    if other["state"] == "merged":
        raise BadInput(Text("不能并入已被并案的案卷。", "The case to merge into is itself merged into another."))
    return {"merged_into": other["id"]}, {"into": other["number"]}


def _parent(asked: Asked) -> Met:
    other = _other(asked, asked.said.parent)
    if other["parent_id"] is not None:
        raise BadInput(Text("主案卷本身已挂接在另一案卷下。", "The parent is itself a child of another case."))
    return {"parent_id": other["id"]}, {"parent": other["number"]}


def _other(asked: Asked, wanted: int | None) -> dict[str, Any]:
    found = None if wanted is None else store.one(asked.connection, store.case_request(wanted))
    if found is None or wanted == asked.case["id"]:
        raise BadInput(Text("要选另一个案卷，在您的辖区内。", "Another case must be chosen, one of your jurisdiction."))
    return found


def _in_time(asked: Asked) -> Met:
    due = asked.case["due_at"]
    if asked.case["is_late"] or (due is not None and due < asked.now):
        raise BadInput(Text("已经超期，不能再申请延期。", "The case is overdue; an extension can no longer be asked for."))
    if asked.case["limit_value"] is None:
        raise BadInput(Text("案卷没有处置时限，无从延期。", "The case has no limit that could be extended."))
    return {}, {}


def _late_once(asked: Asked) -> Met:
    if not asked.case["is_late"]:
        raise BadInput(Text("案卷没有超期，不必申诉。", "The case was not overdue; there is nothing to appeal against."))
    if any(event["action"] == "appeal" for event in asked.log):
        raise BadInput(Text("每个案卷只能申诉一次。", "A case can be appealed once."))
    return {}, {}


def _level(by: int) -> Callable[[Asked], Met]:
    def moved(asked: Asked) -> Met:
        at = LEVELS.index(asked.case["level"] or LEVELS[0]) + by
        if not 0 <= at < len(LEVELS):
            raise BadInput(Text("已是最高或最低一级。", "It is at the highest or lowest level already."))
        return {"level": LEVELS[at]}, {"level": LEVELS[at]}

    return moved


def _officers(asked: Asked) -> Met:
    officers = asked.said.detail.get("officers")
    named = {str(each).strip() for each in officers if str(each).strip()} if isinstance(officers, (list, tuple)) else set()
    if len(named) < 2:
        raise BadInput(Text("执法人员不少于两人，写明证件号。", "At least two officers with their certificates are needed."))
    return {}, {"officers": sorted(named)}


def _simple_amount(asked: Asked) -> Met:
    party, amount = asked.said.detail.get("party"), asked.said.detail.get("amount", 0)
    if party not in SIMPLE_MOST or not isinstance(amount, (int, float)) or amount < 0:
        raise BadInput(Text("要写明当事人是公民还是单位，以及罚款金额。", "Whether the party is a citizen or an organisation, and the amount, must be said."))
    most = SIMPLE_MOST[str(party)]
    if amount > most:
        raise BadInput(
            Text(f"简易程序对{'公民' if party == 'citizen' else '单位'}罚款不超过 {most} 元，应转普通程序。",
                 f"By simple procedure a {party} is fined at most {most} yuan; this takes the ordinary procedure.")
        )  # fmt: skip
    return {}, {}


def _recheck_on(asked: Asked) -> Met:
    day = asked.said.recheck_on
    if day is None or day < asked.now.date():
        raise BadInput(Text("责令改正要写明今后的复查日期。", "An order to put right names a day to come on which it is looked at again."))
    return {}, {"recheck_on": day.isoformat()}


def _told(key: str, sentence: Text) -> Callable[[Asked], Met]:
    def looked(asked: Asked) -> Met:
        if asked.said.detail.get(key) in (None, "", [], {}):
            raise BadInput(sentence)
        return {}, {}

    return looked


def _amended(asked: Asked) -> dict[str, Any]:
    """A corrected address or category; a category must be one of the same kind that is in force."""
    said, changes = asked.said, dict[str, Any]()
    if said.address is not None:
        changes["address"] = said.address.strip()[:200] or None
    if said.category_code is not None:
        wanted = (said.category_system or asked.case["category_system"], asked.case["kind"], said.category_code)
        found = next(
            (each for each in store.asked(asked.connection, store.categories_request()) if (each["code_system"], each["kind"], each["code"]) == wanted), None
        )
        if found is None:
            raise BadInput(Text(f"类别 {said.category_code} 不存在或已停用。", f"There is no category {said.category_code}, or it is no longer in force."))
        changes |= {"category_system": found["code_system"], "category_code": found["code"], "major": found["major"], "major_en": found["major_en"],
                    "minor": found["minor"], "minor_en": found["minor_en"], "standard_id": None, "limit_value": None, "limit_unit": None}  # fmt: skip
    if not changes:
        raise BadInput(Text("没有要更正的内容。", "There is nothing to correct."))
    return changes


_NEEDS: dict[str, Callable[[Asked], Met]] = {
    "standard": _standard, "department": _department, "worker": _worker, "outcome": _outcome, "note": _note, "into": _into, "parent": _parent,
    "in_time": _in_time, "late_once": _late_once, "level_up": _level(1), "level_down": _level(-1), "officers": _officers, "simple_amount": _simple_amount,
    "recheck_on": _recheck_on,
    "photo": _told("photo", Text("没有照片。", "There is no photo.")),
    "matter": _told("matter", Text("要选执法事项。", "The matter of enforcement must be chosen.")),
    "amount": _told("amount", Text("要写明处罚内容与金额。", "The penalty and its amount must be said.")),
    "document": _told("document", Text("要选文书。", "The document must be chosen.")),
    "period": _told("period", Text("要写明延长或扣除的期间。", "The time to extend or exclude must be said.")),
}  # fmt: skip


def needs() -> frozenset[str]:
    """Every need that is known here."""
    return frozenset(_NEEDS)


