"""The months of the audit: made ahead, kept for years, dropped in order, and never under the name of retention."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import errors

from commandcenter.audit import store
from commandcenter.audit.seal import KEEP_DAYS, KEEPER, LEAST_KEEP_DAYS, Sealer, forget, seal
from commandcenter.audit.verify import AuditBroken, need_whole
from commandcenter.db.run import acting
from commandcenter.errors import BadInput
from tests.audit_record import AUDITOR, Record, record

__all__ = ["record"]  # the fixture


def old_record(record: Record, days: int, ids: str = "1, 2, 3", own_month: bool = True) -> None:
    """Six events noted, some of them then dated long ago, in a month of their own or in the default partition; sealed as they stand."""
    record.note(6)
    if own_month:
        low = (datetime.now(UTC) - timedelta(days=days)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        high = (low + timedelta(days=32)).replace(day=1)
        with psycopg.connect(record.database.admin_dsn) as admin:
            admin.execute("set role commandcenter_owner")
            name = f"audit.event_{low:%Y%m}"
            admin.execute(f"create table {name} partition of audit_event for values from ('{low}') to ('{high}')")  # type: ignore[arg-type]
            admin.execute("select audit_close_month(%s::regclass)", [name])
    record.tamper(
        f"update audit_event set at = at - interval '{days} days' where id in ({ids})",
        f"update audit_waiting set event_at = event_at - interval '{days} days' where event_id in ({ids})",
    )
    seal(record.connection, record.heads)


def test_months_are_made_ahead_and_only_once(record: Record) -> None:
    def months() -> list[str]:
        rows = record.told("select relname from pg_class where relnamespace = 'audit'::regnamespace and relkind = 'r' order by 1")
        return [row[0] for row in rows]

    this = datetime.now(UTC).strftime("event_%Y%m")
    assert len(months()) == 4 and months()[0] == this and months()[-1] == "event_default"
    with acting(record.connection, KEEPER):
        assert store.make_months(record.connection) == 0
        assert record.connection.execute("select audit_make_months(5)").fetchone() == (3,)
    assert len(months()) == 7
    unlocked = record.told("select relname from pg_class where relnamespace = 'audit'::regnamespace and relkind = 'r'"
                           " and not (relrowsecurity and relforcerowsecurity)")  # fmt: skip
    assert unlocked == []
    record.note()
    assert record.told("select tableoid::regclass::text from audit_event") == [(f"audit.{this}",)]


def test_a_month_without_its_partition_loses_nothing(record: Record) -> None:
    this = datetime.now(UTC).strftime("audit.event_%Y%m")
    with psycopg.connect(record.database.admin_dsn) as admin:
        admin.execute(f"drop table {this}")  # type: ignore[arg-type]
    record.sealed(2)
    with acting(record.connection, KEEPER):
        assert store.make_months(record.connection) == 0
    record.sealed(1)
    assert record.told("select distinct tableoid::regclass::text from audit_event") == [("audit.event_default",)]
    need_whole(record.verify())


def test_nothing_younger_than_180_days_is_dropped(record: Record) -> None:
    old_record(record, 170)
    for days in (179, 1, 0, -1):
        with pytest.raises(BadInput):
            forget(record.connection, record.heads, days)
        with pytest.raises(errors.CheckViolation), acting(record.connection, KEEPER):
            store.forget(record.connection, days)
    assert forget(record.connection, record.heads, LEAST_KEEP_DAYS) is None
    assert record.told("select count(*) from audit_event") == [(6,)]
    with pytest.raises(errors.InsufficientPrivilege), acting(record.connection, AUDITOR):
        store.forget(record.connection, LEAST_KEEP_DAYS)
    assert KEEP_DAYS >= 3 * 365


@pytest.mark.parametrize("own_month", [True, False], ids=["partition", "default partition"])
def test_an_old_month_goes_and_the_chain_goes_on(own_month: bool, record: Record) -> None:
    old_record(record, 260, own_month=own_month)
    checkpoint = forget(record.connection, record.heads, LEAST_KEEP_DAYS)
    assert checkpoint is not None and (checkpoint.seq, checkpoint.dropped_to) == (3, 3)
    assert record.told("select e.id, c.seq from audit_event e join audit_chain c on c.event_id = e.id order by 1") == [(4, 4), (5, 5), (6, 6)]
    assert record.told("select count(*), min(seq) from audit_chain") == [(3, 4)]
    assert len(record.told("select from pg_class where relnamespace = 'audit'::regnamespace and relkind = 'r'")) == 4
    need_whole(record.verify())
    record.sealed(2)
    assert record.verify().links == 5
    assert forget(record.connection, record.heads, LEAST_KEEP_DAYS) is None
    record.heads.path.parent.rename(record.data_dir / "put away")  # as after a restore
    record.sealed(1)
    need_whole(record.verify())
    for statement in ("truncate audit.event_default", "delete from audit_chain", "delete from audit_checkpoint"):
        with psycopg.connect(record.database.admin_dsn) as admin, pytest.raises(errors.InsufficientPrivilege):
            admin.execute(statement)  # type: ignore[arg-type]
    record.tamper("delete from audit_event where id = 5")
    assert record.found() == ("removed", 5, 5)


def test_the_last_months_of_a_silent_city_go_too(record: Record) -> None:
    old_record(record, 260, "1, 2, 3, 4, 5, 6")
    checkpoint = forget(record.connection, record.heads, LEAST_KEEP_DAYS)
    assert checkpoint is not None and checkpoint.seq == 6
    need_whole(record.verify())
    record.sealed(2)
    assert record.told("select seq from audit_chain order by seq") == [(7,), (8,)]
    need_whole(record.verify())


def test_an_event_sealed_after_the_first_kept_leaves_its_link(record: Record) -> None:
    """Dated by the test, the fourth looks slipped in, and evidence never goes; so here the database is asked directly."""
    old_record(record, 260, "1, 2, 4")
    assert record.found() == ("slipped_in", 4, 4)
    with pytest.raises(AuditBroken):
        forget(record.connection, record.heads, LEAST_KEEP_DAYS)
    with acting(record.connection, KEEPER):
        checkpoint = store.forget(record.connection, LEAST_KEEP_DAYS)
        assert checkpoint is not None and (checkpoint.seq, checkpoint.dropped_to) == (2, 4)
        record.heads.append_checkpoint(checkpoint)
    assert record.told("select seq from audit_chain order by seq") == [(3,), (4,), (5,), (6,)]
    need_whole(record.verify())
    record.tamper("delete from audit_event where id = 3")
    assert record.found() == ("removed", 3, 3), "only what was dropped may lack its event"


def test_what_waits_for_its_seal_is_not_dropped(record: Record) -> None:
    record.note(2)
    record.tamper("update audit_event set at = at - interval '260 days'", "update audit_waiting set event_at = event_at - interval '260 days'")
    assert forget(record.connection, record.heads, LEAST_KEEP_DAYS) is None
    assert record.told("select count(*) from audit_event") == [(2,)]


def test_the_worker_drops_after_three_years_once_a_day(record: Record, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "commandcenter.audit")
    old_record(record, KEEP_DAYS + 40)
    clock = iter([*[0.0] * 2, *[1.0] * 2, *[86_399.0] * 2, *[86_401.0] * 2])  # looked at for the months and for retention
    sealer = Sealer(replace(record.database.settings, data_dir=record.data_dir), clock=lambda: next(clock))
    sealer.round()
    assert record.told("select id from audit_event order by id") == [(4,), (5,), (6,)]
    assert sum("retention" in entry.getMessage() for entry in caplog.records) == 1
    need_whole(record.verify())
    old_record(record, KEEP_DAYS + 80, "7, 8")
    sealer.round()
    sealer.round()
    assert record.told("select count(*) from audit_event") == [(9,)]
    sealer.round()
    assert any("slipped in" in entry.getMessage() for entry in caplog.records), "dated back after their elders were sealed: nothing goes"
    assert record.told("select count(*) from audit_event") == [(9,)]
    sealer.close()


def test_months_are_not_dropped_under_the_name_of_retention(record: Record) -> None:
    record.sealed(6)
    record.tamper("delete from audit_event where id <= 3", "delete from audit_chain where seq <= 3",
                  "insert into audit_checkpoint (seq, hash, before, dropped_to) select 3, hash, now(), 3 from audit_chain where seq = 4")  # fmt: skip
    assert record.found()[:2] == ("unsigned_checkpoint", 3)
