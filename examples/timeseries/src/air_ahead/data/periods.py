"""Calendar periods (the steps of a series) as consecutive integers. Standard library only, because serving uses it."""

from datetime import date
from typing import Literal

Step = Literal["day", "week", "month", "quarter", "year"]
# Steps per seasonal cycle, and the name of that cycle. Years have no season, so each is a cycle of its own.
SEASON_LENGTHS: dict[Step, int] = {"day": 7, "week": 52, "month": 12, "quarter": 4, "year": 1}
CYCLES: dict[Step, str] = {"day": "week", "week": "year", "month": "year", "quarter": "year", "year": "year"}


def period_ordinal(day: date, step: Step) -> int:
    """Return the number of the period that contains `day`."""
    if step == "day":
        return day.toordinal()
    if step == "week":
        return (day.toordinal() - 1) // 7  # 0001-01-01 was a Monday
    per_year = SEASON_LENGTHS[step]
    return day.year * per_year + (day.month - 1) * per_year // 12


def period_start(ordinal: int, step: Step) -> date:
    """Return the first day of a period."""
    if step == "day":
        return date.fromordinal(ordinal)
    if step == "week":
        return date.fromordinal(ordinal * 7 + 1)
    per_year = SEASON_LENGTHS[step]
    return date(ordinal // per_year, ordinal % per_year * (12 // per_year) + 1, 1)


def period_name(ordinal: int, step: Step) -> str:
    """Return "1998-01-31" for a day, "1998-01-26" (its Monday) for a week, "1998-01", "1998-Q1" or "1998"."""
    day = period_start(ordinal, step)
    if step == "quarter":
        return f"{day.year:04d}-Q{(day.month + 2) // 3}"
    return day.isoformat()[: {"month": 7, "year": 4}.get(step)]
