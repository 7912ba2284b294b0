"""No number of a small cell can be worked out from what is told outside the jurisdiction, alone or by sums; inside it all is exact."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from commandcenter.actor import Actor, Scope
from commandcenter.db.request import SqlRequest
from commandcenter.db.run import acting
from commandcenter.people.store import counts_request
from commandcenter.security.builtin import STEWARD
from tests.asking import ask
from tests.city import COMMUNITIES, EAST, GRIDS, OPERATOR, STRANGER, WEST

SMALLEST = 5
PLACES = [WEST, EAST, *sorted({code[:9] for code in COMMUNITIES}), *COMMUNITIES, *GRIDS]
FIRST, SECOND = list(GRIDS)[:2]
NEXT = {0: 6, 6: 9, 9: 12, 12: 15}  # how long the codes right below are
Leaf = tuple[str | None, int, int | None]  # one counted building: its grid, households, persons
Told = dict[frozenset[int], dict[str, Any]]  # what is told of a set of buildings

LEAVES = st.lists(
    st.tuples(st.sampled_from([*GRIDS, None]), st.integers(0, 4), st.one_of(st.integers(0, 7), st.sampled_from([None, 4, 5, 6, 60]))),
    min_size=1, max_size=14,
)  # fmt: skip


def scope_of(codes: list[str]) -> Scope:
    of = {length: tuple(code for code in codes if len(code) == length) for length in (6, 9, 12, 15)}
    return Scope(districts=of[6], streets=of[9], communities=of[12], grids=of[15])


SCOPES = st.lists(st.sampled_from(PLACES), max_size=3).map(scope_of)


def reader(scope: Scope) -> Actor:
    return Actor("test:counts", OPERATOR.title, scope, frozenset({"read"}))


def is_mine(scope: Scope, grid: str | None) -> bool:
    named = (*scope.districts, *scope.streets, *scope.communities, *scope.grids)
    return scope.whole_city or (grid is not None and any(grid.startswith(code) for code in named))


def persons_of(leaf: Leaf) -> int:
    return leaf[1] if leaf[2] is None else leaf[2]


@pytest.fixture
def buildings(connection: psycopg.Connection) -> list[int]:
    return [row["id"] for row in ask(connection, OPERATOR, SqlRequest("select id from building order by id limit 14"))]


def count(connection: psycopg.Connection, buildings: list[int], leaves: list[Leaf]) -> None:
    """Other counts in place of the little city's, one a building."""
    with acting(connection, STEWARD):
        connection.execute("delete from household_count")
        for (grid, homes, persons), building in zip(leaves, buildings, strict=False):
            codes = [None] * 3 if grid is None else [grid[:6], grid[:9], grid[:12]]
            connection.execute(
                "insert into household_count (source, source_key, building_id, resident, persons, estimated, counted_on, district_code, street_code,"
                " community_code, grid_code) values ('test_household_count', %s, %s, %s, %s, false, '2026-11-01', %s, %s, %s, %s)",
                [str(building), building, homes, persons, *codes, grid],
            )


def everything_told(connection: psycopg.Connection, buildings: list[int], leaves: list[Leaf], scope: Scope) -> Told:
    """What an actor is told who asks for every place there is. Two answers about the same buildings have to be the same."""
    told: Told = {}
    for place in ["", *PLACES]:
        inside = {n for n, (grid, *_) in enumerate(leaves) if (grid or "").startswith(place)}
        for row in ask(connection, reader(scope), counts_request(place)):
            if row["part"] == "above":
                assert row["persons"] is None
                continue
            if row["part"] == "here":
                cell = inside
            elif row["level"] == "building":
                cell = {buildings.index(int(row["code"]))}
            else:
                below = {n: (leaves[n][0] or "")[: NEXT[len(place)]] or None for n in inside}
                cell = {n for n, code in below.items() if code == row["code"]}
            assert row["counted"] == bool(cell), row
            if cell:
                said = {key: row[key] for key in ("persons", "households", "held_back", "inside")}
                assert told.setdefault(frozenset(cell), said)["persons"] == said["persons"], (place, row)
                assert (said["persons"] is None) == (said["households"] is None) == said["held_back"]
    return told


def room(told: Told, values: list[int], known: list[bool], cell: frozenset[int], measure: str) -> float:
    """How far apart the least and the most are that a cell may hold, for whoever knows all that is told and what lies inside."""
    facts = [(held, said[measure]) for held, said in told.items() if said[measure] is not None]
    matrix = np.array([[float(n in held) for n in range(len(values))] for held, _ in facts]).reshape(len(facts), len(values))
    bounds = [(value, value) if mine else (0, None) for value, mine in zip(values, known, strict=True)]
    ends = []
    for sign in (1.0, -1.0):
        goal = [sign * (n in cell) for n in range(len(values))]
        done = linprog(goal, A_eq=matrix if facts else None, b_eq=[float(value) for _, value in facts] or None, bounds=bounds)
        assert done.status in (0, 3), done.message
        ends.append(sign * done.fun if done.status == 0 else sign * -np.inf)
    return ends[1] - ends[0]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(leaves=LEAVES, scope=SCOPES)
@example(leaves=[(FIRST, 1, 3), (SECOND, 9, 20)], scope=Scope())
@example(leaves=[(FIRST, 1, 3), (SECOND, 9, 20)], scope=Scope(grids=(SECOND,)))
@example(leaves=[(grid, 1, 2) for grid in GRIDS], scope=Scope())
def test_nothing_small_can_be_worked_out(connection: psycopg.Connection, buildings: list[int], leaves: list[Leaf], scope: Scope) -> None:
    """Against the slow, obvious attacker: everything told as equations, and how little and how much a hidden cell could hold then."""
    leaves = leaves[: len(buildings)]
    count(connection, buildings, leaves)
    told = everything_told(connection, buildings, leaves, scope)
    known = [is_mine(scope, grid) for grid, *_ in leaves]
    measures = {"persons": [persons_of(leaf) for leaf in leaves], "households": [leaf[1] for leaf in leaves]}
    for cell, said in told.items():
        assert said["inside"] == all(known[n] for n in cell)
        foreign = sum(measures["persons"][n] for n in cell if not known[n])
        if said["held_back"]:
            assert not said["inside"]
            assert room(told, measures["persons"], known, cell, "persons") >= SMALLEST, (cell, told)
            assert room(told, measures["households"], known, cell, "households") >= 1, (cell, told)
        else:
            assert said["inside"] or foreign >= SMALLEST, "a small cell is told"
            for measure, values in measures.items():
                assert said[measure] == sum(values[n] for n in cell), "what is told is true"


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(leaves=LEAVES, scope=st.one_of(st.just(Scope(whole_city=True)), SCOPES))
def test_inside_the_jurisdiction_all_is_told_and_adds_up(connection: psycopg.Connection, buildings: list[int], leaves: list[Leaf], scope: Scope) -> None:
    leaves = leaves[: len(buildings)]
    count(connection, buildings, leaves)
    for place in ["", *PLACES]:
        inside = [leaf for leaf in leaves if (leaf[0] or "").startswith(place)]
        if not inside or not all(is_mine(scope, grid) for grid, *_ in inside):
            continue
        here, *below = [row for row in ask(connection, reader(scope), counts_request(place)) if row["part"] != "above"]
        assert (here["persons"], here["households"]) == (sum(map(persons_of, inside)), sum(leaf[1] for leaf in inside))
        assert not any(row["held_back"] for row in (here, *below))
        for measure in ("persons", "households"):
            assert sum(row[measure] or 0 for row in below) == here[measure], place


def test_whoever_knows_the_rule_works_out_nothing_either(connection: psycopg.Connection) -> None:
    """All rows of up to four cells below one number: whatever is told, some two of the rows it is told of differ in each hidden cell.

    A rule that anybody may read must not tell by how it chose.
    """
    for cells, most in ((2, 20), (3, 20), (4, 14)):
        worlds = [world for world in product(range(most + 1), repeat=cells) if SMALLEST <= sum(world) <= most]
        rows = ask(
            connection, OPERATOR,
            SqlRequest(
                "select w.world, cells_held_back(w.world, array_fill(1::bigint, array[cardinality(w.world)])) as held"
                " from (select array(select jsonb_array_elements_text(x)::bigint) as world from jsonb_array_elements(%(worlds)s::jsonb) x) w",
                {"worlds": str([list(world) for world in worlds])},
            ),
        )  # fmt: skip
        seen: dict[Any, list[list[int]]] = defaultdict(list)
        for row in rows:
            assert all(held for value, held in zip(row["world"], row["held"], strict=True) if value < SMALLEST)
            view = tuple(None if held else value for value, held in zip(row["world"], row["held"], strict=True))
            seen[sum(row["world"]), view].append(row["world"])
        hidden = 0
        for (_, view), possible in seen.items():
            for n, said in enumerate(view):
                if said is None:
                    hidden += 1
                    assert len({world[n] for world in possible}) >= 2, (view, possible)
        assert hidden >= 20, "the search looks at too little"


def test_a_cell_is_held_back_for_a_reason_only(connection: psycopg.Connection) -> None:
    """Nothing is hidden where nothing is small, and what is small takes the next in size with it."""

    def held(*persons: int | None) -> list[bool]:
        request = SqlRequest("select cells_held_back(%(p)s::bigint[], %(h)s::bigint[]) as held", {"p": list(persons), "h": [1] * len(persons)})
        return list(ask(connection, OPERATOR, request)[0]["held"])

    assert held(5, 6, 700) == [False] * 3
    assert held(3, 80, 20, 700) == [True, False, True, False]
    assert held(1, 2, 80, 700) == [True, True, True, False]
    assert held(5, 4, 4, 700) == [True, True, True, False], "the two alone would be 4 and 4: with 3 and 5, both of 5 were hidden"
    assert held(0, 9, 9) == [True, True, True], "an empty house is something to know; all of one size go together"
    assert held(None, 3, 80, 9) == [False, True, False, True], "what is known anyway hides nothing"
    assert held(None, None) == [False, False]


def test_who_asks_and_for_what(connection: psycopg.Connection, buildings: list[int]) -> None:
    """Nobody is told anything without the right to read; a place that is none has no answer; names and ways up are there for everybody."""
    count(connection, buildings, [(grid, 3, 9) for grid in GRIDS])
    grid = list(GRIDS)[4]
    rows = ask(connection, reader(STRANGER.scope), counts_request(grid))
    assert [(row["level"], row["code"]) for row in rows if row["part"] == "above"] == [
        ("city", ""), ("district", EAST), ("street", "230203001"), ("community", "230203001001"),
    ]  # fmt: skip
    here, building = rows[-2:]
    assert (here["part"], here["level"], here["persons"], here["inside"]) == ("here", "grid", 9, False)
    assert (building["level"], building["code"], building["persons"]) == ("building", str(buildings[4]), 9) and building["title"]
    assert ask(connection, None, counts_request("")) == []
    assert ask(connection, Actor("test:blind", OPERATOR.title, Scope(whole_city=True)), counts_request("")) == []
    for code in ("9", "230202001006901", "' or true --", "%", "null", "{}", "x" * 5000):  # the second is a grid of a draft
        assert ask(connection, OPERATOR, counts_request(code)) == [], code
