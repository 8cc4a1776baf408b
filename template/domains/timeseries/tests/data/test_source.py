"""The data that the project starts from."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from .package import Layout, data, metrics, mistakes, models, params, serving, widgets

source = import_module(f"{data.__package__}.source")


def test_an_unknown_source_is_an_error_with_the_known_one(tmp_path: Path) -> None:
    with pytest.raises(mistakes.UserError, match="known is 'co2'"):
        source.fetch_raw(tmp_path, params.Fetch("sunspots"))


@pytest.fixture
def table(project: Layout, schema: data.Schema) -> pd.DataFrame:
    return data.read_raw(project.raw, schema)


@pytest.fixture
def months(table: pd.DataFrame, schema: data.Schema) -> pd.Series:
    return data.stepped(data.validate(table, schema), schema)


def test_the_real_series_is_valid_with_its_gaps(table: pd.DataFrame, schema: data.Schema) -> None:
    valid = data.validate(table, schema)
    assert len(valid) == len(table)
    assert valid["value"].isna().sum() == 59, "empty weeks are gaps, no errors"
    assert str(valid["date"].iloc[0].date()) == "1958-03-29"


def test_a_missing_week_is_refused_in_words(table: pd.DataFrame, schema: data.Schema) -> None:
    with pytest.raises(data.DataError, match="irregular: every date must be 7 days after the one before") as caught:
        data.validate(table.drop(index=10), schema)
    dates = table[schema.date_column]
    assert f"{dates[11]} (row 10, counted from 0) is 14 days after {dates[9]}" in str(caught.value)


def test_a_broken_instrument_is_refused_in_words(table: pd.DataFrame, schema: data.Schema) -> None:
    table.loc[3, schema.target_column] = -999.99
    with pytest.raises(data.DataError, match=r"'co2' is out of its range in 1 row\(s\): -999.99"):
        data.validate(table, schema)


def test_a_month_is_the_mean_of_its_weeks(table: pd.DataFrame, schema: data.Schema, months: pd.Series) -> None:
    rows = table[table[schema.date_column].str.startswith("1995-07")]
    assert len(rows) == 5
    assert months["1995-07"] == pytest.approx(rows[schema.target_column].mean(), abs=1e-4)


def test_a_month_that_the_series_only_touches_is_left_out(months: pd.Series) -> None:
    assert str(months.index[0]) == "1958-04", "of March there is only the 29th"
    assert str(months.index[-1]) == "2001-12"


def test_the_gap_of_1964_is_filled_and_the_early_ones_are_left_out(months: pd.Series, schema: data.Schema) -> None:
    series, filled = data.fill(months, schema)
    assert str(series.index[0]) == "1958-11", "June and October 1958 are gaps without a year before them"
    assert [str(month) for month in series.index[filled]] == ["1964-02", "1964-03", "1964-04"]


def test_the_demo_knows_the_series_from_its_first_forecast_on(predictor: serving.Predictor) -> None:
    told = predictor.champion.record["series"]
    assert told["begins"] == "1959-05-01", "the history of the first forecast without a filled month in it to make"
    assert told["filled"] == ["1964-02", "1964-03", "1964-04"]
    assert predictor.predict({}).times[0] == "2002-01"


def test_one_year_ahead_it_is_a_quarter_better_than_seasonal_naive(
    predictor: serving.Predictor, splits: dict[str, data.Split], schema: data.Schema, turned: params.Params
) -> None:
    target = data.encode_target(splits["test"].target, schema)
    naive = models.predict(models.fit("baseline", splits["train"], schema, turned.train), splits["test"].features)
    claimed = predictor.champion.record["metrics"]["mae"]["value"]
    assert claimed < 0.75 * metrics.FORECAST["mae"].score(target, naive)


def test_a_steeper_past_gives_a_higher_forecast(
    predictor: serving.Predictor, splits: dict[str, data.Split], turned: params.Params
) -> None:
    """A sign that is flipped somewhere on the way keeps every shape and every type."""
    features = splits["test"].features.to_numpy()
    slope = np.linspace(-3, 0, turned.prepare.history, dtype=np.float32)
    before, after = predictor.forecast(features), predictor.forecast(features + slope)
    assert (after - before)[:, -1, 1].mean() > 0.1


def test_all_years_together_carry_the_whole_forecast(predictor: serving.Predictor) -> None:
    """Had every year been 1 ppm higher, so would be the forecast."""
    leaning = predictor.explain({"today": "1990-07-01"}).leaning
    # Years raised one by one and all at once are the same for linear models alone.
    exactly = 0.25 if predictor.champion.record["model"] == "deep" else 0.01
    assert sum(part.value for part in leaning) == pytest.approx(1, abs=exactly)


def test_a_month_and_a_year_are_what_people_write(predictor: serving.Predictor) -> None:
    assert predictor.predict({"today": "1998-01"}) == predictor.predict({"today": "1998-01-31"})
    assert ">1996</text>" in widgets.chart(predictor, {"today": "1998-01-01"})
    assert "1998-12" in widgets.reasons(predictor, predictor.explain({"today": "1998-01-01", "horizon": 12}))
