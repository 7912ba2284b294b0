"""The leak matrix: clean over the little city, through the real command; and it finds each lock that is taken out, by door, role, place and row."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from commandcenter.actor import Scope
from commandcenter.leaks import doors
from commandcenter.leaks.report import as_table, is_clean
from commandcenter.leaks.run import DoorWithoutRow, Run, run_matrix
from commandcenter.leaks.verdict import Verdict
from commandcenter.leaks.visitors import RunDoorkeeper
from commandcenter.security.leak_report import last_report
from commandcenter.web.door import Doorkeeper
from commandcenter.web.front import FrontDoor
from commandcenter.web.sessions import COOKIE
from tests.city import build
from tests.conftest import TestDatabase
from tests.serving import ServedApplication
from tests.test_accounts import STREET, House

ROOT = Path(__file__).parents[1]
LASTING = ("account", "appointment", "sign_in", "layer_change", "upload", "ingest_run", "correction", "recovery_code")
PLACE_LEVELS = {"city", "district", "street", "community", "grid"}
# A household in each building where people live, placed as its building is, and somebody in it.
HOMES = (
    "with homes as (insert into household (building_id, kind, persons, counted_on, district_code, street_code, community_code, grid_code, source, source_key)"
    " select id, 'resident', 3, '2026-09-01', district_code, street_code, community_code, grid_code, source, source_key from building where use = 'residential'"
    " returning id) insert into person (ref, household_id) select 'P' || lpad(id::text, 12, '0'), id from homes"
)
Broken = Callable[..., Run]


@pytest.fixture(scope="module")
def little(clone: Callable[..., TestDatabase]) -> TestDatabase:
    made = clone("leaks")
    with made.connect() as connection:
        build(connection)
    with psycopg.connect(made.admin_dsn, autocommit=True) as admin:
        admin.execute(HOMES)
    return made


@pytest.fixture(scope="module")
def broken(clone: Callable[..., TestDatabase], little: TestDatabase) -> Broken:
    """A run over a city in which something was changed by the administrator: two roles, one place of each level."""

    def run(*changes: str) -> Run:
        made = clone("broken", little.name)
        with psycopg.connect(made.admin_dsn, autocommit=True) as admin:
            for change in changes:
                admin.execute(change)  # type: ignore[arg-type]
        return run_matrix(made.settings, made.admin_dsn, roles=("grid_leader", "planner"), per_level=1)

    return run


@pytest.fixture(scope="module")
def broken_locks(broken: Broken, little: TestDatabase) -> Run:
    """Two policies that let everybody see, one that lets nobody, and a search that has forgotten the scope."""
    return broken(
        "alter policy read_in_jurisdiction on camera using (true)",
        "alter policy read_in_jurisdiction on key_site using (true)",
        "alter policy read_in_jurisdiction on household using (true)",
        "alter policy read_in_jurisdiction on compound using (district_code = '230202' and (select actor_sees_whole_city()))",
        definition(little, "search_city(text, integer)").replace("boolean := actor_sees_whole_city()", "boolean := true"),
    )


def definition(database: TestDatabase, function: str) -> str:
    with psycopg.connect(database.admin_dsn) as admin:
        row = admin.execute("select pg_get_functiondef(%s::regprocedure)", [function]).fetchone()
    assert row is not None
    return str(row[0])


def leaks(run: Run) -> list[Verdict]:
    return [verdict for verdict in run.verdicts if verdict.outcome == "leak"]


def standing(admin_dsn: str) -> list[Any]:
    with psycopg.connect(admin_dsn) as admin:
        return [admin.execute(f"select count(*), max(xmin::text::bigint) from {table}").fetchone() for table in LASTING]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def commanded(little: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path, list[Any], list[Any]]:
    """What the command says of the whole matrix: every role, every kind of place."""
    data_dir, before = tmp_path_factory.mktemp("data"), standing(little.admin_dsn)
    env = {name: value for name, value in os.environ.items() if not name.startswith("COMMANDCENTER_")}
    env |= {"COMMANDCENTER_DATABASE_URL": little.admin_dsn, "COMMANDCENTER_CITY": "little", "COMMANDCENTER_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "commandcenter", "leak-matrix", "--json", "--seconds", "300"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=400)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert (done.returncode, report["findings"]) == (0, []), done.stderr
    return report, data_dir, before, standing(little.admin_dsn)


def test_nothing_leaks_and_nothing_is_withheld(commanded: Any) -> None:
    report, _, _, _ = commanded
    assert report["findings"] == []
    assert {name: report["totals"][name] for name in ("leak", "withheld", "fault")} == {"leak": 0, "withheld": 0, "fault": 0}
    assert report["untried"] == 0 and report["past_policies"]
    assert report["totals"]["allowed"] > 3_000 and report["totals"]["refused"] > 1_000


def test_every_role_stands_at_every_door_in_every_kind_of_place(commanded: Any, little: TestDatabase) -> None:
    report, _, _, _ = commanded
    verdicts = report["verdicts"]
    with psycopg.connect(little.admin_dsn) as admin:
        roles = dict(admin.execute("select code, permissions from role").fetchall())
        centres = {row[0] for row in admin.execute("select distinct centre from centre_kind")}
    for role, permissions in roles.items():
        own = [verdict for verdict in verdicts if verdict["role"] == role]
        assert {verdict["column"] for verdict in own} == set(doors.COLUMNS), role
        if "read" in permissions:
            assert {verdict["place"].split(":")[0] for verdict in own} == PLACE_LEVELS, role
            assert {verdict["column"] for verdict in own if verdict["place"] != "city"} >= {"tile", "features", "card", "search", "figures", "honesty"}, role
    assert {verdict["place"].split(":")[-1] for verdict in verdicts} >= centres
    assert {verdict["role"] for verdict in verdicts} == {*roles, "nobody", "over", "code", "password", "factor"}
    tried = {verdict["door"] for verdict in verdicts}
    untried = {f"{method} {route}" for (method, route), door in doors.ROUTES.items() if door.untried}
    assert {f"{method} {route}" for method, route in doors.ROUTES} - tried == untried
    assert set(doors.CALLBACKS) <= tried | {"desk-done.data"}
    for layer in doors.LAYERS:
        if layer != "addresses":
            assert any(verdict["asked"].startswith(f"/tiles/{layer}/") and verdict["detail"] not in ("", "0 rows") for verdict in verdicts), layer


def test_a_run_leaves_a_report_and_a_trace_and_nothing_else(commanded: Any, little: TestDatabase) -> None:
    report, data_dir, before, after = commanded
    assert before == after
    kept = last_report(data_dir, "little")
    assert kept is not None and kept["at"] == report["at"] and "verdicts" not in kept
    assert (data_dir / "leaks" / "little.json").stat().st_mode & 0o077 == 0
    with psycopg.connect(little.admin_dsn) as admin:
        events = admin.execute("select actor, act, door, detail->>'tries' from audit_event where actor not like 'leak-matrix:%'").fetchall()
        looks = admin.execute("select distinct split_part(actor, ':', 1), act, subject_table from audit_event where actor like 'leak-matrix:%'").fetchall()
    assert events == [("builtin:leak-matrix", "look", "cli", str(report["tries"]))]
    assert {(who, act) for who, act, _ in looks} == {("leak-matrix", "refused")}, "who asked for people of elsewhere"
    assert {table for _, _, table in looks} <= {"building", "household"}


def test_a_loosened_policy_is_found_by_door_role_place_and_row(broken_locks: Run) -> None:
    assert not is_clean(broken_locks)
    found = leaks(broken_locks)
    assert {verdict.column for verdict in found} >= {"tile", "features", "card", "figures", "honesty"}
    assert {verdict.role for verdict in found} == {"grid_leader", "planner"}
    assert {verdict.place.split(":")[0] for verdict in found} == PLACE_LEVELS - {"city"}
    for verdict in found:
        assert verdict.rows, verdict
        if verdict.column in ("tile", "features"):
            assert all(row.startswith(("cameras:", "key_sites:")) for row in verdict.rows), verdict
    said = [line for line in as_table(broken_locks) if line.startswith("✗ leak × ") and ": GET /tiles · " in line]
    assert len(said) == 1 and " · grid_leader · community:" in said[0] and "rows of elsewhere " in said[0], said


def test_a_card_that_leaks_is_named_without_what_it_tells(broken_locks: Run) -> None:
    outside = [verdict for verdict in leaks(broken_locks) if verdict.asked.startswith("/features/key_sites/")]
    assert outside and all("key_sites:" + verdict.asked.rsplit("/")[-1] in verdict.rows for verdict in outside)
    assert not any("龙沙" in line or "大桥" in line for verdict in outside for line in verdict.rows)


def test_a_search_without_scope_is_found(broken_locks: Run) -> None:
    found = [verdict for verdict in leaks(broken_locks) if verdict.column == "search"]
    assert found and all(verdict.rows and verdict.door == "wall-results.children" for verdict in found)
    assert {row.partition(":")[0] for verdict in found for row in verdict.rows} - {"cameras", "key_sites"}, "search has a lock of its own"


def test_households_of_elsewhere_are_found(broken_locks: Run) -> None:
    found = [verdict for verdict in leaks(broken_locks) if verdict.column == "people"]
    assert found and {verdict.role for verdict in found} == {"grid_leader"}
    assert all(row.startswith("household:") for verdict in found for row in verdict.rows)


def test_rows_that_are_missing_are_told_and_are_no_leak(broken_locks: Run) -> None:
    missing = [verdict for verdict in broken_locks.verdicts if verdict.outcome == "withheld" and verdict.column == "tile"]
    assert missing and {row for verdict in missing for row in verdict.rows} <= {"compounds:1", "compounds:2"}


def test_an_appointment_that_becomes_too_wide_an_actor_is_found(broken: Broken, little: TestDatabase) -> None:
    """The judge reads the appointment, not the scope that was made of it."""
    made = definition(little, "account_as_appointed(bigint)")
    assert "bool_or(level = 'city')" in made
    found = leaks(broken(made.replace("bool_or(level = 'city')", "bool_or(level in ('city', 'street'))")))
    assert {verdict.place.split(":")[0] for verdict in found} == {"street"}


def test_a_tile_cache_that_forgets_for_whom_it_made_a_tile_is_found(little: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scope, "digest", property(lambda scope: "everybody"))
    run = run_matrix(little.settings, little.admin_dsn, roles=("dispatcher",), per_level=1)
    assert leaks(run) and {verdict.column for verdict in leaks(run)} == {"tile"}


def test_a_front_door_that_lets_everybody_in_is_found(little: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    async def open_to_all(*_: Any) -> bool:
        return True

    monkeypatch.setattr(FrontDoor, "_may_pass", open_to_all)
    found = leaks(run_matrix(little.settings, little.admin_dsn, roles=("audit_administrator",)))
    assert {verdict.role for verdict in found} >= {"nobody", "over", "password", "audit_administrator"}
    assert "GET /_dash-layout" in {verdict.door for verdict in found}


@pytest.mark.parametrize(
    ("table", "key", "named"),
    [
        ("ROUTES", ("GET", "/audit"), "route GET /audit"),
        ("PAGES", "/data", "page /data"),
        ("CALLBACKS", "wall-results.children", "callback wall-results.children"),
    ],
)
def test_a_door_without_a_row_ends_the_run_with_its_name(
    little: TestDatabase, monkeypatch: pytest.MonkeyPatch, table: str, key: Any, named: str
) -> None:
    monkeypatch.delitem(getattr(doors, table), key)
    with pytest.raises(DoorWithoutRow) as fault:
        run_matrix(little.settings, little.admin_dsn, roles=("dispatcher",))
    assert named in fault.value.sentence.en and named in fault.value.sentence.zh


def test_a_door_that_leaves_a_trace_leaves_it_and_the_others_cannot_write(
    clone: Callable[..., TestDatabase], little: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, export = clone("traced", little.name), ("GET", "/audit/events.csv")
    traces = "select actor, act from audit_event where act = 'export'"
    for traced, outcome in ((False, "fault"), (True, "allowed")):
        monkeypatch.setitem(doors.ROUTES, export, replace(doors.ROUTES[export], gate_query="", traced=traced))
        run = run_matrix(made.settings, made.admin_dsn, roles=("audit_administrator",))
        assert [verdict.outcome for verdict in run.verdicts if verdict.door == " ".join(export) and verdict.role == "audit_administrator"] == [outcome]
        with psycopg.connect(made.admin_dsn) as admin:
            assert admin.execute(traces).fetchall() == [("leak-matrix:audit_administrator@city", "export")] * traced  # type: ignore[arg-type]


def test_a_run_that_is_out_of_time_is_not_clean(little: TestDatabase) -> None:
    run = run_matrix(little.settings, little.admin_dsn, seconds=0.0, roles=("dispatcher",))
    assert run.untried and not is_clean(run)


@pytest.fixture(scope="module")
def house(little: TestDatabase, clone: Callable[..., TestDatabase], commanded: Any) -> Iterator[House]:
    made = clone("leakspage", little.name)
    with made.connect() as connection, psycopg.connect(made.admin_dsn, autocommit=True) as admin:
        connection.autocommit = True
        with ServedApplication(replace(made.settings, city="little", data_dir=commanded[1])) as served:
            here = House(served, made, connection, admin)
            for name, role, area in (("guard", "security_administrator", None), ("auditor", "audit_administrator", None), ("worker", "dispatcher", STREET)):
                here.account(name, role, area)
            yield here


def test_the_page_shows_the_last_run_to_the_two_administrators(house: House, commanded: Any) -> None:
    report = commanded[0]
    for name in ("guard", "auditor"):
        person = house.signed_in(name)
        english, chinese = person.get("/leaks?lang=en").text, person.get("/leaks?lang=zh").text
        assert "Leaks: 0." in english and "泄漏 0" in chinese
        counts = report["cells"]["dispatcher"]["tile"]
        assert f"<td>{counts[0]} / {counts[1]} / 0</td>" in english and "派遣员" in chinese
        assert 'href="/leaks"' in person.get("/account").text
    assert house.signed_in("worker").get("/leaks").status_code == 403


def test_no_sign_in_of_a_run_opens_the_served_application(house: House, little: TestDatabase) -> None:
    """The one seam is an argument of the application's making: what is served is made without it."""
    assert type(house.served.app._door) is Doorkeeper and not isinstance(house.served.app._door, RunDoorkeeper)
    run = run_matrix(little.settings, little.admin_dsn, seconds=0.0, roles=("dispatcher",))
    tokens = [guest.token for guest in run.everybody if guest.looks]
    assert tokens
    for token in tokens[:5]:
        answer = httpx2.get(f"{house.served.url}/map/style.json", headers={"cookie": f"{COOKIE}={token}"})
        assert answer.status_code == 401
