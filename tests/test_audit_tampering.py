"""Whoever touches the audit is found: the chain names the first bad row, the signed heads tell when even the chain was rewritten."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from commandcenter.__main__ import main
from commandcenter.audit import store
from commandcenter.audit.heads import Heads, HeadsUnfit
from commandcenter.audit.seal import KEEPER, seal
from commandcenter.audit.verify import need_whole
from commandcenter.db.run import acting
from tests.audit_record import CITY, TAMPER, Record, record
from tests.conftest import TestDatabase

__all__ = ["record"]  # the fixture


def rewrite(database: TestDatabase) -> None:
    """Make the whole chain consistent again, as somebody would who knows how it is made."""
    with psycopg.connect(database.admin_dsn) as admin:
        admin.execute(TAMPER)
        admin.execute(
            """do $$ declare c record; prev bytea := decode(repeat('00', 32), 'hex'); begin
                 for c in select l.seq, e as event from audit_chain l join audit_event e on e.id = l.event_id and e.at = l.event_at order by l.seq loop
                   prev := sha256(prev || convert_to(audit_text(c.event), 'UTF8'));
                   update audit_chain set hash = prev where seq = c.seq;
                 end loop; end $$"""
        )


TAMPERING: dict[str, tuple[list[str], tuple[str, int | None, int | None]]] = {
    "an event edited": (["update audit_event set actor = 'somebody:else' where id = 4"], ("edited", 4, 4)),
    "a reason edited": (["update audit_event set reason = 'because' where id = 4"], ("edited", 4, 4)),
    "a moment edited": (["update audit_event set at = at + interval '1 microsecond' where id = 4"], ("edited", 4, 4)),
    "an event and its link edited": (
        ["update audit_event set at = at + interval '1 second' where id = 4", "update audit_chain set event_at = event_at + interval '1 second' where seq = 4"],
        ("edited", 4, 4),
    ),
    "an event deleted": (["delete from audit_event where id = 4"], ("removed", 4, 4)),
    "an event deleted with its link": (["delete from audit_event where id = 4", "delete from audit_chain where seq = 4"], ("removed", 4, None)),
    "the first deleted with its link": (["delete from audit_event where id = 1", "delete from audit_chain where seq = 1"], ("removed", 1, None)),
    "deleted and numbered anew": (
        ["delete from audit_event where id = 4", "delete from audit_chain where seq = 4", "update audit_chain set seq = seq - 1 where seq > 4 and seq < 6",
         "update audit_chain set seq = seq - 1 where seq >= 6"],
        ("edited", 4, 5),
    ),
    "links swapped": (
        ["update audit_chain set seq = -4 where seq = 4", "update audit_chain set seq = 4 where seq = 6", "update audit_chain set seq = 6 where seq = -4"],
        ("reordered", 4, 6),
    ),
    "events of links swapped": (
        ["alter table audit_chain drop constraint audit_chain_event_id_event_at_key",
         """update audit_chain c set event_id = o.event_id, event_at = o.event_at from audit_chain o
            where (c.seq, o.seq) in ((4, 6), (6, 4))"""],
        ("reordered", 4, 6),
    ),
    "the tail cut": (["delete from audit_event where id > 6", "delete from audit_chain where seq > 6"], ("cut", 7, None)),
    "the tail of links cut": (["delete from audit_chain where seq > 6"], ("cut", 7, None)),
    "all of it cut": (["delete from audit_event", "delete from audit_chain"], ("cut", 1, None)),
    "one slipped in beside the chain": (
        ["insert into audit_event (at, actor, door, act) values (now() - interval '1 day', 'x', 'wall', 'look')"], ("slipped_in", None, 9),
    ),
    "one slipped in with a number of old": (
        ["insert into audit_event (id, at, actor, door, act) select 0, at - interval '1 second', 'x', 'wall', 'look' from audit_event where id = 4"],
        ("slipped_in", None, 0),
    ),
    "one slipped in twice": (
        ["insert into audit_event (id, at, actor, door, act) select 4, at - interval '1 second', 'x', 'wall', 'look' from audit_event where id = 4"],
        ("slipped_in", None, 4),
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", TAMPERING)
def test_tampering_is_found_and_its_first_row_named(way: str, record: Record) -> None:
    record.sealed(3, 5)
    need_whole(record.verify())
    statements, expected = TAMPERING[way]
    for statement in statements:
        if statement.startswith("alter"):
            with psycopg.connect(record.database.admin_dsn) as admin:
                admin.execute(statement)  # type: ignore[arg-type]
        elif statement.startswith("update audit_chain set seq = seq - 1 where seq >= 6"):
            for seq in (6, 7, 8):
                record.tamper(f"update audit_chain set seq = seq - 1 where seq = {seq}")
        else:
            record.tamper(statement)
    assert record.found() == expected
    record.note(2)
    with suppress(HeadsUnfit):
        seal(record.connection, record.heads)  # life goes on: it is found all the same
    assert record.found()[0] in {expected[0], "rewritten"}


def test_a_month_dropped_by_hand_is_found(record: Record) -> None:
    record.sealed(2)
    ((month,),) = record.told("select distinct tableoid::regclass::text from audit_event")
    with psycopg.connect(record.database.admin_dsn) as admin:
        admin.execute(f"drop table {month}")  # type: ignore[arg-type]
    assert record.found() == ("removed", 1, 1)


def test_an_event_slipped_in_with_an_old_moment_is_found_though_it_is_sealed(record: Record) -> None:
    """A superuser who lets the triggers work: the sealer links it in good faith."""
    record.sealed(3)
    with psycopg.connect(record.database.admin_dsn) as admin:
        admin.execute("insert into audit_event (at, actor, door, act) values (now() - interval '10 minutes', 'x', 'wall', 'look')")
    assert seal(record.connection, record.heads) == 1
    assert record.found() == ("slipped_in", 4, 4)


def test_an_event_slipped_in_with_an_old_number_and_moment_is_found_by_the_heads(record: Record) -> None:
    record.sealed(3)
    with psycopg.connect(record.database.admin_dsn) as admin:
        admin.execute("insert into audit_event (id, at, actor, door, act) values (0, now() - interval '2 hours', 'x', 'wall', 'look')")
    assert seal(record.connection, record.heads) == 1
    assert record.found() == ("slipped_in", 4, 0)


def test_an_event_removed_before_its_seal_is_found(record: Record) -> None:
    record.sealed(2)
    record.note(2)
    record.tamper("delete from audit_event where id = 3")
    assert record.found() == ("removed", None, 3)
    assert seal(record.connection, record.heads) == 1
    assert record.found() == ("removed", None, 3)


def test_a_chain_rewritten_whole_is_found_by_its_heads(record: Record) -> None:
    record.sealed(3, 5, 2)
    record.tamper("update audit_event set actor = 'somebody:else' where id = 5")
    rewrite(record.database)
    kind, seq, _ = record.found()
    assert (kind, seq) == ("rewritten", 8), "the first head after the edit"
    record.heads.path.rename(record.heads.path.with_name("away"))
    assert record.found()[0] == "heads_missing", "by itself the chain looks whole"


def test_a_tail_cut_and_grown_again_is_found_by_its_heads(record: Record) -> None:
    record.sealed(3, 5)
    record.tamper("delete from audit_event where id > 6", "delete from audit_chain where seq > 6")
    for _ in range(2):
        with pytest.raises(HeadsUnfit) as said:
            seal(record.connection, record.heads)
        assert "第 6 环" in said.value.sentence.zh and "link 8 was signed" in said.value.sentence.en
    record.note(4)
    assert seal(record.connection, record.heads) == 4
    assert record.found()[:2] == ("rewritten", 8)


def test_a_database_made_anew_is_not_taken_for_the_old_one(record: Record) -> None:
    Heads(record.data_dir, CITY).append(store.Head(5, bytes(32)))
    with pytest.raises(HeadsUnfit):
        seal(record.connection, record.heads)
    assert record.found() == ("cut", 1, None)


def test_cities_that_share_a_data_folder_have_heads_of_their_own(record: Record) -> None:
    record.sealed(3)
    other = Heads(record.data_dir, "manhattan")
    assert seal(record.connection, other) == 0
    assert [signed.head.seq for signed in other.read().heads] == [3] and other.path != record.heads.path
    need_whole(record.verify())


def edit_lines(heads: Heads, change: Callable[[list[str]], list[str]]) -> None:
    heads.path.write_text("".join(line + "\n" for line in change(heads.path.read_text().splitlines())))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: [lines[0].replace('"seq": 3', '"seq": 2'), *lines[1:]], 1),
        (lambda lines: [lines[0], *lines[2:]], 2),
        (lambda lines: lines[1:], 1),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], 2),
        (lambda lines: [*lines[:3], "nonsense"], 4),
        (lambda lines: [*lines[:3], "[]"], 4),
        (lambda lines: [*lines, lines[-1]], 5),
    ],
    ids=["edited", "removed", "first removed", "swapped", "overwritten", "no line of ours", "repeated"],
)
def test_an_edited_file_of_heads_is_found(change: Callable[[list[str]], list[str]], line: int, record: Record) -> None:
    record.sealed(3, 1, 1, 1)
    edit_lines(record.heads, change)
    assert record.found() == ("heads_edited", None, line)


def test_heads_are_nothing_without_their_key(record: Record) -> None:
    record.sealed(2)
    key = record.heads.path.parent / "key"
    kept = key.read_text()
    key.unlink()
    assert record.found()[0] == "heads_unfit"
    record.note()
    with pytest.raises(HeadsUnfit):
        seal(record.connection, record.heads)
    assert not key.exists(), "a new key would make the old lines look forged"
    key.write_text("0" * 64)
    assert record.found() == ("heads_edited", None, 1)
    key.write_text(kept)
    seal(record.connection, record.heads)
    assert record.verify().fault is None


def test_a_line_torn_by_a_crash_costs_nothing(record: Record) -> None:
    record.sealed(2, 1)
    with record.heads.path.open("a") as file:
        file.write('{"seq": 9')
    assert record.verify().fault is None
    record.sealed(1)
    verdict = record.verify()
    assert (verdict.fault, verdict.heads) == (None, 3)


def test_a_head_not_signed_before_a_kill_is_signed_by_the_next_round(record: Record) -> None:
    record.note(3)
    with acting(record.connection, KEEPER):
        store.seal(record.connection, 10)
    assert record.heads.read().heads == ()
    assert seal(record.connection, record.heads) == 0
    assert [signed.head.seq for signed in record.heads.read().heads] == [3]
    need_whole(record.verify())


def test_the_command_names_the_first_bad_row(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COMMANDCENTER_DATABASE_URL", record.database.admin_dsn)
    monkeypatch.setenv("COMMANDCENTER_DATA_DIR", str(tmp_path))
    record.sealed(3, 2)
    assert main(["verify-audit"]) == 0
    said = capsys.readouterr()
    assert "审计链完整：5 环" in said.out and "The audit is whole: 5 links, 2 signed heads agree" in said.out
    record.tamper("update audit_event set subject_key = '99' where id = 2")
    assert main(["verify-audit"]) == 1
    said = capsys.readouterr()
    assert "第 2 环：事件 2（" in said.err and "Link 2: the event 2 (" in said.err and "was edited" in said.err
