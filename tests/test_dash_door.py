"""The door of Dash's callbacks: no nonsense gets in, and a fault inside is told, logged and no other answer's business."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from commandcenter.pages.wall import answers, ids
from commandcenter.web.dash_door import LARGEST_BODY, PATH, SHAPES
from tests.city import build
from tests.serving import ServedApplication
from tests.test_accounts import House, Person


@pytest.fixture(scope="module")
def person(clone: Callable[[str], Any]) -> Iterator[Person]:
    made = clone("callbacks")
    with made.connect() as connection, psycopg.connect(made.admin_dsn, autocommit=True) as admin:
        build(connection)
        connection.autocommit = True
        with ServedApplication(replace(made.settings, city="heidelberg")) as served:
            house = House(served, made, connection, admin)
            house.account("duty", "shift_leader")
            yield house.signed_in("duty")


def numbers(value: Any = None, **changes: Any) -> dict[str, Any]:
    """The wall's question for its numbers."""
    asked: dict[str, Any] = {
        "output": f"..{ids.STRIP}.children...{ids.QUEUE}.children..",
        "outputs": [{"id": ids.STRIP, "property": "children"}, {"id": ids.QUEUE, "property": "children"}],
        "inputs": [{"id": ids.ASK, "property": "data", "value": {"preset": "overview", "language": "zh"} if value is None else value}],
        "changedPropIds": [f"{ids.ASK}.data"],
        "state": [],
    }
    return asked | changes


def ask(person: Person, body: Any) -> Any:
    return person.client.post(PATH, json=body, headers={"origin": str(person.client.base_url)})


def test_a_page_left_open_is_answered_before_anybody_opened_one(person: Person) -> None:
    """The first request of this served application is a callback, as after a restart below open walls."""
    answer = ask(person, numbers())
    assert answer.status_code == 200 and "未结事项" in str(answer.json())


@pytest.mark.parametrize(
    "changes",
    [
        {"output": "nothing.children"}, {"output": None}, {"inputs": []}, {"inputs": [{"id": ids.ASK, "property": "data", "value": "text"}]},
        {"inputs": [{"id": "other", "property": "data", "value": {}}]}, {"state": [{"id": "x", "property": "data"}]}, {"changedPropIds": [1]},
        {"outputs": "x"}, {"outputs": [{"id": {"type": "x"}, "property": "children"}]},
    ],
)  # fmt: skip
def test_what_no_page_asks_is_refused(person: Person, changes: dict[str, Any]) -> None:
    answer = ask(person, numbers(**changes))
    assert answer.status_code == 400 and answer.json()["detail_zh"] == "这不是本页面的请求。"


def test_a_body_without_end_is_refused(person: Person) -> None:
    answer = person.client.post(PATH, content=b"[" * (LARGEST_BODY + 2), headers={"origin": str(person.client.base_url)})
    assert answer.status_code == 400
    assert person.client.post(PATH, content=b"[" * 100_000).status_code == 400


def test_a_fault_inside_is_told_with_an_id_and_kept_in_the_log(person: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret words of the inside")

    monkeypatch.setattr(answers, "strip", broken)
    with caplog.at_level(logging.ERROR):
        answer = ask(person, numbers())
    said = answer.json()
    assert answer.status_code == 500 and said["id"] and "请把编号告诉管理员" in said["detail_zh"]
    assert "secret words" not in answer.text
    assert said["id"] in caplog.text and "secret words of the inside" in caplog.text
    monkeypatch.undo()
    assert ask(person, numbers()).status_code == 200


def test_every_property_of_our_callbacks_has_its_shape(person: Person) -> None:
    known = person.get("/_dash-dependencies").json()
    used = {part["property"] for each in known if each["clientside_function"] is None for part in each["inputs"] + each["state"]}
    assert used == set(SHAPES)


@pytest.mark.parametrize("path", ["/_dash-component-suites/dash/nothing.js", "/_dash-component-suites/dash/none/nothing.js"])
def test_a_file_that_dash_does_not_have_is_not_found(person: Person, path: str) -> None:
    assert person.get(path).status_code == 404
