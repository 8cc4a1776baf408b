"""Slices of the test split, on which the champion is scored separately."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..data.schema import MISSING, Column, Schema
from ..data.splits import Split
from ..errors import UserError
from .values import format_value


def slice_labels(splits: dict[str, Split], schema: Schema, names: Sequence[str]) -> dict[str, pd.Categorical]:
    """Return the slice of each test row, for each column to slice by, keyed by the column's label.

    Raises:
        UserError: the schema has no such column.
    """
    columns = {column.name: column for column in schema.features}
    if unknown := sorted(set(names) - set(columns)):
        raise UserError(
            f"params.yaml: evaluate.slices names unknown columns: {', '.join(unknown)}; "
            f"choose from {', '.join(columns)}"
        )
    test, train = splits["test"].features, splits["train"].features
    return {
        column.label: _label_rows(test[name], train[name], column) for name, column in columns.items() if name in names
    }


def _label_rows(test: pd.Series, train: pd.Series, column: Column) -> pd.Categorical:
    """Return the category of each row, or its tercile in the training split."""
    if column.kind == "category":
        return pd.Categorical(test, categories=column.levels)
    low, high = train.quantile([1 / 3, 2 / 3])
    start, end = format_value(column, low), format_value(column, high)
    labels = [f"below {start}", f"{start} to {end}", f"above {end}"]
    terciles = np.select([test < low, test <= high, test > high], labels, MISSING)
    return pd.Categorical(terciles, categories=[*labels, *[MISSING] * column.nullable])
