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
from air_ahead.models.base import TrainingContext, fit_model
from air_ahead.models.inference import export_difference, predict_onnx
from air_ahead.models.linear import Array, interval_offsets, unseen_errors

from ..conftest import MODELS

Splits = dict[str, Split]
every_model = pytest.mark.parametrize("name", MODELS)
linear_model = pytest.mark.parametrize("name", ["baseline", "drift", "ets", "ridge"])


def fit(name: str, train: Split, schema: Schema, params: Params) -> Any:
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


def test_drift_continues_a_season_that_grows(schema: Schema, params: Params) -> None:
    """A season that repeats on a line is forecast exactly; the seasonal naive forecast stays one season behind."""
    rows, season = params.prepare.history + params.prepare.horizon + 100, schema.season
    steps = pd.period_range("1958-11-01", periods=rows, freq=FREQUENCIES[schema.step])
    values = 300 + 0.5 * np.arange(rows) + np.sin(2 * np.pi * np.arange(rows) / season)
    windows = make_windows(pd.Series(values, steps), pd.Series(data=False, index=steps), params.prepare)
    model = fit("drift", Split(windows.features[:60], windows.target[:60]), schema, params)
    np.testing.assert_allclose(model.predict(windows.features[60:])[:, :, 1], windows.target[60:], atol=0.001)


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


@linear_model
def test_the_smallest_training_split_is_enough(name: str, splits: Splits, schema: Schema, params: Params) -> None:
    train, smallest = splits["train"], params.prepare.horizon + FOLDS
    few = Split(train.features[:smallest], train.target[:smallest])
    assert np.isfinite(fit(name, few, schema, params).predict(train.features)).all()


def test_every_smallest_training_split_has_unseen_errors(splits: Splits, params: Params) -> None:
    train, smallest = splits["train"], params.prepare.horizon + FOLDS
    weights = np.zeros((train.features.shape[1], params.prepare.horizon)), np.zeros(params.prepare.horizon)
    for count in range(smallest, min(3 * smallest, len(train.target)) + 1):
        few = Split(train.features[:count], train.target[:count])
        assert len(unseen_errors(few, lambda _part: weights)) >= FOLDS


def test_the_errors_of_the_interval_are_of_later_windows(splits: Splits, params: Params) -> None:
    """Each part is forecast by weights that were fitted to windows whose targets end before its own begin."""
    train, fitted = splits["train"], list[pd.PeriodIndex]()

    def forecast_zero(part: Split) -> tuple[Array, Array]:
        fitted.append(pd.PeriodIndex(part.target.index))
        return np.zeros((train.features.shape[1], params.prepare.horizon)), np.zeros(params.prepare.horizon)

    errors = unseen_errors(train, forecast_zero)
    size = len(errors) // FOLDS
    assert len(errors) == size * FOLDS > 0.4 * len(train.target)
    for number, past in enumerate(fitted):
        first = train.target.index[len(train.target) - len(errors) + number * size]
        assert past.max() + params.prepare.horizon <= first


def test_the_interval_contains_eighty_percent_and_does_not_get_narrower() -> None:
    errors = np.random.default_rng(0).normal(size=(500, 3)) * [1, 3, 2]
    below, middle, above = interval_offsets(errors).T
    for outside in (errors < below, errors > above):
        np.testing.assert_allclose(outside.mean(axis=0)[:2], 0.1, atol=0.004)
    assert (middle == 0).all()
    assert (below[2], above[2]) == (below[1], above[1])
