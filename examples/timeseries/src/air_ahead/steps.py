"""Days, weeks, months and quarters as numbers in a row, and as people write them. Standard library only."""

from datetime import date, timedelta
from typing import Literal

Step = Literal["day", "week", "month", "quarter"]
# After so many steps the seasons begin again; that time is a cycle.
SEASONS: dict[Step, int] = {"day": 7, "week": 52, "month": 12, "quarter": 4}
CYCLES: dict[Step, str] = {"day": "week", "week": "year", "month": "year", "quarter": "year"}


def ordinal_of(day: date, step: Step) -> int:
    """The number of the step that a day is in."""
    if step == "day":
        return day.toordinal()
    if step == "week":
        return (day.toordinal() - 1) // 7  # 0001-01-01 was a Monday
    return day.year * 12 + day.month - 1 if step == "month" else day.year * 4 + (day.month - 1) // 3


def first_day(ordinal: int, step: Step) -> date:
    """The day on which a step begins."""
    if step == "day":
        return date.fromordinal(ordinal)
    if step == "week":
        return date.fromordinal(ordinal * 7 + 1)
    a_year = SEASONS[step]
    return date(ordinal // a_year, ordinal % a_year * (12 // a_year) + 1, 1)


def last_day(ordinal: int, step: Step) -> date:
    """The day on which a step ends."""
    return first_day(ordinal + 1, step) - timedelta(days=1)


def name_of(ordinal: int, step: Step) -> str:
    """Such as 1998-01-31 for a day, 1998-01-26 (its Monday) for a week, 1998-01 for a month, 1998-Q1 for a quarter."""
    day = first_day(ordinal, step)
    if step == "quarter":
        return f"{day.year:04d}-Q{(day.month + 2) // 3}"
    return day.isoformat()[:7] if step == "month" else day.isoformat()
