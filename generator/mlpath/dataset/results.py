"""Results of the stages, as frozen records: read options, statistics and the profile."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

MAX_PROJECT_ROWS = 200_000
"""A project samples a larger table; series are used whole."""


@dataclass(frozen=True)
class ReadOptions:
    """How a table is read; the project's `schema.yaml` has the same keys under `reading`."""

    file: str
    """File name in the project."""
    format: str = "csv"
    """csv, parquet, or json (one object per line, or a list of objects)."""
    encoding: str = "utf-8"
    """Python's name of the encoding."""
    member: str = ""
    """Name of the file inside a zip archive."""
    delimiter: str = ","
    """`whitespace` for runs of blanks."""
    quote: str = '"'
    escape: str = '"'
    header: bool = True
    """Whether the first line names the columns."""
    skip: int = 0
    """Lines above the header."""
    names: tuple[str, ...] = ()
    """Column names, where the header doesn't name all of them."""
    mixed_line_ends: bool = False
    decimal: str = "."
    thousands: str = ""
    replace: Mapping[str, str] = field(default_factory=dict)
    """Parts of numbers and dates, such as currencies and units, and what replaces them."""
    missing: tuple[str, ...] = ("",)
    """Texts that stand for a missing number or date."""
    records: str = ""
    """Key of the list of rows in a JSON object."""
    computed: Mapping[str, str] = field(default_factory=dict)
    """Columns that are computed from others, and their SQL."""
    left_out_rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Texts in a column that mark rows that are no samples, such as totals."""


@dataclass(frozen=True)
class ColumnStats:
    """Type and statistics of a column."""

    name: str
    """Header as DuckDB makes it unique."""
    type: str
    """number, date or text."""
    count: int
    """Values that are not missing."""
    rows: int
    distinct: int
    exact: bool = False
    """Whether `distinct` is counted rather than estimated."""
    integer: bool = False
    minimum: float | None = None
    """Dates are days since 1970-01-01."""
    maximum: float | None = None
    median: float | None = None
    date_format: str = ""
    """strptime format with `%q` for the quarter; empty for ISO 8601."""
    ambiguous_date: bool = False
    """Whether day and month may be swapped."""
    mean_length: float = 0.0
    """Characters."""
    mean_words: float = 0.0
    top_values: tuple[tuple[str, int], ...] = ()
    """Most frequent values with their counts."""
    missing_values: tuple[str, ...] = ()
    """Texts that stand for a missing number or date."""
    decimal: str = "."
    thousands: str = ""
    replace: tuple[tuple[str, str], ...] = ()
    """Parts of numbers and dates, and what replaces them."""
    starts_with_text: bool = False
    """Whether the first value of a numeric column is not a number."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column(ColumnStats):
    """A column and its role in the project.

    Types are number, date, category and text (free text).
    """

    key: str = ""
    """Identifier for code and API."""
    label: str = ""
    """Text for people."""
    missing: int = 0
    role: str = "feature"
    """feature, target, time, text, or left_out."""
    reason: str = ""
    """Why the column is left out."""


@dataclass(frozen=True)
class TableStats:
    """Statistics of a table."""

    path: Path
    read_options: ReadOptions | None
    """None for images."""
    bytes: int
    rows: int
    """Rows of a table, or number of images."""
    sampled_rows: int
    """Rows from which types, medians and leaks are inferred; everything else is of all rows."""
    duplicate_rows: int | None
    """None if the file is too large to count them."""
    columns: tuple[ColumnStats, ...]


@dataclass(frozen=True)
class DatasetProfile(TableStats):
    """A data set, and the project that it suggests."""

    columns: tuple[Column, ...]
    kind: str
    """table or images."""
    domain: str
    task: str | None
    target: str | None = None
    candidates: tuple[str, ...] = ()
    """Plausible targets, best first."""
    classes: tuple[tuple[str, int], ...] = ()
    """Classes of the target with their counts, most frequent first."""
    positive: str | None = None
    """Positive class of a binary target."""
    lookalikes: int = 0
    """Rows that equal others in all features, though the rows of the file differ."""
    copied: tuple[str, ...] = ()
    """Columns whose equal values mark copies of a sample."""
    group: str = ""
    """Column whose equal values mark rows of one case, such as a customer."""
    frequency: str = ""
    """Of a time series: daily, monthly, ..."""
    step_days: float | None = None
    """Days between two rows of a time series."""
    missing_steps: int = 0
    doubts: tuple[str, ...] = ()
    """What the user has to decide, one line each."""
    notes: tuple[str, ...] = ()
    images: dict[str, Any] = field(default_factory=dict)
    """Sizes, modes and formats of images."""

    @property
    def target_column(self) -> Column | None:
        """Return the column to predict."""
        return next((column for column in self.columns if column.name == self.target), None)


def table_profile(
    table: TableStats, columns: Iterable[Column], domain: str, **others: Any
) -> DatasetProfile:
    """Return the profile of a table with inferred columns."""
    inferred = {"columns": tuple(columns), "kind": "table", "domain": domain}
    return DatasetProfile(**{**vars(table), **inferred, **others})
