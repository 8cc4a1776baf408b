"""A series that breaks the schema is refused in words, gaps are filled without a look ahead, splits share no step."""

import dataclasses
import math
import re
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter

from .package import Layout, data, params

Splits = dict[str, data.Split]


@pytest.fixture
def table(project: Layout, schema: data.Schema) -> pd.DataFrame:
    return data.read_raw(project.raw, schema)


@pytest.fixture
def steps(table: pd.DataFrame, schema: data.Schema) -> pd.Series:
    """The series, gaps and all."""
    return data.stepped(data.validate(table, schema), schema)


def of_step(step: str) -> data.Schema:
    """A schema of other steps, for a table with the columns `when` and `much`."""
    said = {"source": "", "licence": "", "date": {"name": "when"}, "target": {"name": "much", "label": "Much"}}
    return TypeAdapter(data.Schema).validate_python(said | {"step": step})


def daily(first: str, last: str) -> pd.DataFrame:
    """A row a day; the value is the day of the month."""
    days = pd.date_range(first, last)
    return pd.DataFrame({"when": days.strftime("%Y-%m-%d"), "much": days.day.astype(float)})


def with_value(table: pd.DataFrame, row: int, column: str, value: object) -> pd.DataFrame:
    changed = table.astype({column: object})
    changed.loc[row, column] = value  # type: ignore[call-overload]  # any value, since it is to be refused
    return changed


def steps_of(part: data.Split) -> set[pd.Period]:
    """Every step that is forecast in a split."""
    origins = pd.PeriodIndex(part.target.index)
    return {origin + step for origin in origins for step in range(1, part.target.shape[1] + 1)}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-math.inf, "is out of its range in 1 row(s): -inf"),
        (math.inf, "is out of its range in 1 row(s): inf"),
        ("n/a", "has values that are not numbers in 1 row(s): n/a"),
    ],
)
def test_a_wrong_value_is_named_with_its_row(
    table: pd.DataFrame, schema: data.Schema, value: object, said: str
) -> None:
    with pytest.raises(data.DataError) as caught:
        data.validate(with_value(table, 3, schema.target_column, value), schema)
    assert repr(schema.target_column) in str(caught.value)
    assert said in str(caught.value)
    assert "rows 3" in str(caught.value)


def test_a_value_that_is_not_possible_is_named(table: pd.DataFrame, schema: data.Schema) -> None:
    numbers = pd.to_numeric(table[schema.target_column])
    limits = dataclasses.replace(schema.target, minimum=float(numbers.min()) - 1, maximum=float(numbers.max()) + 1)
    strict = dataclasses.replace(schema, target=limits)
    data.validate(table, strict)
    for value in (float(numbers.min()) - 2, float(numbers.max()) + 2):
        with pytest.raises(data.DataError, match="is out of its range in 1 row"):
            data.validate(with_value(table, 3, schema.target_column, value), strict)


@pytest.mark.parametrize("value", ["yesterday", "the 29th", "30.02.1958 ", None])
def test_what_is_no_date_is_named_with_its_row(table: pd.DataFrame, schema: data.Schema, value: object) -> None:
    with pytest.raises(data.DataError) as caught:
        data.validate(with_value(table, 0, schema.date_column, value), schema)
    assert f"column {schema.date_column!r} has values that are not dates" in str(caught.value)
    assert "rows 0" in str(caught.value)


def test_rows_out_of_order_are_put_in_order() -> None:
    table, month = daily("2001-01-01", "2001-03-31"), of_step("month")
    forwards, backwards = (data.validate(one, month) for one in (table, table.iloc[::-1]))
    pd.testing.assert_frame_equal(forwards, backwards)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda table: table.drop(index=10), r"\(row 10, counted from 0\) is 14 days after"),
        (lambda table: pd.concat([table.iloc[:5], table.iloc[4:]]), r"\(row 5, counted from 0\) is 0 days after"),
        (lambda table: table.iloc[::-1], "is -7 days after"),
    ],
)
def test_dates_that_should_be_even_and_are_not_are_refused_in_words(change: Any, said: str) -> None:
    weekly = daily("2001-01-01", "2002-12-31").iloc[::7].reset_index(drop=True)
    even = of_step("month")
    even = dataclasses.replace(even, date=dataclasses.replace(even.date, days_apart=7))
    data.validate(weekly, even)
    with pytest.raises(data.DataError, match="irregular: every date must be 7 days after the one before") as caught:
        data.validate(change(weekly), even)
    assert re.search(said, str(caught.value))


def test_a_missing_column_is_named(table: pd.DataFrame, schema: data.Schema) -> None:
    with pytest.raises(data.DataError, match="is missing") as caught:
        data.validate(table.drop(columns=schema.target_column), schema)
    assert repr(schema.target_column) in str(caught.value)


def test_an_unknown_column_is_named(table: pd.DataFrame, schema: data.Schema) -> None:
    with pytest.raises(data.DataError, match=r"column 'moon_phase' is not in schema\.yaml"):
        data.validate(table.assign(moon_phase=1.0), schema)


def test_a_typo_in_the_schema_is_an_error(project: Layout, tmp_path: Path) -> None:
    text = project.schema.read_text(encoding="utf-8").replace("label:", "lable:", 1)
    (tmp_path / "schema.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="lable"):
        data.load_schema(tmp_path / "schema.yaml")


@pytest.mark.parametrize(
    ("step", "first", "last", "values"),
    [
        ("day", "2001-01-01", "2001-01-04", [1, 2, 3, 4]),
        ("week", "2001-01-01", "2001-01-14", [4, 11]),
        ("month", "2001-01-01", "2001-03-31", [16, 14.5, 16]),
        ("quarter", "2001-01-01", "2001-06-30", [15.533333333, 15.67032967]),
        ("year", "2001-01-01", "2002-12-31", [15.720547945, 15.720547945]),
    ],
)
def test_a_step_is_the_mean_of_its_days(step: str, first: str, last: str, values: list[float]) -> None:
    stepped = of_step(step)
    series = data.stepped(data.validate(daily(first, last), stepped), stepped)
    assert series.tolist() == pytest.approx(values, rel=1e-6)
    assert data.names_of(series.index, stepped)[0] in {"2001-01-01", "2001-01", "2001-Q1", "2001"}


def test_a_step_that_the_series_only_touches_is_left_out() -> None:
    month = of_step("month")
    series = data.stepped(data.validate(daily("2001-01-02", "2001-04-29"), month), month)
    assert data.names_of(series.index, month) == ["2001-02", "2001-03"]


@pytest.mark.parametrize("day", ["-01", "-15", "-28"])
def test_a_row_a_month_is_a_whole_month(day: str) -> None:
    month = of_step("month")
    dates = [f"2001-{number:02}{day}" for number in range(1, 13)]
    series = data.stepped(data.validate(pd.DataFrame({"when": dates, "much": np.arange(12.0)}), month), month)
    assert series.tolist() == list(range(12))


def test_a_step_without_a_row_is_a_gap() -> None:
    month, table = of_step("month"), daily("2001-01-01", "2001-06-30")
    series = data.stepped(data.validate(table[~table["when"].str.startswith("2001-03")], month), month)
    assert series.isna().tolist() == [False, False, True, False, False, False]


def test_years_that_nanoseconds_do_not_reach_are_years_like_others(tmp_path: Path) -> None:
    year = dataclasses.replace(of_step("year"), reading={})
    days = [(date(1402 + place, 1, 1) - date(1970, 1, 1)).days for place in range(1000)]
    valid = data.validate(pd.DataFrame({"when": days, "much": np.arange(1000.0)}), year)
    series = data.stepped(valid, year)
    assert data.names_of(series.index[[0, -1]], year) == ["1402", "2401"]
    assert series.tolist() == list(range(1000))
    splits = data.split(valid, year, params.Prepare(history=20, horizon=5, validation=150, test=150))
    data.write_splits(splits, tmp_path)
    for name, part in data.read_splits(tmp_path, year).items():
        pd.testing.assert_frame_equal(part.features, splits[name].features)


@pytest.mark.parametrize("days", [2932896, -800000, math.inf])
def test_a_date_that_stands_for_never_is_no_date(days: float) -> None:
    """Such as 9999-12-31."""
    month = dataclasses.replace(of_step("month"), reading={})
    with pytest.raises(data.DataError, match="'when' has values that are not dates in 1 row"):
        data.validate(pd.DataFrame({"when": [0, 31, days], "much": [1.0, 2.0, 3.0]}), month)


def with_gap(steps: pd.Series, schema: data.Schema, length: int) -> tuple[pd.Series, pd.Index]:
    """The series without gaps, but for one in its middle; and where that is."""
    whole, _ = data.fill(steps, schema)
    middle = len(whole) // 2
    gap = whole.index[middle : middle + length]
    return whole.where(~whole.index.isin(gap)), gap


def test_a_gap_is_filled_from_the_season_before_and_the_growth_since(steps: pd.Series, schema: data.Schema) -> None:
    holed, gap = with_gap(steps, schema, schema.longest_gap)
    series, filled = data.fill(holed, schema)
    assert list(series.index[filled]) == list(gap)
    growth = series[gap[0] - 1] - series[gap[0] - 1 - schema.season] if schema.season > 1 else 0
    assert series[gap[-1]] == pytest.approx(series[gap[-1] - schema.season] + growth, rel=1e-5)
    pd.testing.assert_series_equal(series[~filled], holed[~filled])


def test_no_filled_value_knows_what_came_later(steps: pd.Series, schema: data.Schema) -> None:
    """The value in a gap is the same, whether or not the series goes on after it."""
    holed, gap = with_gap(steps, schema, schema.longest_gap)
    whole, _ = data.fill(holed, schema)
    for end in (*gap, gap[-1] + 5):
        known, _ = data.fill(holed[:end], schema)
        pd.testing.assert_series_equal(known, whole[:end])


def test_the_series_begins_where_a_season_was_measured(steps: pd.Series, schema: data.Schema) -> None:
    whole, _ = data.fill(steps, schema)
    late = whole.copy()
    late.iloc[schema.season - 1] = math.nan
    series, _ = data.fill(late, schema)
    assert series.index[0] == whole.index[schema.season]


def test_a_long_gap_is_refused_in_words(steps: pd.Series, schema: data.Schema) -> None:
    longest = schema.longest_gap
    holed, gap = with_gap(steps, schema, longest + 1)
    begins = data.names_of(gap, schema)[0]
    said = f"no measurement for {longest + 1} {schema.step}s from {begins} on; gaps of up to {longest} are filled"
    with pytest.raises(data.DataError, match=said):
        data.fill(holed, schema)


def test_a_series_without_a_whole_season_is_refused_in_words(steps: pd.Series, schema: data.Schema) -> None:
    whole, _ = data.fill(steps, schema)
    sparse = whole.where(np.arange(len(whole)) % (schema.season + 1) != 0)
    with pytest.raises(data.DataError, match=f"no {schema.season + 1} {schema.step}s in a row"):
        data.fill(sparse, schema)


def test_a_series_that_is_too_short_is_refused_in_words(
    table: pd.DataFrame, schema: data.Schema, turned: params.Params
) -> None:
    valid = data.validate(table, schema)
    for part, said in ((0.9, "train"), (0.2, "train|validation")):
        longer = dataclasses.replace(turned.prepare, test=int(len(valid) * 2))
        short = valid.head(int(part * len(valid)))
        with pytest.raises(data.DataError, match=f"lie in the ({said}) split: the series has"):
            data.split(short, schema, longer)


def test_a_history_that_is_too_short_is_refused_in_words(
    table: pd.DataFrame, schema: data.Schema, turned: params.Params
) -> None:
    weekly = dataclasses.replace(schema, step="week")
    short = dataclasses.replace(turned.prepare, history=weekly.least_history - 1)
    with pytest.raises(data.DataError, match=f"takes {weekly.least_history} weeks at least"):
        data.split(data.validate(table, weekly), weekly, short)


def test_a_row_is_a_stretch_of_the_series(
    splits: Splits, steps: pd.Series, schema: data.Schema, turned: params.Params
) -> None:
    series, _ = data.fill(steps, schema)
    for part in splits.values():
        for row in (0, len(part.target) // 2, -1):
            origin = part.features.index[row]
            before = series[:origin].to_numpy()[-turned.prepare.history :]
            after = series[origin + 1 :].to_numpy()[: turned.prepare.horizon]
            np.testing.assert_array_equal(part.features.iloc[row], before.astype(np.float32))
            np.testing.assert_array_equal(part.target.iloc[row], after.astype(np.float32))


def test_nobody_is_asked_for_a_step_that_was_not_measured(
    splits: Splits, steps: pd.Series, schema: data.Schema
) -> None:
    _, filled = data.fill(steps, schema)
    for part in splits.values():
        assert not steps_of(part) & set(filled.index[filled])


def test_splits_follow_each_other_and_share_no_step(splits: Splits, steps: pd.Series, turned: params.Params) -> None:
    train, validation, test = (steps_of(splits[name]) for name in ("train", "validation", "test"))
    assert max(train) < min(validation)
    assert max(validation) < min(test)
    assert max(test) == steps.index[-1]
    assert len(test) == turned.prepare.test
    assert len(validation) == turned.prepare.validation


def test_origins_roll_step_by_step(splits: Splits) -> None:
    for name in ("validation", "test"):
        origins = pd.PeriodIndex(splits[name].target.index).asi8
        assert set(np.diff(origins)) == {1}


def test_the_series_can_be_put_together_again(splits: Splits, steps: pd.Series, schema: data.Schema) -> None:
    series, _ = data.fill(steps, schema)
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
        assert part.filled == splits[name].filled
        once, again = (tmp_path / folder / f"{name}.parquet" for folder in ("once", "again"))
        assert once.read_bytes() == again.read_bytes()


def test_slices_cover_every_forecast_once(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    every = dataclasses.replace(turned.evaluate, slices=["season", "year", "decade"])
    found = data.slices_of(splits, schema, every)
    assert set(found) == {f"First {schema.step}", "Year", "Decade"}
    for labels in found.values():
        assert len(labels) == len(splits["test"].target)
        assert labels.notna().all()
        assert labels.value_counts().min() > 0


def test_only_the_slices_that_are_asked_for(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    fewer = dataclasses.replace(turned.evaluate, slices=["decade"])
    assert list(data.slices_of(splits, schema, fewer)) == ["Decade"]


def test_the_table_for_the_notebook_has_every_month_once(splits: Splits, schema: data.Schema) -> None:
    table = data.table_of(splits["train"], schema)
    assert list(table) == [schema.step, schema.target.name]
    assert table[schema.step].is_unique
    assert table[schema.step].is_monotonic_increasing
