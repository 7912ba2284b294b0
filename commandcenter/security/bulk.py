"""Many accounts at once, from a list as a personnel office keeps it: all of them are proposed, or none and every fault is named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from commandcenter.errors import BadInput
from commandcenter.security.names import checked_name
from commandcenter.security.passwords import hashed, made_up
from commandcenter.security.store import Place
from commandcenter.text import Text

MOST_ROWS = 5_000
WHOLE_CITY = "*"
# The columns of the list, by either heading.
COLUMNS: dict[str, Text] = {
    "name": Text("账号", "account"), "title": Text("姓名", "name"), "role": Text("岗位", "role"), "area": Text("辖区代码", "area"),
    "grid": Text("网格代码", "grid"), "centre": Text("中心", "centre"), "until": Text("有效至", "until"),
}  # fmt: skip
NEEDED = ("name", "title", "role")
CENTRES: dict[str, Text] = {
    "emergency": Text("应急指挥", "emergency"), "grid": Text("网格管理", "grid"), "urban": Text("城市管理", "urban"),
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One account to be proposed, with the password that is shown once."""

    name: str
    title: str
    role: str
    place: Place
    password: str

    def values(self, password_hash: str) -> dict[str, Any]:
        """The entry as the database takes it."""
        until = self.place.until
        return {
            "name": self.name, "title": self.title, "hash": password_hash, "role": self.role, "centre": self.place.centre,
            "area": self.place.area, "grid": self.place.grid, "until": None if until is None else until.isoformat(),
        }  # fmt: skip


def headings(first: Iterable[tuple[int, str]]) -> dict[str, int]:
    """Which column stands where, by either heading. Raises BadInput for a list without the needed ones."""
    said = {words.strip().casefold(): at for at, words in first}
    found = {key: said[heading] for key, words in COLUMNS.items() for heading in (words.zh, words.en) if heading in said}
    missing = [COLUMNS[key] for key in NEEDED if key not in found]
    if missing or not {"area", "grid"} & set(found):
        names = missing or [COLUMNS["area"]]
        raise BadInput(
            Text(
                f"第一行缺少表头：{'、'.join(words.zh for words in names)}。",
                f"The first row lacks the headings: {', '.join(words.en for words in names)}.",
            )
        )
    return found


def entries_of(rows: Iterable[tuple[int, Mapping[str, str]]], roles: Sequence[Mapping[str, Any]], taken: Iterable[str], zone: ZoneInfo) -> list[Entry]:
    """The entries of a list's rows, each with its number in the sheet. Raises BadInput naming the first ten faults by row."""
    codes = {word: str(role["code"]) for role in roles for word in (role["code"], role["title"], role["title_en"].casefold())}
    known, entries, faults = set(taken), [], []
    for number, row in rows:
        try:
            entry = _entry({key: value.strip() for key, value in row.items()}, codes, known, zone)
        except BadInput as fault:
            faults.append(Text(f"第 {number} 行：{fault.sentence.zh}", f"Row {number}: {fault.sentence.en}"))
            continue
        known.add(entry.name)
        entries.append(entry)
        if len(entries) > MOST_ROWS:
            raise BadInput(Text(f"一次最多 {MOST_ROWS} 个账号。", f"At most {MOST_ROWS} accounts at once."))
    if faults:
        more = len(faults) - 10
        tail = Text(f" 另有 {more} 行有误。", f" {more} more rows are at fault.") if more > 0 else Text("", "")
        raise BadInput(Text(" ".join(f.zh for f in faults[:10]) + tail.zh, " ".join(f.en for f in faults[:10]) + tail.en))
    if not entries:
        raise BadInput(Text("表里没有账号。", "There is no account in the list."))
    return entries


def hashed_entries(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """The entries as the database takes them. A hash takes a core for a sixth of a second: two are made at a time."""
    with ThreadPoolExecutor(2) as pool:
        return [entry.values(kept) for entry, kept in zip(entries, pool.map(hashed, (entry.password for entry in entries)), strict=True)]


def _entry(row: Mapping[str, str], roles: Mapping[str, str], taken: set[str], zone: ZoneInfo) -> Entry:
    name = checked_name(row.get("name", "").lower())
    if name in taken:
        raise BadInput(Text(f"已有账号 {name}。", f"There is an account {name} already."))
    title, said = row.get("title", ""), row.get("role", "")
    if not title or len(title) > 80:
        raise BadInput(Text("姓名应有 1 到 80 个字。", "A name has 1 to 80 signs."))
    role = roles.get(said) or roles.get(said.casefold())
    if role is None:
        raise BadInput(Text(f"没有岗位“{said[:40]}”。", f"There is no role '{said[:40]}'."))
    area, grid = row.get("area", ""), row.get("grid", "")
    if bool(area) == bool(grid):  # nobody gets a whole city by leaving something out
        raise BadInput(
            Text(f"辖区代码和网格代码填一个，全市在辖区代码里写 {WHOLE_CITY}。", f"Give an area or a grid; for the whole city the area is {WHOLE_CITY}.")
        )
    centre = row.get("centre", "")
    centres = {word: key for key, words in CENTRES.items() for word in (key, words.zh, words.en)}
    if centre and centre.casefold() not in centres:
        names = "、".join(words.zh for words in CENTRES.values())
        raise BadInput(Text(f"没有中心“{centre[:40]}”，可用：{names}。", f"There is no centre '{centre[:40]}'; there are: {', '.join(CENTRES)}."))
    place = Place(None if area in ("", WHOLE_CITY) else area, grid or None, centres.get(centre.casefold()), None, last_moment(row.get("until", ""), zone))
    return Entry(name, title, role, place, made_up())


def last_moment(said: str, zone: ZoneInfo) -> datetime | None:
    """The end of a day that was said (2027-12-31), in the city's time; None for nothing. Raises BadInput."""
    first = first_moment(said, zone)
    return None if first is None else datetime.combine(first.date() + timedelta(days=1), time.min, zone)


def first_moment(said: str, zone: ZoneInfo) -> datetime | None:
    """The beginning of a day that was said, in the city's time; None for nothing. Raises BadInput."""
    if not said:
        return None
    try:
        day = date.fromisoformat(said[:10].replace("/", "-"))
    except ValueError:
        raise BadInput(Text(f"“{said[:20]}”不是日期，写作 2027-12-31。", f"'{said[:20]}' is no date; write it as 2027-12-31.")) from None
    if not 2000 <= day.year <= 2199:
        raise BadInput(Text(f"日期 {said[:20]} 不可能。", f"The date {said[:20]} cannot be."))
    return datetime.combine(day, time.min, zone)
