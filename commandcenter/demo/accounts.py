"""Who works in the demonstration: which role is placed where, and the accounts made of it once, each with a password nobody chose."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg

from commandcenter.security import store
from commandcenter.security.builtin import ACCOUNT_COMMANDS
from commandcenter.security.passwords import hashed, made_up
from commandcenter.text import Text

DISTRICT, STREET, COMMUNITY = "230202", "230202001", "230202001006"  # 龙沙区, 五龙街道, 红星社区
HASHING_AT_ONCE = 4  # a hash takes 64 MiB and a core


@dataclass(frozen=True)
class Post:
    """Where the demonstration's account of a role works: the whole city, an area and all below it, or the first grid there; in one centre or all."""

    role: str
    area: str | None = None
    centre: str | None = None
    one_grid: bool = False


# As the sign-in page groups them. A role that is in no group works in the whole city and stands in the last.
GROUPS: tuple[tuple[Text, tuple[Post, ...]], ...] = (
    (
        Text("中心与一线", "Centres and field"),
        (
            Post("shift_leader"),
            Post("acceptor"),
            Post("dispatcher", STREET),
            Post("verifier", STREET),
            Post("grid_leader", COMMUNITY),
            Post("grid_worker", COMMUNITY, "grid", one_grid=True),
            Post("enforcement_officer", STREET, "urban"),
            Post("department_handler", DISTRICT, "urban"),
        ),
    ),
    (
        Text("规划与领导", "Planning and leading"),
        (Post("planner"), Post("leader"), Post("duty_leader"), Post("evaluator"), Post("legal_reviewer")),
    ),
    (
        Text("数据与系统管理", "Data and administration"),
        (Post("data_steward"), Post("system_administrator"), Post("security_administrator"), Post("audit_administrator")),
    ),
)
_POSTS = {post.role: post for _, posts in GROUPS for post in posts}


@dataclass(frozen=True)
class Made:
    """An account that was just made. Its password is kept nowhere else."""

    name: str
    password: str
    role: Text


def make_accounts(connection: psycopg.Connection) -> list[Made]:
    """One open account for each role of a synthetic city that has no account yet, in the order of roles; none where it has some, or is real."""
    if store.asked(connection, ACCOUNT_COMMANDS, store.any_account_request())[0]["any"]:
        return []  # before a second of hashing
    roles = store.asked(connection, ACCOUNT_COMMANDS, store.roles_request())
    made = [Made(f"demo.{row['code']}", made_up(), Text(row["title"], row["title_en"])) for row in roles]
    with ThreadPoolExecutor(min(HASHING_AT_ONCE, os.cpu_count() or 1)) as threads:
        hashes = list(threads.map(hashed, (each.password for each in made)))
    posts = [_as_asked(_POSTS.get(row["code"], Post(row["code"])), kept) for row, kept in zip(roles, hashes, strict=True)]
    count = store.asked(connection, ACCOUNT_COMMANDS, store.demo_accounts_request(posts))[0]["made"]
    return made if count else []


def table_of(made: Sequence[Made]) -> list[str]:
    """Lines for a terminal: name, password and what the role is called in both languages."""
    name_width = max(len(each.name) for each in made)
    password_width = max(len(each.password) for each in made)
    return [f"  {each.name:<{name_width}}  {each.password:<{password_width}}  {each.role.zh} {each.role.en}" for each in made]


def _as_asked(post: Post, password_hash: str) -> dict[str, str | bool | None]:
    return {"role": post.role, "hash": password_hash, "centre": post.centre, "area": post.area, "one_grid": post.one_grid}
