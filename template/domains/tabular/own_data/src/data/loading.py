"""Loading of the raw table."""

from pathlib import Path

import pandas as pd

from .schema import Schema
from .tables import TableColumn, read_table


def read_raw(folder: Path, schema: Schema) -> pd.DataFrame:
    """Load the raw table, with the column names of `schema.yaml`.

    Categories are text ("01" stays "01", "NA" stays "NA"), and so are columns of the group that are no features; dates
    are numbers of days. Columns that the schema does not know are added empty, for `validate` to report. Rows without a
    target, or of a class that is too rare, are dropped.

    Raises:
        TableError: the file is missing or can't be read.
    """
    wanted = [TableColumn(column.name, column.file_name, column.kind, column.date_format) for column in schema.columns]
    wanted += [TableColumn(name, name, "category") for name in schema.group_columns]
    table, columns = read_table(folder, schema.reading, wanted, schema.target.name)
    known = {column.file_name for column in wanted} | {entry.column for entry in schema.left_out}
    table = table.assign(**{name: None for name in columns if name not in known})
    target = schema.target.name
    if target in table:
        if schema.target.nullable:
            table = table[table[target].notna()]
        table = table[~table[target].isin(schema.too_rare)]
    return table.reset_index(drop=True)
