"""Which city this is: read from its city file ``ingest/cities/<key>.toml``, never from code.

Lon/lat are EPSG:4326; zooms are the map's own (Leaflet); lengths and areas are measured in ``metric_srid``.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely import Polygon

from commandcenter.errors import BadInput
from commandcenter.text import LANGUAGES, Language, Text
from commandcenter.toml_file import FULL_STOP, TomlTable, meant, nearest

CITY_FOLDER = Path(__file__).resolve().parent.parent / "ingest" / "cities"
LEVELS = ("district", "street", "community", "grid", "unit_cell")
RASTER_DATUMS = ("EPSG:4326", "CGCS2000", "GCJ-02")
CENTRES: dict[str, Text] = {
    "emergency": Text("应急指挥中心", "Emergency command centre"),
    "operations": Text("城市运行管理中心", "City operations centre"),
    "governance": Text("综合治理中心", "Grid governance centre"),
}

Communities = Literal["given", "generated"]


@dataclass(frozen=True)
class CodeLevel:
    """The grammar of one level's codes: the parent's beginning, then ``digits`` of serial number, ``length`` in all."""

    system: str
    length: int
    digits: int
    pattern: str

    def allows(self, code: str) -> bool:
        """Whether a code is written as this level's grammar demands."""
        return re.fullmatch(self.pattern, code) is not None


@dataclass(frozen=True)
class DataFile:
    """One file of the city and the mapping that reads it; the file is relative to the data folder."""

    mapping: str
    file: str


@dataclass(frozen=True)
class RasterLayer:
    """An optional outside raster map with its declared datum."""

    key: str
    title: Text
    url: str
    datum: str
    attribution: str
    max_zoom: int


@dataclass(frozen=True)
class GeneratedAreas:
    """How districts, streets, communities and grids are drawn where no polygons exist; sizes are households."""

    district_households: int
    street_households: int
    community_households: int
    grid_low: int
    grid_high: int
    household_m2: float
    seed: int


@dataclass(frozen=True)
class City:
    """One city's own settings."""

    key: str
    name: str
    name_en: str
    code: str
    centre_lon: float
    centre_lat: float
    start_zoom: int
    bounds: tuple[float, float, float, float]
    outline: tuple[tuple[float, float], ...]  # of the city inside its bounds; empty: the bounds themselves
    metric_srid: int
    time_zone: str
    languages: tuple[Language, ...]
    synthetic: bool
    grammar: dict[str, CodeLevel]
    centres: dict[str, Text]
    camera_programme: Text
    communities: Communities
    generated: GeneratedAreas
    data: tuple[DataFile, ...]
    raster: tuple[RasterLayer, ...]

    @property
    def title(self) -> Text:
        """The city's name in both languages."""
        return Text(self.name, self.name_en)

    @property
    def settings(self) -> dict[str, Any]:
        """What the database's city row keeps beside its own columns, ready for JSON."""
        return {
            "start_zoom": self.start_zoom,
            "bounds": list(self.bounds),
            "languages": list(self.languages),
            "grammar": {level: asdict(rule) for level, rule in self.grammar.items()},
            "centres": {key: text._asdict() for key, text in self.centres.items()},
            "camera_programme": self.camera_programme._asdict(),
            "communities": self.communities,
            "raster": [{**asdict(layer), "title": layer.title._asdict()} for layer in self.raster],
        }

    @property
    def row(self) -> dict[str, Any]:
        """The city as one row of the table ``city``."""
        names = ("key", "name", "name_en", "code", "metric_srid", "time_zone", "centre_lon", "centre_lat", "synthetic", "settings")
        return {name: getattr(self, name) for name in names}


def city_keys(folder: Path = CITY_FOLDER) -> list[str]:
    """The keys of all cities that have a file."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def load_city(key_or_path: str | Path, folder: Path = CITY_FOLDER) -> City:
    """The city of a key (``longsha``) or of a city file. Raises BadInput, whose sentence names file, line and key."""
    path = Path(key_or_path)
    if path.suffix != ".toml":
        known = city_keys(folder)
        key = str(key_or_path)
        if key not in known:
            hint = meant(nearest(key, known), FULL_STOP)
            raise BadInput(
                Text(
                    f"没有城市“{key}”的城市文件，已有：{'、'.join(known)}{hint.zh}",
                    f"There is no city file for '{key}'; there are {', '.join(known)}{hint.en}",
                )
            )
        path = folder / f"{key}.toml"
    return _city(path.stem, TomlTable.read(path))


def _city(key: str, top: TomlTable) -> City:
    centre = top.table("centre")
    bounds = _bounds(top)
    city = City(
        key=top.take("key", str, key),
        name=top.take("name", str),
        name_en=top.take("name_en", str),
        code=top.take("code", str),
        centre_lon=centre.take("lon", float),
        centre_lat=centre.take("lat", float),
        start_zoom=centre.take("zoom", int, 13),
        bounds=bounds,
        outline=_outline(top),
        metric_srid=_metric_srid(top),
        time_zone=_time_zone(top),
        languages=_languages(top),
        synthetic=top.take("synthetic", bool, False),
        grammar=_grammar(top.table("grammar")),
        centres=_centres(top.table("centres")),
        camera_programme=top.text("camera_programme"),
        communities=cast(Communities, top.word("communities", ("given", "generated"))),
        generated=_generated(top.table("generated")),
        data=tuple(_data_file(item) for item in top.tables("data")),
        raster=tuple(_raster(item) for item in top.tables("raster")),
    )
    centre.finish()
    top.finish()
    west, south, east, north = bounds
    if not (west <= city.centre_lon <= east and south <= city.centre_lat <= north):
        raise centre.fault(
            "lon",
            Text(
                f"中心点 {city.centre_lon}, {city.centre_lat} 不在 bounds 之内",
                f"centre.lon and centre.lat ({city.centre_lon}, {city.centre_lat}) lie outside bounds",
            ),
        )
    return city


def _bounds(top: TomlTable) -> tuple[float, float, float, float]:
    values = top.take("bounds", list)
    if len(values) != 4 or not all(isinstance(v, (int, float)) for v in values):
        raise top.fault("bounds", Text("“bounds”应为四个数：西、南、东、北", "'bounds' must be four numbers: west, south, east, north"))
    west, south, east, north = map(float, values)
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise top.fault(
            "bounds",
            Text(
                f"“bounds”{values} 不是经纬度范围（西 < 东，南 < 北，单位度）",
                f"'bounds' {values} is no lon/lat box (west < east, south < north, in degrees)",
            ),
        )
    return west, south, east, north


def _outline(top: TomlTable) -> tuple[tuple[float, float], ...]:
    points = top.take("outline", list, [])
    if not points:
        return ()
    pairs = all(isinstance(p, list) and len(p) == 2 and all(isinstance(v, (int, float)) for v in p) for p in points)
    if not pairs or len(points) < 3 or not Polygon(points).is_valid:
        raise top.fault(
            "outline",
            Text(
                "“outline”应为一圈不自相交的经纬度点：[[经度, 纬度], ...]，至少三个",
                "'outline' must be a ring of lon/lat points that does not cross itself: [[lon, lat], ...], three at least",
            ),
        )
    return tuple((float(lon), float(lat)) for lon, lat in points)


def _metric_srid(top: TomlTable) -> int:
    name = top.take("metric_crs", str)
    written = re.fullmatch(r"EPSG:(\d{4,6})", name)
    try:
        crs = CRS.from_epsg(int(written.group(1))) if written else None
    except CRSError:
        crs = None
    if written is None or crs is None:
        raise top.fault("metric_crs", Text(f"“metric_crs”应写作 EPSG:4550 这样，现为“{name}”", f"'metric_crs' must look like EPSG:4550, not '{name}'"))
    if not crs.is_projected or {axis.unit_name for axis in crs.axis_info} != {"metre"} or written.group(1) == "3857":
        raise top.fault(
            "metric_crs",
            Text(
                f"“metric_crs”{name}（{crs.name}）不能量测：需要以米为单位的投影坐标系，且不是 3857",
                f"'metric_crs' {name} ({crs.name}) cannot be measured in: a projected CRS in metres is needed, and not 3857",
            ),
        )
    return int(written.group(1))


def _time_zone(top: TomlTable) -> str:
    name = top.take("time_zone", str)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = nearest(name, available_timezones()) or "Asia/Shanghai"
        raise top.fault(
            "time_zone", Text(f"“time_zone”的时区“{name}”未知，是否指“{near}”？", f"'time_zone' {name} is unknown; is '{near}' meant?")
        ) from None
    return name


def _languages(top: TomlTable) -> tuple[Language, ...]:
    listed = [str(word) for word in top.take("languages", list, list(LANGUAGES))]
    for word in listed:
        top.known("languages", word, LANGUAGES)
    return tuple(cast(Language, word) for word in listed)


def _grammar(table: TomlTable) -> dict[str, CodeLevel]:
    for level in table.keys:
        table.known(level, level, LEVELS)
    grammar: dict[str, CodeLevel] = {}
    for level in LEVELS:
        if level not in table:
            continue
        rule = table.table(level)
        length, digits = rule.take("length", int), rule.take("digits", int)
        pattern = rule.take("pattern", str, rf"\d{{{length}}}")
        if not 0 < digits <= length:
            raise rule.fault(
                "digits",
                Text(
                    f"“{level}”的流水号位数 {digits} 应在 1 到 {length} 之间",
                    f"the {digits} serial digits of '{level}' must be from 1 to {length}",
                ),
            )
        try:
            re.compile(pattern)
        except re.error as fault:
            raise rule.fault("pattern", Text(f"“{pattern}”不是正则表达式：{fault}", f"'{pattern}' is no regular expression: {fault}")) from fault
        grammar[level] = CodeLevel(rule.take("system", str), length, digits, pattern)
        rule.finish()
    return grammar


def _centres(table: TomlTable) -> dict[str, Text]:
    centres = {key: table.text(key, default) for key, default in CENTRES.items()}
    table.finish()
    return centres


def _generated(table: TomlTable) -> GeneratedAreas:
    rule = GeneratedAreas(
        district_households=table.take("district_households", int, 60_000),
        street_households=table.take("street_households", int, 15_000),
        community_households=table.take("community_households", int, 3_000),
        grid_low=table.take("grid_low", int, 300),
        grid_high=table.take("grid_high", int, 500),
        household_m2=table.take("household_m2", float, 110.0),
        seed=table.take("seed", int, 1),
    )
    table.finish()
    if not 0 < rule.grid_low * 1.5 <= rule.grid_high:
        raise table.fault(
            "grid_low",
            Text(
                f"网格户数下限 {rule.grid_low} 与上限 {rule.grid_high} 太近，无法划分（上限至少为下限的 1.5 倍）",
                f"{rule.grid_low} to {rule.grid_high} households leave no room to divide (the upper must be 1.5 times the lower)",
            ),
        )
    return rule


def _data_file(item: TomlTable) -> DataFile:
    entry = DataFile(item.take("mapping", str), item.take("file", str))
    item.finish()
    return entry


def _raster(item: TomlTable) -> RasterLayer:
    datum = item.take("datum", str)
    if datum.upper().replace("_", "-") == "BD-09":
        raise item.fault(
            "datum",
            Text(
                "百度（BD-09）瓦片用的是另一套格网，不能叠加到这张地图上；BD-09 的矢量数据可以导入",
                "Baidu (BD-09) tiles are cut on another grid and cannot lie on this map; BD-09 vector data can be loaded",
            ),
        )
    item.known("datum", datum, RASTER_DATUMS)
    layer = RasterLayer(
        item.take("key", str), item.text("title"), item.take("url", str), datum, item.take("attribution", str), item.take("max_zoom", int, 18)
    )
    item.finish()
    return layer
