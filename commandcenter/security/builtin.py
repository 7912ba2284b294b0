"""The actors that the program itself needs: explicit, few, and named wherever they act. People have accounts.

STEWARD acts for commands, FETCHER for what comes by itself, WEB where a web process asks for itself and nobody in particular.
None of them is a default: each request runs as the account that signed in, each job as who it was asked for by.
The permission ``steward`` opens the data desk: deliver files, correct refused rows, take loads back.
"""

from __future__ import annotations

from commandcenter.actor import Actor, Scope
from commandcenter.text import Text

STEWARD = Actor(
    "builtin:steward",
    Text("数据管理员（内置）", "Data steward (built in)"),
    Scope(whole_city=True),
    frozenset({"read", "write", "steward"}),
)

FETCHER = Actor(
    "builtin:fetch",
    Text("自动取数（内置）", "Automatic fetching (built in)"),
    Scope(whole_city=True),
    frozenset({"read", "write", "steward"}),
)

# The web process itself: health, versions of layers, name and bounds of the city. It sees registers and ground, no part of the city.
WEB = Actor("builtin:web", Text("网页服务（内置）", "Web process (built in)"), Scope())
# The sign-in door itself: it knows nobody and sees nothing.
DOOR = Actor("builtin:door", Text("登录（内置）", "Sign-in (built in)"), Scope())
# Who comes from the identity provider is let in by what the mapping says; what it gives is marked with this name.
IDENTITY = Actor("builtin:identity", Text("统一身份认证（内置）", "Identity provider (built in)"), Scope())
# Accounts from the command line of the machine: they can be proposed and shut there, never let in.
ACCOUNT_COMMANDS = Actor("builtin:accounts", Text("账号命令（内置）", "Account commands (built in)"), Scope(), frozenset({"accounts"}))
# Lawful deletion from the command line of the machine; it neither reads a map nor sees anybody's name.
PEOPLE_COMMANDS = Actor("builtin:people", Text("人口命令（内置）", "People commands (built in)"), Scope(whole_city=True), frozenset({"erase"}))

# Whom a job may run as without an account.
BUILT_IN: dict[str, Actor] = {STEWARD.id: STEWARD, FETCHER.id: FETCHER}
