"""The built-in actors until accounts arrive: explicit, few, and named wherever they act.

Demo actors stand for people at the screen; STEWARD acts for commands,
FETCHER for what comes by itself. None of them is a default:
each request names the one it runs as (the cookie ``cc_actor``, or the wall's own setting), each job the one it was asked for by.
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

# The sign-in door itself: it knows nobody and sees nothing.
DOOR = Actor("builtin:door", Text("登录（内置）", "Sign-in (built in)"), Scope())
# Who comes from the identity provider is let in by what the mapping says; what it gives is marked with this name.
IDENTITY = Actor("builtin:identity", Text("统一身份认证（内置）", "Identity provider (built in)"), Scope())
# Accounts from the command line of the machine: they can be proposed and shut there, never let in.
ACCOUNT_COMMANDS = Actor("builtin:accounts", Text("账号命令（内置）", "Account commands (built in)"), Scope(), frozenset({"accounts"}))

OPERATOR = Actor("demo:operator", Text("值班长（全市）", "Shift leader (whole city)"), Scope(whole_city=True), frozenset({"read"}))
STREET_DISPATCHER = Actor(
    "demo:street", Text("五龙街道派遣员", "Dispatcher, Wulong street"), Scope(streets=("230202001",)), frozenset({"read"})
)
COMMUNITY_WORKER = Actor(
    "demo:community",
    Text("红星社区网格员", "Grid worker, Hongxing community"),
    Scope(communities=("230202001006",)),
    frozenset({"read"}),
)
DEMO_STEWARD = Actor(
    "demo:steward",
    Text("数据管理员（演示）", "Data steward (demo)"),
    Scope(whole_city=True),
    frozenset({"read", "write", "steward"}),
)

DEMO_ACTORS: dict[str, Actor] = {a.id: a for a in (OPERATOR, STREET_DISPATCHER, COMMUNITY_WORKER, DEMO_STEWARD)}
BUILT_IN: dict[str, Actor] = {STEWARD.id: STEWARD, FETCHER.id: FETCHER, **DEMO_ACTORS}
