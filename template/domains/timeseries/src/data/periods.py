"""Days, weeks, months, quarters and years as numbers in a row, and as people write them. Standard library only."""

from datetime import date, timedelta
from typing import Literal

Step = Literal["day", "week", "month", "quarter", "year"]
# After so many steps the seasons begin again; that time is a cycle. A year has no seasons: each is a cycle by itself.
SEASONS: dict[Step, int] = {"day": 7, "week": 52, "month": 12, "quarter": 4, "year": 1}
CYCLES: dict[Step, str] = {"day": "week", "week": "year", "month": "year", "quarter": "year", "year": "year"}


def ordinal_of(day: date, step: Step) -> int:
    """The number of the step that a day is in."""
    if step == "day":
        return day.toordinal()
    if step == "week":
        return (day.toordinal() - 1) // 7  # 0001-01-01 was a Monday
    a_year = SEASONS[step]
    return day.year * a_year + (day.month - 1) * a_year // 12


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
    """Such as 1998-01-31 for a day, 1998-01-26 (its Monday) for a week, then 1998-01, 1998-Q1 and 1998."""
    day = first_day(ordinal, step)
    if step == "quarter":
        return f"{day.year:04d}-Q{(day.month + 2) // 3}"
    return day.isoformat()[: {"month": 7, "year": 4}.get(step)]
