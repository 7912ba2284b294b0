"""The day rows a working calendar of China starts from: the State Council's holidays and make-up work days, as a kept library has them.

The rows go into the database once, as a version with its own name; from there a city edits them, and nothing asks the library again.
"""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar

from commandcenter.cases.calendar import DayRow
from commandcenter.errors import BadInput
from commandcenter.text import Text

_NAMES = {holiday.value: Text(holiday.chinese, holiday.value) for holiday in chinese_calendar.Holiday}
_NAMES |= {  # the library shortens three names
    "Tomb-sweeping Day": Text("清明节", "Tomb-sweeping Day"),
    "Dragon Boat Festival": Text("端午节", "Dragon Boat Festival"),
    "Mid-autumn Festival": Text("中秋节", "Mid-Autumn Festival"),
}


def day_rows(first: date, last: date) -> list[DayRow]:
    """Every day from first to last. Raises BadInput for a year whose holidays the library does not know yet."""
    return [_row(first + timedelta(days=number)) for number in range((last - first).days + 1)]


def _row(day: date) -> DayRow:
    try:
        workday = chinese_calendar.is_workday(day)
    except NotImplementedError as fault:
        raise BadInput(
            Text(
                f"{day.year} 年的法定节假日安排尚未收录，请按国务院办公厅的通知录入。",
                f"The public holidays of {day.year} are not known here; enter them from the State Council's notice.",
            )
        ) from fault
    name = chinese_calendar.get_holiday_detail(day)[1]
    if name is None:
        return DayRow(day, workday)
    text = _NAMES[name]
    return DayRow(day, True, f"{text.zh}调休上班", f"Make-up work day for {text.en}") if workday else DayRow(day, False, *text)
