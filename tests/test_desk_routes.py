"""The desk's doors: to whom they open, the workbook of refused rows as a spreadsheet reads it, the preview, the raw row."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import openpyxl
import psycopg
import pytest
from psycopg.types.json import Jsonb

from commandcenter.actor import Actor
from commandcenter.db.run import acting
from commandcenter.security.builtin import STEWARD
from commandcenter.text import Text
from ingest.desk import store
from ingest.desk.workbook import MORE, write_refused
from ingest.ledger.store import raw_blocks, write_raw
from tests.asking import ask
from tests.city import COMMUNITY, DATA_STEWARD, OPERATOR, STREET
from tests.conftest import TestDatabase
from tests.serving import ServedApplication
from tests.signing_in import sign_in
from tests.test_desk_commands import a_run, a_source, refused

ACTORS = (DATA_STEWARD, OPERATOR, STREET, COMMUNITY, None)
BOW_TIE = "SRID=4326;POLYGON((123 47,125 49,125 47,123 49,123 47))"
MENDED = "SRID=4326;MULTIPOLYGON(((123 47,124 48,123 49,123 47)),((125 49,125 47,124 48,125 49)))"
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"http://x\")")


@pytest.fixture
def desk(database: TestDatabase) -> Iterator[psycopg.Connection]:
    with database.connect() as connection:
        connection.autocommit = True
        with acting(connection, STEWARD):
            connection.execute("insert into layer_change (table_name) values ('camera')")  # so that the server knows a version to start with
        yield connection


@pytest.fixture
def served(desk: psycopg.Connection, database: TestDatabase, tmp_path: Path) -> Iterator[ServedApplication]:
    with ServedApplication(replace(database.settings, data_dir=tmp_path)) as application:
        yield application


def get(served: ServedApplication, path: str, actor: Actor | None = DATA_STEWARD) -> httpx2.Response:
    return served.get(path, actor)


def test_each_door_opens_for_whole_city_stewards(served: ServedApplication, desk: psycopg.Connection) -> None:
    run = a_run(desk, a_source(desk))
    refused(desk, run, "h")
    with acting(desk, STEWARD):
        write_raw(desk, run, raw_blocks([1], ["2"], ["甲,1"]))
    doors = {
        f"/data/refused/{run}.xlsx": [200, 403, 403, 403, 401],
        f"/data/refused/{run}.xlsx?lang=en": [200, 403, 403, 403, 401],
        f"/data/preview/{run}.json": [200, 403, 403, 403, 401],
        f"/data/raw/{run}/1": [200, 403, 403, 403, 401],
        f"/data/raw/{run}/2": [404, 403, 403, 403, 401],
        "/data/refused/999.xlsx": [404, 403, 403, 403, 401],
        "/data/preview/999.json": [404, 403, 403, 403, 401],
        "/data/raw/999/1": [404, 403, 403, 403, 401],
        f"/data/raw/{2**70}/{2**70}": [404, 403, 403, 403, 401],
        f"/data/refused/{run}.xlsx?lang=fr": [400, 400, 400, 400, 401],
        "/data/refused/x.xlsx": [400, 400, 400, 400, 401],
        "/data/upload": [404, 404, 404, 404, 401],
        "/data/uploads": [404] * 5,
        "/data/refused/": [404, 404, 404, 404, 401],
        "/data/preview/1": [404, 404, 404, 404, 401],
        "/data/raw/1": [404, 404, 404, 404, 401],
        "/data/nowhere": [404] * 5,
        "/data/nowhere/1": [404] * 5,
        "/database": [404] * 5,
    }
    assert {path: [get(served, path, actor).status_code for actor in ACTORS] for path in doors} == doors
    for path in doors:
        answer = get(served, path, OPERATOR)
        body = answer.json()
        assert body["status"] == answer.status_code and body["detail"] and body["detail_zh"] and body["id"], path


def test_a_run_names_who_asked_for_it_to_stewards_and_to_themselves(desk: psycopg.Connection, database: TestDatabase) -> None:
    run = a_run(desk, a_source(desk))
    mine = sign_in(database.settings, replace(DATA_STEWARD, title=Text("王丽", "王丽"))).actor
    with psycopg.connect(database.admin_dsn) as admin:
        admin.execute("update ingest_run set actor = %s, withdrawn_by = 'builtin:steward' where id = %s", [mine.id, run])
    with desk.transaction():
        rows = [ask(desk, actor, store.run_request(run))[0] for actor in (DATA_STEWARD, OPERATOR, replace(mine, permissions=OPERATOR.permissions))]
    assert [row["actor_title"] for row in rows] == ["王丽", None, "王丽"]
    assert {(row["actor"], row["withdrawn_by"], row["withdrawn_by_title"]) for row in rows} == {(mine.id, "builtin:steward", None)}


def sheet(served: ServedApplication, run: int, lang: str = "zh") -> tuple[Any, list[list[Any]]]:
    answer = get(served, f"/data/refused/{run}.xlsx?lang={lang}")
    assert answer.status_code == 200 and answer.headers["content-type"].endswith("spreadsheetml.sheet")
    assert f'filename="refused-{run}.xlsx"' in answer.headers["content-disposition"]
    assert int(answer.headers["content-length"]) == len(answer.content)
    page = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert page is not None
    return page, [list(row) for row in page.iter_rows()]


def test_the_workbook_says_what_was_refused_and_why_in_the_language_asked_for(served: ServedApplication, desk: psycopg.Connection) -> None:
    run = a_run(desk, a_source(desk))
    told = {"line": "3", "rule": "not_degrees", "field": "经度", "sentence": "不是度数。", "sentence_en": "Not degrees.", "raw": "甲,x"}
    refused(desk, run, "h1", {"名称": "甲", "经度": "x"}, **told)
    refused(desk, run, "h2", {"名称": "乙", "纬度": "47.3"}, line="4", raw="乙,47.3")
    refused(desk, a_run(desk, "cams"), "h3", {"别的": "1"})
    page, rows = sheet(served, run)
    assert page.freeze_panes == "A2"
    assert [[cell.value for cell in row] for row in rows] == [
        ["行", "规则", "字段", "原因", "名称", "纬度", "经度", "原始行"],
        ["3", "not_degrees", "经度", "不是度数。", "甲", None, "x", "甲,x"],
        ["4", "missing", None, "缺", "乙", "47.3", None, "乙,47.3"],
    ]
    page, rows = sheet(served, run, "en")
    assert [cell.value for cell in rows[0]] == ["Line", "Rule", "Field", "Reason", "名称", "纬度", "经度", "Raw row"]
    assert [cell.value for cell in rows[1]][3] == "Not degrees."


def test_what_looks_like_a_formula_is_text(served: ServedApplication, desk: psycopg.Connection) -> None:
    run = a_run(desk, a_source(desk))
    for n, text in enumerate(FORMULAS):
        refused(desk, run, f"h{n}", {"=A1": text}, raw=text, sentence=text, line=text)
    _, rows = sheet(served, run)
    cells = [cell for row in rows for cell in row if cell.value is not None and cell.value[0] in "=+-@"]
    assert len(cells) == 4 * len(FORMULAS) + 1
    assert {(cell.data_type, bool(cell.quotePrefix)) for cell in cells} == {("s", True)}


def test_what_no_spreadsheet_takes_is_made_fit(served: ServedApplication, desk: psycopg.Connection) -> None:
    run = a_run(desk, a_source(desk))
    refused(desk, run, "h", {"控\x0b制": "a\x08b\n二行\ud7ff", "长": "字" * 40_000}, raw="\x1b[31m")
    _, rows = sheet(served, run)
    told = [cell.value for cell in rows[1]]
    assert "控\ufffd制" in [cell.value for cell in rows[0]]
    assert "a\ufffdb\n二行\ud7ff" in told and "字" * 32_767 in told and "\ufffd[31m" in told


@pytest.mark.parametrize(("count", "written", "more"), [(0, 0, False), (4, 4, False), (5, 5, False), (6, 4, True), (9, 4, True)])
def test_more_rows_than_a_sheet_holds_are_said_in_its_last_row(desk: psycopg.Connection, count: int, written: int, more: bool) -> None:
    run = a_run(desk, a_source(desk))
    for n in range(count):
        refused(desk, run, f"h{n}", {"n": str(n)}, line=str(n))
    into = io.BytesIO()
    with acting(desk, DATA_STEWARD):
        assert write_refused(desk, run, "en", into, most_rows=5) == written
    page = openpyxl.load_workbook(into).active
    assert page is not None
    values = [row[0] for row in page.iter_rows(min_row=2, values_only=True)]
    assert values == [str(n) for n in range(written)] + [MORE.en] * more and len(values) <= 5


def test_many_rows_are_written_in_flat_memory(desk: psycopg.Connection, tmp_path: Path) -> None:
    run = a_run(desk, a_source(desk))
    with acting(desk, STEWARD):
        desk.execute(
            "insert into quarantine (run_id, line, rule, sentence, sentence_en, raw, fields)"
            " select %s, n::text, 'r', 's', 's', repeat('x', 4000), jsonb_build_object('n', n::text) from generate_series(1, 8000) n", [run]
        )  # fmt: skip
    with (tmp_path / "book.xlsx").open("wb") as into, acting(desk, DATA_STEWARD):
        tracemalloc.start()
        try:
            assert write_refused(desk, run, "zh", into) == 8_000
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 15 * 2**20, "32 MB of raw rows went through"


def test_the_preview_shows_what_would_be_loaded_refused_and_proposed(served: ServedApplication, desk: psycopg.Connection) -> None:
    run = a_run(desk, a_source(desk), kind="dry_run", rows_read=4, loaded=1, quarantined=3)
    with acting(desk, STEWARD):
        desk.execute(
            "insert into ingest_preview (run_id, line, source_key, geom) values (%s, '2', 'c2', 'SRID=4326;POINT(123.9 47.3)')", [run]
        )
    placed = refused(desk, run, "h1", line="3", source_key="c3", geom="SRID=4326;POINT(8.5 49.4)", rule="outside_city", sentence="城外", sentence_en="outside")
    crossed = refused(desk, run, "h2", geom=BOW_TIE, proposal=MENDED, rule="invalid")
    refused(desk, run, "h3")
    for lang, sentence in (("zh", "城外"), ("en", "outside")):
        answer = get(served, f"/data/preview/{run}.json?lang={lang}")
        assert answer.headers["content-type"].startswith("application/geo+json")
        body = answer.json()
        assert body["type"] == "FeatureCollection" and body["complete"] is True
        assert [(f["properties"]["kind"], f["properties"]["id"]) for f in body["features"]][1:] == [
            ("refused", placed), ("refused", crossed), ("proposed", crossed),
        ]  # fmt: skip
        accepted, outside, _, mended = body["features"]
        assert accepted["geometry"] == {"type": "Point", "coordinates": [123.9, 47.3]}
        assert (accepted["properties"]["line"], accepted["properties"]["key"]) == ("2", "c2")
        assert outside["properties"] == {"kind": "refused", "id": placed, "line": "3", "key": "c3", "rule": "outside_city", "sentence": sentence}
        assert mended["geometry"]["type"] == "MultiPolygon"


def test_a_preview_of_very_many_says_that_it_is_a_part(served: ServedApplication, desk: psycopg.Connection) -> None:
    run = a_run(desk, a_source(desk), kind="dry_run")
    with acting(desk, STEWARD):
        desk.execute(
            "insert into quarantine (run_id, line, rule, sentence, sentence_en, raw, geom)"
            " select %s, n::text, 'r', 's', 's', '', ST_SetSRID(ST_MakePoint(123 + n * 1e-4, 47), 4326) from generate_series(1, 5001) n", [run]
        )  # fmt: skip
    body = get(served, f"/data/preview/{run}.json").json()
    assert (len(body["features"]), body["complete"]) == (5_000, False)


def test_a_shape_of_very_many_points_is_thinned_for_the_eye(served: ServedApplication, desk: psycopg.Connection) -> None:
    run = a_run(desk, a_source(desk))
    with acting(desk, STEWARD):
        desk.execute(
            "insert into quarantine (run_id, line, rule, sentence, sentence_en, raw, fields, geom)"
            " select %s, '1', 'r', 's', 's', '', %s, ST_Buffer(ST_SetSRID(ST_MakePoint(123, 47), 4326), 0.5, 25000)", [run, Jsonb({})]
        )  # fmt: skip
    answer = get(served, f"/data/preview/{run}.json")
    (drawn,) = answer.json()["features"]
    assert drawn["geometry"]["type"] == "Polygon" and 8 <= len(drawn["geometry"]["coordinates"][0]) < 2_000


def test_the_raw_text_of_a_loaded_row(served: ServedApplication, desk: psycopg.Connection) -> None:
    run = a_run(desk, a_source(desk))
    numbers = [1, 2, 5, 1500, 1501]
    with acting(desk, STEWARD):
        write_raw(desk, run, raw_blocks(numbers, [f"line {n}" for n in numbers], [f"第{n}行,\x00" for n in numbers]))
    for number in numbers:
        assert get(served, f"/data/raw/{run}/{number}").json() == {"line": f"line {number}", "raw": f"第{number}行,\x00"}
    for number in (0, 3, 1499, 2**31, -1):
        answer = get(served, f"/data/raw/{run}/{number}")
        assert answer.status_code == 404 and str(number) in answer.json()["detail"]
