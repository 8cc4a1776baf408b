"""A series that breaks the schema is refused in words, gaps are filled without a look ahead, splits share no month."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from .package import Layout, data, params

Splits = dict[str, data.Split]


@pytest.fixture
def table(project: Layout, schema: data.Schema) -> pd.DataFrame:
    return data.read_raw(project.raw, schema)


@pytest.fixture
def months(table: pd.DataFrame, schema: data.Schema) -> pd.Series:
    return data.monthly(data.validate(table, schema), schema)


def with_value(table: pd.DataFrame, row: int, column: str, value: object) -> pd.DataFrame:
    changed = table.astype({column: object})
    changed.loc[row, column] = value  # type: ignore[call-overload]  # any value, since it is to be refused
    return changed


def months_of(part: data.Split) -> set[pd.Period]:
    """Every month that is forecast in a split."""
    origins = pd.PeriodIndex(part.target.index)
    return {origin + step for origin in origins for step in range(1, part.target.shape[1] + 1)}


def test_the_real_series_is_valid_with_its_gaps(table: pd.DataFrame, schema: data.Schema) -> None:
    valid = data.validate(table, schema)
    assert len(valid) == len(table)
    assert valid[schema.target.name].isna().sum() == 59, "empty weeks are gaps, no errors"
    assert str(valid[schema.date].iloc[0].date()) == "1958-03-29"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1e9, "1000000000.0"),
        (-999.99, "-999.99"),
        (math.inf, "inf"),
        ("n/a", "holds what is no number in 1 row(s): n/a"),
    ],
)
def test_a_wrong_value_is_named_with_its_row(
    table: pd.DataFrame, schema: data.Schema, value: object, said: str
) -> None:
    with pytest.raises(data.DataError) as caught:
        data.validate(with_value(table, 3, schema.target.name, value), schema)
    assert schema.target.name in str(caught.value)
    assert said in str(caught.value)
    assert "rows 3" in str(caught.value)


@pytest.mark.parametrize("value", ["yesterday", "29.03.1958", "1958-02-30", None])
def test_what_is_no_date_is_named_with_its_row(table: pd.DataFrame, schema: data.Schema, value: object) -> None:
    with pytest.raises(data.DataError) as caught:
        data.validate(with_value(table, 0, schema.date, value), schema)
    assert f"column '{schema.date}'" in str(caught.value)
    assert "rows 0" in str(caught.value)


def test_a_missing_week_is_refused_in_words(table: pd.DataFrame, schema: data.Schema) -> None:
    with pytest.raises(data.DataError, match="irregular: every date must be 7 days after the one before") as caught:
        data.validate(table.drop(index=10), schema)
    dates = table[schema.date]
    assert f"{dates[11]} (row 10, counted from 0) is 14 days after {dates[9]}" in str(caught.value)


def test_a_week_that_is_there_twice_is_refused_in_words(table: pd.DataFrame, schema: data.Schema) -> None:
    twice = pd.concat([table.iloc[:5], table.iloc[4:]])
    with pytest.raises(data.DataError, match=r"\(row 5, counted from 0\) is 0 days after"):
        data.validate(twice, schema)


def test_rows_out_of_order_are_refused_in_words(table: pd.DataFrame, schema: data.Schema) -> None:
    with pytest.raises(data.DataError, match="is -7 days after"):
        data.validate(table.iloc[::-1], schema)


def test_a_missing_column_is_named(table: pd.DataFrame, schema: data.Schema) -> None:
    with pytest.raises(data.DataError, match=f"column '{schema.target.name}' is missing"):
        data.validate(table.drop(columns=schema.target.name), schema)


def test_an_unknown_column_is_named(table: pd.DataFrame, schema: data.Schema) -> None:
    with pytest.raises(data.DataError, match=r"column 'moon_phase' is not in schema\.yaml"):
        data.validate(table.assign(moon_phase=1.0), schema)


def test_a_typo_in_the_schema_is_an_error(project: Layout, tmp_path: Path) -> None:
    text = project.schema.read_text(encoding="utf-8").replace("days_apart:", "days_appart:", 1)
    (tmp_path / "schema.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="days_appart"):
        data.load_schema(tmp_path / "schema.yaml")


def test_a_month_is_the_mean_of_its_measurements(table: pd.DataFrame, schema: data.Schema, months: pd.Series) -> None:
    rows = table[table[schema.date].str.startswith("1995-07")]
    assert len(rows) == 5
    assert months["1995-07"] == pytest.approx(rows[schema.target.name].mean(), abs=1e-4)


def test_a_month_that_the_series_only_touches_is_left_out(
    table: pd.DataFrame, schema: data.Schema, months: pd.Series
) -> None:
    assert str(months.index[0]) == "1958-04", "of March there is only the 29th"
    assert str(months.index[-1]) == "2001-12"
    shorter = data.monthly(data.validate(table.iloc[:-2], schema), schema)
    assert str(shorter.index[-1]) == "2001-11"


def test_a_gap_is_filled_from_the_year_before_and_the_growth_since(months: pd.Series) -> None:
    series, filled = data.fill(months)
    assert [str(month) for month in series.index[filled]] == ["1964-02", "1964-03", "1964-04"]
    growth = series["1964-01"] - series["1963-01"]
    assert series["1964-03"] == pytest.approx(series["1963-03"] + growth, abs=1e-3)
    assert series.notna().all()
    measured = series[~filled]
    pd.testing.assert_series_equal(measured, months[measured.index])


def test_no_filled_value_knows_what_came_later(months: pd.Series) -> None:
    """The value in a gap is the same, whether or not the series goes on after it."""
    whole, _ = data.fill(months)
    for end in ("1964-02", "1964-03", "1964-04", "1970-12"):
        known, _ = data.fill(months[:end])
        pd.testing.assert_series_equal(known, whole[:end])


def test_the_series_begins_where_a_year_was_measured(months: pd.Series) -> None:
    series, _ = data.fill(months)
    assert str(series.index[0]) == "1958-11", "June and October 1958 are gaps without a year before them"


def test_a_long_gap_is_refused_in_words(months: pd.Series) -> None:
    silent = months.copy()
    silent["1980-03":"1980-10"] = math.nan
    with pytest.raises(data.DataError, match="no measurement for 8 months from 1980-03 on; at most 6 are filled"):
        data.fill(silent)


def test_a_series_without_a_whole_year_is_refused_in_words(months: pd.Series) -> None:
    sparse = months.where(pd.PeriodIndex(months.index).month != 5)
    with pytest.raises(data.DataError, match="no 13 months in a row"):
        data.fill(sparse)


def test_a_series_that_is_too_short_is_refused_in_words(
    table: pd.DataFrame, schema: data.Schema, turned: params.Params
) -> None:
    valid = data.validate(table.iloc[:1400], schema)
    with pytest.raises(data.DataError, match="lies in the train years: the series ends in 1984-12"):
        data.split(valid, schema, turned.prepare)


def test_a_row_is_a_stretch_of_the_series(splits: Splits, months: pd.Series, turned: params.Params) -> None:
    series, _ = data.fill(months)
    for part in splits.values():
        for row in (0, len(part.target) // 2, -1):
            origin = part.features.index[row]
            before = series[:origin].to_numpy()[-turned.prepare.history :]
            after = series[origin + 1 :].to_numpy()[: turned.prepare.horizon]
            np.testing.assert_array_equal(part.features.iloc[row], before.astype(np.float32))
            np.testing.assert_array_equal(part.target.iloc[row], after.astype(np.float32))


def test_nobody_is_asked_for_a_month_that_was_not_measured(splits: Splits, months: pd.Series) -> None:
    _, filled = data.fill(months)
    for part in splits.values():
        assert not months_of(part) & set(filled.index[filled])


def test_splits_follow_each_other_and_share_no_month(splits: Splits, turned: params.Params) -> None:
    train, validation, test = (months_of(splits[name]) for name in ("train", "validation", "test"))
    assert max(train) < min(validation)
    assert max(validation) < min(test)
    assert str(max(test)) == "2001-12"
    assert len(test) == turned.prepare.test_years * 12
    assert len(validation) == turned.prepare.validation_years * 12


def test_origins_roll_month_by_month(splits: Splits) -> None:
    for name in ("validation", "test"):
        origins = pd.PeriodIndex(splits[name].target.index).asi8
        assert set(np.diff(origins)) == {1}


def test_the_series_can_be_put_together_again(splits: Splits, months: pd.Series) -> None:
    series, _ = data.fill(months)
    for part in splits.values():
        found = data.series_of(part)
        expected = series[found.index[0] : found.index[-1]]
        assert list(found.index) == list(expected.index)
        np.testing.assert_array_equal(found, expected.astype(np.float32))


def test_splits_survive_the_disk_and_repeat_to_the_byte(splits: Splits, schema: data.Schema, tmp_path: Path) -> None:
    for folder in ("once", "again"):
        data.write_splits(splits, tmp_path / folder)
    for name, part in data.read_splits(tmp_path / "once", schema).items():
        pd.testing.assert_frame_equal(part.features, splits[name].features)
        pd.testing.assert_frame_equal(part.target, splits[name].target)
        once, again = (tmp_path / folder / f"{name}.parquet" for folder in ("once", "again"))
        assert once.read_bytes() == again.read_bytes()


def test_slices_cover_every_forecast_once(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    found = data.slices_of(splits, schema, turned.evaluate)
    assert set(found) == {"First month", "Decade"}
    for labels in found.values():
        assert len(labels) == len(splits["test"].target)
        assert labels.notna().all()
    assert set(found["Decade"]) == {"1990s", "2000s"}
    assert found["First month"][0] == "January to March", "the first test origin is a December"
    assert found["First month"].value_counts().min() > 0


def test_only_the_slices_that_are_asked_for(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    fewer = dataclasses.replace(turned.evaluate, slices=["decade"])
    assert list(data.slices_of(splits, schema, fewer)) == ["Decade"]


def test_the_table_for_the_notebook_has_every_month_once(splits: Splits, schema: data.Schema) -> None:
    table = data.table_of(splits["train"], schema)
    assert list(table) == ["month", schema.target.name]
    assert table["month"].is_unique
    assert table["month"].is_monotonic_increasing
