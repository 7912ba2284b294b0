"""Codes: the grammar, reading order, no code twice, and exhaustion as a sentence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.city import CodeLevel, load_city
from commandcenter.errors import BadInput
from gridmaps.codes import CodesExhausted, issue, reading_order

GRID = load_city("longsha").grammar["grid"]
COMMUNITY = "230202001006"


def test_codes_begin_with_their_parent() -> None:
    assert issue(GRID, COMMUNITY, 3) == ["230202001006001", "230202001006002", "230202001006003"]


def test_the_parent_may_be_longer_than_its_beginning() -> None:
    district = CodeLevel("GB/T 2260", 6, 2, r"\d{6}")
    assert issue(district, "230200", 2) == ["230201", "230202"]


@given(st.sets(st.integers(1, 900), max_size=40), st.integers(1, 50))
def test_a_code_once_used_never_comes_again(serials: set[int], count: int) -> None:
    taken = {f"{COMMUNITY}{serial:03d}" for serial in serials}
    new = issue(GRID, COMMUNITY, count, taken)
    assert len(set(new)) == count and not taken & set(new)
    assert new == sorted(new) and all(code > max(taken, default="") for code in new)


def test_exhaustion_is_a_sentence() -> None:
    with pytest.raises(CodesExhausted) as fault:
        issue(GRID, COMMUNITY, 1000)
    assert "999" in fault.value.sentence.en and COMMUNITY in fault.value.sentence.zh


def test_a_short_parent_is_a_sentence() -> None:
    with pytest.raises(BadInput, match="too short"):
        issue(GRID, "2302", 1)


def test_reading_order_is_rows_from_the_north_and_then_from_the_west() -> None:
    east = np.array([200.0, 0.0, 100.0, 0.0])
    north = np.array([0.0, 3.0, 99.0, 101.0])
    assert reading_order(east, north, 50.0).tolist() == [3, 2, 1, 0]
    assert reading_order(np.empty(0), np.empty(0), 50.0).tolist() == []
