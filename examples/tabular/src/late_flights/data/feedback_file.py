"""Feedback as a table in the dialect of the raw file."""

import csv
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from .schema import Schema

OUTPUT = "feedback.csv"


def write_records(records: Iterable[dict[str, Any]], schema: Schema, output: Path | None) -> None:
    """Write records with the same keys as CSV to a file, or print them."""
    if output is None:
        _write(records, schema, sys.stdout)
        return
    with output.open("w", encoding="utf-8", newline="") as file:
        _write(records, schema, file)


def _write(records: Iterable[dict[str, Any]], schema: Schema, file: TextIO) -> None:
    reading = schema.reading or {}
    delimiter, decimal = str(reading.get("delimiter", ",")), str(reading.get("decimal", "."))
    writer: Any = None
    for record in records:
        if writer is None:
            delimiter = delimiter if len(delimiter) == 1 else "\t"  # "whitespace"
            writer = csv.DictWriter(file, list(record), delimiter=delimiter, lineterminator="\n")
            writer.writeheader()
        writer.writerow({name: _format(value, decimal) for name, value in record.items()})


def _format(value: Any, decimal: str) -> Any:
    return repr(value).replace(".", decimal) if isinstance(value, float) else value


def format_date(day: date, date_format: str) -> str:
    """Return a date in the format of the raw file."""
    # Only pandas' periods know quarters, and only Python's dates ISO weeks.
    written: Any = pd.Period(day.isoformat(), "D") if "%q" in date_format else day
    return str(written.strftime(date_format or "%Y-%m-%d"))
