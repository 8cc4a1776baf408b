"""Columns that alone give the target away: a model that may see them has nothing to learn."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mlpath.dataset import profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from mlpath.dataset.findings import Reading
    from mlpath.dataset.profile import Facts

LEAST_ROWS = 50
"""From so many rows on, a pattern without exception is no accident."""
_FOLLOWS = 0.9995
"""A correlation above this is the same quantity in another unit, or rounded."""
_UNEXPLAINED = 0.02
"""Of the rows that the most frequent class does not explain, at most this share may be left."""
_EACH_ROW, _EXACTLY = "tells it in every row", "follows it exactly"


def find(
    database: duckdb.DuckDBPyConnection,
    features: Sequence[Facts],
    reading: Reading,
    truth: str,
    task: str,
) -> dict[str, str]:
    """Return the columns that give the target away, and how.

    Args:
        database: Holds the rows to look at, in the table `looked`.
        features: The columns to look at.
        reading: How their numbers are written.
        truth: The target, as SQL.
        task: classification or regression.
    """
    numbers = [one for one in features if one.kind != "text"]
    found = {}
    for start in range(0, len(numbers), profile.AT_ONCE):
        part = numbers[start : start + profile.AT_ONCE]
        alike = _following if task == "regression" else _apart
        found.update(alike(database, part, reading, truth))
    if task == "classification":
        for one in features:
            if one.name not in found and 1 < one.distinct <= one.count / 2:
                found.update(_pure(database, one, reading, truth))
    return found


def _following(
    database: duckdb.DuckDBPyConnection, part: Sequence[Facts], reading: Reading, truth: str
) -> dict[str, str]:
    shown = [f"abs(corr({profile.value_of(one, reading)}, {truth}))" for one in part]
    found = database.execute(f"SELECT {', '.join(shown)} FROM looked").fetchone() or ()  # noqa: S608
    pairs = zip(part, found, strict=True)
    return {one.name: _EXACTLY for one, value in pairs if value is not None and value > _FOLLOWS}


def _apart(
    database: duckdb.DuckDBPyConnection, part: Sequence[Facts], reading: Reading, truth: str
) -> dict[str, str]:
    """Return the numbers whose ranges in the classes do not meet."""
    values = [profile.value_of(one, reading) for one in part]
    shown = ", ".join(f"min({value}), max({value})" for value in values)
    query = f"SELECT {shown} FROM looked WHERE {truth} IS NOT NULL GROUP BY {truth}"  # noqa: S608
    rows = database.execute(query).fetchall()
    found = {}
    for at, one in enumerate(part):
        ranges = sorted((row[2 * at], row[2 * at + 1]) for row in rows if row[2 * at] is not None)
        if len(ranges) > 1 and all(high < low for (_, high), (low, _) in pairwise(ranges)):
            found[one.name] = _EACH_ROW
    return found


def _pure(
    database: duckdb.DuckDBPyConnection, one: Facts, reading: Reading, truth: str
) -> dict[str, str]:
    """Return a column of which each value, again and again, stands beside one class alone."""
    pairs = (
        f"SELECT {profile.value_of(one, reading)} AS value, {truth} AS truth, count(*) AS times "  # noqa: S608
        "FROM looked GROUP BY 1, 2 HAVING value IS NOT NULL AND truth IS NOT NULL"
    )
    query = (
        f"WITH pairs AS ({pairs}), "  # noqa: S608
        "classes AS (SELECT sum(times) AS times FROM pairs GROUP BY truth), "
        "largest AS (SELECT max(times) AS times FROM pairs GROUP BY value) "
        "SELECT (SELECT sum(times) FROM classes), (SELECT max(times) FROM classes), "
        "(SELECT sum(times) FROM largest)"
    )
    rows, most, explained = database.execute(query).fetchone() or (None, None, None)
    if not rows or rows == most or rows - explained > _UNEXPLAINED * (rows - most):
        return {}
    return {one.name: _EACH_ROW}
