"""Profile a table: types of its columns, counts, ranges and most frequent values.

Small files are held in memory. Of larger ones the first rows are, from which types are inferred;
counts and ranges are computed in two passes over the file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

from mlpath.dataset import sql
from mlpath.dataset.column_types import batches, detect_types
from mlpath.dataset.dialect import read_error
from mlpath.dataset.missing import without_strays
from mlpath.dataset.results import TableStats
from mlpath.dataset.structure import apply_structure, detect_structure
from mlpath.dataset.vocabulary import BLANKS
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlpath.dataset.dialect import TableSource
    from mlpath.dataset.results import ColumnStats, ReadOptions
    from mlpath.dataset.sql import Table

MAX_BYTES_IN_MEMORY = 8 << 20
SAMPLE_ROWS = 50_000
MAX_TOP_VALUES = 50
MAX_CATEGORIES = 200
"""Most frequent values that are listed of a column of text."""
_WIDE = 500
"""Columns that are profiled at once: a query costs as much as its table is wide."""


def profile_table(source: TableSource, size: int) -> tuple[TableStats, Table]:
    """Return the statistics of a table of `size` bytes, and a sample of its rows in memory.

    Raises:
        MlpathError: The table can't be read, or has too few rows.
    """
    in_memory = _fits_in_memory(source, size)
    delimiter = source.options.delimiter if source.options.format == "csv" else ""
    try:
        sample = source.table.copy("sample", clauses="" if in_memory else f"LIMIT {SAMPLE_ROWS}")
        options = detect_structure(sample, source.options)
        structured = apply_structure(sample, options)
        names = structured.columns()
        if len(names) <= _WIDE:
            # DuckDB fills the memory it may use, and isn't faster for it.
            sample.database.execute("SET memory_limit = '256MB'")
        sample = sample if structured is sample else structured.copy("structured")
        sampled = rows = int(sample.aggregate("count(*)")[0])
        in_memory = in_memory or sampled < SAMPLE_ROWS
        _check_size(source, sampled, len(names))
        types = detect_types(sample, names, delimiter)
        if in_memory:
            columns = _profile_sample(sample, types)
        else:
            rows, columns = _profile_file(apply_structure(source.table, options), sample, types)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise read_error(source, error) from None
    _check_header(source, columns)
    # By a 64-bit hash, whose collisions are negligible.
    copies = f"count(*) - count(DISTINCT hash({sample.source}))"
    table = TableStats(
        path=source.path,
        read_options=_with_notation(options, columns),
        bytes=size,
        rows=rows,
        sampled_rows=sampled,
        duplicate_rows=int(sample.aggregate(copies)[0]) if in_memory else None,
        columns=tuple(columns),
    )
    return table, sample


def _fits_in_memory(source: TableSource, size: int) -> bool:
    compressed = source.path.name.lower().endswith((".gz", ".zst", ".zip"))
    return size <= MAX_BYTES_IN_MEMORY and not compressed and source.options.format != "parquet"


def _check_size(source: TableSource, rows: int, columns: int) -> None:
    path = source.path
    if source.options.format == "json" and (rows == 1 or columns == 1):
        raise MlpathError(
            f"{path} is JSON, but neither one object per line nor a list of objects",
            hint="Write the rows as JSON lines: jq -c '.rows[]' FILE > FILE.jsonl",
        )
    if rows == 1:
        raise MlpathError(f"{path} has one row", hint="A model needs many rows: add more.")
    if not rows:
        raise MlpathError(
            f"{path} has {'a header and no rows' if columns else 'no rows'}",
            hint="Check whether it was written completely.",
        )
    if columns == 1:
        raise MlpathError(
            f"{path} has one column",
            hint="A model needs a column to predict, and a feature, a text or a date besides.",
        )


def _check_header(source: TableSource, columns: Sequence[ColumnStats]) -> None:
    """Refuse a second header, such as a row of units, which makes texts of numbers."""
    numbers = [column for column in columns if column.type == "number"]
    is_text = all(column.starts_with_text for column in numbers)
    if numbers and is_text and source.options.format == "csv":
        line = source.options.skip + source.options.header + 1
        raise MlpathError(
            f"{source.path}: line {line} looks like a second header",
            hint="Keep one line of names and delete the other.",
        )


def _with_notation(options: ReadOptions, columns: Sequence[ColumnStats]) -> ReadOptions:
    missing = dict.fromkeys(value for column in columns for value in column.missing_values)
    decimal = "," if any(column.decimal == "," for column in columns) else "."
    thousands = next((column.thousands for column in columns if column.thousands), "")
    replacements = dict(pair for column in columns for pair in column.replace)
    return replace(
        options, missing=("", *missing), decimal=decimal, thousands=thousands, replace=replacements
    )


class _Totals(NamedTuple):
    parsed: int
    present: int
    distinct: int
    minimum: float | None
    maximum: float | None
    median: float | None


def _profile_sample(sample: Table, types: Sequence[ColumnStats]) -> list[ColumnStats]:
    _, totals = _scan(sample, types, distinct="count(DISTINCT {})", median="median({})")
    columns = []
    for column, total in zip(types, totals, strict=True):
        few = 0 < total.distinct <= MAX_TOP_VALUES or column.type == "text"
        columns.append(
            replace(
                column, distinct=total.distinct, exact=True, minimum=total.minimum,
                maximum=total.maximum, median=total.median,
                top_values=_top_values(sample, column) if few else (),
            )
        )  # fmt: skip
    return columns


def _profile_file(
    file: Table, sample: Table, types: Sequence[ColumnStats]
) -> tuple[int, list[ColumnStats]]:
    rows, totals = _scan(
        file, types, distinct="approx_count_distinct({})",
        median="reservoir_quantile({}, 0.5, 4096)",
    )  # fmt: skip
    counts = _count_categories(file, types)
    columns = []
    for column, total in zip(types, totals, strict=True):
        checked = _check_later_values(file, column, total)
        known = counts.get(column.name, {})
        known = {text: n for text, n in known.items() if text not in checked.missing_values}
        top_values = sorted(known.items(), key=lambda item: (-item[1], item[0]))[:MAX_TOP_VALUES]
        if checked.type == "text" and not known:
            # Too many to count: estimated from the sample.
            sampled = _top_values(sample, checked)
            top_values = [(text, count * rows // checked.rows) for text, count in sampled]
        columns.append(
            replace(
                _with_totals(checked, total), rows=rows, distinct=len(known) or total.distinct,
                exact=bool(known), top_values=tuple(top_values),
            )
        )  # fmt: skip
    return rows, columns


def _with_totals(column: ColumnStats, total: _Totals) -> ColumnStats:
    if column.type == "text":
        return replace(column, count=total.present, minimum=None, maximum=None, median=None)
    return replace(
        column, count=total.parsed, minimum=total.minimum, maximum=total.maximum,
        median=total.median,
    )  # fmt: skip


def _scan(
    table: Table, types: Sequence[ColumnStats], distinct: str, median: str
) -> tuple[int, list[_Totals]]:
    rows, totals = 0, []
    for batch in batches(types):
        shown = ", ".join(
            f"count({sql.value(column)}), count({sql.present(column)}), "
            f"{distinct.format(sql.value(column))}, {_range(column, median)}"
            for column in batch
        )
        rows, *row = table.aggregate(f"count(*), {shown}")
        totals += [_Totals(*row[start : start + 6]) for start in range(0, len(row), 6)]
    return int(rows), totals


def _range(column: ColumnStats, median: str) -> str:
    if column.type == "text":
        return "NULL, NULL, NULL"
    value = sql.value(column)
    return f"min({value}), max({value}), {median.format(value)}"


def _top_values(table: Table, column: ColumnStats) -> tuple[tuple[str, int], ...]:
    value = sql.present(column)
    limit = MAX_CATEGORIES if column.type == "text" else MAX_TOP_VALUES
    rows = table.select(
        f"{value}, count(*)",
        f"WHERE {value} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {limit}",
    )
    return tuple((str(text), int(count)) for text, count in rows)


def _count_categories(file: Table, types: Sequence[ColumnStats]) -> dict[str, dict[str, int]]:
    """Count the values of columns that have few.

    In a pass of its own: beside `approx_count_distinct`, DuckDB's `histogram` keeps every cell in
    memory.
    """
    counts: dict[str, dict[str, int]] = {}
    few = [column.name for column in types if column.distinct <= MAX_TOP_VALUES]
    for batch in batches(few):
        # Stripping the few different values is faster than stripping every cell.
        row = file.aggregate(
            ", ".join(
                f"histogram(nullif(CAST({sql.identifier(name)} AS VARCHAR), ''))" for name in batch
            )
        )
        counts |= {name: _stripped(count or {}) for name, count in zip(batch, row, strict=True)}
    return counts


def _stripped(counts: dict[Any, int]) -> dict[str, int]:
    stripped: dict[str, int] = {}
    for value, count in counts.items():
        if text := value.strip(BLANKS):
            stripped[text] = stripped.get(text, 0) + count
    return stripped


def _check_later_values(file: Table, column: ColumnStats, total: _Totals) -> ColumnStats:
    """Return a column with values below the sample that have another type than those in it."""
    if total.present == total.parsed:
        return column
    as_text = replace(column, type="text", date_format="", replace=(), missing_values=())
    return without_strays(file, column) or as_text
