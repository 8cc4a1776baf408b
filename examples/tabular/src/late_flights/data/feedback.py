"""Feedback in the form of the raw table."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from .feedback_file import format_date
from .schema import MISSING, Column, Schema


def to_record(inputs: Mapping[str, Any], truth: Any, schema: Schema) -> dict[str, Any] | None:
    """Return a row with the column names of the raw file, or None if it differs from the schema.

    Inputs that are no features any more are left out. Other columns of the groups are empty.
    """
    values = {**inputs, schema.target.name: truth}
    if not all(column.name in values and _fits(column, values[column.name]) for column in schema.columns):
        return None
    row = {column.file_name: _to_raw(column, values[column.name]) for column in schema.columns}
    return row | dict.fromkeys(schema.group_columns)


def _fits(column: Column, value: Any) -> bool:
    if column.kind == "category":
        return value in column.levels
    if value is None:
        return column.nullable
    number = _days(value) if column.kind == "date" else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        return False
    low, high = column.minimum, column.maximum
    return (low is None or low <= number) and (high is None or number <= high)


def _days(value: Any) -> int | None:
    try:
        return date.fromisoformat(value).toordinal() - date(1970, 1, 1).toordinal()
    except (TypeError, ValueError):
        return None


def _to_raw(column: Column, value: Any) -> Any:
    if value is None or (column.kind == "category" and value == MISSING):
        return None
    if column.kind == "date":
        return format_date(date.fromisoformat(value), column.date_format)
    return int(value) if column.whole else value
