"""``python -m commandcenter people ...``: what somebody may ask of a register by law, on the machine itself, said in both languages."""

from __future__ import annotations

import argparse
from getpass import getpass

from commandcenter.config import Settings
from commandcenter.db.connect import connect
from commandcenter.db.run import acting
from commandcenter.errors import BadInput
from commandcenter.people import store
from commandcenter.people.limits import IN_THE_WAY
from commandcenter.people.register import mark_of
from commandcenter.security.builtin import PEOPLE_COMMANDS
from commandcenter.security.keyring import Keyring
from commandcenter.text import Text

NOBODY = Text("登记中没有这个公民身份号码。", "Nobody of the register has this ID number.")


def carry_out(settings: Settings, words: argparse.Namespace) -> None:
    """One of the acts. Raises BadInput with the reason when it cannot be."""
    with connect(settings) as connection:
        if words.act == "find":
            typed = getpass("公民身份号码（不显示） ID number (not shown): ")
            with acting(connection, PEOPLE_COMMANDS):
                refs = store.refs_of_mark(connection, mark_of(Keyring(settings.data_dir, settings.city), typed))
            if not refs:
                raise BadInput(NOBODY)
            print("\n".join(refs))
            return
        with acting(connection, PEOPLE_COMMANDS):
            outcome = store.erase(connection, words.ref, words.reason, "cli")
        if outcome != "erased":
            raise BadInput(IN_THE_WAY[outcome])
    print(f"{words.ref} 的个人信息已删除，只留编号。 The personal fields of {words.ref} are erased; the reference stays.")
