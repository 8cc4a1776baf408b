"""Data that breaks the schema is refused in words, and no row is on both sides of a split."""

import dataclasses
import math
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from .package import Layout, data, mistakes, params

Change = Callable[[pd.DataFrame, data.Column, data.Column], pd.DataFrame]


@pytest.fixture
def table(project: Layout, schema: data.Schema) -> pd.DataFrame:
    return data.read_raw(project.raw, schema)


def first(schema: data.Schema, kind: str) -> data.Column:
    """The first column of this kind of which every value must be there, and known."""
    every = (*schema.features, schema.target)
    found = [column for column in every if column.kind == kind and not column.nullable and not column.others]
    if not found:
        pytest.skip(f"the schema has no strict column of the kind {kind}")
    return found[0]


def first_row(table: pd.DataFrame, column: data.Column, value: object) -> pd.DataFrame:
    changed = table.astype({column.name: object})
    changed.loc[0, column.name] = value  # type: ignore[call-overload]  # any value, since it is to be refused
    return changed


def rows_of(part: data.Split) -> set[tuple[object, ...]]:
    return set(part.features.itertuples(index=False, name=None))


def test_the_real_data_is_valid(table: pd.DataFrame, schema: data.Schema) -> None:
    valid = data.validate(table, schema)
    assert len(valid) == len(table)
    number = first(schema, "number")
    assert valid[number.name].dtype == np.float32, "what the served model computes with"


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("number", 1e9, "1000000000.0"),
        ("number", -1e9, "-1000000000.0"),
        ("number", math.inf, "inf"),
        ("number", math.nan, "is empty"),
        ("number", "seven", "has values that are not numbers in 1 row(s): seven"),
        ("category", "purple", "purple"),
        ("category", None, "row(s)"),
    ],
)
def test_a_wrong_value_is_named_with_its_row(
    table: pd.DataFrame, schema: data.Schema, kind: str, value: object, said: str
) -> None:
    column = first(schema, kind)
    with pytest.raises(data.DataError) as caught:
        data.validate(first_row(table, column, value), schema)
    message = str(caught.value)
    assert column.name in message
    assert said in message
    assert "rows 0" in message


def test_a_missing_column_is_named(table: pd.DataFrame, schema: data.Schema) -> None:
    name = schema.features[0].name
    with pytest.raises(data.DataError, match=f"column '{name}' is missing"):
        data.validate(table.drop(columns=name), schema)


def test_an_unknown_column_is_named(table: pd.DataFrame, schema: data.Schema) -> None:
    with pytest.raises(data.DataError, match=r"column 'moon_phase' is not in schema\.yaml"):
        data.validate(table.assign(moon_phase=1.0), schema)


def test_a_renamed_column_is_noticed(table: pd.DataFrame, schema: data.Schema) -> None:
    name = schema.target.name
    with pytest.raises(data.DataError) as caught:
        data.validate(table.rename(columns={name: "outcome"}), schema)
    assert f"'{name}' is missing" in str(caught.value)
    assert "'outcome' is not in schema.yaml" in str(caught.value)


def test_relabelled_categories_are_noticed(table: pd.DataFrame, schema: data.Schema) -> None:
    column = first(schema, "category")
    relabelled = table.assign(**{column.name: table[column.name].map(lambda label: f"{label}!")})
    with pytest.raises(data.DataError, match=column.name):
        data.validate(relabelled, schema)


def test_everything_wrong_is_said_at_once(table: pd.DataFrame, schema: data.Schema) -> None:
    number, category = first(schema, "number"), first(schema, "category")
    broken = first_row(first_row(table, number, 1e9), category, "purple")
    with pytest.raises(data.DataError) as caught:
        data.validate(broken, schema)
    assert number.name in str(caught.value)
    assert category.name in str(caught.value)


def test_categories_are_read_as_they_stand(schema: data.Schema, tmp_path: Path) -> None:
    code = data.Column(name="code", label="Code", kind="category", choices=("01", "NA"))
    narrow = dataclasses.replace(schema, features=(code,), target=dataclasses.replace(code, name="other"))
    (tmp_path / schema.reading.file).write_text("code,other\n01,NA\nNA,01\n", encoding="utf-8")
    assert data.read_raw(tmp_path, narrow)["code"].tolist() == ["01", "NA"]


def test_a_sample_is_said(
    project: Layout, schema: data.Schema, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module(f"{data.__package__}.reading"), "KEPT_OF_A_CLASS", 10)
    few = dataclasses.replace(schema, reading=dataclasses.replace(schema.reading, most_rows=100))
    every = len(data.read_raw(project.raw, schema))
    assert capsys.readouterr().out == ""
    sampled = len(data.read_raw(project.raw, few))
    assert sampled < every
    assert f"a sample: {sampled:,} of {every:,} rows" in capsys.readouterr().out


def test_a_typo_in_the_schema_is_an_error(project: Layout, tmp_path: Path) -> None:
    text = project.schema.read_text(encoding="utf-8").replace("label:", "lable:", 1)
    (tmp_path / "schema.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="lable"):
        data.load_schema(tmp_path / "schema.yaml")


def test_no_row_is_in_two_splits_even_if_it_is_twice_in_the_data(
    table: pd.DataFrame, schema: data.Schema, turned: params.Params
) -> None:
    schema = dataclasses.replace(schema, repeats=False)
    valid = data.validate(table, schema)
    splits = data.split(pd.concat([valid, valid.sample(frac=1, random_state=0)]), schema, turned.prepare)
    every = [row for part in splits.values() for row in part.features.itertuples(index=False, name=None)]
    assert len(every) == len(set(every)) == len(valid.drop_duplicates([column.name for column in schema.features]))


def test_shares_are_those_of_the_parameters(splits: dict[str, data.Split], turned: params.Params) -> None:
    rows = {name: len(part.target) for name, part in splits.items()}
    total = sum(rows.values())
    assert rows["test"] == pytest.approx(turned.prepare.test_share * total, abs=1)
    assert rows["validation"] == pytest.approx(turned.prepare.validation_share * total, abs=1)


def test_classes_keep_their_shares(splits: dict[str, data.Split], schema: data.Schema) -> None:
    if schema.task != "classification":
        pytest.skip("numbers have no classes to stratify by")
    whole = pd.concat([part.target for part in splits.values()]).value_counts(normalize=True)
    for part in splits.values():
        shares = part.target.value_counts(normalize=True)
        for label in schema.classes:
            assert shares[label] == pytest.approx(whole[label], abs=2 / len(part.target))


def test_same_seed_same_split(table: pd.DataFrame, schema: data.Schema, turned: params.Params) -> None:
    valid = data.validate(table, schema)
    once, again = (data.split(valid, schema, turned.prepare)["test"] for _ in range(2))
    other = data.split(valid, schema, dataclasses.replace(turned.prepare, seed=turned.prepare.seed + 1))["test"]
    assert once.features.equals(again.features)
    assert rows_of(once) != rows_of(other)


def test_splits_survive_the_disk(splits: dict[str, data.Split], schema: data.Schema, tmp_path: Path) -> None:
    data.write_splits(splits, tmp_path)
    for name, part in data.read_splits(tmp_path, schema).items():
        pd.testing.assert_frame_equal(part.features, splits[name].features)
        pd.testing.assert_series_equal(part.target, splits[name].target)


def test_an_unknown_slice_is_an_error_with_the_known_ones(
    splits: dict[str, data.Split], schema: data.Schema, turned: params.Params
) -> None:
    with pytest.raises(mistakes.UserError, match=f"names moon; known are {schema.features[0].name}"):
        data.slices_of(splits, schema, dataclasses.replace(turned.evaluate, slices=["moon"]))


def test_slices_cover_every_row_once(splits: dict[str, data.Split], schema: data.Schema) -> None:
    train, test = splits["train"].features, splits["test"].features
    for column in schema.features:
        labels = data.slice_labels(test, train, column)
        assert labels.notna().all()
        if column.kind == "category":
            assert set(labels) <= set(column.levels)
        else:
            slices = set(data.slice_labels(train, train, column)) - {data.MISSING}
            assert len(slices) in (2, 3) or train[column.name].nunique() < 4
