"""The demo gets the measured series, and inputs and examples that it accepts."""

import numpy as np
import pandas as pd

from air_ahead.config import Params
from air_ahead.data.loading import read_raw
from air_ahead.data.schema import Schema
from air_ahead.data.series import FREQUENCIES, fill_gaps, first_day, period_names, resample
from air_ahead.data.splits import Split
from air_ahead.data.validation import validate
from air_ahead.evaluation.demo_metadata import count_outcomes, describe_inputs, join_splits, pick_errors
from air_ahead.paths import ProjectPaths
from air_ahead.serving.predictor import Predictor

Splits = dict[str, Split]


def test_series_is_the_measured_one(predictor: Predictor, project: ProjectPaths, schema: Schema) -> None:
    series, filled = fill_gaps(resample(validate(read_raw(project.raw, schema), schema), schema), schema)
    start = pd.Period(predictor.champion.record["series"]["begins"], freq=FREQUENCIES[schema.step])
    np.testing.assert_array_equal(predictor.series, series[start:].to_numpy(dtype=np.float32))
    assert predictor.filled == set(period_names(series.index[filled & (series.index >= start)], schema))


def test_steps_without_a_window_count_as_not_measured(splits: Splits, schema: Schema) -> None:
    train, test = splits["train"], splits["test"]
    length = train.features.shape[1] + train.target.shape[1]
    distant = {
        "train": Split(train.features.iloc[:1], train.target.iloc[:1]),
        "test": Split(test.features.iloc[-1:], test.target.iloc[-1:]),
    }
    series, unmeasured = join_splits(distant, schema)
    assert len(series) == (series.index[-1] - series.index[0]).n + 1
    assert series.notna().all()
    assert unmeasured.sum() == len(series) - 2 * length
    assert not unmeasured[:length].any()


def test_input_ranges_need_a_complete_history(schema: Schema, params: Params) -> None:
    steps = pd.period_range("1990-01-01", periods=params.prepare.history + 3, freq=FREQUENCIES[schema.step])
    today, horizon = describe_inputs(steps, schema, params)
    assert today["minimum"] == str(first_day(steps[0] + params.prepare.history))
    assert today["default"] == str(first_day(steps[-1] + 1))
    assert today["maximum"] == str((steps[-1] + 1).end_time.date())
    assert horizon["label"] == f"{schema.step.capitalize()}s ahead"
    assert (horizon["minimum"], horizon["maximum"]) == (1, params.prepare.horizon)


def test_examples_are_a_good_a_typical_and_the_worst_test_forecast(predictor: Predictor, splits: Splits) -> None:
    origins, errors = pd.PeriodIndex(splits["test"].target.index), []
    for example in predictor.champion.record["examples"]:
        prediction = predictor.predict(example["inputs"])
        np.testing.assert_allclose(np.array(prediction.actual, dtype=float), example["actual"], rtol=1e-6)
        errors.append(np.abs(np.array(prediction.median) - np.array(example["actual"])).mean())
        assert pd.Period(example["inputs"]["today"], freq=origins.freqstr) - 1 in origins
    assert errors == sorted(errors)
    assert errors[-1] > errors[0]


def test_errors_are_the_worst_test_forecasts_and_do_not_overlap(schema: Schema) -> None:
    periods = pd.period_range("1990-01-01", periods=9, freq=FREQUENCIES[schema.step])
    target = np.zeros((9, 3))
    quantiles = np.zeros((9, 3, 3)) + np.array([1, 2, 3, 9, 8, 7, 0, 4, 6])[:, None, None]
    errors = pick_errors(pd.DataFrame(target, index=periods), target, quantiles)
    expected = [str(first_day(periods[row] + 1)) for row in (3, 8, 0)]
    assert [error["inputs"] for error in errors] == [{"today": today, "horizon": 3} for today in expected]


def test_outcomes_are_counted_by_step_ahead() -> None:
    target = np.array([[0.0, 0.0], [0.0, 5.0], [3.0, 9.0]])
    quantiles = np.broadcast_to([-1.0, 0.0, 4.0], (3, 2, 3))
    counts = count_outcomes(target, quantiles, 3.0)
    assert counts == {"forecasts": 3, "covered": [3, 1], "within": [3, 1]}
    assert "within" not in count_outcomes(target, quantiles, None)
