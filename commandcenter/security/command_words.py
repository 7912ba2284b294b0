"""The words of ``python -m commandcenter user``: read before anything heavy is loaded."""

from __future__ import annotations

import argparse
from pathlib import Path

ACTS = ("first", "add", "import", "reset", "disable", "list")


def add_words(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="|".join(ACTS))
    acts.add_parser("first", help="the system, security and audit administrator of a city without any account")
    add = acts.add_parser("add", help="propose an account; the security administrator approves it at /admin")
    add.add_argument("name")
    add.add_argument("--title", required=True, help="the person's name, as the screen says it")
    add.add_argument("--role", required=True, help="a role's code, such as dispatcher")
    place = add.add_mutually_exclusive_group(required=True)
    place.add_argument("--area", help="code of the district, street or community it is for")
    place.add_argument("--grid", help="code of the one grid it is for")
    place.add_argument("--whole-city", action="store_true", help="it is for the whole city")
    add.add_argument("--centre", choices=("emergency", "grid", "urban"), help="the centre it is in; without one, all of them")
    bulk = acts.add_parser("import", help="propose all accounts of a workbook, or none of them")
    bulk.add_argument("file", type=Path, help="columns: account, name, role, area or grid, and if need be centre, until")
    for act, does in (("reset", "a new first password; the account waits for approval again"), ("disable", "shut at once, signed out everywhere")):
        acts.add_parser(act, help=does).add_argument("name")
    acts.add_parser("list", help="all accounts and their state")
