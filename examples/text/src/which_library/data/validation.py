"""Validation of the raw table against `schema.yaml`."""

from collections.abc import Iterator

import pandas as pd

from ..errors import DataError
from .schema import Schema


def validate(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return the table after checking its columns and classes; a text may be empty.

    Raises:
        DataError: lists missing and unknown columns, unknown classes, and classes without a text.
    """
    problems = list(_column_problems(table, schema)) or list(_class_problems(table[schema.target_column], schema))
    if problems:
        raise DataError("\n".join(problems))
    return table


def _column_problems(table: pd.DataFrame, schema: Schema) -> Iterator[str]:
    yield from (f"column {name!r} is missing" for name in schema.columns if name not in table)
    yield from (f"column {name!r} is not in schema.yaml" for name in table if name not in schema.columns)


def _class_problems(target: pd.Series, schema: Schema) -> Iterator[str]:
    if (empty := target.isna()).any():
        yield f"column {target.name!r} is empty in {_rows(empty)}"
    if (unknown := target.notna() & ~target.isin(schema.classes)).any():
        values = ", ".join(str(value)[:40] for value in target[unknown].unique()[:5])
        yield f"column {target.name!r} has classes that schema.yaml does not list, {values}, in {_rows(unknown)}"
    for name in sorted(set(schema.classes) - set(target)):
        yield f"{schema.target.label} {name!r} of schema.yaml has no text"


def _rows(selected: pd.Series) -> str:
    numbers = ", ".join(map(str, selected.index[selected][:5]))
    return f"{selected.sum()} row(s) (rows {numbers}, counted from 0)"
