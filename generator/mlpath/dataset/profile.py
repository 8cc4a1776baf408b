"""Profile a table: types of its columns, counts, ranges and most frequent values.

Small files are held in memory. Of larger ones the first rows are, from which types are inferred;
counts and ranges are computed in two passes over the file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

from mlpath.dataset import sql
from mlpath.dataset.column_types import MAX_STRAY, MAX_UNPARSED, batches, detect_types
from mlpath.dataset.dialect import column_names, read_error
from mlpath.dataset.results import TableStats
from mlpath.dataset.sql import first_row
from mlpath.dataset.vocabulary import MISSING_VALUES
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlpath.dataset.dialect import TableSource
    from mlpath.dataset.results import ColumnStats, ReadOptions

SAMPLE = "sample"
"""Table with the rows that are held in memory."""
MAX_BYTES_IN_MEMORY = 8 << 20
SAMPLE_ROWS = 50_000
MAX_TOP_VALUES = 50
_WIDE = 500
"""Columns from which on a table is profiled in parts: a query costs as much as its table is wide."""
_DISTINCT_BATCH = 32
"""Columns whose values are counted at once: each takes a hash table in memory."""


def profile_table(
    database: duckdb.DuckDBPyConnection, source: TableSource, size: int
) -> TableStats:
    """Return the statistics of a table; its rows, or the first of them, stay in `sample`.

    Args:
        database: Database to load them into.
        source: The table.
        size: Bytes of the file.

    Raises:
        MlpathError: The table can't be read, or has too few rows.
    """
    names = column_names(database, source)
    in_memory = _fits_in_memory(source, size)
    _set_limits(database, len(names), in_memory=in_memory)
    limit = "" if in_memory else f" LIMIT {SAMPLE_ROWS}"
    delimiter = source.options.delimiter if source.options.format == "csv" else ""
    try:
        database.execute(f"CREATE TABLE {SAMPLE} AS SELECT * FROM {source.sql}{limit}")  # noqa: S608
        sampled = int(first_row(database, f"SELECT count(*) FROM {SAMPLE}")[0])  # noqa: S608
        in_memory = in_memory or sampled < SAMPLE_ROWS
        _check_rows(source.path, sampled, has_header=bool(names))
        if in_memory:
            rows, columns = sampled, _profile_in_memory(database, names, delimiter)
        else:
            types = detect_types(database, SAMPLE, names, delimiter)
            rows, columns = _profile_file(database, source.sql, types)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise read_error(database, source, error) from None
    _check_header(source, columns)
    duplicates = _count_duplicates(database) if in_memory else None
    options = _with_notation(source.options, columns)
    return TableStats(source.path, options, tuple(columns), size, rows, sampled, duplicates)


def _fits_in_memory(source: TableSource, size: int) -> bool:
    compressed = source.path.name.lower().endswith((".gz", ".zst", ".zip"))
    return size <= MAX_BYTES_IN_MEMORY and not compressed and source.options.format != "parquet"


def _set_limits(database: duckdb.DuckDBPyConnection, columns: int, *, in_memory: bool) -> None:
    if columns <= _WIDE:
        # DuckDB fills the memory it may use, and isn't faster for it.
        database.execute("SET memory_limit = '256MB'")
    elif in_memory:
        # Many queries of few rows: threads would wait for each other.
        database.execute("SET threads = 1")


def _check_rows(path: Path, rows: int, *, has_header: bool) -> None:
    if rows == 1:
        raise MlpathError(f"{path} has one row", hint="A model needs many rows: add more.")
    if not rows:
        raise MlpathError(
            f"{path} has {'a header and no rows' if has_header else 'no rows'}",
            hint="Check whether it was written completely.",
        )


def _check_header(source: TableSource, columns: Sequence[ColumnStats]) -> None:
    """Refuse a second header, such as a row of units, which makes texts of numbers."""
    numbers = [column for column in columns if column.type == "number"]
    if not numbers or not all(column.starts_with_text for column in numbers):
        return
    if source.options.format == "csv":
        line = source.options.skip + source.options.header + 1
        raise MlpathError(
            f"{source.path}: line {line} looks like a second header",
            hint="Keep one line of names and delete the other.",
        )


def _count_duplicates(database: duckdb.DuckDBPyConnection) -> int:
    # By a 64-bit hash; collisions are negligible.
    query = f"SELECT count(*) - count(DISTINCT hash({SAMPLE})) FROM {SAMPLE}"  # noqa: S608
    return int(first_row(database, query)[0])


def _with_notation(options: ReadOptions, columns: Sequence[ColumnStats]) -> ReadOptions:
    """Return the options with the notation of numbers and missing values of all columns."""
    missing = dict.fromkeys(value for column in columns for value in column.missing_values)
    decimal = "," if any(column.decimal == "," for column in columns) else "."
    thousands = next((column.thousands for column in columns if column.thousands), "")
    return replace(options, missing=("", *missing), decimal=decimal, thousands=thousands)


# --------------------------------------------------------------------------------------- in memory


def _profile_in_memory(
    database: duckdb.DuckDBPyConnection, names: Sequence[str], delimiter: str
) -> list[ColumnStats]:
    if len(names) <= _WIDE:
        return _profile_rows(database, SAMPLE, names, delimiter)
    columns = []
    for start in range(0, len(names), _WIDE):
        part = names[start : start + _WIDE]
        shown = ", ".join(map(sql.identifier, part))
        database.execute(f"CREATE TEMP TABLE part AS SELECT {shown} FROM {SAMPLE}")  # noqa: S608
        columns += _profile_rows(database, "part", part, delimiter)
        database.execute("DROP TABLE part")
    return columns


def _profile_rows(
    database: duckdb.DuckDBPyConnection, table: str, names: Sequence[str], delimiter: str
) -> list[ColumnStats]:
    types = detect_types(database, table, names, delimiter)
    return [
        column
        for start in range(0, len(types), _DISTINCT_BATCH)
        for column in _count_exactly(database, table, types[start : start + _DISTINCT_BATCH])
    ]


def _count_exactly(
    database: duckdb.DuckDBPyConnection, table: str, types: Sequence[ColumnStats]
) -> list[ColumnStats]:
    shown = ", ".join(
        f"count(DISTINCT {sql.value(column)}), {_range(column, 'median({})')}" for column in types
    )
    row = first_row(database, f"SELECT {shown} FROM {table}")  # noqa: S608
    columns = []
    for n, column in enumerate(types):
        distinct, minimum, maximum, median = row[n * 4 : n * 4 + 4]
        counted = 0 < distinct <= MAX_TOP_VALUES or column.type == "text"
        columns.append(
            replace(
                column, distinct=distinct, exact=True, minimum=minimum, maximum=maximum,
                median=median, top_values=_top_values(database, table, column) if counted else (),
            )
        )  # fmt: skip
    return columns


def _range(column: ColumnStats, median: str) -> str:
    """Return the SQL of minimum, maximum and median."""
    if column.type == "text":
        return "NULL, NULL, NULL"
    value = sql.value(column)
    return f"min({value}), max({value}), {median.format(value)}"


def _top_values(
    database: duckdb.DuckDBPyConnection, table: str, column: ColumnStats
) -> tuple[tuple[str, int], ...]:
    value = sql.present(column)
    query = (
        f"SELECT {value}, count(*) FROM {table} WHERE {value} IS NOT NULL "  # noqa: S608
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MAX_TOP_VALUES}"
    )
    return tuple((str(text), int(count)) for text, count in database.execute(query).fetchall())


# -------------------------------------------------------------------------------------- large files


class _Totals(NamedTuple):
    parsed: int
    present: int
    distinct: int
    minimum: float | None
    maximum: float | None
    median: float | None


def _profile_file(
    database: duckdb.DuckDBPyConnection, file: str, types: Sequence[ColumnStats]
) -> tuple[int, list[ColumnStats]]:
    """Return rows and columns of a file that is too large for memory, given as SQL."""
    rows, totals = _scan(database, file, types)
    counts = _count_categories(database, file, types)
    columns = []
    for column, total in zip(types, totals, strict=True):
        checked = _check_later_values(database, file, column, total)
        count = counts.get(column.name, {})
        known = {text: n for text, n in count.items() if text not in checked.missing_values}
        columns.append(_complete(database, checked, total, known, rows))
    return rows, columns


def _scan(
    database: duckdb.DuckDBPyConnection, file: str, types: Sequence[ColumnStats]
) -> tuple[int, list[_Totals]]:
    rows, totals = 0, []
    by_name = {column.name: column for column in types}
    for batch in batches(list(by_name)):
        shown = ", ".join(
            f"count({sql.value(column)}), count({sql.present(column)}), "
            f"approx_count_distinct({sql.identifier(column.name)}), "
            f"{_range(column, 'reservoir_quantile({}, 0.5, 4096)')}"
            for column in map(by_name.__getitem__, batch)
        )
        rows, *row = first_row(database, f"SELECT count(*), {shown} FROM {file}")  # noqa: S608
        totals += [_Totals(*row[start : start + 6]) for start in range(0, len(row), 6)]
    return int(rows), totals


def _count_categories(
    database: duckdb.DuckDBPyConnection, file: str, types: Sequence[ColumnStats]
) -> dict[str, dict[str, int]]:
    """Count the values of columns that have few.

    In a pass of its own: beside `approx_count_distinct`, DuckDB's `histogram` keeps every cell in
    memory.
    """
    counts: dict[str, dict[str, int]] = {}
    few = [column.name for column in types if column.distinct <= MAX_TOP_VALUES]
    for batch in batches(few):
        # Stripping the few different values is faster than stripping every cell.
        shown = ", ".join(
            f"histogram(nullif(CAST({sql.identifier(name)} AS VARCHAR), ''))" for name in batch
        )
        row = first_row(database, f"SELECT {shown} FROM {file}")  # noqa: S608
        counts |= {name: _stripped(count or {}) for name, count in zip(batch, row, strict=True)}
    return counts


def _stripped(counts: dict[Any, int]) -> dict[str, int]:
    stripped: dict[str, int] = {}
    for value, count in counts.items():
        if text := value.strip(" "):
            stripped[text] = stripped.get(text, 0) + count
    return stripped


def _check_later_values(
    database: duckdb.DuckDBPyConnection, file: str, column: ColumnStats, total: _Totals
) -> ColumnStats:
    """Return a column with values below the sample that have another type than those in it."""
    stray = total.present - total.parsed
    if not stray:
        return column
    text = sql.present(column)
    query = (
        f"SELECT DISTINCT {text} FROM {file} WHERE {text} IS NOT NULL "  # noqa: S608
        f"AND {sql.value(column)} IS NULL LIMIT {MAX_UNPARSED}"
    )
    values = sorted(str(row[0]) for row in database.execute(query).fetchall())
    missing = all(value.lower() in MISSING_VALUES for value in values)
    if stray > MAX_STRAY * column.rows and not missing:
        return replace(column, type="text", date_format="", missing_values=())
    listed = ", ".join(map(repr, values[:3]))
    note = f"{stray} values are not {column.type}s ({listed}) and count as missing"
    return replace(
        column, missing_values=(*column.missing_values, *values), notes=(*column.notes, note)
    )


def _complete(
    database: duckdb.DuckDBPyConnection,
    column: ColumnStats,
    total: _Totals,
    counts: dict[str, int],
    rows: int,
) -> ColumnStats:
    is_text = column.type == "text"
    top_values = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_TOP_VALUES]
    if is_text and not counts:
        # Too many to count: estimated from the sample.
        sampled = _top_values(database, SAMPLE, column)
        top_values = [(text, count * rows // column.rows) for text, count in sampled]
    return replace(
        column,
        rows=rows,
        count=total.present if is_text else total.parsed,
        distinct=len(counts) or total.distinct,
        exact=bool(counts),
        minimum=None if is_text else total.minimum,
        maximum=None if is_text else total.maximum,
        median=None if is_text else total.median,
        top_values=tuple(top_values),
    )
