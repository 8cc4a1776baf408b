"""Every model answers in the agreed shape, and the simple ones are what they say they are."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from .package import data, metrics, models, params

Splits = dict[str, data.Split]


def test_baseline_says_that_every_step_is_as_it_was_a_season_before(
    splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    model = models.fit("baseline", splits["train"], schema, turned.train)
    features = splits["test"].features
    answers, last = models.predict(model, features)[:, :, 1], schema.season - 1
    for step in range(turned.prepare.horizon):
        np.testing.assert_allclose(answers[:, step], features[f"ago_{last - step % schema.season}"], rtol=1e-9)


def test_classical_is_what_statsmodels_says(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """The weights were read off from answers to single steps; whole histories must get the same answers."""
    model = models.fit("classical", splits["train"], schema, turned.train)
    series = data.series_of(splits["train"]).to_numpy(dtype=np.float64)
    damped = turned.train.classical.damped
    method: dict[str, Any] = {"trend": "add", "damped_trend": damped}
    if schema.season > 1:
        method |= {"seasonal": "add", "seasonal_periods": schema.season}
    estimated = ExponentialSmoothing(series, **method).fit().params
    names = [name for name in estimated if name.startswith(("smoothing_", "damping_")) and np.isfinite(estimated[name])]
    features = splits["test"].features.iloc[:: max(1, len(splits["test"].features) // 4)]
    for history, answer in zip(features.to_numpy(dtype=np.float64), models.predict(model, features), strict=True):
        known = ExponentialSmoothing(history, **method, initialization_method="heuristic")
        expected = known.fit(optimized=False, **{name: estimated[name] for name in names})
        np.testing.assert_allclose(answer[:, 1], expected.forecast(turned.prepare.horizon), atol=1e-6)


def test_answers_have_the_agreed_shape_and_order(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    features = splits["test"].features
    for name in turned.train.models:
        answers = models.predict(models.fit(name, splits["train"], schema, turned.train), features)
        assert answers.shape == (len(features), turned.prepare.horizon, len(metrics.QUANTILES))
        assert np.isfinite(answers).all()
        assert (np.diff(answers, axis=2) >= 0).all(), f"{name}: the interval holds its median"


def test_one_step_ahead_is_a_forecast_too(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """What has one column, scikit-learn hands back without it."""
    near = {name: dataclasses.replace(one, target=one.target.iloc[:, :1]) for name, one in splits.items()}
    for name in turned.train.models:
        model = models.fit(name, near["train"], schema, turned.train)
        answers = models.predict(model, near["test"].features)
        assert answers.shape == (len(near["test"].features), 1, len(metrics.QUANTILES))
        error = np.abs(answers[:, 0, 1] - near["test"].target.to_numpy()[:, 0]).mean()
        width = (answers[..., 2] - answers[..., 0]).mean()
        assert width < 20 * error, f"{name}: the interval comes from other errors than its own"
        exported = models.export_onnx(model, schema)
        assert models.export_difference(model, exported, near["test"].features, schema) < 5e-5, name


def test_no_answer_is_out_of_what_is_possible(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    rows, features = splits["train"], splits["test"].features
    low, high = np.quantile(data.encode_target(rows.target, schema), [0.4, 0.6])
    narrow = dataclasses.replace(schema, target=dataclasses.replace(schema.target, minimum=low, maximum=high))
    for name in turned.train.models:
        model = models.fit(name, rows, narrow, turned.train)
        answers = models.predict(model, features)
        slack = 1e-6 * max(abs(low), abs(high))  # limits are float32 in a network
        assert answers.min() >= low - slack
        assert answers.max() <= high + slack
        exported = models.export_onnx(model, narrow)
        np.testing.assert_allclose(models.predict_onnx(exported, features, narrow), answers, rtol=1e-4)


def test_an_unknown_name_is_an_error(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    with pytest.raises(ValueError, match=r"no model is called 'oracle'; see train.models in params.yaml"):
        models.fit("oracle", splits["train"], schema, turned.train)


def test_export_answers_like_the_model(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    for name in turned.train.models:
        model = models.fit(name, splits["train"], schema, turned.train)
        exported = models.export_onnx(model, schema)
        assert models.export_difference(model, exported, splits["test"].features, schema) < 5e-5, name


def test_another_export_is_noticed(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    shallow, baseline = (models.fit(name, splits["train"], schema, turned.train) for name in ("shallow", "baseline"))
    exported = models.export_onnx(baseline, schema)
    assert models.export_difference(shallow, exported, splits["test"].features, schema) > 0.01


def test_a_known_line_is_continued(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """A series that rises by the same every step has one right forecast, and ridge regression finds it."""
    rows = turned.prepare.history + turned.prepare.horizon + 200
    steps = pd.period_range("1958-11-01", periods=rows, freq=data.FREQUENCIES[schema.step])
    ramp = pd.Series(300 + 0.1 * np.arange(rows), steps)
    whole = data.windows(ramp, pd.Series(data=False, index=steps), turned.prepare)
    half = len(whole.target) // 2
    model = models.fit("shallow", data.Split(whole.features[:half], whole.target[:half]), schema, turned.train)
    answers = models.predict(model, whole.features[half:])[:, :, 1]
    np.testing.assert_allclose(answers, whole.target[half:], atol=0.01)


def test_as_few_forecasts_as_a_split_may_have_are_enough(
    splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    rows = splits["train"]
    least = turned.prepare.horizon + data.FOLDS
    for count in range(least, min(3 * least, len(rows.target)) + 1):
        few = data.Split(rows.features[:count], rows.target[:count])
        assert np.isfinite(models.predict(models.fit("shallow", few, schema, turned.train), rows.features)).all()


def test_the_interval_holds_its_share_of_what_it_was_made_of(
    splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    """Each end on its own: a forecast that is nearly always too low needs room above, and hardly any below."""
    features, target = splits["train"].features, data.encode_target(splits["train"].target, schema)
    for name in ("baseline", "classical"):
        answers = models.predict(models.fit(name, splits["train"], schema, turned.train), features)
        low, middle, high = np.moveaxis(answers, 2, 0)
        for step in range(turned.prepare.horizon):
            for wrong, end in ((target < low, low), (target > high, high)):
                share = wrong[:, step].mean()
                at_the_forecast = np.allclose(end[:, step], middle[:, step])
                assert share <= 0.1, f"{name}, {step + 1} steps ahead"
                assert share >= 0.1 - 2 / len(target) or at_the_forecast, f"{name}, {step + 1} steps ahead"
