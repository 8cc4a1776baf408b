"""Loading of the raw file."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from project_package.data.loading import read_raw
from project_package.data.schema import Schema
from project_package.data.tables import TableError
from project_package.data.validation import validate
from project_package.errors import DataError


def write(folder: Path, schema: Schema, rows: list[tuple[str, str]], **columns: str) -> Schema:
    """Write texts and classes as a CSV file; return a schema for it."""
    table = pd.DataFrame(rows, columns=[schema.text_column, schema.target_column])
    table.assign(**columns).to_csv(folder / "texts.csv", index=False)
    return replace(schema, reading={"file": "texts.csv"}, left_out=(), group="", version="", names_in="")


def test_texts_are_read_as_they_are(schema: Schema, tmp_path: Path) -> None:
    first, second = schema.classes[:2]
    of_file = write(tmp_path, schema, [("01", first), ("NA", second)])
    table = read_raw(tmp_path, of_file)
    assert table[schema.text_column].tolist() == ["01", "NA"]
    assert table[schema.target_column].tolist() == [first, second]


def test_rows_without_a_class_and_rare_classes_are_left_out(schema: Schema, tmp_path: Path) -> None:
    first = schema.classes[0]
    of_file = write(tmp_path, schema, [("a", first), ("b", ""), ("c", "rare")])
    of_file = replace(of_file, too_rare=("rare",), target=replace(schema.target, nullable=True))
    assert read_raw(tmp_path, of_file)[schema.text_column].tolist() == ["a"]


def test_an_unknown_column_is_reported(schema: Schema, tmp_path: Path) -> None:
    of_file = write(tmp_path, schema, [("a", schema.classes[0])], moon_phase="full")
    with pytest.raises(DataError, match=r"column 'moon_phase' is not in schema\.yaml"):
        validate(read_raw(tmp_path, of_file), of_file)


def test_a_missing_file_is_reported(schema: Schema, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"texts\.csv"):
        read_raw(tmp_path, replace(schema, reading={"file": "texts.csv"}))
