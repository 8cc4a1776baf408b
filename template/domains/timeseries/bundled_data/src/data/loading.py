"""Loading of the raw series that `data/source.py` wrote."""

from pathlib import Path

import pandas as pd

from .schema import Schema
from .source import RAW_FILE
from .validation import EPOCH


def read_raw(folder: Path, schema: Schema) -> pd.DataFrame:
    """Load the table, with dates as days since 1970-01-01, or as text where they are invalid."""
    table = pd.read_csv(folder / RAW_FILE, keep_default_na=False, na_values=[""])
    table = table.drop(columns=[entry.column for entry in schema.left_out], errors="ignore")
    if (name := schema.date_column) in table:
        dates = pd.to_datetime(table[name], format=schema.date.date_format or "ISO8601", errors="coerce")
        days = (dates - pd.Timestamp(EPOCH)).dt.days
        table[name] = days.astype(object).where(dates.notna(), table[name])
    return table
