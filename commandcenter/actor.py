"""Who acts: a plain value that every read and write carries. There is no default actor."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

from commandcenter.text import Text


@dataclass(frozen=True)
class Scope:
    """The part of the city an actor sees: the whole, or subtrees named by area codes, or single grids.

    ``case_places`` narrows the cases seen in it to kinds of a centre, as ``kind@code`` (``kind@`` in the whole city); None: all kinds.
    """

    whole_city: bool = False
    districts: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()
    grids: tuple[str, ...] = ()
    case_places: tuple[str, ...] | None = None

    @cached_property
    def digest(self) -> str:
        """A short fingerprint: two actors with the same digest see the same rows, so they may share cached tiles."""
        named = (self.districts, self.streets, self.communities, self.grids)
        kinds = "all" if self.case_places is None else ",".join(sorted(self.case_places))
        parts = (str(self.whole_city), *(",".join(sorted(codes)) for codes in named), kinds)
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Actor:
    """One acting person, device or job: a stable id, a title for the screen, the scope and the permissions."""

    id: str
    title: Text
    scope: Scope
    permissions: frozenset[str] = field(default_factory=frozenset)

    def may(self, permission: str) -> bool:
        """Whether the actor holds a permission (where it holds is the scope's business)."""
        return permission in self.permissions

    @cached_property
    def settings(self) -> tuple[str, ...]:
        """The values PostgreSQL's policies read, in the order of ``commandcenter.db.request.SET_ACTOR``."""
        return (
            self.id,
            "on" if self.scope.whole_city else "",
            _as_array(self.scope.districts),
            _as_array(self.scope.streets),
            _as_array(self.scope.communities),
            _as_array(self.scope.grids),
            "" if self.scope.case_places is None else _as_array(self.scope.case_places),
            "on" if self.may("write") else "",
            _as_array(tuple(sorted(self.permissions))),
        )


def _as_array(words: tuple[str, ...]) -> str:
    quoted = ('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words)
    return "{" + ",".join(quoted) + "}"
