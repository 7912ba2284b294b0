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


SET_ACTOR = (
    "select set_config('commandcenter.actor', %s, true), set_config('commandcenter.whole_city', %s, true),"
    " set_config('commandcenter.districts', %s, true), set_config('commandcenter.streets', %s, true),"
    " set_config('commandcenter.communities', %s, true), set_config('commandcenter.may_write', %s, true),"
    " set_config('commandcenter.permissions', %s, true)"
)
