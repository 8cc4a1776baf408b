"""Find leaks: columns that determine the target on their own."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mlpath.dataset import sql
from mlpath.dataset.column_types import BATCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlpath.dataset.results import Column
    from mlpath.dataset.sql import Table

MIN_ROWS = 50
"""Rows from which on a pattern without exception is not a coincidence."""
_MIN_CORRELATION = 0.9995
"""Above it, two columns are the same quantity in another unit, or rounded."""
_MAX_UNEXPLAINED = 0.02
"""Share of the rows outside the most frequent class that a leak may leave unexplained."""
_DETERMINES = "determines it in every row"
_CORRELATES = "correlates with it perfectly"


def find_leaks(
    sample: Table, features: Sequence[Column], target: Column, task: str
) -> dict[str, str]:
    """Return the features that leak the target, each with how it does.

    Args:
        sample: Rows of the table.
        features: Columns to test.
        target: Target column.
        task: classification or regression.
    """
    numbers = [column for column in features if column.type in {"number", "date"}]
    batches = [numbers[start : start + BATCH] for start in range(0, len(numbers), BATCH)]
    leaks: dict[str, str] = {}
    if task == "regression":
        for batch in batches:
            leaks |= _find_correlated(sample, batch, sql.value(target))
        return leaks
    truth = sql.text(target.name)
    for batch in batches:
        leaks |= _find_separating(sample, batch, truth)
    for column in features:
        if column.name not in leaks and _is_pure(sample, column, truth):
            leaks[column.name] = _DETERMINES
    return leaks


def _find_correlated(sample: Table, columns: Sequence[Column], truth: str) -> dict[str, str]:
    shown = ", ".join(f"abs(corr({sql.value(column)}, {truth}))" for column in columns)
    row = sample.aggregate(shown)
    return {
        column.name: _CORRELATES
        for column, correlation in zip(columns, row, strict=True)
        if correlation is not None and correlation > _MIN_CORRELATION
    }


def _find_separating(sample: Table, columns: Sequence[Column], truth: str) -> dict[str, str]:
    """Return numbers whose ranges in the classes don't overlap."""
    values = [sql.value(column) for column in columns]
    shown = ", ".join(f"min({value}), max({value})" for value in values)
    rows = sample.select(shown, f"WHERE {truth} IS NOT NULL GROUP BY {truth}")
    leaks = {}
    for n, column in enumerate(columns):
        ranges = sorted(row[2 * n : 2 * n + 2] for row in rows if row[2 * n] is not None)
        apart = all(high < low for (_, high), (low, _) in pairwise(ranges))
        if len(ranges) > 1 and apart:
            leaks[column.name] = _DETERMINES
    return leaks


def _is_pure(sample: Table, column: Column, truth: str) -> bool:
    """Return whether each value of a column repeats, and occurs with one class alone."""
    if not 1 < column.distinct <= column.count / 2:
        return False
    value = sql.value(column)
    pairs = sample.subquery(
        f"{value} AS value, {truth} AS truth, count(*) AS rows",
        "GROUP BY 1, 2 HAVING value IS NOT NULL AND truth IS NOT NULL",
    )
    classes = [int(row[0]) for row in pairs.select("sum(rows)", "GROUP BY truth")]
    largest = pairs.subquery("max(rows) AS rows", "GROUP BY value")
    explained = largest.aggregate("sum(rows)")[0]
    rows, majority = sum(classes), max(classes, default=0)
    return rows > majority and rows - explained <= _MAX_UNEXPLAINED * (rows - majority)
