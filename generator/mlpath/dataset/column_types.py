"""Detect the type of each column: number, date or text, and how its values are written."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mlpath.dataset import sql
from mlpath.dataset.results import ColumnStats
from mlpath.dataset.sql import first_row, literal
from mlpath.dataset.vocabulary import (
    COMMA_NOTATION,
    DATE_FORMATS,
    DATE_NAMES,
    DECIMAL_COMMA,
    MISSING_VALUES,
    SWAPPED_DATE_FORMATS,
    THOUSANDS_COMMA,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import duckdb

BATCH = 40
"""Columns per query: planning takes more than linear time, and each query has a fixed cost."""
MAX_UNPARSED = 300
"""Values that are examined if they are not numbers."""
MAX_STRAY = 0.02
"""Up to this share of texts among numbers are broken values rather than categories."""
_SPACED_SCRIPT = r"[^\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
"""All characters but those of scripts without blanks between words, where each counts as a word."""


def batches(columns: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the columns in batches for one query each."""
    return (columns[start : start + BATCH] for start in range(0, len(columns), BATCH))


def detect_types(
    database: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], delimiter: str
) -> list[ColumnStats]:
    """Return the type of each column of a table.

    Args:
        database: Database with the table.
        table: Its name.
        columns: Its columns.
        delimiter: Delimiter of the CSV file; empty for formats with typed numbers.
    """
    rows = int(first_row(database, f"SELECT count(*) FROM {table}")[0])  # noqa: S608
    stats = [
        _detect_type(database, table, counts, rows)
        for batch in batches(columns)
        for counts in _count_values(database, table, batch)
    ]
    return _unify_notation(database, table, stats, delimiter) if delimiter else stats


class _Counts(NamedTuple):
    column: str
    present: int
    numbers: int
    distinct: int
    leading_zeros: int
    integers: int
    not_finite: int
    length: float | None
    words: float | None
    unspaced_characters: int | None


_COUNTS = (
    "count(text{n})",
    "count(number{n})",
    "approx_count_distinct(text{n})",
    "count(*) FILTER (text{n} >= '00' AND text{n} < '0:')",
    "count(*) FILTER (number{n} = floor(number{n}))",
    "count(*) FILTER (isnan(number{n}) OR isinf(number{n}))",
    "avg(length(text{n}))",
    "avg(strlen(text{n}) - strlen(replace(text{n}, ' ', '')) + 1)",
    # Texts of one byte per character contain none of the unspaced scripts.
    "sum(CASE WHEN strlen(text{n}) > length(text{n}) "
    "THEN length(regexp_replace(text{n}, '" + _SPACED_SCRIPT + "', '', 'g')) END)",
)


def _count_values(
    database: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]
) -> list[_Counts]:
    cells = ", ".join(
        f"{sql.text(column)} AS text{n}, TRY_CAST({sql.text(column)} AS DOUBLE) AS number{n}"
        for n, column in enumerate(columns)
    )
    shown = ", ".join(
        count.replace("{n}", str(n)) for n in range(len(columns)) for count in _COUNTS
    )
    row = first_row(database, f"SELECT {shown} FROM (SELECT {cells} FROM {table})")  # noqa: S608
    width = len(_COUNTS)
    return [_Counts(column, *row[n * width : (n + 1) * width]) for n, column in enumerate(columns)]


def _detect_type(
    database: duckdb.DuckDBPyConnection, table: str, counts: _Counts, rows: int
) -> ColumnStats:
    present = counts.present
    stats = ColumnStats(
        counts.column, "text", present, rows, counts.distinct, mean_length=counts.length or 0.0,
        mean_words=(counts.words or 0.0) + (counts.unspaced_characters or 0) / max(present, 1),
    )  # fmt: skip
    numbers = counts.numbers - counts.not_finite
    if numbers == present:
        if not present or counts.leading_zeros:
            return stats
        integer = counts.integers == numbers
        return _as_numeric_date(database, table, replace(stats, type="number", integer=integer))
    unparsed = _unparsed_values(database, table, counts.column)
    number = None
    if not counts.leading_zeros:
        number = _as_number(database, table, stats, numbers, unparsed)
    return number or _as_date(database, table, stats, unparsed) or stats


def _unparsed_values(
    database: duckdb.DuckDBPyConnection, table: str, column: str
) -> dict[str, int]:
    """Return the most frequent values that are not numbers, with their counts."""
    text = sql.text(column)
    query = (
        f"SELECT {text}, count(*) FROM {table} "  # noqa: S608
        f"WHERE {text} IS NOT NULL AND {sql.number(text, '.', '')} IS NULL "
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MAX_UNPARSED}"
    )
    return {str(value): int(count) for value, count in database.execute(query).fetchall()}


# ----------------------------------------------------------------------------------------- numbers


def _as_number(
    database: duckdb.DuckDBPyConnection,
    table: str,
    stats: ColumnStats,
    numbers: int,
    unparsed: Mapping[str, int],
) -> ColumnStats | None:
    """Return numbers in another notation, or with missing and broken values among them."""
    missing, others = _split_missing(unparsed)
    notation = _notation(others)
    if notation is None:
        return _with_stray_texts(database, table, stats, numbers, unparsed)
    if not others and not numbers:
        return None
    number = replace(
        stats, type="number", missing_values=tuple(missing), decimal=notation[0],
        thousands=notation[1],
    )  # fmt: skip
    value = sql.value(number)
    parsed, integers = first_row(
        database,
        f"SELECT count({value}), count(*) FILTER ({value} = floor({value})) FROM {table}",  # noqa: S608
    )
    if parsed != stats.count - sum(unparsed[word] for word in missing):
        return None
    return replace(number, integer=parsed == integers, count=parsed)


def _split_missing(values: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the values that stand for a missing one, and the others."""
    missing = [value for value in values if value.lower() in MISSING_VALUES]
    return missing, [value for value in values if value not in missing]


def _notation(values: Sequence[str]) -> tuple[str, str] | None:
    """Return decimal mark and thousands separator of values; None if they are not numbers."""
    if not values:
        return ".", ""
    if all(map(THOUSANDS_COMMA.fullmatch, values)) and not _has_decimal_comma(values):
        return ".", ","
    if all(map(DECIMAL_COMMA.fullmatch, values)):
        return ",", "." if any("." in value for value in values) else ""
    return None


def _has_decimal_comma(values: Sequence[str]) -> bool:
    """Return whether a comma can't separate thousands: "3,14" rather than "3,140"."""
    return any(len(value.rpartition(",")[2]) != 3 for value in values if "." not in value)  # noqa: PLR2004


def _with_stray_texts(
    database: duckdb.DuckDBPyConnection,
    table: str,
    stats: ColumnStats,
    numbers: int,
    unparsed: Mapping[str, int],
) -> ColumnStats | None:
    missing, texts = _split_missing(unparsed)
    stray = sum(unparsed[text] for text in texts)
    if len(unparsed) == MAX_UNPARSED or not numbers or stray > max(MAX_STRAY * numbers, 1):
        return None
    listed = ", ".join(map(repr, texts[:3]))
    first = first_row(database, f"SELECT {sql.text(stats.name)} FROM {table} LIMIT 1")  # noqa: S608
    return replace(
        stats, type="number", count=numbers, missing_values=(*missing, *texts),
        starts_with_text=first[0] in texts,
        notes=(f"{stray} values are not numbers ({listed}) and count as missing",),
    )  # fmt: skip


def _unify_notation(
    database: duckdb.DuckDBPyConnection, table: str, columns: list[ColumnStats], delimiter: str
) -> list[ColumnStats]:
    """Read all numbers of a table in one notation.

    "1,234" is ambiguous. If some column has fractions after a point, commas separate thousands;
    else, if one has fractions after a comma, or the columns are separated by semicolons, "2.375"
    is two thousand.
    """
    numbers = [column for column in columns if column.type == "number"]
    if not any("," in column.decimal + column.thousands for column in numbers):
        return columns
    comma_notation = {
        column.name: _in_comma_notation(database, table, column)
        for column in numbers
        if column.decimal == "."
    }
    point = next((name for name, column in comma_notation.items() if column is None), None)
    if point is not None:
        return _keep_point_notation(database, table, columns, comma_notation, point)
    if delimiter == ";" or any(column.decimal == "," for column in numbers):
        return [comma_notation.get(column.name) or column for column in columns]
    return columns


def _in_comma_notation(
    database: duckdb.DuckDBPyConnection, table: str, stats: ColumnStats
) -> ColumnStats | None:
    """Return numbers read with decimal commas; None if they are not written so."""
    text = sql.present(stats)
    value = sql.number(text, ",", ".")
    matching, points, integers = first_row(
        database,
        f"SELECT count(*) FILTER (regexp_full_match({text}, '{COMMA_NOTATION}')), "  # noqa: S608
        f"count(*) FILTER (contains({text}, '.')), "
        f"count(*) FILTER ({value} = floor({value})) FROM {table}",
    )
    if matching != stats.count:
        return None
    thousands = "." if points else ""
    return replace(stats, decimal=",", thousands=thousands, integer=integers == matching)


def _keep_point_notation(
    database: duckdb.DuckDBPyConnection,
    table: str,
    columns: list[ColumnStats],
    comma_notation: Mapping[str, ColumnStats | None],
    point: str,
) -> list[ColumnStats]:
    """Read columns that contradict the decimal point of another one as texts."""
    decimal_commas = [column for column in columns if column.decimal == ","]
    contradicting = {column.name for column in decimal_commas if column.thousands}
    if len(contradicting) < len(decimal_commas):
        # Decimal points and decimal commas in one table: neither can separate thousands.
        grouped = [column.name for column in columns if column.thousands == ","]
        contradicting |= {name for name in grouped if comma_notation[name] is None}
        columns = [
            (column.name in grouped and comma_notation[column.name]) or column for column in columns
        ]
    note = f"comma and point have another meaning than in {point!r}, so it is read as text"
    return [
        _as_text(database, table, column, note) if column.name in contradicting else column
        for column in columns
    ]


def _as_text(
    database: duckdb.DuckDBPyConnection, table: str, stats: ColumnStats, note: str
) -> ColumnStats:
    query = f"SELECT count({sql.text(stats.name)}) FROM {table}"  # noqa: S608
    return replace(
        stats, type="text", decimal=".", thousands="", integer=False, missing_values=(),
        count=int(first_row(database, query)[0]), notes=(note,),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------- dates


def _as_numeric_date(
    database: duckdb.DuckDBPyConnection, table: str, stats: ColumnStats
) -> ColumnStats:
    """Return numbers such as 20240131 as dates if the column's name suggests it."""
    if not stats.integer or not DATE_NAMES.search(stats.name):
        return stats
    text = sql.text(stats.name)
    # Unique years are those of a series; repeated ones are ordinary numbers.
    unique = first_row(database, f"SELECT count(DISTINCT {text}) FROM {table}")[0] == stats.count  # noqa: S608
    formats = {8: "%Y%m%d", 6: "%Y%m"} | ({4: "%Y"} if unique else {})
    for width, date_format in formats.items():
        query = (
            f"SELECT count(*) FROM {table} WHERE length({text}) = {width} "  # noqa: S608
            f"AND try_strptime({text}, {literal(date_format)}) BETWEEN '1000-01-01' AND '2200-01-01'"
        )
        if first_row(database, query)[0] == stats.count:
            return replace(stats, type="date", integer=False, date_format=date_format)
    return stats


def _as_date(
    database: duckdb.DuckDBPyConnection,
    table: str,
    stats: ColumnStats,
    unparsed: Mapping[str, int],
) -> ColumnStats | None:
    missing, examples = _split_missing(unparsed)
    if not examples or not all(re.search(r"\d", value) for value in examples[:20]):
        return None
    count = stats.count - sum(unparsed[word] for word in missing)
    formats = [
        date_format
        for date_format in _formats_of(database, examples[:50])
        if _count_dates(database, table, stats.name, date_format) == count
    ]
    date_format = next((known for known in ("", *DATE_FORMATS) if known in formats), None)
    if date_format is None:
        return None
    swapped = SWAPPED_DATE_FORMATS.get(date_format, date_format)
    numeric = "%d" in date_format and "%m" in date_format
    if numeric and swapped != date_format and swapped in formats:
        note = f"{examples[0]!r} may begin with the day or the month"
        return replace(stats, ambiguous_date=True, notes=(note,))
    return replace(
        stats, type="date", date_format=date_format, missing_values=tuple(missing), count=count
    )


def _formats_of(database: duckdb.DuckDBPyConnection, examples: Sequence[str]) -> list[str]:
    """Return the date formats that parse all examples, without reading the table."""
    formats = list(dict.fromkeys(("", *DATE_FORMATS, *SWAPPED_DATE_FORMATS.values())))
    values = ", ".join(f"({literal(example)})" for example in examples)
    counts = ", ".join(f"count({sql.days('value', date_format)})" for date_format in formats)
    row = first_row(database, f"SELECT {counts} FROM (VALUES {values}) AS examples(value)")  # noqa: S608
    return [one for one, count in zip(formats, row, strict=True) if count == len(examples)]


def _count_dates(
    database: duckdb.DuckDBPyConnection, table: str, column: str, date_format: str
) -> int:
    value = sql.days(sql.text(column), date_format)
    return int(first_row(database, f"SELECT count({value}) FROM {table}")[0])  # noqa: S608
