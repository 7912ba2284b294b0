"""Mappings: those that ship are sound, and a typo is one sentence with file, line and the nearest valid word."""

from __future__ import annotations

from pathlib import Path

import pytest

from commandcenter.errors import BadInput
from ingest.mapping import MAPPING_FOLDER, load_mapping, mapping_names

NYC = (MAPPING_FOLDER / "nyc_311.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", mapping_names())
def test_each_mapping_that_ships_is_sound(name: str) -> None:
    mapping = load_mapping(name)
    assert mapping.title.zh and mapping.title.en and mapping.licence and mapping.owner
    assert mapping.key and mapping.crs


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ('target = "cases"', 'target = "case"', ["line 2", "'cases' meant"]),
        ('reader = "csv"', 'reader = "cvs"', ["line 3", "'csv' meant"]),
        ('encoding = "utf-8"', 'encoding = "utf-99"', ["encoding", "gb18030"]),
        ('crs = "EPSG:4326"', 'crs = "WGS84"', ["EPSG code"]),
        ('crs = "EPSG:4326"', 'crs = "GCJ02"', ["'GCJ-02' meant"]),
        ('crs = "EPSG:4326"', 'crs = "EPSG:99999"', ["no CRS"]),
        ('crs = "EPSG:4326"\n', "", ["'crs' is missing"]),
        ("data_as_of = 2018-10-22T02:47:00-04:00\n", "", ["moved_to_load", "data_as_of"]),
        ('cadence = "once"', 'cadence = "weekly"', ["cadence", "1d"]),
        ("reported_at =", "reportd_at =", ["line 38", "reportd_at", "'reported_at' meant"]),
        ('kind = "moment", format', 'kind = "momnet", format', ["momnet", "'moment' meant"]),
        ('table = "channel"', 'table = "chanel"', ["chanel", "'channel' meant"]),
        ('derive = ["case_course"]', 'derive = ["case_cours"]', ["'case_course' meant"]),
        ('kind = "hotline"', 'knd = "hotline"', ["knd", "'kind' meant"]),
        ("number = {", "# number = {", ["'number' of cases must be filled"]),
        ("required = true }\nmajor_en", "requird = true }\nmajor_en", ["requird", "'required' meant"]),
        ('lon = "Longitude"', 'lonn = "Longitude"', ["place.lon", "'lonn'"]),
        ('key = ["Unique Key"]', "key = []", ["'key' must not be empty"]),
    ],
)
def test_a_typo_is_one_sentence(tmp_path: Path, written: str, instead: str, said: list[str]) -> None:
    assert written in NYC
    path = tmp_path / "typo.toml"
    path.write_text(NYC.replace(written, instead, 1), encoding="utf-8")
    with pytest.raises(BadInput) as fault:
        load_mapping(path)
    sentence = fault.value.sentence
    assert (sentence.en.startswith("typo.toml, line") and sentence.zh.startswith("typo.toml 第")) or "missing" in sentence.en
    for word in said:
        assert word in sentence.en, sentence.en


def test_an_unknown_mapping_names_the_nearest() -> None:
    with pytest.raises(BadInput, match="is 'nyc_311' meant"):
        load_mapping("nyc311")
