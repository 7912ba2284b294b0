"""Who acts: a plain value that every read and write carries. There is no default actor."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

from commandcenter.text import Text


@dataclass(frozen=True)
class Scope:
    """The part of the city an actor sees: the whole, or subtrees named by area codes."""

    whole_city: bool = False
    districts: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """A short fingerprint: two actors with the same digest see the same rows, so they may share cached tiles."""
        parts = (str(self.whole_city), *(",".join(sorted(c)) for c in (self.districts, self.streets, self.communities)))
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
    def settings(self) -> tuple[str, str, str, str, str, str, str]:
        """The seven values PostgreSQL's policies read: actor, whole_city, districts, streets, communities, may_write, permissions."""
        return (
            self.id,
            "on" if self.scope.whole_city else "",
            _as_array(self.scope.districts),
            _as_array(self.scope.streets),
            _as_array(self.scope.communities),
            "on" if self.may("write") else "",
            _as_array(tuple(sorted(self.permissions))),
        )


def _as_array(words: tuple[str, ...]) -> str:
    quoted = ('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words)
    return "{" + ",".join(quoted) + "}"
