"""Loading of the raw table that `data/source.py` wrote."""

from pathlib import Path

import pandas as pd

from .schema import Schema
from .source import RAW_FILE


def read_raw(folder: Path, schema: Schema) -> pd.DataFrame:
    """Load the raw table as text ("01" stays "01", "NA" stays "NA"), without the columns that the schema leaves out."""
    table = pd.read_csv(folder / RAW_FILE, dtype=str, keep_default_na=False, na_values=[""])
    return table.drop(columns=[entry.column for entry in schema.left_out], errors="ignore")
