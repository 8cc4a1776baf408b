"""Loading of the raw table that `data/source.py` wrote."""

from pathlib import Path

import pandas as pd

from .schema import Column, Schema
from .source import RAW_FILE


def read_raw(folder: Path, schema: Schema) -> pd.DataFrame:
    """Load the raw table: dates as days since 1970-01-01, all else as text ("01" stays "01", "NA" stays "NA").

    Columns and classes that the schema leaves out are dropped, but not the columns of the group.
    """
    table = pd.read_csv(folder / RAW_FILE, dtype=str, keep_default_na=False, na_values=[""])
    unused = [entry.column for entry in schema.left_out if entry.column not in schema.group]
    table = table.drop(columns=unused, errors="ignore")
    table = table.rename(columns={column.file_name: column.name for column in schema.columns})
    for column in schema.columns:
        if column.kind == "date" and column.name in table:
            table[column.name] = _to_days(table[column.name], column)
    if schema.target.name in table:
        table = table[~table[schema.target.name].isin(schema.too_rare)]
    return table.reset_index(drop=True)


def _to_days(texts: pd.Series, column: Column) -> pd.Series:
    dates = pd.to_datetime(texts, format=column.date_format or "ISO8601", errors="coerce")
    return (dates - pd.Timestamp(0)).dt.days.astype(object).where(dates.notna(), texts)
