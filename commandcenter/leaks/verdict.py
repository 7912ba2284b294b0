"""What came of one try, and how an answer is judged against what should have come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from commandcenter.leaks.doors import Kind
from commandcenter.leaks.visitors import Guest

Outcome = Literal["allowed", "refused", "leak", "withheld", "fault"]
TURNED_AWAY = frozenset({303, 401, 403, 404})
MOST_NAMED = 20  # rows that one verdict names


@dataclass(frozen=True)
class Verdict:
    """One try: who, where, at which door, what was asked, and what came of it. ``rows`` names what leaked or was withheld."""

    role: str
    place: str
    column: str
    door: str
    asked: str
    outcome: Outcome
    detail: str = ""
    rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """One question at one door by one guest, waiting for its verdict."""

    guest: Guest
    column: str
    door: str
    what: str

    def verdict(self, outcome: Outcome, detail: str = "", rows: Iterable[str] = ()) -> Verdict:
        """The verdict on it."""
        named = tuple(sorted(rows))[:MOST_NAMED]
        return Verdict(self.guest.role, self.guest.place.key, self.column, self.door, self.what, outcome, detail, named)

    def at_the_gate(self, kind: Kind, status: int) -> Verdict:
        """Whether who should pass passed, and who should not did not."""
        if status >= 500 or not status:
            return self.verdict("fault", f"answered {status}")
        if kind.opens(self.guest):
            if kind.passed is not None and kind.passed >= 400:  # a door that is shut to everybody
                return self.verdict("refused" if status == kind.passed else "leak", f"answered {status}")
            good = status == kind.passed if kind.passed is not None else status not in (401, 403)
            return self.verdict("allowed" if good else "withheld", f"answered {status}")
        return self.verdict("refused" if status in TURNED_AWAY else "leak", f"answered {status}")

    def of_rows(self, found: Iterable[str], expected: Iterable[str]) -> Verdict:
        """Whether the rows that came are those of the place."""
        came, due = frozenset(found), frozenset(expected)
        if came - due:
            return self.verdict("leak", f"{len(came - due)} rows of elsewhere", came - due)
        if due - came:
            return self.verdict("withheld", f"{len(due - came)} rows missing", due - came)
        return self.verdict("allowed", f"{len(came)} rows")

    def of_numbers(self, found: Mapping[str, str], expected: Mapping[str, str]) -> Verdict:
        """Whether the numbers that came are those of the place: a larger one tells of rows elsewhere."""
        if found == expected:
            return self.verdict("allowed", f"{len(found)} numbers")
        names = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
        said = [f"{name}: {found.get(name, '-')} instead of {expected.get(name, '-')}" for name in names]
        more = any(_tells_more(found.get(name), expected.get(name)) for name in names)
        return self.verdict("leak" if more else "withheld", f"{len(names)} numbers differ", said)


def _tells_more(found: str | None, expected: str | None) -> bool:
    """Unless it is plainly less, a different number is taken to tell of elsewhere."""
    if found is None:
        return False
    try:
        return float(found.replace(",", "")) > float((expected or "").replace(",", ""))
    except ValueError:
        return found not in ("—", "None")


def between(found: str | None, before: str, after: str) -> str:
    """What a number that moves should be: the one that was found, where it lies between what it was before and is after."""
    try:
        ends = sorted((float(before.replace(",", "")), float(after.replace(",", ""))))
        return found if found is not None and ends[0] <= float(found.replace(",", "")) <= ends[1] else after
    except ValueError:
        return after
