"""Find leaks: columns that determine the target on their own."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mlpath.dataset import sql
from mlpath.dataset.column_types import BATCH
from mlpath.dataset.profile import SAMPLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from mlpath.dataset.results import ColumnStats

MIN_ROWS = 50
"""Rows from which on a pattern without exception is not a coincidence."""
_MIN_CORRELATION = 0.9995
"""Above it, two columns are the same quantity in another unit, or rounded."""
_MAX_UNEXPLAINED = 0.02
"""Share of the rows outside the most frequent class that a leak may leave unexplained."""
_DETERMINES = "determines it in every row"
_CORRELATES = "correlates with it perfectly"


def find_leaks(
    database: duckdb.DuckDBPyConnection,
    features: Sequence[ColumnStats],
    target: ColumnStats,
    task: str,
) -> dict[str, str]:
    """Return the features that leak the target, each with how it does.

    Args:
        database: Database with the rows, in the table `sample`.
        features: Columns to test.
        target: Target column.
        task: classification or regression.
    """
    truth = sql.value(target) if task == "regression" else sql.text(target.name)
    test = _find_correlated if task == "regression" else _find_separating
    numbers = [column for column in features if column.type != "text"]
    leaks: dict[str, str] = {}
    for start in range(0, len(numbers), BATCH):
        leaks |= test(database, numbers[start : start + BATCH], truth)
    if task == "classification":
        for column in features:
            repeats = 1 < column.distinct <= column.count / 2
            if column.name not in leaks and repeats and _is_pure(database, column, truth):
                leaks[column.name] = _DETERMINES
    return leaks


def _find_correlated(
    database: duckdb.DuckDBPyConnection, columns: Sequence[ColumnStats], truth: str
) -> dict[str, str]:
    shown = ", ".join(f"abs(corr({sql.value(column)}, {truth}))" for column in columns)
    row = sql.first_row(database, f"SELECT {shown} FROM {SAMPLE}")  # noqa: S608
    return {
        column.name: _CORRELATES
        for column, correlation in zip(columns, row, strict=True)
        if correlation is not None and correlation > _MIN_CORRELATION
    }


def _find_separating(
    database: duckdb.DuckDBPyConnection, columns: Sequence[ColumnStats], truth: str
) -> dict[str, str]:
    """Return numbers whose ranges in the classes don't overlap."""
    values = [sql.value(column) for column in columns]
    shown = ", ".join(f"min({value}), max({value})" for value in values)
    query = f"SELECT {shown} FROM {SAMPLE} WHERE {truth} IS NOT NULL GROUP BY {truth}"  # noqa: S608
    rows = database.execute(query).fetchall()
    leaks = {}
    for n, column in enumerate(columns):
        ranges = sorted(row[2 * n : 2 * n + 2] for row in rows if row[2 * n] is not None)
        apart = all(high < low for (_, high), (low, _) in pairwise(ranges))
        if len(ranges) > 1 and apart:
            leaks[column.name] = _DETERMINES
    return leaks


def _is_pure(database: duckdb.DuckDBPyConnection, column: ColumnStats, truth: str) -> bool:
    """Return whether each value of a column occurs with one class alone."""
    pairs = (
        f"SELECT {sql.value(column)} AS value, {truth} AS truth, count(*) AS rows "  # noqa: S608
        f"FROM {SAMPLE} GROUP BY 1, 2 HAVING value IS NOT NULL AND truth IS NOT NULL"
    )
    query = (
        f"WITH pairs AS ({pairs}), "  # noqa: S608
        "classes AS (SELECT sum(rows) AS rows FROM pairs GROUP BY truth), "
        "largest AS (SELECT max(rows) AS rows FROM pairs GROUP BY value) "
        "SELECT (SELECT sum(rows) FROM classes), (SELECT max(rows) FROM classes), "
        "(SELECT sum(rows) FROM largest)"
    )
    rows, majority, explained = sql.first_row(database, query)
    return (
        bool(rows) and rows > majority and rows - explained <= _MAX_UNEXPLAINED * (rows - majority)
    )
