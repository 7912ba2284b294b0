"""The reader that judges our tiles is itself judged: by Mapbox's conformance fixtures and by real tiles with known counts."""

from __future__ import annotations

import io
import json
import struct
import tarfile
from pathlib import Path

import pytest

from commandcenter.leaks.mvt_reader import BadTile, read_tile, signed_area, varint

FIXTURES = "tiles/mvt_fixtures_even.tar.gz"


def members(archive: Path, suffix: str) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        found = {m.name: tar.extractfile(m) for m in tar.getmembers() if m.name.endswith(suffix)}
        return {name: stream.read() for name, stream in found.items() if stream is not None}


def test_every_conformance_fixture_is_judged_as_the_specification_says(test_data: Path) -> None:
    with tarfile.open(test_data / FIXTURES) as tar:
        files = {m.name: tar.extractfile(m).read() for m in tar.getmembers() if m.isfile()}  # type: ignore[union-attr]
    numbers = sorted({name.split("/")[1] for name in files})
    judged = {}
    for number in numbers:
        valid = json.loads(files[f"fixtures/{number}/info.json"])["validity"]["v2"]
        try:
            read_tile(files[f"fixtures/{number}/tile.mvt"])
            judged[number] = (valid, True)
        except BadTile:
            judged[number] = (valid, False)
    assert len(judged) == 37
    assert sum(not valid for valid, _ in judged.values()) == 16
    assert {n: pair for n, pair in judged.items() if pair[0] != pair[1]} == {}


def test_all_seven_kinds_of_value_are_read(test_data: Path) -> None:
    tile = read_tile(members(test_data / FIXTURES, "038/tile.mvt")["fixtures/038/tile.mvt"])
    (feature,) = tile["hello"].features
    assert feature.properties == {
        "string_value": "ello", "bool_value": True, "int_value": 6, "double_value": 1.23,
        "float_value": struct.unpack("<f", struct.pack("<f", 3.1))[0], "sint_value": -87948, "uint_value": 87948,
    }  # fmt: skip
    assert (feature.id, feature.kind, feature.parts) == (1, "point", [[(25, 17)]])


@pytest.mark.parametrize(
    ("archive", "layer", "tiles", "features"),
    [("mvt_real_sanfrancisco", "building", 9, 13_896), ("mvt_real_chicago", "road", 30, 6_397)],
)
def test_real_tiles_hold_as_many_features_as_their_makers_say(
    test_data: Path, archive: str, layer: str, tiles: int, features: int
) -> None:
    bodies = members(test_data / "tiles" / f"{archive}.tar.gz", ".mvt")
    counts = {name: sum(len(part.features) for key, part in read_tile(body).items() if key == layer) for name, body in bodies.items()}
    assert (len(bodies), sum(counts.values())) == (tiles, features)


def test_a_tile_cut_anywhere_never_reads_as_something_else(test_data: Path) -> None:
    """Cut between two layers it is a shorter tile; cut anywhere else it is a BadTile, never another exception."""
    body = members(test_data / FIXTURES, "060/tile.mvt")["fixtures/060/tile.mvt"]
    whole = read_tile(body)
    for end in range(1, len(body)):
        with pytest.raises(BadTile):
            read_tile(body[:end])
    assert read_tile(io.BytesIO(body).read()) == whole


def test_a_varint_without_an_end_is_refused() -> None:
    with pytest.raises(BadTile):
        varint(b"\xff" * 11, 0)


def test_the_area_of_a_clockwise_square_on_the_screen_is_positive() -> None:
    assert signed_area([(0, 0), (10, 0), (10, 10), (0, 10)]) == 100
    assert signed_area([(0, 10), (10, 10), (10, 0), (0, 0)]) == -100
