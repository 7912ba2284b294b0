"""What a limit is: a number with one of the four units of time, its worth in seconds, and how people read it.

Units: ``uh`` continuous hours and ``ud`` continuous days, in which nights and holidays count; ``wh`` office hours and ``wd`` work days, in
which only office hours do. A minute is a fraction of an hour (15 minutes: 0.25).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from commandcenter.cases.calendar import WorkCalendar
from commandcenter.errors import BadInput
from commandcenter.text import Text

Unit = Literal["uh", "ud", "wh", "wd"]

UNITS: Final[dict[Unit, Text]] = {
    "uh": Text("{n} 小时（连续）", "{n} hours, nights and holidays included"),
    "ud": Text("{n} 天（连续）", "{n} days, nights and holidays included"),
    "wh": Text("{n} 工作时", "{n} office hours"),
    "wd": Text("{n} 工作日", "{n} work days"),
}
_MINUTES: Final = {"uh": Text("{n} 分钟（连续）", "{n} minutes, nights and holidays included"), "wh": Text("{n} 分钟（办公时间）", "{n} office minutes")}
_LONGEST = 100_000  # of any unit: whatever is longer is a slip of the pen


@dataclass(frozen=True)
class Limit:
    """So much time. Raises BadInput for an unknown unit and for a number that is none, not above nought or absurd."""

    value: Decimal
    unit: Unit

    def __post_init__(self) -> None:
        try:
            value = Decimal(str(self.value))
        except InvalidOperation:
            value = Decimal("NaN")
        if self.unit not in UNITS:
            known = Text("、".join(UNITS), ", ".join(UNITS))
            raise BadInput(Text(f"时限单位“{self.unit}”未知，可用：{known.zh}。", f"The unit of time '{self.unit}' is unknown; known are {known.en}."))
        if not (value.is_finite() and 0 < value <= _LONGEST):
            raise BadInput(Text(f"时限“{self.value}”应大于 0、不超过 {_LONGEST}。", f"The limit '{self.value}' must be above 0 and at most {_LONGEST}."))
        object.__setattr__(self, "value", value)

    @property
    def natural(self) -> bool:
        """Whether nights, weekends and holidays count."""
        return self.unit in ("uh", "ud")

    @property
    def text(self) -> Text:
        """The limit as people read it: ``2 office hours``, ``15 minutes``."""
        value, words = self.value, UNITS[self.unit]
        if 0 < value < 1 and self.unit in _MINUTES:
            value, words = value * 60, _MINUTES[self.unit]
        said = words.with_values(n=plain(value))
        return Text(said.zh, said.en.replace("s", "", 1) if value == 1 else said.en)

    def seconds(self, calendar: WorkCalendar) -> int:
        """Its worth in seconds, rounded to the nearest: office seconds of that calendar for ``wh`` and ``wd``, plain ones for ``uh`` and ``ud``."""
        worth = {"uh": 3600, "ud": 86_400, "wh": 3600, "wd": calendar.day_s}[self.unit]
        return int((self.value * worth).to_integral_value())

    def plus(self, other: Limit, calendar: WorkCalendar) -> Limit:
        """Both together, in this limit's unit. Raises BadInput where one counts nights and the other does not."""
        if self.natural != other.natural:
            raise BadInput(
                Text(
                    f"“{self.text.zh}”与“{other.text.zh}”计时方式不同，不能相加。",
                    f"'{self.text.en}' and '{other.text.en}' count time differently and cannot be added.",
                )
            )
        if self.unit == other.unit:
            return Limit(self.value + other.value, self.unit)
        hours = Decimal(self.seconds(calendar) + other.seconds(calendar)) / 3600
        return Limit(hours, "uh" if self.natural else "wh")


def plain(value: Decimal) -> str:
    """A number without needless zeros, at most two places."""
    return f"{value.quantize(Decimal('0.01')):f}".rstrip("0").rstrip(".")


def span(seconds: int) -> Text:
    """A length of time in hours, minutes and seconds, with the parts that are not nought: days would be ambiguous here."""
    hours, rest = divmod(abs(seconds), 3600)
    parts = [(hours, " 小时", " h"), (rest // 60, " 分", " min"), (rest % 60, " 秒", " s")]
    said = [part for part in parts if part[0]] or [(0, " 分", " min")]
    sign = "-" if seconds < 0 else ""
    return Text(sign + " ".join(f"{n}{zh}" for n, zh, _ in said), sign + " ".join(f"{n}{en}" for n, _, en in said))
