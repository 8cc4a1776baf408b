"""Checking of the demo's inputs. Standard library only.

An input is described by its entry in `champion.json`: name, label, kind, unit, range, choices, default.
"""

import math
import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

EPOCH = date(1970, 1, 1)
MIDNIGHT = re.compile(r"[ T]00:00(:00)?$")
# The categories of an empty value, and of one that is not among the choices; the same as in data/schema.py.
MISSING, OTHER = "(missing)", "(other)"
# What `champion.json` must contain for each input.
KEYS = frozenset({"name", "label", "kind", "unit", "whole", "nullable", "others", "choices", "default"})


class InvalidInputError(ValueError):
    """An input that has no prediction; the message is for the user of the demo."""


def check_input(column: Mapping[str, Any], value: Any) -> float | str | None:
    """Return a value with its type, or None if it is missing and may be.

    Raises:
        InvalidInputError: the value is not valid.
    """
    value = value.strip(" ") if isinstance(value, str) else value
    missing = value is None or value == "" or value != value  # the last is nan
    if column["kind"] == "category":
        return _check_category(column, MISSING if missing else str(value))
    if missing and column["nullable"]:
        return None
    return _check_date(column, value) if column["kind"] == "date" else _check_number(column, value)


def encode_input(column: Mapping[str, Any], value: Any) -> float | str:
    """Return a checked value as the model gets it: a date as days since 1970-01-01, a missing number as nan.

    The champion may accept a category that a canary does not know.
    """
    if column["kind"] == "category":
        return OTHER if column["others"] and value not in column["choices"] else str(value)
    if value is None:
        return math.nan
    return float((date.fromisoformat(value) - EPOCH).days) if column["kind"] == "date" else float(value)


def _check_category(column: Mapping[str, Any], value: str) -> str:
    if value in column["choices"]:
        return value
    if column["others"] and value != MISSING:
        return OTHER
    raise InvalidInputError(f"{column['label']} must be one of {', '.join(column['choices'])}.")


def _check_date(column: Mapping[str, Any], value: Any) -> str:
    try:
        # Rows of a split contain days; a calendar may append midnight to a date.
        text = MIDNIGHT.sub("", str(value))
        day = EPOCH + timedelta(days=int(value)) if isinstance(value, float) else date.fromisoformat(text)
    except (ValueError, OverflowError):
        raise InvalidInputError(f"{column['label']} must be a date such as {column['default']}.") from None
    if not date.fromisoformat(column["minimum"]) <= day <= date.fromisoformat(column["maximum"]):
        raise InvalidInputError(f"{column['label']} must be between {column['minimum']} and {column['maximum']}.")
    return day.isoformat()


def _check_number(column: Mapping[str, Any], value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        raise InvalidInputError(f"{column['label']} must be a number.") from None
    except OverflowError:  # an integer of hundreds of digits
        number = math.inf
    low, high = column["minimum"], column["maximum"]
    if not low <= number <= high:
        if not math.isfinite(number):
            raise InvalidInputError(f"{column['label']} must be a finite number.")
        raise InvalidInputError(
            f"{column['label']} must be between {low:g} and {high:g}, the range of the data, not {number:g}."
        )
    if column["whole"] and not number.is_integer():
        raise InvalidInputError(f"{column['label']} must be a whole number, not {number:g}.")
    return number
