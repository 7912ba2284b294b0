"""Files into a real database: the four numbers add up, a second run changes nothing, a broken file leaves nothing."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest

from commandcenter.city import City, load_city
from commandcenter.db.run import acting
from commandcenter.errors import BadInput
from commandcenter.security.builtin import STEWARD
from ingest.load import Report, load_file
from ingest.mapping import load_mapping
from tests.test_ingest_steps import a_mapping, csv_file, feature, geojson_file

CITY = load_city("longsha")
NEW_YORK = ZoneInfo("America/New_York")
EACH_FILE = [
    ("manhattan", "manhattan_roads", "osm/manhattan_south_roads.geojson.gz", 14_484, 2_478),
    ("manhattan", "nyc_311", "cases/nyc_311_sample.csv.gz", 6_765, 5_635),
    ("heidelberg", "osm_buildings", "osm/heidelberg_altstadt.osm.pbf", 1_371, 1),
    ("heidelberg", "osm_base_map", "osm/heidelberg_altstadt.osm.pbf", 605, 1),
    ("heidelberg", "osm_cameras", "osm/heidelberg_altstadt.osm.pbf", 5, 0),
    ("heidelberg", "osm_service_points", "osm/heidelberg_altstadt.osm.pbf", 74, 0),
    ("heidelberg", "osm_street_furniture", "osm/heidelberg_altstadt.osm.pbf", 561, 0),
]


def load(connection: psycopg.Connection, mapping: str | Path, path: Path, city: City = CITY, dry_run: bool = False) -> Report:
    report = load_file(connection, STEWARD, load_mapping(mapping), path, city, dry_run=dry_run)
    assert report.tally.adds_up, report.as_json
    return report


def numbers(connection: psycopg.Connection, sql: str) -> tuple[int, ...]:
    with acting(connection, STEWARD):
        row = connection.execute(sql).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return tuple(row)


@pytest.mark.parametrize(("key", "mapping", "file", "read", "quarantined"), EACH_FILE, ids=[row[1] for row in EACH_FILE])
def test_every_row_is_counted_and_a_second_run_changes_nothing(
    open_database: psycopg.Connection, test_data: Path, key: str, mapping: str, file: str, read: int | None, quarantined: int | None
) -> None:
    city, path = load_city(key), test_data / file
    first = load(open_database, mapping, path, city)
    assert first.tally.loaded and not first.tally.unchanged
    assert read in (None, first.tally.read) and quarantined in (None, first.tally.quarantined)
    assert numbers(open_database, f"select count(*) from {first.target}") == (first.tally.loaded,)
    assert numbers(open_database, "select count(*) from quarantine") == (first.tally.quarantined,)
    assert numbers(open_database, "select row_count from source") == (first.tally.loaded,)
    changes = "select count(*) from layer_change where table_name = '{}'"
    told = numbers(open_database, changes.format(first.target))
    second = load(open_database, mapping, path, city)
    assert (second.tally.loaded, second.tally.unchanged) == (0, first.tally.loaded)
    assert second.tally.quarantined == first.tally.quarantined
    assert numbers(open_database, changes.format(first.target)) == told, "the second run told the walls of a change"


def test_a_changed_row_is_written_and_only_that(open_database: psycopg.Connection, tmp_path: Path) -> None:
    a_mapping(tmp_path, "geojson")
    mapping = tmp_path / "addresses.toml"
    load(open_database, mapping, geojson_file(tmp_path, [feature(1), feature(2)]))
    again = load(open_database, mapping, geojson_file(tmp_path, [feature(1), feature(2, number="2A"), feature(3)]))
    assert (again.tally.loaded, again.tally.unchanged) == (2, 1)
    assert numbers(open_database, "select count(*), count(*) filter (where house_number = '2A') from address") == (3, 1)


def test_a_broken_file_leaves_only_its_failed_run(open_database: psycopg.Connection, tmp_path: Path) -> None:
    a_mapping(tmp_path, "geojson")
    whole = geojson_file(tmp_path, [feature(number) for number in range(5000)])
    cut = tmp_path / "cut.geojson.gz"
    cut.write_bytes(gzip.compress(whole.read_bytes())[:-40])
    with pytest.raises(BadInput, match=r"cut\.geojson\.gz is broken or cut short.*nothing was loaded"):
        load(open_database, tmp_path / "addresses.toml", cut)
    assert numbers(open_database, "select (select count(*) from address), (select count(*) from quarantine)") == (0, 0)
    with acting(open_database, STEWARD):
        runs = open_database.execute("select status, file_name, message, finished_at is not null from ingest_run").fetchall()
    ((status, name, message, finished),) = runs
    assert (status, name, finished) == ("failed", "cut.geojson.gz", True) and "截断" in message


def test_a_dry_run_counts_and_keeps_nothing(open_database: psycopg.Connection, tmp_path: Path) -> None:
    a_mapping(tmp_path)
    report = load(open_database, tmp_path / "addresses.toml", csv_file(tmp_path, "1,一,1,123.95,47.31", "2,二,2,,"), dry_run=True)
    assert (report.tally.read, report.tally.loaded, report.tally.quarantined, report.run_id) == (2, 1, 1, None)
    held = "select (select count(*) from address), (select count(*) from quarantine), (select count(*) from ingest_run), (select count(*) from source)"
    assert numbers(open_database, held) == (0, 0, 0, 0)
    assert json.loads(json.dumps(report.as_json))["first_refusal"]["line"] == "3"


@pytest.mark.parametrize("line", ["{},x,1,8.7,49.4", "{},x,1,571897,5242731"])
def test_a_file_of_another_place_or_crs_says_so(open_database: psycopg.Connection, tmp_path: Path, line: str) -> None:
    a_mapping(tmp_path)
    report = load(open_database, tmp_path / "addresses.toml", csv_file(tmp_path, *(line.format(number) for number in range(9))))
    assert (report.tally.loaded, report.tally.quarantined) == (0, 9)
    assert report.warning is not None and "EPSG:4326" in report.warning.en and "EPSG:4326" in report.warning.zh


def test_a_file_without_rows_is_refused(open_database: psycopg.Connection, tmp_path: Path) -> None:
    a_mapping(tmp_path)
    with pytest.raises(BadInput, match="not a single row"):
        load(open_database, tmp_path / "addresses.toml", csv_file(tmp_path))


def test_311_requests_keep_their_course(open_database: psycopg.Connection, test_data: Path) -> None:
    file = test_data / "cases/nyc_311_sample.csv.gz"
    load(open_database, "nyc_311", file, load_city("manhattan"))
    odd = "select count(*) from cases where is_open <> (closed_at is null) and state <> 'closed' or is_open and state = 'closed'"
    assert numbers(open_database, odd) == (0,)
    with acting(open_database, STEWARD):
        found = open_database.execute("select source_key, reported_at, due_at from cases").fetchall()
        source = open_database.execute("select data_as_of, title, title_en from source").fetchone()
    assert source is not None
    as_of, zh, en = source
    assert timedelta(0) <= datetime.now(UTC) - as_of < timedelta(hours=25)
    days = (as_of.astimezone(NEW_YORK).date() - date(2018, 10, 22)).days
    assert f"后移 {days:,} 天" in zh and f"moved on by {days:,} days" in en
    with gzip.open(file, "rt", encoding="utf-8-sig", newline="") as text:
        written = {row["Unique Key"]: row for row in csv.DictReader(text)}
    for key, *moments in found:
        for field, moment in zip(("Created Date", "Due Date"), moments, strict=True):
            was = written[key][field]
            told = moment and (moment.astimezone(NEW_YORK).replace(tzinfo=None) - timedelta(days=days))
            assert told == (datetime.strptime(was, "%m/%d/%y %H:%M") if was else None), (key, field)
    a_day_later = (
        "select count(*) filter (where c.due_at < s.data_as_of + interval '1 day'), count(*)"
        " from cases c join source s on s.name = c.source where is_open"
    )
    overdue, open_cases = numbers(open_database, a_day_later)
    assert 0 < overdue < 0.2 * open_cases
    heat = "select count(*) from cases where major_en = 'HEAT/HOT WATER' and major <> '供暖与热水'"
    assert numbers(open_database, heat) == (0,)


def test_a_later_load_of_a_moved_sample_moves_it_no_further(open_database: psycopg.Connection, tmp_path: Path) -> None:
    a_mapping(tmp_path)
    mapping = tmp_path / "addresses.toml"
    rows = csv_file(tmp_path, "1,x,1,123.95,47.31")
    zone = ZoneInfo(CITY.time_zone)
    mapping.write_text("moved_to_load = true\ndata_as_of = 2020-02-29T08:00:00+08:00\n" + mapping.read_text(encoding="utf-8"), encoding="utf-8")
    load(open_database, mapping, rows)
    with acting(open_database, STEWARD):
        open_database.execute("update source set data_as_of = data_as_of - interval '40 days'")
    before = numbers(open_database, "select extract(epoch from data_as_of)::bigint from source")
    assert load(open_database, mapping, rows).tally.unchanged == 1
    assert numbers(open_database, "select extract(epoch from data_as_of)::bigint from source") == before
    assert datetime.fromtimestamp(before[0], zone).hour == 8


def test_a_river_that_the_extract_cuts_is_water(open_database: psycopg.Connection, test_data: Path) -> None:
    report = load(open_database, "osm_base_map", test_data / "osm/heidelberg_altstadt.osm.pbf", load_city("heidelberg"))
    assert report.tally.repaired == {"members_missing": 1} and report.tally.by_rule == {"area_unformed": 1}
    river = "select round(ST_Area(geom::geography) / 1e4)::int from base_feature where theme = 'water' and source_key = 'r110109/polygon'"
    assert 50 < numbers(open_database, river)[0] < 70, "hectares of the Neckar between its locks"


def test_cameras_look_where_openstreetmap_says(open_database: psycopg.Connection, test_data: Path) -> None:
    load(open_database, "osm_cameras", test_data / "osm/heidelberg_altstadt.osm.pbf", load_city("heidelberg"))
    with acting(open_database, STEWARD):
        found = open_database.execute(
            "select source_key, azimuth_deg, shape, mount, sector_3857 is not null from camera order by id"
        ).fetchall()
    assert {row[0]: row[1] for row in found if row[1] is not None} == {"n417230658": 260, "n2590577885": 320, "n2895401399": 100}
    assert sorted(row[2] for row in found) == ["bullet", "bullet", "bullet", "dome", "unknown"]
    assert all(row[4] == (row[1] is not None) for row in found), "a view sector without a direction, or none with one"
