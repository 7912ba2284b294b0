"""How households and people come in: ID numbers sealed and marked before they leave this process, in bounded batches, as the actor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

import psycopg

from commandcenter.people import store
from commandcenter.security.keyring import Keyring

BATCH = 2_000  # households a statement
ID_NUMBER, MARK = "id_number", "person"  # purposes of the keyring


@dataclass(frozen=True)
class Resident:
    """One person as delivered. ``born`` is a year; ``role`` and ``state`` as the table ``person`` has them."""

    ref: str
    role: str
    born: int
    name: str
    phone: str | None
    id_number: str | None
    state: str = "present"


@dataclass(frozen=True)
class Home:
    """One household as delivered: the building's row, the household's key at its source, and who lives there."""

    building: int
    key: str
    unit: str | None
    kind: str
    persons: int
    counted_on: date
    people: Sequence[Resident] = ()


def enter(connection: psycopg.Connection, keys: Keyring, source: str, homes: Iterable[Home]) -> int:
    """Write households and people inside the caller's transaction, who acts there being held to the own jurisdiction; how many people came in."""
    return sum(store.enter(connection, source, [_delivered(home, keys) for home in batch]) for batch in _batches(homes))


def mark_of(keys: Keyring, id_number: str) -> str:
    """What tells that two rows are one person without telling who: a salted hash of the ID number."""
    return keys.salted(MARK, id_number.strip().upper())


def opened(keys: Keyring, ref: str, sealed: bytes | None) -> str | None:
    """The ID number of a reference. Raises Unavailable where the key is another."""
    return None if sealed is None else keys.opened(ID_NUMBER, bytes(sealed), ref)


def _batches(homes: Iterable[Home]) -> Iterator[list[Home]]:
    rest = iter(homes)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _delivered(home: Home, keys: Keyring) -> dict[str, Any]:
    return {
        "building": home.building, "key": home.key, "unit": home.unit, "kind": home.kind, "persons": home.persons,
        "counted_on": home.counted_on.isoformat(), "people": [_sealed(person, keys) for person in home.people],
    }  # fmt: skip


def _sealed(person: Resident, keys: Keyring) -> dict[str, Any]:
    number = person.id_number
    return {
        "ref": person.ref, "role": person.role, "born": person.born, "state": person.state, "name": person.name, "phone": person.phone,
        "id_sealed": None if number is None else keys.sealed(ID_NUMBER, number, person.ref).hex(), "id_last4": None if number is None else number[-4:],
        "mark": mark_of(keys, number or f"{person.name} {person.phone}"),
    }  # fmt: skip
