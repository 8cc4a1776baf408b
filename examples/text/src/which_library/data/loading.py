"""Loading of the raw data that `data/source.py` wrote."""

import json
from pathlib import Path

import pandas as pd

from .schema import Schema
from .source import RAW_FILE


def read_raw(folder: Path, schema: Schema) -> pd.DataFrame:
    """Return the raw table, without the texts of classes that are too rare."""
    with (folder / RAW_FILE).open(encoding="utf-8") as file:
        table = pd.DataFrame([json.loads(line) for line in file])
    return table[~table[schema.target_column].isin(schema.too_rare)].reset_index(drop=True)
