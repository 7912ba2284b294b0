"""The words of ``python -m commandcenter people``: read before anything heavy is loaded."""

from __future__ import annotations

import argparse


def add_words(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="find|erase")
    acts.add_parser("find", help="the reference of whoever has an ID number, which is asked for and not shown")
    erase = acts.add_parser("erase", help="lawful deletion: the personal fields of one person go, a tombstone stays")
    erase.add_argument("ref", help="the person's reference, such as P0123456789AB")
    erase.add_argument("--reason", required=True, help="why, for the audit: the request's number, not the person's name")
