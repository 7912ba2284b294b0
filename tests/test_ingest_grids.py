"""A city's own grids come by mapping: one file is one plan, checked before it is stored, published, replaced and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import shapely
from psycopg.rows import dict_row
from shapely.geometry.base import BaseGeometry

from commandcenter.db.registers import write_source
from commandcenter.db.request import SqlRequest
from commandcenter.db.run import acting
from commandcenter.errors import BadInput
from commandcenter.security.builtin import STEWARD
from ingest import store
from ingest.contract import Mapping
from ingest.desk import store as store_of_desk
from ingest.ledger import store as ledger
from ingest.load import load_file
from ingest.mapping import load_mapping
from ingest.moved import Moved
from ingest.store import source_of
from layers.honesty import SHOWN
from tests.city import GRIDS, HOME
from tests.conftest import TestDatabase
from tests.ingesting import CITY, asked, load, withdrawn
from tests.shapes import rectangle, square

MAPPING = """target = "grid"
reader = "geojson"
crs = "EPSG:4326"
geometry = "polygon"
key = ["code"]
title = {{ zh = "新网格", en = "New grids" }}
owner = "o"
licence = "l"
attribution = "a"
cadence = "once"
[plan]
code = "{plan}"
title = "新方案"
title_en = "New plan"
rule = "300-500"
published = {published}
{codes}
[columns]
code = {{ from = "code", required = true }}
name = {{ from = "name", required = true }}
{columns}
"""
PLANS = "select code, status from grid_plan order by code"
STANDING = (
    "select g.code, g.households, g.households_estimated, g.district_code, g.street_code, g.community_code from grid g"
    " join grid_plan p on p.id = g.plan_id where p.code = %s and g.gone_run_id is null order by g.code"
)
# Two halves of the western city and two of the eastern.
WHOLE = {
    "230202001006101": rectangle(-600, 0, 0, 300),
    "230202001007101": rectangle(-600, 300, 0, 600),
    "230203001001101": rectangle(0, 0, 600, 300),
    "230203001002101": rectangle(0, 300, 600, 600),
}


@pytest.fixture
def city(own_city: TestDatabase) -> Iterator[psycopg.Connection]:
    """The little city, in a database of this test alone; each case knows the grid it was born in."""
    with own_city.connect() as connection:
        with acting(connection, STEWARD):
            store.remember_birth_grid(connection)
        connection.commit()
        connection.autocommit = True
        yield connection


def a_mapping(folder: Path, name: str = "new_grids", plan: str = "new", published: bool = True, codes: str = "", columns: str = "") -> Mapping:
    path = folder / f"{name}.toml"
    path.write_text(MAPPING.format(plan=plan, published=str(published).lower(), codes=codes, columns=columns), encoding="utf-8")
    return load_mapping(path)


def grids(folder: Path, shapes: dict[str, BaseGeometry], **more: Any) -> Path:
    path = folder / "grids.geojson"
    features = [
        {"type": "Feature", "properties": {"code": code, "name": f"{code[-3:]}网格", **more}, "geometry": shapely.geometry.mapping(HOME.on_earth(shape))}
        for code, shape in shapes.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def state(connection: psycopg.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All that a plan touches."""
    return {
        "plans": asked(connection, "select code, title, title_en, rule, status, valid_from, valid_to from grid_plan order by code"),
        "grids": asked(
            connection,
            "select g.source_key, plan_id, g.code, households, persons, households_estimated, district_code, street_code, community_code,"
            " ST_AsEWKB(geom_3857_mid), case when p.status = 'published' then array[open_cases, overdue_cases, cameras, cameras_working] end"
            " from grid g join grid_plan p on p.id = g.plan_id order by g.source, g.source_key",
        ),
        **{
            table: asked(connection, f"select source_key, district_code, street_code, community_code, grid_code from {table} order by source_key")
            for table in ("building", "camera", "cases", "household_count")
        },
    }


def test_a_plan_is_published_and_taken_back(city: psycopg.Connection, tmp_path: Path) -> None:
    before = state(city)
    report = load(city, a_mapping(tmp_path), grids(tmp_path, WHOLE))
    assert (report.tally.loaded, report.tally.quarantined) == (4, 0)
    assert asked(city, PLANS) == [("new", "published"), ("next", "draft"), ("today", "retired")]
    inside = dict(asked(city, "select grid_code, sum(resident)::int from household_count where grid_code is not null group by 1"))
    stand = asked(city, STANDING, "new")
    assert [row[0] for row in stand] == list(WHOLE)
    assert {row[0]: row[1] for row in stand} == {code: inside.get(code, 0) for code in WHOLE}
    assert sum(inside.values()) > 0
    assert [row[3:] for row in stand][1:] == [
        (code[:6], code[:9], code[:12]) for code in list(WHOLE)[1:]
    ]
    # Everything placed lies in a grid of the new plan now, or in none.
    for table in ("building", "camera", "cases", "household_count", "service_point"):
        codes = {code for (code,) in asked(city, f"select distinct grid_code from {table} where grid_code is not null")}
        assert codes and codes <= set(WHOLE), table
    # Cases keep the grid they were born in, and grids are counted anew.
    assert asked(city, "select count(*) from cases where born_grid_code = any(%s)", list(WHOLE)) == [(0,)]
    open_cases = dict(asked(city, "select grid_code, count(*) from cases where is_open and grid_code is not null group by 1"))
    assert dict(asked(city, "select code, open_cases from grid where open_cases > 0 and code = any(%s)", list(WHOLE))) == open_cases
    # The same file again changes nothing.
    again = load(city, a_mapping(tmp_path), grids(tmp_path, WHOLE))
    assert (again.tally.loaded, again.tally.unchanged) == (0, 4)
    withdrawn(city, report.run_id)
    assert state(city) == before


def test_a_draft_moves_nothing_until_it_is_published(city: psycopg.Connection, tmp_path: Path) -> None:
    before = state(city)
    draft = load(city, a_mapping(tmp_path, published=False), grids(tmp_path, WHOLE))
    after = state(city)
    named = f"select name from source where target = 'grid' and {SHOWN}"
    assert asked(city, named) == [("test_grid",)]
    assert {table: after[table] for table in ("building", "cases", "camera")} == {table: before[table] for table in ("building", "cases", "camera")}
    assert asked(city, PLANS) == [("new", "draft"), ("next", "draft"), ("today", "published")]
    published = load(city, a_mapping(tmp_path), grids(tmp_path, WHOLE))
    assert (published.tally.loaded, published.tally.unchanged) == (0, 4)
    assert asked(city, PLANS)[0] == ("new", "published")
    assert asked(city, named) == [("new_grids",)], "the wall names only sources of the plan it shows"
    assert {code for (code,) in asked(city, "select distinct grid_code from building where grid_code is not null")} <= set(WHOLE)
    with pytest.raises(BadInput, match=str(published.run_id)):
        withdrawn(city, draft.run_id)
    withdrawn(city, published.run_id)
    assert state(city) == after
    withdrawn(city, draft.run_id)
    assert state(city) == before


def test_a_set_with_a_gap_or_an_overlap_is_refused_whole(city: psycopg.Connection, tmp_path: Path) -> None:
    before = state(city)
    for shape, said in ((rectangle(-600, 0, -0.5, 300), "gap"), (rectangle(-600, 0, 5, 300), "overlap")):
        with pytest.raises(BadInput, match=said):
            load(city, a_mapping(tmp_path), grids(tmp_path, {**WHOLE, "230202001006101": shape}))
        assert state(city) == before
        dry = load(city, a_mapping(tmp_path), grids(tmp_path, {**WHOLE, "230202001006101": shape}), dry_run=True)
        assert dry.warning is not None and said in dry.warning.en and "turned back" in dry.warning.en
    assert state(city) == before


def test_the_desks_preview_shows_where_a_set_is_faulty(city: psycopg.Connection, tmp_path: Path) -> None:
    """Each gap is a place on the map and a line that leads to it, before anything is stored."""
    path = grids(tmp_path, {**WHOLE, "230202001006101": rectangle(-600, 0, -0.5, 300)})
    mapping = a_mapping(tmp_path)
    with acting(city, STEWARD):
        write_source(city, source_of(mapping, Moved(0, None)))
        run = ledger.begin_run(city, mapping, ledger.Delivery(path.name, "0", None, "dry_run"), STEWARD.id)
        city.execute("update ingest_run set status = 'queued' where id = %s", [run])  # as the desk asks for it
    load_file(city, STEWARD, mapping, path, CITY, dry_run=True, run_id=run)
    shown = store_of_desk.preview_request(run)
    with acting(city, STEWARD):
        drawn = city.execute(shown.sql, shown.params).fetchall()
        listed = city.cursor(row_factory=dict_row).execute(*_asked(store_of_desk.findings_request(run, 10))).fetchall()
    assert [row[0] for row in drawn].count("noticed") == 1
    (gap,) = [shapely.from_geojson(row[-1]) for row in drawn if row[0] == "noticed"]
    (line,) = listed
    assert line["rule"] == "gap" and line["line"] == "" and shapely.distance(gap, shapely.Point(line["lon"], line["lat"])) < 1e-5


def _asked(request: SqlRequest) -> tuple[Any, Any]:
    return request.sql, request.params


def test_what_is_wrong_with_a_grid(city: psycopg.Connection, tmp_path: Path) -> None:
    """A code of another grammar, two parts, fewer than no households: each in quarantine with its reason."""
    mapping = a_mapping(tmp_path, columns='households = { from = "homes", kind = "integer" }\n[polygon_set]\nfaults = "report"')
    path = grids(tmp_path, WHOLE, homes=350)
    told = json.loads(path.read_text(encoding="utf-8"))
    first, second, third, fourth = told["features"]
    first["properties"]["code"] = "2302-1"
    parts = shapely.MultiPolygon([HOME.on_earth(square(-600, 300, 100)), HOME.on_earth(square(-300, 300, 100))])
    second["geometry"] = shapely.geometry.mapping(parts)
    third["properties"]["homes"] = -1
    fourth["geometry"] = shapely.geometry.mapping(shapely.MultiPolygon([shapely.geometry.shape(fourth["geometry"])]))
    path.write_text(json.dumps(told), encoding="utf-8")
    report = load(city, mapping, path)
    assert report.tally.by_rule == {"grid_code": 1, "several_parts": 1, "out_of_range": 1}
    assert asked(city, STANDING, "new") == [("230203001002101", 350, False, "230203", "230203001", "230203001002")]


def test_odd_codes_may_be_findings(city: psycopg.Connection, tmp_path: Path) -> None:
    """A plan of another numbering, and a code that names another community than the place."""
    shapes = {"A-1": WHOLE["230202001006101"], "230203001002009": WHOLE["230203001001101"]}
    report = load(city, a_mapping(tmp_path, codes='codes = "report"'), grids(tmp_path, shapes))
    assert report.tally.loaded == 2
    found = dict(asked(city, "select source_key, rule from ingest_finding where run_id = %s", report.run_id))
    assert found == {"A-1": "grid_code", "230203001002009": "place_contradiction"}


def test_one_source_one_plan_and_no_code_twice(city: psycopg.Connection, tmp_path: Path) -> None:
    load(city, a_mapping(tmp_path), grids(tmp_path, WHOLE))
    with pytest.raises(BadInput, match="belong to the plan 'new'"):
        load(city, a_mapping(tmp_path, plan="other"), grids(tmp_path, WHOLE))
    taken = load(city, a_mapping(tmp_path, name="rival"), grids(tmp_path, WHOLE))
    assert taken.tally.by_rule == {"code_taken": 4}
    code = next(iter(GRIDS))
    (rows,) = asked(city, "select count(*) from grid where code = %s", code)
    assert rows == (1,)


def test_a_vanished_grid_holds_nothing(city: psycopg.Connection, tmp_path: Path) -> None:
    """A grid that the next file leaves out is marked, and what lay in it lies in none."""
    load(city, a_mapping(tmp_path), grids(tmp_path, WHOLE))
    was = state(city)
    without = {code: shape for code, shape in WHOLE.items() if code != "230203001002101"}
    report = load(city, a_mapping(tmp_path), grids(tmp_path, without), accept_vanished=True)
    assert report.tally.vanished == 1
    assert asked(city, "select count(*) from building where grid_code = '230203001002101'") == [(0,)]
    withdrawn(city, report.run_id)
    assert state(city) == was


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('geometry = "polygon"', 'geometry = "point"', "polygon"),
        ('key = ["code"]', 'key = ["name"]', "known by its code"),
        ('rule = "300-500"', 'rule = "500-300"', "households a grid"),
        ("[plan]", "[plann]", "plan"),
        ("name = {{", "geom_metric = {{", "geom_metric"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in MAPPING
    path = tmp_path / "wrong.toml"
    path.write_text(MAPPING.replace(old, new).format(plan="p", published="true", codes="", columns=""), encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        load_mapping(path)
