"""The administrators' screens: roles given and taken one by one, passwords reset, lists of accounts taken whole or not at all."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import psycopg
import pytest
from psycopg.rows import dict_row

from commandcenter.__main__ import main
from commandcenter.errors import BadInput
from commandcenter.security import accounts, store
from commandcenter.security.builtin import ACCOUNT_COMMANDS
from commandcenter.web.account_sheet import sheet_rows
from commandcenter.web.admin_page import PERMISSIONS
from tests.city import GRIDS, OPERATOR, WEST, build
from tests.serving import ServedApplication
from tests.test_accounts import STREET, House, Person

HEADS = ("账号", "姓名", "岗位", "辖区代码", "网格代码", "中心", "有效至")
GRID = next(iter(GRIDS))
ZONE = ZoneInfo("Asia/Shanghai")  # the little city's


@pytest.fixture(scope="module")
def house(clone: Any) -> Iterator[House]:
    made = clone("admin")
    with made.connect() as connection, psycopg.connect(made.admin_dsn, autocommit=True, row_factory=dict_row) as admin:
        build(connection)
        connection.autocommit = True
        with ServedApplication(replace(made.settings, city="heidelberg")) as served:
            here = House(served, made, connection, admin)  # type: ignore[arg-type]  # rows as dicts
            here.account("boss", "system_administrator")
            here.account("guard", "security_administrator")
            here.account("worker", "grid_worker", STREET)
            yield here


def held(house: House, name: str) -> list[dict[str, Any]]:
    rows = store.asked(house.connection, ACCOUNT_COMMANDS, store.accounts_request())
    return list(next(row["appointments"] for row in rows if row["name"] == name))


def workbook(rows: Sequence[Sequence[str]], heads: Sequence[str] = HEADS) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (heads, *rows):
        sheet.append(list(row))
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def import_of(person: Person, body: bytes, name: str = "名单.xlsx") -> Any:
    origin = str(person.client.base_url).rstrip("/")
    return person.client.post("/admin/import", files={"file": (name, body)}, headers={"origin": origin, "accept-language": "zh"})


def names(house: House) -> set[str]:
    return {row["name"] for row in house.admin.execute("select name from account")}  # type: ignore[call-overload]


def test_a_further_role_is_proposed_approved_and_ended(house: House) -> None:
    boss, guard = house.signed_in("boss"), house.signed_in("guard")
    told = boss.post("/admin/appointment", name="worker", role="enforcement_officer", area=WEST, centre="urban", until="2031-12-31")
    assert told.status_code == 200 and "已提交" in told.text
    (new,) = (each for each in held(house, "worker") if each["code"] == "enforcement_officer")
    assert (new["state"], new["area"], new["centre"]) == ("pending", WEST, "urban")
    assert datetime.fromisoformat(new["until"]) == datetime(2032, 1, 1, tzinfo=ZONE)
    assert boss.post("/admin/appointment/settle", appointment=str(new["id"]), word="approve").status_code == 422
    assert guard.post("/admin/appointment/settle", appointment=str(new["id"]), word="approve").status_code == 200
    assert guard.post("/admin/appointment/settle", appointment=str(new["id"]), word="approve").status_code == 422  # it waits no more
    assert "龙沙区" in guard.get("/admin/places?lang=zh").text and "执法队员 (城市管理) 到 2031-12-31" in guard.get("/admin/places?lang=zh").text
    worker = house.signed_in("worker")
    seen = {each["id"] for each in worker.get("/features/cameras?bbox=123,47,125,48&zoom=16").json()["features"]}
    west = {f"cameras:{row['id']}" for row in house.admin.execute(f"select id from camera where district_code = '{WEST}'")}  # type: ignore[call-overload]
    assert seen == west
    assert boss.post("/admin/appointment/end", appointment=str(new["id"])).status_code == 200
    assert [each["code"] for each in held(house, "worker")] == ["grid_worker"]
    after = {each["id"] for each in worker.get("/features/cameras?bbox=123,47,125,48&zoom=16").json()["features"]}
    assert after < seen


def test_a_refused_role_never_counts(house: House) -> None:
    boss, guard = house.signed_in("boss"), house.signed_in("guard")
    assert boss.post("/admin/appointment", name="worker", role="leader", area="*").status_code == 200
    (new,) = (each for each in held(house, "worker") if each["code"] == "leader")
    assert guard.post("/admin/appointment/settle", appointment=str(new["id"]), word="refuse").status_code == 200
    assert [each["code"] for each in held(house, "worker")] == ["grid_worker"]
    assert guard.post("/admin/appointment", name="worker", role="leader", area="*").status_code == 422  # not the guard's to propose
    assert boss.post("/admin/appointment", name="boss", role="leader", area="*").status_code == 422  # nor anybody's for themselves


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "worker", "role": "king", "area": "*"}, {"name": "nobody", "role": "leader", "area": "*"}, {"name": "worker", "role": "leader"},
        {"name": "worker", "role": "leader", "area": "*", "grid": GRID}, {"name": "worker", "role": "leader", "area": "999999"},
        {"name": "worker", "role": "leader", "grid": "x'; drop table account"}, {"name": "worker", "role": "leader", "area": "*", "until": "soon"},
        {"name": "worker", "role": "leader", "area": "*", "since": "0001-01-01"},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_sentence(house: House, fields: dict[str, str]) -> None:
    before = held(house, "worker")
    told = house.signed_in("boss").post("/admin/appointment", **fields)
    assert told.status_code == 422 and "plain-said bad" in told.text and "出错，已记入日志" not in told.text
    assert held(house, "worker") == before


def test_the_last_administrator_keeps_the_role(house: House) -> None:
    (only,) = held(house, "guard")
    told = house.signed_in("boss").post("/admin/appointment/end", appointment=str(only["id"]))
    assert told.status_code == 422 and "最后一个" in told.text
    assert house.signed_in("guard").get("/admin").status_code == 200


def test_a_reset_at_the_screen_shows_a_password_once_and_waits(house: House) -> None:
    house.account("forgetful", "leader")
    told = house.signed_in("boss").post("/admin/reset", name="forgetful")
    password = re.search(r"([A-Za-z2-9]{4}-){3}[A-Za-z2-9]{4}", told.text)
    assert told.status_code == 200 and password is not None
    assert house.person().sign_in("forgetful", password[0]).status_code == 401
    assert house.signed_in("guard").post("/admin/reset", name="forgetful").status_code == 422  # not the guard's to do
    assert password[0] not in house.signed_in("boss").get("/admin").text


def test_every_permission_has_words(house: House) -> None:
    rows = store.asked(house.connection, OPERATOR, store.roles_request())
    assert {said for row in rows for said in row["permissions"]} == set(PERMISSIONS)
    page = house.signed_in("guard").get("/admin/roles?lang=en").text
    assert all(row["title_en"] in page for row in rows) and "propose accounts" in page


def test_a_list_is_taken_whole_and_waits(house: House) -> None:
    body = workbook([
        ("li.na", "李娜", "网格员", "", GRID, "网格管理", "2031-06-30"),
        ("ZHANG.W", "张<b>伟</b>", "dispatcher", STREET, "", "", ""),
        ("zhao", "赵强", "Leader", "*", "", "", ""),
    ])  # fmt: skip
    told = import_of(house.signed_in("boss"), body)
    assert told.status_code == 200 and told.headers["cache-control"] == "no-store" and "<b>伟" not in told.text
    passwords = re.findall(r"<code>([A-Za-z2-9-]{19})</code>", told.text)
    assert len(set(passwords)) == 3 and {"li.na", "zhang.w", "zhao"} <= names(house)
    (worker,) = held(house, "li.na")
    assert (worker["grid"], worker["centre"]) == (GRID, "grid") and datetime.fromisoformat(worker["until"]) == datetime(2031, 7, 1, tzinfo=ZONE)
    assert house.person().sign_in("zhao", passwords[2]).status_code == 401
    number = house.admin.execute("select id from account where name = 'zhao'").fetchone()["id"]  # type: ignore[index,call-overload]
    house.signed_in("guard").post("/admin/settle", account=str(number), word="approve")
    assert house.person().sign_in("zhao", passwords[2]).status_code == 303


FAULTY = [
    ([("ok1", "好", "leader", "*", "", "", ""), ("Bad Name", "x", "leader", "*", "", "", "")], HEADS, "第 3 行：账号名"),
    ([("ok1", "好", "leader", "*", "", "", ""), ("ok1", "二", "leader", "*", "", "", "")], HEADS, "第 3 行：已有账号 ok1"),
    ([("boss", "好", "leader", "*", "", "", "")], HEADS, "第 2 行：已有账号 boss"),
    ([("ok1", "", "leader", "*", "", "", "")], HEADS, "第 2 行：姓名"),
    ([("ok1", "好", "国王", "*", "", "", "")], HEADS, "没有岗位“国王”"),
    ([("ok1", "好", "leader", "", "", "", "")], HEADS, "填一个"),
    ([("ok1", "好", "leader", "*", GRID, "", "")], HEADS, "填一个"),
    ([("ok1", "好", "leader", "*", "", "太空", "")], HEADS, "没有中心“太空”"),
    ([("ok1", "好", "leader", "*", "", "", "明年")], HEADS, "不是日期"),
    ([("ok1", "好", "leader", "*", "", "", ""), ("ok2", "好", "leader", "999999", "", "", "")], HEADS, "没有代码为 999999 的"),
    ([("ok1", "好", "leader", "*")], ("账号", "姓名", "职务", "辖区代码"), "缺少表头：岗位"),
    ([], HEADS, "没有账号"),
]


@pytest.mark.parametrize(("rows", "heads", "sentence"), FAULTY)
def test_a_list_with_one_fault_changes_nothing(house: House, rows: list[tuple[str, ...]], heads: tuple[str, ...], sentence: str) -> None:
    before = names(house)
    told = import_of(house.signed_in("boss"), workbook(rows, heads))
    assert told.status_code == 422 and sentence in told.text, told.text
    assert names(house) == before


def test_what_is_no_list_is_refused(house: House) -> None:
    boss, before = house.signed_in("boss"), names(house)
    for body in (b"", b"name,title\nx,y\n", b"PK\x03\x04 not a zip", workbook([])[:500]):
        assert import_of(boss, body).status_code == 422
    origin = str(boss.client.base_url).rstrip("/")
    for sent in ({"data": {"file": "text"}}, {"content": b"--x", "headers": {"content-type": "multipart/form-data; boundary=x"}}):
        headers = {"origin": origin, **sent.pop("headers", {})}  # type: ignore[dict-item]
        assert boss.client.post("/admin/import", headers=headers, **sent).status_code == 422  # type: ignore[arg-type]
    too_large = boss.client.post("/admin/import", files={"file": ("x.xlsx", b"0" * (3 << 20))}, headers={"origin": origin})
    assert too_large.status_code == 422
    foreign = boss.client.post("/admin/import", files={"file": ("x.xlsx", workbook([]))}, headers={"origin": "https://elsewhere.example"})
    assert foreign.status_code == 403
    assert import_of(house.signed_in("guard"), workbook([("ok1", "好", "leader", "*", "", "", "")])).status_code == 422
    assert import_of(house.signed_in("worker"), workbook([])).status_code == 403
    assert names(house) == before


def test_the_command_line_takes_the_same_list(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "list.xlsx"
    file.write_bytes(workbook([("by.shell", "壳", "verifier", STREET, "", "", "")]))
    (entry,) = accounts.add_all(house.connection, sheet_rows(file), ZONE)
    assert (entry.name, entry.place.area) == ("by.shell", STREET) and "by.shell" in names(house)
    with pytest.raises(BadInput, match=r"account by\.shell already"):
        accounts.add_all(house.connection, sheet_rows(file), ZONE)
    monkeypatch.setenv("COMMANDCENTER_DATA_DIR", str(tmp_path))
    assert main(["user", "import", str(tmp_path / "missing.xlsx")]) == 1
    assert "missing.xlsx" in capsys.readouterr().err
