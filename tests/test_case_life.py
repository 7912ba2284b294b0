"""A case from first sight to closing, and everything that must not happen on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest

from commandcenter.actor import Scope
from commandcenter.cases import engine
from commandcenter.cases.commands import Caller, Handled, NoSuchMove, StaleCase, Step
from commandcenter.db.request import SET_ACTOR
from commandcenter.errors import BadInput, CommandCenterError, Forbidden, NotFound
from tests.case_city import STREET, WATER, Desk
from tests.conftest import TestDatabase


@pytest.fixture
def desk(own_city: TestDatabase, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(own_city, tmp_path)
    yield made
    made.close()


def test_a_case_goes_its_whole_way(desk: Desk) -> None:
    case = desk.step(desk.leader, desk.to_be_closed(), "close")
    held = desk.row(case)
    assert (held["state"], held["is_open"], held["clock"], held["version"]) == ("closed", False, "end", case.version)
    assert held["closed_at"] is not None and held["first_act_at"] is not None and held["born_grid_code"] == "230202001006001"
    log = desk.admin.execute("select action, from_state, to_state, actor from case_event where case_id = %s order by seq", [case.case_id]).fetchall()
    assert [row[0] for row in log] == [
        "report", "accept", "file", "dispatch", "acknowledge", "assign", "submit", "confirm", "pass_on", "ask_check", "check_pass", "close",
    ]  # fmt: skip
    assert all(after[1] == before[2] for before, after in pairwise(log))  # one state leads to the next
    noted = desk.admin.execute("select count(*) from audit_event where subject_table = 'cases' and subject_key = %s", [str(case.case_id)]).fetchone()
    assert noted == (len(log),)  # every change is in the audit


def test_a_number_is_the_districts_the_days_and_counts_up(desk: Desk) -> None:
    first, second, other = desk.report(), desk.report(), desk.report(at=(450, 150))
    day = desk.admin.execute("select to_char(now() at time zone 'Asia/Shanghai', 'YYYYMMDD')").fetchone()
    assert day is not None
    assert [first.number, second.number, other.number] == [f"230202{day[0]}00001", f"230202{day[0]}00002", f"230203{day[0]}00001"]


def test_the_same_key_is_the_same_case(desk: Desk) -> None:
    first = desk.report(key="a-double-click")
    again = desk.report(key="a-double-click", description="another word")
    assert (again.case_id, again.number, again.known) == (first.case_id, first.number, True)
    assert desk.report(desk.verifier, key="a-double-click").case_id != first.case_id  # another sender's key is another key
    assert desk.admin.execute("select count(*) from cases where source = 'case_desk'").fetchone() == (2,)


def test_a_double_click_on_a_move_is_one_move(desk: Desk) -> None:
    case = desk.report()
    done = desk.step(desk.acceptor, case, "accept")
    again = desk.step(desk.acceptor, case, "accept")
    assert again.known and (again.version, again.state) == (done.version, "pending_register")
    with pytest.raises(StaleCase) as told:
        desk.step(desk.leader, case, "cancel", reason="重复登记")
    assert "acceptor" in told.value.sentence.zh and "受理" in told.value.sentence.zh  # who, and what


def test_two_dispatchers_at_once(desk: Desk, own_city: TestDatabase) -> None:
    """Both look at the same version; the case is locked from the first word on, so one of them moves it and the other is told."""
    case = desk.filed()
    other = desk.person("other dispatcher", "case_dispatch")
    said = Step(case.case_id, case.version, "dispatch", department=STREET)
    with own_city.connect() as second:
        second.execute("set lock_timeout = '10s'")
        desk.step(desk.dispatcher, case, "dispatch", department=WATER)
        with pytest.raises(StaleCase):
            engine.step(second, other, said)
    assert desk.row(case)["holder"] == WATER


def test_who_handled_a_case_does_not_verify_it(desk: Desk) -> None:
    """One person with every permission: dispatches, and is refused at the check and at the closing, by the engine and by the database itself."""
    everything = ("case_report", "case_accept", "case_file", "case_dispatch", "case_handle", "case_work", "case_check")
    jack = desk.person("jack of all trades", *everything, departments=(WATER,))
    case = desk.step(jack, desk.filed(), "dispatch", department=WATER)
    case = desk.step(desk.handler, case, "acknowledge")
    case = desk.step(desk.handler, case, "assign", worker=desk.worker.id)
    case = desk.step(desk.worker, case, "submit", outcome="已清运")
    for actor, action in ((desk.handler, "confirm"), (desk.dispatcher, "pass_on"), (desk.acceptor, "ask_check")):
        case = desk.step(actor, case, action)
    with pytest.raises(Forbidden, match="apart"):
        desk.step(jack, case, "check_pass")
    case = desk.step(desk.verifier, case, "check_pass")
    with pytest.raises(Forbidden, match="apart"):
        desk.step(jack, case, "close")
    assert desk.step(desk.leader, case, "close").state == "closed"


def test_the_log_is_only_appended_to(desk: Desk) -> None:
    case = desk.report()
    for change in ("update case_event set reason = 'x'", "delete from case_event", "truncate case_event"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            desk.admin.execute(change)  # not even the database's own administrator in passing
    with pytest.raises(psycopg.errors.InsufficientPrivilege), desk.connection.transaction():
        desk.connection.execute("update cases set state = 'closed' where id = %s", [case.case_id])
        desk.connection.execute("delete from case_event")
    assert desk.row(case)["state"] == "reported"


def test_a_return_never_passes_the_receivers_stage(desk: Desk) -> None:
    """A dispatcher whom a department sent a case back cannot pass it on for checking, and an acceptor cannot dispatch."""
    case = desk.step(desk.dispatcher, desk.filed(), "dispatch", department=WATER)
    with pytest.raises(BadInput, match="reason"):
        desk.step(desk.handler, case, "return_to_dispatcher")
    case = desk.step(desk.handler, case, "return_to_dispatcher", reason="不属本部门职责")
    assert desk.row(case)["holder"] is None and desk.row(case)["returned"] == 1
    with pytest.raises(NoSuchMove):
        desk.step(desk.dispatcher, case, "pass_on")
    case = desk.step(desk.dispatcher, case, "return_to_acceptor", reason="类别有误")
    with pytest.raises(NoSuchMove):
        desk.step(desk.dispatcher, case, "dispatch", department=WATER)
    assert desk.step(desk.leader, case, "file", standard_id=desk.standard()).state == "pending_dispatch"


def test_another_department_does_not_touch_it(desk: Desk) -> None:
    stranger = desk.person("street handler", "case_handle", departments=(STREET,))
    case = desk.step(desk.dispatcher, desk.filed(), "dispatch", department=WATER)
    with pytest.raises(Forbidden, match="another department"):
        desk.step(stranger, case, "acknowledge")
    case = desk.in_hand()
    with pytest.raises(Forbidden, match="another department"):
        desk.step(desk.handler, case, "submit", outcome="并非本人的任务")


def test_another_jurisdiction_does_not_see_it(desk: Desk) -> None:
    case = desk.report()
    east = desk.person("east dispatcher", "case_dispatch", "case_accept", scope=Scope(districts=("230203",)))
    with pytest.raises(NotFound):
        desk.step(east, case, "accept")
    with pytest.raises(NotFound):
        engine.explained(desk.connection, east, case.case_id)
    seen = desk.report(east_reporter := desk.person("east reporter", "case_report", scope=Scope(districts=("230203",))))
    assert seen.state == "reported"  # whoever sees trouble beyond the border may say so
    with pytest.raises(NotFound):
        engine.explained(desk.connection, east_reporter, seen.case_id)


def test_suspension_stops_the_clock_and_resuming_starts_it(desk: Desk) -> None:
    """A Monday, 2026-11-16, four office hours from 09:00: suspended at 10:00, resumed the next day at 09:00.

    Used by 10:00 is one hour; three remain at 09:00 on Tuesday: to 12:00, exactly three. So it is due at 12:00.
    """
    monday = datetime(2026, 11, 16, 1, tzinfo=UTC)  # 09:00 in China
    case = desk.filed()
    # The log bears the database's own time; the clock is asked at chosen moments by moving the log there.
    case = desk.step(desk.dispatcher, case, "dispatch", department=WATER)
    desk.admin.execute("alter table case_event disable trigger stays")
    desk.admin.execute("update case_event set at = %s where case_id = %s", [monday, case.case_id])
    held_at = monday + timedelta(hours=1)
    case = desk.step(desk.handler, case, "ask_suspension", now=held_at, reason="等待配件")
    desk.admin.execute("update case_event set at = %s where case_id = %s and seq > 4", [held_at, case.case_id])
    case = desk.step(desk.dispatcher, case, "grant_suspension", now=held_at)
    held = desk.row(case)
    assert (held["clock"], held["due_at"], held["used_s"]) == ("suspended", None, 3600)
    desk.admin.execute("update case_event set at = %s where case_id = %s and seq > 4", [held_at, case.case_id])
    case = desk.step(desk.dispatcher, case, "resume", now=monday + timedelta(days=1))
    held = desk.row(case)
    assert held["state"] == "dispatched" and held["due_at"] == "2026-11-17T04:00:00+00:00"


def test_an_extension_adds_the_limit_once_more_and_is_not_asked_for_late(desk: Desk) -> None:
    case = desk.in_hand()
    due = datetime.fromisoformat(str(desk.row(case)["due_at"]))
    with pytest.raises(NoSuchMove):
        desk.step(desk.dispatcher, case, "grant_extension")  # nobody asked
    case = desk.step(desk.handler, case, "ask_extension", reason="工程量大")
    case = desk.step(desk.dispatcher, case, "grant_extension")
    held = desk.row(case)
    assert held["extended"] == 1 and datetime.fromisoformat(str(held["due_at"])) > due and "8" in str(held["limit_text"])
    with pytest.raises(BadInput, match="overdue"):
        desk.step(desk.handler, case, "ask_extension", now=datetime(2026, 12, 30, 9, tzinfo=UTC), reason="来不及了")


def test_an_appeal_is_heard_twice_and_lifts_the_mark(desk: Desk) -> None:
    case = desk.to_be_closed()
    case = desk.step(desk.leader, case, "close")
    with pytest.raises(BadInput, match="not overdue"):
        desk.step(desk.handler, case, "appeal", reason="没有超期")
    desk.admin.execute("alter table cases disable trigger stays_the_engines")
    desk.admin.execute("update cases set is_late = true where id = %s", [case.case_id])
    case = desk.step(desk.handler, case, "appeal", reason="暴雨停工三天")
    case = desk.step(desk.dispatcher, case, "appeal_support")
    desk.admin.execute("update cases set is_late = true where id = %s", [case.case_id])
    case = desk.step(desk.acceptor, case, "appeal_grant")
    assert desk.row(case)["late_exempt"] is True
    desk.admin.execute("update cases set is_late = true where id = %s", [case.case_id])
    with pytest.raises(BadInput, match="once"):
        desk.step(desk.handler, case, "appeal", reason="再申诉一次")


def test_merging_reopening_and_what_is_said_by_the_caller(desk: Desk) -> None:
    main, double = desk.report(), desk.report()
    double = desk.step(desk.acceptor, double, "merge", into=main.case_id)
    assert desk.row(double)["merged_into"] == main.case_id and not desk.row(double)["is_open"]
    double = desk.step(desk.acceptor, double, "unmerge", reason="不是同一处")
    assert desk.row(double)["state"] == "reported" and desk.row(double)["merged_into"] is None
    closed = desk.step(desk.leader, desk.to_be_closed(), "close")
    closed = desk.step(desk.acceptor, closed, "follow_up", outcome="仍有垃圾", good=False)
    case = desk.step(desk.leader, closed, "reopen", reason="回访不满意")
    assert case.state == "pending_dispatch" and desk.row(case)["closed_at"] is None and desk.row(case)["is_open"]


def test_the_callers_number_is_sealed_and_masked(desk: Desk) -> None:
    case = desk.report(caller=Caller("王小明", "13912345678", wants_reply=True))
    row = desk.admin.execute("select name, phone_last4, phone_sealed, phone_mark from case_contact where case_id = %s", [case.case_id]).fetchone()
    assert row is not None and row[1] == "5678" and b"13912345678" not in bytes(row[2]) and "13912345678" not in row[3]
    assert desk.keys.opened("case_phone", bytes(row[2]), f"report {desk.acceptor.id} key-00000001") == "13912345678"
    everything = desk.admin.execute("select string_agg(e::text, '') from case_event e").fetchone()
    assert everything is not None and "王小明" not in everything[0] and "5678" not in everything[0]
    with desk.connection.transaction():
        desk.connection.execute(SET_ACTOR, desk.acceptor.settings)
        with pytest.raises(psycopg.errors.InsufficientPrivilege), desk.connection.transaction():
            desk.connection.execute("select * from case_contact")
        assert desk.connection.execute("select name, phone from case_contact_look(%s, 'desk')", [case.case_id]).fetchone() == ("王**", "*******5678")


BAD_REPORTS = {
    "outside the city": {"at": (2_000.0, 300.0)},
    "no longitude": {"at": (0.0, 0.0), "lon": float("nan")},
    "unknown category": {"category_code": "9999"},
    "kind": {"kind": "rumour", "category_code": "x"},
    "key": {"key": "x"},
    "origin": {"origin": "gossip"},
    "has 5000 characters": {"description": "长" * 5_000},
    "last ten years": {"first_seen_at": datetime(1999, 1, 1, tzinfo=UTC)},
}


@pytest.mark.parametrize("said", BAD_REPORTS, ids=str)
def test_a_bad_report_is_one_sentence_and_no_case(desk: Desk, said: str) -> None:
    words = dict(BAD_REPORTS[said])
    if "kind" in words:
        words = {"kind": "event", "origin": "public"} | {"category_system": "none"}
    with pytest.raises(CommandCenterError) as told:
        desk.report(**words)  # type: ignore[arg-type]
    assert isinstance(told.value, BadInput) and told.value.sentence.zh.endswith("。") and told.value.sentence.en.endswith(".")
    assert desk.admin.execute("select count(*) from cases where source = 'case_desk'").fetchone() == (0,)


def test_a_load_does_not_undo_what_the_engine_did(desk: Desk) -> None:
    """A source delivers its case once more, closed; the engine has taken it over meanwhile."""
    with desk.admin.transaction():
        found = "select min(id) from cases where is_open and kind = 'event' and district_code is not null"
        desk.admin.execute(f"update cases set state = 'pending_dispatch' where id = ({found})")  # type: ignore[arg-type]
    row = desk.admin.execute("select id, number, state from cases where source = 'test_cases' and state = 'pending_dispatch' limit 1").fetchone()
    assert row is not None
    case = Handled(row[0], row[1], 0, row[2])
    case = desk.step(desk.dispatcher, case, "dispatch", department=WATER)
    with desk.admin.transaction():
        desk.admin.execute("update cases set state = 'closed', is_open = false, description = 'newer words' where id = %s", [case.case_id])
    held = desk.row(case)
    assert (held["state"], held["is_open"], held["description"]) == ("dispatched", True, "newer words")


