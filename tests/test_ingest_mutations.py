"""One clean table and what the world does to it: shifted, swapped, cut, doubled, re-encoded, re-projected copies.

Whatever comes in, every row is accounted for: read = loaded + unchanged + quarantined, in the report, in the database and in the
tables themselves; and what is loaded stands where the clean copy stands, to a centimetre.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psycopg
import pytest
import shapely
from pyproj import Geod, Transformer

from commandcenter import geo
from commandcenter.city import load_city
from commandcenter.db.run import acting
from commandcenter.errors import BadInput
from commandcenter.security.builtin import STEWARD
from ingest.load import Report, load_file
from ingest.mapping import load_mapping

CITY = load_city("longsha")
COUNT = 60
HEADER = ["编号", "名称", "类别", "登记日期", "经度", "纬度"]
CLASSES = ("公共", "公益", "社会化", "市场化")
MAPPING = """target = "service_point"
reader = "csv"
encoding = "{encoding}"
crs = "{crs}"
geometry = "point"
key = ["编号"]
title = {{ zh = "网点", en = "Points" }}
owner = "o"
licence = "l"
attribution = "a"
cadence = "once"
delivery = "changes"
delimiter = "{delimiter}"
[place]
lon = "经度"
lat = "纬度"
[columns]
code = {{ from = "编号" }}
name = {{ from = "名称", required = true }}
class = {{ from = "类别", table = "class", required = true }}
[constants]
kind = "office"
[tables.class]
"公共" = "public"
"公益" = "welfare"
"社会化" = "social"
"市场化" = "market"
"""
Rows = list[list[str]]


def clean() -> Rows:
    """Sixty service points around the centre of Longsha."""
    chance = np.random.default_rng(2302)
    return [
        [f"FW{n:03d}", f"网点{n}号", CLASSES[n % 4], f"2025-0{1 + n % 9}-1{n % 10}", f"{123.95 + x:.7f}", f"{47.31 + y:.7f}"]
        for n, (x, y) in enumerate(chance.uniform(-0.02, 0.02, (COUNT, 2)), start=1)
    ]


def written(rows: Rows, header: list[str] | None = None, **how: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator=how.get("ending", "\n"), delimiter=how.get("delimiter", ","), quoting=int(how.get("quoting", "0"))).writerows(
        [header or HEADER, *rows]
    )
    return text.getvalue().encode(how.get("encoding", "utf-8"))


def moved(rows: Rows, change: Callable[[float, float], tuple[float, float]], digits: int = 8) -> Rows:
    return [[*row[:4], *(f"{value:.{digits}f}" for value in change(float(row[4]), float(row[5])))] for row in rows]


def through(code: str) -> Callable[[float, float], tuple[float, float]]:
    return Transformer.from_crs("EPSG:4326", code, always_xy=True).transform


def as_floats(change: Callable[..., tuple[object, object]]) -> Callable[[float, float], tuple[float, float]]:
    def both(x: float, y: float) -> tuple[float, float]:
        east, north = change(x, y)
        return float(east), float(north)  # type: ignore[arg-type]  # arrays of one number

    return both


def at(rows: Rows, number: int, column: int, text: str) -> Rows:
    return [[*row[:column], text, *row[column + 1 :]] if index == number else row for index, row in enumerate(rows)]


@dataclass(frozen=True)
class Mutation:
    """A copy of the clean set: its bytes, how the mapping reads it, and what must become of its rows."""

    make: Callable[[Rows], bytes]
    loaded: int = COUNT
    refused: dict[str, int] = field(default_factory=dict)
    crs: str = "EPSG:4326"
    encoding: str = "utf-8"
    delimiter: str = ","
    name: str = "points.csv"


CUT = len(written(clean())) - 1500
WHOLE_LINES = written(clean())[:CUT].count(b"\n") - 1
MUTATIONS = {
    "as it is": Mutation(written),
    "columns in another order": Mutation(lambda rows: written([row[::-1] for row in rows], HEADER[::-1])),
    "a column more": Mutation(lambda rows: written([[*row, "备注"] for row in rows], [*HEADER, "备注"])),
    "windows lines": Mutation(lambda rows: written(rows, ending="\r\n")),
    "mixed lines": Mutation(lambda rows: written(rows, ending="\r\n").replace(b"\r\n", b"\n", 20)),
    "byte order mark": Mutation(lambda rows: b"\xef\xbb\xbf" + written(rows)),
    "every cell quoted": Mutation(lambda rows: written(rows, quoting="1")),
    "a line break inside a cell": Mutation(lambda rows: written(at(rows, 3, 1, "网点\n4号"))),
    "blank lines at the end": Mutation(lambda rows: written(rows) + b"\n\n\n"),
    "blanks around every cell": Mutation(lambda rows: written([[f"  {cell} " for cell in row] for row in rows])),
    "tabs": Mutation(lambda rows: written(rows, delimiter="\t"), delimiter="\\t"),
    "compressed": Mutation(lambda rows: gzip.compress(written(rows)), name="points.csv.gz"),
    "GB 18030": Mutation(lambda rows: written(rows, encoding="gb18030"), encoding="gb18030"),
    "GBK read as GB 18030": Mutation(lambda rows: written(rows, encoding="gbk"), encoding="gb18030"),
    "UTF-16": Mutation(lambda rows: written(rows, encoding="utf-16"), encoding="utf-16"),
    "GCJ-02": Mutation(lambda rows: written(moved(rows, as_floats(geo.wgs84_to_gcj02))), crs="GCJ-02"),
    "BD-09": Mutation(lambda rows: written(moved(rows, as_floats(geo.wgs84_to_bd09))), crs="BD-09"),
    "Gauss-Krueger without zone": Mutation(lambda rows: written(moved(rows, through("EPSG:4550"), 3)), crs="EPSG:4550"),
    "Gauss-Krueger with zone": Mutation(lambda rows: written(moved(rows, through("EPSG:4529"), 3)), crs="EPSG:4529"),
    "six degrees wide": Mutation(lambda rows: written(moved(rows, through("EPSG:4510"), 3)), crs="EPSG:4510"),
    "web mercator": Mutation(lambda rows: written(moved(rows, through("EPSG:3857"), 3)), crs="EPSG:3857"),
    "the wrong zone": Mutation(lambda rows: written(moved(rows, through("EPSG:4550"), 3)), 0, {"outside_city": COUNT}, crs="EPSG:4549"),
    "metres called degrees": Mutation(lambda rows: written(moved(rows, through("EPSG:4550"), 3)), 0, {"not_degrees": COUNT}),
    "shifted ten degrees": Mutation(lambda rows: written(moved(rows, lambda x, y: (x + 10, y))), 0, {"outside_city": COUNT}),
    "swapped axes": Mutation(lambda rows: written(rows, [*HEADER[:4], "纬度", "经度"]), 0, {"axes_swapped": COUNT}),
    "cut in a row": Mutation(lambda rows: written(rows)[:CUT], WHOLE_LINES, {"not_a_row": 1}),
    "doubled": Mutation(lambda rows: written(rows + rows), COUNT, {"duplicate_key": COUNT}),
    "two files in one": Mutation(lambda rows: written(rows) + written(rows[:1]), COUNT, {"": 2}),
    "other people's words": Mutation(lambda rows: written(at(rows, 5, 2, "其他")), COUNT - 1, {"unknown_value": 1}),
    "no key": Mutation(lambda rows: written(at(rows, 5, 0, " ")), COUNT - 1, {"missing_key": 1}),
    "no name": Mutation(lambda rows: written(at(rows, 5, 1, "")), COUNT - 1, {"missing": 1}),
    "no place": Mutation(lambda rows: written(at(rows, 5, 4, "")), COUNT - 1, {"no_place": 1}),
    "nowhere": Mutation(lambda rows: written(at(at(rows, 5, 4, "0"), 5, 5, "0.0")), COUNT - 1, {"placeholder": 1}),
    "a cell too many": Mutation(lambda rows: written([[*row, "x"] if n == 5 else row for n, row in enumerate(rows)]), COUNT - 1, {"not_a_row": 1}),
    "a null byte": Mutation(lambda rows: written(rows).replace("网点7号".encode(), b"\x00", 1), COUNT - 1, {"": 1}),
    "half a character": Mutation(lambda rows: written(rows).replace("网点7号".encode(), b"\xe7\xbd", 1), COUNT - 1, {"not_decodable": 1}),
    "not a number": Mutation(lambda rows: written(at(at(at(rows, 5, 4, "NaN"), 6, 5, "inf"), 7, 4, "1e308")), COUNT - 3, {"": 3}),
}


def load(connection: psycopg.Connection, folder: Path, mutation: Mutation) -> Report:
    mapping = folder / "points.toml"
    mapping.write_text(MAPPING.format(encoding=mutation.encoding, crs=mutation.crs, delimiter=mutation.delimiter), encoding="utf-8")
    path = folder / mutation.name
    path.write_bytes(mutation.make(clean()))
    return load_file(connection, STEWARD, load_mapping(mapping), path, CITY)


@pytest.mark.parametrize("how", MUTATIONS)
def test_no_copy_loses_a_row(open_database: psycopg.Connection, tmp_path: Path, how: str) -> None:
    mutation = MUTATIONS[how]
    report = load(open_database, tmp_path, mutation)
    tally = report.tally
    assert tally.adds_up and tally.loaded == mutation.loaded, report.as_json
    if "" in mutation.refused:  # the number is fixed, which of the fitting rules names it is the reader's business
        assert tally.quarantined == mutation.refused[""]
    else:
        assert tally.by_rule == mutation.refused
    with acting(open_database, STEWARD):
        stands = dict(open_database.execute("select source_key, ST_AsBinary(geom) from service_point").fetchall())
        run = open_database.execute("select rows_read, loaded, unchanged, quarantined from ingest_run").fetchone()
        kept = open_database.execute("select count(*), count(*) filter (where raw <> '') from quarantine").fetchone()
    assert run == (tally.read, tally.loaded, tally.unchanged, tally.quarantined)
    assert len(stands) == tally.loaded and kept == (tally.quarantined, tally.quarantined)
    wanted = {row[0]: (float(row[4]), float(row[5])) for row in clean()}
    for key, wkb in stands.items():
        point = shapely.from_wkb(wkb)
        assert Geod(ellps="WGS84").inv(point.x, point.y, *wanted[key])[2] < 0.02, key
    again = load(open_database, tmp_path, mutation)
    assert (again.tally.loaded, again.tally.unchanged, again.tally.quarantined) == (0, tally.loaded, tally.quarantined)


def test_every_copy_of_the_same_rows_is_the_same_load(open_database: psycopg.Connection, tmp_path: Path) -> None:
    """Encodings, line endings, orders of columns: the clean rows stay unchanged whichever copy comes after them."""
    load(open_database, tmp_path, MUTATIONS["as it is"])
    same = ("columns in another order", "windows lines", "mixed lines", "byte order mark", "every cell quoted", "GB 18030", "UTF-16", "tabs", "compressed")
    for how in same:
        assert load(open_database, tmp_path, MUTATIONS[how]).tally.unchanged == COUNT, how


BROKEN = {
    "nothing": (b"", "empty"),
    "a header alone": (written([]), "not a single row"),
    "a column gone": (written([row[:5] for row in clean()], HEADER[:5]), "'纬度'"),
    "compressed and cut": (gzip.compress(written(clean()))[:-30], "cut short"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, ""),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_copy_is_one_sentence_and_loads_nothing(open_database: psycopg.Connection, tmp_path: Path, how: str) -> None:
    octets, said = BROKEN[how]
    with pytest.raises(BadInput) as fault:
        load(open_database, tmp_path, Mutation(lambda _: octets))
    assert said in fault.value.sentence.en + fault.value.sentence.zh and "\n" not in fault.value.sentence.en
    with acting(open_database, STEWARD):
        assert open_database.execute("select count(*) from service_point").fetchone() == (0,)
        assert open_database.execute("select status from ingest_run").fetchall() in ([("failed",)], [])
