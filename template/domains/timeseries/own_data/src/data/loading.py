"""Loading of the raw series as `reading` in `schema.yaml` describes it."""

from pathlib import Path

import pandas as pd

from ..config import parse
from .schema import Schema
from .tables import Column, Reading, TableError, read_table
from .validation import DataError


def read_raw(folder: Path, schema: Schema) -> pd.DataFrame:
    """Read dates as days since 1970-01-01 and values as numbers, or as text where they are invalid.

    A column of the file that the schema does not know is added empty, so that `validate` reports it.

    Raises:
        DataError: the file is missing or cannot be read.
    """
