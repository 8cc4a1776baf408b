"""Validation of the schema and of the raw data."""

import re
from pathlib import Path

import pandas as pd
import pytest

from which_library.data.loading import read_raw
from which_library.data.schema import Schema, load_schema
from which_library.data.validation import validate
from which_library.errors import DataError, UserError
from which_library.paths import ProjectPaths


@pytest.fixture(scope="module")
def table(project: ProjectPaths, schema: Schema) -> pd.DataFrame:
    return read_raw(project.raw, schema).astype(object)


def test_valid_data_is_returned(table: pd.DataFrame, schema: Schema) -> None:
    assert validate(table, schema) is table


@pytest.mark.parametrize(("value", "message"), [("no such class", "no such class"), (None, "is empty in 1 row")])
def test_a_wrong_class_is_reported_with_its_row(
    table: pd.DataFrame, schema: Schema, value: object, message: str
) -> None:
    broken = table.copy()
    broken.loc[0, schema.target_column] = value  # type: ignore[call-overload]
    with pytest.raises(DataError, match=rf"{message}.*\(rows 0,"):
        validate(broken, schema)


def test_missing_and_unknown_columns_are_reported(table: pd.DataFrame, schema: Schema) -> None:
    broken = table.drop(columns=schema.text_column).assign(moon_phase=1.0)
    with pytest.raises(DataError) as caught:
        validate(broken, schema)
    assert str(caught.value).splitlines() == [
        f"column {schema.text_column!r} is missing",
        "column 'moon_phase' is not in schema.yaml",
    ]


def test_a_class_without_texts_is_reported(table: pd.DataFrame, schema: Schema) -> None:
    first = schema.classes[0]
    with pytest.raises(DataError, match=rf"'{re.escape(first)}' of schema\.yaml has no text"):
        validate(table[table[schema.target_column] != first], schema)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("questions: [{ask: Who, answer: z}]", "questions have the answer z, which is not among target.choices"),
        ("extracts: false", "add at least one entry to `questions`"),
        ("lable: x", r"schema\.yaml: lable is unknown"),
    ],
)
def test_invalid_entries_of_the_schema_are_reported(entry: str, message: str, tmp_path: Path) -> None:
    required = "source: s\nlicence: l\ntarget: {name: a, label: A, choices: [x, y]}\ntext: {name: b, label: B}\n"
    (tmp_path / "schema.yaml").write_text(required + entry, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        load_schema(tmp_path / "schema.yaml")
