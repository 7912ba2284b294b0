"""The words of ``python -m commandcenter standards``: read before anything heavy is loaded."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path


def add_words(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    parser.add_argument("file", type=Path, help="the city's workbook (.xlsx) or CSV; or cc-base, the code system that ships")
    parser.add_argument("--system", metavar="CODE", help="the code system's code, such as longsha-2026")
    parser.add_argument("--title", metavar="ZH", help="its title in Chinese; needed the first time")
    parser.add_argument("--title-en", metavar="EN", help="its title in English; else the Chinese one")
    parser.add_argument("--source", help="what it rests on: the decree and its number; else the file's name")
    parser.add_argument("--valid-from", type=date.fromisoformat, metavar="DATE", help="the first day on which it holds, such as 2027-01-01")
    parser.add_argument("--kind", help="component, event, grid, hotline or enforcement, where the file does not say it")
    parser.add_argument("--hours", choices=("wh", "uh"), default="wh", help="what plain 小时 mean: office hours (wh) or hours on end (uh)")
    parser.add_argument("--days", choices=("wd", "ud"), default="wd", help="what plain 天 mean: work days (wd) or days on end (ud)")
    parser.add_argument("--local-from", type=int, metavar="NN", help="small classes from this number on are the city's own, such as 78")
    parser.add_argument("--without-refused", action="store_true", help="take in what could be read although rows were refused")
    parser.add_argument("--dry-run", action="store_true", help="say what would change, write nothing")
