"""The demo gets the series as it was measured, and suggests nothing that it would refuse."""

import numpy as np
import pandas as pd

from .package import Layout, brief, data, params, serving


def test_the_series_of_the_demo_is_the_measured_one(
    predictor: serving.Predictor, project: Layout, schema: data.Schema
) -> None:
    months = data.monthly(data.validate(data.read_raw(project.raw, schema), schema), schema)
    series, filled = data.fill(months)
    told = predictor.champion.record["series"]
    assert told["begins"] == "1959-05", "the history of the first forecast without a filled month in it to make"
    np.testing.assert_array_equal(predictor.series, series["1959-05":].to_numpy(dtype=np.float32))
    assert not filled["1964-05":].any()
    assert told["filled"] == []


def test_months_that_were_filled_are_told(schema: data.Schema, turned: params.Params) -> None:
    months = pd.period_range("1950-01", "2001-12", freq="M")
    series = pd.Series(np.linspace(300, 380, len(months)), months)
    filled = pd.Series(months == pd.Period("1970-06"), months)
    whole = data.windows(series, filled, turned.prepare)
    assert brief.filled_months({"test": whole}, months, turned.prepare.history) == ["1970-06"]


def test_ranges_begin_after_a_whole_history_and_end_after_the_series(turned: params.Params) -> None:
    months = pd.period_range("1990-01", periods=turned.prepare.history + 3, freq="M")
    today, horizon = brief.describe_inputs(months, turned)
    assert today["minimum"] == str((months[0] + turned.prepare.history).start_time.date())
    assert today["default"] == str((months[-1] + 1).start_time.date())
    assert today["maximum"] == str((months[-1] + 1).end_time.date())
    assert (horizon["minimum"], horizon["maximum"]) == (1, turned.prepare.horizon)


def test_examples_are_a_good_a_usual_and_the_worst_forecast_of_the_test_years(
    predictor: serving.Predictor, splits: dict[str, data.Split]
) -> None:
    errors = []
    for example in predictor.champion.record["examples"]:
        answer = predictor.predict(example["inputs"])
        errors.append(np.abs(np.array(answer.median) - np.array(example["truth"])).mean())
        assert pd.Period(answer.months[0]) - 1 in splits["test"].target.index
    assert errors == sorted(errors)
    assert errors[-1] > 2 * errors[0]
