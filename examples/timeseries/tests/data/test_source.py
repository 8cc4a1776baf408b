"""The bundled CO₂ series: its gaps, its forecasts, and the demo's texts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from air_ahead.config import Params
from air_ahead.data.loading import read_raw
from air_ahead.data.schema import Schema
from air_ahead.data.series import fill_gaps, resample
from air_ahead.data.source import Fetch, write_raw
from air_ahead.data.splits import Split
from air_ahead.data.validation import validate
from air_ahead.errors import DataError, UserError
from air_ahead.paths import ProjectPaths
from air_ahead.serving.chart import WIDE
from air_ahead.serving.demo import explanation_html, forecast_chart
from air_ahead.serving.predictor import Predictor


@pytest.fixture
def table(project: ProjectPaths, schema: Schema) -> pd.DataFrame:
    return read_raw(project.raw, schema)


@pytest.fixture
def months(table: pd.DataFrame, schema: Schema) -> pd.Series:
    return resample(validate(table, schema), schema)


def test_unknown_data_set_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"fetch\.source is 'sunspots'; the only data set is 'co2'"):
        write_raw(tmp_path, Fetch("sunspots"))


def test_empty_weeks_are_missing_values(table: pd.DataFrame, schema: Schema) -> None:
    valid = validate(table, schema)
    assert (len(valid), valid["value"].isna().sum()) == (2284, 59)
    assert str(valid["date"].iloc[0].date()) == "1958-03-29"


def test_missing_week_is_reported(table: pd.DataFrame, schema: Schema) -> None:
    with pytest.raises(DataError, match=r"1958-06-14 \(row 10, counted from 0\) is 14 days after 1958-05-31"):
        validate(table.drop(index=10), schema)


def test_measurement_error_is_reported(table: pd.DataFrame, schema: Schema) -> None:
    table.loc[3, schema.target_column] = -999.99
    with pytest.raises(DataError, match=r"'co2' is outside the range 250 to 600 in 1 row\(s\): -999.99"):
        validate(table, schema)


def test_month_is_the_mean_of_its_weeks(table: pd.DataFrame, schema: Schema, months: pd.Series) -> None:
    july = table[table[schema.date_column].between(9312, 9342)]  # 1995, in days since 1970-01-01
    assert len(july) == 5
    assert months["1995-07"] == pytest.approx(july[schema.target_column].mean(), abs=1e-4)


def test_incomplete_first_month_is_dropped(months: pd.Series) -> None:
    assert (str(months.index[0]), str(months.index[-1])) == ("1958-04", "2001-12")


def test_gap_of_1964_is_filled_and_earlier_ones_are_dropped(months: pd.Series, schema: Schema) -> None:
    series, filled = fill_gaps(months, schema)
    assert str(series.index[0]) == "1958-11"
    assert [str(month) for month in series.index[filled]] == ["1964-02", "1964-03", "1964-04"]


def test_demo_has_the_series_from_its_first_window_on(predictor: Predictor) -> None:
    series = predictor.champion.record["series"]
    assert series["begins"] == "1959-05-01"
    assert series["filled"] == ["1964-02", "1964-03", "1964-04"]
    assert predictor.predict({}).times[0] == "2002-01"


def test_champion_beats_seasonal_naive_by_a_quarter(predictor: Predictor, splits: dict[str, Split]) -> None:
    features, target = splits["test"].features, splits["test"].target
    naive = np.abs(features.to_numpy()[:, -12:] - target.to_numpy()).mean()
    assert predictor.champion.record["metrics"]["mae"]["value"] < 0.75 * naive


def test_steeper_history_gives_a_higher_forecast(
    predictor: Predictor, splits: dict[str, Split], params: Params
) -> None:
    features = splits["test"].features.to_numpy()
    slope = np.linspace(-3, 0, params.prepare.history, dtype=np.float32)
    change = predictor.forecast(features + slope) - predictor.forecast(features)
    assert change[:, -1, 1].mean() > 0.1


def test_sensitivities_add_up_to_one(predictor: Predictor) -> None:
    """If every year were 1 ppm higher, so would be the forecast of a linear model."""
    sensitivity = predictor.explain({"today": "1990-07-01"}).sensitivity
    tolerance = 0.25 if predictor.champion.record["model"] == "gru" else 0.01
    assert sum(part.value for part in sensitivity) == pytest.approx(1, abs=tolerance)


def test_month_can_be_entered_and_is_shown(predictor: Predictor) -> None:
    inputs = {"today": "1998-01-01", "horizon": 12}
    assert predictor.predict({"today": "1998-01"}) == predictor.predict({"today": "1998-01-31"})
    assert ">1996</text>" in forecast_chart(predictor, inputs).svg(WIDE)
    assert "1998-12" in explanation_html(predictor, predictor.explain(inputs))
