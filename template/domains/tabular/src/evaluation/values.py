"""Numbers of a column as people read them."""

from ..data.schema import Column, iso_date
from .markdown import rounded

HOURS_PER_DAY = 24


def format_value(column: Column, value: float) -> str:
    """Return a date as 2026-11-30, a time of day as 6:10, and other numbers with three significant digits.

    A time of day is a number of hours, unit h, whose range in `schema.yaml` is 0 to 24.
    """
    if column.kind == "date":
        return iso_date(value)
    if column.unit == "h" and column.minimum == 0 and column.maximum == HOURS_PER_DAY:
        minutes = round(60 * value)
        return f"{minutes // 60}:{minutes % 60:02d}"
    return rounded(value)


def format_with_unit(column: Column, value: float) -> str:
    """Return the value with its unit; a date and a time of day need none."""
    text = format_value(column, value)
    if text != rounded(value):
        return text
    return f"{text}%" if column.unit == "%" else f"{text} {column.unit}".strip()
