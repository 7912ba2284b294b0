"""Every file of the real test data: loaded by its mapping with all its rows accounted for, or named as no city's source with the reason."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from commandcenter.city import load_city
from commandcenter.db.registers import write_city
from commandcenter.db.run import acting
from commandcenter.errors import BadInput
from commandcenter.security.builtin import STEWARD
from ingest.derive import DERIVATIONS
from ingest.load import Report, load_file
from ingest.mapping import load_mapping
from tests.conftest import TestDatabase

ENGLAND = (-6.5, 49.8, 1.9, 55.9)
LEIPZIG_TO_ISTANBUL = (12.0, 40.9, 29.2, 51.5)


@dataclass(frozen=True)
class Source:
    """One file, or one file inside an archive, with what must become of it. ``refused`` counts quarantined rows by rule."""

    file: str
    mapping: str
    city: str
    read: int
    refused: dict[str, int] = field(default_factory=dict)
    member: str | None = None
    bounds: tuple[float, float, float, float] | None = None  # where the sample lies outside every city we keep

    @property
    def name(self) -> str:
        """How the test is called."""
        return f"{self.mapping}-{self.city}" + ("" if self.member is None else f"-{Path(self.member).stem}")


ASSETS = "service_points/fixmystreet_asset_wfs.tar.gz"
TRACKS = "tracks/graphhopper_gpx.tar.gz"
SOURCES = [
    # 885 of the 10,000 rows stand at the placeholder 39, -77, 590 have none, 156 more lie outside the city's
    # box (1,041 with the placeholder, as the data's own description counts).
    Source("cases/baltimore_311_2018.csv.gz", "baltimore_311", "baltimore", 10_000, {"placeholder": 885, "no_place": 590, "outside_city": 156}),
    Source("cameras/tfl_jamcams_north.geojson", "tfl_cameras", "london", 446),
    # The three outlines that cross themselves were left in on purpose; each waits with a proposed repair.
    Source("osm/shenzhen_nanshan_buildings.geojson.gz", "nanshan_buildings", "nanshan", 5_438, {"invalid_geometry": 3}),
    Source("osm/shenzhen_nanshan_roads.geojson.gz", "nanshan_roads", "nanshan", 272),
    Source("admin/qiqihar_divisions_2016.csv", "qiqihar_divisions_2016", "qiqihar", 1_836),
    Source("admin/qiqihar_divisions_2010_2023_nocode.csv.gz", "qiqihar_divisions_snapshots", "qiqihar", 9_236),
    Source("admin/qiqihar_divisions_mca_20251231.csv", "qiqihar_divisions_mca", "qiqihar", 181),
    Source("admin/qiqihar_streets_modood_2023.csv", "qiqihar_streets_modood", "qiqihar", 209),
    Source("admin/qiqihar_streets_2017_2023.csv", "qiqihar_streets_by_year", "qiqihar", 1_489),
    Source("admin/qiqihar_level4_pinyin_2025.csv", "qiqihar_divisions_pinyin", "qiqihar", 199),
    Source("boundaries/qiqihar_datav_230200_full.geojson", "qiqihar_districts_datav", "qiqihar", 16),
    Source("boundaries/qiqihar_amap_fences_2016.geojson.gz", "qiqihar_districts_amap_2016", "qiqihar", 17),
    Source("boundaries/qiqihar_core3_geoboundaries_wgs84.geojson", "qiqihar_core_districts", "qiqihar", 3),
    Source("boundaries/hangzhou_yuhang_streets.geojson.gz", "yuhang_streets", "yuhang", 12),
    Source("geometry/qiqihar_gbk_no_cpg_no_prj.zip", "qiqihar_districts_gbk", "qiqihar", 16),
    Source("service_points/liechtenstein_osm_services.geojson", "osm_service_points_geojson", "liechtenstein", 82),
    Source("service_points/monaco_osm_services.geojson", "osm_service_points_geojson", "monaco", 33),
    Source("service_points/heidelberg_osm_services.geojson", "osm_service_points_geojson", "heidelberg", 63),
    # Refused as no component of ours: crossings (355, 223, 19), pylons (271 in Liechtenstein), information boards, car parks, gates,
    # lavatories and a few more, as the values of `class` in the files add up.
    Source("service_points/liechtenstein_osm_street_furniture.geojson", "osm_street_furniture_geojson", "liechtenstein", 4_162, {"unknown_class": 717}),
    Source("service_points/monaco_osm_street_furniture.geojson", "osm_street_furniture_geojson", "monaco", 509, {"unknown_class": 269}),
    Source("service_points/heidelberg_osm_street_furniture.geojson", "osm_street_furniture_geojson", "heidelberg", 642, {"unknown_class": 86}),
    Source("cameras/heidelberg_osm_cameras.geojson", "osm_cameras_geojson", "heidelberg", 5),
    # 9,001 objects say they are buildings: 8,990 closed ways and 5 multipolygons; 3 nodes, 2 open ways and a relation without a type are none.
    Source("osm/liechtenstein.osm.pbf", "osm_buildings", "liechtenstein", 8_995),
    # 4,884 ways as lines, 628 as areas, 38 relations, 49 places; the middle of 5 of them lies abroad.
    Source("osm/liechtenstein.osm.pbf", "osm_base_map", "liechtenstein", 5_599, {"outside_city": 5}),
    Source("osm/liechtenstein.osm.pbf", "osm_service_points", "liechtenstein", 104),
    Source("osm/liechtenstein.osm.pbf", "osm_street_furniture", "liechtenstein", 3_448),
    # 970 objects: 962 closed ways, 4 multipolygons; 4 nodes are none.
    Source("osm/monaco.osm.gz", "osm_buildings", "monaco", 966),
    # 870 ways as lines, 28 as areas, 10 places; one street lies in France.
    Source("osm/monaco.osm.gz", "osm_base_map", "monaco", 908, {"outside_city": 1}),
    Source("osm/monaco.osm.gz", "osm_service_points", "monaco", 46),
    Source("osm/monaco.osm.gz", "osm_street_furniture", "monaco", 240),
    Source(ASSETS, "bromley_street_lights", "london", 7, member="bromley-lights.xml"),
    Source(ASSETS, "camden_trees", "london", 8, member="camden-trees.xml"),
    Source(ASSETS, "brent_highways", "london", 11, member="brent-highways.xml"),
    Source(ASSETS, "northamptonshire_bus_stops", "london", 1, member="bus_stops.xml", bounds=ENGLAND),
    Source(ASSETS, "buckinghamshire_streets", "london", 1, member="roads.xml", bounds=ENGLAND),
    Source(ASSETS, "gloucestershire_streets", "london", 1, member="gloucester_streets.json", bounds=ENGLAND),
    Source(ASSETS, "peterborough_land", "london", 1, member="peterborough_pcc.json", bounds=ENGLAND),
    # Three of the files hold a planned route beside the track; one track has no segment, another stands on one spot.
    Source(TRACKS, "gpx_tracks", "heidelberg", 2, {"unknown_class": 1}, member="another-tour-with-loop.gpx", bounds=LEIPZIG_TO_ISTANBUL),
    Source(TRACKS, "gpx_tracks", "heidelberg", 1, member="gpxv1_0.gpx", bounds=LEIPZIG_TO_ISTANBUL),
    Source(TRACKS, "gpx_tracks", "heidelberg", 1, {"bad_geometry": 1}, member="issue-127.gpx", bounds=LEIPZIG_TO_ISTANBUL),
    Source(TRACKS, "gpx_tracks", "heidelberg", 1, member="issue-13.gpx", bounds=LEIPZIG_TO_ISTANBUL),
    Source(TRACKS, "gpx_tracks", "heidelberg", 1, {"no_place": 1}, member="no_trkseg.gpx", bounds=LEIPZIG_TO_ISTANBUL),
    Source(TRACKS, "gpx_tracks", "heidelberg", 2, {"unknown_class": 1}, member="test1.gpx", bounds=LEIPZIG_TO_ISTANBUL),
    Source(TRACKS, "gpx_tracks", "heidelberg", 2, {"unknown_class": 1}, member="tour-with-loop.gpx", bounds=LEIPZIG_TO_ISTANBUL),
]
# Loaded whole, with its areas and grids, by tests/test_ingest_cities.py.
STOOD_UP = ("heidelberg", "manhattan")
NO_SOURCE_MEMBERS = {
    "highways-ajax.json": "a web page's answer about categories, no features",
    "no_trk.gpx": "no track at all: refused as a whole, see below",
    "tfl-roadworks.json": "one road work with a period: no table of ours holds works on roads yet",
}
NOT_A_CITYS = {
    "README.md": "the description of the data",
    "alerts/cap12_earthquake_update.xml": "an alert message, no register: for the alert reader",
    "alerts/cap12_field_validity.json": "strings that alerts may and may not hold: for the alert reader",
    "alerts/cap12_severe_thunderstorm.xml": "an alert message, no register: for the alert reader",
    "cases/open311/403.xml": "an answer of a live service: for the Open311 client",
    "cases/open311/fms_process_report_valid.json": "a message of a live service: for the Open311 client",
    "cases/open311/get_service_request.xml": "an answer of a live service: for the Open311 client",
    "cases/open311/get_service_request_not_found.xml": "an answer of a live service: for the Open311 client",
    "cases/open311/post_service_request.xml": "an answer of a live service: for the Open311 client",
    "cases/open311/request_id_from_token.xml": "an answer of a live service: for the Open311 client",
    "cases/open311/service_definition.xml": "an answer of a live service: for the Open311 client",
    "cases/open311/service_requests.xml": "an answer of a live service: for the Open311 client",
    "cases/open311/service_requests_empty.xml": "an answer of a live service: for the Open311 client",
    "cases/open311/services.xml": "an answer of a live service: for the Open311 client",
    "cases/photo_with_gps.jpeg": "a photo: evidence of one case, no register",
    "cases/yuncheng_case_standards_components.csv": "a standard with limits of time: for the case standards, which have no table yet",
    "cases/yuncheng_case_standards_muban.xlsx": "a standard with limits of time: for the case standards, which have no table yet",
    "coords/gcj02_vectors.json": "expected answers of the datum shift",
    "districting/SF_demand_205_centroid_uniform_weight.csv": "a benchmark of facility location",
    "districting/SF_network_distance_candidateStore_16_censusTract_205_new.csv": "a benchmark of facility location",
    "districting/SF_store_site_16_longlat.csv": "a benchmark of facility location",
    "districting/albuquerque_tracts.geojson.gz": "a benchmark of districting",
    "districting/arkansas_blockgroups_dualgraph.json.gz": "a benchmark of districting, without any geometry",
    "districting/columbus_49.geojson.gz": "a benchmark of districting, in units of no reference system",
    "districting/geodanet_crimes.geojson.gz": "a benchmark of point patterns on a network",
    "districting/geodanet_schools.geojson.gz": "a benchmark of point patterns on a network",
    "districting/geodanet_streets.geojson.gz": "a benchmark of point patterns on a network",
    "districting/gerrymandria_8x8.json": "a toy state for districting",
    "districting/iowa_counties_99.geojson.gz": "a benchmark of districting: counties of a state, no city",
    "districting/mexico_states_32.geojson.gz": "a benchmark of districting: states of a country, no city",
    "geometry/geos_xmltests.tar.gz": "expected answers of geometry operations",
    "tiles/mvt_fixtures_even.tar.gz": "vector tiles: expected answers of the tile reader",
    "tiles/mvt_real_chicago.tar.gz": "vector tiles: they are drawn from registers, not read into them",
    "tiles/mvt_real_sanfrancisco.tar.gz": "vector tiles: they are drawn from registers, not read into them",
    "tiles/tipg_sql_fixtures.tar.gz": "tables of another tile server's tests",
    "visibility/cgal_visibility_cases.json": "expected answers of visibility polygons",
}


def test_every_file_is_loaded_or_said_to_be_no_source(test_data: Path) -> None:
    there = {str(path.relative_to(test_data)) for path in test_data.rglob("*") if path.is_file()}
    loaded = {source.file for source in SOURCES} | {item.file for key in STOOD_UP for item in load_city(key).data}
    assert loaded & NOT_A_CITYS.keys() == set()
    assert there == loaded | NOT_A_CITYS.keys()
    members = {source.member for source in SOURCES if source.member is not None}
    packed_files: set[str] = set()
    for archive in (ASSETS, TRACKS):
        with tarfile.open(test_data / archive) as packed:
            packed_files |= {Path(item.name).name for item in packed if item.isfile()}
    assert packed_files == members | NO_SOURCE_MEMBERS.keys() and not members & NO_SOURCE_MEMBERS.keys()


@pytest.fixture
def load(database: TestDatabase, test_data: Path, tmp_path: Path) -> Callable[[Source], Report]:
    """Loads a source into this test's own database, with its city's row."""

    def loaded(source: Source) -> Report:
        city = load_city(source.city)
        if source.bounds is not None:
            city = replace(city, bounds=source.bounds, outline=())
        with database.connect() as connection:
            connection.autocommit = True
            with acting(connection, STEWARD):
                write_city(connection, city.row)
            return load_file(connection, STEWARD, load_mapping(source.mapping), _unpacked(test_data, source, tmp_path), city)

    return loaded


def _unpacked(folder: Path, source: Source, to: Path) -> Path:
    """The file itself; a member of a tar archive is taken out first."""
    path = folder / source.file
    if source.member is not None:
        with tarfile.open(path) as packed:
            member = next(item for item in packed.getmembers() if Path(item.name).name == source.member)
            with (to / source.member).open("wb") as file:
                inside = packed.extractfile(member)
                assert inside is not None
                shutil.copyfileobj(inside, file)
        return to / source.member
    return path


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_every_row_is_accounted_for(source: Source, load: Callable[[Source], Report]) -> None:
    first = load(source).tally
    assert (first.read, first.by_rule) == (source.read, source.refused)
    assert first.loaded == source.read - sum(source.refused.values())
    again = load(source).tally
    assert (again.read, again.loaded, again.unchanged, again.quarantined) == (first.read, 0, first.loaded, first.quarantined)
    assert again.vanished == 0


def test_a_file_without_a_track_is_refused_as_a_whole(load: Callable[[Source], Report], database: TestDatabase) -> None:
    with pytest.raises(BadInput, match=r"no_trk\.gpx"):
        load(Source(TRACKS, "gpx_tracks", "heidelberg", 0, member="no_trk.gpx", bounds=LEIPZIG_TO_ISTANBUL))
    assert rows(database, "select count(*) from track") == [(0,)]


def test_each_track_file_adds_to_the_last(load: Callable[[Source], Report], database: TestDatabase) -> None:
    for source in SOURCES:
        if source.mapping == "gpx_tracks":
            load(source)
    assert rows(database, "select count(*), max(point_count), count(*) filter (where gone_run_id is not null) from track") == [(5, 264, 0)]


def test_values_arrive_as_they_were_meant(load: Callable[[Source], Report], database: TestDatabase) -> None:
    load(_source("tfl_cameras"))
    assert rows(database, "select count(azimuth_deg), count(*) filter (where azimuth_source = 'text'), count(hfov_deg) from camera") == [(277, 277, 0)]
    assert rows(database, "select status, count(*) from camera group by 1 order by 1") == [("faulty", 76), ("working", 370)]
    assert rows(database, "select count(*) from camera where name like '%\\\\%'") == [(0,)]
    load(_source("baltimore_311"))
    (first,) = rows(
        database,
        "select state, major, minor, to_char(reported_at at time zone 'America/New_York', 'YYYY-MM-DD HH24:MI:SS'), due_at > closed_at"
        " from cases where number = '18-00838880'",
    )
    assert first == ("closed", "呼叫中心", "ECC-Vehicle Look Up", "2018-11-13 13:06:56", False)
    assert rows(database, "select count(*) from cases where is_open <> (closed_at is null)") == [(0,)]
    load(_source("nanshan_buildings"))
    assert rows(database, "select count(*), max(height_m), min(levels) from building") == [(5_435, 228.0, 6)]
    proposed = rows(database, "select count(*), bool_and(ST_IsValid(proposal)) from quarantine where rule = 'invalid_geometry'")
    assert proposed == [(3, True)]


def test_codes_stand_under_the_system_they_come_from(load: Callable[[Source], Report], database: TestDatabase) -> None:
    for source in SOURCES:
        if load_mapping(source.mapping).target == "division_code":
            load(source)
    twice = "select code_system, name from division_code where code = '230202007' and as_of in ('2025-12-31', '2016-07-31') order by 1"
    assert rows(database, twice) == [("mca", "江安街道"), ("stats_gov", "大民街道办事处")]
    differing = """
        select count(*) from division_code m left join division_code s on s.code = m.code and s.source = 'qiqihar_divisions_2016'
        where m.source = 'qiqihar_divisions_mca' and m.level = 'street'
        and replace(replace(s.name, '街道办事处', '街道'), '街道', '') is distinct from replace(m.name, '街道', '')
    """
    assert rows(database, differing) == [(13,)], "the towns on which the bureau and the ministry disagree"
    # Every list writes codes of one length a level, whatever zeros it was written with, and names a parent that a list knows.
    assert rows(database, "select distinct level, length(code) from division_code order by 1") == [
        ("city", 6), ("community", 12), ("district", 6), ("street", 9),
    ]  # fmt: skip
    orphans = """
        select count(*) from division_code c where c.level <> 'city'
        and not exists (select from division_code p where p.code = c.parent_code and p.code_system = c.code_system)
    """
    assert rows(database, orphans) == [(0,)]
    # Two communities of one name stand side by side, and rows that share their town's code did not swallow each other.
    assert rows(
        database, "select count(*), count(distinct code) from division_code where source = 'qiqihar_divisions_2016' and name = '一厂社区居民委员会'"
        " and parent_code like '230202%'"
    ) == [(2, 2)]
    assert rows(
        database, "select count(*), count(distinct code) < 250 from division_code"
        " where source = 'qiqihar_divisions_snapshots' and level = 'community' and as_of = '2010-01-01'"
    ) == [(1_702, True)]


def test_boundaries_tell_their_area_and_their_own_code(load: Callable[[Source], Report], database: TestDatabase) -> None:
    load(_source("qiqihar_core_districts"))
    (longsha,) = rows(database, "select name, district_code, street_code, level, round(area_m2 / 1e6) from area where code = '230202'")
    assert longsha[:4] == ("龙沙区", "230202", None, "district") and 70 < longsha[4] < 80
    load(_source("yuhang_streets"))
    assert rows(database, "select count(*), round(sum(area_m2) / 1e6) from area where code_system = 'name' and street_code = code") == [(12, 945)]


@pytest.mark.parametrize(
    ("said", "degrees"),
    [
        ("WEST - Oxford Street", 270.0), ("East Facing", 90.0), ("Archway Rd - S\\/East ZOOM", 135.0), ("Zoom north towards Palmers Green", 0.0),
        ("S W Facing (Home)", 225.0), ("A406 South twds Ealing Common", 180.0), ("Zoom NW - Tuffnel Park Rd zebra crossing", 315.0),
        ("NORTH - West Cross Route", 0.0), ("East India Dock Rd - West", 270.0), ("Facing south - Morning Lane Jct", 180.0),
        ("East India DLR platforms", None), ("Zoom-Aldborough Road South", None), ("Holloway Road N\\/B", None), ("Zoom - West End Lane", None),
        ("Old Street west of City Road", None), ("Home", None), ("A406\\/7293B", None), ("NORTH - Vere St - South", None), ("Westbound", None),
        ("GGT East Portal", None), ("", None),
    ],
)  # fmt: skip
def test_a_camera_looks_where_its_words_say_and_nowhere_else(said: str, degrees: float | None) -> None:
    row: dict[str, Any] = {"name": said}
    DERIVATIONS["azimuth_from_words"].apply(row, {})
    assert row.get("azimuth_deg") == degrees
    assert row.get("azimuth_source") == (None if degrees is None else "text")


@pytest.mark.parametrize(
    ("level", "code", "parent", "own", "above"),
    [
        ("city", "2302", "23", "230200", "230000"), ("city", "230200000000", "230000000000", "230200", "230000"),
        ("district", "230202000000", None, "230202", "230200"), ("street", "230202007", "230202", "230202007", "230202"),
        ("street", "230202007000", "230202000000", "230202007", "230202"), ("community", "230202001001", None, "230202001001", "230202001"),
        ("street", "230202007001", None, "230202007001", "230202"),  # says more than a street: left for the rules to refuse
    ],
)  # fmt: skip
def test_codes_have_the_length_of_their_level(level: str, code: str, parent: str | None, own: str, above: str) -> None:
    row: dict[str, Any] = {"level": level, "code": code, "parent_code": parent}
    DERIVATIONS["code_by_level"].apply(row, {})
    assert (row["code"], row["parent_code"]) == (own, above)


def _source(mapping: str) -> Source:
    return next(source for source in SOURCES if source.mapping == mapping)


def rows(database: TestDatabase, sql: str) -> list[tuple[Any, ...]]:
    """What a query answers for the steward."""
    with database.connect() as connection, acting(connection, STEWARD):
        return connection.execute(sql).fetchall()
