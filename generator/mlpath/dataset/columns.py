"""Infer what each column is, whatever the target: its type, and whether it is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlpath.dataset import names, vocabulary
from mlpath.dataset.profile import SAMPLE_ROWS
from mlpath.dataset.results import Column

if TYPE_CHECKING:
    import re

    from mlpath.dataset.results import ColumnStats, TableStats

MAX_CLASSES = 50
MIN_CATEGORY_ROWS = 5
"""Each of three splits, the smallest a fifth of the rows, needs a row of each category."""
_MAX_LISTED = 30
_MIN_TEXT_WORDS, _MIN_TEXT_LENGTH, _MANY_WORDS = 4, 25, 10
_MIN_TEXTS = 10
_MIN_IDENTIFIERS = 20
_MAX_CATEGORIES = 1000


def infer_columns(table: TableStats) -> list[Column]:
    """Return the columns of a table, with those that no model should use left out."""
    keys = names.keys(stats.name for stats in table.columns)
    return [_infer_column(stats, key) for stats, key in zip(table.columns, keys, strict=True)]


def frequent_categories(column: Column) -> list[str]:
    """Return the categories with enough rows for each split; the others are treated as one."""
    least = max(MIN_CATEGORY_ROWS, column.rows // 1000)
    frequent = [name for name, count in column.top_values if count >= least][:_MAX_LISTED]
    return frequent or [name for name, _ in column.top_values[:1]]


def _infer_column(stats: ColumnStats, key: str) -> Column:
    column_type = stats.type
    if column_type == "text" and not _is_free_text(stats):
        column_type = "category"
    reason = _reason_to_leave_out(stats, column_type)
    inferred = {"type": column_type, "key": key, "label": names.label(stats.name), "reason": reason}
    role = "left_out" if reason else "feature"
    return Column(**{**vars(stats), **inferred}, role=role, missing=stats.rows - stats.count)


def _is_free_text(stats: ColumnStats) -> bool:
    diverse = stats.distinct > max(MAX_CLASSES, 0.3 * stats.count)
    unique = stats.distinct > 0.8 * stats.count and stats.count >= _MIN_TEXTS
    long = stats.mean_length >= _MIN_TEXT_LENGTH or stats.mean_words >= _MANY_WORDS
    return (diverse or unique) and stats.mean_words >= _MIN_TEXT_WORDS and long


def _reason_to_leave_out(stats: ColumnStats, column_type: str) -> str:
    if not stats.count:
        return "empty"
    if stats.distinct <= 1:
        return "constant"
    if personal := _personal_data(stats):
        return f"personal: {personal}"
    if column_type == "category" and stats.ambiguous_date:
        return "ambiguous date: day and month may be swapped"
    return _identifier(stats, column_type)


def _personal_data(stats: ColumnStats) -> str:
    mostly_unique = stats.distinct > 0.5 * stats.count
    if stats.type != "text":
        is_number = mostly_unique and vocabulary.PERSONAL_NUMBERS.search(stats.name)
        return "numbers of people" if is_number else ""
    values = [value.strip() for value, _ in stats.top_values]
    if _matches(vocabulary.EMAIL, values) > len(values) / 2:
        return "e-mail addresses"
    if not mostly_unique:
        return ""
    phones = _matches(vocabulary.PHONE, values)
    if phones > len(values) / 2 and _matches(vocabulary.NUMERIC_DATE, values) < phones:
        return "phone numbers"
    return "names, by its header" if vocabulary.PERSONAL_NAMES.search(stats.name) else ""


def _matches(pattern: re.Pattern[str], values: list[str]) -> int:
    return sum(bool(pattern.fullmatch(value)) for value in values)


def _identifier(stats: ColumnStats, column_type: str) -> str:
    # Estimates are off by a few percent.
    threshold = 0.999 if stats.exact else 0.9
    unique = stats.distinct >= threshold * stats.count and stats.count >= _MIN_IDENTIFIERS
    is_named = bool(vocabulary.IDENTIFIER_NAMES.search(stats.name))
    if column_type == "number":
        unique = unique and stats.integer and (is_named or _numbers_rows(stats))
    if unique and column_type in {"number", "category"}:
        return "identifier: every value differs"
    return _too_many_categories(stats, is_named) if column_type == "category" else ""


def _too_many_categories(stats: ColumnStats, is_named: bool) -> str:
    if is_named and stats.distinct > 0.5 * stats.count:
        return "identifier: most values differ"
    if stats.distinct > max(_MAX_CATEGORIES, 0.2 * min(stats.count, SAMPLE_ROWS)):
        return f"too many categories ({stats.distinct:,})"
    return ""


def _numbers_rows(stats: ColumnStats) -> bool:
    """Return whether the values are row numbers: 0, 1, 2, ... or 1, 2, 3, ..."""
    low, high = stats.minimum or 0, stats.maximum or 0
    return low in {0, 1} and high - low + 1 == stats.count
