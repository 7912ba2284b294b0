"""Who lives in one community of the synthetic city: nobody. Households and people are made up from a seed, and every number is invalid.

Names come from the lists below. ID numbers begin with 999999, which is no region, and end with a wrong check digit (GB 11643);
telephones begin with 109, which no network has. What is made agrees with the building's household count to the last person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.random import Generator

from commandcenter.people.register import Home, Resident

PILOT = "230202001006"  # or where a size of the city draws fewer communities, the last one before it
SOURCE = "demo_people"
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方"
GIVEN = "安柏晨川冬恩帆广禾嘉可岚明宁培清容书恬文溪小雅远泽竹子一木立秋春夏长江海山石桥林松梅兰菊雪雨风云星月新"
NO_REGION, NO_NETWORK = "999999", "109"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
AWAY = 0.06
GROWN_UP, OLDEST_CHILD, OLDEST = 22, 30, 95


@dataclass(frozen=True)
class Counted:
    """What one building's count says; ``key`` is the building's own, ``levels`` its storeys."""

    key: str
    levels: int
    resident: int
    registered: int
    vacant: int
    persons: int
    counted_on: date


def pilot_counts(counts: pd.DataFrame, buildings: pd.DataFrame) -> list[Counted]:
    """The counts of the pilot community's buildings."""
    known = counts["community_code"].dropna()
    pilot = known[known <= PILOT].max()
    rows = counts[counts["community_code"] == pilot]
    levels = dict(zip(buildings["source_key"], buildings["levels"], strict=True))
    columns = ("building_key", "resident", "registered", "vacant", "persons", "counted_on")
    return [
        Counted(str(key), int(levels[key]), int(a), int(b), int(c), int(d), day)
        for key, a, b, c, d, day in zip(*(rows[name] for name in columns), strict=True)
    ]


def homes(counted: list[Counted], building_ids: dict[str, int], rng: Generator) -> Iterator[Home]:
    """The households of counted buildings with their people; a registered household that lives elsewhere and an empty home have nobody."""
    serial = 0
    for count in counted:
        kinds = ["resident"] * count.resident + ["registered"] * max(0, count.registered - count.resident) + ["vacant"] * count.vacant
        sizes = np.ones(count.resident, dtype=int)
        if count.resident:
            sizes += rng.multinomial(max(0, count.persons - count.resident), np.full(count.resident, 1 / count.resident))
        doors = rng.permutation(len(kinds))
        a_floor = -(-len(kinds) // max(1, count.levels))
        for n, kind in enumerate(kinds):
            size = int(sizes[n]) if kind == "resident" else 0
            floor, door = divmod(int(doors[n]), a_floor)
            people = _family(serial, size, count.counted_on.year, rng)
            serial += size
            yield Home(building_ids[count.key], f"{count.key}/{n + 1}", f"{floor + 1}{door + 1:02d}", kind, size, count.counted_on, people)


def wrong_check_digit(first_17: str, rng: Generator) -> str:
    """A digit that the check rule of ID numbers refuses."""
    right = CHECK[sum(int(digit) * weight for digit, weight in zip(first_17, WEIGHTS, strict=True)) % 11]
    return str(rng.choice([digit for digit in CHECK if digit != right]))


def _family(serial: int, size: int, year: int, rng: Generator) -> list[Resident]:
    roles = ["head", "spouse", "child", "child", "parent", "parent"][:size] + ["other"] * max(0, size - 6)
    head = int(rng.integers(GROWN_UP + 2, 68))
    surname = int(rng.integers(0, len(SURNAMES)))
    people = []
    for n, role in enumerate(roles):
        if role == "child":
            age = int(rng.integers(0, min(OLDEST_CHILD, head - GROWN_UP) + 1))
        elif role == "parent":
            age = min(OLDEST, head + int(rng.integers(GROWN_UP, GROWN_UP + 8)))
        else:
            age = head if role == "head" else max(GROWN_UP, head + int(rng.integers(-4, 5)))
        own = SURNAMES[surname if role in ("head", "child") else int(rng.integers(0, len(SURNAMES)))]
        people.append(_resident(serial + n, role, year - age, own, rng))
    return people


def _resident(serial: int, role: str, born: int, surname: str, rng: Generator) -> Resident:
    first_17 = f"{NO_REGION}{born}{int(rng.integers(1, 13)):02d}{int(rng.integers(1, 29)):02d}{int(rng.integers(0, 1000)):03d}"
    name = surname + "".join(GIVEN[int(n)] for n in rng.integers(0, len(GIVEN), int(rng.integers(1, 3))))
    # The serial number is part of both, so that no two people share a reference or a telephone.
    ref = "P" + "".join(LETTERS[int(n)] for n in rng.integers(0, len(LETTERS), 7)) + f"{serial:05d}"
    state = "away" if rng.random() < AWAY else "present"
    return Resident(ref, role, born, name, f"{NO_NETWORK}{serial:08d}", first_17 + wrong_check_digit(first_17, rng), state)
