"""The sentences of what the database refuses: its codes of class CC, and what a person reads."""

from __future__ import annotations

import psycopg

from commandcenter.cases.commands import NoSuchMove, StaleCase
from commandcenter.cases.states import Move, rules
from commandcenter.errors import BadInput, CommandCenterError, Forbidden, Unavailable
from commandcenter.text import Text

SEPARATED = Text(
    "监督与指挥分开：经手派遣或处置过本案的人不能核查或结案。",
    "Supervision and command are apart: whoever dispatched or handled this case does not check or close it.",
)
ELSEWHERE = Text("这是其他部门或其他人的任务。", "This is another department's case, or somebody else's task.")
OUTSIDE = Text("这个位置不在本市范围内。", "This place lies outside the city.")
NO_CATEGORY = Text("这个类别不存在，或已停用。", "There is no such category, or it is no longer in force.")
MOVED_ON = Text("案卷刚刚被别人办理，请刷新后再办。", "Somebody moved the case this moment; please look at it anew.")
REASON = Text("要写明理由。", "A reason is asked for.")
NOT_ASKED = Text("没有待审批的这项申请。", "Nothing of that kind was asked for.")
NOT_NOW = Text("案卷现在不能这样办理。", "This cannot be done to the case now.")
BUSY = Text("案卷正被别人办理，请稍候再试。", "Somebody is working on the case; please try again in a moment.")
AWAY = Text("数据库暂时没有应答，请稍候再试。", "The database does not answer just now; please try again.")
FAILED = Text("没有办成，已记入日志，请把编号告诉管理员。", "That was not done and is in the log; please give the id to the administrator.")

_BY_CODE: dict[str, tuple[type[CommandCenterError], Text]] = {
    "CC001": (StaleCase, MOVED_ON),
    "CC002": (Forbidden, SEPARATED),
    "CC003": (NoSuchMove, NOT_NOW),
    "CC004": (Forbidden, Text("您的岗位不能这样办理。", "Your role does not include this.")),
    "CC005": (BadInput, REASON),
    "CC006": (NoSuchMove, NOT_ASKED),
    "CC007": (Forbidden, ELSEWHERE),
    "CC010": (BadInput, OUTSIDE),
    "CC011": (BadInput, NO_CATEGORY),
    "42501": (Forbidden, Text("这不在您的辖区或权限内。", "This lies outside your jurisdiction or permissions.")),
    "55P03": (Unavailable, BUSY),
    "40P01": (Unavailable, BUSY),
}


def sentence_of(fault: psycopg.Error) -> CommandCenterError:
    """What a person is told of a refusal; a fault nobody foresaw keeps its details in the log under the error's id."""
    if fault.sqlstate is None or fault.sqlstate.startswith(("08", "57")):
        return Unavailable(AWAY)
    if fault.sqlstate in ("23505", "40001"):
        return StaleCase(MOVED_ON)
    kind, sentence = _BY_CODE.get(fault.sqlstate, (CommandCenterError, FAILED))
    return kind(sentence)


def no_such_move(action: str, state: str) -> NoSuchMove:
    """A move that does not start where the case stands."""
    held, move = rules().states.get(state), rules().moves.get(action)
    at = held.title if held else Text(state, state)
    what = move.title if move else Text(action, action)
    return NoSuchMove(Text(f"案卷现在是“{at.zh}”，不能“{what.zh}”。", f"The case stands at '{at.en}'; '{what.en}' does not start from there."))


def not_permitted(move: Move) -> Forbidden:
    """A move that the acting account's permissions do not hold."""
    return Forbidden(Text(f"您的岗位不能办理“{move.title.zh}”。", f"Your role does not include '{move.title.en}'."))
