"""The words by which fields and files are recognised, from words.toml; compared small, without blanks and joining marks."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

WORDS_FILE = Path(__file__).with_name("words.toml")


@cache
def words() -> dict[str, Any]:
    """The whole list."""
    return tomllib.loads(WORDS_FILE.read_text(encoding="utf-8"))


def plain(name: str) -> str:
    """A name as it is compared."""
    return re.sub(r"[\s_\-.·・]+", "", name.translate({0xFF08: "(", 0xFF09: ")"})).lower()


def says(name: str, word: str) -> bool:
    """Whether a name holds a word. Short Latin words must stand as the whole name: 'id' is not in 'width'."""
    name, word = plain(name), plain(word)
    return name == word or (len(word) >= (2 if not word.isascii() else 7) and word in name)


def unit_of(name: str) -> str | None:
    """The unit that a field's name tells, if any."""
    lowered = name.lower().replace(" ", "").translate({0xFF08: "(", 0xFF09: ")"})
    for unit, signs in words()["units"].items():
        if any(lowered.endswith(sign) if sign.startswith("_") else sign in lowered for sign in signs):
            return str(unit)
    return None


def best_field(wanted: list[str], names: list[str]) -> str | None:
    """The field that is called like one of the words, in the order of the words; an equal name before one that holds it."""
    for word in wanted:
        for name in names:
            if plain(name) == plain(word):
                return name
    for word in wanted:
        for name in names:
            if len(plain(word)) >= 2 and not word.isascii() and plain(word) in plain(name):
                return name
    return None
