"""Pictures that break the schema are refused in words, and no picture is on both sides of a split."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from .package import Layout, data, params

Splits = dict[str, data.Split]


@pytest.fixture
def table(project: Layout, schema: data.Schema) -> pd.DataFrame:
    return data.read_raw(project.raw, schema)


def cell(schema: data.Schema, row: int, column: int) -> int:
    """The column of the raw table that holds this cell."""
    return row * schema.picture.width + column


def test_the_real_data_is_valid(table: pd.DataFrame, schema: data.Schema) -> None:
    valid = data.validate(table, schema)
    assert valid.features.shape == (1797, schema.picture.height, schema.picture.width)
    assert valid.features.dtype == np.float32, "what the served model computes with"
    assert set(valid.target) == set(schema.classes)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("17", "a count outside 0 to 16"),
        ("-1", "a count outside 0 to 16"),
        ("2.5", "a count that is no whole number"),
        ("seven", "a count that is no whole number"),
        ("", "a count that is no whole number"),
        ("nan", "a count that is no whole number"),
        ("inf", "a count that is no whole number"),
    ],
)
def test_a_wrong_count_is_named_with_its_row(table: pd.DataFrame, schema: data.Schema, value: str, said: str) -> None:
    table.iloc[3, cell(schema, 4, 4)] = value
    with pytest.raises(data.DataError) as caught:
        data.validate(table, schema)
    assert str(caught.value) == f"{said}: 1 picture(s) (rows 3)"


def test_a_class_that_does_not_exist_is_named(table: pd.DataFrame, schema: data.Schema) -> None:
    table.iloc[5, -1] = "ten"
    with pytest.raises(data.DataError, match=r"digit is none of 0, 1, .* 9 \(ten\): 1 picture\(s\) \(rows 5\)"):
        data.validate(table, schema)


def test_a_blank_picture_is_named(table: pd.DataFrame, schema: data.Schema) -> None:
    table.iloc[7, :-1] = "0"
    with pytest.raises(data.DataError, match=r"^no ink at all: 1 picture\(s\) \(rows 7\)$"):
        data.validate(table, schema)


def test_transposed_pictures_are_noticed(table: pd.DataFrame, schema: data.Schema) -> None:
    """Every number is allowed, every shape fits; only the data's own habit gives it away."""
    grid = schema.picture
    cells = np.arange(grid.height * grid.width).reshape(grid.height, grid.width).T.ravel()
    turned = table.iloc[:, [*cells, grid.height * grid.width]]
    with pytest.raises(data.DataError, match="is it turned or shifted"):
        data.validate(turned, schema)


def test_shifted_pictures_are_noticed(table: pd.DataFrame, schema: data.Schema) -> None:
    wide = schema.picture.width
    shifted = table.copy()
    shifted.iloc[:, wide:-1] = table.iloc[:, : -1 - wide].to_numpy()
    shifted.iloc[:, :wide] = "0"
    with pytest.raises(data.DataError, match=r"is it turned or shifted\?: 1797 picture"):
        data.validate(shifted, schema)


def test_a_missing_column_is_noticed(table: pd.DataFrame, schema: data.Schema) -> None:
    with pytest.raises(data.DataError, match="a line holds 63 counts and the class; a picture of 8 × 8 cells has 64"):
        data.validate(table.iloc[:, 1:], schema)


def test_a_line_that_is_too_long_is_noticed(schema: data.Schema, tmp_path: Path) -> None:
    (tmp_path / data.RAW_FILE).write_text("1,2\n1,2,3\n", encoding="utf-8")
    with pytest.raises(data.DataError, match=f"not every line of {data.RAW_FILE} holds 64 counts"):
        data.read_raw(tmp_path, schema)


def test_everything_wrong_is_said_at_once(table: pd.DataFrame, schema: data.Schema) -> None:
    table.iloc[0, cell(schema, 4, 4)] = "99"
    table.iloc[1, -1] = "ten"
    with pytest.raises(data.DataError) as caught:
        data.validate(table, schema)
    assert len(str(caught.value).splitlines()) == 2


def test_a_typo_in_the_schema_is_an_error(project: Layout, tmp_path: Path) -> None:
    text = project.schema.read_text(encoding="utf-8").replace("label:", "lable:", 1)
    (tmp_path / "schema.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="lable"):
        data.load_schema(tmp_path / "schema.yaml")


def test_a_copy_and_a_near_copy_are_one_picture(
    table: pd.DataFrame, schema: data.Schema, turned: params.Params
) -> None:
    valid = data.validate(table, schema)
    near = valid.features.copy()
    near[:, 4, 4] = np.abs(near[:, 4, 4] - 2)  # two counts in one cell
    both = data.Split(np.concatenate([valid.features, near]), np.concatenate([valid.target, valid.target]))
    splits = data.split(both, schema, turned.prepare)
    assert sum(len(part.target) for part in splits.values()) == len(valid.target)


def test_shares_are_those_of_the_parameters(splits: Splits, turned: params.Params) -> None:
    rows = {name: len(part.target) for name, part in splits.items()}
    total = sum(rows.values())
    assert rows["test"] == pytest.approx(turned.prepare.test_share * total, abs=1)
    assert rows["validation"] == pytest.approx(turned.prepare.validation_share * total, abs=1)


def test_classes_keep_their_shares(splits: Splits, schema: data.Schema) -> None:
    whole = np.concatenate([part.target for part in splits.values()])
    for part in splits.values():
        for label in schema.classes:
            assert (part.target == label).mean() == pytest.approx((whole == label).mean(), abs=2 / len(part.target))


def test_same_seed_same_split(table: pd.DataFrame, schema: data.Schema, turned: params.Params) -> None:
    valid = data.validate(table, schema)
    once, again = (data.split(valid, schema, turned.prepare)["test"] for _ in range(2))
    other = data.split(valid, schema, dataclasses.replace(turned.prepare, seed=turned.prepare.seed + 1))["test"]
    np.testing.assert_array_equal(once.features, again.features)
    assert not np.array_equal(once.features, other.features)


def test_splits_survive_the_disk(splits: Splits, schema: data.Schema, tmp_path: Path) -> None:
    data.write_splits(splits, tmp_path)
    for name, part in data.read_splits(tmp_path, schema).items():
        np.testing.assert_array_equal(part.features, splits[name].features)
        np.testing.assert_array_equal(part.target, splits[name].target)


def test_slices_cover_every_picture_once(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    slices = data.slices_of(splits, schema, turned.evaluate)
    assert list(slices) == ["Digit", "Ink", "Stroke"]
    for labels in slices.values():
        assert len(labels) == len(splits["test"].target)
        assert labels.notna().all()
    assert len(slices["Digit"].categories) == len(schema.classes)


def test_more_ink_is_a_higher_slice_and_a_full_cell_a_thicker_stroke() -> None:
    thin = np.zeros((1, 8, 8), dtype=np.float32)
    thin[0, :, 3] = 4
    thick = thin * 4
    assert data.ink_of(thick)[0] == 4 * data.ink_of(thin)[0] == 128
    assert data.stroke_of(thin)[0] == 4
    assert data.stroke_of(thick)[0] == 16
    assert list(data.thirds(np.array([0.0, 5.0, 9.0]), np.arange(10.0))) == ["below 3", "3 to 6", "above 6"]
