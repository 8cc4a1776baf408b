"""Validation of the raw series against the schema."""

from datetime import date

import numpy as np
import pandas as pd

from ..errors import DataError
from .schema import Schema

EPOCH = date(1970, 1, 1)
# Later dates, such as 9999-12-31, are placeholders for "never".
DATE_RANGE = ((date.min - EPOCH).days, (date(2999, 12, 31) - EPOCH).days)


def validate(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Check every date and value.

    Args:
        table: the raw table that `read_raw` returns.
        schema: schema of the series.

    Returns:
        Columns `date` and `value`, sorted by date.

    Raises:
        DataError: a column is missing or unknown, a value is not a number or out of range, a date is invalid, or the
            dates are not as far apart as the schema requires.
    """
    table = table.reset_index(drop=True)
    _check_columns(table, schema)
    typed = pd.DataFrame({"date": _parse_dates(table, schema), "value": _parse_values(table, schema)})
    return typed.sort_values("date", kind="stable", ignore_index=True)


def _check_columns(table: pd.DataFrame, schema: Schema) -> None:
    expected = (schema.date_column, schema.target_column)
    problems = [f"column {name!r} is missing" for name in expected if name not in table]
    problems += [f"column {name!r} is not in schema.yaml" for name in table if name not in expected]
    if problems:
        raise DataError("\n".join(problems))


def _parse_values(table: pd.DataFrame, schema: Schema) -> pd.Series:
    values = table[schema.target_column]
    numbers = pd.to_numeric(values, errors="coerce").astype(np.float64)
    low, high = schema.limits
    _reject(values[values.notna() & numbers.isna()], "has values that are not numbers")
    _reject(values[np.isinf(numbers) | (numbers < low) | (numbers > high)], f"is outside the range {low:g} to {high:g}")
    return numbers


def _parse_dates(table: pd.DataFrame, schema: Schema) -> pd.Series:
    raw = table[schema.date_column]
    days = pd.to_numeric(raw, errors="coerce").astype(np.float64)
    valid = days.between(*DATE_RANGE)
    _reject(raw[~valid], "has values that are not dates")
    # Seconds, because nanoseconds only cover the years 1677 to 2262.
    dates = pd.Series(days.to_numpy().astype("datetime64[D]").astype("datetime64[s]"))
    _check_spacing(dates, schema)
    return dates


def _check_spacing(dates: pd.Series, schema: Schema) -> None:
    expected, actual = schema.date.days_apart, dates.diff().dt.days.iloc[1:]
    uneven = actual[actual != expected]
    if expected and len(uneven):
        row = uneven.index[0]
        raise DataError(
            f"column {schema.date_column!r} is irregular: every date must be {expected} days after the one before, "
            f"but {dates[row]:%Y-%m-%d} (row {row}, counted from 0) is {int(uneven[row])} days after "
            f"{dates[row - 1]:%Y-%m-%d}; {len(uneven)} such row(s). Add the missing rows with an empty value."
        )


def _reject(values: pd.Series, problem: str) -> None:
    if len(values):
        shown = ", ".join(str(value) for value in values.head(5))
        rows = ", ".join(str(row) for row in values.index[:5])
        raise DataError(f"column {values.name!r} {problem} in {len(values)} row(s): {shown} (rows {rows}, from 0)")
