"""What was found in a data set, as plain records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Reading:
    """How the file is read: by mlpath now, and by the project every time it prepares its data."""

    file: str
    """The name that it has in the project."""
    format: str = "csv"
    """csv, parquet, or json (an object a line, or a list of them)."""
    encoding: str = "utf-8"
    """As Python calls it."""
    member: str = ""
    """The file inside a zip archive."""
    delimiter: str = ","
    """`whitespace` for any run of blanks."""
    quote: str = '"'
    escape: str = '"'
    header: bool = True
    """Whether the first line names the columns."""
    skip: int = 0
    """Lines before that."""
    names: tuple[str, ...] = ()
    """Of the columns, where no line names them all."""
    mixed_line_ends: bool = False
    """Whether the lines end in different ways."""
    decimal: str = "."
    thousands: str = ""
    missing: tuple[str, ...] = ("",)
    """Texts that stand for a missing number or date."""


@dataclass(frozen=True)
class Column:
    """A column, and the part it can play."""

    name: str
    """As DuckDB has it: the header, made unique."""
    key: str
    """An identifier made of it, for code and for the API."""
    label: str
    """For people."""
    type: str
    """number, category, date, or text (free)."""
    integer: bool = False
    date_format: str = ""
    """As strptime has it; empty for ISO 8601."""
    missing: int = 0
    distinct: int = 0
    """An estimate where the file is large."""
    minimum: float | None = None
    """Of a date in days since 1970-01-01."""
    maximum: float | None = None
    median: float | None = None
    choices: tuple[tuple[str, int], ...] = ()
    """The most frequent values of a category, with their counts."""
    missing_words: tuple[str, ...] = ()
    """Texts that stand for a missing number or date in it."""
    role: str = "feature"
    """feature, target, time, text, or left out."""
    reason: str = ""
    """Why it is left out, or what is remarkable."""


@dataclass(frozen=True)
class Findings:
    """A data set, and what it suggests."""

    path: Path
    kind: str
    """table or pictures."""
    reading: Reading | None
    bytes: int
    rows: int
    """Pictures count as rows."""
    looked_at: int
    """On how many rows types, medians and leaks rest; all others are of all rows."""
    duplicates: int | None
    """Rows that are there again; None where the file is too large to tell."""
    columns: tuple[Column, ...]
    domain: str
    target: str | None
    task: str | None
    candidates: tuple[str, ...] = ()
    """Plausible targets, best first."""
    classes: tuple[tuple[str, int], ...] = ()
    """Of the target, most frequent first."""
    positive: str | None = None
    frequency: str = ""
    days_apart: float | None = None
    gaps: int = 0
    doubts: tuple[str, ...] = ()
    """What nobody should guess, a line each."""
    notes: tuple[str, ...] = ()
    """What a person should know, a line each."""
    pictures: dict[str, Any] = field(default_factory=dict)
