"""How households and people are shown: counts as a table to walk down, a building's households, one household masked or in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from commandcenter.actor import Actor
from commandcenter.people.limits import LONGEST_REASON, SHORTEST_REASON, SMALLEST_CELL
from commandcenter.text import Language, Text
from commandcenter.web.plain_page import Html, field, form, table, tag

TITLE = Text("户与人", "Households and people")
TO_MAP = Text("地图", "Map")
LEVELS = {
    "city": Text("全市", "Whole city"), "district": Text("区", "District"), "street": Text("街道", "Street"), "community": Text("社区", "Community"),
    "grid": Text("网格", "Grid"), "building": Text("建筑", "Building"),
}  # fmt: skip
PERSONS, HOMES, COUNTED = Text("人口（人）", "Persons"), Text("户数（户）", "Households"), Text("统计日期", "Counted on")
SUMMARY = Text(
    "{place}：{persons} 人，{homes} 户，{day} 统计。", "{place}: {persons} persons in {homes} households, counted on {day}."
)
HELD_BACK = Text(f"<{SMALLEST_CELL} 或隐去", f"<{SMALLEST_CELL} or withheld")
WHOLE_HELD = Text(
    "{place}：不足 {least} 人，或为保护相邻的小数字而隐去。", "{place}: fewer than {least} persons, or withheld to protect a small number beside it."
)
WHY = Text(
    f"“{HELD_BACK.zh}”：辖区以外，不足 {SMALLEST_CELL} 人的数字不公布；凭合计能推算出它的相邻数字也一并隐去，二者不作区分。辖区以内的数字都是准确的。",
    f"'{HELD_BACK.en}': outside your jurisdiction numbers under {SMALLEST_CELL} persons are not told, nor a neighbour from which one could be"
    " worked out by a sum; which of the two it is stays open. Inside your jurisdiction every number is exact.",
)
NOT_COUNTED, NO_COUNT_HERE = Text("未统计", "not counted"), Text("{place}：没有户数统计。", "{place}: nobody has counted here.")
UNPLACED = Text("未落入下级的", "Placed in none of these")
SYNTHETIC = Text("以下人口全部是合成的，没有真人。", "All people shown here are synthetic; none of them exists.")
KINDS = {
    "resident": Text("常住户", "Resident"), "registered": Text("户籍户（人不在此居住）", "Registered here, living elsewhere"), "vacant": Text("空置", "Vacant"),
}  # fmt: skip
HOUSEHOLD, UNIT, KIND, KNOWN = Text("户号", "Household"), Text("门牌", "Door"), Text("类别", "Kind"), Text("登记人数", "People on record")
ONE_LOOK = Text("点户号打开一户；打开即是一次查看，记入审计。", "A household opens by its number; to open it is a look, and goes into the audit.")
NOBODY_COUNTED = Text("这栋建筑没有户的登记，或不在您的辖区内。", "No household is on record for this building, or it lies outside your jurisdiction.")
TO_GRID = Text("所在网格的人口", "Counts of its grid")
ROLES = {
    "head": Text("户主", "Head"), "spouse": Text("配偶", "Spouse"), "child": Text("子女", "Child"), "parent": Text("父母", "Parent"),
    "other": Text("其他", "Other"),
}  # fmt: skip
STATES = {"present": Text("在住", "Lives here"), "away": Text("外出", "Away"), "erased": Text("已依法删除", "Erased by law")}
ROLE, NAME, BORN, PHONE = Text("与户主关系", "In the household"), Text("姓名", "Name"), Text("出生", "Born"), Text("电话", "Telephone")
ID_NUMBER, STATE, REF = Text("公民身份号码", "ID number"), Text("状态", "State"), Text("编号", "Reference")
DECADE = Text("{year} 年代", "{year}s")
MASKED = Text("第 {id} 户（已遮盖）", "Household {id} (masked)")
EMPTY = Text("这一户没有登记的人。", "Nobody is on record in this household.")
IN_FULL, EVERYBODY = Text("查看完整信息", "Show in full"), Text("全户", "Everybody of the household")
WHO, REASON = Text("谁", "Who"), Text("理由（记入审计，请写事项编号，不写姓名）", "Reason (goes into the audit: the matter's number, not a name)")
SHOWN_ONCE = Text(
    "第 {id} 户的完整信息：只显示这一次，已按人记入审计。离开时请关闭本页。",
    "Household {id} in full: shown this once, each person in the audit. Close this page when you leave.",
)


def counts_inside(rows: Sequence[Mapping[str, Any]], language: Language, *, synthetic: bool, to_people: bool) -> list[Html | None]:
    """A place with its numbers and the places right below it, to walk down; ways up stand above."""
    here = next(row for row in rows if row["part"] == "here")
    below = [row for row in rows if row["part"] == "below"]
    ways = [tag("a", TO_MAP.to(language), href="/")]
    ways += [tag("a", _name(row, language), href=_address(row["code"])) for row in rows if row["part"] == "above"]
    ways.append(tag("a", _name(here, language), href=_address(here["code"]), aria_current="page"))
    inside: list[Html | None] = [tag("nav", *ways, class_="plain-ways"), tag("p", _summary(here, language))]
    if any(row["held_back"] for row in (here, *below)):
        inside.append(tag("p", WHY.to(language), class_="faint"))
    if synthetic:
        inside.append(tag("p", SYNTHETIC.to(language), class_="faint"))
    if below:
        heads = [LEVELS[below[0]["level"]].to(language), *_number_heads(language, PERSONS, HOMES)]
        lines = [[_place(row, language, to_people=to_people), *_numbers(row, language)] for row in below]
        if len({row["counted_on"] for row in below} - {None}) > 1:  # else the sentence above says it for all
            heads.append(COUNTED.to(language))
            lines = [[*line, str(row["counted_on"] or "")] for line, row in zip(lines, below, strict=True)]
        inside.append(tag("div", table(heads, lines, TITLE.to(language)), class_="plain-narrow"))
    return inside


def building_inside(
    building: Mapping[str, Any], homes: Sequence[Mapping[str, Any]], actor: Actor, language: Language, *, synthetic: bool
) -> list[Html | None]:
    """The households of a building: how many live in each, and a way to look at one."""
    ways = [tag("a", TO_MAP.to(language), href="/")]
    if building["grid_code"]:
        ways.append(tag("a", TO_GRID.to(language), href=_address(building["grid_code"])))
    inside: list[Html | None] = [tag("nav", *ways, class_="plain-ways"), tag("p", SYNTHETIC.to(language), class_="faint") if synthetic else None]
    if not homes:
        return [*inside, tag("p", NOBODY_COUNTED.to(language))]
    with_doors = actor.may("reveal")
    heads = [HOUSEHOLD.to(language), *([UNIT.to(language)] if with_doors else []), KIND.to(language), *_number_heads(language, PERSONS, KNOWN)]
    lines = [
        [
            _home(building, home), *([home["unit"] or ""] if with_doors else []), KINDS[home["kind"]].to(language), _number(home["persons"]),
            _number(home["known"]), str(home["counted_on"]),
        ]
        for home in homes
    ]  # fmt: skip
    return [*inside, tag("p", ONE_LOOK.to(language), class_="faint"), table([*heads, COUNTED.to(language)], lines, TITLE.to(language))]


def household_inside(
    building: Mapping[str, Any], home: Mapping[str, Any], people: Sequence[Mapping[str, Any]], actor: Actor, language: Language, said: Text | None, reason: str
) -> list[Html]:
    """One household masked, and for who may the form that shows somebody in full."""
    inside = [tag("h2", MASKED.with_values(id=home["id"]).to(language))]
    if said is not None:
        inside.append(tag("p", said.to(language), class_="plain-said bad", role="alert"))
    if not people:
        return [*inside, tag("p", EMPTY.to(language))]
    decades = [None if person["born_decade"] is None else DECADE.with_values(year=person["born_decade"]).to(language) for person in people]
    inside.append(_people_table([dict(person) | {"born": decade} for person, decade in zip(people, decades, strict=True)], language))
    known = [person for person in people if person["state"] != "erased"]
    if actor.may("reveal") and known:
        inside.append(_reveal_form(building, home, known, language, reason))
    return inside


def revealed_inside(building: Mapping[str, Any], home: Mapping[str, Any], people: Sequence[Mapping[str, Any]], language: Language) -> list[Html]:
    """Who was asked for, in full, on the one page that answers."""
    words = SHOWN_ONCE.with_values(id=home["id"]).to(language)
    back = tag("a", MASKED.with_values(id=home["id"]).to(language), href=_home_address(building, home))
    heads = (NAME, BORN, PHONE, ID_NUMBER, UNIT, REF)
    lines = [
        [person["name"], str(person["born"] or ""), person["phone"] or "", person["id_number"] or "", person["unit"] or "", person["ref"]] for person in people
    ]
    return [
        tag("p", words, class_="plain-said", role="status"), table([head.to(language) for head in heads], lines, IN_FULL.to(language)),
        tag("p", back),
    ]  # fmt: skip


def _people_table(people: Sequence[Mapping[str, Any]], language: Language) -> Html:
    heads = [words.to(language) for words in (ROLE, NAME, BORN, PHONE, ID_NUMBER, STATE, REF)]
    lines = [
        [
            ROLES[person["role"]].to(language) if person["role"] else "", person["name"] or "", person["born"] or "", person["phone"] or "",
            person["id_number"] or "", STATES[person["state"]].to(language), person["ref"],
        ]
        for person in people
    ]  # fmt: skip
    return table(heads, lines, KNOWN.to(language))


def _reveal_form(
    building: Mapping[str, Any], home: Mapping[str, Any], known: Sequence[Mapping[str, Any]], language: Language, reason: str
) -> Html:
    choices = [tag("option", EVERYBODY.to(language), value="")]
    choices += [tag("option", f"{person['name']} · {person['ref']}", value=person["ref"]) for person in known]
    return form(
        _home_address(building, home),
        tag("label", tag("span", WHO.to(language)), tag("select", *choices, name="person")),
        field(REASON.to(language), "reason", value=reason, required=True, minlength=SHORTEST_REASON, maxlength=LONGEST_REASON, autocomplete="off"),
        tag("button", IN_FULL.to(language), type="submit", class_="first"),
        class_="plain-form plain-search",
    )


def _summary(here: Mapping[str, Any], language: Language) -> str:
    place = _name(here, language)
    if not here["counted"]:
        return NO_COUNT_HERE.with_values(place=place).to(language)
    if here["held_back"]:
        return WHOLE_HELD.with_values(place=place, least=SMALLEST_CELL).to(language)
    return SUMMARY.with_values(place=place, persons=f"{here['persons']:,}", homes=f"{here['households']:,}", day=here["counted_on"]).to(language)


def _numbers(row: Mapping[str, Any], language: Language) -> list[Html]:
    if not row["counted"]:
        return [tag("span", NOT_COUNTED.to(language), class_="faint plain-number")] * 2
    if row["held_back"]:
        return [tag("span", HELD_BACK.to(language), class_="faint plain-number")] * 2
    return [_number(row["persons"]), _number(row["households"])]


def _number_heads(language: Language, *titles: Text) -> list[str]:
    return [tag("span", words.to(language), class_="plain-number") for words in titles]


def _home(building: Mapping[str, Any], home: Mapping[str, Any]) -> Html | str:
    return tag("a", str(home["id"]), href=_home_address(building, home)) if home["known"] else str(home["id"])


def _home_address(building: Mapping[str, Any], home: Mapping[str, Any]) -> str:
    return f"/people/building/{building['id']}?household={home['id']}"


def _number(value: int) -> Html:
    return tag("span", f"{value:,}", class_="plain-number")


def _place(row: Mapping[str, Any], language: Language, *, to_people: bool) -> Html | str:
    name = _name(row, language)
    if row["code"] is None or not row["counted"]:
        return name
    if row["level"] != "building":
        return tag("a", name, href=_address(row["code"]))
    return tag("a", name, href=f"/people/building/{row['code']}") if to_people and row["inside"] else name


def _name(row: Mapping[str, Any], language: Language) -> str:
    if row["code"] is None:
        return UNPLACED.to(language)
    if row["level"] == "city":
        return LEVELS["city"].to(language)
    return str((row["title_en"] if language == "en" else None) or row["title"] or row["code"] or LEVELS[row["level"]].to(language))


def _address(code: str) -> str:
    return f"/people?at={quote(code)}" if code else "/people"
