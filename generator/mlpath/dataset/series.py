"""Infer a time series: its date column, the column to forecast, and the steps between rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mlpath.dataset import sql, vocabulary
from mlpath.dataset.names import listed
from mlpath.dataset.results import table_profile
from mlpath.dataset.targets import name_tier
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlpath.dataset.results import Column, DatasetProfile, TableStats
    from mlpath.dataset.sql import Table

_MAX_NUMBERS = 3
_MIN_UNIQUE = 0.99
_MONTH = 30


def looks_like_series(features: Sequence[Column], target: Column | None) -> bool:
    """Return whether the columns besides the target are a unique date and few numbers."""
    if _has_classes(features, target):
        return False
    dates = sum(map(_is_unique_date, features))
    numbers = sum(column.type == "number" for column in features)
    few = len(features) - dates <= max(2, numbers) <= _MAX_NUMBERS
    prices = {column.name.strip().lower() for column in features}
    is_stock = {"open", "close"} <= prices and dates + numbers == len(features)
    return dates > 0 and (numbers > 0 or target is not None) and (few or is_stock)


def _has_classes(features: Sequence[Column], target: Column | None) -> bool:
    if target is not None:
        return target.type != "number"
    names = [column.name for column in features]
    return any(name_tier(c.name, names) > 0 for c in features if c.type == "category")


def _is_unique_date(column: Column) -> bool:
    return column.type == "date" and column.distinct >= _MIN_UNIQUE * column.count


def infer_series(
    sample: Table, table: TableStats, columns: Sequence[Column], target: Column | None
) -> DatasetProfile:
    """Return the profile of a time series; `target` is the column that the user named.

    Raises:
        MlpathError: The table has no dates, or no numbers to forecast.
    """
    dates = [column for column in columns if column.type == "date"]
    if not dates:
        raise MlpathError(
            f"{table.path} has no date column, so it is not a time series",
            hint="Leave out the domain, or write dates as 2024-01-31.",
        )
    time = max(dates, key=lambda column: column.distinct)
    name, candidates, doubts = _choose_target(table.path, columns, target)
    steps = _measure_steps(sample, time)
    notes = []
    if steps.repeated:
        notes.append(f"{steps.repeated:,} dates of {time.name!r} occur in more than one row.")
    if any(column.role != "left_out" for column in columns if column.name not in {name, time.name}):
        notes.append(f"Only {name!r} is used; for a table of all columns: -d domain=tabular")
    return table_profile(
        table, [_with_role(column, name, time.name) for column in columns], "timeseries",
        task="forecast", target=name, candidates=candidates, frequency=steps.frequency,
        step_days=steps.days, missing_steps=steps.missing, doubts=doubts,
        notes=tuple(notes),
    )  # fmt: skip


def _choose_target(
    path: Path, columns: Sequence[Column], target: Column | None
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    numbers = tuple(
        column.name for column in columns if column.type == "number" and column.role != "left_out"
    )
    if target is not None:
        if target.type != "number":
            raise MlpathError(
                f"{path}: target column {target.name!r} has no numbers to forecast",
                hint="Use another --target.",
            )
        return target.name, numbers, ()
    if not numbers:
        raise MlpathError(f"{path} has no numbers to forecast", hint="Add a column of numbers.")
    best = _named_targets(numbers, [column.name for column in columns]) or numbers
    if len(best) == 1:
        return best[0], numbers, ()
    ambiguity = f"{path.name}: several columns could be the target: {listed(best[:4])}"
    return best[0], numbers, (ambiguity,)


def _named_targets(numbers: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in numbers if name_tier(name, names) > 0)


def _with_role(column: Column, target: str, time: str) -> Column:
    if column.name == target:
        return replace(column, role="target", reason="")
    if column.name == time:
        return replace(column, role="time", reason="")
    return replace(column, role="left_out", reason=column.reason or "only the series is used")


class _Steps(NamedTuple):
    days: float | None
    """Days between two rows; None if all dates are equal."""
    frequency: str
    missing: int
    repeated: int
    """Rows whose date occurs before."""


def _measure_steps(sample: Table, time: Column) -> _Steps:
    dates = sample.subquery(f"{sql.value(time)} AS day")
    steps = dates.subquery("day, day - lag(day) OVER (ORDER BY day) AS step", "WHERE day NOTNULL")
    step, repeated, span, different = steps.aggregate(
        "median(step) FILTER (step > 0), count(*) FILTER (step = 0), max(day) - min(day), "
        "count(DISTINCT day)"
    )
    if not step:
        return _Steps(None, "", 0, int(repeated))
    length, frequency = next(
        (known for known in vocabulary.SERIES_STEPS if abs(step - known[0]) <= 0.06 * known[0]),
        (step, f"every {step:g} days"),
    )
    missing = max(round(span / length) + 1 - different, 0)
    # Months and longer steps differ in length; of shorter ones the measured step is exact.
    return _Steps(length if length >= _MONTH else step, frequency, missing, int(repeated))
