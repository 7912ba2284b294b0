"""What a table does not take: a row's value is quarantined with the rule, what nobody foresaw leaves the file unwritten with a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from commandcenter.city import load_city
from commandcenter.db.run import acting
from commandcenter.db.schema import Base
from commandcenter.errors import BadInput
from commandcenter.security.builtin import STEWARD
from ingest.checks import checks_of
from ingest.load import load_file
from ingest.mapping import TARGETS, load_mapping

CITY = load_city("longsha")
CAMERAS = """target = "camera"
reader = "csv"
crs = "EPSG:4326"
geometry = "point"
key = ["id"]
title = { zh = "监控", en = "Cameras" }
owner = "o"
licence = "l"
attribution = "a"
cadence = "once"
[place]
lon = "lon"
lat = "lat"
[constants]
shape = "bullet"
[columns]
name = { from = "id" }
status = { from = "status" }
azimuth_deg = { from = "azimuth", kind = "real" }
hfov_deg = { from = "hfov", kind = "real" }
width_px = { from = "width", kind = "integer" }
"""
GOOD = "1,working,359.5,360,1920,123.95,47.31"


CELLS = """target = "unit_cell"
reader = "geojson"
crs = "EPSG:4326"
geometry = "polygon"
key = ["id"]
title = { zh = "单元网格", en = "Unit cells" }
owner = "o"
licence = "l"
attribution = "a"
cadence = "once"
[columns]
code = { from = "code" }
[constants]
code_system = "unit_cell"
area_m2 = 1.0
"""


def files(folder: Path, *lines: str) -> tuple[Path, Path]:
    mapping, table = folder / "cameras.toml", folder / "cameras.csv"
    mapping.write_text(CAMERAS, encoding="utf-8")
    table.write_text("\n".join(["id,status,azimuth,hfov,width,lon,lat", GOOD, *lines, ""]), encoding="utf-8")
    return mapping, table


@pytest.mark.parametrize(
    ("line", "rule", "field", "said"),
    [
        ("2,fine,10,60,1920,123.95,47.31", "not_allowed", "status", "working, faulty, unknown"),
        ("2,working,360,60,1920,123.95,47.31", "out_of_range", "azimuth_deg", "< 360"),
        ("2,working,-1,60,1920,123.95,47.31", "out_of_range", "azimuth_deg", ">= 0"),
        ("2,working,10,0,1920,123.95,47.31", "out_of_range", "hfov_deg", "> 0"),
    ],
)
def test_a_value_the_table_does_not_take_is_quarantined_and_the_rest_loads(
    open_database: psycopg.Connection, tmp_path: Path, line: str, rule: str, field: str, said: str
) -> None:
    mapping, table = files(tmp_path, line)
    report = load_file(open_database, STEWARD, load_mapping(mapping), table, CITY)
    assert (report.tally.loaded, report.tally.by_rule) == (1, {rule: 1})
    assert report.first_refusal is not None
    where, finding = report.first_refusal
    assert (where, finding.field) == ("3", field)
    assert said in finding.sentence.en and said in finding.sentence.zh


def test_a_number_that_no_column_holds_is_quarantined(open_database: psycopg.Connection, tmp_path: Path) -> None:
    mapping, table = files(tmp_path, "2,working,10,60,99999999999,123.95,47.31")
    report = load_file(open_database, STEWARD, load_mapping(mapping), table, CITY)
    assert report.tally.by_rule == {"out_of_range": 1}


def test_what_nobody_foresaw_is_one_sentence_and_a_failed_run(open_database: psycopg.Connection, tmp_path: Path) -> None:
    """Two rows of different keys, one code: only the table knows that a code is never given twice."""
    mapping = tmp_path / "cells.toml"
    mapping.write_text(CELLS, encoding="utf-8")
    square = [[[123.95, 47.31], [123.951, 47.31], [123.951, 47.311], [123.95, 47.31]]]
    features = [{"type": "Feature", "properties": {"id": n, "code": "7"}, "geometry": {"type": "Polygon", "coordinates": square}} for n in (1, 2)]
    table = tmp_path / "cells.geojson"
    table.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    with pytest.raises(BadInput) as fault:
        load_file(open_database, STEWARD, load_mapping(mapping), table, CITY)
    assert "cells.geojson" in fault.value.sentence.en and "unit_cell" in fault.value.sentence.zh and "\n" not in fault.value.sentence.en
    with acting(open_database, STEWARD):
        assert open_database.execute("select count(*) from unit_cell").fetchone() == (0,)
        assert open_database.execute("select status, loaded from ingest_run").fetchall() == [("failed", 0)]


def test_every_closed_list_of_a_target_is_asked_before_the_database_does() -> None:
    """A CHECK on one column that ingest would not know of leaves a whole file unwritten."""
    for target in TARGETS:
        known = {check.column for check in checks_of(target)}
        for constraint in Base.metadata.tables[target].constraints:
            # The metric shape of a grid is the loader's own, a case's relations are the engine's: no mapping can get them wrong.
            if type(constraint).__name__ == "CheckConstraint" and constraint.name not in ("geom_metric_has_srid", "not_its_own_parent"):
                assert constraint.info and constraint.info["column"] in known, (target, constraint.name)
    assert {check.column for check in checks_of("camera")} >= {"status", "azimuth_deg", "hfov_deg"}


def test_only_tables_of_sourced_rows_are_targets(tmp_path: Path) -> None:
    mapping, _ = files(tmp_path)
    mapping.write_text(CAMERAS.replace('target = "camera"', 'target = "grid_plan"'), encoding="utf-8")
    with pytest.raises(BadInput) as fault:
        load_mapping(mapping)
    assert "grid_plan" in fault.value.sentence.en
