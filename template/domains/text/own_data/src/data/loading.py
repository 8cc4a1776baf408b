"""Loading of the raw data."""

from pathlib import Path

import pandas as pd

from ..config import parse
from .schema import Schema
from .tables import Column, TableError, TableFormat, read_table
from .validation import DataError


def read_raw(folder: Path, schema: Schema) -> pd.DataFrame:
    """Return the raw table as text, under the file's own column names ("01" stays "01").

    Columns that the schema doesn't know are empty, for `validate` to report. Rows without a class are left out if the
    schema allows them, and so are classes that are too rare.

    Raises:
        DataError: the file is missing or unreadable.
    """
