"""What a layer must admit: source, age, lateness, how many of how many; an error is a line, not an empty map."""

from __future__ import annotations

from typing import Any

import pytest

from commandcenter.actor import Actor
from layers import discover
from tests.city import HOME, OPERATOR, STREET
from tests.serving import ServedApplication

BBOX = ",".join(f"{v:.6f}" for v in (*HOME.lonlat(-700, -300), *HOME.lonlat(700, 700)))


def status(application: ServedApplication, zoom: int, more: str = "", actor: Actor = OPERATOR) -> dict[str, Any]:
    answer = application.get(f"/map/status.json?bbox={BBOX}&zoom={zoom}{more}", actor)
    assert answer.status_code == 200, answer.text
    return answer.json()["layers"]  # type: ignore[no-any-return]


def test_every_layer_has_its_line_with_source_and_age(application: ServedApplication) -> None:
    lines = status(application, 16)
    assert set(lines) == set(discover())
    for name, line in lines.items():
        assert line["error"] is None and line["synthetic"] is True and line["source"].startswith("测试"), name
        assert 6 * 3600 <= line["age_s"] < 7 * 3600, name
        assert line["from_zoom"] == discover()[name].min_zoom


def test_only_the_late_source_is_late(application: ServedApplication) -> None:
    assert {name for name, line in status(application, 16).items() if line["late"]} == {"cameras"}


def test_n_of_m_is_counted_in_the_view_and_grows_with_zoom(application: ServedApplication) -> None:
    seen = [status(application, zoom)["cameras"] for zoom in range(11, 18)]
    assert {line["total"] for line in seen} == {15}, "the one outside is not in the view"
    drawn = [line["drawn"] for line in seen]
    assert drawn == sorted(drawn) and drawn[0] < 15 and drawn[-1] == 15
    below = status(application, 10)["cameras"]
    assert (below["drawn"], below["total"]) == (None, None)


def test_the_count_is_the_actors_own_and_follows_the_filter(application: ServedApplication) -> None:
    whole = status(application, 17)["cameras"]["total"]
    street = status(application, 17, actor=STREET)["cameras"]["total"]
    working = status(application, 17, "&f.cameras.status=working")["cameras"]["total"]
    assert 0 < street < whole and working == 5


def test_asked_for_one_layer_it_answers_for_one(application: ServedApplication) -> None:
    assert set(status(application, 16, "&layers=cameras,grids,nowhere")) == {"cameras", "grids"}


@pytest.mark.parametrize("zoom", [-1, 23, 10**9])
def test_a_zoom_that_is_none_is_a_bad_request(application: ServedApplication, zoom: int) -> None:
    assert application.get(f"/map/status.json?bbox={BBOX}&zoom={zoom}", OPERATOR).status_code == 400
