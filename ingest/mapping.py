"""What one source means: its mapping file, read and checked against the schema before a single row is touched.

A mapping names reader, encoding, CRS, key, columns with units, value tables, class rules, cadence, owner and licence.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from pyproj import CRS
from pyproj.exceptions import CRSError

from commandcenter.db.schema import Base
from commandcenter.db.schema.matters import ENGINE_COLUMNS
from commandcenter.errors import BadInput
from commandcenter.text import Text
from commandcenter.toml_file import FULL_STOP, TomlTable, meant, nearest
from ingest.contract import ClassRule, Column, Fetch, Mapping, Place, PolygonSet, ReadOptions, Rule
from ingest.convert import KINDS, UNITS
from ingest.derive import DERIVATIONS
from ingest.governance.household_register import WRITABLE
from ingest.governance.mapped import building_in, check_grids, check_register, plan_in
from ingest.measures import MEASURES
from ingest.rules import RULE_WORDS, check_rule

MAPPING_FOLDER = Path(__file__).resolve().parent / "mappings"
READERS = ("csv", "xlsx", "json", "geojson", "geojsonl", "vector", "parquet", "gpx", "osm", "database")
TABLES = ("csv", "xlsx", "json", "database")  # rows whose place stands in fields
# How a row's place is written, and the words that name its fields.
PLACE_WORDS = (("xy", ("lon", "lat")), ("xy", ("x", "y")), ("pair", ("pair",)), ("wkt", ("wkt",)), ("wkb", ("wkb",)))
DELIVERIES = ("full", "changes")
REPAIRS = ("propose", "apply")
VANISH_LIMIT = 0.2
PLACE_CODES = ("district_code", "street_code", "community_code", "grid_code", "unit_cell_code")
SHIFTED = ("GCJ-02", "BD-09")
GEOMETRIES = ("point", "line", "polygon", "any", "none")
CADENCE_S = {"m": 60, "h": 3600, "d": 86_400}
TARGETS = sorted(name for name, table in Base.metadata.tables.items() if {"source_key", "row_hash"} <= set(table.columns.keys()))
# Written by the loader itself, never by a mapping.
OWN_COLUMNS = frozenset({"id", "source", "source_key", "row_hash", "run_id", "row_no", "gone_run_id", "geom", "geom_3857", "label_3857", "sector_3857"})

# The same of one target: what follows from its plan, its buildings, or other tables (ingest.governance).
FOLLOWING = {
    "grid": frozenset({"plan_id", "geom_metric", "geom_3857_mid", "geom_3857_low", "open_cases", "overdue_cases", "cameras", "cameras_working", "counted_at"}),
    "household_count": frozenset({"estimated"}),
    "cases": ENGINE_COLUMNS,
}
# What such a target fills by itself where the mapping leaves it out.
FILLED = {"grid": frozenset({"kind", "code_system", "households", "households_estimated"})}


def mapping_names(folder: Path = MAPPING_FOLDER) -> list[str]:
    """The names of all mappings that ship."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def load_mapping(name_or_path: str | Path, folder: Path = MAPPING_FOLDER) -> Mapping:
    """The mapping of a name or file. Raises BadInput, whose sentence names file, line, key and the nearest valid word."""
    path = Path(name_or_path)
    if path.suffix != ".toml":
        known = mapping_names(folder)
        if str(name_or_path) not in known:
            hint = meant(nearest(str(name_or_path), known), FULL_STOP)
            raise BadInput(
                Text(
                    f"没有映射“{name_or_path}”，已有：{'、'.join(known)}{hint.zh}",
                    f"There is no mapping '{name_or_path}'; there are {', '.join(known)}{hint.en}",
                )
            )
        path = folder / f"{name_or_path}.toml"
    return _mapping(path.stem, TomlTable.read(path))


def _mapping(name: str, top: TomlTable) -> Mapping:
    target = top.word("target", TARGETS)
    reader = top.word("reader", READERS)
    tables = top.table("tables")
    columns_of_target = _writable(target)
    mapping = Mapping(
        name=name,
        body=top.body,
        version=hashlib.sha256(top.body.encode()).hexdigest(),
        target=target,
        reader=reader,
        encoding=_encoding(top),
        crs=_crs(top),
        title=top.text("title"),
        owner=top.take("owner", str),
        licence=top.take("licence", str),
        attribution=top.take("attribution", str),
        cadence_s=_cadence(top),
        estimated=top.take("estimated", bool, False),
        data_as_of=top.take("data_as_of", datetime, None),
        moved_to_load=top.take("moved_to_load", bool, False),
        draw_cut_areas=top.take("draw_cut_areas", bool, False),
        key=tuple(str(part) for part in top.take("key", list, ["@id"] if reader == "osm" else [])),
        geometry=top.word("geometry", GEOMETRIES),
        place=_place(top, reader),
        delimiter=_delimiter(top),
        options=_options(top),
        delivery=top.word("delivery", DELIVERIES, "full"),
        vanish_limit=top.take("vanish_limit", float, VANISH_LIMIT),
        repair=top.word("repair", REPAIRS, "propose"),
        placeholders=_placeholders(top),
        claims=_claims(top, columns_of_target),
        rules=tuple(_rule(item, columns_of_target) for item in top.tables("rule")),
        polygon_set=_polygon_set(top, target),
        fetch=_fetch(top),
        columns=_columns(top.table("columns"), columns_of_target, tables),
        constants=_given(top.table("constants"), columns_of_target),
        classes=tuple(_class_rule(item, columns_of_target) for item in top.tables("class")),
        derive=_derive(top),
        plan=plan_in(top) if target == "grid" else None,
        building=building_in(top) if target == "household_count" else None,
    )
    top.finish()
    if not mapping.key:
        raise top.fault("key", Text("“key”不能为空：没有键就无法识别重复导入", "'key' must not be empty: without it a second run cannot know its rows"))
    if mapping.moved_to_load and (mapping.data_as_of is None or mapping.data_as_of.tzinfo is None):
        raise top.fault(
            "moved_to_load",
            Text(
                "“moved_to_load”需要带时区的“data_as_of”：不知道数据说的是哪一刻，就无法后移",
                "'moved_to_load' needs a 'data_as_of' with its time zone: without it nobody knows how far to move",
            ),
        )
    _check_filled(mapping, top)
    if mapping.plan is not None:
        check_grids(mapping, top)
    if mapping.building is not None:
        check_register(mapping, mapping.building, top)
    return mapping


def _writable(target: str) -> list[str]:
    if target == "household_count":
        return list(WRITABLE)  # counts and the day they were made: of people nothing is written
    table = Base.metadata.tables[target]
    own = OWN_COLUMNS | FOLLOWING.get(target, frozenset())
    return [column.name for column in table.columns if column.name not in own and column.computed is None]


def _check_filled(mapping: Mapping, top: TomlTable) -> None:
    table = Base.metadata.tables[mapping.target]
    own = OWN_COLUMNS.union(*(told.get(mapping.target, frozenset()) for told in (FOLLOWING, FILLED)))
    for column in table.columns:
        must = not column.nullable and column.server_default is None and column.computed is None
        if must and column.name not in own and column.name not in mapping.written and column.name not in MEASURES:
            raise top.fault(
                "target",
                Text(
                    f"目标表 {mapping.target} 的列“{column.name}”必须有值，映射却没有给出",
                    f"the column '{column.name}' of {mapping.target} must be filled, and the mapping does not fill it",
                ),
            )


def _encoding(top: TomlTable) -> str:
    name = top.take("encoding", str, "utf-8")
    try:
        "".encode(name)
    except LookupError:
        raise top.fault("encoding", Text(f"未知的编码“{name}”，例如 utf-8、gb18030", f"the encoding '{name}' is unknown; two are utf-8 and gb18030")) from None
    return name


def _crs(top: TomlTable) -> str:
    if "crs" not in top and top.word("geometry", GEOMETRIES) == "none":
        return "EPSG:4326"  # nothing is converted
    name = top.take("crs", str)
    if name in SHIFTED:
        return name
    if not re.fullmatch(r"EPSG:\d{4,6}", name):
        hint = meant(nearest(name, (*SHIFTED, "EPSG:4326", "EPSG:4490", "EPSG:3857")))
        raise top.fault(
            "crs",
            Text(
                f"坐标系“{name}”不可用：请写 EPSG 代码（如 EPSG:4490）、GCJ-02 或 BD-09{hint.zh}",
                f"the CRS '{name}' is not usable: write an EPSG code (EPSG:4490), GCJ-02 or BD-09{hint.en}",
            ),
        )
    try:
        CRS.from_user_input(name)
    except CRSError:
        raise top.fault("crs", Text(f"没有坐标系 {name}", f"there is no CRS {name}")) from None
    return name


def _cadence(top: TomlTable) -> int | None:
    written = top.take("cadence", str)
    if written == "once":
        return None
    found = re.fullmatch(r"(\d+)([mhd])", written)
    if found is None:
        raise top.fault(
            "cadence",
            Text(
                f"“cadence”应写作 once、15m、1h 或 1d，现为“{written}”",
                f"'cadence' must look like once, 15m, 1h or 1d, not '{written}'",
            ),
        )
    return int(found.group(1)) * CADENCE_S[found.group(2)]


def _place(top: TomlTable, reader: str) -> Place | None:
    if "place" not in top:
        if reader in TABLES and top.take("geometry", str) != "none":
            top.table("place").take("lon", str)
        return None
    place = top.table("place")
    swapped = place.take("swapped", bool, False)
    kind = next((kind for kind, names in PLACE_WORDS if any(name in place for name in names)), None)
    if kind is None and reader in TABLES:
        place.take("lon", str)
    names = next((names for _, names in PLACE_WORDS if any(name in place for name in names)), ())
    found = Place(kind or "features", tuple(place.take(name, str) for name in names), swapped)
    place.finish()
    return found


def _options(top: TomlTable) -> ReadOptions:
    table = top.table("read")
    options = ReadOptions(
        layer=table.take("layer", str, None),
        header_row=table.take("header_row", int, None),
        fill_down=tuple(map(str, table.take("fill_down", list, []))),
        records=table.take("records", str, None),
        query=table.take("query", str, None),
        database=table.take("database", str, None),
    )
    table.finish()
    if options.header_row is not None and options.header_row < 1:
        raise table.fault(
            "header_row",
            Text(f"“read.header_row”从 1 数起，现为 {options.header_row}", f"'read.header_row' counts from 1, and is {options.header_row}"),
        )
    return options


def _fetch(top: TomlTable) -> Fetch | None:
    if "fetch" not in top:
        return None
    table = top.table("fetch")
    headers = table.table("headers")
    fetch = Fetch(
        url=table.take("url", str, None),
        headers={name: headers.take(name, str) for name in headers.keys},
        folder=table.take("folder", str, None),
        pattern=table.take("pattern", str, "*"),
    )
    table.finish()
    return fetch


def _delimiter(top: TomlTable) -> str:
    written = top.take("delimiter", str, ",")
    if len(written) != 1 or written in '"\r\n':
        raise top.fault(
            "delimiter",
            Text(
                f"“delimiter”应为一个字符（不含引号和换行），现为“{written}”",
                f"'delimiter' must be one character, no quote and no line break, not {written!r}",
            ),
        )
    return written


def _placeholders(top: TomlTable) -> tuple[tuple[float, float], ...]:
    """Pairs of coordinates, in the mapping's CRS, that the source writes where it knows none."""
    found = []
    for item in top.take("placeholders", list, []):
        if not (isinstance(item, list) and len(item) == 2 and all(isinstance(v, (int, float)) for v in item)):
            raise top.fault("placeholders", Text("“placeholders”应为坐标对的列表，如 [[0, 0]]", "'placeholders' must be a list of pairs such as [[0, 0]]"))
        found.append((float(item[0]), float(item[1])))
    return tuple(found)


def _claims(top: TomlTable, columns: list[str]) -> dict[str, str]:
    """Codes of the place that the source itself names: compared with where the row lies, never stored instead."""
    table = top.table("claims")
    claims = {}
    for name in table.keys:
        table.known(name, name, [code for code in PLACE_CODES if code in columns])
        claims[name] = table.take(name, str)
    return claims


def _polygon_set(top: TomlTable, target: str) -> PolygonSet | None:
    """As the mapping says; grids are looked at in any case."""
    if "polygon_set" not in top and target != "grid":
        return None
    table = top.table("polygon_set")
    checked = PolygonSet(table.take("gap_width_m", float, 1.0), table.word("faults", ("refuse", "report"), "refuse") == "refuse")
    table.finish()
    return checked


def _rule(item: TomlTable, columns: list[str]) -> Rule:
    word = item.word("rule", RULE_WORDS)
    named = item.take("columns", list, None) or [item.take("column", str)]
    for name in named:
        item.known("column", str(name), columns)
    given = {name: item.take(name, object, default) for name, default in RULE_WORDS[word].items() if default is not None or name in item}
    missing = [name for name in RULE_WORDS[word] if name not in given]
    if missing:
        item.take(missing[0], object)
    refuses = item.word("breach", ("refuse", "finding"), "refuse") == "refuse"
    item.finish()
    check_rule(item, word, tuple(map(str, named)), given)
    return Rule(word, tuple(map(str, named)), given, refuses)


def _derive(top: TomlTable) -> tuple[str, ...]:
    names = tuple(str(name) for name in top.take("derive", list, []))
    for name in names:
        top.known("derive", name, DERIVATIONS)
    return names


def _given(table: TomlTable, columns: list[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for key in table.keys:
        table.known(key, key, columns)
        given[key] = table.take(key, object)
    return given


def _class_rule(item: TomlTable, columns: list[str]) -> ClassRule:
    when_table = item.table("when")
    when: dict[str, frozenset[str] | None] = {}
    for key in when_table.keys:
        value = when_table.take(key, object)
        when[key] = None if value == "*" else frozenset(map(str, value)) if isinstance(value, list) else frozenset({str(value)})
    geometry = item.word("geometry", GEOMETRIES, None) if "geometry" in item else item.take("geometry", str, None)
    rule = ClassRule(when, geometry, _given(item.table("set"), columns))
    item.finish()
    return rule


def _columns(table: TomlTable, columns: list[str], tables: TomlTable) -> tuple[Column, ...]:
    found = []
    for name in table.keys:
        table.known(name, name, columns)
        found.append(_column(name, table.table(name), tables))
    tables.finish()
    return tuple(found)


def _column(name: str, item: TomlTable, tables: TomlTable) -> Column:
    template = item.take("template", str, None)
    if template is not None:
        fields = tuple(re.findall(r"\{([^}]+)\}", template))
    else:
        written = item.take("from", object)
        fields = tuple(map(str, written)) if isinstance(written, list) else (str(written),)
    table_name = item.take("table", str, None)
    if table_name is not None:
        item.known("table", table_name, tables.keys)
    column = Column(
        name=name,
        fields=fields,
        template=template,
        kind=item.word("kind", KINDS, "text"),
        unit=item.word("unit", UNITS, None) if "unit" in item else item.take("unit", str, None),
        formats=_formats(item),
        table=tables.take(table_name, dict) if table_name is not None else None,
        keep_unknown=item.take("keep_unknown", bool, False),
        default=item.take("default", object, None),
        required=item.take("required", bool, False),
        low=item.take("low", float, None),
        high=item.take("high", float, None),
        only_with=item.take("only_with", str, None),
    )
    item.finish()
    return column


def _formats(item: TomlTable) -> tuple[str, ...]:
    written = item.take("format", object, None)
    return () if written is None else tuple(map(str, written)) if isinstance(written, list) else (str(written),)
