"""Detect the notation of numbers: decimal mark, separators, currencies, units and multipliers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mlpath.dataset import sql, vocabulary
from mlpath.dataset.missing import split_missing, without_strays

if TYPE_CHECKING:
    import re
    from collections.abc import Collection, Mapping, Sequence

    from mlpath.dataset.results import ColumnStats
    from mlpath.dataset.sql import Table

_MIN_MATCHING = 0.5
"""Share of the other texts that must be numbers with something around them."""


_BLANKS = str.maketrans("", "", vocabulary.THOUSANDS_BLANKS)


class _Notation(NamedTuple):
    decimal: str = "."
    thousands: str = ""
    replace: tuple[tuple[str, str], ...] = ()


def as_number(
    table: Table, stats: ColumnStats, numbers: int, unparsed: Mapping[str, int]
) -> ColumnStats | None:
    """Return a column as numbers in another notation, or with missing and broken values.

    Args:
        table: The table.
        stats: Statistics of the column.
        numbers: How many of its values are ordinary numbers.
        unparsed: The others with their counts, most frequent first.
    """
    missing, others = split_missing(unparsed)
    number = replace(stats, type="number", missing_values=tuple(missing))
    detected, plain = _detect_notation(others), _Notation()
    as_detected = (
        None if detected == plain else without_strays(table, replace(number, **detected._asdict()))
    )
    return as_detected or (without_strays(table, number) if numbers else None)


def _detect_notation(values: Sequence[str]) -> _Notation:
    numbers = list(filter(None, map(vocabulary.NUMBER.fullmatch, values)))
    if len(numbers) < _MIN_MATCHING * len(values):
        return _Notation()
    digits = [number["digits"] for number in numbers]
    blanks = sorted(set(vocabulary.THOUSANDS_BLANKS).intersection("".join(digits)))
    if blanks and not all(map(vocabulary.GROUPED.fullmatch, digits)):
        return _Notation()
    marks = _decimal_and_thousands([text.translate(_BLANKS) for text in digits])
    units = _replace_units(sorted({number["after"] for number in numbers} - {None}))
    if marks is None or units is None:
        return _Notation()
    replacements = _replace_signs(numbers) | units | dict.fromkeys(blanks, "")
    return _Notation(*marks, tuple(replacements.items()))


def _replace_signs(numbers: Sequence[re.Match[str]]) -> dict[str, str]:
    """Return what replaces currencies before numbers, and the signs of negative ones."""
    currencies = {number["before"] for number in numbers} - {None}
    signs = {number["sign"] for number in numbers} - {None, "+", "-"}
    parentheses = {"(": "-", ")": ""} if any(number["open"] for number in numbers) else {}
    return dict.fromkeys(sorted(currencies), "") | dict.fromkeys(sorted(signs), "-") | parentheses


def _replace_units(texts: Collection[str]) -> dict[str, str] | None:
    """Return what replaces the texts after numbers; None if they are different units."""
    exponents = {text: vocabulary.MULTIPLIERS.get(text.strip().lower(), "") for text in texts}
    # A single "5 m" is five meters; beside "5 k", it is five million.
    are_multipliers = len(texts) > 1 or not {"m", "b", "t", "l"} & {text.strip() for text in texts}
    if texts and all(exponents.values()) and are_multipliers:
        return exponents
    units = {text.strip().lower().rstrip("s.") for text in texts}
    return dict.fromkeys(texts, "") if len(units) <= 1 else None


def _decimal_and_thousands(values: Sequence[str]) -> tuple[str, str] | None:
    """Return decimal mark and thousands separator; None if the values contradict each other."""
    marked = [value for value in values if "," in value or value.count(".") > 1]
    if not marked:
        return ".", ""
    if all(map(vocabulary.THOUSANDS_COMMA.fullmatch, marked)) and not _has_decimal_comma(marked):
        return ".", ","
    if all(map(vocabulary.DECIMAL_COMMA.fullmatch, marked)):
        return ",", "." if any("." in value for value in marked) else ""
    return None


def _has_decimal_comma(values: Sequence[str]) -> bool:
    """Return whether a comma can't separate thousands: "3,14" rather than "3,140"."""
    return any(len(value.rpartition(",")[2]) != 3 for value in values if "." not in value)  # noqa: PLR2004


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
    text = sql.replaced(sql.present(stats), stats.replace)
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

    note = f"comma and point have another meaning than in {point!r}, so it is read as text"
    return [resolve(column) or _as_text(table, column, note) for column in columns]


def unify_replacements(table: Table, columns: list[ColumnStats]) -> list[ColumnStats]:
    """Return the columns, as texts where the replacements of all columns change a value."""
    pairs = [pair for column in columns for pair in column.replace]
    shared = tuple(dict(reversed(pairs)).items())
    changed = _changed_by(table, [c for c in columns if c.type != "text"], shared) if shared else ()
    note = "it has another notation than the other columns, so it is read as text"
    return [_as_text(table, each, note) if each.name in changed else each for each in columns]


def _changed_by(
    table: Table, columns: Sequence[ColumnStats], shared: tuple[tuple[str, str], ...]
) -> set[str]:
    """Return the names of the columns that have other values with these replacements."""
    counts = table.aggregate(
        ", ".join(
            f"count(*) FILTER ({sql.value(column)} IS DISTINCT FROM "
            f"{sql.value(replace(column, replace=shared))})"
            for column in columns
        )
    )
    return {column.name for column, count in zip(columns, counts, strict=True) if count}


def _as_text(table: Table, stats: ColumnStats, note: str) -> ColumnStats:
    count = int(table.aggregate(f"count({sql.text(stats.name)})")[0])
    return replace(
        stats, type="text", count=count, decimal=".", thousands="", replace=(), date_format="",
        integer=False, missing_values=(), notes=(note,),
    )  # fmt: skip
