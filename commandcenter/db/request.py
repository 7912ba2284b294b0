"""One question to the database, as a value: SQL, its parameters and what it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class SqlRequest:
    """SQL with ``%(name)s`` or ``%s`` places, its values, and the purpose shown in pg_stat_activity."""

    sql: str
    params: Mapping[str, Any] | Sequence[Any] = field(default_factory=dict)
    purpose: str = "query"


ACTOR_SETTINGS = ("actor", "whole_city", "districts", "streets", "communities", "grids", "case_places", "may_write", "permissions")
SET_ACTOR = "select " + ", ".join(f"set_config('commandcenter.{name}', %s, true)" for name in ACTOR_SETTINGS)
