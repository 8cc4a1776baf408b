"""Loading of the raw data."""

from pathlib import Path

import pandas as pd

from .schema import Schema
from .tables import TableColumn, read_table


def read_raw(folder: Path, schema: Schema) -> pd.DataFrame:
    """Return the raw table as text, under the file's own column names ("01" stays "01").

    A column that the schema doesn't know is empty, for `validate` to report. Rows without a class are left out if the
    schema allows them, and so are classes that are too rare.

    Raises:
        TableError: the file is missing or unreadable.
    """
    columns = [TableColumn(column, column, "category") for column in schema.columns]
    table, file_columns = read_table(folder, schema.reading, columns, schema.target_column)
    known = {*schema.columns, *(excluded.column for excluded in schema.left_out)}
    table = table.assign(**{name: None for name in file_columns if name not in known})
    if (target := schema.target_column) in table:
        table = table[table[target].notna()] if schema.target.nullable else table
        table = table[~table[target].isin(schema.too_rare)]
    return table.reset_index(drop=True)
