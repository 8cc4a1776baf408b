"""Detect the notation of numbers: decimal mark, thousands separator, missing and broken values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlpath.dataset import sql, vocabulary
from mlpath.dataset.names import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mlpath.dataset.results import ColumnStats
    from mlpath.dataset.sql import Table

MAX_STRAY = 0.02
"""Up to this share of texts among numbers are broken values rather than categories."""


def split_missing(values: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the values that stand for a missing one, and the others."""
    missing = [value for value in values if value.lower() in vocabulary.MISSING_VALUES]
    return missing, [value for value in values if value not in missing]


def as_number(
    table: Table, stats: ColumnStats, numbers: int, unparsed: Mapping[str, int], *, complete: bool
) -> ColumnStats | None:
    """Return a column as numbers in another notation, or with missing and broken values.

    Args:
        table: The table.
        stats: Statistics of the column.
        numbers: How many of its values are ordinary numbers.
        unparsed: The others with their counts, most frequent first.
        complete: Whether these are all others.

    Returns:
        The column, or None if its values are not numbers.
    """
    missing, others = split_missing(unparsed)
    notation = _notation(others)
    if notation is None:
        return _with_stray_texts(table, stats, numbers, unparsed) if complete else None
    if not others and not numbers:
        return None
    number = replace(
        stats, type="number", missing_values=tuple(missing), decimal=notation[0],
        thousands=notation[1],
    )  # fmt: skip
    value = sql.value(number)
    parsed, integers = table.aggregate(
        f"count({value}), count(*) FILTER ({value} = floor({value}))"
    )
    if parsed != stats.count - sum(unparsed[word] for word in missing):
        return None
    return replace(number, integer=parsed == integers, count=parsed)


def _notation(values: Sequence[str]) -> tuple[str, str] | None:
    """Return decimal mark and thousands separator of values; None if they are not numbers."""
    if not values:
        return ".", ""
    if all(map(vocabulary.THOUSANDS_COMMA.fullmatch, values)) and not _has_decimal_comma(values):
        return ".", ","
    if all(map(vocabulary.DECIMAL_COMMA.fullmatch, values)):
        return ",", "." if any("." in value for value in values) else ""
    return None


def _has_decimal_comma(values: Sequence[str]) -> bool:
    """Return whether a comma can't separate thousands: "3,14" rather than "3,140"."""
    return any(len(value.rpartition(",")[2]) != 3 for value in values if "." not in value)  # noqa: PLR2004


def _with_stray_texts(
    table: Table, stats: ColumnStats, numbers: int, unparsed: Mapping[str, int]
) -> ColumnStats | None:
    missing, texts = split_missing(unparsed)
    stray = sum(unparsed[text] for text in texts)
    if not numbers or stray > max(MAX_STRAY * numbers, 1):
        return None
    first = table.select(sql.text(stats.name), "LIMIT 1")[0][0]
    return replace(
        stats, type="number", count=numbers, missing_values=(*missing, *texts),
        starts_with_text=first in texts,
        notes=(f"{stray} values are not numbers ({listed(texts[:3])}) and count as missing",),
    )  # fmt: skip


def unify_notation(table: Table, columns: list[ColumnStats], delimiter: str) -> list[ColumnStats]:
    """Return the columns with all numbers of a table in one notation.

    "1,234" is ambiguous. If some column has fractions after a point, commas separate thousands;
    else, if one has fractions after a comma, or the columns are separated by semicolons, "2.375"
    is two thousand.
    """
    marks = {mark for column in columns for mark in (column.decimal, column.thousands)}
    if "," not in marks:
        return columns
    alternatives = _comma_alternatives(table, columns)
    if None in alternatives.values():
        return _keep_decimal_point(table, columns, alternatives)
    if delimiter == ";" or any(column.decimal == "," for column in columns):
        return [alternatives.get(column.name) or column for column in columns]
    return columns


def _comma_alternatives(
    table: Table, columns: Sequence[ColumnStats]
) -> dict[str, ColumnStats | None]:
    return {
        column.name: _in_comma_notation(table, column)
        for column in columns
        if column.type == "number" and column.decimal == "."
    }


def _in_comma_notation(table: Table, stats: ColumnStats) -> ColumnStats | None:
    """Return numbers read with decimal commas; None if they are not written so."""
    text = sql.present(stats)
    value = sql.number(text, ",", ".")
    matching, points, integers = table.aggregate(
        f"count(*) FILTER (regexp_full_match({text}, '{vocabulary.COMMA_NOTATION}')), "
        f"count(*) FILTER (contains({text}, '.')), "
        f"count(*) FILTER ({value} = floor({value}))"
    )
    if matching != stats.count:
        return None
    thousands = "." if points else ""
    return replace(stats, decimal=",", thousands=thousands, integer=integers == matching)


def _keep_decimal_point(
    table: Table, columns: list[ColumnStats], alternatives: Mapping[str, ColumnStats | None]
) -> list[ColumnStats]:
    """Return the columns, as texts if they contradict another column's decimal point."""
    point = next(name for name, column in alternatives.items() if column is None)
    has_decimal_comma = any(column.decimal == "," and not column.thousands for column in columns)

    def resolve(column: ColumnStats) -> ColumnStats | None:
        if column.decimal == "," and column.thousands:
            return None
        # Decimal points and decimal commas in one table: neither can separate thousands.
        ambiguous = column.thousands == "," and has_decimal_comma
        return alternatives[column.name] if ambiguous else column

    return [resolve(column) or _as_text(table, column, point) for column in columns]


def _as_text(table: Table, stats: ColumnStats, point: str) -> ColumnStats:
    note = f"comma and point have another meaning than in {point!r}, so it is read as text"
    count = int(table.aggregate(f"count({sql.text(stats.name)})")[0])
    return replace(
        stats, type="text", count=count, decimal=".", thousands="", integer=False,
        missing_values=(), notes=(note,),
    )  # fmt: skip
