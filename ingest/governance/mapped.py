"""What a mapping says of grid plans and household registers, and what it must say."""

from __future__ import annotations

import re

from commandcenter.text import Text
from commandcenter.toml_file import TomlTable
from ingest.contract import ROWS_FIELD, BuildingRef, Mapping, Plan
from ingest.governance.household_register import COUNTS

WITHIN_M = 5.0


def check_grids(mapping: Mapping, top: TomlTable) -> None:
    """A grid is a polygon, known by its code."""
    if mapping.geometry != "polygon":
        raise top.fault("geometry", Text("网格是多边形：请写 geometry = \"polygon\"", "grids are polygons: write geometry = \"polygon\""))
    code = next((column for column in mapping.columns if column.name == "code"), None)
    if code is None or code.template is not None or mapping.key != code.fields:
        raise top.fault(
            "key",
            Text("网格以其代码为键：“key”应为给出“code”的那个字段", "a grid is known by its code: 'key' must be the field that 'code' comes from"),
        )


def check_register(mapping: Mapping, building: BuildingRef, top: TomlTable) -> None:
    """A row is counts of one building, named by its key or by its place."""
    if (building.key is None) == (mapping.geometry == "none"):
        raise top.fault(
            "geometry",
            Text(
                "户数或以“[building] key”指明建筑（geometry = \"none\"），或以位置指明（geometry = \"point\"），二者取一",
                "a count names its building by '[building] key' (geometry = \"none\") or by its place (geometry = \"point\"), one of both",
            ),
        )
    if building.key is None and mapping.geometry != "point":
        raise top.fault("geometry", Text("户数的位置是点：请写 geometry = \"point\"", "the place of a count is a point: write geometry = \"point\""))
    for column in mapping.columns:
        wanted = "integer" if column.name in COUNTS else "day"
        if column.kind != wanted:
            raise top.fault(
                column.name,
                Text(f"“{column.name}”应读作 {wanted}：请写 kind = \"{wanted}\"", f"'{column.name}' is read as {wanted}: write kind = \"{wanted}\""),
            )
        if ROWS_FIELD in column.fields and not building.counts_rows:
            raise top.fault(column.name, Text(f"“{ROWS_FIELD}”需要 count = \"rows\"", f"'{ROWS_FIELD}' needs count = \"rows\""))
    if building.counts_rows and (building.key is None or mapping.key != (building.key,)):
        raise top.fault(
            "key",
            Text("逐户登记（count = \"rows\"）以建筑为键：“key”应为“[building] key”的字段",
                 "where rows are counted (count = \"rows\") the building is the key: 'key' must be the field of '[building] key'"),
        )  # fmt: skip


def plan_in(top: TomlTable) -> Plan:
    """The plan that a mapping's grids make up."""
    if "plan" not in top:
        top.take("plan", dict)
    table = top.table("plan")
    rule = table.take("rule", str)
    bounds = re.fullmatch(r"(\d+)-(\d+)", rule)
    if bounds is None or int(bounds[1]) > int(bounds[2]):
        raise table.fault(
            "rule",
            Text(f"“plan.rule”应写作每网格户数的范围，如 100-200，现为“{rule}”", f"'plan.rule' must be households a grid, such as 100-200, not '{rule}'"),
        )
    title = Text(table.take("title", str), table.take("title_en", str))
    plan = Plan(
        table.take("code", str), title, rule, table.take("published", bool), table.word("codes", ("refuse", "report"), "refuse") == "refuse"
    )
    table.finish()
    return plan


def building_in(top: TomlTable) -> BuildingRef:
    """How a mapping's rows name their buildings."""
    table = top.table("building")
    reference = BuildingRef(
        table.take("key", str, None),
        table.take("source", str, None),
        table.take("within_m", float, WITHIN_M),
        table.word("count", ("rows", "field"), "field") == "rows",
    )
    if reference.within_m < 0:
        raise table.fault("within_m", Text("“building.within_m”不能为负", "'building.within_m' must not be negative"))
    table.finish()
    return reference
