"""Splits are disjoint, reproducible, and of the sizes in params.yaml; slices cover the test split."""

import dataclasses
from pathlib import Path

import pandas as pd
import pytest
import yaml

from late_flights.config import Params
from late_flights.data.loading import read_raw
from late_flights.data.schema import MISSING, Column, Schema, load_schema
from late_flights.data.splits import Split, draw_folds, join, read_splits, split, to_table, write_splits
from late_flights.data.validation import validate
from late_flights.errors import UserError
from late_flights.evaluation.slices import slice_labels
from late_flights.paths import ProjectPaths

Splits = dict[str, Split]
DAY = "(day)"  # no column of a table has such a name


@pytest.fixture(scope="module")
def table(prepared_project: ProjectPaths, schema: Schema) -> pd.DataFrame:
    return validate(read_raw(prepared_project.raw, schema), schema)


def test_duplicates_are_in_one_split(table: pd.DataFrame, schema: Schema, params: Params) -> None:
    name = schema.features[0].name
    cases = table.assign(**{name: range(len(table))})
    schema = dataclasses.replace(schema, repeats=False, group=(), split="random")
    splits = split(pd.concat([cases, cases.sample(frac=1, random_state=0)]), schema, params.prepare)
    rows = [row for part in splits.values() for row in part.features[name]]
    assert sorted(rows) == list(range(len(table))), f"{len(rows) - len(set(rows))} rows are in two splits"


def test_repeated_rows_are_kept_if_the_schema_says_so(table: pd.DataFrame, schema: Schema, params: Params) -> None:
    splits = split(pd.concat([table, table]), dataclasses.replace(schema, repeats=True), params.prepare)
    assert sum(len(part.target) for part in splits.values()) == 2 * len(table)


def test_copies_of_a_case_are_in_one_split(table: pd.DataFrame, schema: Schema, params: Params) -> None:
    name = schema.features[0].name
    cases = table.head(200).assign(**{name: range(200)})
    schema = dataclasses.replace(schema, repeats=True, group=(name,), split="random")
    splits = split(pd.concat([cases] * 3, ignore_index=True), schema, params.prepare)
    assert sum(part.features[name].nunique() for part in splits.values()) == 200
    assert sum(len(part.target) for part in splits.values()) == 600
    for part in splits.values():
        assert len(set(part.groups)) == part.features[name].nunique()


def test_rows_of_a_case_are_in_one_split(table: pd.DataFrame, schema: Schema, params: Params, tmp_path: Path) -> None:
    customers = pd.Series([f"customer {row // 3}" if row < 570 else None for row in range(600)])
    schema = dataclasses.replace(schema, repeats=True, group=("customer",), split="random")
    rows = table.sample(600, replace=True, random_state=0, ignore_index=True).assign(customer=customers)
    write_splits(split(rows, schema, params.prepare), tmp_path)
    splits = read_splits(tmp_path, schema)
    folds = draw_folds(splits, schema, params.prepare)
    assert folds is not None
    assert not folds.describe()["rolling"]
    assert all(list(part.features) == [column.name for column in schema.features] for part in splits.values())
    cases = [set(part.cases) for part in splits.values() if part.cases is not None]
    assert len(set().union(*cases)) == sum(map(len, cases)) == 190 + 30, "a row without a customer is a case"


def test_rows_are_split_by_time_if_the_schema_says_so(table: pd.DataFrame, schema: Schema, params: Params) -> None:
    day = Column(DAY, "Day", "date")
    schema = dataclasses.replace(schema, features=(day, *schema.features), group=(), repeats=True, split="time")
    rows = table.head(300).assign(**{DAY: [float(number * 7 % 300) for number in range(300)]})
    splits = split(rows, schema, params.prepare)
    days = {name: part.features[DAY] for name, part in splits.items()}
    folds = draw_folds(splits, schema, params.prepare)
    assert folds is not None
    assert folds.describe()["rolling"]
    assert days["train"].max() < days["validation"].min() <= days["validation"].max() < days["test"].min()
    assert len(days["test"]) == round(300 * params.prepare.test_share)
    if schema.classes:
        single = rows.assign(**{schema.target.name: schema.classes[0]})
        with pytest.raises(UserError, match=r"split: time leaves no row of .* for the train split"):
            split(single, schema, params.prepare)


def test_rows_of_a_day_are_in_one_split_and_one_fold(table: pd.DataFrame, schema: Schema, params: Params) -> None:
    days = [f"2026-{1 + row % 60 // 28:02}-{1 + row % 60 % 28:02}" for row in range(300)]
    schema = dataclasses.replace(schema, group=(DAY,), repeats=True, split="time")
    rows = table.head(300).assign(**{DAY: days})
    splits = split(rows, schema, params.prepare)
    numbers = {name: set(part.cases) for name, part in splits.items() if part.cases is not None}
    assert max(numbers["train"]) < min(numbers["validation"]) <= max(numbers["validation"]) < min(numbers["test"])
    assert {len(part.target) % 5 for part in splits.values()} == {0}, "each day has five rows"
    folds, joined = draw_folds(splits, schema, params.prepare), join(splits).groups
    assert folds is not None
    assert folds.describe()["rolling"]
    for fitted, predicted in zip(folds.fitted, folds.predicted, strict=True):
        assert not set(joined[fitted]) & set(joined[predicted])
    with pytest.raises(UserError, match=r"orders rows by \(day\), which is no date"):
        split(rows.assign(**{DAY: "Monday"}), schema, params.prepare)


@pytest.mark.parametrize(
    ("group", "message"), [([], "needs a feature of kind: date"), (["size", "x"], "rows of one date")]
)
def test_a_split_by_time_needs_a_date_and_no_other_group(
    prepared_project: ProjectPaths, tmp_path: Path, group: list[str], message: str
) -> None:
    document = yaml.safe_load(prepared_project.schema.read_text(encoding="utf-8"))
    size = {"name": "size", "label": "Size", "kind": "date" if group else "number"}
    document |= {"features": [size], "group": group, "split": "time"}
    (tmp_path / "schema.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    with pytest.raises(UserError, match=message):
        load_schema(tmp_path / "schema.yaml")


def test_splits_have_the_shares_of_the_params(splits: Splits, params: Params) -> None:
    rows = {name: len(part.target) for name, part in splits.items()}
    total = sum(rows.values())
    assert rows["test"] == pytest.approx(params.prepare.test_share * total, abs=1)
    assert rows["validation"] == pytest.approx(params.prepare.validation_share * total, abs=1)


def test_each_split_has_the_same_share_of_each_class(splits: Splits, schema: Schema) -> None:
    if schema.split == "time":
        pytest.skip("the shares of the classes may change over time")
    shares = pd.concat([part.target for part in splits.values()]).value_counts(normalize=True)
    for part in splits.values():
        for label in schema.classes:
            share = (part.target == label).mean()
            assert share == pytest.approx(shares[label], abs=2 / len(part.target))


def test_the_same_seed_gives_the_same_split(table: pd.DataFrame, schema: Schema, params: Params) -> None:
    schema = dataclasses.replace(schema, split="random")
    first, second = (split(table, schema, params.prepare)["test"].features for _ in range(2))
    other = split(table, schema, dataclasses.replace(params.prepare, seed=params.prepare.seed + 1))["test"].features
    assert first.equals(second)
    assert not first.reset_index(drop=True).equals(other.reset_index(drop=True))


def test_splits_are_written_and_read(splits: Splits, schema: Schema, tmp_path: Path) -> None:
    write_splits(splits, tmp_path)
    for name, part in read_splits(tmp_path, schema).items():
        pd.testing.assert_frame_equal(to_table(part, schema), to_table(splits[name], schema))


def test_an_unknown_slice_is_an_error(splits: Splits, schema: Schema) -> None:
    message = rf"evaluate\.slices names unknown columns: moon; choose from {schema.features[0].name}"
    with pytest.raises(UserError, match=message):
        slice_labels(splits, schema, ["moon"])


def test_every_row_has_a_slice(splits: Splits, schema: Schema) -> None:
    slices = slice_labels(splits, schema, [column.name for column in schema.features])
    assert set(slices) == {column.label for column in schema.features}
    for labels in slices.values():
        assert len(labels) == len(splits["test"].target)
        assert labels.notna().all()


def test_numbers_are_sliced_by_terciles_dates_too_and_categories_by_value(schema: Schema) -> None:
    features = (
        Column("age", "Age", "number", nullable=True),
        Column("day", "Day", "date"),
        Column("color", "Color", "category", choices=("blue", "red")),
    )
    rows = pd.DataFrame({"age": [0.0, 5.0, 10.0, None], "day": [0.0, 5.0, 10.0, 5.0], "color": ["red"] * 4})
    part = Split(rows, pd.Series([0] * 4))
    own = dataclasses.replace(schema, features=features)
    slices = slice_labels({"train": part, "test": part}, own, ["age", "day", "color"])
    assert list(slices["Age"]) == ["below 3.33", "3.33 to 6.67", "above 6.67", MISSING]
    assert slices["Day"][0] == "below 1970-01-06"
    assert list(slices["Color"]) == ["red"] * 4
