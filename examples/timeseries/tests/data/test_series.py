"""Values are averaged per step, and gaps are filled without a look into the future."""

import math

import numpy as np
import pandas as pd
import pytest

from air_ahead.data.loading import read_raw
from air_ahead.data.schema import Schema
from air_ahead.data.series import fill_gaps, period_names, resample
from air_ahead.data.validation import validate
from air_ahead.errors import DataError
from air_ahead.paths import ProjectPaths

from .made_up import daily_rows, make_schema


def series_of(table: pd.DataFrame, schema: Schema) -> pd.Series:
    return resample(validate(table, schema), schema)


@pytest.fixture
def complete(project: ProjectPaths, schema: Schema) -> pd.Series:
    """The series of the project without gaps."""
    return fill_gaps(series_of(read_raw(project.raw, schema), schema), schema)[0]


def with_gap(complete: pd.Series, length: int) -> tuple[pd.Series, pd.Index]:
    middle = len(complete) // 2
    gap = complete.index[middle : middle + length]
    return complete.where(~complete.index.isin(gap)), gap


@pytest.mark.parametrize(
    ("step", "last", "names", "values"),
    [
        ("day", "2001-01-04", ["2001-01-01", "2001-01-02", "2001-01-03", "2001-01-04"], [1, 2, 3, 4]),
        ("week", "2001-01-14", ["2001-01-01", "2001-01-08"], [4, 11]),
        ("month", "2001-03-31", ["2001-01", "2001-02", "2001-03"], [16, 14.5, 16]),
        ("quarter", "2001-06-30", ["2001-Q1", "2001-Q2"], [15.533333333, 15.67032967]),
        ("year", "2002-12-31", ["2001", "2002"], [15.720547945, 15.720547945]),
    ],
)
def test_values_of_a_step_are_averaged(step: str, last: str, names: list[str], values: list[float]) -> None:
    schema = make_schema(step)
    series = series_of(daily_rows("2001-01-01", last), schema)
    assert period_names(series.index, schema) == names
    assert series.tolist() == pytest.approx(values, rel=1e-6)


def test_incomplete_first_and_last_month_are_dropped() -> None:
    schema = make_schema("month")
    series = series_of(daily_rows("2001-01-02", "2001-04-29"), schema)
    assert period_names(series.index, schema) == ["2001-02", "2001-03"]


@pytest.mark.parametrize("day", [1, 15, 28])
def test_one_row_per_month_is_a_complete_month(day: int) -> None:
    table = daily_rows("2001-01-01", "2001-12-31")
    series = series_of(table[table["sales"] == day], make_schema("month"))
    assert series.tolist() == [day] * 12


def test_month_without_rows_is_missing() -> None:
    table = daily_rows("2001-01-01", "2001-06-30")
    march = table["day"].between(11382, 11412)
    assert series_of(table[~march], make_schema("month")).isna().tolist() == [False, False, True, False, False, False]


def test_years_outside_the_range_of_nanoseconds() -> None:
    days = [(np.datetime64(f"{year}-01-01") - np.datetime64("1970-01-01")).astype(int) for year in range(1402, 2402)]
    schema = make_schema("year")
    series = series_of(pd.DataFrame({"day": days, "sales": np.arange(1000.0)}), schema)
    assert period_names(series.index[[0, -1]], schema) == ["1402", "2401"]
    assert series.tolist() == list(range(1000))


def test_gap_is_filled_with_last_season_plus_growth(complete: pd.Series, schema: Schema) -> None:
    series, gap = with_gap(complete, schema.max_gap)
    filled_series, filled = fill_gaps(series, schema)
    assert list(filled_series.index[filled]) == list(gap)
    season = schema.season
    growth = filled_series[gap[0] - 1] - filled_series[gap[0] - 1 - season] if season > 1 else 0
    assert filled_series[gap[-1]] == pytest.approx(filled_series[gap[-1] - season] + growth, rel=1e-5)
    pd.testing.assert_series_equal(filled_series[~filled], series[~filled])


def test_filled_values_do_not_depend_on_later_values(complete: pd.Series, schema: Schema) -> None:
    series, gap = with_gap(complete, schema.max_gap)
    whole, _ = fill_gaps(series, schema)
    for end in (*gap, gap[-1] + 5):
        known, _ = fill_gaps(series[:end], schema)
        pd.testing.assert_series_equal(known, whole[:end])


def test_series_starts_with_a_complete_season(complete: pd.Series, schema: Schema) -> None:
    series = complete.copy()
    series.iloc[schema.season - 1] = math.nan
    assert fill_gaps(series, schema)[0].index[0] == complete.index[schema.season]


def test_long_gap_is_reported(complete: pd.Series, schema: Schema) -> None:
    series, gap = with_gap(complete, schema.max_gap + 1)
    start = period_names(gap, schema)[0]
    message = f"no values for {schema.max_gap + 1} {schema.step}s from {start} on; at most {schema.max_gap} are filled"
    with pytest.raises(DataError, match=message):
        fill_gaps(series, schema)


def test_series_without_a_complete_season_is_reported(complete: pd.Series, schema: Schema) -> None:
    sparse = complete.where(np.arange(len(complete)) % (schema.season + 1) != 0)
    with pytest.raises(DataError, match=f"never has {schema.season + 1} consecutive {schema.step}s with a value"):
        fill_gaps(sparse, schema)
