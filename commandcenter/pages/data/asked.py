"""What the desk is asked to show, read from a browser's word: nothing in it is trusted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import quote, urlencode

from commandcenter.text import Language

PATH = "/data"
ALL_RULES = "all"
NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")
HIGHEST_ID = 2**63
LONGEST_ID = 19


@dataclass(frozen=True)
class Asked:
    """One state of the address: a source, one of its runs, one rule among the refused rows (``all``: every rule)."""

    language: Language = "zh"
    source: str | None = None
    run: int | None = None
    rule: str | None = None

    @classmethod
    def of(cls, said: Mapping[str, Any] | None) -> Self:
        """The wish of a browser; what is no name or number is left out."""
        said = said or {}
        return cls("en" if said.get("language") == "en" else "zh", _name(said.get("source")), number(said.get("run")), _name(said.get("rule")))

    @property
    def query(self) -> str:
        """The address's part behind the question mark."""
        parts = {"source": self.source, "run": self.run, "rule": self.rule}
        return urlencode({name: value for name, value in parts.items() if value is not None})

    @property
    def href(self) -> str:
        """The address."""
        return f"{PATH}?{self.query}" if self.query else PATH

    def at(self, **changes: Any) -> Self:
        """The address beside this one."""
        return replace(self, **changes)

    @property
    def signing_in(self) -> str:
        """The way to this same address as somebody else."""
        return f"/sign-in?next={quote(self.href, safe='')}"


def number(value: Any) -> int | None:
    """An id from a browser, or None."""
    text = str(value if value is not None else "")
    return int(text) if len(text) <= LONGEST_ID and text.isascii() and text.isdigit() and int(text) < HIGHEST_ID else None


def _name(value: Any) -> str | None:
    text = str(value if value is not None else "")
    return text if NAME.fullmatch(text) else None
