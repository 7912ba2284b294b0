"""Moments as people write them: three styles in one column, years of two digits, cases closed before they were reported."""

from __future__ import annotations

from pathlib import Path

import psycopg

from commandcenter.city import load_city
from commandcenter.db.run import acting
from commandcenter.security.builtin import STEWARD
from ingest.contract import Mapping
from ingest.load import Report, load_file
from ingest.mapping import load_mapping

CITY = load_city("longsha")
MAPPING = """target = "cases"
reader = "csv"
crs = "EPSG:4326"
geometry = "point"
key = ["number"]
title = {{ zh = "诉求", en = "Requests" }}
owner = "o"
licence = "l"
attribution = "a"
cadence = "once"
derive = ["case_course"]
[place]
lon = "lon"
lat = "lat"
[constants]
kind = "hotline"
major = "m"
minor = "n"
origin = "public"
state = "pending_handle"
[columns]
number = {{ from = "number", required = true }}
reported_at = {{ from = "reported", kind = "moment", format = {formats}, required = true }}
closed_at = {{ from = "closed", kind = "moment", format = {formats} }}
"""


def a_mapping(folder: Path, *formats: str) -> Mapping:
    path = folder / "requests.toml"
    path.write_text(MAPPING.format(formats=list(formats)), encoding="utf-8")
    return load_mapping(path)


def load(connection: psycopg.Connection, mapping: Mapping, folder: Path, *moments: str) -> Report:
    path = folder / "requests.csv"
    rows = [f"{number},{written},123.95,47.31" for number, written in enumerate(moments, 1)]
    path.write_text("\n".join(["number,reported,closed,lon,lat", *rows, ""]), encoding="utf-8")
    report = load_file(connection, STEWARD, mapping, path, CITY)
    assert report.tally.adds_up
    return report


def told(connection: psycopg.Connection) -> list[tuple[str, str, str | None, str]]:
    """Number, the two moments on the city's clock, and the state."""
    with acting(connection, STEWARD):
        return connection.execute(
            "select number, to_char(reported_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI'),"
            " to_char(closed_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI'), state from cases order by number::int"
        ).fetchall()


def test_three_styles_in_one_column(open_database: psycopg.Connection, tmp_path: Path) -> None:
    """Each style that the mapping names is read; a fourth costs its row, and no day changes places with its month."""
    mapping = a_mapping(tmp_path, "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M", "%Y年%m月%d日 %H:%M")
    styles = ("2026-03-04 08:00,", "04/03/2026 08:00,", "2026年3月4日 08:00,", "Mar 4 2026 08:00,", "2026-13-04 08:00,", "25/12/2026 08:00,")
    report = load(open_database, mapping, tmp_path, *styles)
    assert [moment for _, moment, _, _ in told(open_database)] == ["2026-03-04 08:00"] * 3 + ["2026-12-25 08:00"]
    assert (report.tally.loaded, report.tally.quarantined) == (4, 2)
    with acting(open_database, STEWARD):
        refused = open_database.execute("select line, field, sentence_en from quarantine order by line").fetchall()
    assert [(line, field) for line, field, _ in refused] == [("5", "reported"), ("6", "reported")]
    assert all("%d/%m/%Y %H:%M" in sentence for _, _, sentence in refused)


def test_years_of_two_digits(open_database: psycopg.Connection, tmp_path: Path) -> None:
    """They are read where the mapping says so, and never where it asks for four."""
    assert load(open_database, a_mapping(tmp_path, "%d.%m.%Y"), tmp_path, "04.03.26,", "04.03.2026,").tally.loaded == 1
    report = load(open_database, a_mapping(tmp_path, "%d.%m.%y", "%d.%m.%Y"), tmp_path, "04.03.26,", "04.03.2026,")
    assert report.tally.quarantined == 0
    assert [moment for _, moment, _, _ in told(open_database)] == ["2026-03-04 00:00"] * 2


def test_closed_before_reported(open_database: psycopg.Connection, tmp_path: Path) -> None:
    mapping = a_mapping(tmp_path, "%Y-%m-%d %H:%M")
    report = load(open_database, mapping, tmp_path, "2026-03-04 08:00,2026-03-04 07:59", "2026-03-04 08:00,2026-03-04 08:00", "2026-03-04 08:00,")
    assert report.tally.by_rule == {"closed_before_reported": 1}
    assert [(number, closed, state) for number, _, closed, state in told(open_database)] == [
        ("2", "2026-03-04 08:00", "closed"), ("3", None, "pending_handle"),
    ]  # fmt: skip
