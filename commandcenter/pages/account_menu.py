"""The menu of who is signed in: the way to one's own account, and in an open demonstration to another role."""

from __future__ import annotations

from collections.abc import Callable

import dash_mantine_components as dmc
from dash.development.base_component import Component

from commandcenter.pages.wall.parts import data, icon
from commandcenter.text import Language, Text
from commandcenter.web.context import ACTOR

SIGNED_IN_AS, NOBODY = Text("已登录：{actor}", "Signed in: {actor}"), Text("账号", "Account")
OWN, SWITCH = Text("我的账号、退出", "My account, sign out"), Text("换一个演示岗位", "Switch role")


def account_menu(button: Callable[[Text, str], Component], language: Language, *, open_demo: bool) -> Component:
    """The menu behind ``button``, which is made of what it says and who acts. The scripts lead on from ``data-act=switch-role``."""
    acting = ACTOR.get()
    who = acting.title.to(language) if acting else ""
    said = SIGNED_IN_AS.with_values(actor=who) if acting else NOBODY
    items = [dmc.MenuItem(OWN.to(language), href="/account", refresh=True, leftSection=icon("user"))]
    if open_demo:
        items.append(dmc.MenuItem(SWITCH.to(language), leftSection=icon("users"), **data(act="switch-role")))
    return dmc.Menu(
        [dmc.MenuTarget(button(said, who)), dmc.MenuDropdown([dmc.MenuLabel(said.to(language)), *items])], position="bottom-end", shadow="md"
    )
