"""Who lives in one street of the synthetic city: nobody. Households and people are made up from a seed, and every number is invalid.

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

PILOT_STREET = "230202001"
SOURCE = "demo_people"
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方"
GIVEN = "安柏晨川冬恩帆广禾嘉可岚明宁培清容书恬文溪小雅远泽竹子一木立秋春夏长江海山石桥林松梅兰菊雪雨风云星月新"
NO_REGION, NO_NETWORK = "999999", "109"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DOORS_A_FLOOR = 4
AWAY = 0.06


@dataclass(frozen=True)
class Counted:
    """What one building's count says; ``key`` is the building's own."""

    key: str
    resident: int
    registered: int
    vacant: int
    persons: int
    counted_on: date


def pilot_counts(counts: pd.DataFrame) -> list[Counted]:
    """The counts of the pilot street's buildings."""
    rows = counts[counts["street_code"] == PILOT_STREET]
    columns = ("building_key", "resident", "registered", "vacant", "persons", "counted_on")
    return [Counted(str(key), int(a), int(b), int(c), int(d), day) for key, a, b, c, d, day in zip(*(rows[name] for name in columns), strict=True)]


def homes(counted: list[Counted], building_ids: dict[str, int], rng: Generator) -> Iterator[Home]:
    """The households of counted buildings with their people; a registered household that lives elsewhere and an empty home have nobody."""
    serial = 0
    for count in counted:
        kinds = ["resident"] * count.resident + ["registered"] * max(0, count.registered - count.resident) + ["vacant"] * count.vacant
        sizes = np.ones(count.resident, dtype=int)
        sizes += rng.multinomial(max(0, count.persons - count.resident), np.full(count.resident, 1 / count.resident)) if count.resident else 0
        doors = rng.permutation(len(kinds))
        for n, kind in enumerate(kinds):
            size = int(sizes[n]) if kind == "resident" else 0
            people = [_resident(serial + k, role, count.counted_on.year, rng) for k, role in enumerate(_roles(size))]
            serial += size
            door = int(doors[n])
            unit = f"{door // DOORS_A_FLOOR + 1}{door % DOORS_A_FLOOR + 1:02d}"
            yield Home(building_ids[count.key], f"{count.key}/{n + 1}", unit, kind, size, count.counted_on, people)


def wrong_check_digit(first_17: str, rng: Generator) -> str:
    """A digit that the check rule of ID numbers refuses."""
    right = CHECK[sum(int(digit) * weight for digit, weight in zip(first_17, WEIGHTS, strict=True)) % 11]
    return str(rng.choice([digit for digit in CHECK if digit != right]))


def _roles(size: int) -> list[str]:
    return ["head", "spouse", "child", "child", "parent", "parent"][:size] + ["other"] * max(0, size - 6)


def _resident(serial: int, role: str, year: int, rng: Generator) -> Resident:
    low, high = {"child": (0, 25), "parent": (58, 92)}.get(role, (24, 68))
    born = year - int(rng.integers(low, high))
    first_17 = f"{NO_REGION}{born}{int(rng.integers(1, 13)):02d}{int(rng.integers(1, 29)):02d}{int(rng.integers(0, 1000)):03d}"
    name = SURNAMES[int(rng.integers(0, len(SURNAMES)))] + "".join(GIVEN[int(n)] for n in rng.integers(0, len(GIVEN), int(rng.integers(1, 3))))
    # The serial number is part of both, so that no two people share a reference or a telephone.
    ref = "P" + "".join(LETTERS[int(n)] for n in rng.integers(0, len(LETTERS), 7)) + f"{serial:05d}"
    state = "away" if rng.random() < AWAY else "present"
    return Resident(ref, role, born, name, f"{NO_NETWORK}{serial:08d}", first_17 + wrong_check_digit(first_17, rng), state)
