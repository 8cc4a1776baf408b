"""Loading of the raw series."""

from pathlib import Path

import pandas as pd

from .schema import Schema
from .tables import TableColumn, read_table


def read_raw(folder: Path, schema: Schema) -> pd.DataFrame:
    """Load dates as days since 1970-01-01 and values as numbers, or as text where they are invalid.

    Columns that the schema does not know are added without values, so that `validate` reports them.

    Raises:
        TableError: the file is missing or cannot be read.
    """
    columns = [
        TableColumn(schema.date_column, schema.date_column, "date", schema.date.date_format),
        TableColumn(schema.target_column, schema.target_column, "number"),
    ]
    table, names = read_table(folder, schema.reading, columns)
    known = {schema.date_column, schema.target_column, *(column.column for column in schema.left_out)}
    return table.assign(**{name: None for name in names if name not in known})
