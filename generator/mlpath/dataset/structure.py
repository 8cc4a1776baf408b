"""Bring a file into the form of a table: nested values, dates in parts, rows without data."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from mlpath.dataset import sql, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duckdb.sqltypes import DuckDBPyType

    from mlpath.dataset.results import ReadOptions
    from mlpath.dataset.sql import Table

_MAX_SUMMARIES = 0.05
"""Share of the rows up to which a word such as `Total` marks a summary rather than a category."""
_LABEL_COLUMNS, _LAST_ROWS = 3, 5
_MAX_SERIES_COLUMNS = 3
"""Columns besides year, month and day, up to which they are the date of a series."""
_MIN_DATES = 12
_MAX_ROUNDED = 0.07
"""Months by which a year with two decimals differs from that of the month."""
_SECONDS = {1.0: (3e8, 5e9), 1000.0: (3e11, 5e12)}
"""Ranges of times since 1970 in seconds and in milliseconds, 1979 to 2128."""


def detect_structure(sample: Table, options: ReadOptions) -> ReadOptions:
    """Return the options with the columns to compute, and the rows to leave out."""
    computed = (
        dict(_nested_values(sample))
        or _date_of_parts(sample)
        or _date_of_seconds(sample)
        or _date_of_decimal_years(sample)
    )
    rows = _summary_rows(sample) if options.format == "csv" else {}
    return replace(options, computed=computed, left_out_rows=rows)


def apply_structure(table: Table, options: ReadOptions) -> Table:
    """Return a table with the computed columns, and without the rows to leave out."""
    if not (options.computed or options.left_out_rows):
        return table
    computed = "".join(
        f"{expression} AS {sql.identifier(name)}, " for name, expression in options.computed.items()
    )
    conditions = " AND ".join(
        f"coalesce({sql.text(column)}, '') NOT IN ({', '.join(map(sql.literal, texts))})"
        for column, texts in options.left_out_rows.items()
    )
    return table.subquery(f"{computed}*", f"WHERE {conditions}" if conditions else "")


def _nested_values(sample: Table) -> Iterator[tuple[str, str]]:
    relation = sample.database.sql(f"FROM {sample.source}")
    values = [
        (name, sql.identifier(name), kind)
        for name, kind in zip(relation.columns, relation.types, strict=True)
        if kind.id == "struct"
    ]
    for name, expression, kind in values:
        if kind.id != "struct":
            yield name, expression
            continue
        for child, child_kind in kind.children:
            value = f"{expression}.{sql.identifier(str(child))}"
            values.append((f"{name}.{child}", value, cast("DuckDBPyType", child_kind)))


def _date_of_parts(sample: Table) -> dict[str, str]:
    """Return the date of a series whose year, month and day, or date and time, are columns."""
    names = sample.columns()
    for name, patterns in vocabulary.DATE_PARTS.items():
        matches = [
            next((name for name in names if re.fullmatch(pattern, name, re.IGNORECASE)), "")
            for pattern in patterns
        ]
        parts = list(filter(None, matches))
        is_series = 0 < len(names) - len(parts) <= _MAX_SERIES_COLUMNS and name not in names
        if all(matches[:2]) and is_series:
            date = _joined(parts, " " if name == "date_time" else "-")
            different, rows = sample.aggregate(f"count(DISTINCT {date}), count(*)")
            if different > (1 - _MAX_SUMMARIES) * rows:
                return {name: date}
    return {}


def _joined(parts: Sequence[str], separator: str) -> str:
    if separator == " ":
        return f"concat_ws(' ', {', '.join(map(sql.text, parts))})"
    numbers = [f"TRY_CAST({sql.text(part)} AS INTEGER)" for part in parts]
    date = ", '-', ".join([*numbers, "1"][:3])
    return f"TRY_CAST(concat({date}) AS DATE)"


def _date_of_seconds(sample: Table) -> dict[str, str]:
    dates = {}
    for column in filter(vocabulary.TIMESTAMP_NAMES.search, sample.columns()):
        number = f"TRY_CAST({sql.text(column)} AS DOUBLE)"
        low, high, valid, present = sample.aggregate(
            f"min({number}), max({number}), count({number}), count({sql.text(column)})"
        )
        for factor, (first, last) in _SECONDS.items():
            if valid and valid == present and first <= low <= high <= last:
                seconds = f"CAST({number} * {1_000_000 / factor:.0f} AS BIGINT)"
                dates[f"{column}_date"] = f"make_timestamp({seconds})"
    return dates


def _date_of_decimal_years(sample: Table) -> dict[str, str]:
    """Return the date of a series whose months are parts of a year, such as 1949.083."""
    for column in filter(vocabulary.DATE_NAMES.search, sample.columns()):
        months = f"12 * TRY_CAST({sql.text(column)} AS DOUBLE)"
        month = f"CAST(round({months}) AS INTEGER)"
        rows, different, span, first, last, difference = sample.aggregate(
            f"count(*), count(DISTINCT {month}), max({month}) - min({month}), min({month}), "
            f"max({month}), max(abs({months} - {month}))"
        )
        is_series = rows == different >= _MIN_DATES and any(
            (1 - _MAX_SUMMARIES) * span <= step * (rows - 1) <= span for step in (1, 3)
        )
        if is_series and 12_000 <= first < last < 26_400 and difference <= _MAX_ROUNDED:  # noqa: PLR2004
            date = f"make_date({month} // 12, {month} % 12 + 1, 1)"
            return {f"{column}_date": date}
    return {}


def _summary_rows(sample: Table) -> dict[str, tuple[str, ...]]:
    """Return the texts that mark totals, remarks and repeated headers, by their column."""
    columns = sample.columns()
    rows = int(sample.aggregate("count(*)")[0])
    cells = ", ".join(map(sql.text, columns))
    last = sample.select(cells, f"LIMIT {_LAST_ROWS} OFFSET {max(rows - _LAST_ROWS, 0)}")
    marks = [*_marks_at_the_end(last), *((0, name) for name in columns[:1])]
    found: dict[str, tuple[str, ...]] = {}
    for place, text in dict.fromkeys(marks):
        condition = f"{sql.text(columns[place])} = {sql.literal(text)}"
        if text == columns[0] and len(columns) > 1:
            condition += f" AND {sql.text(columns[1])} = {sql.literal(columns[1])}"
        count = sample.aggregate(f"count(*) FILTER ({condition})")[0]
        if 0 < count <= max(_MAX_SUMMARIES * rows, 1):
            found[columns[place]] = (*found.get(columns[place], ()), text)
    return found


def _marks_at_the_end(rows: Sequence[Sequence[str | None]]) -> Iterator[tuple[int, str]]:
    """Yield place and text of what marks the last rows as totals or remarks."""
    for row in reversed(rows):
        labels = [(place, text or "") for place, text in enumerate(row[:_LABEL_COLUMNS])]
        totals = [label for label in labels if vocabulary.SUMMARY.match(label[1])]
        if not totals and not _is_remark(row):
            return
        yield (totals or labels)[0]


def _is_remark(row: Sequence[str | None]) -> bool:
    return bool(row[0]) and len(row) > 1 and not any(row[1:])
