"""Slices of the test forecasts, by the calendar date of the first step."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ..data.schema import Schema
from ..data.splits import Split
from ..errors import UserError

QUARTERS = ["January to March", "April to June", "July to September", "October to December"]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def slice_labels(splits: dict[str, Split], schema: Schema, names: Sequence[str]) -> dict[str, pd.Categorical]:
    """Return the slice of each test forecast for each name of `evaluate.slices`.

    Raises:
        UserError: a name is not one of `season`, `year` and `decade`.
    """
    first = pd.PeriodIndex(splits["test"].target.index) + 1
    seasons, order = _seasons(first, schema)
    slices: dict[str, Any] = {
        "season": (f"First {schema.step}", pd.Categorical(seasons, order)),
        "year": ("Year", pd.Categorical([str(year) for year in first.year])),
        "decade": ("Decade", pd.Categorical([f"{year // 10 * 10}s" for year in first.year])),
    }
    if unknown := [name for name in names if name not in slices]:
        raise UserError(f"params.yaml: evaluate.slices names {unknown[0]!r}; choose from {', '.join(slices)}")
    return dict(slices[name] for name in names)


def _seasons(first: pd.PeriodIndex, schema: Schema) -> tuple[list[str], list[str]]:
    """Return the season of each period, and the seasons in their order: weekdays of days, quarters of other steps."""
    if schema.step == "year":
        return ["the whole year"] * len(first), ["the whole year"]
    names, numbers = (WEEKDAYS, first.dayofweek) if schema.step == "day" else (QUARTERS, first.quarter - 1)
    labels = [names[number] for number in numbers]
    return labels, [name for name in names if name in labels]
