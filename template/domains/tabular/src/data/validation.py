"""Validation of the raw table against `schema.yaml`."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from ..errors import UserError
from .schema import MISSING, OTHER, Column, Schema


class DataError(UserError):
    """The data does not match `schema.yaml`; the message lists each difference."""

    heading = "The data does not match schema.yaml:"


def validate(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Check every value, and return the table with the schema's types.

    Raises:
        DataError: lists each missing or unknown column, and each column with invalid values.
    """
    problems = _column_problems(table, schema)
    checked = []
    for column in schema.columns:
        if column.name in table:
            texts = _texts_among_numbers(table[column.name], column)
            if len(texts):
                problems.append(_describe_values(column.name, f"has values that are not {column.kind}s", texts))
            else:
                checked.append(column)
    expected = pa.DataFrameSchema({column.name: _checks(column) for column in checked})
    converted = table.assign(**{column.name: _convert(table[column.name], column) for column in checked})
    try:
        valid: pd.DataFrame = expected.validate(converted, lazy=True)
    except SchemaErrors as errors:
        problems += _describe(errors.failure_cases)
    if problems:
        raise DataError("\n".join(problems))
    return valid


def _column_problems(table: pd.DataFrame, schema: Schema) -> list[str]:
    names = [column.name for column in schema.columns]
    return [
        *(f"column {name!r} is missing" for name in names if name not in table),
        *(
            f"column {name!r} is not in schema.yaml; add it to features or left_out"
            for name in table
            if name not in names
        ),
    ]


def _texts_among_numbers(values: pd.Series, column: Column) -> pd.Series:
    """Return the values of a column of numbers or dates that are not numbers."""
    is_text = values.notna() & pd.to_numeric(values, errors="coerce").isna()
    return values[is_text & (column.kind != "category")]


def _convert(values: pd.Series, column: Column) -> pd.Series:
    """Return categories as text and numbers as float32, the type that the served model computes with."""
    return _categories(values, column) if column.kind == "category" else pd.to_numeric(values).astype(np.float32)


def _categories(values: pd.Series, column: Column) -> pd.Series:
    texts = values.where(values.isna(), values.astype(str)).astype(object)
    if column.others:
        texts = texts.where(texts.isna() | texts.isin(column.levels), OTHER)
    return texts.fillna(MISSING) if column.nullable else texts


def _checks(column: Column) -> pa.Column:
    if column.kind == "category":
        return pa.Column(str, pa.Check.isin(column.levels), nullable=False)
    limits = [
        *([] if column.minimum is None else [pa.Check.ge(column.minimum)]),
        *([] if column.maximum is None else [pa.Check.le(column.maximum)]),
    ]
    return pa.Column(np.float32, limits, nullable=column.nullable)


PROBLEMS = {
    "not_nullable": "has empty cells",
    "isin": "has categories that schema.yaml does not list",
    "greater_than_or_equal_to": "has values below the minimum of {}",
    "less_than_or_equal_to": "has values above the maximum of {}",
}


def _describe(failures: pd.DataFrame) -> Iterable[str]:
    for (column, check), group in failures.groupby(["column", "check"], sort=False):
        name, _, limit = str(check).rstrip(")").partition("(")
        shown = f"{float(limit):g}" if name.endswith("_or_equal_to") else ""
        problem = PROBLEMS[name].format(shown)
        yield _describe_values(str(column), problem, group.failure_case.set_axis(group["index"]))


def _describe_values(column: str, problem: str, values: pd.Series) -> str:
    shown = ", ".join(f"{value} (row {row})" for row, value in values.head(5).items())
    return f"column {column!r} {problem} in {len(values)} row{'s' * (len(values) != 1)}: {shown}"
