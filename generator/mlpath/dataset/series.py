"""Infer a time series: its date column, the column to forecast, and the steps between rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mlpath.dataset import sql
from mlpath.dataset.profile import SAMPLE
from mlpath.dataset.results import DatasetProfile
from mlpath.dataset.vocabulary import SERIES_STEPS
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from mlpath.dataset.results import Column, ColumnStats, TableStats

_MAX_COLUMNS, _MAX_NUMBERS = 3, 3
_MIN_UNIQUE = 0.99
_MONTH = 30


def looks_like_series(table: TableStats, columns: Sequence[Column], target: str | None) -> bool:
    """Return whether a table has a date per row and hardly more than a number."""
    features = [column for column in columns if column.role != "left_out" and column.name != target]
    dates = [
        column
        for column in features
        if column.type == "date"
        and column.distinct >= _MIN_UNIQUE * table.by_name[column.name].count
    ]
    if not dates or (target is not None and table.by_name[target].type != "number"):
        return False
    numbers = sum(column.type == "number" for column in features)
    return len(features) - len(dates) <= max(2, numbers) <= _MAX_NUMBERS


def infer_series(
    database: duckdb.DuckDBPyConnection,
    table: TableStats,
    columns: Sequence[Column],
    target: str | None,
) -> DatasetProfile:
    """Return the profile of a time series.

    Args:
        database: Database with the rows, in the table `sample`.
        table: Statistics of the table.
        columns: Its columns.
        target: Column to forecast, if the user named it.

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
    numbers = tuple(
        column.name
        for column in columns
        if column.type == "number" and column.role != "left_out" and column.name != time.name
    )
    _check_target(table, numbers, target)
    ambiguities: tuple[str, ...] = ()
    if target is None and len(numbers) > 1:
        listed = ", ".join(map(repr, numbers[:4]))
        ambiguities = (f"{table.path.name}: several columns could be the target: {listed}",)
    target = target or numbers[0]
    steps = _measure_steps(database, table.by_name[time.name])
    notes: tuple[str, ...] = ()
    if steps.repeated:
        notes = (f"{steps.repeated:,} dates of {time.name!r} occur in more than one row.",)
    return DatasetProfile(
        path=table.path, kind="table", read_options=table.read_options, bytes=table.bytes,
        rows=table.rows, sampled_rows=table.sampled_rows, duplicate_rows=table.duplicate_rows,
        columns=tuple(_with_role(column, target, time.name) for column in columns),
        domain="timeseries", target=target, task="forecast", candidates=numbers,
        frequency=steps.frequency, step_days=steps.days, missing_steps=steps.missing,
        ambiguities=ambiguities, notes=notes,
    )  # fmt: skip


def _check_target(table: TableStats, numbers: Sequence[str], target: str | None) -> None:
    if target is not None and table.by_name[target].type != "number":
        raise MlpathError(
            f"{table.path}: target column {target!r} has no numbers to forecast",
            hint="Use another --target.",
        )
    if target is None and not numbers:
        raise MlpathError(
            f"{table.path} has no numbers to forecast", hint="Add a column of numbers."
        )


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


def _measure_steps(database: duckdb.DuckDBPyConnection, time: ColumnStats) -> _Steps:
    query = (
        f"WITH dates AS (SELECT {sql.value(time)} AS day FROM {SAMPLE}), "  # noqa: S608
        "steps AS (SELECT day, day - lag(day) OVER (ORDER BY day) AS step "
        "FROM dates WHERE day IS NOT NULL) SELECT median(step) FILTER (step > 0), "
        "count(*) FILTER (step = 0), max(day) - min(day), count(DISTINCT day) FROM steps"
    )
    step, repeated, span, dates = sql.first_row(database, query)
    if not step:
        return _Steps(None, "", 0, int(repeated))
    days, frequency = step, f"every {step:g} days"
    for nominal, name in SERIES_STEPS:
        if abs(step - nominal) <= 0.06 * nominal:
            days, frequency = nominal, name
            break
    missing = max(round(span / days) + 1 - dates, 0)
    # Months and longer steps differ in length; of shorter ones the measured step is exact.
    return _Steps(days if days >= _MONTH else step, frequency, missing, int(repeated))
