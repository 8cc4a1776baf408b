"""Detect the type of each column: number, date or text, and how its values are written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from mlpath.dataset import sql
from mlpath.dataset.dates import as_date, as_numeric_date
from mlpath.dataset.missing import MAX_UNPARSED
from mlpath.dataset.notation import as_number, unify_notation, unify_replacements
from mlpath.dataset.results import ColumnStats

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlpath.dataset.sql import Table

T = TypeVar("T")

BATCH = 40
"""Columns per query: planning takes more than linear time, and each query has a fixed cost."""
_SPACED_SCRIPT = r"[^\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
"""All characters but those of scripts without blanks between words, where each counts as a word."""


def batches(columns: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the columns in batches for one query each."""
    return (columns[start : start + BATCH] for start in range(0, len(columns), BATCH))


def detect_types(table: Table, columns: Sequence[str], delimiter: str) -> list[ColumnStats]:
    """Return the type of each column; `delimiter` is empty for formats with typed numbers."""
    rows = int(table.aggregate("count(*)")[0])
    stats = [
        _detect_type(table, counts, rows)
        for batch in batches(columns)
        for counts in _count_values(table, batch)
    ]
    if delimiter:
        stats = unify_notation(table, stats, delimiter)
    return unify_replacements(table, stats)


class _Counts(NamedTuple):
    column: str
    present: int
    numbers: int
    distinct: int
    leading_zeros: int
    integers: int
    not_finite: int
    length: float
    words: float
    unspaced_characters: int


_COUNTS = (
    "count(text{n})",
    "count(number{n})",
    "approx_count_distinct(text{n})",
    "count(*) FILTER (text{n} >= '00' AND text{n} < '0:')",
    "count(*) FILTER (number{n} = floor(number{n}))",
    "count(*) FILTER (isnan(number{n}) OR isinf(number{n}))",
    "coalesce(avg(length(text{n})), 0)",
    "coalesce(avg(strlen(text{n}) - strlen(replace(text{n}, ' ', '')) + 1), 0)",
    # Texts of one byte per character contain none of the unspaced scripts.
    "coalesce(sum(CASE WHEN strlen(text{n}) > length(text{n}) "
    "THEN length(regexp_replace(text{n}, '" + _SPACED_SCRIPT + "', '', 'g')) END), 0)",
)


def _count_values(table: Table, columns: Sequence[str]) -> list[_Counts]:
    cells = ", ".join(
        f"{sql.text(column)} AS text{n}, TRY_CAST({sql.text(column)} AS DOUBLE) AS number{n}"
        for n, column in enumerate(columns)
    )
    shown = ", ".join(
        count.replace("{n}", str(n)) for n in range(len(columns)) for count in _COUNTS
    )
    row = table.subquery(cells).aggregate(shown)
    width = len(_COUNTS)
    return [_Counts(column, *row[n * width : (n + 1) * width]) for n, column in enumerate(columns)]


def _detect_type(table: Table, counts: _Counts, rows: int) -> ColumnStats:
    present = counts.present
    stats = ColumnStats(
        counts.column, "text", present, rows, counts.distinct, mean_length=counts.length,
        mean_words=counts.words + counts.unspaced_characters / max(present, 1),
    )  # fmt: skip
    numbers = counts.numbers - counts.not_finite
    if numbers == present:
        if not present or counts.leading_zeros:
            return stats
        integer = counts.integers == numbers
        return as_numeric_date(table, replace(stats, type="number", integer=integer))
    unparsed = _unparsed_values(table, counts.column)
    if not counts.leading_zeros and (number := as_number(table, stats, numbers, unparsed)):
        return number
    return as_date(table, stats, unparsed) or stats


def _unparsed_values(table: Table, column: str) -> dict[str, int]:
    text = sql.text(column)
    rows = table.select(
        f"{text}, count(*)",
        f"WHERE {text} IS NOT NULL AND {sql.number(text, '.', '')} IS NULL "
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MAX_UNPARSED}",
    )
    return {str(value): int(count) for value, count in rows}
