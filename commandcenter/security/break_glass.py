"""The rules of break-glass that a person meets: how long, what a reason is, and why it was refused."""

from __future__ import annotations

import psycopg

from commandcenter.errors import BadInput, CommandCenterError
from commandcenter.text import Text

DEFAULT_MINUTES, MOST_MINUTES = 15, 60
CHOICES = (5, DEFAULT_MINUTES, 30, MOST_MINUTES)
LEAST_SIGNS, LEAST_DIFFERENT, LONGEST_REASON = 10, 5, 500

NO_REASON = Text(
    f"理由要写清发生了什么：至少 {LEAST_SIGNS} 个字或数字，不能是同几个字的重复。",
    f"The reason must say what happened: at least {LEAST_SIGNS} letters, digits or characters, and not the same few over and over.",
)
NO_MINUTES = Text(f"时长应为 1 到 {MOST_MINUTES} 分钟的整数。", f"The time must be a whole number of minutes from 1 to {MOST_MINUTES}.")
NOT_YOURS = Text("您的岗位没有应急放宽的权限。", "Your role may not break glass.")
RUNS_ALREADY = Text("应急放宽已经开始，结束后才能再次开始。", "It runs already; end it before you begin again.")
NOTHING_TO_WIDEN = Text("您本来就能看全市，不需要应急放宽。", "You see the whole city anyway: there is nothing to widen.")


def checked_reason(said: str) -> str:
    """A reason that says something. Raises BadInput."""
    reason = " ".join(said.split())[:LONGEST_REASON]
    signs = [sign for sign in reason.lower() if sign.isalnum()]
    if len(signs) < LEAST_SIGNS or len(set(signs)) < LEAST_DIFFERENT:
        raise BadInput(NO_REASON)
    return reason


def checked_minutes(said: str) -> int:
    """For how long. Raises BadInput."""
    if not (said.isascii() and said.isdigit() and len(said) < 4 and 1 <= int(said) <= MOST_MINUTES):
        raise BadInput(NO_MINUTES)
    return int(said)


def refused_words(fault: CommandCenterError) -> Text:
    """Why the database did not let it begin."""
    cause = fault.__cause__
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return NOT_YOURS
    if isinstance(cause, psycopg.errors.ObjectInUse):
        return RUNS_ALREADY
    if isinstance(cause, psycopg.errors.ObjectNotInPrerequisiteState):
        return NOTHING_TO_WIDEN
    return fault.sentence
