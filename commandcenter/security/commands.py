"""``python -m commandcenter user ...``: accounts from the command line, said in both languages. Passwords are shown once and kept nowhere."""

from __future__ import annotations

import argparse
from zoneinfo import ZoneInfo

from commandcenter.config import Settings
from commandcenter.db.connect import connect
from commandcenter.security import accounts, store
from commandcenter.security.builtin import ACCOUNT_COMMANDS

WAITS = "待安全管理员在 /admin 批准；口令只显示这一次。 It waits for the security administrator at /admin; a password is shown once."


def carry_out(settings: Settings, words: argparse.Namespace, listed: tuple[list[tuple[int, dict[str, str]]], ZoneInfo] | None = None) -> None:
    """One of the acts. ``listed``: a list's rows and the zone of its dates. Raises BadInput with the reason when it cannot be."""
    with connect(settings) as connection:
        connection.autocommit = True
        if words.act == "first":
            for name, password in accounts.first_administrators(connection).items():
                print(f"{name:<10} {password}")
            print("口令只显示这一次；首次登录时更换。 These passwords are shown once; each is changed at the first sign-in.")
        elif listed is not None:
            for entry in accounts.add_all(connection, *listed):
                print(f"{entry.name:<20} {entry.password}  {entry.title}")
            print(WAITS)
        elif words.act == "list":
            for row in store.asked(connection, ACCOUNT_COMMANDS, store.accounts_request()):
                held = ", ".join(f"{each['role_en']} ({each['area'] or each['grid'] or 'whole city'})" for each in row["appointments"])
                print(f"{row['name']:<20} {row['state']:<9} {held}")
        elif words.act == "disable":
            accounts.disable(connection, words.name)
            print(f"账号 {words.name} 已停用。 The account {words.name} is shut.")
        else:
            made = (
                accounts.reset(connection, words.name)
                if words.act == "reset"
                else accounts.add(connection, words.name, words.title, words.role, store.Place(words.area, words.grid, words.centre))
            )
            print(f"{words.name} {made}" if made else f"{words.name}：口令在统一身份认证处。 The password of {words.name} is the identity provider's.")
            print(WAITS)
