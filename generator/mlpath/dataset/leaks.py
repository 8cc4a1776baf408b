"""Find leaks: columns that determine the target on their own."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from mlpath.dataset import sql
from mlpath.dataset.column_types import batches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlpath.dataset.results import Column
    from mlpath.dataset.sql import Table

MIN_ROWS = 50
"""Rows from which on a pattern without exception is not a coincidence."""
_MIN_CORRELATION = 0.9995
"""Above it, two columns are the same quantity in another unit, or rounded."""
_MAX_RANKED_ROWS = 5000
_MIN_SORTED = 0.8
_MAX_UNEXPLAINED = 0.02
"""Share of the rows outside the most frequent class that a leak may leave unexplained."""
_MIN_CLASS = 5
_DETERMINES = "determines it in every row"
_CORRELATES = "correlates with it perfectly"
_MONOTONE = "is in the same order as the target"
_BY_MISSING = "whether it is missing determines it"


class Leaks(NamedTuple):
    """What `find_leaks` found."""

    by_column: dict[str, str]
    """Leaking columns, each with how it leaks."""
    copied: tuple[str, ...] = ()
    """Columns whose values identify a sample that several rows describe."""
    copies: int = 0
    """Rows that describe a sample again."""


def find_leaks(
    sample: Table, features: Sequence[Column], target: Column, task: str, case: str = ""
) -> Leaks:
    """Return the features that leak the target.

    `case` is the column of the case that a row belongs to, such as a customer, if there is one.
    """
    numbers = [column for column in features if column.type in {"number", "date"}]
    if task == "regression":
        return Leaks(_find_functions(sample, numbers, target))
    truth = sql.text(target.name)
    incomplete = [column for column in features if 0 < column.count < column.rows]
    leaks: dict[str, str] = {}
    for batch in batches(numbers):
        leaks |= _find_separating(sample, batch, truth)
    for batch in batches(incomplete):
        leaks |= _find_missing(sample, batch, truth)
    others = [column for column in features if column.name not in leaks]
    return _with_pure(sample, others, truth, case, leaks)


def _with_pure(
    sample: Table, others: Sequence[Column], truth: str, case: str, leaks: dict[str, str]
) -> Leaks:
    count = f"count(DISTINCT {sql.text(case)})" if case else "count(*)"
    pure = [column for column in others if _is_pure(sample, column, truth, count)]
    copied, copies = _find_copies(sample, pure)
    found = {column.name: _DETERMINES for column in pure if column.name not in copied}
    return Leaks(leaks | found, copied, copies)


def _find_functions(sample: Table, numbers: Sequence[Column], target: Column) -> dict[str, str]:
    """Return numbers that are a linear or monotone function of the target."""
    truth = sql.value(target)
    leaks: dict[str, str] = {}
    for batch in batches(numbers):
        values = [sql.value(column) for column in batch]
        correlations = sample.aggregate(", ".join(f"abs(corr({v}, {truth}))" for v in values))
        first = sample.select(
            ", ".join([truth, *values]), f"WHERE {truth} IS NOT NULL ORDER BY 1 LIMIT {MIN_ROWS}"
        )
        for n, column in enumerate(batch):
            if _is_perfect(correlations[n]):
                leaks[column.name] = _CORRELATES
            elif _is_sorted([row[n + 1] for row in first]) and _is_perfect(
                _rank_correlation(sample, column, truth)
            ):
                leaks[column.name] = _MONOTONE
    return leaks


def _is_sorted(values: Sequence[float | None]) -> bool:
    """Return whether most values are in order: a fast test before all are ranked."""
    present = [value for value in values if value is not None]
    rising = sum(before <= after for before, after in pairwise(present))
    return max(rising, len(present) - rising) > _MIN_SORTED * len(present)


def _is_perfect(correlation: float | None) -> bool:
    return correlation is not None and correlation > _MIN_CORRELATION


def _rank_correlation(sample: Table, column: Column, truth: str) -> float | None:
    pairs = sample.subquery(
        f"{sql.value(column)} AS x, {truth} AS y",
        f"WHERE x IS NOT NULL AND y IS NOT NULL LIMIT {_MAX_RANKED_ROWS}",
    )
    ranks = pairs.subquery("rank() OVER (ORDER BY x) AS x, rank() OVER (ORDER BY y) AS y")
    correlation: float | None = ranks.aggregate(
        f"CASE WHEN count(*) >= {MIN_ROWS} THEN abs(corr(x, y)) END"
    )[0]
    return correlation


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


def _find_missing(sample: Table, columns: Sequence[Column], truth: str) -> dict[str, str]:
    """Return columns that have values in all rows of one class and in no others, or reversed."""
    shown = ", ".join(f"count({sql.value(column)})" for column in columns)
    rows = sample.select(f"count(*), {shown}", f"WHERE {truth} IS NOT NULL GROUP BY {truth}")
    total = sum(row[0] for row in rows)
    leaks = {}
    for n, column in enumerate(columns, 1):
        present = sum(row[n] for row in rows)
        for size, *inside in rows:
            exceptions = present + size - 2 * inside[n - 1]
            exceptions = min(exceptions, total - exceptions)
            smaller = min(size, total - size)
            if exceptions <= _MAX_UNEXPLAINED * smaller and smaller >= _MIN_CLASS:
                leaks[column.name] = _BY_MISSING
    return leaks


def _is_pure(sample: Table, column: Column, truth: str, count: str) -> bool:
    """Return whether each value of a column repeats, and occurs with one class alone.

    `count` is the SQL that counts samples, so that a case repeats no value of its own.
    """
    if not 1 < column.distinct <= column.count / 2:
        return False
    value = sql.value(column)
    pairs = sample.subquery(
        f"{value} AS value, {truth} AS truth, {count} AS rows",
        "GROUP BY 1, 2 HAVING value IS NOT NULL AND truth IS NOT NULL",
    )
    classes = [int(row[0]) for row in pairs.select("sum(rows)", "GROUP BY truth")]
    largest = pairs.subquery("max(rows) AS rows", "GROUP BY value")
    explained = largest.aggregate("sum(rows)")[0]
    rows, majority = sum(classes), max(classes, default=0)
    if column.distinct > rows / 2:
        return False
    return rows > majority and rows - explained <= _MAX_UNEXPLAINED * (rows - majority)


def _find_copies(sample: Table, pure: Sequence[Column]) -> tuple[tuple[str, ...], int]:
    """Return measurements that are equal in the same rows, and how many rows repeat them.

    Two measurements that agree on which rows are equal identify a sample: rows are copies of it,
    and a class that goes with each value is no leak.
    """
    measured = [column for column in pure if column.type == "number" and not column.integer]
    copied: list[str] = []
    copies = 0
    for first, second in pairwise(measured):
        a, b = sql.value(first), sql.value(second)
        rows, *distinct = sample.aggregate(
            f"count(*), count(DISTINCT {a}), count(DISTINCT {b}), count(DISTINCT ({a}, {b}))"
        )
        if max(distinct) <= (1 + _MAX_UNEXPLAINED) * min(distinct):
            copied += [first.name, second.name]
            copies = rows - max(distinct)
    return tuple(dict.fromkeys(copied)), copies
