"""Data that does not match schema.yaml is an error that names column, value and row."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from late_flights.data.loading import read_raw
from late_flights.data.schema import MISSING, OTHER, Column, Schema, load_schema
from late_flights.data.validation import validate
from late_flights.errors import DataError, UserError
from late_flights.paths import ProjectPaths

AGE = Column("age", "Age", "number", minimum=0, maximum=120)
COLOR = Column("color", "Color", "category", choices=("blue", "red"))
SCHEMA = Schema("", "", COLOR, (AGE,))
TABLE = pd.DataFrame({"age": [30.0, 40.0], "color": ["red", "blue"]})


def errors(table: pd.DataFrame) -> str:
    with pytest.raises(DataError) as caught:
        validate(table, SCHEMA)
    return str(caught.value)


def with_first(column: str, value: object) -> pd.DataFrame:
    return TABLE.assign(**{column: pd.Series([value, TABLE[column][1]], dtype=object)})


def test_the_project_s_data_is_valid(project: ProjectPaths, schema: Schema) -> None:
    table = read_raw(project.raw, schema)
    valid = validate(table, schema)
    assert len(valid) == len(table)
    for column in schema.features:
        if column.kind != "category":
            assert valid[column.name].dtype == np.float32


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("age", 121, "column 'age' has values above the maximum of 120 in 1 row: 121 (row 0)"),
        ("age", -math.inf, "column 'age' has values below the minimum of 0 in 1 row: -inf (row 0)"),
        ("age", math.nan, "column 'age' has empty cells in 1 row: nan (row 0)"),
        ("age", "seven", "column 'age' has values that are not numbers in 1 row: seven (row 0)"),
        ("color", "green", "column 'color' has categories that schema.yaml does not list in 1 row: green (row 0)"),
        ("color", None, "column 'color' has empty cells in 1 row: None (row 0)"),
    ],
)
def test_an_invalid_value_is_named_with_its_row(column: str, value: object, message: str) -> None:
    assert message in errors(with_first(column, value))


def test_missing_and_unknown_columns_are_named() -> None:
    assert errors(TABLE.rename(columns={"age": "years"})).splitlines() == [
        "column 'age' is missing",
        "column 'years' is not in schema.yaml; add it to features or left_out",
    ]


def test_columns_of_the_group_may_be_no_features() -> None:
    schema = dataclasses.replace(SCHEMA, group=("age", "shop"))
    assert list(validate(TABLE.assign(shop="a"), schema)) == ["age", "color", "shop"]
    with pytest.raises(DataError, match="column 'shop' is missing"):
        validate(TABLE, schema)


def test_all_problems_are_reported_at_once() -> None:
    table = with_first("color", "green").assign(age=["seven", 5], moon=None)
    assert len(errors(table).splitlines()) == 3


def test_missing_and_other_categories_have_names() -> None:
    color = dataclasses.replace(COLOR, nullable=True, others=True)
    schema = dataclasses.replace(SCHEMA, features=(dataclasses.replace(color, name="paint"),))
    table = pd.DataFrame({"paint": ["red", None, "green"], "color": ["red", "blue", "red"]})
    assert validate(table, schema)["paint"].tolist() == ["red", MISSING, OTHER]


def test_a_typo_in_the_schema_is_an_error(project: ProjectPaths, tmp_path: Path) -> None:
    text = project.schema.read_text(encoding="utf-8").replace("label:", "name_of:", 1)
    (tmp_path / "schema.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="name_of is unknown"):
        load_schema(tmp_path / "schema.yaml")


def test_a_target_of_another_kind_is_an_error(project: ProjectPaths, tmp_path: Path) -> None:
    kind = load_schema(project.schema).target.kind
    before, _, after = project.schema.read_text(encoding="utf-8").partition("target:")
    other = {"category": "number", "number": "category"}[kind]
    changed = after.replace(f"kind: {kind}", f"kind: {other}", 1)
    (tmp_path / "schema.yaml").write_text(f"{before}target:{changed}", encoding="utf-8")
    with pytest.raises(UserError, match=rf"the target \w+ is a {other}, but this project is a \w+ion"):
        load_schema(tmp_path / "schema.yaml")
