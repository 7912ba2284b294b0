"""Versions of a code system in the database: taken in whole, nothing overwritten, the same again changes nothing."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from commandcenter.actor import Actor, Scope
from commandcenter.cases.standards import Category, CodeSystem, Standard
from commandcenter.cases.standards_commands import carry_out
from commandcenter.cases.standards_shipped import shipped
from commandcenter.cases.standards_store import held, take_in
from commandcenter.cases.standards_words import add_words
from commandcenter.errors import BadInput
from commandcenter.security.builtin import STEWARD
from commandcenter.text import Text
from tests.conftest import TestDatabase

SYSTEM = CodeSystem("mine", "本市标准", "The city's own", "a decree", date(2026, 1, 1))
NEXT = replace(SYSTEM, valid_from=date(2027, 1, 1))
MANHOLE = Category("mine", "component", "0101", "01", "公用设施", "上水井盖", source="a decree")
GONE = Standard("mine", "component", "0101", 1, "盖不见了", limit_value=Decimal(2), limit_unit="uh", source="a decree")
BROKEN = replace(GONE, position=2, condition="盖破了", limit_value=Decimal("0.5"), limit_unit="wd")
NOISE = replace(GONE, position=3, condition="过车有响声")


@pytest.fixture
def tables(database: TestDatabase) -> TestDatabase:
    with database.connect() as connection:
        row = connection.execute("select to_regclass('case_standard')").fetchone()
    if row == (None,):
        pytest.skip("the tables of standards come with the migration of the case engine")
    return database


def rows(database: TestDatabase, question: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database.admin_dsn) as connection:
        return connection.execute(question).fetchall()  # type: ignore[call-overload, no-any-return]


IN_FORCE = "select category_code, position, condition, limit_value, valid_from, valid_to from case_standard order by position, valid_from"


def test_a_version_ends_what_it_changes_and_overwrites_nothing(tables: TestDatabase) -> None:
    """The limit of one standard changes, one goes, one comes, one stays: the old rows end on the day the new ones begin."""
    first, second = date(2026, 1, 1), date(2027, 1, 1)
    with tables.connect() as connection:
        connection.autocommit = True
        taken = take_in(connection, STEWARD, SYSTEM, [MANHOLE], [GONE, BROKEN, NOISE])
        assert (taken.began, taken.ended) == (4, 0)
        again = take_in(connection, STEWARD, NEXT, [MANHOLE], [GONE, BROKEN, NOISE])
        assert again.comparison.nothing and (again.began, again.ended) == (0, 0)
        later = [replace(GONE, limit_value=Decimal(4)), BROKEN, replace(NOISE, condition="路面下沉")]
        taken = take_in(connection, STEWARD, NEXT, [MANHOLE], later)
        assert (taken.began, taken.ended) == (2, 2)
        assert list(held(connection, STEWARD, "mine", ["component"]).standards) == later
    assert rows(tables, IN_FORCE) == [
        ("0101", 1, "盖不见了", Decimal(2), first, second), ("0101", 1, "盖不见了", Decimal(4), second, None),
        ("0101", 2, "盖破了", Decimal("0.5"), first, None),
        ("0101", 3, "过车有响声", Decimal(2), first, second), ("0101", 3, "路面下沉", Decimal(2), second, None),
    ]  # fmt: skip
    assert rows(tables, "select act, subject_key from audit_event where subject_table = 'code_system'") == [("change", "mine")] * 3


def test_a_delivery_speaks_for_its_own_kinds_only(tables: TestDatabase) -> None:
    event = replace(MANHOLE, kind="event", minor="私搭乱建")
    building = replace(GONE, kind="event", condition="正在搭建")
    with tables.connect() as connection:
        connection.autocommit = True
        take_in(connection, STEWARD, SYSTEM, [MANHOLE, event], [GONE, building])
        taken = take_in(connection, STEWARD, NEXT, [replace(event, minor="违法建设")], [building])
    assert (taken.began, taken.ended) == (1, 1)
    assert rows(tables, "select kind, minor from case_category where valid_to is null order by kind") == [("component", "上水井盖"), ("event", "违法建设")]


def test_what_cannot_be_taken_in_leaves_nothing_behind(tables: TestDatabase) -> None:
    with tables.connect() as connection:
        connection.autocommit = True
        with pytest.raises(BadInput, match="no standard to take in"):
            take_in(connection, STEWARD, SYSTEM, [MANHOLE], [])
        with pytest.raises(BadInput, match="no category 0101"):
            take_in(connection, STEWARD, SYSTEM, [], [GONE])
        take_in(connection, STEWARD, SYSTEM, [MANHOLE], [GONE])
        with pytest.raises(BadInput, match="A version from 2026-01-01 on is stored already"):
            take_in(connection, STEWARD, SYSTEM, [MANHOLE], [replace(GONE, limit_value=Decimal(9))])
        street = Actor("test:street", Text("街道", "Street"), Scope(streets=("230202001",)), frozenset({"read", "write"}))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            take_in(connection, street, NEXT, [MANHOLE], [NOISE])
    assert len(rows(tables, IN_FORCE)) == 1


def test_what_ships_goes_in_whole(tables: TestDatabase) -> None:
    base = shipped()
    with tables.connect() as connection:
        connection.autocommit = True
        take_in(connection, STEWARD, base.system, base.categories, base.standards)
        assert take_in(connection, STEWARD, base.system, base.categories, base.standards).comparison.nothing
    assert rows(tables, "select (select count(*) from case_category), (select count(*) from case_standard)") == [(len(base.categories), len(base.standards))]


def test_the_command(tables: TestDatabase, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head, row = "大类代码,大类名称,小类代码,小类名称,立案条件,结案条件,处置时限\n", "01,公用设施,01,井盖,没了,恢复,2紧急工作时\n"
    file = tmp_path / "部件.csv"
    file.write_text(head + row, encoding="utf-8")
    parser = argparse.ArgumentParser()
    add_words(parser)
    said = [str(file), "--system", "mine", "--title", "本市标准", "--valid-from", "2026-01-01"]
    carry_out(tables.settings, parser.parse_args([*said, "--dry-run"]))
    assert "1 conditions read, 1 taken, 0 refused" in capsys.readouterr().out
    assert rows(tables, IN_FORCE) == []
    carry_out(tables.settings, parser.parse_args(said))
    assert "From 2026-01-01 on: 2 rows begin, 0 rows end." in capsys.readouterr().out
    file.write_text(head + row + ",,,,破了,,三个月\n", encoding="utf-8")
    later = [*said[:-1], "2027-01-01"]
    with pytest.raises(BadInput, match="1 rows were refused and nothing was written"):
        carry_out(tables.settings, parser.parse_args(later))
    assert "row 3, column G (处置时限): The" in capsys.readouterr().out
    with pytest.raises(BadInput, match="Missing: --system"):
        carry_out(tables.settings, parser.parse_args([str(file)]))
    carry_out(tables.settings, parser.parse_args(["cc-base", "--dry-run"]))
    assert "552 new" in capsys.readouterr().out
