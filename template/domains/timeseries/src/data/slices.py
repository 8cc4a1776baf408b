"""Slices of the test forecasts, by the calendar date of the first step."""

from collections.abc import Sequence

import pandas as pd

from ..errors import UserError
from .schema import Schema
from .splits import Split

QUARTERS = ("January to March", "April to June", "July to September", "October to December")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def slice_labels(splits: dict[str, Split], schema: Schema, names: Sequence[str]) -> dict[str, pd.Categorical]:
    """Return the slice of each test forecast for each name of `evaluate.slices`.

    Raises:
        UserError: a name is not one of `season`, `year` and `decade`.
    """
    first = pd.PeriodIndex(splits["test"].target.index) + 1
    slices = {
        "season": (f"First {schema.step}", _seasons(first, schema)),
        "year": ("Year", pd.Categorical([str(year) for year in first.year])),
        "decade": ("Decade", pd.Categorical([f"{year // 10 * 10}s" for year in first.year])),
    }
    if unknown := [name for name in names if name not in slices]:
        raise UserError(f"params.yaml: evaluate.slices names {unknown[0]!r}; choose from {', '.join(slices)}")
    return dict(slices[name] for name in names)


def _seasons(first: pd.PeriodIndex, schema: Schema) -> pd.Categorical:
    if schema.step == "year":
        return pd.Categorical(["the whole year"] * len(first))
    if schema.step == "day":
        names, labels = WEEKDAYS, [WEEKDAYS[day] for day in first.dayofweek]
    else:
        names, labels = QUARTERS, [QUARTERS[quarter - 1] for quarter in first.quarter]
    return pd.Categorical(labels, [name for name in names if name in labels])
