"""Validation of the raw table against `schema.yaml`."""

import numpy as np
import pandas as pd

from ..errors import DataError
from .schema import MISSING, OTHER, Column, Schema


def validate(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Check every value, and return the table with the schema's types.

    Raises:
        DataError: lists each missing or unknown column, and each column with invalid values.
    """
    names = [column.name for column in schema.columns]
    known = [*names, *schema.group_columns]
    problems = [f"column {name!r} is missing" for name in known if name not in table]
    problems += [
        f"column {name!r} is not in schema.yaml; add it to features or left_out" for name in table if name not in known
    ]
    converted = {}
    for column in schema.columns:
        if column.name in table:
            converted[column.name] = _convert(table[column.name], column)
            problems += _value_problems(table[column.name], converted[column.name], column)
    if problems:
        raise DataError("\n".join(problems))
    return table.assign(**converted)


def _convert(raw: pd.Series, column: Column) -> pd.Series:
    """Return categories as text, and numbers as float32, the type that the served model computes with."""
    if column.kind != "category":
        return pd.to_numeric(raw, errors="coerce").astype(np.float32)
    texts = raw.where(raw.isna(), raw.astype(str)).astype(object)
    if column.others:
        texts = texts.where(texts.isna() | texts.isin(column.levels), OTHER)
    return texts.fillna(MISSING) if column.nullable else texts


def _value_problems(raw: pd.Series, values: pd.Series, column: Column) -> list[str]:
    invalid_rows = _find_invalid(raw, values, column)
    return [_describe(column.name, problem, raw[rows]) for problem, rows in invalid_rows.items() if rows.any()]


def _find_invalid(raw: pd.Series, values: pd.Series, column: Column) -> dict[str, pd.Series]:
    empty = raw.isna()
    problems = {} if column.nullable else {"has empty cells": empty}
    if column.kind == "category":
        return problems | {"has categories that schema.yaml does not list": ~values.isin(column.levels) & ~empty}
    problems[f"has values that are not {column.kind}s"] = values.isna() & ~empty
    if column.minimum is not None:
        problems[f"has values below the minimum of {column.minimum:g}"] = values < column.minimum
    if column.maximum is not None:
        problems[f"has values above the maximum of {column.maximum:g}"] = values > column.maximum
    return problems


def _describe(column: str, problem: str, values: pd.Series) -> str:
    shown = ", ".join(f"{value} (row {row})" for row, value in values.head(5).items())
    return f"column {column!r} {problem} in {len(values)} row{'s' * (len(values) != 1)}: {shown}"
