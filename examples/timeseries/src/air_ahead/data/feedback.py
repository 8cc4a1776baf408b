"""Feedback in the form of the raw series."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from .feedback_file import format_date
from .periods import period_ordinal, period_start
from .schema import Schema


def to_record(inputs: Mapping[str, Any], truth: Any, schema: Schema) -> dict[str, Any] | None:
    """Return the first day of a forecast's last step and its actual value, or None if it differs from the schema."""
    low, high = schema.limits
    if not {"today", "horizon"} <= inputs.keys() or not low <= truth <= high:
        return None
    last = period_ordinal(date.fromisoformat(inputs["today"]), schema.step) + inputs["horizon"] - 1
    day = format_date(period_start(last, schema.step), schema.date.date_format)
    return {schema.date_column: day, schema.target_column: truth}
