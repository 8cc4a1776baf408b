"""Invalid raw data is rejected with the column, the value and the row."""

import dataclasses
import math
import re
from pathlib import Path

import pandas as pd
import pytest

from air_ahead.config import load_params
from air_ahead.data.loading import read_raw
from air_ahead.data.schema import Schema, load_schema
from air_ahead.data.validation import validate
from air_ahead.errors import DataError, UserError
from air_ahead.paths import ProjectPaths

from .made_up import daily_rows, make_schema


@pytest.fixture
def table(project: ProjectPaths, schema: Schema) -> pd.DataFrame:
    return read_raw(project.raw, schema)


def with_value(table: pd.DataFrame, row: int, column: str, value: object) -> pd.DataFrame:
    changed = table.astype({column: object})
    changed.loc[row, column] = value  # type: ignore[call-overload]
    return changed


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-math.inf, "is outside the range .* in 1 row.*: -inf"),
        (math.inf, "is outside the range .* in 1 row.*: inf"),
        ("n/a", "has values that are not numbers in 1 row.*: n/a"),
    ],
)
def test_invalid_value_is_reported(table: pd.DataFrame, schema: Schema, value: object, message: str) -> None:
    column = re.escape(schema.target_column)
    with pytest.raises(DataError, match=rf"column '{column}' {message} \(rows 3, from 0\)"):
        validate(with_value(table, 3, schema.target_column, value), schema)


@pytest.mark.parametrize("value", [0.5, 32.0])
def test_value_outside_the_limits_is_reported(value: float) -> None:
    schema = make_schema("month")
    schema = dataclasses.replace(schema, target=dataclasses.replace(schema.target, minimum=1, maximum=31))
    table = daily_rows("2001-01-01", "2001-03-31")
    assert len(validate(table, schema)) == 90
    with pytest.raises(DataError, match=f"'sales' is outside the range 1 to 31 in 1 row.*: {value}"):
        validate(with_value(table, 3, "sales", value), schema)


@pytest.mark.parametrize("value", ["yesterday", "30.02.1958", None, 2932896, -800000, math.inf])
def test_invalid_date_is_reported(table: pd.DataFrame, schema: Schema, value: object) -> None:
    """Also a placeholder such as 9999-12-31, which is day 2932896."""
    column = re.escape(schema.date_column)
    with pytest.raises(DataError, match=rf"'{column}' has values that are not dates in 1 row.*rows 0"):
        validate(with_value(table, 0, schema.date_column, value), schema)


def test_rows_are_sorted_by_date() -> None:
    table, schema = daily_rows("2001-01-01", "2001-03-31"), make_schema("month")
    pd.testing.assert_frame_equal(validate(table, schema), validate(table.iloc[::-1], schema))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([0, 1, 3, 4], r"but 2001-01-22 \(row 2, counted from 0\) is 14 days after 2001-01-08; 1 such row"),
        ([0, 1, 1, 2], r"\(row 2, counted from 0\) is 0 days after"),
        ([3, 2, 1, 0], "is -7 days after"),
    ],
)
def test_irregular_dates_are_reported(rows: list[int], message: str) -> None:
    weekly = daily_rows("2001-01-01", "2001-02-28").iloc[::7]
    schema = make_schema("month")
    schema = dataclasses.replace(schema, date=dataclasses.replace(schema.date, days_apart=7))
    assert len(validate(weekly, schema)) == 9
    with pytest.raises(DataError, match=f"every date must be 7 days after the one before, .*{message}"):
        validate(weekly.iloc[rows], schema)


def test_missing_and_unknown_columns_are_reported(table: pd.DataFrame, schema: Schema) -> None:
    renamed = table.rename(columns={schema.target_column: "moon_phase"})
    with pytest.raises(DataError) as error:
        validate(renamed, schema)
    assert f"column {schema.target_column!r} is missing" in str(error.value)
    assert "column 'moon_phase' is not in schema.yaml" in str(error.value)


def test_misspelled_key_in_the_schema_is_reported(project: ProjectPaths, tmp_path: Path) -> None:
    text = project.schema.read_text(encoding="utf-8").replace("label:", "lable:", 1)
    (tmp_path / "schema.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="lable"):
        load_schema(tmp_path / "schema.yaml")


@pytest.mark.parametrize("entry", ["horizon: 0", "horizon: 10000", "horizon: 1.5", "history: 2", "test: 0"])
def test_invalid_length_in_params_is_reported(project: ProjectPaths, tmp_path: Path, entry: str) -> None:
    name, value = entry.split(": ")
    current = getattr(load_params(project.params).prepare, name)
    text = project.params.read_text(encoding="utf-8").replace(f"  {name}: {current}\n", f"  {name}: {value}\n", 1)
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=rf"prepare\.{name} .*{value}"):
        load_params(tmp_path / "params.yaml")
