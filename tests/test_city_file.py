"""The city files: those that ship are sound, and every fault is one sentence with file, line, key and nearest word."""

from __future__ import annotations

from pathlib import Path

import pytest

from commandcenter.city import CITY_FOLDER, city_keys, load_city
from commandcenter.errors import BadInput
from ingest.mapping import mapping_names

LONGSHA = (CITY_FOLDER / "longsha.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", city_keys())
def test_each_city_that_ships_is_sound(key: str) -> None:
    city = load_city(key)
    assert city.key == key and city.name and city.name_en
    assert city.metric_srid != 3857
    assert {"street", "community", "grid"} <= set(city.grammar)
    assert {item.mapping for item in city.data} <= set(mapping_names())
    assert city.row["settings"]["bounds"] == list(city.bounds)


def test_longsha_is_the_demo_city() -> None:
    city = load_city("longsha")
    assert (city.code, city.metric_srid, city.synthetic) == ("230202", 4550, True)
    assert city.grammar["community"].allows("230202001006") and not city.grammar["community"].allows("23020200100A")


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("metric_crs =", "metric_csr =", ["line 5", "metric_crs", "metric_csr"]),
        ('"EPSG:4550"', '"EPSG:3857"', ["metric_crs", "cannot be measured"]),
        ('"EPSG:4550"', '"EPSG:4490"', ["metric_crs", "metres"]),
        ('"EPSG:4550"', '"4550"', ["metric_crs", "EPSG:4550"]),
        ("Asia/Shanghai", "Asia/Shangai", ["time_zone", "Asia/Shangai"]),
        ('["zh", "en"]', '["zh", "fr"]', ["languages", "fr"]),
        ('communities = "given"', 'communities = "givn"', ["communities", "'given' meant"]),
        ("lon = 123.950928", "lon = 12.3", ["lon", "outside bounds"]),
        ("lat = 47.315233", 'lat = "47.3"', ["centre.lat", "a number"]),
        ("[grammar]", "[gramar]", ["grammar", "gramar"]),
        ("length = 9, digits = 3", "length = 9, digits = 12", ["digits", "from 1 to 9"]),
        ("[123.70, 47.10, 124.20, 47.55]", "[124.20, 47.10, 123.70, 47.55]", ["bounds", "west < east"]),
        ('name = "龙沙区"', "name = 龙沙区", ["not valid TOML"]),
    ],
)
def test_a_fault_is_one_sentence(tmp_path: Path, written: str, instead: str, said: list[str]) -> None:
    assert written in LONGSHA
    path = tmp_path / "elsewhere.toml"
    path.write_text(LONGSHA.replace(written, instead, 1), encoding="utf-8")
    with pytest.raises(BadInput) as fault:
        load_city(path)
    sentence = fault.value.sentence
    assert "elsewhere.toml" in sentence.en and "elsewhere.toml" in sentence.zh
    for word in said:
        assert word in sentence.en, sentence.en


def test_an_unknown_city_names_the_nearest() -> None:
    with pytest.raises(BadInput, match="is 'heidelberg' meant"):
        load_city("heidleberg")


@pytest.mark.parametrize("datum", ["BD-09", "bd_09"])
def test_bd09_tiles_are_refused_in_words(tmp_path: Path, datum: str) -> None:
    with pytest.raises(BadInput, match="BD-09 vector data can be loaded"):
        load_city(_with_raster(tmp_path, datum))


@pytest.mark.parametrize("datum", ["EPSG:4326", "CGCS2000", "GCJ-02"])
def test_other_rasters_keep_their_datum(tmp_path: Path, datum: str) -> None:
    assert load_city(_with_raster(tmp_path, datum)).raster[0].datum == datum


def _with_raster(folder: Path, datum: str) -> Path:
    path = folder / "rastered.toml"
    raster = f'\n[[raster]]\nkey = "photo"\ntitle = {{ zh = "影像", en = "Photo" }}\nurl = "{{z}}/{{x}}/{{y}}"\ndatum = "{datum}"\nattribution = "own"\n'
    path.write_text(LONGSHA + raster, encoding="utf-8")
    return path
