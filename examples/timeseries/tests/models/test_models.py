"""Every model of `params.yaml` predicts valid quantiles; each linear model is the method that its name promises."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from air_ahead.config import Params
from air_ahead.data.schema import Schema
from air_ahead.data.series import FREQUENCIES
from air_ahead.data.splits import FOLDS, Split, encode_target, join_windows, make_windows
from air_ahead.evaluation.metrics import QUANTILES
from air_ahead.models.base import Model, TrainingContext, fit_model
from air_ahead.models.inference import export_difference, predict_onnx

from ..conftest import MODELS

Splits = dict[str, Split]
every_model = pytest.mark.parametrize("name", MODELS)


def fit(name: str, train: Split, schema: Schema, params: Params) -> Model:
    return fit_model(name, train, schema, params.train, TrainingContext(seed=0))


@every_model
@pytest.mark.parametrize("horizon", [1, 60])
def test_predicts_ordered_quantiles(name: str, horizon: int, splits: Splits, schema: Schema, params: Params) -> None:
    """Also for a horizon of 1, for which scikit-learn drops a dimension."""
    near = {part: Split(split.features, split.target.iloc[:, :horizon]) for part, split in splits.items()}
    features, target = near["test"].features, near["test"].target.to_numpy()
    model = fit(name, near["train"], schema, params)
    quantiles = model.predict(features)
    assert quantiles.shape == (*target.shape, len(QUANTILES))
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles, axis=2) >= 0).all()
    width, error = (quantiles[..., 2] - quantiles[..., 0]).mean(), np.abs(quantiles[..., 1] - target).mean()
    assert width < 20 * error
    assert export_difference(model, model.export_onnx(), features, schema) < 5e-5


@every_model
def test_predictions_are_within_the_limits(name: str, splits: Splits, schema: Schema, params: Params) -> None:
    train, features = splits["train"], splits["test"].features
    low, high = np.quantile(encode_target(train.target, schema), [0.4, 0.6])
    limited = dataclasses.replace(schema, target=dataclasses.replace(schema.target, minimum=low, maximum=high))
    model = fit(name, train, limited, params)
    quantiles = model.predict(features)
    tolerance = 1e-6 * max(abs(low), abs(high))  # a network computes in float32
    assert low - tolerance <= quantiles.min() <= quantiles.max() <= high + tolerance
    np.testing.assert_allclose(predict_onnx(model.export_onnx(), features, limited), quantiles, rtol=1e-4)


@every_model
def test_raised_history_raises_the_forecast(name: str, splits: Splits, schema: Schema, params: Params) -> None:
    """A model that memorizes the level would fail as soon as the series exceeds it."""
    features, model = splits["test"].features, fit(name, splits["train"], schema, params)
    change = model.predict(features + np.float32(50)) - model.predict(features)
    np.testing.assert_allclose(change, 50, atol=0.01)


def test_export_of_another_model_is_detected(splits: Splits, schema: Schema, params: Params) -> None:
    ridge, baseline = (fit(name, splits["train"], schema, params) for name in ("ridge", "baseline"))
    assert export_difference(ridge, baseline.export_onnx(), splits["test"].features, schema) > 0.01


def test_baseline_repeats_the_last_season(splits: Splits, schema: Schema, params: Params) -> None:
    features = splits["test"].features
    median = fit("baseline", splits["train"], schema, params).predict(features)[:, :, 1]
    for step in range(params.prepare.horizon):
        expected = features[f"ago_{schema.season - 1 - step % schema.season}"]
        np.testing.assert_allclose(median[:, step], expected, rtol=1e-9)


def test_ets_equals_statsmodels(splits: Splits, schema: Schema, params: Params) -> None:
    options: dict[str, Any] = {"trend": "add", "damped_trend": params.train.hyperparameters["ets"]["damped_trend"]}
    if schema.season > 1:
        options |= {"seasonal": "add", "seasonal_periods": schema.season}
    series = join_windows(splits["train"]).to_numpy(dtype=np.float64)
    estimated = ExponentialSmoothing(series, **options).fit().params
    names = [name for name in estimated if name.startswith(("smoothing_", "damping_")) and np.isfinite(estimated[name])]
    features = splits["test"].features.iloc[[0, -1]]
    medians = fit("ets", splits["train"], schema, params).predict(features)[:, :, 1]
    for history, median in zip(features.to_numpy(dtype=np.float64), medians, strict=True):
        model = ExponentialSmoothing(history, **options, initialization_method="heuristic")
        fitted = model.fit(optimized=False, **{name: estimated[name] for name in names})
        np.testing.assert_allclose(median, fitted.forecast(params.prepare.horizon), atol=1e-6)


def test_ridge_continues_a_straight_line(schema: Schema, params: Params) -> None:
    rows = params.prepare.history + params.prepare.horizon + 200
    steps = pd.period_range("1958-11-01", periods=rows, freq=FREQUENCIES[schema.step])
    line = pd.Series(300 + 0.1 * np.arange(rows), steps)
    windows = make_windows(line, pd.Series(data=False, index=steps), params.prepare)
    model = fit("ridge", Split(windows.features[:100], windows.target[:100]), schema, params)
    np.testing.assert_allclose(model.predict(windows.features[100:])[:, :, 1], windows.target[100:], atol=0.01)


def test_ridge_fits_the_smallest_training_split(splits: Splits, schema: Schema, params: Params) -> None:
    train, smallest = splits["train"], params.prepare.horizon + FOLDS
    for count in range(smallest, min(3 * smallest, len(train.target)) + 1):
        few = Split(train.features[:count], train.target[:count])
        assert np.isfinite(fit("ridge", few, schema, params).predict(train.features)).all()


@pytest.mark.parametrize("name", ["baseline", "ets"])
def test_each_end_of_the_interval_has_its_coverage(name: str, splits: Splits, schema: Schema, params: Params) -> None:
    """On the training windows, 10% of the values are above and 10% below, unless an end is at the forecast."""
    target = encode_target(splits["train"].target, schema)
    low, median, high = np.moveaxis(fit(name, splits["train"], schema, params).predict(splits["train"].features), 2, 0)
    for end, outside in ((low, target < low), (high, target > high)):
        shares, at_forecast = outside.mean(axis=0), np.isclose(end, median).all(axis=0)
        assert (shares <= 0.1).all()
        assert ((shares >= 0.1 - 2 / len(target)) | at_forecast).all()
