"""Loading of the raw series that `fetch` writes."""

from pathlib import Path

import pandas as pd

from .schema import Schema

RAW_FILE = "series.csv"


def read_raw(folder: Path, schema: Schema) -> pd.DataFrame:
    """Read the CSV file: dates as days since 1970-01-01, or as text where they are invalid; a missing value is NaN."""
    table = pd.read_csv(
        folder / RAW_FILE, dtype={schema.date_column: str}, keep_default_na=False, na_values=[""]
    )
    text = table[schema.date_column]
    days = (pd.to_datetime(text, format="%Y-%m-%d", errors="coerce") - pd.Timestamp(0)).dt.days
    return table.assign(**{schema.date_column: days.where(days.notna(), text)})
