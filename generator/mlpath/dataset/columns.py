"""Infer what each column is, whatever the target: its type, and whether it is left out."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mlpath.dataset import names, vocabulary
from mlpath.dataset.names import listed
from mlpath.dataset.profile import MAX_CATEGORIES, SAMPLE_ROWS
from mlpath.dataset.results import Column
from mlpath.dataset.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlpath.dataset.results import ColumnStats, TableStats

MAX_CLASSES = 50
MAX_FEATURES = 100
"""Inputs of a demo."""
MIN_CATEGORY_ROWS = 5
"""Each of three splits, the smallest a fifth of the rows, needs a row of each category."""
_MIN_TEXT_WORDS, _MIN_TEXT_LENGTH, _MANY_WORDS = 4, 25, 10
_MIN_TEXTS = 10
_MIN_IDENTIFIERS = 20
_UNIQUE, _UNIQUE_ESTIMATE = 0.999, 0.9
"""Share of distinct values of an identifier; estimates are off by a few percent."""
_ADDRESS = re.compile(r"(?:address|street)$", re.IGNORECASE)
_MIN_PEOPLE = 0.8
"""Share of the values that look like names of people."""
_MAX_CATEGORIES = 1000


def infer_columns(table: TableStats) -> list[Column]:
    """Return the columns of a table, with those that no model should use left out."""
    keys = names.keys(stats.name for stats in table.columns)
    computed = table.read_options.computed if table.read_options else {}
    columns = [_infer_column(stats, key) for stats, key in zip(table.columns, keys, strict=True)]
    return [_without_parts(column, computed) for column in columns]


def _without_parts(column: Column, computed: Mapping[str, str]) -> Column:
    names = [name for name, sql_text in computed.items() if identifier(column.name) in sql_text]
    reason = f"its values are in {listed(names[:3])}"
    return replace(column, role="left_out", reason=reason) if names else column


def frequent_categories(column: Column) -> list[str]:
    """Return the categories with enough rows for each split; the others are treated as one."""
    minimum = max(MIN_CATEGORY_ROWS, column.rows // 1000)
    frequent = [name for name, count in column.top_values if count >= minimum][:MAX_CATEGORIES]
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
    if personal := _personal_data(stats, column_type):
        return f"personal: {personal}"
    if column_type == "category" and stats.ambiguous_date:
        return "ambiguous date: day and month may be swapped"
    return _identifier(stats, column_type)


def _personal_data(stats: ColumnStats, column_type: str) -> str:
    mostly_unique = stats.distinct > 0.5 * stats.count
    if stats.type != "text":
        is_number = mostly_unique and vocabulary.PERSONAL_NUMBERS.search(stats.name)
        return "numbers of people" if is_number else ""
    values = [value.strip() for value, _ in stats.top_values]
    if _matches(vocabulary.EMAIL, values) > len(values) / 2:
        return "e-mail addresses"
    if mostly_unique and _matches(vocabulary.PHONE, values) > len(values) / 2:
        return "phone numbers"
    return "names, by its header" if _has_people(stats, column_type, values) else ""


def _has_people(stats: ColumnStats, column_type: str, values: list[str]) -> bool:
    """Return whether the header, and for repeated names the values, are those of people."""
    if vocabulary.PERSON_NAMES.search(stats.name):
        return True
    if vocabulary.THING_NAMES.search(stats.name):
        return False
    is_name = bool(vocabulary.PEOPLE_HEADERS.fullmatch(stats.name.strip()))
    if column_type == "text" and not (is_name or _ADDRESS.search(stats.name)):
        # The texts of `email` or `user_review` are what a model reads.
        return False
    if is_name and _matches(vocabulary.NAME_OF_PERSON, values) > _MIN_PEOPLE * len(values):
        return True
    mostly_unique = stats.distinct > 0.5 * stats.count
    return mostly_unique and bool(vocabulary.PERSONAL_NAMES.search(stats.name))


def _matches(pattern: re.Pattern[str], values: list[str]) -> int:
    return sum(bool(pattern.fullmatch(value)) for value in values)


def _identifier(stats: ColumnStats, column_type: str) -> str:
    share = _UNIQUE if stats.exact else _UNIQUE_ESTIMATE
    unique = stats.distinct >= share * stats.count and stats.count >= _MIN_IDENTIFIERS
    is_named = bool(vocabulary.IDENTIFIER_NAMES.search(stats.name))
    if unique and (column_type == "category" or _numbers_cases(stats, is_named)):
        return "identifier: every value differs"
    return _too_many_categories(stats, is_named) if column_type == "category" else ""


def _numbers_cases(stats: ColumnStats, is_named: bool) -> bool:
    is_serial = is_named or _numbers_rows(stats) or _are_serial_numbers(stats)
    return stats.type == "number" and stats.integer and is_serial


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


def _are_serial_numbers(stats: ColumnStats) -> bool:
    """Return whether the values have the same number of digits: nine, or seven and are dense."""
    low, high = int(stats.minimum or 0), int(stats.maximum or 0)
    digits = len(str(low))
    is_long = digits >= 9 or (digits >= 7 and high - low < 100 * stats.count)  # noqa: PLR2004
    return low > 0 and len(str(high)) == digits and is_long
