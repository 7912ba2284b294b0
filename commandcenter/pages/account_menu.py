"""The menu of who acts: in a demonstration the actors one may enter as, else the way to one's own account."""

from __future__ import annotations

from collections.abc import Callable

import dash_mantine_components as dmc
from dash.development.base_component import Component

from commandcenter.pages.wall.parts import data, icon
from commandcenter.security.builtin import DEMO_ACTORS
from commandcenter.text import Language, Text
from commandcenter.web.context import ACTOR, VISITOR, current_device
from commandcenter.web.glass import BEGIN_AT, NAME

DEMO, ACCOUNT = Text("演示身份", "Demo identity"), Text("账号", "Account")
ACTING_AS, SIGNED_IN_AS = Text("演示身份：{actor}", "Demo identity: {actor}"), Text("已登录：{actor}", "Signed in: {actor}")
PEOPLE = Text("户与人", "Households and people")
DEVICE = Text("大屏终端：{device} · {place}", "Wall device: {device} · {place}")
OWN, SIGN_IN = Text("我的账号、退出", "My account, sign out"), Text("用账号登录", "Sign in with an account")


def account_menu(attribute: str, button: Callable[[Text, str], Component], language: Language) -> Component:
    """The menu behind ``button``, which is made of what it says and who acts. ``attribute`` names the demo actor that an item enters as."""
    acting, visitor = ACTOR.get(), VISITOR.get()
    who = acting.title.to(language) if acting else ""
    device = current_device()
    if device is not None:
        said = label = DEVICE.with_values(device=who, place=device.place.to(language))
        items = [dmc.MenuItem(SIGN_IN.to(language), href="/sign-in", refresh=True)]
    elif visitor is not None and visitor.signed_in is not None:
        said, label = SIGNED_IN_AS.with_values(actor=who), ACCOUNT
        items = [dmc.MenuItem(OWN.to(language), href="/account", refresh=True)]
        if acting is not None and acting.may("break_glass"):
            items.append(dmc.MenuItem(NAME.to(language), href=BEGIN_AT, refresh=True))
    else:
        said, label = ACTING_AS.with_values(actor=who) if acting else DEMO, DEMO
        items = [
            dmc.MenuItem(actor.title.to(language), leftSection=icon("check") if actor == acting else None, **data(**{attribute: actor.id}))
            for actor in DEMO_ACTORS.values()
        ]
        items.append(dmc.MenuItem(SIGN_IN.to(language), href="/sign-in", refresh=True))
    if acting is not None and acting.may("read"):
        items.append(dmc.MenuItem(PEOPLE.to(language), href="/people", refresh=True))
    return dmc.Menu(
        [dmc.MenuTarget(button(said, who)), dmc.MenuDropdown([dmc.MenuLabel(label.to(language)), *items])], position="bottom-end", shadow="md"
    )
