"""The demo gets the series as it was measured, and suggests nothing that it would refuse."""

import numpy as np
import pandas as pd

from .package import Layout, brief, data, params, serving

Splits = dict[str, data.Split]


def test_the_series_of_the_demo_is_the_measured_one(
    predictor: serving.Predictor, project: Layout, schema: data.Schema
) -> None:
    raw = data.stepped(data.validate(data.read_raw(project.raw, schema), schema), schema)
    series, filled = data.fill(raw, schema)
    frequency = data.FREQUENCIES[schema.step]
    begins = pd.Period(predictor.champion.record["series"]["begins"], freq=frequency)
    np.testing.assert_array_equal(predictor.series, series[begins:].to_numpy(dtype=np.float32))
    gaps = series.index[(series.index >= begins) & filled.to_numpy()]
    assert predictor.filled == set(data.names_of(gaps, schema))


def test_steps_that_no_forecast_reaches_count_as_not_measured(splits: Splits, schema: data.Schema) -> None:
    train = splits["train"]
    length = train.features.shape[1] + train.target.shape[1]
    far = {
        "train": data.Split(train.features.iloc[:1], train.target.iloc[:1], ("never",)),
        "test": data.Split(splits["test"].features.iloc[-1:], splits["test"].target.iloc[-1:]),
    }
    series, unknown = brief.whole(far, schema)
    assert series.index.is_monotonic_increasing
    assert len(series) == (series.index[-1] - series.index[0]).n + 1
    assert series.notna().all()
    assert unknown.sum() == len(series) - 2 * length
    assert not unknown[:length].any()


def test_ranges_begin_after_a_whole_history_and_end_after_the_series(
    schema: data.Schema, turned: params.Params
) -> None:
    steps = pd.period_range("1990-01-01", periods=turned.prepare.history + 3, freq=data.FREQUENCIES[schema.step])
    today, horizon = brief.describe_inputs(steps, schema, turned)
    assert today["minimum"] == str(data.day_of(steps[0] + turned.prepare.history))
    assert today["default"] == str(data.day_of(steps[-1] + 1))
    assert today["maximum"] == str((steps[-1] + 1).end_time.date())
    assert horizon["label"] == f"{schema.step.capitalize()}s ahead"
    assert (horizon["minimum"], horizon["maximum"]) == (1, turned.prepare.horizon)


def test_examples_are_a_good_a_usual_and_the_worst_forecast_of_the_test_split(
    predictor: serving.Predictor, splits: dict[str, data.Split]
) -> None:
    errors = []
    for example in predictor.champion.record["examples"]:
        answer = predictor.predict(example["inputs"])
        errors.append(np.abs(np.array(answer.median) - np.array(example["truth"])).mean())
        origins = pd.PeriodIndex(splits["test"].target.index)
        assert pd.Period(example["inputs"]["today"], freq=origins.freqstr) - 1 in origins
    assert errors == sorted(errors)
    assert errors[-1] > errors[0]
