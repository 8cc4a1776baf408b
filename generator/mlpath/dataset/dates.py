"""Detect dates: their format, the order of day and month, and broken values."""

from __future__ import annotations

import calendar
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mlpath.dataset import sql, vocabulary
from mlpath.dataset.missing import split_missing, without_strays

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlpath.dataset.results import ColumnStats
    from mlpath.dataset.sql import Table

_EXAMPLES = 50
_MIN_PARSED = 0.9
"""Share of the examples that a format must parse."""
_MIN_DATES = 12
"""Different dates from which their regularity decides on their format."""
_MIN_REGULAR = 0.9
_FIRST_DAY, _LAST_DAY = -354_285, 84_006
"""Days from 1970-01-01 to the years 1000 and 2200."""


def as_date(table: Table, stats: ColumnStats, unparsed: Mapping[str, int]) -> ColumnStats | None:
    """Return a column of texts as dates, given its most frequent values; None for other texts."""
    missing, values = split_missing(unparsed)
    examples = {value: unparsed[value] for value in values[:_EXAMPLES]}
    dated = sum(count for value, count in examples.items() if re.search(r"\d", value))
    if not examples or dated < _MIN_PARSED * sum(examples.values()):
        return None
    months = _foreign_months(values)
    column = replace(
        stats, type="date", missing_values=tuple(missing), replace=tuple(months.items())
    )
    return _with_format(table, stats, column, examples)


def _with_format(
    table: Table, stats: ColumnStats, column: ColumnStats, examples: Mapping[str, int]
) -> ColumnStats | None:
    candidates = [
        dated
        for date_format in _formats_of(table, column, examples)
        if (dated := without_strays(table, replace(column, date_format=date_format)))
    ]
    most = max((dated.count for dated in candidates), default=0)
    best = [dated for dated in candidates if dated.count == most]
    if all(_agree(table, best[0], other) for other in best[1:]):
        return best[0] if best else None
    return _with_regular_steps(table, best, next(iter(examples))) or replace(
        stats, ambiguous_date=True,
        notes=(f"{next(iter(examples))!r} may begin with the day or the month",),
    )  # fmt: skip


def _with_regular_steps(
    table: Table, candidates: Sequence[ColumnStats], example: str
) -> ColumnStats | None:
    """Return the only one of several formats with which the steps between dates are regular."""
    regular = [dated for dated in candidates if _is_regular(table, dated)]
    if len(regular) != 1:
        return None
    first = "day" if regular[0].date_format.startswith("%d") else "month"
    note = f"{example!r} begins with the {first}, since only then the steps are regular"
    return replace(regular[0], notes=(*regular[0].notes, note))


def _foreign_months(values: Iterable[str]) -> dict[str, str]:
    """Return the English abbreviations of months, if some are in another language."""
    words = dict.fromkeys(re.findall(r"[^\W\d_]{3,}\.?", "\n".join(values)))
    known = {
        word: month
        for word in words
        for month, starts in vocabulary.MONTHS.items()
        if word.lower().startswith(tuple(starts.split()))
    }
    english = {*calendar.month_name, *calendar.month_abbr}
    return {} if known.keys() <= english else known


def _formats_of(table: Table, column: ColumnStats, examples: Mapping[str, int]) -> list[str]:
    has_time = any(":" in example for example in examples)
    formats = vocabulary.DATE_FORMATS if has_time else vocabulary.DAY_FORMATS
    values = ", ".join(f"({sql.literal(value)}, {count})" for value, count in examples.items())
    rows = sql.Table(table.database, f"(VALUES {values}) AS examples(value, rows)")
    shown = ", ".join(f"sum(rows) FILTER ({_parses(column, each)})" for each in formats)
    minimum = _MIN_PARSED * sum(examples.values())
    counts = zip(formats, rows.aggregate(shown), strict=True)
    return [date_format for date_format, count in counts if (count or 0) >= minimum]


def _parses(column: ColumnStats, date_format: str) -> str:
    """Return the condition that an example is a date; versions such as 1.2.3 have no year."""
    day = sql.days(sql.replaced("value", column.replace), date_format)
    condition = f"{day} BETWEEN {_FIRST_DAY} AND {_LAST_DAY}"
    is_short = date_format.endswith("%y")
    return f"{condition} AND regexp_matches(value, '[0-9]{{2}}$')" if is_short else condition


def _agree(table: Table, first: ColumnStats, second: ColumnStats) -> bool:
    different = f"count(*) FILTER ({sql.value(first)} IS DISTINCT FROM {sql.value(second)})"
    return not table.aggregate(different)[0]


def _is_regular(table: Table, column: ColumnStats) -> bool:
    """Return whether most steps between different dates are equal, up to the lengths of months."""
    days = table.subquery(f"DISTINCT {sql.value(column)} AS day")
    steps = days.subquery("day - lag(day) OVER (ORDER BY day) AS step", "WHERE day NOTNULL")
    median, count, span = steps.aggregate("median(step), count(step), sum(step)")
    if count < _MIN_DATES:
        return False
    regular = steps.aggregate(f"count(*) FILTER (abs(step - {median}) <= 0.1 * {median})")[0]
    return bool(min(regular / count, count * median / span) >= _MIN_REGULAR)


def as_numeric_date(table: Table, stats: ColumnStats) -> ColumnStats:
    """Return numbers such as 20240131 as dates if the column's name suggests it."""
    if not stats.integer or not vocabulary.DATE_NAMES.search(stats.name):
        return stats
    text = sql.text(stats.name)
    # Unique years are those of a series; repeated ones are ordinary numbers.
    unique = table.aggregate(f"count(DISTINCT {text})")[0] == stats.count
    formats = {8: "%Y%m%d", 6: "%Y%m"} | ({4: "%Y"} if unique else {})
    for width, date_format in formats.items():
        date = f"try_strptime({text}, {sql.literal(date_format)})"
        plausible = f"length({text}) = {width} AND {date} BETWEEN '1000-01-01' AND '2200-01-01'"
        if table.aggregate(f"count(*) FILTER ({plausible})")[0] == stats.count:
            return replace(stats, type="date", integer=False, date_format=date_format)
    return stats
