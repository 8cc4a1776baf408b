"""Find grouped rows: a column that names the customer, patient or shop of several rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlpath.dataset import sql, vocabulary

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence

    from mlpath.dataset.results import Column
    from mlpath.dataset.sql import Table

MIN_GROUPS = 20
_MIN_GROUPS_OF_A_CLASS = 10
_MIN_CLASS_ROWS = 5
"""Rarer classes are left out."""
_MIN_REPEATED, _MIN_REPEATED_ID = 0.1, 0.5
"""Share of the rows whose value an earlier row has; of columns that are named `id` only."""
_MAX_GROUP = 0.1
"""Share of the rows in the largest group: larger ones leave no split of the wanted size."""
_REASONS = ("personal", "too many categories", "identifier")
"""Why a column that names cases may be left out."""
REASON = "group: its rows stay in one split"


def find_group(
    sample: Table, columns: Sequence[Column], target: Column, task: str
) -> tuple[str, list[str]]:
    """Return the column whose equal values mark rows of one case, if any, and what to report.

    Its name and its values have to say so: few rows per value, and many values. A place such as a
    store is none if the table has dates: what is predicted then is its own future.
    """
    notes: list[str] = []
    for column, minimum in _named(columns, target):
        rows, groups = _count_groups(sample, column, target)
        if groups < MIN_GROUPS or rows - groups < minimum * rows:
            continue
        rare = _rare_class(sample, column, target) if task == "classification" else ""
        if not rare:
            found = f"{column.name!r} repeats ({groups:,} values in {rows:,} rows)"
            return column.name, [f"{found}: {REASON.removeprefix('group: ')}."]
        notes.append(
            f"{column.name!r} repeats, but too few of its values have the class {rare!r} to "
            "keep its rows in one split: rows are split at random."
        )
    return "", notes


def _named(columns: Sequence[Column], target: Column) -> Iterator[tuple[Column, float]]:
    """Yield the columns whose names are those of a group, and the share that must repeat."""
    others = sorted((each for each in columns if each != target), key=lambda each: each.distinct)
    patterns = {vocabulary.CASE_NAMES: _MIN_REPEATED}
    if not any(column.type == "date" and column.role == "feature" for column in columns):
        patterns[vocabulary.PLACE_NAMES] = _MIN_REPEATED
    patterns[vocabulary.ID_NAMES] = _MIN_REPEATED_ID
    for pattern, minimum in patterns.items():
        yield from ((column, minimum) for column in others if _is_named(column, pattern))


def _is_named(column: Column, pattern: re.Pattern[str]) -> bool:
    is_type = column.type == "category" or (column.type == "number" and column.integer)
    is_kept = column.role == "feature" or column.reason.startswith(_REASONS)
    return is_type and is_kept and bool(pattern.fullmatch("_".join(vocabulary.words(column.name))))


def _count_groups(sample: Table, column: Column, target: Column) -> tuple[int, int]:
    """Return the number of rows with a value and of values; none if a value has too many rows."""
    present = f"WHERE {sql.present(target)} IS NOT NULL"
    total = sample.aggregate("count(*)", present)[0]
    values = sample.subquery(
        f"{sql.present(column)} AS value, count(*) AS rows",
        f"{present} GROUP BY 1 HAVING value IS NOT NULL",
    )
    rows, groups, largest = values.aggregate("sum(rows), count(*), max(rows)")
    if not rows or rows < total / 2 or largest > _MAX_GROUP * rows:
        return 0, 0
    return int(rows), int(groups)


def _rare_class(sample: Table, column: Column, target: Column) -> str:
    classes = sample.select(
        f"{sql.present(target)} AS class, count(DISTINCT {sql.present(column)})",
        f"GROUP BY 1 HAVING class IS NOT NULL AND count(*) >= {_MIN_CLASS_ROWS} ORDER BY 2",
    )
    name, groups = classes[0] if classes else ("", MIN_GROUPS)
    return str(name) if groups < _MIN_GROUPS_OF_A_CLASS else ""
