"""The menu of who is signed in: the way to one's own account, and in an open demonstration to another role."""

from __future__ import annotations

from collections.abc import Callable

import dash_mantine_components as dmc
from dash.development.base_component import Component

from commandcenter.pages.wall.parts import data, icon
from commandcenter.text import Language, Text
from commandcenter.web.context import ACTOR, current_device
from commandcenter.web.glass import BEGIN_AT, NAME

SIGNED_IN_AS, NOBODY = Text("已登录：{actor}", "Signed in: {actor}"), Text("账号", "Account")
DEVICE = Text("大屏终端：{device} · {place}", "Wall device: {device} · {place}")
OWN, SIGN_IN = Text("我的账号、退出", "My account, sign out"), Text("用账号登录", "Sign in with an account")
SWITCH, PEOPLE = Text("换一个演示岗位", "Switch role"), Text("户与人", "Households and people")


def account_menu(button: Callable[[Text, str], Component], language: Language, *, open_demo: bool) -> Component:
    """The menu behind ``button``, which is made of what it says and who acts. The scripts lead on from ``data-act=switch-role``."""
    acting = ACTOR.get()
    who = acting.title.to(language) if acting else ""
    device = current_device()
    if device is not None:
        said = DEVICE.with_values(device=who, place=device.place.to(language))
        items = [dmc.MenuItem(SIGN_IN.to(language), href="/sign-in", refresh=True)]
    else:
        said = SIGNED_IN_AS.with_values(actor=who) if acting else NOBODY
        items = [dmc.MenuItem(OWN.to(language), href="/account", refresh=True, leftSection=icon("user"))]
    if acting is not None and acting.may("break_glass"):
        items.append(dmc.MenuItem(NAME.to(language), href=BEGIN_AT, refresh=True))
    if acting is not None and acting.may("read") and device is None:
        items.append(dmc.MenuItem(PEOPLE.to(language), href="/people", refresh=True))
    if open_demo:
        items.append(dmc.MenuItem(SWITCH.to(language), leftSection=icon("users"), **data(act="switch-role")))
    return dmc.Menu(
        [dmc.MenuTarget(button(said, who)), dmc.MenuDropdown([dmc.MenuLabel(said.to(language)), *items])], position="bottom-end", shadow="md"
    )
